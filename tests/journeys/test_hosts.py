"""Finding a host among all, whatever one types with: ours first, then the public register, then by hand."""

import re

import pytest
from playwright.sync_api import expect

from conventions import demo
from organisations.models import Organisation
from tests.fake_register import status
from tests.journeys import filling
from tests.journeys.conftest import PHONE
from tests.journeys.person import KeyboardPerson, Person

SIRET = demo.siret(78)


@pytest.fixture
def register(register):
    register.add(
        SIRET, "SERRES DU PERCHE", sign="Les belles serres", city="CAEN", naf="01.30Z", headcount_band="12"
    )
    register.add(demo.siret(79), "SERRES DU BOCAGE", city="CAEN", closed_on="2024-06-30")
    return register


def arrives(person):
    filling.begin(person)
    person.page.goto(person.page.url.replace("/eleve/", "/etablissement/"))
    person.sees("Établissement d’accueil")


def test_a_host_mistyped_is_found_and_chosen_by_keyboard(people, register):
    student = people("ines.marchand", who=KeyboardPerson)
    arrives(student)
    student.writes("Raison sociale, ville ou SIRET", "labroatoire vauquelin")
    student.reads("Aucun organisme ne porte exactement ce nom. Voici les plus proches.")
    student.checks("Recherche avec une faute")
    student.ticks(re.compile("Laboratoires Vauquelin"))
    student.presses("Choisir et continuer")
    student.sees("Établissement d’accueil")
    student.reads("Laboratoires Vauquelin")
    student.follows("Continuer")
    student.sees("Service d’accueil")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_register_fills_the_form(people, register, scripts, device):
    size = {"device": PHONE} if device == "phone" else {}
    student = people("ines.marchand", scripts=scripts, **size)
    arrives(student)
    filling.look_for(student, "serres caen")
    if not scripts:
        student.follows("Chercher aussi dans le registre")
    student.reads("SERRES DU PERCHE")
    student.reads("Fermé : cherchez l’établissement qui l’a remplacé.")
    student.checks("Résultats du registre")
    student.follows(re.compile("^Prendre cette fiche"))
    student.sees("Créer l’établissement d’accueil")
    expect(student.field("Raison sociale")).to_have_value("SERRES DU PERCHE")
    expect(student.field("Numéro SIRET")).to_have_value(SIRET)
    student.writes("Téléphone", "02 61 91 00 44")
    student.presses("Créer et continuer")
    student.sees("Établissement d’accueil")
    student.reads("SERRES DU PERCHE")
    assert Organisation.objects.get(siret=SIRET).trade_name == "Les belles serres"


def test_a_register_that_is_down_stops_nobody(people, register):
    register.company_search.behaves(status(500))
    student = people("ines.marchand")
    arrives(student)
    student.writes("Raison sociale, ville ou SIRET", "Serres du Perche")
    student.reads(re.compile("Rien n’est bloqué"))
    student.follows("remplissez la fiche vous-même")
    student.sees("Créer l’établissement d’accueil")
    filling.describe(student, filling.Host(siret=SIRET))
    student.presses("Créer et continuer")
    student.sees("Établissement d’accueil")
    student.reads("Serres du Perche")


def test_an_association_that_resembles_another_is_not_made_twice(people, register):
    known = Organisation.objects.get(name="Laboratoires Vauquelin")
    student = people("ines.marchand", who=Person)
    arrives(student)
    filling.look_for(student, "vauquelain labo")
    student.follows("L’organisme n’a pas de SIRET")
    student.sees("Créer l’établissement d’accueil")
    student.writes("Raison sociale", "Labo. Vauquelin")
    student.selects("Pays", "France")
    student.selects("Pourquoi n’y a-t-il pas de SIRET ?", "Association sans salarié (numéro RNA)")
    student.selects("Forme juridique", "Société par actions simplifiée (SAS, SASU)")
    student.writes("Code NAF (APE)", "72.11Z")
    student.selects("Effectif", "20 à 49 salariés")
    student.writes("Adresse (numéro et voie)", "1 rue des Essais")
    student.writes("Code postal", known.postal_code)
    student.writes("Commune", known.city)
    student.writes("Téléphone", "02 61 91 00 44")
    student.presses("Créer et continuer")
    student.reads("Est-ce l’une de ces fiches ?")
    student.checks("Fiches qui se ressemblent")
    student.presses(re.compile("^Choisir cet établissement"))
    student.sees("Établissement d’accueil")
    student.reads("Laboratoires Vauquelin")
    assert Organisation.objects.filter(name="Labo. Vauquelin").count() == 0


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_what_a_page_hides_waits_there_and_is_not_judged(people, register, scripts):
    student = people("ines.marchand", scripts=scripts)
    arrives(student)
    filling.look_for(student, filling.ABROAD.name)
    student.reads("Aucun établissement trouvé")
    student.follows("Créer l’établissement d’accueil")
    student.writes("Numéro SIRET", "12 34")
    filling.describe(student, filling.ABROAD)
    if scripts:
        expect(student.page.get_by_label("Numéro SIRET")).to_be_hidden()
        student.selects("Pays", "France")
        expect(student.field("Numéro SIRET")).to_have_value("12 34")
        student.selects("Pays", filling.ABROAD.country)
    student.presses("Créer et continuer")
    student.sees("Établissement d’accueil")
    student.reads(filling.ABROAD.name)
    assert Organisation.objects.get(name=filling.ABROAD.name).siret is None
