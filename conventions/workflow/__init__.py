"""How an agreement moves from one status to the next: the only writer of a status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusals import Refused
from conventions import documents, ending, law, legality, notices, permissions, signing
from conventions.legality import insurance, words
from conventions.models import Avenant, AvenantStatus, Convention, Event, NumberCounter, Status, Turn, journal
from conventions.models.avenant import OPEN
from conventions.writing import drafts, steps

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


# Guards: each raises Refused with what to do


def complete(request: Request) -> None:
    if steps.first_incomplete(request.convention) is not None:
        raise Refused(
            steps.first_mistake(request.convention)
            or _("Il manque des informations : complétez les étapes signalées, puis soumettez."),
            "incomplete",
        )


def refuse_what_stops(request: Request) -> None:
    if stopped := [finding for finding in request.findings if finding.stops]:
        raise Refused(
            _("La convention ne respecte pas une règle : %(rules)s") % {"rules": words.listed(stopped)},
            "unlawful",
        )


def lawful(request: Request) -> None:
    """A submission stops at what the law forbids; at what a manager may accept, unless the student says why."""
    refuse_what_stops(request)
    if not request.comment and any(finding.asks_an_exception for finding in request.findings):
        raise Refused(
            _("Dites pourquoi votre centre de gestion devrait accepter l’exception signalée."),
            "exception_unexplained",
        )


def lawful_or_accepted(request: Request) -> None:
    """A validation stops at what the law forbids; whatever else it warns of is accepted in writing, and knowingly."""
    refuse_what_stops(request)
    accepted = [finding for finding in request.findings if finding.asks_a_reason]
    if request.known is not None and any(finding.key not in request.known for finding in accepted):
        raise Refused(
            _("Une alerte est apparue depuis que vous avez ouvert cette page : relisez-les."), "alert_unread"
        )
    if accepted and not request.comment:
        raise Refused(_("Écrivez pourquoi vous validez malgré les alertes."), "alert_unexplained")


def asks_an_exception(convention: Convention) -> bool:
    """Whether it breaks a rule that a manager may lift."""
    return any(finding.asks_an_exception for finding in legality.review(convention))


def has_alerts(convention: Convention) -> bool:
    """Whether a manager must write why they validate it."""
    return any(finding.asks_a_reason for finding in legality.review(convention))


def handled_by_a_centre(request: Request) -> None:
    centre = request.convention.centre
    if centre is None or centre.institution_id != request.convention.institution_id:
        raise Refused(
            _(
                "Aucun centre ne gère cette étape d’étude : choisissez-en une autre ou écrivez à l’assistance."
            ),
            "no_centre",
        )


def no_open_remark(request: Request) -> None:
    """Remarks that were sent must be treated; those of a submission that was withdrawn wait for the next one."""
    if request.convention.acted_on.status != Status.RETURNED:
        return
    if request.convention.own_remarks.filter(resolved_at__isnull=True).exists():
        raise Refused(
            _("Une remarque n’est pas encore traitée : répondez ou corrigez, puis marquez-la comme traitée."),
            "remark_untreated",
        )


def no_pending_remark(request: Request) -> None:
    if request.convention.own_remarks.filter(resolved_at__isnull=True).exists():
        raise Refused(
            _(
                "Vous avez épinglé des remarques : demandez la correction, ou supprimez-les avant de continuer."
            ),
            "remark_pending",
        )


def at_least_one_remark(request: Request) -> None:
    if not request.convention.own_remarks.filter(resolved_at__isnull=True).exists():
        raise Refused(
            _("Épinglez d’abord une remarque sur le champ à corriger : l’étudiant saura quoi faire."),
            "no_remark",
        )


ACCEPT_INSURANCE = gettext_lazy(
    "Acceptez d’abord l’attestation de responsabilité civile, dans les pièces jointes : la validation l’attend."
)
RESUBMITTED = gettext_lazy(
    "Cette convention a été soumise à nouveau depuis que vous l’avez ouverte : relisez-la."
)


def as_read(request: Request) -> None:
    """A student may withdraw, change and submit again while the page stays open: what is decided is what was read."""
    if request.seen is not None and request.seen != request.convention.acted_on.submission:
        raise Refused(RESUBMITTED, "resubmitted")


def approved(request: Request) -> None:
    if permissions.awaits_approval(request.convention):
        raise Refused(
            _("L’enseignant référent n’a pas encore approuvé cette convention."), "approval_awaited"
        )


def insured(request: Request) -> None:
    if insurance.awaits_insurance(request.convention):
        raise Refused(ACCEPT_INSURANCE, "insurance_awaited")


def approval_asked(request: Request) -> None:
    if not permissions.awaits_approval(request.convention):
        raise Refused(
            _("Votre approbation n’est pas attendue, ou vous l’avez déjà donnée."), "approval_not_awaited"
        )


def in_turn_and_dated(request: Request) -> None:
    """A form sent twice, or by two people, must not sign for the next party."""
    if problem := signing.problem(request.convention, request.dates):
        raise Refused(problem.text, problem.code)


def known_if_late(request: Request) -> None:
    """A last signature after the first day of the stage (R-01) is recorded knowingly."""
    if request.known is not None and any(finding.key not in request.known for finding in late(request)):
        raise Refused(
            _("La dernière signature vient trop tard : vérifiez sa date, puis enregistrez à nouveau."),
            "late_unread",
        )


def late(request: Request) -> list[law.Finding]:
    """Return what R-01 says of the last signature, once it is recorded or about to be."""
    signed_on = signing.completed_on(request.convention, request.dates)
    return legality.late(request.convention, signed_on) if signed_on else []


def last_as_read(request: Request) -> None:
    """What is taken back is the signature that the page showed."""
    last = signing.last_done(request.convention)
    if last is None or request.party not in ("", last.party):
        raise Refused(_("Une autre signature est désormais la dernière : rechargez la page."), "not_the_last")


def no_avenant(request: Request) -> None:
    """An avenant that is not given up rests on the signatures of the agreement."""
    if signing.is_amended(request.convention):
        raise Refused(
            _("Un avenant repose sur cette convention signée : ses signatures ne s’annulent plus."), "amended"
        )


def no_certificate(request: Request) -> None:
    """What was recorded of the end of a stage rests on the signatures too."""
    if ending.is_recorded(request.convention):
        raise Refused(
            _("La fin du stage est enregistrée : les signatures ne s’annulent plus."), "end_recorded"
        )


# Effects: what an action writes besides the status


def on_submit(request: Request) -> None:
    """Give the number once, and copy the centre's habits onto the agreement."""
    convention, centre = request.convention, request.convention.centre
    assert centre is not None
    if convention.number is None:
        convention.number = next_number(convention)
    convention.submitted_at = timezone.now()
    convention.signature_order = list(centre.signature_order)
    convention.copies = centre.copies(abroad=convention.is_abroad)
    drafts.refresh_hours(convention)
    convention.refresh_search_key()
    signing.ask_approval(convention)


def on_approve(request: Request) -> None:
    turn = signing.current_turn(request.convention, Turn.Purpose.APPROVAL)
    assert turn is not None
    signing.record(turn, by=request.by, method=Turn.Method.ONLINE)


def on_validate(request: Request) -> None:
    """Freeze what is agreed and open the signatures."""
    request.convention.validated_at = timezone.now()
    drafts.refresh_hours(request.convention)
    signing.open_circuit(request.convention)
    documents.freeze(request.convention)
    if request.convention.is_abroad:
        documents.freeze_information_sheet(request.convention)


def on_sign(request: Request) -> str:
    return signing.record_on_paper(request.convention, request.dates, by=request.by)


def on_unsign(request: Request) -> str:
    return f"{signing.undo(request.convention)}\N{NO-BREAK SPACE}: {request.comment}"


def on_cancel(request: Request) -> None:
    """Give up the avenant that was open: there is nothing left to amend."""
    for avenant_id in request.convention.avenants.filter(status__in=OPEN).values_list("pk", flat=True):
        avenant = Avenant.objects.locked(avenant_id)
        move(avenant, AvenantStatus.CANCELLED, "cancel", by=request.by)


def on_terminate(request: Request) -> str:
    """Keep the last day of a stage that nobody had finished to sign; a signed one ends by an avenant."""
    assert request.ended_on is not None
    request.convention.terminated_on = request.ended_on
    on_cancel(request)
    with translation.override("fr"):
        return f"Dernier jour : {date_format(request.ended_on, 'SHORT_DATE_FORMAT')}. {request.comment}"


def ended_within_the_stage(request: Request) -> None:
    start, end = request.convention.start, request.convention.end
    assert start is not None
    assert end is not None
    if request.ended_on is None:
        raise Refused(_("Indiquez le dernier jour du stage."), "no_last_day")
    if not start <= request.ended_on <= end:
        raise Refused(
            _("Le dernier jour doit être entre le début et la fin du stage ; sinon, annulez la convention."),
            "last_day_outside",
        )


def next_number(convention: Convention) -> str:
    """Return ``2026-000123``: the year in which the stage's academic year ends, then the institution's counter."""
    assert convention.enrolment is not None
    year = convention.enrolment.academic_year + 1
    NumberCounter.objects.get_or_create(institution=convention.institution, year=year)
    counter = NumberCounter.objects.select_for_update().get(institution=convention.institution, year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{year}-{counter.last:06d}"


def always(convention: Convention) -> bool:
    return True


def once_numbered(convention: Convention) -> bool:
    return convention.number is not None


IRREVERSIBLE = gettext_lazy("Une fois validée, la convention ne pourra être modifiée que par un avenant.")

ACTIONS = {
    action.name: action
    for action in (
        Action(
            "submit",
            gettext_lazy("Soumettre la convention"),
            sources=(Status.DRAFT, Status.RETURNED),
            target=Status.SUBMITTED,
            allowed=permissions.owns_or_manages,
            guards=(handled_by_a_centre, complete, no_open_remark, lawful),
            effect=on_submit,
            comment_label=gettext_lazy("Pourquoi demandez-vous une exception ?"),
            comment_required=asks_an_exception,
            comment_only_if_required=True,
            is_primary=True,
        ),
        Action(
            "withdraw",
            gettext_lazy("Retirer la soumission"),
            sources=(Status.SUBMITTED,),
            target=Status.DRAFT,
            allowed=permissions.owns,
            warning=gettext_lazy(
                "La convention redevient un brouillon : vous pourrez la modifier et la soumettre à nouveau."
            ),
        ),
        Action(
            "approve",
            gettext_lazy("Approuver"),
            sources=(Status.SUBMITTED,),
            target=Status.SUBMITTED,
            allowed=permissions.follows,
            guards=(as_read, approval_asked),
            effect=on_approve,
            is_primary=True,
        ),
        Action(
            "validate",
            gettext_lazy("Valider"),
            sources=(Status.SUBMITTED,),
            target=Status.VALIDATED,
            allowed=permissions.decides,
            guards=(as_read, approved, no_pending_remark, complete, lawful_or_accepted, insured),
            effect=on_validate,
            warning=IRREVERSIBLE,
            comment_label=gettext_lazy("Pourquoi validez-vous malgré les alertes ?"),
            comment_required=has_alerts,
            comment_only_if_required=True,
            is_primary=True,
        ),
        Action(
            "return",
            gettext_lazy("Demander une correction"),
            sources=(Status.SUBMITTED,),
            target=Status.RETURNED,
            allowed=permissions.may_remark,
            guards=(as_read, at_least_one_remark),
            warning=gettext_lazy(
                "L’étudiant reçoit un courriel et voit chaque remarque à côté de son champ."
            ),
            comment_label=gettext_lazy("Message à l’étudiant"),
        ),
        Action(
            "refuse",
            gettext_lazy("Refuser"),
            sources=(Status.SUBMITTED,),
            target=Status.REFUSED,
            allowed=permissions.decides,
            guards=(as_read,),
            warning=gettext_lazy(
                "Un refus est définitif. Pour faire corriger la convention, demandez une correction."
            ),
            comment_label=gettext_lazy("Raison du refus"),
            comment_required=always,
            is_destructive=True,
        ),
        Action(
            "sign",
            gettext_lazy("Enregistrer des signatures"),
            sources=(Status.VALIDATED, Status.SIGNING),
            target=Status.SIGNING,
            allowed=permissions.owns_or_manages,
            guards=(in_turn_and_dated, known_if_late),
            effect=on_sign,
            warning=gettext_lazy(
                "Vous notez des signatures données sur papier. Le journal garde votre nom et la date."
            ),
            is_primary=True,
        ),
        Action(
            "unsign",
            gettext_lazy("Annuler la dernière signature"),
            sources=(Status.SIGNING, Status.SIGNED),
            target=Status.SIGNING,
            allowed=permissions.decides,
            guards=(last_as_read, no_avenant, no_certificate),
            effect=on_unsign,
            warning=gettext_lazy(
                "Seule la dernière signature enregistrée est annulée ; recommencez pour celle d’avant."
            ),
            comment_label=gettext_lazy("Raison de l’annulation"),
            comment_required=always,
            is_destructive=True,
        ),
        Action(
            "terminate",
            gettext_lazy("Rompre la convention"),
            sources=(Status.VALIDATED, Status.SIGNING),
            target=Status.TERMINATED,
            allowed=permissions.decides,
            guards=(ended_within_the_stage,),
            effect=on_terminate,
            warning=gettext_lazy("Le stage prend fin. Les parties doivent avoir été consultées."),
            asks_last_day=True,
            comment_label=gettext_lazy("Raison de la rupture"),
            comment_required=always,
            is_destructive=True,
        ),
        Action(
            "cancel",
            gettext_lazy("Annuler la convention"),
            sources=(Status.DRAFT, Status.RETURNED, Status.SUBMITTED, Status.VALIDATED),
            target=Status.CANCELLED,
            allowed=permissions.may_cancel,
            effect=on_cancel,
            warning=gettext_lazy("Une convention annulée reste lisible, mais ne peut plus servir."),
            comment_label=gettext_lazy("Raison de l’annulation"),
            comment_required=once_numbered,
            is_destructive=True,
        ),
    )
}


def available(convention: Convention, user: User) -> list[Action]:
    """Return what ``user`` may ask of ``convention`` now; guards may still refuse, with an explanation."""
    return [
        action
        for action in ACTIONS.values()
        if convention.status in action.sources
        and action.allowed(user, convention)
        and not (action.name == "approve" and not permissions.awaits_approval(convention))
        and not (action.name == "cancel" and permissions.may_delete(user, convention))
        and not (
            action.name == "unsign" and (signing.is_amended(convention) or ending.is_recorded(convention))
        )
    ]


def act(
    convention_id: int,
    name: str,
    *,
    by: User,
    comment: str = "",
    ended_on: date | None = None,
    dates: Mapping[str, date] | None = None,
    party: str = "",
    seen: str | None = None,
    known: Iterable[str] | None = None,
) -> Convention:
    """Do one action: lock, check right, source and guards, write status and journal, queue mails.

    ``dates`` are those of signatures on paper, by party; ``party`` is whose signature the person believes they take
    back: another one is never signed, or taken back, in its place.
    ``seen`` is the submission a page showed them: a later one is never judged in its place.
    ``known`` are the alerts that the page showed: another one is never accepted with them.
    Raises Refused, with a text for the person, when it cannot be done; nothing is written then.
    """
    with transaction.atomic():
        convention = Convention.objects.for_detail().locked(convention_id)
        shown = None if known is None else frozenset(known)
        request = Request(convention, by, comment.strip(), ended_on, dates or {}, party, seen, shown)
        carry_out(ACTIONS[name], request)
    return convention


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
        signing.status(convention) if action.name in SIGNS else action.target,
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
    events = convention.events.filter(avenant=convention.amended_by)
    event = events.select_related("actor").order_by("-at", "-pk").first()
    if event is None or event.actor is None:
        return _("L’état est désormais « %(status)s ».") % told
    told |= {"who": event.actor, "at": date_format(timezone.localtime(event.at), "SHORT_DATETIME_FORMAT")}
    if convention.amended_by:
        return (
            _("%(who)s a déjà agi : l’avenant est « %(status)s » depuis le %(at)s. Rechargez la page.") % told
        )
    return (
        _("%(who)s a déjà agi : la convention est « %(status)s » depuis le %(at)s. Rechargez la page.") % told
    )
