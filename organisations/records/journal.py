"""What imports wrote, and how the last one is undone: what has moved since stays, and is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby, islice
from typing import Any

from celery import shared_task
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import ForeignObjectRel, ManyToManyRel, Model
from django.db.models.deletion import ProtectedError, RestrictedError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from accounts.refusals import Refused
from organisations.models import Import, ImportedRow, Resemblance
from organisations.models.following import refresh_people
from organisations.records.importing import Written
from organisations.records.results import Outcome, Result, picture
from organisations.records.tables import BadLine

KEPT_FOR = timedelta(days=30)  # then what was imported is no longer told line by line, nor undone
REFUSED, ENROLLED, NOTICED = "refused", "enrolled", "noticed"
LINES_KEPT = 1_000
CHUNK = 500
# What changes by itself, or says nothing of what a person did to a row.
NOT_COMPARED = frozenset(
    {"id", "password", "last_login", "date_joined", "search_key", "search_words", "created_at", "updated_at"}
)


def note(imported: Import, written: Sequence[Written]) -> None:
    """Keep what rows were before an import, in the transaction that wrote them, and refresh what repeats them."""
    ImportedRow.objects.bulk_create(
        [
            ImportedRow(
                imported=imported,
                table=each.row._meta.label_lower,
                row=each.row.pk,
                before=None if each.before is None else as_json(each.row, each.before),
                after=now(each.row, compared(each.row) if each.before is None else each.before),
            )
            for each in written
        ],
        batch_size=2_000,
    )
    refresh_people(
        [each.row.pk for each in written if isinstance(each.row, User) and each.before is not None]
    )


def compared(row: Model) -> list[str]:
    """Return the columns that tell whether somebody touched a row since it was made."""
    return [column.name for column in row._meta.concrete_fields if column.name not in NOT_COMPARED]


def as_json(row: Model, values: dict[str, Any]) -> dict[str, Any]:
    return {column_of(row, name).attname: plain(value) for name, value in values.items()}


def now(row: Model, names: Iterable[str]) -> dict[str, Any]:
    """Return what columns of a row hold, as JSON keeps it."""
    found = (column_of(row, name).attname for name in names)
    return {attribute: plain(getattr(row, attribute)) for attribute in found}


def column_of(row: Model | type[Model], name: str) -> models.Field[Any, Any]:
    column = row._meta.get_field(name)
    assert isinstance(column, models.Field)
    return column


def plain(value: Any) -> Any:
    if isinstance(value, Model):
        value = value.pk
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | list) else str(value)


def close(imported: Import, results: Iterable[Result], describe: Callable[[Result], str]) -> None:
    """Keep the report of an import: how many lines did what, what changed by column, what is worth reading."""
    results = list(results)
    imported.counts = counted(results)
    imported.columns = [
        {"name": column.name, "count": column.count, "samples": column.samples} for column in picture(results)
    ]
    told = sorted(results, key=rank)
    imported.lines = [
        [result.line, deed_of(result), said]
        for result in told
        if (isinstance(result, BadLine) or result.notices) and (said := describe(result))
    ][:LINES_KEPT]
    imported.save(update_fields=["counts", "columns", "lines"])


def counted(results: Iterable[Result]) -> Counter[str]:
    """Return how many lines did what; a row that several lines describe counts once."""
    counts: Counter[str] = Counter()
    for result in results:
        if isinstance(result, BadLine) or not result.repeats:
            counts[deed_of(result)] += 1
        if isinstance(result, Outcome):
            counts[ENROLLED] += result.enrols
            counts[NOTICED] += bool(result.notices)
    return counts


def deed_of(result: Result) -> str:
    return REFUSED if isinstance(result, BadLine) else result.deed.value


def rank(result: Result) -> tuple[int, int]:
    """Return the place of a line in a report: what is refused, what needs a remark, the rest."""
    return (0 if isinstance(result, BadLine) else 1 if result.notices else 2), result.line


def last(kind: str, institution: Institution | None) -> Import | None:
    """Return the import that may be undone: the last one of a kind that was not, while its details are kept."""
    found = Import.objects.filter(kind=kind, institution=institution, undone_at=None).first()
    return found if found and found.at > timezone.now() - KEPT_FOR else None


@transaction.atomic
def undo(imported: Import, by: User | None) -> list[str]:
    """Put back what an import changed, and remove what it added; return what stays, and why. Raises Refused."""
    Import.objects.select_for_update().get(pk=imported.pk)
    if last(imported.kind, imported.institution) != imported:
        raise Refused(_("Seul le dernier import se défait, dans le mois qui le suit."), "not_last")
    kept: list[str] = []
    rows = imported.rows.order_by("-pk").iterator(chunk_size=CHUNK)
    for table, group in groupby(rows, key=lambda row: row.table):
        while chunk := list(islice(group, CHUNK)):
            kept += undo_rows(apps.get_model(table), chunk)
    imported.undone_at, imported.undone_by = timezone.now(), by
    imported.kept = kept[:LINES_KEPT]
    imported.save(update_fields=["undone_at", "undone_by", "kept"])
    return kept


def undo_rows(model: type[Model], noted: Sequence[ImportedRow]) -> Iterator[str]:
    """Put some rows of one table back, and yield what stays."""
    # In the order of their keys: two at the same time must not wait for one another.
    locked = model._default_manager.filter(pk__in=[each.row for each in noted]).order_by("pk")
    found = {row.pk: row for row in locked.select_for_update(of=("self",))}
    new = [found[each.row] for each in noted if each.before is None and each.row in found]
    used = in_use(model, [row.pk for row in new])
    for each in noted:
        row = found.get(each.row)
        if row is None:
            continue
        if each.before is not None:
            yield from put_back(row, each)
        elif now(row, compared(row)) != each.after:
            yield _("%(row)s : modifié depuis, gardé.") % {"row": row}
        elif row.pk in used or is_in_use_by_its_owner(row):
            yield _("%(row)s : utilisé depuis, gardé.") % {"row": row}
        else:
            yield from remove(row)


def in_use(model: type[Model], keys: Sequence[int]) -> set[int]:
    """Return which of these rows others point at."""
    used: set[int] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and not isinstance(relation, ManyToManyRel):
            other = relation.related_model
            if other is Resemblance or not keys:  # those are found again by themselves
                continue
            name = relation.field.attname
            used.update(other._default_manager.filter(**{f"{name}__in": keys}).values_list(name, flat=True))
    return used


def is_in_use_by_its_owner(row: Model) -> bool:
    """Whether somebody signed in with an account, or set its password."""
    return isinstance(row, User) and (row.last_login is not None or row.has_usable_password())


def put_back(row: Model, noted: ImportedRow) -> Iterator[str]:
    """Give a row its values of before, those excepted that moved since."""
    current, before = now(row, noted.after), noted.before or {}
    moved = [name for name in before if current[name] != noted.after.get(name)]
    for name in before.keys() - set(moved):
        setattr(row, name, column_of(row, name).to_python(before[name]))
    back = [name for name in before if name not in moved]
    if moved:
        labels = ", ".join(str(column_of(row, name).verbose_name) for name in moved)
        yield _("%(row)s : %(columns)s modifié depuis, gardé.") % {"row": row, "columns": labels}
    if back:
        try:
            with transaction.atomic():
                columns = {column_of(row, name).name for name in back}
                row.save(update_fields=columns | ({"search_key"} if hasattr(row, "search_key") else set()))
        except IntegrityError:
            yield _("%(row)s : quelqu’un d’autre a pris cette valeur depuis, gardé.") % {"row": row}


def remove(row: Model) -> Iterator[str]:
    try:
        with transaction.atomic():
            row.delete()
    except (IntegrityError, ProtectedError, RestrictedError):
        yield _("%(row)s : utilisé depuis, gardé.") % {"row": row}


@shared_task(name="organisations.tasks.forget_imports")
def forget_imports() -> int:
    """Erase the details of the imports of more than a month: they repeat what people's records say."""
    old = Import.objects.filter(at__lt=timezone.now() - KEPT_FOR)
    ImportedRow.objects.filter(imported__in=old).delete()
    return old.exclude(columns=[], lines=[], kept=[]).update(columns=[], lines=[], kept=[])
