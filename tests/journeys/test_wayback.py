"""The way back: a validated agreement is taken back, corrected, validated and signed; a manager mends a comma."""

import re

from django.utils import timezone
from playwright.sync_api import expect

from conventions.models import Avenant, AvenantStatus
from tests.journeys.conftest import PHONE
from tests.journeys.test_agreement import print_of, squeezed
from tests.journeys.test_lives import RECORD, opens_the_agreement

REOPEN = "Reprendre pour corriger"
TITLE = "Clara Nguyen chez Ville de Pont-l’Abbaye"
CORRECTED = "Application mobile de signalement des nids-de-poule"
MEND = "Corriger moi-même"


def test_a_validated_agreement_taken_back_corrected_validated_and_signed(people, worker):
    # The demo's student has begun an avenant: she gives it up.
    Avenant.objects.filter(status=AvenantStatus.DRAFT, convention__student__user__last_name="Nguyen").delete()
    student = people("clara.nguyen")
    student.follows(re.compile("^Imprimer et faire signer"))
    first = print_of(student)
    student.follows(RECORD)
    student.sees("Enregistrer ma signature")
    student.presses("Enregistrer")
    student.sees(TITLE)

    manager = people("nathalie.rousseau")
    opens_the_agreement(manager, TITLE, "nguyen signalement")
    manager.follows(REOPEN)
    manager.sees(REOPEN)
    manager.reads("Les signatures déjà données ne comptent plus")
    manager.presses(REOPEN)
    manager.sees(REOPEN)
    manager.reads("Indiquez la raison")
    manager.writes("Pourquoi la convention est-elle reprise ?", "Le sujet a changé en réunion.")
    manager.presses(REOPEN)
    manager.sees(TITLE)
    manager.reads("Convention reprise pour être corrigée.")
    manager.reads(re.compile(r"L’étudiant\(e\)\s: signée le .*, puis reprise le"))

    reader = people(device=PHONE)
    reader.reads_mail("clara.nguyen", "reprise pour être corrigée")
    reader.signs_in("clara.nguyen@univ-bocage.example", "bocage-en-fleurs")
    reader.sees(TITLE)
    reader.reads("Le sujet a changé en réunion.")

    student.goes_to("/")
    student.reads("l’a reprise pour la corriger")
    student.follows(re.compile("^Corriger la convention"))
    student.sees("Récapitulatif")
    student.follows(re.compile(r"^Modifier\s*:\s*Contenu du stage$"))
    student.sees("Contenu du stage")
    student.writes("Sujet", CORRECTED)
    student.presses("Enregistrer et continuer")
    student.sees("Récapitulatif")
    student.presses("Soumettre la convention")
    student.sees("Modalités à suivre après la saisie de votre convention")

    opens_the_agreement(manager, TITLE, "nguyen nids-de-poule")
    manager.follows("Valider")
    manager.sees("Valider")
    manager.presses("Valider")
    manager.sees(TITLE)
    manager.reads("Convention validée.")

    student.goes_to("/")
    student.follows(re.compile("^Imprimer et faire signer"))
    second = print_of(student)
    assert "version2" in second
    assert "version2" not in first
    assert squeezed(CORRECTED) in second
    student.goes_to(manager.page.url)
    student.sees(TITLE)
    replaced = student.find("link", "Convention de stage, version remplacée (PDF)")
    answer = student.page.request.get(replaced.get_attribute("href"))
    assert answer.status == 200
    assert "remplacee" in answer.headers["content-disposition"]

    manager.follows(RECORD, within=manager.page.locator(".bar"))
    manager.sees(RECORD)
    fields = manager.page.locator("input[type=date]")
    expect(fields).to_have_count(5)
    for field in fields.all():
        field.fill(timezone.localdate().isoformat())
    manager.presses("Enregistrer")
    manager.sees("Joindre la copie signée")
    manager.follows("Plus tard")
    manager.reads("Toutes les signatures sont réunies")
    expect(manager.find("link", REOPEN)).to_have_count(0)


def test_a_manager_mends_a_comma_and_notes_why(people, worker):
    title = "Mehdi Aubert chez Laboratoires Vauquelin"
    manager = people("nathalie.rousseau")
    opens_the_agreement(manager, title, "aubert dosage")
    manager.follows(MEND)
    manager.sees("Contenu du stage")
    manager.reads("Vous corrigez la convention que Mehdi Aubert a soumise.")
    manager.writes("Sujet", "Dosage de traces métalliques, dans l’eau")
    manager.presses("Enregistrer la correction")
    manager.sees(title)
    manager.reads("La correction est enregistrée, l’étudiant en est prévenu.")
    manager.reads("Convention corrigée par le centre")
    manager.writes("Votre note", "Virgule ajoutée ; voir la salle de chimie avec l’UFR.")
    manager.presses("Ajouter", within=manager.page.locator("#notes"))
    manager.sees(title)
    manager.reads("La note est ajoutée.")

    manager.follows("Conventions", within=manager.page.get_by_role("navigation"))
    manager.sees("Conventions")
    manager.reads("Virgule ajoutée ; voir la salle")
    manager.opens("Plus de filtres")
    manager.writes("Dans les notes internes", "salle chimie")
    manager.presses("Chercher")
    manager.reads("1 convention")

    student = people()
    student.reads_mail("mehdi.aubert", "a été corrigée")
    student.signs_in("mehdi.aubert@univ-bocage.example", "bocage-en-fleurs")
    student.sees(title)
    expect(student.page.get_by_text("Notes internes")).to_have_count(0)
    expect(student.page.get_by_text("salle de chimie")).to_have_count(0)
