"""How long in one host, and how long before the next: D-01 to D-08."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.calendar import Schedule, Territory
from conventions.law.duration import earliest_start
from conventions.law.facts import History, Previous
from tests.conventions.law.cases import (
    BLOCK,
    INFORM,
    WARN,
    agreement,
    case,
    check,
    day,
    earlier,
    finds,
    found,
    lasting,
    leave,
    other,
    plain,
    silent,
    stage,
    told,
    work,
)

SPRING = stage("02/01/2026", "30/06/2026")  # 861 h
NO_TEACHING_YEAR = {"year": None}


def hours(number, **more):
    return agreement(stage=lasting(number), **more)


def with_others(stage, *others, **more):
    return agreement(stage=stage, history=History(others=others, **more))


def after(start, **previous):
    """A stage that starts after one of 180 days."""
    return agreement(
        stage=stage(start, "30/09/2026"),
        history=History(previous=(earlier("02/01/2026", "30/06/2026", **previous),)),
    )


AUTUMN = other("03/11/2025", "05/12/2025", 168)
HALF_TIME_YEAR = stage("01/09/2025", "31/08/2026", "17.5")
TWO_MONTHS = stage("01/06/2026", "31/07/2026")

EXAMPLES = [
    finds(
        "D-09",
        "hours written by hand",
        hours("300"),
        told(WARN, "hours_corrected", corrected="300", planned="420"),
    ),
    silent(
        "D-09",
        "the very hours of the schedule",
        agreement(stage=TWO_MONTHS | {"corrected_hours": Decimal(308)}),
    ),
    silent("D-09", "hours computed", agreement(stage=TWO_MONTHS)),
    silent("D-01", "924 h", hours("924")),
    finds("D-01", "924.5 h", hours("924.5"), told(BLOCK, "end", total="924.5", most="924")),
    silent(
        "D-01", "case 11: 924 h over six months of dates", agreement(stage=stage("02/03/2026", "09/09/2026"))
    ),
    finds("D-01", "case 12: 925 h", hours("925"), told(BLOCK, "end", total="925", most="924")),
    silent("D-01", "case 14: half time for a year", agreement(stage=HALF_TIME_YEAR)),
    finds(
        "D-01",
        "39 h a week (D-03)",
        agreement(stage=stage("02/02/2026", "31/07/2026", "39")),
        told(BLOCK, "end", total="967.2", most="924"),
    ),
    finds(
        "D-01",
        "leave counts (D-04)",
        agreement(
            stage=stage("02/03/2026", "10/09/2026", leave_days=3),
        ),
        told(BLOCK, "end", total="931", most="924"),
    ),
    finds(
        "D-01",
        "case 20: both agreements are ours",
        with_others(SPRING, other("01/09/2025", "31/12/2025", 602)),
        told(BLOCK, "end", total="1463", most="924"),
    ),
    finds(
        "D-01",
        "case 49: césure, 6 + 6 months in one host (R-07)",
        agreement(
            stage=SPRING,
            studies={"is_cesure": True},
            history=History(others=(other("01/07/2025", "31/12/2025", 861),)),
        ),
        told(BLOCK, "end", total="1722", most="924"),
    ),
    silent(
        "D-01",
        "case 49: césure, 6 + 6 months in two hosts (R-07)",
        agreement(
            stage=SPRING,
            studies={"is_cesure": True},
            history=History(others=(other("01/07/2025", "31/12/2025", 861, same_host=False),)),
        ),
    ),
    silent(
        "D-01",
        "another year",
        with_others(SPRING, other("01/03/2025", "31/07/2025", 602, academic_year=2024)),
    ),
    silent("D-01", "exactly 924 h together", with_others(lasting(756), AUTUMN)),
    finds(
        "D-01",
        "924 h, and a stage cut short",
        with_others(lasting(924), replace(AUTUMN, is_certain=False)),
        told(WARN, "end", uncertain="168", most="924"),
    ),
    finds(
        "D-01",
        "with the hours of a stage cut short",
        with_others(lasting(757), replace(AUTUMN, is_certain=False)),
        told(WARN, "end", uncertain="168", most="924"),
    ),
    silent(
        "D-01", "even with a stage cut short", with_others(lasting(756), replace(AUTUMN, is_certain=False))
    ),
    silent(
        "D-01",
        "924 h, and a stage cut short elsewhere",
        with_others(lasting(924), replace(AUTUMN, is_certain=False, same_host=False)),
    ),
    silent("D-01", "hours unknown", agreement(stage={"schedule": None})),
    finds(
        "D-02",
        "case 20: Cass. soc., 7 January 2026",
        with_others(SPRING, declared_hours=Decimal(602)),
        told(BLOCK, "earlier_hours", total="1463", most="924"),
    ),
    silent("D-02", "924 h together", with_others(lasting(322), declared_hours=Decimal(602))),
    finds(
        "D-02",
        "one hour more",
        with_others(lasting(155), AUTUMN, declared_hours=Decimal(602)),
        told(BLOCK, "earlier_hours", total="925", most="924"),
    ),
    silent("D-02", "D-01 says it already", with_others(lasting(925), declared_hours=Decimal(602))),
    finds(
        "D-02",
        "924 h here",
        with_others(lasting(924), declared_hours=Decimal(1)),
        told(BLOCK, "earlier_hours"),
    ),
    silent("D-02", "nothing declared", with_others(lasting(924))),
    silent(
        "D-02",
        "hours unknown",
        agreement(stage={"schedule": None}, history=History(declared_hours=Decimal(999))),
    ),
    silent(
        "D-02",
        "D-01 says it already, with another stage",
        with_others(lasting(800), AUTUMN, declared_hours=Decimal(10)),
    ),
    finds(
        "D-03",
        "case 11: 192 days",
        agreement(stage=stage("02/03/2026", "09/09/2026")),
        told(WARN, "end", start="02/03/2026", end="09/09/2026"),
    ),
    silent("D-03", "six months to the day", agreement(stage=stage("02/03/2026", "01/09/2026"))),
    finds("D-03", "one day more", agreement(stage=stage("02/03/2026", "02/09/2026")), told(WARN, "end")),
    finds(
        "D-03",
        "two stages, a day more than six months in all",
        agreement(
            stage=stage("01/04/2026", "30/06/2026"),
            history=History(others=(other("01/10/2025", "31/12/2025", 300),)),
        ),
        told(WARN, "end", in_all="183"),
    ),
    silent(
        "D-03",
        "two stages, six months in all",
        agreement(
            stage=stage("01/04/2026", "29/06/2026"),
            history=History(others=(other("01/10/2025", "31/12/2025", 300),)),
        ),
    ),
    silent(
        "D-03",
        "two stages, one of them half time",
        agreement(
            stage=stage("01/04/2026", "30/06/2026"),
            history=History(others=(other("01/10/2025", "31/12/2025", 150, 17),)),
        ),
    ),
    silent("D-03", "case 14: half time", agreement(stage=HALF_TIME_YEAR)),
    finds("D-03", "28 h a week", agreement(stage=stage("02/03/2026", "27/09/2026", "28")), told(WARN, "end")),
    silent("D-03", "27.95 h a week", agreement(stage=stage("02/03/2026", "27/09/2026", "27.95"))),
    silent(
        "D-03",
        "two days a week, then full time",
        agreement(
            stage=stage("01/09/2025", "31/08/2026", "14", (3, 4), over=(work("01/06/2026", "31/08/2026"),))
        ),
    ),
    silent(
        "D-03", "schedule unknown", agreement(stage=stage("02/03/2026", "09/09/2026") | {"schedule": None})
    ),
    finds(
        "D-05",
        "§1.3: 308 h without 14 July, 315 h with",
        agreement(stage=TWO_MONTHS),
        told(WARN, "end", other="315", limit="308"),
    ),
    finds(
        "D-05",
        "case 9: 294 h and 14 h of leave",
        agreement(stage=stage("01/06/2026", "31/07/2026", leave_days=2)),
        told(WARN, "end", other="315", limit="308"),
    ),
    finds(
        "D-05",
        "case 11: 924 h, or 966 h",
        agreement(stage=stage("02/03/2026", "09/09/2026")),
        told(WARN, "end", other="966", limit="924"),
    ),
    finds(
        "D-05",
        "Good Friday in Alsace-Moselle",
        agreement(stage=stage("01/04/2026", "30/04/2026", place=Territory.ALSACE_MOSELLE)),
        told(INFORM, "end", day="03/04/2026"),
    ),
    silent("D-05", "Good Friday in Lyon", agreement(stage=stage("01/04/2026", "30/04/2026"))),
    silent(
        "D-05",
        "Good Friday is no day of presence",
        agreement(
            stage=stage("01/04/2026", "30/04/2026", "28", (0, 1, 2, 3), place=Territory.ALSACE_MOSELLE)
        ),
    ),
    silent(
        "D-05",
        "Good Friday is an absence",
        agreement(
            stage=stage(
                "01/04/2026",
                "30/04/2026",
                place=Territory.ALSACE_MOSELLE,
                absences=[leave("30/03/2026", "10/04/2026")],
            )
        ),
    ),
    silent(
        "D-05",
        "the hours are corrected already",
        agreement(stage=lasting("150", "01/04/2026", "30/04/2026", place=Territory.ALSACE_MOSELLE)),
    ),
    silent(
        "D-05",
        "Good Friday is worked",
        agreement(
            stage=stage("01/04/2026", "30/04/2026", place=Territory.ALSACE_MOSELLE, works_on_holidays=True)
        ),
    ),
    silent("D-05", "the same answer both ways", agreement(stage=stage("01/06/2026", "26/06/2026"))),
    silent("D-05", "due both ways", agreement(stage=stage("01/06/2026", "07/08/2026"))),
    silent("D-05", "beyond six months both ways", agreement(stage=stage("02/03/2026", "10/09/2026"))),
    silent("D-05", "abroad", agreement(stage=TWO_MONTHS, host={"is_abroad": True})),
    silent(
        "D-05", "holidays worked", agreement(stage=stage("01/06/2026", "31/07/2026", works_on_holidays=True))
    ),
    silent("D-05", "hours written by hand", agreement(stage=TWO_MONTHS | {"corrected_hours": Decimal(308)})),
    silent(
        "D-05",
        "own rules of gratification",
        agreement(stage=TWO_MONTHS, host={"place": Territory.NOUVELLE_CALEDONIE}),
    ),
    finds(
        "D-05",
        "with another stage of this host",
        with_others(stage("01/07/2026", "31/07/2026"), other("02/03/2026", "30/04/2026", 154)),
        told(WARN, "end", other="315", limit="308"),
    ),
    silent("D-05", "hours unknown", agreement(stage={"schedule": None})),
    silent(
        "D-05",
        "six months abroad",
        agreement(stage=stage("02/03/2026", "09/09/2026"), host={"is_abroad": True}),
    ),
    silent("D-05", "924 h at most", agreement(stage=stage("02/03/2026", "01/09/2026"))),
    silent("D-05", "308 h at most", agreement(stage=stage("01/06/2026", "30/07/2026"))),
    finds(
        "D-06",
        "case 21: same post",
        after("01/08/2026", same_post=True),
        told(BLOCK, "start", end="30/06/2026", earliest="30/08/2026"),
    ),
    finds(
        "D-06",
        "case 21: perhaps the same post",
        after("01/08/2026"),
        told(WARN, "start", end="30/06/2026", earliest="30/08/2026"),
    ),
    finds("D-06", "the last day too early", after("29/08/2026"), told(WARN, "start")),
    silent("D-06", "the earliest day", after("30/08/2026", same_post=True)),
    silent("D-06", "the earliest day after another", after("30/08/2026", of_another=True)),
    finds(
        "D-06",
        "the last day too early after another",
        after("29/08/2026", of_another=True),
        told(WARN, "start"),
    ),
    silent("D-06", "case 22: the first trainee left", after("01/08/2026", left_early=True, same_post=True)),
    finds("D-06", "the day after", after("01/07/2026"), told(WARN, "start")),
    silent("D-06", "at the same time", after("30/06/2026")),
    silent(
        "D-06",
        "no date yet",
        agreement(stage={"start": None}, history=History(previous=(earlier("01/01/2026", "01/02/2026"),))),
    ),
    finds(
        "D-06",
        "each earlier stage",
        agreement(
            history=History(
                previous=(
                    earlier("01/01/2026", "30/03/2026", left_early=True),
                    earlier("01/01/2026", "31/05/2026"),
                )
            )
        ),
        told(WARN, "start", end="31/05/2026", earliest="22/07/2026"),
    ),
    finds(
        "D-07",
        "end before start",
        agreement(stage=stage("02/06/2026", "01/06/2026")),
        told(BLOCK, "end", start="02/06/2026", end="01/06/2026"),
    ),
    silent("D-07", "one day", agreement(stage=stage("01/06/2026", "01/06/2026"))),
    silent("D-07", "a year", agreement(stage=stage("01/06/2026", "01/06/2027"))),
    silent("D-07", "366 days after", agreement(stage=stage("01/06/2026", "02/06/2027"))),
    finds("D-07", "367 days after", agreement(stage=stage("01/06/2026", "03/06/2027")), told(BLOCK, "end")),
    finds("D-07", "a mistyped year", agreement(stage=stage("01/06/2026", "01/06/9206")), told(BLOCK, "end")),
    finds(
        "D-07",
        "a year mistyped in one period of work",
        agreement(stage=stage("01/06/2026", "31/07/2026", over=(work("01/07/2026", "31/07/2036"),))),
        told(BLOCK, "end"),
    ),
    silent("D-07", "no period yet", agreement(stage={"schedule": Schedule(())})),
    silent("D-07", "no end yet", agreement(stage={"end": None})),
    silent("D-07", "no start yet", agreement(stage={"start": None})),
    silent("D-07", "schedule unknown", agreement(stage={"schedule": None})),
    finds("D-07", "only a week-end", agreement(stage=stage("06/06/2026", "07/06/2026")), told(BLOCK, "end")),
    silent(
        "D-07",
        "hours written by hand",
        agreement(stage=stage("06/06/2026", "07/06/2026", corrected_hours=Decimal(7))),
    ),
    silent("D-07", "35 h and 10 h", with_others(SPRING, other("01/04/2026", "30/04/2026", 40, 10))),
    silent("D-07", "48 h together", with_others(SPRING, other("01/04/2026", "30/04/2026", 52, 13))),
    finds(
        "D-07",
        "35 h and 35 h",
        with_others(SPRING, other("01/04/2026", "30/04/2026", 140)),
        told(BLOCK, "start", together="70", most="48"),
    ),
    finds(
        "D-07",
        "on the last day only",
        with_others(SPRING, other("30/06/2026", "31/07/2026", 140)),
        told(BLOCK, "start"),
    ),
    finds(
        "D-07",
        "on the first day only",
        with_others(SPRING, other("01/12/2025", "02/01/2026", 140)),
        told(BLOCK, "start"),
    ),
    silent("D-07", "one after the other", with_others(SPRING, other("01/07/2026", "31/07/2026", 140))),
    silent(
        "D-07",
        "H-01 says alone what one stage has too much",
        agreement(stage=stage("02/01/2026", "30/06/2026", "49")),
    ),
    silent(
        "D-07",
        "two others, never on the same day",
        with_others(
            stage("02/01/2026", "30/06/2026", "20"),
            other("05/01/2026", "30/01/2026", 80, 20),
            other("02/02/2026", "27/02/2026", 80, 20),
        ),
    ),
    finds(
        "D-07",
        "two others on one day",
        with_others(
            stage("02/01/2026", "30/06/2026", "20"),
            other("05/01/2026", "30/01/2026", 80, 20),
            other("30/01/2026", "27/02/2026", 80, 20),
        ),
        told(BLOCK, "start", together="60", most="48"),
    ),
    silent(
        "D-07",
        "full time once the other is over",
        with_others(
            stage("02/01/2026", "30/06/2026", "14", (3, 4), over=(work("01/06/2026", "30/06/2026"),)),
            other("05/01/2026", "29/05/2026", 600, 30),
        ),
    ),
    silent("D-08", "one stage", agreement(stage=stage("02/03/2026", "09/09/2026"))),
    finds(
        "D-08",
        "500 h from March to August, 500 h from September to January",
        agreement(
            stage=lasting(500, "01/09/2026", "31/01/2027"),
            studies={"academic_year": 2026, "year": None},
            history=History(others=(other("01/03/2026", "31/08/2026", 500),)),
        ),
        told(WARN, "end", most="1000", limit="924"),
    ),
    finds(
        "D-08",
        "924 h this year, more the year before",
        agreement(
            stage=lasting(924, "01/09/2026", "31/03/2027"),
            studies={"academic_year": 2026, "year": None},
            history=History(others=(other("01/07/2026", "31/08/2026", 100),)),
        ),
        told(WARN, "end", most="1024", limit="924"),
    ),
    finds(
        "D-08",
        "a stage of one day",
        agreement(
            stage=stage("01/09/2026", "01/09/2026"),
            studies={"academic_year": 2026, "year": None},
            history=History(others=(other("01/03/2026", "31/08/2026", 920),)),
        ),
        told(WARN, "end", most="927", limit="924"),
    ),
    finds(
        "D-08",
        "twelve months that end with the second stage",
        agreement(
            stage=lasting(300, "01/09/2026", "31/10/2026"),
            studies={"academic_year": 2026, "year": None},
            history=History(others=(other("01/09/2025", "31/08/2026", 900),)),
        ),
        # 304 of the 365 days of the first stage, and the whole second one.
        told(WARN, "end", most="1049.589", limit="924"),
    ),
    silent(
        "D-08",
        "924 h together",
        agreement(
            stage=lasting(424, "01/09/2026", "31/01/2027"),
            studies={"academic_year": 2026, "year": None},
            history=History(others=(other("01/03/2026", "31/08/2026", 500),)),
        ),
    ),
    silent(
        "D-08",
        "in two hosts",
        agreement(
            stage=lasting(500, "01/09/2026", "31/01/2027"),
            studies={"academic_year": 2026, "year": None},
            history=History(others=(other("01/03/2026", "31/08/2026", 500, same_host=False),)),
        ),
    ),
    silent(
        "D-08",
        "two years apart",
        agreement(
            stage=lasting(500, "01/09/2026", "31/01/2027"),
            studies={"academic_year": 2026, "year": None},
            history=History(others=(other("01/03/2024", "31/08/2024", 900),)),
        ),
    ),
    silent(
        "D-08",
        "others alone make it",
        agreement(
            stage=lasting(10, "01/09/2026", "30/09/2026"),
            studies={"academic_year": 2026, "year": None},
            history=History(
                others=(other("01/01/2024", "31/05/2024", 800), other("01/09/2024", "31/12/2024", 800)),
            ),
        ),
    ),
    silent("D-08", "D-01 says it already", with_others(SPRING, other("01/09/2025", "31/12/2025", 602))),
    silent(
        "D-08",
        "no hour of presence",
        with_others(stage("06/06/2026", "07/06/2026"), other("01/09/2025", "31/12/2025", 900)),
    ),
    silent("D-08", "no start yet", agreement(stage=SPRING | {"start": None})),
    silent("D-08", "no end yet", agreement(stage=SPRING | {"end": None})),
    silent("D-08", "end before start", agreement(stage=SPRING | {"end": day("01/01/2026")})),
]


@pytest.mark.parametrize("example", [example.param for example in EXAMPLES])
def test_duration(example):
    check(example)


@pytest.mark.parametrize(
    ("start", "end", "earliest"),
    [
        ("02/01/2026", "30/06/2026", "30/08/2026"),
        # « 6 months → 2 months »: 181 days, so 61.
        ("01/01/2026", "30/06/2026", "31/08/2026"),
        ("01/06/2026", "01/06/2026", "03/06/2026"),
        ("01/06/2026", "03/06/2026", "05/06/2026"),
        ("01/06/2026", "04/06/2026", "07/06/2026"),
    ],
)
def test_a_third_of_the_stage_before(start, end, earliest):
    assert earliest_start(earlier(start, end)) == day(earliest)


@pytest.mark.parametrize(
    ("rule", "facts", "words"),
    [
        ("D-05", agreement(stage=stage("02/03/2026", "09/09/2026")), "au-delà du maximum"),
        ("D-05", agreement(stage=TWO_MONTHS), "gratification serait due"),
        ("D-06", after("01/08/2026", same_post=True), "Un stage sur ce poste"),
        ("D-06", after("01/08/2026"), "Le stagiaire a fini un stage dans cet organisme"),
        ("D-06", after("01/08/2026", of_another=True), "Un autre stagiaire de ce tuteur a fini"),
    ],
)
def test_which_words(rule, facts, words):
    [finding] = found(rule, facts)
    assert words in finding.text


def lines(finding):
    return [(line.label, plain(line.value)) for line in finding.calculation]


def test_the_calculation_of_the_hours():
    everything = with_others(lasting(500), AUTUMN, declared_hours=Decimal(602))
    [finding] = found("D-02", everything)
    assert lines(finding) == [
        ("Ce stage", "500"),
        ("Autres conventions dans cet organisme cette année", "168"),
        ("Heures déclarées, dans un autre établissement d’enseignement", "602"),
        ("Total", "1270"),
        ("soit, à 7 h par jour", "181.4286"),
    ]
    [finding] = found("D-01", hours("925"))
    assert [label for label, _value in lines(finding)] == ["Ce stage", "Total", "soit, à 7 h par jour"]


def test_the_other_calculations():
    [span] = found("D-03", agreement(stage=stage("02/03/2026", "09/09/2026")))
    assert [value for _label, value in lines(span)] == ["192", "02/09/2026"]
    [holidays] = found("D-05", agreement(stage=TWO_MONTHS))
    assert [value for _label, value in lines(holidays)] == ["308", "315"]
    [waiting] = found("D-06", after("01/08/2026"))
    assert [value for _label, value in lines(waiting)] == ["180", "60", "30/08/2026"]
    [last_day] = found("R-09", agreement(stage=stage("01/06/2026", "02/09/2026")))
    assert [value for _label, value in lines(last_day)] == ["02/09/2026", "31/08/2026"]


def test_what_is_left_of_six_months():
    assert case(stage=lasting(300), history=History(others=(AUTUMN,))).remaining == 456
    assert case(stage=lasting(925)).remaining == -1
    assert case(stage={"schedule": None}).remaining is None


def test_the_hours_of_the_other_reading():
    assert case(stage=TWO_MONTHS).duration_with_holidays == 315
    assert case(stage=TWO_MONTHS | {"corrected_hours": Decimal(300)}).duration_with_holidays == 300
    assert case(stage={"schedule": None}).duration_with_holidays is None


def test_a_schedule_that_cannot_be_counted_is_not():
    assert case(stage={"schedule": Schedule(())}).duration is None
    assert case(stage=stage("02/06/2026", "01/06/2026")).duration is None
    assert case(stage=stage("01/01/0001", "31/12/9999")).duration is None
    assert case(stage=stage("01/06/2026", "02/06/2027")).duration == 1792


@given(
    lasted=st.integers(0, 400),
    gap=st.integers(1, 200),
    same_post=st.booleans(),
)
def test_waiting_is_at_least_a_third(lasted, gap, same_post):
    """The days between two stages on a post are at least the third of the first one."""
    end = date(2025, 12, 31)
    previous = Previous(date.fromordinal(end.toordinal() - lasted), end, same_post=same_post)
    start = date.fromordinal(end.toordinal() + 1 + gap)
    facts = agreement(stage={"start": start}, history=History(previous=(previous,)))
    assert bool(found("D-06", facts)) == (3 * gap < lasted + 1)
