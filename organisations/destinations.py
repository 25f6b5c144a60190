"""What an institution knows of the risk of a place: its own rows first, then those that pstage came with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from accounts.folding import fold
from organisations.models import Destination

ADVICE = "https://www.diplomatie.gouv.fr/fr/conseils-aux-voyageurs/"


@dataclass(frozen=True)
class Known:
    """What is known of one place: ``here``, of it or of its whole country; the ``regions`` it may be in are others."""

    here: Destination | None
    regions: tuple[Destination, ...] = ()


class Destinations:
    """What is known of the countries of some places, each with the institution that asks; one query, none for none."""

    def __init__(self, asked: Iterable[tuple[int, str]]) -> None:
        self.rows: dict[tuple[int, str], list[Destination]] = {pair: [] for pair in asked}
        if not self.rows:
            return
        countries = {country for _institution, country in self.rows}
        institutions = {institution for institution, _country in self.rows}
        theirs = Q(institution__in=institutions) | Q(institution=None)
        found = list(Destination.objects.filter(theirs, country__in=countries))
        for (institution, country), rows in self.rows.items():
            of_country = [row for row in found if row.country.code == country]
            own = [row for row in of_country if row.institution_id == institution]
            named = {fold(row.region) for row in own}
            shipped = [row for row in of_country if row.institution_id is None]
            rows += [*own, *(row for row in shipped if fold(row.region) not in named)]

    def of(self, institution: int, country: str, city: str) -> Known:
        """Return what is known of a town; a row about the town itself says more than one about its country."""
        rows = self.rows.get((institution, country), [])
        about = [row for row in rows if row.is_about(city)]
        here = min(about, key=lambda row: not row.region, default=None)
        if here is not None and here.region:
            return Known(here)
        return Known(here, tuple(row for row in rows if row.region))
