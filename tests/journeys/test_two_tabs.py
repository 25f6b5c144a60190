"""One draft open twice: nothing typed in one window is lost by the other, and one decides when both say otherwise."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import DESKTOP, PHONE
from tests.journeys.test_mistakes import DRAFT

SAVED = re.compile("^Enregistré à")


def opens_the_content(*people):
    for person in people:
        person.follows(f"Reprendre la saisie : {DRAFT}")
        person.sees("Élève")
        person.goes_to(person.page.url.replace("eleve", "contenu"))


def writes_and_waits(person, label, text):
    with person.page.expect_response(lambda response: response.request.method == "POST"):
        person.writes(label, text)
        person.field(label).blur()


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("choice", ["Garder ma réponse", "Prendre l’autre"])
def test_two_windows_save_as_one_types(people, device, choice):
    first, second = (people("ines.marchand", device) for _ in range(2))
    opens_the_content(first, second)
    writes_and_waits(first, "Sujet", "Étude des algues brunes")
    writes_and_waits(second, "Fonctions et tâches", "Compter les algues de la plage, matin et soir.")
    second.reads(SAVED)
    expect(second.field("Sujet")).to_have_value("Étude des algues brunes")

    writes_and_waits(first, "Sujet", "Étude des oursins")
    writes_and_waits(second, "Sujet", "Étude des étoiles de mer")
    decision = second.page.get_by_role("group", name="Quelle réponse garder ?")
    expect(decision).to_be_visible()
    second.reads(re.compile("Étude des oursins"))
    second.checks("Deux onglets")
    second.ticks(re.compile(choice), within=decision)
    expect(decision).to_be_hidden()
    kept = "Étude des étoiles de mer" if choice == "Garder ma réponse" else "Étude des oursins"
    expect(second.field("Sujet")).to_have_value(kept)
    first.page.reload()
    expect(first.field("Sujet")).to_have_value(kept)
    expect(first.field("Fonctions et tâches")).to_have_value(re.compile("^Compter les algues"))


def test_two_windows_without_javascript(people):
    first, second = (people("ines.marchand", scripts=False) for _ in range(2))
    opens_the_content(first, second)
    first.writes("Sujet", "Étude des algues")
    second.writes("Sujet", "Étude des oursins")
    first.presses("Enregistrer et continuer")
    second.presses("Enregistrer et continuer")
    second.sees("Contenu du stage")
    second.reads(re.compile("Modifié entre-temps"))
    expect(second.field("Sujet")).to_have_value("Étude des oursins")
    second.ticks("Garder ma réponse")
    second.presses("Enregistrer et continuer")
    second.follows(re.compile("^Récapitulatif"))
    second.reads("Étude des oursins")
