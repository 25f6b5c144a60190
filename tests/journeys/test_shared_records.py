"""A person who has two roles, and a choice made in two windows: nothing changes without a word."""

import re

import pytest
from django.urls import reverse

from conventions.models import Convention
from tests.journeys import filling
from tests.journeys.conftest import DESKTOP, PHONE

EVERYWHERE = pytest.mark.parametrize(
    ("device", "scripts"),
    [(DESKTOP, True), (PHONE, True), (DESKTOP, False)],
    ids=["desktop", "phone", "without JavaScript"],
)
STUDENT = "ines.marchand"


@pytest.fixture
def convention(people):
    """The one whose student typed her tutor herself."""
    return Convention.objects.get(tutor__last_name="Ferhat")


def at_step(convention, slug):
    return reverse("conventions:step", args=[convention.pk, slug])


@EVERYWHERE
def test_another_tutor_leaves_the_signatory_alone(people, convention, device, scripts):
    student = people(STUDENT, device, scripts=scripts)
    student.goes_to(at_step(convention, "signataire"))
    student.sees("Signataire")
    filling.same_person_signs(student)
    student.goes_to(at_step(convention, "tuteur"))
    student.sees("Tuteur professionnel")
    student.follows("Corriger la fiche de Nadia Ferhat")
    student.sees("Corriger la fiche")
    student.reads("Cette fiche sert aussi ailleurs")
    student.reads(re.compile("c’est aussi la fiche de : signataire"))
    student.follows("C’est une autre personne")
    student.sees("Saisir le tuteur professionnel")
    for label, text in {
        "Prénom": "Odile",
        "Nom": "Garnier",
        "Fonction": "Cheffe d’atelier",
        "Téléphone": "02 61 91 00 45",
        "Adresse électronique": "odile@ateliers.example",
    }.items():
        student.writes(label, text)
    student.presses("Créer et continuer")
    student.sees("Contenu du stage")
    convention.refresh_from_db()
    assert (str(convention.tutor), str(convention.signatory)) == ("Odile Garnier", "Nadia Ferhat")


@EVERYWHERE
def test_two_windows_choose(people, convention, device, scripts):
    first, second = (people(STUDENT, device, scripts=scripts) for _ in range(2))
    for person in (first, second):
        person.goes_to(at_step(convention, "tuteur"))
        person.sees("Tuteur professionnel")
    first.ticks(re.compile("Hélène Bossard"))
    first.presses("Choisir et continuer")
    first.sees("Contenu du stage")
    second.ticks(re.compile("Paul Grandin"))
    second.presses("Choisir et continuer")
    second.sees("Tuteur professionnel")
    second.reads("Un autre choix a été fait entre-temps")
    second.ticks(re.compile("Prendre l’autre"))
    second.presses("Enregistrer et continuer")
    second.sees("Contenu du stage")
    convention.refresh_from_db()
    assert str(convention.tutor) == "Hélène Bossard"
