"""What an institution or a centre asks beyond the law."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from operator import itemgetter

from accounts.models import StricterRules
from conventions import calendar
from conventions.law import facts
from conventions.models import Convention
from organisations.models import Programme


def year_of(convention: Convention) -> calendar.Period | None:
    if convention.enrolment is None:
        return None
    institution = convention.institution
    return calendar.academic_year(
        convention.enrolment.academic_year, institution.year_end_month, institution.year_end_day
    )


def stricter_of(convention: Convention) -> facts.Stricter:
    """Return the strictest of the institution's rules and the centre's, and of the last days of a programme too."""
    sources: list[StricterRules] = [convention.institution]
    if convention.centre:
        sources.append(convention.centre)
    last_end, by = last_end_of(convention, sources)
    return facts.Stricter(
        last_end=last_end,
        last_end_by=by,
        referent_ceiling=least(source.referent_ceiling for source in sources),
        gratification_threshold=least(source.gratification_threshold for source in sources),
        requires_insurance=any(source.requires_insurance for source in sources),
    )


def last_end_of(convention: Convention, rules: list[StricterRules]) -> tuple[date | None, str]:
    """Return the first of the days on which the stage ends at the latest, and whose rule it is."""
    year = year_of(convention)
    if year is None or convention.enrolment is None:
        return None, ""
    programme = convention.enrolment.programme
    days = [
        (calendar.day_within(year, source.last_end_month, source.last_end_day), str(source))
        for source in rules
        if source.last_end_month and source.last_end_day
    ]
    last = last_day_of(programme, year)
    if last and last <= year[1]:
        days.append((last, str(programme)))
    return min(days, default=(None, ""), key=itemgetter(0))


def last_day_of(programme: Programme, year: calendar.Period) -> date | None:
    """Return the last day of the stages of a programme for an academic year, when it has one of its own.

    A day of the first four months of the year is that of the next one: 30 November, for a master that ends in autumn.
    """
    if not programme.last_end_month or not programme.last_end_day:
        return None
    day = calendar.day_within(year, programme.last_end_month, programme.last_end_day)
    return calendar.add_months(day, 12) if day < calendar.add_months(year[0], 4) else day


def least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)
