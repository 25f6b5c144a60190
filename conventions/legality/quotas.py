"""How many trainees a host has, and how many the law lets it have at once (R124-10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from conventions import calendar
from conventions.law import supervision
from conventions.legality.neighbours import COUNTED
from conventions.models import Status
from organisations.models import Organisation
from organisations.models.host import FRENCH_COUNTRIES

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
