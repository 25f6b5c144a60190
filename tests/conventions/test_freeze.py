"""From « validée » on the database itself refuses any change of content, whoever tries."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F
from django.utils import timezone

from accounts.refusals import Refused
from conventions import workflow
from conventions.circuit import turns
from conventions.models import (
    Avenant,
    AvenantStatus,
    Convention,
    Document,
    Event,
    Interruption,
    NumberCounter,
    Remark,
    Status,
    Turn,
    WorkPeriod,
)
from conventions.models.freezing import MOVES_BEFORE_FROZEN, MOVES_WHEN_FROZEN
from conventions.models.journal import MOVING
from conventions.models.status import AWAITS_SIGNATURES, FROZEN
from conventions.workflow import avenants
from conventions.writing import changes
from organisations.models import Party
from tests.factories import ManagerFactory
from tests.worlds import World, next_signatures

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


# What a manager does to a submitted agreement, up to each state.
PATHS = {
    Status.VALIDATED: ["validate"],
    Status.SIGNING: ["validate", "sign"],
    Status.SIGNED: ["validate", *["sign"] * 5],
    Status.TERMINATED: ["validate", "terminate"],
    Status.REFUSED: ["refuse"],
    Status.CANCELLED: ["validate", "cancel"],
}


def act(world, convention, names):
    for name in names:
        asked = {"sign": {"dates": next_signatures(convention)}, "terminate": {"ended_on": convention.end}}
        typed = asked.get(name, {})
        workflow.act(convention.pk, name, by=world.people["manager"], comment="Raison", **typed)


def test_the_database_and_the_workflow_know_the_same_moves():
    # The last signature leads further than the others, the first one taken back too.
    further = {"sign": Status.SIGNED, "unsign": Status.VALIDATED}
    moves = {
        (source, target)
        for action in workflow.ACTIONS.values()
        for source in action.sources
        for target in {action.target, further.get(action.name, action.target)}
        if source in FROZEN and source != target
    }
    # One signature is taken back at a time; what ends a signed agreement is an avenant.
    moves -= {(Status.SIGNED, Status.VALIDATED)}
    moves |= {(Status.SIGNED, Status.TERMINATED)}
    assert set(MOVES_WHEN_FROZEN) == moves
    assert workflow.ACTIONS["sign"].sources == AWAITS_SIGNATURES


def test_the_database_knows_the_moves_before_the_freeze_too():
    moves = {
        (source, action.target)
        for actions in (workflow.ACTIONS, avenants.ACTIONS)
        for action in actions.values()
        for source in action.sources
        if source not in (*FROZEN, AvenantStatus.EFFECTIVE) and source != action.target
    }
    assert set(MOVES_BEFORE_FROZEN) == moves


@pytest.mark.parametrize("state", [Status.DRAFT, Status.RETURNED, Status.SUBMITTED])
def test_only_the_workflow_leads_to_the_freeze(state):
    convention = World().convention_in(state)
    row = Convention.objects.filter(pk=convention.pk)
    for status in set(Status) - {state}:
        if (state, status) in MOVES_BEFORE_FROZEN and status != Status.VALIDATED:
            continue
        with pytest.raises(IntegrityError, match="pstage"), transaction.atomic():
            row.update(status=status, validated_at=timezone.now())


@pytest.mark.parametrize("lacking", ["circuit", "approval", "date"])
def test_a_submission_is_validated_with_its_circuit(lacking):
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    row = Convention.objects.filter(pk=convention.pk)
    if lacking != "approval":
        workflow.act(convention.pk, "approve", by=world.people["teacher"])
    if lacking != "circuit":
        turns.open_circuit(convention)
    validated_at = None if lacking == "date" else timezone.now()
    with pytest.raises(IntegrityError, match="with its circuit, once approved"), transaction.atomic():
        row.update(status=Status.VALIDATED, validated_at=validated_at)


def test_an_avenant_is_validated_with_its_circuit():
    avenant = World().avenant_in(AvenantStatus.SUBMITTED)
    with pytest.raises(IntegrityError, match="with its circuit"), transaction.atomic():
        Avenant.objects.filter(pk=avenant.pk).update(
            status=AvenantStatus.VALIDATED, validated_at=timezone.now()
        )


@pytest.mark.parametrize("state", [state for state in Status if state != Status.DRAFT])
def test_nothing_is_inserted_but_a_draft(state):
    convention = World().convention_in(state)
    convention.pk, convention.number = None, "2099-000001"
    with pytest.raises(IntegrityError, match="begins as a draft"), transaction.atomic():
        convention.save(force_insert=True)
    for forged in (
        {"number": "2099-000001"},
        {"validated_at": timezone.now()},
        {"purged_at": timezone.now()},
        {"reopened_at": timezone.now()},
        {"version": 2},
    ):
        draft = World().draft()
        draft.pk = None
        for column, value in forged.items():
            setattr(draft, column, value)
        with pytest.raises(IntegrityError, match="begins as a draft"), transaction.atomic():
            draft.save(force_insert=True)


class TestJournal:
    """It is added to only, and tells what is."""

    @pytest.mark.parametrize(
        ("action", "before", "after"),
        [
            ("validate", Status.SUBMITTED, Status.VALIDATED),  # it is not
            ("submit", Status.DRAFT, Status.SUBMITTED),  # told already
            ("validate", Status.SUBMITTED, Status.SUBMITTED),  # which always moves
            ("sign", Status.SIGNED, Status.SIGNED),
            ("create", "", Status.SUBMITTED),  # told already
        ],
    )
    def test_a_line_that_nothing_made_is_refused(self, action, before, after):
        convention = World().convention_in(Status.SUBMITTED)
        with connection.cursor() as cursor:  # another transaction, for what moved in this one
            cursor.execute("SELECT set_config('pstage.moved', '', true)")
        with pytest.raises(IntegrityError, match="the journal tells what happened"), transaction.atomic():
            Event.objects.create(convention=convention, action=action, before=before, after=after)

    def test_of_an_avenant_too(self):
        avenant = World().avenant_in(AvenantStatus.SUBMITTED)
        states = {"before": AvenantStatus.SUBMITTED, "after": AvenantStatus.VALIDATED}
        with pytest.raises(IntegrityError, match="the journal tells what happened"), transaction.atomic():
            Event.objects.create(convention=avenant.convention, avenant=avenant, action="validate", **states)

    def test_the_actions_that_always_move_are_those_of_the_workflow(self):
        moving = {
            action.name
            for actions in (workflow.ACTIONS, avenants.ACTIONS)
            for action in actions.values()
            if action.target not in action.sources and not action.status_after
        }
        assert moving | {"take_effect"} == set(MOVING)


def test_the_counter_of_numbers_only_grows():
    World().convention_in(Status.SUBMITTED)
    for attempt in (
        lambda: NumberCounter.objects.update(last=0),
        lambda: NumberCounter.objects.update(year=2099),
        lambda: NumberCounter.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
            attempt()


@pytest.mark.parametrize("state", FROZEN)
def test_only_the_moves_of_the_workflow_are_left(state):
    convention = World().convention_in(state)
    row = Convention.objects.filter(pk=convention.pk)
    for status in set(Status) - {state}:
        if (state, status) == (Status.SIGNED, Status.TERMINATED):
            with pytest.raises(IntegrityError, match="only an avenant ends it"), transaction.atomic():
                row.update(status=status)
            continue
        if (state, status) in {(one, Status.RETURNED) for one in AWAITS_SIGNATURES}:
            with pytest.raises(IntegrityError, match="reopened as a whole"), transaction.atomic():
                row.update(status=status)
            continue
        if status == Status.SIGNED and state in AWAITS_SIGNATURES:
            with pytest.raises(IntegrityError, match="not signed by all"), transaction.atomic():
                row.update(status=status)
            continue
        if (state, status) in MOVES_WHEN_FROZEN:
            with transaction.atomic():
                row.update(status=status)
                transaction.set_rollback(True)
            continue
        with pytest.raises(IntegrityError, match="cannot go from"), transaction.atomic():
            row.update(status=status)


def test_every_column_is_frozen_but_the_status():
    """A column added tomorrow is frozen too: nothing lists them."""
    convention = World().convention_in(Status.VALIDATED)
    mutable = {"id", "status", "updated_at", "search_key", "hold_reason", "hold_until"}
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
    "integer": "1",
    "smallint": "1",
    "date": "'2030-01-01'",
    "timestamp with time zone": "'2030-01-01'",
    "jsonb": "'{}'",
    "boolean": "'t'",
    "time": "'09:00'",
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


def test_work_periods_are_frozen():
    world = World()
    convention = world.draft()
    days = {"convention": convention, "start": convention.start, "end": convention.start}
    period = WorkPeriod.objects.create(**days, monday=7)
    workflow.act(convention.pk, "submit", by=world.people["student"])
    workflow.act(convention.pk, "validate", by=world.people["manager"])
    for change in (
        lambda: WorkPeriod.objects.create(convention=convention, start=convention.end, end=convention.end),
        lambda: WorkPeriod.objects.update(monday=8),
        period.delete,
    ):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"start": date(2026, 3, 3), "end": date(2026, 3, 2), "monday": 7}, "work_period_dates_ordered"),
        ({"monday": Decimal("24.5")}, "work_period_hours_a_day"),
        ({"monday": 7, "sunday": -1}, "work_period_hours_a_day"),
        ({}, "work_period_has_hours"),
    ],
)
def test_a_work_period_makes_sense(values, constraint):
    dates = {"start": date(2026, 3, 2), "end": date(2026, 3, 6)}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        World().draft().work_periods.create(**dates | values)


def test_the_work_periods_of_an_agreement_are_apart():
    world = World()
    convention, monday, friday = world.draft(), date(2026, 3, 2), date(2026, 3, 6)
    convention.work_periods.create(start=monday, end=friday, monday=7)
    world.draft().work_periods.create(start=monday, end=friday, monday=7)
    with pytest.raises(IntegrityError, match="work_periods_apart"), transaction.atomic():
        convention.work_periods.create(start=friday, end=friday, friday=7)


def test_the_hours_of_a_work_period_go_from_monday_to_sunday():
    assert WorkPeriod(monday=1, thursday=Decimal("3.5"), sunday=7).hours == (1, 0, 0, Decimal("3.5"), 0, 0, 7)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        (
            {"previous_start": date(2026, 3, 2), "previous_end": date(2026, 3, 1)},
            "convention_previous_dates_ordered",
        ),
        (
            {"insurance_start": date(2026, 3, 2), "insurance_end": date(2026, 3, 1)},
            "convention_insurance_dates_ordered",
        ),
    ],
)
def test_the_dates_an_agreement_declares_are_ordered(values, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        World().draft(**values)


def test_an_absence_is_of_a_known_kind():
    convention = World().draft()
    with pytest.raises(IntegrityError, match="interruption_kind_known"), transaction.atomic():
        convention.interruptions.create(start=convention.start, end=convention.start, kind="sieste")


@pytest.mark.parametrize("names", PATHS.values(), ids=PATHS)
def test_remarks_are_frozen(names):
    world = World()
    convention = world.convention_in(Status.SUBMITTED, weekly_hours=Decimal(20))
    remark = world.remark(convention)
    remark.resolved_at, remark.resolved_by = timezone.now(), world.people["manager"]
    remark.save()
    elsewhere = world.remark(world.convention_in(Status.SUBMITTED, weekly_hours=Decimal(20)))
    act(world, convention, names)
    for change in (
        lambda: world.remark(convention),
        lambda: Remark.objects.filter(pk=remark.pk).update(answer="Réécrit"),
        remark.delete,
        lambda: Remark.objects.filter(pk=elsewhere.pk).update(convention=convention),
        lambda: Remark.objects.filter(pk=remark.pk).update(convention=elsewhere.convention_id),
    ):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            change()


def test_a_draft_goes_with_everything_that_hangs_on_it():
    world = World()
    convention = world.draft()
    world.remark(convention)
    convention.turns.create(purpose=Turn.Purpose.APPROVAL, rank=1, party=Party.TEACHER)
    Interruption.objects.create(convention=convention, start=convention.start, end=convention.start)
    convention.delete()
    assert not Convention.objects.exists()
    assert not Remark.objects.exists()


@pytest.mark.parametrize("names", PATHS.values(), ids=PATHS)
def test_the_circuit_is_settled_by_the_decision(names):
    """No party is added, taken away or put in another's place; the approval stays as it was given."""
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    workflow.act(convention.pk, "approve", by=world.people["teacher"])
    act(world, convention, names)
    settled = convention.turns.all()
    attempts = [
        lambda: convention.turns.create(purpose=Turn.Purpose.SIGNATURE, rank=9, party=Party.TUTOR),
        settled.delete,
        *(lambda turn=turn: Turn.objects.filter(pk=turn.pk).delete() for turn in settled),
        *(lambda turn=turn: Turn.objects.filter(pk=turn.pk).update(rank=9) for turn in settled),
        lambda: settled.filter(purpose=Turn.Purpose.APPROVAL).update(done_at=timezone.now()),
    ]
    for change in attempts:
        with pytest.raises(IntegrityError, match=r"frozen|never changed"), transaction.atomic():
            change()


@pytest.mark.parametrize("names", [[], ["sign"] * 4, ["terminate"]])
def test_a_recorded_signature_is_never_changed(names):
    world = World()
    convention = world.convention_in(Status.SIGNING)
    signature = convention.turns.get(done_at__isnull=False)
    act(world, convention, names)
    for values in (
        {"signed_on": timezone.localdate() - timedelta(days=1)},
        {"done_at": None, "done_by": None, "method": ""},
        {"done_by": world.people["admin"]},
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Turn.objects.filter(pk=signature.pk).update(**values)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        signature.delete()


def test_what_is_signed_is_signed_by_all():
    """Neither the agreement nor its avenant is called signed while a signature is awaited."""
    world = World()
    avenant = world.avenant_in(AvenantStatus.SIGNING)
    with pytest.raises(IntegrityError, match="not signed by all"), transaction.atomic():
        Avenant.objects.filter(pk=avenant.pk).update(status=AvenantStatus.SIGNED)
    waiting = World().avenant_in(AvenantStatus.SIGNED)
    for subject in (changes.proposed(waiting), World().convention_in(Status.SIGNED)):
        with transaction.atomic():
            turns.undo(subject)
            with pytest.raises(IntegrityError, match="signed by all"):
                connection.check_constraints()
            transaction.set_rollback(True)


@pytest.mark.parametrize("name", ["terminate", "cancel"])
def test_nobody_signs_what_is_over(name):
    world = World()
    convention = world.convention_in(Status.VALIDATED)
    act(world, convention, [name])
    turn = turns.current_turn(convention, Turn.Purpose.SIGNATURE)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        turns.record(turn, by=world.people["manager"], method=Turn.Method.PAPER)


def test_an_approval_is_asked_again_at_each_submission():
    world = World(teacher_approves=True)
    convention = world.draft()
    for _time in range(2):
        workflow.act(convention.pk, "submit", by=world.people["student"])
        workflow.act(convention.pk, "approve", by=world.people["teacher"])
        workflow.act(convention.pk, "withdraw", by=world.people["student"])
    workflow.act(convention.pk, "submit", by=world.people["student"])
    assert convention.turns.get().done_at is None


def test_a_number_never_changes():
    convention = World().convention_in(Status.SUBMITTED)
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Convention.objects.filter(pk=convention.pk).update(number="2099-000001")


@pytest.mark.parametrize("state", [state for state in Status if state != Status.DRAFT])
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
    ("values", "constraint"),
    [
        ({"status": "inventée"}, "convention_status_known"),
        ({"subject": ""}, "convention_complete_once_submitted"),
        ({"teacher": None}, "convention_complete_once_submitted"),
        ({"end": timezone.localdate() - timedelta(days=400)}, "convention_dates_ordered"),
        ({"weekly_hours": 169}, "convention_weekly_hours"),
        ({"hours_corrected": 12}, "convention_correction_explained"),
    ],
)
def test_the_database_knows_what_is_always_true(values, constraint):
    convention = World().convention_in(Status.SUBMITTED)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Convention.objects.filter(pk=convention.pk).update(**values)


@pytest.mark.parametrize(
    ("model", "values", "constraint"),
    [
        (Remark, {"resolved_at": timezone.now()}, "remark_treated_by_someone"),
        (Remark, {"resolved_by": F("author")}, "remark_treated_by_someone"),
        (Turn, {"party": "notaire"}, "turn_party_known"),
    ],
)
def test_the_database_knows_what_is_always_true_around_it(model, values, constraint):
    world = World(teacher_approves=True)
    world.remark(world.convention_in(Status.SUBMITTED, weekly_hours=Decimal(20)))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.update(**values)


@pytest.mark.parametrize("states", [{"after": "inventée"}, {"before": "inventée", "after": Status.DRAFT}])
def test_the_journal_knows_the_states(states):
    with pytest.raises(IntegrityError, match="event_states_known"), transaction.atomic():
        Event.objects.create(convention=World().draft(), action="create", **states)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hang", ["interruption", "remark"])
def test_what_hangs_on_an_agreement_waits_for_its_validation(hang):
    """A row added while the validation is not committed would miss the document it freezes."""
    world = World()
    convention = world.convention_in(Status.SUBMITTED)
    outcomes: list[str] = []

    def add():
        try:
            if hang == "remark":
                world.remark(convention)
            else:
                Interruption.objects.create(
                    convention=convention, start=convention.start, end=convention.start
                )
            outcomes.append("added")
        except IntegrityError as refusal:
            outcomes.append(str(refusal))
        finally:
            connections.close_all()

    other = threading.Thread(target=add)
    with transaction.atomic():
        workflow.act(convention.pk, "validate", by=world.people["manager"])
        other.start()
        other.join(timeout=0.5)
        assert outcomes == []
    other.join()
    assert "frozen" in outcomes[0]


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
        except Refused as refusal:
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
    conventions = [world.draft(weekly_hours=Decimal(6)) for _ in range(8)]
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
