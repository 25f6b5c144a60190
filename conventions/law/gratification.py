"""When gratification is due, from which hour, and how much."""

from collections.abc import Iterator
from decimal import Decimal

from conventions.calendar import CENT, Territory
from conventions.law.case import HALF_A_CENT, OWN_RULES, Case
from conventions.law.facts import PayUnit, Regime
from conventions.law.finding import (
    BLOCK,
    INFORM,
    WARN,
    Chapter,
    Finding,
    Line,
    Rule,
    euros,
    euros_an_hour,
    hours,
)
from conventions.law.finding import gettext_noop as _

CHAPTER = Chapter("Gratification")


def minimum_shown(case: Case) -> list[Line]:
    """Return the minimum as hours × rate, year by year."""
    lines = []
    for year in sorted({month.first.year for month in case.paid_months}):
        of_year = [month for month in case.paid_months if month.first.year == year]
        named = {"year": str(year)}
        lines += [
            Line(
                _("Heures payées en %(year)s"), hours(sum((one.hours for one in of_year), Decimal(0))), named
            ),
            Line(_("Minimum d’une heure en %(year)s"), euros_an_hour(of_year[0].rate), named),
        ]
    assert case.minimum_total is not None
    return [*lines, Line(_("Minimum pour tout le stage"), euros(case.minimum_total))]


def clause_shown(case: Case) -> list[Line]:
    """Return the least that may be written when the amount follows the ceiling (G-06), if it is another."""
    least = case.least_promise
    if least is None or least == case.minimum_total:
        return []
    return [Line(_("Au taux de la première année, que la clause de revalorisation suit"), euros(least))]


def provisional_years(case: Case) -> list[int]:
    """Return the years of the stage whose ceiling is not published yet."""
    return sorted({month.first.year for month in case.paid_months if month.is_provisional})


def due_by_the_hour(case: Case) -> Decimal | None:
    """Return the amount of an hour, in euros, when it is due and written by the hour."""
    return case.promised_hourly if case.is_due and case.facts.pay.unit == PayUnit.HOUR else None


def least_of_an_hour(case: Case) -> Decimal | None:
    """Return the rate that the amount of an hour is compared with, in euros; None while it cannot be computed."""
    # With the clause of G-06 the amount follows the ceiling by itself: the first year alone is judged.
    judged = case.paid_months[:1] if case.facts.pay.has_revaluation_clause else case.paid_months
    return max((month.rate for month in judged), default=None)


@CHAPTER.rule(
    "G-01",
    "L124-6, D124-6",
    "La gratification est due quand les stages dans un même organisme, la même année, dépassent deux mois.",
    BLOCK,
    formula=(
        "somme des heures de présence et de congé > 308 (2 × 22 × 7), ou le seuil plus bas de l’établissement ; mois "
        "consécutifs à cheval sur deux années : à vérifier (lecture discutée)"
    ),
    example="308 h : facultative ; 308,5 h : due ; 140 h en août puis 210 h dès septembre : à vérifier.",
)
def due(case: Case, rule: Rule) -> Iterator[Finding]:
    pay = case.facts.pay
    if case.may_be_due and not pay.is_paid:
        yield rule.finds(
            "is_paid",
            _(
                "Avec un stage interrompu dans le même organisme (%(uncertain)s au plus), la gratification peut être "
                "due : vérifiez les heures faites."
            ),
            severity=WARN,
            uncertain=hours(case.uncertain_hours),
        )
    if case.follows_french_pay and not case.is_due and not pay.is_paid and case.in_a_row > case.threshold:
        yield rule.finds(
            "is_paid",
            _(
                "Avec le stage qui précède ou suit celui-ci dans le même organisme, dans une autre année universitaire : "
                "%(in_a_row)s à la suite, plus que %(limit)s. Selon une lecture discutée de la loi (« mois consécutifs »), la "
                "gratification est due."
            ),
            severity=WARN,
            in_a_row=hours(case.in_a_row),
            limit=hours(case.threshold),
        )
    if (
        not case.is_due
        or case.total is None
        or (pay.is_paid and pay.amount is not None)
        or pay.is_paid is None
    ):
        return
    text = (
        _("%(total)s dans cet organisme cette année, plus que %(limit)s : une gratification est obligatoire.")
        if case.total > case.legal_threshold
        else _(
            "%(total)s dans cet organisme cette année : votre établissement demande une gratification "
            "au-delà de %(limit)s."
        )
    )
    yield rule.finds(
        "amount" if pay.is_paid else "is_paid",
        text,
        total=hours(case.total),
        limit=hours(case.legal_threshold if case.total > case.legal_threshold else case.threshold),
        calculation=minimum_shown(case) if case.paid_months else (),
    )


@CHAPTER.rule(
    "G-02",
    "L124-6, D124-8",
    (
        "Chaque heure vaut au moins 15 % du plafond horaire de la sécurité sociale, ou le minimum de la "
        "branche s’il est plus haut."
    ),
    BLOCK,
    formula="montant par heure ≥ max(0,15 × plafond horaire de l’année, minimum de la branche)",
    example="4,50 €/h en 2026 : oui ; 4,35 €/h en 2026 : non.",
)
def hourly_minimum(case: Case, rule: Rule) -> Iterator[Finding]:
    pay = case.facts.pay
    is_judged = case.follows_french_pay and (case.is_due or pay.is_paid)
    if is_judged and (missing := provisional_years(case)):
        yield rule.finds(
            "amount",
            _(
                "Le plafond horaire de %(year)s n’est pas encore publié : le calcul est provisoire et "
                "reprend le dernier connu."
            ),
            severity=BLOCK if case.facts.today.year >= missing[0] else INFORM,
            can_be_lifted=True,
            at_validation=True,
            year=str(missing[0]),
        )
    if is_judged and case.timesheet and not case.paid_months:
        yield rule.finds(
            "amount",
            _("Aucun plafond horaire n’est connu : le minimum n’est pas vérifié."),
            can_be_lifted=True,
            at_validation=True,
        )
    if is_judged and case.facts.host.place == Territory.MAYOTTE:
        yield rule.finds(
            "amount",
            _(
                "Mayotte a son propre plafond de sécurité sociale : le minimum calculé ici est celui des autres "
                "départements, et reste à vérifier."
            ),
            severity=INFORM,
        )
    promised, least = due_by_the_hour(case), least_of_an_hour(case)
    if promised is not None and least is not None and promised < least:
        assert case.promised_total is not None
        yield rule.finds(
            "amount",
            _(
                "%(amount)s : le minimum est de %(least)s, soit %(total)s pour tout le stage au lieu de %(promised)s."
            ),
            amount=euros_an_hour(promised),
            least=euros_an_hour(least),
            total=euros(case.minimum_total or 0),
            promised=euros(case.promised_total),
            calculation=minimum_shown(case),
        )


@CHAPTER.rule(
    "G-03",
    "L124-6, D124-8",
    "La gratification est due dès la première heure, pas à partir de la 309e.",
    BLOCK,
    formula=(
        "somme des versements ≥ somme, par année civile, des heures payées × le minimum de l’année ; par mois, semaine ou "
        "jour, avec la clause de G-06 : le minimum de la première année"
    ),
    example="309 h en 2026 : 1 390,50 €, pas 4,50 €.",
)
def from_the_first_hour(case: Case, rule: Rule) -> Iterator[Finding]:
    promised, least = case.promised_total, case.least_promise
    if not case.is_due or promised is None or least is None or case.facts.pay.unit == PayUnit.HOUR:
        return
    if case.facts.pay.unit == PayUnit.MONTH:
        # What is written for a month is rounded to the cent.
        least -= CENT * (len(case.paid_months) - 1)
    elif case.facts.pay.unit in {PayUnit.DAY, PayUnit.WEEK}:
        # The hours of a day may not be a decimal, as a third of 35: their sum is rounded to the hundredth.
        least -= CENT
    if promised < least:
        yield rule.finds(
            "amount",
            _(
                "Le montant prévu vaut %(promised)s pour tout le stage ; le minimum, dû dès la première "
                "heure, est de %(least)s."
            ),
            promised=euros(promised),
            least=euros(case.least_promise or 0),
            calculation=[*minimum_shown(case), *clause_shown(case)],
        )


@CHAPTER.rule(
    "G-04",
    "L124-6, D124-8",
    "La gratification due est versée chaque mois.",
    BLOCK,
    formula="fréquence = chaque mois",
    example="« En une fois, à la fin du stage » : non.",
)
def paid_monthly(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.is_due and case.facts.pay.is_paid and case.facts.pay.is_monthly is False:
        yield rule.finds(
            "payment_frequency",
            _("La gratification obligatoire est versée chaque mois, pas à la fin du stage."),
        )


@CHAPTER.rule(
    "G-05",
    "service-public.fr, fiche F32131",
    "Deux façons de la verser : les heures réelles de chaque mois, ou le total partagé entre les mois.",
    INFORM,
    formula="lissée : total ÷ mois touchés, arrondi au centime inférieur ; le dernier mois reçoit le reste",
    example="Du 03/11/2025 au 30/04/2026 : 3 894,45 €, soit 649,07 € par mois et 649,10 € le dernier.",
)
def two_ways(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.is_due and len(case.paid_months) > 1:
        yield rule.finds(
            "amount",
            _(
                "Le versement suit les heures réelles de chaque mois, ou est le même chaque mois : %(smoothed)s (écrivez alors "
                "le montant pour tout le stage)."
            ),
            smoothed=euros(case.paid_months[0].smoothed),
        )


@CHAPTER.rule(
    "G-06",
    "service-public.fr, fiche F32131",
    "Un stage qui passe le 1er janvier prévoit que le montant suit le nouveau plafond.",
    BLOCK,
    formula="année du début < année de la fin : clause de revalorisation",
    example="Du 01/12/2025 au 15/02/2026 sans clause : non. La convention la contient d’office.",
)
def revaluation_clause(case: Case, rule: Rule) -> Iterator[Finding]:
    if (
        not case.crosses_new_year
        or not (case.is_due or case.facts.pay.is_paid)
        or not case.follows_french_pay
    ):
        return
    if case.facts.pay.has_revaluation_clause:
        yield rule.finds(
            "amount",
            _(
                "Le stage passe le 1er janvier : la convention prévoit que le montant suit le nouveau plafond."
            ),
            severity=INFORM,
        )
    else:
        yield rule.finds(
            "amount",
            _(
                "Le stage passe le 1er janvier : la convention doit prévoir que le montant suit le nouveau plafond."
            ),
        )


@CHAPTER.rule(
    "G-07",
    "service-public.fr, fiche F32131",
    "Un organisme de droit public ne verse pas plus que le minimum légal.",
    WARN,
    formula="organisme public : montant par heure ≤ minimum de l’année + 0,005 €",
    example="Mairie, 2026 : 4,50 €/h, oui ; 5,00 €/h, non.",
)
def public_ceiling(case: Case, rule: Rule) -> Iterator[Finding]:
    if not case.facts.host.is_public_law or not case.follows_french_pay or not case.paid_months:
        return
    most = max(month.rate for month in case.paid_months)
    if case.promised_hourly is not None and case.promised_hourly > most + HALF_A_CENT:
        yield rule.finds(
            "amount",
            _("%(amount)s : un organisme public ne peut pas verser plus que le minimum légal de %(most)s."),
            amount=euros_an_hour(case.promised_hourly),
            most=euros_an_hour(most),
        )


@CHAPTER.rule(
    "G-08",
    "D124-8",
    "La gratification d’un organisme public ne se cumule pas avec une paie qu’il verserait pour la même période.",
    WARN,
    formula="organisme public, et stagiaire déjà employé par lui",
    example="Vacataire de la même université : à vérifier.",
)
def no_double_pay(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.host.is_public_law and case.facts.pay.is_employed_by_host:
        yield rule.finds(
            "is_employed_by_host",
            _("Un organisme public ne verse pas une gratification en plus d’une paie pour la même période."),
        )


@CHAPTER.rule(
    "G-09",
    "D124-8",
    "Jusqu’à deux mois, la gratification est facultative.",
    INFORM,
    formula="total ≤ seuil : tout montant, même nul",
    example="300 h sans gratification : oui.",
)
def optional(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.follows_french_pay and case.total is not None and not case.is_due:
        yield rule.finds(
            "is_paid",
            _("%(total)s, pas plus de %(limit)s : la gratification est facultative."),
            total=hours(case.total),
            limit=hours(case.threshold),
        )


@CHAPTER.rule(
    "G-10",
    "D124-8",
    "Frais remboursés et avantages s’ajoutent à la gratification ; ils ne s’en déduisent pas.",
    INFORM,
    formula="somme versée en argent ≥ minimum",
    example="4,50 €/h moins les repas : non.",
)
def nothing_deducted(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.is_due:
        yield rule.finds(
            "benefits",
            _("Repas, transport ou logement offerts s’ajoutent à la gratification, sans la réduire."),
        )


CHAPTER.note(
    "G-11",
    "D124-8",
    "En cas de suspension ou de rupture, le montant suit la durée faite ; le droit s’apprécie avec les avenants.",
    formula="G-01 et G-03 recalculées après chaque avenant",
    example="301 h prolongées à 322 h : due pour les 322 h.",
)


@CHAPTER.rule(
    "G-12",
    "L136-1-1, D136-1 et D242-2-1 du code de la sécurité sociale ; bulletin officiel de la sécurité sociale, 1er décembre 2024",
    "Aucune cotisation jusqu’à 15 % du plafond horaire, avantages en nature compris ; seul l’excédent en supporte.",
    INFORM,
    formula="assiette = max(0, montant + avantages en nature − 0,15 × plafond × heures)",
    example="5,00 €/h en 2026 : 0,50 €/h.",
)
def contributions(case: Case, rule: Rule) -> Iterator[Finding]:
    if not case.follows_french_pay or case.promised_total is None:
        return
    if case.exceeds_exemption:
        yield rule.finds(
            "amount",
            _(
                "L’organisme paie des cotisations sur ce qui dépasse le seuil : %(excess)s pour tout le stage, et la valeur "
                "des avantages en nature."
            ),
            excess=euros(case.promised_total - case.exempt_total),
        )


CHAPTER.note(
    "G-13",
    "81 bis du code général des impôts",
    "La gratification est exonérée d’impôt sur le revenu jusqu’au SMIC annuel.",
)


@CHAPTER.rule(
    "G-14",
    "L124-6 ; L4381-1 du code de la santé publique ; L813-9 du code rural",
    (
        "Certaines formations suivent d’autres règles : auxiliaires médicaux, étudiants hospitaliers, "
        "enseignement agricole."
    ),
    INFORM,
    formula="enseignement agricole à rythme approprié : seuil de 462 h ; professions de santé : règles propres",
    example="Enseignement agricole, 462 h : facultative ; 463 h : due.",
)
def special_regimes(case: Case, rule: Rule) -> Iterator[Finding]:
    regime = case.facts.studies.regime
    if regime in {Regime.HEALTH, Regime.HOSPITAL}:
        yield rule.finds(
            "is_paid",
            _("Cette formation suit ses propres règles de gratification : le minimum n’est pas vérifié ici."),
        )
    elif regime == Regime.AGRICULTURAL:
        yield rule.finds(
            "is_paid",
            _("Pour cette formation, la gratification est due au-delà de trois mois, soit %(limit)s."),
            limit=hours(case.threshold),
        )


@CHAPTER.rule(
    "G-15",
    "guide des stages (territorialité du droit du travail)",
    "À l’étranger, la gratification suit le droit du pays ; le minimum français ne s’impose pas.",
    INFORM,
    formula="lieu du stage hors de France : G-01 à G-04 sans objet",
    example="Berlin, 800 h, 0 € : oui.",
)
def foreign_pay(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.host.is_abroad:
        yield rule.finds(
            "is_paid", _("Le stage a lieu à l’étranger : la gratification suit le droit du pays d’accueil.")
        )


@CHAPTER.rule(
    "G-16",
    "arrêté du 29 décembre 2014, article 5",
    "Nouvelle-Calédonie, Polynésie française, Wallis-et-Futuna et Terres australes ont leurs propres règles.",
    INFORM,
    formula="lieu du stage dans l’une d’elles : G-01 à G-04 sans objet",
    example="Nouméa : règles de la Nouvelle-Calédonie.",
)
def own_rules(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.host.place in OWN_RULES:
        yield rule.finds(
            "is_paid",
            _("Cette collectivité a ses propres règles de gratification : le minimum n’est pas vérifié ici."),
        )


@CHAPTER.rule(
    "G-17",
    "L124-6 ; D124-4, 8°",
    "La convention écrit le montant et la façon de le verser ; la gratification n’est pas un salaire.",
    BLOCK,
    formula="gratification : montant, unité et modalité de versement écrits",
    example="« 4,50 € par heure, par virement » : oui.",
)
def amount_written(case: Case, rule: Rule) -> Iterator[Finding]:
    pay = case.facts.pay
    if not pay.is_paid:
        return
    if pay.amount is None:
        yield rule.finds("amount", _("Indiquez le montant de la gratification."), is_missing=True)
    if pay.unit is None:
        yield rule.finds(
            "amount_unit", _("Dites à quoi correspond le montant : une heure, un mois…"), is_missing=True
        )
    if not pay.has_mode:
        yield rule.finds("payment_mode", _("Choisissez la modalité de versement."), is_missing=True)
    if not pay.in_euros and case.follows_french_pay:
        yield rule.finds(
            "currency",
            _(
                "En France, la gratification s’écrit en euros : le minimum n’est pas vérifié dans une autre monnaie."
            ),
            severity=BLOCK if case.is_due else WARN,
        )


CHAPTER.note(
    "G-18",
    "décret n° 2014-1420 ; D242-2-1 du code de la sécurité sociale",
    "La part du plafond dépend de la date de signature.",
    formula="avant le 01/12/2014 : 12,5 % ; avant le 01/09/2015 : 13,75 % ; depuis : 15 %",
    example="Signée le 31/08/2015 : 3,30 €/h ; le 01/09/2015 : 3,60 €/h.",
)
