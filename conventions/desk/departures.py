"""The departures that a security officer allows: those that wait for them, then those they decided on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from conventions.legality.risks import Risks
from conventions.models import AvenantStatus, Convention, Status, Turn
from conventions.models.circuit import Approver
from conventions.standing import destination
from conventions.writing import changes
from organisations.models.roles import roles_of

if TYPE_CHECKING:
    from accounts.models import User

MOST_WAITING = 100
MOST_DECIDED = 20
WAITS = Q(avenant=None, convention__status=Status.SUBMITTED) | Q(avenant__status=AvenantStatus.SUBMITTED)


@dataclass(frozen=True)
class Departure:
    """One departure: of an agreement, or of what an avenant makes of it."""

    convention: Convention
    turn: Turn
    known: destination.Shown

    @property
    def url(self) -> str:
        return self.convention.acted_on.get_absolute_url()

    @property
    def name(self) -> str:
        avenant = self.convention.avenant
        return _("avenant %(number)s") % {"number": avenant} if avenant else str(self.convention)

    @property
    def declared(self) -> str:
        """The zone that its student says, in words."""
        return str(self.convention.get_travel_zone_display())

    @property
    def dates(self) -> tuple[date | None, date | None]:
        return self.convention.start, self.convention.end


@dataclass(frozen=True)
class Departures:
    """What the home of a security officer shows, and how many there are in all."""

    waiting: list[Departure]
    decided: list[Departure]
    waiting_in_all: int
    decided_in_all: int


def departures(user: User) -> Departures:
    """Return the departures that an officer reads, the first to leave first; as many queries for one as for fifty."""
    asked = Turn.objects.filter(
        purpose=Turn.Purpose.APPROVAL,
        party=Approver.SECURITY,
        convention__in=Convention.objects.visible_to(user).filter(
            institution__in=roles_of(user).secured_ids, purged_at=None
        ),
    ).select_related(
        "done_by",
        "avenant__convention",
        "convention__centre",
        "convention__student__user",
        "convention__organisation",
        "convention__service",
    )
    waits, done = asked.filter(WAITS, done_at=None), last_decided(asked)
    waiting = list(waits.order_by("convention__start", "pk")[:MOST_WAITING])
    decided = list(done[:MOST_DECIDED])
    shown = departures_of([*waiting, *decided])
    return Departures(
        sorted(shown[: len(waiting)], key=lambda one: one.dates[0] or date.max),
        shown[len(waiting) :],
        in_all(waits, waiting, MOST_WAITING),
        in_all(done, decided, MOST_DECIDED),
    )


def in_all(found: QuerySet[Turn], shown: Collection[Turn], most: int) -> int:
    """Return how many there are, counted when some may not be shown."""
    return found.count() if len(shown) == most else len(shown)


def last_decided(asked: QuerySet[Turn]) -> QuerySet[Turn]:
    """Return those decided on, the last first; what went back to its student is asked again."""
    drafts = Q(avenant=None, convention__status=Status.DRAFT) | Q(avenant__status=AvenantStatus.DRAFT)
    return asked.filter(done_at__isnull=False).exclude(drafts).order_by("-done_at", "-pk")


def departures_of(asked: Sequence[Turn]) -> list[Departure]:
    """Read each with the place and the dates that it is about: of an avenant, those that it proposes."""
    amended = changes.places_of((turn.avenant, turn.convention) for turn in asked if turn.avenant)
    proposed = {one.avenant.pk: one for one in amended}
    subjects = [proposed[turn.avenant_id] if turn.avenant_id else turn.convention for turn in asked]
    risks = Risks(subjects)
    return [
        Departure(convention, turn, destination.shown(convention, risks))
        for convention, turn in zip(subjects, asked, strict=True)
    ]
