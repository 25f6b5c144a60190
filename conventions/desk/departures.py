"""The departures that a security officer allows: those that wait for them, then those they decided on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from conventions.legality.risks import Risks
from conventions.models import Avenant, AvenantStatus, Convention, Status, Turn
from conventions.models.circuit import Approver
from conventions.standing import destination

MOST_WAITING = 100
MOST_DECIDED = 20
WAITS = Q(avenant=None, convention__status=Status.SUBMITTED) | Q(avenant__status=AvenantStatus.SUBMITTED)


@dataclass(frozen=True)
class Departure:
    """One departure: of an agreement, or of an avenant that changes it."""

    convention: Convention
    avenant: Avenant | None
    turn: Turn
    known: destination.Shown

    @property
    def url(self) -> str:
        return (self.avenant or self.convention).get_absolute_url()

    @property
    def name(self) -> str:
        return _("avenant %(number)s") % {"number": self.avenant} if self.avenant else str(self.convention)

    @property
    def declared(self) -> str:
        """The zone that its student says, in words."""
        return str(self.convention.get_travel_zone_display())

    @property
    def dates(self) -> tuple[date | None, date | None]:
        return self.convention.start, self.convention.end


@dataclass(frozen=True)
class Departures:
    """What the home of a security officer shows."""

    waiting: list[Departure]
    decided: list[Departure]


def departures(institutions: Collection[int]) -> Departures:
    """Return the departures of some institutions, the first to leave first; three queries."""
    asked = Turn.objects.filter(
        purpose=Turn.Purpose.APPROVAL,
        party=Approver.SECURITY,
        convention__institution__in=institutions,
        convention__purged_at=None,
    ).select_related(
        "done_by",
        "avenant__convention",
        "convention__centre",
        "convention__student__user",
        "convention__organisation",
        "convention__service",
    )
    waiting = list(asked.filter(WAITS, done_at=None).order_by("convention__start", "pk")[:MOST_WAITING])
    decided = list(last_decided(asked)[:MOST_DECIDED])
    risks = Risks([turn.convention for turn in (*waiting, *decided)])
    return Departures([read(turn, risks) for turn in waiting], [read(turn, risks) for turn in decided])


def last_decided(asked: QuerySet[Turn]) -> QuerySet[Turn]:
    """Return those decided on, the last first; what went back to its student is asked again."""
    drafts = Q(avenant=None, convention__status=Status.DRAFT) | Q(avenant__status=AvenantStatus.DRAFT)
    return asked.filter(done_at__isnull=False).exclude(drafts).order_by("-done_at", "-pk")


def read(turn: Turn, risks: Risks) -> Departure:
    convention = turn.convention
    return Departure(convention, turn.avenant, turn, destination.shown(convention, risks))
