"""Ten people submit at the same second what only some of them may have: a quota is judged one at a time."""

import pytest
from django.db import connection

from accounts.refusals import Refused
from conventions import workflow
from conventions.legality import neighbours
from conventions.models import Convention, Status
from tests.at_once import at_once
from tests.factories import (
    ContactFactory,
    EnrolmentFactory,
    OrganisationFactory,
    ServiceFactory,
    StudentFactory,
    TeacherFactory,
)
from tests.worlds import World

PEOPLE = 10


def drafts_of(world, **shared):
    """Return complete drafts of ten students, that share nothing but what is named."""
    made = []
    for _ in range(PEOPLE):
        student = StudentFactory()
        host = shared.get("organisation") or OrganisationFactory()
        fields = {
            "student": student,
            "enrolment": EnrolmentFactory(student=student, programme=world.enrolment.programme),
            "organisation": host,
            "service": ServiceFactory(organisation=host),
            "tutor": ContactFactory(organisation=host),
            "signatory": ContactFactory(organisation=host),
            "teacher": TeacherFactory(ufr=world.ufr),
            **shared,
        }
        made.append(world.draft(**fields))
    return made


def submitted_at_once(made):
    def submit(draft):
        by = draft.student.user
        return lambda: workflow.act(draft.pk, "submit", by=by)

    outcomes = at_once(*[submit(draft) for draft in made])
    assert {type(outcome) for outcome in outcomes} <= {Convention, Refused}, outcomes
    return sum(isinstance(outcome, Convention) for outcome in outcomes)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_a_tutor_has_three_trainees(self):
        world = World()
        host = OrganisationFactory()
        made = drafts_of(world, organisation=host, tutor=ContactFactory(organisation=host))
        assert submitted_at_once(made) == 3
        assert Convention.objects.filter(status=Status.SUBMITTED).count() == 3

    def test_a_host_has_its_quota(self):
        made = drafts_of(World(), organisation=OrganisationFactory(), headcount=10)
        assert submitted_at_once(made) == 3

    def test_a_student_has_one_stage_at_a_time(self):
        world = World()
        made = drafts_of(world, student=world.student, enrolment=world.enrolment)
        assert submitted_at_once(made) == 1

    def test_those_who_share_nothing_do_not_wait(self):
        assert submitted_at_once(drafts_of(World())) == PEOPLE


@pytest.mark.django_db
def test_what_is_waited_for_is_what_others_are_found_by():
    convention = World().convention_in(Status.SUBMITTED)
    neighbours.wait_for_those_alike(convention)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        [count] = cursor.fetchone()
    assert count == sum(map(len, neighbours.in_common([convention]).values())) == 4
