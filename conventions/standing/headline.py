"""What the page of what follows a submission says first, in each state and on each day, to its student."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conventions.models import Convention, Status
from conventions.standing.cards import of_certificate
from conventions.standing.words import is_over

Words = tuple[str | Promise, str | Promise]


@dataclass(frozen=True)
class Headline:
    """What is true now, in bold, then what to know or to do."""

    title: str | Promise
    text: str | Promise


# Where a state says all.
SAID: dict[Status, Words] = {
    Status.DRAFT: (
        gettext_lazy("Vous avez retiré la soumission."),
        gettext_lazy(
            "La convention est redevenue un brouillon : modifiez-la, puis soumettez-la à nouveau. Elle gardera son "
            "numéro."
        ),
    ),
    Status.RETURNED: (
        gettext_lazy("Votre gestionnaire demande une correction."),
        gettext_lazy(
            "Chaque remarque est à côté du champ qu’elle concerne : corrigez ou répondez, puis soumettez à nouveau."
        ),
    ),
    Status.REFUSED: (
        gettext_lazy("Votre convention est refusée."),
        gettext_lazy(
            "Un refus est définitif, mais vous pouvez reprendre ces informations pour une nouvelle convention."
        ),
    ),
    Status.CANCELLED: (
        gettext_lazy("Cette convention est annulée."),
        gettext_lazy(
            "Elle ne peut plus servir. Vous pouvez en reprendre les informations pour une nouvelle convention."
        ),
    ),
    Status.SIGNING: (
        gettext_lazy("Les signatures sont en cours."),
        gettext_lazy("Suivez le circuit des signatures : chaque partie signe à son tour."),
    ),
}


# Sent back by whoever had validated it, with a reason and not with remarks.
REOPENED: Words = (
    gettext_lazy("Votre centre de gestion a repris la convention pour la corriger."),
    gettext_lazy(
        "Corrigez-la, puis soumettez-la à nouveau : elle sera validée, imprimée et signée à nouveau, sous le même "
        "numéro."
    ),
)


def headline(convention: Convention, *, certified: bool) -> Headline:
    """Return it; ``certified`` says that its certificate was made."""
    status = Status(convention.status)
    if convention.is_reopened:
        return Headline(*REOPENED)
    if status in SAID:
        return Headline(*SAID[status])
    match status:
        case Status.SUBMITTED:
            text = _(
                "Le centre de gestion (%(centre)s) vient d’être prévenu. Vous recevrez un courriel dès que "
                "l’impression sera ouverte."
            ) % {"centre": convention.centre}
            return Headline(_("Vous ne pouvez pas encore l’imprimer."), text)
        case Status.VALIDATED:
            copies = convention.copies or 0
            text = ngettext(
                "Imprimez‑la en %(copies)s exemplaire, puis engagez le circuit des signatures.",
                "Imprimez‑la en %(copies)s exemplaires, puis engagez le circuit des signatures.",
                copies,
            ) % {"copies": copies}
            return Headline(_("Votre convention est validée."), text)
        case Status.TERMINATED:
            return Headline(_("Cette convention est rompue."), broken_off(convention, certified=certified))
    return Headline(*of_a_stage(convention, certified=certified))


def broken_off(convention: Convention, *, certified: bool) -> str:
    """Return when a stage ends that was broken off, and whether its certificate is there."""
    last = convention.terminated_on
    if last is not None and last >= timezone.localdate():
        text = _("Le stage prend fin le %(day)s, avant son terme.") % {
            "day": date_format(last, "SHORT_DATE_FORMAT")
        }
    else:
        text = _("Le stage a pris fin avant son terme.")
    return f"{text} {of_certificate(is_ready=True)}" if certified else text


def of_a_stage(convention: Convention, *, certified: bool) -> Words:
    """Return what is true of a stage whose agreement all have signed: to come, under way or over."""
    signed, today = _("Toutes les signatures sont réunies."), timezone.localdate()
    if is_over(convention.end):
        return _("Votre stage est terminé."), of_certificate(is_ready=certified)
    if convention.start is not None and convention.start <= today:
        text = of_certificate(is_ready=True) if certified else signed
        return _("Votre stage est en cours."), text
    return signed, _("Votre stage peut commencer à la date prévue.")


def since_agreed(convention: Convention) -> str:
    """Return what became of what was agreed, for whoever reads it."""
    match convention.status:
        case Status.CANCELLED:
            return _("La convention est annulée depuis : elle ne peut plus servir.")
        case Status.TERMINATED:
            return _("La convention est rompue depuis.")
    return _("Ce contenu ne change plus : seul un avenant peut le modifier.")
