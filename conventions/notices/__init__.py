"""Who is told of what, by which mail: one table, and what sends it."""

from conventions.notices.events import about, announce, announce_refusal, reached_by_submission, send
from conventions.notices.table import NOTICES, Happening, Notice, Once

__all__ = [
    "NOTICES",
    "Happening",
    "Notice",
    "Once",
    "about",
    "announce",
    "announce_refusal",
    "reached_by_submission",
    "send",
]
