"""Where an agreement stands, said to its reader: phases, whose turn, since when, what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conventions import explanations, law, legality, signing, wizard
from conventions.models import Avenant, AvenantStatus, Convention, Status
from conventions.models.convention import AWAITS_SIGNATURES
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
    "unsign": gettext_lazy("Dernière signature annulée"),
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
    "validate": gettext_lazy("Avenant validé"),
    "refuse": gettext_lazy("Avenant refusé"),
    "sign": gettext_lazy("Signature de l’avenant enregistrée"),
    "unsign": gettext_lazy("Dernière signature de l’avenant annulée"),
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
# A stage that starts so soon and is not validated is what a manager treats first.
URGENT = timedelta(days=7)
URGENT_STATUSES = (Status.SUBMITTED, Status.RETURNED, *AWAITS_SIGNATURES)
# A start that is further away needs no countdown.
DAYS_COUNTED = 30
STOPPED = (Status.REFUSED, Status.TERMINATED, Status.CANCELLED)


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
    here = "stop" if status in STOPPED else "done" if ended else "now"
    return [
        Phase(label, "done" if rank < current else here if rank == current else "")
        for rank, label in enumerate(PHASES)
    ]


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
    amended: Amended | None = None

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
    def can_be_withdrawn(self) -> bool:
        return self.convention.status == Status.SUBMITTED

    @property
    def can_be_copied(self) -> bool:
        """A draft is still being written: a copy would only confuse."""
        return self.convention.status != Status.DRAFT


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


def card(
    convention: Convention,
    waiting: Party | None,
    since: datetime | None,
    amended: Amended | None = None,
    *,
    certified: bool,
) -> Card:
    """Return what its student must know and do now.

    ``waiting`` is the party whose approval or signature comes next, ``since`` the last event of the journal,
    ``amended`` its avenant that counts, ``certified`` whether its certificate was made. Needs the remarks; no other
    query.
    """
    status = Status(convention.status)
    yours, sentence = _("C’est à vous"), ""
    holder, button, url, todo = "", _("Voir la convention"), convention.get_absolute_url(), False
    match status:
        case Status.DRAFT:
            holder, todo = yours, True
            sentence = _("Complétez les étapes, puis soumettez la convention.")
            button, url = _("Reprendre la saisie"), wizard.step_url(convention, wizard.RESUME)
        case Status.RETURNED:
            holder, todo = yours, True
            remarks = [remark for remark in convention.remarks.all() if remark.resolved_at is None]
            sentence = ngettext(
                "Votre gestionnaire demande une correction.",
                "Votre gestionnaire demande %(count)s corrections.",
                len(remarks),
            ) % {"count": len(remarks)}
            button, url = _("Corriger la convention"), wizard.step_url(convention, wizard.RECAP)
            if remarks:
                url = wizard.field_url(convention, remarks[0].field)
            else:
                sentence = _("Vos corrections sont faites : soumettez la convention à nouveau.")
        case Status.SUBMITTED:
            holder = (
                _("Chez votre enseignant référent") if waiting else _("Au centre de gestion (%(centre)s)")
            )
            holder %= {"centre": convention.centre}
            sentence = _("Vous ne pouvez pas encore l’imprimer.")
        case Status.VALIDATED:
            holder, todo = yours, True
            sentence = _("Imprimez la convention et faites-la signer avant le début du stage.")
            button, url = _("Imprimer et faire signer"), wizard.after_url(convention)
        case Status.SIGNING:
            party = str(Party(waiting).label) if waiting else ""
            holder = _("En attente de signature : %(party)s") % {"party": party[:1].lower() + party[1:]}
        case Status.SIGNED if is_over(convention.end) and certified:
            sentence = of_certificate(is_ready=True)
            button, url = _("Voir l’attestation"), f"{convention.get_absolute_url()}#documents"
        case Status.SIGNED if is_over(convention.end):
            sentence = of_certificate(is_ready=False)
        case Status.SIGNED:
            holder = _("Toutes les signatures sont réunies")
        case Status.REFUSED | Status.TERMINATED | Status.CANCELLED:
            button, url = _("Voir pourquoi"), wizard.after_url(convention)
    if amended and not todo and amended.status in AVENANT_REQUESTS:
        holder, todo, url, since = yours, True, amended.url, None
        sentence, button = map(str, AVENANT_REQUESTS[amended.status])
    is_unsigned = status in {
        Status.DRAFT,
        Status.RETURNED,
        Status.SUBMITTED,
        Status.VALIDATED,
        Status.SIGNING,
    }
    return Card(
        convention,
        ", ".join(filter(None, [title(convention), convention.service.city if convention.service else ""])),
        label(convention),
        TONES[status],
        ICONS[status],
        track(convention),
        holder,
        elapsed(since) if holder and status != Status.SIGNED else "",
        sentence,
        countdown(days_until(convention.start)) if is_unsigned else "",
        url,
        button,
        todo,
        amended,
    )


def to_do(cards: list[Card]) -> list[Card]:
    """Return what waits for the student, the stage that starts first at the top."""
    return sorted((card for card in cards if card.todo), key=lambda card: card.convention.start or date.max)


def title(convention: Convention) -> str:
    """Return what a student knows an agreement by before it has a number: its host, or its subject."""
    return str(convention.organisation or convention.subject or _("Nouvelle convention"))


def days_until(day: date | None) -> int | None:
    return (day - timezone.localdate()).days if day else None


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
    status, centre, teacher = Status(convention.status), convention.centre, convention.teacher
    is_sent = not convention.is_editable
    is_validated = convention.validated_at is not None

    def state(is_done: bool, is_now: bool) -> str:
        return "done" if is_done else "now" if is_now else "todo"

    lines = [
        Follow(
            state(is_sent, not is_sent),
            _("Vous avez soumis la convention") if is_sent else _("Vous soumettez la convention"),
            date_format(timezone.localtime(convention.submitted_at), "SHORT_DATETIME_FORMAT")
            if is_sent and convention.submitted_at
            else "",
        )
    ]
    if centre and centre.teacher_approves:
        lines.append(
            Follow(
                state(is_sent and not awaits_approval, is_sent and awaits_approval),
                _("Votre enseignant référent approuve"),
                f"{teacher} · {teacher.user.email}" if teacher else "",
            )
        )
    mailbox = [centre.mailbox] if centre and centre.mailbox not in told else []
    lines += [
        Follow(
            state(is_validated, is_sent and not awaits_approval),
            _("Votre gestionnaire, prévenu par courriel, vérifie puis valide"),
            " · ".join([str(centre or ""), ", ".join(told), *mailbox]),
        ),
        Follow(state(is_validated, False), _("Un courriel vous dit que vous pouvez imprimer")),
        Follow(
            state(is_validated and status != Status.VALIDATED, status == Status.VALIDATED),
            ngettext(
                "Vous imprimez %(count)s exemplaire",
                "Vous imprimez %(count)s exemplaires",
                convention.copies or 0,
            )
            % {"count": convention.copies},
            _("parce que le stage est à l’étranger") if convention.is_abroad else "",
        ),
        Follow(
            state(status == Status.SIGNED, status == Status.SIGNING),
            _("Vous faites signer, dans l’ordre du circuit"),
        ),
        _paper_awaited(convention, certified=certified),
    ]
    return lines


def _paper_awaited(convention: Convention, *, certified: bool) -> Follow:
    """Return the last thing that follows: the certificate of a stage that is over, of an insurance before."""
    if certified:
        return Follow("done", of_certificate(is_ready=True))
    if convention.status == Status.SIGNED and is_over(convention.end):
        return Follow("now", of_certificate(is_ready=False))
    return Follow(
        "done" if legality.certified(convention) else "todo",
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


@dataclass(frozen=True)
class Standing:
    """Where an agreement stands, said to staff: its state, then whose turn it is and since when."""

    label: str
    tone: str
    icon: str
    note: str


def is_over(end: date | None) -> bool:
    return end is not None and end < timezone.localdate()


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


@dataclass(frozen=True)
class SignatureAlert:
    """What a date asks of the signatures, and the rule and text it comes from."""

    tone: str
    title: str
    text: str
    rule: str
    article: str
    source: str


def _asked_by(rule_id: str, tone: str, title: str, text: str) -> SignatureAlert:
    rule = law.RULES[rule_id]
    return SignatureAlert(tone, title, text, rule.id, explanations.cited(rule), explanations.source(rule))


def signature_alert(convention: Convention) -> SignatureAlert | None:
    """Tell that signatures are missing as the stage comes, or that the last one came after it began (R-01).

    Of the avenant that ``convention`` shows, that they are missing as the last day to give them comes.
    """
    if convention.amended_by and convention.amended_from:
        return _avenant_alert(convention, convention.amended_by, convention.amended_from)
    start, status = convention.start, convention.status
    days = days_until(start)
    if start is None or days is None:
        return None
    if status in AWAITS_SIGNATURES and days <= URGENT.days:
        missing = signing.missing(convention)
        tone = "wait" if days > 0 else "stop"
        title = soon(Status(status), start)
        text = ngettext(
            "Il manque une signature : le stage ne peut pas commencer avant.",
            "Il manque %(count)s signatures : le stage ne peut pas commencer avant la dernière.",
            missing,
        ) % {"count": missing}
    elif status == Status.SIGNED and (
        found := legality.late(convention, signing.completed_on(convention, {}))
    ):
        tone, title, text = "wait", _("Signée après le début du stage"), explanations.message(found[0])
    else:
        return None
    return _asked_by("R-01", tone, title, text)


def _avenant_alert(convention: Convention, avenant: Avenant, before: Convention) -> SignatureAlert | None:
    """No avenant is retroactive: it is signed before its day (A-01) and the end of the stage (A-07)."""
    last, rule = min(
        (day, rule) for rule, day in (("A-01", avenant.effective_on), ("A-07", before.end)) if day
    )
    today = timezone.localdate()
    if avenant.status not in AWAITS_SIGNATURES or last - today > URGENT:
        return None
    title = _("À signer au plus tard le %(day)s") % {"day": date_format(last, "SHORT_DATE_FORMAT")}
    if last < today:
        text = _(
            "Ce jour est passé : seules des signatures données jusque-là s’enregistrent encore. Sinon, annulez "
            "l’avenant, car aucun n’est rétroactif."
        )
        return _asked_by(rule, "stop", title, text)
    missing = signing.missing(convention)
    text = ngettext(
        "Il manque une signature : l’avenant ne peut pas prendre effet sans elle.",
        "Il manque %(count)s signatures : l’avenant ne peut pas prendre effet sans elles.",
        missing,
    ) % {"count": missing}
    return _asked_by(rule, "wait", title, text)


def soon(status: Status, start: date | None) -> str:
    """Return why an agreement that is not signed cannot wait, or nothing when it can."""
    days = days_until(start)
    if days is None or days > URGENT.days or status not in URGENT_STATUSES:
        return ""
    if days == 0:
        return _("Commence aujourd’hui")
    if days < 0:
        return ngettext("A commencé il y a %(days)s jour", "A commencé il y a %(days)s jours", -days) % {
            "days": -days
        }
    return ngettext("Début dans %(days)s jour", "Début dans %(days)s jours", days) % {"days": days}
