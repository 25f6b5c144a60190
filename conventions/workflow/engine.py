"""How an action is done on an agreement, or on an avenant: who may, when, and what is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from conventions import law, legality, notices, permissions
from conventions.legality import neighbours, words
from conventions.models import Amended, Avenant, AvenantStatus, Convention, Event, Remark, Status, journal

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Request:
    """One action being asked: on what, by whom, with what was typed. What it reads is read once."""

    convention: Convention
    by: User
    comment: str = ""
    ended_on: date | None = None
    dates: Mapping[str, date] = field(default_factory=dict)
    party: str | None = None
    seen: str | None = None
    known: frozenset[str] | None = None
    corrected: Mapping[str, Any] = field(default_factory=dict)

    @property
    def amended(self) -> Amended:
        """What an avenant makes of the agreement, for what only an avenant requires or writes."""
        if not isinstance(self.convention, Amended):
            raise TypeError("This is asked of an avenant, not of an agreement.")
        return self.convention

    @cached_property
    def judged(self) -> tuple[law.Case, list[law.Finding]]:
        """The facts of the agreement now, and what the law says of them."""
        return legality.judged(self.convention)

    @property
    def case(self) -> law.Case:
        return self.judged[0]

    @property
    def findings(self) -> list[law.Finding]:
        return self.judged[1]

    @cached_property
    def open_remarks(self) -> list[Remark]:
        """What was asked to be corrected, and is not yet."""
        return self.convention.open_remarks


Guard = Callable[[Request], None]


class Page(Enum):
    """Where an action is offered, besides the foot of the page of what it acts on."""

    SUMMARY = auto()  # of an agreement before it is submitted
    CIRCUIT = auto()  # beside the signatures
    NEXT = auto()  # what follows a submission, and the student's home


def anyone(user: User, convention: Convention) -> bool:
    return True


def nobody(user: User, convention: Convention) -> bool:
    return False


def nothing(request: Request) -> list[law.Finding]:
    return []


def its_page(convention: Convention) -> str:
    """Return the page of the agreement, or of the avenant it shows."""
    return convention.acted_on.get_absolute_url()


@dataclass(frozen=True)
class Action:
    """One row of the state table. Pages, tests and the README read it as ``act`` does."""

    name: str
    label: str | Promise
    sources: tuple[Status | AvenantStatus, ...]
    target: Status | AvenantStatus
    allowed: Callable[[User, Convention], bool]
    guards: tuple[Guard, ...] = ()  # what must stand, whatever is typed
    typed: tuple[Guard, ...] = ()  # what is asked of what is typed with it, or pinned before it
    accepts: Callable[[Request], list[law.Finding]] = nothing  # of what the law says; the journal keeps it
    effect: Callable[[Request], str | None] | None = None  # what the journal notes, what was typed included
    notes: Callable[[Request], Mapping[str, Any]] | None = None  # in the journal: what it is about to undo
    once_moved: Callable[[Request], None] | None = None  # what it writes where it leads to
    status_after: Callable[[Convention], Status] | None = None  # told by the signatures, and not ``target``
    sends_remarks: bool = False
    voids_signatures: bool = False  # all those given, which its page shows
    # What is asked before it is done
    warning: str | Promise = ""
    consequences: tuple[str | Promise, ...] = ()  # beyond its warning
    comment_label: str | Promise = ""
    comment_required: Callable[[Request], object] = nothing
    comment_only_if_required: bool = False
    asks_last_day: bool = False
    # Where it is offered, and what it leads to
    shown_if: Callable[[User, Convention], bool] = anyone  # at the foot of the page, to those who may
    page: Page | None = None
    hint: str | Promise = ""  # what to know before pressing its button
    done_at: Callable[[Convention], str] | None = None  # pages of its own, that do it
    page_after: Callable[[Convention], str] = its_page
    page_to_correct: Callable[[Convention], str] = its_page  # what refuses it, while it can be corrected
    is_primary: bool = False
    is_destructive: bool = False

    @property
    def needs_page(self) -> bool:
        """Something is typed or weighed before acting."""
        return bool(
            self.done_at or self.warning or (self.comment_label and not self.comment_only_if_required)
        )

    @property
    def is_judged(self) -> bool:
        """The law is read before it, with the quotas that others fill meanwhile."""
        return self.target in (Status.SUBMITTED, Status.VALIDATED) and self.target not in self.sources

    def starts_from(self, convention: Convention) -> bool:
        """Whether the agreement, or the avenant it shows, is in a state that this leads from."""
        return convention.acted_on.status in self.sources


@dataclass(frozen=True)
class Option:
    """An action, and the refusal that it would meet now, whatever is typed with it; None when it can be done."""

    action: Action
    request: Request

    @cached_property
    def refusal(self) -> Refused | None:
        try:
            check(self.action, self.request)
        except Refused as refusal:
            return refusal
        return None

    @property
    def is_possible(self) -> bool:
        return self.refusal is None

    @property
    def is_theirs(self) -> bool:
        """It is for who asks to do in this state, be it refused."""
        request = self.request
        return self.action.starts_from(request.convention) and self.action.allowed(
            request.by, request.convention
        )

    @property
    def is_offered(self) -> bool:
        """At the foot of the page: possible, and what must be written with it is asked on a page of its own."""
        action, request = self.action, self.request
        return (
            action.shown_if(request.by, request.convention)
            and self.is_possible
            and (action.needs_page or not action.comment_required(request))
        )


def check(action: Action, request: Request) -> None:
    """Raise Refused when an action cannot be done here and now by who asks, whatever they type with it."""
    convention = request.convention
    if convention.is_purged:
        raise Refused(_("Cette convention est anonymisée : il n’y a plus rien à y faire."), "anonymised")
    if not permissions_hold(action, request.by, convention):
        raise Refused(_("Vous n’avez pas le droit de faire cela sur cette convention."), "not_allowed")
    if not action.starts_from(convention):
        raise Refused(moved_on(convention), "moved_on")
    for guard in action.guards:
        guard(request)


def carry_out(action: Action, request: Request) -> Event:
    """Do one action on an agreement that is locked, or on the avenant it shows."""
    if action.is_judged:
        neighbours.wait_for_those_alike(request.convention)
    check(action, request)
    # A comment asked only of some is asked by a guard, which says what it is for.
    is_asked = not action.comment_only_if_required and action.comment_required(request)
    if is_asked and not request.comment:
        raise Refused(
            _("Indiquez la raison : elle sera notée dans le journal et envoyée à l’étudiant."), "no_reason"
        )
    for guard in action.typed:
        guard(request)
    details = action.notes(request) if action.notes else None
    note = action.effect(request) if action.effect else None
    event = move(
        request.convention.acted_on,
        action.status_after(request.convention) if action.status_after else action.target,
        action.name,
        by=request.by,
        comment=note or request.comment,
        findings=noted(action.accepts(request)),
        details=details,
    )
    if action.once_moved:
        action.once_moved(request)
    convention = request.convention
    notices.announce(event, convention if isinstance(convention, Amended) else None)
    return event


def move(
    subject: Convention | Avenant,
    to: Status | AvenantStatus,
    action: str,
    *,
    by: User | None = None,
    comment: str = "",
    findings: Iterable[dict[str, str]] = (),
    details: Mapping[str, Any] | None = None,
) -> Event:
    """Store an agreement or an avenant, which is locked, in the state it goes to, and say so in its journal.

    The only writer of a status: none changes without its line.
    """
    before, subject.status = subject.status, to
    subject.save()
    return journal.record(
        subject, action, by=by, before=before, comment=comment, findings=findings, details=details
    )


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
    if action.starts_from(convention):
        return action.allowed(by, convention)
    return permissions.takes_part(by, convention) or permissions.secures(by, convention)


def told_who_acted(convention: Convention) -> str:
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


# Put in words by whoever reads it: an option that nobody shows costs no query.
moved_on = lazy(told_who_acted, str)
