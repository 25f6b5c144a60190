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
    paid = [share_paid(month, leave_is_paid=leave_is_paid) for month in months]
    match pay.unit:
        case PayUnit.TOTAL:
            due = smoothed(pay.amount.quantize(CENT, ROUND_HALF_UP), len(months))
        case PayUnit.MONTH:
            due = [
                (pay.amount * share.hours / month.whole).quantize(CENT, ROUND_HALF_UP)
                for share, month in zip(paid, months, strict=True)
                if month.whole
            ]
        case PayUnit.DAY:
            due = in_proportion(pay.amount, [share.days for share in paid], Decimal(1))
        case _:
            hours = [paid_hours(month, leave_is_paid=leave_is_paid) for month in months]
            due = in_proportion(pay.amount, hours, full_week if pay.unit == PayUnit.WEEK else Decimal(1))
    due = [one for one in due if one]
    return (sum(due, Decimal(0)),) if due and pay.is_monthly is False else tuple(due)


def in_proportion(amount: Decimal, counts: list[Decimal], whole: Decimal) -> list[Decimal]:
    """Return an amount for so many of what it is written for: their sum is rounded, and divided last, as a third is."""
    total = amount * sum(counts, Decimal(0)) / whole if whole else Decimal(0)
    return rounded_shares(counts, total.quantize(CENT, ROUND_HALF_UP))


def share_paid(month: Month, *, leave_is_paid: bool) -> Share:
    """Return the days and hours of a month that are paid, not rounded."""
    if not leave_is_paid:
        return month.present
    return Share(month.present.days + month.away.days, month.present.hours + month.away.hours)


def paid_hours(month: Month, *, leave_is_paid: bool) -> Decimal:
    """Return the hours of a month that are paid: those of presence, and of leave when the agreement says so."""
    return month.presence + (month.leave if leave_is_paid else Decimal(0))


def smoothed(total: Decimal, months: int) -> list[Decimal]:
    """Share a total between months, rounded down to the cent: the last one takes what is left."""
    each = (total / months).quantize(CENT, ROUND_DOWN)
    return [*[each] * (months - 1), total - each * (months - 1)]
