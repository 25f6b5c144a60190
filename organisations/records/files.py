"""One file, from its bytes to its report: opened, tried, imported."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from django.db import transaction

from accounts.models import Institution
from organisations.models import HeaderMapping, Import, ImportKind
from organisations.records import importing, journal
from organisations.records.headers import Match, match
from organisations.records.importing import Context
from organisations.records.kinds import Kind
from organisations.records.results import Result
from organisations.records.tables import Source, Table, name_of, read_table, source


def open_file(
    kind: Kind,
    content: bytes,
    institution: Institution | None,
    *,
    encoding: str = "",
    mapping: Mapping[str, str] | None = None,
    accepts_known: bool = False,
) -> Source:
    """Return the lines of a file. Raises UnreadableFileError, of which DoubtfulEncodingError and HeaderError.

    Its columns are ours, those of ``mapping``, or what somebody said of such a file before; with ``accepts_known``, also
    those under the names that other systems give them.
    """
    table = read_table(content, encoding)
    if mapping is not None:
        return source(table, kind.columns, kind.required, mapping)
    found = matched(kind, table, institution)
    counts = Counter(table.names)
    are_named_alike = any(counts[theirs] > 1 for theirs in found.ours.values())
    are_all_ours = all(name in kind.columns for name in counts)
    is_known = accepts_known and not found.unknown and set(kind.required) <= found.ours.keys()
    if (found.is_certain or is_known) and not (are_all_ours or are_named_alike):
        return source(table, kind.columns, kind.required, found.ours)
    return source(table, kind.columns, kind.required)  # says what is wrong


def matched(kind: Kind, table: Table, institution: Institution | None) -> Match:
    """Return what the columns of a table seem to be."""
    return match(table.header, kind.code.value, kind.columns, remembered(kind.code, institution))


def remembered(kind: ImportKind, institution: Institution | None) -> dict[str, str]:
    """Return what somebody said of the columns of such files: theirs → ours, or nothing for one that is left out."""
    said = HeaderMapping.objects.filter(kind=kind, institution=institution).first()
    return dict(said.names) if said else {}


def remember(
    kind: ImportKind, institution: Institution | None, header: Sequence[str], mapping: Mapping[str, str]
) -> None:
    """Keep what the columns of a file are for the next one; those that are no column of ours are left out."""
    ours = {theirs: column for column, theirs in mapping.items()}
    names = {name: ours.get(name, "") for name in map(name_of, header) if name}
    said, _created = HeaderMapping.objects.get_or_create(kind=kind, institution=institution)
    said.names = {**said.names, **names}
    said.save(update_fields=["names"])


def try_out(kind: Kind, lines: Source, context: Context) -> list[Result]:
    """Return what a file would do."""
    return list(importing.run(kind.importer(lines, context), lines))


def begin(kind: Kind, context: Context, file_name: str) -> Import:
    """Open the report of an import."""
    return Import.objects.create(
        kind=kind.code,
        institution=context.institution if kind.is_of_institution else None,
        file_name=file_name[:200],
        by=context.by,
    )


def apply(imported: Import, kind: Kind, lines: Source, context: Context) -> Iterator[Result]:
    """Import a file and yield what each line does; at the end, its report is kept. Lines are committed by batches."""
    results: list[Result] = []
    note = partial(journal.note, imported)
    for result in importing.run(kind.importer(lines, context), lines, note=note):
        results.append(result)
        yield result
    journal.close(imported, results, kind.describe)


@transaction.atomic
def apply_at_once(kind: Kind, lines: Source, context: Context, file_name: str) -> Import:
    """Import a file in one transaction, and return its report."""
    imported = begin(kind, context, file_name)
    deque(apply(imported, kind, lines, context), maxlen=0)
    return imported
