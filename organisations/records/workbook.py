"""The first sheet of an .xlsx workbook, read as the CSV that a spreadsheet would write of it.

openpyxl reads it row by row, so that a sheet may be left as soon as it is too large. What the archive unpacks to is
counted before any of it is parsed: a small file may hold gigabytes of nothing.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
from django.utils.translation import gettext as _

SIGNATURE = b"PK\x03\x04"
MOST_UNPACKED = 64 * 1024 * 1024  # bytes
MOST_MEMBERS = 1_000
MOST_COLUMNS = 256
MOST_ROWS = 200_000
MOST_EMPTY = 10_000  # rows in a row; beyond, what is left is a stray cell
PIECE = 64 * 1024
ZEROS = re.compile(r"0+")  # a format that shows a number with its first zeros
ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


class WorkbookError(Exception):
    """The workbook is not read; the text says why."""


def rows(content: bytes) -> list[list[str]]:
    """Return the cells of the first sheet that has some, as texts. Raises WorkbookError."""
    check_size(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and of what a reader of values leaves out
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
            found: list[list[str]] = []
            for sheet in book.worksheets:
                if sheet.sheet_state == "visible" and not found:
                    sheet.reset_dimensions()  # what a file says of its own size may be wrong
                    found = list(texts(sheet.iter_rows(max_col=MOST_COLUMNS)))
            return found
    except WorkbookError:
        raise
    except Exception as error:  # openpyxl says that a workbook is damaged by any exception at all
        raise WorkbookError(
            _("Ce classeur est abîmé : ouvrez-le dans votre tableur et enregistrez-le de nouveau.")
        ) from error


def check_size(content: bytes) -> None:
    """Unpack everything and keep nothing. Raises WorkbookError when it is too much, or no workbook."""
    too_large = WorkbookError(_("Ce classeur est trop grand une fois ouvert : gardez-en une seule feuille."))
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if "xl/workbook.xml" not in {member.filename for member in members}:
                raise WorkbookError(
                    _(
                        "Ce fichier n’est ni un CSV ni un classeur .xlsx : enregistrez-le sous l’un de ces formats."
                    )
                )
            if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_UNPACKED:
                raise too_large
            for member in members:
                with archive.open(member) as file:
                    head = file.read(PIECE)
                    if ENTITIES.search(head):
                        raise WorkbookError(
                            _("Ce classeur contient ce qu’aucun tableur n’y écrit : il est refusé.")
                        )
                    unpacked += len(head)
                    while piece := file.read(PIECE):
                        unpacked += len(piece)
                        if unpacked > MOST_UNPACKED:
                            raise too_large
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ) as error:
        raise WorkbookError(
            _("Ce classeur est abîmé ou protégé : ouvrez-le dans votre tableur et enregistrez-le de nouveau.")
        ) from error


def texts(sheet: Iterator[tuple[Any, ...]]) -> Iterator[list[str]]:
    """Yield the rows of a sheet as texts, the empty ones at its end left out. Raises WorkbookError."""
    empty = read = 0
    for row in sheet:
        if read > MOST_ROWS:
            raise WorkbookError(_("Ce classeur a trop de lignes : importez-le en plusieurs fois."))
        cells = [text_of_cell(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            empty += 1
            if empty > MOST_EMPTY:
                return
            continue
        read += empty + 1
        yield from ([] for _row in range(empty))
        empty = 0
        yield cells


def text_of_cell(cell: Any) -> str:
    """Return the value of a cell as a CSV would hold it: a date in ISO, a number with the zeros that it shows."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and ZEROS.fullmatch(cell.number_format or ""):
        return str(value).zfill(len(cell.number_format))
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if isinstance(value, timedelta) else str(value)
