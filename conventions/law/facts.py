"""What the law looks at: plain facts about one agreement, and the amounts of each year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from conventions.calendar import Period, Schedule, Territory


class Regime(StrEnum):
    """Which gratification rules a programme follows."""

    GENERAL = "general"
    HEALTH = "health"
    AGRICULTURAL = "agricultural"
    HOSPITAL = "hospital"


class PayUnit(StrEnum):
    """What an amount of gratification is for."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


class Zone(StrEnum):
    """Colours of the travel map of the ministry of foreign affairs."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


def severity(zone: Zone) -> int:
    """Return the place of a colour, the safest first."""
    return list(Zone).index(zone)


class Proof(StrEnum):
    """What a centre may want to see before it validates."""

    SOCIAL_RIGHTS = "social"
    ASSISTANCE = "assistance"
    VISA = "visa"


class Change(StrEnum):
    """What an avenant does that the law looks at."""

    EXTENSION = "extension"  # prolongation
    POSTPONEMENT = "postponement"  # report
    TERMINATION = "termination"  # rupture
    OTHER = "other"


@dataclass(frozen=True)
class Person:
    """Somebody named on the agreement."""

    email: str = ""
    last_name: str = ""


@dataclass(frozen=True)
class Studies:
    """The programme and the year the stage belongs to; None is unknown."""

    academic_year: int | None = None
    year: Period | None = None
    teaching_hours: int | None = None
    presence_hours: int | None = None
    presence_waiver: bool = False
    regime: Regime = Regime.GENERAL
    is_cesure: bool = False
    earlier_cesures: int = 0  # in the same cycle, other years
    last_end: date | None = None  # of the programme, after the year


@dataclass(frozen=True)
class Trainee:
    person: Person = Person()
    birth_date: date | None = None
    has_guardian: bool = False


@dataclass(frozen=True)
class Host:
    """The legal entity and the place of the stage. ``headcount`` is declared, ``band`` its register's maximum."""

    country: str = "FR"
    is_abroad: bool = False
    place: Territory = Territory.METROPOLITAN
    is_public_law: bool = False
    headcount: int | None = None
    band: int | None = None
    trainees: int | None = None  # declared, all schools, this one not counted
    replaces_someone: bool = False
    has_regulated_work: bool = False
    regulated_work_declared: bool = False
    in_restricted_area: bool = False
    restricted_area_authorised: bool = False
    collective_hours: Decimal | None = None


@dataclass(frozen=True)
class Stage:
    """Dates, hours and texts. ``corrected_hours`` replace the computed hours of presence."""

    start: date | None = None
    end: date | None = None
    schedule: Schedule | None = None
    corrected_hours: Decimal | None = None
    day_starts_at: time | None = None
    day_ends_at: time | None = None
    at_night: bool = False
    on_sunday: bool = False
    on_holidays: bool = False
    remotely: bool = False
    exceptional_work: str = ""
    leave_days: Decimal | None = None
    leave_terms: str = ""
    leave_is_paid: bool = False
    subject: str = ""
    missions: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)  # what must be said in words, by column
    benefits: str = ""


@dataclass(frozen=True)
class Pay:
    """The gratification promised. ``has_revaluation_clause``: the amount follows the ceiling on 1 January."""

    is_paid: bool | None = None
    amount: Decimal | None = None
    unit: PayUnit | None = None
    in_euros: bool = True
    has_mode: bool = False
    is_monthly: bool | None = None
    branch_minimum: Decimal | None = None
    has_revaluation_clause: bool = True
    is_employed_by_host: bool = False


@dataclass(frozen=True)
class Other:
    """Another agreement of the same trainee. ``is_certain``: its hours are what was or will be done."""

    start: date
    end: date
    duration: Decimal
    weekly_hours: Decimal
    academic_year: int | None = None
    same_host: bool = False
    is_certain: bool = True


@dataclass(frozen=True)
class Previous:
    """An earlier stage in the host; ``same_post`` when the host or the student says so, ``of_another`` trainee or not."""

    start: date
    end: date
    left_early: bool = False
    same_post: bool = False
    of_another: bool = False


@dataclass(frozen=True)
class People:
    """Who supervises and signs, and the other agreements they have, as periods."""

    tutor: Person | None = None
    referent: Person | None = None
    signatory: Person | None = None
    tutor_elsewhere: tuple[Period, ...] = ()
    tutor_declared: int | None = None
    referent_elsewhere: tuple[Period, ...] = ()
    host_elsewhere: tuple[Period, ...] = ()


@dataclass(frozen=True)
class History:
    """The trainee's other agreements, and what is declared of earlier stages."""

    others: tuple[Other, ...] = ()
    declared_hours: Decimal | None = None
    previous: tuple[Previous, ...] = ()


@dataclass(frozen=True)
class Advice:
    """What the institution knows of the risk of a place: its level, where it was read and when."""

    zone: Zone
    place: str
    source: str
    read_on: date
    is_old: bool = False


@dataclass(frozen=True)
class Abroad:
    """What a stage abroad asks; ``zone`` is what its student says of the place, ``advice`` what the institution knows.

    ``nearby`` are the regions of the country of which it knows something else. From the level ``officer_from`` on, a
    security officer allows the departure.
    """

    has_information_sheet: bool = False
    has_assistance_policy: bool = False
    zone: Zone | None = None
    has_decision: bool = False
    advice: Advice | None = None
    nearby: tuple[Advice, ...] = ()
    officer_from: Zone | None = None

    @property
    def risk(self) -> Zone | None:
        """The most severe of what is said and what is known."""
        said = [zone for zone in (self.zone, self.advice and self.advice.zone) if zone]
        return max(said, key=severity, default=None)

    @property
    def asks_officer(self) -> bool:
        """Whether a security officer allows the departure before the agreement is validated."""
        return bool(self.risk and self.officer_from and severity(self.risk) >= severity(self.officer_from))


@dataclass(frozen=True)
class Protection:
    """Social protection and civil liability.

    ``covered`` is the period the agreement says is insured; ``insured_periods``, those of the certificates joined to it.
    """

    has_fund: bool = False
    has_insurance: bool = False
    covered: tuple[date | None, date | None] = (None, None)
    insured_periods: tuple[Period, ...] = ()
    missing: tuple[Proof, ...] = ()  # that the centre wants, and nobody joined


@dataclass(frozen=True)
class Stricter:
    """What an institution or a centre adds to the law; it never takes anything from it.

    ``last_end_by`` is who asks for the day, a programme too: it is told, and judged by nothing.
    """

    last_end: date | None = None
    referent_ceiling: int | None = None
    gratification_threshold: int | None = None
    requires_insurance: bool = False
    last_end_by: str = field(default="", compare=False)


@dataclass(frozen=True)
class Avenant:
    """A change of an agreement in force; the other facts are those of its result."""

    kind: Change
    effective_on: date
    signed_on: date | None = None
    previous_end: date | None = None
    previous_duration: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True)
class Facts:
    """One agreement on one day."""

    today: date
    trainee: Trainee = Trainee()
    studies: Studies = Studies()
    host: Host = Host()
    stage: Stage = Stage()
    pay: Pay = Pay()
    people: People = People()
    history: History = History()
    abroad: Abroad = Abroad()
    protection: Protection = Protection()
    stricter: Stricter = Stricter()
    signed_on: date | None = None  # the last signature
    avenant: Avenant | None = None


# Part of the hourly ceiling due for an hour, by date of signature (décret n° 2014-1420).
SHARES = (
    (date(2015, 9, 1), Decimal("0.15")),
    (date(2014, 12, 1), Decimal("0.1375")),
    (date.min, Decimal("0.125")),
)


@dataclass(frozen=True)
class Amounts:
    """The hourly ceiling of social security (PHSS), in euros, by year."""

    ceilings: Mapping[int, Decimal] = field(default_factory=dict)

    def ceiling(self, year: int) -> Decimal | None:
        """Return the ceiling of a year; of the last year known before it when its own is missing; else None."""
        known = max((one for one in self.ceilings if one <= year), default=None)
        return None if known is None else self.ceilings[known]

    def is_provisional(self, year: int) -> bool:
        """Whether the ceiling of a year is not published, or not loaded, yet."""
        return year not in self.ceilings

    def minimum(self, year: int, signed_on: date) -> Decimal | None:
        """Return the least gratification of an hour done in a year, for an agreement signed on a day."""
        ceiling = self.ceiling(year)
        share = next(share for since, share in SHARES if signed_on >= since)
        return None if ceiling is None else ceiling * share
