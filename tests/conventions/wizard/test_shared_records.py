"""A record of the directory that serves elsewhere too: said before it is corrected, and another one is one click away."""

import re

import pytest
from django.urls import reverse

from conventions import documents
from conventions.models import AvenantKind, Convention
from conventions.models.status import Status
from conventions.writing import changes
from organisations import reliance
from organisations.models import Contact, Organisation
from tests.conventions.wizard.posting import create_url, step_url
from tests.factories import AdminFactory, ContactFactory, ConventionFactory, ServiceFactory
from tests.pages import browser, fields_in, text_of

pytestmark = pytest.mark.django_db

SHARED = "Cette fiche sert aussi ailleurs"
ROLES = {
    "tuteur": ("tutor", "signatory", "signataire"),
    "signataire": ("signatory", "tutor", "tuteur professionnel"),
}


def correct_url(draft, slug):
    return reverse("conventions:correct", args=[draft.pk, slug])


def added_by(row, user):
    type(row).objects.filter(pk=row.pk).update(created_by=user)


@pytest.fixture
def own(client, draft):
    """A draft of which the student signed in added every record."""
    for row in (draft.tutor, draft.signatory, draft.organisation):
        added_by(row, draft.student.user)
    return draft


def test_a_record_that_serves_here_alone_says_nothing(client, own):
    own.signatory = ContactFactory(organisation=own.organisation)
    own.save(update_fields=["signatory"])
    assert SHARED not in client.get(correct_url(own, "tuteur")).text


@pytest.mark.parametrize("slug", ROLES)
def test_two_roles_in_one_agreement(client, own, slug):
    column, other, label = ROLES[slug]
    setattr(own, other, getattr(own, column))
    own.save(update_fields=[other])
    page = client.get(correct_url(own, slug))
    assert SHARED in page.text
    assert f"c’est aussi la fiche de : {label}" in text_of(page).replace("\u00a0", " ")
    assert (
        client.post(correct_url(own, slug), fields_in(page.text) | {"function": "Gérante"}).status_code == 302
    )
    own.refresh_from_db()
    assert getattr(own, column) == getattr(own, other)
    assert getattr(own, other).function == "Gérante"


@pytest.mark.parametrize("slug", ROLES)
def test_another_person_is_one_click_and_takes_this_role_alone(client, own, slug):
    column, other, _label = ROLES[slug]
    own.service = ServiceFactory(organisation=own.organisation, name="Atelier des voiles")
    setattr(own, other, getattr(own, column))
    own.save(update_fields=[other, "service"])
    before = getattr(own, column)
    page = client.get(correct_url(own, slug)).text
    [link] = re.findall(r'href="([^"]+)">(?:(?!</a>).)*C’est une autre personne', page, re.DOTALL)
    data = fields_in(client.get(link).text)
    assert data["department"] == "Atelier des voiles"
    assert {data[name] for name in ("first_name", "last_name", "function", "phone", "email")} == {""}
    typed = {"first_name": "Odile", "last_name": "Garnier", "function": "Gérante"}
    typed |= {"phone": "02 61 91 00 45", "email": "odile@ateliers.example"}
    assert client.post(link, data | typed).status_code == 302
    own.refresh_from_db()
    assert getattr(own, column).last_name == "Garnier"
    assert getattr(own, column).organisation == own.organisation
    assert getattr(own, other) == before
    assert str(before) == str(Contact.objects.get(pk=before.pk)), "their record has not moved"


@pytest.mark.parametrize(("slug", "column"), [("tuteur", "tutor"), ("etablissement", "organisation")])
def test_the_other_agreements_are_counted_and_never_named(world, slug, column):
    """A manager corrects what serves other students, told how many agreements; drafts too, frozen ones never."""
    shared = {column: getattr(world.convention_in(Status.VALIDATED), column)}
    draft = world.draft(centre=world.centre, **shared)
    others = ConventionFactory.create_batch(2, complete=True, **shared)
    manager = browser(world.people["manager"])
    page = manager.get(correct_url(draft, slug))
    assert "2 autres conventions, qui peuvent encore changer" in text_of(page)
    for other in others:
        assert str(other.student.user) not in page.text
        assert other.student.number not in page.text


def test_a_student_never_corrects_what_serves_another_student(client, own):
    ConventionFactory(complete=True, tutor=own.tutor)
    assert client.get(correct_url(own, "tuteur")).status_code == 404
    page = client.get(step_url(own, "tuteur"))
    assert correct_url(own, "tuteur") not in page.text
    assert "Elle peut servir à d’autres conventions" in text_of(page).replace("\u00a0", " ")
    assert create_url(own, "tuteur") in page.text


def test_an_own_agreement_is_counted_for_a_student(client, own):
    ConventionFactory(complete=True, student=own.student, signatory=own.tutor)
    assert "1 autre convention, qui peut encore changer" in text_of(client.get(correct_url(own, "tuteur")))


def test_an_avenant_being_written_counts_until_it_is_validated(world):
    convention = world.convention_in(Status.SIGNED)
    chosen = ContactFactory(organisation=convention.organisation)

    def to_them(after):
        changes.assign(after, "tutor", chosen)

    avenant = world.avenant(convention, AvenantKind.TUTOR, change=to_them)
    assert reliance.reliance_of(chosen).others == 1
    assert reliance.reliance_of(convention.signatory).others == 0
    world.move(avenant, "validated")
    assert reliance.reliance_of(chosen).others == 0


def test_what_serves_elsewhere_since_the_page_was_drawn_is_said_first(client, own):
    own.signatory = ContactFactory(organisation=own.organisation)
    own.save(update_fields=["signatory"])
    data = fields_in(client.get(correct_url(own, "tuteur")).text) | {"last_name": "Quéméner"}
    own.signatory = own.tutor
    own.save(update_fields=["signatory"])
    page = client.post(correct_url(own, "tuteur"), data)
    assert page.status_code == 422
    assert SHARED in page.text
    assert 'value="Quéméner"' in page.text
    own.tutor.refresh_from_db()
    assert own.tutor.last_name != "Quéméner"
    assert client.post(correct_url(own, "tuteur"), fields_in(page.text)).status_code == 302
    own.tutor.refresh_from_db()
    assert own.tutor.last_name == "Quéméner"


def test_a_frozen_agreement_never_moves(world):
    frozen = world.convention_in(Status.VALIDATED)
    draft = world.draft(centre=world.centre, tutor=frozen.tutor, signatory=frozen.signatory)
    manager = browser(world.people["manager"])
    before = documents.agreed_context(frozen)
    page = manager.get(correct_url(draft, "tuteur"))
    data = fields_in(page.text) | {"last_name": "Quéméner"}
    assert manager.post(correct_url(draft, "tuteur"), data).status_code == 302
    assert Contact.objects.get(pk=frozen.tutor_id).last_name == "Quéméner"
    assert documents.agreed_context(Convention.objects.get(pk=frozen.pk)) == before
    assert before["tutor"]["name"] == str(frozen.tutor), "the one it was validated with"
    assert str(frozen.tutor) in text_of(manager.get(frozen.get_absolute_url()))


class TestTheDirectory:
    def test_the_page_of_a_host_says_what_it_serves(self, world):
        host = world.convention_in(Status.VALIDATED).organisation
        world.draft(organisation=host)
        page = browser(world.people["manager"]).get(reverse("organisations:edit", args=[host.pk]))
        assert "1 convention, qui peut encore changer" in text_of(page)

    def test_a_host_that_serves_nothing_says_nothing(self, world):
        host = world.convention_in(Status.VALIDATED).organisation
        page = browser(world.people["manager"]).get(reverse("organisations:edit", args=[host.pk]))
        assert "encore changer" not in page.text

    def test_the_administration_says_it_of_each_record(self, world):
        draft = world.draft()
        page = browser(AdminFactory()).get(
            reverse("admin:organisations_organisation_change", args=[draft.organisation_id])
        )
        assert text_of(page).count("1 convention qui peut encore changer") >= 3, (
            "the host, the service, the tutor"
        )

    def test_for_the_same_number_of_queries(self, world, django_assert_max_num_queries):
        draft = world.draft()
        admin = browser(AdminFactory())
        url = reverse("admin:organisations_organisation_change", args=[draft.organisation_id])

        def queries():
            with django_assert_max_num_queries(200) as counted:
                admin.get(url)
            return len(counted)

        queries()
        few = queries()
        for contact in ContactFactory.create_batch(5, organisation=draft.organisation):
            ConventionFactory(
                complete=True, organisation=draft.organisation, tutor=contact, signatory=contact
            )
        assert queries() == few


def test_the_correction_costs_the_same_for_one_agreement_and_for_ten(world, django_assert_max_num_queries):
    draft = world.draft(centre=world.centre)
    manager = browser(world.people["manager"])

    def queries():
        with django_assert_max_num_queries(40) as counted:
            manager.get(correct_url(draft, "tuteur"))
        return len(counted)

    queries()
    few = queries()
    ConventionFactory.create_batch(9, complete=True, tutor=draft.tutor)
    assert queries() == few
    assert Organisation.objects.filter(conventions__tutor=draft.tutor).exists()
