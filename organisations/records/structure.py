"""Centres, UFRs, programmes, teachers, managers and enrolments of an institution, brought in from its files.

Nothing is ever deleted; an empty cell leaves what is known, so that a short file may complete a long one.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db.models import Model, TextChoices
from django.utils.translation import gettext as _

from accounts.folding import fold
from accounts.models import Institution, Student, User
from organisations.models import Centre, Enrolment, Manager, Programme, Teacher, Ufr
from organisations.records import cells
from organisations.records.cells import Cells, Unreadable
from organisations.records.importing import (
    Batch,
    Context,
    Importer,
    Written,
    owners_of,
    refuse_damaged,
    set_values,
)
from organisations.records.programmes import Programmes
from organisations.records.results import Deed, Outcome
from organisations.records.spreadsheets import SpoiledError, undone
from organisations.records.tables import BadLine, Line, LineError, Source

Row = TypeVar("Row", bound=Model)
LONGEST_HOURS = 32_767


@dataclass
class RowRecord:
    """What one line says of one row: what identifies it, and the attributes that the file has."""

    line: int
    key: tuple[Any, ...]
    who: str
    values: dict[str, Any]
    notices: list[str] = field(default_factory=list)
    user: dict[str, str] = field(default_factory=dict)  # of who the row is about, if it is somebody


class RowImporter(Importer[RowRecord], Generic[Row]):
    """Imports rows of one table that one line describes each; its rows are few enough to be known beforehand."""

    model: type[Row]
    required: ClassVar[tuple[str, ...]]
    names: ClassVar[Mapping[str, str]] = {}  # attribute → column of the file, where they differ

    def __init__(self, source: Source, context: Context) -> None:
        assert context.institution is not None
        self.institution: Institution = context.institution
        self.seen: dict[tuple[Any, ...], int] = {}

    def read(self, line: Line) -> RowRecord:
        found = Cells(line)
        found.required(self.required)
        record = self.describe(found)
        earlier = self.seen.setdefault(record.key, line.number)
        if earlier != line.number:
            raise LineError(_("répète la ligne %(line)s.") % {"line": earlier})
        for attribute in [name for name, value in record.values.items() if value in ("", None)]:
            del record.values[attribute]
        return record

    def batch(self, records: Sequence[RowRecord], *, locked: bool) -> Batch:
        return RowBatch(records, self)

    def line_of(self, record: RowRecord) -> int:
        return record.line

    @abstractmethod
    def describe(self, found: Cells) -> RowRecord:
        """Return what a line says. Raises LineError."""

    @abstractmethod
    def known(self, records: Sequence[RowRecord]) -> dict[tuple[Any, ...], Row]:
        """Return the rows that are there already, by what identifies them."""

    def new(self, record: RowRecord) -> Row:
        """Return a row that is not there yet."""
        return self.model(**record.values)

    def people(self, records: Sequence[RowRecord]) -> People | None:
        """Return the accounts of whom the rows are about, if they are about people."""
        return None


class RowBatch(Batch):
    """A few lines compared with the database: what they would do, then ``save``."""

    def __init__(self, records: Sequence[RowRecord], importer: RowImporter[Any]) -> None:
        super().__init__()
        self.importer = importer
        self.new: list[Model] = []
        self.changed: list[Written] = []
        self.people = importer.people(records)
        known = importer.known(records)
        for record in records:
            try:
                self.results.append(self.judge(record, known.get(record.key)))
            except LineError as error:
                self.results.append(BadLine(record.line, str(error)))

    def judge(self, record: RowRecord, row: Model | None) -> Outcome:
        outcome = Outcome(record.line, record.who, notices=list(record.notices))
        if self.people:
            record.values["user"] = self.people.account(record, outcome)
        if row is None:
            refuse_damaged(record.values, record.values)
            row = self.importer.new(record)
            self.check(row)
            outcome.deed = Deed.CREATED
            self.new.append(row)
            return outcome
        values = {name: value for name, value in record.values.items() if name != "user"}
        found = set_values(row, values, outcome, self.importer.names)
        if found.before:
            self.check(row)
            self.changed.append(Written(row, found.before))
        if outcome.changes:
            outcome.deed = Deed.CHANGED
        return outcome

    def check(self, row: Model) -> None:
        """Raise LineError when the model refuses a row."""
        unsaved = [
            column.name
            for column in row._meta.concrete_fields
            if column.is_relation and getattr(row, column.attname) is None
        ]
        try:
            row.clean_fields(exclude=unsaved)
            row.clean()
        except ValidationError as error:
            names = self.importer.names
            said = [
                f"{names.get(name, name)} : {' '.join(texts)}" for name, texts in error.message_dict.items()
            ]
            raise LineError(" ".join(said)) from error

    def save(self) -> None:
        if self.people:
            self.people.save()
            self.written += self.people.written
        for row in self.new:
            row.save()
            self.written.append(Written(row, None))
        for written in self.changed:
            written.row.save(update_fields=[*written.before] if written.before else None)
        self.written += self.changed


class People:
    """The accounts of a few lines, found by their address or prepared."""

    def __init__(self, records: Sequence[RowRecord], institution: Institution) -> None:
        self.institution = institution
        self.accounts = owners_of({record.user["email"] for record in records})
        self.new: list[User] = []
        self.changed: list[Written] = []
        self.written: list[Written] = []

    def account(self, record: RowRecord, outcome: Outcome) -> User:
        """Return the account of a person; their names follow the file, damaged ones excepted. Raises LineError."""
        address = record.user["email"]
        user = self.accounts.get(address)
        if user is None:
            refuse_damaged(record.user, ("first_name", "last_name"))
            user = User(**record.user, institution=self.institution, password=make_password(None))
            self.accounts[address] = user
            self.new.append(user)
        elif user.institution_id not in (None, self.institution.pk):
            raise LineError(
                _("l’adresse %(email)s est celle de %(owner)s.") % {"email": address, "owner": user}
            )
        elif user.institution_id and user.pk:
            names = {name: record.user[name] for name in ("first_name", "last_name")}
            found = set_values(user, names, outcome)
            if found.before:
                self.changed.append(Written(user, found.before))
        return user

    def save(self) -> None:
        for user in self.new:
            user.save()
        for written in self.changed:
            written.row.save(update_fields=["first_name", "last_name", "search_key"])
        self.written = [*(Written(user, None) for user in self.new), *self.changed]


class PersonImporter(RowImporter[Row]):
    """Imports rows about people: a teacher, a manager."""

    def person(self, found: Cells) -> dict[str, str]:
        try:
            address = cells.email(found.text("email"))
        except Unreadable as error:
            raise LineError(_("email : %(why)s") % {"why": error}) from error
        return {
            "email": address,
            "first_name": found.text("first_name"),
            "last_name": found.text("last_name"),
        }

    def people(self, records: Sequence[RowRecord]) -> People:
        return People(records, self.institution)


class Centres:
    """The centres of an institution, by name."""

    def __init__(self, institution: Institution) -> None:
        self.by_name = {fold(centre.name): centre for centre in institution.centres.all()}

    def find(self, name: str) -> Centre:
        """Return a centre. Raises Unreadable."""
        if centre := self.by_name.get(fold(name)):
            return centre
        raise Unreadable(_("le centre « %(name)s » n’existe pas.") % {"name": name})


def ufr_of(ufrs: Mapping[str, Ufr], code: str) -> Ufr:
    """Return the UFR of a code. Raises LineError."""
    try:
        found = ufrs.get(code) or ufrs[undone(code)[0]]
    except (KeyError, SpoiledError):
        raise LineError(_("ufr_code : l’UFR « %(code)s » n’existe pas.") % {"code": code}) from None
    return found


def whole_number(text: str) -> int:
    """Return a number of hours. Raises Unreadable."""
    number, _changed = undone(text.removesuffix("h").strip())
    if number.isascii() and number.isdigit() and int(number[:9]) <= LONGEST_HOURS and len(number) < 9:
        return int(number)
    raise Unreadable(_("« %(text)s » n’est pas un nombre.") % {"text": text})


def choice(choices: type[TextChoices], text: str) -> str:
    """Return the value of a list that a text names, by its code or its words. Raises Unreadable."""
    named = {fold(name): member.value for member in choices for name in (member.value, str(member.label))}
    if found := named.get(fold(text)):
        return str(found)
    raise Unreadable(_("« %(text)s » n’est pas une valeur de la liste.") % {"text": text})


class CentreImporter(RowImporter[Centre]):
    model = Centre
    required = ("name", "mailbox", "signatory_name", "signatory_title")

    def describe(self, found: Cells) -> RowRecord:
        try:
            mailbox = cells.email(found.text("mailbox"))
        except Unreadable as error:
            raise LineError(_("mailbox : %(why)s") % {"why": error}) from error
        name = found.text("name")
        values: dict[str, Any] = {column: found.text(column) for column in self.required} | {
            "mailbox": mailbox
        }
        found.optional("phone", partial(cells.phone, of_country="FR"), values)
        found.optional("address", str, values)
        found.optional("notified", partial(choice, Centre.Notified), values)
        return RowRecord(found.line.number, (fold(name),), name, values, found.notices)

    def known(self, records: Sequence[RowRecord]) -> dict[tuple[Any, ...], Centre]:
        return {(name,): centre for name, centre in Centres(self.institution).by_name.items()}

    def new(self, record: RowRecord) -> Centre:
        return Centre(institution=self.institution, **record.values)


class UfrImporter(RowImporter[Ufr]):
    model = Ufr
    required = ("code", "name")

    def __init__(self, source: Source, context: Context) -> None:
        super().__init__(source, context)
        self.centres = Centres(self.institution)

    def describe(self, found: Cells) -> RowRecord:
        code = found.identifier("code")
        values: dict[str, Any] = {"code": code, "name": found.text("name")}
        found.optional("centre", self.centres.find, values)
        return RowRecord(found.line.number, (code,), f"{code} {values['name']}", values, found.notices)

    def known(self, records: Sequence[RowRecord]) -> dict[tuple[Any, ...], Ufr]:
        return {(ufr.code,): ufr for ufr in self.institution.ufrs.select_related("centre")}

    def new(self, record: RowRecord) -> Ufr:
        return Ufr(institution=self.institution, **record.values)


class ProgrammeImporter(RowImporter[Programme]):
    model = Programme
    required = ("code", "label", "ufr_code")
    names = {"ufr": "ufr_code", "gratification_regime": "regime"}

    def __init__(self, source: Source, context: Context) -> None:
        super().__init__(source, context)
        self.centres = Centres(self.institution)
        self.ufrs = {ufr.code: ufr for ufr in self.institution.ufrs.all()}

    def describe(self, found: Cells) -> RowRecord:
        code, version = found.identifier("code"), found.text("version")
        values: dict[str, Any] = {
            "label": found.text("label"),
            "ufr": ufr_of(self.ufrs, found.text("ufr_code")),
        }
        found.optional("level", partial(choice, Programme.Level), values)
        found.optional("centre", self.centres.find, values)
        found.optional("teaching_hours", whole_number, values)
        found.optional("presence_hours", whole_number, values)
        found.optional("regime", partial(choice, Programme.GratificationRegime), values)
        if "regime" in values:
            values["gratification_regime"] = values.pop("regime")
        values |= {"code": code, "version": version} if version else {"code": code}
        who = " ".join(filter(None, [code, version, values["label"]]))
        return RowRecord(found.line.number, (code, version), who, values, found.notices)

    def known(self, records: Sequence[RowRecord]) -> dict[tuple[Any, ...], Programme]:
        """Return the programmes; a code without its version is the only one that has this code."""
        rows = list(self.institution.programmes.select_related("ufr", "centre"))
        found: dict[tuple[Any, ...], Programme] = {}
        for row in rows:
            alone = sum(other.code == row.code for other in rows) == 1
            found |= {(row.code, ""): row} if alone else {}
            found[row.code, row.version] = row
        return found

    def new(self, record: RowRecord) -> Programme:
        return Programme(institution=self.institution, **record.values)


class TeacherImporter(PersonImporter[Teacher]):
    model = Teacher
    required = ("email", "first_name", "last_name", "ufr_code")

    def __init__(self, source: Source, context: Context) -> None:
        super().__init__(source, context)
        self.ufrs = {ufr.code: ufr for ufr in self.institution.ufrs.all()}

    def describe(self, found: Cells) -> RowRecord:
        user, ufr = self.person(found), ufr_of(self.ufrs, found.text("ufr_code"))
        values: dict[str, Any] = {"ufr": ufr}
        found.optional("position", str, values)
        found.optional("phone", partial(cells.phone, of_country="FR"), values)
        found.optional("office", str, values)
        who = f"{user['first_name']} {user['last_name']}"
        return RowRecord(found.line.number, (user["email"], ufr.pk), who, values, found.notices, user)

    def known(self, records: Sequence[RowRecord]) -> dict[tuple[Any, ...], Teacher]:
        rows = Teacher.objects.filter(ufr__institution=self.institution).select_related("user", "ufr")
        return {(row.user.email.lower(), row.ufr_id): row for row in rows}


class ManagerImporter(PersonImporter[Manager]):
    model = Manager
    required = ("email", "first_name", "last_name", "centre")

    def __init__(self, source: Source, context: Context) -> None:
        super().__init__(source, context)
        self.centres = Centres(self.institution)

    def describe(self, found: Cells) -> RowRecord:
        user = self.person(found)
        try:
            centre = self.centres.find(found.text("centre"))
        except Unreadable as error:
            raise LineError(_("centre : %(why)s") % {"why": error}) from error
        who = f"{user['first_name']} {user['last_name']} – {centre}"
        key = (user["email"], centre.pk)
        return RowRecord(found.line.number, key, who, {"centre": centre}, found.notices, user)

    def known(self, records: Sequence[RowRecord]) -> dict[tuple[Any, ...], Manager]:
        rows = Manager.objects.filter(centre__institution=self.institution).select_related("user", "centre")
        return {(row.user.email.lower(), row.centre_id): row for row in rows}


class EnrolmentImporter(RowImporter[Enrolment]):
    """Imports enrolments of students who are there already."""

    model = Enrolment
    required = ("student_number", "academic_year", "programme_code")

    def __init__(self, source: Source, context: Context) -> None:
        super().__init__(source, context)
        self.programmes = Programmes(self.institution)

    def describe(self, found: Cells) -> RowRecord:
        number = found.identifier("student_number")
        try:
            year = cells.first_year(found.text("academic_year"))
        except (Unreadable, SpoiledError) as error:
            raise LineError(_("academic_year : %(why)s") % {"why": error}) from error
        programme = self.programmes.find(found.text("programme_code"), found.text("programme_version"))
        values = {"programme_id": programme, "academic_year": year}
        who = f"{number} {found.text('programme_code')} {year}"
        return RowRecord(found.line.number, (number, programme, year), who, values, found.notices)

    def batch(self, records: Sequence[RowRecord], *, locked: bool) -> Batch:
        return EnrolmentBatch(records, self)

    def known(self, records: Sequence[RowRecord]) -> dict[tuple[Any, ...], Enrolment]:
        rows = Enrolment.objects.filter(
            student__institution=self.institution, student__number__in={record.key[0] for record in records}
        )
        return {
            (row.student.number, row.programme_id, row.academic_year): row
            for row in rows.select_related("student")
        }


class EnrolmentBatch(Batch):
    """Enrolments are many: their students are looked up together, and they are written together."""

    def __init__(self, records: Sequence[RowRecord], importer: EnrolmentImporter) -> None:
        super().__init__()
        known = importer.known(records)
        students = Student.objects.filter(
            institution=importer.institution, number__in={record.key[0] for record in records}
        )
        by_number = {student.number: student for student in students}
        self.new: list[Enrolment] = []
        for record in records:
            number = record.key[0]
            outcome = Outcome(record.line, record.who, notices=list(record.notices))
            if number not in by_number:
                reason = _("l’étudiant %(number)s n’est pas dans pstage.") % {"number": number}
                self.results.append(BadLine(record.line, reason))
                continue
            if record.key not in known:
                outcome.deed = Deed.CREATED
                self.new.append(Enrolment(student=by_number[number], **record.values))
            self.results.append(outcome)

    def save(self) -> None:
        Enrolment.objects.bulk_create(self.new)
        self.written = [Written(row, None) for row in self.new]
