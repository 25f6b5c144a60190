"""Reading the university's file of students: one line per enrolment, judged line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.folding import fold
from accounts.models import Institution, Student, User
from organisations.records import cells
from organisations.records.cells import BirthDates, Cells, Unreadable
from organisations.records.programmes import Enrolled, Programmes
from organisations.records.spreadsheets import SpoiledError
from organisations.records.tables import Line, LineError, Source

COLUMNS = {
    "student_number": gettext_lazy("numéro étudiant (obligatoire)"),
    "email": gettext_lazy("adresse électronique universitaire (obligatoire)"),
    "first_name": gettext_lazy("prénom (obligatoire)"),
    "last_name": gettext_lazy("nom (obligatoire)"),
    "birth_date": gettext_lazy("date de naissance : 2004-05-17 ou 17/05/2004"),
    "birth_name": gettext_lazy("nom de naissance"),
    "usage_name": gettext_lazy("nom d’usage"),
    "civil_first_name": gettext_lazy("prénom d’état civil, s’il n’est pas le prénom utilisé"),
    "sex": gettext_lazy("sexe à l’état civil : F ou M, vide s’il n’est pas précisé"),
    "phone": gettext_lazy("téléphone"),
    "personal_email": gettext_lazy("adresse électronique personnelle"),
    "street": gettext_lazy("numéro et voie"),
    "address_extra": gettext_lazy("bâtiment, résidence"),
    "postal_code": gettext_lazy("code postal"),
    "city": gettext_lazy("commune"),
    "country": gettext_lazy("pays, par son code ISO ou INSEE ou par son nom ; FR si la cellule est vide"),
    "academic_year": gettext_lazy("année universitaire : 2026 ou 2026/2027"),
    "programme_code": gettext_lazy("code de l’étape, qui doit exister dans pstage"),
    "programme_version": gettext_lazy("version de l’étape ; facultative si le code suffit"),
}
REQUIRED = ("student_number", "email", "first_name", "last_name")
USER_COLUMNS = ("email", "first_name", "last_name")
STUDENT_COLUMNS = (
    *Student.OTHER_NAMES,
    "sex",
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
    "student_number" if column.name == "number" else column.name: column.max_length
    for column in (*User._meta.concrete_fields, *Student._meta.concrete_fields)
    if column.name in {"number", *USER_COLUMNS, *STUDENT_COLUMNS} - {"birth_date", "country", "sex"}
}


@dataclass(frozen=True)
class StudentRecord:
    """One good line, in the types of the models. A column the file lacks is missing from the dictionaries."""

    line: int
    number: str
    user: dict[str, str]
    student: dict[str, Any]
    enrolment: Enrolled | None
    is_first: bool  # of this student in the file
    notices: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """What earlier lines said of a student: the first one, a hash of each value, the line of each enrolment."""

    line: int
    values: dict[str, int]
    enrolments: dict[Enrolled | None, int] = field(default_factory=dict)


class StudentFile:
    """Reads the lines of a file of one institution."""

    def __init__(self, source: Source, institution: Institution) -> None:
        self.programmes = Programmes(institution)
        self.birth_dates = BirthDates(source.column("birth_date"))
        self.seen: dict[str, Seen] = {}
        self.addresses: dict[str, str] = {}  # whose each is

    def record(self, line: Line) -> StudentRecord:
        """Return what a line says. Raises LineError for what identifies; anything else is dropped, and said."""
        read = Cells(line)
        if not read.text("last_name"):  # Apogée leaves the name in use empty where it is the one of birth
            line.cells["last_name"] = read.text("usage_name") or read.text("birth_name")
        read.required(REQUIRED)
        number = read.identifier("student_number")
        user = {column: read.text(column) for column in USER_COLUMNS}
        for column, text in {"student_number": number, **user}.items():
            if why := too_long(column, text):
                raise LineError(why)
        try:
            user["email"] = cells.email(user["email"])
        except Unreadable as error:
            raise LineError(_("email : %(why)s") % {"why": error}) from error
        student = self.student(read)
        if "usage_name" not in student and student.get("birth_name"):
            # The name in use is one of usage where it is not the one of birth.
            is_other = fold(student["birth_name"]) != fold(user["last_name"])
            student["usage_name"] = user["last_name"] if is_other else ""
        enrolment = self.enrolment(read)
        is_first = self.check_against_earlier_lines(line.number, number, user | student, enrolment)
        return StudentRecord(line.number, number, user, student, enrolment, is_first, read.notices)

    def student(self, read: Cells) -> dict[str, Any]:
        """Return the columns of the student that the file has, in the types of the model."""
        values: dict[str, Any] = {}
        for column in (*Student.OTHER_NAMES, "street", "address_extra", "city"):
            read.optional(column, str, values)
        read.optional("sex", cells.sex, values)
        read.optional("birth_date", self.birth_dates.read, values, empty=None)
        read.optional("personal_email", cells.email, values)
        read.optional("country", cells.country_code, values, empty="FR")
        country = values.get("country", "FR")
        read.optional("phone", partial(cells.phone, of_country=country), values)
        if values.get("phone") and cells.has_several_phones(read.text("phone")):
            read.mended("phone", read.text("phone"), values["phone"])
        read.optional("postal_code", partial(self.postal_code, read, country), values)
        for column in [name for name, value in values.items() if too_long(name, value)]:
            read.drop(column, too_long(column, values.pop(column)))
        return {column: values[column] for column in STUDENT_COLUMNS if column in values}

    def postal_code(self, read: Cells, country: str, text: str) -> str:
        code, changed = cells.postal_code(text, country, read.text("city"))
        if changed:
            read.mended("postal_code", text, code)
        return code

    def enrolment(self, read: Cells) -> Enrolled | None:
        """Return the enrolment that a line adds; without it, the student still arrives."""
        year, code, version = map(read.text, ("academic_year", "programme_code", "programme_version"))
        if not (year or code or version):
            return None
        try:
            if not (year and code):
                raise LineError(_("academic_year et programme_code vont ensemble."))
            return self.programmes.find(code, version), cells.first_year(year)
        except LineError as error:
            read.notices.append(_("Inscription laissée de côté : %(why)s") % {"why": error})
        except (Unreadable, SpoiledError) as error:
            why = _("academic_year : %(why)s") % {"why": error}
            read.notices.append(_("Inscription laissée de côté : %(why)s") % {"why": why})
        return None

    def check_against_earlier_lines(
        self, line: int, number: str, values: dict[str, Any], enrolment: Enrolled | None
    ) -> bool:
        """Raise LineError when an earlier line says otherwise or the same; return whether the student is new here."""
        owner = self.addresses.setdefault(values["email"], number)
        if owner != number:
            raise LineError(
                _("l’adresse %(email)s est déjà celle de l’étudiant %(number)s, ligne %(line)s.")
                % {"email": values["email"], "number": owner, "line": self.seen[owner].line}
            )
        hashed = {column: hash(value) for column, value in values.items()}
        seen = self.seen.setdefault(number, Seen(line, hashed))
        if any(seen.values.setdefault(column, value) != value for column, value in hashed.items()):
            raise LineError(
                _("l’étudiant %(number)s est décrit autrement à la ligne %(line)s.")
                % {"number": number, "line": seen.line}
            )
        if (same := seen.enrolments.setdefault(enrolment, line)) != line:
            raise LineError(_("répète la ligne %(line)s.") % {"line": same})
        return seen.line == line


def too_long(column: str, text: object) -> str:
    """Return what to say of a text that its column cannot hold."""
    longest = LENGTHS.get(column)
    if longest and isinstance(text, str) and len(text) > longest:
        return _("%(column)s dépasse %(longest)s caractères.") % {"column": column, "longest": longest}
    return ""
