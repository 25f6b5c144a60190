"""A stage outside France."""

from collections.abc import Iterator

from conventions.calendar import Territory
from conventions.law.case import HALF_A_CENT, Case
from conventions.law.facts import Advice, Zone, severity
from conventions.law.finding import BLOCK, INFORM, WARN, Chapter, Finding, Rule, euros_an_hour
from conventions.law.finding import gettext_noop as _

CHAPTER = Chapter("Stage à l’étranger")
# The European Economic Area and Switzerland, where a citizen of the Union needs no visa.
FREE_MOVEMENT = frozenset(
    {"AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "GR", "HR", "HU", "IE", "IS", "IT"}
) | {"LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"}
# The European health insurance card is valid there and, by the agreement of 30 December 2020, in the United Kingdom.
CARD_COUNTRIES = FREE_MOVEMENT | {"GB"}
AT_HOME = {Territory.METROPOLITAN, Territory.ALSACE_MOSELLE, Territory.ABROAD}


@CHAPTER.rule(
    "F-01",
    "L124-20",
    "Une fiche d’information sur les droits et devoirs du stagiaire dans le pays est annexée.",
    BLOCK,
    formula="lieu du stage hors de France : fiche jointe",
    example="Berlin sans fiche : non.",
)
def information_sheet(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.host.is_abroad and not case.facts.abroad.has_information_sheet:
        yield rule.finds(
            "has_information_sheet",
            _("Joignez la fiche d’information sur vos droits et devoirs dans le pays, puis cochez la case."),
        )


@CHAPTER.rule(
    "F-02",
    "L124-19",
    "Les trois parties préparent ensemble le déroulement du stage.",
    INFORM,
    formula="échange avant le départ",
    example="Une visioconférence à trois avant la signature.",
)
def prepared_together(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.host.is_abroad:
        yield rule.finds(
            "follow_up",
            _(
                "Avant le départ, l’étudiant, l’enseignant référent et l’organisme préparent ensemble le stage."
            ),
        )


@CHAPTER.rule(
    "F-03",
    "arrêté du 29 décembre 2014, article 6.4",
    (
        "La couverture française des accidents du travail ne suit le stagiaire que six mois, et sans paie "
        "qui ouvre des droits sur place."
    ),
    WARN,
    formula="durée ≤ 6 mois de calendrier ; montant par heure ≤ 15 % du plafond horaire",
    example="Cinq mois à 4,50 €/h : couvert ; sept mois, ou 8 €/h : c’est à l’organisme de couvrir.",
)
def accident_cover(case: Case, rule: Rule) -> Iterator[Finding]:
    if not case.facts.host.is_abroad:
        return
    if case.spans_six_months:
        yield rule.finds(
            "end",
            _(
                "Au-delà de six mois à l’étranger, la couverture française des accidents du travail "
                "cesse : l’organisme doit couvrir le stagiaire."
            ),
        )
    # Of the law alone: a branch that pays more changes nothing to what the insurance tolerates.
    most = max((case.legal_minimum(month.first.year) for month in case.paid_months), default=None)
    pay = case.facts.pay
    if pay.is_paid and pay.amount is not None and not pay.in_euros and most is not None:
        yield rule.finds(
            "currency",
            _(
                "Le montant est dans une autre monnaie : il n’est pas vérifié. Au-delà de %(most)s, la couverture française "
                "des accidents du travail cesse."
            ),
            most=euros_an_hour(most),
        )
    if case.promised_hourly is not None and most is not None and case.promised_hourly > most + HALF_A_CENT:
        yield rule.finds(
            "amount",
            _(
                "Au-delà de %(most)s, la couverture française des accidents du travail cesse : "
                "l’organisme doit couvrir le stagiaire."
            ),
            most=euros_an_hour(most),
        )


CHAPTER.note(
    "F-04",
    "arrêté du 29 décembre 2014, article 6.4",
    (
        "En cas d’accident, l’organisme prévient l’établissement par écrit sous 48 heures ; c’est "
        "l’établissement qui déclare."
    ),
)


@CHAPTER.rule(
    "F-05",
    "arrêté du 29 décembre 2014, article 7",
    (
        "À l’étranger et outre-mer, le stagiaire souscrit une assistance (rapatriement, aide juridique) et une assurance "
        "contre les accidents."
    ),
    BLOCK,
    formula="lieu du stage hors de France : contrats souscrits ; outre-mer : à savoir",
    example="Berlin sans assistance : non ; Saint-Denis de La Réunion : rappelé.",
)
def assistance(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.host.is_abroad and not case.facts.abroad.has_assistance_policy:
        yield rule.finds(
            "has_assistance_policy",
            _(
                "Souscrivez une assistance (rapatriement, aide juridique) et une assurance contre les "
                "accidents, puis cochez la case."
            ),
        )
    elif case.facts.host.place not in AT_HOME:
        yield rule.finds(
            "service",
            _(
                "Si vous partez outre-mer pour ce stage, souscrivez une assistance (rapatriement, aide juridique) et une "
                "assurance contre les accidents."
            ),
            severity=INFORM,
        )


@CHAPTER.rule(
    "F-06",
    "arrêté du 29 décembre 2014, article 6.3",
    "Soins à l’étranger : carte européenne, formulaire du Québec, ou assurance privée.",
    INFORM,
    formula=(
        "Espace économique européen, Suisse et Royaume-Uni : carte ; Monaco : convention de sécurité sociale ; Canada : "
        "SE 401-Q-106 ; ailleurs : assurance privée"
    ),
    example="Berlin : carte européenne d’assurance maladie.",
)
def health_abroad(case: Case, rule: Rule) -> Iterator[Finding]:
    host = case.facts.host
    if not host.is_abroad:
        return
    if host.country in CARD_COUNTRIES:
        text = _("Demandez la carte européenne d’assurance maladie avant de partir.")
    elif host.country == "MC":
        text = _(
            "À Monaco, la convention de sécurité sociale avec la France couvre les soins : demandez le formulaire à "
            "votre caisse avant de partir."
        )
    elif host.country == "CA":
        text = _(
            "Au Québec, le formulaire SE 401-Q-106 couvre les soins ; ailleurs au Canada, prenez une "
            "assurance privée."
        )
    else:
        text = _("Prenez une assurance santé privée : la couverture française ne suit pas dans ce pays.")
    yield rule.finds("health_fund", text)


@CHAPTER.rule(
    "F-07",
    "carte du ministère des affaires étrangères ; règle de l’établissement",
    "En zone orange ou rouge, l’établissement autorise le départ avant la validation.",
    BLOCK,
    formula=(
        "la plus sévère de la zone déclarée et du niveau connu ; à partir de la zone que choisit le centre : "
        "autorisation du fonctionnaire de sécurité et de défense ; sinon rouge : non ; orange : décision, à vérifier ; "
        "jaune : à vérifier ; verte : oui"
    ),
    example="Centre sans autorisation : zone orange sans décision, non ; avec décision, à vérifier.",
)
def travel_zone(case: Case, rule: Rule) -> Iterator[Finding]:
    abroad = case.facts.abroad
    if not case.facts.host.is_abroad:
        return
    if abroad.zone is None:
        yield rule.finds(
            "travel_zone",
            _("Dites la couleur du lieu de stage sur la carte du ministère des affaires étrangères."),
            severity=WARN,
        )
    if abroad.risk is not None and abroad.asks_officer:
        yield rule.finds(
            "travel_decision",
            _(
                "Le lieu du stage est en zone %(zone)s : le fonctionnaire de sécurité et de défense doit autoriser "
                "le départ avant la validation."
            ),
            severity=INFORM,
            zone=abroad.risk,
        )
    elif abroad.risk == Zone.RED:
        yield rule.finds(
            "travel_zone",
            _(
                "Le lieu du stage est en zone rouge, formellement déconseillée : le stage n’y est pas possible."
            ),
        )
    elif abroad.risk == Zone.ORANGE and not abroad.has_decision:
        yield rule.finds(
            "travel_decision",
            _("Le lieu du stage est en zone orange : il faut une décision de l’établissement."),
            can_be_lifted=True,
        )
    elif abroad.risk == Zone.ORANGE:
        yield rule.finds(
            "travel_decision",
            _("Le lieu du stage est en zone orange : vérifiez la décision qui autorise le départ."),
            severity=WARN,
        )
    elif abroad.risk == Zone.YELLOW:
        yield rule.finds(
            "travel_zone", _("Le lieu du stage est en zone jaune : vigilance renforcée."), severity=WARN
        )


@CHAPTER.rule(
    "F-08",
    "ministère des affaires étrangères",
    "Le stagiaire s’inscrit sur Ariane avant de partir.",
    INFORM,
    formula="lieu du stage hors de France",
    example="Berlin : inscription avant le départ.",
)
def ariane(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.host.is_abroad:
        yield rule.finds(
            "service", _("Avant de partir, inscrivez votre voyage sur Ariane (diplomatie.gouv.fr).")
        )


CHAPTER.note(
    "F-09",
    "arrêté du 29 décembre 2014, article 13",
    "La convention relève du droit français ; sur place, horaires, paie et jours fériés suivent le droit du pays.",
)


@CHAPTER.rule(
    "F-10",
    "conseils aux voyageurs du ministère des affaires étrangères ; règle de l’établissement",
    "La zone déclarée est celle que l’établissement connaît, lue depuis peu.",
    WARN,
    formula="zone déclarée = niveau connu du lieu ; lu depuis moins longtemps que le délai du centre",
    example="Berlin déclarée verte : connue verte, oui ; connue orange, ou inconnue, à vérifier.",
)
def known_risk(case: Case, rule: Rule) -> Iterator[Finding]:
    abroad, advice = case.facts.abroad, case.facts.abroad.advice
    if not case.facts.host.is_abroad:
        return
    lowest = abroad.risk or Zone.GREEN
    worse = [one for one in abroad.nearby if severity(one.zone) > severity(lowest)]
    if advice is None and not abroad.nearby:
        yield rule.finds(
            "travel_zone",
            _(
                "Niveau de risque à vérifier : l’établissement n’en connaît pas pour ce pays. Lisez les conseils aux "
                "voyageurs du ministère des affaires étrangères."
            ),
        )
    elif advice is not None and abroad.zone not in (None, advice.zone):
        yield rule.finds(
            "travel_zone",
            _(
                "Zone déclarée : %(declared)s. Niveau que connaît l’établissement, %(place)s : zone %(known)s "
                "(%(source)s, lu le %(day)s)."
            ),
            declared=abroad.zone or "",
            place=advice.place,
            known=advice.zone,
            source=advice.source,
            day=advice.read_on,
        )
    elif worse:
        yield told(
            rule,
            _(
                "Une partie du pays est plus risquée : %(place)s est en zone %(known)s (%(source)s, lu le %(day)s). "
                "Vérifiez que le stage n’y passe pas."
            ),
            max(worse, key=lambda one: severity(one.zone)),
        )
    else:
        old = [one for one in (advice, *abroad.nearby) if one and one.is_old]
        yield from (
            told(
                rule,
                _("Niveau connu, %(place)s : zone %(known)s (%(source)s), lu le %(day)s. Il est à relire."),
                one,
            )
            for one in old[:1]
        )


def told(rule: Rule, text: str, advice: Advice) -> Finding:
    """Return what the rule finds in what is known of a place."""
    return rule.finds(
        "travel_zone",
        text,
        place=advice.place,
        known=advice.zone,
        source=advice.source,
        day=advice.read_on,
    )
