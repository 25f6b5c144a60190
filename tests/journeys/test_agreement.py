"""The main job, from the student's first click to the page the teacher reads."""

import io
import re

from django.utils.formats import date_format
from playwright.sync_api import expect
from pypdf import PdfReader

from conventions import demo
from tests.journeys import filling
from tests.journeys.conftest import PHONE
from tests.journeys.filling import ABROAD, END, INTERRUPTION, START, WORKED, Content, Host

STUDENT = "ines.marchand"
TEACHER = "paul.lemoine"
CORRECTED = "Dosage par chromatographie des polyphénols de trente variétés anciennes de lentilles"


def pins(manager, label, text):
    """Pin a remark beside what it is about."""
    manager.opens(re.compile(rf"^Remarque\s*:\s*{re.escape(label)}$"))
    question = f"Votre remarque sur « {label} »"
    manager.writes(question, text)
    manager.presses("Épingler", within=manager.page.locator("form").filter(has=manager.field(question)))
    manager.reads(text)


def remark(person, text):
    return person.page.locator(".remark").filter(has_text=text)


def print_of(person):
    """Wait for the print, download it, and return its text without what depends on where lines break."""
    link = person.find("link", re.compile("^Imprimer"))
    expect(link).to_be_visible(timeout=60_000)
    answer = person.page.request.get(link.get_attribute("href"))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    return squeezed("".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages))


def squeezed(text):
    return re.sub(r"[\s\u00ad\u2010-]+", "", text)


def in_words(day):
    return date_format(day, "l j F Y").replace(" 1 ", " 1er ")


def test_a_new_host_from_the_first_click_to_the_print(people, worker):
    student = people(STUDENT)
    filling.everything(student)
    student.reads("Paniers de légumes chaque vendredi.")
    number = filling.submits(student)
    student.reads("Vous ne pouvez pas encore l’imprimer.")
    expect(student.find("link", re.compile("Imprimer"))).to_have_count(0)
    student.reads("Vous imprimez 3 exemplaires")

    manager = people()
    manager.reads_mail("nathalie.rousseau", f"Convention {number} à vérifier")
    manager.signs_in("nathalie.rousseau@univ-bocage.example", "bocage-en-fleurs")
    manager.sees("Inès Marchand chez Serres du Perche")
    gap = manager.page.get_by_role("region", name="Écarts avec le dossier")
    manager.reads("+33 6 39 98 01 01", within=gap)
    manager.reads("+33 6 39 98 44 10", within=gap)
    pins(manager, "Sujet", "Dites sur quelles variétés porte le dosage.")
    pins(manager, "Modalités de suivi du stagiaire", "Qui appelle qui ?")
    manager.follows("Demander une correction")
    manager.sees("Demander une correction")
    manager.reads("Les 2 remarques à envoyer")
    manager.writes("Message à l’étudiant", "Deux précisions, puis je valide.")
    manager.presses("Demander une correction")
    manager.sees("Inès Marchand chez Serres du Perche")
    manager.reads("Correction demandée.")

    student.reads_mail(STUDENT, f"{number} est à corriger")
    student.sees("Inès Marchand chez Serres du Perche")
    student.reads("Deux précisions, puis je valide.")
    student.follows("Corriger")
    student.sees("Récapitulatif")
    expect(student.find("button", "Soumettre la convention")).to_have_count(0)
    student.follows("Sujet")
    student.sees("Contenu du stage")
    expect(student.field("Sujet")).to_have_accessible_description(re.compile("sur quelles variétés"))
    follow_up = student.field("Modalités de suivi du stagiaire")
    expect(follow_up).to_have_accessible_description(re.compile("Qui appelle qui"))
    student.writes("Sujet", CORRECTED)
    done = "J’ai corrigé ou répondu : la remarque est traitée"
    student.ticks(done, within=remark(student, "sur quelles variétés"))
    student.writes("Votre réponse", "C’est moi qui appelle.", within=remark(student, "Qui appelle qui"))
    student.ticks(done, within=remark(student, "Qui appelle qui"))
    student.presses("Enregistrer et continuer")
    student.sees("Récapitulatif")
    assert filling.submits(student) == number

    manager.reads_mail("nathalie.rousseau", f"Convention {number} à vérifier")
    manager.sees("Inès Marchand chez Serres du Perche")
    manager.reads(CORRECTED)
    manager.reads("C’est moi qui appelle.")
    manager.follows("Valider")
    manager.sees("Valider")
    manager.reads("Une fois validée, la convention ne pourra être modifiée que par un avenant.")
    manager.presses("Valider")
    manager.sees("Inès Marchand chez Serres du Perche")
    manager.reads("Convention validée.")

    student.reads_mail(STUDENT, f"{number} est validée : vous pouvez l’imprimer")
    student.sees("Inès Marchand chez Serres du Perche")
    printed = print_of(student)
    host, typed = Host(), Content()
    for value in (
        number,
        CORRECTED,
        typed.missions,
        typed.skills,
        host.name,
        host.siret,
        host.street,
        host.service,
        "Édith Fontaine-Lacombe",
        "Paul Lemoine",
        "Hélène Morvan",
        in_words(START),
        in_words(END),
        *(f"{day:%d/%m/%Y}" for day in INTERRUPTION + WORKED),
        "33,5",
        "jeu. 6,7 h, ven. 6,7 h",
        "4,75",
        "+33 6 39 98 44 10",
        "Paniers de légumes chaque vendredi.",
    ):
        assert squeezed(value) in printed, value
    student.goes_to("/")
    student.follows(re.compile("^Imprimer et faire signer : Serres du Perche"))
    student.sees("Modalités à suivre après la saisie de votre convention")
    student.reads("Imprimez‑la en 3 exemplaires")
    assert squeezed(number) in print_of(student)

    teacher = people()
    teacher.reads_mail(TEACHER, f"Convention {number} validée")
    teacher.signs_in(f"{TEACHER}@univ-bocage.example", "bocage-en-fleurs")
    teacher.sees("Inès Marchand chez Serres du Perche")
    contacts = teacher.page.get_by_role("region", name="Contacts")
    for contact in (f"{STUDENT}@univ-bocage.example", "edith.fontaine@serres.example", "+33 2 61 91 00 45"):
        teacher.reads(contact, within=contacts)
    for action in ("Valider", "Demander une correction", "Annuler la convention", "Corriger"):
        expect(teacher.find("link", action)).to_have_count(0)
    teacher.goes_to("/")
    teacher.sees("Gestion des conventions de stage")
    teacher.reads("Inès Marchand")
    teacher.reads_mail(TEACHER, "Vous êtes l’enseignant référent d’un stage : Inès Marchand")
    teacher.sees("Inès Marchand chez Serres du Perche")


def test_an_existing_host_however_it_is_written(people):
    student = people("jade.moreau")
    filling.begin(student)
    filling.about_oneself(student)
    filling.programme(student)
    for words in ("pont l abbaye", "PONT-L’ABBÉ%", "Vile de Pont-l’Abaye"):
        filling.look_for(student, words)
        expect(student.page.get_by_label(re.compile("Ville de Pont-l’Abbaye"))).to_be_visible()
    for words in ("VAUQUELIN laboratoires", "Rouen", demo.siret(1), "lab%vauq"):
        filling.look_for(student, words)
        expect(student.page.get_by_label(re.compile("Laboratoires Vauquelin"))).to_be_visible()
    student.ticks(re.compile("Laboratoires Vauquelin"))
    student.sees("Établissement d’accueil")
    student.presses("Choisir et continuer")
    student.reads("Numéro SIRET")
    student.follows("Continuer")
    student.sees("Service d’accueil")
    student.ticks(re.compile("Contrôle qualité"))
    student.presses("Choisir et continuer")
    student.sees("Tuteur professionnel")
    student.ticks(re.compile("Paul Grandin"))
    student.presses("Choisir et continuer")
    filling.content(student)
    filling.teacher(student, "kervel", "Anne Kervella")
    student.ticks(re.compile("Hélène Bossard"))
    student.presses("Choisir et continuer")
    student.sees("Récapitulatif")
    filling.submits(student)
    student.reads("Hélène Bossard")


def test_a_stage_abroad(people, worker):
    student = people("jade.moreau")
    filling.everything(student, ABROAD, Content(is_abroad=True), link="Stage à l’étranger")
    student.reads("Assurez-vous que la destination n’est pas à risque")
    number = filling.submits(student)
    student.reads("Vous imprimez 4 exemplaires")
    advice = student.find("link", "conseils aux voyageurs")
    expect(advice).to_have_attribute("href", re.compile(r"^https://www\.diplomatie\.gouv\.fr/"))

    manager = people("nathalie.rousseau")
    manager.follows("Conventions")
    manager.sees("Conventions")
    manager.follows(number)
    manager.sees("Jade Moreau chez Lindqvist Forskning")
    manager.follows("Valider")
    manager.writes("Pourquoi validez-vous malgré les alertes ?", "Vu avec le service international.")
    manager.presses("Valider")
    manager.reads("Convention validée.")
    student.goes_to("/")
    student.follows(re.compile("^Imprimer et faire signer : Lindqvist"))
    student.reads("Imprimez‑la en 4 exemplaires")
    printed = print_of(student)
    for value in (number, "Lindqvist Forskning", "Göteborg", "Suède"):
        assert squeezed(value) in printed, value


def test_the_whole_creation_on_a_phone(people):
    student = people(STUDENT, device=PHONE)
    filling.everything(student)
    student.presses(re.compile("^Étape 9 sur 9"))
    student.follows(re.compile("^Formation"))
    student.sees("Formation")
    student.presses(re.compile("^Étape 2 sur 9"))
    student.follows(re.compile("^Récapitulatif"))
    filling.submits(student)
    student.presses("Menu")
    student.follows("Mes conventions", within=student.page.get_by_role("navigation"))
    student.sees("Gestion des conventions de stage")
