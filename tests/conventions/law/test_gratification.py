"""When gratification is due and how much: G-01 to G-18, the fixtures of URSSAF and service-public."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.calendar import Absence, AbsenceKind, Territory
from conventions.law import Amounts
from conventions.law.facts import Change, History, Other, PayUnit, Regime, Stricter
from tests.conventions.law.cases import (
    AMOUNTS,
    BLOCK,
    CEILINGS,
    INFORM,
    MONDAY_TO_FRIDAY,
    WARN,
    agreement,
    avenant,
    case,
    check,
    day,
    finds,
    foreign,
    found,
    lasting,
    other,
    paid,
    plain,
    silent,
    stage,
    told,
    work,
)

NOUMEA = {"country": "NC", "place": Territory.NOUVELLE_CALEDONIE}
WINTER = stage("01/12/2025", "15/02/2026")  # 154 h in 2025, 217 h in 2026
HALF_YEAR = stage("03/11/2025", "30/04/2026")  # 287 h in 2025, 588 h in 2026
SPRING = stage("01/04/2026", "30/06/2026")  # 420 h, 1 890 €
PUBLIC = {"is_public_law": True}


def hours(number, **more):
    return agreement(stage=lasting(number), **more)


def hourly(number, amount, **more):
    return agreement(stage=lasting(number), pay=paid(amount), **more)


def spring(amount, unit, **more):
    return agreement(stage=SPRING, pay=paid(amount, unit), **more)


def regime(number, one, **more):
    return hours(number, studies={"regime": one}, **more)


CUT_SHORT = Other(
    day("01/12/2025"), day("31/12/2025"), Decimal(150), Decimal(35), 2025, same_host=True, is_certain=False
)
EXAMPLES = [
    silent("G-02", "no ceiling known, none asked", agreement(stage=lasting(140)), amounts=Amounts()),
    finds(
        "G-02",
        "no ceiling known, paid though optional",
        hourly(140, "4.50"),
        told(BLOCK, "amount", "lifted", "staff"),
        amounts=Amounts(),
    ),
    finds(
        "G-02",
        "no ceiling known, due and not paid",
        agreement(stage=lasting(400), pay={"is_paid": False}),
        told(BLOCK, "amount", "lifted", "staff"),
        amounts=Amounts(),
    ),
    finds(
        "G-17",
        "another currency in France, due",
        agreement(stage=lasting(400), pay=paid("4.50", in_euros=False)),
        told(BLOCK, "currency"),
    ),
    silent("G-01", "case 1: 44 days of 7 h, 308 h", hours("308")),
    finds(
        "G-01",
        "case 4: 308.5 h, not paid",
        hours("308.5"),
        told(BLOCK, "is_paid", total="308.5", limit="308"),
    ),
    finds("G-01", "case 4: 308.5 h, paid, no amount", hourly("308.5", None), told(BLOCK, "amount")),
    silent("G-01", "case 2: 45 days, 4.50 €/h", hourly("315", "4.50")),
    silent("G-01", "not answered yet", hours("315", pay={"is_paid": None})),
    finds(
        "G-01",
        "case 5: 44 days of 8 h, 352 h",
        agreement(stage=stage("01/06/2026", "31/07/2026", "40")),
        told(BLOCK, "is_paid", total="352", limit="308"),
    ),
    silent(
        "G-01",
        "case 6: 50 days of 6 h, 300 h",
        agreement(stage=stage("06/07/2026", "11/09/2026", "30") | {"corrected_hours": Decimal(300)}),
    ),
    silent("G-01", "case 7: « two months », 301 h", agreement(stage=stage("01/07/2026", "31/08/2026"))),
    silent(
        "G-01",
        "case 9: 294 h and 14 h of leave",
        agreement(stage=stage("01/06/2026", "31/07/2026", leave_days=2)),
    ),
    finds(
        "G-01",
        "case 14: half time for a year",
        agreement(stage=stage("01/09/2025", "31/08/2026", "17.5")),
        told(BLOCK, "is_paid", total="882", limit="308"),
    ),
    silent(
        "G-01",
        "case 16: 168 h and 140 h in one host",
        agreement(
            stage=stage("02/02/2026", "27/02/2026"),
            history=History(others=(other("03/11/2025", "05/12/2025", 168),)),
        ),
    ),
    finds(
        "G-01",
        "case 16 and one hour",
        agreement(stage=lasting(141), history=History(others=(other("03/11/2025", "05/12/2025", 168),))),
        told(BLOCK, "is_paid", total="309", limit="308"),
    ),
    silent(
        "G-01",
        "case 18: two hosts",
        hours(200, history=History(others=(other("03/11/2025", "05/12/2025", 200, same_host=False),))),
    ),
    silent(
        "G-01",
        "another academic year",
        hours(200, history=History(others=(other("03/03/2025", "05/06/2025", 200, academic_year=2024),))),
    ),
    finds(
        "G-01",
        "hours of another school",
        hours(200, history=History(declared_hours=Decimal(109))),
        told(BLOCK, "is_paid", total="309", limit="308"),
    ),
    finds(
        "G-01",
        "case 28: extended from 301 to 322 h",
        hours(322, avenant=avenant(Change.EXTENSION, "01/06/2026", previous_duration=Decimal(301))),
        told(BLOCK, "is_paid", total="322", limit="308"),
    ),
    finds(
        "G-01",
        "a stricter university",
        hours(155, stricter=Stricter(gratification_threshold=154)),
        told(BLOCK, "is_paid", total="155", limit="154"),
    ),
    silent("G-01", "at its threshold", hours(154, stricter=Stricter(gratification_threshold=154))),
    finds(
        "G-01",
        "a university never gives more than the law",
        hours(309, stricter=Stricter(gratification_threshold=400)),
        told(BLOCK, "is_paid", total="309", limit="308"),
    ),
    finds(
        "G-01",
        "the law before the university",
        hours(309, stricter=Stricter(gratification_threshold=154)),
        told(BLOCK, "is_paid", total="309", limit="308"),
    ),
    finds(
        "G-01",
        "280 h in August, 140 h from the Monday that follows, in another year",
        agreement(
            stage=stage("03/08/2026", "28/08/2026"),
            history=History(others=(other("31/08/2026", "16/10/2026", 245, academic_year=2026),)),
        ),
        told(WARN, "is_paid", in_a_row="385", limit="308"),
    ),
    finds(
        "G-01",
        "three in a row",
        agreement(
            stage=stage("03/08/2026", "28/08/2026"),
            history=History(
                others=(
                    other("28/09/2026", "16/10/2026", 105, academic_year=2026),
                    other("31/08/2026", "25/09/2026", 140, academic_year=2026),
                )
            ),
        ),
        told(WARN, "is_paid", in_a_row="385", limit="308"),
    ),
    silent(
        "G-01",
        "not in a row: four days between",
        agreement(
            stage=stage("03/08/2026", "28/08/2026"),
            history=History(others=(other("01/09/2026", "16/10/2026", 245, academic_year=2026),)),
        ),
    ),
    silent(
        "G-01",
        "308 h in a row",
        agreement(
            stage=stage("03/08/2026", "28/08/2026"),
            history=History(others=(other("31/08/2026", "01/10/2026", 168, academic_year=2026),)),
        ),
    ),
    silent(
        "G-01",
        "in a row, and paid",
        agreement(
            stage=stage("03/08/2026", "28/08/2026"),
            pay=paid("4.50"),
            history=History(others=(other("31/08/2026", "16/10/2026", 245, academic_year=2026),)),
        ),
    ),
    silent("G-01", "case 40: abroad", foreign(stage=lasting(800))),
    silent("G-01", "case 43: Nouméa", hours(800, host=NOUMEA)),
    silent("G-01", "G-14: health", regime(800, Regime.HEALTH)),
    silent("G-01", "G-14: hospital", regime(800, Regime.HOSPITAL)),
    silent("G-01", "G-14: agricultural, 462 h", regime(462, Regime.AGRICULTURAL)),
    finds(
        "G-01",
        "G-14: agricultural, 463 h",
        regime(463, Regime.AGRICULTURAL),
        told(BLOCK, "is_paid", total="463", limit="462"),
    ),
    finds(
        "G-01",
        "an earlier stage cut short may make it due",
        agreement(stage=lasting(200), pay={"is_paid": False}, history=History(others=(CUT_SHORT,))),
        told(WARN, "is_paid", uncertain="150"),
    ),
    silent(
        "G-01", "too short to matter", agreement(stage=lasting(158), history=History(others=(CUT_SHORT,)))
    ),
    silent(
        "G-01",
        "cut short, but paid",
        agreement(stage=lasting(200), pay=paid("4.50"), history=History(others=(CUT_SHORT,))),
    ),
    silent("G-01", "hours unknown", agreement(stage={"schedule": None})),
    silent("G-02", "4.50 € in 2026", hourly(400, "4.50")),
    finds(
        "G-02",
        "case 30: 4.35 € in 2026, 400 h",
        hourly(400, "4.35"),
        told(BLOCK, "amount", amount="4.35", least="4.5", total="1800", promised="1740"),
    ),
    finds("G-02", "4.49 €", hourly(400, "4.49"), told(BLOCK, "amount")),
    silent("G-02", "4.35 €, optional", hourly(308, "4.35")),
    silent("G-02", "a month is judged by G-03", spring("1", PayUnit.MONTH)),
    silent("G-02", "not paid", hours(400)),
    finds(
        "G-02",
        "Mayotte has a ceiling of its own",
        agreement(stage=lasting(400), pay=paid("4.50"), host={"place": Territory.MAYOTTE}),
        told(INFORM, "amount"),
    ),
    silent("G-02", "Mayotte, neither due nor paid", hours(300, host={"place": Territory.MAYOTTE})),
    silent("G-02", "another currency", agreement(stage=lasting(400), pay=paid("1", in_euros=False))),
    finds(
        "G-02",
        "a branch that pays more",
        agreement(stage=lasting(400), pay=paid("4.99", branch_minimum=Decimal(5))),
        told(BLOCK, "amount", amount="4.99", least="5", total="2000", promised="1996"),
    ),
    silent(
        "G-02",
        "as much as the branch",
        agreement(stage=lasting(400), pay=paid("5", branch_minimum=Decimal(5))),
    ),
    finds(
        "G-02",
        "a branch that pays less changes nothing",
        agreement(stage=lasting(400), pay=paid("4.35", branch_minimum=Decimal(4))),
        told(BLOCK, "amount", amount="4.35", least="4.5", total="1800", promised="1740"),
    ),
    silent("G-02", "4.35 € from 2025, which follows the ceiling", agreement(stage=WINTER, pay=paid("4.35"))),
    finds(
        "G-02",
        "4.35 € from 2025, which does not",
        agreement(stage=WINTER, pay=paid("4.35", has_revaluation_clause=False)),
        told(BLOCK, "amount", amount="4.35", least="4.5", total="1646.4", promised="1613.85"),
    ),
    finds(
        "G-02",
        "4.34 € from 2025",
        agreement(stage=WINTER, pay=paid("4.34")),
        told(BLOCK, "amount", amount="4.34", least="4.35", total="1646.4", promised="1610.14"),
    ),
    finds(
        "G-02",
        "2027 not published",
        agreement("15/12/2026", stage=lasting(400, "01/02/2027", "30/04/2027"), pay=paid("4.50")),
        told(INFORM, "amount", "lifted", "staff", year="2027"),
    ),
    finds(
        "G-02",
        "2027 not published on 1 January",
        agreement("01/01/2027", stage=lasting(400, "01/02/2027", "30/04/2027"), pay=paid("4.50")),
        told(BLOCK, "amount", "lifted", "staff", year="2027"),
    ),
    finds(
        "G-02",
        "2027 not published, not paid though due",
        agreement("01/01/2027", stage=lasting(400, "01/02/2027", "30/04/2027")),
        told(BLOCK, "amount", "lifted", "staff", year="2027"),
    ),
    silent(
        "G-02",
        "2027 not published, optional and not paid",
        agreement("01/01/2027", stage=lasting(308, "01/02/2027", "30/04/2027")),
    ),
    finds(
        "G-02",
        "2027 not published, optional and paid",
        agreement("01/12/2026", stage=lasting(308, "01/12/2026", "28/02/2027"), pay=paid("1")),
        told(INFORM, "amount", "lifted", "staff", year="2027"),
    ),
    finds(
        "G-02",
        "2027 not published, too little",
        agreement("15/12/2026", stage=lasting(400, "01/02/2027", "30/04/2027"), pay=paid("4.35")),
        told(INFORM, "amount", "lifted", "staff", year="2027"),
        told(BLOCK, "amount"),
    ),
    silent(
        "G-02",
        "2027 not published, abroad",
        foreign(today="01/01/2027", stage=lasting(400, "01/02/2027", "30/04/2027"), pay=paid("4.50")),
    ),
    finds(
        "G-02",
        "no ceiling known",
        hourly(400, "1"),
        told(BLOCK, "amount", "lifted", "staff"),
        amounts=Amounts(),
    ),
    finds(
        "G-03",
        "case 3: 309 h, one paid",
        agreement(stage=lasting(309), pay=paid("4.50", PayUnit.TOTAL)),
        told(BLOCK, "amount", promised="4.5", least="1390.5"),
    ),
    silent("G-03", "309 h paid", agreement(stage=lasting(309), pay=paid("1390.50", PayUnit.TOTAL))),
    finds(
        "G-03",
        "a cent less",
        agreement(stage=lasting(309), pay=paid("1390.49", PayUnit.TOTAL)),
        told(BLOCK, "amount"),
    ),
    silent("G-03", "308 h, optional", agreement(stage=lasting(308), pay=paid("4.50", PayUnit.TOTAL))),
    silent("G-03", "630 € a month", spring("630", PayUnit.MONTH)),
    finds(
        "G-03",
        "629.99 € a month, of exact months",
        spring("629.99", PayUnit.MONTH),
        told(BLOCK, "amount", promised="1889.97", least="1890"),
    ),
    silent(
        "G-03",
        "649.07 € a month: cents of smoothing",
        agreement(stage=HALF_YEAR, pay=paid("649.07", PayUnit.MONTH, has_revaluation_clause=False)),
    ),
    finds(
        "G-03",
        "649.06 € a month",
        agreement(stage=HALF_YEAR, pay=paid("649.06", PayUnit.MONTH, has_revaluation_clause=False)),
        told(BLOCK, "amount", promised="3894.36", least="3894.45"),
    ),
    silent(
        "G-03",
        "634.37 € a month that follows the ceiling",
        agreement(stage=HALF_YEAR, pay=paid("634.37", PayUnit.MONTH)),
    ),
    finds(
        "G-03",
        "634.36 € a month that follows the ceiling",
        agreement(stage=HALF_YEAR, pay=paid("634.36", PayUnit.MONTH)),
        told(BLOCK, "amount", promised="3806.16", least="3806.25"),
    ),
    silent(
        "G-03",
        "30.45 € a day that follows the ceiling",
        agreement(stage=HALF_YEAR, pay=paid("30.45", PayUnit.DAY)),
    ),
    finds(
        "G-03",
        "30.45 € a day that does not",
        agreement(stage=HALF_YEAR, pay=paid("30.45", PayUnit.DAY, has_revaluation_clause=False)),
        told(BLOCK, "amount", promised="3806.25", least="3894.45"),
    ),
    finds(
        "G-03",
        "a total does not follow",
        agreement(stage=HALF_YEAR, pay=paid("3806.25", PayUnit.TOTAL)),
        told(BLOCK, "amount", promised="3806.25", least="3894.45"),
    ),
    silent(
        "G-03",
        "463.51 € a month: two cents of smoothing over three months",
        agreement(stage=lasting("309.01"), pay=paid("463.51", PayUnit.MONTH)),
    ),
    finds(
        "G-05",
        "695.27 € and 695.28 €",
        agreement(stage=lasting("309.01", "01/06/2026", "31/07/2026")),
        told(INFORM, "amount", smoothed="695.27"),
    ),
    silent("G-03", "157.50 € a week", spring("157.50", PayUnit.WEEK)),
    finds(
        "G-03",
        "157.49 € a week",
        spring("157.49", PayUnit.WEEK),
        told(BLOCK, "amount", promised="1889.88", least="1890"),
    ),
    silent("G-03", "31.50 € a day", spring("31.50", PayUnit.DAY)),
    finds(
        "G-03",
        "31.49 € a day",
        spring("31.49", PayUnit.DAY),
        told(BLOCK, "amount", promised="1889.4", least="1890"),
    ),
    silent(
        "G-03",
        "52.50 € a day, three days a week: a third of 35 h is not a decimal",
        agreement(stage=stage("01/06/2026", "30/08/2026", "35", (0, 1, 2)), pay=paid("52.50", PayUnit.DAY)),
    ),
    silent(
        "G-03",
        "35 h shared by six days: 157.50 € a week",
        agreement(stage=stage("01/06/2026", "30/08/2026", "35", range(6)), pay=paid("157.50", PayUnit.WEEK)),
    ),
    silent("G-03", "an hour is judged by G-02", spring("1", PayUnit.HOUR)),
    silent("G-03", "no unit yet", spring("1", None)),
    silent("G-03", "no amount yet", spring(None, PayUnit.MONTH)),
    silent("G-03", "another currency", agreement(stage=SPRING, pay=paid("1", PayUnit.TOTAL, in_euros=False))),
    silent("G-03", "no ceiling known", spring("1", PayUnit.TOTAL), amounts=Amounts()),
    silent(
        "G-03",
        "a day without hours is worth nothing yet",
        agreement(
            stage=stage("01/06/2026", "31/07/2026", weekdays=()) | {"corrected_hours": Decimal(400)},
            pay=paid("1", PayUnit.DAY),
        ),
    ),
    finds(
        "G-04",
        "case 32: paid once at the end",
        agreement(stage=lasting(400), pay=paid("4.50", is_monthly=False)),
        told(BLOCK, "payment_frequency"),
    ),
    silent("G-04", "every month", hourly(400, "4.50")),
    silent("G-04", "not answered", agreement(stage=lasting(400), pay=paid("4.50", is_monthly=None))),
    silent("G-04", "optional", agreement(stage=lasting(308), pay=paid("4.50", is_monthly=False))),
    silent("G-04", "not paid", agreement(stage=lasting(400), pay={"is_monthly": False})),
    finds("G-05", "649.07 € a month", agreement(stage=HALF_YEAR), told(INFORM, "amount", smoothed="649.07")),
    silent("G-05", "optional", hours(308)),
    silent("G-05", "one month", agreement(stage=lasting(309, "01/06/2026", "30/06/2026"))),
    finds(
        "G-05",
        "two months",
        agreement(stage=lasting(309, "01/06/2026", "31/07/2026")),
        told(INFORM, "amount"),
    ),
    finds(
        "G-06",
        "case 24: no clause",
        agreement(stage=WINTER, pay=paid("4.50", has_revaluation_clause=False)),
        told(BLOCK, "amount"),
    ),
    finds("G-06", "case 24: the clause", agreement(stage=WINTER, pay=paid("4.50")), told(INFORM, "amount")),
    finds("G-06", "due, not paid yet", agreement(stage=WINTER), told(INFORM, "amount")),
    silent("G-06", "one year", agreement(stage=SPRING, pay=paid("4.50", has_revaluation_clause=False))),
    silent(
        "G-06",
        "neither due nor paid",
        agreement(stage=lasting(300, "01/12/2025", "15/02/2026"), pay={"has_revaluation_clause": False}),
    ),
    finds(
        "G-06",
        "optional and paid",
        agreement(
            stage=lasting(300, "01/12/2025", "15/02/2026"), pay=paid("1", has_revaluation_clause=False)
        ),
        told(BLOCK, "amount"),
    ),
    silent("G-06", "abroad", foreign(stage=WINTER, pay=paid("4.50", has_revaluation_clause=False))),
    finds(
        "G-07",
        "town hall, 5.00 €",
        hourly(400, "5.00", host=PUBLIC),
        told(WARN, "amount", amount="5", most="4.5"),
    ),
    silent("G-07", "town hall, 4.50 €", hourly(400, "4.50", host=PUBLIC)),
    silent("G-07", "half a cent more", hourly(400, "4.505", host=PUBLIC)),
    finds("G-07", "a cent more", hourly(400, "4.51", host=PUBLIC), told(WARN, "amount")),
    silent("G-07", "company, 5.00 €", hourly(400, "5.00")),
    finds(
        "G-07",
        "by the month",
        spring("700", PayUnit.MONTH, host=PUBLIC),
        told(WARN, "amount", amount="5", most="4.5"),
    ),
    silent("G-07", "the minimum by the month", spring("630", PayUnit.MONTH, host=PUBLIC)),
    silent("G-07", "the highest of two years", agreement(stage=WINTER, pay=paid("4.50"), host=PUBLIC)),
    finds("G-07", "optional too", hourly(100, "5.00", host=PUBLIC), told(WARN, "amount")),
    silent("G-07", "abroad", foreign(stage=lasting(400), pay=paid("5.00"), host=PUBLIC)),
    silent("G-07", "not paid", hours(400, host=PUBLIC)),
    silent("G-07", "no ceiling known", hourly(400, "5.00", host=PUBLIC), amounts=Amounts()),
    finds(
        "G-08",
        "employed by the same public body",
        agreement(host=PUBLIC, pay={"is_employed_by_host": True}),
        told(WARN, "is_employed_by_host"),
    ),
    silent("G-08", "employed by a company", agreement(pay={"is_employed_by_host": True})),
    silent("G-08", "not employed", agreement(host=PUBLIC)),
    finds("G-09", "300 h at 0 €", hours(300), told(INFORM, "is_paid", total="300", limit="308")),
    finds("G-09", "308 h", hours(308), told(INFORM, "is_paid", total="308", limit="308")),
    finds(
        "G-09",
        "a stricter university",
        hours(100, stricter=Stricter(gratification_threshold=154)),
        told(INFORM, "is_paid", total="100", limit="154"),
    ),
    silent("G-09", "309 h", hours(309)),
    silent("G-09", "abroad", foreign()),
    silent("G-09", "hours unknown", agreement(stage={"schedule": None})),
    finds("G-10", "due", hours(309), told(INFORM, "benefits")),
    silent("G-10", "optional", hours(308)),
    finds("G-12", "5.00 €/h in 2026", hourly(400, "5.00"), told(INFORM, "amount", excess="200")),
    silent("G-12", "4.50 €/h in 2026", hourly(400, "4.50")),
    finds("G-12", "whatever the length", hourly(100, "5.00"), told(INFORM, "amount", excess="50")),
    silent("G-12", "a cent by month is rounding", spring("630.01", PayUnit.MONTH)),
    finds("G-12", "two are not", spring("630.02", PayUnit.MONTH), told(INFORM, "amount", excess="0.06")),
    finds(
        "G-12",
        "what a branch adds pays contributions",
        agreement(stage=lasting(400), pay=paid("5.00", branch_minimum=Decimal(5))),
        told(INFORM, "amount", excess="200"),
    ),
    finds(
        "G-12",
        "year by year",
        agreement(stage=WINTER, pay=paid("4.50")),
        told(INFORM, "amount", excess="23.1"),
    ),
    silent("G-12", "the minimum of two years", agreement(stage=HALF_YEAR, pay=paid("649.07", PayUnit.MONTH))),
    silent("G-12", "not paid", hours(400)),
    silent("G-12", "abroad", foreign(stage=lasting(400), pay=paid("5.00"))),
    silent("G-12", "no ceiling known", hourly(400, "5.00"), amounts=Amounts()),
    finds("G-14", "health", regime(140, Regime.HEALTH), told(INFORM, "is_paid")),
    finds("G-14", "hospital", regime(140, Regime.HOSPITAL), told(INFORM, "is_paid")),
    finds("G-14", "agricultural", regime(140, Regime.AGRICULTURAL), told(INFORM, "is_paid", limit="462")),
    silent("G-14", "general", hours(140)),
    finds("G-15", "case 40: Berlin, 800 h, 0 €", foreign(stage=lasting(800)), told(INFORM, "is_paid")),
    silent("G-15", "France", hours(800)),
    *(
        finds("G-16", f"case 43: {place}", agreement(host={"place": place}), told(INFORM, "is_paid"))
        for place in (
            Territory.NOUVELLE_CALEDONIE,
            Territory.POLYNESIE,
            Territory.WALLIS_ET_FUTUNA,
            Territory.TERRES_AUSTRALES,
        )
    ),
    silent("G-16", "Réunion", agreement(host={"country": "RE", "place": Territory.REUNION})),
    silent("G-17", "4.50 € an hour, by transfer", hourly(140, "4.50")),
    silent("G-17", "not paid", hours(140)),
    finds(
        "G-17",
        "another currency in France",
        agreement(pay=paid("4.50", in_euros=False)),
        told(WARN, "currency"),
    ),
    silent("G-17", "another currency abroad", foreign(pay=paid("4.50", in_euros=False))),
    finds("G-17", "no amount", hourly(140, None), told(BLOCK, "amount", "missing")),
    finds("G-17", "no unit", spring("630", None), told(BLOCK, "amount_unit", "missing")),
    finds(
        "G-17", "no mode", agreement(pay=paid("4.50", has_mode=False)), told(BLOCK, "payment_mode", "missing")
    ),
    finds(
        "G-17",
        "nothing written",
        agreement(pay={"is_paid": True}),
        told(BLOCK, "amount", "missing"),
        told(BLOCK, "amount_unit", "missing"),
        told(BLOCK, "payment_mode", "missing"),
    ),
]


@pytest.mark.parametrize("example", [example.param for example in EXAMPLES])
def test_gratification(example):
    check(example)


@pytest.mark.parametrize(
    ("facts", "limit", "words"),
    [
        (hours(309), "308", "une gratification est obligatoire"),
        (
            hours(309, stricter=Stricter(gratification_threshold=154)),
            "308",
            "une gratification est obligatoire",
        ),
        (hours(308, stricter=Stricter(gratification_threshold=154)), "154", "votre établissement demande"),
    ],
)
def test_who_makes_it_due(facts, limit, words):
    [finding] = found("G-01", facts)
    assert words in finding.text
    assert plain(finding.values["limit"]) == limit


# To the cent


def months(case):
    return [
        (month.first.month, plain_hours(month), str(month.real), str(month.smoothed))
        for month in case.paid_months
    ]


def plain_hours(month):
    return int(month.hours) if month.hours == int(month.hours) else month.hours


def test_the_example_of_urssaf():
    """Case 25: January to April 2023, 7 hours a day."""
    example = case(stage=stage("01/01/2023", "30/04/2023"))
    assert months(example) == [
        (1, 154, "623.70", "595.35"),
        (2, 140, "567.00", "595.35"),
        (3, 161, "652.05", "595.35"),
        (4, 133, "538.65", "595.35"),
    ]
    assert (example.paid_hours, example.minimum_total) == (588, Decimal("2381.40"))
    assert {month.rate for month in example.paid_months} == {Decimal("4.05")}


def test_the_example_of_service_public():
    """Case 25: January to March 2024, a leap year, 7 hours a day."""
    example = case(stage=stage("01/01/2024", "31/03/2024"))
    assert months(example) == [
        (1, 154, "669.90", "649.60"),
        (2, 147, "639.45", "649.60"),
        (3, 147, "639.45", "649.60"),
    ]
    assert example.minimum_total == Decimal("1948.80")


@pytest.mark.parametrize(
    ("planned", "hours", "total", "real", "smoothed"),
    [
        (SPRING, 420, "1890", ["661.50", "535.50", "693.00"], ["630.00"] * 3),
        (
            stage("01/04/2026", "30/06/2026", works_on_holidays=True),
            455,
            "2047.50",
            ["693.00", "661.50", "693.00"],
            ["682.50"] * 3,
        ),
        (lasting(462), 462, "2079", None, ["693.00"] * 3),
        (stage("02/02/2026", "31/07/2026"), 868, "3906", None, ["651.00"] * 6),
        (WINTER, 371, "1646.40", ["669.90", "661.50", "315.00"], ["548.80"] * 3),
        (HALF_YEAR, 875, "3894.45", None, ["649.07"] * 5 + ["649.10"]),
        (stage("04/09/2025", "26/06/2026", "14", (3, 4)), 567, "2516.85", None, None),
        (stage("01/02/2028", "29/02/2028"), 147, "661.50", ["661.50"], ["661.50"]),
    ],
    ids=[
        "60 days",
        "holidays counted",
        "3 × 154 h",
        "868 h",
        "case 24",
        "875 h",
        "two days a week",
        "case 26",
    ],
)
def test_worked_examples(planned, hours, total, real, smoothed):
    example = case(stage=planned)
    assert (example.paid_hours, example.minimum_total) == (hours, Decimal(total))
    if real:
        assert [str(month.real) for month in example.paid_months] == real
    if smoothed:
        assert [str(month.smoothed) for month in example.paid_months] == smoothed


@pytest.mark.parametrize(
    ("hours", "euros"),
    [
        ("7", "31.50"),
        ("140", "630"),
        ("147", "661.50"),
        ("151.67", "682.52"),
        ("154", "693"),
        ("161", "724.50"),
        ("309", "1390.50"),
        ("315", "1417.50"),
        ("322", "1449"),
        ("400", "1800"),
        ("924", "4158"),
    ],
)
def test_handy_figures_of_2026(hours, euros):
    assert case(stage=lasting(hours)).minimum_total == Decimal(euros)


@pytest.mark.parametrize(
    ("year", "monthly_ceiling", "minimum"),
    [
        (2016, 3218, "3.60"),
        (2017, 3269, "3.60"),
        (2018, 3311, "3.75"),
        (2019, 3377, "3.75"),
        (2020, 3428, "3.90"),
        (2021, 3428, "3.90"),
        (2022, 3428, "3.90"),
        (2023, 3666, "4.05"),
        (2024, 3864, "4.35"),
        (2025, 3925, "4.35"),
        (2026, 4005, "4.50"),
    ],
)
def test_the_minimum_of_each_year(year, monthly_ceiling, minimum):
    """The hourly ceiling is the monthly one × 12 / 1 607, to the nearest euro (article D242-19 CSS)."""
    assert (Decimal(monthly_ceiling) * 12 / 1607).quantize(Decimal(1)) == CEILINGS[year]
    assert AMOUNTS.minimum(year, date(year, 1, 1)) == Decimal(minimum)


@pytest.mark.parametrize(
    ("signed_on", "minimum"),
    [
        ("30/11/2014", "3.00"),
        ("01/12/2014", "3.30"),
        ("31/08/2015", "3.30"),
        ("01/09/2015", "3.60"),
        ("31/12/2015", "3.60"),
    ],
)
def test_the_part_of_the_ceiling_follows_the_signature(signed_on, minimum):
    """G-18, for hours of 2015."""
    assert AMOUNTS.minimum(2015, day(signed_on)) == Decimal(minimum)
    signed = case(stage=lasting(400, "01/09/2015", "31/12/2015"), signed_on=day(signed_on))
    assert signed.rate(2015) == Decimal(minimum)


def test_the_day_of_reading_stands_for_a_signature_to_come():
    example = case(today="31/08/2015", stage=lasting(400, "01/09/2015", "31/12/2015"))
    assert example.minimum_total == 400 * Decimal("3.30")


def test_a_year_without_ceiling_takes_the_last_one_known():
    assert (AMOUNTS.ceiling(2027), AMOUNTS.is_provisional(2027)) == (30, True)
    assert (AMOUNTS.ceiling(2026), AMOUNTS.is_provisional(2026)) == (30, False)
    assert AMOUNTS.ceiling(2014) is None
    assert AMOUNTS.minimum(2014, date(2014, 6, 1)) is None
    assert Amounts({2020: Decimal(26), 2026: Decimal(30)}).ceiling(2024) == 26
    across = case(stage=stage("01/12/2026", "15/02/2027"))
    assert [month.is_provisional for month in across.paid_months] == [False, True, True]


def test_nothing_is_computed_without_a_ceiling():
    unknown = case(Amounts(), stage=SPRING, pay=paid("4.50"))
    assert (unknown.paid_months, unknown.minimum_total, unknown.rate(2026)) == ((), None, None)
    half_known = case(Amounts({2026: Decimal(30)}), stage=WINTER)
    assert half_known.paid_months == ()


def test_a_ceiling_is_taken_as_it_is():
    """However low: no amount stands for a missing branch minimum, nor for a ceiling of nothing."""
    low = case(Amounts({2026: Decimal(2)}), stage=SPRING)
    assert (low.rate(2026), low.legal_minimum(2026)) == (Decimal("0.3"), Decimal("0.3"))
    nothing = case(Amounts({2026: Decimal(0)}), stage=SPRING)
    assert (nothing.minimum_total, nothing.legal_minimum(2026)) == (0, 0)
    assert case(Amounts()).legal_minimum(2026) == 0


def test_leave_is_paid_only_when_the_agreement_says_so():
    """Case 9: 294 h of presence and 14 h of leave."""
    planned = stage("01/06/2026", "31/07/2026", leave_days=2)
    assert case(stage=planned).minimum_total == 294 * Decimal("4.50")
    assert case(stage=planned | {"leave_is_paid": True}).minimum_total == 308 * Decimal("4.50")
    assert case(stage=planned).duration == 308


@pytest.mark.parametrize(
    ("amount", "unit", "total", "hourly"),
    [
        ("4.50", PayUnit.HOUR, "1890", "4.50"),
        ("31.50", PayUnit.DAY, "1890", "4.50"),
        ("157.50", PayUnit.WEEK, "1890", "4.50"),
        ("630", PayUnit.MONTH, "1890", "4.50"),
        ("1890", PayUnit.TOTAL, "1890", "4.50"),
        ("1890.004", PayUnit.TOTAL, "1890", "4.50"),
        ("1890.005", PayUnit.TOTAL, "1890.01", None),
    ],
)
def test_what_a_promise_is_worth(amount, unit, total, hourly):
    promised = case(stage=SPRING, pay=paid(amount, unit))
    assert promised.promised_total == Decimal(total)
    assert hourly is None or promised.promised_hourly == Decimal(hourly)


def test_a_promise_over_unequal_weeks():
    """Each day is paid alike, a week by its share of the fullest: 42 h in six days of May, 160 h in twenty of June."""
    week = stage("04/05/2026", "28/06/2026", "14", (3, 4), over=(work("01/06/2026", "28/06/2026", "40"),))
    assert case(stage=week).paid_hours == 42 + 160
    assert case(stage=week, pay=paid("36", PayUnit.DAY)).promised_total == 36 * (6 + 20)
    assert case(stage=week, pay=paid("180", PayUnit.WEEK)).promised_total == Decimal("180") * 202 / 40


@pytest.mark.parametrize(
    "pay",
    [
        {"is_paid": False, "amount": Decimal(5), "unit": PayUnit.HOUR},
        {"is_paid": None, "amount": Decimal(5), "unit": PayUnit.HOUR},
        paid(None),
        paid("5", None),
        paid("5", in_euros=False),
        paid("5", PayUnit.MONTH, in_euros=False),
    ],
)
def test_what_promises_nothing(pay):
    promised = case(stage=SPRING, pay=pay)
    assert promised.promised_total is None
    assert promised.promised_hourly is None


def test_what_exceeds_the_exemption():
    assert case(stage=SPRING, pay=paid("4.51")).exceeds_exemption is True
    for facts in [{"pay": paid("4.50")}, {}, {"pay": paid("5"), "amounts": Amounts()}]:
        assert case(stage=SPRING, **facts).exceeds_exemption is False
    assert case(stage=SPRING).exempt_total == 1890


def test_a_promise_without_hours():
    none = {"stage": stage("06/06/2026", "07/06/2026"), "pay": paid("5", PayUnit.TOTAL)}
    assert (case(**none).promised_total, case(**none).promised_hourly) == (5, None)
    assert case(stage={"schedule": None}, pay=paid("5", PayUnit.TOTAL)).promised_total is None
    assert case(stage={"schedule": None}, pay=paid("5")).promised_hourly == 5


def test_the_calculation_of_the_minimum():
    [finding] = found("G-02", agreement(stage=WINTER, pay=paid("4.34")))
    shown = [(line.label % line.values, plain(line.value)) for line in finding.calculation]
    assert shown == [
        ("Heures payées en 2025", "154"),
        ("Minimum d’une heure en 2025", "4.35"),
        ("Heures payées en 2026", "217"),
        ("Minimum d’une heure en 2026", "4.5"),
        ("Minimum pour tout le stage", "1646.4"),
    ]
    [total] = found("G-03", spring("1", PayUnit.TOTAL))
    assert len(total.calculation) == 3
    [due] = found("G-01", agreement(stage=WINTER))
    assert len(due.calculation) == 5
    [unknown] = found("G-01", agreement(stage=WINTER), Amounts())
    assert unknown.calculation == ()


# Wrong values seen in public code


def test_4_50_euros_is_not_the_minimum_of_2025():
    assert case(stage=lasting(400, "01/02/2025", "30/06/2025")).rate(2025) == Decimal("4.35")


def test_the_hourly_ceiling_is_not_a_month_over_151_67_hours():
    wrong = (Decimal(4005) / Decimal("151.67")).quantize(Decimal(1))
    assert wrong == 26
    assert case(stage=lasting(400)).rate(2026) != wrong * Decimal("0.15")


@pytest.mark.parametrize(
    "wrong",
    [
        Decimal("12.02") * Decimal("0.15"),  # 15 % of the SMIC
        Decimal("4005") * Decimal("0.15"),  # 15 % of the monthly ceiling, for an hour
        Decimal("30") * Decimal("0.1375"),  # what the model of 2014 still prints
    ],
)
def test_the_rate_is_15_percent_of_the_hourly_ceiling(wrong):
    assert case(stage=lasting(400)).rate(2026) != wrong


@pytest.mark.parametrize("amount", ["600.75", "627"])
def test_no_fixed_amount_by_month_is_enough(amount):
    """15 % of the monthly ceiling, or a flat amount seen here and there: 630 € are due each month."""
    assert case(stage=SPRING).paid_months[0].smoothed == 630
    assert found("G-03", spring(amount, PayUnit.MONTH))


def test_days_of_calendar_do_not_make_it_due():
    """Not « more than 44 days »: 44 days of 8 h are due, 50 days of 6 h are not."""
    eight_hours = case(stage=stage("01/06/2026", "31/07/2026", "40"))
    assert (eight_hours.total, eight_hours.is_due) == (44 * 8, True)
    six_hours = case(stage=stage("01/06/2026", "10/08/2026", "30"))
    assert (six_hours.total, six_hours.is_due) == (50 * 6, False)


def test_two_months_exactly_are_not_due():
    assert not case(stage=stage("01/06/2026", "31/07/2026")).is_due
    assert not case(stage=stage("01/07/2026", "31/08/2026")).is_due


# Whatever the hours

HOURS = st.decimals("0.01", "1500", places=2)
DATES = st.dates(date(2022, 1, 1), date(2026, 6, 1))
STAGES = st.builds(
    lambda start, length, weekly, weekdays, leave: stage(
        f"{start:%d/%m/%Y}",
        f"{date.fromordinal(start.toordinal() + length):%d/%m/%Y}",
        weekly,
        weekdays,
        leave_days=leave,
    ),
    DATES,
    st.integers(0, 366),
    st.decimals("1", "48", places=2),
    st.sets(st.integers(0, 6), min_size=1).map(sorted),
    st.integers(0, 10),
)


@given(planned=STAGES, leave_is_paid=st.booleans(), branch=st.none() | st.decimals(0, 10, places=2))
def test_months_add_up_to_the_cent(planned, leave_is_paid, branch):
    example = case(stage=planned | {"leave_is_paid": leave_is_paid}, pay={"branch_minimum": branch})
    smoothed = [month.smoothed for month in example.paid_months]
    assert sum(smoothed) == sum(month.real for month in example.paid_months) == example.minimum_total
    assert all(month.real >= 0 for month in example.paid_months)
    assert len(set(smoothed[:-1])) <= 1
    assert 0 <= smoothed[-1] - min(smoothed) < Decimal("0.01") * len(smoothed)
    exact = sum(month.hours * month.rate for month in example.paid_months)
    assert abs(example.minimum_total - exact) <= Decimal("0.005")


@given(planned=STAGES, start=DATES, length=st.integers(0, 60))
def test_an_interruption_never_raises_the_minimum(planned, start, length):
    end = date.fromordinal(start.toordinal() + length)
    interrupted = replace(planned["schedule"], absences=(Absence(start, end, AbsenceKind.INTERRUPTION),))
    before, after = case(stage=planned), case(stage=planned | {"schedule": interrupted})
    assert 0 <= after.minimum_total <= before.minimum_total
    assert before.is_due or not after.is_due


@given(number=HOURS)
def test_above_308_hours_is_due_and_below_is_not(number):
    assert case(stage=lasting(number)).is_due == (number > 308)


@given(number=HOURS, more=HOURS, threshold=st.none() | st.integers(0, 500))
def test_more_hours_never_make_it_optional(number, more, threshold):
    stricter = Stricter(gratification_threshold=threshold)
    less, longer = (case(stage=lasting(one), stricter=stricter).is_due for one in (number, number + more))
    assert longer or not less


@given(
    weekdays=st.sets(st.sampled_from(MONDAY_TO_FRIDAY), min_size=1), weekly=st.decimals("1", "40", places=2)
)
def test_the_minimum_by_the_week_is_enough(weekdays, weekly):
    """Whatever the week: its hours × 4.50 €, rounded up to the cent."""
    enough = (weekly * Decimal("4.50")).quantize(Decimal("0.01"), "ROUND_UP")
    planned = stage("05/01/2026", "31/08/2026", weekly, sorted(weekdays))
    assert not found("G-03", agreement(stage=planned, pay=paid(enough, PayUnit.WEEK)))
