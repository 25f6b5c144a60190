"""What staff read of an agreement, of its avenant that counts, or of one of its avenants."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conventions.models import Avenant, AvenantStatus, Status
from conventions.models.circuit import Approver
from conventions.standing.words import (
    AVENANT_ICONS,
    AVENANT_TONES,
    ICONS,
    TONES,
    elapsed,
    is_over,
    party_label,
    status_label,
)
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
    waiting: Party | Approver | None,
    since: datetime | None,
    *,
    manages: bool,
    follows: bool,
    certified: bool,
    secures: bool = False,
    forbidden: bool = False,
) -> Standing:
    """Return it for a reader who ``manages`` or ``follows`` the agreement, or neither.

    ``waiting`` is the party whose approval or signature comes next, ``since`` the last event of the journal;
    ``certified`` says that its certificate was made, ``forbidden`` that a security officer refused the departure.
    """
    told = {"elapsed": elapsed(since), "party": party_label(waiting)}
    if status == Status.SUBMITTED and forbidden:
        shown = _forbidden()
    elif status == Status.SUBMITTED:
        shown = _submitted(waiting, decides=manages, follows=follows, secures=secures)
    else:
        label = status_label(status, start, end)
        tone = "info" if status == Status.RETURNED else TONES[status]
        shown = Standing(label, tone, ICONS[status], _note(status, end, waiting, certified=certified))
    return replace(shown, note=shown.note % told)


def _forbidden() -> Standing:
    """Return what stops an agreement or an avenant whose departure a security officer refused."""
    return Standing(_("Départ refusé"), "stop", "circle-x", _("Depuis %(elapsed)s"))


def _submitted(waiting: Party | Approver | None, *, decides: bool, follows: bool, secures: bool) -> Standing:
    """Return whom an agreement waits for once submitted: the referent teacher, a security officer, then the centre."""
    tone, icon = TONES[Status.SUBMITTED], ICONS[Status.SUBMITTED]
    if waiting == Approver.SECURITY and secures:
        return Standing(
            _("Votre autorisation est attendue"), "wait", "hourglass", _("Soumise il y a %(elapsed)s")
        )
    if waiting == Approver.SECURITY:
        note = _("Chez le fonctionnaire de sécurité et de défense depuis %(elapsed)s")
        return Standing(_("Autorisation de départ attendue"), tone, "hourglass", note)
    if waiting and follows:
        label, note = _("Votre approbation est attendue"), _("Soumise il y a %(elapsed)s")
        return Standing(label, "wait", "hourglass", note)
    if waiting:
        note = _("Chez l’enseignant référent depuis %(elapsed)s")
        return Standing(_("Approbation attendue"), tone, "hourglass", note)
    if decides:
        return Standing(_("À valider"), "wait", "inbox", _("Soumise il y a %(elapsed)s"))
    return Standing(_("En vérification"), tone, icon, _("Au centre de gestion depuis %(elapsed)s"))


def _note(status: Status, end: date | None, waiting: Party | Approver | None, *, certified: bool) -> str:
    """Return what is said beside any other state, ``%(elapsed)s`` and ``%(party)s`` still to be filled."""
    match status:
        case Status.DRAFT:
            return _("Pas encore soumise")
        case Status.RETURNED:
            return _("Chez l’étudiant depuis %(elapsed)s")
        case Status.VALIDATED | Status.SIGNING if waiting:
            return _("%(party)s doit signer, depuis %(elapsed)s")
        case Status.SIGNED if is_over(end):
            return _("Attestation établie") if certified else _("Attestation à établir")
        case Status.SIGNED:
            return _("Toutes les signatures sont réunies")
    return _("Il y a %(elapsed)s")


@dataclass(frozen=True)
class AvenantBadge:
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
    waiting: Party | Approver | None,
    since: datetime | None,
    *,
    decides: bool,
    follows: bool,
    secures: bool,
    owns: bool,
    holds: bool,
    forbidden: bool,
) -> Standing:
    """Return where an avenant stands, whose turn it is since when and what comes next, for one reader.

    ``waiting`` is the party whose approval or signature comes next, ``since`` what its turn began with, ``forbidden`` says
    that a security officer refused the departure.
    """
    status = AvenantStatus(avenant.status)
    told = {
        "elapsed": elapsed(since),
        "who": _("C’est à vous de signer")
        if owns and waiting == Party.STUDENT
        else _("%(party)s doit signer") % {"party": party_label(waiting)},
        "author": avenant.created_by or "",
        "day": date_format(avenant.effective_on, "SHORT_DATE_FORMAT") if avenant.effective_on else "",
    }
    if status == AvenantStatus.SUBMITTED and forbidden:
        shown = _forbidden()
    elif status == AvenantStatus.SUBMITTED:
        shown = _avenant_submitted(waiting, decides=decides, follows=follows, secures=secures)
    else:
        note = _avenant_note(status, holds=holds, has_a_day=avenant.effective_on is not None)
        shown = Standing(str(status.label), AVENANT_TONES[status], AVENANT_ICONS[status], note)
    return replace(shown, note=shown.note % told)


def _avenant_submitted(
    waiting: Party | Approver | None, *, decides: bool, follows: bool, secures: bool
) -> Standing:
    """Return whom an avenant waits for once submitted: the referent teacher, a security officer, then the centre."""
    status = AvenantStatus.SUBMITTED
    tone, icon = AVENANT_TONES[status], AVENANT_ICONS[status]
    if waiting == Approver.SECURITY and secures:
        note = _("Soumis il y a %(elapsed)s. Le centre de gestion décide ensuite.")
        return Standing(_("Votre autorisation est attendue"), "wait", "hourglass", note)
    if waiting == Approver.SECURITY:
        note = _(
            "Chez le fonctionnaire de sécurité et de défense depuis %(elapsed)s. Le centre de gestion décide ensuite."
        )
        return Standing(_("Autorisation de départ attendue"), tone, "hourglass", note)
    if waiting and follows:
        note = _(
            "Soumis il y a %(elapsed)s. Une fois approuvé par vous, il sera vérifié par le centre de gestion."
        )
        return Standing(_("Votre approbation est attendue"), "wait", "hourglass", note)
    if waiting:
        note = _("Chez l’enseignant référent depuis %(elapsed)s. Le centre de gestion décide ensuite.")
        return Standing(_("Approbation attendue"), tone, "hourglass", note)
    if decides:
        note = _("Soumis il y a %(elapsed)s. Une fois validé, il est imprimé et signé par les parties.")
        return Standing(_("À valider"), "wait", "inbox", note)
    note = _("Au centre de gestion depuis %(elapsed)s. Il le valide ou demande une correction.")
    return Standing(str(status.label), tone, icon, note)


def _avenant_note(status: AvenantStatus, *, holds: bool, has_a_day: bool) -> str:
    """Return what is said beside any other state of an avenant, its ``%(…)s`` still to be filled."""
    match status:
        case AvenantStatus.DRAFT:
            return _("Pas encore soumis. Complétez-le, puis soumettez-le au centre de gestion.")
        case AvenantStatus.RETURNED if holds:
            return _(
                "C’est à vous depuis %(elapsed)s. Traitez les remarques, puis soumettez l’avenant à nouveau."
            )
        case AvenantStatus.RETURNED:
            return _("Chez %(author)s depuis %(elapsed)s, pour correction.")
        case AvenantStatus.VALIDATED | AvenantStatus.SIGNING if has_a_day:
            return _("%(who)s depuis %(elapsed)s. Une fois signé, l’avenant prend effet le %(day)s.")
        case AvenantStatus.VALIDATED | AvenantStatus.SIGNING:
            return _("%(who)s depuis %(elapsed)s. L’avenant prend effet à la dernière signature.")
        case AvenantStatus.SIGNED:
            return _("Toutes les signatures sont réunies. La convention change le %(day)s.")
        case AvenantStatus.EFFECTIVE:
            return _("La convention a ces valeurs depuis %(elapsed)s.")
    return _("Depuis %(elapsed)s. La convention reste telle qu’elle est.")
