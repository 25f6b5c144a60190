"""A manager keeps the directory of hosts, without a mouse, then without JavaScript."""

import re

from playwright.sync_api import expect

from organisations.models import Merge, Organisation
from tests.journeys.person import KeyboardPerson, readable

TOWN, TWICE, NEW = "Ville de Pont-l’Abbaye", "Mairie de Pont-l’Abbaye", "Menuiserie Aubry"
SEARCH = "Nom, ville ou SIRET"


def test_a_duplicate_is_merged_and_separated_by_keyboard_alone(people):
    manager = people("nathalie.rousseau", who=KeyboardPerson)
    manager.follows("Annuaire")
    manager.sees("Annuaire des établissements d’accueil")
    manager.writes(SEARCH, "mairie pont labbaye")
    results = manager.page.locator("#results")
    expect(results.get_by_role("link", name=TWICE)).to_be_visible()
    expect(manager.page.get_by_role("status")).to_have_text("1 résultat")
    manager.checks("results as one types")
    manager.follows(TWICE, within=results)
    manager.sees(TWICE)
    manager.follows("Fusionner")
    manager.sees("Fusionner avec une autre fiche")
    manager.follows(re.compile(f"Comparer.*{TOWN}"))
    manager.sees("Fusionner deux fiches")
    # The one without SIRET cannot be kept, and says so.
    expect(manager.page.get_by_role("radio", name=TWICE)).to_be_disabled()
    manager.ticks(re.compile(rf"^\s*{TOWN}"))
    manager.reads(re.compile(f"se trouve aussi sous « {TWICE} »"))
    expect(manager.page.get_by_text(readable(re.compile(f"La fiche « {TOWN} » disparaît")))).to_be_hidden()
    manager.presses("Fusionner")
    manager.sees(TOWN)
    manager.reads(re.compile("est fusionné dans cette fiche"))

    manager.follows("Annuaire", within=manager.page.get_by_role("main"))
    manager.writes(SEARCH, "mairie pont labbaye")
    manager.follows(TOWN, within=results)
    manager.sees(TOWN)
    manager.opens(re.compile("^Défaire la fusion"))
    manager.checks("undoing a merge")
    manager.presses("Séparer les deux fiches")
    manager.sees(TOWN)
    manager.reads(re.compile("La fusion est défaite"))
    assert Merge.objects.get().undone_by.email.startswith("nathalie.rousseau")
    assert Organisation.objects.get(name=TWICE).merged_into is None


def test_new_records_are_treated_without_javascript(people):
    manager = people("nathalie.rousseau", scripts=False)
    manager.follows("Annuaire")
    manager.follows(re.compile("fiches à vérifier$"))
    manager.sees("Fiches à vérifier")
    manager.follows(f"Corriger : {NEW}")
    manager.sees("Corriger la fiche")
    manager.writes("Téléphone", "12")
    manager.presses("Enregistrer et vérifier")
    manager.sees("Corriger la fiche")
    expect(manager.page.get_by_role("alert")).to_contain_text("Téléphone")
    manager.writes("Téléphone", "02 61 91 20 40")
    manager.writes("Activité principale", "Menuiserie bois")
    manager.presses("Enregistrer et vérifier")
    manager.sees(NEW)
    manager.reads("La fiche est enregistrée.")
    assert Organisation.objects.get(name=NEW).is_verified

    manager.follows("Annuaire", within=manager.page.get_by_role("main"))
    manager.writes(SEARCH, "menuiserie")
    manager.selects("Fiches", "Vérifiés")
    manager.presses("Chercher")
    manager.sees("Annuaire des établissements d’accueil")
    manager.reads(NEW)
    manager.follows(re.compile("doublons? probables?$"))
    manager.sees("Doublons probables")
    manager.presses(re.compile("^Ce sont deux organismes"))
    manager.sees("Doublons probables")
    manager.reads("Aucun doublon probable")
