"""Students and enrolments as the university's records know them, brought in from its file.

Nothing is ever deleted and an empty cell empties the field, so importing the same file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.hashers import make_password
from django.db.models import Model
from django.utils.translation import gettext as _

from accounts.folding import fold
from accounts.models import Institution, Student, User
from organisations.models import Enrolment
from organisations.records.importing import (
    Batch,
    Context,
    Importer,
    Written,
    owners_of,
    refuse_damaged,
    set_values,
)
from organisations.records.results import Deed, Outcome
from organisations.records.student_file import (
    STUDENT_COLUMNS,
    USER_COLUMNS,
    StudentFile,
    StudentRecord,
)
from organisations.records.tables import BadLine, Line, LineError, Source


class StudentImporter(Importer[StudentRecord]):
    """Imports the students of an institution."""

    def __init__(self, source: Source, context: Context) -> None:
        assert context.institution is not None
        self.institution = context.institution
        self.file = StudentFile(source, self.institution)

    def read(self, line: Line) -> StudentRecord:
        return self.file.record(line)

    def batch(self, records: Sequence[StudentRecord], *, locked: bool) -> Batch:
        return StudentBatch(records, self.institution)

    def line_of(self, record: StudentRecord) -> int:
        return record.line


class StudentBatch(Batch):
    """A few lines compared with the database: what they would do, then ``save``."""

    def __init__(self, records: Sequence[StudentRecord], institution: Institution) -> None:
        super().__init__()
        self.institution = institution
        self.new_users: list[User] = []
        self.new_students: list[Student] = []
        self.changed_users: list[Written] = []
        self.changed_students: list[Written] = []
        self.new_enrolments: list[Enrolment] = []
        known = Student.objects.filter(
            institution=institution, number__in={record.number for record in records}
        )
        self.students = {student.number: student for student in known.select_related("user")}
        self.owners = owners_of({record.user["email"] for record in records})
        found = [*self.students.values(), *filter(None, map(self.of_owner, self.owners.values()))]
        self.enrolments = set(
            Enrolment.objects.filter(student__in=found).values_list("student", "programme", "academic_year")
        )
        for record in records:
            try:
                self.results.append(self.judge(record))
            except LineError as error:
                self.results.append(BadLine(record.line, str(error)))

    @staticmethod
    def of_owner(user: User) -> Student | None:
        return user.student if hasattr(user, "student") else None

    def judge(self, record: StudentRecord) -> Outcome:
        who = f"{record.number} {record.user['first_name']} {record.user['last_name']}"
        outcome = Outcome(record.line, who, notices=list(record.notices), repeats=not record.is_first)
        student = self.students.get(record.number) or self.without_its_zeros(record, outcome)
        if student is None:
            student = self.enter(record)
            outcome.deed = Deed.CREATED
        elif self.owners.get(record.user["email"], student.user) != student.user:
            raise self.taken(record)
        else:
            self.update(student, record, outcome)
        if record.enrolment and (student.pk, *record.enrolment) not in self.enrolments:
            programme, year = record.enrolment
            self.new_enrolments.append(Enrolment(student=student, programme_id=programme, academic_year=year))
            outcome.enrols = True
        return outcome

    def without_its_zeros(self, record: StudentRecord, outcome: Outcome) -> Student | None:
        """Return the student of this address whose number a spreadsheet shortened, by its first zeros."""
        owner = self.owners.get(record.user["email"])
        student = self.of_owner(owner) if owner else None
        if (
            student is None
            or student.institution_id != self.institution.pk
            or student.number.lstrip("0") != record.number
        ):
            return None
        outcome.notices.append(
            _("student_number : « %(before)s » est lu « %(after)s ».")
            % {"before": record.number, "after": student.number}
        )
        return student

    def enter(self, record: StudentRecord) -> Student:
        """Prepare a student the database does not know; their account may exist, for a teacher who studies."""
        refuse_damaged(record.user, ("first_name", "last_name"))
        user: User | None = self.owners.get(record.user["email"])
        if user is None:
            user = User(**record.user, institution=self.institution, password=make_password(None))
            self.new_users.append(user)
        elif (
            hasattr(user, "student")
            or user.institution_id not in (None, self.institution.pk)
            or fold(str(user)) != fold(f"{record.user['first_name']} {record.user['last_name']}")
        ):
            raise self.taken(record)
        student = Student(user=user, institution=self.institution, number=record.number, **record.student)
        self.find(student)
        self.new_students.append(student)
        self.students[record.number] = student
        return student

    @staticmethod
    def find(student: Student) -> bool:
        """Refresh what finds a student, and tell whether it is another key than before."""
        before, student.user.search_key = student.user.search_key, student.found_by()
        return student.user.search_key != before

    def taken(self, record: StudentRecord) -> LineError:
        return LineError(
            _("l’adresse %(email)s est celle de %(owner)s.")
            % {"email": record.user["email"], "owner": self.owners[record.user["email"]]}
        )

    def update(self, student: Student, record: StudentRecord, outcome: Outcome) -> None:
        of_user = set_values(student.user, record.user, outcome)
        of_student = set_values(student, record.student, outcome)
        is_new = student._state.adding  # an earlier line of this batch
        is_found_otherwise = self.find(student)
        if (of_user.before or is_found_otherwise) and not is_new:
            self.changed_users.append(Written(student.user, of_user.before))
        if of_student.before and not is_new:
            self.changed_students.append(Written(student, of_student.before))
        if outcome.changes:
            outcome.deed = Deed.CHANGED

    def save(self) -> None:
        User.objects.bulk_create(self.new_users)
        Student.objects.bulk_create(self.new_students)
        rewrite(User, self.changed_users, [*USER_COLUMNS, "search_key"])
        rewrite(Student, self.changed_students, STUDENT_COLUMNS)
        Enrolment.objects.bulk_create(self.new_enrolments)
        new: list[Model] = [*self.new_users, *self.new_students, *self.new_enrolments]
        self.written = [
            *(Written(row, None) for row in new),
            *self.changed_users,
            *self.changed_students,
        ]


def rewrite(model: type[Model], changed: Sequence[Written], columns: Sequence[str]) -> None:
    """Update these columns of many rows; several times faster than ``bulk_update`` and its CASE per column."""
    rows = list({written.row.pk: written.row for written in changed}.values())
    model._default_manager.bulk_create(
        rows, update_conflicts=True, unique_fields=["pk"], update_fields=columns
    )
