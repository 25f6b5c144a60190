"""Two pages that choose a record of one agreement: what one chose, the other never replaces unread."""

import pytest
from django.urls import reverse

from conventions.models import AvenantKind
from conventions.models.status import Status
from conventions.writing.choosing import ChoiceForm
from organisations.models import Contact, Organisation
from organisations.shared import THEIRS
from tests.conventions.wizard.posting import create_url, step_url
from tests.factories import ContactFactory, OrganisationFactory, ServiceFactory, TeacherFactory
from tests.pages import fields_in

pytestmark = pytest.mark.django_db

COLUMNS = {
    "service": "service",
    "tuteur": "tutor",
    "signataire": "signatory",
    "etablissement": "organisation",
}
PERSON = {
    "first_name": "Odile",
    "last_name": "Garnier",
    "function": "Cheffe d’atelier",
    "phone": "02 61 91 00 45",
    "email": "odile@ateliers.example",
}


def rows(draft, slug):
    match slug:
        case "service":
            return ServiceFactory.create_batch(2, organisation=draft.organisation)
        case "etablissement":
            return OrganisationFactory.create_batch(2)
        case "responsable":
            return TeacherFactory.create_batch(2, ufr=draft.teacher.ufr)
        case _:
            return ContactFactory.create_batch(2, organisation=draft.organisation)


def drawn(client, url, form="choice", **query):
    """Return what a page that chooses posts, left as it is."""
    return fields_in(client.get(url, query).text, form)


def decision(page, what):
    [moved] = page.context["choice"].moved.values()
    return {moved.decision: moved.mine if what == "mine" else THEIRS}


@pytest.mark.parametrize("slug", ["service", "tuteur", "signataire", "etablissement", "responsable"])
@pytest.mark.parametrize("kept", ["mine", "theirs"])
def test_a_choice_made_meanwhile_waits_for_a_decision(client, draft, slug, kept):
    column, (first, second) = COLUMNS.get(slug, "teacher"), rows(draft, slug)
    query = {"etablissement": str(second), "responsable": str(second)}.get(slug)
    url = step_url(draft, slug)
    data = drawn(client, url, **({"q": query} if query else {})) | {"choice": second.pk}
    client.post(url, {"choice": first.pk})
    page = client.post(url, data)
    assert page.status_code == 422
    assert str(first) in page.text
    assert str(second) in page.text
    draft.refresh_from_db()
    assert getattr(draft, column) == first
    again = client.post(url, fields_in(page.text))
    assert again.status_code == 422, "nothing was decided"
    done = client.post(url, fields_in(page.text) | decision(page, kept))
    assert done.status_code == 302
    draft.refresh_from_db()
    assert getattr(draft, column) == (second if kept == "mine" else first)


def test_the_choice_that_a_page_shows_is_not_put_back_over_another(client, draft):
    other = ContactFactory(organisation=draft.organisation)
    url = step_url(draft, "tuteur")
    data = drawn(client, url)
    assert data["choice"] == str(draft.tutor_id)
    client.post(url, {"choice": other.pk})
    assert client.post(url, data).status_code == 422
    draft.refresh_from_db()
    assert draft.tutor == other


def test_a_decision_is_about_the_choice_that_was_seen(client, draft):
    first, second, third = ContactFactory.create_batch(3, organisation=draft.organisation)
    url = step_url(draft, "tuteur")
    data = drawn(client, url) | {"choice": second.pk}
    client.post(url, {"choice": first.pk})
    page = client.post(url, data)
    client.post(url, {"choice": third.pk})
    late = client.post(url, fields_in(page.text) | decision(page, "mine"))
    assert late.status_code == 422
    assert str(third) in late.text
    draft.refresh_from_db()
    assert draft.tutor == third


def test_both_chose_the_same(client, draft):
    row = ContactFactory(organisation=draft.organisation)
    url = step_url(draft, "tuteur")
    data = drawn(client, url) | {"choice": row.pk}
    client.post(url, {"choice": row.pk})
    assert client.post(url, data).status_code == 302


def test_a_person_of_a_host_left_meanwhile_is_asked_again(client, draft):
    url = step_url(draft, "tuteur")
    data = drawn(client, url)
    host = ContactFactory().organisation
    client.post(step_url(draft, "etablissement"), {"choice": host.pk})
    page = client.post(url, data)
    assert page.status_code == 422
    assert "Cochez une ligne de la liste" in page.text
    draft.refresh_from_db()
    assert draft.tutor is None


@pytest.mark.parametrize("kept", ["mine", "theirs"])
def test_a_person_typed_meanwhile(client, draft, kept):
    other = ContactFactory(organisation=draft.organisation)
    url = create_url(draft, "tuteur")
    data = fields_in(client.get(url).text) | PERSON
    client.post(step_url(draft, "tuteur"), {"choice": other.pk})
    page = client.post(url, data)
    assert page.status_code == 422
    assert str(other) in page.text
    assert 'value="Garnier"' in page.text, "nothing typed is lost"
    assert not Contact.objects.filter(last_name="Garnier").exists()
    assert client.post(url, fields_in(page.text) | decision(page, kept)).status_code == 302
    draft.refresh_from_db()
    assert draft.tutor.last_name == ("Garnier" if kept == "mine" else other.last_name)
    assert Contact.objects.filter(last_name="Garnier").exists() == (kept == "mine")


def test_a_creation_sent_twice_goes_on(client, draft):
    url = create_url(draft, "tuteur")
    data = fields_in(client.get(url).text) | PERSON
    assert client.post(url, data).status_code == client.post(url, data).status_code == 302
    assert Contact.objects.filter(last_name="Garnier").count() == 1


def test_the_other_choice_stays_when_the_same_creation_is_sent_again(client, draft):
    other = ContactFactory(organisation=draft.organisation)
    url = create_url(draft, "tuteur")
    data = fields_in(client.get(url).text) | PERSON
    client.post(url, data)
    client.post(step_url(draft, "tuteur"), {"choice": other.pk})
    page = client.post(url, data)
    assert page.status_code == 422
    assert client.post(url, fields_in(page.text) | decision(page, "theirs")).status_code == 302
    draft.refresh_from_db()
    assert draft.tutor == other


def test_a_correction_is_of_the_record_that_was_shown(client, draft):
    mine, other = ContactFactory.create_batch(
        2, organisation=draft.organisation, created_by=draft.student.user, phone="+33 2 61 91 00 01"
    )
    client.post(step_url(draft, "tuteur"), {"choice": mine.pk})
    url = reverse("conventions:correct", args=[draft.pk, "tuteur"])
    data = fields_in(client.get(url).text) | {"phone": "02 61 91 00 88"}
    client.post(step_url(draft, "tuteur"), {"choice": other.pk})
    assert client.post(url, data).status_code == 302
    mine.refresh_from_db()
    other.refresh_from_db()
    draft.refresh_from_db()
    assert (mine.phone, other.phone) == ("+33 2 61 91 00 88", "+33 2 61 91 00 01")
    assert draft.tutor == other, "what was chosen meanwhile stays"


def test_nobody_corrects_by_hand_what_they_could_not_choose(client, draft):
    Contact.objects.filter(pk=draft.tutor_id).update(created_by=draft.student.user)
    elsewhere = ContactFactory(created_by=draft.student.user)
    url = reverse("conventions:correct", args=[draft.pk, "tuteur"])
    data = fields_in(client.get(url).text) | {"record": elsewhere.pk}
    assert client.post(url, data).status_code == 404


def test_a_page_of_before_says_it_all(client, draft):
    """A page drawn by the release before, or a program, posts no ``shown-choice``."""
    other = ContactFactory(organisation=draft.organisation)
    assert client.post(step_url(draft, "tuteur"), {"choice": other.pk}).status_code == 302


@pytest.mark.parametrize("shown", ["", "{", "[]", '{"choice": 3}', '{"choice": null}', "[" * 9_000])
def test_a_damaged_shown_breaks_nothing(client, draft, shown):
    other = ContactFactory(organisation=draft.organisation)
    data = {"choice": other.pk, ChoiceForm.posts_shown: shown}
    assert client.post(step_url(draft, "tuteur"), data).status_code in {302, 422}


def test_what_is_found_as_one_types_keeps_what_the_page_showed(client, draft):
    host = OrganisationFactory(name="Éole")
    page = client.get(step_url(draft, "etablissement"), {"changer": ""}).text
    assert draft.organisation.name in page
    results = client.get(step_url(draft, "etablissement"), {"q": "eole"}, headers={"HX-Request": "true"}).text
    data = fields_in(page + results, "choice")
    assert data["choice"] == str(host.pk)
    client.post(step_url(draft, "etablissement"), {"choice": OrganisationFactory().pk})
    assert client.post(step_url(draft, "etablissement"), data).status_code == 422
    assert Organisation.objects.filter(conventions=draft).exclude(pk=host.pk).exists()


def test_in_an_avenant(world, client):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant(convention, AvenantKind.TUTOR)
    first, second = ContactFactory.create_batch(2, organisation=convention.organisation)
    client.force_login(world.people["student"])
    url = reverse("conventions:avenant_step", args=[convention.pk, avenant.pk, "tuteur"])
    data = drawn(client, url) | {"choice": second.pk}
    client.post(url, {"choice": first.pk})
    page = client.post(url, data)
    assert page.status_code == 422
    avenant.refresh_from_db()
    assert avenant.changes["tutor_id"]["after"] == first.pk
    client.post(url, fields_in(page.text) | decision(page, "mine"))
    avenant.refresh_from_db()
    assert avenant.changes["tutor_id"]["after"] == second.pk
