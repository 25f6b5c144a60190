"""Students and enrolments as the university's records know them, brought in from its file.

Nothing is ever deleted and an empty cell empties the field, so importing the same file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import DataError, IntegrityError, transaction
from django.db.models import Model
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.folding import fold
from accounts.models import Institution, Student, User
from organisations.models import Enrolment
from organisations.records.csv_file import BadLine, LineError
from organisations.records.student_file import STUDENT_COLUMNS, USER_COLUMNS, Record, StudentFile

BATCH = 1_000  # lines judged and written in one transaction

Changes = dict[str, tuple[Any, Any]]  # column of the file: before, after


@dataclass
class Outcome:
    """What one good line does."""

    record: Record
    is_new: bool = False  # the student
    changes: Changes = field(default_factory=dict)
    enrols: bool = False


def import_students(
    path: Path, institution: Institution, *, dry_run: bool = False
) -> Iterator[Outcome | BadLine]:
    """Import the file and yield what each line did, or would do with ``dry_run``; a bad line stops no other.

    Lines are committed by batches. Raises UnreadableFileError before anything is written.
    """
    lines = iter(StudentFile(path, institution))
    while batch := list(islice(lines, BATCH)):
        yield from (line for line in batch if isinstance(line, BadLine))
        records = [line for line in batch if isinstance(line, Record)]
        yield from Batch(records, institution).results if dry_run else write(records, institution)


def write(records: list[Record], institution: Institution) -> list[Outcome | BadLine]:
    """Import these lines in one transaction; if the database refuses, in halves, down to the line at fault."""
    try:
        with transaction.atomic():
            batch = Batch(records, institution)
            batch.save()
    except (IntegrityError, DataError) as error:
        if len(records) == 1:
            return [BadLine(records[0].line, " ".join(str(error).split()))]
        middle = len(records) // 2
        return write(records[:middle], institution) + write(records[middle:], institution)
    return batch.results


class Batch:
    """A few lines compared with the database: what they would do, then ``save``."""

    def __init__(self, records: list[Record], institution: Institution) -> None:
        self.institution = institution
        self.results: list[Outcome | BadLine] = []
        self.new_users: list[User] = []
        self.new_students: list[Student] = []
        self.changed_users: list[User] = []
        self.changed_students: list[Student] = []
        self.new_enrolments: list[Enrolment] = []
        known = Student.objects.filter(
            institution=institution, number__in={record.number for record in records}
        )
        self.students = {student.number: student for student in known.select_related("user")}
        self.enrolments = set(
            Enrolment.objects.filter(student__in=self.students.values()).values_list(
                "student__number", "programme", "academic_year"
            )
        )
        addresses = {record.user["email"] for record in records}
        owners = User.objects.alias(address=Lower("email")).filter(address__in=addresses)
        self.owners = {user.email.lower(): user for user in owners.select_related("student")}
        for record in records:
            try:
                self.results.append(self.judge(record))
            except LineError as error:
                self.results.append(BadLine(record.line, str(error)))

    def judge(self, record: Record) -> Outcome:
        outcome = Outcome(record)
        student = self.students.get(record.number)
        if student is None:
            outcome.is_new = True
            student = self.enter(record)
        elif self.owners.get(record.user["email"], student.user) != student.user:
            raise self.taken(record)
        if not outcome.is_new:
            outcome.changes = self.update(student, record)
        if record.enrolment and (record.number, *record.enrolment) not in self.enrolments:
            programme, year = record.enrolment
            self.new_enrolments.append(Enrolment(student=student, programme_id=programme, academic_year=year))
            outcome.enrols = True
        return outcome

    def enter(self, record: Record) -> Student:
        """Prepare a student the database does not know; their account may exist, for a teacher who studies."""
        user: User | None = self.owners.get(record.user["email"])
        if user is None:
            user = User(**record.user, institution=self.institution, password=make_password(None))
            user.search_key = User.make_search_key(user.last_name, user.first_name)
            self.new_users.append(user)
        elif (
            hasattr(user, "student")
            or user.institution_id not in (None, self.institution.pk)
            or fold(str(user)) != fold(f"{record.user['first_name']} {record.user['last_name']}")
        ):
            raise self.taken(record)
        student = Student(user=user, institution=self.institution, number=record.number, **record.student)
        self.new_students.append(student)
        self.students[record.number] = student
        return student

    def taken(self, record: Record) -> LineError:
        return LineError(
            _("l’adresse %(email)s est celle de %(owner)s.")
            % {"email": record.user["email"], "owner": self.owners[record.user["email"]]}
        )

    def update(self, student: Student, record: Record) -> Changes:
        changes = differences(student.user, record.user)
        if changes:
            student.user.search_key = User.make_search_key(student.user.last_name, student.user.first_name)
            self.changed_users.append(student.user)
        own = differences(student, record.student)
        if own:
            self.changed_students.append(student)
        return changes | own

    def save(self) -> None:
        User.objects.bulk_create(self.new_users)
        Student.objects.bulk_create(self.new_students)
        rewrite(User, self.changed_users, [*USER_COLUMNS, "search_key"])
        rewrite(Student, self.changed_students, STUDENT_COLUMNS)
        Enrolment.objects.bulk_create(self.new_enrolments)


def rewrite(model: type[Model], rows: Sequence[Model], columns: Sequence[str]) -> None:
    """Update these columns of many rows; several times faster than ``bulk_update`` and its CASE per column."""
    model._default_manager.bulk_create(
        rows, update_conflicts=True, unique_fields=["pk"], update_fields=columns
    )


def differences(row: User | Student, values: dict[str, Any]) -> Changes:
    """Set these values on ``row`` and return those that were not already there."""
    changes: Changes = {}
    for column, after in values.items():
        before = getattr(row, column)
        if (before.lower() if column == "email" else before) != after:
            changes[column] = before, after
            setattr(row, column, after)
    return changes
