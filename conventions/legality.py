"""From the rows of the database to the facts that the law judges, for one agreement or for thousands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from accounts.models import StricterRules
from conventions import calendar, law
from conventions.law import facts, protection, supervision
from conventions.law.case import LONGEST
from conventions.models import Attachment, AvenantKind, Convention, HourlyCeiling, Status, Turn
from conventions.models.circuit import completed_on
from organisations.models import Contact, Organisation, Programme
from organisations.models.host import FRENCH_COUNTRIES

# Whose hours and whose people count: what was asked for, or agreed.
COUNTED = (Status.SUBMITTED, Status.VALIDATED, Status.SIGNING, Status.SIGNED, Status.TERMINATED)
CESURE = "cesure"
CYCLES = {
    Programme.Level.L1: "licence",
    Programme.Level.L2: "licence",
    Programme.Level.L3: "licence",
    Programme.Level.BUT1: "licence",
    Programme.Level.BUT2: "licence",
    Programme.Level.BUT3: "licence",
    Programme.Level.M1: "master",
    Programme.Level.M2: "master",
    Programme.Level.DOCTORATE: "doctorat",
}
SIREN_DIGITS = 9
PLAUSIBLE_YEARS = range(2000, 2101)
# What two agreements have in common.
STUDENT, TUTOR, REFERENT, ENTITY, ESTABLISHMENT = "student", "tutor", "referent", "entity", "establishment"


def review(convention: Convention) -> list[law.Finding]:
    """Return what the law says of an agreement as it is stored."""
    return findings(convention, case_of(convention))


def late(convention: Convention, signed_on: date | None) -> list[law.Finding]:
    """Return what R-01 alone says of a last signature given on a day, or not given yet. No query."""
    known = law.Facts(timezone.localdate(), stage=facts.Stage(start=convention.start), signed_on=signed_on)
    return list(law.RULES["R-01"].findings(law.Case(known, law.Amounts())))


def findings(convention: Convention, case: law.Case) -> list[law.Finding]:
    """Return what the law says of an agreement; of an avenant, what it says of its result and not of what it amends."""
    found = law.findings(case)
    before = convention.amended_from
    if before is None:
        return found
    already = {(one.key, *sorted(one.values.items(), key=str)) for one in law.findings(case_of(before))}
    return [one for one in found if (one.key, *sorted(one.values.items(), key=str)) not in already]


def case_of(convention: Convention) -> law.Case:
    """Return the facts of one agreement and what follows from them. Needs ``for_detail()``; two queries more."""
    [case] = cases_of([convention], amounts(), timezone.localdate())
    return case


def cases_of(conventions: Sequence[Convention], legal_amounts: law.Amounts, today: date) -> list[law.Case]:
    """The same for several, with as many queries."""
    around = Neighbours(conventions)
    return [law.Case(facts_of(convention, around, today), legal_amounts) for convention in conventions]


def amounts() -> law.Amounts:
    """Return the hourly ceilings as they are known today."""
    return law.Amounts(dict(HourlyCeiling.objects.values_list("year", "amount")))


class Neighbour(NamedTuple):
    """Another agreement, and what it shares with one being judged; only those of a student say more than dates."""

    kind: str
    key: str
    pk: int
    start: date
    end: date
    status: str
    duration: Decimal
    weekly_hours: Decimal
    is_recomputed: bool = False  # terminated by an avenant, which counts the hours again
    organisation_id: int | None = None
    siret: str | None = None
    academic_year: int | None = None
    level: str | None = None
    stage_type: str | None = None


# Written once and planned once: five queries of the ORM cost more to write than to run.
AROUND = """
    WITH counted AS NOT MATERIALIZED (
        SELECT *, coalesce(hours_corrected, hours_computed, 0) + coalesce(hours_assimilated, 0) AS hours
        FROM conventions_convention WHERE status = ANY(%(counted)s::text[])
    ), during AS NOT MATERIALIZED (
        SELECT * FROM counted
        WHERE status <> 'terminated' AND start <= %(last)s::date AND "end" >= %(first)s::date
    )
    SELECT 'student', one.student_id::text, one.id, one.start, one."end", one.status, one.hours,
           coalesce(one.weekly_hours, 0),
           one.terminated_on IS NOT DISTINCT FROM one."end", host.id, host.siret,
           enrolment.academic_year, programme.level, type.code
    FROM counted AS one
        LEFT JOIN organisations_organisation AS host ON host.id = one.organisation_id
        LEFT JOIN organisations_enrolment AS enrolment ON enrolment.id = one.enrolment_id
        LEFT JOIN organisations_programme AS programme ON programme.id = enrolment.programme_id
        LEFT JOIN conventions_term AS type ON type.id = one.stage_type_id
    WHERE one.student_id = ANY(%(student)s::bigint[])
    UNION ALL
    SELECT 'tutor', lower(tutor.email), one.id, one.start, one."end", one.status, 0, 0, FALSE, NULL, NULL, NULL, NULL, NULL
    FROM during AS one JOIN organisations_contact AS tutor ON tutor.id = one.tutor_id
    WHERE lower(tutor.email) = ANY(%(tutor)s::text[])
    UNION ALL
    SELECT 'referent', teacher.user_id::text, one.id, one.start, one."end", one.status, 0, 0, FALSE, NULL, NULL, NULL, NULL, NULL
    FROM during AS one JOIN organisations_teacher AS teacher ON teacher.id = one.teacher_id
    WHERE teacher.user_id = ANY(%(referent)s::bigint[])
    UNION ALL
    SELECT 'entity', left(host.siret, 9), one.id, one.start, coalesce(one.quota_end, one."end"), one.status, 0, 0,
           FALSE, NULL, NULL, NULL, NULL, NULL
    FROM during AS one JOIN organisations_organisation AS host ON host.id = one.organisation_id
    WHERE left(host.siret, 9) = ANY(%(entity)s::text[])
    UNION ALL
    SELECT 'establishment', one.organisation_id::text, one.id, one.start, coalesce(one.quota_end, one."end"),
           one.status, 0, 0, FALSE, NULL, NULL, NULL, NULL, NULL
    FROM during AS one WHERE one.organisation_id = ANY(%(establishment)s::bigint[])
"""


class Neighbours:
    """The other agreements that count for those being judged: same student, tutor, referent teacher or host.

    One query, however many they are.
    """

    def __init__(self, conventions: Sequence[Convention]) -> None:
        self.found: dict[tuple[str, str], list[Neighbour]] = defaultdict(list)
        dates = [(plausible(one.start), plausible(one.end)) for one in conventions]
        dated = [(start, end) for start, end in dates if start and end]
        hosts = [host_of(one.organisation) for one in conventions if one.organisation]
        # A host's quota counts by whole weeks (R124-10): six days more on each side.
        week = 6 * calendar.ONE_DAY
        shared: dict[str, Any] = {
            STUDENT: [one.student_id for one in conventions],
            TUTOR: [one.tutor.email.lower() for one in conventions if one.tutor],
            REFERENT: [one.teacher.user_id for one in conventions if one.teacher],
            ENTITY: [key for kind, key in hosts if kind == ENTITY],
            ESTABLISHMENT: [key for kind, key in hosts if kind == ESTABLISHMENT],
            "counted": [str(status) for status in COUNTED],
            "first": min(start for start, _end in dated) - week if dated else None,
            "last": max(end for _start, end in dated) + week if dated else None,
        }
        with connection.cursor() as cursor:
            cursor.execute(AROUND, shared)
            for row in cursor:
                neighbour = Neighbour(*row)
                self.found[neighbour.kind, neighbour.key].append(neighbour)

    def of(self, convention: Convention, kind: str, key: object) -> list[Neighbour]:
        """Return the other agreements that share one student, person or host, in order."""
        others = (one for one in self.found[kind, str(key)] if one.pk != convention.pk)
        return sorted(others, key=lambda one: (one.start, one.pk))

    def periods(self, convention: Convention, kind: str, key: object) -> tuple[calendar.Period, ...]:
        return tuple((one.start, one.end) for one in self.of(convention, kind, key))


def siren_of(siret: str | None) -> str:
    """Return the number of the legal entity, or nothing for a host without SIRET."""
    return (siret or "")[:SIREN_DIGITS]


def host_of(organisation: Organisation) -> tuple[str, object]:
    """Return what a host is counted by: its legal entity (R124-10), itself when it has no SIRET."""
    siren = siren_of(organisation.siret)
    return (ENTITY, siren) if siren else (ESTABLISHMENT, organisation.pk)


# Who is at some hosts between two days; each host has one line at least.
RECEIVED = """
    SELECT asked.id, asked.country, band.maximum, one.start, one."end"
    FROM organisations_organisation AS asked
        LEFT JOIN organisations_headcountband AS band ON band.code = asked.headcount_band_id
        LEFT JOIN LATERAL (
            SELECT present.start, coalesce(present.quota_end, present."end") AS "end"
            FROM conventions_convention AS present
            WHERE present.organisation_id IN (
                SELECT asked.id
                UNION SELECT id FROM organisations_organisation WHERE left(siret, 9) = left(asked.siret, 9)
            ) AND present.status = ANY(%(present)s::text[])
                AND present.start <= %(last)s::date AND present."end" >= %(first)s::date
        ) AS one ON TRUE
    WHERE asked.id = ANY(%(hosts)s::bigint[])
"""


@dataclass(frozen=True)
class Received:
    """The trainees of a host as the law counts them: by whole weeks, in its whole legal entity (R124-10)."""

    most: int | None  # in one week; None when its headcount is unknown, or French law is not its own
    periods: list[calendar.Period] = field(default_factory=list)

    def known(self, start: date, end: date) -> int:
        """Return how many there are in the fullest week that two days touch."""
        [(first, last)] = supervision.weeks([(start, end)])
        return supervision.at_once(supervision.weeks(self.periods), first, last)

    def is_full(self, start: date, end: date) -> bool:
        """Whether one more trainee between two days would exceed the quota."""
        return self.most is not None and self.known(start, end) >= self.most


def received(hosts: Iterable[Organisation], start: date, end: date) -> dict[int, Received]:
    """Return whom some hosts have in the weeks that two days touch, by primary key; one query."""
    [(first, last)] = supervision.weeks([(start, end)])
    asked: dict[str, Any] = {
        "hosts": [host.pk for host in hosts],
        "present": [str(status) for status in COUNTED if status != Status.TERMINATED],
        # Counted by whole weeks: one that ends on Tuesday is there until Sunday.
        "first": first,
        "last": last,
    }
    found: dict[int, Received] = {}
    with connection.cursor() as cursor:
        cursor.execute(RECEIVED, asked)
        for pk, country, headcount, begins, ends in cursor:
            is_limited = headcount is not None and country in FRENCH_COUNTRIES
            host = found.setdefault(pk, Received(supervision.quota(headcount) if is_limited else None))
            if begins:
                host.periods.append((begins, ends))
    return found


def full_hosts(hosts: Iterable[Organisation], start: date, end: date) -> set[int]:
    """Return which hosts, by primary key, have no room left in a week of a stage between two days; one query."""
    return {pk for pk, host in received(hosts, start, end).items() if host.is_full(start, end)}


def facts_of(convention: Convention, around: Neighbours, today: date) -> law.Facts:
    """Return the facts of an agreement, complete or not."""
    others = around.of(convention, STUDENT, convention.student_id)
    user = convention.student.user
    organisation, tutor, teacher = convention.organisation, convention.tutor, convention.teacher
    stricter = _stricter(convention)
    return law.Facts(
        today=today,
        trainee=facts.Trainee(
            facts.Person(user.email, user.last_name),
            convention.student.birth_date,
            has_guardian=bool(convention.guardian_name.strip()),
        ),
        studies=_studies(convention, others),
        host=_host(convention),
        stage=_stage(convention),
        pay=_pay(convention),
        people=facts.People(
            tutor=_contact(tutor),
            referent=facts.Person(teacher.user.email, teacher.user.last_name) if teacher else None,
            signatory=_contact(convention.signatory),
            tutor_elsewhere=around.periods(convention, TUTOR, tutor.email.lower()) if tutor else (),
            tutor_declared=convention.tutor_trainees,
            referent_elsewhere=around.periods(convention, REFERENT, teacher.user_id) if teacher else (),
            host_elsewhere=around.periods(convention, *host_of(organisation)) if organisation else (),
        ),
        history=_history(convention, others),
        abroad=facts.Abroad(
            has_information_sheet=convention.has_information_sheet,
            has_assistance_policy=convention.has_assistance_policy,
            zone=facts.Zone(convention.travel_zone) if convention.travel_zone else None,
            has_decision=bool(convention.travel_decision.strip()),
        ),
        protection=facts.Protection(
            has_fund=bool(convention.health_fund_id or convention.health_fund_other.strip()),
            has_insurance=bool(convention.insurer.strip() and convention.insurance_policy.strip()),
            covered=(convention.insurance_start, convention.insurance_end),
            certified=certified(convention) if stricter.requires_insurance else (),
        ),
        stricter=stricter,
        signed_on=_signed_on(convention),
        avenant=_avenant(convention, today),
    )


# What the law looks at in an avenant, the first that applies.
CHANGES = (
    (AvenantKind.TERMINATION, facts.Change.TERMINATION),
    (AvenantKind.EXTENSION, facts.Change.EXTENSION),
    (AvenantKind.POSTPONEMENT, facts.Change.POSTPONEMENT),
)


def _avenant(convention: Convention, today: date) -> facts.Avenant | None:
    """Return the facts of the avenant of which an instance shows the result."""
    avenant, before = convention.amended_by, convention.amended_from
    if avenant is None or before is None:
        return None
    kind = next((change for kind, change in CHANGES if kind in avenant.kinds), facts.Change.OTHER)
    if kind == facts.Change.POSTPONEMENT and convention.start != before.start:
        kind = facts.Change.OTHER  # a stage that begins later is not the one of article L124-15
    return facts.Avenant(
        kind,
        avenant.effective_on or today,
        previous_end=before.end,
        previous_duration=before.duration,
        reason=avenant.reason,
    )


def certified(
    convention: Convention,
    decisions: Collection[str] = (Attachment.Decision.WAITING, Attachment.Decision.ACCEPTED),
) -> tuple[calendar.Period, ...]:
    """Return the periods of the civil liability certificates joined to an agreement, those refused left out."""
    return tuple(
        (one.valid_from, one.valid_until)
        for one in convention.attachments.all()
        if one.kind == Attachment.Kind.CIVIL_LIABILITY
        and one.decision in decisions
        and one.valid_from
        and one.valid_until
    )


def awaits_insurance(convention: Convention) -> bool:
    """Whether the civil liability certificates that are asked for are not accepted yet for the whole stage.

    An avenant waits for those of what it makes of the stage, unless the agreement itself did without.
    """
    if not _stricter(convention).requires_insurance:
        return False
    if convention.amended_from and awaits_insurance(convention.amended_from):
        return False
    accepted = certified(convention, [Attachment.Decision.ACCEPTED])
    return not protection.are_covered(accepted, convention.start, convention.end)


def _signed_on(convention: Convention) -> date | None:
    """Return the day of the last signature of the agreement itself, once all are given."""
    agreement = convention.amended_from or convention
    if agreement.status != Status.SIGNED:
        return None
    signatures = [turn for turn in agreement.own_turns if turn.purpose == Turn.Purpose.SIGNATURE]
    return completed_on(signatures, {})


def plausible(day: date | None) -> date | None:
    """Return a day, or None when its year was mistyped: it is told beside its field, and computes nothing."""
    return day if day and day.year in PLAUSIBLE_YEARS else None


def _contact(contact: Contact | None) -> facts.Person | None:
    return facts.Person(contact.email, contact.last_name) if contact else None


def _year(convention: Convention) -> calendar.Period | None:
    if convention.enrolment is None:
        return None
    institution = convention.institution
    return calendar.academic_year(
        convention.enrolment.academic_year, institution.year_end_month, institution.year_end_day
    )


def _studies(convention: Convention, others: list[Neighbour]) -> facts.Studies:
    enrolment = convention.enrolment
    if enrolment is None:
        return facts.Studies()
    programme = enrolment.programme
    cycle = CYCLES.get(Programme.Level(programme.level))
    return facts.Studies(
        academic_year=enrolment.academic_year,
        year=_year(convention),
        teaching_hours=programme.teaching_hours,
        presence_hours=programme.presence_hours,
        presence_waiver=bool(programme.presence_waiver.strip()),
        regime=facts.Regime(programme.gratification_regime),
        is_cesure=convention.stage_type is not None and convention.stage_type.code == CESURE,
        earlier_cesures=len(
            {
                other.academic_year
                for other in others
                if other.stage_type == CESURE
                and other.academic_year != enrolment.academic_year
                and other.level
                and cycle is not None
                and CYCLES.get(Programme.Level(other.level)) == cycle
            }
        ),
    )


def _host(convention: Convention) -> facts.Host:
    organisation, place = convention.organisation, convention.service or convention.organisation
    if organisation is None or place is None:
        return facts.Host()
    band = organisation.headcount_band
    return facts.Host(
        country=str(place.country),
        is_abroad=place.is_abroad,
        place=calendar.territory(str(place.country), place.postal_code),
        is_public_law=organisation.legal_form.is_public_law,
        headcount=convention.headcount,
        band=band.maximum if band else None,
        trainees=convention.host_trainees,
        replaces_someone=convention.replaces_someone,
        has_regulated_work=convention.has_regulated_work,
        regulated_work_declared=convention.regulated_work_declared,
        in_restricted_area=convention.in_restricted_area,
        restricted_area_authorised=convention.restricted_area_authorised,
        collective_hours=convention.collective_hours,
    )


def schedule_of(convention: Convention) -> calendar.Schedule | None:
    """Return when the trainee is expected; None while something is missing or mistyped."""
    start, end, weekly_hours = convention.start, convention.end, convention.weekly_hours
    if (
        not (start and end and weekly_hours and convention.working_days)
        or not timedelta(0) <= end - start <= LONGEST
    ):
        return None
    usual = calendar.WorkPeriod(start, end, calendar.spread(weekly_hours, convention.working_days))
    others = [
        calendar.WorkPeriod(max(period.start, start), min(period.end, end), period.hours)
        for period in convention.work_periods.all()
        if period.start <= end and period.end >= start
    ]
    place = convention.service or convention.organisation
    return calendar.Schedule(
        (usual, *others),
        tuple(
            calendar.Absence(period.start, period.end, calendar.AbsenceKind(period.kind))
            for period in convention.interruptions.all()
        ),
        calendar.territory(str(place.country), place.postal_code)
        if place
        else calendar.Territory.METROPOLITAN,
        convention.leave_days or Decimal(0),
        works_on_holidays=convention.works_on_holidays,
        works_on_whit_monday=convention.works_on_whit_monday,
    )


def _stage(convention: Convention) -> facts.Stage:
    return facts.Stage(
        start=plausible(convention.start),
        end=plausible(convention.end),
        schedule=schedule_of(convention),
        corrected_hours=convention.hours_corrected,
        day_starts_at=convention.day_starts_at,
        day_ends_at=convention.day_ends_at,
        at_night=convention.works_at_night,
        on_sunday=convention.works_on_sunday,
        on_holidays=convention.works_on_holidays,
        remotely=convention.works_remotely,
        exceptional_work=convention.exceptional_work,
        leave_days=convention.leave_days,
        leave_terms=convention.leave_terms,
        leave_is_paid=convention.leave_is_paid,
        subject=convention.subject,
        missions=convention.missions,
        benefits=convention.benefits,
    )


def _pay(convention: Convention) -> facts.Pay:
    monthly = Convention.PaymentFrequency.MONTHLY
    return facts.Pay(
        is_paid=convention.is_paid,
        amount=convention.amount,
        unit=facts.PayUnit(convention.amount_unit) if convention.amount_unit else None,
        in_euros=convention.currency is None or convention.currency.code == "EUR",
        has_mode=convention.payment_mode_id is not None,
        is_monthly=convention.payment_frequency == monthly if convention.payment_frequency else None,
        branch_minimum=convention.branch_minimum,
        is_employed_by_host=convention.is_employed_by_host,
    )


def _history(convention: Convention, others: list[Neighbour]) -> facts.History:
    siren = siren_of(convention.organisation.siret) if convention.organisation else ""

    def in_same_host(other: Neighbour) -> bool:
        if other.organisation_id is None:
            return False
        return other.organisation_id == convention.organisation_id or bool(
            siren and siren_of(other.siret) == siren
        )

    previous = [facts.Previous(other.start, other.end) for other in others if in_same_host(other)]
    before = plausible(convention.previous_start), plausible(convention.previous_end)
    if before[0] and before[1]:
        previous.append(
            facts.Previous(
                before[0],
                before[1],
                left_early=convention.previous_left_early,
                same_post=True,
            )
        )
    return facts.History(
        others=tuple(
            facts.Other(
                other.start,
                other.end,
                other.duration,
                other.weekly_hours,
                other.academic_year,
                same_host=in_same_host(other),
                is_certain=other.status != Status.TERMINATED or other.is_recomputed,
            )
            for other in others
        ),
        declared_hours=convention.earlier_hours,
        previous=tuple(previous),
    )


def _stricter(convention: Convention) -> facts.Stricter:
    """Return the strictest of the institution's rules and the centre's."""
    sources: list[StricterRules] = [convention.institution]
    if convention.centre:
        sources.append(convention.centre)
    year = _year(convention)
    return facts.Stricter(
        last_end=min(
            (
                calendar.day_within(year, source.last_end_month, source.last_end_day)
                for source in sources
                if year and source.last_end_month and source.last_end_day
            ),
            default=None,
        ),
        referent_ceiling=least(source.referent_ceiling for source in sources),
        gratification_threshold=least(source.gratification_threshold for source in sources),
        requires_insurance=any(source.requires_insurance for source in sources),
    )


def least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)
