"""What the institution knows of the risk of the places of some agreements, as the law reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from conventions.law import facts
from conventions.models import Convention
from organisations.destinations import Destinations, Known
from organisations.models import Centre, Destination


class OfAbroad(TypedDict):
    """What ``facts.Abroad`` holds of it."""

    advice: facts.Advice | None
    nearby: tuple[facts.Advice, ...]
    officer_from: facts.Zone | None


class Risks:
    """What is known of where these agreements take place; one query, none when all are in France."""

    def __init__(self, conventions: Sequence[Convention]) -> None:
        self.destinations = Destinations(
            (one.institution_id, country_of(one)) for one in conventions if one.is_abroad
        )

    def known(self, convention: Convention) -> Known:
        """Return what is known of the place of one of these agreements."""
        place = convention.service or convention.organisation
        return self.destinations.of(
            convention.institution_id, country_of(convention), place.city if place else ""
        )

    def facts_of(self, convention: Convention) -> OfAbroad:
        """Return the same as facts, and from which level on the centre asks for an authorisation."""
        known, days = self.known(convention), days_of(convention.centre)
        starts_at = convention.centre.security_from if convention.centre else ""
        return {
            "advice": advice(known.here, days) if known.here else None,
            "nearby": tuple(advice(row, days) for row in known.regions),
            "officer_from": facts.Zone(starts_at) if starts_at else None,
        }


def country_of(convention: Convention) -> str:
    place = convention.service or convention.organisation
    return str(place.country) if place else ""


def days_of(centre: Centre | None) -> int:
    """Return how long what is known counts for a centre, in days."""
    return (centre or Centre()).destinations_days


def advice(row: Destination, days: int) -> facts.Advice:
    return facts.Advice(facts.Zone(row.level), row.place, row.source, row.checked_on, is_old=row.is_old(days))
