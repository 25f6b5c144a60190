"""Leave, benefits, social protection, civil liability, and what follows the end."""

from collections.abc import Iterable, Iterator
from datetime import date

from accounts.limits import YEARS_OF_PENSION_CLAIMS
from conventions.calendar import ONE_DAY, Period, add_months
from conventions.law.case import TWO_MONTHS, Case
from conventions.law.facts import Proof
from conventions.law.finding import BLOCK, INFORM, WARN, Chapter, Finding, Rule, hours
from conventions.law.finding import gettext_noop as _

CHAPTER = Chapter("Congés, avantages et protection")

CHAPTER.note(
    "C-01",
    "L124-13",
    "Maternité, paternité et adoption ouvrent les mêmes congés et absences qu’aux salariés.",
)


@CHAPTER.rule(
    "C-02",
    "L124-13",
    "Au-delà de deux mois, la convention prévoit des congés ou des autorisations d’absence.",
    BLOCK,
    formula="heures > 308 : congés ou absences écrits",
    example="308 h : facultatif ; 315 h sans congés : non ; « 0 jour » : à vérifier.",
)
def leave_planned(case: Case, rule: Rule) -> Iterator[Finding]:
    stage = case.facts.stage
    if (
        case.duration is None
        or case.duration <= TWO_MONTHS
        or case.facts.host.is_abroad
        or stage.leave_terms.strip()
    ):
        return
    if stage.leave_days is None:
        yield rule.finds(
            "leave_terms",
            _(
                "Ce stage dépasse deux mois (%(limit)s) : la convention doit prévoir des congés ou des "
                "autorisations d’absence. Indiquez-les."
            ),
            limit=hours(TWO_MONTHS),
        )
    elif not stage.leave_days:
        yield rule.finds(
            "leave_days",
            _(
                "« 0 jour » : la loi veut que des congés ou des autorisations d’absence soient possibles "
                "au-delà de deux mois."
            ),
            severity=WARN,
        )


@CHAPTER.rule(
    "C-03",
    "L124-13 ; D124-4, 13°",
    "La convention écrit les avantages : restaurant ou titres-restaurant, transport, activités sociales.",
    BLOCK,
    formula="avantages écrits, « Néant » compris",
    example="Champ vide : non ; « Néant » : oui.",
)
def benefits_written(case: Case, rule: Rule) -> Iterator[Finding]:
    if not case.facts.stage.benefits.strip():
        yield rule.finds("benefits", _("Indiquez les avantages offerts, ou « Néant »."), is_missing=True)


CHAPTER.note(
    "C-04",
    "L3261-2 du code du travail ; décret n° 2010-676",
    (
        "L’abonnement de transport est pris en charge : pour moitié dans le privé, pour les trois quarts "
        "dans le public depuis le 1er septembre 2023."
    ),
)
CHAPTER.note(
    "C-05", "L124-16", "Le stagiaire accède aux activités sociales et culturelles comme les salariés."
)
CHAPTER.note(
    "C-06",
    "L124-15",
    (
        "Stage interrompu pour maladie, accident, grossesse ou rupture : l’établissement le valide, "
        "propose une autre validation ou un report."
    ),
)
CHAPTER.note(
    "C-07", "D124-9", "À la fin, l’organisme remet une attestation : durée réelle et gratification versée."
)
CHAPTER.note("C-08", "L124-4", "L’étudiant évalue la qualité de l’accueil ; sa note n’en dépend pas.")


@CHAPTER.rule(
    "C-09",
    "L351-17 du code de la sécurité sociale",
    "Un stage gratifié peut compter pour la retraite : deux trimestres au plus, demandés dans les deux ans.",
    INFORM,
    formula="date limite = fin du stage + 2 ans",
    example="Fin le 30/06/2026 : jusqu’au 30/06/2028.",
)
def pension(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.end and case.is_due:
        yield rule.finds(
            "end",
            _(
                "Gardez l’attestation : jusqu’au %(limit)s, ce stage gratifié peut être pris en compte "
                "pour votre retraite."
            ),
            limit=add_months(case.end, 12 * YEARS_OF_PENSION_CLAIMS),
        )


CHAPTER.note(
    "C-10",
    "L1221-24 du code du travail",
    "En cas d’embauche dans les trois mois, le stage de fin d’études se déduit de la période d’essai.",
)


@CHAPTER.rule(
    "P-01",
    "D124-4, 9° ; L412-8 du code de la sécurité sociale",
    "La convention écrit la protection sociale du stagiaire, accidents du travail compris.",
    BLOCK,
    formula="caisse d’assurance maladie écrite",
    example="Sans caisse : non.",
)
def fund_written(case: Case, rule: Rule) -> Iterator[Finding]:
    if not case.facts.protection.has_fund:
        yield rule.finds(
            "health_fund",
            _("Choisissez votre caisse dans la liste, ou écrivez son nom dans « Autre caisse »."),
            is_missing=True,
        )


CHAPTER.note(
    "P-02",
    "L412-8, 2°, du code de la sécurité sociale",
    "Le stagiaire est couvert pour les accidents du travail et de trajet.",
)


@CHAPTER.rule(
    "P-03",
    "R412-4 du code de la sécurité sociale",
    (
        "Accident : l’organisme le déclare ; jusqu’au seuil de gratification, il nomme l’établissement "
        "comme employeur."
    ),
    INFORM,
    formula="montant par heure ≤ 15 % du plafond horaire : employeur = établissement d’enseignement",
    example="4,50 €/h en 2026 : l’établissement ; 5,00 €/h : l’organisme.",
)
def who_declares(case: Case, rule: Rule) -> Iterator[Finding]:
    if not case.follows_french_pay or not case.paid_months:
        return
    yield rule.finds(
        "amount",
        _(
            "En cas d’accident, l’organisme le déclare sous 48 heures en son nom et en envoie une copie à "
            "l’établissement."
        )
        if case.exceeds_exemption
        else _(
            "En cas d’accident, l’organisme le déclare sous 48 heures en nommant l’établissement "
            "d’enseignement comme employeur."
        ),
    )


CHAPTER.note(
    "P-04",
    "R441-3 du code de la sécurité sociale",
    "L’accident se déclare sous 48 heures, dimanches et jours fériés non compris.",
)
CHAPTER.note(
    "P-05",
    "service-public.fr, fiche F32131",
    "La caisse est celle du lieu de résidence ; la MSA pour les régimes agricoles.",
)


@CHAPTER.rule(
    "P-06",
    "D124-4, 9° ; arrêté du 29 décembre 2014, article 7",
    (
        "Le stagiaire est assuré en responsabilité civile ; l’établissement peut en demander la preuve "
        "pour tout le stage."
    ),
    BLOCK,
    formula="attestation exigée : assuré du premier au dernier jour, attestation jointe",
    example="Attestation du 01/09 au 31/08 pour un stage qui finit le 30/06 : oui.",
)
def insured(case: Case, rule: Rule) -> Iterator[Finding]:
    if not case.facts.stricter.requires_insurance:
        return
    first, last = case.facts.protection.covered
    if not case.facts.protection.has_insurance:
        yield rule.finds(
            "insurer",
            _(
                "Votre établissement demande une attestation de responsabilité civile : indiquez "
                "l’assureur et le contrat."
            ),
        )
    elif first is None or last is None:
        yield rule.finds(
            "insurance_start", _("Indiquez la période que couvre l’attestation de responsabilité civile.")
        )
    elif (case.start and first > case.start) or (case.end and last < case.end):
        yield rule.finds(
            "insurance_end" if case.end and last < case.end else "insurance_start",
            _("L’attestation couvre du %(first)s au %(last)s : elle doit couvrir tout le stage."),
            first=first,
            last=last,
        )
    if not are_covered(case.facts.protection.insured_periods, case.start, case.end):
        yield rule.finds(
            "attachments",
            _(
                "Votre établissement demande une attestation de responsabilité civile : joignez celle qui couvre "
                "tout le stage, ou celles qui le couvrent ensemble."
            ),
        )


def are_covered(periods: Iterable[Period], start: date | None, end: date | None) -> bool:
    """Whether periods, put together, cover each day of a stage; while its dates are not known, one is enough."""
    left, last = start or end, end or start
    if left is None or last is None:
        return any(periods)
    for begins, ends in sorted(periods):
        if begins <= left <= ends:
            left = ends + ONE_DAY
    return left > last


CHAPTER.note(
    "P-07",
    "arrêté du 29 décembre 2014, article 7",
    "Un véhicule prêté ou personnel utilisé pour le stage est signalé à son assureur.",
)
CHAPTER.note(
    "P-08",
    "code de l’entrée et du séjour des étrangers",
    (
        "Un étudiant étranger inscrit en France fait un stage sans autorisation de travail, en dehors de "
        "ses 964 heures."
    ),
)


@CHAPTER.rule(
    "P-09",
    "R413-5-1 du code pénal ; décret n° 2011-1425",
    "L’accès à une zone à régime restrictif est autorisé avant le stage.",
    WARN,
    formula="zone à régime restrictif : accès autorisé",
    example="Laboratoire en ZRR sans autorisation : à vérifier.",
)
def restricted_area(case: Case, rule: Rule) -> Iterator[Finding]:
    host = case.facts.host
    if host.in_restricted_area and not host.restricted_area_authorised:
        yield rule.finds(
            "restricted_area_authorised",
            _("L’accès à une zone à régime restrictif demande une autorisation, avant le stage."),
        )


@CHAPTER.rule(
    "P-10",
    "règle du centre de gestion",
    "Les pièces que le centre exige sont jointes, puis acceptées avant la validation.",
    INFORM,
    formula="pièce exigée : jointe, non refusée",
    example="Visa exigé, aucun visa joint : à joindre ; visa joint : oui.",
)
def required_papers(case: Case, rule: Rule) -> Iterator[Finding]:
    missing = case.facts.protection.missing
    if Proof.SOCIAL_RIGHTS in missing:
        yield rule.finds(
            "attachments",
            _("Joignez votre attestation de droits à l’assurance maladie : le centre l’attend pour valider."),
        )
    if Proof.ASSISTANCE in missing:
        yield rule.finds(
            "attachments",
            _("Joignez votre assurance rapatriement et assistance : le centre l’attend pour valider."),
        )
    if Proof.VISA in missing:
        yield rule.finds(
            "attachments", _("Joignez votre visa ou titre de séjour : le centre l’attend pour valider.")
        )
