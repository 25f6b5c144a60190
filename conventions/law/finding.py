"""What a rule is, what it finds, and the calculation that shows it.

What a finding says is French, marked for translation; pages translate it and write its values as their reader does.
What a rule says of itself is documentation, in French only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conventions.law.case import Case


def gettext_noop(text: str) -> str:
    """Mark a text for translation."""
    return text


class Severity(StrEnum):
    """What a finding does: stop the agreement, ask a manager to decide in writing, or only tell."""

    BLOCK = "block"
    WARN = "warn"
    INFORM = "inform"


BLOCK, WARN, INFORM = Severity


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    EUROS = "euros"
    EUROS_AN_HOUR = "euros an hour"
    NUMBER = "number"


@dataclass(frozen=True)
class Quantity:
    """A number and its unit, not rounded."""

    value: Decimal
    unit: Unit = Unit.NUMBER


def hours(value: Decimal | int) -> Quantity:
    return Quantity(Decimal(value), Unit.HOURS)


def days(value: Decimal | int) -> Quantity:
    return Quantity(Decimal(value), Unit.DAYS)


def euros(value: Decimal | int) -> Quantity:
    return Quantity(Decimal(value), Unit.EUROS)


def euros_an_hour(value: Decimal) -> Quantity:
    return Quantity(value, Unit.EUROS_AN_HOUR)


def number(value: int) -> Quantity:
    return Quantity(Decimal(value))


Value = Quantity | date | str


@dataclass(frozen=True)
class Line:
    """One line of a calculation: what it is, what it is worth."""

    label: str
    value: Quantity | date
    values: Mapping[str, str] = field(default_factory=dict)  # of the label


@dataclass(frozen=True)
class Finding:
    """What a rule says of one agreement: the column to look at, a text and its values, the calculation.

    ``at_validation`` marks what only staff can mend: it never stops a submission. ``is_missing`` is something not
    written yet, which the wizard asks for anyway.
    """

    rule: Rule
    field: str
    text: str
    values: Mapping[str, Value]
    severity: Severity
    calculation: tuple[Line, ...] = ()
    can_be_lifted: bool = False
    at_validation: bool = False
    is_missing: bool = False

    @property
    def key(self) -> str:
        """Name it: one rule may find something in several fields."""
        return f"{self.rule.id}/{self.field}"

    @property
    def stops(self) -> bool:
        """Whether nobody goes on before it is corrected."""
        return self.severity == BLOCK and not self.can_be_lifted

    @property
    def asks_an_exception(self) -> bool:
        """Whether the student must say why a manager should accept it."""
        return self.severity == BLOCK and self.can_be_lifted and not self.at_validation

    @property
    def asks_a_reason(self) -> bool:
        """Whether a manager may go on by writing why."""
        return self.severity == WARN or (self.severity == BLOCK and self.can_be_lifted)


Check = Callable[["Case", "Rule"], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """One rule, as the documentation lists it and ``review`` applies it.

    ``check`` yields the findings of a case. A rule without one is a definition that the calculations apply, or
    something to know that no data of an agreement decides. ``since``: the first day of a stage it applies to.
    ``can_be_lifted``: a block that a manager may accept in writing.
    """

    id: str
    article: str
    title: str
    severity: Severity = INFORM
    formula: str = ""
    example: str = ""
    since: date = date.min
    can_be_lifted: bool = False
    check: Check | None = None

    def findings(self, case: Case) -> Iterable[Finding]:
        """Yield what this rule says of a case; nothing before it was in force."""
        if self.check and (case.start is None or case.start >= self.since):
            yield from self.check(case, self)

    def finds(
        self,
        field: str,
        text: str,
        *,
        calculation: Iterable[Line] = (),
        severity: Severity | None = None,
        can_be_lifted: bool | None = None,
        at_validation: bool = False,
        is_missing: bool = False,
        **values: Value,
    ) -> Finding:
        """Return a finding of this rule, with its own severity unless another is given."""
        return Finding(
            self,
            field,
            text,
            values,
            severity or self.severity,
            tuple(calculation),
            self.can_be_lifted if can_be_lifted is None else can_be_lifted,
            at_validation,
            is_missing,
        )


class Chapter:
    """The rules of one chapter, in the order they were written."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.rules: list[Rule] = []

    def note(self, identifier: str, article: str, title: str, **more: Any) -> None:
        """Add a rule that no data of an agreement decides, or that the calculations apply."""
        self.rules.append(Rule(identifier, article, title, **more))

    def rule(
        self,
        identifier: str,
        article: str,
        title: str,
        severity: Severity,
        **more: Any,
    ) -> Callable[[Check], Check]:
        """Add a rule whose check is the function that this decorates."""

        def add(check: Check) -> Check:
            self.rules.append(Rule(identifier, article, title, severity, check=check, **more))
            return check

        return add
