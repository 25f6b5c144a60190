"""Hours, rest, night, Sunday, and what changes under eighteen: H-01 to H-09."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.calendar import Schedule, WorkPeriod
from conventions.law.minors import has_two_days_off
from conventions.law.working_time import span
from tests.conventions.law.cases import (
    BLOCK,
    LAWFUL,
    WARN,
    agreement,
    at,
    case,
    check,
    day,
    finds,
    leave,
    minor,
    silent,
    stage,
    told,
    work,
)

SEVEN_DAYS = range(7)
ABROAD = {"is_abroad": True}


def week(hours, weekdays=(0, 1, 2, 3, 4), **more):
    """Four weeks alike."""
    return agreement(stage=stage("01/06/2026", "26/06/2026", hours, weekdays), **more)


def from_to(starts, ends, make=agreement, weekly="35", **more):
    hours = {"day_starts_at": starts and at(starts), "day_ends_at": ends and at(ends)}
    return make(stage={**stage("01/06/2026", "26/06/2026", weekly), **hours}, **more)


def weeks(start, end, hours, *over, weekdays=(0, 1, 2, 3, 4, 5)):
    return agreement(stage=stage(start, end, hours, weekdays, over=over))


def minor_week(hours, weekdays=(0, 1, 2, 3, 4), years=17, **more):
    return minor(years, stage=stage("01/06/2026", "26/06/2026", hours, weekdays), **more)


def minor_day(starts, ends, years=17, hours="35", **more):
    given_hours = {"day_starts_at": starts and at(starts), "day_ends_at": ends and at(ends)}
    return minor(years, stage={**stage("01/06/2026", "26/06/2026", hours), **given_hours}, **more)


def turns_eighteen(birthday, weekly="35", **more):
    """Four weeks of June of somebody who is eighteen on a day."""
    born = at_eighteen(birthday)
    facts = {"stage": stage("01/06/2026", "26/06/2026", weekly, over=more.pop("over", ())), **more}
    return agreement(trainee={"birth_date": born, "has_guardian": True}, **facts)


def at_eighteen(birthday):
    eighteen = day(birthday)
    return eighteen.replace(year=eighteen.year - 18)


def in_july(weekdays=(0, 1, 2, 3, 4), **more):
    july = stage("01/07/2026", "31/07/2026", "20", weekdays, works_on_holidays=True, **more)
    return {**july, "on_holidays": True}


EXAMPLES = [
    silent("H-01", "48 h a week", week("48", range(5))),
    silent(
        "H-01",
        "a usual week of 55 h that nobody follows",
        weeks("01/06/2026", "26/06/2026", "55", work("01/06/2026", "26/06/2026", "20")),
    ),
    finds("H-01", "49 h a week", week("49"), told(BLOCK, "weekly_hours", fullest="49", most="48")),
    silent("H-01", "10 h a day", week("40", (0, 1, 2, 3))),
    finds(
        "H-01",
        "10.01 h a day",
        week("40.04", (0, 1, 2, 3)),
        told(BLOCK, "weekly_hours", longest="10.01", most="10"),
    ),
    finds(
        "H-01", "the day before the week", week("55"), told(BLOCK, "weekly_hours", longest="11", most="10")
    ),
    silent("H-01", "six days", week("42", range(6))),
    finds("H-01", "seven days", week("42", SEVEN_DAYS), told(BLOCK, "working_days")),
    finds(
        "H-01",
        "seven days in one period",
        agreement(
            stage=stage("01/06/2026", "26/06/2026", over=(work("08/06/2026", "14/06/2026", "7", SEVEN_DAYS),))
        ),
        told(BLOCK, "working_days"),
    ),
    silent("H-01", "44 h for a year", weeks("01/06/2026", "31/05/2027", "44")),
    finds(
        "H-01",
        "44.5 h for a year",
        weeks("01/06/2026", "31/05/2027", "44.5"),
        told(BLOCK, "weekly_hours", mean="44.5", most="44"),
    ),
    silent("H-01", "48 h for eleven weeks", weeks("01/06/2026", "15/08/2026", "48")),
    finds(
        "H-01",
        "47 h for twelve weeks, from Monday to Friday",
        weeks("02/02/2026", "24/04/2026", "47", weekdays=range(5)),
        told(BLOCK, "weekly_hours", mean="47", most="44"),
    ),
    finds(
        "H-01",
        "48 h for twelve weeks, then 20 h",
        weeks("02/02/2026", "31/07/2026", "20", work("02/03/2026", "24/05/2026", "48", range(6))),
        told(BLOCK, "weekly_hours", mean="48", most="44"),
    ),
    silent(
        "H-01",
        "48 h for eight weeks, then 20 h",
        weeks("02/02/2026", "31/07/2026", "20", work("02/03/2026", "26/04/2026", "48", range(6))),
    ),
    silent("H-01", "from 9:00 to 22:00", from_to("09:00", "22:00")),
    finds(
        "H-01",
        "from 9:00 to 22:01",
        from_to("09:00", "22:01"),
        told(BLOCK, "day_ends_at", rest="10.9833", least="11"),
    ),
    silent("H-01", "over midnight, from 22:00 to 6:00", from_to("22:00", "06:00")),
    finds(
        "H-01",
        "over midnight, from 16:00 to 6:00",
        from_to("16:00", "06:00"),
        told(BLOCK, "day_ends_at", rest="10", least="11"),
    ),
    finds("H-01", "seven hours without a break", from_to("09:00", "16:00"), told(BLOCK, "day_ends_at")),
    silent("H-01", "a break of twenty minutes", from_to("09:00", "16:20")),
    finds("H-01", "a break of nineteen", from_to("09:30", "16:49"), told(BLOCK, "day_ends_at")),
    finds(
        "H-01",
        "six hours without a break",
        from_to("09:00", "15:00", weekly="30"),
        told(BLOCK, "day_ends_at"),
    ),
    silent("H-01", "less than six hours", from_to("09:00", "14:50", weekly="29")),
    silent("H-01", "arrival only", from_to("09:00", None)),
    silent("H-01", "departure only", from_to(None, "23:59")),
    finds(
        "H-01",
        "everything at once",
        agreement(
            stage={
                **stage("01/06/2026", "26/06/2026", "80", SEVEN_DAYS),
                "day_starts_at": at("07:00"),
                "day_ends_at": at("21:00"),
            }
        ),
        told(BLOCK, "weekly_hours"),
        told(BLOCK, "working_days"),
        told(BLOCK, "day_ends_at"),
    ),
    silent("H-01", "abroad", week("60", host=ABROAD)),
    silent("H-01", "schedule unknown", agreement(stage={"schedule": None})),
    silent("H-02", "35 h", week("35")),
    finds("H-02", "35.5 h", week("35.5"), told(WARN, "collective_hours", fullest="35.5", usual="35")),
    silent("H-02", "39 h, declared", week("39", host={"collective_hours": Decimal(39)})),
    finds(
        "H-02",
        "39.5 h, 39 h declared",
        week("39.5", host={"collective_hours": Decimal(39)}),
        told(WARN, "weekly_hours", fullest="39.5", usual="39"),
    ),
    silent("H-02", "35 h where the host works 32", week("35", host={"collective_hours": Decimal(32)})),
    silent("H-02", "abroad", week("40", host=ABROAD)),
    silent("H-02", "schedule unknown", agreement(stage={"schedule": None})),
    silent("H-03", "ordinary hours", LAWFUL),
    *(
        finds(
            "H-03",
            f"{name}, not written",
            agreement(stage={name: True, "exceptional_work": " "}),
            told(BLOCK, "exceptional_work"),
        )
        for name in ("at_night", "on_sunday", "on_holidays", "remotely")
    ),
    silent("H-03", "written", agreement(stage={"remotely": True, "exceptional_work": "Le vendredi."})),
    finds("H-03", "hours on Sunday, not said", week("35", (2, 3, 4, 5, 6)), told(BLOCK, "works_on_sunday")),
    silent(
        "H-03",
        "hours on Sunday, said",
        agreement(
            stage={
                **stage("01/06/2026", "26/06/2026", "35", (2, 3, 4, 5, 6)),
                "on_sunday": True,
                "exceptional_work": "Au musée.",
            }
        ),
    ),
    finds(
        "H-03",
        "Sunday of one week, not said",
        agreement(
            stage=stage(
                "01/06/2026", "26/06/2026", over=(work("08/06/2026", "14/06/2026", "35", (2, 3, 4, 5, 6)),)
            )
        ),
        told(BLOCK, "works_on_sunday"),
    ),
    silent("H-03", "until 21:00", from_to("13:00", "21:00")),
    finds("H-03", "until 21:01", from_to("13:00", "21:01"), told(BLOCK, "works_at_night")),
    silent("H-03", "from 6:00", from_to("06:00", "14:00")),
    finds("H-03", "from 5:59", from_to("05:59", "14:00"), told(BLOCK, "works_at_night")),
    finds("H-03", "over midnight", from_to("20:00", "04:00"), told(BLOCK, "works_at_night")),
    finds("H-03", "from 21:00, departure unknown", from_to("21:00", None), told(BLOCK, "works_at_night")),
    silent("H-03", "Saturday", week("35", (1, 2, 3, 4, 5))),
    silent("H-03", "schedule unknown", agreement(stage={"schedule": None})),
    silent("H-05", "case 33: 17 years, 35 h", minor_week("35")),
    finds(
        "H-05",
        "case 33: 17 years, 36 h",
        minor_week("36"),
        told(BLOCK, "weekly_hours", "lifted", day="7.2", week="36", most_day="8", most_week="35"),
    ),
    finds(
        "H-05",
        "17 years, 40 h: a derogation may allow it",
        minor_week("40"),
        told(BLOCK, "weekly_hours", "lifted"),
    ),
    finds("H-05", "17 years, 40.01 h: none may", minor_week("40.01"), told(BLOCK, "weekly_hours")),
    finds("H-05", "17 years, 10.01 h a day", minor_week("30.03", (0, 1, 2)), told(BLOCK, "weekly_hours")),
    silent("H-05", "17 years, 8 h a day", minor_week("32", (0, 1, 2, 3))),
    finds(
        "H-05",
        "17 years, 8.1 h a day",
        minor_week("32.4", (0, 1, 2, 3)),
        told(BLOCK, "weekly_hours", "lifted", day="8.1", week="32.4", most_day="8", most_week="35"),
    ),
    silent("H-05", "18 years, 36 h", minor_week("36", years=18)),
    finds(
        "H-05",
        "18 the day after the start",
        agreement(stage=stage("01/06/2026", "26/06/2026", "36"), trainee={"birth_date": date(2008, 6, 2)}),
        told(BLOCK, "weekly_hours", "lifted"),
    ),
    silent(
        "H-05",
        "36 h from the birthday on",
        turns_eighteen("15/06/2026", over=(work("15/06/2026", "26/06/2026", "36"),)),
    ),
    finds(
        "H-05",
        "36 h from its eve on",
        turns_eighteen("15/06/2026", over=(work("14/06/2026", "26/06/2026", "36"),)),
        told(BLOCK, "weekly_hours", "lifted"),
    ),
    silent(
        "H-05",
        "40 h, but 35 h until the birthday",
        turns_eighteen("15/06/2026", "40", over=(work("01/06/2026", "14/06/2026", "35"),)),
    ),
    silent(
        "H-05",
        "18 on the first day",
        agreement(stage=stage("01/06/2026", "26/06/2026", "36"), trainee={"birth_date": date(2008, 6, 1)}),
    ),
    silent("H-05", "abroad", minor_week("36", host=ABROAD)),
    silent("H-05", "schedule unknown", minor(stage={"schedule": None})),
    silent("H-06", "Monday to Friday", minor_week("35")),
    finds(
        "H-06",
        "one day at a time",
        minor_week("30", (0, 2, 4, 5, 6)),
        told(BLOCK, "working_days", "lifted"),
    ),
    finds("H-06", "seven days", minor_week("35", SEVEN_DAYS), told(BLOCK, "working_days")),
    silent("H-06", "Sunday and Monday", minor_week("30", (1, 2, 3, 4, 5))),
    silent("H-06", "Saturday and Sunday", minor_week("30", (0, 1, 2, 3, 4))),
    finds("H-06", "Monday and Tuesday", minor_week("30", (2, 3, 4, 5, 6)), told(WARN, "working_days")),
    finds(
        "H-06",
        "Sunday alone, and two other days",
        minor_week("24", (0, 3, 4, 5)),
        told(WARN, "working_days"),
    ),
    silent(
        "H-06",
        "six days from the birthday on",
        turns_eighteen("15/06/2026", over=(work("15/06/2026", "26/06/2026", "35", range(6)),)),
    ),
    finds(
        "H-06",
        "one week only",
        minor(
            stage=stage("01/06/2026", "26/06/2026", over=(work("08/06/2026", "14/06/2026", "30", range(6)),))
        ),
        told(BLOCK, "working_days", "lifted"),
    ),
    silent("H-06", "adult, six days", week("30", range(6))),
    silent("H-06", "abroad", minor_week("30", range(6), host=ABROAD)),
    silent(
        "H-06",
        "schedule unknown",
        minor(stage={"schedule": None, "day_starts_at": at("06:00"), "day_ends_at": at("21:00")}),
    ),
    silent("H-06", "12 h of rest", minor_day("09:00", "21:00")),
    finds(
        "H-06",
        "11 h 59 of rest",
        minor_day("09:00", "21:01"),
        told(BLOCK, "day_ends_at", rest="11.9833", least="12"),
    ),
    silent("H-06", "15 years, 14 h of rest", minor_day("09:00", "19:00", years=15)),
    finds(
        "H-06",
        "15 years, 13 h 59 of rest",
        minor_day("09:00", "19:01", years=15),
        told(BLOCK, "day_ends_at", rest="13.9833", least="14"),
    ),
    silent("H-06", "16 years, 13 h of rest", minor_day("09:00", "20:00", years=16)),
    silent("H-06", "7 h and half an hour of break", minor_day("09:00", "16:30")),
    finds("H-06", "7 h and 29 minutes of break", minor_day("09:00", "16:29"), told(BLOCK, "day_ends_at")),
    silent("H-06", "4 h 30 without a break", minor_day("09:00", "13:30", hours="22.5")),
    finds(
        "H-06", "4 h 36 without a break", minor_day("09:00", "13:36", hours="23"), told(BLOCK, "day_ends_at")
    ),
    silent(
        "H-06",
        "a longer day in another period, whose times are not known",
        minor(
            stage={
                **stage("01/06/2026", "26/06/2026", over=(work("08/06/2026", "12/06/2026", "32", range(4)),)),
                "day_starts_at": at("09:00"),
                "day_ends_at": at("16:30"),
            }
        ),
    ),
    silent("H-06", "arrival only", minor_day("09:00", None)),
    silent("H-07", "17 years, until 22:00", minor_day("14:00", "22:00")),
    finds(
        "H-07",
        "case 33: 17 years, until 22:30",
        minor_day("14:00", "22:30"),
        told(BLOCK, "day_ends_at", "lifted", latest="22"),
    ),
    silent("H-07", "15 years, until 20:00", minor_day("12:00", "20:00", years=15)),
    finds(
        "H-07",
        "15 years, until 20:01",
        minor_day("12:00", "20:01", years=15),
        told(BLOCK, "day_ends_at", latest="20"),
    ),
    silent("H-07", "16 years, until 20:01", minor_day("12:00", "20:01", years=16)),
    silent("H-07", "from 6:00", minor_day("06:00", "14:00")),
    finds(
        "H-07", "from 5:59", minor_day("05:59", "14:00"), told(BLOCK, "day_starts_at", "lifted", latest="22")
    ),
    finds(
        "H-07", "from 4:00, in a bakery", minor_day("04:00", "11:00"), told(BLOCK, "day_starts_at", "lifted")
    ),
    finds("H-07", "from 3:59, nowhere", minor_day("03:59", "11:00"), told(BLOCK, "day_starts_at")),
    finds("H-07", "from 22:30", minor_day("22:30", None), told(BLOCK, "day_starts_at", "lifted")),
    finds("H-07", "until 5:00", minor_day(None, "05:00"), told(BLOCK, "day_ends_at", "lifted")),
    finds("H-07", "until 0:30", minor_day("17:00", "00:30"), told(BLOCK, "day_ends_at")),
    finds(
        "H-07",
        "until midnight, in a theatre",
        minor_day("14:00", "00:00"),
        told(BLOCK, "day_ends_at", "lifted"),
    ),
    silent("H-07", "until 6:00, arrival unknown", minor_day(None, "06:00")),
    finds(
        "H-07",
        "over midnight, from 21:00 to 7:00",
        minor_day("21:00", "07:00"),
        told(BLOCK, "day_ends_at", latest="22"),
    ),
    silent("H-07", "one hour written twice", minor_day("09:00", "09:00")),
    silent("H-07", "from 22:00, departure unknown", minor_day("22:00", None)),
    silent("H-07", "hours unknown", minor_day(None, None)),
    finds("H-07", "night said", minor(stage={"at_night": True}), told(BLOCK, "works_at_night", "lifted")),
    finds(
        "H-07",
        "15 years, night said",
        minor(15, stage={"at_night": True}),
        told(BLOCK, "works_at_night"),
    ),
    finds(
        "H-07",
        "night said and hours",
        minor(stage={"at_night": True, "day_ends_at": at("23:00")}),
        told(BLOCK, "day_ends_at", "lifted"),
        told(BLOCK, "works_at_night", "lifted"),
    ),
    silent("H-07", "adult", from_to("14:00", "23:30")),
    silent("H-07", "abroad", minor_day("14:00", "23:30", host=ABROAD)),
    finds("H-08", "17 years, 14 July", minor(stage=in_july()), told(WARN, "works_on_holidays")),
    silent("H-08", "17 years, no holiday between the dates", minor(stage={"on_holidays": True})),
    silent("H-08", "18 years on 14 July", turns_eighteen("14/07/2026", stage=in_july())),
    finds(
        "H-08",
        "18 years the day after",
        turns_eighteen("15/07/2026", stage=in_july()),
        told(WARN, "works_on_holidays"),
    ),
    silent("H-08", "14 July is no day of presence", minor(stage=in_july(weekdays=(0, 2, 3, 4)))),
    finds(
        "H-08",
        "schedule unknown",
        minor(stage={"on_holidays": True, "schedule": None}),
        told(WARN, "works_on_holidays"),
    ),
    silent("H-08", "away on 14 July", minor(stage=in_july(absences=[leave("13/07/2026", "17/07/2026")]))),
    silent("H-08", "17 years", minor()),
    silent("H-08", "18 years, on holidays", minor(18, stage={"on_holidays": True})),
    silent("H-08", "abroad", minor(stage={"on_holidays": True}, host=ABROAD)),
]


@pytest.mark.parametrize("example", [example.param for example in EXAMPLES])
def test_time(example):
    check(example)


@pytest.mark.parametrize(
    ("starts", "ends", "hours"),
    [
        ("09:00", "17:00", 8),
        ("09:00", "17:30", Decimal("8.5")),
        ("22:00", "06:00", 8),
        ("00:00", "23:59", Decimal(1439) / 60),
        ("09:00", "09:00", 0),
    ],
)
def test_hours_between_arrival_and_departure(starts, ends, hours):
    assert span(at(starts), at(ends)) == hours
    assert span(None, at(ends)) is None
    assert span(at(starts), None) is None


@given(off=st.sets(st.integers(0, 6)))
def test_two_days_off_in_a_row(off):
    week = tuple(Decimal(0) if number in off else Decimal(7) for number in range(7))
    assert has_two_days_off(week) == any({one, (one + 1) % 7} <= off for one in range(7))


@pytest.mark.parametrize(
    ("born", "age", "is_minor"),
    [
        ("2008-06-02", 17, True),
        ("2008-06-01", 18, False),
        ("2008-05-31", 18, False),
        ("2011-01-01", 15, True),
    ],
)
def test_age_is_that_of_the_first_day(born, age, is_minor):
    young = case(trainee={"birth_date": date.fromisoformat(born)})
    assert (young.age_at_start, young.is_minor) == (age, is_minor)


def test_age_unknown_is_not_minor():
    for unknown in (case(trainee={"birth_date": None}), case(stage={"start": None})):
        assert (unknown.age_at_start, unknown.is_minor) == (None, False)


def test_a_schedule_of_zeros_breaks_no_limit():
    nothing = Schedule((WorkPeriod(date(2026, 6, 1), date(2026, 6, 26), (Decimal(0),) * 7),))
    check(silent("H-01", "", agreement(stage={"schedule": nothing})))
    check(silent("H-06", "", minor(stage={"schedule": nothing})))
