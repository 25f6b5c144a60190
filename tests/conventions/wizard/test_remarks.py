"""Remarks are beside their field, in their step, in the summary, and answered there."""

import pytest
from django.utils import timezone

from conventions.models import Remark
from conventions.writing import steps
from tests.conventions.wizard.posting import content_of, step_url
from tests.pages import fields_in

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
    client.post(step_url(returned, "contenu"), content_of(returned) | {f"answer-{remark.pk}": ""})
    remark.refresh_from_db()
    assert remark.resolved_at is None, "a box ticked by mistake can be unticked, an answer erased"


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


def test_an_answer_is_sent_with_the_choice(client, returned):
    remark, step = returned.remarks.get(field="tutor"), step_url(returned, "tuteur")
    page = fields_in(client.get(step).text, "choice")
    assert page["choice"] == str(returned.tutor_id)
    answer = client.post(step, page | {f"answer-{remark.pk}": "Oui, il suit ce projet."})
    remark.refresh_from_db()
    assert (remark.answer, bool(remark.resolved_at)) == ("Oui, il suit ce projet.", True)
    assert answer.url == step_url(returned, "contenu"), "where the next remark is"


@pytest.mark.parametrize(("slug", "column"), [("etablissement", "organisation"), ("responsable", "teacher")])
def test_an_answer_is_sent_with_what_stays_chosen(client, returned, slug, column):
    remark = returned.remarks.first()
    remark.field = column
    Remark.objects.filter(pk=remark.pk).update(field=column)
    page = fields_in(client.get(step_url(returned, slug)).text, "choice")
    assert f"answer-{remark.pk}" in page
    chosen = getattr(returned, f"{column}_id")
    client.post(step_url(returned, slug), page | {f"answer-{remark.pk}": "C’est bien là.", "choice": chosen})
    remark.refresh_from_db()
    assert (remark.answer, bool(remark.resolved_at)) == ("C’est bien là.", True)


def test_a_correction_goes_from_remark_to_remark_to_the_summary(client, returned):
    subject, tutor = (returned.remarks.get(field=name) for name in ("subject", "tutor"))
    step = step_url(returned, "tuteur")
    page = fields_in(client.get(step).text, "choice") | {f"answer-{tutor.pk}": "Oui."}
    leads = client.post(step, page).url
    assert leads == step_url(returned, "contenu")
    page = fields_in(client.get(leads).text) | {
        "subject": "Étude des algues",
        f"answer-{subject.pk}": "Précisé.",
    }
    leads = client.post(leads, page).url
    assert leads == step_url(returned, steps.RECAP)
    words = client.get(leads).text
    assert "Oui." in words
    assert "Précisé." in words
    assert "Soumettre la convention" in words


def test_the_summary_lists_the_remarks_left_and_submits_without(client, returned):
    page = client.get(step_url(returned, steps.RECAP)).text
    assert f'href="{steps.field_url(returned, "subject")}"' in page
    assert "Soumettre la convention" not in page
    returned.remarks.update(resolved_at=timezone.now(), resolved_by=returned.student.user)
    assert "Soumettre la convention" in client.get(step_url(returned, steps.RECAP)).text


def test_the_stepper_shows_where_remarks_are(client, returned):
    stepper = client.get(step_url(returned, "eleve")).context["steps"]
    assert {place.slug for place in stepper if place.state == "remark"} == {"contenu", "tuteur"}
