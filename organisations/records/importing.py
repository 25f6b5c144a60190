"""How any file is imported: lines read one by one, compared with the database and written by batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

from django.db import DataError, IntegrityError, transaction
from django.db.models import Model
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from organisations.records import encodings
from organisations.records.results import Changes, Outcome, Result
from organisations.records.tables import BadLine, Line, LineError, Source

BATCH = 1_000  # lines judged and written in one transaction


@dataclass(frozen=True)
class Context:
    """For whom a file is imported, by whom, and what was asked of it."""

    institution: Institution | None
    by: User | None = None
    creates_alike: bool = False  # hosts without SIRET that resemble another one


@dataclass(frozen=True)
class Written:
    """A row that an import wrote, and what its columns were before; None for a new row."""

    row: Model
    before: dict[str, Any] | None


class Batch(ABC):
    """A few lines compared with the database: what they would do, then ``save``."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.written: list[Written] = []

    @abstractmethod
    def save(self) -> None:
        """Write what the lines do, and note it in ``written``."""


Record = TypeVar("Record")


class Importer(ABC, Generic[Record]):
    """Reads the lines of one file of one kind."""

    size = BATCH

    @abstractmethod
    def read(self, line: Line) -> Record:
        """Return what a line says, in the types of the models. Raises LineError."""

    @abstractmethod
    def batch(self, records: Sequence[Record], *, locked: bool) -> Batch:
        """Compare a few lines with the database."""

    @abstractmethod
    def line_of(self, record: Record) -> int:
        """Return the number of the line that said it."""


Note = Callable[[Sequence[Written]], None]


def run(importer: Importer[Record], source: Source, *, note: Note | None = None) -> Iterator[Result]:
    """Yield what each line of a file does, or would do without ``note``; a bad line stops no other.

    Lines are committed by batches; ``note`` is told what was written in the transaction that wrote it.
    """
    lines = iter(source)
    while chunk := list(islice(lines, importer.size)):
        records: list[Record] = []
        for line in chunk:
            if isinstance(line, BadLine):
                yield line
                continue
            try:
                records.append(importer.read(line))
            except LineError as error:
                yield BadLine(line.number, str(error))
        yield from write(importer, records, note) if note else importer.batch(records, locked=False).results


def write(importer: Importer[Record], records: Sequence[Record], note: Note) -> list[Result]:
    """Import these lines in one transaction; if the database refuses, in halves, down to the line at fault."""
    try:
        with transaction.atomic():
            batch = importer.batch(records, locked=True)
            batch.save()
            note(batch.written)
    except (IntegrityError, DataError) as error:
        if len(records) == 1:
            return [BadLine(importer.line_of(records[0]), " ".join(str(error).split()))]
        middle = len(records) // 2
        return write(importer, records[:middle], note) + write(importer, records[middle:], note)
    return batch.results


@dataclass
class Differences:
    """What a line changes in a row: by column of the file, and what the attributes were."""

    changes: Changes = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)


def set_values(
    row: Model, values: Mapping[str, Any], outcome: Outcome, names: Mapping[str, str] | None = None
) -> Differences:
    """Set these values on a row and return those that were not already there; a damaged text replaces no good one.

    ``names`` gives the column of the file where it is not named as the attribute is.
    """
    found = Differences()
    for attribute, after in values.items():
        column = (names or {}).get(attribute, attribute)
        before = getattr(row, attribute)
        if (before.lower() if attribute == "email" else before) == after:
            continue
        if isinstance(after, str) and isinstance(before, str) and encodings.is_worse(after, before):
            outcome.notices.append(
                _("%(column)s : « %(after)s » semble abîmé, « %(before)s » est gardé.")
                % {"column": column, "after": after, "before": before}
            )
            continue
        found.changes[column] = before, after
        found.before[attribute] = before
        setattr(row, attribute, after)
    outcome.changes |= found.changes
    return found


def owners_of(addresses: Iterable[str]) -> dict[str, User]:
    """Return whose each of these addresses is, in lower case; what they study comes along."""
    owners = User.objects.alias(address=Lower("email")).filter(address__in=list(addresses))
    return {user.email.lower(): user for user in owners.select_related("student")}


def refuse_damaged(values: Mapping[str, Any], columns: Iterable[str]) -> None:
    """Raise LineError when a new row would bear a name of which letters were lost."""
    for column in columns:
        text = values.get(column)
        if isinstance(text, str) and encodings.is_damaged(text):
            raise LineError(
                _("%(column)s : « %(text)s » a perdu des lettres, le fichier est mal encodé.")
                % {"column": column, "text": text}
            )
