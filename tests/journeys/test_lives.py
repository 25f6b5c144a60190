"""What else happens to an agreement: taken up elsewhere, withdrawn, copied, refused, signed, acted on by two."""

import re

from django.utils import timezone
from playwright.sync_api import expect

from conventions import demo
from conventions.models import Attachment
from tests.factories import AttachmentFactory
from tests.journeys import filling
from tests.journeys.conftest import PHONE

DRAFT = "Laboratoires Vauquelin"
SUBMITTED = "Mehdi Aubert chez Laboratoires Vauquelin"
ABROAD = "Aïcha Diallo chez Übersetzungsbüro Weser"


def opens_the_agreement(person, title, words):
    """Find the one agreement of the list that has these words, and open it."""
    person.follows("Conventions", within=person.page.get_by_role("navigation"))
    person.sees("Conventions")
    filling.look_for(person, words, "Numéro, étudiant, organisme, sujet")
    person.reads("1 convention")
    person.follows(filling.NUMBER, within=person.page.get_by_role("table"))
    person.sees(title)


def test_begun_on_a_computer_and_taken_up_on_a_phone(people):
    computer = people("ines.marchand")
    computer.follows(f"Reprendre la saisie : {DRAFT}")
    computer.follows(re.compile("^Contenu du stage"))
    computer.sees("Contenu du stage")
    computer.writes("Sujet", "Commencé au laboratoire")
    computer.dates("Début du stage", filling.START)
    computer.dates("Fin du stage", filling.END)
    computer.writes("Heures par semaine", "35")
    computer.reads(re.compile(r"^Enregistré à \d\d:\d\d"))
    computer.reads(re.compile(r"h de présence = .*jours = .*mois"))

    phone = people("ines.marchand", device=PHONE)
    phone.follows(f"Reprendre la saisie : {DRAFT}")
    phone.presses(re.compile("^Étape 1 sur 9"))
    phone.follows(re.compile("^Contenu du stage"))
    phone.sees("Contenu du stage")
    expect(phone.field("Sujet")).to_have_value("Commencé au laboratoire")
    expect(phone.field("Heures par semaine")).to_have_value("35")
    expect(phone.field("Fin du stage")).to_have_value(filling.END.isoformat())


def test_withdrawn_corrected_and_submitted_again_with_the_same_number(people):
    student = people("mehdi.aubert")
    student.sees("Gestion des conventions de stage")
    student.follows(re.compile("^Modalités à suivre"))
    student.sees("Modalités à suivre après la saisie de votre convention")
    number = student.page.get_by_text(filling.NUMBER).first.inner_text()
    student.opens("Retirer la soumission")
    student.presses("Retirer la soumission")
    student.reads("Soumission retirée.")
    student.goes_to("/")
    student.follows(re.compile("^Reprendre la saisie"))
    student.sees("Récapitulatif")
    student.follows(re.compile("^Modifier : Contenu du stage"))
    student.writes("Sujet", "Dosage de traces métalliques dans l’eau de pluie")
    student.presses("Enregistrer et continuer")
    student.sees("Responsable pédagogique")
    student.follows(re.compile("^Récapitulatif"))
    student.sees("Récapitulatif")
    student.reads("dans l’eau de pluie")
    assert filling.submits(student) == number


def test_an_earlier_agreement_copied_and_a_draft_deleted(people):
    student = people("thomas.ferrand")
    signed = student.page.get_by_role("article", name="Laboratoires Vauquelin, Rouen")
    student.presses(re.compile("^Dupliquer"), within=signed)
    student.reads("Nouveau brouillon créé")
    student.sees("Formation")
    student.follows(re.compile("^Contenu du stage"))
    student.sees("Contenu du stage")
    expect(student.field("Sujet")).to_have_value("Automatisation de la chromatographie")
    expect(student.field("Début du stage")).to_have_value("")
    student.goes_to("/")
    student.sees("Gestion des conventions de stage")
    student.opens("Supprimer : Laboratoires Vauquelin, Rouen")
    student.reads("Tout ce que vous avez saisi sera perdu.")
    student.presses("Supprimer définitivement")
    student.sees("Gestion des conventions de stage")
    student.reads("Brouillon supprimé.")
    expect(student.find("link", re.compile("^Reprendre la saisie"))).to_have_count(0)


def test_refused_with_its_reason(people, worker):
    manager = people("nathalie.rousseau")
    opens_the_agreement(manager, SUBMITTED, "Aubert")
    manager.follows("Refuser")
    manager.sees("Refuser")
    manager.presses("Refuser")
    manager.sees("Refuser")
    manager.reads("Indiquez la raison", within=manager.page.get_by_role("alert"))
    manager.writes("Raison du refus", "Le laboratoire remplace un salarié absent (article L124-7).")
    manager.presses("Refuser")
    manager.sees(SUBMITTED)
    manager.reads("Convention refusée.")

    student = people("mehdi.aubert")
    student.reads_mail("mehdi.aubert", "est refusée")
    student.sees(SUBMITTED)
    student.reads("Le laboratoire remplace un salarié absent (article L124-7).")


def test_a_manager_enters_an_agreement_for_a_student(people, worker):
    manager = people("nathalie.rousseau")
    manager.follows("Saisir pour un étudiant", within=manager.page.get_by_role("navigation"))
    manager.sees("Saisir une convention pour un étudiant")
    filling.look_for(manager, "MOREAU", "Nom ou numéro de l’étudiant")
    manager.reads("1 étudiant trouvé")
    manager.presses("Saisir sa convention : Jade Moreau")
    manager.sees("Élève")
    manager.reads("Vous remplissez cette convention pour Jade Moreau.")
    filling.about_oneself(manager)
    filling.programme(manager, "Master 2 Chimie analytique")
    filling.look_for(manager, "haies vives")
    manager.presses("Choisir et continuer")
    manager.follows("Continuer")
    manager.sees("Service d’accueil")
    manager.presses("Choisir et continuer")
    manager.sees("Tuteur professionnel")
    manager.ticks(re.compile("Manon Leroux"))
    manager.presses("Choisir et continuer")
    filling.content(manager)
    filling.teacher(manager)
    manager.ticks(re.compile("Jacques Hamel"))
    manager.presses("Choisir et continuer")
    manager.sees("Récapitulatif")
    number = filling.submits(manager)

    student = people("jade.moreau")
    student.reads_mail("jade.moreau", f"{number} a été soumise")
    student.sees("Jade Moreau chez Association Haies vives")


RECORD = "Enregistrer des signatures"


def test_five_signatures_on_paper(people, worker):
    """The student notes theirs as it is given, the manager the others from the paper that came back."""
    title = "Clara Nguyen chez Ville de Pont-l’Abbaye"
    student = people("clara.nguyen")
    student.follows(re.compile("^Imprimer et faire signer"))
    student.follows(RECORD)
    student.sees("Enregistrer ma signature")
    student.presses("Enregistrer")
    student.sees(title)
    student.reads("Signature enregistrée.")

    manager = people("nathalie.rousseau")
    opens_the_agreement(manager, title, "nguyen signalement")
    manager.reads("notée par Clara Nguyen")
    manager.follows(RECORD, within=manager.page.locator(".bar"))
    manager.sees(RECORD)
    fields = manager.page.locator("input[type=date]").all()
    assert len(fields) == 4
    fields[3].fill(timezone.localdate().isoformat())
    manager.presses("Enregistrer")
    manager.sees(RECORD)
    manager.reads("Les signatures se notent dans l’ordre du circuit")
    for field in manager.page.locator("input[type=date]").all():
        field.fill(timezone.localdate().isoformat())
    manager.presses("Enregistrer")
    manager.sees("Joindre la copie signée")
    manager.reads("4 signatures enregistrées.")
    manager.follows("Plus tard")
    manager.sees(title)
    manager.reads("Toutes les signatures sont réunies")
    manager.reads("Copie signée manquante.")
    expect(manager.find("link", RECORD)).to_have_count(0)
    reader = people()
    reader.reads_mail("clara.nguyen", "toutes les signatures sont réunies")

    manager.follows("Annuler la dernière signature")
    manager.sees("Annuler la dernière signature")
    manager.writes("Raison de l’annulation", "Le directeur n’a pas signé le troisième exemplaire.")
    manager.presses("Annuler la dernière signature")
    manager.sees(title)
    manager.reads("Dernière signature annulée.")
    reader.reads_mail("clara.nguyen", "une signature est à refaire")


def test_a_teacher_approves_before_the_manager_validates(people, worker):
    manager = people("karim.benali")
    opens_the_agreement(manager, ABROAD, "Diallo")
    manager.reads("La validation attend l’approbation de l’enseignant référent.")
    expect(manager.find("link", "Valider")).to_have_count(0)

    teacher = people()
    teacher.reads_mail("sophie.garnier", re.compile("Votre approbation est attendue.*Aïcha Diallo"))
    teacher.signs_in(f"sophie.garnier@{demo.DOMAIN}", demo.PASSWORD)
    teacher.sees(ABROAD)
    teacher.presses("Approuver")
    teacher.sees(ABROAD)
    teacher.reads("Convention approuvée.")

    manager.reads_mail("stages.lan", "approuvée par Sophie Garnier")
    manager.sees(ABROAD)
    manager.reads(re.compile("Cette pièce a été refusée, et aucune autre ne la remplace"))
    refused = Attachment.objects.get(decision=Attachment.Decision.REFUSED, kind=Attachment.Kind.ASSISTANCE)
    AttachmentFactory(convention=refused.convention, kind=refused.kind, uploaded_by=refused.uploaded_by)
    manager.page.reload()
    manager.follows("Valider")
    manager.presses("Valider")
    manager.sees(ABROAD)
    manager.reads("Convention validée.")


def test_two_managers_act_on_the_same_agreement(people):
    first, second, third = people("karim.benali"), people("sophie.garnier"), people("sophie.garnier")
    for manager in (first, second, third):
        opens_the_agreement(manager, ABROAD, "Diallo")
    for manager in (first, second):
        manager.follows("Refuser")
        manager.sees("Refuser")
    first.writes("Raison du refus", "Destination déconseillée.")
    first.presses("Refuser")
    first.sees(ABROAD)
    first.reads("Convention refusée.")

    second.writes("Raison du refus", "Le sujet ne convient pas à la formation.")
    second.presses("Refuser")
    second.sees("Refuser")
    second.reads(re.compile("Karim Benali a déjà agi : la convention est « Refusée »"))
    expect(second.field("Raison du refus")).to_have_value("Le sujet ne convient pas à la formation.")
    expect(second.find("button", "Refuser")).to_have_count(0)

    third.opens(re.compile(r"^Remarque\s*:\s*Sujet$"))
    third.writes("Votre remarque sur « Sujet »", "Une remarque écrite trop tard.")
    third.page.get_by_role("button", name="Épingler").locator("visible=true").click()
    third.sees(ABROAD)
    third.reads("Cette convention n’attend plus de remarque : la vôtre n’est pas épinglée.")
    third.reads("Une remarque écrite trop tard.")
