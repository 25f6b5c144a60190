"""Hours of presence against the figures of URSSAF, service-public and the Code de l'éducation."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from dateutil import easter as reference
from hypothesis import given
from hypothesis import strategies as st

from conventions.calendar import (
    Absence,
    AbsenceKind,
    Month,
    Schedule,
    Territory,
    Timesheet,
    WorkPeriod,
    academic_year,
    add_months,
    age,
    day_within,
    easter,
    equivalent,
    public_holidays,
    rounded_shares,
    spread,
    territory,
    whit_monday,
)

MONDAY_TO_FRIDAY = [0, 1, 2, 3, 4]
FULL_TIME = spread(Decimal(35), MONDAY_TO_FRIDAY)


def day(text):
    return date(*(int(part) for part in reversed(text.split("/"))))


def days(*texts):
    return {day(text) for text in texts}


def work(start, end, weekly="35", weekdays=MONDAY_TO_FRIDAY):
    return WorkPeriod(day(start), day(end), spread(Decimal(weekly), weekdays))


def away(start, end, kind=AbsenceKind.INTERRUPTION):
    return Absence(day(start), day(end), kind)


def plan(start, end, weekly="35", weekdays=MONDAY_TO_FRIDAY, over=(), **more):
    """A schedule of one period, and the periods that override it."""
    return Schedule((work(start, end, weekly, weekdays), *over), **more)


def by_month(schedule, kind="presence"):
    return [getattr(month, kind) for month in schedule.timesheet.months]


# Hours


@pytest.mark.parametrize(
    ("start", "end", "weekly", "weekdays", "expected"),
    [
        ("01/04/2026", "30/06/2026", "35", MONDAY_TO_FRIDAY, "420"),
        ("02/02/2026", "31/07/2026", "35", MONDAY_TO_FRIDAY, "868"),
        ("01/07/2026", "31/08/2026", "35", MONDAY_TO_FRIDAY, "301"),
        ("01/02/2028", "29/02/2028", "35", MONDAY_TO_FRIDAY, "147"),
        ("02/03/2026", "09/09/2026", "35", MONDAY_TO_FRIDAY, "924"),
        ("01/06/2026", "31/07/2026", "35", MONDAY_TO_FRIDAY, "308"),
        ("01/12/2025", "15/02/2026", "35", MONDAY_TO_FRIDAY, "371"),
        ("03/11/2025", "30/04/2026", "35", MONDAY_TO_FRIDAY, "875"),
        ("01/09/2025", "31/08/2026", "17.5", MONDAY_TO_FRIDAY, "882"),
        ("04/09/2025", "26/06/2026", "14", [3, 4], "567"),
        ("03/11/2025", "05/12/2025", "35", MONDAY_TO_FRIDAY, "168"),
        ("02/02/2026", "27/02/2026", "35", MONDAY_TO_FRIDAY, "140"),
        ("02/02/2026", "31/07/2026", "39", MONDAY_TO_FRIDAY, "967.2"),
        # The case of the Cour de cassation, 7 January 2026: 602 h, then 861 h in the same host.
        ("01/09/2025", "31/12/2025", "35", MONDAY_TO_FRIDAY, "602"),
        ("02/01/2026", "30/06/2026", "35", MONDAY_TO_FRIDAY, "861"),
        # URSSAF 2023 and service-public 2024
        ("01/01/2023", "30/04/2023", "35", MONDAY_TO_FRIDAY, "588"),
        ("01/01/2024", "31/03/2024", "35", MONDAY_TO_FRIDAY, "448"),
    ],
)
def test_official_figures(start, end, weekly, weekdays, expected):
    timesheet = plan(start, end, weekly, weekdays).timesheet
    assert timesheet.presence == timesheet.duration == Decimal(expected)
    assert timesheet.leave == 0


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("01/01/2023", "30/04/2023", [154, 140, 161, 133]),
        ("01/01/2024", "31/03/2024", [154, 147, 147]),
        ("01/04/2026", "30/06/2026", [147, 119, 154]),
        ("01/12/2025", "15/02/2026", [154, 147, 70]),
        ("03/11/2025", "30/04/2026", [133, 154, 147, 140, 154, 147]),
    ],
)
def test_the_months_of_the_official_examples(start, end, expected):
    timesheet = plan(start, end).timesheet
    assert [month.presence for month in timesheet.months] == expected
    assert sum(expected) == timesheet.presence
    first = day(start).replace(day=1)
    assert [month.first for month in timesheet.months] == [
        add_months(first, count) for count in range(len(expected))
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [("01/04/2026", "30/06/2026", 455), ("02/03/2026", "09/09/2026", 966), ("01/06/2026", "31/07/2026", 315)],
)
def test_worked_holidays_count(start, end, expected):
    assert plan(start, end, works_on_holidays=True).timesheet.presence == expected


def test_whit_monday_alone_can_be_worked():
    assert whit_monday(2026) == date(2026, 5, 25)
    assert plan("25/05/2026", "25/05/2026").timesheet.presence == 0
    assert plan("25/05/2026", "25/05/2026", works_on_whit_monday=True).timesheet.presence == 7
    # Ascension, the 14th, stays a holiday; over two years, both Whit Mondays are worked.
    assert plan("14/05/2026", "14/05/2026", works_on_whit_monday=True).timesheet.presence == 0
    years = plan("01/01/2026", "31/12/2027")
    assert replace(years, works_on_whit_monday=True).timesheet.presence == years.timesheet.presence + 14


def test_holidays_of_a_place_abroad_are_given():
    abroad = plan("13/07/2026", "17/07/2026", place=Territory.ABROAD)
    assert abroad.timesheet.presence == 35
    given_off = (away("15/07/2026", "15/07/2026", AbsenceKind.HOLIDAY),)
    assert replace(abroad, absences=given_off).timesheet.presence == 28
    assert replace(abroad, absences=given_off, works_on_whit_monday=True).timesheet.presence == 28
    assert replace(abroad, absences=given_off, works_on_holidays=True).timesheet.presence == 35


@pytest.mark.parametrize(
    ("kind", "presence", "leave"),
    [
        (AbsenceKind.INTERRUPTION, 49, 0),
        (AbsenceKind.UNIVERSITY, 49, 0),
        (AbsenceKind.HOLIDAY, 49, 0),
        (AbsenceKind.LEAVE, 49, 21),
    ],
)
def test_each_absence_is_out_of_the_hours_of_presence(kind, presence, leave):
    """Three days off, from Friday to Tuesday, both included."""
    timesheet = plan("01/06/2026", "12/06/2026", absences=(away("05/06/2026", "09/06/2026", kind),)).timesheet
    assert (timesheet.presence, timesheet.leave) == (presence, leave)
    assert timesheet.duration == presence + leave


def test_a_given_holiday_is_worked_by_who_works_on_holidays():
    bridge = away("13/07/2026", "14/07/2026", AbsenceKind.HOLIDAY)
    week = plan("13/07/2026", "17/07/2026", absences=(bridge,))
    assert week.timesheet.presence == 21
    assert replace(week, works_on_holidays=True).timesheet.presence == 35
    ill = away("13/07/2026", "14/07/2026")
    assert replace(week, works_on_holidays=True, absences=(bridge, ill)).timesheet.presence == 21


def test_a_day_of_leave_and_of_another_absence_is_not_leave():
    """An interruption suspends the stage; a public holiday is off anyway."""
    leave = away("13/07/2026", "17/07/2026", AbsenceKind.LEAVE)
    week = plan("13/07/2026", "17/07/2026", absences=(leave,))
    assert (week.timesheet.presence, week.timesheet.leave) == (0, 28)
    interrupted = replace(week, absences=(leave, away("16/07/2026", "16/07/2026")))
    assert (interrupted.timesheet.presence, interrupted.timesheet.leave) == (0, 21)


def test_leave_without_dates_is_taken_at_the_end():
    two_months = plan("01/06/2026", "31/07/2026", leave_days=Decimal(2)).timesheet
    assert (two_months.presence, two_months.leave, two_months.duration) == (294, 14, 308)
    assert [month.leave for month in two_months.months] == [0, 14]
    all_of_it = plan("01/06/2026", "05/06/2026", leave_days=Decimal(200)).timesheet
    assert (all_of_it.presence, all_of_it.leave) == (0, 35)


def test_half_days_of_leave():
    half = plan("01/06/2026", "12/06/2026", leave_days=Decimal("1.5")).timesheet
    assert (half.presence, half.leave) == (Decimal("59.5"), Decimal("10.5"))
    with_dates = plan(
        "01/06/2026",
        "12/06/2026",
        leave_days=Decimal("1.5"),
        absences=(away("12/06/2026", "12/06/2026", AbsenceKind.LEAVE),),
    ).timesheet
    assert (with_dates.presence, with_dates.leave) == (Decimal("59.5"), Decimal("10.5"))


def test_half_a_day_of_leave_does_not_lengthen_a_stage_of_two_months():
    """80 days of 3.85 h are 308 h; 1.925 h of leave and 306.075 h of presence still are, once rounded."""
    plain = plan("02/03/2026", "26/06/2026", "19.25")
    half = replace(plain, leave_days=Decimal("0.5")).timesheet
    assert plain.timesheet.duration == half.duration == 308
    assert (half.presence, half.leave) == (Decimal("306.08"), Decimal("1.92"))


# Work periods


def test_a_later_period_overrides_the_base_one():
    """Thursdays and Fridays, then full time in June, with a week of Saturdays."""
    base = plan("04/05/2026", "30/06/2026", "14", [3, 4])
    june = work("01/06/2026", "30/06/2026")
    saturdays = work("15/06/2026", "21/06/2026", "40", [0, 1, 2, 3, 4, 5])
    assert by_month(base) == [42, 56]
    assert by_month(replace(base, periods=(*base.periods, june))) == [42, 22 * 7]
    mixed = replace(base, periods=(*base.periods, june, saturdays))
    assert by_month(mixed) == [42, 17 * 7 + 40]
    # The order says which one wins, not the dates.
    assert by_month(replace(base, periods=(june, *base.periods))) == [42, 56]


def test_irregular_months():
    periods = tuple(
        work(start, end, weekly, weekdays)
        for start, end, weekly, weekdays in [
            ("01/06/2026", "30/06/2026", "35", MONDAY_TO_FRIDAY),
            ("01/07/2026", "31/07/2026", "17.55", [0, 2, 4]),
            ("01/09/2026", "30/09/2026", "8", [5, 6]),
        ]
    )
    schedule = Schedule(periods)
    # 14 Mondays, Wednesdays and Fridays of 5.85 h in July, nothing in August, eight days of week-end.
    assert by_month(schedule) == [154, Decimal("81.90"), 32]
    assert [month.first.month for month in schedule.timesheet.months] == [6, 7, 9]
    assert (schedule.start, schedule.end) == (date(2026, 6, 1), date(2026, 9, 30))
    assert (schedule.fullest_week, schedule.longest_day) == (35, 7)


@pytest.mark.parametrize("weekly", ["7.33", "33.33", "35", "37.5"])
def test_decimals_of_one_month_are_rounded_once(weekly):
    # Four weeks: four times the week, not twelve rounded days.
    for weekdays in ([0, 1, 2], MONDAY_TO_FRIDAY, [0, 1, 2, 3, 4, 5]):
        assert plan("01/06/2026", "28/06/2026", weekly, weekdays).timesheet.presence == 4 * Decimal(weekly)


def test_months_of_decimals_add_up_to_the_total():
    schedule = plan("29/06/2026", "30/08/2026", "35", [0, 1, 2, 3, 4, 5], works_on_holidays=True)
    months = by_month(schedule)
    assert months == [Decimal("11.67"), Decimal("157.5"), Decimal("145.83")]
    assert sum(months) == schedule.timesheet.presence == 9 * 35


def test_what_a_week_and_a_day_hold():
    assert spread(Decimal(35), MONDAY_TO_FRIDAY) == (7, 7, 7, 7, 7, 0, 0)
    assert spread(Decimal(35), []) == (0,) * 7
    thirds = plan("01/06/2026", "28/06/2026", "35", [0, 1, 2])
    assert (thirds.fullest_week, thirds.longest_day) == (35, Decimal("11.67"))
    base = plan("01/06/2026", "28/06/2026", "14", [3, 4], over=(work("15/06/2026", "28/06/2026"),))
    assert (base.fullest_week, base.mean_week) == (35, Decimal("24.5"))
    assert [base.week_of(day(text)) for text in ("31/05/2026", "14/06/2026", "15/06/2026")] == [0, 14, 35]


@pytest.mark.parametrize(("span", "expected"), [(1, 7), (7, 35), (10, 56), (14, 70), (28, 98), (365, 98)])
def test_most_hours_in_a_row(span, expected):
    schedule = plan("01/06/2026", "28/06/2026", "14", [3, 4], over=(work("15/06/2026", "28/06/2026"),))
    assert schedule.most_hours(span) == expected


def test_most_hours_over_a_gap():
    apart = Schedule((work("01/06/2026", "05/06/2026"), work("15/06/2026", "19/06/2026")))
    assert [apart.most_hours(span) for span in (5, 14, 18, 19)] == [35, 35, 63, 70]


def test_the_mean_week_leaves_absences_and_holidays_aside():
    schedule = plan("13/07/2026", "26/07/2026", absences=(away("20/07/2026", "26/07/2026"),))
    assert schedule.mean_week == 35
    assert plan("28/06/2026", "27/06/2026").mean_week == 0
    assert plan("01/06/2026", "01/06/2026").mean_week == 49
    assert plan("01/06/2026", "10/06/2026").mean_week == Decimal("39.2")


def test_a_span_of_several_years():
    timesheet = plan("15/12/2025", "15/01/2028").timesheet
    assert len(timesheet.months) == 26
    assert (timesheet.months[0].first, timesheet.months[-1].first) == (date(2025, 12, 1), date(2028, 1, 1))
    assert timesheet.months[0].presence == 12 * 7
    assert timesheet.months[12].presence == 22 * 7  # December 2026: 23 days from Monday to Friday, Christmas
    assert timesheet.months[-1].presence == 10 * 7


def test_no_working_day_or_no_period_gives_nothing():
    empty = plan("01/06/2026", "28/06/2026", weekdays=[])
    assert (empty.timesheet.presence, empty.fullest_week, empty.longest_day) == (0, 0, 0)
    assert empty.most_hours(28) == 0
    assert [month.first for month in empty.timesheet.months] == [date(2026, 6, 1)]
    assert plan("28/06/2026", "01/06/2026").timesheet == Timesheet()


def test_the_last_day_of_the_calendar():
    schedule = Schedule((WorkPeriod(date(9999, 12, 27), date.max, FULL_TIME),))
    assert schedule.timesheet.presence == 35


# Corrected hours


@pytest.mark.parametrize("hours", ["0", "0.01", "100", "301.37", "924", "1500.55"])
def test_a_correction_adds_up(hours):
    planned = plan("01/04/2026", "30/06/2026", leave_days=Decimal(3)).timesheet
    corrected = planned.corrected(Decimal(hours))
    assert corrected.presence == sum(month.presence for month in corrected.months) == Decimal(hours)
    assert [month.leave for month in corrected.months] == [month.leave for month in planned.months]
    assert all(month.presence >= 0 for month in corrected.months)


def test_a_correction_follows_the_planned_months():
    planned = plan("01/04/2026", "30/06/2026").timesheet  # 147, 119 and 154 h
    assert [month.presence for month in planned.corrected(Decimal(210)).months] == [
        Decimal("73.5"),
        Decimal("59.5"),
        77,
    ]
    thirds = Timesheet(tuple(Month(date(2026, month, 1), Decimal(10), Decimal(0)) for month in (1, 2, 3)))
    assert [month.presence for month in thirds.corrected(Decimal(100)).months] == [
        Decimal("33.33"),
        Decimal("33.34"),
        Decimal("33.33"),
    ]


def test_a_correction_of_nothing_planned_is_shared_evenly():
    """Hours that no week describes: the correction is all there is."""
    empty = plan("01/06/2026", "31/07/2026", weekdays=[]).timesheet
    assert [month.presence for month in empty.corrected(Decimal(400)).months] == [200, 200]
    assert Timesheet().corrected(Decimal(400)) == Timesheet()


def test_rounded_shares():
    assert rounded_shares([Decimal(1)] * 3, Decimal(10)) == [
        Decimal("3.33"),
        Decimal("3.34"),
        Decimal("3.33"),
    ]
    assert rounded_shares([Decimal("0.005")] * 2, Decimal("0.01")) == [Decimal("0.01"), 0]
    assert rounded_shares([Decimal(0)] * 2, Decimal(0)) == [0, 0]
    assert rounded_shares([], Decimal(0)) == []


# Days


@pytest.mark.parametrize(
    ("country", "postal_code", "expected"),
    [
        ("FR", "14032 CEDEX 5", Territory.METROPOLITAN),
        ("FR", "57000", Territory.ALSACE_MOSELLE),
        ("FR", "67 000", Territory.ALSACE_MOSELLE),
        ("FR", "68100", Territory.ALSACE_MOSELLE),
        ("FR", "97110", Territory.GUADELOUPE),
        ("FR", "97133", Territory.SAINT_BARTHELEMY),
        ("FR", "97133 CEDEX", Territory.SAINT_BARTHELEMY),
        ("FR", "97150", Territory.SAINT_MARTIN),
        ("FR", "97200", Territory.MARTINIQUE),
        ("FR", "97300", Territory.GUYANE),
        ("FR", "97400", Territory.REUNION),
        ("FR", "97500", Territory.SAINT_PIERRE_ET_MIQUELON),
        ("FR", "97600", Territory.MAYOTTE),
        ("FR", "97700", Territory.SAINT_BARTHELEMY),
        ("FR", "97800", Territory.SAINT_MARTIN),
        ("FR", "98400", Territory.TERRES_AUSTRALES),
        ("FR", "98600", Territory.WALLIS_ET_FUTUNA),
        ("FR", "98713", Territory.POLYNESIE),
        ("FR", "98800", Territory.NOUVELLE_CALEDONIE),
        ("FR", "98000", Territory.METROPOLITAN),
        ("FR", "05700", Territory.METROPOLITAN),
        ("FR", "", Territory.METROPOLITAN),
        ("GP", "97110", Territory.GUADELOUPE),
        ("MQ", "97200", Territory.MARTINIQUE),
        ("GF", "97300", Territory.GUYANE),
        ("RE", "97400", Territory.REUNION),
        ("YT", "97600", Territory.MAYOTTE),
        ("BL", "97133", Territory.SAINT_BARTHELEMY),
        ("MF", "97150", Territory.SAINT_MARTIN),
        ("PM", "97500", Territory.SAINT_PIERRE_ET_MIQUELON),
        ("TF", "98400", Territory.TERRES_AUSTRALES),
        ("NC", "98800", Territory.NOUVELLE_CALEDONIE),
        ("PF", "98713", Territory.POLYNESIE),
        ("WF", "98600", Territory.WALLIS_ET_FUTUNA),
        ("DE", "67059", Territory.ABROAD),
        ("MC", "98000", Territory.ABROAD),
    ],
)
def test_territory_of_an_address(country, postal_code, expected):
    assert territory(country, postal_code) == expected


NATIONAL = days(
    *("01/01/2026", "06/04/2026", "01/05/2026", "08/05/2026", "14/05/2026", "25/05/2026", "14/07/2026"),
    *("15/08/2026", "01/11/2026", "11/11/2026", "25/12/2026"),
)


@pytest.mark.parametrize(
    ("place", "added"),
    [
        (Territory.METROPOLITAN, []),
        (Territory.ALSACE_MOSELLE, ["03/04/2026", "26/12/2026"]),
        (Territory.GUADELOUPE, ["27/05/2026"]),
        (Territory.MARTINIQUE, ["22/05/2026"]),
        (Territory.GUYANE, ["10/06/2026"]),
        (Territory.REUNION, ["20/12/2026"]),
        (Territory.MAYOTTE, ["27/04/2026"]),
        (Territory.SAINT_BARTHELEMY, ["09/10/2026"]),
        (Territory.SAINT_MARTIN, ["28/05/2026"]),
        (Territory.SAINT_PIERRE_ET_MIQUELON, []),
        (Territory.TERRES_AUSTRALES, []),
        (Territory.NOUVELLE_CALEDONIE, ["24/09/2026"]),
        (Territory.POLYNESIE, ["05/03/2026", "03/04/2026", "20/11/2026"]),
        (Territory.WALLIS_ET_FUTUNA, ["28/04/2026", "29/06/2026", "29/07/2026"]),
    ],
)
def test_holidays_of_2026(place, added):
    assert public_holidays(2026, place) == NATIONAL | days(*added)


def test_french_polynesia_moved_its_day():
    assert date(2024, 6, 29) in public_holidays(2024, Territory.POLYNESIE)
    assert date(2024, 11, 20) not in public_holidays(2024, Territory.POLYNESIE)
    assert date(2025, 11, 20) in public_holidays(2025, Territory.POLYNESIE)
    assert date(2025, 6, 29) not in public_holidays(2025, Territory.POLYNESIE)


def test_no_french_holiday_abroad():
    assert public_holidays(2026, Territory.ABROAD) == frozenset()


def test_local_holidays_are_off_at_the_place_of_the_stage():
    for place, worked in [
        (Territory.ALSACE_MOSELLE, 28),
        (Territory.METROPOLITAN, 35),
        (Territory.ABROAD, 35),
    ]:
        assert plan("30/03/2026", "05/04/2026", place=place).timesheet.presence == worked


def test_easter_agrees_with_another_implementation():
    assert all(easter(year) == reference.easter(year) for year in range(1583, 4100))


@pytest.mark.parametrize(
    ("year", "ends", "expected"),
    [
        (2026, (), ("01/09/2026", "31/08/2027")),
        (2026, (8, 31), ("01/09/2026", "31/08/2027")),
        (2026, (9, 30), ("01/10/2026", "30/09/2027")),
        (2026, (12, 31), ("01/01/2027", "31/12/2027")),
        (2026, (2, 29), ("01/03/2026", "28/02/2027")),
        (2027, (2, 29), ("01/03/2027", "29/02/2028")),
        (2028, (2, 29), ("01/03/2028", "28/02/2029")),
        (2026, (6, 31), ("01/07/2026", "30/06/2027")),
    ],
)
def test_academic_year(year, ends, expected):
    assert academic_year(year, *ends) == tuple(day(text) for text in expected)


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("31/01/2026", 1, "28/02/2026"),
        ("31/01/2028", 1, "29/02/2028"),
        ("02/02/2026", 6, "02/08/2026"),
        ("31/08/2026", 6, "28/02/2027"),
        ("15/12/2026", 1, "15/01/2027"),
        ("15/11/2026", 1, "15/12/2026"),
        ("31/03/2026", -1, "28/02/2026"),
        ("15/01/2026", -1, "15/12/2025"),
        ("30/06/2026", 24, "30/06/2028"),
        ("29/02/2028", 12, "28/02/2029"),
        ("01/12/9999", 0, "01/12/9999"),
        ("01/12/9999", 1, "31/12/9999"),
    ],
)
def test_add_months(start, months, expected):
    assert add_months(day(start), months) == day(expected)


@pytest.mark.parametrize(
    ("on", "expected"),
    [("14/06/2026", 17), ("15/06/2026", 18), ("16/06/2026", 18), ("01/07/2026", 18), ("31/05/2026", 17)],
)
def test_age(on, expected):
    assert age(day("15/06/2008"), day(on)) == expected


def test_age_of_who_is_born_on_29_february():
    born = day("29/02/2008")
    assert [age(born, day(text)) for text in ("28/02/2026", "01/03/2026")] == [17, 18]


def test_equivalences():
    assert equivalent(Decimal(308)) == (44, 2)
    assert equivalent(Decimal(924)) == (132, 6)
    assert equivalent(Decimal("10.5"))[0] == Decimal("1.5")
    # Not « six months », as counting days of the trainee's own four hours would say (article D124-6).
    assert equivalent(Decimal(528))[1].quantize(Decimal("0.1")) == Decimal("3.4")


# Whatever the schedule

DATES = st.dates(date(2024, 1, 1), date(2028, 12, 31))
PERIODS = st.tuples(DATES, st.integers(0, 400)).map(
    lambda drawn: (drawn[0], drawn[0] + timedelta(days=drawn[1]))
)
WEEKS = st.tuples(st.decimals("0.5", "48", places=2), st.sets(st.integers(0, 6), min_size=1).map(sorted)).map(
    lambda drawn: spread(*drawn)
)
WORK = st.tuples(PERIODS, WEEKS).map(lambda drawn: WorkPeriod(*drawn[0], drawn[1]))
ABSENCES = st.tuples(PERIODS, st.sampled_from(AbsenceKind)).map(lambda drawn: Absence(*drawn[0], drawn[1]))
SCHEDULES = st.builds(
    Schedule,
    periods=st.lists(WORK, min_size=1, max_size=3).map(tuple),
    absences=st.lists(ABSENCES, max_size=3).map(tuple),
    place=st.sampled_from(Territory),
    leave_days=st.decimals(0, 60, places=1),
    works_on_holidays=st.booleans(),
    works_on_whit_monday=st.booleans(),
)


@given(schedule=SCHEDULES)
def test_months_add_up_and_no_hour_is_negative(schedule):
    timesheet = schedule.timesheet
    for kind in ("presence", "leave"):
        hours = by_month(schedule, kind)
        assert sum(hours) == getattr(timesheet, kind) == getattr(timesheet, kind).quantize(Decimal("0.01"))
        assert all(one >= 0 for one in hours)
    usual = sum(hours for _day, hours in schedule.planned())
    # What six days share of 1.61 h is not a decimal: their sum is a hair under 1.61.
    assert timesheet.duration <= usual.quantize(Decimal("1e-12")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert len({month.first for month in timesheet.months}) == len(timesheet.months)


@given(schedule=SCHEDULES, more=ABSENCES)
def test_an_absence_never_adds_hours(schedule, more):
    """Of presence neither, unless it dates a day of leave: a short day then stands for a longer one."""
    after = replace(schedule, absences=(*schedule.absences, more)).timesheet
    assert after.duration <= schedule.timesheet.duration
    assert more.kind == AbsenceKind.LEAVE or after.presence <= schedule.timesheet.presence


def test_leave_with_a_date_stands_for_a_day_without():
    """One day of leave: the last, of 10 hours, or the first, of 2."""
    week = (Decimal(2), *[Decimal(0)] * 3, Decimal(10), *[Decimal(0)] * 2)
    schedule = Schedule((WorkPeriod(day("01/06/2026"), day("05/06/2026"), week),), leave_days=Decimal(1))
    assert (schedule.timesheet.presence, schedule.timesheet.leave) == (2, 10)
    dated = replace(schedule, absences=(away("01/06/2026", "01/06/2026", AbsenceKind.LEAVE),)).timesheet
    assert (dated.presence, dated.leave) == (10, 2)


@given(schedule=SCHEDULES)
def test_undated_leave_is_a_part_of_the_duration(schedule):
    """Even more leave than days of presence: no hour is made of it."""
    without = replace(schedule, leave_days=Decimal(0)).timesheet
    assert schedule.timesheet.duration == without.duration
    assert schedule.timesheet.leave >= without.leave


@given(schedule=SCHEDULES, data=st.data())
def test_the_order_of_absences_does_not_matter(schedule, data):
    shuffled = tuple(data.draw(st.permutations(schedule.absences)))
    assert replace(schedule, absences=shuffled).timesheet == schedule.timesheet


@given(schedule=SCHEDULES)
def test_working_on_holidays_never_lowers_hours(schedule):
    off, on = (replace(schedule, works_on_holidays=worked).timesheet.duration for worked in (False, True))
    assert off <= on
    solidarity = replace(schedule, works_on_whit_monday=True, works_on_holidays=False).timesheet.duration
    assert off <= solidarity <= on


@given(schedule=SCHEDULES, presence=st.decimals(0, 2000, places=2))
def test_a_correction_is_exact(schedule, presence):
    corrected = schedule.timesheet.corrected(presence)
    assert corrected.presence == sum(month.presence for month in corrected.months) == presence
    assert corrected.leave == schedule.timesheet.leave


@given(schedule=SCHEDULES, span=st.integers(1, 100))
def test_more_days_in_a_row_never_hold_fewer_hours(schedule, span):
    assert schedule.most_hours(span) <= schedule.most_hours(span + 1)


@given(
    period=PERIODS,
    interruptions=st.lists(PERIODS, max_size=4),
    weekdays=st.sets(st.integers(0, 6), min_size=1),
)
def test_the_count_is_the_count_day_by_day(period, interruptions, weekdays):
    start, end = period
    place = Territory.ALSACE_MOSELLE
    each = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    worked = [
        one
        for one in each
        if one.weekday() in weekdays
        and one not in public_holidays(one.year, place)
        and not any(first <= one <= last for first, last in interruptions)
    ]
    week = spread(Decimal(len(weekdays)), weekdays)
    absences = tuple(Absence(*dates) for dates in interruptions)
    timesheet = Schedule((WorkPeriod(start, end, week),), absences, place).timesheet
    assert timesheet.presence == len(worked)


@pytest.mark.parametrize(
    ("month", "number", "expected"),
    [
        (8, 31, "31/08/2026"),
        (9, 1, "01/09/2025"),
        (12, 24, "24/12/2025"),
        (6, 15, "15/06/2026"),
        (2, 29, "28/02/2026"),
    ],
)
def test_the_day_that_falls_in_an_academic_year(month, number, expected):
    assert day_within(academic_year(2025), month, number) == day(expected)
