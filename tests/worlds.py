"""A small university with one person per role, and an agreement in any state."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from conventions import workflow
from conventions.circuit import turns
from conventions.models import (
    Avenant,
    AvenantKind,
    AvenantStatus,
    Convention,
    HourlyCeiling,
    Remark,
    Status,
    Turn,
)
from conventions.models.status import IN_FORCE
from conventions.workflow import avenants
from conventions.writing import changes
from organisations.models import Enrolment, Party
from tests.factories import (
    AdminFactory,
    CentreFactory,
    ConventionFactory,
    DestinationFactory,
    EnrolmentFactory,
    ManagerFactory,
    ProgrammeFactory,
    SecurityOfficerFactory,
    StudentFactory,
    TeacherFactory,
    UfrFactory,
    next_stage,
)

# From a Friday to a Tuesday: more hours than the eight weeks of ``next_stage``, and still not the 308 that ask for leave.
A_LITTLE = timedelta(days=4)
ROLES = (
    "student",
    "other_student",
    "manager",
    "other_manager",
    "teacher",
    "other_teacher",
    "admin",
    "security",
)


@contextmanager
def undone() -> Iterator[None]:
    """Try something in a world, and leave that world as it was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def next_signatures(convention: Convention, count: int = 1) -> dict[str, date]:
    """Return the next parties that sign, today."""
    waiting = turns.turns_of(convention, Turn.Purpose.SIGNATURE)
    today = timezone.localdate()
    return {turn.party: today for turn in [turn for turn in waiting if turn.done_at is None][:count]}


def stand(agreement: Convention | Avenant, state: Status | AvenantStatus, **columns) -> None:
    """Store a draft in a state without its workflow: all that the database asks of it is there."""
    rows = type(agreement)._base_manager.filter(pk=agreement.pk)
    rows.update(status=Status.SUBMITTED, **columns)
    if state not in (*IN_FORCE, AvenantStatus.EFFECTIVE):
        rows.update(status=state)
        return
    is_avenant = isinstance(agreement, Avenant)
    convention = agreement.convention if is_avenant else agreement
    turns_of_it = convention.turns.filter(avenant=agreement if is_avenant else None)
    if not turns_of_it.exists():
        signed = {} if state in {Status.VALIDATED, Status.TERMINATED} else {"signed_on": timezone.localdate()}
        if signed:
            signed |= {"done_at": timezone.now(), "done_by": convention.created_by or AdminFactory()}
            signed |= {"method": Turn.Method.PAPER}
        convention.turns.create(
            avenant=agreement if is_avenant else None,
            purpose=Turn.Purpose.SIGNATURE,
            rank=1,
            party=Party.STUDENT,
            **signed,
        )
    rows.update(status=Status.VALIDATED, validated_at=columns.get("validated_at") or timezone.now())
    if state != Status.VALIDATED:
        rows.update(status=state)


class World:
    """``people`` by role; ``convention_in(state)`` brings an agreement of the student there by the workflow."""

    def __init__(self, **habits):
        this_year = timezone.localdate().year
        for year in (this_year - 1, this_year, this_year + 1):
            HourlyCeiling.objects.get_or_create(year=year, defaults={"amount": 30})
        self.centre = CentreFactory(**habits)
        DestinationFactory(institution=self.centre.institution)
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
            "security": SecurityOfficerFactory(institution=self.centre.institution).user,
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

    def enrolled(self, day: date | None = None) -> Enrolment:
        """Return the student's enrolment in the academic year of a day, or of the next stage."""
        was = self.enrolment
        year = was.programme.institution.academic_year(day or next_stage()[0])
        enrolment, _is_new = Enrolment.objects.get_or_create(
            student=self.student, programme=was.programme, academic_year=year
        )
        return enrolment

    def convention_in(self, state: Status, **fields) -> Convention:
        convention = self.draft(**{"enrolment": self.enrolled(fields.get("start")), **fields})
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
                    act("terminate", comment="L’organisme ferme.", ended_on=convention.end)
                if state in {Status.SIGNING, Status.SIGNED}:
                    self.sign(convention, 1 if state == Status.SIGNING else 5)
            case Status.REFUSED:
                act("refuse", comment="Ce sont les tâches d’un poste permanent.")
            case Status.CANCELLED:
                act("cancel", by=student, comment="Un autre stage.")
        convention.refresh_from_db()
        assert convention.status == state
        return convention

    def sign(self, convention: Convention, count: int = 1, by: User | None = None) -> None:
        """Record the next signatures, of today, by its manager unless ``by`` another."""
        by = by or self.people["manager"]
        workflow.act(convention.pk, "sign", by=by, dates=next_signatures(convention, count))

    def remark(self, convention: Convention, field: str = "subject") -> Remark:
        return Remark.objects.create(
            convention=convention, field=field, text="Dites ce que vous ferez.", author=self.people["manager"]
        )

    def avenant(
        self, convention: Convention, *kinds: AvenantKind, change=None, by: User | None = None, **written
    ) -> Avenant:
        """Begin an avenant of a signed agreement; ``change`` writes on the agreement what it becomes."""
        kinds = kinds or (AvenantKind.SUBJECT,)
        written = {"reason": "Convenu avec l’organisme.", **written}
        avenant = avenants.begin(convention.pk, by=by or self.people["student"], kinds=kinds, **written)
        after = changes.proposed(avenant)
        if change is None:
            after.subject = "Étude de levures"
        else:
            change(after)
        changes.record(after)
        return avenant

    def avenant_in(
        self, state: AvenantStatus, convention: Convention | None = None, *kinds, **options
    ) -> Avenant:
        """Bring an avenant to a state by the workflow; one that is signed waits for its day."""
        if state == AvenantStatus.SIGNED:
            options = {"effective_on": timezone.localdate() + timedelta(days=7), **options}
        avenant = self.avenant(convention or self.convention_in(Status.SIGNED), *kinds, **options)
        self.move(avenant, state)
        avenant.refresh_from_db()
        return avenant

    def move(self, avenant: Avenant, state: AvenantStatus) -> None:
        manager = self.people["manager"]

        def act(name, by=manager, **typed):
            avenants.act(avenant.pk, name, by=by, **typed)

        if state == AvenantStatus.DRAFT:
            return
        act("submit", by=self.people["student"])
        match state:
            case AvenantStatus.SUBMITTED:
                return
            case AvenantStatus.RETURNED:
                remark = self.remark_on(avenant)
                act("return")
                remark.resolved_at, remark.resolved_by = timezone.now(), self.people["student"]
                remark.save()
                return
            case AvenantStatus.REFUSED:
                act("refuse", comment="Non prévu.")
                return
            case AvenantStatus.CANCELLED:
                act("cancel", by=self.people["student"], comment="Abandonné.")
                return
        act("validate", comment="Vu avec l’organisme.")
        count = {AvenantStatus.VALIDATED: 0, AvenantStatus.SIGNING: 2}.get(state, 5)
        if count:
            dates = next_signatures(changes.proposed(Avenant.objects.get(pk=avenant.pk)), count)
            act("sign", dates=dates)

    def remark_on(self, avenant: Avenant) -> Remark:
        return Remark.objects.create(
            convention_id=avenant.convention_id,
            avenant=avenant,
            field="subject",
            text="Dites laquelle.",
            author=self.people["manager"],
        )
