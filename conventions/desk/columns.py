"""What a list of agreements reads of each, and the line that it makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple, get_type_hints

from django.db.models import Case, When
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from accounts.models import User
from conventions.desk import notes, reading
from conventions.models import AvenantStatus, Status
from conventions.models.circuit import Approver
from conventions.models.convention import ConventionQuerySet
from conventions.standing import alerts, staff
from organisations.models import Party
from organisations.models.host import FRENCH_COUNTRIES
from organisations.models.roles import Roles


@dataclass(frozen=True)
class ListColumn:
    """One column of the list: how an address calls it, its heading, what it sorts on."""

    name: str
    label: Promise
    sorts_on: str


COLUMNS = (
    ListColumn("numero", gettext_lazy("N°"), "number"),
    ListColumn("etudiant", gettext_lazy("Étudiant"), "student__user__search_key"),
    ListColumn("organisme", gettext_lazy("Établissement d’accueil"), "organisation__search_key"),
    ListColumn("debut", gettext_lazy("Dates"), "start"),
    ListColumn("soumise", gettext_lazy("Soumission et état"), "submitted_at"),
)
# What waits to be validated: the first to start first.
QUEUE = ("start", "submitted_at")


class Values(NamedTuple):
    """What the list reads of an agreement, each by what the query calls it when that is not its own name.

    No model instance, which would cost more than the query.
    """

    pk: int
    number: str | None
    status: str
    start: date | None
    end: date | None
    centre: int | None
    teacher: int | None
    first_name: Annotated[str, "student__user__first_name"]
    last_name: Annotated[str, "student__user__last_name"]
    programme: Annotated[str | None, "enrolment__programme__label"]
    host: Annotated[str | None, "organisation__name"]
    city: Annotated[str | None, "service__city"]
    country: Annotated[str | None, "service__country"]
    waiting: Party | Approver | None
    since: datetime | None
    amended: dict[str, Any] | None
    certified: bool
    forbidden: bool
    note: str | None
    is_unread: bool


READ = tuple(
    getattr(kind, "__metadata__", [name])[0]
    for name, kind in get_type_hints(Values, include_extras=True).items()
)


def amended(pk: int, found: dict[str, Any] | None, *, takes_part: bool = True) -> staff.AvenantBadge | None:
    """Return the badge of what ``AMENDED_BY`` found for an agreement; a draft is for whoever takes part in it."""
    if found is None or not (found["rank"] or takes_part):
        return None
    url = reverse("conventions:avenant", args=[pk, found["pk"]])
    return staff.AvenantBadge(found["rank"], AvenantStatus(found["status"]), url)


@dataclass(frozen=True)
class ListRow:
    """One line of a list, ready to print."""

    url: str
    number: str
    student: str
    programme: str
    host: str
    place: str
    dates: str
    soon: str
    standing: staff.Standing
    amended: staff.AvenantBadge | None
    note: str  # how the last note of the staff begins
    is_unread: bool  # changed since its reader last read it


def rows(found: ConventionQuerySet, roles: Roles, by: User) -> list[ListRow]:
    """Read the lines of a list, in one query however many they are."""
    kept = notes.kept_by(roles)
    listed = found.with_standing().annotate(
        note=Case(When(kept, then=notes.BEGINNING)),
        is_unread=Case(When(kept, then=reading.unread(by)), default=False),
    )
    return [row(Values(*values), roles) for values in listed.values_list(*READ)]


def row(values: Values, roles: Roles) -> ListRow:
    status = Status(values.status)
    abroad = values.country and values.country not in FRENCH_COUNTRIES
    return ListRow(
        url=reverse("conventions:detail", args=[values.pk]),
        number=values.number or _("Brouillon"),
        student=f"{values.first_name} {values.last_name}",
        programme=values.programme or "",
        host=values.host or "",
        place=f"{values.city} ({countries.name(values.country)})" if abroad else values.city or "",
        dates=f"{values.start:%d/%m/%Y} → {values.end:%d/%m/%Y}" if values.start and values.end else "",
        soon=alerts.soon(status, values.start),
        standing=staff.standing(
            status,
            values.start,
            values.end,
            values.waiting,
            values.since,
            manages=values.centre in roles.centre_ids,
            follows=values.teacher in roles.teacher_ids,
            certified=values.certified,
            forbidden=values.forbidden,
        ),
        amended=amended(
            values.pk,
            values.amended,
            takes_part=values.centre in roles.centre_ids or values.teacher in roles.teacher_ids,
        ),
        note=notes.shortened(values.note),
        is_unread=values.is_unread,
    )
