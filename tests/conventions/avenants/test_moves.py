"""When an avenant moves on, and by whom: every action, its signatures, the day it takes effect."""

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.models import Message
from accounts.refusals import Refused
from conventions import workflow
from conventions.models import AvenantKind, AvenantStatus, Status
from conventions.workflow import avenants
from conventions.writing import changes
from organisations.models import Centre, Party
from tests.conventions.avenants.kinds import other_signatory, reloaded, world_signs
from tests.factories import TeacherFactory
from tests.refusals import refused
from tests.worlds import World, next_signatures

pytestmark = pytest.mark.django_db


# One at a time


def test_one_avenant_is_open_at_a_time(world):
    convention = world.convention_in(Status.SIGNED)
    first = world.avenant(convention)
    with pytest.raises(Refused, match="un autre est ouvert"):
        world.avenant(convention, by=world.people["manager"])
    avenants.act(first.pk, "submit", by=world.people["student"])
    avenants.act(first.pk, "refuse", by=world.people["manager"], comment="Non prévu.")
    second = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    assert str(second) == f"{convention.number}/A2"


def test_the_parties_of_the_day_sign_the_next_one_and_take_it_back(client, world):
    convention = world.convention_in(Status.SIGNED)
    world.avenant_in(AvenantStatus.EFFECTIVE, convention, AvenantKind.SIGNATORY, change=other_signatory)
    avenant = world.avenant_in(AvenantStatus.VALIDATED, convention)
    count = convention.signature_order.index(Party.HOST) + 1
    dates = next_signatures(changes.proposed(avenant), count)
    avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)
    client.force_login(world.people["manager"])
    for page in ("", "actions/sign/", "actions/unsign/"):
        text = client.get(f"{avenant.get_absolute_url()}{page}").text
        assert "Quentin" in text, page
        assert str(convention.signatory) not in text, page


# Who and when


@pytest.mark.parametrize("state", AvenantStatus)
def test_every_action_in_every_state(world, state):
    """Each action moves from its sources only, and a refusal writes nothing."""
    avenant = world.avenant_in(state)
    events = avenant.events.count()
    dates = next_signatures(changes.proposed(avenant))
    for name, action in avenants.ACTIONS.items():
        is_taken_back = name == "withdraw" or (name, state) == ("cancel", AvenantStatus.SUBMITTED)
        by = world.people["teacher" if name == "approve" else "student" if is_taken_back else "manager"]
        not_asked = {
            "approve": "approval_not_awaited",
            "ask_officer": "clearance_not_to_ask",
            "authorise": "not_allowed",
            "forbid": "not_allowed",
        }
        possible = state in action.sources and name not in not_asked
        with transaction.atomic():
            if name == "return" and state == AvenantStatus.SUBMITTED:
                world.remark_on(avenant)
            try:
                avenants.act(avenant.pk, name, by=by, comment="Raison", dates=dates if name == "sign" else {})
                refusal = ""
            except Refused as met:
                refusal = met.code
            expected = not_asked.get(name, "") if state in action.sources else "moved_on"
            assert refusal == ("" if possible else expected), name
            assert reloaded(avenant).status == (action.target if possible else state)
            assert avenant.events.count() == events + possible
            transaction.set_rollback(True)


PROPOSE = {"student", "manager", "teacher"}


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        (AvenantStatus.DRAFT, {"submit": PROPOSE}),
        (
            AvenantStatus.SUBMITTED,
            {
                "withdraw": {"student"},
                "cancel": {"student"},
                "validate": {"manager"},
                "return": {"manager"},
                "refuse": {"manager"},
            },
        ),
        (AvenantStatus.VALIDATED, {"sign": {"student", "manager"}}),
        (AvenantStatus.SIGNING, {"cancel": {"manager"}}),
    ],
)
def test_who_may(world, state, allowed):
    avenant = world.avenant_in(state)
    dates = next_signatures(changes.proposed(avenant))
    for name, roles in allowed.items():
        for role, person in world.people.items():
            with transaction.atomic():
                refusal = ""
                if name == "return":
                    world.remark_on(avenant)
                try:
                    avenants.act(
                        avenant.pk, name, by=person, comment="Raison", dates=dates if name == "sign" else {}
                    )
                except Refused as met:
                    refusal = met.code
                transaction.set_rollback(True)
            assert refusal == ("" if role in roles else "not_allowed"), (name, role)


def test_the_referent_teacher_approves_where_the_centre_asks_for_it():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    Centre.objects.filter(pk=world.centre.pk).update(teacher_approves=True)
    avenant = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    with pytest.raises(Refused, match="approuvé"):
        avenants.act(avenant.pk, "validate", by=world.people["manager"])
    avenants.act(avenant.pk, "approve", by=world.people["teacher"])
    avenants.act(avenant.pk, "validate", by=world.people["manager"])
    assert reloaded(avenant).status == AvenantStatus.VALIDATED


def test_another_teacher_follows_nothing_until_the_avenant_is_in_effect(client):
    """The teacher of before reads, approves and is told of the avenant that replaces them; the next one of its effect."""
    world = World(teacher_approves=True)
    convention = world.draft()
    workflow.act(convention.pk, "submit", by=world.people["student"])
    workflow.act(convention.pk, "approve", by=world.people["teacher"])
    workflow.act(convention.pk, "validate", by=world.people["manager"])
    world.sign(convention, 5)
    Message.objects.all().delete()
    following = TeacherFactory(ufr=world.ufr)

    def change(row):
        row.teacher = following

    avenant = world.avenant(convention, AvenantKind.TEACHER, change=change, by=world.people["teacher"])
    client.force_login(world.people["teacher"])
    assert client.get(avenant.get_absolute_url()).status_code == 200
    avenants.act(avenant.pk, "submit", by=world.people["student"])
    assert client.get(avenant.get_absolute_url()).status_code == 200
    with pytest.raises(Refused, match="droit"):
        avenants.act(avenant.pk, "approve", by=following.user)
    avenants.act(avenant.pk, "approve", by=world.people["teacher"])
    avenants.act(avenant.pk, "validate", by=world.people["manager"])
    assert not Message.objects.filter(recipient=following.user.email).exists()
    assert Message.objects.filter(recipient=world.people["teacher"].email).count() == 2
    world_signs(world, avenant)
    assert Message.objects.get(recipient=following.user.email).key.endswith("avenant_effective")


def test_a_future_day_waits_for_the_nightly_task(world):
    convention = world.convention_in(Status.SIGNED)
    day = timezone.localdate() + timedelta(days=3)
    avenant = world.avenant_in(AvenantStatus.SIGNED, convention, effective_on=day)
    assert avenant.status == AvenantStatus.SIGNED
    avenants.apply_due_avenants()
    assert reloaded(avenant).status == AvenantStatus.SIGNED
    assert reloaded(convention).subject == convention.subject
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        avenants.apply_due_avenants()
        avenants.apply_due_avenants()
    assert reloaded(avenant).status == AvenantStatus.EFFECTIVE
    assert reloaded(convention).subject == "Étude de levures"
    assert avenant.events.filter(action="take_effect").count() == 1


def test_it_is_signed_before_it_takes_effect(world):
    day = timezone.localdate() + timedelta(days=1)
    avenant = world.avenant_in(AvenantStatus.VALIDATED, effective_on=day)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        dates = next_signatures(changes.proposed(avenant), 5)
        with pytest.raises(Refused, match="rétroactif"):
            avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)


def test_it_is_signed_before_the_end_and_never_begun_after_it(world):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant_in(AvenantStatus.VALIDATED, convention)
    with time_machine.travel(datetime.combine(convention.end + timedelta(days=1), time(12), tzinfo=UTC)):
        dates = next_signatures(changes.proposed(avenant), 5)
        with pytest.raises(Refused, match="avant la fin du stage"):
            avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)
        avenants.act(avenant.pk, "cancel", by=world.people["manager"], comment="Trop tard.")
        with refused("not_amendable"):
            world.avenant(convention)


def test_nobody_signs_a_change_of_what_is_not_signed(world):
    avenant = world.avenant_in(AvenantStatus.VALIDATED, world.convention_in(Status.VALIDATED))
    with pytest.raises(Refused, match="convention elle-même"):
        avenants.act(
            avenant.pk, "sign", by=world.people["manager"], dates=next_signatures(changes.proposed(avenant))
        )


@pytest.mark.parametrize("name", ["cancel", "terminate"])
def test_what_ends_an_agreement_gives_up_its_open_avenant(world, name):
    convention = world.convention_in(Status.VALIDATED)
    avenant = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    workflow.act(
        convention.pk, name, by=world.people["manager"], comment="Abandon.", ended_on=convention.start
    )
    assert reloaded(avenant).status == AvenantStatus.CANCELLED
    with refused("moved_on"):
        avenants.act(avenant.pk, "validate", by=world.people["manager"])
