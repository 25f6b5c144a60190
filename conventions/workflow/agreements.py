"""How an agreement moves from one status to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.functions import TransactionNow
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from conventions import documents, permissions
from conventions.attachments import deciding
from conventions.circuit import turns
from conventions.models import Avenant, AvenantStatus, Convention, NumberCounter, Status
from conventions.models.avenant import OPEN
from conventions.models.circuit import Approver
from conventions.models.status import AWAITS_SIGNATURES
from conventions.workflow import guards
from conventions.workflow.engine import Action, Page, Request, carry_out, move, nobody
from conventions.writing import drafts, steps

if TYPE_CHECKING:
    from accounts.models import User


# Effects: what an action writes besides the status


def on_submit(request: Request) -> None:
    """Give the number once, and copy the centre's habits onto the agreement."""
    convention, centre = request.convention, request.convention.centre
    assert centre is not None
    if convention.number is None:
        convention.number = next_number(convention)
    convention.submitted_at = timezone.now()
    convention.signature_order = list(centre.signature_order)
    refresh(convention)
    turns.ask_approval(convention, asks_officer=guards.asks_officer(request))


def refresh(convention: Convention) -> None:
    """Compute again what follows from what the agreement says: how many are printed, its hours, what finds it."""
    assert convention.centre is not None
    convention.copies = convention.centre.copies(abroad=convention.is_abroad)
    drafts.refresh_hours(convention)
    convention.refresh_search_key()


def correction(request: Request) -> Mapping[str, Any]:
    """Return what was corrected, and who approves now what they did not: again, or for the first time."""
    convention, asked = request.convention, set(request.corrected["asked_again"])
    if not guards.asks_officer(request):
        asked.discard(Approver.SECURITY)
    elif turns.approval(convention, Approver.SECURITY) is None:
        asked.add(Approver.SECURITY)
    return {**request.corrected, "asked_again": sorted(str(one) for one in asked)}


def on_correct(request: Request) -> None:
    """What was read is no longer what stands; what was approved is approved again when it changed."""
    convention = request.convention
    convention.corrected_at = timezone.now()
    refresh(convention)
    turns.ask_again(convention, request.corrected["asked_again"])
    turns.ask_officer(convention, is_asked=guards.asks_officer(request))


def on_approve(request: Request) -> None:
    turn = turns.approval(request.convention, Approver.TEACHER)
    assert turn is not None
    turns.decide(turn, by=request.by, is_refused=False)


def on_ask_officer(request: Request) -> None:
    """Ask what nobody asked, or again what was decided when the place was safer."""
    turns.ask_again(request.convention, [Approver.SECURITY])
    turns.ask_officer(request.convention, is_asked=True)


def risk_judged(request: Request) -> dict[str, Any]:
    """Return the risk that a departure is decided at, for the journal."""
    return {"risk": request.case.facts.abroad.risk}


def on_authorise(request: Request) -> None:
    turn = turns.approval(request.convention, Approver.SECURITY)
    assert turn is not None
    turns.decide(turn, by=request.by, is_refused=False)


def on_forbid(request: Request) -> None:
    turn = turns.approval(request.convention, Approver.SECURITY)
    assert turn is not None
    turns.decide(turn, by=request.by, is_refused=True)


def on_validate(request: Request) -> None:
    """Freeze what is agreed and open the signatures."""
    request.convention.validated_at = timezone.now()
    drafts.refresh_hours(request.convention)
    turns.open_circuit(request.convention)
    documents.freeze(request.convention)
    if request.convention.is_abroad:
        documents.freeze_information_sheet(request.convention)


def on_sign(request: Request) -> str:
    return turns.record_on_paper(request.convention, request.dates, by=request.by)


def on_unsign(request: Request) -> str:
    return f"{turns.undo(request.convention)}\N{NO-BREAK SPACE}: {request.comment}"


def void_signatures(request: Request) -> dict[str, Any]:
    """Return the signatures that taking an agreement or an avenant back makes void, for the journal."""
    return {"signatures": turns.given(request.convention)}


def on_reopen(request: Request) -> None:
    """Begin the next version: nothing is validated any more."""
    subject = request.convention.acted_on
    subject.version += 1
    subject.validated_at = None
    subject.reopened_at = TransactionNow()


def once_reopened(request: Request) -> None:
    """Take the signatures away, refuse the scans that wait and mark what was printed as replaced: nothing of it counts."""
    request.convention.acted_on.refresh_from_db(fields=["reopened_at"])
    turns.void(request.convention)
    deciding.refuse_replaced(request.convention, by=request.by)
    documents.supersede(request.convention)


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


def next_number(convention: Convention) -> str:
    """Return ``2026-000123``: the year in which the stage's academic year ends, then the institution's counter."""
    assert convention.enrolment is not None
    year = convention.enrolment.academic_year + 1
    NumberCounter.objects.get_or_create(institution=convention.institution, year=year)
    counter = NumberCounter.objects.select_for_update().get(institution=convention.institution, year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{year}-{counter.last:06d}"


def always(request: Request) -> bool:
    return True


def once_numbered(request: Request) -> bool:
    return request.convention.number is not None


def unless_deleted(user: User, convention: Convention) -> bool:
    """A draft that was never submitted is deleted, and not cancelled, by whoever may."""
    return not permissions.may_delete(user, convention)


IRREVERSIBLE = gettext_lazy("Une fois validée, la convention ne pourra être modifiée que par un avenant.")
REOPENED = gettext_lazy("Elle redevient « à corriger » : elle sera corrigée, soumise et validée à nouveau.")
SIGNED_AGAIN = gettext_lazy(
    "Les signatures déjà données ne comptent plus : le journal les garde, chacun signera à nouveau."
)
# What follows some actions, beyond their own warning.
BOTH_TOLD = gettext_lazy("L’étudiant et l’enseignant référent reçoivent un courriel.")
STUDENT_TOLD = gettext_lazy("L’étudiant reçoit un courriel avec la raison.")

ACTIONS = {
    action.name: action
    for action in (
        Action(
            "submit",
            gettext_lazy("Soumettre la convention"),
            sources=(Status.DRAFT, Status.RETURNED),
            target=Status.SUBMITTED,
            allowed=permissions.owns_or_manages,
            guards=(guards.handled_by_a_centre, guards.complete, guards.no_open_remark, guards.lawful),
            typed=(guards.exception_explained,),
            accepts=guards.exceptions,
            effect=on_submit,
            comment_label=gettext_lazy("Pourquoi demandez-vous une exception ?"),
            comment_required=guards.exceptions,
            comment_only_if_required=True,
            page=Page.SUMMARY,
            page_after=steps.after_url,
            page_to_correct=steps.resume_url,
            is_primary=True,
        ),
        Action(
            "withdraw",
            gettext_lazy("Retirer la soumission"),
            sources=(Status.SUBMITTED,),
            target=Status.DRAFT,
            allowed=permissions.may_withdraw,
            warning=gettext_lazy(
                "La convention redevient un brouillon : vous pourrez la modifier et la soumettre à nouveau."
            ),
            page=Page.NEXT,
        ),
        Action(
            "approve",
            gettext_lazy("Approuver"),
            sources=(Status.SUBMITTED,),
            target=Status.SUBMITTED,
            allowed=permissions.follows,
            guards=(guards.as_read, guards.approval_asked),
            effect=on_approve,
            hint=gettext_lazy("Votre approbation permettra au gestionnaire de valider."),
            is_primary=True,
        ),
        Action(
            "ask_officer",
            gettext_lazy("Demander l’autorisation de départ"),
            sources=(Status.SUBMITTED,),
            target=Status.SUBMITTED,
            allowed=permissions.decides,
            guards=(guards.as_read, guards.clearance_to_ask),
            effect=on_ask_officer,
        ),
        Action(
            "authorise",
            gettext_lazy("Autoriser le départ"),
            sources=(Status.SUBMITTED,),
            target=Status.SUBMITTED,
            allowed=permissions.secures,
            guards=(guards.as_read, guards.not_cleared),
            notes=risk_judged,
            effect=on_authorise,
            warning=gettext_lazy(
                "Le centre de gestion est prévenu : la validation n’attend plus cette autorisation."
            ),
            comment_label=gettext_lazy("Commentaire pour le centre de gestion"),
            is_primary=True,
        ),
        Action(
            "forbid",
            gettext_lazy("Refuser le départ"),
            sources=(Status.SUBMITTED,),
            target=Status.SUBMITTED,
            allowed=permissions.secures,
            guards=(guards.as_read, guards.not_forbidden),
            effect=on_forbid,
            warning=gettext_lazy("Le centre de gestion est prévenu, et ne peut plus valider."),
            comment_label=gettext_lazy("Raison du refus"),
            comment_required=always,
            is_destructive=True,
        ),
        Action(
            "correct",
            gettext_lazy("Corriger moi-même"),
            sources=(Status.SUBMITTED,),
            target=Status.SUBMITTED,
            allowed=permissions.decides,
            typed=(guards.something_corrected,),
            notes=correction,
            effect=on_correct,
            done_at=steps.correction_url,
        ),
        Action(
            "validate",
            gettext_lazy("Valider"),
            sources=(Status.SUBMITTED,),
            target=Status.VALIDATED,
            allowed=permissions.decides,
            guards=(
                guards.as_read,
                guards.no_pending_remark,
                guards.lawful,
                guards.complete,
                guards.approved,
                guards.cleared,
                guards.insured,
                guards.no_refused_proof,
                guards.papers_accepted,
            ),
            typed=(guards.alerts_accepted,),
            accepts=guards.alerts,
            effect=on_validate,
            warning=IRREVERSIBLE,
            consequences=(
                gettext_lazy("Le PDF est créé : l’étudiant peut l’imprimer et le faire signer."),
                BOTH_TOLD,
            ),
            comment_label=gettext_lazy("Pourquoi validez-vous malgré les alertes ?"),
            comment_required=guards.alerts,
            comment_only_if_required=True,
            hint=IRREVERSIBLE,
            is_primary=True,
        ),
        Action(
            "return",
            gettext_lazy("Demander une correction"),
            sources=(Status.SUBMITTED,),
            target=Status.RETURNED,
            allowed=permissions.may_remark,
            guards=(guards.as_read,),
            typed=(guards.at_least_one_remark,),
            sends_remarks=True,
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
            guards=(guards.as_read,),
            warning=gettext_lazy(
                "Un refus est définitif. Pour faire corriger la convention, demandez une correction."
            ),
            consequences=(STUDENT_TOLD,),
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
            guards=(guards.own_signature_awaited,),
            typed=(guards.own_signature_only, guards.in_turn_and_dated, guards.known_if_late),
            accepts=guards.late,
            effect=on_sign,
            status_after=turns.status,
            warning=gettext_lazy(
                "Vous notez des signatures données sur papier. Le journal garde votre nom et la date."
            ),
            # Its student prints first.
            shown_if=permissions.decides,
            page=Page.CIRCUIT,
            is_primary=True,
        ),
        Action(
            "unsign",
            gettext_lazy("Annuler la dernière signature"),
            sources=(Status.SIGNING, Status.SIGNED),
            target=Status.SIGNING,
            allowed=permissions.decides,
            guards=(guards.last_as_read, guards.no_avenant, guards.no_certificate),
            effect=on_unsign,
            status_after=turns.status,
            warning=gettext_lazy(
                "Seule la dernière signature enregistrée est annulée ; recommencez pour celle d’avant."
            ),
            consequences=(STUDENT_TOLD,),
            # Nobody takes one back by habit.
            shown_if=nobody,
            page=Page.CIRCUIT,
            comment_label=gettext_lazy("Raison de l’annulation"),
            comment_required=always,
            is_destructive=True,
        ),
        Action(
            "reopen",
            gettext_lazy("Reprendre pour corriger"),
            sources=AWAITS_SIGNATURES,
            target=Status.RETURNED,
            allowed=permissions.decides,
            guards=(guards.as_read, guards.signatures_as_read, guards.nothing_rests_on_it),
            voids_signatures=True,
            notes=void_signatures,
            effect=on_reopen,
            once_moved=once_reopened,
            warning=REOPENED,
            consequences=(
                SIGNED_AGAIN,
                gettext_lazy(
                    "Le PDF actuel est marqué « remplacé » ; le numéro reste, la version suivante sera imprimée."
                ),
                gettext_lazy(
                    "L’étudiant, l’enseignant référent et qui avait signé reçoivent un courriel avec la raison."
                ),
            ),
            comment_label=gettext_lazy("Pourquoi la convention est-elle reprise ?"),
            comment_required=always,
        ),
        Action(
            "terminate",
            gettext_lazy("Rompre la convention"),
            sources=(Status.VALIDATED, Status.SIGNING),
            target=Status.TERMINATED,
            allowed=permissions.decides,
            typed=(guards.ended_within_the_stage,),
            effect=on_terminate,
            warning=gettext_lazy("Le stage prend fin. Les parties doivent avoir été consultées."),
            consequences=(BOTH_TOLD,),
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
            shown_if=unless_deleted,
            is_destructive=True,
        ),
    )
}


def act(
    convention_id: int,
    name: str,
    *,
    by: User,
    comment: str = "",
    ended_on: date | None = None,
    dates: Mapping[str, date] | None = None,
    party: str | None = None,
    seen: str | None = None,
    known: Iterable[str] | None = None,
    corrected: Mapping[str, Any] | None = None,
) -> Convention:
    """Do one action: lock, check right, source and guards, write status and journal, queue mails.

    ``dates`` are those of signatures on paper, by party; ``party`` is whose signature a page showed as
    the last one, "" when nobody had signed: another one is never taken back in its place, or with it.
    ``seen`` is the submission a page showed them: a later one is never judged in its place.
    ``known`` are the alerts that the page showed: another one is never accepted with them.
    ``corrected`` is what ``correcting`` found changed.
    Raises Refused, with a text for the person, when it cannot be done; nothing is written then.
    """
    with transaction.atomic():
        convention = Convention.objects.for_detail().locked(convention_id)
        shown = None if known is None else frozenset(known)
        request = Request(
            convention, by, comment.strip(), ended_on, dates or {}, party, seen, shown, corrected or {}
        )
        carry_out(ACTIONS[name], request)
    return convention
