"""« Modifiée depuis votre dernière lecture »: what a manager has read of a submission, and what differs in the next."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from conventions import documents, workflow
from conventions.desk import reading
from conventions.models import Convention, Seen, Status
from conventions.retention import purging
from tests.conventions.staff.desk import list_of
from tests.conventions.wizard.posting import content_of
from tests.factories import ManagerFactory
from tests.pages import browser, text_of

pytestmark = pytest.mark.django_db

TOLD = "Modifiée depuis votre dernière lecture"


def page_of(user, convention):
    return text_of(browser(user).get(convention.get_absolute_url()))


def correct(convention, by, **changed):
    convention.refresh_from_db()
    address = reverse("conventions:correction_step", args=[convention.pk, "contenu"])
    assert browser(by).post(address, content_of(convention, **changed)).status_code == 302


def submit_again(world, convention, **changed):
    workflow.act(convention.pk, "withdraw", by=world.people["student"])
    Convention.objects.filter(pk=convention.pk).update(**changed)
    workflow.act(convention.pk, "submit", by=world.people["student"])


def test_what_the_student_changed_is_told_until_it_changes_again(world):
    manager = world.people["manager"]
    convention = world.convention_in(Status.SUBMITTED)
    before = convention.subject
    assert TOLD not in page_of(manager, convention)
    submit_again(world, convention, subject="Un tout autre sujet")
    for _ in range(2):
        page = page_of(manager, convention)
        assert f"{TOLD}, le {timezone.localtime():%d/%m/%Y}" in page
        told = page[page.index(TOLD) :]
        assert told.index(before) < told.index("Un tout autre sujet")
    submit_again(world, convention, missions="D’autres missions, décrites assez longuement.")
    told = page_of(manager, convention)
    told = told[told.index(TOLD) :]
    assert "D’autres missions" in told
    assert before not in told


def test_nothing_changed_is_told_too(world):
    convention = world.convention_in(Status.SUBMITTED)
    page_of(world.people["manager"], convention)
    submit_again(world, convention)
    assert "ce qu’elle dit est ce que vous aviez lu" in page_of(world.people["manager"], convention)


def test_a_colleague_has_their_own_reading(world):
    colleague = ManagerFactory(centre=world.centre).user
    convention = world.convention_in(Status.SUBMITTED)
    page_of(world.people["manager"], convention)
    submit_again(world, convention, subject="Un tout autre sujet")
    assert TOLD not in page_of(colleague, convention)
    assert TOLD in page_of(world.people["manager"], convention)


@pytest.mark.parametrize("role", ["student", "teacher", "admin"])
def test_nobody_else_is_noted(world, role):
    convention = world.convention_in(Status.SUBMITTED)
    page_of(world.people[role], convention)
    assert not Seen.objects.exists()


@pytest.mark.parametrize("state", [Status.DRAFT, Status.RETURNED, Status.VALIDATED])
def test_only_a_submission_is_read(world, state):
    convention = world.convention_in(state)
    page_of(world.people["manager"], convention)
    assert not Seen.objects.exists()


def test_a_correction_of_ones_own_hides_nothing_of_a_colleague(world):
    """Who corrects from a page opened before a colleague's correction has not read that one."""
    manager, colleague = world.people["manager"], ManagerFactory(centre=world.centre).user
    convention = world.convention_in(Status.SUBMITTED)
    page_of(manager, convention)
    correct(convention, colleague, subject="Un sujet corrigé par ailleurs")
    correct(convention, manager, missions="D’autres missions, décrites assez longuement.")
    assert TOLD in page_of(manager, convention)
    correct(convention, manager, skills="D’autres compétences, décrites assez longuement.")
    Seen.objects.all().delete()
    page_of(manager, convention)
    correct(convention, manager, subject="Le dernier sujet")
    assert TOLD not in page_of(manager, convention), "one knows what one has just written"


def test_what_is_anonymised_meanwhile_is_not_noted(world):
    convention = world.convention_in(Status.REFUSED)
    said, at = documents.agreement(convention), convention.changed_at
    assert purging.purge(convention.pk, convention.end + timedelta(days=366 * 20), by=None)
    assert reading._note(convention.pk, at, said, world.people["manager"]) is None
    assert not Seen.objects.exists()


def test_an_older_page_does_not_replace_what_was_read_since(world):
    convention, manager = world.convention_in(Status.SUBMITTED), world.people["manager"]
    earlier = convention.changed_at
    submit_again(world, convention, subject="Un tout autre sujet")
    page_of(manager, convention)
    read = Seen.objects.get().said
    reading._note(convention.pk, earlier, {"stage": {}}, manager)
    assert Seen.objects.get().said == read


def test_the_list_marks_it_and_finds_it(world):
    manager, colleague = world.people["manager"], ManagerFactory(centre=world.centre).user
    convention = world.convention_in(Status.SUBMITTED)
    assert TOLD not in list_of(manager).text, "what was never read is not modified since"
    page_of(manager, convention)
    assert TOLD not in list_of(manager).text
    submit_again(world, convention)
    assert TOLD in list_of(manager).text
    assert TOLD not in list_of(colleague).text
    assert convention.number in list_of(manager, modifiees="on").text
    assert convention.number not in list_of(colleague, modifiees="on").text
    page_of(manager, convention)
    assert TOLD not in list_of(manager).text


def test_an_english_reader_is_not_told_of_a_language(world):
    convention = world.convention_in(Status.SUBMITTED)
    client = browser(world.people["manager"])
    client.get(convention.get_absolute_url())
    client.post(reverse("set_language"), {"language": "en"})
    submit_again(world, convention)
    client.get(convention.get_absolute_url())
    seen = Seen.objects.get()
    assert seen.before == seen.said


def test_the_time_of_the_earlier_reading_is_told(world, time_machine):
    convention = world.convention_in(Status.SUBMITTED)
    page_of(world.people["manager"], convention)
    first = timezone.localtime()
    time_machine.move_to(timezone.now() + timedelta(hours=3))
    submit_again(world, convention)
    assert f"{TOLD}, le {first:%d/%m/%Y %H:%M}" in page_of(world.people["manager"], convention)
