"""Bad input and bad luck: each gets a message that says what to do, and loses nothing typed."""

import re
from importlib import import_module

import pytest
from django.conf import settings
from playwright.sync_api import expect

from accounts.models import User
from conventions import demo, workflow
from conventions.models import Convention, Status
from tests.journeys import filling

DRAFT = "Laboratoires Vauquelin"
FIFTY_MEGABYTES = 50_000_000


def takes_up_the_draft(student, step):
    """Inès goes back to the draft of the demo, at one of its steps."""
    student.follows(f"Reprendre la saisie : {DRAFT}")
    student.sees("Élève")
    student.follows(re.compile(f"^{step}"))
    student.sees(step)


def reads_an_error(person, label, message):
    """The message is beside its field, where screen readers find it, and in the summary, which has the focus."""
    summary = person.page.get_by_role("alert").filter(has_text=label)
    expect(summary).to_be_focused()
    person.reads(message, within=summary)
    expect(person.field(label)).to_have_accessible_description(re.compile(message))
    person.follows(label, within=summary)
    expect(person.field(label)).to_be_focused()


def expire(person):
    """Their session ends while they read: Redis forgets it."""
    (key,) = (
        cookie["value"]
        for cookie in person.page.context.cookies()
        if cookie["name"] == settings.SESSION_COOKIE_NAME
    )
    import_module(settings.SESSION_ENGINE).SessionStore(key).delete()


def test_a_wrong_siret(people):
    student = people("ines.marchand")
    takes_up_the_draft(student, "Établissement d’accueil")
    student.follows("Choisir un autre établissement")
    filling.look_for(student, "Serres du Perche")
    student.reads("Aucun établissement trouvé")
    student.follows("Créer l’établissement d’accueil")
    filling.describe(student, filling.Host())
    mistyped = demo.siret(77)[:-1] + str((int(demo.siret(77)[-1]) + 1) % 10)
    for typed, message in (
        (mistyped, "Ce numéro SIRET n’existe pas"),
        (mistyped[:-1], "Un numéro SIRET a 14 chiffres ; celui-ci en a 13"),
        ("0" * 14, "Ce numéro SIRET n’existe pas"),
        ("", "Indiquez le numéro SIRET"),
    ):
        student.writes("Numéro SIRET", typed)
        student.presses("Créer et continuer")
        student.sees("Créer l’établissement d’accueil")
        reads_an_error(student, "Numéro SIRET", message)
        expect(student.field("Numéro SIRET")).to_have_value(typed)
        expect(student.field("Commune")).to_have_value("Rémalard-en-Perche")
        expect(student.field("Code NAF (APE)")).to_have_value("01.30Z")

    student.writes("Numéro SIRET", demo.siret(1))
    student.presses("Créer et continuer")
    student.reads("Déjà dans l’annuaire")
    student.presses("Choisir cet établissement")
    student.sees("Établissement d’accueil")
    student.reads("Laboratoires Vauquelin")


def test_dates_and_hours_that_cannot_be(people):
    student = people("ines.marchand")
    takes_up_the_draft(student, "Contenu du stage")
    student.writes("Sujet", "Un sujet qui reste")
    student.dates("Début du stage", filling.END)
    student.dates("Fin du stage", filling.START)
    student.writes("Heures par semaine", "59")
    student.presses("Enregistrer et continuer")
    student.sees("Contenu du stage")
    reads_an_error(student, "Fin du stage", "précède son début")
    expect(student.field("Début du stage")).to_have_value(filling.END.isoformat())
    expect(student.field("Fin du stage")).to_have_value(filling.START.isoformat())
    expect(student.field("Heures par semaine")).to_have_value("59")
    expect(student.field("Sujet")).to_have_value("Un sujet qui reste")

    student.dates("Début du stage", filling.START)
    student.dates("Fin du stage", filling.END)
    student.opens("Absences prévues")
    student.dates("Premier jour d’absence", filling.END)
    student.dates("Dernier jour d’absence", filling.START)
    student.presses("Enregistrer et continuer")
    student.reads("Des périodes sont à corriger avant de continuer")
    # Hours are judged day by day, once there are days.
    too_long = "en un seul jour : le maximum est de"
    student.reads(re.compile(too_long), within=student.page.get_by_role("alert").first)
    expect(student.field("Heures par semaine")).to_have_accessible_description(re.compile("en un seul jour"))
    student.reads("La fin de l’absence précède son début.")
    expect(student.field("Premier jour d’absence")).to_have_value(filling.END.isoformat())


def test_fifty_megabytes(people, tmp_path):
    student = people("ines.marchand")
    takes_up_the_draft(student, "Contenu du stage")
    student.page.evaluate(
        """() => {
          const form = document.querySelector("form[data-autosave]");
          form.enctype = "multipart/form-data";
          form.append(Object.assign(document.createElement("input"), { type: "file", name: "file", ariaLabel: "Fichier" }));
        }"""
    )
    large = tmp_path / "rapport.pdf"
    large.write_bytes(b"x" * FIFTY_MEGABYTES)
    student.page.get_by_label("Fichier").set_input_files(large)
    student.presses("Enregistrer et continuer")
    student.sees("Cet envoi est trop volumineux")
    student.reads("retirez le fichier")


def test_a_step_posted_to_someone_elses_draft(people):
    theirs = Convention.objects.get(student__user__email__startswith="ines.", status=Status.DRAFT)
    student = people("mehdi.aubert")
    filling.begin(student)
    student.writes("Commune", "Ailleurs")
    student.page.evaluate(
        "(action) => { document.querySelector('form[data-autosave]').action = action; }",
        f"/conventions/{theirs.pk}/etapes/eleve/",
    )
    student.presses("Enregistrer et continuer")
    student.sees("Cette page n’existe pas, ou ne vous est pas ouverte")
    theirs.refresh_from_db()
    assert theirs.student_city == "Caen"


def test_a_form_posted_after_the_agreement_was_validated(people):
    convention = Convention.objects.get(student__user__email__startswith="ines.", status=Status.RETURNED)
    student = people("ines.marchand")
    student.follows(re.compile("^Corriger la convention"))
    student.sees("Contenu du stage")
    # In another tab, the student answers and submits; the manager validates.
    convention.remarks.update(resolved_at=convention.updated_at, resolved_by=convention.student.user)
    workflow.act(convention.pk, "submit", by=convention.student.user)
    workflow.act(convention.pk, "validate", by=User.objects.get(email__startswith="nathalie."))

    student.writes("Sujet", "Écrit trop tard, mais pas perdu")
    student.reads("Non enregistré : cette convention est « Validée », elle ne se modifie plus.")
    student.presses("Enregistrer et continuer")
    student.sees("Cette convention ne se modifie plus")
    student.reads("Écrit trop tard, mais pas perdu")
    student.reads("parlez-en à votre gestionnaire")
    convention.refresh_from_db()
    assert convention.subject == "Suivi qualité des lots en production"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_session_that_expires_in_the_middle_of_a_step(people, scripts):
    student = people("ines.marchand", scripts=scripts)
    takes_up_the_draft(student, "Contenu du stage")
    expire(student)
    student.writes("Sujet", "Écrit pendant que la session expirait")
    student.writes("Fonctions et tâches", "Des tâches longues à écrire, et plus longues à réécrire.")
    student.presses("Enregistrer et continuer")
    student.signs_in(f"ines.marchand@{demo.DOMAIN}", demo.PASSWORD)
    student.sees("Contenu du stage")
    student.reads("Votre session avait expiré. Voici ce que vous aviez écrit")
    expect(student.field("Sujet")).to_have_value("Écrit pendant que la session expirait")
    expect(student.field("Fonctions et tâches")).to_have_value(re.compile("^Des tâches longues"))
    student.presses("Enregistrer et continuer")
    student.sees("Contenu du stage")
    student.follows(re.compile("^Récapitulatif"))
    student.reads("Écrit pendant que la session expirait")


def test_a_session_that_expires_while_one_writes(people):
    student = people("ines.marchand")
    takes_up_the_draft(student, "Contenu du stage")
    expire(student)
    student.writes("Sujet", "Écrit sans le savoir déconnectée")
    student.reads(re.compile("votre session a expiré"))
    student.follows("Se reconnecter")
    student.signs_in(f"ines.marchand@{demo.DOMAIN}", demo.PASSWORD)
    student.sees("Contenu du stage")
    expect(student.field("Sujet")).to_have_value("Écrit sans le savoir déconnectée")
    student.reads(re.compile("^Enregistré à"))
    student.page.reload()
    expect(student.field("Sujet")).to_have_value("Écrit sans le savoir déconnectée")
