"""The nine steps as a student fills them, with whatever they type with: mouse, finger or keyboard."""

import re
from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import expect

from conventions import demo
from tests.factories import next_stage

START, END = next_stage()
# The hours of the usual week, typed day by day.
WORKED = (START + timedelta(weeks=1), START + timedelta(weeks=1, days=4))
INTERRUPTION = (START + timedelta(weeks=3), START + timedelta(weeks=3, days=4))
NUMBER = re.compile(r"\d{4}-\d{6}")


@dataclass(frozen=True)
class Host:
    """What a student copies from the papers of a host that the university does not know."""

    name: str = "Serres du Perche"
    country: str = "France"
    siret: str = demo.siret(77)
    legal_form: str = "Société par actions simplifiée (SAS, SASU)"
    naf: str = "01.30Z"
    activity: str = ""
    headcount: str = "20 à 49 salariés"
    street: str = "7 route de Mortagne"
    postal_code: str = "61110"
    city: str = "Rémalard-en-Perche"
    phone: str = "02 61 91 00 44"
    service: str = "Laboratoire des semences"
    tutor_phone: str = "02 61 91 00 45"


ABROAD = Host(
    name="Lindqvist Forskning",
    country="Suède",
    siret="",
    naf="",
    activity="Recherche en chimie verte",
    street="Storgatan 8",
    postal_code="411 24",
    city="Göteborg",
    phone="+46 31 701 00 00",
    service="Analytisk kemi",
    tutor_phone="+46 31 701 00 01",
)


@dataclass(frozen=True)
class Content:
    """What the stage is about: what will be looked for in the print."""

    subject: str = "Dosage des polyphénols de semences anciennes par chromatographie"
    missions: str = (
        "Préparer les extraits, régler la chromatographie et interpréter les mesures avec l’équipe."
    )
    skills: str = "Valider une méthode d’analyse et rédiger un compte rendu scientifique."
    weekly_hours: str = "33,5"
    amount: str = "4.75"
    is_abroad: bool = False


def begin(person):
    """From the home page to the first step of a new draft."""
    person.sees("Gestion des conventions de stage")
    # A home without any agreement proposes it twice.
    person.follows("Créer une nouvelle convention", within=person.page.locator("main .page-head"))
    person.sees("Avant de commencer")
    person.presses("Commencer")
    person.sees("Élève")


def about_oneself(person, phone="06 39 98 44 10"):
    person.writes("Téléphone", phone)
    person.selects("Qualité d’assuré social", "Étudiant")
    person.selects("Caisse d’assurance maladie", "CPAM du Calvados")
    person.presses("Enregistrer et continuer")
    person.sees("Formation")


def programme(person, words="Master 2 Chimie analytique"):
    person.ticks(re.compile(words))
    person.ticks("Stage obligatoire")
    person.presses("Enregistrer et continuer")
    person.sees("Établissement d’accueil")


def look_for(person, words, label="Raison sociale, ville ou SIRET"):
    """Search; without JavaScript nothing happens until the button is pressed, with it the button does no harm."""
    person.writes(label, words)
    person.presses("Chercher")


def new_host(person, host=Host(), link="Créer l’établissement d’accueil"):
    look_for(person, host.name)
    person.reads("Aucun établissement trouvé")
    person.follows(link)
    person.sees("Créer l’établissement d’accueil")
    describe(person, host)
    person.presses("Créer et continuer")
    person.sees("Établissement d’accueil")
    person.reads(host.name)


def describe(person, host):
    expect(person.page.get_by_label("Raison sociale")).to_have_value(host.name)
    person.selects("Pays", host.country)
    if host.siret:
        person.writes(
            "Numéro SIRET", f"{host.siret[:3]} {host.siret[3:6]} {host.siret[6:9]} {host.siret[9:]}"
        )
    person.selects("Forme juridique", host.legal_form)
    if host.naf:
        person.writes("Code NAF (APE)", host.naf)
    person.selects("Effectif", host.headcount)
    if host.activity:
        person.writes("Activité principale", host.activity)
    person.writes("Adresse (numéro et voie)", host.street)
    person.writes("Code postal", host.postal_code)
    person.writes("Commune", host.city)
    person.writes("Téléphone", host.phone)


def new_service(person, host=Host()):
    person.sees("Créer le service d’accueil")
    person.writes("Nom du service", host.service)
    expect(person.page.get_by_label("Commune")).to_have_value(host.city)
    person.presses("Créer et continuer")


def new_tutor(person, host=Host()):
    person.sees("Saisir le tuteur professionnel")
    person.selects("Civilité", "Mme")
    person.writes("Prénom", "Édith")
    person.writes("Nom", "Fontaine-Lacombe")
    person.writes("Fonction", "Responsable du laboratoire")
    person.writes("Téléphone", host.tutor_phone)
    person.writes("Adresse électronique", "edith.fontaine@serres.example")
    person.presses("Créer et continuer")


def content(person, typed=Content()):
    """The long step. Blocks that only matter to some are opened by what they depend on, or always shown."""
    person.sees("Contenu du stage")
    person.selects("Thématique du stage", "Chimie, matériaux")
    person.writes("Sujet", typed.subject)
    person.writes("Fonctions et tâches", typed.missions)
    person.writes("Compétences à acquérir ou à développer", typed.skills)
    person.dates("Début du stage", START)
    person.dates("Fin du stage", END)
    person.writes("Heures par semaine", typed.weekly_hours)
    person.opens("Horaires différents selon les jours ou les périodes")
    row = person.page.locator("#id_work_periods .formset-row:visible").first
    person.dates("Premier jour de la période", WORKED[0], within=row)
    person.dates("Dernier jour de la période", WORKED[1], within=row)
    for day in ("lun.", "mar.", "mer.", "jeu.", "ven."):
        person.writes(day, "6,7", within=row)
    person.opens("Absences prévues")
    row = person.page.locator("#id_interruptions .formset-row:visible").first
    person.dates("Premier jour d’absence", INTERRUPTION[0], within=row)
    person.dates("Dernier jour d’absence", INTERRUPTION[1], within=row)
    person.ticks("Oui", within=person.page.get_by_role("group", name="Gratification au cours du stage"))
    person.writes("Montant de la gratification", typed.amount)
    person.selects("Montant exprimé", "par heure")
    person.selects("Monnaie", "Euro (€)")
    person.selects("Modalité de versement", "Virement bancaire")
    person.ticks("Chaque mois")
    person.writes("Avantages offerts", "Paniers de légumes chaque vendredi.")
    if typed.is_abroad:
        person.ticks("La fiche d’information sur le droit du pays est jointe")
        person.ticks("Assurance rapatriement, assistance juridique et accident souscrite")
        person.selects(
            "Zone du lieu de stage sur la carte du ministère des affaires étrangères",
            "Verte : vigilance normale",
        )
    person.selects("Comment le stage a-t-il été trouvé ?", "Candidature spontanée")
    person.writes("Modalités de suivi du stagiaire", "Un appel toutes les deux semaines.")
    person.selects("Travail à fournir à la suite du stage", "Mémoire")
    person.selects("Modalité de validation du stage", "Soutenance")
    person.presses("Enregistrer et continuer")
    person.sees("Responsable pédagogique")


def teacher(person, words="LEMOINE", name="Paul Lemoine"):
    look_for(person, words, "Nom de l’enseignant")
    person.reads("1 résultat")
    person.ticks(re.compile(name))
    person.presses("Choisir et continuer")
    person.sees("Signataire")


def same_person_signs(person):
    person.presses("Même personne que le tuteur professionnel")
    person.sees("Récapitulatif")


def submits(person):
    """Submit from the summary, and return the number that is read in large."""
    person.presses("Soumettre la convention")
    person.sees("Modalités à suivre après la saisie de votre convention")
    return person.page.get_by_text(NUMBER).first.inner_text()


def everything(person, host=Host(), typed=Content(), link="Créer l’établissement d’accueil"):
    """The whole creation with a new host, up to the summary."""
    begin(person)
    about_oneself(person)
    programme(person)
    new_host(person, host, link)
    person.follows("Continuer")
    new_service(person, host)
    new_tutor(person, host)
    content(person, typed)
    teacher(person)
    same_person_signs(person)
