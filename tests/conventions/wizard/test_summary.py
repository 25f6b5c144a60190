"""The summary submits or says what is missing; the page after it says what follows."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from conventions import workflow
from conventions.models import Status
from conventions.standing.words import track as track_of
from conventions.writing import steps
from tests.conventions.wizard.posting import MAXIMUM_QUERIES, step_url
from tests.factories import (
    ConventionFactory,
    EnrolmentFactory,
    ManagerFactory,
    OrganisationFactory,
    TermFactory,
)

pytestmark = pytest.mark.django_db


def test_everything_missing_leads_to_its_field(client):
    convention = ConventionFactory()
    EnrolmentFactory(student=convention.student)
    TermFactory(kind="stage_type")
    client.force_login(convention.student.user)
    page = client.get(step_url(convention, steps.RECAP))
    assert "Soumettre la convention" not in page.text
    for place in page.context["incomplete"]:
        for item in place.missing:
            assert (place.url if place.is_choice else item.url) in page.text
            if not place.is_choice:
                address, anchor = item.url.split("#")
                assert f'id="{anchor}"' in client.get(address).text, item


def test_the_summary_submits_and_the_next_page_gives_the_number(client, draft, django_assert_max_num_queries):
    manager = ManagerFactory(centre=draft.centre)
    page = client.get(step_url(draft, steps.RECAP)).text
    assert str(manager.user) in page
    answer = client.post(reverse("conventions:act", args=[draft.pk, "submit"]))
    # The message that it shows leaves the session, which the database keeps.
    with django_assert_max_num_queries(MAXIMUM_QUERIES + 2):
        following = client.get(answer.url).text
    draft.refresh_from_db()
    assert re.search(rf'<p class="big-number">\s*{draft.number}\s*</p>', following)
    assert "Vous ne pouvez pas encore l’imprimer." in following
    assert "Vous imprimez 3 exemplaires" in following
    assert str(manager.user) in following
    assert "Responsabilité civile" in following
    names = [str(draft.student.user), str(draft.tutor), str(draft.signatory), str(draft.teacher)]
    places = [following.index(name, following.index("Circuit des signatures")) for name in names]
    assert places == sorted(places), "in the order of the centre"


def test_a_stage_abroad_is_warned_and_printed_four_times(client):
    convention = ConventionFactory(complete=True, organisation=OrganisationFactory(abroad=True))
    client.force_login(convention.student.user)
    for slug in ("etablissement", steps.RECAP):
        assert (
            "https://www.diplomatie.gouv.fr/fr/conseils-aux-voyageurs/"
            in client.get(step_url(convention, slug)).text
        )
    workflow.act(convention.pk, "submit", by=convention.student.user)
    page = client.get(reverse("conventions:next", args=[convention.pk])).text
    assert "Vous imprimez 4 exemplaires" in page
    assert "parce que le stage est à l’étranger" in page
    assert "conseils-aux-voyageurs" in page


@pytest.mark.parametrize("state", [state for state in Status if state != Status.DRAFT])
def test_what_follows_is_said_in_every_state(client, world, state):
    convention = world.convention_in(state)
    client.force_login(world.people["student"])
    page = client.get(reverse("conventions:next", args=[convention.pk]))
    assert page.status_code == 200
    assert convention.number in page.text
    assert ("Retirer la soumission" in page.text) == (state == Status.SUBMITTED)
    assert ("en préparation" in page.text) == convention.is_in_force
    if state == Status.REFUSED:
        assert "Ce sont les tâches d’un poste permanent." in page.text


def test_the_pdf_is_offered_as_soon_as_it_is_ready(client, world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    convention = world.convention_in(Status.VALIDATED)
    client.force_login(world.people["student"])
    url = reverse("conventions:next", args=[convention.pk])
    waiting = client.get(url, headers={"HX-Request": "true"}).text
    assert "<html" not in waiting
    assert 'hx-trigger="every 2s"' in waiting
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        client.force_login(world.people["student"])
        given_up = client.get(url).text
    assert "every 2s" not in given_up
    assert "Actualiser la page" in given_up
    client.force_login(world.people["student"])
    document = convention.documents.get()
    document.sha256, document.rendered_at = "0" * 64, timezone.now()
    document.file.save("convention.pdf", ContentFile(b"%PDF-1.7"))
    ready = client.get(url).text
    assert f'href="{reverse("conventions:pdf", args=[convention.pk])}"' in ready
    assert "every 2s" not in ready


def test_a_draft_has_no_next_page_yet(client, draft):
    url = reverse("conventions:next", args=[draft.pk])
    assert client.get(url).url == step_url(draft, steps.RECAP)
    workflow.act(draft.pk, "cancel", by=draft.student.user)
    assert client.get(url).url == draft.get_absolute_url()


def test_an_agreement_ended_before_its_signatures_does_not_show_them_as_done(world):
    track = track_of(world.convention_in(Status.TERMINATED))
    assert [phase.state for phase in track] == ["done", "done", "done", "stop", ""]


def test_an_agreement_cancelled_once_submitted_shows_that_it_was(world):
    convention = world.convention_in(Status.RETURNED)
    convention = workflow.act(
        convention.pk, "cancel", by=convention.student.user, comment="Projet abandonné."
    )
    assert [phase.state for phase in track_of(convention)] == ["done", "stop", "", "", ""]
