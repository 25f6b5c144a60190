"""What an amount promises, in payments: docs/promesse.md tells the same stage."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.calendar import Absence, AbsenceKind
from conventions.law.facts import PayUnit
from tests.conventions.law.cases import case, day, lasting, paid, stage, work

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
        # Weeks of another rhythm, to the end: the rest of the month is like the last of them, 14 July is off.
        (
            stage("01/06/2026", "15/07/2026", over=[work("01/07/2026", "15/07/2026", "14", (0, 1))]),
            ("600", "257.14"),
        ),
    ],
)
def test_a_month_is_paid_by_its_hours(planned, payments):
    assert case(stage=planned, pay=paid("600", PayUnit.MONTH)).payments == euros(*payments)


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
