"""Where an agreement stands, said to its reader: phases, whose turn, since when, what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conventions import wizard
from conventions.models import Convention, Status

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
    Status.TERMINATED: 4,
    Status.CANCELLED: 0,
}
STOPPED = (Status.REFUSED, Status.TERMINATED, Status.CANCELLED)


@dataclass(frozen=True)
class Phase:
    label: str | Promise
    state: str  # done, now, stop or nothing


def track(convention: Convention) -> list[Phase]:
    """Return the five phases; a refused, cancelled or terminated agreement stopped where it was."""
    status = Status(convention.status)
    current = CURRENT[status]
    if status == Status.CANCELLED and convention.validated_at:
        current = 2
    ended = status == Status.SIGNED and convention.end is not None and convention.end < timezone.localdate()
    here = "stop" if status in STOPPED else "done" if ended else "now"
    return [
        Phase(label, "done" if rank < current else here if rank == current else "")
        for rank, label in enumerate(PHASES)
    ]


@dataclass(frozen=True)
class Card:
    """One agreement on its student's home page."""

    convention: Convention
    label: str
    tone: str
    sentence: str
    phases: list[Phase]
    url: str
    button: str
    todo: bool
    since: datetime | None


def label(convention: Convention) -> str:
    """Return the state in a word, "under way" and "ended" included, which only dates tell."""
    if convention.status == Status.SIGNED and convention.start and convention.end:
        today = timezone.localdate()
        if today > convention.end:
            return _("Terminée")
        if today >= convention.start:
            return _("En cours")
    return str(Status(convention.status).label)


def card(convention: Convention) -> Card:
    """Return what its student must know and do now."""
    status = Status(convention.status)
    remarks = [remark for remark in convention.remarks.all() if remark.resolved_at is None]
    url, button, todo = convention.get_absolute_url(), _("Voir la convention"), False
    match status:
        case Status.DRAFT:
            sentence = _("C’est à vous : complétez les étapes, puis soumettez.")
            url, button, todo = wizard.resume_url(convention), _("Reprendre la saisie"), True
        case Status.RETURNED:
            sentence = _("C’est à vous : votre gestionnaire demande une correction.")
            if remarks:
                step = wizard.STEP_OF_FIELD.get(remarks[0].field)
                url = wizard.step_url(convention, step.slug if step else wizard.RECAP)
            else:
                url = wizard.resume_url(convention)
            button, todo = _("Corriger la convention"), True
        case Status.SUBMITTED:
            centre = convention.centre.name if convention.centre else ""
            sentence = _("%(centre)s vérifie votre convention. Vous ne pouvez pas encore l’imprimer.") % {
                "centre": centre
            }
        case Status.VALIDATED:
            sentence = _("Validée : imprimez-la et faites-la signer avant le début du stage.")
            button, todo = _("Imprimer et faire signer"), True
            url = wizard.after_url(convention)
        case Status.SIGNING:
            sentence = _("Les signatures sont en cours.")
        case Status.SIGNED:
            sentence = _("Toutes les signatures sont réunies.")
        case Status.REFUSED:
            sentence = _("Refusée : la raison est dans le journal de la convention.")
        case Status.TERMINATED:
            sentence = _("Le stage a pris fin avant son terme.")
        case Status.CANCELLED:
            sentence = _("Cette convention est annulée.")
    return Card(
        convention,
        label(convention),
        TONES[status],
        sentence,
        track(convention),
        url,
        button,
        todo,
        convention.submitted_at if status == Status.SUBMITTED else None,
    )
