"""The forms of a new host, service or person, and their correction by who added them."""

import re

import pytest
from django.urls import reverse

from conventions import workflow
from conventions.writing import steps
from organisations.models import Contact, Organisation, Service
from tests.conventions.wizard.posting import create_url, step_url
from tests.factories import ConventionFactory, OrganisationFactory

pytestmark = pytest.mark.django_db


def correct_url(draft, slug):
    return reverse("conventions:correct", args=[draft.pk, slug])


@pytest.mark.parametrize("slug", ["etablissement", "tuteur"])
def test_one_corrects_what_one_added_oneself(client, draft, slug):
    column = {"etablissement": "organisation", "tuteur": "tutor"}[slug]
    row = getattr(draft, column)
    assert client.get(correct_url(draft, slug)).status_code == 404, "somebody else added it"
    type(row).objects.filter(pk=row.pk).update(created_by=draft.student.user)
    assert correct_url(draft, slug) in client.get(step_url(draft, slug)).text
    form = client.get(correct_url(draft, slug)).context["form"]
    assert form["phone"].value() == row.phone
    typed = {name: form[name].value() or "" for name in form.fields}
    done = client.post(correct_url(draft, slug), typed | {"phone": "02 61 91 00 88"})
    assert done.status_code == 302, form.errors
    draft.refresh_from_db()
    assert getattr(draft, column) == row
    assert getattr(draft, column).phone == "+33 2 61 91 00 88"
    ConventionFactory(complete=True, **{column: row})
    assert client.post(correct_url(draft, slug), typed).status_code == 404, "another student relies on it"


def test_a_correction_that_comes_too_late_loses_nothing_typed(client, draft):
    Contact.objects.filter(pk=draft.tutor_id).update(created_by=draft.student.user)
    workflow.act(draft.pk, "submit", by=draft.student.user)
    answer = client.post(correct_url(draft, "tuteur"), {"first_name": "Bérengère"})
    assert answer.status_code == 409
    assert "Bérengère" in answer.text
    assert client.get(correct_url(draft, "tuteur")).url == draft.get_absolute_url()


def test_a_verified_host_is_not_corrected_here(client, draft):
    Organisation.objects.filter(pk=draft.organisation_id).update(
        created_by=draft.student.user, is_verified=True
    )
    assert client.get(correct_url(draft, "etablissement")).status_code == 404


def test_a_new_host_is_created_chosen_and_shown(client, draft, host_data):
    answer = client.post(create_url(draft, "etablissement"), host_data)
    assert answer.url == step_url(draft, "etablissement")
    draft.refresh_from_db()
    assert draft.organisation.name == "Ateliers Morvan"
    assert draft.organisation.created_by == draft.student.user
    assert "Ateliers Morvan" in client.get(answer.url).text


def test_a_wrong_siret_is_explained_and_loses_nothing(client, draft, host_data):
    wrong = host_data["siret"][:-1] + str((int(host_data["siret"][-1]) + 1) % 10)
    page = client.post(create_url(draft, "etablissement"), host_data | {"siret": wrong})
    assert page.status_code == 422
    assert "Ce numéro SIRET n’existe pas" in page.text
    assert wrong in page.text
    assert 'value="3 rue des Forges"' in page.text
    assert not Organisation.objects.filter(name="Ateliers Morvan").exists()


def test_a_siret_already_there_proposes_its_host(client, draft, host_data):
    known = OrganisationFactory(siret=host_data["siret"], name="Forges du Nivernais")
    page = client.post(create_url(draft, "etablissement"), host_data)
    assert page.status_code == 422
    assert "Choisir cet établissement" in page.text
    assert f'name="choice" value="{known.pk}"' in page.text
    client.post(step_url(draft, "etablissement"), {"choice": known.pk})
    draft.refresh_from_db()
    assert draft.organisation == known


def test_a_search_by_siret_fills_the_siret(client, draft):
    page = client.get(create_url(draft, "etablissement"), {"q": "732 829 320 00074"}).text
    assert re.search(r'name="siret" value="732 829 320 00074"', page)


def test_a_stage_abroad_asks_which_country(client, draft):
    page = client.get(create_url(draft, "etablissement") + "?etranger").text
    assert '<option value="" selected>Choisissez le pays</option>' in page


def test_a_new_service_starts_at_the_address_of_its_host(client, draft):
    page = client.get(create_url(draft, "service")).text
    assert 'value="4 quai des Abeilles"' in page
    data = {
        "name": "Atelier",
        "street": "1 quai",
        "postal_code": "76600",
        "city": "Le Havre",
        "country": "FR",
    }
    assert client.post(create_url(draft, "service"), data).url == steps.next_url(draft, "service")
    draft.refresh_from_db()
    assert draft.service == Service.objects.get(name="Atelier", organisation=draft.organisation)


def test_a_new_tutor_is_created_at_the_host(client, draft):
    data = {
        "first_name": "Odile",
        "last_name": "Garnier",
        "function": "Cheffe d’atelier",
        "phone": "02 61 91 00 45",
        "email": "odile@ateliers.example",
    }
    assert client.post(create_url(draft, "tuteur"), data).url == steps.next_url(draft, "tuteur")
    draft.refresh_from_db()
    assert draft.tutor == Contact.objects.get(last_name="Garnier", organisation=draft.organisation)
    again = client.post(create_url(draft, "signataire"), data)
    assert again.status_code == 422
    assert "Choisir cette personne" in again.text
