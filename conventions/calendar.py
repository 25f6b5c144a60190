"""Academic years, public holidays and hours of presence, by place of stage. Pure: no clock, no database.

Days are ``datetime.date``, hours ``Decimal``, weekdays 0 (Monday) to 6 (Sunday).
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cached_property, lru_cache

HOURS_PER_DAY = Decimal(7)
DAYS_PER_MONTH = Decimal(22)
CENT = Decimal("0.01")
HAIR = Decimal("1e-12")
ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(weeks=1)
PLAUSIBLE_YEARS = range(2000, 2101)
Period = tuple[date, date]
Week = tuple[Decimal, ...]  # hours of Monday to Sunday


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
    SAINT_PIERRE_ET_MIQUELON = "saint-pierre-et-miquelon"
    TERRES_AUSTRALES = "terres-australes"
    NOUVELLE_CALEDONIE = "nouvelle-caledonie"
    POLYNESIE = "polynesie"
    WALLIS_ET_FUTUNA = "wallis-et-futuna"
    ABROAD = "abroad"


NATIONAL = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
GOOD_FRIDAY, EASTER_MONDAY, ASCENSION, WHIT_MONDAY = -2, 1, 39, 50  # days after Easter
# Commemorations of the abolition of slavery (article L3422-2 of the Code du travail), and the days that
# collectivities with a labour law of their own add: month and day.
LOCAL = {
    Territory.ALSACE_MOSELLE: ((12, 26),),
    Territory.MAYOTTE: ((4, 27),),
    Territory.MARTINIQUE: ((5, 22),),
    Territory.GUADELOUPE: ((5, 27),),
    Territory.SAINT_MARTIN: ((5, 28),),
    Territory.GUYANE: ((6, 10),),
    Territory.SAINT_BARTHELEMY: ((10, 9),),
    Territory.REUNION: ((12, 20),),
    Territory.NOUVELLE_CALEDONIE: ((9, 24),),
    Territory.POLYNESIE: ((3, 5),),
    Territory.WALLIS_ET_FUTUNA: ((4, 28), (6, 29), (7, 29)),
}
# French Polynesia moved its own day from 29 June to 20 November in 2025.
MATARII = 2025
BY_COUNTRY = {
    "GP": Territory.GUADELOUPE,
    "MQ": Territory.MARTINIQUE,
    "GF": Territory.GUYANE,
    "RE": Territory.REUNION,
    "YT": Territory.MAYOTTE,
    "BL": Territory.SAINT_BARTHELEMY,
    "MF": Territory.SAINT_MARTIN,
    "PM": Territory.SAINT_PIERRE_ET_MIQUELON,
    "TF": Territory.TERRES_AUSTRALES,
    "NC": Territory.NOUVELLE_CALEDONIE,
    "PF": Territory.POLYNESIE,
    "WF": Territory.WALLIS_ET_FUTUNA,
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
    "975": Territory.SAINT_PIERRE_ET_MIQUELON,
    "976": Territory.MAYOTTE,
    "977": Territory.SAINT_BARTHELEMY,
    "978": Territory.SAINT_MARTIN,
    "984": Territory.TERRES_AUSTRALES,
    "986": Territory.WALLIS_ET_FUTUNA,
    "987": Territory.POLYNESIE,
    "988": Territory.NOUVELLE_CALEDONIE,
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


def whit_monday(year: int) -> date:
    """Return the day many hosts work as « journée de solidarité » (article L3133-7 of the Code du travail)."""
    return easter(year) + timedelta(days=WHIT_MONDAY)


@lru_cache(maxsize=256)
def public_holidays(year: int, place: Territory) -> frozenset[date]:
    """Return the public holidays of a territory (articles L3133-1, L3134-13, L3422-2 of the Code du travail).

    None abroad, where the host's own calendar prevails: they are given as absences.
    """
    if place == Territory.ABROAD:
        return frozenset()
    fixed = [*NATIONAL, *LOCAL.get(place, ())]
    after_easter = [EASTER_MONDAY, ASCENSION, WHIT_MONDAY]
    if place in {Territory.ALSACE_MOSELLE, Territory.POLYNESIE}:
        after_easter.append(GOOD_FRIDAY)
    if place == Territory.POLYNESIE:
        fixed.append((11, 20) if year >= MATARII else (6, 29))
    sunday = easter(year)
    return frozenset(
        [date(year, month, day) for month, day in fixed]
        + [sunday + timedelta(days=count) for count in after_easter]
    )


def academic_year(first_year: int, end_month: int = 8, end_day: int = 31) -> Period:
    """Return the first and last day of an academic year (2026 for 2026/2027) that ends each year on a given day.

    A day that a month does not have, as 29 February, is its last one.
    """

    def last_day(year: int) -> date:
        return date(year, end_month, min(end_day, gregorian.monthrange(year, end_month)[1]))

    return last_day(first_year) + ONE_DAY, last_day(first_year + 1)


def day_within(year: Period, month: int, day: int) -> date:
    """Return the day and month that fall in an academic year, a month's last day when it has no such day."""
    start, end = year
    found = (
        date(one, month, min(day, gregorian.monthrange(one, month)[1])) for one in (start.year, end.year)
    )
    return next(one for one in found if start <= one <= end)


def add_months(day: date, months: int) -> date:
    """Return the same day of another month, or that month's last day when it is shorter; at most ``date.max``."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, gregorian.monthrange(year, month + 1)[1]))


def age(born: date, on: date) -> int:
    """Return somebody's age in whole years on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


class AbsenceKind(StrEnum):
    """Why a trainee is away; only leave counts as presence (article L124-13)."""

    INTERRUPTION = "interruption"
    UNIVERSITY = "university"
    LEAVE = "leave"
    HOLIDAY = "holiday"


@dataclass(frozen=True)
class Absence:
    """A period away from the host, both days included."""

    start: date
    end: date
    kind: AbsenceKind = AbsenceKind.INTERRUPTION


@dataclass(frozen=True)
class WorkPeriod:
    """A period, both days included, whose weeks are alike: the hours of each weekday."""

    start: date
    end: date
    hours: Week

    @property
    def weekly_hours(self) -> Decimal:
        """Hours of the week, to the hundredth: a third of 35 h is not a finite decimal."""
        return sum(self.hours, Decimal(0)).quantize(CENT)


def spread(weekly_hours: Decimal, weekdays: Iterable[int]) -> Week:
    """Return the hours of a week shared evenly between its days of presence."""
    days = frozenset(weekdays)
    each = weekly_hours / len(days) if days else Decimal(0)
    return tuple(each if day in days else Decimal(0) for day in range(7))


@dataclass(frozen=True)
class Share:
    """Some days of a month, a half one being a half, and their hours as they are, not rounded."""

    days: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)


@dataclass(frozen=True)
class Month:
    """The hours of one calendar month, named by its first day.

    ``whole`` is what it would have without absence, from its first day to its last; a holiday given off, or a day back at
    the university, is not among them.
    """

    first: date
    presence: Decimal
    leave: Decimal
    present: Share = Share()
    away: Share = Share()
    whole: Decimal = Decimal(0)


@dataclass(frozen=True)
class Timesheet:
    """Planned hours, month by month."""

    months: tuple[Month, ...] = ()

    @cached_property
    def presence(self) -> Decimal:
        """Hours really spent at the host (article L124-18)."""
        return sum((month.presence for month in self.months), Decimal(0))

    @cached_property
    def leave(self) -> Decimal:
        """Hours of leave and authorised absence that the agreement plans (article L124-13)."""
        return sum((month.leave for month in self.months), Decimal(0))

    @cached_property
    def duration(self) -> Decimal:
        """What the thresholds of two and six months are compared with (article D124-6)."""
        return self.presence + self.leave

    def corrected(self, presence: Decimal) -> Timesheet:
        """Return it with the hours of presence given by hand, shared between the months as the planned ones.

        They are shared evenly when none is planned. Days are as long as those planned, so there are more or fewer of
        them; the part of a month that is worked stays the planned one.
        """
        parts = [month.presence if self.presence else Decimal(1) for month in self.months]
        shares = rounded_shares(parts, presence)
        return Timesheet(
            tuple(
                replace(month, presence=share, present=self._stretched(month.present, share, presence))
                for month, share in zip(self.months, shares, strict=True)
            )
        )

    def _stretched(self, planned: Share, share: Decimal, presence: Decimal) -> Share:
        if not self.presence:
            return Share(Decimal(0), share)
        return replace(planned, days=planned.days * presence / self.presence)


def rounded_shares(parts: Iterable[Decimal], total: Decimal) -> list[Decimal]:
    """Share a total in proportion to parts, to the hundredth: the shares add up to the total, rounded."""
    shares, counted, told, parts = [], Decimal(0), Decimal(0), list(parts)
    whole = sum(parts, Decimal(0))
    for part in parts:
        counted += part
        share = (counted * total / whole if whole else whole).quantize(CENT, ROUND_HALF_UP) - told
        told += share
        shares.append(share)
    return shares


@dataclass(frozen=True)
class Schedule:
    """When a trainee is expected. Of two periods that cover a day, the later in ``periods`` says its hours.

    ``leave_days`` are all the days of leave: the last days of presence stand for those whose dates are not known.
    Days off besides the public holidays of ``place`` are absences.
    """

    periods: tuple[WorkPeriod, ...]
    absences: tuple[Absence, ...] = ()
    place: Territory = Territory.METROPOLITAN
    leave_days: Decimal = Decimal(0)
    works_on_holidays: bool = False
    works_on_whit_monday: bool = False

    @property
    def start(self) -> date:
        return min(period.start for period in self.periods)

    @property
    def end(self) -> date:
        return max(period.end for period in self.periods)

    def followed(self, before: date | None = None) -> tuple[WorkPeriod, ...]:
        """Return the periods that say the hours of at least one day, of those before a day when it is given."""
        until = self.end.toordinal() + 1
        left = set(range(self.start.toordinal(), min(before.toordinal(), until) if before else until))
        found = []
        for period in reversed(self.periods):
            taken = left.intersection(range(period.start.toordinal(), period.end.toordinal() + 1))
            if taken:
                found.append(period)
            left -= taken
        return tuple(reversed(found))

    @property
    def fullest_week(self) -> Decimal:
        """The most hours planned in an ordinary week."""
        return max((period.weekly_hours for period in self.followed()), default=Decimal(0))

    @property
    def longest_day(self) -> Decimal:
        longest = max((hours for period in self.followed() for hours in period.hours), default=Decimal(0))
        return longest.quantize(CENT)

    @property
    def usual_day(self) -> Decimal:
        """The most hours of a day of the usual week, which the first period describes."""
        return max(self.periods[0].hours).quantize(CENT)

    @cached_property
    def mean_week(self) -> Decimal:
        """Hours of an average week, absences and public holidays left aside."""
        hours = sum((hours for _day, hours in self.planned()), Decimal(0))
        return (hours * 7 / max((self.end - self.start).days + 1, 1)).quantize(CENT)

    def week_of(self, day: date) -> Decimal:
        """Return the usual hours of the week that a day belongs to."""
        period = self._period(day)
        return period.weekly_hours if period else Decimal(0)

    def most_hours(self, days: int) -> Decimal:
        """Return the most usual hours in so many days in a row, absences and public holidays left aside."""
        usual = list(self.planned())
        most, hours, first = Decimal(0), Decimal(0), 0
        for day, added in usual:
            hours += added
            while (day - usual[first][0]).days >= days:
                hours -= usual[first][1]
                first += 1
            most = max(most, hours)
        return most.quantize(CENT)

    def planned(self) -> Iterator[tuple[date, Decimal]]:
        """Return each day with its usual hours, whatever absence or holiday falls on it."""
        return ((day, hours) for day, hours, is_planned in self._usual(self.start, self.end) if is_planned)

    def days_off(self) -> frozenset[date]:
        """Return the holidays that are not worked."""
        if self.works_on_holidays:
            return frozenset()
        years = range(self.start.year, self.end.year + 1)
        off = frozenset[date]().union(*(public_holidays(year, self.place) for year in years))
        return off - {whit_monday(year) for year in years} if self.works_on_whit_monday else off

    @property
    def away(self) -> list[Absence]:
        """The absences that count for nothing; a holiday given off is one unless all holidays are worked."""
        kinds = set(AbsenceKind) - {AbsenceKind.LEAVE}
        if self.works_on_holidays:
            kinds.remove(AbsenceKind.HOLIDAY)
        return [absence for absence in self.absences if absence.kind in kinds]

    @cached_property
    def timesheet(self) -> Timesheet:
        """Hours of presence and of leave, month by month, to the hundredth."""
        off, away = self.days_off(), self.away
        given = [absence for absence in away if absence.kind != AbsenceKind.INTERRUPTION]
        leave = [absence for absence in self.absences if absence.kind == AbsenceKind.LEAVE]
        presence_days: list[tuple[date, Decimal]] = []
        leave_days: list[tuple[date, Decimal]] = []
        months: dict[date, None] = {}
        usual: dict[date, Decimal] = {}
        whole: dict[date, Decimal] = {}
        for day, hours, is_planned in self._usual(*whole_months(self.start, self.end)):
            month = day.replace(day=1)
            whole.setdefault(month, Decimal(0))
            if is_planned:
                months[month] = None
            if not hours or day in off or covered(day, given):
                continue
            usual[day] = hours
            whole[month] += hours
            if is_planned and not covered(day, away):
                (leave_days if covered(day, leave) else presence_days).append((day, hours))
        presence_days, taken = take_last(presence_days, self.leave_days - len(leave_days))
        leave_days += taken
        # Leave takes what is left of the duration: it never changes what thresholds are compared with.
        duration, presence = rounded_total(presence_days + leave_days), rounded_total(presence_days)
        present = by_month(presence_days, months, presence)
        absent = by_month(leave_days, months, duration - presence)
        here, not_here = shares(presence_days, usual), shares(leave_days, usual)
        return Timesheet(
            tuple(
                Month(first, done, off, here.get(first, Share()), not_here.get(first, Share()), whole[first])
                for first, done, off in zip(months, present, absent, strict=True)
            )
        )

    def _usual(self, since: date, until: date) -> Iterator[tuple[date, Decimal, bool]]:
        """Yield each day between two with its usual hours, and whether a period covers it.

        A day that none covers is one of the usual week, which the first period describes.
        """
        for ordinal in range(since.toordinal(), until.toordinal() + 1):
            day = date.fromordinal(ordinal)
            period = self._period(day)
            yield day, (period or self.periods[0]).hours[day.weekday()], period is not None

    def _period(self, day: date) -> WorkPeriod | None:
        """Return the period that says the hours of a day."""
        return next((one for one in reversed(self.periods) if one.start <= day <= one.end), None)


def whole_months(start: date, end: date) -> Period:
    """Return the first and the last day of the months that two days touch."""
    return start.replace(day=1), end.replace(day=gregorian.monthrange(end.year, end.month)[1])


def shares(worked: Iterable[tuple[date, Decimal]], usual: Mapping[date, Decimal]) -> dict[date, Share]:
    """Return by month the days and hours of what was worked, against the usual hours of each of those days."""
    days: dict[date, Decimal] = {}
    hours: dict[date, Decimal] = {}
    for day, done in worked:
        month = day.replace(day=1)
        days[month] = days.get(month, Decimal(0)) + done / usual[day]
        hours[month] = hours.get(month, Decimal(0)) + done
    return {month: Share(count, hours[month]) for month, count in days.items()}


def covered(day: date, absences: Iterable[Absence]) -> bool:
    return any(absence.start <= day <= absence.end for absence in absences)


def take_last(
    days: list[tuple[date, Decimal]], count: Decimal
) -> tuple[list[tuple[date, Decimal]], list[tuple[date, Decimal]]]:
    """Split days of presence: those kept, and the last ``count`` of them, a half day taking half its hours."""
    kept, taken = list(days), []
    while count > 0 and kept:
        day, hours = kept.pop()
        part = min(count, Decimal(1))
        taken.append((day, hours * part))
        if part < 1:
            kept.append((day, hours * (1 - part)))
        count -= part
    return kept, taken


def rounded_total(days: Iterable[tuple[date, Decimal]]) -> Decimal:
    """Return the sum of some hours to the hundredth; a third of 35 h, cut at its 28th digit, is taken for a third."""
    return sum((hours for _day, hours in days), Decimal(0)).quantize(HAIR).quantize(CENT, ROUND_HALF_UP)


def by_month(days: Iterable[tuple[date, Decimal]], months: Iterable[date], total: Decimal) -> list[Decimal]:
    """Share a rounded total of hours between the months, as its days are."""
    totals = dict.fromkeys(months, Decimal(0))
    for day, hours in days:
        totals[day.replace(day=1)] += hours
    return rounded_shares(totals.values(), total)


def equivalent(hours: Decimal) -> tuple[Decimal, Decimal]:
    """Return hours of presence as days and months: 7 hours are a day, 22 days a month (article D124-6).

    Neither is rounded: a threshold is compared in hours, and a page rounds what it shows.
    """
    days = hours / HOURS_PER_DAY
    return days, days / DAYS_PER_MONTH


def plausible(day: date | None) -> date | None:
    """Return a day, or None when its year was mistyped: it is told beside its field, and computes nothing."""
    return day if day and day.year in PLAUSIBLE_YEARS else None
