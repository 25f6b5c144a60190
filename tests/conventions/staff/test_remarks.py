"""A manager pins remarks, takes them back, sends them."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.sign_in.typed_text import WRITER_FIELD
from conventions.models import Remark, Status
from tests.conventions.staff.desk import action, read
from tests.pages import browser, text_of

pytestmark = pytest.mark.django_db


def pin(user, convention, **typed):
    return browser(user).post(reverse("conventions:add_remark", args=[convention.pk]), typed)


def test_a_remark_is_pinned_shown_taken_back_and_then_sent(world):
    manager = world.people["manager"]
    convention = world.convention_in(Status.SUBMITTED)
    answer = pin(manager, convention, field="subject", text="Précisez le sujet.")
    assert answer.url == f"{convention.get_absolute_url()}#champ-subject"
    pin(manager, convention, field="amount", text="Sous le minimum.")
    page = text_of(browser(manager).get(convention.get_absolute_url()))
    assert "Précisez le sujet." in page
    assert "Sous le minimum." in page
    assert "2 remarques épinglées, que l’étudiant ne voit pas encore." in page
    assert "Précisez" not in text_of(browser(world.people["student"]).get(convention.get_absolute_url()))
    taken = convention.remarks.get(field="amount")
    browser(manager).post(reverse("conventions:delete_remark", args=[convention.pk, taken.pk]))
    assert [remark.field for remark in convention.remarks.all()] == ["subject"]
    confirmation = text_of(browser(manager).get(action(convention, "return")))
    assert "La remarque à envoyer" in confirmation
    assert "Précisez le sujet." in confirmation
    sent = browser(manager).post(
        action(convention, "return"), read(convention, comment="Un détail."), follow=True
    )
    assert "Correction demandée." in text_of(sent)
    page = text_of(browser(world.people["student"]).get(convention.get_absolute_url()))
    assert "Une remarque à traiter : Sujet" in page
    assert "Précisez le sujet." in page
    assert "Un détail." in page


def test_a_pinned_remark_takes_validation_off_the_bar(world):
    convention = world.convention_in(Status.SUBMITTED)
    world.remark(convention)
    page = browser(world.people["manager"]).get(convention.get_absolute_url()).content.decode()
    bar = page.partition('<div class="bar acts">')[2]
    assert "Valider" not in bar
    assert re.search(r'class="button primary"\s+href="[^"]+">\s*Demander une correction', bar)


@pytest.mark.parametrize(
    "typed",
    [
        {"field": "subject", "text": " "},
        {"field": "status", "text": "Non."},
        {"field": "subject", "text": "é" * 2001},
    ],
)
def test_a_remark_that_cannot_be_pinned_is_not_lost(world, typed):
    convention = world.convention_in(Status.SUBMITTED)
    answer = pin(world.people["manager"], convention, **typed)
    assert answer.status_code == 422
    assert typed["text"].strip() in answer.content.decode()
    assert not convention.remarks.exists()


def test_a_remark_that_comes_too_late_says_so_and_keeps_its_text(world):
    convention = world.convention_in(Status.VALIDATED)
    answer = pin(world.people["manager"], convention, field="subject", text="Précisez le sujet.")
    assert answer.status_code == 422
    words = text_of(answer)
    assert "n’attend plus de remarque" in words
    assert "Précisez le sujet." in words
    assert not convention.remarks.exists()


def test_who_may_not_remark(world):
    convention = world.convention_in(Status.SUBMITTED)
    for role in ("student", "other_student", "other_manager", "other_teacher", "admin"):
        assert pin(world.people[role], convention, field="subject", text="Non.").status_code == 404, role
    assert pin(world.people["teacher"], convention, field="subject", text="Non.").status_code == 422
    remark = world.remark(convention)
    for role in ("student", "teacher", "other_manager"):
        url = reverse("conventions:delete_remark", args=[convention.pk, remark.pk])
        assert browser(world.people[role]).post(url).status_code == 404, role
    assert Remark.objects.count() == 1


def test_a_remark_written_before_the_session_ended_survives_the_sign_in(world):
    convention = world.convention_in(Status.SUBMITTED)
    client = Client()
    url = reverse("conventions:add_remark", args=[convention.pk])
    manager = world.people["manager"]
    typed = {"field": "subject", "text": "Précisez le sujet.", WRITER_FIELD: manager.pk}
    assert client.post(url, typed).status_code == 302
    client.force_login(manager)
    answer = client.get(url)
    assert "Précisez le sujet." in text_of(answer)
    assert not convention.remarks.exists()
    assert client.get(url).url == convention.get_absolute_url()
