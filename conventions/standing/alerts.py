"""What the dates ask of the signatures that are missing, and what cannot wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conventions import law, legality
from conventions.circuit import turns
from conventions.legality import words
from conventions.models import Amended, Convention, Status
from conventions.models.status import AWAITS_SIGNATURES
from conventions.standing.words import days_until

# A stage that starts so soon and is not validated is what a manager treats first.
URGENT = timedelta(days=7)
URGENT_STATUSES = (Status.SUBMITTED, Status.RETURNED, *AWAITS_SIGNATURES)


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
    return SignatureAlert(tone, title, text, rule.id, words.cited(rule), words.source(rule))


def signature_alert(convention: Convention) -> SignatureAlert | None:
    """Tell that signatures are missing as the stage comes, or that the last one came after it began (R-01).

    Of the avenant that ``convention`` shows, that they are missing as the last day to give them comes.
    """
    if isinstance(convention, Amended):
        return _avenant_alert(convention)
    start, status = convention.start, convention.status
    days = days_until(start)
    if start is None or days is None:
        return None
    if status in AWAITS_SIGNATURES and days <= URGENT.days:
        missing = turns.missing(convention)
        tone = "wait" if days > 0 else "stop"
        title = soon(Status(status), start)
        text = ngettext(
            "Il manque une signature : le stage ne peut pas commencer avant.",
            "Il manque %(count)s signatures : le stage ne peut pas commencer avant la dernière.",
            missing,
        ) % {"count": missing}
    elif status == Status.SIGNED and (found := legality.late(convention, turns.completed_on(convention, {}))):
        tone, title, text = "wait", _("Signée après le début du stage"), words.message(found[0])
    else:
        return None
    return _asked_by("R-01", tone, title, text)


def _avenant_alert(convention: Amended) -> SignatureAlert | None:
    """No avenant is retroactive: it is signed before its day (A-01) and the end of the stage (A-07)."""
    avenant, before = convention.avenant, convention.before
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
    missing = turns.missing(convention)
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
