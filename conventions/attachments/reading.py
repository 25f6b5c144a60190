"""A stranger's file, told by its content alone, read and written again harmless, or a word that says why not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pikepdf

from conventions.attachments import magic, pdfs, redraw
from conventions.attachments.limits import Limits, NotTakenError

if TYPE_CHECKING:
    from conventions.attachments.seals import Seal


def read(content: bytes, limits: Limits) -> tuple[str, bytes, list[Seal]]:
    """Return the content type, the content written again, and the signatures of what is kept as it was signed."""
    if magic.decoders(content):
        return *redraw.redraw(content, limits), []
    if pdfs.beginning(content) is not None:
        return "application/pdf", *pdfs.take(content, limits)
    raise NotTakenError("unknown")


def answer(content: bytes, limits: Limits) -> bytes:
    """Return what ``uploads`` reads: one line, a content type and the signatures or a refusal; then the content."""
    try:
        kind, stored, found = read(content, limits)
    except NotTakenError as refusal:
        return f"{refusal}\n".encode()
    except (MemoryError, RuntimeError, pikepdf.DataDecodingError):  # what was to be unpacked exceeds a limit
        return b"complex\n"
    except Exception:  # whatever a hostile file breaks, it is not taken
        return b"damaged\n"
    return f"{kind} {json.dumps(found)}\n".encode() + stored
