"""The circuit of approvals and signatures: whose turn it is, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils import timezone

from conventions.models import Convention, Document, Turn, signers
from conventions.models.circuit import Signer
from conventions.models.convention import AWAITS_SIGNATURES
from organisations.models import Party

if TYPE_CHECKING:
    from accounts.models import User


def ask_approval(convention: Convention) -> None:
    """Open the approval turns that the centre's habits ask for; a new submission asks again."""
    convention.turns.filter(purpose=Turn.Purpose.APPROVAL).delete()
    if convention.centre and convention.centre.teacher_approves:
        convention.turns.create(purpose=Turn.Purpose.APPROVAL, rank=1, party=Party.TEACHER)


def open_circuit(convention: Convention) -> None:
    """Open the five signature turns in the order the agreement carries."""
    Turn.objects.bulk_create(
        Turn(convention=convention, purpose=Turn.Purpose.SIGNATURE, rank=rank, party=party)
        for rank, party in enumerate(convention.signature_order, start=1)
    )


def current_turn(convention: Convention, purpose: Turn.Purpose) -> Turn | None:
    """Return the first turn not done, or None when the circuit is complete (or not open)."""
    waiting = (turn for turn in convention.turns.all() if turn.purpose == purpose and turn.done_at is None)
    return min(waiting, key=lambda turn: turn.rank, default=None)


def record(turn: Turn, *, by: User, method: Turn.Method, signed_on: date | None = None) -> None:
    """Mark ``turn`` as done by ``by``, now; a paper signature carries its own date."""
    turn.method = method
    turn.done_at = timezone.now()
    turn.done_by = by
    turn.signed_on = signed_on
    turn.save(update_fields=["method", "done_at", "done_by", "signed_on"])


# Who signs for an organisation is known by a title of their own.
BY_TITLE = {Party.HOST, Party.UNIVERSITY}


@dataclass(frozen=True)
class Line:
    """One signature of the circuit, as pages show it."""

    party: str
    label: str
    name: str
    state: str  # done, now, or nothing when its turn has not come
    signed_on: date | None = None


def circuit(convention: Convention, document: Document | None) -> list[Line]:
    """Return the signatures in the centre's order, open or not; once frozen, by the people who were agreed on."""
    people = signers(convention)
    if document:
        people = [
            Signer(Party(one["party"]), one["name"], one["quality"]) for one in document.context["circuit"]
        ]
    turns = {turn.party: turn for turn in convention.turns.all() if turn.purpose == Turn.Purpose.SIGNATURE}
    # Nobody's turn comes once it is terminated or cancelled.
    waits = convention.status in AWAITS_SIGNATURES
    current = current_turn(convention, Turn.Purpose.SIGNATURE) if waits else None
    lines = []
    for signer in people:
        turn = turns.get(signer.party)
        state = "done" if turn and turn.done_at else "now" if turn and turn == current else ""
        signed_on = turn.signed_on if turn else None
        label = (signer.party in BY_TITLE and signer.quality) or str(signer.party.label)
        lines.append(Line(signer.party, label, signer.name, state, signed_on))
    return lines
