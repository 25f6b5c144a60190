"""What an institution or a centre asks beyond the law."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import StricterRules
from conventions import calendar
from conventions.law import facts
from conventions.models import Convention


def year_of(convention: Convention) -> calendar.Period | None:
    if convention.enrolment is None:
        return None
    institution = convention.institution
    return calendar.academic_year(
        convention.enrolment.academic_year, institution.year_end_month, institution.year_end_day
    )


def stricter_of(convention: Convention) -> facts.Stricter:
    """Return the strictest of the institution's rules and the centre's."""
    sources: list[StricterRules] = [convention.institution]
    if convention.centre:
        sources.append(convention.centre)
    year = year_of(convention)
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
