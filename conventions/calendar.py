"""Public holidays and hours of presence, by place of stage. Pure: no clock, no database.

Days are ``datetime.date``, hours ``Decimal``, weekdays 0 (Monday) to 6 (Sunday).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache

HOURS_PER_DAY = Decimal(7)
DAYS_PER_MONTH = Decimal(22)
Period = tuple[date, date]


class Territory(StrEnum):
    """Where the same days are public holidays."""

    METROPOLITAN = "metropolitan"
    ALSACE_MOSELLE = "alsace-moselle"
    GUADELOUPE = "guadeloupe"
    MARTINIQUE = "martinique"
    GUYANE = "guyane"
    REUNION = "reunion"
    MAYOTTE = "mayotte"
    SAINT_BARTHELEMY = "saint-barthelemy"
    SAINT_MARTIN = "saint-martin"
    ABROAD = "abroad"


# Commemorations of the abolition of slavery (article L3422-2 of the Code du travail): month and day.
ABOLITION = {
    Territory.MAYOTTE: (4, 27),
    Territory.MARTINIQUE: (5, 22),
    Territory.GUADELOUPE: (5, 27),
    Territory.SAINT_MARTIN: (5, 28),
    Territory.GUYANE: (6, 10),
    Territory.SAINT_BARTHELEMY: (10, 9),
    Territory.REUNION: (12, 20),
}
BY_COUNTRY = {
    "GP": Territory.GUADELOUPE,
    "MQ": Territory.MARTINIQUE,
    "GF": Territory.GUYANE,
    "RE": Territory.REUNION,
    "YT": Territory.MAYOTTE,
    "BL": Territory.SAINT_BARTHELEMY,
    "MF": Territory.SAINT_MARTIN,
    # Collectivities with holidays of their own besides: the national ones are the part we are sure of.
    **dict.fromkeys(["PM", "WF", "TF", "NC", "PF"], Territory.METROPOLITAN),
}
# The longest prefix wins: two communes of 971 became collectivities and kept their postal code.
BY_POSTAL_CODE = {
    **dict.fromkeys(["57", "67", "68"], Territory.ALSACE_MOSELLE),
    "97133": Territory.SAINT_BARTHELEMY,
    "97150": Territory.SAINT_MARTIN,
    "971": Territory.GUADELOUPE,
    "972": Territory.MARTINIQUE,
    "973": Territory.GUYANE,
    "974": Territory.REUNION,
    "976": Territory.MAYOTTE,
    "977": Territory.SAINT_BARTHELEMY,
    "978": Territory.SAINT_MARTIN,
}


def territory(country: str, postal_code: str) -> Territory:
    """Return whose public holidays apply at an address: ISO country code, and postal code when in France."""
    if country != "FR":
        return BY_COUNTRY.get(country, Territory.ABROAD)
    digits = postal_code.replace(" ", "")
    for length in (5, 3, 2):
        if found := BY_POSTAL_CODE.get(digits[:length]):
            return found
    return Territory.METROPOLITAN


def easter(year: int) -> date:
    """Return Easter Sunday in the Gregorian calendar (the anonymous algorithm published in Nature, 1876)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - correction + 15) % 30
    leaps, leap_rest = divmod(rest, 4)
    weekday = (32 + 2 * century_rest + 2 * leaps - epact - leap_rest) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=256)
def public_holidays(year: int, place: str) -> frozenset[date]:
    """Return the public holidays of a territory (articles L3133-1, L3134-13, L3422-2 of the Code du travail).

    None abroad, where the host's own calendar prevails: it is said on the agreement instead.
    """
    if place == Territory.ABROAD:
        return frozenset()
    sunday = easter(year)
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    after_easter = [1, 39, 50]
    if place == Territory.ALSACE_MOSELLE:
        fixed.append((12, 26))
        after_easter.append(-2)
    if abolition := ABOLITION.get(Territory(place)):
        fixed.append(abolition)
    return frozenset(
        [date(year, month, day) for month, day in fixed]
        + [sunday + timedelta(days=count) for count in after_easter]
    )


def present(start: date, end: date, interruptions: Iterable[Period]) -> Iterator[Period]:
    """Yield what is left of a period, both days included, once its interruptions are taken out."""
    for first, last in sorted(interruptions):
        if last < start or first > last:
            continue
        if first > end:
            break
        if first > start:
            yield start, first - timedelta(days=1)
        if last >= end:
            return
        start = last + timedelta(days=1)
    if start <= end:
        yield start, end


def working_days_between(start: date, end: date, weekdays: frozenset[int], place: str) -> int:
    """Count the days of presence in a period without interruption, public holidays of ``place`` left out.

    Counts whole weeks at once, so that a mistyped year costs nothing.
    """
    weeks, rest = divmod((end - start).days + 1, 7)
    days = weeks * len(weekdays) + sum((start.weekday() + day) % 7 in weekdays for day in range(rest))
    holidays = (day for year in range(start.year, end.year + 1) for day in public_holidays(year, place))
    return days - sum(start <= day <= end and day.weekday() in weekdays for day in holidays)


def presence_hours(
    start: date,
    end: date,
    weekly_hours: Decimal,
    working_days: Iterable[int],
    interruptions: Iterable[Period],
    place: str,
    leave_days: Decimal = Decimal(0),
    *,
    works_on_holidays: bool = False,
) -> Decimal:
    """Return the planned hours of effective presence (article L124-18), to the hundredth and never negative.

    The hours of a week are spread evenly over its working days. Public holidays of ``place``, a Territory,
    are left out unless worked; interruptions, both days included, and days of leave always are.
    """
    weekdays = frozenset(working_days)
    if not weekdays or start > end:
        return Decimal("0.00")
    counted = Territory.ABROAD if works_on_holidays else place
    days = sum(
        working_days_between(first, last, weekdays, counted)
        for first, last in present(start, end, interruptions)
    )
    hours = weekly_hours * max(days - leave_days, Decimal(0)) / len(weekdays)
    return hours.quantize(Decimal("0.01"), ROUND_HALF_UP)


def equivalent(hours: Decimal) -> tuple[Decimal, Decimal]:
    """Return hours of presence as days and months: 7 hours are a day, 22 days a month (article D124-6).

    Neither is rounded: a threshold is compared in hours, and a page rounds what it shows.
    """
    days = hours / HOURS_PER_DAY
    return days, days / DAYS_PER_MONTH
