"""What the institution knows of the risk of a destination, said to its reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conventions.circuit import turns
from conventions.law.facts import Zone
from conventions.legality.risks import Risks, days_of
from conventions.legality.words import ZONES
from conventions.models import Convention
from conventions.models.circuit import Approver
from conventions.standing.journal import why_forbidden
from organisations.destinations import ADVICE
from organisations.models import Destination

TONES = {Zone.GREEN: "ok", Zone.YELLOW: "info", Zone.ORANGE: "wait", Zone.RED: "stop"}


@dataclass(frozen=True)
class Line:
    """One level that is known, of a country or of a region of it."""

    row: Destination
    is_old: bool

    @property
    def zone(self) -> str:
        return str(ZONES[Zone(self.row.level)])

    @property
    def tone(self) -> str:
        return TONES[Zone(self.row.level)]


@dataclass(frozen=True)
class Shown:
    """What is known of where one stage takes place: of the place itself, then of regions it may be in."""

    country: str
    here: Line | None
    regions: list[Line]
    advice: str = ADVICE

    @property
    def lines(self) -> list[Line]:
        return [*([self.here] if self.here else []), *self.regions]

    @property
    def tone(self) -> str:
        """The tone of what is known of the place itself; one that waits while nothing is."""
        return self.here.tone if self.here else "wait"


def shown(convention: Convention, risks: Risks) -> Shown:
    """Return it for one of the agreements that ``risks`` was read for."""
    known, days = risks.known(convention), days_of(convention.centre)
    place = convention.service or convention.organisation
    return Shown(
        str(place.country.name) if place else "",
        Line(known.here, known.here.is_old(days)) if known.here else None,
        [Line(row, row.is_old(days)) for row in known.regions],
    )


def departure(convention: Convention) -> dict[str, Any] | None:
    """Return what is known of a destination abroad until it is decided on, and what a security officer says of it.

    Of an avenant, when an officer is asked.
    """
    turn = turns.approval(convention, Approver.SECURITY)
    if turn is None and (convention.avenant or convention.is_frozen or not convention.is_abroad):
        return None
    return {
        "known": shown(convention, Risks([convention])),
        "turn": turn,
        "reason": why_forbidden(convention) if turn and turn.is_refused else "",
    }
