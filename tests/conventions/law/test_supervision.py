"""Tutor, referent teacher, quota of the host: T-01 to Q-07."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.law.facts import Change, People, Stricter
from conventions.law.supervision import at_once, quota, weeks
from tests.conventions.law.cases import (
    BLOCK,
    LAWFUL,
    WARN,
    agreement,
    avenant,
    check,
    day,
    finds,
    found,
    periods,
    plain,
    silent,
    stage,
    told,
)

RUNNING = ("01/04/2026", "01/06/2026")  # until the first day of the stage
OVER = ("01/04/2026", "31/05/2026")  # until the day before


def tutor(*dates, **more):
    return agreement(people={"tutor_elsewhere": periods(*dates), **more})


def referent(*dates, ceiling=None):
    return agreement(
        people={"referent_elsewhere": periods(*dates)}, stricter=Stricter(referent_ceiling=ceiling)
    )


def host(headcount, *dates, declared=None, **more):
    facts = {"headcount": headcount, "trainees": declared, **more.pop("host", {})}
    return agreement(host=facts, people={"host_elsewhere": periods(*dates)}, **more)


JUNE = ("01/06/2026", "26/06/2026")
THREE = [JUNE] * 3
# Sunday 31 May and Saturday 27 June: the week before the stage, and its last one.
BEFORE, LAST = ("01/05/2026", "31/05/2026"), ("27/06/2026", "31/07/2026")

EXAMPLES = [
    silent("T-01", "named", LAWFUL),
    finds("T-01", "not named", agreement(people={"tutor": None}), told(BLOCK, "tutor", "missing")),
    silent("E-01", "named", LAWFUL),
    finds("E-01", "not named", agreement(people={"referent": None}), told(BLOCK, "teacher", "missing")),
    finds(
        "T-02",
        "case 35: three running on the first day",
        tutor(RUNNING, RUNNING, JUNE),
        told(BLOCK, "tutor", known="3", start="01/06/2026", most="3"),
    ),
    silent("T-02", "case 35: one ends the day before", tutor(RUNNING, RUNNING, OVER)),
    silent("T-02", "one starts the day after", tutor(RUNNING, RUNNING, ("02/06/2026", "31/07/2026"))),
    finds(
        "T-02",
        "three, says the host",
        tutor(tutor_declared=3),
        told(WARN, "tutor_trainees", known="3", most="3"),
    ),
    silent("T-02", "two, says the host", tutor(tutor_declared=2)),
    finds(
        "T-02",
        "four known, two declared",
        tutor(*[RUNNING] * 4, tutor_declared=2),
        told(BLOCK, "tutor", known="4", start="01/06/2026", most="3"),
    ),
    silent(
        "T-02",
        "no date yet",
        agreement(stage={"start": None}, people={"tutor_elsewhere": periods(*THREE), "tutor_declared": 3}),
    ),
    silent(
        "T-02",
        "before the decree",
        agreement(
            stage={"start": date(2015, 10, 27)},
            people={"tutor_elsewhere": periods(*[("01/10/2015", "30/11/2015")] * 3)},
        ),
    ),
    silent("E-02", "the 24th", referent(*[JUNE] * 23)),
    finds("E-02", "the 25th", referent(*[JUNE] * 24), told(BLOCK, "teacher", together="25", most="24")),
    silent("E-02", "24 others, never with more than 22 of them", referent(*[JUNE] * 22, OVER, LAST)),
    finds(
        "E-02",
        "on the last day",
        referent(*[JUNE] * 23, ("26/06/2026", "31/07/2026")),
        told(BLOCK, "teacher"),
    ),
    finds("E-02", "on the first day", referent(*[JUNE] * 23, RUNNING), told(BLOCK, "teacher")),
    silent("E-02", "one before, one after", referent(*[JUNE] * 22, RUNNING, ("02/06/2026", "31/07/2026"))),
    finds(
        "E-02",
        "a lower ceiling",
        referent(*[JUNE] * 10, ceiling=10),
        told(BLOCK, "teacher", "lifted", together="11", most="10"),
    ),
    silent("E-02", "at that ceiling", referent(*[JUNE] * 9, ceiling=10)),
    finds(
        "E-02",
        "the 24th under a lower ceiling",
        referent(*[JUNE] * 23, ceiling=10),
        told(BLOCK, "teacher", "lifted", together="24", most="10"),
    ),
    finds(
        "E-02",
        "the 25th under a lower ceiling",
        referent(*[JUNE] * 24, ceiling=10),
        told(BLOCK, "teacher", together="25", most="10"),
    ),
    finds(
        "E-02",
        "a ceiling higher than the law",
        referent(*[JUNE] * 24, ceiling=30),
        told(BLOCK, "teacher", together="25", most="24"),
    ),
    silent(
        "E-02",
        "no end yet",
        agreement(stage={"end": None}, people={"referent_elsewhere": periods(*[JUNE] * 30)}),
    ),
    silent(
        "E-02",
        "no start yet",
        agreement(stage={"start": None}, people={"referent_elsewhere": periods(*[JUNE] * 30)}),
    ),
    *(
        finds(
            "Q-01",
            f"case 37: {headcount} people, three declared",
            host(headcount, declared=3),
            told(WARN, "host_trainees", together="4", headcount=str(headcount), most="3"),
        )
        for headcount in (19, 20)
    ),
    silent("Q-01", "case 37: 21 people", host(21, declared=3)),
    silent("Q-01", "case 37: 27 people", host(27, declared=3)),
    silent("Q-01", "case 37: 45 people, six others", host(45, declared=6)),
    finds(
        "Q-01",
        "case 37: 45 people, seven others",
        host(45, declared=7),
        told(WARN, "host_trainees", together="8", headcount="45", most="7"),
    ),
    finds(
        "Q-01",
        "three of our own agreements",
        host(19, *THREE),
        told(BLOCK, "organisation", together="4", headcount="19", most="3"),
    ),
    finds(
        "Q-01",
        "as many of ours as the limit, one more declared",
        host(19, JUNE, JUNE, declared=3),
        told(WARN, "host_trainees", together="4", headcount="19", most="3"),
    ),
    silent("Q-01", "two of our own agreements", host(19, JUNE, JUNE)),
    finds(
        "Q-01",
        "ours and more declared",
        host(19, *THREE, declared=5),
        told(BLOCK, "host_trainees", together="6", headcount="19", most="3"),
    ),
    finds("Q-01", "as many ours as declared", host(19, *THREE, declared=3), told(BLOCK, "organisation")),
    finds(
        "Q-01",
        "a band only, of the register",
        host(None, *THREE, host={"band": 19}),
        told(WARN, "organisation", together="4", headcount="19", most="3"),
    ),
    silent("Q-01", "what is declared before the band", host(100, *THREE, host={"band": 19})),
    finds(
        "Q-01",
        "nobody employed",
        host(0, *THREE),
        told(BLOCK, "organisation", together="4", headcount="0", most="3"),
    ),
    silent("Q-01", "headcount unknown", host(None, *THREE)),
    finds(
        "Q-01", "in the last week, after the stage", host(19, JUNE, JUNE, LAST), told(BLOCK, "organisation")
    ),
    silent("Q-01", "the week before", host(19, JUNE, JUNE, BEFORE)),
    silent("Q-01", "the week after", host(19, JUNE, JUNE, ("29/06/2026", "31/07/2026"))),
    finds(
        "Q-01",
        "two that follow one another in one week",
        host(19, JUNE, ("01/05/2026", "09/06/2026"), ("11/06/2026", "26/06/2026")),
        told(BLOCK, "organisation"),
    ),
    silent(
        "Q-01",
        "two that follow one another in two weeks",
        host(19, JUNE, ("01/05/2026", "14/06/2026"), ("15/06/2026", "26/06/2026")),
    ),
    silent("Q-01", "abroad", host(19, *THREE, host={"is_abroad": True})),
    silent("Q-01", "no end yet", host(19, *THREE, stage={"end": None})),
    silent("Q-01", "no start yet", host(19, *THREE, stage={"start": None})),
    silent(
        "Q-01",
        "Q-04: what a postponement adds",
        host(
            19,
            *[("15/06/2026", "26/06/2026")] * 3,
            stage=stage("11/05/2026", "26/06/2026"),
            avenant=avenant(Change.POSTPONEMENT, "01/06/2026", previous_end="14/06/2026"),
        ),
    ),
    finds(
        "Q-01",
        "Q-04: not what an extension adds",
        host(
            19,
            *[("15/06/2026", "26/06/2026")] * 3,
            stage=stage("11/05/2026", "26/06/2026"),
            avenant=avenant(Change.EXTENSION, "01/06/2026", previous_end="14/06/2026"),
        ),
        told(BLOCK, "organisation"),
    ),
    finds(
        "Q-01",
        "Q-04: a postponement counts until the end first planned",
        host(
            19,
            *[("08/06/2026", "26/06/2026")] * 3,
            stage=stage("11/05/2026", "26/06/2026"),
            avenant=avenant(Change.POSTPONEMENT, "01/06/2026", previous_end="14/06/2026"),
        ),
        told(BLOCK, "organisation"),
    ),
    finds(
        "Q-01",
        "Q-04: a postponement whose earlier end is unknown",
        host(19, *THREE, avenant=avenant(Change.POSTPONEMENT, "01/06/2026")),
        told(BLOCK, "organisation"),
    ),
]


@pytest.mark.parametrize("example", [example.param for example in EXAMPLES])
def test_supervision(example):
    check(example)


@pytest.mark.parametrize(
    ("headcount", "most"),
    [(0, 3), (1, 3), (19, 3), (20, 3), (21, 4), (26, 4), (27, 5), (45, 7), (100, 15), (101, 16), (1000, 150)],
)
def test_quota(headcount, most):
    assert quota(headcount) == most


@given(headcount=st.integers(20, 100_000))
def test_the_quota_is_15_percent_rounded_up_and_not_30(headcount):
    assert 0 <= quota(headcount) * 100 - 15 * headcount < 100
    assert quota(headcount) < 30 * headcount / 100


@pytest.mark.parametrize(
    ("dates", "most"),
    [
        ([], 0),
        ([JUNE], 1),
        ([OVER, LAST], 0),
        ([RUNNING, ("02/06/2026", "31/07/2026")], 1),
        ([RUNNING, ("01/06/2026", "31/07/2026")], 2),
        ([JUNE, ("10/06/2026", "12/06/2026"), ("12/06/2026", "20/06/2026"), ("21/06/2026", "30/06/2026")], 3),
        ([("01/01/2026", "31/12/2026")] * 2, 2),
        ([("01/06/2026", "05/06/2026"), *[("06/06/2026", "10/06/2026")] * 2], 2),
    ],
)
def test_at_once(dates, most):
    assert at_once(periods(*dates), day(JUNE[0]), day(JUNE[1])) == most


def test_weeks_begin_on_monday_and_end_on_sunday():
    assert (
        weeks(periods(("03/06/2026", "04/06/2026"), ("01/06/2026", "07/06/2026")))
        == [(day("01/06/2026"), day("07/06/2026"))] * 2
    )
    assert weeks([(date(2026, 6, 1), date.max)]) == [(date(2026, 6, 1), date.max)]


def test_the_calculations():
    [quota_of_host] = found("Q-01", host(19, *THREE))
    assert [plain(line.value) for line in quota_of_host.calculation] == ["4", "19", "3"]
    [followed] = found("E-02", referent(*[JUNE] * 24))
    assert [plain(line.value) for line in followed.calculation] == ["25", "24"]


@given(
    drawn=st.lists(
        st.tuples(st.dates(date(2026, 5, 1), date(2026, 7, 31)), st.integers(0, 40)).map(
            lambda one: (one[0], one[0] + timedelta(days=one[1]))
        ),
        max_size=8,
    )
)
def test_at_once_is_the_fullest_day(drawn):
    start, end = day(JUNE[0]), day(JUNE[1])
    each = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    assert at_once(drawn, start, end) == max(
        sum(first <= one <= last for first, last in drawn) for one in each
    )


def test_nobody_named_at_all():
    assert found("T-01", agreement(people=People()))
    assert not found("T-02", agreement(people=People()))
