"""How a student finds a host and chooses it, or adds it: the directory first, the public register beside it."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.refusals import Refused
from conventions import workflow
from conventions.models import Convention, Status
from conventions.views import choices
from organisations.models import Ban, Contact, HeadcountBand, Organisation
from tests.factories import (
    CentreFactory,
    ContactFactory,
    ConventionFactory,
    HeadcountBandFactory,
    InstitutionFactory,
    LegalFormFactory,
    ManagerFactory,
    NafCodeFactory,
    OrganisationFactory,
    StudentFactory,
    siret,
)
from tests.fake_register import status
from tests.worlds import World, next_signatures, stand

pytestmark = pytest.mark.django_db

AS_ONE_TYPES = {"HX-Request": "true"}


@pytest.fixture
def draft(client):
    convention = ConventionFactory(complete=True)
    client.force_login(convention.student.user)
    return convention


def step_url(convention, slug="etablissement"):
    return reverse("conventions:step", args=[convention.pk, slug])


def create_url(convention, slug="etablissement"):
    return reverse("conventions:create", args=[convention.pk, slug])


def register_url(convention):
    return reverse("conventions:register", args=[convention.pk])


def new_host(**changes):
    """Return what the creation form posts."""
    return {
        "name": "Atelier Belombre",
        "country": "FR",
        "siret": siret(4242),
        "legal_form": LegalFormFactory().pk,
        "naf": NafCodeFactory().code,
        "headcount_band": HeadcountBandFactory().pk,
        "street": "3 rue des Forges",
        "postal_code": "14000",
        "city": "Caen",
        "phone": "02 61 91 00 09",
        **changes,
    }


def ban(host, institution, **changes):
    values = {
        "reason": "Deux stagiaires sans tuteur.",
        "until": timezone.localdate() + timedelta(days=30),
        "by": ManagerFactory().user,
        **changes,
    }
    return Ban.objects.create(organisation=host, institution=institution, **values)


def stop(convention, why):
    """Close, or ban, the host of an agreement."""
    if why == "closed":
        Organisation.objects.filter(pk=convention.organisation_id).update(is_open=False)
    else:
        ban(convention.organisation, convention.institution)


# What keeps a host from being chosen


class TestRefusals:
    def test_a_closed_host_is_shown_and_cannot_be_chosen(self, client, draft):
        host = OrganisationFactory(name="Café Éole", is_open=False, closed_on=date(2024, 3, 31))
        page = client.get(step_url(draft), {"q": "cafe eole"}).text
        assert "Fermé depuis le 31/03/2024" in page
        assert "Cet établissement est fermé depuis le 31 mars 2024." in page
        assert f'value="{host.pk}" disabled' in page
        assert "Choisir et continuer" not in page, "no button where nothing can be ticked"
        OrganisationFactory(name="Café Éole")
        assert "Choisir et continuer" in client.get(step_url(draft), {"q": "cafe eole"}).text
        answer = client.post(step_url(draft), {"choice": host.pk}, follow=True)
        assert "Cherchez celui qui l’a remplacé" in answer.text
        draft.refresh_from_db()
        assert draft.organisation != host

    def test_a_ban_names_no_reason_to_students(self, client, draft):
        host = OrganisationFactory(name="Café Éole")
        ban(host, draft.institution)
        page = client.get(step_url(draft), {"q": "cafe eole"}).text
        assert "Exclu" in page
        assert "Deux stagiaires" not in page
        client.post(step_url(draft), {"choice": host.pk})
        draft.refresh_from_db()
        assert draft.organisation != host

    @pytest.mark.parametrize(
        "over",
        [
            {"until": timezone.localdate() - timedelta(days=1)},
            {"lifted_at": timezone.now()},
            {"institution": "another"},
        ],
        ids=["ended", "lifted", "of another institution"],
    )
    def test_a_ban_that_does_not_hold(self, client, draft, over):
        host = OrganisationFactory(name="Café Éole")
        other = InstitutionFactory(name="Université de Belombre") if over.pop("institution", "") else None
        ban(host, other or draft.institution, **over)
        client.post(step_url(draft), {"choice": host.pk})
        draft.refresh_from_db()
        assert draft.organisation == host

    @pytest.mark.parametrize("why", ["closed", "banned"])
    def test_what_happened_since_the_choice_stops_the_submission(self, client, why):
        world = World()
        convention = world.draft()
        stop(convention, why)
        with pytest.raises(Refused, match=r"est fermé|n’envoie pas"):
            workflow.act(convention.pk, "submit", by=world.people["student"])
        client.force_login(world.people["student"])
        for slug in ("etablissement", "recapitulatif"):
            page = client.get(step_url(convention, slug)).text
            assert "est fermé" in page or "n’envoie pas d’étudiants" in page

    @pytest.mark.parametrize(
        ("why", "said"), [("closed", "Cet établissement est fermé."), ("banned", "n’envoie pas d’étudiants")]
    )
    def test_a_manager_who_judges_is_told(self, client, why, said):
        world = World()
        convention = world.convention_in(Status.SUBMITTED)
        stop(convention, why)
        client.force_login(world.people["manager"])
        page = client.get(convention.get_absolute_url()).text
        assert said in page
        assert reverse("conventions:act", args=[convention.pk, "validate"]) not in page

    def test_a_host_that_closes_later_leaves_a_validated_agreement_alone(self):
        world = World()
        convention = world.convention_in(Status.VALIDATED)
        Organisation.objects.filter(pk=convention.organisation_id).update(is_open=False)
        workflow.act(convention.pk, "sign", by=world.people["manager"], dates=next_signatures(convention))
        convention.refresh_from_db()
        assert convention.status == Status.SIGNING

    def test_a_full_host_says_so_and_can_be_chosen(self, client, draft):
        small = HeadcountBandFactory(code="01", label="1 ou 2 salariés", minimum=1, maximum=2)
        host = OrganisationFactory(name="Café Éole", headcount_band=small)
        for rank in range(3):
            stage = ConventionFactory(
                complete=True,
                organisation=host,
                start=draft.start,
                end=draft.end,
                hours_computed=Decimal(266),
            )
            stand(stage, Status.VALIDATED, number=f"2026-{rank:06d}", submitted_at=timezone.now())
        page = client.get(step_url(draft), {"q": "cafe eole"}).text
        assert "Quota de stagiaires atteint" in page
        assert "3 stages déjà validés" in page
        assert f'value="{host.pk}" disabled' not in page


class TestPrivateHosts:
    """What the public register hides stays between the staff and whoever typed it."""

    def test_another_student_neither_finds_nor_chooses_it(self, client, draft):
        host = OrganisationFactory(name="Cabinet Éole", is_private=True)
        assert "Cabinet Éole" not in client.get(step_url(draft), {"q": "cabinet eole"}).text
        assert client.post(step_url(draft), {"choice": host.pk}).status_code == 404

    def test_its_author_and_a_manager_do(self, client, draft):
        OrganisationFactory(name="Cabinet Éole", is_private=True, created_by=draft.student.user)
        assert "Cabinet Éole" in client.get(step_url(draft), {"q": "cabinet eole"}).text
        client.force_login(ManagerFactory(centre=draft.centre).user)
        assert "Cabinet Éole" in client.get(step_url(draft), {"q": "cabinet eole"}).text

    def test_its_siret_says_neither_its_name_nor_its_address(self, client, draft):
        OrganisationFactory(siret=siret(4242), name="Cabinet Éole", street="9 rue du Vent", is_private=True)
        page = client.post(create_url(draft), new_host())
        assert "demandez à votre centre de gestion" in page.text
        assert "Cabinet Éole" not in page.text
        assert "9 rue du Vent" not in page.text
        client.force_login(ManagerFactory(centre=draft.centre).user)
        assert "Cabinet Éole" in client.post(create_url(draft), new_host()).text

    def test_what_the_register_hides_is_private_from_the_start(self, client, draft, register):
        register.add(siret(4242), "JEANNE DUPONT", is_hidden=True)
        client.get(create_url(draft), {"siret": siret(4242)})
        client.post(create_url(draft), new_host())
        draft.refresh_from_db()
        assert draft.organisation.siret == siret(4242)
        assert draft.organisation.is_private

    def test_nobody_is_not_the_author_of_what_was_imported(self):
        OrganisationFactory(is_private=True)
        assert not Organisation.objects.visible_to(AnonymousUser()).exists()


def test_a_record_verified_meanwhile_is_not_corrected(client, draft, monkeypatch):
    """Whoever verifies it holds its lock: what was read before is stale."""
    host = OrganisationFactory(created_by=draft.student.user)
    Convention.objects.filter(pk=draft.pk).update(organisation=host)
    load = choices.load

    def verified_after_reading(request, pk):
        convention = load(request, pk)
        Organisation.objects.filter(pk=host.pk).update(is_verified=True)
        return convention

    monkeypatch.setattr(choices, "load", verified_after_reading)
    url = reverse("conventions:correct", args=[draft.pk, "etablissement"])
    assert client.post(url, new_host()).status_code == 404


def test_one_letter_typed_reads_little(client, draft, django_assert_max_num_queries):
    for rank in range(20):
        OrganisationFactory(name=f"Café Éole {rank}")
    with django_assert_max_num_queries(9):  # two of them begin and end the transaction
        answer = client.get(step_url(draft), {"q": "cafe eole"}, headers=AS_ONE_TYPES)
    assert answer.text.count('name="choice"') == 20


def test_nobody_searches_for_an_agreement_they_do_not_fill(client, draft):
    client.force_login(StudentFactory().user)
    assert client.get(step_url(draft), {"q": "eole"}, headers=AS_ONE_TYPES).status_code == 404


# The register


class TestRegister:
    def test_it_is_asked_beside_our_own_results(self, client, draft, register):
        register.add(siret(900), "ATELIER BELOMBRE", city="CAEN")
        fragment = client.get(step_url(draft), {"q": "belombre"}, headers=AS_ONE_TYPES).text
        assert f'hx-get="{register_url(draft)}?q=belombre"' in fragment
        assert register.company_search.requests == []
        answer = client.get(register_url(draft), {"q": "belombre"}, headers=AS_ONE_TYPES).text
        assert "<html" not in answer
        assert "ATELIER BELOMBRE" in answer
        assert f"?siret={siret(900)}" in answer

    def test_without_javascript_a_link_asks_it(self, client, draft, register):
        register.add(siret(900), "ATELIER BELOMBRE", city="CAEN")
        page = client.get(step_url(draft), {"q": "belombre", "changer": ""}).text
        assert "?q=belombre&amp;registre" in page
        assert "ATELIER BELOMBRE" in client.get(step_url(draft), {"q": "belombre", "registre": ""}).text

    def test_a_host_we_have_leads_to_our_record(self, client, draft, register):
        ours = OrganisationFactory(siret=siret(900), name="Belombre, notre fiche")
        register.add(siret(900), "ATELIER BELOMBRE")
        answer = client.get(register_url(draft), {"q": "belombre"}).text
        assert f"?q={ours.siret}" in answer
        assert "?siret=" not in answer

    def test_a_closed_establishment_cannot_be_taken(self, client, draft, register):
        register.add(siret(900), "ATELIER BELOMBRE", closed_on="2024-06-30")
        answer = client.get(register_url(draft), {"q": "belombre"}).text
        assert "Fermé : cherchez l’établissement qui l’a remplacé." in answer
        assert "?siret=" not in answer

    @pytest.mark.parametrize("behaviour", [status(500), status(429, **{"Retry-After": "60"})])
    def test_when_it_fails_the_form_is_offered(self, client, draft, register, behaviour):
        register.company_search.behaves(behaviour)
        answer = client.get(register_url(draft), {"q": "belombre"})
        assert answer.status_code == 200
        assert "Rien n’est bloqué" in answer.text
        assert f"{create_url(draft)}?q=belombre" in answer.text

    def test_choosing_fills_the_form(self, client, draft, register):
        LegalFormFactory(code="57", label="Société par actions simplifiée")
        NafCodeFactory(code="62.01Z")
        band = HeadcountBand.objects.get_or_create(code="12", defaults={"label": "20 à 49 salariés"})[0]
        register.add(siret(900), "ATELIER BELOMBRE", sign="LE BEL ATELIER", city="CAEN", postal_code="14000")
        page = client.get(create_url(draft), {"siret": siret(900)}).text
        for shown in ("ATELIER BELOMBRE", "LE BEL ATELIER", siret(900), "62.01Z", "1 RUE DES LILAS", "CAEN"):
            assert f'value="{shown}"' in page
        assert f'<option value="{band.pk}" selected>' in page
        assert '<option value="57" selected>' in page

    def test_the_record_chosen_says_when_it_was_read(self, client, draft):
        Organisation.objects.filter(pk=draft.organisation_id).update(
            register=Organisation.Register.INSEE,
            refreshed_at=timezone.make_aware(timezone.datetime(2026, 11, 12, 3)),
        )
        assert "(Sirene (INSEE)), relu le 12/11/2026" in client.get(step_url(draft)).text

    def test_a_register_that_fails_meanwhile_leaves_an_empty_form(self, client, draft, register):
        register.company_search.behaves(status(500))
        page = client.get(create_url(draft), {"siret": siret(900)})
        assert page.status_code == 200
        assert f'value="{siret(900)}"' in page.text


# One record per establishment


class TestDuplicates:
    def test_without_a_siret_what_resembles_is_shown_first(self, client, draft):
        known = OrganisationFactory(name="Association Belombre", city="Caen", postal_code="14000")
        data = new_host(name="Assoc. Belombre", siret="", siret_exemption="association")
        page = client.post(create_url(draft), data)
        assert page.status_code == 422
        assert "Est-ce l’une de ces fiches ?" in page.text
        assert f'name="choice" value="{known.pk}"' in page.text
        assert not Organisation.objects.filter(name="Assoc. Belombre").exists()
        client.post(create_url(draft), {**data, "is_another": "on"})
        draft.refresh_from_db()
        assert draft.organisation.name == "Assoc. Belombre"

    def test_nothing_is_asked_where_nothing_resembles(self, client, draft):
        OrganisationFactory(name="Association Belombre", city="Lille", postal_code="59000")
        data = new_host(name="Association Belombre", siret="", siret_exemption="association")
        client.post(create_url(draft), data)
        draft.refresh_from_db()
        assert draft.organisation.city == "Caen"

    def test_a_private_host_is_not_given_away(self, client, draft):
        OrganisationFactory(name="Cabinet Belombre", city="Caen", is_private=True)
        data = new_host(name="Cabinet Belombre", siret="", siret_exemption="pending")
        assert "Est-ce l’une" not in client.post(create_url(draft), data).text

    def test_the_siret_of_a_closed_host_chooses_nothing(self, client, draft):
        OrganisationFactory(siret=siret(4242), is_open=False)
        page = client.post(create_url(draft), new_host())
        assert "déjà dans l’annuaire" in page.text
        draft.refresh_from_db()
        assert draft.organisation.is_open


@pytest.mark.django_db(transaction=True)
def test_fifty_students_create_the_same_host_at_once():
    """One record, nobody sees an error: who comes second has chosen the first one's."""
    world = World()
    crowd = [
        world.draft(student=student, enrolment=None, centre=world.centre)
        for student in StudentFactory.create_batch(50)
    ]
    data, barrier, answers = new_host(siret=siret(777)), threading.Barrier(len(crowd)), []

    def create(convention):
        try:
            client = Client()
            client.force_login(convention.student.user)
            barrier.wait()
            answers.append(client.post(create_url(convention), data).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=create, args=[convention]) for convention in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    host = Organisation.objects.get(siret=siret(777))
    chosen = Convention.objects.filter(organisation=host).count()
    told = answers.count(422)  # « déjà dans l’annuaire », with a button that chooses it
    assert set(answers) <= {302, 422}
    assert chosen + told == 50
    assert answers.count(302) == chosen >= 1


# People


class TestContacts:
    def test_who_is_typed_belongs_to_the_centre_of_the_agreement(self, client, draft):
        data = {
            "civility": "mme",
            "first_name": "Irène",
            "last_name": "Vasseur",
            "function": "Cheffe d’atelier",
            "phone": "02 61 91 00 05",
            "email": "irene@belombre.example",
        }
        client.post(create_url(draft, "tuteur"), data)
        assert Contact.objects.get(email="irene@belombre.example").centre == draft.centre

    @pytest.mark.parametrize(
        ("centre", "is_shown"),
        [("own", True), ("sharing", True), ("keeping", False), ("elsewhere", False), ("none", True)],
    )
    def test_a_centre_can_keep_its_contacts_to_itself(self, client, draft, centre, is_shown):
        elsewhere = InstitutionFactory(name="Université de Belombre")
        centres = {
            "own": draft.centre,
            "sharing": CentreFactory(institution=draft.institution),
            "keeping": CentreFactory(institution=draft.institution, keeps_contacts=True),
            "elsewhere": CentreFactory(institution=elsewhere),
            "none": None,
        }
        contact = ContactFactory(
            organisation=draft.organisation, last_name="Vasseur-Lenoir", centre=centres[centre]
        )
        assert ("Vasseur-Lenoir" in client.get(step_url(draft, "tuteur")).text) == is_shown
        answer = client.post(step_url(draft, "tuteur"), {"choice": contact.pk})
        assert answer.status_code == (302 if is_shown else 404)

    def test_who_another_centre_keeps_is_not_given_away_to_who_types_them(self, client, draft):
        kept = ContactFactory(
            organisation=draft.organisation,
            function="Directrice secrète",
            centre=CentreFactory(institution=draft.institution, keeps_contacts=True),
        )
        typed = {"first_name": kept.first_name, "last_name": kept.last_name, "email": kept.email}
        answer = client.post(
            create_url(draft, "tuteur"), typed | {"function": "Cheffe", "phone": "02 61 91 00 05"}
        )
        assert answer.status_code == 302
        draft.refresh_from_db()
        assert (draft.tutor.email, draft.tutor.function) == (kept.email, "Cheffe")

    def test_how_to_reach_somebody_is_shown_once_chosen(self, client, draft):
        ContactFactory(organisation=draft.organisation, email="joindre@belombre.example")
        assert "joindre@belombre.example" not in client.get(step_url(draft, "tuteur")).text
