"""What may be done, and why not: the answer is the one that the action itself would give."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.refusals import Refused
from conventions import workflow
from conventions.models import Avenant, AvenantStatus, Convention, Status
from conventions.models.attachment import WITH_PEOPLE
from conventions.models.circuit import WITH_AUTHORS
from conventions.models.journal import WITH_REMARKS
from conventions.writing import changes, steps
from organisations.models.roles import roles_of
from tests.worlds import ROLES, World, next_signatures, undone

pytestmark = pytest.mark.django_db


def answer(option):
    """Return the code of what refuses an action with all that it asks typed, None when it is done; then undo it."""
    action, convention = option.action, option.request.convention
    typed = {"comment": "Raison"}
    if action.status_after and not action.is_destructive:
        typed["dates"] = next_signatures(convention)
    if action.asks_last_day:
        typed["ended_on"] = convention.end
    with undone():
        try:
            workflow.do(convention, action.name, by=option.request.by, **typed)
        except Refused as refusal:
            return refusal.code
    return None


def code(option):
    return option.refusal and option.refusal.code


def stored(convention):
    return Convention.objects.for_detail().get(pk=convention.pk)


@pytest.mark.parametrize(
    "state", [AvenantStatus.DRAFT, AvenantStatus.SUBMITTED, AvenantStatus.VALIDATED, AvenantStatus.SIGNED]
)
def test_the_options_of_an_avenant_are_what_act_answers(state):
    """Each action by each role; those of an agreement are in the matrix of its states."""
    world = World()
    convention = changes.proposed(Avenant.objects.get(pk=world.avenant_in(state).pk))
    options = [one for role in ROLES for one in workflow.options(convention, world.people[role])]
    # The page that asks for a correction opens before a remark is pinned.
    tried = [None if found == "no_remark" else found for found in map(answer, options)]
    assert [code(option) for option in options] == tried, [option.action.name for option in options]


@pytest.mark.parametrize(
    ("spoilt", "state", "name", "role", "expected"),
    [
        ({"follow_up": ""}, Status.DRAFT, "submit", "student", "incomplete"),
        ({"centre": None}, Status.DRAFT, "submit", "student", "no_centre"),
        ({"teacher_approves": True}, Status.SUBMITTED, "validate", "manager", "approval_awaited"),
        ({"teacher_approves": True}, Status.SUBMITTED, "approve", "teacher", None),
        ({"remark": True}, Status.SUBMITTED, "validate", "manager", "remark_pending"),
        ({"remark": True}, Status.SUBMITTED, "return", "manager", None),
    ],
)
def test_why_not(spoilt, state, name, role, expected):
    world = World(teacher_approves="teacher_approves" in spoilt)
    convention = world.convention_in(state)
    if "remark" in spoilt:
        world.remark(convention)
    if written := {column: value for column, value in spoilt.items() if hasattr(Convention, column)}:
        Convention.objects.filter(pk=convention.pk).update(**written)
    options = workflow.options(stored(convention), world.people[role])
    [option] = [one for one in options if one.action.name == name]
    assert code(option) == expected
    assert option.is_possible or str(option.refusal)
    assert answer(option) == expected


def test_a_state_that_moved_on_names_who_acted_to_whoever_reads_it():
    world = World()
    convention = stored(world.convention_in(Status.REFUSED))
    options = workflow.options(convention, world.people["manager"])
    roles_of(world.people["manager"])
    with CaptureQueriesContext(connection) as queries:
        assert {code(option) for option in options} == {"moved_on"}
    assert not queries.captured_queries
    assert str(world.people["manager"]) in str(options[0].refusal)


def test_a_page_that_holds_the_agreement_asks_nothing_more():
    """The law is judged once, the turns and the remarks are read once, whatever the number of actions."""
    world = World()
    agreements = Convention.objects.for_detail()
    read = agreements.prefetch_related(WITH_AUTHORS, WITH_PEOPLE, WITH_REMARKS, *steps.PERIODS)
    convention = read.get(pk=world.convention_in(Status.SUBMITTED).pk)
    asked = workflow.Request(convention, world.people["manager"])
    roles_of(asked.by)
    assert asked.findings is not None
    with CaptureQueriesContext(connection) as queries:
        assert any(option.is_offered for option in workflow.options_of(asked))
    assert not queries.captured_queries
