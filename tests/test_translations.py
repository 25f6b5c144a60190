"""English for those whose browser asks for it; French by default, and always in what is kept or sent."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from accounts.models import Message
from conventions import documents, workflow
from conventions.models import Status
from organisations import fields
from tests.worlds import World

ENGLISH = {"accept-language": "en-GB,en;q=0.9,fr;q=0.5"}
# A browser that says nothing, and one in a language we do not speak.
OTHERS = [{}, {"accept-language": "de"}, {"accept-language": "fr-CA,en;q=0.5"}]


@pytest.fixture
def world(db):
    return World()


def pages(world):
    """Who reads which page, then words of it in English and in French."""
    draft = world.draft()
    world.convention_in(Status.SUBMITTED)
    return [
        (
            "anonymous",
            reverse("account_login"),
            "University email address",
            "Adresse électronique universitaire",
        ),
        ("student", reverse("home"), "Create a new agreement", "Créer une nouvelle convention"),
        (
            "student",
            reverse("conventions:step", args=[draft.pk, "contenu"]),
            "Skills to gain or develop",
            "Compétences à acquérir ou à développer",
        ),
        (
            "manager",
            reverse("conventions:list"),
            "Submitted less than an hour ago",
            "Soumise il y a moins d’une heure",
        ),
    ]


def read(client, world, role, url, headers):
    client.logout()
    if role != "anonymous":
        client.force_login(world.people[role])
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    return response.text


def test_pages_answer_in_english_when_the_browser_asks(client, world):
    for role, url, english, french in pages(world):
        text = read(client, world, role, url, ENGLISH)
        assert '<html lang="en">' in text
        assert english in text
        assert french not in text


@pytest.mark.parametrize("headers", OTHERS)
def test_pages_answer_in_french_by_default(client, world, headers):
    for role, url, english, french in pages(world):
        text = read(client, world, role, url, headers)
        assert '<html lang="fr">' in text
        assert french in text
        assert english not in text


def test_who_switches_to_english_stays_in_english(client, world):
    client.force_login(world.people["student"])
    client.post(reverse("set_language"), {"language": "en", "next": "/"})
    assert "Create a new agreement" in client.get("/").text


@pytest.mark.parametrize("plural", [0, 1, 2])
def test_a_text_with_and_without_a_count_is_english_in_both(plural):
    """« Votre gestionnaire demande une correction. » is used alone and as the singular of a plural."""
    alone = "Votre gestionnaire demande une correction."
    many = "Votre gestionnaire demande %(count)s corrections."
    with translation.override("en"):
        assert translation.gettext(alone) == "Your internship office asks for a correction."
        counted = translation.ngettext(alone, many, plural) % {"count": plural}
    assert counted == (
        "Your internship office asks for a correction."
        if plural == 1
        else f"Your internship office asks for {plural} corrections."
    )


def test_in_english_too_the_day_comes_before_the_month():
    with translation.override("en"):
        assert date_format(date(2026, 4, 3), "SHORT_DATE_FORMAT") == "03/04/2026"
        assert date_format(date(2026, 4, 3)) == "3 April 2026"
        assert fields.DateField().clean("03/04/2026") == date(2026, 4, 3)


@pytest.mark.parametrize("typed", ["35,5", "35.5"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_comma_and_a_point_are_the_same_in_every_language(language, typed):
    with translation.override(language):
        assert str(fields.DecimalField().clean(typed)) == "35.5"


def test_what_an_english_speaking_manager_validates_is_frozen_printed_and_told_in_french(world):
    convention = world.convention_in(Status.SUBMITTED)
    Message.objects.all().delete()
    with translation.override("en"):
        workflow.act(convention.pk, "validate", by=world.people["manager"])
        context = convention.documents.get().context
        printed = documents.render_html(context, draft=False)

    assert context["stage"]["working_time"] == {"code": "full", "label": "Temps plein"}
    assert context["gratification"]["unit"] == {"code": "hour", "label": "par heure"}
    assert context["circuit"][0]["label"] == "L’étudiant(e)"
    for words in ("35 h par semaine, temps plein, du lundi au vendredi", "4,50 € par heure", "L’étudiant(e)"):
        assert words in printed
    for words in ("Full time", "per hour", "The student", "Monday"):
        assert words not in printed
    subjects = " ".join(message.subject for message in Message.objects.all())
    bodies = " ".join(message.text for message in Message.objects.all())
    assert Message.objects.count() == 2
    assert "validée" in subjects
    assert "validated" not in subjects + bodies
    assert "Ouvrir la convention" in bodies
