"""Every action, from every state, by every role; the guards, the journal, the number, the mails."""

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Message
from accounts.refusals import Refused
from conventions import workflow
from conventions.models import Convention, Event, NumberCounter, Status, Turn
from conventions.models.status import FROZEN
from organisations.models import Centre, Party
from tests.factories import (
    AdminFactory,
    CentreFactory,
    ConventionFactory,
    InstitutionFactory,
    ManagerFactory,
    OrganisationFactory,
    StudentFactory,
    TeacherFactory,
)
from tests.refusals import refused
from tests.worlds import ROLES, World, next_signatures, undone

pytestmark = pytest.mark.django_db

# action → {state: roles that may do it}. What is not written here is refused.
MATRIX = {
    "submit": {Status.DRAFT: {"student", "manager"}, Status.RETURNED: {"student", "manager"}},
    "withdraw": {Status.SUBMITTED: {"student"}},
    "approve": {},  # only when the centre asks for it: see test_approval
    "ask_officer": {},
    "authorise": {},  # only of a destination at risk: see test_departures.py
    "forbid": {},
    "correct": {Status.SUBMITTED: {"manager"}},
    "validate": {Status.SUBMITTED: {"manager"}},
    "return": {Status.SUBMITTED: {"manager"}},
    "refuse": {Status.SUBMITTED: {"manager"}},
    "sign": {Status.VALIDATED: {"manager", "student"}, Status.SIGNING: {"manager"}},
    "unsign": {Status.SIGNING: {"manager"}, Status.SIGNED: {"manager"}},
    "reopen": {Status.VALIDATED: {"manager"}, Status.SIGNING: {"manager"}},
    "terminate": {Status.VALIDATED: {"manager"}, Status.SIGNING: {"manager"}},
    "cancel": {
        Status.DRAFT: {"student"},
        Status.RETURNED: {"student"},
        Status.SUBMITTED: {"student"},
        Status.VALIDATED: {"manager"},
    },
}
TARGETS = {
    "submit": Status.SUBMITTED,
    "withdraw": Status.DRAFT,
    "correct": Status.SUBMITTED,
    "validate": Status.VALIDATED,
    "return": Status.RETURNED,
    "refuse": Status.REFUSED,
    "sign": Status.SIGNING,
    "unsign": {Status.SIGNING: Status.VALIDATED, Status.SIGNED: Status.SIGNING},
    "reopen": Status.RETURNED,
    "terminate": Status.TERMINATED,
    "cancel": Status.CANCELLED,
}


def test_the_matrix_names_every_action():
    assert set(MATRIX) == set(workflow.ACTIONS)


def rule(name, state, role):
    """Return which rule refuses it: none what the matrix gives, else the right, or a state that moved on."""
    if role in MATRIX[name].get(state, set()):
        return ""
    if (name, state, role) == ("sign", Status.SIGNING, "student"):
        return "own_signature_given"
    if state in MATRIX[name] or (
        name in {"approve", "ask_officer", "authorise", "forbid"} and state == Status.SUBMITTED
    ):
        asks_nothing = {
            ("approve", "teacher"): "approval_not_awaited",
            ("ask_officer", "manager"): "clearance_not_to_ask",
        }
        return asks_nothing.get((name, role), "not_allowed")
    return "moved_on" if role in {"student", "manager", "teacher"} else "not_allowed"


def typed(convention, name):
    """Return what an action asks besides a reason."""
    asked = {
        "sign": {"dates": next_signatures(convention)},
        "terminate": {"ended_on": convention.end},
        "correct": {"corrected": {"changes": {}, "asked_again": []}},
    }
    return asked.get(name, {})


def outcome(convention, name, by, **asked):
    """Return the code of the refusal of an action, empty once it is done."""
    try:
        workflow.act(convention.pk, name, by=by, comment="Raison", **asked)
    except Refused as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize("state", Status)
def test_action_by_state_and_role(state, subtests):
    """One world a state: each try is undone before the next."""
    world = World()
    convention = world.convention_in(state)
    events = convention.events.count()
    asked = {name: typed(convention, name) for name in workflow.ACTIONS}
    told = {
        (role, option.action.name): option.refusal.code if option.refusal else ""
        for role, user in world.people.items()
        for option in workflow.options(convention, user)
    }
    for (role, user), name in product(world.people.items(), workflow.ACTIONS):
        with subtests.test(action=name, by=role), undone():
            if name == "return" and state not in FROZEN:
                world.remark(convention)
            expected = rule(name, state, role)
            assert told[role, name] == expected
            assert outcome(convention, name, user, **asked[name]) == expected
            after = Convention.objects.get(pk=convention.pk)
            if expected:
                assert (after.status, after.events.count()) == (state, events)
                continue
            target = TARGETS[name][state] if name == "unsign" else TARGETS[name]
            assert (after.status, after.events.count()) == (target, events + 1)
            last = after.events.order_by("-pk")[0]
            assert (last.action, last.actor, last.before, last.after) == (name, user, state, target)
            assert last.comment.endswith("Raison") or name == "sign"
            connection.check_constraints()


def test_a_number_is_given_once_and_counts_by_year_and_institution():
    world = World()
    first, second = [world.convention_in(Status.SUBMITTED, weekly_hours=Decimal(20)) for _ in range(2)]
    year = first.enrolment.academic_year + 1
    assert [first.number, second.number] == [f"{year}-000001", f"{year}-000002"]
    workflow.act(first.pk, "withdraw", by=world.people["student"])
    workflow.act(first.pk, "submit", by=world.people["student"])
    first.refresh_from_db()
    assert first.number == f"{year}-000001"
    assert NumberCounter.objects.get().last == 2


def test_an_agreement_is_not_submitted_to_another_institution():
    world = World()
    elsewhere = InstitutionFactory(name="Autre université")
    convention = world.draft(centre=CentreFactory(institution=elsewhere))
    with pytest.raises(Refused, match="Aucun centre"):
        workflow.act(convention.pk, "submit", by=world.people["student"])


def test_an_incomplete_agreement_is_not_submitted():
    world = World()
    convention = world.convention_in(Status.DRAFT)
    convention.follow_up = ""
    convention.save()
    with pytest.raises(Refused, match="Il manque des informations"):
        workflow.act(convention.pk, "submit", by=world.people["student"])
    assert not Message.objects.exists()


def test_the_centres_habits_are_copied_at_submission():
    world = World()
    order = [Party.UNIVERSITY, Party.STUDENT, Party.HOST, Party.TUTOR, Party.TEACHER]
    Centre.objects.update(signature_order=order, copies_france=5)
    convention = world.convention_in(Status.SUBMITTED)
    Centre.objects.update(copies_france=3)
    convention.refresh_from_db()
    assert convention.signature_order == order
    assert convention.copies == 5


def test_four_copies_abroad():
    world = World()
    convention = ConventionFactory(
        complete=True,
        student=world.student,
        enrolment=world.enrolment,
        teacher=world.teacher,
        organisation=OrganisationFactory(abroad=True),
    )
    workflow.act(convention.pk, "submit", by=world.people["student"])
    convention.refresh_from_db()
    assert convention.copies == 4


def test_return_needs_a_remark_and_resubmission_needs_it_treated():
    world = World()
    convention = world.convention_in(Status.SUBMITTED)
    with pytest.raises(Refused, match="Épinglez"):
        workflow.act(convention.pk, "return", by=world.people["manager"])
    remark = world.remark(convention)
    with pytest.raises(Refused, match="épinglé des remarques"):
        workflow.act(convention.pk, "validate", by=world.people["manager"])
    workflow.act(convention.pk, "return", by=world.people["manager"])
    with pytest.raises(Refused, match="pas encore traitée"):
        workflow.act(convention.pk, "submit", by=world.people["student"])
    remark.resolved_at, remark.resolved_by = timezone.now(), world.people["student"]
    remark.save()
    workflow.act(convention.pk, "submit", by=world.people["student"])
    workflow.act(convention.pk, "validate", by=world.people["manager"])


def test_approval():
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    with pytest.raises(Refused, match="n’a pas encore approuvé"):
        workflow.act(convention.pk, "validate", by=world.people["manager"])
    for role in set(ROLES) - {"teacher"}:
        with refused("not_allowed"):
            workflow.act(convention.pk, "approve", by=world.people[role])
    workflow.act(convention.pk, "approve", by=world.people["teacher"])
    with pytest.raises(Refused, match="déjà donnée"):
        workflow.act(convention.pk, "approve", by=world.people["teacher"])
    workflow.act(convention.pk, "validate", by=world.people["manager"])


def test_a_new_submission_asks_for_approval_again():
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    workflow.act(convention.pk, "approve", by=world.people["teacher"])
    workflow.act(convention.pk, "withdraw", by=world.people["student"])
    workflow.act(convention.pk, "submit", by=world.people["student"])
    with pytest.raises(Refused, match="n’a pas encore approuvé"):
        workflow.act(convention.pk, "validate", by=world.people["manager"])


def test_signatures_follow_the_order_and_the_last_one_signs():
    world = World()
    convention = world.convention_in(Status.VALIDATED)
    for rank in range(1, 6):
        world.sign(convention)
        convention.refresh_from_db()
        assert convention.status == (Status.SIGNED if rank == 5 else Status.SIGNING)
        assert Turn.objects.filter(done_at__isnull=False).count() == rank
    parties = (
        Turn.objects.filter(purpose=Turn.Purpose.SIGNATURE)
        .order_by("done_at")
        .values_list("party", flat=True)
    )
    assert list(parties) == [Party.STUDENT, Party.TUTOR, Party.HOST, Party.TEACHER, Party.UNIVERSITY]


@pytest.mark.parametrize(
    ("days", "message"), [(None, "Indiquez la date"), (1, "dans le futur"), (-1, "précéder la validation")]
)
def test_a_signature_has_a_possible_date(days, message):
    world = World()
    convention = world.convention_in(Status.VALIDATED)
    dates = {} if days is None else {Party.STUDENT: timezone.localdate() + timedelta(days=days)}
    with pytest.raises(Refused, match=message):
        workflow.act(convention.pk, "sign", by=world.people["manager"], dates=dates)


@pytest.mark.parametrize(
    ("name", "state", "role"),
    [
        ("refuse", Status.SUBMITTED, "manager"),
        ("terminate", Status.VALIDATED, "manager"),
        ("reopen", Status.VALIDATED, "manager"),
        ("cancel", Status.VALIDATED, "manager"),
        ("cancel", Status.SUBMITTED, "student"),
    ],
)
def test_a_reason_is_asked(name, state, role):
    world = World()
    convention = world.convention_in(state)
    with pytest.raises(Refused, match="raison"):
        workflow.act(convention.pk, name, by=world.people[role], comment="   ")


def recipients(convention, mail):
    event = convention.events.order_by("-pk")[0]
    return set(Message.objects.filter(key=f"event:{event.pk}:{mail}").values_list("recipient", flat=True))


def test_managers_are_told_of_a_submission_and_the_teacher_once():
    world = World()
    colleague = ManagerFactory(centre=world.centre).user
    convention = world.convention_in(Status.SUBMITTED)
    assert recipients(convention, "submitted") == {world.people["manager"].email, colleague.email}
    workflow.act(convention.pk, "withdraw", by=world.people["student"])
    workflow.act(convention.pk, "submit", by=world.people["student"])
    named = Message.objects.filter(recipient=world.people["teacher"].email)
    assert [message.key for message in named] == [f"named:{convention.pk}"]
    assert not Message.objects.filter(recipient=world.people["student"].email).exists()


def test_submitting_again_and_again_writes_to_nobody_each_time(time_machine):
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    told = sorted([world.people["manager"].email, *2 * [world.people["teacher"].email]])

    def again(minutes):
        """Withdraw and submit again later; return who was mailed."""
        time_machine.move_to(timezone.now() + timedelta(minutes=minutes), tick=False)
        before = set(Message.objects.values_list("pk", flat=True))
        workflow.act(convention.pk, "withdraw", by=world.people["student"])
        workflow.act(convention.pk, "submit", by=world.people["student"])
        return sorted(Message.objects.exclude(pk__in=before).values_list("recipient", flat=True))

    assert sorted(Message.objects.values_list("recipient", flat=True)) == told
    assert [again(minutes) for minutes in (0, 1, 28)] == [[], [], []]
    news = sorted([world.people["manager"].email, world.people["teacher"].email])
    assert again(2) == news
    assert [again(minutes) for minutes in (0, 29)] == [[], []]
    newcomer = ManagerFactory(centre=world.centre).user
    assert again(0) == [newcomer.email]
    assert again(2) == news


def test_the_answer_to_a_request_for_correction_is_always_announced():
    world = World()
    convention = world.convention_in(Status.RETURNED)
    workflow.act(convention.pk, "submit", by=world.people["student"])
    assert recipients(convention, "submitted") == {world.people["manager"].email}


def test_a_new_teacher_is_told_too():
    world = World()
    convention = world.convention_in(Status.SUBMITTED)
    workflow.act(convention.pk, "withdraw", by=world.people["student"])
    newcomer = TeacherFactory(ufr=world.teacher.ufr)
    convention.refresh_from_db()
    convention.teacher = newcomer
    convention.save()
    workflow.act(convention.pk, "submit", by=world.people["student"])
    assert Message.objects.filter(recipient=newcomer.user.email, key=f"named:{convention.pk}").count() == 1


def test_a_centre_may_prefer_its_mailbox():
    world = World()
    Centre.objects.update(notified=Centre.Notified.MAILBOX, mailbox="stages@valmont.example")
    convention = world.convention_in(Status.SUBMITTED)
    assert recipients(convention, "submitted") == {"stages@valmont.example"}


def test_mails_of_decisions_carry_the_link_and_the_reason(settings):
    world = World()
    convention = world.convention_in(Status.SUBMITTED)
    world.remark(convention)
    workflow.act(
        convention.pk, "return", by=world.people["manager"], comment="Précisez la fréquence du suivi."
    )
    assert recipients(convention, "returned") == {world.people["student"].email}
    message = Message.objects.get(key__endswith=":returned")
    assert convention.number in message.subject
    assert "Précisez la fréquence du suivi." in message.text
    assert f"{settings.SITE_URL}{convention.get_absolute_url()}" in message.text
    assert f"{settings.SITE_URL}{convention.get_absolute_url()}" in message.html


def test_validation_tells_student_and_teacher():
    world = World()
    convention = world.convention_in(Status.VALIDATED)
    assert recipients(convention, "validated") == {world.people["student"].email}
    assert recipients(convention, "validated_teacher") == {world.people["teacher"].email}


def test_a_manager_who_submits_for_a_student_tells_them():
    world = World()
    convention = world.convention_in(Status.DRAFT)
    workflow.act(convention.pk, "submit", by=world.people["manager"])
    assert recipients(convention, "submitted_for_you") == {world.people["student"].email}


def test_a_student_from_elsewhere_has_no_power_here():
    world = World()
    convention = world.convention_in(Status.SUBMITTED)
    for stranger in (StudentFactory().user, ManagerFactory(centre=CentreFactory()).user, AdminFactory()):
        with pytest.raises(Refused, match="pas le droit"):
            workflow.act(convention.pk, "validate", by=stranger)
    assert Event.objects.filter(convention=convention, action="validate").count() == 0
