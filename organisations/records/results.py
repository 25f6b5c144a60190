"""What becomes of each line of a file, and what a whole file changes, column by column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from organisations.records.tables import BadLine

SAMPLES = 3
Changes = dict[str, tuple[Any, Any]]  # column of the file: before, after


class Deed(StrEnum):
    """What a good line does."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass
class Outcome:
    """What one good line does, to whom or to what, and what to know about it."""

    line: int
    who: str
    deed: Deed = Deed.UNCHANGED
    changes: Changes = field(default_factory=dict)
    enrols: bool = False  # a student in a programme
    notices: list[str] = field(default_factory=list)
    repeats: bool = False  # an earlier line of the file was about the same


Result = Outcome | BadLine


@dataclass
class Column:
    """What a file changes in one column: how often, and a few examples."""

    name: str
    count: int = 0
    samples: list[tuple[str, str]] = field(default_factory=list)  # before, after


def picture(results: Iterable[Result]) -> list[Column]:
    """Return what changes by column, the most changed first; new rows are not told column by column."""
    columns: dict[str, Column] = {}
    for result in results:
        if isinstance(result, Outcome) and result.deed == Deed.CHANGED and not result.repeats:
            for name, (before, after) in result.changes.items():
                column = columns.setdefault(name, Column(name))
                column.count += 1
                if len(column.samples) < SAMPLES:
                    column.samples.append((in_words(before), in_words(after)))
    return sorted(columns.values(), key=lambda column: -column.count)


def in_words(value: Any) -> str:
    """Return a value as a file would hold it."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
