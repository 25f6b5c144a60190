"""Leave, benefits, insurance, signatures, a stage abroad: C-01 to P-09, S-01 to S-09, F-01 to F-10."""

from datetime import date
from decimal import Decimal

import pytest

from conventions.calendar import Territory
from conventions.law import Amounts
from conventions.law.abroad import CARD_COUNTRIES, FREE_MOVEMENT
from conventions.law.facts import PayUnit, Person, Proof, Protection, Regime, Stricter, Zone
from tests.conventions.law.cases import (
    BLOCK,
    INFORM,
    LAWFUL,
    WARN,
    agreement,
    check,
    day,
    finds,
    foreign,
    found,
    known,
    lasting,
    minor,
    paid,
    silent,
    stage,
    told,
    written,
)

LEA, PAUL, ANNE = LAWFUL.trainee.person, LAWFUL.people.tutor, LAWFUL.people.referent
NOBODY = Person()


def leave(hours, **more):
    return agreement(stage=lasting(hours, **more))


def insured(first, last, certified=(("01/09/2025", "31/08/2026"),), **more):
    covered = (first and day(first), last and day(last))
    certificates = tuple((day(begins), day(ends)) for begins, ends in certified)
    return agreement(
        protection={"has_insurance": True, "covered": covered, "insured_periods": certificates},
        stricter=Stricter(requires_insurance=True),
        **more,
    )


def certified(*periods, **more):
    return insured("01/09/2025", "31/08/2026", periods, **more)


IN_GERMANY = {"place": "Allemagne", "source": "Conseils aux voyageurs", "day": "03/01/2026"}
TO_JOIN = told(BLOCK, "attachments")


def people(**more):
    return agreement(people=more)


EXAMPLES = [
    silent("C-02", "case 1: 308 h", leave("308")),
    finds("C-02", "308.5 h", leave("308.5"), told(BLOCK, "leave_terms", limit="308")),
    finds(
        "C-02",
        "315 h, nothing written",
        leave("315", leave_terms=" "),
        told(BLOCK, "leave_terms", limit="308"),
    ),
    finds("C-02", "case 28: extended to 322 h", leave("322"), told(BLOCK, "leave_terms")),
    finds("C-02", "« 0 jour »", leave("315", leave_days=0), told(WARN, "leave_days")),
    silent("C-02", "one day", leave("315", leave_days=1)),
    silent("C-02", "terms only", leave("315", leave_terms="À la demande.")),
    silent("C-02", "no day, but terms", leave("315", leave_days=0, leave_terms="À la demande.")),
    silent(
        "C-02", "294 h and 14 h of leave", agreement(stage=stage("01/06/2026", "31/07/2026", leave_days=2))
    ),
    silent("C-02", "abroad", foreign(stage=lasting("315"))),
    silent("C-02", "hours unknown", agreement(stage={"schedule": None})),
    silent("C-03", "« Néant »", LAWFUL),
    finds("C-03", "empty", agreement(stage={"benefits": " "}), told(BLOCK, "benefits", "missing")),
    finds(
        "C-09",
        "due",
        agreement(stage=stage("02/02/2026", "30/06/2026")),
        told(INFORM, "end", limit="30/06/2028"),
    ),
    silent("C-09", "optional", agreement(stage=lasting(308))),
    silent("C-09", "no end yet", agreement(stage=lasting(400) | {"end": None})),
    silent("P-01", "a fund", LAWFUL),
    finds("P-01", "no fund", agreement(protection=Protection()), told(BLOCK, "health_fund", "missing")),
    finds("P-03", "4.50 € in 2026", agreement(stage=lasting(400), pay=paid("4.50")), told(INFORM, "amount")),
    finds("P-03", "not paid", LAWFUL, told(INFORM, "amount")),
    silent("P-03", "abroad", foreign()),
    silent("P-03", "health", agreement(studies={"regime": Regime.HEALTH})),
    silent("P-03", "no ceiling known", LAWFUL, amounts=Amounts()),
    silent("P-06", "not asked for", LAWFUL),
    finds(
        "P-06",
        "no insurance",
        agreement(stricter=Stricter(requires_insurance=True)),
        told(BLOCK, "insurer"),
        TO_JOIN,
    ),
    finds("P-06", "no certificate", certified(), TO_JOIN),
    silent("P-06", "a certificate for the stage and no more", certified(("01/06/2026", "26/06/2026"))),
    finds("P-06", "certified a day late", certified(("02/06/2026", "26/06/2026")), TO_JOIN),
    finds("P-06", "certified a day short", certified(("01/06/2026", "25/06/2026")), TO_JOIN),
    silent(
        "P-06",
        "two certificates that follow each other",
        certified(("13/06/2026", "31/08/2026"), ("01/09/2025", "12/06/2026")),
    ),
    finds(
        "P-06",
        "a day between two certificates",
        certified(("01/09/2025", "12/06/2026"), ("14/06/2026", "31/08/2026")),
        TO_JOIN,
    ),
    finds("P-06", "last year's certificate", certified(("01/09/2024", "31/08/2025")), TO_JOIN),
    silent(
        "P-06",
        "a certificate, no dates yet",
        certified(("01/06/2026", "26/06/2026"), stage={"start": None, "end": None}),
    ),
    finds("P-06", "nothing, no dates yet", certified(stage={"start": None, "end": None}), TO_JOIN),
    silent("P-06", "the whole year", insured("01/09/2025", "31/08/2026")),
    silent("P-06", "the stage and no more", insured("01/06/2026", "26/06/2026")),
    finds(
        "P-06",
        "a day late",
        insured("02/06/2026", "31/08/2026"),
        told(BLOCK, "insurance_start", first="02/06/2026", last="31/08/2026"),
    ),
    finds(
        "P-06",
        "a day short",
        insured("01/09/2025", "25/06/2026"),
        told(BLOCK, "insurance_end", first="01/09/2025", last="25/06/2026"),
    ),
    finds(
        "P-06",
        "late, until the last day",
        insured("02/06/2026", "26/06/2026"),
        told(BLOCK, "insurance_start"),
    ),
    finds("P-06", "late and short", insured("02/06/2026", "25/06/2026"), told(BLOCK, "insurance_end")),
    finds("P-06", "no period", insured(None, None), told(BLOCK, "insurance_start")),
    finds("P-06", "no end of period", insured("01/09/2025", None), told(BLOCK, "insurance_start")),
    finds("P-06", "no start of period", insured(None, "31/08/2026"), told(BLOCK, "insurance_start")),
    silent("P-06", "no dates yet", insured("02/06/2026", "25/06/2026", stage={"start": None, "end": None})),
    finds(
        "P-06",
        "no start yet",
        insured("02/06/2026", "25/06/2026", stage={"start": None}),
        told(BLOCK, "insurance_end"),
    ),
    finds(
        "P-06",
        "no end yet",
        insured("02/06/2026", "25/06/2026", stage={"end": None}),
        told(BLOCK, "insurance_start"),
    ),
    silent("P-10", "nothing is wanted, or all is joined", LAWFUL),
    *[
        finds("P-10", paper, agreement(protection={"missing": (paper,)}), told(INFORM, "attachments"))
        for paper in Proof
    ],
    finds(
        "P-10",
        "all at once",
        agreement(protection={"missing": tuple(Proof)}),
        *3 * [told(INFORM, "attachments")],
    ),
    silent("P-09", "no restricted area", LAWFUL),
    finds(
        "P-09",
        "not authorised",
        agreement(host={"in_restricted_area": True}),
        told(WARN, "restricted_area_authorised"),
    ),
    silent(
        "P-09", "authorised", agreement(host={"in_restricted_area": True, "restricted_area_authorised": True})
    ),
    silent("S-01", "everybody", LAWFUL),
    finds("S-01", "no signatory", people(signatory=None), told(BLOCK, "signatory", "missing")),
    finds(
        "S-01",
        "case 33: 17 years, no guardian",
        minor(trainee={"birth_date": date(2009, 1, 1)}),
        told(BLOCK, "guardian_name"),
    ),
    silent("S-01", "17 years and a guardian", minor()),
    silent("S-01", "18 years", minor(18, trainee={"birth_date": date(2008, 1, 1)})),
    finds(
        "S-01",
        "18 on the first day, 17 when it is signed",
        agreement("20/05/2026", trainee={"birth_date": date(2008, 6, 1)}),
        told(BLOCK, "guardian_name"),
    ),
    silent(
        "S-01",
        "17 on the first day, 18 when it is signed",
        agreement("20/06/2026", trainee={"birth_date": date(2008, 6, 20)}),
    ),
    silent(
        "S-01",
        "17 today, signed on the birthday",
        agreement("20/05/2026", trainee={"birth_date": date(2008, 5, 25)}, signed_on=date(2026, 5, 25)),
    ),
    silent("S-03", "two people", LAWFUL),
    finds("S-03", "one person", people(signatory=PAUL), told(INFORM, "signatory")),
    finds(
        "S-03",
        "one address, written twice",
        people(signatory=Person(PAUL.email.upper(), "Durant")),
        told(INFORM, "signatory"),
    ),
    silent("S-03", "addresses unknown", people(tutor=NOBODY, signatory=NOBODY)),
    silent("S-03", "nobody named", people(tutor=None, signatory=None)),
    silent("S-03", "no signatory", people(signatory=None)),
    silent("S-04", "all different", LAWFUL),
    finds("S-04", "tutor and referent", people(tutor=ANNE), told(BLOCK, "tutor")),
    finds("S-04", "the trainee's own tutor", people(tutor=LEA), told(BLOCK, "tutor")),
    finds("S-04", "the trainee signs for the host", people(signatory=LEA), told(BLOCK, "signatory")),
    finds(
        "S-04",
        "the trainee does both",
        people(tutor=LEA, signatory=LEA),
        told(BLOCK, "tutor"),
        told(BLOCK, "signatory"),
    ),
    finds(
        "S-04",
        "same name as the tutor",
        people(tutor=Person("max@host.example", "MARTIN")),
        told(WARN, "tutor", name="MARTIN"),
    ),
    finds(
        "S-04",
        "same name as the signatory",
        people(signatory=Person("max@host.example", "Martin")),
        told(WARN, "signatory", name="Martin"),
    ),
    silent("S-04", "same name as the referent", people(referent=Person("max@univ.example", "Martin"))),
    silent(
        "S-04",
        "names unknown",
        agreement(trainee={"person": NOBODY}, people={"tutor": NOBODY, "signatory": NOBODY}),
    ),
    silent("S-04", "nobody named", people(tutor=None, referent=None, signatory=None)),
    silent("F-01", "France", LAWFUL),
    finds(
        "F-01",
        "case 40: Berlin, no sheet",
        foreign(abroad={"has_information_sheet": False}),
        told(BLOCK, "has_information_sheet"),
    ),
    silent("F-01", "case 40: the sheet", foreign()),
    silent("F-02", "France", LAWFUL),
    finds("F-02", "Berlin", foreign(), told(INFORM, "follow_up")),
    silent("F-03", "six months", foreign(stage=stage("02/03/2026", "01/09/2026"))),
    finds("F-03", "a day more", foreign(stage=stage("02/03/2026", "02/09/2026")), told(WARN, "end")),
    silent("F-03", "4.50 €/h", foreign(pay=paid("4.50"))),
    silent("F-03", "half a cent more", foreign(pay=paid("4.505"))),
    finds("F-03", "8 €/h", foreign(pay=paid("8")), told(WARN, "amount", most="4.5")),
    finds("F-03", "4.51 €/h", foreign(pay=paid("4.51")), told(WARN, "amount", most="4.5")),
    finds(
        "F-03",
        "a branch changes nothing",
        foreign(pay=paid("8", branch_minimum=Decimal(9))),
        told(WARN, "amount", most="4.5"),
    ),
    finds(
        "F-03",
        "by the month",
        foreign(stage=lasting(420), pay=paid("700", PayUnit.MONTH)),
        told(WARN, "amount", most="4.5"),
    ),
    finds(
        "F-03",
        "another currency is not judged, and says so",
        foreign(pay=paid("8", in_euros=False)),
        told(WARN, "currency", most="4.5"),
    ),
    silent("F-03", "another currency, no amount yet", foreign(pay=paid(None, in_euros=False))),
    silent("F-03", "not paid", foreign()),
    silent(
        "F-03", "the higher of two years", foreign(stage=stage("01/12/2025", "15/02/2026"), pay=paid("4.50"))
    ),
    silent("F-03", "no ceiling known", foreign(pay=paid("8")), amounts=Amounts()),
    silent("F-03", "France", agreement(stage=stage("02/03/2026", "03/09/2026"), pay=paid("8"))),
    finds(
        "F-03",
        "both",
        foreign(stage=stage("02/03/2026", "03/09/2026"), pay=paid("8")),
        told(WARN, "end"),
        told(WARN, "amount", most="4.5"),
    ),
    silent("F-05", "France", LAWFUL),
    finds(
        "F-05",
        "case 40: Berlin, no assistance",
        foreign(abroad={"has_assistance_policy": False}),
        told(BLOCK, "has_assistance_policy"),
    ),
    silent("F-05", "case 40: assistance", foreign()),
    finds("F-05", "overseas", agreement(host={"place": Territory.REUNION}), told(INFORM, "service")),
    silent("F-05", "Strasbourg", agreement(host={"place": Territory.ALSACE_MOSELLE})),
    silent("F-06", "France", LAWFUL),
    finds("F-06", "Berlin", foreign(), told(INFORM, "health_fund")),
    silent("F-07", "France", agreement(abroad={"zone": Zone.RED})),
    finds("F-07", "no colour", foreign(), told(WARN, "travel_zone")),
    silent("F-07", "green", foreign(abroad={"zone": Zone.GREEN})),
    finds("F-07", "yellow", foreign(abroad={"zone": Zone.YELLOW}), told(WARN, "travel_zone")),
    finds(
        "F-07",
        "case 41: orange",
        foreign(abroad={"zone": Zone.ORANGE}),
        told(BLOCK, "travel_decision", "lifted"),
    ),
    finds(
        "F-07",
        "case 41: orange, decided: the manager reads the decision",
        foreign(abroad={"zone": Zone.ORANGE, "has_decision": True}),
        told(WARN, "travel_decision"),
    ),
    finds(
        "F-07",
        "case 41: red",
        foreign(abroad={"zone": Zone.RED, "has_decision": True}),
        told(BLOCK, "travel_zone"),
    ),
    finds(
        "F-07",
        "the officer decides from orange on",
        foreign(abroad={"zone": Zone.ORANGE, "officer_from": Zone.ORANGE}),
        told(INFORM, "travel_decision", zone="orange"),
    ),
    finds(
        "F-07",
        "the officer decides of red too",
        foreign(abroad={"zone": Zone.RED, "officer_from": Zone.ORANGE}),
        told(INFORM, "travel_decision", zone="red"),
    ),
    finds(
        "F-07",
        "below what the officer decides",
        foreign(abroad={"zone": Zone.YELLOW, "officer_from": Zone.ORANGE}),
        told(WARN, "travel_zone"),
    ),
    finds(
        "F-07",
        "what is known counts, whatever is said",
        foreign(abroad={"zone": Zone.GREEN, "advice": known(Zone.RED)}),
        told(BLOCK, "travel_zone"),
    ),
    finds(
        "F-07",
        "what is said counts, whatever is known",
        foreign(abroad={"zone": Zone.RED, "advice": known(Zone.GREEN), "officer_from": Zone.RED}),
        told(INFORM, "travel_decision", zone="red"),
    ),
    finds(
        "F-07",
        "nothing said, red known",
        foreign(abroad={"advice": known(Zone.RED), "officer_from": Zone.ORANGE}),
        told(WARN, "travel_zone"),
        told(INFORM, "travel_decision", zone="red"),
    ),
    silent("F-10", "France", LAWFUL),
    finds("F-10", "nothing known", foreign(abroad={"zone": Zone.GREEN}), told(WARN, "travel_zone")),
    silent("F-10", "as known", foreign(abroad={"zone": Zone.GREEN, "advice": known(Zone.GREEN)})),
    silent("F-10", "not said yet", foreign(abroad={"advice": known(Zone.GREEN)})),
    finds(
        "F-10",
        "green said, red known",
        foreign(abroad={"zone": Zone.GREEN, "advice": known(Zone.RED)}),
        told(WARN, "travel_zone", declared="green", known="red", **IN_GERMANY),
    ),
    finds(
        "F-10",
        "more said than known",
        foreign(abroad={"zone": Zone.YELLOW, "advice": known(Zone.GREEN)}),
        told(WARN, "travel_zone", declared="yellow", known="green", **IN_GERMANY),
    ),
    finds(
        "F-10",
        "a region is worse: the worst is named",
        foreign(
            abroad={
                "zone": Zone.YELLOW,
                "advice": known(Zone.YELLOW),
                "nearby": (known(Zone.ORANGE, "Nord"), known(Zone.RED, "Est"), known(Zone.GREEN, "Sud")),
            }
        ),
        told(WARN, "travel_zone", known="red", **{**IN_GERMANY, "place": "Est"}),
    ),
    silent(
        "F-10",
        "no region is worse than what is said",
        foreign(
            abroad={
                "zone": Zone.ORANGE,
                "advice": known(Zone.ORANGE),
                "nearby": (known(Zone.ORANGE, "Nord"),),
            }
        ),
    ),
    finds(
        "F-10",
        "known too long ago",
        foreign(abroad={"zone": Zone.GREEN, "advice": known(Zone.GREEN, is_old=True)}),
        told(WARN, "travel_zone", known="green", **IN_GERMANY),
    ),
    finds(
        "F-10",
        "a region known too long ago",
        foreign(
            abroad={
                "zone": Zone.GREEN,
                "advice": known(Zone.GREEN),
                "nearby": (known(Zone.GREEN, "Nord", is_old=True),),
            }
        ),
        told(WARN, "travel_zone", known="green", **{**IN_GERMANY, "place": "Nord"}),
    ),
    silent("F-08", "France", LAWFUL),
    finds("F-08", "Berlin", foreign(), told(INFORM, "service")),
]


@pytest.mark.parametrize("example", [example.param for example in EXAMPLES])
def test_protection(example):
    check(example)


@pytest.mark.parametrize(
    ("amount", "unit", "declares_in_its_own_name"),
    [
        ("4.50", PayUnit.HOUR, False),
        ("5.00", PayUnit.HOUR, True),
        ("630", PayUnit.MONTH, False),
        ("630.02", PayUnit.MONTH, True),
        ("1890", PayUnit.TOTAL, False),
    ],
)
def test_who_declares_an_accident(amount, unit, declares_in_its_own_name):
    [finding] = found("P-03", agreement(stage=lasting(420), pay=paid(amount, unit)))
    assert ("en son nom" in written(finding)) == declares_in_its_own_name


def test_the_legal_minimum_of_two_years_is_not_above_the_threshold():
    """649.07 € a month from November 2025 to April 2026: more than 4.35 € an hour, never more than what is due."""
    half_year = stage("03/11/2025", "30/04/2026")
    [finding] = found("P-03", agreement(stage=half_year, pay=paid("649.07", PayUnit.MONTH)))
    assert "nommant l’établissement" in written(finding)


@pytest.mark.parametrize(
    ("country", "advice"),
    [
        *((country, "carte européenne") for country in sorted(CARD_COUNTRIES)),
        ("MC", "convention de sécurité sociale"),
        ("CA", "SE 401-Q-106"),
        ("US", "assurance santé privée"),
        ("JP", "assurance santé privée"),
    ],
)
def test_health_abroad(country, advice):
    [finding] = found("F-06", foreign(country))
    assert advice in written(finding)


def test_where_one_moves_freely_and_where_the_card_is_valid():
    """The Union, Iceland, Liechtenstein, Norway and Switzerland; the card in the United Kingdom too."""
    assert len(FREE_MOVEMENT) == 30
    assert {"DE", "IS", "LI", "NO", "CH"} <= FREE_MOVEMENT
    assert not {"FR", "GB", "TR", "MA", "MC"} & FREE_MOVEMENT
    assert {"GB"} == CARD_COUNTRIES - FREE_MOVEMENT
