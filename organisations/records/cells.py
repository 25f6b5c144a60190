"""What one cell says, in the types of the models: read when it is certain, dropped with a notice when it is optional."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum.fr import siren

from accounts.folding import fold
from accounts.models import Student
from organisations.fields import clean_phone, compact, is_no_value
from organisations.models.host import FRENCH_COUNTRIES, validate_siret
from organisations.records.countries import country
from organisations.records.encodings import is_damaged
from organisations.records.spreadsheets import SpoiledError, identifier, undone
from organisations.records.tables import Line, LineError

YEARS = range(2000, 2101)
FIRST_BIRTH = date(1900, 1, 1)
YOUNGEST = 10  # years; « 17/05/20 » is no student of 2026
SERIALS = range(3_000, 60_000)  # days since the last of 1899, as spreadsheets count: until 2064
SPREADSHEETS_BEGIN = date(1899, 12, 30)
PARIS = ZoneInfo("Europe/Paris")
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv jan january",
            "fevrier fevr fev feb february",
            "mars mar march",
            "avril avr apr april",
            "mai may",
            "juin jun june",
            "juillet juil jul july",
            "aout aou aug august",
            "septembre sept sep september",
            "octobre oct october",
            "novembre nov november",
            "decembre dec december",
        ),
        start=1,
    )
    for name in names.split()
}
TIME = r"(?:[T ](\d\d?)[:h](\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?"
ISO = re.compile(rf"(\d{{4}})[-/.](\d\d?)[-/.](\d\d?){TIME}")
NUMERIC = re.compile(rf"(\d\d?)\s*[-/. ]\s*(\d\d?)\s*[-/. ]\s*(\d{{4}}|\d\d){TIME}")
SPOKEN = re.compile(r"(?:\w+ )?(\d\d?)(?:er)?[ -]([^\W\d_]+)\.?[ -](\d{4}|\d\d)")
YEAR_PAIR = re.compile(r"(\d{4}|\d\d)\s*[-/–—_ ]\s*(\d{4}|\d\d)")
SEVERAL_PHONES = re.compile(r"\s*(?:[/;,|\n]|\bou\b|\bor\b|\bet\b| - )\s*", re.IGNORECASE)
FRENCH_PHONE = re.compile(r"(?<![\d+])(?:\+33[ .]?|0033[ .]?|0)[1-9](?:[ .-]?\d{2}){4}(?!\d)")
FEWEST_DIGITS = 6  # of a telephone number
COMMUNES = Path(__file__).parent.parent / "data" / "communes"


@dataclass
class Cells:
    """The cells of one line, read one by one; ``notices`` says what was mended and what was dropped."""

    line: Line
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notices.extend(self.line.notices)

    def text(self, column: str) -> str:
        return self.line.cells.get(column, "")

    def required(self, columns: Iterable[str]) -> None:
        """Raise LineError when one of these columns is empty, or when what it says was damaged on the way."""
        for column in columns:
            if not self.text(column):
                raise LineError(_("%(column)s est vide.") % {"column": column})

    def drop(self, column: str, why: str) -> None:
        """Leave out an optional value, and say so."""
        self.line.cells.pop(column, None)
        self.notices.append(_("%(column)s : %(why)s Laissé de côté.") % {"column": column, "why": why})

    def mended(self, column: str, before: str, after: str) -> None:
        self.notices.append(
            _("%(column)s : « %(before)s » est lu « %(after)s ».")
            % {"column": column, "before": before, "after": after}
        )

    def identifier(self, column: str) -> str:
        """Return a number that identifies, as it was before a spreadsheet. Raises LineError."""
        text = self.text(column)
        try:
            number, changed = identifier(text)
        except SpoiledError as error:
            raise LineError(_("%(column)s : %(why)s") % {"column": column, "why": error}) from error
        if changed:
            self.mended(column, text, number)
        return number

    def optional(
        self, column: str, read: Callable[[str], Any], values: dict[str, Any], empty: Any = ""
    ) -> None:
        """Put what a cell says among the values, when the file has its column; drop what cannot be read."""
        if column not in self.line.cells:
            return
        text = self.text(column)
        if not text:
            values[column] = empty
            return
        if is_no_value(text):
            self.drop(column, _("« %(text)s » n’est pas une valeur.") % {"text": text})
            return
        if is_damaged(text):
            self.drop(
                column, _("« %(text)s » a perdu des lettres, le fichier est mal encodé.") % {"text": text}
            )
            return
        try:
            values[column] = read(text)
        except (Unreadable, SpoiledError) as error:
            self.drop(column, str(error))


class Unreadable(ValueError):
    """A cell says nothing that is certain; the text says what it holds."""


def email(text: str) -> str:
    """Return an address in lower case, which is how two of them are compared. Raises Unreadable."""
    address = text.removeprefix("mailto:").strip("<> ").lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Unreadable(
            _("« %(address)s » n’est pas une adresse électronique.") % {"address": text}
        ) from None
    return address


SEXES = {
    **dict.fromkeys(
        ("f", "2", "femme", "feminin", "fille", "female", "mme", "mlle", "madame"), Student.Sex.FEMALE
    ),
    **dict.fromkeys(("m", "h", "1", "homme", "masculin", "garcon", "male", "monsieur"), Student.Sex.MALE),
    **dict.fromkeys(("0", "9", "x", "i", "n", "nb", "non precise", "indetermine", "inconnu", "autre"), ""),
}


def sex(text: str) -> str:
    """Return the sex of the civil registry by its letter, nothing where it is not said. Raises Unreadable."""
    code = SEXES.get(fold(text).strip(" ."))
    if code is None:
        raise Unreadable(_("« %(text)s » n’est ni F ni M.") % {"text": text})
    return str(code)


def country_code(text: str) -> str:
    """Return a country by its two letters. Raises Unreadable."""
    if found := country(text):
        return found
    raise Unreadable(_("« %(text)s » n’est pas un pays.") % {"text": text})


def phone(text: str, of_country: str) -> str:
    """Return the first telephone number of a cell that may hold several. Raises Unreadable."""
    number, _changed = undone(text) if re.search(r"E\+?\d", text, re.IGNORECASE) else (text, False)
    for part in phones_in(number):
        try:
            return clean_phone(part, of_country)
        except ValidationError:
            continue
    raise Unreadable(_("« %(text)s » n’est pas un numéro de téléphone.") % {"text": text})


def phones_in(text: str) -> list[str]:
    """Return what may be the telephone numbers of a cell, in their order, then the whole of it."""
    written = FRENCH_PHONE.findall(text)
    parts = written if len(written) > 1 else SEVERAL_PHONES.split(text)
    return list(dict.fromkeys([*parts, text]))


def has_several_phones(text: str) -> bool:
    numbers = [part for part in phones_in(text)[:-1] if len(re.findall(r"\d", part)) >= FEWEST_DIGITS]
    return len(numbers) > 1


def first_year(text: str) -> int:
    """Return the first year of an academic year: 2026, 2026-2027, 2026/27, 26/27. Raises Unreadable."""
    number, _changed = undone(text)
    unreadable = Unreadable(_("« %(year)s » n’est pas une année universitaire.") % {"year": text})
    pair = YEAR_PAIR.fullmatch(number)
    if pair:
        first = int(pair[1]) + (2000 if len(pair[1]) == 2 else 0)
        second = int(pair[2]) + (first // 100 * 100 if len(pair[2]) == 2 else 0)
        if second != first + 1:
            raise unreadable
    elif len(number) == 4 and number.isascii() and number.isdecimal():
        first = int(number)
    else:
        raise unreadable
    if first not in YEARS:
        raise unreadable
    return first


class BirthDates:
    """Reads the dates of birth of one file, in which all have their day and their month in one order."""

    def __init__(self, cells: Iterable[str]) -> None:
        written = [found for cell in cells if (found := NUMERIC.fullmatch(cell.strip()))]
        day_first = any(int(found[1]) > 12 for found in written)
        month_first = any(int(found[2]) > 12 for found in written)
        self.month_first = month_first and not day_first
        self.certain = not (month_first and day_first)

    def read(self, text: str) -> date:
        """Return a date of birth. Raises Unreadable."""
        try:
            born = self.read_any(text.strip())
        except ValueError:
            born = None
        if born is None or not FIRST_BIRTH < born < timezone.localdate():
            raise Unreadable(_("« %(text)s » n’est pas une date de naissance certaine.") % {"text": text})
        return born

    def read_any(self, text: str) -> date | None:
        """Return a date, None when it is written like none. Raises ValueError, for the 30th of February."""
        if found := ISO.fullmatch(text):
            return in_paris(date(int(found[1]), int(found[2]), int(found[3])), *found.groups()[3:])
        if found := NUMERIC.fullmatch(text):
            first, second, year = int(found[1]), int(found[2]), century(found[3])
            if first <= 12 and second <= 12 and first != second and not self.certain:
                return None
            is_month_first = second > 12 or (first <= 12 and self.month_first)
            day, month = (second, first) if is_month_first else (first, second)
            return in_paris(date(year, month, day), *found.groups()[3:])
        if found := SPOKEN.fullmatch(fold(text)):
            month = MONTHS.get(found[2], 0)
            return date(century(found[3]), month, int(found[1])) if month else None
        return of_digits(text)


def century(year: str) -> int:
    """Return a year of birth written in two figures or four: the last such year in which somebody studies today."""
    if len(year) == 4:
        return int(year)
    this_year = timezone.localdate().year
    latest = this_year // 100 * 100 + int(year)
    return latest if latest <= this_year - YOUNGEST else latest - 100


def in_paris(day: date, hour: str | None, minute: str | None, second: str | None, offset: str | None) -> date:
    """Return the day of a moment: « 2004-05-16T22:00:00Z » is midnight of the 17th in Paris."""
    if not offset:
        return day
    moment = f"{day:%Y-%m-%d}T{int(hour or 0):02}:{minute}:{second or '00'}{offset}"
    return datetime.fromisoformat(moment).astimezone(PARIS).date()


def of_digits(text: str) -> date | None:
    """Return a date written as 20040517 or 17052004, or as the number of days that a spreadsheet counts."""
    number = re.sub(r"[.,]\d+$", "", text)
    if not (number.isascii() and number.isdigit()):
        return None
    if len(number) == 8:
        year_first = int(number[:4]) in range(1900, 2101)
        year, month, day = (
            (number[:4], number[4:6], number[6:]) if year_first else (number[4:], number[2:4], number[:2])
        )
        return date(int(year), int(month), int(day))
    if len(number) < 8 and int(number) in SERIALS:
        return SPREADSHEETS_BEGIN + timedelta(days=int(number))
    return None


def siret(text: str) -> tuple[str, bool]:
    """Return a SIRET, and whether a spreadsheet had changed it. Raises SpoiledError."""
    number, changed = identifier(text)
    digits = compact(number)
    if len(digits) in (12, 13) and digits.isdecimal():
        whole = digits.zfill(14)
        try:
            validate_siret(whole)
            validate_siren(whole[:9])
        except ValidationError:
            return number, changed
        return whole, True
    return number, changed


def validate_siren(number: str) -> None:
    """Raise ValidationError unless these nine digits pass Luhn's sum too."""
    if not siren.is_valid(number):
        raise ValidationError("siren")


def postal_code(text: str, of_country: str, city: str) -> tuple[str, bool]:
    """Return a postal code, and whether a spreadsheet had changed it: its zero is put back where the commune says so.

    Raises SpoiledError, and Unreadable for a French one of four digits that may be anything.
    """
    if of_country not in FRENCH_COUNTRIES:
        return text, False
    number, changed = undone(text)
    digits = compact(number)
    if not (len(digits) == 4 and digits.isascii() and digits.isdecimal()):
        return (digits, True) if changed else (text, False)
    if is_of(city, f"0{digits}"):
        return f"0{digits}", True
    raise Unreadable(_("« %(text)s » n’est pas un code postal français.") % {"text": text})


def is_of(city: str, code: str) -> bool:
    """Whether a commune has this postal code."""
    wanted = commune(re.sub(r"\bcedex\b.*", "", fold(city)).strip())
    return bool(wanted) and wanted in communes_of(code[0]).get(code, ())


def commune(name: str) -> str:
    """Return the name of a commune as La Poste's list has it, folded: « saint » is « st »."""
    words = {"saint": "st", "sainte": "ste"}
    kept = [words.get(word, word) for word in fold(name).split()]
    return " ".join(kept)


@cache
def communes_of(first_digit: str) -> dict[str, frozenset[str]]:
    """Return the communes of each postal code that begins with a digit."""
    with (COMMUNES / f"{first_digit}.csv").open() as file:
        return {
            row["postal_code"]: frozenset(map(fold, row["names"].split("|"))) for row in csv.DictReader(file)
        }
