"""A small university with one person per role, and an agreement in any state."""

from django.utils import timezone

from accounts.models import User
from conventions import workflow
from conventions.models import Convention, HourlyCeiling, Remark, Status
from tests.factories import (
    AdminFactory,
    CentreFactory,
    ConventionFactory,
    EnrolmentFactory,
    ManagerFactory,
    ProgrammeFactory,
    StudentFactory,
    TeacherFactory,
    UfrFactory,
)

ROLES = ("student", "other_student", "manager", "other_manager", "teacher", "other_teacher", "admin")


class World:
    """``people`` by role; ``convention_in(state)`` brings an agreement of the student there by the workflow."""

    def __init__(self, **habits):
        this_year = timezone.localdate().year
        for year in (this_year - 1, this_year, this_year + 1):
            HourlyCeiling.objects.get_or_create(year=year, defaults={"amount": 30})
        self.centre = CentreFactory(**habits)
        self.ufr = UfrFactory(centre=self.centre)
        self.student = StudentFactory()
        self.enrolment = EnrolmentFactory(student=self.student, programme=ProgrammeFactory(ufr=self.ufr))
        self.teacher = TeacherFactory(ufr=self.ufr)
        self.people: dict[str, User] = {
            "student": self.student.user,
            "other_student": StudentFactory().user,
            "manager": ManagerFactory(centre=self.centre).user,
            "other_manager": ManagerFactory(centre=CentreFactory()).user,
            "teacher": self.teacher.user,
            "other_teacher": TeacherFactory(ufr=self.ufr).user,
            "admin": AdminFactory(),
        }

    def draft(self, **fields) -> Convention:
        return ConventionFactory(
            **{
                "complete": True,
                "student": self.student,
                "enrolment": self.enrolment,
                "teacher": self.teacher,
                **fields,
            }
        )

    def convention_in(self, state: Status, **fields) -> Convention:
        convention = self.draft(**fields)
        student, manager = self.people["student"], self.people["manager"]

        def act(name, by=manager, **typed):
            workflow.act(convention.pk, name, by=by, **typed)

        if state == Status.DRAFT:
            return convention
        act("submit", by=student)
        match state:
            case Status.RETURNED:
                remark = self.remark(convention)
                act("return")
                remark.resolved_at, remark.resolved_by = timezone.now(), student
                remark.save()
            case Status.VALIDATED | Status.SIGNING | Status.SIGNED | Status.TERMINATED:
                act("validate")
                if state == Status.TERMINATED:
                    act("terminate", comment="L’organisme ferme.")
                for _ in range({Status.SIGNING: 1, Status.SIGNED: 5}.get(state, 0)):
                    act("sign", signed_on=timezone.localdate())
            case Status.REFUSED:
                act("refuse", comment="Ce sont les tâches d’un poste permanent.")
            case Status.CANCELLED:
                act("cancel", by=student, comment="Un autre stage.")
        convention.refresh_from_db()
        assert convention.status == state
        return convention

    def remark(self, convention: Convention, field: str = "subject") -> Remark:
        return Remark.objects.create(
            convention=convention, field=field, text="Dites ce que vous ferez.", author=self.people["manager"]
        )
