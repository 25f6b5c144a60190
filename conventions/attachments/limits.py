"""What is borne of a stranger's file, in the process that reads it."""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
MOST_MEMORY = 1024 * MEBIBYTE
MOST_SECONDS = 15
# One page scanned in colour at 600 dpi takes 100 MiB once unpacked; a whole file, some such pages.
MOST_UNPACKED = 150 * MEBIBYTE
MOST_UNPACKED_IN_ALL = 600 * MEBIBYTE
# Each person who signs adds a revision, each time-stamp another one.
MOST_REVISIONS = 40


@dataclass(frozen=True)
class Limits:
    """What ``uploads`` bears: pages of a file, pixels of a picture, bytes to store."""

    pages: int
    pixels: int
    stored: int


class NotTakenError(Exception):
    """The file cannot be taken; its text is a key of ``uploads.REFUSALS``."""
