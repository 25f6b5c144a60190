"""How risky destinations are, brought in from a file: what a source said of each, on its day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.folding import fold
from organisations.models import Destination, RiskLevel
from organisations.records.cells import BirthDates, Cells, Unreadable, country_code
from organisations.records.importing import Context
from organisations.records.spreadsheets import SpoiledError
from organisations.records.structure import RowImporter, RowRecord, choice
from organisations.records.tables import LineError, Source

Value = TypeVar("Value")
CENTURY = 2000
# How people write the colours, beside our own words.
COLOURS = {
    "vert": RiskLevel.GREEN,
    "verte": RiskLevel.GREEN,
    "jaune": RiskLevel.YELLOW,
    "orange": RiskLevel.ORANGE,
    "rouge": RiskLevel.RED,
}


class DestinationImporter(RowImporter[Destination]):
    model = Destination
    required = ("country", "level", "source", "checked_on")

    def __init__(self, source: Source, context: Context) -> None:
        super().__init__(source, context)
        self.dates = BirthDates(source.column("checked_on"))

    def describe(self, found: Cells) -> RowRecord:
        country = certain(found, "country", country_code)
        values: dict[str, Any] = {
            "country": country,
            "region": found.text("region"),
            "level": certain(found, "level", level),
            "source": found.text("source"),
            "checked_on": certain(found, "checked_on", partial(day_read, dates=self.dates)),
        }
        found.optional("source_url", address, values)
        who = str(Destination(country=country, region=values["region"]))
        return RowRecord(found.line.number, (country, fold(values["region"])), who, values, found.notices)

    def known(self, records: Sequence[RowRecord]) -> dict[tuple[Any, ...], Destination]:
        rows = Destination.objects.filter(institution=self.institution)
        return {(row.country.code, fold(row.region)): row for row in rows}

    def new(self, record: RowRecord) -> Destination:
        return Destination(institution=self.institution, **record.values)


def certain(found: Cells, column: str, read: Callable[[str], Value]) -> Value:
    """Return what a required cell says. Raises LineError: of a destination, nothing is guessed."""
    try:
        return read(found.text(column))
    except (Unreadable, SpoiledError) as error:
        raise LineError(f"{column} : {error}") from error


def level(text: str) -> str:
    """Return a level, by its colour or its words. Raises Unreadable."""
    return COLOURS.get(fold(text)) or choice(RiskLevel, text)


def day_read(text: str, dates: BirthDates) -> date:
    """Return the day a source was read: of this century, and past. Raises Unreadable."""
    try:
        found = dates.read_any(text.strip())
    except ValueError:
        found = None
    if found is not None and found.year < CENTURY:  # in two figures, as a year of birth is
        found = found.replace(year=found.year + 100)
    if found is None or found > timezone.localdate():
        raise Unreadable(_("« %(text)s » n’est pas une date passée certaine.") % {"text": text})
    return found


def address(text: str) -> str:
    """Return the address of a page. Raises Unreadable."""
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError:
        raise Unreadable(_("« %(text)s » n’est pas l’adresse d’une page.") % {"text": text}) from None
    return text
