"""What staff read of an agreement, of its avenant that counts, or of one of its avenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conventions.models import Avenant, AvenantStatus, Status
from conventions.standing.words import AVENANT_ICONS, AVENANT_TONES, ICONS, TONES, elapsed, is_over, label_of
from organisations.models import Party


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
    certified: bool,
) -> Standing:
    """Return it for a reader who ``manages`` or ``follows`` the agreement, or neither.

    ``waiting`` is the party whose approval or signature comes next, ``since`` the last event of the journal;
    ``certified`` says that its certificate was made.
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
        case Status.SIGNED if is_over(end):
            note = _("Attestation établie") if certified else _("Attestation à établir")
        case Status.SIGNED:
            note = _("Toutes les signatures sont réunies")
        case _:
            note = _("Il y a %(elapsed)s")
    return Standing(label, tone, icon, note % told)


@dataclass(frozen=True)
class Amended:
    """The avenant that counts for an agreement, as its badge says it."""

    rank: int | None
    status: AvenantStatus
    url: str

    @property
    def label(self) -> str:
        label = _("Avenant A%(rank)s : %(status)s") if self.rank else _("Avenant : %(status)s")
        status = str(self.status.label)
        return label % {"rank": self.rank, "status": status[:1].lower() + status[1:]}

    @property
    def tone(self) -> str:
        return AVENANT_TONES[self.status]

    @property
    def icon(self) -> str:
        return AVENANT_ICONS[self.status]


def avenant_badge(avenant: Avenant) -> Standing:
    """Return the state of an avenant in the list of its agreement."""
    status = AvenantStatus(avenant.status)
    label = str(status.label)
    if avenant.applied_at:
        day = date_format(timezone.localtime(avenant.applied_at), "SHORT_DATE_FORMAT")
        label = _("En vigueur depuis le %(day)s") % {"day": day}
    return Standing(label, AVENANT_TONES[status], AVENANT_ICONS[status], "")


def avenant_standing(
    avenant: Avenant,
    waiting: Party | None,
    since: datetime | None,
    *,
    decides: bool,
    follows: bool,
    owns: bool,
    holds: bool,
) -> Standing:
    """Return where an avenant stands, whose turn it is since when and what comes next, for one reader.

    ``waiting`` is the party whose approval or signature comes next, ``since`` what its turn began with.
    """
    status = AvenantStatus(avenant.status)
    label, tone, icon = str(status.label), AVENANT_TONES[status], AVENANT_ICONS[status]
    told = {
        "elapsed": elapsed(since),
        "who": _("C’est à vous de signer")
        if owns and waiting == Party.STUDENT
        else _("%(party)s doit signer") % {"party": Party(waiting).label if waiting else ""},
        "author": avenant.created_by or "",
        "day": date_format(avenant.effective_on, "SHORT_DATE_FORMAT") if avenant.effective_on else "",
    }
    match status:
        case AvenantStatus.DRAFT:
            note = _("Pas encore soumis. Complétez-le, puis soumettez-le au centre de gestion.")
        case AvenantStatus.RETURNED if holds:
            note = _(
                "C’est à vous depuis %(elapsed)s. Traitez les remarques, puis soumettez l’avenant à nouveau."
            )
        case AvenantStatus.RETURNED:
            note = _("Chez %(author)s depuis %(elapsed)s, pour correction.")
        case AvenantStatus.SUBMITTED if waiting and follows:
            label, tone, icon = _("Votre approbation est attendue"), "wait", "hourglass"
            note = _(
                "Soumis il y a %(elapsed)s. Une fois approuvé par vous, il sera vérifié par le centre de gestion."
            )
        case AvenantStatus.SUBMITTED if waiting:
            label, icon = _("Approbation attendue"), "hourglass"
            note = _("Chez l’enseignant référent depuis %(elapsed)s. Le centre de gestion décide ensuite.")
        case AvenantStatus.SUBMITTED if decides:
            label, tone, icon = _("À valider"), "wait", "inbox"
            note = _("Soumis il y a %(elapsed)s. Une fois validé, il est imprimé et signé par les parties.")
        case AvenantStatus.SUBMITTED:
            note = _("Au centre de gestion depuis %(elapsed)s. Il le valide ou demande une correction.")
        case AvenantStatus.VALIDATED | AvenantStatus.SIGNING if avenant.effective_on:
            note = _("%(who)s depuis %(elapsed)s. Une fois signé, l’avenant prend effet le %(day)s.")
        case AvenantStatus.VALIDATED | AvenantStatus.SIGNING:
            note = _("%(who)s depuis %(elapsed)s. L’avenant prend effet à la dernière signature.")
        case AvenantStatus.SIGNED:
            note = _("Toutes les signatures sont réunies. La convention change le %(day)s.")
        case AvenantStatus.EFFECTIVE:
            note = _("La convention a ces valeurs depuis %(elapsed)s.")
        case _:
            note = _("Depuis %(elapsed)s. La convention reste telle qu’elle est.")
    return Standing(label, tone, icon, note % told)
