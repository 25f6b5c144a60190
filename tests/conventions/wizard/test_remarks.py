"""Remarks are beside their field, in their step, in the summary, and answered there."""

import pytest
from django.utils import timezone

from conventions.writing import steps
from tests.conventions.wizard.posting import content_of, step_url

pytestmark = pytest.mark.django_db


def test_a_remark_is_beside_its_field_and_answered_there(client, returned):
    page = client.get(step_url(returned, "contenu")).text
    assert "Le sujet est trop vague." in page
    remark = returned.remarks.get(field="subject")
    data = content_of(returned, subject="Mesurer la résistance des souches")
    data |= {f"answer-{remark.pk}": "C’est précisé.", f"resolved-{remark.pk}": "on"}
    client.post(step_url(returned, "contenu"), data)
    remark.refresh_from_db()
    assert remark.answer == "C’est précisé."
    assert remark.resolved_by == returned.student.user
    client.post(step_url(returned, "contenu"), content_of(returned) | {f"answer-{remark.pk}": "Non."})
    remark.refresh_from_db()
    assert remark.resolved_at is None, "a box ticked by mistake can be unticked"


def test_a_remark_on_a_choice_is_answered_on_its_step(client, returned):
    remark = returned.remarks.get(field="tutor")
    page = client.get(step_url(returned, "tuteur")).text
    assert "Est-ce bien votre tuteur ?" in page
    data = {f"answer-{remark.pk}": "Oui.", f"resolved-{remark.pk}": "on"}
    assert (
        "Votre réponse est enregistrée" in client.post(step_url(returned, "tuteur"), data, follow=True).text
    )
    remark.refresh_from_db()
    assert remark.resolved_at
    assert remark.answer == "Oui."


def test_the_summary_lists_the_remarks_left_and_submits_without(client, returned):
    page = client.get(step_url(returned, steps.RECAP)).text
    assert f'href="{steps.field_url(returned, "subject")}"' in page
    assert "Soumettre la convention" not in page
    returned.remarks.update(resolved_at=timezone.now(), resolved_by=returned.student.user)
    assert "Soumettre la convention" in client.get(step_url(returned, steps.RECAP)).text


def test_the_stepper_shows_where_remarks_are(client, returned):
    stepper = client.get(step_url(returned, "eleve")).context["steps"]
    assert {place.slug for place in stepper if place.state == "remark"} == {"contenu", "tuteur"}
