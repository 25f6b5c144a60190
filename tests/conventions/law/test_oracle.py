"""Durations and gratification counted again, day by day, by a plain counter that shares nothing with the engine.

``ORACLE_CASES=20000 python -m pytest tests/conventions/law/test_oracle.py`` tries more agreements than the suite does.
"""

import os
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from conventions.calendar import Absence, AbsenceKind, Schedule, Territory, WorkPeriod
from conventions.law.facts import PayUnit
from tests.conventions.law.cases import CEILINGS, case, other

CASES = int(os.environ.get("ORACLE_CASES", "400"))
SEED = 20261130
FIRST = date(2023, 9, 1)
PLACES = (
    Territory.METROPOLITAN,
    Territory.ALSACE_MOSELLE,
    Territory.MARTINIQUE,
    Territory.REUNION,
    Territory.MAYOTTE,
    Territory.ABROAD,
)
# The public holidays of five years, as the almanac prints them.
MOVABLE = {
    2023: ("04-10", "05-18", "05-29"),
    2024: ("04-01", "05-09", "05-20"),
    2025: ("04-21", "05-29", "06-09"),
    2026: ("04-06", "05-14", "05-25"),
    2027: ("03-29", "05-06", "05-17"),
}
GOOD_FRIDAYS = {2023: "04-07", 2024: "03-29", 2025: "04-18", 2026: "04-03", 2027: "03-26"}
FIXED = ("01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25")
OF_PLACE = {
    Territory.ALSACE_MOSELLE: "12-26",
    Territory.MARTINIQUE: "05-22",
    Territory.REUNION: "12-20",
    Territory.MAYOTTE: "04-27",
}
UNITS = tuple(PayUnit)


def is_holiday(day, place):
    written = f"{day:%m-%d}"
    if place == Territory.ABROAD:
        return False
    if written in FIXED or written in MOVABLE[day.year] or written == OF_PLACE.get(place):
        return True
    return place == Territory.ALSACE_MOSELLE and written == GOOD_FRIDAYS[day.year]


def draw(random):
    """Return the facts of a stage at random: its schedule, what is paid, and the hours done elsewhere in the host."""
    start = FIRST + timedelta(days=random.randrange(3 * 365))
    end = start + timedelta(days=random.choice([random.randrange(20), random.randrange(365)]))

    def week():
        most = Decimal(random.choice([4, 7, 8, 9]))
        return tuple(random.choice([Decimal(0), most, most, most / 2]) for _day in range(7))

    def within():
        one = start + timedelta(days=random.randrange((end - start).days + 1))
        return one, min(one + timedelta(days=random.randrange(40)), end)

    periods = [
        WorkPeriod(start, end, week()),
        *(WorkPeriod(*within(), week()) for _ in range(random.randrange(3))),
    ]
    absences = [Absence(*within(), random.choice(list(AbsenceKind))) for _ in range(random.randrange(4))]
    schedule = Schedule(
        tuple(periods),
        tuple(absences),
        random.choice(PLACES),
        Decimal(random.choice([0, 0, 1, 2.5, 7])),
        random.random() < 0.2,
        random.random() < 0.3,
    )
    unit = random.choice(UNITS)
    pay = {
        "is_paid": True,
        "amount": Decimal(random.randrange(1, 100_000)) / 100,
        "unit": unit,
        "has_mode": True,
        "is_monthly": random.random() < 0.9,
    }
    return schedule, pay, random.random() < 0.5, random.choice([0, 0, 40, 200, 307])


def hours_on(schedule, day):
    """Return the usual hours of a day: the last period that covers it says them, else the usual week."""
    for period in reversed(schedule.periods):
        if period.start <= day <= period.end:
            return Fraction(period.hours[day.weekday()])
    return Fraction(schedule.periods[0].hours[day.weekday()])


def followed(schedule):
    """Return the periods that say the hours of one day at least."""
    start, end = schedule.periods[0].start, schedule.periods[0].end
    said = set()
    for count in range((end - start).days + 1):
        day = start + timedelta(days=count)
        said.add(max(n for n, one in enumerate(schedule.periods) if one.start <= day <= one.end))
    return [schedule.periods[number] for number in said]


def counted(schedule):
    """Return, by month, the hours of presence, of leave, of a whole month, and the days of each of the first two."""
    absences = schedule.absences
    away, leave, given = (
        lambda day, kinds=kinds: any(one.start <= day <= one.end and one.kind in kinds for one in absences)
        for kinds in (
            {AbsenceKind.INTERRUPTION},
            {AbsenceKind.LEAVE},
            {AbsenceKind.HOLIDAY},
        )
    )
    start, end = schedule.periods[0].start, schedule.periods[0].end
    whit_mondays = {date.fromisoformat(f"{year}-{days[2]}") for year, days in MOVABLE.items()}

    def is_off(day):
        if any(one.start <= day <= one.end and one.kind == AbsenceKind.UNIVERSITY for one in absences):
            return True
        if schedule.works_on_holidays:
            return False
        if day in whit_mondays and schedule.works_on_whit_monday:
            return given(day)
        return is_holiday(day, schedule.place) or given(day)

    here, off, days_here, days_off = (defaultdict(Fraction) for _ in range(4))
    worked = []
    day = start
    while day <= end:
        month, hours = (day.year, day.month), hours_on(schedule, day)
        here[month] += 0
        if hours and not is_off(day) and not away(day):
            if leave(day):
                off[month] += hours
                days_off[month] += 1
            else:
                here[month] += hours
                days_here[month] += 1
                worked.append((month, hours))
        day += timedelta(days=1)
    # The other days of leave, whose dates nobody knows, are the last ones of presence.
    to_take = max(Fraction(schedule.leave_days) - sum(days_off.values()), 0)
    while to_take > 0 and worked:
        month, hours = worked.pop()
        part = min(to_take, Fraction(1))
        here[month] -= hours * part
        off[month] += hours * part
        days_here[month] -= part
        days_off[month] += part
        to_take -= part
    whole = {}
    for year, month in here:
        first = date(year, month, 1)
        following = date(year + month // 12, month % 12 + 1, 1)
        days = [first + timedelta(days=count) for count in range((following - first).days)]
        whole[year, month] = sum(hours_on(schedule, one) for one in days if not is_off(one))
    return here, off, whole, days_here, days_off


def cents(value):
    """Round half up to the hundredth."""
    return Fraction(int(value * 100 + Fraction(1, 2)), 100)


def promised(pay, schedule, leave_is_paid, counts):
    """Return what the amount is worth over the stage."""
    here, off, whole, days_here, days_off = counts
    amount = Fraction(pay["amount"])

    def paid(present, away):
        return sum(present.values()) + (sum(away.values()) if leave_is_paid else 0)

    match pay["unit"]:
        case PayUnit.TOTAL:
            return amount
        case PayUnit.HOUR:
            return cents(amount * cents_of_hours(here, off, leave_is_paid))
        case PayUnit.DAY:
            return cents(amount * paid(days_here, days_off))
        case PayUnit.WEEK:
            fullest = max(sum(map(Fraction, period.hours)) for period in followed(schedule))
            return (
                cents(amount * cents_of_hours(here, off, leave_is_paid) / fullest) if fullest else Fraction(0)
            )
        case PayUnit.MONTH:
            months = (
                (here[one] + (off[one] if leave_is_paid else 0)) / whole[one] if whole[one] else Fraction(0)
                for one in here
            )
            return sum(cents(amount * part) for part in months)


def cents_of_hours(here, off, leave_is_paid):
    """Return the hours paid: hours are kept to the hundredth, leave taking what is left of the duration."""
    presence, duration = cents(sum(here.values())), cents(sum(here.values()) + sum(off.values()))
    return duration if leave_is_paid else presence


@pytest.mark.parametrize("part", range(4))
def test_a_plain_counter_agrees(part):
    random = Random(SEED + part)
    for number in range(CASES // 4):
        schedule, pay, leave_is_paid, elsewhere = draw(random)
        others = (other("01/09/2020", "30/09/2020", str(elsewhere)),) if elsewhere else ()
        stage = {
            "start": schedule.start,
            "end": schedule.end,
            "schedule": schedule,
            "leave_is_paid": leave_is_paid,
        }
        judged = case(stage=stage, pay=pay, history={"others": others})
        counts = here, off, _whole, _days_here, _days_off = counted(schedule)
        told = f"case {number}: {schedule} {pay} {leave_is_paid=}"

        presence, duration = cents(sum(here.values())), cents(sum(here.values()) + sum(off.values()))
        assert Fraction(judged.timesheet.presence) == presence, told
        assert Fraction(judged.duration) == duration, told
        assert judged.is_due == (duration + elsewhere > 308), told
        for month in judged.timesheet.months:
            exact = here[month.first.year, month.first.month]
            assert abs(Fraction(month.presence) - exact) <= Fraction(1, 100), told

        least = sum(
            (Fraction(month.presence) + (Fraction(month.leave) if leave_is_paid else 0))
            * Fraction(15, 100)
            * Fraction(CEILINGS[max(year for year in CEILINGS if year <= month.first.year)])
            for month in judged.timesheet.months
        )
        assert Fraction(judged.minimum_total) == cents(least), told
        assert sum(month.real for month in judged.paid_months) == judged.minimum_total, told
        assert sum(month.smoothed for month in judged.paid_months) == judged.minimum_total, told

        assert Fraction(judged.promised_total or 0) == promised(pay, schedule, leave_is_paid, counts), told
        if not pay["is_monthly"]:
            assert len(judged.payments) <= 1, told
