"""How an avenant moves from one status to the next, until the agreement takes its values."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from celery import shared_task
from django.contrib.postgres.functions import TransactionNow
from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusals import Refused
from conventions import documents, notices, permissions
from conventions.circuit import turns
from conventions.models import Amended, Avenant, AvenantKind, AvenantStatus, Convention, Status, Turn
from conventions.models.status import AGREED
from conventions.workflow import agreements, guards
from conventions.workflow.engine import Action, Request, carry_out, move
from conventions.writing import changes, steps

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

DRAFT, RETURNED, SUBMITTED = AvenantStatus.DRAFT, AvenantStatus.RETURNED, AvenantStatus.SUBMITTED
VALIDATED, SIGNING, SIGNED = AvenantStatus.VALIDATED, AvenantStatus.SIGNING, AvenantStatus.SIGNED


# Guards


def in_time(request: Request) -> None:
    """The agreement is in force, and its stage not over (A-07)."""
    before = request.amended.before
    if before.status not in AGREED:
        raise Refused(
            _("La convention est « %(status)s » : elle ne peut plus être modifiée.")
            % {"status": before.get_status_display()},
            "not_amendable",
        )


def complete(request: Request) -> None:
    """Every step it opens is filled, and it changes something in each of the ways it says."""
    if problem := unfinished(request.amended):
        raise Refused(problem, "incomplete")


def unfinished(convention: Amended) -> str:
    """Return what an avenant still lacks before it can be submitted; nothing when it is complete."""
    avenant = convention.avenant
    if not avenant.reason.strip():
        return _("Écrivez la raison du changement.")
    if AvenantKind.OTHER in avenant.kinds and not avenant.other.strip():
        return _("Écrivez la clause de l’autre changement.")
    if steps.first_incomplete(convention) is not None:
        return steps.first_mistake(convention) or _(
            "Il manque des informations : complétez les étapes signalées."
        )
    return changes.obstacle(convention)


def agreement_signed(request: Request) -> None:
    """Nobody signs a change of what is not signed yet."""
    if turns.current_turn(request.amended.before, Turn.Purpose.SIGNATURE) is not None:
        raise Refused(
            _("Faites d’abord signer la convention elle-même : l’avenant la modifie."), "agreement_unsigned"
        )


def chosen_still_there(request: Request) -> None:
    """What an avenant chose in the directory may have been deleted: no foreign key holds it."""
    if not changes.names_what_exists(request.amended):
        raise Refused(
            _(
                "Une personne ou un lieu que cet avenant choisit n’existe plus dans l’annuaire : annulez-le et "
                "faites-en un autre."
            ),
            "chosen_gone",
        )


def signed_in_time(request: Request) -> None:
    """Signed before it takes effect (A-01), before the stage is over (A-07)."""
    avenant, before = request.amended.avenant, request.amended.before
    signed_on = max(request.dates.values())
    if before.end is not None and signed_on > before.end:
        raise Refused(
            _("Le stage était terminé ce jour-là : un avenant se signe avant la fin du stage."), "stage_over"
        )
    if avenant.effective_on and signed_on > avenant.effective_on:
        raise Refused(
            _(
                "Cet avenant devait prendre effet avant cette date : aucun avenant n’est rétroactif. "
                "Annulez-le et faites-en un autre."
            ),
            "retroactive",
        )


# Effects


def on_submit(request: Request) -> None:
    """Give the rank once, within the agreement."""
    avenant = request.amended.avenant
    if avenant.rank is None:
        last = Avenant.objects.filter(convention=avenant.convention_id).aggregate(last=Max("rank"))["last"]
        avenant.rank = (last or 0) + 1
    avenant.submitted_at = timezone.now()
    turns.ask_approval(request.convention, asks_officer=guards.asks_officer(request))


def on_validate(request: Request) -> None:
    """Freeze the change, print it, open the signatures of the parties of before."""
    avenant = request.amended.avenant
    avenant.validated_at = timezone.now()
    avenant.save()  # numbered and dated in what is printed
    documents.freeze_avenant(avenant, *documents.both_sides(request.amended))
    turns.open_circuit(request.amended)


def was_submitted(user: User, convention: Convention) -> bool:
    """One that never was is deleted, and not cancelled."""
    return convention.avenant is not None and convention.avenant.rank is not None


ACTIONS = {
    action.name: action
    for action in (
        Action(
            "submit",
            gettext_lazy("Soumettre l’avenant"),
            sources=(DRAFT, RETURNED),
            target=SUBMITTED,
            allowed=permissions.takes_part,
            guards=(in_time, complete, guards.no_open_remark, guards.lawful),
            accepts=guards.exceptions,
            effect=on_submit,
            is_primary=True,
        ),
        Action(
            "withdraw",
            gettext_lazy("Retirer la soumission"),
            sources=(SUBMITTED,),
            target=DRAFT,
            allowed=permissions.may_withdraw_avenant,
            warning=gettext_lazy(
                "L’avenant redevient un brouillon : vous pourrez le modifier et le soumettre."
            ),
        ),
        Action(
            "approve",
            gettext_lazy("Approuver"),
            sources=(SUBMITTED,),
            target=SUBMITTED,
            allowed=permissions.follows,
            guards=(guards.as_read, guards.approval_asked),
            effect=agreements.on_approve,
            is_primary=True,
        ),
        Action(
            "ask_officer",
            agreements.ACTIONS["ask_officer"].label,
            sources=(SUBMITTED,),
            target=SUBMITTED,
            allowed=permissions.decides,
            guards=(guards.as_read, guards.clearance_to_ask),
            effect=agreements.on_ask_officer,
        ),
        Action(
            "authorise",
            gettext_lazy("Autoriser le départ"),
            sources=(SUBMITTED,),
            target=SUBMITTED,
            allowed=permissions.secures,
            guards=(guards.as_read, guards.not_cleared),
            notes=agreements.risk_judged,
            effect=agreements.on_authorise,
            warning=gettext_lazy(
                "Le centre de gestion est prévenu : la validation n’attend plus cette autorisation."
            ),
            comment_label=gettext_lazy("Commentaire pour le centre de gestion"),
            is_primary=True,
        ),
        Action(
            "forbid",
            gettext_lazy("Refuser le départ"),
            sources=(SUBMITTED,),
            target=SUBMITTED,
            allowed=permissions.secures,
            guards=(guards.as_read, guards.not_forbidden),
            effect=agreements.on_forbid,
            warning=gettext_lazy("Le centre de gestion est prévenu, et ne peut plus valider."),
            comment_label=gettext_lazy("Raison du refus"),
            comment_required=agreements.always,
            is_destructive=True,
        ),
        Action(
            "validate",
            gettext_lazy("Valider"),
            sources=(SUBMITTED,),
            target=VALIDATED,
            allowed=permissions.decides,
            guards=(
                guards.as_read,
                in_time,
                guards.no_pending_remark,
                guards.lawful,
                complete,
                guards.approved,
                guards.cleared,
                guards.insured,
                guards.no_refused_proof,
                guards.papers_accepted,
            ),
            typed=(guards.alerts_accepted,),
            accepts=guards.alerts,
            effect=on_validate,
            warning=gettext_lazy(
                "L’avenant est imprimé et signé par les parties. Il prend effet à la dernière signature, "
                "ou à sa date si elle vient après."
            ),
            comment_label=gettext_lazy("Pourquoi validez-vous malgré les alertes ?"),
            comment_required=guards.alerts,
            comment_only_if_required=True,
            is_primary=True,
        ),
        Action(
            "return",
            gettext_lazy("Demander une correction"),
            sources=(SUBMITTED,),
            target=RETURNED,
            allowed=permissions.may_remark,
            guards=(guards.as_read,),
            typed=(guards.at_least_one_remark,),
            sends_remarks=True,
            warning=gettext_lazy("Qui a proposé l’avenant reçoit un courriel et voit chaque remarque."),
            comment_label=gettext_lazy("Message"),
        ),
        Action(
            "refuse",
            gettext_lazy("Refuser"),
            sources=(SUBMITTED,),
            target=AvenantStatus.REFUSED,
            allowed=permissions.decides,
            guards=(guards.as_read,),
            warning=gettext_lazy("Un refus est définitif : la convention reste telle qu’elle est."),
            comment_label=gettext_lazy("Raison du refus"),
            comment_required=agreements.always,
            is_destructive=True,
        ),
        Action(
            "sign",
            agreements.ACTIONS["sign"].label,
            sources=(VALIDATED, SIGNING),
            target=SIGNING,
            allowed=permissions.owns_or_manages,
            guards=(agreement_signed, chosen_still_there, guards.own_signature_awaited),
            typed=(guards.own_signature_only, guards.in_turn_and_dated, signed_in_time),
            effect=agreements.on_sign,
            status_after=turns.status,
            warning=agreements.ACTIONS["sign"].warning,
            is_primary=True,
        ),
        Action(
            "unsign",
            agreements.ACTIONS["unsign"].label,
            sources=(SIGNING, SIGNED),
            target=SIGNING,
            allowed=permissions.decides,
            guards=(guards.last_as_read,),
            effect=agreements.on_unsign,
            status_after=turns.status,
            warning=agreements.ACTIONS["unsign"].warning,
            comment_label=agreements.ACTIONS["unsign"].comment_label,
            comment_required=agreements.always,
            is_destructive=True,
        ),
        Action(
            "reopen",
            agreements.ACTIONS["reopen"].label,
            sources=(VALIDATED, SIGNING),
            target=RETURNED,
            allowed=permissions.decides,
            guards=(guards.as_read, guards.signatures_as_read),
            voids_signatures=True,
            notes=agreements.void_signatures,
            effect=agreements.on_reopen,
            once_moved=agreements.once_reopened,
            warning=gettext_lazy(
                "Il redevient « à corriger » : il sera corrigé, soumis et validé à nouveau."
            ),
            consequences=agreements.ACTIONS["reopen"].consequences,
            comment_label=gettext_lazy("Pourquoi l’avenant est-il repris ?"),
            comment_required=agreements.always,
        ),
        Action(
            "cancel",
            gettext_lazy("Annuler l’avenant"),
            sources=(DRAFT, RETURNED, SUBMITTED, VALIDATED, SIGNING, SIGNED),
            target=AvenantStatus.CANCELLED,
            allowed=permissions.may_cancel_avenant,
            warning=gettext_lazy("Un avenant annulé reste lisible, mais ne prendra jamais effet."),
            comment_label=gettext_lazy("Raison de l’annulation"),
            comment_required=agreements.always,
            shown_if=was_submitted,
            is_destructive=True,
        ),
    )
}


def locked(avenant_id: int) -> Amended:
    """Return what an avenant makes of its agreement, both locked."""
    avenant = Avenant.objects.locked(avenant_id)
    avenant.convention = changes.in_force(avenant.convention_id)
    return changes.proposed(avenant, avenant.convention)


def act(
    avenant_id: int,
    name: str,
    *,
    by: User,
    comment: str = "",
    dates: Mapping[str, date] | None = None,
    party: str | None = None,
    seen: str | None = None,
    known: Iterable[str] | None = None,
) -> Avenant:
    """Do one action on an avenant, as ``agreements.act`` does on an agreement; the last signature may make it effective.

    Raises Refused, with a text for the person, when it cannot be done; nothing is written then.
    """
    with transaction.atomic():
        convention = locked(avenant_id)
        avenant = convention.avenant
        known = None if known is None else frozenset(known)
        request = Request(convention, by, comment.strip(), None, dates or {}, party, seen, known)
        carry_out(ACTIONS[name], request)
        if avenant.status == SIGNED and is_due(avenant):
            take_effect(avenant)
    return avenant


def is_due(avenant: Avenant) -> bool:
    return avenant.effective_on is None or avenant.effective_on <= timezone.localdate()


def take_effect(avenant: Avenant) -> None:
    """Give the agreement, which is locked, the values of a signed avenant."""
    convention = avenant.convention = changes.in_force(avenant.convention_id)
    avenant.applied_at = TransactionNow()
    event = move(avenant, AvenantStatus.EFFECTIVE, "take_effect")
    avenant.refresh_from_db(fields=["applied_at"])
    changes.apply(avenant, convention)
    if AvenantKind.TERMINATION in avenant.kinds:
        move(convention, Status.TERMINATED, "terminate", comment=avenant.reason)
    notices.announce(event)


@shared_task(name="conventions.tasks.apply_due_avenants")
def apply_due_avenants() -> None:
    """Make the avenants effective whose day has come; run twice, it does nothing the second time."""
    day = timezone.localdate()
    due = Avenant.objects.filter(Q(effective_on__isnull=True) | Q(effective_on__lte=day), status=SIGNED)
    for avenant_id in due.order_by("effective_on", "pk").values_list("pk", flat=True):
        try:
            with transaction.atomic():
                avenant = locked(avenant_id).avenant
                if avenant.status == SIGNED:
                    take_effect(avenant)
        except IntegrityError:
            logger.exception("The agreement is not what avenant %s was written from", avenant_id)


def begun(
    convention: Convention, *, by: User, kinds: Iterable[AvenantKind], **written: object
) -> Avenant | None:
    """Return the draft that the same form of the same person has made already."""
    drafts = convention.avenants.filter(status=DRAFT, created_by=by, kinds=list(kinds))
    return drafts.filter(**written, changes={}).first()


def begin(convention_id: int, *, by: User, kinds: Iterable[AvenantKind], **written: object) -> Avenant:
    """Start an avenant to an agreement, once. Raises Refused when it is not in force, or has another one open."""
    with transaction.atomic():
        convention = Convention.objects.prefetch_related("avenants").locked(convention_id)
        if same := begun(convention, by=by, kinds=kinds, **written):
            return same
        if not permissions.may_amend(by, convention):
            raise Refused(
                _(
                    "Cette convention ne peut pas recevoir d’avenant maintenant : un autre est ouvert, ou elle a changé."
                ),
                "not_amendable",
            )
        return Avenant.objects.create(convention=convention, kinds=list(kinds), created_by=by, **written)
