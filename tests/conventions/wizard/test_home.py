"""The student's home: each agreement, who holds it, what to do now."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conventions import workflow
from conventions.models import Status
from conventions.standing import cards
from conventions.writing import steps
from tests.conventions.wizard.posting import MAXIMUM_QUERIES
from tests.factories import ConventionFactory, StudentFactory
from tests.worlds import World

pytestmark = pytest.mark.django_db


def test_home_says_what_to_do_now(client, returned):
    page = client.get(reverse("home")).text
    assert "Gestion des conventions de stage</h1>" in page
    assert "Créer une nouvelle convention" in page
    assert page.count("<article") == 1, "what is to do is not listed a second time"
    assert "À faire maintenant" in page
    assert "Votre gestionnaire demande 2 corrections." in page
    assert f'href="{steps.field_url(returned, "subject")}"' in page


@pytest.mark.parametrize("state", Status)
def test_home_shows_an_agreement_in_every_state(client, world, state):
    convention = world.convention_in(state)
    client.force_login(world.people["student"])
    page = client.get(reverse("home"))
    card = page.context["cards"][0]
    assert card.convention == convention
    assert card.title in page.text
    assert card.todo == (state in {Status.DRAFT, Status.RETURNED, Status.VALIDATED})
    assert ("Supprimer ce brouillon" in page.text) == (state == Status.DRAFT)


def test_home_says_who_holds_the_agreement(client):
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    client.force_login(world.people["student"])
    assert client.get(reverse("home")).context["cards"][0].holder == "Chez votre enseignant référent"
    workflow.act(convention.pk, "approve", by=world.people["teacher"])
    card = client.get(reverse("home")).context["cards"][0]
    assert card.holder == f"Au centre de gestion ({world.centre})"
    assert card.elapsed == "moins d’une heure"


def test_home_costs_the_same_for_one_agreement_and_for_thirty(client, draft, django_assert_num_queries):
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("home"))
    assert len(one) <= MAXIMUM_QUERIES
    ConventionFactory.create_batch(29, student=draft.student)
    with django_assert_num_queries(len(one)):
        assert len(client.get(reverse("home")).context["cards"]) == 30


def test_a_student_without_agreement_is_invited_to_begin(client):
    client.force_login(StudentFactory().user)
    assert "Aucune convention pour l’instant" in client.get(reverse("home")).text


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "Votre stage commence aujourd’hui."),
        (1, "Votre stage commence demain."),
        (12, "dans 12 jours."),
        (31, ""),
        (-1, ""),
    ],
)
def test_the_countdown_before_the_stage(days, words):
    said = cards.countdown(days)
    assert said.endswith(words)
    assert bool(said) == bool(words)
