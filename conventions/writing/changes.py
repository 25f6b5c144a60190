"""What an avenant changes of an agreement: recorded as a difference, shown, applied, taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Field, Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from conventions import legality
from conventions.models import (
    Amended,
    Avenant,
    AvenantKind,
    Convention,
)
from conventions.models.circuit import WITH_AUTHORS
from conventions.models.columns import COLUMNS, MAY_CHANGE
from conventions.models.convention import ConventionQuerySet
from conventions.models.schedule import PERIODS

if TYPE_CHECKING:
    from conventions.writing.periods import BasePeriodFormSet

# What follows from the rest, and changes with it.
COMPUTED = tuple(column.name for column in COLUMNS if column.computed)

Changes = dict[str, dict[str, Any]]


def in_force(convention_id: int) -> Convention:
    """Return an agreement as it stands, with all that its content and its law read."""
    return Convention.objects.for_detail().prefetch_related(*PERIODS, WITH_AUTHORS).get(pk=convention_id)


def proposed(avenant: Avenant, convention: Convention | None = None) -> Amended:
    """Return the agreement as an avenant makes it, beside ``convention``, the one in force."""
    after = Amended.of(convention or in_force(avenant.convention_id), avenant)
    put(after, opened(avenant), "after")
    return after


def places_of(avenants: Iterable[tuple[Avenant, Convention]]) -> list[Amended]:
    """Return the columns that some avenants make of their agreements, without the periods; a query for each table."""
    found = [(Amended.of(convention, avenant), opened(avenant)) for avenant, convention in avenants]
    put_columns(found, "after")
    return [after for after, _changes in found]


def opened(avenant: Avenant) -> Changes:
    """Return what an avenant changes: a kind taken off its purpose takes its changes away, at the next record at the latest."""
    names = {key(name) for name in avenant.may_change} | set(COMPUTED)
    return {name: change for name, change in avenant.changes.items() if name in names}


def put(after: Amended, changes: Changes, side: str) -> None:
    """Write one side of some changes, in memory: ``after`` applies them, ``before`` takes them back."""
    for name in PERIODS.keys() & changes.keys():
        show_periods(after, name, changes[name][side])
    put_columns([(after, changes)], side)


def put_columns(written_on: Iterable[tuple[Convention, Changes]], side: str) -> None:
    """Write one side of the columns alone, of one agreement or of several; the rows of one table are read together."""
    chosen: dict[type[Model], list[tuple[Convention, Field[Any, Any]]]] = defaultdict(list)
    for convention, changes in written_on:
        for name in changes.keys() - PERIODS.keys():
            field = column(name)
            setattr(convention, field.attname, field.to_python(changes[name][side]))
            if field.related_model:
                chosen[field.related_model].append((convention, field))
    for model, places in chosen.items():
        rows = joined_as_in_force(model._default_manager.all(), {field for _one, field in places})
        found = rows.in_bulk({getattr(one, field.attname) for one, field in places} - {None})
        for one, field in places:
            # No foreign key holds what a change names: it may have been deleted since.
            setattr(one, field.name, found.get(getattr(one, field.attname)))


def joined_as_in_force(rows: QuerySet[Any], fields: Iterable[Field[Any, Any]]) -> QuerySet[Any]:
    """Join to the rows chosen for some columns what ``for_detail`` joins to those of the agreement in force."""
    begins = tuple(f"{field.name}__" for field in fields)
    joined = [path.partition("__")[2] for path in ConventionQuerySet.JOINED if path.startswith(begins)]
    return rows.select_related(*joined) if joined else rows


def show_periods(after: Amended, name: str, rows: Iterable[Iterable[Any]]) -> None:
    """Give what an avenant makes of an agreement other periods than those in force."""
    after.other_periods[name] = rows_of(after, name, rows)


def rows_of(convention: Convention, name: str, rows: Iterable[Iterable[Any]]) -> list[Any]:
    """Return periods of an agreement, not stored, from what changes or a form say of each."""
    model = PERIODS[name].model
    return [
        model(
            convention=convention,
            **{field.name: field.to_python(value) for field, value in zip(fields_of(name), row, strict=True)},
        )
        for row in rows
    ]


def record(after: Amended) -> None:
    """Store what ``after`` changes of the agreement in force, within what the kinds of the avenant open."""
    avenant, before = after.avenant, after.before
    for name, (follows, value) in consequences(after).items():
        setattr(after, name, value if follows else getattr(before, name))
    changes = {**changed_columns(after), **changed_periods(after)}
    if changes != avenant.changes:
        avenant.changes = changes
        avenant.save(update_fields=["changes", "updated_at"])


def changed_columns(after: Amended) -> Changes:
    """Return both sides of the columns that differ, those that follow from the rest included."""
    names = [name for name in after.avenant.may_change if name not in PERIODS]
    changes: Changes = {}
    for field in [column(name) for name in (*names, *COMPUTED)]:
        was, becomes = (written(field, getattr(one, field.attname)) for one in (after.before, after))
        if was != becomes:
            changes[field.attname] = {"before": was, "after": becomes}
    return changes


def changed_periods(after: Amended) -> Changes:
    """Return both sides of the tables of periods that differ."""
    changes: Changes = {}
    for name in PERIODS.keys() & after.avenant.may_change:
        was, becomes = (periods_of(one, name) for one in (after.before, after))
        if was != becomes:
            changes[name] = {"before": was, "after": becomes}
    return changes


def write(after: Amended, tables: Iterable[BasePeriodFormSet]) -> None:
    """Store what a step makes of the agreement that ``after`` shows, and the periods that were posted."""
    for periods in tables:
        periods.is_valid()
        if periods.may_be_written:
            show_periods(after, periods.name, periods.periods)
            periods.stored = periods.periods
    record(after)


def delete(avenant: Avenant) -> None:
    """Delete an avenant that was never submitted; the database refuses it of any other."""
    avenant.delete()


def consequences(after: Amended) -> dict[str, tuple[bool, Any]]:
    """Return what follows from the rest: by column, whether it does, and its new value."""
    avenant, before = after.avenant, after.before
    schedule, usual = legality.schedule_of(after), legality.schedule_of(before)
    sheet = schedule.timesheet if schedule else None
    moved = after.end != before.end
    is_postponed = moved and AvenantKind.POSTPONEMENT in avenant.kinds and after.start == before.start
    return {
        "hours_computed": (schedule != usual, sheet and sheet.presence),
        "hours_assimilated": (schedule != usual, sheet and sheet.leave),
        # The time a postponement adds does not count in the host's quota (article L124-8, Q-04).
        "terminated_on": (AvenantKind.TERMINATION in avenant.kinds, after.end),
        "quota_end": (moved, (before.quota_end or before.end) if is_postponed else None),
    }


def obstacle(after: Amended) -> str:
    """Return why an avenant is not what it says: nothing changes, or not as its kinds say; nothing when it is."""
    return unchanged_kind(after.avenant) or wrong_date(after) or stale_correction(after)


def unchanged_kind(avenant: Avenant) -> str:
    """Return that one of the kinds of an avenant changes nothing; nothing when each does."""
    for kind in avenant.kinds:
        if kind != AvenantKind.OTHER and not any(key(name) in avenant.changes for name in MAY_CHANGE[kind]):
            return _(
                "« %(kind)s » : rien ne change encore. Changez-le, ou retirez-le de l’objet de l’avenant."
            ) % {"kind": AvenantKind(kind).label}
    return ""


def wrong_date(after: Amended) -> str:
    """Return why the dates of an avenant are not what its kinds say; nothing when they are."""
    avenant, before = after.avenant, after.before
    assert before.start is not None
    assert before.end is not None
    if after.end is None:
        return _("Indiquez la fin du stage.")
    if AvenantKind.EXTENSION in avenant.kinds and after.end <= before.end:
        return _("Une prolongation finit après la fin prévue.")
    if AvenantKind.TERMINATION in avenant.kinds and not (before.start <= after.end < before.end):
        return _("Le dernier jour du stage doit être avant la fin prévue, et pas avant le début.")
    if after.start != before.start and before.start <= timezone.localdate():
        return _("Le stage a commencé : son début ne change plus.")
    if avenant.effective_on and avenant.effective_on > before.end:
        return _("L’avenant prendrait effet après la fin du stage.")
    return ""


def stale_correction(after: Amended) -> str:
    """Return that hours corrected by hand stay while the schedule changes; nothing when they follow."""
    before = after.before
    is_recounted = legality.schedule_of(after) != legality.schedule_of(before)
    if is_recounted and after.hours_corrected is not None and after.hours_corrected == before.hours_corrected:
        return _(
            "Le nombre d’heures avait été corrigé à la main : corrigez-le aussi, ou effacez la correction."
        )
    return ""


def names_what_exists(after: Amended) -> bool:
    """Whether each row of the directory that the avenant shown chooses was still there when it was read."""
    return all(
        getattr(after, column(name).name) is not None
        for name, change in after.avenant.changes.items()
        if name not in PERIODS and column(name).related_model and change["after"]
    )


def kinds_that_open(field: str) -> list[AvenantKind]:
    """Return the kinds of avenant that may change a field; an early end is never what somebody forgot."""
    return [kind for kind in AvenantKind if field in MAY_CHANGE[kind] and kind != AvenantKind.TERMINATION]


def key(name: str) -> str:
    """Return what changes call a field or a list of periods."""
    return name if name in PERIODS else column(name).attname


def assign(after: Amended, name: str, row: Model) -> None:
    """Choose a row of the directory in the avenant that ``after`` shows; another tutor declares anew whom they follow."""
    setattr(after, name, row)
    if name == "tutor" and after.tutor_id != after.before.tutor_id:
        after.tutor_trainees = None
    record(after)


def periods_of(convention: Convention, name: str) -> list[list[Any]]:
    """Return a list of periods as it is written in changes, in order."""
    return sorted(
        [written(field, getattr(period, field.name)) for field in fields_of(name)]
        for period in convention.periods(name)
    )


def fields_of(name: str) -> list[Field[Any, Any]]:
    """Return the columns of a list of periods that changes hold, in order."""
    model, columns, _label = PERIODS[name]
    fields = (model._meta.get_field(column) for column in columns)
    return [field for field in fields if isinstance(field, Field)]


def column(name: str) -> Field[Any, Any]:
    """Return a column of the agreement by name or by attribute."""
    field = Convention._meta.get_field(name.removesuffix("_id"))
    assert isinstance(field, Field)
    return field


def written(field: Any, value: Any) -> Any:
    """Return a value as changes hold it: what PostgreSQL reads as the same text."""
    if isinstance(value, Decimal):
        return str(value.quantize(Decimal(1).scaleb(-field.decimal_places)))
    if isinstance(value, (date, time)):
        return value.isoformat()
    return value


def apply(avenant: Avenant, convention: Convention) -> None:
    """Give an agreement the values of an avenant that takes effect in this transaction; the database checks them.

    Raises IntegrityError when the agreement is not what the avenant was written from.
    """
    put_columns([(convention, avenant.changes)], "after")
    for name in PERIODS.keys() & avenant.changes.keys():
        model = PERIODS[name].model
        model._default_manager.filter(convention=convention).delete()
        model._default_manager.bulk_create(rows_of(convention, name, avenant.changes[name]["after"]))
    convention.refresh_search_key()
    convention.save()
