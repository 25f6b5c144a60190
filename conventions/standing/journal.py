"""What happened to an agreement or to one of its avenants, as its page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise

from conventions.circuit import turns
from conventions.models import Avenant, Convention, Event
from conventions.models.journal import BESIDE
from conventions.standing import words
from organisations.models import Party


@dataclass(frozen=True)
class Entry:
    """One line of the journal, as the page tells it."""

    label: str | Promise
    tone: str
    event: Event

    @property
    def void(self) -> list[tuple[str | Promise, date]]:
        """Return the signatures that it made void, and the day each bore."""
        signatures = self.event.details.get("signatures", {})
        return [(Party(party).label, date.fromisoformat(day)) for party, day in signatures.items()]

    @property
    def corrected(self) -> list[dict[str, str]]:
        """Return what it corrected: label, words before and after, in French."""
        return list(self.event.details.get("changes", {}).values())


TONES = {
    "approve": "ok",
    "authorise": "ok",
    "validate": "ok",
    "sign": "ok",
    "take_effect": "ok",
    "return": "wait",
    "unsign": "wait",
    "forbid": "stop",
    "reopen": "wait",
    "refuse": "stop",
    "terminate": "stop",
    "cancel": "stop",
}


def events_of(subject: Convention | Avenant) -> list[Event]:
    """Return what happened to an agreement and its avenants, or to one of them, the last first."""
    # An avenant is named by the number of its agreement, read once for them all.
    events = subject.events.select_related("actor").prefetch_related("avenant__convention")
    return list(events.order_by("-at", "-pk"))


# What the journal of an agreement tells of its avenants; each has its own for the rest.
MILESTONES = {"submit", "validate", "reopen", "refuse", "cancel", "take_effect"}


def tells(event: Event) -> bool:
    return event.avenant_id is None or event.action in MILESTONES


def last_move(events: list[Event]) -> Event | None:
    """Return what brought the agreement itself where it stands, or the approval it waited for."""
    return next((event for event in events if event.avenant_id is None and event.action not in BESIDE), None)


def since(convention: Convention, events: list[Event]) -> datetime | None:
    """Return since when it is so: the last signature or the validation while one is awaited, else its last move."""
    if convention.awaits_signatures:
        return turns.since(convention)
    moved = last_move(events)
    return moved.at if moved else None


def reason(convention: Convention, events: list[Event]) -> str:
    """Return why an agreement was stopped, or sent back, as it was written."""
    if not (convention.is_stopped or convention.is_returned):
        return ""
    moved = last_move(events)
    return moved.comment if moved else ""


def why_forbidden(convention: Convention) -> str:
    """Return why a security officer refused a departure, of an agreement or of the avenant it shows, as they wrote it."""
    last = (
        convention.events.filter(avenant=convention.avenant, action="forbid").order_by("-at", "-pk").first()
    )
    return last.comment if last else ""


def journal(events: list[Event]) -> list[Entry]:
    return [
        Entry(
            (words.AVENANT_HAPPENED if event.avenant_id else words.HAPPENED).get(event.action, event.action),
            TONES.get(event.action, ""),
            event,
        )
        for event in events
    ]
