"""What each kind of avenant changes of an agreement."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from conventions.models import AvenantKind, Convention
from conventions.models.schedule import PERIODS
from conventions.workflow import avenants
from conventions.writing import changes
from tests.factories import ContactFactory, ServiceFactory, TeacherFactory
from tests.worlds import A_LITTLE, next_signatures

WEEK = timedelta(days=7)


def reloaded(row):
    return type(row).objects.get(pk=row.pk)


def spelled(row: Convention) -> dict:
    """Return all that an agreement says, for comparison: its columns and its periods."""
    columns = {
        field.attname: getattr(row, field.attname)
        for field in Convention._meta.concrete_fields
        if field.name not in {"updated_at", "search_key", "status"}
    }
    return columns | {name: changes.periods_of(row, name) for name in PERIODS}


def world_signs(world, avenant):
    dates = next_signatures(changes.proposed(reloaded(avenant)), 5)
    avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)


@dataclass(frozen=True)
class Case:
    """One change; where its new value is read: columns of the row, in the frozen context, by the search."""

    kinds: tuple[AvenantKind, ...]
    change: Callable[[Convention], None]
    columns: dict[str, Callable[[Convention], object]]
    shown: str = ""  # in the rows that differ, after
    found: str = ""  # by the search

    def __str__(self):
        return "+".join(self.kinds)


def prolong(row):
    row.end += A_LITTLE


def postpone(row):
    row.end += WEEK
    changes.show_periods(
        row, "interruptions", [(row.start + WEEK, row.start + WEEK + timedelta(days=8), "interruption")]
    )


def begin_later(row):
    row.start += WEEK
    row.end += WEEK


def suspend(row):
    changes.show_periods(
        row, "interruptions", [(row.start + WEEK, row.start + WEEK + timedelta(days=6), "interruption")]
    )


def work_less(row):
    row.weekly_hours, row.working_time = Decimal(28), "part"
    monday = row.start - timedelta(days=row.start.weekday()) + WEEK
    changes.show_periods(
        row, "work_periods", [(monday, monday + timedelta(days=6), *[Decimal("4.5")] * 5, 0, 0)]
    )


def pay_more(row):
    row.amount = Decimal("5.25")


def change_subject(row):
    row.subject = "Étude de levures oenologiques"


def move(row):
    row.service = ServiceFactory(organisation=row.organisation, name="Antenne du port", city="Honfleur")


def other_tutor(row):
    row.tutor = ContactFactory(
        organisation=row.organisation, last_name="Vasseur", email="vasseur@brecourt.example"
    )


def other_signatory(row):
    row.signatory = ContactFactory(
        organisation=row.organisation, last_name="Quentin", email="quentin@brecourt.example"
    )


def other_teacher(row):
    row.teacher = TeacherFactory(ufr=row.teacher.ufr, user__last_name="Bellanger")


def correct_name(row):
    row.corrected_last_name, row.corrected_birth_date = "Kervella", date(2004, 5, 18)


def end_early(row):
    row.end = row.start + 3 * WEEK


CASES = [
    Case(
        (AvenantKind.EXTENSION,),
        prolong,
        {"end": lambda was: was.end + A_LITTLE, "hours_computed": None},
        "h, soit",
    ),
    Case(
        (AvenantKind.POSTPONEMENT,),
        postpone,
        {"end": lambda was: was.end + WEEK, "quota_end": lambda was: was.end, "hours_computed": None},
        "interruption",
    ),
    Case(
        (AvenantKind.POSTPONEMENT,),
        begin_later,
        {
            "start": lambda was: was.start + WEEK,
            "end": lambda was: was.end + WEEK,
            "quota_end": lambda was: None,
        },
    ),
    Case((AvenantKind.SUSPENSION,), suspend, {"hours_computed": None}, "interruption"),
    Case(
        (AvenantKind.HOURS,),
        work_less,
        {"weekly_hours": lambda was: Decimal(28), "hours_computed": None},
        "28 h",
    ),
    Case((AvenantKind.GRATIFICATION,), pay_more, {"amount": lambda was: Decimal("5.25")}, "5,25"),
    Case(
        (AvenantKind.SUBJECT,),
        change_subject,
        {"subject": lambda was: "Étude de levures oenologiques"},
        "levures",
        found="levures",
    ),
    Case((AvenantKind.PLACE,), move, {"service_id": None}, "Honfleur", found="honfleur"),
    Case((AvenantKind.TUTOR,), other_tutor, {"tutor_id": None}, "Vasseur"),
    Case((AvenantKind.SIGNATORY,), other_signatory, {"signatory_id": None}, "Quentin"),
    Case((AvenantKind.TEACHER,), other_teacher, {"teacher_id": None}, "Bellanger"),
    Case(
        (AvenantKind.IDENTITY,),
        correct_name,
        {
            "corrected_last_name": lambda was: "Kervella",
            "corrected_birth_date": lambda was: date(2004, 5, 18),
        },
        "Kervella",
        found="kervella",
    ),
    Case(
        (AvenantKind.TERMINATION,),
        end_early,
        {
            "end": lambda was: was.start + 3 * WEEK,
            "terminated_on": lambda was: was.start + 3 * WEEK,
            "status": lambda was: "terminated",
            "hours_computed": None,
        },
    ),
    Case(
        (AvenantKind.EXTENSION, AvenantKind.GRATIFICATION),
        lambda row: (prolong(row), pay_more(row)),
        {"end": lambda was: was.end + A_LITTLE, "amount": lambda was: Decimal("5.25")},
        "5,25",
    ),
]
