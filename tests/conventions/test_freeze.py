"""From « validée » on the database itself refuses any change of content, whoever tries."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from conventions import workflow
from conventions.models import Convention, Document, Event, Interruption, Status
from conventions.models.convention import FROZEN
from tests.factories import ManagerFactory
from tests.worlds import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", FROZEN)
def test_content_is_frozen(state):
    convention = World().convention_in(state)
    convention.subject = "Autre chose"
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        convention.save()
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Convention.objects.filter(pk=convention.pk).update(weekly_hours=10)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE conventions_convention SET subject = 'x' WHERE id = %s", [convention.pk])


@pytest.mark.parametrize("state", FROZEN)
def test_nothing_leads_back_to_an_editable_state(state):
    convention = World().convention_in(state)
    for status in set(Status) - set(FROZEN):
        with pytest.raises(IntegrityError, match="cannot go back"), transaction.atomic():
            Convention.objects.filter(pk=convention.pk).update(status=status)


def test_every_column_is_frozen_but_the_status():
    """A column added tomorrow is frozen too: nothing lists them."""
    convention = World().convention_in(Status.VALIDATED)
    mutable = {"id", "status", "updated_at"}
    for field in Convention._meta.concrete_fields:
        if field.attname in mutable:
            continue
        kind = field.db_type(connection)
        value = "'{}'" if kind.endswith("[]") else SAMPLES.get(kind.split("(")[0], "'x'")
        change = (
            f'UPDATE conventions_convention SET "{field.column}" = '
            f'CASE WHEN "{field.column}" IS NULL THEN {value}::{kind} END WHERE id = %s'
        )
        with (
            pytest.raises(IntegrityError, match=r"frozen|never changes"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change, [convention.pk])


# An SQL value for a column that is empty on this agreement, by type.
SAMPLES = {
    "numeric": "1",
    "bigint": "1",
    "smallint": "1",
    "date": "'2030-01-01'",
    "timestamp with time zone": "'2030-01-01'",
    "jsonb": "'{}'",
    "boolean": "'t'",
}


def test_interruptions_are_frozen():
    world = World()
    convention = world.draft()
    day = convention.start + timedelta(days=7)
    interruption = Interruption.objects.create(convention=convention, start=day, end=day)
    workflow.act(convention.pk, "submit", by=world.people["student"])
    workflow.act(convention.pk, "validate", by=world.people["manager"])
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Interruption.objects.create(convention=convention, start=day + timedelta(1), end=day + timedelta(1))
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Interruption.objects.update(end=day + timedelta(days=1))
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        interruption.delete()


def test_a_number_never_changes():
    convention = World().convention_in(Status.SUBMITTED)
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Convention.objects.filter(pk=convention.pk).update(number="2099-000001")


@pytest.mark.parametrize("state", set(Status) - {Status.DRAFT})
def test_what_was_submitted_is_never_deleted(state):
    convention = World().convention_in(state)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM conventions_convention WHERE id = %s", [convention.pk])


def test_the_journal_is_append_only():
    convention = World().convention_in(Status.SUBMITTED)
    with pytest.raises(IntegrityError, match="journal"), transaction.atomic():
        Event.objects.filter(convention=convention).update(comment="réécrit")
    with pytest.raises(IntegrityError, match="journal"), transaction.atomic():
        Event.objects.filter(convention=convention).delete()


def test_a_document_context_is_never_changed():
    convention = World().convention_in(Status.VALIDATED)
    with pytest.raises(IntegrityError, match="made once"), transaction.atomic():
        Document.objects.filter(convention=convention).update(context={})
    with pytest.raises(IntegrityError, match="made once"), transaction.atomic():
        Document.objects.filter(convention=convention).delete()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"status": "inventée"}, "convention_status_known"),
        ({"subject": ""}, "convention_complete_once_submitted"),
        ({"teacher": None}, "convention_complete_once_submitted"),
        ({"end": timezone.localdate() - timedelta(days=400)}, "convention_dates_ordered"),
        ({"weekly_hours": 169}, "convention_weekly_hours"),
        ({"hours_corrected": 12}, "convention_correction_explained"),
    ],
)
def test_the_database_knows_what_is_always_true(changes, constraint):
    convention = World().convention_in(Status.SUBMITTED)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Convention.objects.filter(pk=convention.pk).update(**changes)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "names", [("validate", "refuse"), ("validate", "validate"), ("validate", "withdraw")]
)
def test_two_people_at_the_same_second(names):
    """Real transactions on two connections: one wins, the other is told who did."""
    world = World()
    convention = world.convention_in(Status.SUBMITTED)
    colleague = ManagerFactory(centre=world.centre).user
    people = (world.people["manager"], world.people["student"] if names[1] == "withdraw" else colleague)
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def ask(name, person):
        try:
            barrier.wait()
            workflow.act(convention.pk, name, by=person, comment="Raison")
            outcomes.append("done")
        except workflow.Refused as refusal:
            outcomes.append(str(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask, args=pair) for pair in zip(names, people, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("done") == 1
    (refusal,) = [outcome for outcome in outcomes if outcome != "done"]
    assert "a déjà agi" in refusal
    assert any(str(person) in refusal for person in people)
    decisions = convention.events.filter(before=Status.SUBMITTED)
    assert decisions.count() == 1
    convention.refresh_from_db()
    assert convention.status == decisions.get().after


@pytest.mark.django_db(transaction=True)
def test_numbers_given_at_the_same_second_are_all_different():
    world = World()
    conventions = [world.draft() for _ in range(8)]
    barrier = threading.Barrier(8)

    def submit(pk):
        try:
            barrier.wait()
            workflow.act(pk, "submit", by=world.people["student"])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=submit, args=[convention.pk]) for convention in conventions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(Convention.objects.values_list("number", flat=True))
    assert [number[-6:] for number in numbers] == [f"{rank:06d}" for rank in range(1, 9)]
