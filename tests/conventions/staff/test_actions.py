"""What managers, teachers and students do to an agreement, each on what they read."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Message
from accounts.refusals import Refused
from accounts.sign_in.typed_text import WRITER_FIELD
from conventions import workflow
from conventions.models import Convention, Status
from tests.conventions.staff.desk import action, read
from tests.factories import ManagerFactory
from tests.pages import browser, text_of
from tests.worlds import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("state", "name", "words"),
    [
        (
            Status.SUBMITTED,
            "validate",
            "Une fois validée, la convention ne pourra être modifiée que par un avenant.",
        ),
        (Status.SUBMITTED, "return", "Aucune remarque épinglée"),
        (Status.SUBMITTED, "refuse", "Un refus est définitif."),
        (Status.VALIDATED, "sign", "Vous notez des signatures données sur papier"),
        (Status.VALIDATED, "cancel", "ne peut plus servir"),
        (Status.SIGNING, "terminate", "Le stage prend fin."),
    ],
)
def test_a_page_says_what_an_action_does(world, state, name, words):
    convention = world.convention_in(state)
    answer = browser(world.people["manager"]).get(action(convention, name))
    assert answer.status_code == 200
    assert words in text_of(answer)


def test_validating_tells_everyone_and_comes_back_with_the_result(world):
    convention = world.convention_in(Status.SUBMITTED)
    answer = browser(world.people["manager"]).post(
        action(convention, "validate"), read(convention), follow=True
    )
    assert answer.redirect_chain[-1][0] == convention.get_absolute_url()
    assert "Convention validée." in text_of(answer)
    assert Message.objects.filter(subject__contains="validée").count() == 2


def test_a_reason_that_is_missing_is_asked_beside_its_field(world):
    convention = world.convention_in(Status.SUBMITTED)
    answer = browser(world.people["manager"]).post(action(convention, "refuse"), {"comment": "  "})
    assert answer.status_code == 422
    assert "Erreur – Refuser" in answer.content.decode()
    assert 'href="#id_comment"' in answer.content.decode()
    assert "Indiquez la raison" in text_of(answer)
    convention.refresh_from_db()
    assert convention.status == Status.SUBMITTED


def test_a_guard_that_refuses_keeps_what_was_typed(world):
    convention = world.convention_in(Status.SUBMITTED)
    answer = browser(world.people["manager"]).post(
        action(convention, "return"), read(convention, comment="Voyez le sujet.")
    )
    assert answer.status_code == 422
    assert "Voyez le sujet." in text_of(answer)
    assert "Épinglez d’abord une remarque" in text_of(answer)


@pytest.mark.parametrize("name", ["validate", "return", "refuse"])
def test_nobody_decides_on_what_they_did_not_read(world, name):
    """The student withdraws, changes and submits again while the manager's page stays open."""
    convention = world.convention_in(Status.SUBMITTED)
    typed = read(convention, comment="Trop loin de la formation.")
    read_page = browser(world.people["manager"]).get(convention.get_absolute_url()).text
    workflow.act(convention.pk, "withdraw", by=world.people["student"])
    Convention.objects.filter(pk=convention.pk).update(subject="Un tout autre sujet, jamais montré")
    workflow.act(convention.pk, "submit", by=world.people["student"])
    if name == "return":
        world.remark(convention)
    manager = browser(world.people["manager"])
    answer = manager.post(action(convention, name), typed, follow=True)
    assert "a changé depuis que vous l’avez ouverte" in text_of(answer)
    if name != "validate":
        assert typed["comment"] in text_of(answer), "what was typed is kept"
    link = f"{action(convention, name)}?lu={typed['lu']}"
    assert name == "return" or link in read_page
    opened = manager.get(link, follow=True)
    assert opened.redirect_chain
    assert "a changé depuis que vous l’avez ouverte" in text_of(opened)
    assert manager.post(action(convention, name), {"comment": "x"}, follow=True).status_code in {200, 409}
    convention.refresh_from_db()
    assert convention.status == Status.SUBMITTED


def test_a_teacher_approves_what_they_read():
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    seen = read(convention)
    workflow.act(convention.pk, "withdraw", by=world.people["student"])
    workflow.act(convention.pk, "submit", by=world.people["student"])
    answer = browser(world.people["teacher"]).post(action(convention, "approve"), seen, follow=True)
    assert "a changé depuis que vous l’avez ouverte" in text_of(answer)
    assert not convention.turns.filter(done_at__isnull=False).exists()


def test_nobody_decides_on_their_own_stage(world):
    convention = world.convention_in(Status.SUBMITTED)
    ManagerFactory(centre=world.centre, user=world.people["student"])
    client = browser(world.people["student"])
    page = client.get(convention.get_absolute_url()).text
    for name in ("validate", "refuse", "return"):
        assert action(convention, name) not in page
        assert client.post(action(convention, name), read(convention, comment="Oui")).status_code == 404


@pytest.mark.parametrize("name", ["terminate", "cancel"])
def test_nobody_ends_their_own_stage_once_it_is_validated(world, name):
    convention = world.convention_in(Status.VALIDATED)
    ManagerFactory(centre=world.centre, user=world.people["student"])
    client = browser(world.people["student"])
    assert action(convention, name) not in client.get(convention.get_absolute_url()).text
    assert client.get(action(convention, name)).status_code == 404
    with pytest.raises(Refused, match="pas le droit"):
        workflow.act(
            convention.pk, name, by=world.people["student"], comment="Je pars", ended_on=convention.start
        )


def test_the_second_of_two_managers_learns_who_acted_first(world):
    convention = world.convention_in(Status.SUBMITTED)
    colleague = ManagerFactory(centre=world.centre, user__first_name="Odile").user
    browser(colleague).post(action(convention, "validate"), read(convention))
    second = browser(world.people["manager"]).post(
        action(convention, "validate"), read(convention), follow=True
    )
    assert f"{colleague} a déjà agi : la convention est « Validée »" in text_of(second)
    third = browser(world.people["manager"]).post(
        action(convention, "refuse"), read(convention, comment="Trop loin de la formation.")
    )
    assert third.status_code == 409
    assert f"{colleague} a déjà agi" in text_of(third)
    assert "Trop loin de la formation." in text_of(third)
    opened = browser(world.people["manager"]).get(action(convention, "refuse"), follow=True)
    assert f"{colleague} a déjà agi" in text_of(opened)
    convention.refresh_from_db()
    assert convention.status == Status.VALIDATED


def test_a_student_who_withdraws_too_late_is_told(world):
    convention = world.convention_in(Status.VALIDATED)
    answer = browser(world.people["student"]).post(action(convention, "withdraw"), follow=True)
    assert "a déjà agi : la convention est « Validée »" in text_of(answer)


def test_submitting_too_early_leads_to_what_is_missing(world):
    convention = world.draft(subject="")
    answer = browser(world.people["student"]).post(action(convention, "submit"))
    assert answer.url == reverse("conventions:step", args=[convention.pk, "contenu"])


def test_a_reason_written_before_the_session_ended_survives_the_sign_in(world):
    convention = world.convention_in(Status.SUBMITTED)
    client = Client()
    manager = world.people["manager"]
    typed = read(convention, comment="Tâches d’un poste permanent.")
    client.post(action(convention, "refuse"), typed | {WRITER_FIELD: manager.pk})
    client.force_login(manager)
    assert "Tâches d’un poste permanent." in text_of(client.get(action(convention, "refuse")))


def test_an_action_that_does_not_exist(world):
    convention = world.convention_in(Status.SUBMITTED)
    assert browser(world.people["manager"]).get(action(convention, "archiver")).status_code == 404
