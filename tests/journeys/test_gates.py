"""What stops on its way: a departure that a security officer allows, a signed copy that is refused and sent again."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conventions import demo
from conventions.models import Convention, Status
from organisations.models import Party
from tests import files
from tests.journeys.conftest import PHONE

ORDER = ("Clara Nguyen", "Sylvie Auvray", "Gérard Toutain", "Paul Lemoine", "Hélène Morvan")


@pytest.fixture
def departure(demo_world):
    """The stage in a country at risk that waits for its security officer."""
    return Convention.objects.get(organisation__name=demo.AT_RISK)


def heading(convention):
    return f"{convention.student.user} chez {convention.organisation}"


def test_a_stage_in_a_country_at_risk(people, worker, departure):
    student = people("nour.haddad", device=PHONE)
    student.goes_to(departure.get_absolute_url())
    student.reads("Chez le fonctionnaire de sécurité et de défense")

    manager = people("karim.benali")
    manager.goes_to(departure.get_absolute_url())
    manager.sees(heading(departure))
    manager.reads("Autorisation de départ attendue")
    manager.reads("La validation attend l’autorisation de départ du fonctionnaire de sécurité et de défense.")
    expect(manager.find("link", "Valider")).to_have_count(0)

    officer = people()
    officer.reads_mail("odile.renard", re.compile("Départ à autoriser.*Liban.*Nour Haddad"))
    officer.signs_in(f"odile.renard@{demo.DOMAIN}", demo.PASSWORD)
    officer.sees(heading(departure))
    officer.reads("Votre autorisation est attendue")
    officer.follows("Accueil", within=officer.page.get_by_role("navigation").first)
    officer.sees("Gestion des conventions de stage")
    officer.reads("Départs à autoriser")
    officer.checks("Départs à autoriser")
    officer.follows(re.compile("^Lire et décider"))
    officer.follows("Refuser le départ")
    officer.sees("Refuser le départ")
    officer.presses("Refuser le départ")
    officer.reads("Indiquez la raison")
    officer.writes("Raison du refus", "Précisez le quartier où le stage se déroule.")
    officer.presses("Refuser le départ")
    officer.reads("Départ refusé.")

    manager.reads_mail("stages.lan", "Départ refusé")
    manager.sees(heading(departure))
    manager.reads("Précisez le quartier où le stage se déroule.")
    expect(manager.find("link", "Valider")).to_have_count(0)

    officer.follows("Autoriser le départ")
    officer.sees("Autoriser le départ")
    officer.presses("Autoriser le départ")
    officer.reads("Départ autorisé.")
    officer.follows("Accueil", within=officer.page.get_by_role("navigation").first)
    officer.reads("Aucun départ n’attend votre décision")
    officer.checks("Départs décidés")

    manager.page.reload()
    manager.follows("Valider")
    manager.sees("Valider")
    manager.reads(re.compile("Niveau que connaît l’établissement, Liban.: zone orange"))
    manager.writes(re.compile("^Pourquoi validez-vous malgré les alertes"), "Autorisé par la sécurité.")
    manager.presses("Valider")
    manager.reads("Convention validée.")


def sends(person, name, signers=ORDER):
    person.sees("Joindre la copie signée")
    person.page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/pdf", "buffer": files.pdf()}
    )
    for signer in signers:
        person.dates(re.compile(f"^{signer}"), timezone.localdate())
    person.presses("Joindre")


def test_a_copy_refused_and_sent_again(people, worker, demo_world):
    convention = Convention.objects.get(status=Status.VALIDATED, student__user__last_name="Nguyen")
    assert convention.signature_order[0] == Party.STUDENT
    student = people("clara.nguyen", device=PHONE)
    student.follows(re.compile("^Imprimer et faire signer"))
    student.follows("Enregistrer des signatures")
    student.sees("Enregistrer ma signature")
    expect(student.page.locator("input[type=date]")).to_have_count(1)
    student.follows("Joindre la copie signée")
    sends(student, "de travers.pdf")
    student.reads("Pièce envoyée")
    student.checks("Copie envoyée")
    expect(student.page.get_by_text("Toutes les signatures sont réunies")).to_have_count(0)

    manager = people("nathalie.rousseau")
    manager.goes_to("/")
    manager.follows(re.compile("copie signée à vérifier"))
    manager.sees("Conventions")
    manager.follows(convention.number)
    manager.reads("Signatures déclarées")
    manager.follows(re.compile("^Refuser : Convention signée"))
    manager.writes("Raison du refus", "Le tampon de la mairie manque.")
    manager.presses("Refuser")
    manager.reads("Pièce refusée")

    phone = people(device=PHONE)
    phone.reads_mail("clara.nguyen", "Pièce refusée")
    phone.signs_in(f"clara.nguyen@{demo.DOMAIN}", demo.PASSWORD)
    phone.reads("Le tampon de la mairie manque.")
    sends(phone, "avec le tampon.pdf")
    phone.reads("Pièce envoyée")

    manager.goes_to(convention.get_absolute_url())
    manager.presses(re.compile("^Accepter : Convention signée"))
    manager.reads("Pièce acceptée")
    manager.reads("Toutes les signatures sont réunies")
    manager.checks("Copie acceptée")
    student.goes_to(convention.get_absolute_url())
    student.reads("Toutes les signatures sont réunies")


def test_what_is_known_is_read_before_anything_is_asked(people, departure):
    student = people("nour.haddad", device=PHONE)
    student.goes_to(f"/conventions/{departure.pk}/suite/")
    student.opens("Retirer la soumission")
    student.presses("Retirer la soumission")
    student.reads("Soumission retirée.")
    student.goes_to(f"/conventions/{departure.pk}/etapes/contenu/")
    student.sees("Contenu du stage")
    student.reads(re.compile("zone orange"))
    known = student.page.get_by_text("zone orange").first.bounding_box()
    assert known["y"] + known["height"] < PHONE["viewport"]["height"], "on a phone, above the fold"
