"""What holds of every rule, and of every agreement, complete or not."""

import re
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conventions import calendar
from conventions.calendar import Absence, AbsenceKind, Schedule, Territory, WorkPeriod
from conventions.law import CHAPTERS, RULES, Amounts, Case, Facts, findings, review
from conventions.law import case as law_case
from conventions.law import duration as law_duration
from conventions.law import facts as law_facts
from conventions.law import finding as law_finding
from conventions.law.facts import (
    Abroad,
    Advice,
    Avenant,
    Change,
    History,
    Host,
    Other,
    Pay,
    PayUnit,
    People,
    Person,
    Previous,
    Proof,
    Protection,
    Regime,
    Stage,
    Stricter,
    Studies,
    Trainee,
    Zone,
)
from conventions.law.finding import Quantity, Rule, Severity, Unit, days, euros, euros_an_hour, hours, number
from tests.conventions.law import (
    test_avenants,
    test_duration,
    test_eligibility,
    test_gratification,
    test_protection,
    test_supervision,
    test_time,
)
from tests.conventions.law.cases import (
    AMOUNTS,
    BLOCK,
    CEILINGS,
    INFORM,
    LAWFUL,
    WARN,
    agreement,
    foreign,
    found,
    lasting,
    other,
    periods,
    stage,
    written,
)

TABLES = (
    test_avenants,
    test_duration,
    test_eligibility,
    test_gratification,
    test_protection,
    test_supervision,
    test_time,
)
EXAMPLES = [example for table in TABLES for example in table.EXAMPLES]
CHECKED = [rule.id for rule in RULES.values() if rule.check]
# The columns that a finding may point at: those of the agreement, of its host, of an avenant.
FIELDS = {
    "amount",
    "amount_unit",
    "attachments",
    "benefits",
    "collective_hours",
    "currency",
    "day_ends_at",
    "day_starts_at",
    "earlier_hours",
    "effective_on",
    "end",
    "enrolment",
    "exceptional_work",
    "follow_up",
    "guardian_name",
    "has_assistance_policy",
    "has_information_sheet",
    "has_regulated_work",
    "health_fund",
    "host_trainees",
    "hours_corrected",
    "insurance_end",
    "insurance_start",
    "insurer",
    "is_employed_by_host",
    "is_paid",
    "leave_days",
    "leave_terms",
    "missions",
    "organisation",
    "payment_frequency",
    "payment_mode",
    "reason",
    "regulated_work_declared",
    "replaces_someone",
    "restricted_area_authorised",
    "service",
    "signatory",
    "skills",
    "stage_type",
    "start",
    "subject",
    "teacher",
    "travel_decision",
    "travel_zone",
    "tutor",
    "tutor_trainees",
    "weekly_hours",
    "working_days",
    "works_at_night",
    "works_on_holidays",
    "works_on_sunday",
}


# The rules


@pytest.mark.parametrize("rule", CHECKED)
def test_each_rule_finds_something_and_nothing(rule):
    said = {bool(example.expected) for example in EXAMPLES if example.rule == rule}
    assert said == {True, False}


def test_every_example_names_a_rule_that_checks_once():
    assert {example.rule for example in EXAMPLES} == set(CHECKED)
    labels = [(example.rule, example.label) for example in EXAMPLES]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    "number", [1, 2, 4, 5, 6, 7, 9, 11, 12, 14, 16, 18, 20, 21, 22, 24, 28, 29, 30, 32, 33]
)
def test_each_case_of_the_analysis_has_an_example(number):
    """Cases 3, 25 and 26 have tests of their own too; 47 is in tests/organisations/test_forms.py (test_siret)."""
    assert any(re.search(rf"case {number}\b", example.label) for example in EXAMPLES)


@pytest.mark.parametrize("number", [3, 35, 37, 38, 39, 40, 41, 43, 45, 49])
def test_each_last_case_of_the_analysis_has_an_example(number):
    assert any(re.search(rf"case {number}\b", example.label) for example in EXAMPLES)


def test_the_field_of_a_finding_is_a_column():
    named = {finding.field for example in EXAMPLES for finding in found(example.rule, example.facts)}
    assert named == FIELDS


@pytest.mark.parametrize("rule", CHECKED)
def test_a_message_has_its_values_and_no_more(rule):
    for example in EXAMPLES:
        if example.rule != rule:
            continue
        for finding in found(rule, example.facts, example.amounts):
            assert "%" not in written(finding).replace("\u00a0%", "")
            assert set(re.findall(r"%\((\w+)\)s", finding.text)) == set(finding.values)
            for line in finding.calculation:
                assert "%(" not in line.label % line.values


def test_every_rule_is_written():
    """Numbered as in the analysis, each with its article and title; what checks says how, with an example."""
    assert len(RULES) == sum(len(chapter.rules) for chapter in CHAPTERS)
    assert len(CHAPTERS) == 10
    for rule in RULES.values():
        assert re.fullmatch(r"[A-Z]-\d\d", rule.id)
        assert rule.article
        assert rule.title.endswith(".")
        assert not rule.check or (rule.formula and rule.example)
    numbers = {letter: [] for letter in sorted({rule[0] for rule in RULES})}
    for rule in RULES:
        numbers[rule[0]].append(int(rule[2:]))
    last = {
        "A": 8,
        "C": 10,
        "D": 9,
        "E": 3,
        "F": 10,
        "G": 18,
        "H": 9,
        "P": 10,
        "Q": 7,
        "R": 12,
        "S": 9,
        "T": 2,
    }
    assert {letter: sorted(found) for letter, found in numbers.items()} == {
        letter: list(range(1, count + 1)) for letter, count in last.items()
    }


@pytest.mark.parametrize(
    ("rule", "since", "broken"),
    [
        ("R-03", "2014-12-01", {"studies": {"teaching_hours": 1}}),
        ("R-04", "2017-12-04", {"studies": {"presence_hours": 1}}),
        ("R-06", "2018-05-21", {"studies": {"is_cesure": True, "earlier_cesures": 1}}),
        ("T-02", "2015-10-28", {"people": {"tutor_declared": 3}}),
        (
            "E-02",
            "2015-10-28",
            {"people": {"referent_elsewhere": periods(("01/01/2014", "31/12/2026")) * 30}},
        ),
        ("Q-01", "2015-10-28", {"host": {"headcount": 3, "trainees": 30}}),
    ],
)
def test_a_dated_rule_applies_from_its_day(rule, since, broken):
    since = date.fromisoformat(since)
    assert RULES[rule].since == since
    for start, applies in [(since, True), (since - timedelta(days=1), False)]:
        facts = agreement(stage={"start": start, "end": start + timedelta(days=20)}, **broken)
        assert bool(found(rule, facts)) == applies


def test_the_other_rules_have_no_date():
    dated = {rule.id for rule in RULES.values() if rule.since != date.min}
    assert dated == {"R-03", "R-04", "R-06", "T-02", "E-02", "Q-01"}


def test_a_dated_rule_speaks_before_the_date_is_known():
    assert found("R-03", agreement(stage={"start": None}, studies={"teaching_hours": 1}))


@pytest.mark.parametrize("module", [calendar, law_case, law_facts, law_finding])
def test_what_is_judged_cannot_change(module):
    """A schedule, facts or a finding computed once are never another's."""
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and is_dataclass(kind)]
    assert kinds
    for kind in kinds:
        with pytest.raises(FrozenInstanceError):
            setattr(object.__new__(kind), fields(kind)[0].name, None)


def test_what_is_not_said_is_not_so():
    """Nothing is checked, joined or declared by itself; amounts are in euros, and the clause of G-06 is printed."""
    kinds = [kind for kind in vars(law_facts).values() if is_dataclass(kind)]
    true = {one.name for kind in kinds for one in fields(kind) if one.default is True}
    assert true == {"in_euros", "has_revaluation_clause", "is_certain"}
    assert not any(one.default is True for one in fields(law_finding.Finding))


def test_the_check_of_a_rule_keeps_its_name():
    assert RULES["D-01"].check is law_duration.six_months


# The review


def test_nothing_to_correct():
    assert [(finding.rule.id, finding.severity) for finding in review(LAWFUL, AMOUNTS)] == [
        ("G-09", INFORM),
        ("P-03", INFORM),
    ]


def test_what_blocks_comes_first():
    facts = foreign(
        stage=stage("02/03/2026", "31/08/2027", "49"), pay={"is_paid": True}, people={"tutor": None}
    )
    said = [finding.severity for finding in review(facts, AMOUNTS)]
    assert said == sorted(said, key=[BLOCK, WARN, INFORM].index)
    assert set(said) == {BLOCK, WARN, INFORM}
    assert review(facts, AMOUNTS) == findings(Case(facts, AMOUNTS))


def test_berlin():
    """Case 40: no gratification is due; the sheet and the insurance are."""
    berlin = foreign(
        stage=lasting(800), abroad={"has_information_sheet": False, "has_assistance_policy": False}
    )
    said = {finding.rule.id: finding.severity for finding in review(berlin, AMOUNTS)}
    assert {rule for rule, severity in said.items() if severity == BLOCK} == {"F-01", "F-05"}
    assert said["G-15"] == INFORM


def test_school_a_then_school_b():
    """Case 20: the facts of Cass. soc., 7 January 2026, n° 24-12.244, known or declared."""
    second = stage("02/01/2026", "30/06/2026", leave_terms="À la demande.")
    for history, rule in [
        (History(others=(other("01/09/2025", "31/12/2025", 602),)), "D-01"),
        (History(declared_hours=Decimal(602)), "D-02"),
    ]:
        facts = agreement(stage=second, history=history, pay=test_gratification.paid("4.50"))
        assert [finding.rule.id for finding in review(facts, AMOUNTS) if finding.stops] == [rule]


def test_what_stops_and_what_asks_a_reason():
    rule = Rule("X-01", "", "", BLOCK)
    assert rule.finds("end", "").stops
    assert not rule.finds("end", "").asks_a_reason
    lifted = rule.finds("end", "", can_be_lifted=True)
    assert (lifted.stops, lifted.asks_a_reason) == (False, True)
    warned = rule.finds("end", "", severity=WARN)
    assert (warned.stops, warned.asks_a_reason) == (False, True)
    informed = rule.finds("end", "", severity=INFORM, can_be_lifted=True)
    assert (informed.stops, informed.asks_a_reason) == (False, False)
    lenient = Rule("X-02", "", "", BLOCK, can_be_lifted=True)
    assert lenient.finds("end", "").can_be_lifted
    assert not lenient.finds("end", "", can_be_lifted=False).can_be_lifted
    assert (Rule("X-03", "", "").severity, list(Rule("X-03", "", "").findings(Case(LAWFUL, AMOUNTS)))) == (
        INFORM,
        [],
    )


def test_quantities_have_a_unit():
    assert hours(7) == Quantity(Decimal(7), Unit.HOURS)
    assert days(7) == Quantity(Decimal(7), Unit.DAYS)
    assert euros(7) == Quantity(Decimal(7), Unit.EUROS)
    assert euros_an_hour(Decimal(7)) == Quantity(Decimal(7), Unit.EUROS_AN_HOUR)
    assert number(7) == Quantity(Decimal(7), Unit.NUMBER)


def test_the_defaults_of_the_facts_find_nothing_but_what_is_missing():
    """Nothing known: only what the wizard asks for anyway, and no exception."""
    said = review(Facts(date(2026, 6, 1)), Amounts())
    assert {finding.rule.id for finding in said} == {"T-01", "E-01", "C-03", "P-01", "S-01"}
    assert all(finding.is_missing for finding in said)


def test_a_mistyped_year_is_judged_at_once():
    for dates in [("01/06/2026", "30/06/9206"), ("01/06/0206", "30/06/2026"), ("01/01/0001", "31/12/9999")]:
        facts = agreement(stage=stage(*dates))
        assert "D-07" in {finding.rule.id for finding in review(facts, AMOUNTS) if finding.stops}


# Whatever the facts

DATES = st.dates(date(2013, 1, 1), date(2032, 12, 31)) | st.dates()
NEAR = st.dates(date(2025, 6, 1), date(2027, 6, 1))
BOOLS = st.booleans()
COUNTS = st.integers(0, 400)
DECIMALS = st.decimals(0, 2000, places=2)
TIMES = st.times().map(lambda drawn: time(drawn.hour, drawn.minute))


def maybe(strategy):
    return st.none() | strategy


def ordered(dates, longest=400):
    return st.tuples(dates, st.integers(0, longest)).map(
        lambda drawn: (drawn[0], drawn[0] + timedelta(days=min(drawn[1], (date.max - drawn[0]).days)))
    )


HOURS_OF_A_DAY = st.sampled_from(
    [Decimal(0), Decimal(0), Decimal("3.5"), Decimal(7), Decimal(35) / 3, Decimal(12)]
)
WORK = st.builds(WorkPeriod, NEAR, NEAR, st.tuples(*[HOURS_OF_A_DAY] * 7))
SCHEDULES = st.builds(
    Schedule,
    periods=st.lists(WORK, max_size=3).map(tuple),
    absences=st.lists(st.builds(Absence, NEAR, NEAR, st.sampled_from(AbsenceKind)), max_size=2).map(tuple),
    place=st.sampled_from(Territory),
    leave_days=st.decimals(0, 300, places=1),
    works_on_holidays=BOOLS,
    works_on_whit_monday=BOOLS,
)
PERSONS = st.builds(
    Person, st.sampled_from(["", "a@x.example", "b@x.example"]), st.sampled_from(["", "Martin", "Petit"])
)
OTHERS = st.builds(
    lambda dates, *rest: Other(*dates, *rest),
    ordered(NEAR),
    DECIMALS,
    st.decimals(0, 60, places=1),
    maybe(st.integers(2025, 2026)),
    BOOLS,
    BOOLS,
)
PREVIOUS = st.builds(lambda dates, *rest: Previous(*dates, *rest), ordered(NEAR), BOOLS, BOOLS)
PERIOD_LISTS = st.lists(ordered(NEAR), max_size=4).map(tuple)
ZONES = st.sampled_from(Zone)
ADVICE = st.builds(Advice, ZONES, st.just("Allemagne"), st.just("Conseils"), DATES, BOOLS)
TEXTS = st.sampled_from(["", " ", "Remplacer quelqu’un", "Mesurer"])
FACTS = st.builds(
    Facts,
    today=st.dates(date(2014, 1, 1), date(2030, 1, 1)),
    trainee=st.builds(Trainee, PERSONS, maybe(st.dates(date(1990, 1, 1), date(2015, 1, 1))), BOOLS),
    studies=st.builds(
        Studies,
        academic_year=maybe(st.integers(2025, 2026)),
        year=maybe(ordered(NEAR)),
        teaching_hours=maybe(COUNTS),
        presence_hours=maybe(COUNTS),
        presence_waiver=BOOLS,
        regime=st.sampled_from(Regime),
        is_cesure=BOOLS,
        earlier_cesures=st.integers(0, 2),
    ),
    host=st.builds(
        Host,
        country=st.sampled_from(["FR", "DE", "CA", "US", "NC"]),
        is_abroad=BOOLS,
        place=st.sampled_from(Territory),
        is_public_law=BOOLS,
        headcount=maybe(COUNTS),
        band=maybe(COUNTS),
        trainees=maybe(COUNTS),
        replaces_someone=BOOLS,
        has_regulated_work=BOOLS,
        regulated_work_declared=BOOLS,
        in_restricted_area=BOOLS,
        restricted_area_authorised=BOOLS,
        collective_hours=maybe(st.decimals(0, 48, places=1)),
    ),
    stage=st.builds(
        Stage,
        start=maybe(NEAR | DATES),
        end=maybe(NEAR | DATES),
        schedule=maybe(SCHEDULES),
        corrected_hours=maybe(DECIMALS),
        day_starts_at=maybe(TIMES),
        day_ends_at=maybe(TIMES),
        at_night=BOOLS,
        on_sunday=BOOLS,
        on_holidays=BOOLS,
        remotely=BOOLS,
        exceptional_work=TEXTS,
        leave_days=maybe(st.decimals(0, 30, places=1)),
        leave_terms=TEXTS,
        leave_is_paid=BOOLS,
        subject=TEXTS,
        missions=TEXTS,
        benefits=TEXTS,
    ),
    pay=st.builds(
        Pay,
        is_paid=maybe(BOOLS),
        amount=maybe(DECIMALS),
        unit=maybe(st.sampled_from(PayUnit)),
        in_euros=BOOLS,
        has_mode=BOOLS,
        is_monthly=maybe(BOOLS),
        branch_minimum=maybe(st.decimals(0, 10, places=2)),
        has_revaluation_clause=BOOLS,
        is_employed_by_host=BOOLS,
    ),
    people=st.builds(
        People,
        maybe(PERSONS),
        maybe(PERSONS),
        maybe(PERSONS),
        PERIOD_LISTS,
        maybe(COUNTS),
        PERIOD_LISTS,
        PERIOD_LISTS,
    ),
    history=st.builds(
        History,
        st.lists(OTHERS, max_size=3).map(tuple),
        maybe(DECIMALS),
        st.lists(PREVIOUS, max_size=2).map(tuple),
    ),
    abroad=st.builds(
        Abroad,
        BOOLS,
        BOOLS,
        maybe(ZONES),
        BOOLS,
        maybe(ADVICE),
        st.lists(ADVICE, max_size=2).map(tuple),
        maybe(ZONES),
    ),
    protection=st.builds(
        Protection,
        BOOLS,
        BOOLS,
        st.tuples(maybe(DATES), maybe(DATES)),
        st.just(()),
        st.lists(st.sampled_from(Proof), unique=True).map(tuple),
    ),
    stricter=st.just(Stricter()),
    signed_on=maybe(DATES),
    avenant=maybe(
        st.builds(
            Avenant,
            st.sampled_from(Change),
            DATES,
            maybe(DATES),
            maybe(DATES),
            maybe(DECIMALS),
            TEXTS,
        )
    ),
)
STRICTER = st.builds(
    Stricter,
    maybe(NEAR),
    maybe(st.integers(1, 40)),
    maybe(st.integers(0, 500)),
    BOOLS,
)
TABLES_OF_AMOUNTS = st.sampled_from([AMOUNTS, Amounts(), Amounts({2026: CEILINGS[2026]})])


@settings(max_examples=400)
@given(facts=FACTS, amounts=TABLES_OF_AMOUNTS)
def test_no_fact_stops_the_review(facts, amounts):
    for finding in review(facts, amounts):
        assert written(finding)
        assert finding.field in FIELDS
        assert isinstance(finding.severity, Severity)
        assert all(line.label % line.values for line in finding.calculation)


@given(facts=FACTS, data=st.data())
def test_a_fact_that_is_not_known_stops_nothing_either(facts, data):
    """The same agreement with any of its facts forgotten, as in a draft."""
    forgotten = {}
    for group in fields(Facts):
        value, default = getattr(facts, group.name), getattr(Facts(facts.today), group.name)
        if group.name in {"today", "avenant", "signed_on"}:
            continue
        names = data.draw(st.sets(st.sampled_from([one.name for one in fields(default)])))
        forgotten[group.name] = replace(value, **{name: getattr(default, name) for name in names})
    assert review(replace(facts, **forgotten), AMOUNTS) is not None


def weight(found):
    """What a finding says, without what only its wording changes."""
    return (found.rule.id, found.field if found.rule.id not in {"R-09", "E-02"} else "", found.severity)


@settings(max_examples=300)
@given(facts=FACTS, stricter=STRICTER)
def test_a_stricter_rule_never_removes_a_block_or_a_warning(facts, stricter):
    plain_findings = review(facts, AMOUNTS)
    tightened = review(replace(facts, stricter=stricter), AMOUNTS)
    before = {weight(found) for found in plain_findings if found.severity != INFORM}
    after = {weight(found) for found in tightened if found.severity != INFORM}
    # What warned may now block: another currency, once gratification is due.
    after |= {(rule, field, WARN) for rule, field, severity in after if severity == BLOCK}
    # D-05 says what the other reading would change: nothing once gratification is due both ways.
    assert {one for one in before if one[0] != "D-05"} <= after
    stops = {weight(found) for found in plain_findings if found.stops}
    assert stops <= {weight(found) for found in tightened if found.stops}


@pytest.mark.parametrize(
    ("severity", "lifted", "staff", "asks"),
    [
        (BLOCK, True, False, True),
        (BLOCK, False, False, False),
        (BLOCK, True, True, False),
        (WARN, True, False, False),
        (INFORM, False, False, False),
    ],
)
def test_what_a_student_must_explain(severity, lifted, staff, asks):
    finding = RULES["R-09"].finds("end", "…", severity=severity, can_be_lifted=lifted, at_validation=staff)
    assert finding.asks_an_exception is asks
    assert finding.key == "R-09/end"
