"""docs/droit.md is what the code says, and the examples it gives are true."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.models import StricterRules
from conventions import law
from conventions.calendar import Territory
from conventions.law.case import Case
from conventions.law.facts import History, People, Proof, Regime, Zone
from conventions.law.supervision import quota
from conventions.management.commands import describe_law
from tests.conventions.law.cases import (
    AMOUNTS,
    agreement,
    at,
    case,
    day,
    foreign,
    found,
    known,
    lasting,
    minor,
    other,
    paid,
    periods,
    stage,
)

PAGE = Path(__file__).parent.parent / "docs/droit.md"
NARROW = "\N{NO-BREAK SPACE}"
JUNE = ("01/06/2026", "26/06/2026")


def due(hours, **pay):
    return agreement(stage=lasting(hours), pay={"is_paid": False, **pay})


def during(count):
    return People(referent_elsewhere=periods(*[("01/06/2026", "30/06/2026")] * count))


# The example as the page writes it, agreements that the rule says something of, agreements that it leaves alone.
EXAMPLES = {
    "R-02": (
        (
            "Inscription 2026/2027 : début le 01/09/2026, oui ; le 31/08/2026, non ; année du 01/10 au 30/09, début le "
            "15/09/2026 : à vérifier."
        ),
        [
            agreement(
                studies={"year": (date(2026, 9, 1), date(2027, 8, 31))},
                stage=stage("31/08/2026", "30/09/2026"),
            ),
            agreement(
                studies={"academic_year": 2026, "year": (date(2026, 10, 1), date(2027, 9, 30))},
                stage=stage("15/09/2026", "30/10/2026"),
            ),
        ],
        [
            agreement(
                studies={"year": (date(2026, 9, 1), date(2027, 8, 31))},
                stage=stage("01/09/2026", "30/09/2026"),
            )
        ],
    ),
    "R-03": (
        "200 h : oui ; 199 h : non ; pendant une césure : sans objet.",
        [agreement(studies={"teaching_hours": 199})],
        [
            agreement(studies={"teaching_hours": 200}),
            agreement(studies={"teaching_hours": 199, "is_cesure": True}),
        ],
    ),
    "R-04": (
        "50 h : oui ; 40 h sans décision : non.",
        [agreement(studies={"presence_hours": 40})],
        [
            agreement(studies={"presence_hours": 50}),
            agreement(studies={"presence_hours": 40, "presence_waiver": True}),
        ],
    ),
    "R-08": ("16 ans : oui ; 15 ans : une autre convention est nécessaire.", [minor(15)], [minor(16)]),
    "R-09": (
        "Année 2025/2026 jusqu’au 31/08 : fin le 31/08/2026, oui ; le 01/09/2026, non.",
        [agreement(stage=stage("01/06/2026", "01/09/2026"))],
        [agreement(stage=stage("01/06/2026", "31/08/2026"))],
    ),
    "D-01": (
        "924 h : oui ; 924,5 h : non.",
        [agreement(stage=lasting("924.5"))],
        [agreement(stage=lasting("924"))],
    ),
    "D-07": (
        "35 h et 10 h : oui ; 35 h et 35 h : non.",
        [agreement(history=History(others=(other(*JUNE, 140, "35"),)))],
        [agreement(history=History(others=(other(*JUNE, 40, "10"),)))],
    ),
    "G-01": (
        "308 h : facultative ; 308,5 h : due ; 140 h en août puis 210 h dès septembre : à vérifier.",
        [
            due("308.5"),
            agreement(
                stage=lasting("140", "03/08/2026", "28/08/2026"),
                history=History(others=(other("31/08/2026", "09/10/2026", 210, academic_year=2026),)),
            ),
        ],
        [due("308")],
    ),
    "G-02": (
        "4,50 €/h en 2026 : oui ; 4,35 €/h en 2026 : non.",
        [due("400", **paid("4.35"))],
        [due("400", **paid("4.50"))],
    ),
    "G-07": (
        "Mairie, 2026 : 4,50 €/h, oui ; 5,00 €/h, non.",
        [agreement(stage=lasting("400"), host={"is_public_law": True}, pay=paid("5.00"))],
        [agreement(stage=lasting("400"), host={"is_public_law": True}, pay=paid("4.50"))],
    ),
    "G-09": ("300 h sans gratification : oui.", [due("300")], [due("309")]),
    "T-02": (
        "Trois en cours : non ; l’une finit la veille : oui.",
        [agreement(people={"tutor_elsewhere": periods(*[("01/05/2026", "30/06/2026")] * 3)})],
        [
            agreement(
                people={
                    "tutor_elsewhere": periods(
                        ("01/05/2026", "31/05/2026"), *[("01/05/2026", "30/06/2026")] * 2
                    )
                }
            )
        ],
    ),
    "E-02": (
        "24 : oui ; 25 : non.",
        [agreement(people=during(24))],
        [agreement(people=during(23))],
    ),
    "H-01": (
        "48 h une semaine : oui ; 49 h : non.",
        [agreement(stage=stage(*JUNE, "49"))],
        [agreement(stage=stage(*JUNE, "48"))],
    ),
    "H-02": (
        "39 h, durée collective de 39 h : oui ; 39 h sans déclaration : à vérifier.",
        [agreement(stage=stage(*JUNE, "39"))],
        [agreement(stage=stage(*JUNE, "39"), host={"collective_hours": Decimal(39)})],
    ),
    "H-05": (
        "17 ans, 35 h : oui ; 36 h : non, sauf dérogation ; 36 h à partir du jour des 18 ans : oui.",
        [minor(17, stage=stage(*JUNE, "36"))],
        [
            minor(17, stage=stage(*JUNE, "35")),
            agreement(trainee={"birth_date": day(JUNE[0]).replace(year=2008)}, stage=stage(*JUNE, "36")),
        ],
    ),
    "H-07": (
        "17 ans, départ à 22 h : oui ; à 22 h 30 : non, sauf dérogation ; à 1 h : non.",
        [minor(17, stage={"day_ends_at": at(hour)}) for hour in ("22:30", "01:00")],
        [minor(17, stage={"day_ends_at": at("22:00")})],
    ),
    "C-02": (
        "308 h : facultatif ; 315 h sans congés : non ; « 0 jour » : à vérifier.",
        [
            agreement(stage=lasting("315")),
            agreement(stage=lasting("315", leave_days="0")),
        ],
        [agreement(stage=lasting("308"))],
    ),
    "C-03": (
        "Champ vide : non ; « Néant » : oui.",
        [agreement(stage={"benefits": ""})],
        [agreement(stage={"benefits": "Néant"})],
    ),
    "F-01": ("Berlin sans fiche : non.", [foreign(abroad={"has_information_sheet": False})], [foreign()]),
    "F-05": (
        "Berlin sans assistance : non ; Saint-Denis de La Réunion : rappelé.",
        [
            foreign(abroad={"has_assistance_policy": False}),
            agreement(host={"country": "RE", "place": Territory.REUNION}),
        ],
        [foreign()],
    ),
    "F-07": (
        "Centre sans autorisation : zone orange sans décision, non ; avec décision, à vérifier.",
        [foreign(abroad={"zone": Zone.ORANGE})],
        [foreign(abroad={"zone": Zone.GREEN})],
    ),
    "P-10": (
        "Visa exigé, aucun visa joint : à joindre ; visa joint : oui.",
        [agreement(protection={"missing": (Proof.VISA,)})],
        [agreement()],
    ),
    "F-10": (
        "Berlin déclarée verte : connue verte, oui ; connue orange, ou inconnue, à vérifier.",
        [
            foreign(abroad={"zone": Zone.GREEN}),
            foreign(abroad={"zone": Zone.GREEN, "advice": known(Zone.ORANGE)}),
        ],
        [foreign(abroad={"zone": Zone.GREEN, "advice": known(Zone.GREEN)})],
    ),
}


def plain(text):
    return text.replace(NARROW, " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_the_page_is_the_codes_own():
    assert PAGE.read_text() == describe_law.page(), "The page differs from the law: run « make docs »."


def test_every_rule_is_described_once():
    page = describe_law.page()
    for rule in law.RULES.values():
        assert page.count(f"\n### {rule.id}\n") == 1
        assert rule.title in page


def test_every_column_that_may_be_stricter_is_described():
    columns = {field.name for field in StricterRules._meta.fields} - {"last_end_month"}
    assert describe_law.TIGHTENED.keys() == columns


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("R-01", ["bloque, sauf accord écrit du gestionnaire"]),
        ("R-10", ["bloque", "à justifier par le gestionnaire"]),
        ("E-02", ["bloque", "bloque, sauf accord écrit du gestionnaire"]),
        ("G-05", ["informe"]),
        ("G-11", ["règle de calcul"]),
        ("C-07", ["à savoir"]),
    ],
)
def test_effects_are_those_of_the_code(rule, words):
    assert describe_law.effects(law.RULES[rule]) == words


@pytest.mark.parametrize("rule", EXAMPLES)
def test_the_examples_are_true(rule):
    text, found_in, left_alone = EXAMPLES[rule]
    assert plain(law.RULES[rule].example) == text
    assert all(found(rule, facts) for facts in found_in)
    assert not any(found(rule, facts) for facts in left_alone)


def example(rule):
    return plain(law.RULES[rule].example)


def test_the_examples_that_give_figures_are_true():
    assert example("Q-01") == "19 et 20 personnes : 3 ; 21 : 4 ; 27 : 5 ; 45 : 7 ; 100 : 15 ; 101 : 16."
    assert [quota(count) for count in (19, 20, 21, 27, 45, 100, 101)] == [3, 3, 4, 5, 7, 15, 16]
    assert example("G-03") == "309 h en 2026 : 1 390,50 €, pas 4,50 €."
    assert case(stage=lasting("309")).minimum_total == Decimal("1390.50")
    assert example("G-05").startswith(
        "Du 03/11/2025 au 30/04/2026 : 3 894,45 €, soit 649,07 € par mois et 649,10 €"
    )
    months = case(stage=stage("03/11/2025", "30/04/2026")).paid_months
    assert sum(month.real for month in months) == Decimal("3894.45")
    assert (months[0].smoothed, months[-1].smoothed) == (Decimal("649.07"), Decimal("649.10"))
    assert example("D-05") == "Du 01/06 au 31/07/2026 : 308 h sans le 14 juillet, 315 h avec."
    summer = case(stage=stage("01/06/2026", "31/07/2026"))
    assert (summer.duration, summer.duration_with_holidays) == (308, 315)
    assert example("G-14") == "Enseignement agricole, 462 h : facultative ; 463 h : due."
    agricultural = {"regime": Regime.AGRICULTURAL}
    assert not case(stage=lasting("462"), studies=agricultural).is_due
    assert case(stage=lasting("463"), studies=agricultural).is_due
    assert example("G-18") == "Signée le 31/08/2015 : 3,30 €/h ; le 01/09/2015 : 3,60 €/h."
    signed = [
        replace(agreement(), signed_on=date(2015, 8, 31)),
        replace(agreement(), signed_on=date(2015, 9, 1)),
    ]
    assert [Case(facts, AMOUNTS).rate(2015) for facts in signed] == [Decimal("3.30"), Decimal("3.60")]


def test_the_thresholds_are_told():
    page = describe_law.page()
    assert all(f"| {hours} |" in page for hours in (308, 462, 924))
    assert "| 2026 | 30,00\N{NO-BREAK SPACE}€ | 4,50\N{NO-BREAK SPACE}€ |" in page
