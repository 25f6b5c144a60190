"""Where an agreement stands, said to its reader: phases, whose turn, since when, what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conventions import wizard
from conventions.models import Convention, Status
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
    "approve": gettext_lazy("Convention approuvée"),
    "validate": gettext_lazy("Convention validée"),
    "refuse": gettext_lazy("Convention refusée"),
    "sign": gettext_lazy("Signature enregistrée"),
    "terminate": gettext_lazy("Convention rompue"),
    "cancel": gettext_lazy("Convention annulée"),
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
# A stage that starts so soon and is not validated is what a manager treats first.
URGENT = timedelta(days=7)
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
    return label_of(Status(convention.status), convention.start, convention.end)


def label_of(status: Status, start: date | None, end: date | None) -> str:
    if status == Status.SIGNED and start and end:
        today = timezone.localdate()
        if today > end:
            return _("Terminée")
        if today >= start:
            return _("En cours")
    return str(status.label)


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


@dataclass(frozen=True)
class Standing:
    """Where an agreement stands, said to staff: its state, then whose turn it is and since when."""

    label: str
    tone: str
    icon: str
    note: str


def standing(
    status: Status,
    start: date | None,
    end: date | None,
    waiting: Party | None,
    since: datetime | None,
    *,
    manages: bool,
    follows: bool,
) -> Standing:
    """Return it for a reader who ``manages`` or ``follows`` the agreement, or neither.

    ``waiting`` is the party whose approval or signature comes next, ``since`` the last event of the journal.
    """
    told = {"elapsed": elapsed(since), "party": Party(waiting).label if waiting else ""}
    label, tone, icon, note = label_of(status, start, end), TONES[status], ICONS[status], ""
    match status:
        case Status.DRAFT:
            note = _("Pas encore soumise")
        case Status.SUBMITTED if waiting and follows:
            label, tone, icon = _("Votre approbation est attendue"), "wait", "hourglass"
            note = _("Soumise il y a %(elapsed)s")
        case Status.SUBMITTED if waiting:
            label, icon = _("Approbation attendue"), "hourglass"
            note = _("Chez l’enseignant référent depuis %(elapsed)s")
        case Status.SUBMITTED if manages:
            label, tone, icon = _("À valider"), "wait", "inbox"
            note = _("Soumise il y a %(elapsed)s")
        case Status.SUBMITTED:
            label = _("En vérification")
            note = _("Au centre de gestion depuis %(elapsed)s")
        case Status.RETURNED:
            tone = "info"
            note = _("Chez l’étudiant depuis %(elapsed)s")
        case Status.VALIDATED | Status.SIGNING if waiting:
            note = _("%(party)s doit signer, depuis %(elapsed)s")
        case Status.SIGNED:
            note = _("Toutes les signatures sont réunies")
        case _:
            note = _("Il y a %(elapsed)s")
    return Standing(label, tone, icon, note % told)


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


def soon(status: Status, start: date | None) -> str:
    """Return why an agreement that is not validated cannot wait, or nothing when it can."""
    days = (start - timezone.localdate()).days if start else None
    if days is None or days > URGENT.days or status not in (Status.SUBMITTED, Status.RETURNED):
        return ""
    if days == 0:
        return _("Commence aujourd’hui")
    if days < 0:
        return ngettext("A commencé il y a %(days)s jour", "A commencé il y a %(days)s jours", -days) % {
            "days": -days
        }
    return ngettext("Début dans %(days)s jour", "Début dans %(days)s jours", days) % {"days": days}
