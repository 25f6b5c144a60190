"""Everything the rules compute from the facts of one agreement, each thing once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from accounts import limits
from conventions.calendar import (
    CENT,
    ONE_DAY,
    Schedule,
    Territory,
    Timesheet,
    WorkPeriod,
    add_months,
    age,
    rounded_shares,
)
from conventions.law.facts import Amounts, Facts, Other, PayUnit, Regime
from conventions.law.promise import paid_hours, payments, smoothed

# Articles D124-6 and L124-5: 44 days, 66 days, 132 days of 7 hours.
TWO_MONTHS = Decimal(limits.TWO_MONTHS)
THREE_MONTHS = Decimal(462)
SIX_MONTHS = Decimal(924)
MAJORITY = 18
HALF_A_CENT = Decimal("0.005")
# From a Friday to the Monday that follows.
NEXT = timedelta(days=3)
# No stage is longer: beyond, a date is mistyped, and nothing is counted day by day.
LONGEST = timedelta(days=366)
# Collectivities whose own labour law governs gratification.
OWN_RULES = {
    Territory.NOUVELLE_CALEDONIE,
    Territory.POLYNESIE,
    Territory.WALLIS_ET_FUTUNA,
    Territory.TERRES_AUSTRALES,
}


@dataclass(frozen=True)
class PaidMonth:
    """One month of gratification: hours paid, the minimum of an hour, what is due for them, the same each month."""

    first: date
    hours: Decimal
    rate: Decimal
    real: Decimal
    smoothed: Decimal
    is_provisional: bool


def is_minor(born: date | None, on: date | None) -> bool:
    """Whether somebody is under eighteen on a day; not so while one of the two dates is unknown."""
    return born is not None and on is not None and age(born, on) < MAJORITY


class Case:
    """One agreement, its facts and what follows from them. What cannot be computed yet is None."""

    def __init__(self, facts: Facts, amounts: Amounts) -> None:
        self.facts = facts
        self.amounts = amounts
        self.start, self.end = facts.stage.start, facts.stage.end

    # Time

    @cached_property
    def schedule(self) -> Schedule | None:
        """The schedule, unless its dates are such that nothing can be counted."""
        schedule = self.facts.stage.schedule
        if schedule is None or not schedule.periods:
            return None
        return schedule if timedelta(0) <= schedule.end - schedule.start <= LONGEST else None

    @property
    def has_impossible_periods(self) -> bool:
        """Whether weeks are described, between dates such that nothing can be counted."""
        described = self.facts.stage.schedule
        return bool(described and described.periods and self.schedule is None)

    @cached_property
    def timesheet(self) -> Timesheet | None:
        if self.schedule is None:
            return None
        planned, corrected = self.schedule.timesheet, self.facts.stage.corrected_hours
        return planned if corrected is None else planned.corrected(corrected)

    @property
    def duration(self) -> Decimal | None:
        """Hours of presence, leave included: what thresholds look at (articles D124-6, L124-13)."""
        return self.timesheet.duration if self.timesheet else None

    @cached_property
    def duration_with_holidays(self) -> Decimal | None:
        """The same when unworked public holidays count as presence: the other reading (D-05)."""
        if self.schedule is None or self.facts.stage.corrected_hours is not None:
            return self.duration
        return replace(self.schedule, works_on_holidays=True).timesheet.duration

    @cached_property
    def hours_in_same_host(self) -> Decimal:
        """Hours of the trainee's other agreements in this host and academic year."""
        return sum((other.duration for other in self.same_host_and_year if other.is_certain), Decimal(0))

    @cached_property
    def uncertain_hours(self) -> Decimal:
        """The planned hours of agreements that ended early: at most these were done."""
        return sum((other.duration for other in self.same_host_and_year if not other.is_certain), Decimal(0))

    @property
    def same_host_and_year(self) -> tuple[Other, ...]:
        year = self.facts.studies.academic_year
        others = self.facts.history.others
        return tuple(other for other in others if other.same_host and other.academic_year == year)

    @cached_property
    def total(self) -> Decimal | None:
        """All hours of the trainee in this host this year, those declared from another school included."""
        if self.duration is None:
            return None
        return self.duration + self.hours_in_same_host + (self.facts.history.declared_hours or 0)

    @cached_property
    def in_a_row(self) -> Decimal:
        """Hours of this stage and of those that touch it in this host, a week-end apart at most, in any academic year."""
        if self.start is None or self.end is None or self.duration is None:
            return Decimal(0)
        first, last, hours = self.start, self.end, self.duration
        others = [other for other in self.facts.history.others if other.same_host and other.is_certain]
        while others:
            beside = [one for one in others if first - one.end <= NEXT and one.start - last <= NEXT]
            if not beside:
                break
            for one in beside:
                first, last, hours = min(first, one.start), max(last, one.end), hours + one.duration
                others.remove(one)
        return hours

    @property
    def remaining(self) -> Decimal | None:
        """Hours left before the yearly maximum; negative beyond it."""
        return None if self.total is None else SIX_MONTHS - self.total

    @property
    def spans_six_months(self) -> bool:
        """Whether it lasts more than six calendar months, be it by a day: six end on the eve of the first day's."""
        return bool(self.start and self.end and self.end >= add_months(self.start, 6))

    @property
    def crosses_new_year(self) -> bool:
        return bool(self.start and self.end and self.start.year < self.end.year)

    @property
    def age_at_start(self) -> int | None:
        born = self.facts.trainee.birth_date
        return age(born, self.start) if born and self.start else None

    @property
    def is_minor(self) -> bool:
        """Under eighteen on the first day, and so on at least one day of the stage."""
        return is_minor(self.facts.trainee.birth_date, self.start)

    @property
    def majority(self) -> date | None:
        """The day the trainee is eighteen."""
        born = self.facts.trainee.birth_date
        if born is None:
            return None
        birthday = add_months(born, 12 * MAJORITY)
        return birthday + ONE_DAY if age(born, birthday) < MAJORITY else birthday

    @cached_property
    def periods_of_minor(self) -> tuple[WorkPeriod, ...]:
        """The weeks that the trainee follows before the day they are eighteen; none of an adult."""
        if self.schedule is None or not self.is_minor:
            return ()
        return self.schedule.followed(before=self.majority)

    @property
    def signs_as_minor(self) -> bool:
        """Under eighteen on the day of the signature, today while it is not given."""
        return is_minor(self.facts.trainee.birth_date, self.signed_on)

    # Gratification

    @property
    def follows_french_pay(self) -> bool:
        """Whether articles L124-6 and D124-8 apply: place of the stage and regime of the programme."""
        host, regime = self.facts.host, self.facts.studies.regime
        return (
            not host.is_abroad
            and host.place not in OWN_RULES
            and regime not in {Regime.HEALTH, Regime.HOSPITAL}
        )

    @property
    def legal_threshold(self) -> Decimal:
        """Hours beyond which the law makes gratification due."""
        return THREE_MONTHS if self.facts.studies.regime == Regime.AGRICULTURAL else TWO_MONTHS

    @property
    def threshold(self) -> Decimal:
        """The same, or less when the institution or the centre asks for it."""
        stricter = self.facts.stricter.gratification_threshold
        return self.legal_threshold if stricter is None else min(self.legal_threshold, Decimal(stricter))

    @property
    def is_due(self) -> bool:
        """Whether gratification must be paid (article L124-6, or a stricter rule of the university)."""
        return bool(self.follows_french_pay and self.total is not None and self.total > self.threshold)

    @property
    def may_be_due(self) -> bool:
        """Whether the hours of stages that ended early decide of it."""
        if not self.follows_french_pay or self.total is None or self.is_due:
            return False
        return self.total + self.uncertain_hours > self.threshold

    @property
    def signed_on(self) -> date:
        return self.facts.signed_on or self.facts.today

    def rate(self, year: int) -> Decimal | None:
        """Return the least gratification of an hour of a year (article D124-8)."""
        minimum = self.amounts.minimum(year, self.signed_on)
        return None if minimum is None else max(minimum, self.facts.pay.branch_minimum or Decimal(0))

    @cached_property
    def paid_months(self) -> tuple[PaidMonth, ...]:
        """The minimum month by month, for the hours really paid and smoothed; empty while it cannot be computed."""
        months = self.timesheet.months if self.timesheet else ()
        rates = {month.first.year: self.rate(month.first.year) for month in months}
        if not months or None in rates.values():
            return ()
        leave_is_paid = self.facts.stage.leave_is_paid
        paid = [paid_hours(month, leave_is_paid=leave_is_paid) for month in months]
        hourly = [rates[month.first.year] or Decimal(0) for month in months]
        exact = [hours * rate for hours, rate in zip(paid, hourly, strict=True)]
        total = sum(exact, Decimal(0)).quantize(CENT, ROUND_HALF_UP)
        real, same = rounded_shares(exact, total), smoothed(total, len(months))
        return tuple(
            PaidMonth(month.first, hours, rate, due, each, self.amounts.is_provisional(month.first.year))
            for month, hours, rate, due, each in zip(months, paid, hourly, real, same, strict=True)
        )

    @property
    def paid_hours(self) -> Decimal:
        return sum((month.hours for month in self.paid_months), Decimal(0))

    @property
    def minimum_total(self) -> Decimal | None:
        """The least gratification of the whole stage, due or not."""
        return sum((month.real for month in self.paid_months), Decimal(0)) if self.paid_months else None

    @property
    def least_promise(self) -> Decimal | None:
        """The least that may be written for the whole stage.

        By the month, week or day, the amount follows the ceiling when the agreement says so (G-06): that of the first
        year is judged for all hours. A total is written once for all.
        """
        follows = self.facts.pay.has_revaluation_clause and self.facts.pay.unit != PayUnit.TOTAL
        least = self.minimum_total
        if not follows or least is None:
            return least
        return min(least, (self.paid_hours * self.paid_months[0].rate).quantize(CENT, ROUND_HALF_UP))

    @cached_property
    def payments(self) -> tuple[Decimal, ...]:
        """The payments that the amount written comes to, in its currency; none while they cannot be computed."""
        if self.timesheet is None or self.schedule is None:
            return ()
        weeks = (sum(period.hours, Decimal(0)) for period in self.schedule.followed())
        full_week = max(weeks, default=Decimal(0))
        leave_is_paid = self.facts.stage.leave_is_paid
        return payments(self.facts.pay, self.timesheet, full_week, leave_is_paid=leave_is_paid)

    @property
    def promised_total(self) -> Decimal | None:
        """What the amount written is worth over the whole stage, in euros; None while it cannot be computed."""
        pay = self.facts.pay
        if (
            not pay.is_paid
            or pay.amount is None
            or pay.unit is None
            or not pay.in_euros
            or not self.timesheet
        ):
            return None
        # Hours that no planned day nor month has, given by hand, have no day and no month.
        return sum(self.payments, Decimal(0)) if self.payments or not self.paid_hours else None

    def legal_minimum(self, year: int) -> Decimal:
        """Return the part of an hour's ceiling that a year frees of contributions, whatever the branch says."""
        return self.amounts.minimum(year, self.signed_on) or Decimal(0)

    @cached_property
    def exempt_total(self) -> Decimal:
        """What may be paid over the whole stage without contributions (article D242-2-1)."""
        exempt = (month.hours * self.legal_minimum(month.first.year) for month in self.paid_months)
        return sum(exempt, Decimal(0))

    @property
    def exceeds_exemption(self) -> bool:
        """Whether more is promised than is exempt, the cents that rounding each month costs left aside."""
        if self.promised_total is None or not self.paid_months:
            return False
        return self.promised_total > self.exempt_total + CENT * len(self.paid_months)

    @property
    def promised_hourly(self) -> Decimal | None:
        """The amount written on the agreement, for an hour of presence."""
        if self.facts.pay.unit == PayUnit.HOUR:
            return self.facts.pay.amount if self.facts.pay.is_paid and self.facts.pay.in_euros else None
        if self.promised_total is None or not self.paid_hours:
            return None
        return self.promised_total / self.paid_hours
