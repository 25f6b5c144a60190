"""Hours of presence against the figures of URSSAF, service-public and the Code de l'éducation."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from dateutil import easter as reference
from hypothesis import given
from hypothesis import strategies as st

from conventions.calendar import (
    Territory,
    easter,
    equivalent,
    presence_hours,
    public_holidays,
    territory,
)

MONDAY_TO_FRIDAY = [0, 1, 2, 3, 4]


def day(text):
    return date(*(int(part) for part in reversed(text.split("/"))))


def hours(start, end, weekly="35", days=MONDAY_TO_FRIDAY, place=Territory.METROPOLITAN, **more):
    interruptions = [(day(first), day(last)) for first, last in more.pop("interruptions", [])]
    return presence_hours(day(start), day(end), Decimal(weekly), days, interruptions, place, **more)


@pytest.mark.parametrize(
    ("start", "end", "weekly", "days", "expected"),
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
        # URSSAF 2023 and service-public 2024
        ("01/01/2023", "30/04/2023", "35", MONDAY_TO_FRIDAY, "588"),
        ("01/01/2024", "31/03/2024", "35", MONDAY_TO_FRIDAY, "448"),
    ],
)
def test_official_figures(start, end, weekly, days, expected):
    assert hours(start, end, weekly, days) == Decimal(expected)


def test_the_months_of_the_urssaf_example_add_up():
    months = [("01/01", "31/01"), ("01/02", "28/02"), ("01/03", "31/03"), ("01/04", "30/04")]
    assert [hours(f"{first}/2023", f"{last}/2023") for first, last in months] == [154, 140, 161, 133]


def test_worked_holidays_count():
    assert hours("01/04/2026", "30/06/2026", works_on_holidays=True) == 455
    assert hours("02/03/2026", "09/09/2026", works_on_holidays=True) == 966


def test_leave_is_not_presence():
    assert hours("01/06/2026", "31/07/2026", leave_days=Decimal(2)) == 294
    assert hours("01/06/2026", "05/06/2026", leave_days=Decimal(200)) == 0


def test_interruptions_are_taken_out_once_even_when_they_overlap():
    interruptions = [("05/06/2026", "08/06/2026"), ("08/06/2026", "09/06/2026"), ("01/01/2020", "02/01/2020")]
    assert hours("01/06/2026", "12/06/2026", interruptions=interruptions) == 7 * 7
    assert hours("01/06/2026", "12/06/2026", interruptions=[("01/05/2026", "30/07/2026")]) == 0


def test_hours_that_do_not_divide_are_rounded_once_at_the_end():
    # 35 h over three days a week, four weeks: 140 h, not 12 times 11.67 h.
    assert hours("01/06/2026", "28/06/2026", days=[0, 1, 2]) == 140


def test_no_working_day_or_no_period_gives_nothing():
    assert hours("01/06/2026", "28/06/2026", days=[]) == 0
    assert hours("28/06/2026", "01/06/2026") == 0


def test_a_mistyped_year_is_counted_at_once():
    assert presence_hours(date(1, 1, 1), date(9999, 12, 31), Decimal(7), [0], [], Territory.METROPOLITAN) > 0


@pytest.mark.parametrize(
    ("country", "postal_code", "expected"),
    [
        ("FR", "14032 CEDEX 5", Territory.METROPOLITAN),
        ("FR", "57000", Territory.ALSACE_MOSELLE),
        ("FR", "67 000", Territory.ALSACE_MOSELLE),
        ("FR", "68100", Territory.ALSACE_MOSELLE),
        ("FR", "97110", Territory.GUADELOUPE),
        ("FR", "97133", Territory.SAINT_BARTHELEMY),
        ("FR", "97150", Territory.SAINT_MARTIN),
        ("FR", "97200", Territory.MARTINIQUE),
        ("FR", "97300", Territory.GUYANE),
        ("FR", "97400", Territory.REUNION),
        ("FR", "97600", Territory.MAYOTTE),
        ("FR", "", Territory.METROPOLITAN),
        ("RE", "97400", Territory.REUNION),
        ("NC", "98800", Territory.METROPOLITAN),
        ("DE", "67059", Territory.ABROAD),
    ],
)
def test_territory_of_an_address(country, postal_code, expected):
    assert territory(country, postal_code) == expected


def test_holidays_of_2026():
    assert sorted(public_holidays(2026, Territory.METROPOLITAN)) == [
        date(2026, month, number)
        for month, number in [
            (1, 1),
            (4, 6),
            (5, 1),
            (5, 8),
            (5, 14),
            (5, 25),
            (7, 14),
            (8, 15),
            (11, 1),
            (11, 11),
            (12, 25),
        ]
    ]


@pytest.mark.parametrize(
    ("place", "added"),
    [
        (Territory.ALSACE_MOSELLE, ["03/04/2026", "26/12/2026"]),
        (Territory.GUADELOUPE, ["27/05/2026"]),
        (Territory.MARTINIQUE, ["22/05/2026"]),
        (Territory.GUYANE, ["10/06/2026"]),
        (Territory.REUNION, ["20/12/2026"]),
        (Territory.MAYOTTE, ["27/04/2026"]),
        (Territory.SAINT_BARTHELEMY, ["09/10/2026"]),
        (Territory.SAINT_MARTIN, ["28/05/2026"]),
    ],
)
def test_local_holidays(place, added):
    local = public_holidays(2026, place) - public_holidays(2026, Territory.METROPOLITAN)
    assert local == {day(text) for text in added}
    assert len(public_holidays(2026, place)) == 11 + len(added)


def test_no_french_holiday_abroad():
    assert public_holidays(2026, Territory.ABROAD) == frozenset()


def test_easter_agrees_with_another_implementation():
    assert all(easter(year) == reference.easter(year) for year in range(1583, 4100))


def test_equivalences():
    assert equivalent(Decimal(308)) == (44, 2)
    assert equivalent(Decimal(924)) == (132, 6)
    assert equivalent(Decimal("10.5"))[0] == Decimal("1.5")


DATES = st.dates(date(2024, 1, 1), date(2028, 12, 31))
PERIODS = st.tuples(DATES, st.integers(0, 400)).map(
    lambda drawn: (drawn[0], drawn[0] + timedelta(days=drawn[1]))
)
SCHEDULE = {
    "weekly_hours": st.decimals("0.5", "48", places=2),
    "working_days": st.sets(st.integers(0, 6), min_size=1),
    "place": st.sampled_from(Territory),
    "leave_days": st.decimals(0, 200, places=1),
}


@given(period=PERIODS, interruptions=st.lists(PERIODS, max_size=4), more=PERIODS, **SCHEDULE)
def test_an_interruption_never_adds_hours(period, interruptions, more, **schedule):
    before = presence_hours(*period, interruptions=interruptions, **schedule)
    after = presence_hours(*period, interruptions=[*interruptions, more], **schedule)
    assert 0 <= after <= before


@given(
    period=PERIODS, interruptions=st.lists(PERIODS, max_size=4), days=st.sets(st.integers(0, 6), min_size=1)
)
def test_the_count_by_weeks_is_the_count_day_by_day(period, interruptions, days):
    start, end = period
    place = Territory.ALSACE_MOSELLE
    each = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    worked = [
        one
        for one in each
        if one.weekday() in days
        and one not in public_holidays(one.year, place)
        and not any(first <= one <= last for first, last in interruptions)
    ]
    assert presence_hours(start, end, Decimal(len(days)), days, interruptions, place) == len(worked)
