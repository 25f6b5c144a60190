"""Property: the original and the changes rebuild what is in effect, and back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conventions.models import Amended, Avenant, AvenantKind, AvenantStatus, Interruption, Status
from conventions.workflow import avenants
from conventions.writing import changes
from tests.conventions.avenants.kinds import WEEK, reloaded, spelled
from tests.factories import ContactFactory, ServiceFactory, TeacherFactory
from tests.worlds import World, stand

pytestmark = pytest.mark.django_db


hours = st.sampled_from(["17.5", "21", "28", "35"]).map(Decimal)


texts = st.sampled_from(["Étude de levures", "Étude d’algues", "Étude de spores"])


def alter(kind, data, row):
    """Change something of a kind, drawn at random."""
    ALTERATIONS.get(kind, leave)(data, row)


def leave(data, row):
    """Change nothing: an avenant of a kind that opens no column says something else."""


def alter_end(data, row):
    row.end += timedelta(days=data.draw(st.integers(1, 30)))


def alter_interruptions(data, row):
    first = row.start + timedelta(days=data.draw(st.integers(0, 5)))
    last = first + timedelta(days=data.draw(st.integers(0, 5)))
    kinds = st.sampled_from(Interruption.Kind.values)
    changes.show_periods(row, "interruptions", [(first, last, data.draw(kinds))])


def alter_hours(data, row):
    row.weekly_hours = data.draw(hours)
    row.working_days = data.draw(st.sampled_from([[0, 1, 2, 3, 4], [0, 2, 4]]))
    row.day_starts_at = data.draw(st.none() | st.times().map(lambda one: one.replace(microsecond=0)))
    row.leave_days = data.draw(st.none() | st.decimals(0, 9, places=1))
    if data.draw(st.booleans()):
        times = [data.draw(st.decimals(1, 8, places=2)) for _ in range(7)]
        changes.show_periods(row, "work_periods", [(row.start, row.start + WEEK, *times)])


def alter_amount(data, row):
    row.amount = data.draw(st.decimals("4.50", 20, places=2))


def alter_subject(data, row):
    row.subject = data.draw(texts)


def alter_service(data, row):
    row.service = ServiceFactory(organisation=row.organisation)


def alter_tutor(data, row):
    row.tutor = ContactFactory(organisation=row.organisation)


def alter_signatory(data, row):
    row.signatory = ContactFactory(organisation=row.organisation)


def alter_teacher(data, row):
    row.teacher = TeacherFactory(ufr=row.teacher.ufr)


def break_off(data, row):
    row.end = row.start + timedelta(days=data.draw(st.integers(0, 9)))


ALTERATIONS = {
    AvenantKind.EXTENSION: alter_end,
    AvenantKind.POSTPONEMENT: alter_end,
    AvenantKind.SUSPENSION: alter_interruptions,
    AvenantKind.HOURS: alter_hours,
    AvenantKind.GRATIFICATION: alter_amount,
    AvenantKind.SUBJECT: alter_subject,
    AvenantKind.PLACE: alter_service,
    AvenantKind.TUTOR: alter_tutor,
    AvenantKind.SIGNATORY: alter_signatory,
    AvenantKind.TEACHER: alter_teacher,
    AvenantKind.TERMINATION: break_off,
}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_original_and_the_changes_rebuild_what_is_in_effect(data):
    kinds = st.sampled_from([kind for kind in AvenantKind if kind != AvenantKind.TERMINATION])
    last = st.sampled_from([[], [{AvenantKind.TERMINATION}]])
    with transaction.atomic():
        world = World()
        convention = world.convention_in(Status.SIGNED)
        original = changes.in_force(convention.pk)
        stages = [spelled(original)]
        chosen_in_a_row = st.lists(st.sets(kinds, min_size=1), min_size=1, max_size=4)
        for chosen in data.draw(chosen_in_a_row) + data.draw(last):
            avenant = Avenant.objects.create(
                convention=convention, kinds=sorted(chosen), reason="-", created_by=world.people["manager"]
            )
            after = changes.proposed(avenant)
            for kind in sorted(chosen):
                alter(kind, data, after)
            changes.record(after)
            rank, now = len(stages), timezone.now()
            # The law and the signatures are tested apart: here only what the database and the values say.
            stand(avenant, AvenantStatus.SIGNED, rank=rank, submitted_at=now)
            avenants.take_effect(reloaded(avenant))
            stages.append(spelled(changes.in_force(convention.pk)))

        effective = list(convention.avenants.order_by("rank"))
        rebuilt, undone = (
            Amended.of(row, effective[0]) for row in (original, changes.in_force(convention.pk))
        )
        for rank, avenant in enumerate(effective, start=1):
            changes.put(rebuilt, avenant.changes, "after")
            assert spelled(rebuilt) == stages[rank]
        for rank, avenant in reversed(list(enumerate(effective))):
            changes.put(undone, avenant.changes, "before")
            assert spelled(undone) == stages[rank]
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)
