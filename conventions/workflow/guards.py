"""What an action requires, and accepts: each guard raises Refused, and says what to do."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusals import Refused
from conventions import law, legality, permissions
from conventions.circuit import turns
from conventions.follow_up.dates import is_recorded
from conventions.law.facts import Zone, severity
from conventions.legality import insurance, papers, words
from conventions.models import Attachment, AvenantKind, Convention
from conventions.models.circuit import Approver
from conventions.standing.journal import why_forbidden
from conventions.workflow.engine import Request
from conventions.writing import steps
from organisations.models import Party

# What proves that a student has what the agreement says.
PROOFS = {
    Attachment.Kind.CIVIL_LIABILITY,
    Attachment.Kind.SOCIAL_RIGHTS,
    Attachment.Kind.VISA,
    Attachment.Kind.ASSISTANCE,
}

# The avenants of which the departure was not allowed yet.
DEPARTURES = {AvenantKind.PLACE, AvenantKind.EXTENSION, AvenantKind.POSTPONEMENT}

# What an action accepts of what the law says


def exceptions(request: Request) -> list[law.Finding]:
    """Return the rules it breaks that a manager may lift."""
    return [finding for finding in request.findings if finding.asks_an_exception]


def alerts(request: Request) -> list[law.Finding]:
    """Return what a manager validates in spite of, and says why."""
    return [finding for finding in request.findings if finding.asks_a_reason]


def late(request: Request) -> list[law.Finding]:
    """Return what R-01 says of the last signature, once it is recorded or about to be."""
    signed_on = turns.completed_on(request.convention, request.dates)
    return legality.late(request.convention, signed_on) if signed_on else []


# Guards on what stands


def complete(request: Request) -> None:
    if mistake := steps.first_mistake(request.convention):
        raise Refused(mistake, "mistaken")
    if steps.first_incomplete(request.convention) is not None:
        raise Refused(
            _("Il manque des informations : complétez les étapes signalées, puis soumettez."), "incomplete"
        )


def lawful(request: Request) -> None:
    if stopped := [finding for finding in request.findings if finding.stops]:
        raise Refused(
            _("La convention ne respecte pas une règle : %(rules)s") % {"rules": words.with_rules(stopped)},
            "unlawful",
        )


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
    if request.convention.acted_on.is_returned and request.open_remarks:
        raise Refused(
            _("Une remarque n’est pas encore traitée : répondez ou corrigez, puis marquez-la comme traitée."),
            "remark_untreated",
        )


def no_pending_remark(request: Request) -> None:
    if request.open_remarks:
        raise Refused(
            _(
                "Vous avez épinglé des remarques : demandez la correction, ou supprimez-les avant de continuer."
            ),
            "remark_pending",
        )


ACCEPT_INSURANCE = gettext_lazy(
    "Acceptez d’abord l’attestation de responsabilité civile, dans les pièces jointes : la validation l’attend."
)


def changed_since(convention: Convention) -> str:
    """Return that an agreement, or the avenant it shows, is not what a page showed of it."""
    if convention.avenant:
        return _("Cet avenant a été soumis à nouveau depuis que vous l’avez ouvert : relisez-le.")
    return _(
        "Cette convention a changé depuis que vous l’avez ouverte (soumise à nouveau, ou corrigée par le "
        "centre) : relisez-la."
    )


def as_read(request: Request) -> None:
    """A student may withdraw, change and submit again while the page stays open: what is decided is what was read."""
    if request.seen is not None and request.seen != request.convention.acted_on.submission:
        raise Refused(changed_since(request.convention), "resubmitted")


def approved(request: Request) -> None:
    if permissions.awaits_approval(request.convention):
        raise Refused(
            _("L’enseignant référent n’a pas encore approuvé cette convention."), "approval_awaited"
        )


def asks_officer(request: Request) -> bool:
    """Whether a security officer allows the departure: of an avenant, when it changes where or when one goes."""
    convention = request.convention
    if not (request.case.facts.host.is_abroad and request.case.facts.abroad.asks_officer):
        return False
    return convention.avenant is None or bool(DEPARTURES.intersection(convention.avenant.kinds))


def cleared(request: Request) -> None:
    """From the level on that the centre chose, a security officer allows the departure."""
    turn = turns.approval(request.convention, Approver.SECURITY)
    if turn is None:
        if asks_officer(request):
            raise Refused(
                _(
                    "La destination est à risque et personne n’a demandé l’autorisation de départ : demandez-la, le "
                    "fonctionnaire de sécurité et de défense sera saisi."
                ),
                "clearance_unasked",
            )
        return
    if zone := worsened(request):
        raise Refused(
            _(
                "La destination est passée en zone %(zone)s depuis l’autorisation de départ : demandez-la à nouveau, le "
                "fonctionnaire de sécurité et de défense sera saisi."
            )
            % {"zone": words.ZONES[zone]},
            "clearance_outdated",
        )
    if turn.is_refused:
        raise Refused(
            _("Le fonctionnaire de sécurité et de défense a refusé ce départ : %(reason)s")
            % {"reason": why_forbidden(request.convention)},
            "clearance_refused",
        )
    if turn.done_at is None:
        officers = request.convention.institution.security_officers.filter(user__is_active=True)
        if not officers.exists():
            raise Refused(
                _(
                    "Ce départ attend un fonctionnaire de sécurité et de défense, et votre établissement n’en a pas "
                    "désigné : demandez à un administrateur de le faire."
                ),
                "no_officer",
            )
        raise Refused(
            _("La validation attend l’autorisation de départ du fonctionnaire de sécurité et de défense."),
            "clearance_awaited",
        )


def worsened(request: Request) -> Zone | None:
    """Return the risk known today when it is more severe than the one a departure was allowed at; None otherwise."""
    convention = request.convention
    turn = turns.approval(convention, Approver.SECURITY)
    if turn is None or turn.done_at is None or turn.is_refused or not asks_officer(request):
        return None
    allowed = convention.events.filter(avenant=convention.avenant, action="authorise").order_by("-at", "-pk")
    judged = allowed.values_list("details__risk", flat=True).first()
    risk = request.case.facts.abroad.risk
    return risk if risk and judged and severity(risk) > severity(Zone(judged)) else None


def clearance_to_ask(request: Request) -> None:
    """Nobody asked a security officer, or they allowed the departure to a place that was safer."""
    turn = turns.approval(request.convention, Approver.SECURITY)
    is_unasked = turn is None and asks_officer(request)
    if not (is_unasked or worsened(request)):
        raise Refused(_("Il n’y a pas d’autorisation de départ à demander."), "clearance_not_to_ask")


def not_cleared(request: Request) -> None:
    turn = turns.approval(request.convention, Approver.SECURITY)
    if turn is None or (turn.done_at and not turn.is_refused and not worsened(request)):
        raise Refused(_("Ce départ est déjà autorisé."), "already_cleared")


def not_forbidden(request: Request) -> None:
    turn = turns.approval(request.convention, Approver.SECURITY)
    if turn is None or turn.is_refused:
        raise Refused(_("Ce départ est déjà refusé."), "already_forbidden")


def insured(request: Request) -> None:
    if insurance.awaits_insurance(request.convention):
        raise Refused(ACCEPT_INSURANCE, "insurance_awaited")


def no_refused_proof(request: Request) -> None:
    """What was refused proves nothing: another is joined first, or the agreement says what is not."""
    latest = {one.kind: one for one in request.convention.attachments.all() if one.kind in PROOFS}
    refused = [one for one in latest.values() if one.decision == Attachment.Decision.REFUSED]
    if refused:
        raise Refused(
            _("Cette pièce a été refusée, et aucune autre ne la remplace : %(attachment)s.")
            % {"attachment": ", ".join(one.get_kind_display() for one in refused)},
            "attachment_refused",
        )


def papers_accepted(request: Request) -> None:
    """A paper that the centre wants counts when it is there and accepted."""
    if awaited := papers.awaited(request.convention):
        raise Refused(
            _("La validation attend ces pièces, jointes et acceptées : %(attachments)s.")
            % {"attachments": papers.names(awaited)},
            "papers_awaited",
        )


def approval_asked(request: Request) -> None:
    if not permissions.awaits_approval(request.convention):
        raise Refused(
            _("Votre approbation n’est pas attendue, ou vous l’avez déjà donnée."), "approval_not_awaited"
        )


OTHER_IS_LAST = gettext_lazy("Une autre signature est désormais la dernière : rechargez la page.")


def last_as_read(request: Request) -> None:
    """What is taken back is the signature that the page showed."""
    if turns.last_done(request.convention) is None:
        raise Refused(OTHER_IS_LAST, "not_the_last")
    signatures_as_read(request)


def signatures_as_read(request: Request) -> None:
    """They are recorded in turn: with the same last one, those that a page showed are all that were given."""
    last = turns.last_done(request.convention)
    if request.party is not None and request.party != (last.party if last else ""):
        raise Refused(OTHER_IS_LAST, "not_the_last")


def no_avenant(request: Request) -> None:
    """An avenant that is not given up rests on the signatures of the agreement."""
    if turns.is_amended(request.convention):
        raise Refused(
            _("Un avenant repose sur cette convention signée : ses signatures ne s’annulent plus."), "amended"
        )


def nothing_rests_on_it(request: Request) -> None:
    """What was validated is not taken back under an avenant, nor under the end of a stage that was recorded."""
    agreement = request.convention
    if any(avenant.is_open or avenant.applied_at for avenant in agreement.avenants.all()):
        raise Refused(_("Un avenant repose sur cette convention : annulez-le d’abord."), "amended")
    if is_recorded(agreement):
        raise Refused(
            _("La fin du stage est enregistrée : la convention ne se reprend plus."), "end_recorded"
        )


def no_certificate(request: Request) -> None:
    """What was recorded of the end of a stage rests on the signatures too."""
    if is_recorded(request.convention):
        raise Refused(
            _("La fin du stage est enregistrée : les signatures ne s’annulent plus."), "end_recorded"
        )


# Guards on what is typed with it, or pinned before it


def exception_explained(request: Request) -> None:
    if not request.comment and exceptions(request):
        raise Refused(
            _("Dites pourquoi votre centre de gestion devrait accepter l’exception signalée."),
            "exception_unexplained",
        )


def alerts_accepted(request: Request) -> None:
    """What a validation is warned of is accepted in writing, and knowingly."""
    accepted = alerts(request)
    if request.known is not None and any(finding.key not in request.known for finding in accepted):
        raise Refused(
            _("Une alerte est apparue depuis que vous avez ouvert cette page : relisez-les."), "alert_unread"
        )
    if accepted and not request.comment:
        raise Refused(_("Écrivez pourquoi vous validez malgré les alertes."), "alert_unexplained")


def at_least_one_remark(request: Request) -> None:
    if not request.open_remarks:
        raise Refused(
            _("Épinglez d’abord une remarque sur le champ à corriger : l’étudiant saura quoi faire."),
            "no_remark",
        )


def own_signature_awaited(request: Request) -> None:
    """A student says that they signed when their turn comes, once: the others are recorded for them."""
    by, convention = request.by, request.convention
    awaited = turns.awaited(convention)
    if permissions.records_all_signatures(by, convention) or awaited[:1] == [Party.STUDENT]:
        return
    if Party.STUDENT in awaited:
        raise Refused(_("Ce n’est pas encore votre tour : joignez la copie signée."), "not_their_turn")
    raise Refused(_("Votre signature est déjà enregistrée : joignez la copie signée."), "own_signature_given")


def own_signature_only(request: Request) -> None:
    """A student alone does not say that the others have signed: they join the copy that shows it."""
    if permissions.records_all_signatures(request.by, request.convention):
        return
    if request.dates.keys() - {Party.STUDENT}:
        raise Refused(
            _(
                "Vous notez votre signature seulement : joignez la copie signée, et votre gestionnaire enregistre les "
                "autres."
            ),
            "signature_of_others",
        )


def something_corrected(request: Request) -> None:
    if not request.corrected:
        raise Refused(_("Rien n’est corrigé."), "nothing_corrected")


def in_turn_and_dated(request: Request) -> None:
    """A form sent twice, or by two people, must not sign for the next party."""
    if problem := turns.problem(request.convention, request.dates):
        raise Refused(problem.text, problem.code)


def known_if_late(request: Request) -> None:
    """A last signature after the first day of the stage (R-01) is recorded knowingly."""
    if request.known is not None and any(finding.key not in request.known for finding in late(request)):
        raise Refused(
            _("La dernière signature vient trop tard : vérifiez sa date, puis enregistrez à nouveau."),
            "late_unread",
        )


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
