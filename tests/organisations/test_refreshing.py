"""What the public register says of our hosts: read when one is added, then by night."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from organisations import directory, merging
from organisations.models import Organisation, Resemblance
from organisations.register import refreshing, sirene
from tests.factories import (
    HeadcountBandFactory,
    LegalFormFactory,
    ManagerFactory,
    NafCodeFactory,
    OrganisationFactory,
    siret,
)
from tests.fake_register import dropped, status

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(refreshing, "PAUSE", 0)


@pytest.fixture
def host():
    return OrganisationFactory(
        name="Belombre (Caen)", siret=siret(900), city="Caen", trade_name="", phone="+33 2 61 91 00 09"
    )


def test_a_host_follows_the_register(host, register):
    LegalFormFactory(code="57")
    code, band = NafCodeFactory(code="62.01Z"), HeadcountBandFactory(code="12")
    register.add(
        host.siret,
        "ATELIER BELOMBRE",
        acronym="AB",
        sign="LE BEL ATELIER",
        city="BAYEUX",
        postal_code="14400",
    )
    refreshing.refresh(host)
    host.refresh_from_db()
    assert (host.name, host.acronym, host.trade_name) == ("ATELIER BELOMBRE", "AB", "LE BEL ATELIER")
    assert (host.legal_form_id, host.naf_code, host.headcount_band) == ("57", code, band)
    assert (host.street, host.postal_code, host.city) == ("1 RUE DES LILAS", "14400", "BAYEUX")
    assert (host.register, host.is_open, host.phone) == (sirene.Source.ENTREPRISES, True, "+33 2 61 91 00 09")
    assert timezone.now() - host.refreshed_at < timedelta(minutes=1)


def test_its_former_name_still_finds_it(host, register):
    register.add(host.siret, "NOVAPOLE INDUSTRIES")
    refreshing.refresh(host)
    refreshing.refresh(host)
    host.refresh_from_db()
    assert host.former_names == ["Belombre (Caen)"]
    assert list(directory.search(Organisation.objects.all(), "belombre")) == [host]


def test_the_same_name_in_capitals_changes_nothing(host, register):
    register.add(host.siret, "BELOMBRE CAEN")
    refreshing.refresh(host)
    host.refresh_from_db()
    assert (host.name, host.former_names) == ("Belombre (Caen)", [])


def test_what_a_manager_locked_stays_but_its_closing(host, register):
    host.is_locked = True
    host.save()
    register.add(host.siret, "ATELIER BELOMBRE", closed_on="2024-06-30")
    refreshing.refresh(host)
    host.refresh_from_db()
    assert (host.name, host.is_open, host.closed_on) == ("Belombre (Caen)", False, date(2024, 6, 30))


def test_what_the_register_hides_stays_private_and_as_typed(host, register):
    register.add(host.siret, "JEANNE DUPONT", is_hidden=True)
    refreshing.refresh(host)
    host.refresh_from_db()
    assert (host.name, host.is_private) == ("Belombre (Caen)", True)


@pytest.mark.parametrize(("reason", "is_private"), [("locked", True), ("merged", True), ("", False)])
def test_what_the_staff_hides_stays_private(host, register, reason, is_private):
    host.is_private, host.is_locked = True, reason == "locked"
    host.save()
    if reason == "merged":
        jeanne = OrganisationFactory(
            name="Jeanne Dupont", siret=None, siret_exemption="pending", is_private=True
        )
        merging.merge(host.pk, jeanne.pk, by=ManagerFactory().user)
    register.add(host.siret, "BELOMBRE CAEN")
    refreshing.refresh(host)
    host.refresh_from_db()
    assert host.is_private == is_private


def test_a_name_longer_than_its_column_does_not_end_the_night(host, register):
    register.add(host.siret, "BELOMBRE CAEN " * 20, acronym="B" * 100, sign="X" * 300, city="CAEN" * 50)
    assert refreshing.refresh_hosts() == 1


def test_a_closed_host_that_hides_is_not_opened_again(host, register):
    host.is_open = False
    host.save()
    register.add(host.siret, "JEANNE DUPONT", is_hidden=True)
    refreshing.refresh(host)
    host.refresh_from_db()
    assert not host.is_open


def test_a_host_the_register_does_not_know_waits_for_its_turn(host, register):
    refreshing.refresh(host)
    host.refresh_from_db()
    assert host.refreshed_at
    assert (host.register, host.name) == ("", "Belombre (Caen)")


def test_a_register_that_fails_changes_nothing(host, register):
    register.company_search.behaves(dropped)
    with pytest.raises(sirene.Unavailable):
        refreshing.refresh(host)
    refreshing.examine_host(host.pk)
    host.refresh_from_db()
    assert host.refreshed_at is None


class TestByNight:
    def test_the_longest_unread_come_first_and_the_others_wait(self, register):
        now = timezone.now()
        ages = {"never": None, "old": 30, "recent": 6}
        hosts = {
            name: OrganisationFactory(
                siret=siret(900 + rank), refreshed_at=None if days is None else now - timedelta(days=days)
            )
            for rank, (name, days) in enumerate(ages.items())
        }
        for host in hosts.values():
            register.add(host.siret, "ATELIER BELOMBRE")
        assert refreshing.refresh_hosts() == 2
        asked = [request.query["q"] for request in register.company_search.requests]
        assert asked == [hosts["never"].siret, hosts["old"].siret]

    def test_a_register_that_fails_ends_the_night_s_run(self, register):
        OrganisationFactory.create_batch(3)
        register.company_search.behaves(status(500))
        assert refreshing.refresh_hosts() == 0
        assert not Organisation.objects.exclude(refreshed_at=None).exists()

    def test_a_run_ends_in_time(self, register, monkeypatch):
        OrganisationFactory.create_batch(3)
        monkeypatch.setattr(refreshing, "LONGEST_RUN", 0)
        assert refreshing.refresh_hosts() == 1

    def test_hosts_without_siret_or_merged_are_left(self, register):
        kept = OrganisationFactory(refreshed_at=timezone.now())
        OrganisationFactory(siret=None, siret_exemption="pending")
        OrganisationFactory(merged_into=kept)
        assert refreshing.refresh_hosts() == 0


class TestNewHosts:
    def test_one_is_compared_with_the_register_and_the_others(self, host, register):
        other = OrganisationFactory(name="Belombre Caen", city="Caen", siret=None, siret_exemption="pending")
        register.add(host.siret, "BELOMBRE CAEN", closed_on="2024-06-30")
        refreshing.examine_host(host.pk)
        refreshing.examine_host(host.pk)
        host.refresh_from_db()
        assert not host.is_open
        pair = Resemblance.objects.get()
        assert {pair.first, pair.second} == {host, other}

    def test_one_that_is_gone_is_no_matter(self):
        refreshing.examine_host(0)

    def test_a_broker_that_is_lost_costs_a_delay(
        self, host, monkeypatch, django_capture_on_commit_callbacks, caplog
    ):
        def lost(pk):
            raise OperationalError("no broker")

        monkeypatch.setattr(refreshing.examine_host, "delay", lost)
        with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
            refreshing.examine_soon(host)
        assert "The night reads the register" in caplog.text
