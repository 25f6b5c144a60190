"""Where an agreement or an avenant stands, in the words, tones and icons that every page shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conventions.models import AvenantStatus, Convention, Status
from conventions.models.circuit import Approver
from organisations.models import Party

TONES = {
    Status.DRAFT: "",
    Status.RETURNED: "wait",
    Status.SUBMITTED: "info",
    Status.VALIDATED: "ok",
    Status.SIGNING: "accent",
    Status.SIGNED: "ok",
    Status.REFUSED: "stop",
    Status.TERMINATED: "stop",
    Status.CANCELLED: "",
}
ICONS = {
    Status.DRAFT: "pencil",
    Status.RETURNED: "message-circle-warning",
    Status.SUBMITTED: "send",
    Status.VALIDATED: "circle-check",
    Status.SIGNING: "signature",
    Status.SIGNED: "badge-check",
    Status.REFUSED: "circle-x",
    Status.TERMINATED: "circle-x",
    Status.CANCELLED: "ban",
}
# What the journal calls each action once it is done.
HAPPENED = {
    "create": gettext_lazy("Brouillon créé"),
    "submit": gettext_lazy("Convention soumise"),
    "withdraw": gettext_lazy("Soumission retirée"),
    "return": gettext_lazy("Correction demandée"),
    "correct": gettext_lazy("Convention corrigée par le centre"),
    "approve": gettext_lazy("Convention approuvée"),
    "ask_officer": gettext_lazy("Autorisation de départ demandée"),
    "authorise": gettext_lazy("Départ autorisé"),
    "forbid": gettext_lazy("Départ refusé"),
    "validate": gettext_lazy("Convention validée"),
    "refuse": gettext_lazy("Convention refusée"),
    "sign": gettext_lazy("Signature enregistrée"),
    "unsign": gettext_lazy("Dernière signature annulée"),
    "reopen": gettext_lazy("Convention reprise pour être corrigée"),
    "terminate": gettext_lazy("Convention rompue"),
    "cancel": gettext_lazy("Convention annulée"),
    "hold": gettext_lazy("Durée de conservation changée"),
    "purge": gettext_lazy("Convention anonymisée"),
    "complete": gettext_lazy("Fin de stage enregistrée"),
}
# The same for an avenant.
AVENANT_HAPPENED = {
    "create": gettext_lazy("Avenant commencé"),
    "submit": gettext_lazy("Avenant soumis"),
    "withdraw": gettext_lazy("Soumission de l’avenant retirée"),
    "return": gettext_lazy("Correction de l’avenant demandée"),
    "approve": gettext_lazy("Avenant approuvé"),
    "ask_officer": gettext_lazy("Autorisation de départ demandée"),
    "authorise": gettext_lazy("Départ autorisé"),
    "forbid": gettext_lazy("Départ refusé"),
    "validate": gettext_lazy("Avenant validé"),
    "refuse": gettext_lazy("Avenant refusé"),
    "sign": gettext_lazy("Signature de l’avenant enregistrée"),
    "unsign": gettext_lazy("Dernière signature de l’avenant annulée"),
    "reopen": gettext_lazy("Avenant repris pour être corrigé"),
    "cancel": gettext_lazy("Avenant annulé"),
    "take_effect": gettext_lazy("Avenant en vigueur"),
}
AVENANT_TONES = {
    AvenantStatus.DRAFT: "",
    AvenantStatus.RETURNED: "wait",
    AvenantStatus.SUBMITTED: "info",
    AvenantStatus.VALIDATED: "ok",
    AvenantStatus.SIGNING: "accent",
    AvenantStatus.SIGNED: "ok",
    AvenantStatus.EFFECTIVE: "ok",
    AvenantStatus.REFUSED: "stop",
    AvenantStatus.CANCELLED: "",
}
AVENANT_ICONS = {
    AvenantStatus.DRAFT: "pencil",
    AvenantStatus.RETURNED: "message-circle-warning",
    AvenantStatus.SUBMITTED: "send",
    AvenantStatus.VALIDATED: "circle-check",
    AvenantStatus.SIGNING: "signature",
    AvenantStatus.SIGNED: "badge-check",
    AvenantStatus.EFFECTIVE: "badge-check",
    AvenantStatus.REFUSED: "circle-x",
    AvenantStatus.CANCELLED: "ban",
}
# What an avenant asks of its student, and what the button says that leads to it.
AVENANT_REQUESTS = {
    AvenantStatus.DRAFT: (
        gettext_lazy("Un avenant est commencé : complétez-le, puis soumettez-le."),
        gettext_lazy("Reprendre l’avenant"),
    ),
    AvenantStatus.RETURNED: (
        gettext_lazy("Votre gestionnaire demande de corriger l’avenant."),
        gettext_lazy("Corriger l’avenant"),
    ),
    AvenantStatus.VALIDATED: (
        gettext_lazy("L’avenant est validé : faites-le signer."),
        gettext_lazy("Faire signer l’avenant"),
    ),
}
# What each phase of the track is called, and the phase each status is in.
PHASES = (
    gettext_lazy("Saisie"),
    gettext_lazy("Vérification"),
    gettext_lazy("Impression"),
    gettext_lazy("Signatures"),
    gettext_lazy("Stage"),
)
CURRENT = {
    Status.DRAFT: 0,
    Status.RETURNED: 1,
    Status.SUBMITTED: 1,
    Status.REFUSED: 1,
    Status.VALIDATED: 2,
    Status.SIGNING: 3,
    Status.SIGNED: 4,
    Status.TERMINATED: 3,
    Status.CANCELLED: 0,
}


@dataclass(frozen=True)
class Phase:
    label: str | Promise
    state: str  # done, now, stop or nothing


def track(convention: Convention) -> list[Phase]:
    """Return the five phases; a refused, cancelled or terminated agreement stopped where it was."""
    status = Status(convention.status)
    current = CURRENT[status]
    if status == Status.CANCELLED and convention.number:
        current = 2 if convention.validated_at else 1
    ended = status == Status.SIGNED and is_over(convention.end)
    here = "stop" if convention.is_stopped else "done" if ended else "now"
    return [
        Phase(label, "done" if rank < current else here if rank == current else "")
        for rank, label in enumerate(PHASES)
    ]


def label(convention: Convention) -> str:
    """Return the state in a word, "under way" and "ended" included, which only dates tell."""
    return status_label(Status(convention.status), convention.start, convention.end)


def status_label(status: Status, start: date | None, end: date | None) -> str:
    if status == Status.SIGNED and start and end:
        today = timezone.localdate()
        if today > end:
            return _("Terminée")
        if today >= start:
            return _("En cours")
    return str(status.label)


def party_label(waiting: Party | Approver | None) -> str:
    """Return who approves or signs next, in words."""
    if not waiting:
        return ""
    return str(Approver(waiting).label if waiting in Approver.values else Party(waiting).label)


def days_until(day: date | None) -> int | None:
    return (day - timezone.localdate()).days if day else None


def is_over(end: date | None) -> bool:
    return end is not None and end < timezone.localdate()


def elapsed(since: datetime | None) -> str:
    """Return how long ago something happened, to the hour: « 3 heures », « 2 jours »."""
    if since is None:
        return ""
    passed = timezone.now() - since
    if passed.days:
        return ngettext("%(count)s jour", "%(count)s jours", passed.days) % {"count": passed.days}
    if hours := passed.seconds // 3600:
        return ngettext("%(count)s heure", "%(count)s heures", hours) % {"count": hours}
    return _("moins d’une heure")
