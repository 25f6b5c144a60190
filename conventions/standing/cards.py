"""What a student reads of an agreement: its card on the home page, and what follows a submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conventions.circuit import turns
from conventions.legality import insurance
from conventions.models import Convention, Status
from conventions.models.circuit import Approver
from conventions.standing.buttons import Button
from conventions.standing.staff import AvenantBadge
from conventions.standing.words import (
    AVENANT_REQUESTS,
    ICONS,
    TONES,
    Phase,
    days_until,
    elapsed,
    is_over,
    label,
    party_label,
    track,
)
from conventions.writing import steps
from organisations.models import Party

# A start that is further away needs no countdown, nor does an agreement that all have signed.
DAYS_COUNTED = 30
UNSIGNED = {Status.DRAFT, Status.RETURNED, Status.SUBMITTED, Status.VALIDATED, Status.SIGNING}


# Who holds what was submitted, before the centre.
HOLDERS = {
    Approver.TEACHER: gettext_lazy("Chez votre enseignant référent"),
    Approver.SECURITY: gettext_lazy("Chez le fonctionnaire de sécurité et de défense"),
}


@dataclass(frozen=True)
class Card:
    """One agreement on its student's home page: where it is, who holds it since when, what to do."""

    convention: Convention
    title: str
    label: str
    tone: str
    icon: str
    phases: list[Phase]
    holder: str
    elapsed: str
    sentence: str
    countdown: str
    url: str
    button: str
    todo: bool
    amended: AvenantBadge | None = None
    at_hand: Sequence[Button] = ()  # what is done from the card itself

    @property
    def lead_tone(self) -> str:
        """Return the tone of what is to be done: of the agreement, or of its avenant."""
        return self.amended.tone if self.amended and self.url == self.amended.url else self.tone

    @property
    def has_next_steps(self) -> bool:
        """Something follows: verification, printing, signatures, and the page that says so is not its button yet."""
        return self.convention.status in {Status.RETURNED, Status.SUBMITTED, Status.SIGNING, Status.SIGNED}

    @property
    def can_be_deleted(self) -> bool:
        return self.convention.status == Status.DRAFT and self.convention.number is None

    @property
    def can_be_copied(self) -> bool:
        """A draft is still being written: a copy would only confuse."""
        return self.convention.status != Status.DRAFT


def card(
    convention: Convention,
    waiting: Party | Approver | None,
    since: datetime | None,
    amended: AvenantBadge | None = None,
    at_hand: Sequence[Button] = (),
    *,
    certified: bool,
    forbidden: bool = False,
) -> Card:
    """Return what its student must know and do now.

    ``waiting`` is the party whose approval or signature comes next, ``since`` the last event of the journal,
    ``amended`` its avenant that counts, ``at_hand`` what can be done at once, ``certified`` whether its certificate was
    made, ``forbidden`` whether a security officer refused the departure. Needs the remarks and the attachments; no other query.
    """
    status = Status(convention.status)
    is_stopped = forbidden and convention.is_submitted
    asked = _forbidden(convention) if is_stopped else _asked(convention, waiting, certified=certified)
    if amended and not asked.todo and amended.status in AVENANT_REQUESTS:
        sentence, button = map(str, AVENANT_REQUESTS[amended.status])
        asked, since = Asked(_yours(), sentence, button, amended.url, todo=True), None
    return Card(
        convention,
        ", ".join(filter(None, [title(convention), convention.service.city if convention.service else ""])),
        _("Départ refusé") if is_stopped else label(convention),
        "stop" if is_stopped else TONES[status],
        "circle-x" if is_stopped else ICONS[status],
        track(convention),
        asked.holder,
        elapsed(since) if asked.holder and status != Status.SIGNED else "",
        asked.sentence,
        countdown(days_until(convention.start)) if status in UNSIGNED else "",
        asked.url,
        asked.button,
        asked.todo,
        amended,
        at_hand,
    )


@dataclass(frozen=True)
class Asked:
    """What a card asks of its student: who holds the agreement, a sentence, a button and where it leads."""

    holder: str
    sentence: str
    button: str
    url: str
    todo: bool = False


def _yours() -> str:
    return _("C’est à vous")


def _asked(convention: Convention, waiting: Party | Approver | None, *, certified: bool) -> Asked:
    """Return what the state of an agreement asks of its student."""
    seen = Asked("", "", _("Voir la convention"), convention.get_absolute_url())
    match Status(convention.status):
        case Status.DRAFT:
            return Asked(
                _yours(),
                _("Complétez les étapes, puis soumettez la convention."),
                _("Reprendre la saisie"),
                steps.step_url(convention, steps.RESUME),
                todo=True,
            )
        case Status.RETURNED:
            return _corrections(convention)
        case Status.SUBMITTED:
            holder = (HOLDERS[Approver(waiting)] if waiting else _("Au centre de gestion (%(centre)s)")) % {
                "centre": convention.centre
            }
            return replace(seen, holder=holder, sentence=_("Vous ne pouvez pas encore l’imprimer."))
        case Status.VALIDATED | Status.SIGNING if convention.has_copy_to_check:
            return replace(
                seen,
                holder=_("Au centre de gestion (%(centre)s)") % {"centre": convention.centre},
                sentence=_(
                    "La copie signée est à vérifier : les signatures comptent une fois qu’elle est acceptée."
                ),
            )
        case Status.VALIDATED:
            return Asked(
                _yours(),
                _("Imprimez la convention et faites-la signer avant le début du stage."),
                _("Imprimer et faire signer"),
                steps.after_url(convention),
                todo=True,
            )
        case Status.SIGNING:
            party = party_label(waiting)
            holder = _("En attente de signature : %(party)s") % {"party": party[:1].lower() + party[1:]}
            return replace(seen, holder=holder)
        case Status.SIGNED:
            return _once_signed(convention, seen, certified=certified)
        case Status.REFUSED | Status.TERMINATED | Status.CANCELLED:
            return replace(seen, button=_("Voir pourquoi"), url=steps.after_url(convention))


def _forbidden(convention: Convention) -> Asked:
    """Return what is said to the student whose departure a security officer refused."""
    return Asked(
        _("Au centre de gestion (%(centre)s)") % {"centre": convention.centre},
        _(
            "Le fonctionnaire de sécurité et de défense a refusé ce départ : votre gestionnaire décide de la suite."
        ),
        _("Voir la convention"),
        convention.get_absolute_url(),
    )


def _corrections(convention: Convention) -> Asked:
    """Return what a returned agreement asks: its remarks still open, the first one a click away."""
    remarks = [remark for remark in convention.remarks.all() if remark.resolved_at is None]
    if remarks:
        sentence = ngettext(
            "Votre gestionnaire demande une correction.",
            "Votre gestionnaire demande %(count)s corrections.",
            len(remarks),
        ) % {"count": len(remarks)}
        url = steps.field_url(convention, remarks[0].field)
    elif convention.is_reopened:
        sentence = _(
            "Votre centre de gestion l’a reprise pour la corriger : corrigez, puis soumettez à nouveau."
        )
        url = steps.step_url(convention, steps.RECAP)
    else:
        sentence = _("Vos corrections sont faites : soumettez la convention à nouveau.")
        url = steps.step_url(convention, steps.RECAP)
    return Asked(_yours(), sentence, _("Corriger la convention"), url, todo=True)


def _once_signed(convention: Convention, seen: Asked, *, certified: bool) -> Asked:
    """Return what a signed agreement says: its signatures are there, then where its certificate stands."""
    if not is_over(convention.end):
        return replace(seen, holder=_("Toutes les signatures sont réunies"))
    if not certified:
        return replace(seen, sentence=of_certificate(is_ready=False))
    url = f"{convention.get_absolute_url()}#documents"
    return replace(seen, sentence=of_certificate(is_ready=True), button=_("Voir l’attestation"), url=url)


def to_do(cards: list[Card]) -> list[Card]:
    """Return what waits for the student, the stage that starts first at the top."""
    return sorted((card for card in cards if card.todo), key=lambda card: card.convention.start or date.max)


def title(convention: Convention) -> str:
    """Return what a student knows an agreement by before it has a number: its host, or its subject."""
    return str(convention.organisation or convention.subject or _("Nouvelle convention"))


def countdown(days: int | None) -> str:
    """Return « Votre stage commence dans 12 jours »: the agreement must be signed before."""
    if days is None or not 0 <= days <= DAYS_COUNTED:
        return ""
    if days == 0:
        return _("Votre stage commence aujourd’hui.")
    return ngettext("Votre stage commence demain.", "Votre stage commence dans %(days)s jours.", days) % {
        "days": days
    }


@dataclass(frozen=True)
class Follow:
    """One line of what follows a submission; ``state`` is ``done``, ``now`` or ``todo``."""

    state: str
    title: str
    note: str = ""


def what_follows(
    convention: Convention, told: list[str], *, awaits_approval: bool, certified: bool
) -> list[Follow]:
    """Return what happens from the submission to the last signature, then to the certificate, for its student.

    ``told`` are the people or the mailbox that a submission reaches; ``certified`` says that its certificate was made.
    """
    is_sent, is_validated = not convention.is_editable, convention.validated_at is not None
    centre = convention.centre
    mailbox = [centre.mailbox] if centre and centre.mailbox not in told else []
    approval = [_approval(convention, is_sent, awaits_approval)] if centre and centre.teacher_approves else []
    departure = turns.approval(convention, Approver.SECURITY)
    forbidden = departure is not None and departure.is_refused
    awaits_clearance = forbidden or (departure is not None and departure.done_at is None)
    return [
        _submission(convention, is_sent),
        *approval,
        *([_departure(is_sent, awaits_clearance, forbidden=forbidden)] if departure else []),
        Follow(
            _state(is_validated, is_sent and not awaits_approval and not awaits_clearance),
            _("Votre gestionnaire, prévenu par courriel, vérifie puis valide"),
            " · ".join([str(centre or ""), ", ".join(told), *mailbox]),
        ),
        Follow(_state(is_validated, False), _("Un courriel vous dit que vous pouvez imprimer")),
        _printing(convention),
        Follow(
            _state(convention.status == Status.SIGNED, convention.status == Status.SIGNING),
            _("Vous faites signer, dans l’ordre du circuit"),
        ),
        _insurance_awaited(convention, certified=certified),
    ]


def _state(is_done: bool, is_now: bool) -> str:
    return "done" if is_done else "now" if is_now else "todo"


def _submission(convention: Convention, is_sent: bool) -> Follow:
    sent_at = convention.submitted_at if is_sent else None
    return Follow(
        _state(is_sent, not is_sent),
        _("Vous avez soumis la convention") if is_sent else _("Vous soumettez la convention"),
        date_format(timezone.localtime(sent_at), "SHORT_DATETIME_FORMAT") if sent_at else "",
    )


def _approval(convention: Convention, is_sent: bool, awaits_approval: bool) -> Follow:
    teacher = convention.teacher
    return Follow(
        _state(is_sent and not awaits_approval, is_sent and awaits_approval),
        _("Votre enseignant référent approuve"),
        f"{teacher} · {teacher.user.email}" if teacher else "",
    )


def _departure(is_sent: bool, awaits_clearance: bool, *, forbidden: bool) -> Follow:
    return Follow(
        _state(is_sent and not awaits_clearance, is_sent and awaits_clearance),
        _("Le fonctionnaire de sécurité et de défense a refusé ce départ")
        if forbidden
        else _("Le fonctionnaire de sécurité et de défense décide du départ"),
        _("parce que la destination est à risque"),
    )


def _printing(convention: Convention) -> Follow:
    is_to_print = convention.status == Status.VALIDATED
    return Follow(
        _state(convention.validated_at is not None and not is_to_print, is_to_print),
        ngettext(
            "Vous imprimez %(count)s exemplaire",
            "Vous imprimez %(count)s exemplaires",
            convention.copies or 0,
        )
        % {"count": convention.copies},
        _("parce que le stage est à l’étranger") if convention.is_abroad else "",
    )


def _insurance_awaited(convention: Convention, *, certified: bool) -> Follow:
    """Return the last thing that follows: the certificate of a stage that is over, of an insurance before."""
    if certified:
        return Follow("done", of_certificate(is_ready=True))
    if convention.status == Status.SIGNED and is_over(convention.end):
        return Follow("now", of_certificate(is_ready=False))
    return Follow(
        "done" if insurance.insured_periods(convention) else "todo",
        _("Vous joignez votre attestation d’assurance « Responsabilité civile »"),
        _("ci-dessous, ou à l’exemplaire qui revient à votre UFR"),
    )


def of_certificate(*, is_ready: bool) -> str:
    """Return where the certificate of a stage stands, for its student."""
    if is_ready:
        return _("Votre attestation de stage est prête.")
    return _(
        "Votre attestation de stage sera établie une fois vos heures et votre gratification déclarées par "
        "l’organisme."
    )
