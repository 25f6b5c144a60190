"""Drafts begin, by their student or for them, are copied and deleted."""

from datetime import date

import pytest
from django.urls import reverse

from conventions.models import Convention, Interruption, Status
from tests.conventions.wizard.posting import step_url
from tests.factories import EnrolmentFactory, ManagerFactory, StudentFactory
from tests.pages import browser, text_of
from tests.worlds import World

pytestmark = pytest.mark.django_db


def test_advice_then_a_draft_filled_from_the_records(client):
    student = EnrolmentFactory().student
    client.force_login(student.user)
    page = client.get(reverse("conventions:advice")).text
    assert "annuaire-entreprises.data.gouv.fr" in page
    assert "conseils-aux-voyageurs" in page
    assert "Joignez votre attestation de responsabilité civile." in page, "the centre's instructions"
    assert not student.conventions.exists(), "reading creates nothing"
    answer = client.post(reverse("conventions:advice"))
    convention = student.conventions.get()
    assert answer.url == step_url(convention, "eleve")
    assert convention.student_street == student.street


def test_only_a_student_starts_their_own_agreement(client):
    client.force_login(ManagerFactory().user)
    assert client.get(reverse("conventions:advice")).status_code == 404


def test_a_manager_fills_an_agreement_for_a_student(client):
    enrolment = EnrolmentFactory()
    manager = ManagerFactory(centre=enrolment.programme.managing_centre).user
    client.force_login(manager)
    answer = client.post(reverse("conventions:enter"), {"student": enrolment.student_id}, follow=True)
    assert answer.status_code == 200
    assert f"pour <strong>{enrolment.student.user}</strong>" in answer.text


def test_a_manager_finds_a_student_and_begins_for_them(world):
    manager = world.people["manager"]
    url = reverse("conventions:enter")
    empty = text_of(browser(manager).get(url))
    assert "Nom ou numéro de l’étudiant" in empty
    found = text_of(browser(manager).get(url, {"q": world.student.number}))
    assert f"1 étudiant trouvé {world.student.user}" in found
    assert "Aucun étudiant ne correspond" in text_of(browser(manager).get(url, {"q": "zzzz"}))
    answer = browser(manager).post(url, {"student": world.student.pk})
    convention = Convention.objects.get(student=world.student)
    assert answer.url == reverse("conventions:step", args=[convention.pk, "eleve"])
    assert convention.created_by == manager
    assert browser(manager).get(answer.url).status_code == 200


def test_a_copy_asks_for_dates_and_programme_again(client, world):
    original = world.convention_in(Status.SIGNED)
    client.force_login(world.people["student"])
    answer = client.post(reverse("conventions:duplicate", args=[original.pk]))
    copy = Convention.objects.exclude(pk=original.pk).get()
    assert (copy.status, copy.number, copy.start, copy.enrolment) == (Status.DRAFT, None, None, None)
    assert (copy.organisation, copy.tutor, copy.missions) == (
        original.organisation,
        original.tutor,
        original.missions,
    )
    assert answer.url == step_url(copy, "formation")
    client.force_login(StudentFactory().user)
    assert client.post(reverse("conventions:duplicate", args=[original.pk])).status_code == 404


def test_a_manager_sees_the_copy_they_make(client, world):
    original = world.convention_in(Status.SIGNED)
    client.force_login(world.people["manager"])
    answer = client.post(reverse("conventions:duplicate", args=[original.pk]), follow=True)
    assert answer.status_code == 200


def test_a_draft_is_deleted_with_what_hangs_on_it(client, draft):
    Interruption.objects.create(convention=draft, start=date(2026, 1, 5), end=date(2026, 1, 9))
    assert client.get(reverse("conventions:delete", args=[draft.pk])).status_code == 405
    client.post(reverse("conventions:delete", args=[draft.pk]))
    assert not Convention.objects.exists()


def test_a_submitted_agreement_is_not_deleted(client, world):
    convention = world.convention_in(Status.SUBMITTED)
    client.force_login(world.people["student"])
    client.post(reverse("conventions:delete", args=[convention.pk]))
    assert Convention.objects.filter(pk=convention.pk).exists()


def test_a_manager_deletes_only_a_draft_they_began(client):
    world = World()
    convention = world.draft()
    client.force_login(world.people["manager"])
    client.post(reverse("conventions:delete", args=[convention.pk]))
    assert Convention.objects.filter(pk=convention.pk).exists()
    begun = world.draft(created_by=world.people["manager"])
    client.post(reverse("conventions:delete", args=[begun.pk]))
    assert not Convention.objects.filter(pk=begun.pk).exists()
