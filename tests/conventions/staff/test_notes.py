"""Internal notes of a centre: written on an agreement's page, found from the list, read by its managers alone."""

from datetime import timedelta

import pytest
from django.urls import reverse

from conventions.desk import notes
from conventions.models import Convention, Note, Status
from conventions.retention import purging
from tests.conventions.staff.desk import list_of, submitted
from tests.factories import ManagerFactory
from tests.pages import browser, text_of

pytestmark = pytest.mark.django_db

TEXT = "Rappeler la Préfecture mardi : le visa tarde."


@pytest.fixture
def noted(world):
    convention = world.convention_in(Status.SUBMITTED)
    notes.add(convention.pk, TEXT, by=world.people["manager"])
    return convention


def address(convention):
    return reverse("conventions:add_note", args=[convention.pk])


def test_a_manager_writes_one_and_a_colleague_reads_it(world):
    convention = world.convention_in(Status.SIGNED)
    client = browser(world.people["manager"])
    answer = client.post(address(convention), {"text": f"  {TEXT}  "}, follow=True)
    assert "La note est ajoutée." in text_of(answer)
    colleague = ManagerFactory(centre=world.centre).user
    page = text_of(browser(colleague).get(convention.get_absolute_url()))
    assert TEXT in page
    assert str(world.people["manager"]) in page
    assert Note.objects.get().text == TEXT


@pytest.mark.parametrize("role", ["student", "teacher", "admin"])
def test_nobody_else_reads_writes_or_finds_one(world, noted, role):
    client = browser(world.people[role])
    page = client.get(noted.get_absolute_url())
    assert page.status_code == 200
    assert "Préfecture" not in page.text
    assert "Notes internes" not in page.text
    assert client.post(address(noted), {"text": "x"}).status_code == 404
    listed = client.get(reverse("conventions:list"), {"note": "prefecture", "statut": "submitted"})
    if listed.status_code == 200:
        assert "Préfecture" not in listed.text
        assert 'name="note"' not in listed.text
    # Neither do documents, mails or the journal hold it.
    assert not noted.events.filter(comment__contains="Préfecture").exists()


def test_the_list_of_a_teacher_who_manages_elsewhere_shows_none(world, noted):
    ManagerFactory(user=world.people["teacher"])
    answer = list_of(world.people["teacher"])
    assert noted.number in answer.text
    assert "Préfecture" not in answer.text
    assert noted.number not in list_of(world.people["teacher"], note="prefecture").text


def test_a_manager_does_not_read_what_is_noted_of_their_own_stage(world, noted):
    ManagerFactory(centre=world.centre, user=world.people["student"])
    client = browser(world.people["student"])
    for page in (noted.get_absolute_url(), reverse("conventions:list")):
        assert "Préfecture" not in client.get(page).text
    assert noted.number not in client.get(reverse("conventions:list"), {"note": "prefecture"}).text
    assert client.post(address(noted), {"text": "x"}).status_code == 404


def test_the_list_shows_how_the_last_one_begins(world, noted):
    notes.add(
        noted.pk,
        "Une seconde note,\nsur deux lignes, qui est bien plus longue que soixante signes.",
        by=world.people["manager"],
    )
    page = text_of(list_of(world.people["manager"]))
    assert "Une seconde note, sur deux lignes, qui est bien plus longue …" in page
    assert "Préfecture" not in page


def test_without_any_the_list_has_no_column_of_notes(world):
    submitted(world)
    assert ">Note interne<" not in list_of(world.people["manager"]).text


@pytest.mark.parametrize(
    ("words", "found"), [("prefecture", True), ("VISA mardi", True), ("visa jeudi", False), ("%", False)]
)
def test_the_list_finds_its_words(world, noted, words, found):
    elsewhere = submitted(world)
    page = list_of(world.people["manager"], note=words).text
    assert (noted.number in page) == found
    assert elsewhere.number not in page or words == "%"


@pytest.mark.parametrize(
    ("text", "words"), [("   ", "Écrivez la note."), ("a" * 2_001, "2\u00a0000 caractères")]
)
def test_what_is_not_a_note_is_said_beside_its_field(world, text, words):
    convention = world.convention_in(Status.SUBMITTED)
    answer = browser(world.people["manager"]).post(address(convention), {"text": text})
    assert answer.status_code == 422
    assert words in answer.text
    assert not Note.objects.exists()


def test_sent_twice_it_is_one(world):
    convention = world.convention_in(Status.SUBMITTED)
    client = browser(world.people["manager"])
    for _ in range(2):
        client.post(address(convention), {"text": TEXT})
    assert Note.objects.count() == 1


def test_an_anonymised_agreement_takes_none(world):
    convention = world.convention_in(Status.REFUSED)
    assert purging.purge(convention.pk, convention.end + timedelta(days=366 * 20), by=None)
    with pytest.raises(Convention.DoesNotExist):
        notes.add(convention.pk, TEXT, by=world.people["manager"])
