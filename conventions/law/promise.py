"""What an amount written on an agreement promises: the payments of the stage, and so its total.

- By the hour: the hours of presence of each calendar month, and those of leave when it is paid.
- By the day: each day of presence, however long.
- By the week: the part that the hours are of those of the fullest week.
- By the month: that of a whole month at the host. Of one that begins, ends or is interrupted, the part that its hours
  are of those it would have had; a public holiday takes nothing from it.
- For the whole stage: the same each month, rounded down to the cent, the last taking what is left
  (service-public.fr, fiche F32131).

Each month has its payment (articles L124-6 and D124-8), unless the agreement says that all is paid at the end.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from conventions.calendar import CENT, Month, Share, Timesheet, rounded_shares
from conventions.law.facts import Pay, PayUnit


def payments(
    pay: Pay, timesheet: Timesheet, full_week: Decimal, *, leave_is_paid: bool
) -> tuple[Decimal, ...]:
    """Return each payment, in the currency of the amount; none while the amount or what it is for is not known."""
    months = timesheet.months
    if not pay.is_paid or pay.amount is None or pay.unit is None or not months:
        return ()
    if pay.unit == PayUnit.TOTAL:
        due = smoothed(pay.amount.quantize(CENT, ROUND_HALF_UP), len(months))
    else:
        whole = full_week if pay.unit == PayUnit.WEEK else Decimal(1)
        exact = [pay.amount * part(pay.unit, month, leave_is_paid=leave_is_paid) / whole for month in months]
        due = [one for one in rounded(pay.unit, exact) if one]
    return (sum(due, Decimal(0)),) if due and pay.is_monthly is False else tuple(due)


def part(unit: PayUnit, month: Month, *, leave_is_paid: bool) -> Decimal:
    """Return what a calendar month counts for: its days, its part of a whole month, or its hours."""
    shares = [month.present, month.away if leave_is_paid else Share()]
    match unit:
        case PayUnit.DAY:
            return sum((share.days for share in shares), Decimal(0))
        case PayUnit.MONTH:
            return sum((share.months for share in shares), Decimal(0))
    return paid_hours(month, leave_is_paid=leave_is_paid)


def rounded(unit: PayUnit, exact: list[Decimal]) -> list[Decimal]:
    """Return payments to the cent: whole months are paid alike; of the others, the sum is the one that is rounded."""
    if unit == PayUnit.MONTH:
        return [one.quantize(CENT, ROUND_HALF_UP) for one in exact]
    return rounded_shares(exact, sum(exact, Decimal(0)).quantize(CENT, ROUND_HALF_UP))


def paid_hours(month: Month, *, leave_is_paid: bool) -> Decimal:
    """Return the hours of a month that are paid: those of presence, and of leave when the agreement says so."""
    return month.presence + (month.leave if leave_is_paid else Decimal(0))


def smoothed(total: Decimal, months: int) -> list[Decimal]:
    """Share a total between months, rounded down to the cent: the last one takes what is left."""
    each = (total / months).quantize(CENT, ROUND_DOWN)
    return [*[each] * (months - 1), total - each * (months - 1)]
