"""The steps that choose: a host, its service and people, the teacher."""

import re

import pytest

from accounts.models import User
from conventions.writing import steps
from organisations import retention
from tests.conventions.wizard.posting import create_url, step_url
from tests.factories import (
    ContactFactory,
    ConventionFactory,
    OrganisationFactory,
    ServiceFactory,
    TeacherFactory,
)

pytestmark = pytest.mark.django_db


def test_a_host_is_found_chosen_shown_then_left(client, draft):
    host = OrganisationFactory(name="Café Éole", city="Évreux", is_verified=True)
    found = client.get(step_url(draft, "etablissement"), {"q": "CAFE e%le"}).text
    assert "Café Éole" in found
    assert "Vérifié" in found
    assert "Évreux" in found
    answer = client.post(step_url(draft, "etablissement"), {"choice": host.pk})
    assert answer.url == step_url(draft, "etablissement")
    summary = client.get(answer.url).text
    assert "Café Éole" in summary
    assert f'href="{step_url(draft, "service")}"' in summary
    draft.refresh_from_db()
    assert (draft.organisation, draft.service, draft.tutor, draft.signatory) == (host, None, None, None)


def test_choosing_the_same_host_again_keeps_its_people(client, draft):
    client.post(step_url(draft, "etablissement"), {"choice": draft.organisation_id})
    tutor = draft.tutor
    draft.refresh_from_db()
    assert draft.tutor == tutor


@pytest.mark.parametrize(("slug", "query"), [("etablissement", "eole"), ("responsable", "lemoine")])
def test_search_as_you_type_answers_a_fragment(client, draft, slug, query):
    OrganisationFactory(name="Éole")
    TeacherFactory(user__last_name="Lemoine", ufr=draft.teacher.ufr)
    answer = client.get(step_url(draft, slug), {"q": query}, headers={"HX-Request": "true"}).text
    assert "<html" not in answer
    assert 'name="choice"' in answer
    assert 'hx-swap-oob="innerHTML:#count">1 résultat<' in answer


def test_a_host_not_found_leads_to_its_creation(client, draft):
    page = client.get(step_url(draft, "etablissement"), {"q": "Zzyzx & Cie"}).text
    assert "Aucun établissement trouvé" in page
    link = re.search(r'href="([^"]+)">\s*Créer l’établissement d’accueil', page)[1].replace("&amp;", "&")
    assert 'value="Zzyzx &amp; Cie"' in client.get(link).text


@pytest.mark.parametrize(
    ("slug", "column", "factory"),
    [
        ("service", "service", ServiceFactory),
        ("tuteur", "tutor", ContactFactory),
        ("signataire", "signatory", ContactFactory),
    ],
)
def test_a_row_of_the_host_is_chosen(client, draft, slug, column, factory):
    row = factory(organisation=draft.organisation)
    assert str(row) in client.get(step_url(draft, slug)).text
    answer = client.post(step_url(draft, slug), {"choice": row.pk})
    assert answer.url == steps.next_url(draft, slug)
    draft.refresh_from_db()
    assert getattr(draft, column) == row


@pytest.mark.parametrize(("slug", "factory"), [("service", ServiceFactory), ("tuteur", ContactFactory)])
def test_a_row_of_another_host_cannot_be_chosen(client, draft, slug, factory):
    assert client.post(step_url(draft, slug), {"choice": factory().pk}).status_code == 404
    assert client.post(step_url(draft, slug), {"choice": "1 OR 1"}).status_code == 404


def test_nothing_ticked_is_told(client, draft):
    page = client.post(step_url(draft, "tuteur"), {})
    assert page.status_code == 422
    assert "<title>Erreur – " in page.text
    assert 'href="#choices">Cochez une ligne de la liste' in page.text


@pytest.mark.parametrize("slug", ["etablissement", "responsable"])
def test_one_letter_is_not_a_search(client, draft, slug):
    page = client.get(step_url(draft, slug), {"q": "e", "changer": ""}).text
    assert "Personne ne porte" not in page
    assert "Aucun établissement trouvé" not in page


def test_a_person_anonymised_since_is_replaced(client, draft):
    retention.anonymise(draft.tutor)
    recap = client.get(step_url(draft, steps.RECAP)).text
    assert "choisissez ou saisissez une personne" in recap


def test_a_teacher_who_has_left_is_replaced(client, draft):
    User.objects.filter(pk=draft.teacher.user_id).update(is_active=False)
    assert "n’enseigne plus ici" in client.get(step_url(draft, steps.RECAP)).text


@pytest.mark.parametrize("slug", ["service", "tuteur", "signataire"])
def test_a_host_that_has_none_goes_straight_to_the_form(client, draft, slug):
    client.post(step_url(draft, "etablissement"), {"choice": OrganisationFactory().pk})
    answer = client.get(step_url(draft, slug))
    assert answer.url == create_url(draft, slug)
    page = client.get(answer.url).text
    assert f'href="{steps.previous_url(draft, slug)}"' in page, "the way back is not the page that sends here"


@pytest.mark.parametrize("slug", ["service", "tuteur", "signataire"])
def test_the_host_comes_first(client, slug):
    convention = ConventionFactory()
    client.force_login(convention.student.user)
    page = client.get(step_url(convention, slug), follow=True)
    assert page.redirect_chain[-1][0] == step_url(convention, "etablissement")
    assert "Choisissez d’abord l’établissement d’accueil" in page.text


def test_many_people_at_one_host_can_be_searched(client, draft):
    ContactFactory.create_batch(15, organisation=draft.organisation, last_name="Martin")
    wanted = ContactFactory(organisation=draft.organisation, last_name="Éthévenin")
    page = client.get(step_url(draft, "tuteur"))
    assert "Chercher dans la liste" in page.text
    assert f'value="{draft.tutor_id}" checked' in page.text
    assert "Éthévenin" not in page.text
    assert f'value="{wanted.pk}"' in client.get(step_url(draft, "tuteur"), {"q": "ethevenin"}).text
    assert "Personne ne correspond" in client.get(step_url(draft, "tuteur"), {"q": "personne"}).text


def test_the_tutor_signs_too_in_one_click(client, draft):
    page = client.get(step_url(draft, "signataire")).text
    assert "Même personne que le tuteur professionnel" in page
    client.post(step_url(draft, "signataire"), {"choice": draft.tutor_id})
    draft.refresh_from_db()
    assert draft.signatory == draft.tutor
    assert "Même personne que le tuteur professionnel" not in client.get(step_url(draft, "signataire")).text


def test_homonyms_are_told_apart(client, draft):
    for office in ("A 101", "C 303"):
        TeacherFactory(user__first_name="Anne", user__last_name="Kerjean", office=office)
    elsewhere = TeacherFactory(
        user__last_name="Kerjean",
        user__institution__name="Ailleurs",
        ufr__centre__institution__name="Ailleurs",
    )
    page = client.get(step_url(draft, "responsable"), {"q": "kerjean"}).text
    assert "A 101" in page
    assert "C 303" in page
    assert elsewhere.user.email not in page
    assert client.post(step_url(draft, "responsable"), {"choice": elsewhere.pk}).status_code == 404
