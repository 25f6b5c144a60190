"""Where an agreement stands and since when: the same on its page, in the lists and on home pages."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from conventions import legality, workflow
from conventions.circuit import turns
from conventions.desk import columns
from conventions.follow_up import completion
from conventions.follow_up.dates import ended, is_certified, under_way, upcoming
from conventions.models import AvenantKind, AvenantStatus, Convention, Status, Turn
from conventions.models.circuit import WITH_AUTHORS
from conventions.models.standing import LAST_SIGNATURE
from conventions.standing import words
from conventions.standing.journal import events_of, since
from conventions.views import lists
from organisations.models import Party
from organisations.models.roles import roles_of
from tests.factories import OrganisationFactory
from tests.worlds import World, next_signatures

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return World()


def noon(day):
    return timezone.make_aware(datetime.combine(day, time(12)))


def broken_off(world):
    """An agreement signed now, and broken off by an avenant ten days into its stage; when that was."""
    convention = world.convention_in(Status.SIGNED)
    at = noon(convention.start + timedelta(days=10))

    def shorter(after):
        after.end = at.date() + timedelta(days=7)

    with time_machine.travel(at, tick=False):
        world.avenant_in(
            AvenantStatus.EFFECTIVE, convention, AvenantKind.TERMINATION, change=shorter, reason="Fermeture"
        )
    convention.refresh_from_db()
    return convention, at


def test_an_agreement_broken_off_by_an_avenant_is_so_since_that_hour(world, client):
    convention, at = broken_off(world)
    assert convention.status == Status.TERMINATED
    pages = [
        ("manager", convention.get_absolute_url()),
        ("manager", reverse("conventions:list")),
        ("teacher", reverse("home")),
    ]
    with time_machine.travel(at + timedelta(hours=3), tick=False):
        for role, address in pages:
            client.force_login(world.people[role])
            assert "Il y a 3 heures" in client.get(address).text, address


def test_its_journal_says_once_that_it_was_broken_off(world):
    convention, at = broken_off(world)
    event = convention.events.get(avenant=None, after=Status.TERMINATED)
    assert (event.action, event.before, event.comment) == ("terminate", Status.SIGNED, "Fermeture")
    assert event.at == at


def test_the_journals_of_earlier_ruptures_are_completed(world):
    convention, _at = broken_off(world)
    complete = import_module("conventions.migrations.0010_events_of_ruptures").BROKEN_OFF
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        convention.events.filter(action="terminate").delete()
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        for _twice in range(2):
            cursor.execute(complete)
    event = convention.events.get(action="terminate")
    assert (event.avenant, event.before, event.after) == (None, Status.SIGNED, Status.TERMINATED)
    assert (event.at, event.comment) == (convention.avenants.get().applied_at, "Fermeture")


# The tables together and what is read one by one


def in_state(state):
    return lambda world: world.convention_in(state)


def awaiting_approval(world):
    world.centre.teacher_approves = True
    world.centre.save()
    return world.convention_in(Status.SUBMITTED)


def approved(world):
    convention = awaiting_approval(world)
    workflow.act(convention.pk, "approve", by=world.people["teacher"])
    return convention


def signed_on_paper_yesterday(world, count=1):
    """Validated three days ago, signed yesterday on paper that is recorded today."""
    with time_machine.travel(timezone.now() - timedelta(days=3)):
        convention = world.convention_in(Status.VALIDATED)
    yesterday = timezone.localdate() - timedelta(days=1)
    dates = dict.fromkeys(next_signatures(convention, count), yesterday)
    workflow.act(convention.pk, "sign", by=world.people["manager"], dates=dates)
    return convention


def signed_online(world, count=1):
    """Signed by some parties by electronic means, which ask for no date."""
    convention = world.convention_in(Status.VALIDATED)
    student = world.people["student"]
    for turn in turns.turns_of(convention, Turn.Purpose.SIGNATURE)[:count]:
        turns.record(turn, by=student, method=Turn.Method.ONLINE)
    convention = Convention.objects.get(pk=convention.pk)
    workflow.move(convention, turns.status(convention), "sign", by=student)
    return convention


def kept_longer(world):
    convention = world.convention_in(Status.SUBMITTED)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        convention.events.create(action="hold", before=Status.SUBMITTED, after=Status.SUBMITTED)
    return convention


def certified(world):
    convention = world.convention_in(Status.SIGNED)
    with time_machine.travel(noon(convention.end + timedelta(days=1))):
        row = Convention.objects.for_detail().get(pk=convention.pk)
        done = {
            **completion.planned(row),
            "hours": Decimal(140),
            "amount_paid": Decimal(900),
            "declared_by": "Hélène Bossard",
            "declared_function": "Directrice",
            "declared_on": convention.end,
        }
        completion.confirm(convention.pk, done, by=world.people["manager"], seen="")
    return convention


def forbidden(world):
    host = OrganisationFactory(abroad=True, country="UA")
    convention = world.convention_in(Status.SUBMITTED, organisation=host, travel_zone="red")
    workflow.act(convention.pk, "forbid", by=world.people["security"], comment="Frontière fermée.")
    return convention


STORIES = {
    **{str(state.value): in_state(state) for state in Status},
    "awaiting approval": awaiting_approval,
    "approved": approved,
    "on paper, yesterday": signed_on_paper_yesterday,
    "all on paper, yesterday": lambda world: signed_on_paper_yesterday(world, 5),
    "online": signed_online,
    "all online": lambda world: signed_online(world, 5),
    "kept longer": kept_longer,
    "a departure forbidden": forbidden,
    "amended": lambda world: world.avenant_in(AvenantStatus.EFFECTIVE).convention,
    "being amended": lambda world: world.avenant_in(AvenantStatus.SUBMITTED).convention,
    "an avenant given up": lambda world: world.avenant_in(AvenantStatus.CANCELLED).convention,
    "broken off": lambda world: broken_off(world)[0],
    "certified": certified,
}


def amended_by(convention):
    """Return the avenant that counts: the open one, else the last in effect."""
    found = list(convention.avenants.order_by("rank"))
    chosen = [one for one in found if one.is_open] or [one for one in found if one.applied_at][-1:]
    return [{"pk": one.pk, "rank": one.rank, "status": one.status} for one in chosen]


@pytest.mark.parametrize("story", STORIES)
def test_lists_and_pages_say_the_same(world, client, story):
    """Just after midnight, when an hour of difference is a day."""
    convention = STORIES[story](world)
    last = convention.events.aggregate(at=Max("at"))["at"] or convention.created_at
    tonight = noon(timezone.localdate(last)) + timedelta(days=2, hours=12, minutes=30)
    with time_machine.travel(tonight, tick=False):
        [listed] = Convention.objects.with_standing().filter(pk=convention.pk)
        read = Convention.objects.for_detail().prefetch_related(WITH_AUTHORS).get(pk=convention.pk)
        assert listed.waiting == turns.waiting(read)
        assert listed.forbidden == turns.is_forbidden(read)
        assert listed.since == since(read, events_of(read))
        assert listed.certified == is_certified(read)
        assert [found for found in [listed.amended] if found] == amended_by(read)
        seen = 0
        for role, person in world.people.items():
            user = User.objects.get(pk=person.pk)
            for row in columns.rows(
                Convention.objects.visible_to(user).filter(pk=convention.pk), roles_of(user), user
            ):
                client.force_login(user)
                page = client.get(convention.get_absolute_url())
                assert row.standing == page.context["brief"]["standing"], role
                seen += 1
                if role == "student":
                    [card] = lists.own_cards(user)
                    assert said(card) == said(page.context["brief"]["card"])
        assert seen >= 3


def said(card):
    return (card.label, card.tone, card.holder, card.elapsed, card.sentence, card.todo)


@pytest.mark.parametrize("story", [signed_on_paper_yesterday, signed_online])
def test_when_each_turn_was_given_is_said_in_one_way(world, story):
    convention = story(world, 5)
    given = {turn.pk: turn.at for turn in Turn.objects.given().filter(convention=convention)}
    opened = list(convention.turns.all())
    assert given == {turn.pk: turn.given_at for turn in opened}
    assert {turn.signed_on for turn in opened} == {timezone.localdate(turn.given_at) for turn in opened}
    [listed] = Convention.objects.annotate(last=LAST_SIGNATURE).filter(pk=convention.pk)
    assert listed.last == max(given.values())
    assert turns.completed_on(convention, {}) == timezone.localdate(listed.last)


def test_what_is_signed_late_online_is_judged_as_on_paper(world):
    """R-01: the law asks when the last signature was given, whatever it was given with."""
    convention = world.convention_in(Status.VALIDATED)
    with time_machine.travel(noon(convention.start + timedelta(days=2))):
        for turn in turns.turns_of(convention, Turn.Purpose.SIGNATURE):
            turns.record(turn, by=world.people["student"], method=Turn.Method.ONLINE)
        row = Convention.objects.for_detail().get(pk=convention.pk)
        workflow.move(row, Status.SIGNED, "sign", by=world.people["student"])
        assert turns.missing(row) == 0
        signed_on = turns.completed_on(row, {})
        assert signed_on == timezone.localdate()
        assert [found.rule.id for found in legality.late(row, signed_on)] == ["R-01"]


def test_signed_means_dated(world):
    convention = world.convention_in(Status.VALIDATED)
    turn = convention.turns.get(purpose=Turn.Purpose.SIGNATURE, party=Party.STUDENT)
    turn.method, turn.done_at, turn.done_by = Turn.Method.ONLINE, timezone.now(), world.people["student"]
    with pytest.raises(ValidationError, match="porte sa date"):
        turn.validate_constraints()
    with pytest.raises(IntegrityError, match="turn_signed_means_dated"), transaction.atomic():
        turn.save()


def test_signatures_recorded_without_a_date_take_that_of_their_record(world):
    convention = world.convention_in(Status.SIGNING)
    migration = import_module("conventions.migrations.0011_signed_means_dated")
    half_past_midnight = noon(timezone.localdate()) - timedelta(hours=11, minutes=30)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE conventions_turn DROP CONSTRAINT turn_signed_means_dated")
        cursor.execute("SET LOCAL session_replication_role = replica")
        convention.turns.filter(party=Party.STUDENT).update(signed_on=None, done_at=half_past_midnight)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    migration.date_signatures(None, SimpleNamespace(connection=connection))
    assert convention.turns.get(party=Party.STUDENT).signed_on == timezone.localdate()
    assert not convention.turns.filter(done_at=None, signed_on__isnull=False).exists()


@pytest.mark.parametrize("state", Status)
@pytest.mark.parametrize("days", [-1, 0, 1], ids=["before", "during", "after"])
def test_under_way_and_over_are_said_as_they_are_counted(world, state, days):
    convention = world.convention_in(state)
    day = {-1: convention.start, 0: convention.start, 1: convention.end}[days] + timedelta(days=days)
    counts = {"À venir": upcoming, "En cours": under_way, "Terminée": ended}
    with time_machine.travel(noon(day), tick=False):
        label = words.label(convention)
        for word, counted in counts.items():
            found = Convention.objects.filter(counted(day), pk=convention.pk).exists()
            assert found == (label == word if word != "À venir" else state == Status.SIGNED and days < 0)
