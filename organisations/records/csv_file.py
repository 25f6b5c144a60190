"""Tables that people export from a spreadsheet: whatever the encoding and the separator, judged line by line."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter, deque
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from django.utils.translation import gettext as _

LONGEST_RECORD = 6  # physical lines; beyond, a quotation mark was left open


class UnreadableFileError(Exception):
    """Nothing in the file can be read; the text says why."""


class LineError(Exception):
    """One line cannot be imported; the text says why."""


@dataclass(frozen=True)
class CsvLine:
    """One line that has a cell for each column of the header, by name."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class BadLine:
    """One bad line, and why."""

    line: int
    reason: str


def lines(file: BinaryIO, columns: Container[str], required: Iterable[str]) -> Iterator[CsvLine | BadLine]:
    """Yield the lines of a table, the empty ones left out. Raises UnreadableFileError at the header."""
    with decoded(file, encoding_of(file)) as text:
        first = text.readline()
        delimiter = max(";,\t", key=first.count)
        header = [name.strip().lower() for name in first.replace('"', "").split(delimiter)]
        check_header(header, columns, required)
        for number, cells in records(text, delimiter, start=2):
            if cells is None:
                yield BadLine(number, _("un guillemet n’est pas fermé."))
            elif any(cells) and len(cells) != len(header):
                numbers = {"read": len(cells), "wanted": len(header)}
                yield BadLine(number, _("%(read)s cellules au lieu de %(wanted)s.") % numbers)
            elif any(cells):
                yield CsvLine(number, dict(zip(header, map(tidy, cells), strict=True)))


@contextmanager
def decoded(file: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    """Read a file as text from where it is, and leave it open."""
    text = io.TextIOWrapper(file, encoding=encoding)
    try:
        yield text
    finally:
        if not file.closed:  # a reader left halfway may outlive its file
            text.detach()


def encoding_of(file: BinaryIO) -> str:
    """Return UTF-16 if the file says so, UTF-8 if all of it is, else Windows-1252, else Latin-1, which accepts anything."""
    says_so = file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    file.seek(0)
    for encoding in ["utf-16"] if says_so else ["utf-8-sig", "cp1252"]:
        try:
            with decoded(file, encoding) as text:
                deque(text, maxlen=0)
        except UnicodeDecodeError:
            continue
        finally:
            file.seek(0)
        return encoding
    return "latin-1"


def check_header(header: list[str], columns: Container[str], required: Iterable[str]) -> None:
    """Raise UnreadableFileError unless every column is known, once, and the required ones are there."""
    counts = Counter(header)  # of a million names, when the first line is nothing but separators
    problems = {
        _("Il manque les colonnes : %s."): [name for name in required if name not in counts],
        _("Ces colonnes sont inconnues : %s."): [name for name in counts if name not in columns],
        _("Ces colonnes sont répétées : %s."): sorted(name for name, count in counts.items() if count > 1),
    }
    said = [message % ", ".join(names) for message, names in problems.items() if names]
    if said:
        raise UnreadableFileError(" ".join(said))


def records(text: Iterator[str], delimiter: str, start: int) -> Iterator[tuple[int, list[str] | None]]:
    """Yield each record with its line number; None when a quotation mark is left open, which spoils only its line."""
    ahead = deque(islice(text, LONGEST_RECORD))
    while ahead:
        reader = csv.reader(ahead, delimiter=delimiter, strict=True)
        cells: list[str] | None
        try:
            cells, used = next(reader), reader.line_num
        except csv.Error:
            cells, used = None, 1
        yield start, cells
        for _line in range(used):
            ahead.popleft()
        ahead.extend(islice(text, used))
        start += used


def tidy(cell: str) -> str:
    """Return one line of visible characters."""
    spaced = " ".join(cell.split())
    return spaced if spaced.isprintable() else "".join(letter for letter in spaced if letter.isprintable())
