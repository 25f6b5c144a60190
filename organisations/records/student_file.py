"""Reading the university's file of students: a CSV with one line per enrolment, judged line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from accounts.models import Institution, Student, User
from organisations.fields import clean_phone
from organisations.records.csv_file import BadLine, LineError, UnreadableFileError, lines

COLUMNS = {
    "student_number": gettext_lazy("numéro étudiant (obligatoire)"),
    "email": gettext_lazy("adresse électronique universitaire (obligatoire)"),
    "first_name": gettext_lazy("prénom (obligatoire)"),
    "last_name": gettext_lazy("nom (obligatoire)"),
    "birth_date": gettext_lazy("date de naissance : 2004-05-17 ou 17/05/2004"),
    "phone": gettext_lazy("téléphone"),
    "personal_email": gettext_lazy("adresse électronique personnelle"),
    "street": gettext_lazy("numéro et voie"),
    "address_extra": gettext_lazy("bâtiment, résidence"),
    "postal_code": gettext_lazy("code postal"),
    "city": gettext_lazy("commune"),
    "country": gettext_lazy("pays, par son code ISO 3166-1 : FR, DE… ; FR si la cellule est vide"),
    "academic_year": gettext_lazy("année universitaire : 2026 ou 2026/2027"),
    "programme_code": gettext_lazy("code de l’étape, qui doit exister dans pstage"),
    "programme_version": gettext_lazy("version de l’étape ; facultative si le code suffit"),
}
REQUIRED = ("student_number", "email", "first_name", "last_name")
USER_COLUMNS = ("email", "first_name", "last_name")
STUDENT_COLUMNS = (
    "birth_date",
    "phone",
    "personal_email",
    "street",
    "address_extra",
    "postal_code",
    "city",
    "country",
)
LENGTHS = {
    "student_number" if field.name == "number" else field.name: field.max_length
    for field in (*User._meta.concrete_fields, *Student._meta.concrete_fields)
    if field.name in {"number", *USER_COLUMNS, *STUDENT_COLUMNS} - {"birth_date", "country"}
}
YEARS = range(2000, 2101)

Enrolled = tuple[int, int]  # programme, first calendar year


@dataclass(frozen=True)
class Record:
    """One good line, in the types of the models. A column the file lacks is missing from the dictionaries."""

    line: int
    number: str
    user: dict[str, str]
    student: dict[str, Any]
    enrolment: Enrolled | None
    is_first: bool  # of this student in the file


class StudentFile:
    """Iterates over the lines of a file of one institution. Raises UnreadableFileError at the header."""

    def __init__(self, path: Path, institution: Institution) -> None:
        self.path = path
        self.programmes: dict[str, dict[str, int]] = {}
        for code, version, pk in institution.programmes.values_list("code", "version", "pk"):
            self.programmes.setdefault(code, {})[version] = pk
        # What earlier lines said. By student: the line, a hash of the person, the line of each enrolment.
        self.seen: dict[str, tuple[int, int, dict[Enrolled | None, int]]] = {}
        self.addresses: dict[str, str] = {}  # whose each is

    def __iter__(self) -> Iterator[Record | BadLine]:
        try:
            with self.path.open("rb") as file:
                for line in lines(file, COLUMNS, REQUIRED):
                    if isinstance(line, BadLine):
                        yield line
                        continue
                    try:
                        yield self.record(line.number, line.cells)
                    except LineError as error:
                        yield BadLine(line.number, str(error))
        except OSError as error:
            raise UnreadableFileError(error.strerror or str(error)) from error

    def record(self, line: int, row: dict[str, str]) -> Record:
        for column in REQUIRED:
            if not row[column]:
                raise LineError(_("%(column)s est vide.") % {"column": column})
        for column, longest in LENGTHS.items():
            if longest and len(row.get(column, "")) > longest:
                raise LineError(
                    _("%(column)s dépasse %(longest)s caractères.") % {"column": column, "longest": longest}
                )
        number = row["student_number"]
        user = {column: row[column] for column in USER_COLUMNS} | {"email": email(row, "email")}
        student = student_values(row)
        enrolment = self.enrolment(row)
        is_first = self.check_against_earlier_lines(line, number, user, student, enrolment)
        return Record(line, number, user, student, enrolment, is_first)

    def enrolment(self, row: dict[str, str]) -> Enrolled | None:
        year, code, version = (
            row.get(column, "") for column in ("academic_year", "programme_code", "programme_version")
        )
        if not (year or code or version):
            return None
        if not (year and code):
            raise LineError(_("academic_year et programme_code vont ensemble."))
        return self.programme(code, version, first_year(year))

    def programme(self, code: str, version: str, year: int) -> Enrolled:
        """Return the programme of a code in a year; its version may be left out when it has only one."""
        versions = self.programmes.get(code, {})
        if version in versions:
            return versions[version], year
        if len(versions) == 1 and not version:
            return next(iter(versions.values())), year
        raise LineError(
            _("l’étape %(code)s a plusieurs versions : précisez programme_version.") % {"code": code}
            if versions and not version
            else _("l’étape %(code)s %(version)s n’existe pas.") % {"code": code, "version": version}
        )

    def check_against_earlier_lines(
        self,
        line: int,
        number: str,
        user: dict[str, str],
        student: dict[str, Any],
        enrolment: Enrolled | None,
    ) -> bool:
        """Raise LineError when an earlier line says otherwise or the same; return whether the student is new here."""
        owner = self.addresses.setdefault(user["email"], number)
        if owner != number:
            raise LineError(
                _("l’adresse %(email)s est déjà celle de l’étudiant %(number)s, ligne %(line)s.")
                % {"email": user["email"], "number": owner, "line": self.seen[owner][0]}
            )
        person = hash((*user.values(), *student.values()))
        first_line, first_person, enrolments = self.seen.setdefault(number, (line, person, {}))
        if person != first_person:
            raise LineError(
                _("l’étudiant %(number)s est décrit autrement à la ligne %(line)s.")
                % {"number": number, "line": first_line}
            )
        if (same := enrolments.setdefault(enrolment, line)) != line:
            raise LineError(_("répète la ligne %(line)s.") % {"line": same})
        return first_line == line


def email(row: dict[str, str], column: str) -> str:
    """Return an address in lower case, which is how two of them are compared."""
    address = row[column].lower()
    if address:
        try:
            validate_email(address)
        except ValidationError:
            raise LineError(
                _("%(column)s : « %(address)s » n’est pas une adresse électronique.")
                % {"column": column, "address": row[column]}
            ) from None
    return address


def first_year(text: str) -> int:
    """Return the first year of an academic year, written 2026, 2026-2027 or 2026/2027."""
    first, *others = text.replace("-", "/").split("/")
    if not first.isdecimal() or int(first) not in YEARS or others not in ([], [str(int(first) + 1)]):
        raise LineError(_("academic_year : « %(year)s » n’est pas une année universitaire.") % {"year": text})
    return int(first)


def student_values(row: dict[str, str]) -> dict[str, Any]:
    """Return the columns of the student that the file has, in the types of the model."""
    values: dict[str, Any] = {column: row[column] for column in STUDENT_COLUMNS if column in row}
    if "personal_email" in row:
        values["personal_email"] = email(row, "personal_email")
    if "country" in row:
        values["country"] = countries.alpha2(row["country"]) if row["country"] else "FR"
        if not values["country"]:
            raise LineError(_("country : « %(code)s » n’est pas un code de pays.") % {"code": row["country"]})
    if "birth_date" in row:
        values["birth_date"] = birth_date(row["birth_date"])
    if row.get("phone"):
        try:
            values["phone"] = clean_phone(row["phone"], values.get("country", "FR"))
        except ValidationError:
            values["phone"] = row["phone"]  # the student will be asked to correct it
    return values


def birth_date(text: str) -> date | None:
    """Read ``2004-05-17`` or ``17/05/2004``; None for an empty cell."""
    if not text:
        return None
    try:
        born = date.fromisoformat("-".join(reversed(text.split("/"))))
    except ValueError:
        born = None
    if born is None or not date(1900, 1, 1) < born < timezone.localdate():
        raise LineError(_("birth_date : « %(text)s » n’est pas une date de naissance.") % {"text": text})
    return born
