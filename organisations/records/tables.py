"""Tables that people export: CSV in any encoding, with any separator, or an .xlsx workbook; judged line by line."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.utils.translation import gettext as _

from accounts.folding import fold
from organisations.records import encodings, workbook
from organisations.records.encodings import BinaryFileError, Guess
from organisations.records.spreadsheets import is_error, unwrapped

LONGEST_RECORD = 6  # physical lines; beyond, a quotation mark was left open
DELIMITERS = ";,\t|"
DELIMITER_SAID = re.compile(r'"?sep=(.)"?[;,\t|]*', re.IGNORECASE)
OLE = b"\xd0\xcf\x11\xe0"  # an .xls of before 2007, or a workbook under a password
# A control character beside a letter stands where another one was.
LOST_LETTER = re.compile(
    rf"(?<=[^\W\d_]){encodings.CONTROLS.pattern}|{encodings.CONTROLS.pattern}(?=[^\W\d_])"
)
# What nothing could have damaged: most cells, read without more ado.
PLAIN = re.compile(r"(?:(?![='#]|Err:)[!-~]+(?: [!-~]+)*)?")
MARKUP = re.compile(rb"\s*<(?:!doctype|html|table|\?xml)", re.IGNORECASE)


class UnreadableFileError(Exception):
    """Nothing in the file can be read; the text says why."""


class DoubtfulEncodingError(UnreadableFileError):
    """The file can be read in several ways: a person chooses, by samples."""

    def __init__(self, guesses: Sequence[Guess]) -> None:
        super().__init__(
            _("Les accents de ce fichier se lisent de plusieurs façons : choisissez la bonne. %(ways)s")
            % {"ways": " ; ".join(f"{guess.encoding} : {', '.join(guess.samples)}" for guess in guesses)}
        )
        self.guesses = guesses


class HeaderError(UnreadableFileError):
    """The columns of the file are not ours: a person says which is which."""

    def __init__(self, said: str, header: Sequence[str]) -> None:
        super().__init__(said)
        self.header = header


class LineError(Exception):
    """One line cannot be imported; the text says why."""


@dataclass(frozen=True)
class Line:
    """One line that has a cell for each column of ours that the file has, by name.

    A cell that cannot be a value, the error of a spreadsheet for instance, is missing, as if its column were.
    """

    number: int
    cells: dict[str, str]
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class BadLine:
    """One bad line, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Table:
    """A file as rows of texts: the names of its columns, then each row with its line number."""

    header: list[str]
    rows: Callable[[], Iterator[tuple[int, list[str] | None]]]
    encoding: str  # empty for a workbook

    @property
    def names(self) -> list[str]:
        """The header as names are compared."""
        return [name_of(name) or _("colonne_%s") % place for place, name in enumerate(self.header, start=1)]


def name_of(header: str) -> str:
    """Return the name of a column as it is compared: without case, accents nor punctuation."""
    return fold(header).replace(" ", "_")


def read_table(content: bytes, encoding: str = "") -> Table:
    """Return a file as a table. Raises UnreadableFileError, of which DoubtfulEncodingError."""
    if not content.strip(b"\0 \r\n\t"):
        raise UnreadableFileError(_("Ce fichier est vide."))
    if content.startswith(workbook.SIGNATURE):
        try:
            return of_rows(workbook.rows(content))
        except workbook.WorkbookError as error:
            raise UnreadableFileError(str(error)) from error
    if content.startswith(OLE):
        raise UnreadableFileError(
            _(
                "Ce classeur est au format .xls ou protégé par un mot de passe : enregistrez-le en .xlsx ou en CSV."
            )
        )
    if MARKUP.match(content):
        raise UnreadableFileError(
            _(
                "Ce fichier est une page web sous un autre nom : ouvrez-le dans votre tableur et enregistrez-le en .xlsx."
            )
        )
    return of_text(*decoded(content, encoding))


def decoded(content: bytes, encoding: str) -> tuple[str, str]:
    """Return the text of a file and its encoding. Raises UnreadableFileError."""
    try:
        guesses = encodings.guesses(content)
    except BinaryFileError as error:
        raise UnreadableFileError(
            _(
                "Ce fichier n’est pas un fichier CSV : dans votre tableur, enregistrez-le au format « CSV UTF-8 »."
            )
        ) from error
    found = encoding or guesses[0].encoding
    text = encodings.read(content, found)
    # Of what is no table, the encoding does not matter.
    if not encoding and len(guesses) > 1 and re.search(f"[{DELIMITERS}]", text.lstrip().partition("\n")[0]):
        raise DoubtfulEncodingError(guesses)
    return text, found


def of_rows(found: list[list[str]]) -> Table:
    """Return the rows of a workbook as a table. Raises UnreadableFileError."""
    start = next((number for number, row in enumerate(found) if any(row)), None)
    if start is None:
        raise UnreadableFileError(_("Ce fichier est vide."))
    header = found[start]
    width = len(header)

    def padded() -> Iterator[tuple[int, list[str] | None]]:
        for number, row in enumerate(found[start + 1 :], start=start + 2):
            yield number, row + [""] * (width - len(row))

    return Table(header, padded, "")


def of_text(text: str, encoding: str) -> Table:
    """Return a text as a table, with the separator that its first line says, or that cuts it best."""
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
    start, first = next(
        ((number, line) for number, line in enumerate(lines, start=1) if line.strip()), (1, "")
    )
    said = DELIMITER_SAID.fullmatch(first.strip("\ufeff\n "))
    if said and said[1] in DELIMITERS:
        delimiter = said[1]
        start, first = start + 1, next(lines, "")
    else:
        delimiter = best_delimiter(first)
    body = list(lines)
    header = cut_once(first, delimiter)
    while len(header) > 1 and not header[-1].strip():
        header.pop()

    def cut() -> Iterator[tuple[int, list[str] | None]]:
        for number, cells in records(iter(body), delimiter, start=start + 1):
            while cells and len(cells) > len(header) and not cells[-1].strip():
                cells.pop()
            yield number, cells

    return Table([tidy(name) for name in header], cut, encoding)


def best_delimiter(first: str) -> str:
    """Return the separator that cuts the header into most cells, quoted ones whole."""
    return max(DELIMITERS, key=lambda each: count_cells(first, each))


def count_cells(line: str, delimiter: str) -> int:
    try:
        return len(cut_once(line, delimiter))
    except UnreadableFileError:
        return 0


def cut_once(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:  # a name of more than a hundred thousand letters
        raise UnreadableFileError(_("La première ligne ne nomme pas des colonnes.")) from error


@dataclass(frozen=True)
class Source:
    """A table of which the columns are known: iterates over its lines, the empty ones left out."""

    table: Table
    places: dict[str, int]  # of each column of ours
    required: tuple[str, ...]

    def __iter__(self) -> Iterator[Line | BadLine]:
        for number, cells in self.table.rows():
            if cells is None:
                yield BadLine(number, _("un guillemet n’est pas fermé."))
            elif any(map(str.strip, cells)) and len(cells) != len(self.table.header):
                numbers = {"read": len(cells), "wanted": len(self.table.header)}
                yield BadLine(number, _("%(read)s cellules au lieu de %(wanted)s.") % numbers)
            elif any(map(str.strip, cells)):
                line = read_line(
                    number, {name: cells[place] for name, place in self.places.items()}, self.required
                )
                if isinstance(line, BadLine) or any(line.cells.values()):
                    yield line

    def column(self, name: str) -> Iterator[str]:
        """Yield the cells of one column, where a line has it."""
        place = self.places.get(name)
        if place is not None:
            for _number, cells in self.table.rows():
                if cells and len(cells) > place:
                    yield tidy(cells[place])


def source(
    table: Table, columns: Container[str], required: Iterable[str], mapping: Mapping[str, str] | None = None
) -> Source:
    """Return a table with its columns found. Raises HeaderError.

    ``mapping`` says which of its columns are ours, by name; the others are then left out.
    """
    required, names = tuple(required), table.names
    if mapping is None:
        check_header(table, names, columns, required)
        return Source(table, {name: place for place, name in enumerate(names)}, required)
    places = {ours: names.index(theirs) for ours, theirs in mapping.items() if theirs in names}
    if missing := [name for name in required if name not in places]:
        raise HeaderError(_("Il manque les colonnes : %s.") % ", ".join(missing), table.header)
    return Source(table, places, required)


def check_header(table: Table, names: list[str], columns: Container[str], required: Iterable[str]) -> None:
    """Raise HeaderError unless every column is known, once, and the required ones are there."""
    counts = Counter(names)  # of a million names, when the first line is nothing but separators
    problems = {
        _("Il manque les colonnes : %s."): [name for name in required if name not in counts],
        _("Ces colonnes sont inconnues : %s."): [name for name in counts if name not in columns],
        _("Ces colonnes sont répétées : %s."): sorted(name for name, count in counts.items() if count > 1),
    }
    said = [message % ", ".join(found) for message, found in problems.items() if found]
    if said:
        raise HeaderError(" ".join(said), table.header)


def read_line(number: int, raw: Mapping[str, str], required: Container[str]) -> Line | BadLine:
    """Return the cells of a line without what spreadsheets and wrong encodings did to them."""
    cells: dict[str, str] = {}
    notices: list[str] = []
    for column, cell in raw.items():
        if PLAIN.fullmatch(cell):
            cells[column] = cell
            continue
        mended = encodings.mend(cell)
        text = unwrapped(tidy(LOST_LETTER.sub(encodings.LOST, mended)))
        if is_error(text):
            told = {"column": column, "text": text}
            if column in required:
                return BadLine(number, _("%(column)s : « %(text)s » est une erreur de votre tableur.") % told)
            notices.append(
                _("%(column)s : « %(text)s » est une erreur de votre tableur. Laissé de côté.") % told
            )
            continue
        if mended != cell:
            notices.append(
                _("%(column)s : « %(before)s » était mal encodé, lu « %(after)s ».")
                % {"column": column, "before": tidy(cell), "after": text}
            )
        cells[column] = text
    return Line(number, cells, notices)


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
