"""The short documents around an agreement: what each is made of, in French or in French and English side by side.

A sheet is written once in each language by the same function, then the two are laid side by side, text by text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from django.utils import translation

from conventions.documents.context import Context
from conventions.documents.reading import Change, is_right_to_left

# French alone, or French and English: what the language of an agreement asks for.
LANGUAGES = {"fr": ("fr",), "en": ("fr", "en")}


def say(french: str, english: str) -> str:
    """Return a text of a document in the active language: both are written in one place, as what is signed must agree."""
    return english if translation.get_language() == "en" else french


@dataclass(frozen=True)
class Entry:
    """A label and its value; without a value, a box to fill on paper."""

    label: str
    value: str = ""


@dataclass(frozen=True)
class BoundParty:
    """Somebody the document binds or is about: its column at the top of the page."""

    title: str
    name: str
    text: str


@dataclass(frozen=True)
class Box:
    """Where somebody signs, and what they write there."""

    title: str
    name: str
    quality: str
    text: str


@dataclass(frozen=True)
class Part:
    """A titled part: paragraphs, labels and values, then a table of what changes."""

    title: str
    texts: list[str] = field(default_factory=list)
    lines: list[Entry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)  # the columns of that table: what, before, after


@dataclass(frozen=True)
class Sheet:
    """A short document in one language."""

    title: str
    note: str
    parts: list[Part]
    parties: list[BoundParty] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    signing: str = ""  # what to know before signing


@dataclass(frozen=True)
class Text:
    """One text of a printed document; ``english`` is empty when it is the same, or not asked for."""

    french: str
    english: str = ""

    def __bool__(self) -> bool:
        return bool(self.french)

    @property
    def is_right_to_left(self) -> bool:
        return is_right_to_left(self.french)


def side_by_side(write: Callable[[Context], Sheet], context: Context, language: str) -> dict[str, Any]:
    """Return a sheet, each of its texts in the languages that an agreement's own asks for."""
    versions = []
    for code in LANGUAGES[language]:
        with translation.override(code):
            versions.append(write(context))
    found: dict[str, Any] = _together(versions)
    return found


def _together(versions: list[Any]) -> Any:
    """Return one value for its versions: a Text for texts, whatever holds them kept in shape."""
    first = versions[0]
    if isinstance(first, str):
        last = versions[-1]
        return Text(first, "" if last == first else last)
    if isinstance(first, list):
        return [_together(list(items)) for items in zip(*versions, strict=True)]
    return {
        one.name: _together([getattr(version, one.name) for version in versions]) for one in fields(first)
    }
