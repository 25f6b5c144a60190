"""Without a mouse, and without JavaScript: the same job, with what is left."""

import re

from playwright.sync_api import expect

from tests.journeys import filling
from tests.journeys.person import KeyboardPerson

DONE = "J’ai corrigé ou répondu : la remarque est traitée"


def test_the_whole_creation_by_keyboard_alone(people):
    student = people("ines.marchand", who=KeyboardPerson)
    filling.everything(student)
    filling.submits(student)


def test_mistakes_and_menus_by_keyboard_alone(people):
    student = people("ines.marchand", who=KeyboardPerson)
    student.page.keyboard.press("Tab")
    expect(student.find("link", "Aller au contenu")).to_be_focused()
    student.page.keyboard.press("Enter")
    student.page.keyboard.press("Tab")
    expect(student.find("link", "Créer une nouvelle convention")).to_be_focused()
    student.presses("Inès Marchand")
    expect(student.find("button", "Se déconnecter")).to_be_visible()
    student.page.keyboard.press("Escape")
    expect(student.find("button", "Se déconnecter")).to_be_hidden()

    filling.begin(student)
    student.writes("Téléphone", "12")
    student.presses("Enregistrer et continuer")
    student.sees("Élève")
    summary = student.page.get_by_role("alert")
    expect(summary).to_be_focused()
    student.page.keyboard.press("Tab")
    expect(student.find("link", "Téléphone", within=summary)).to_be_focused()
    student.page.keyboard.press("Enter")
    expect(student.field("Téléphone")).to_be_focused()
    expect(student.field("Téléphone")).to_have_accessible_description(re.compile("incomplet"))
    student.writes("Téléphone", "06 39 98 44 10")
    student.presses("Enregistrer et continuer")
    expect(summary).to_be_focused()
    expect(student.find("link", "Téléphone", within=summary)).to_have_count(0)


def test_the_whole_creation_without_javascript(people):
    student = people("ines.marchand", scripts=False)
    filling.everything(student)
    filling.submits(student)


def test_remarks_answered_without_javascript(people):
    student = people("ines.marchand", scripts=False)
    student.follows(re.compile("^Corriger la convention"))
    student.sees("Contenu du stage")
    student.writes("Sujet", "Contrôle de la dissolution des comprimés de trois lots par jour")
    for remark in student.page.locator(".remark").all():
        student.writes("Votre réponse", "C’est corrigé.", within=remark)
        student.ticks(DONE, within=remark)
    student.presses("Enregistrer et continuer")
    student.sees("Récapitulatif")
    filling.submits(student)
    student.opens("Retirer la soumission")
    student.presses("Retirer la soumission")
    student.reads("Soumission retirée.")


def test_signatures_recorded_by_keyboard_alone(people):
    student = people("clara.nguyen", who=KeyboardPerson)
    student.follows(re.compile("^Imprimer et faire signer"))
    student.follows("Enregistrer des signatures")
    student.presses("Enregistrer")
    student.reads("Signature enregistrée.")


def test_signatures_recorded_without_javascript(people):
    student = people("clara.nguyen", scripts=False)
    student.follows(re.compile("^Imprimer et faire signer"))
    student.follows("Enregistrer des signatures")
    student.presses("Enregistrer")
    student.reads("Signature enregistrée.")
