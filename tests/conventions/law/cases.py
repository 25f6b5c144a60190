"""Short ways to write an agreement, and what one rule must say of it. No Django, no database."""

from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal

import pytest

from conventions.calendar import Absence, AbsenceKind, Schedule, Territory, WorkPeriod, spread
from conventions.law import RULES, Amounts, Case, Facts, Severity
from conventions.law.facts import (
    Abroad,
    Advice,
    Avenant,
    Host,
    Other,
    Pay,
    PayUnit,
    People,
    Person,
    Previous,
    Protection,
    Stage,
    Studies,
    Trainee,
)
from conventions.law.finding import Quantity

BLOCK, WARN, INFORM = Severity
# The hourly ceiling of social security, by year (orders of December of the year before).
CEILINGS = {
    **dict.fromkeys([2015, 2016, 2017], Decimal(24)),
    **dict.fromkeys([2018, 2019], Decimal(25)),
    **dict.fromkeys([2020, 2021, 2022], Decimal(26)),
    2023: Decimal(27),
    2024: Decimal(29),
    2025: Decimal(29),
    2026: Decimal(30),
}
AMOUNTS = Amounts(CEILINGS)
MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)


def day(text):
    return date(*(int(part) for part in reversed(text.split("/"))))


def at(text):
    return time(*(int(part) for part in text.split(":")))


def work(start, end, weekly="35", weekdays=MONDAY_TO_FRIDAY):
    return WorkPeriod(day(start), day(end), spread(Decimal(weekly), weekdays))


def stage(start, end, weekly="35", weekdays=MONDAY_TO_FRIDAY, *, over=(), absences=(), **more):
    """The stage of an agreement: its dates and schedule; what the schedule does not hold goes to the stage."""
    held = {
        name: more.pop(name)
        for name in ("place", "works_on_holidays", "works_on_whit_monday")
        if name in more
    }
    leave_days = more.get("leave_days")
    periods = (work(start, end, weekly, weekdays), *over)
    schedule = Schedule(periods, tuple(absences), leave_days=Decimal(leave_days or 0), **held)
    if leave_days is not None:
        more["leave_days"] = Decimal(leave_days)
    return {"start": day(start), "end": day(end), "schedule": schedule, **more}


def lasting(hours, start="01/04/2026", end="30/06/2026", **more):
    """A stage of so many hours of presence, whatever its days."""
    return stage(start, end, **more) | {"corrected_hours": Decimal(hours)}


def paid(amount, unit=PayUnit.HOUR, **more):
    return {
        "is_paid": True,
        "amount": None if amount is None else Decimal(amount),
        "unit": unit,
        "has_mode": True,
        "is_monthly": True,
        **more,
    }


def other(start, end, hours, weekly="35", **more):
    """Another agreement of the trainee, in the same host and year unless said."""
    known = {"academic_year": 2025, "same_host": True, **more}
    return Other(day(start), day(end), Decimal(hours), Decimal(weekly), **known)


def earlier(start, end, **more):
    return Previous(day(start), day(end), **more)


def periods(*dates):
    return tuple((day(start), day(end)) for start, end in dates)


def leave(start, end, kind=AbsenceKind.LEAVE):
    return Absence(day(start), day(end), kind)


def avenant(kind, effective_on, **more):
    dates = {name: day(more.pop(name)) for name in ("signed_on", "previous_end") if name in more}
    return Avenant(kind, day(effective_on), **dates, **more)


# Four weeks, 140 h, not paid, in a private host in France: nothing to correct.
LAWFUL = Facts(
    today=date(2026, 1, 15),
    trainee=Trainee(Person("lea@univ.example", "Martin"), date(2004, 5, 5)),
    studies=Studies(2025, (date(2025, 9, 1), date(2026, 8, 31)), teaching_hours=450, presence_hours=300),
    host=Host(headcount=100),
    stage=Stage(
        **stage("01/06/2026", "26/06/2026"),
        subject="Étude d’un procédé",
        missions="Mesurer, comparer, écrire un rapport.",
        benefits="Néant",
    ),
    pay=Pay(is_paid=False),
    people=People(
        tutor=Person("paul@host.example", "Durand"),
        referent=Person("anne@univ.example", "Leroy"),
        signatory=Person("zoe@host.example", "Petit"),
    ),
    protection=Protection(has_fund=True),
)


def agreement(today=None, **groups):
    """The lawful agreement with some facts changed: a group by a dict of its own changes, or whole."""
    changed = {
        name: replace(getattr(LAWFUL, name), **value) if isinstance(value, dict) else value
        for name, value in groups.items()
    }
    if today:
        changed["today"] = day(today)
    return replace(LAWFUL, **changed)


def case(amounts=AMOUNTS, **changes):
    return Case(agreement(**changes), amounts)


def minor(years=17, **more):
    """The groups of a trainee who has so many years on the first day of the stage."""
    facts = {"trainee": {"birth_date": date(2026 - years, 1, 2), "has_guardian": True}, **more}
    return agreement(**facts)


def foreign(country="DE", **more):
    host = {"country": country, "is_abroad": True, "place": Territory.ABROAD, **more.pop("host", {})}
    ready = {"has_information_sheet": True, "has_assistance_policy": True, **more.pop("abroad", {})}
    return agreement(host=host, abroad=replace(Abroad(), **ready), **more)


def known(zone, place="Allemagne", **more):
    """What the institution knows of the risk of a place."""
    return Advice(zone, place, "Conseils aux voyageurs", day("03/01/2026"), **more)


def plain(value):
    """A value of a message as text: a number without useless zeros, a date in French order."""
    if isinstance(value, Quantity):
        rounded = round(value.value, 4)
        return f"{rounded:f}".rstrip("0").rstrip(".") if "." in f"{rounded:f}" else f"{rounded:f}"
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else value


def written(finding):
    return finding.text % {name: plain(value) for name, value in finding.values.items()}


@dataclass(frozen=True)
class Expected:
    """What a rule finds: its severity, the column to look at, values of its message, and what may be done."""

    severity: Severity
    field: str
    values: dict = field(default_factory=dict)
    flags: frozenset = frozenset()


def told(severity, field, *flags, **values):
    """Flags: ``lifted`` (a manager may accept it), ``staff`` (at validation only), ``missing``."""
    return Expected(severity, field, values, frozenset(flags))


@dataclass(frozen=True)
class Example:
    rule: str
    label: str
    facts: Facts
    expected: tuple = ()
    amounts: Amounts = AMOUNTS

    @property
    def param(self):
        return pytest.param(self, id=f"{self.rule}: {self.label}")


def finds(rule, label, facts, *expected, amounts=AMOUNTS):
    return Example(rule, label, facts, expected, amounts)


def silent(rule, label, facts, amounts=AMOUNTS):
    return Example(rule, label, facts, (), amounts)


def found(rule, facts, amounts=AMOUNTS):
    return list(RULES[rule].findings(Case(facts, amounts)))


def check(example):
    """Compare what the rule says with what the example expects of it."""
    findings = found(example.rule, example.facts, example.amounts)
    said = [
        Expected(
            finding.severity,
            finding.field,
            {name: plain(value) for name, value in finding.values.items()} if expected.values else {},
            flags(finding),
        )
        for finding, expected in zip(findings, example.expected, strict=False)
    ]
    assert said == list(example.expected)
    assert len(findings) == len(example.expected), [written(finding) for finding in findings]


def flags(finding):
    marks = {
        "lifted": finding.can_be_lifted,
        "staff": finding.at_validation,
        "missing": finding.is_missing,
    }
    return frozenset(name for name, is_set in marks.items() if is_set)
