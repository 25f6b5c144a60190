"""How an action is done on an agreement, or on an avenant: who may, when, and what is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from conventions import law, legality, notices, permissions
from conventions.circuit import turns
from conventions.legality import words
from conventions.models import Amended, Avenant, AvenantStatus, Convention, Event, Status, journal

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Request:
    """One action being asked: on what, by whom, with what was typed."""

    convention: Convention
    by: User
    comment: str = ""
    ended_on: date | None = None
    dates: Mapping[str, date] = field(default_factory=dict)
    party: str = ""
    seen: str | None = None
    known: frozenset[str] | None = None

    @property
    def amended(self) -> Amended:
        """What an avenant makes of the agreement, for what only an avenant requires or writes."""
        if not isinstance(self.convention, Amended):
            raise TypeError("This is asked of an avenant, not of an agreement.")
        return self.convention

    @cached_property
    def findings(self) -> list[law.Finding]:
        """What the law says of the agreement now."""
        return legality.review(self.convention)


@dataclass(frozen=True)
class Action:
    """One row of the state table. Buttons, tests and the README read it as ``act`` does."""

    name: str
    label: str | Promise
    sources: tuple[Status | AvenantStatus, ...]
    target: Status | AvenantStatus
    allowed: Callable[[User, Convention], bool]
    guards: tuple[Callable[[Request], None], ...] = ()
    effect: Callable[[Request], str | None] | None = None  # what the journal notes, what was typed included
    warning: str | Promise = ""
    comment_label: str | Promise = ""
    comment_required: Callable[[Convention], bool] = field(default=lambda convention: False)
    comment_only_if_required: bool = False
    asks_last_day: bool = False
    is_primary: bool = False
    is_destructive: bool = False

    @property
    def needs_page(self) -> bool:
        """Something is typed or weighed before acting."""
        return bool(self.warning or (self.comment_label and not self.comment_only_if_required))


def late(request: Request) -> list[law.Finding]:
    """Return what R-01 says of the last signature, once it is recorded or about to be."""
    signed_on = turns.completed_on(request.convention, request.dates)
    return legality.late(request.convention, signed_on) if signed_on else []


def carry_out(action: Action, request: Request) -> Event:
    """Do one action on an agreement that is locked, or on the avenant it shows."""
    convention, by, subject = request.convention, request.by, request.convention.acted_on
    if convention.is_purged:
        raise Refused(_("Cette convention est anonymisée : il n’y a plus rien à y faire."), "anonymised")
    if not permissions_hold(action, by, convention):
        raise Refused(_("Vous n’avez pas le droit de faire cela sur cette convention."), "not_allowed")
    if subject.status not in action.sources:
        raise Refused(moved_on(convention), "moved_on")
    # A comment asked only of some is asked by a guard, which says what it is for.
    is_asked = not action.comment_only_if_required and action.comment_required(convention)
    if is_asked and not request.comment:
        raise Refused(
            _("Indiquez la raison : elle sera notée dans le journal et envoyée à l’étudiant."), "no_reason"
        )
    for guard in action.guards:
        guard(request)
    note = action.effect(request) if action.effect else None
    event = move(
        subject,
        turns.status(convention) if action.name in SIGNS else action.target,
        action.name,
        by=by,
        comment=note or request.comment,
        findings=noted(ACCEPTED[action.name](request)) if action.name in ACCEPTED else [],
    )
    notices.announce(event)
    return event


def move(
    subject: Convention | Avenant,
    to: Status | AvenantStatus,
    action: str,
    *,
    by: User | None = None,
    comment: str = "",
    findings: Iterable[dict[str, str]] = (),
) -> Event:
    """Store an agreement or an avenant, which is locked, in the state it goes to, and say so in its journal.

    The only writer of a status: none changes without its line.
    """
    before, subject.status = subject.status, to
    subject.save()
    return journal.record(subject, action, by=by, before=before, comment=comment, findings=findings)


# The signatures recorded tell the status that these lead to.
SIGNS = ("sign", "unsign")
# What an action accepts of what the law says: the journal keeps it.
ACCEPTED: dict[str, Callable[[Request], list[law.Finding]]] = {
    "submit": lambda request: [finding for finding in request.findings if finding.asks_an_exception],
    "validate": lambda request: [finding for finding in request.findings if finding.asks_a_reason],
    "sign": late,
}


def noted(findings: Iterable[law.Finding]) -> list[dict[str, str]]:
    """Return findings as the journal keeps them: rule, severity and words, in French."""
    with translation.override("fr"):
        return [
            {
                "rule": finding.rule.id,
                "severity": str(finding.severity),
                "message": words.message(finding),
            }
            for finding in findings
        ]


def permissions_hold(action: Action, by: User, convention: Convention) -> bool:
    """Whether ``by`` may do ``action`` here in a state where it applies; a state that moved on is told apart."""
    if convention.acted_on.status in action.sources:
        return action.allowed(by, convention)
    return permissions.takes_part(by, convention)


def moved_on(convention: Convention) -> str:
    """Explain that someone else acted first."""
    subject = convention.acted_on
    told: dict[str, object] = {"status": subject.get_status_display()}
    events = convention.events.filter(avenant=convention.avenant)
    event = events.select_related("actor").order_by("-at", "-pk").first()
    if event is None or event.actor is None:
        return _("L’état est désormais « %(status)s ».") % told
    told |= {"who": event.actor, "at": date_format(timezone.localtime(event.at), "SHORT_DATETIME_FORMAT")}
    if convention.avenant:
        return (
            _("%(who)s a déjà agi : l’avenant est « %(status)s » depuis le %(at)s. Rechargez la page.") % told
        )
    return (
        _("%(who)s a déjà agi : la convention est « %(status)s » depuis le %(at)s. Rechargez la page.") % told
    )
