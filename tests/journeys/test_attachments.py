"""A certificate on its way: sent by keyboard, refused, sent again from a telephone, accepted, and then the validation."""

import re

import pytest
from playwright.sync_api import expect

from conventions.models import Convention, Status
from tests import files
from tests.journeys.conftest import PHONE
from tests.journeys.person import KeyboardPerson

CIVIL = "Attestation de responsabilité civile"
REASON = "Votre nom n’y figure pas : demandez une attestation nominative."


@pytest.fixture
def convention(demo_world):
    """One to validate, in a centre that asks for the certificate."""
    convention = Convention.objects.filter(status=Status.SUBMITTED, student__user__last_name="Aubert").get()
    convention.insurer, convention.insurance_policy = "Assurances du Bocage", "RC 20266"
    convention.insurance_start, convention.insurance_end = convention.start, convention.end
    convention.save()
    convention.centre.requires_insurance = True
    convention.centre.save()
    return convention


def chooses(person, content, name):
    """Choose a file, with the browser's own window."""
    with person.page.expect_file_chooser() as window:
        person._activate(person.field("Fichier"))
    window.value.set_files({"name": name, "mimeType": "application/pdf", "buffer": content})


def describes(person, convention):
    person.selects("Nature de la pièce", CIVIL)
    person.dates("Valable du", convention.start)
    person.dates("Valable jusqu’au", convention.end)


def paper(person, state):
    return person.page.locator(".attachments > li").filter(has_text=state)


def test_a_certificate_from_the_student_to_the_validation(people, worker, convention):
    email = convention.student.user.email.partition("@")[0]
    student = people(email, who=KeyboardPerson)
    student.goes_to(f"/conventions/{convention.pk}/suite/")
    student.sees("Modalités à suivre après la saisie de votre convention")
    student.follows("Joindre une pièce")
    student.sees("Joindre une pièce")
    expect(student.field("Intitulé")).to_be_hidden()
    student.selects("Nature de la pièce", CIVIL)
    chooses(student, b"<script>alert(1)</script>", "attestation.pdf")
    student.presses("Envoyer")
    student.sees("Joindre une pièce")
    expect(student.page.get_by_role("alert")).to_be_focused()
    student.reads("n’est ni un PDF, ni une image")
    student.page.keyboard.press("Tab")
    describes(student, convention)
    chooses(student, files.pdf(), "Attestation 2026.pdf")
    student.presses("Envoyer")
    student.reads("Pièce envoyée")
    student.checks("Pièce envoyée")
    expect(paper(student, "À vérifier")).to_have_count(1)

    manager = people("nathalie.rousseau")
    manager.goes_to(convention.get_absolute_url())
    manager.reads("Acceptez d’abord l’attestation de responsabilité civile")
    expect(manager.find("link", "Valider")).to_have_count(0)
    manager.follows(re.compile("^Refuser : Attestation"))
    manager.sees("Refuser une pièce")
    manager.presses("Refuser")
    manager.sees("Refuser une pièce")
    manager.reads("Dites pourquoi la pièce est refusée.")
    manager.writes("Raison du refus", REASON)
    manager.presses("Refuser")
    manager.reads("Pièce refusée")
    manager.checks("Pièce refusée")

    phone = people(device=PHONE)
    phone.reads_mail(email, f"Pièce refusée pour votre convention de stage {convention.number}")
    phone.signs_in(convention.student.user.email, "bocage-en-fleurs")
    phone.sees("Joindre une pièce")
    phone.reads(REASON)
    describes(phone, convention)
    chooses(phone, files.photo(size=(1200, 1600)), "IMG_2041.jpg")
    phone.presses("Envoyer")
    phone.reads("Pièce envoyée")
    phone.checks("Envoyée du téléphone")

    manager.goes_to(convention.get_absolute_url())
    with manager.page.expect_download() as download:
        manager.follows("IMG_2041.jpg")
    assert download.value.suggested_filename == "IMG_2041.jpg"
    manager.presses(re.compile("^Accepter : Attestation"))
    manager.reads("Pièce acceptée")
    manager.checks("Pièce acceptée")
    expect(paper(manager, "Acceptée")).to_have_count(1)
    expect(manager.find("link", "Valider")).to_be_visible()


def test_without_javascript_a_paper_is_sent_and_taken_back(people, convention):
    student = people(convention.student.user.email.partition("@")[0], scripts=False)
    student.goes_to(f"/conventions/{convention.pk}/pieces/")
    student.selects("Nature de la pièce", "Autre pièce")
    student.writes("Intitulé", "Accord du laboratoire")
    student.field("Fichier").set_input_files(
        {"name": "accord.png", "mimeType": "image/png", "buffer": files.photo("PNG")}
    )
    student.presses("Envoyer")
    student.sees("Joindre une pièce")
    student.reads("Accord du laboratoire")
    student.presses(re.compile("^Supprimer : Accord du laboratoire"))
    student.reads("Pièce supprimée")
    expect(student.page.locator(".attachments > li")).to_have_count(0)
