"""The agreements around those being judged: same student, tutor, referent teacher or host."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from conventions import calendar
from conventions.models import Amended, Convention, Status
from organisations.models import Organisation

# Whose hours and whose people count: what was asked for, or agreed.
COUNTED = (Status.SUBMITTED, Status.VALIDATED, Status.SIGNING, Status.SIGNED, Status.TERMINATED)
SIREN_DIGITS = 9
# What two agreements have in common.
STUDENT, TUTOR, REFERENT, ENTITY, ESTABLISHMENT = "student", "tutor", "referent", "entity", "establishment"
# A tutor whose earlier trainee may have had the same post (L124-11): asked for by the tutor's address too.
POST = "post"
# A third of the longest stage, and the day after: what ended before is too far.
WAITING = 123 * calendar.ONE_DAY


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
    SELECT 'post', lower(tutor.email), one.id, one.start, one."end", one.status, 0, 0, FALSE, host.id, host.siret, NULL, NULL,
           NULL
    FROM counted AS one
        JOIN organisations_contact AS tutor ON tutor.id = one.tutor_id
        JOIN organisations_organisation AS host ON host.id = one.organisation_id
    WHERE lower(tutor.email) = ANY(%(tutor)s::text[])
        AND one."end" >= %(waited)s::date AND one."end" < %(last)s::date
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


# Sorted by what is locked: two people who wait for the same never wait for one another.
IN_TURN = """
    SELECT pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT hashtextextended(shared, 0) AS key FROM unnest(%s::text[]) AS shared ORDER BY key OFFSET 0
    ) AS in_order
"""


def wait_for_those_alike(convention: Convention) -> None:
    """Wait until whoever moves an agreement of the same student, tutor, referent or host is done, and hold the others.

    In the transaction of a move, before the law is judged: a quota counts those that are there, not those on their way.
    """
    shared = in_common([convention])
    if isinstance(convention, Amended):
        before = in_common([convention.before])
        shared = {kind: [*keys, *before[kind]] for kind, keys in shared.items()}
    with connection.cursor() as cursor:
        cursor.execute(IN_TURN, [[f"{kind}:{key}" for kind, keys in shared.items() for key in keys]])


class Neighbours:
    """The other agreements that count for those being judged: same student, tutor, referent teacher or host.

    One query, however many they are.
    """

    def __init__(self, conventions: Sequence[Convention]) -> None:
        self.found: dict[tuple[str, str], list[Neighbour]] = defaultdict(list)
        shared = {**in_common(conventions), **during(conventions)}
        with connection.cursor() as cursor:
            cursor.execute(AROUND, {**shared, "counted": [str(status) for status in COUNTED]})
            for row in cursor:
                neighbour = Neighbour(*row)
                self.found[neighbour.kind, neighbour.key].append(neighbour)

    def of(self, convention: Convention, kind: str, key: object) -> list[Neighbour]:
        """Return the other agreements that share one student, person or host, in order."""
        others = (one for one in self.found[kind, str(key)] if one.pk != convention.pk)
        return sorted(others, key=lambda one: (one.start, one.pk))

    def periods(self, convention: Convention, kind: str, key: object) -> tuple[calendar.Period, ...]:
        return tuple((one.start, one.end) for one in self.of(convention, kind, key))


def in_common(conventions: Sequence[Convention]) -> dict[str, list[Any]]:
    """Return the students, people and hosts of some agreements: what others are found by."""
    hosts = [host_of(one.organisation) for one in conventions if one.organisation]
    return {
        STUDENT: [one.student_id for one in conventions],
        TUTOR: [one.tutor.email.lower() for one in conventions if one.tutor],
        REFERENT: [one.teacher.user_id for one in conventions if one.teacher],
        ENTITY: [key for kind, key in hosts if kind == ENTITY],
        ESTABLISHMENT: [key for kind, key in hosts if kind == ESTABLISHMENT],
    }


def during(conventions: Sequence[Convention]) -> dict[str, date | None]:
    """Return the days between which others count: those of the agreements, and the weeks that hold them."""
    dates = [(calendar.plausible(one.start), calendar.plausible(one.end)) for one in conventions]
    dated = [(start, end) for start, end in dates if start and end]
    if not dated:
        return {"first": None, "last": None, "waited": None}
    # A host's quota counts by whole weeks (R124-10): six days more on each side.
    week = 6 * calendar.ONE_DAY
    first = min(start for start, _end in dated)
    return {
        "first": first - week,
        "waited": first - WAITING,
        "last": max(end for _start, end in dated) + week,
    }


def siren_of(siret: str | None) -> str:
    """Return the number of the legal entity, or nothing for a host without SIRET."""
    return (siret or "")[:SIREN_DIGITS]


def host_of(organisation: Organisation) -> tuple[str, object]:
    """Return what a host is counted by: its legal entity (R124-10), itself when it has no SIRET."""
    siren = siren_of(organisation.siret)
    return (ENTITY, siren) if siren else (ESTABLISHMENT, organisation.pk)
