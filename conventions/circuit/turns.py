"""The circuit of approvals and signatures: whose turn it is, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conventions.models import Convention, Document, Status, Turn, signers
from conventions.models.avenant import GIVEN_UP
from conventions.models.circuit import Approver, Signer
from conventions.models.circuit import completed_on as last_day
from conventions.models.status import AWAITS_SIGNATURES
from organisations.models import Party

if TYPE_CHECKING:
    from accounts.models import User


def turns_of(convention: Convention, purpose: Turn.Purpose) -> list[Turn]:
    """Return the turns of an agreement itself, or of the avenant it shows, in order."""
    return sorted(
        (turn for turn in convention.own_turns if turn.purpose == purpose), key=lambda turn: turn.rank
    )


def ask_approval(convention: Convention, *, asks_officer: bool) -> None:
    """Open the approval turns that the centre's habits, and the destination, ask for; a new submission asks again."""
    avenant = convention.avenant
    convention.turns.filter(avenant=avenant, purpose=Turn.Purpose.APPROVAL).delete()
    asks_teacher = convention.centre is not None and convention.centre.teacher_approves
    asked = [(Approver.TEACHER, asks_teacher), (Approver.SECURITY, asks_officer)]
    Turn.objects.bulk_create(approval_of(convention, party) for party, is_asked in asked if is_asked)


# In which order they are asked; each decides when they like.
APPROVAL_RANKS = {Approver.TEACHER: 1, Approver.SECURITY: 2}


def approval_of(convention: Convention, approver: Approver) -> Turn:
    """Return the turn, not stored, of somebody who approves an agreement, or the avenant it shows."""
    return Turn(
        convention_id=convention.pk,
        avenant=convention.avenant,
        purpose=Turn.Purpose.APPROVAL,
        rank=APPROVAL_RANKS[approver],
        party=approver,
    )


def ask_officer(convention: Convention, *, is_asked: bool) -> None:
    """Ask a security officer what nobody asked them yet, or ask them no more: the destination changed."""
    turn = approval(convention, Approver.SECURITY)
    if turn is None and is_asked:
        approval_of(convention, Approver.SECURITY).save()
    elif turn is not None and not is_asked:
        turn.delete()


def ask_again(convention: Convention, approvers: Iterable[str]) -> None:
    """Take back what somebody approved, or refused: it is not what stands."""
    for turn in turns_of(convention, Turn.Purpose.APPROVAL):
        if turn.party in approvers:
            clear(turn)


def open_circuit(convention: Convention) -> None:
    """Open the five signature turns in the order the agreement carries; of the avenant shown when there is one."""
    Turn.objects.bulk_create(
        Turn(
            convention_id=convention.pk,
            avenant=convention.avenant,
            purpose=Turn.Purpose.SIGNATURE,
            rank=rank,
            party=party,
        )
        for rank, party in enumerate(convention.signature_order, start=1)
    )


def approval(convention: Convention, approver: Approver) -> Turn | None:
    """Return the turn of somebody who approves, given or not; None when they are not asked."""
    return next(
        (turn for turn in turns_of(convention, Turn.Purpose.APPROVAL) if turn.party == approver), None
    )


def is_forbidden(convention: Convention) -> bool:
    """Whether a security officer refused the departure of what is submitted."""
    return any(turn.is_refused for turn in turns_of(convention, Turn.Purpose.APPROVAL))


def waiting(convention: Convention) -> Party | Approver | None:
    """Return whose approval or signature comes next."""
    if turn := current_turn(convention, Turn.Purpose.APPROVAL):
        return Approver(turn.party)
    turn = current_turn(convention, Turn.Purpose.SIGNATURE)
    return Party(turn.party) if turn else None


def current_turn(convention: Convention, purpose: Turn.Purpose) -> Turn | None:
    """Return the first turn not done, or None when the circuit is complete (or not open)."""
    return next((turn for turn in turns_of(convention, purpose) if turn.done_at is None), None)


def decide(turn: Turn, *, by: User, is_refused: bool) -> None:
    """Mark an approval as given, or refused, by ``by``, now."""
    turn.is_refused = is_refused
    record(turn, by=by, method=Turn.Method.ONLINE)


def record(turn: Turn, *, by: User, method: Turn.Method, signed_on: date | None = None) -> None:
    """Mark ``turn`` as done by ``by``, now; a signature carries its date, today's when it is not on paper."""
    turn.method = method
    turn.done_at = timezone.now()
    turn.done_by = by
    turn.signed_on = signed_on or (timezone.localdate() if turn.purpose == Turn.Purpose.SIGNATURE else None)
    turn.save(update_fields=["method", "done_at", "done_by", "signed_on", "is_refused"])


@dataclass(frozen=True)
class Problem:
    """Why signatures cannot be recorded, as ``Refused`` says it, and whose date to look at."""

    text: str
    code: str
    party: str = ""


def misdated(convention: Convention, party: str, day: date) -> Problem | None:
    """Return why one signature cannot bear a date: it is to come, or before the validation; None when it can."""
    validated_at = convention.acted_on.validated_at
    if day > timezone.localdate():
        return Problem(_("La date de signature ne peut pas être dans le futur."), "in_the_future", party)
    if validated_at and day < timezone.localdate(validated_at):
        return Problem(
            _("Une signature ne peut pas précéder la validation, faite le %(day)s.")
            % {"day": date_format(timezone.localtime(validated_at), "SHORT_DATE_FORMAT")},
            "before_validation",
            party,
        )
    return None


def problem(convention: Convention, dates: Mapping[str, date]) -> Problem | None:
    """Return why signatures on paper, by party, cannot be recorded with these dates; None when they can.

    The order is the centre's (no text sets one: S-02): parties are recorded in turn. Their dates are what the paper
    says, and paper circulates as it can: a date before the previous party's is a fact, not a mistake.
    """
    if not dates:
        return Problem(_("Indiquez la date de la signature."), "undated")
    waiting = awaited(convention)
    if not set(dates) <= set(waiting):
        return Problem(
            _("Cette signature est déjà enregistrée : voyez à qui est le tour maintenant."),
            "already_recorded",
        )
    if missing := [party for party in waiting[: len(dates)] if party not in dates]:
        return Problem(
            _(
                "Les signatures se notent dans l’ordre du circuit : indiquez cette date, ou effacez les suivantes."
            ),
            "out_of_turn",
            missing[0],
        )
    for party, day in dates.items():
        if wrong := misdated(convention, party, day):
            return wrong
    return None


def awaited(convention: Convention) -> list[str]:
    """Return the parties that have not signed yet, in order."""
    return [turn.party for turn in turns_of(convention, Turn.Purpose.SIGNATURE) if turn.done_at is None]


def completed_on(convention: Convention, dates: Mapping[str, date]) -> date | None:
    """Return the day of the last signature, these included; None while one is missing."""
    return last_day(turns_of(convention, Turn.Purpose.SIGNATURE), dates)


def record_on_paper(convention: Convention, dates: Mapping[str, date], *, by: User) -> str:
    """Record signatures on paper, by party; return what the journal notes. Needs ``problem`` to find none."""
    recorded = [
        turn
        for turn in turns_of(convention, Turn.Purpose.SIGNATURE)
        if turn.done_at is None and turn.party in dates
    ]
    for turn in recorded:
        record(turn, by=by, method=Turn.Method.PAPER, signed_on=dates[turn.party])
    return noted(recorded)


def is_of_now(convention: Convention, at: datetime) -> bool:
    """Whether something came after all signatures, as they are recorded now: before it, one was taken back since."""
    done = [turn.done_at for turn in turns_of(convention, Turn.Purpose.SIGNATURE)]
    return all(each is not None and each <= at for each in done)


def missing(convention: Convention) -> int:
    """Return how many signatures are awaited."""
    return sum(turn.done_at is None for turn in turns_of(convention, Turn.Purpose.SIGNATURE))


def last_done(convention: Convention) -> Turn | None:
    """Return the last signature recorded."""
    done = [turn for turn in turns_of(convention, Turn.Purpose.SIGNATURE) if turn.done_at]
    return done[-1] if done else None


def undo(convention: Convention) -> str:
    """Take back the last recorded signature; return what the journal notes. Needs one to be recorded."""
    last = last_done(convention)
    assert last is not None
    note = noted([last])
    clear(last)
    return note


def clear(turn: Turn) -> None:
    turn.method, turn.done_at, turn.done_by, turn.signed_on, turn.is_refused = "", None, None, None, False
    turn.save(update_fields=["method", "done_at", "done_by", "signed_on", "is_refused"])


def given(convention: Convention) -> dict[str, str]:
    """Return the day of each signature recorded, in ISO, by party."""
    return {
        turn.party: turn.signed_on.isoformat()
        for turn in turns_of(convention, Turn.Purpose.SIGNATURE)
        if turn.signed_on
    }


def void(convention: Convention) -> None:
    """Close the circuit of signatures, those given included: the journal keeps them."""
    convention.turns.filter(avenant=convention.avenant, purpose=Turn.Purpose.SIGNATURE).delete()


def is_amended(convention: Convention) -> bool:
    """Whether an avenant that was submitted, and not given up, rests on the signatures of the agreement."""
    return any(avenant.rank and avenant.status not in GIVEN_UP for avenant in convention.avenants.all())


def status(convention: Convention) -> Status:
    """Return the status that the recorded signatures give, of the agreement; an avenant's has the same name."""
    done = [turn.done_at is not None for turn in turns_of(convention, Turn.Purpose.SIGNATURE)]
    return Status.SIGNED if all(done) else Status.SIGNING if any(done) else Status.VALIDATED


def since(convention: Convention) -> datetime | None:
    """Return since when the next signature is awaited: the last one given, or the validation."""
    given = [turn.given_at for turn in turns_of(convention, Turn.Purpose.SIGNATURE) if turn.given_at]
    return max(given, default=convention.acted_on.validated_at)


def noted(turns: Iterable[Turn]) -> str:
    """Return parties and dates as the journal notes them, in French."""
    with translation.override("fr"):
        return "\N{NO-BREAK SPACE}; ".join(
            f"{Party(turn.party).label}, le {date_format(turn.signed_on, 'SHORT_DATE_FORMAT')}"
            for turn in turns
            if turn.signed_on
        )


# Who signs for an organisation is known by a title of their own.
BY_TITLE = {Party.HOST, Party.UNIVERSITY}


@dataclass(frozen=True)
class SignatureLine:
    """One signature of the circuit, as pages show it; ``since`` and ``days`` when it is awaited."""

    party: str
    label: str
    name: str
    state: str  # done, now, or nothing when its turn has not come
    signed_on: date | None = None
    recorded_by: str = ""
    since: date | None = None
    days: int = 0


def signers_in(context: Mapping[str, Any]) -> list[Signer]:
    """Return who signs what was frozen in a context."""
    return [Signer(Party(one["party"]), one["name"], one["quality"]) for one in context["circuit"]]


def people(convention: Convention, document: Document | None) -> list[Signer]:
    """Return who signs an agreement; once frozen, the people who were agreed on."""
    return signers_in(document.context) if document else signers(convention)


def unsigned(signer: Signer) -> SignatureLine:
    """Return the line of somebody who has not signed; some sign by their title."""
    label = (signer.party in BY_TITLE and signer.quality) or str(signer.party.label)
    return SignatureLine(signer.party, label, signer.name, "")


def circuit(convention: Convention, people: Iterable[Signer]) -> list[SignatureLine]:
    """Return the signatures in the centre's order, open or not. Best with ``WITH_AUTHORS`` prefetched."""
    turns = {turn.party: turn for turn in turns_of(convention, Turn.Purpose.SIGNATURE)}
    # Nobody's turn comes once it is terminated or cancelled.
    waits = convention.acted_on.status in AWAITS_SIGNATURES
    current = current_turn(convention, Turn.Purpose.SIGNATURE) if waits else None
    asked_at = since(convention) if current else None
    asked_on = timezone.localdate(asked_at) if asked_at else None
    lines = []
    for signer in people:
        turn = turns.get(signer.party)
        line = unsigned(signer)
        if turn and turn.done_at:
            line = replace(line, state="done", signed_on=turn.signed_on, recorded_by=str(turn.done_by))
        elif turn and turn == current and asked_on:
            line = replace(line, state="now", since=asked_on, days=(timezone.localdate() - asked_on).days)
        lines.append(line)
    return lines
