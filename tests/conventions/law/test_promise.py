"""What an amount promises, in payments: docs/promesse.md tells the same stage."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.calendar import Absence, AbsenceKind
from conventions.law.facts import PayUnit
from tests.conventions.law.cases import BLOCK, agreement, case, day, found, lasting, paid, stage, work

PAGE = Path(__file__).parents[3] / "docs/promesse.md"
# Four public holidays in it; one day in March and one in July.
STAGE = stage("31/03/2026", "01/07/2026")
EXACT = ("31.50", "661.50", "535.50", "693.00", "31.50")


def euros(*amounts):
    return tuple(Decimal(amount) for amount in amounts)


@pytest.mark.parametrize(
    ("amount", "unit", "payments"),
    [
        ("4.50", PayUnit.HOUR, EXACT),
        ("31.50", PayUnit.DAY, EXACT),
        ("157.50", PayUnit.WEEK, EXACT),
        ("450", PayUnit.MONTH, ("20.45", "450", "450", "450", "20.45")),
        ("651", PayUnit.MONTH, ("29.59", "651", "651", "651", "29.59")),
        ("1953", PayUnit.TOTAL, ("390.60",) * 5),
        ("1953.01", PayUnit.TOTAL, ("390.60", "390.60", "390.60", "390.60", "390.61")),
    ],
)
def test_each_unit(amount, unit, payments):
    promised = case(stage=STAGE, pay=paid(amount, unit))
    assert promised.payments == euros(*payments)
    assert promised.promised_total == sum(promised.payments)
    assert promised.minimum_total == Decimal("1953.00")
    said = f"{promised.promised_total:,.2f}".replace(",", " ").replace(".", ",")
    assert f"| {said} € |" in PAGE.read_text().replace("\N{NO-BREAK SPACE}", " ")


def test_all_at_the_end_is_one_payment():
    assert case(stage=STAGE, pay=paid("450", PayUnit.MONTH, is_monthly=False)).payments == euros("1390.90")
    assert case(stage=STAGE, pay=paid("0", PayUnit.HOUR, is_monthly=False)).payments == ()


@pytest.mark.parametrize(
    ("planned", "payments"),
    [
        # 7 of the 22 days of June, which has no holiday.
        (stage("01/05/2026", "09/06/2026"), ("600", "190.91")),
        # Two weeks away in May: 8 of its 17 days.
        (
            stage("01/05/2026", "30/06/2026", absences=[Absence(day("18/05/2026"), day("31/05/2026"))]),
            ("282.35", "600"),
        ),
        # A day off that the host gives takes nothing, like a public holiday.
        (
            stage(
                "01/05/2026",
                "30/06/2026",
                absences=[Absence(day("15/05/2026"), day("15/05/2026"), AbsenceKind.HOLIDAY)],
            ),
            ("600", "600"),
        ),
        # Leave is not paid unless the agreement says so.
        (
            stage(
                "01/05/2026",
                "30/06/2026",
                absences=[Absence(day("01/06/2026"), day("01/06/2026"), AbsenceKind.LEAVE)],
            ),
            ("600", "572.73"),
        ),
        (stage("01/06/2026", "30/06/2026", leave_days="1", leave_is_paid=True), ("600",)),
        # One day a week, and half a month of it: 2 Thursdays of 4.
        (stage("15/06/2026", "30/06/2026", "7", (3,)), ("300",)),
        # A month without any presence has no payment.
        (
            stage("01/06/2026", "31/08/2026", absences=[Absence(day("01/07/2026"), day("31/07/2026"))]),
            ("600", "600"),
        ),
        # Hours counted by hand leave months as whole as planned.
        (lasting("300", "01/06/2026", "31/07/2026"), ("600", "600")),
        # Weeks of another rhythm, to the end: the rest of the month is of the usual week.
        (
            stage("01/06/2026", "15/07/2026", over=[work("01/07/2026", "15/07/2026", "14", (0, 1))]),
            ("600", "120"),
        ),
    ],
)
def test_a_month_is_paid_by_its_hours(planned, payments):
    assert case(stage=planned, pay=paid("600", PayUnit.MONTH)).payments == euros(*payments)


def test_a_lighter_edge_never_makes_a_month_more_whole():
    plain = stage("16/02/2026", "12/06/2026")
    lighter = stage(
        "16/02/2026",
        "12/06/2026",
        over=(work("16/02/2026", "22/02/2026", "7"), work("08/06/2026", "12/06/2026", "0")),
    )
    full, light = (case(stage=one, pay=paid("660", PayUnit.MONTH)).payments for one in (plain, lighter))
    assert (full[0], full[-1]) == euros("330", "300")
    assert (light[0], light[-1]) == euros("247.50", "194.12")


def test_weeks_at_the_university_are_said_in_two_ways_and_paid_alike():
    weeks = [(day("09/02/2026"), day("15/02/2026")), (day("23/02/2026"), day("01/03/2026"))]
    away = [Absence(*week, AbsenceKind.UNIVERSITY) for week in weeks]
    none = tuple(work(f"{start:%d/%m/%Y}", f"{end:%d/%m/%Y}", "0") for start, end in weeks)
    for more in ({"absences": away}, {"over": none}):
        planned = stage("02/02/2026", "31/03/2026", **more)
        assert case(stage=planned, pay=paid("400", PayUnit.MONTH)).payments == euros("400", "400")


def test_hours_counted_by_hand_alone_are_paid():
    """Every planned day is away, and 400 h are given by hand: how long a day is, nobody knows."""
    away = [Absence(day("31/03/2026"), day("01/07/2026"))]
    planned = stage("31/03/2026", "01/07/2026", absences=away) | {"corrected_hours": Decimal(400)}
    assert case(stage=planned, pay=paid("31.50", PayUnit.DAY)).promised_total is None
    assert case(stage=planned, pay=paid("4.50", PayUnit.HOUR)).promised_total == 1800
    little = agreement(stage=planned, pay=paid("1", PayUnit.MONTH))
    assert [finding.severity for finding in found("G-03", little)] == [BLOCK]


def test_a_stage_without_a_paid_hour_promises_nothing_and_is_judged():
    weekend = stage("07/02/2026", "08/02/2026")
    due = agreement(stage=weekend, pay=paid("3"), history={"declared_hours": Decimal(400)})
    judged = case(stage=weekend, pay=paid("3"))
    assert (judged.payments, judged.promised_total) == ((), 0)
    assert [finding.severity for finding in found("G-02", due)] == [BLOCK]


def test_the_calculation_ends_on_the_minimum_of_the_message():
    """03/11/2025 to 30/04/2026: 3 894.45 € at the rates of both years, 3 806.25 € at that of the first one (G-06)."""
    facts = agreement(stage=stage("03/11/2025", "30/04/2026"), pay=paid("600", PayUnit.MONTH))
    [finding] = found("G-03", facts)
    assert finding.values["least"].value == finding.calculation[-1].value.value == Decimal("3806.25")
    [finding] = found("G-03", replace(facts, pay=replace(facts.pay, unit=PayUnit.TOTAL)))
    assert finding.values["least"].value == finding.calculation[-1].value.value == Decimal("3894.45")


def test_the_fullest_week_is_one_that_is_followed():
    planned = stage("02/02/2026", "30/06/2026", over=(work("02/02/2026", "30/06/2026", "20"),))
    promised = case(stage=planned, pay=paid("90", PayUnit.WEEK))
    assert promised.promised_total == promised.minimum_total


def test_a_day_is_paid_whole_however_long():
    week = stage("04/05/2026", "28/06/2026", "14", (3, 4), over=(work("01/06/2026", "28/06/2026", "40"),))
    assert case(stage=week, pay=paid("36", PayUnit.DAY)).payments == euros("216", "720")
    assert case(stage=week, pay=paid("200", PayUnit.WEEK)).payments == euros("210", "800")


def test_another_currency_has_payments_and_no_total_in_euros():
    promised = case(stage=STAGE, pay=paid("450", PayUnit.MONTH, in_euros=False))
    assert len(promised.payments) == 5
    assert promised.promised_total is None


@given(
    amount=st.decimals("0.01", 5000, places=2),
    unit=st.sampled_from(list(PayUnit)),
    start=st.dates(day("01/01/2026"), day("31/12/2026")),
    days=st.integers(0, 300),
)
def test_payments_are_cents_and_one_a_month_at_most(amount, unit, start, days):
    end = start + timedelta(days=days)
    promised = case(stage=stage(f"{start:%d/%m/%Y}", f"{end:%d/%m/%Y}"), pay=paid(str(amount), unit))
    assert len(promised.payments) <= len(promised.timesheet.months)
    assert all(one == one.quantize(Decimal("0.01")) for one in promised.payments)
    if unit == PayUnit.MONTH:
        assert all(one <= amount for one in promised.payments)
    if unit == PayUnit.TOTAL:
        assert promised.promised_total == amount
