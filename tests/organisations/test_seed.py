"""Filling the directory with invented hosts, to see it at full size."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from stdnum import luhn

from organisations import directory, fictional
from organisations.management.commands import seed
from organisations.models import Commune, Contact, HeadcountBand, LegalForm, NafCode, Organisation, Word
from organisations.models.host import validate_siret
from tests.factories import OrganisationFactory

HOSTS, CONTACTS = 300, 90


@pytest.fixture
def lists(db):
    """What the reference lists hold at least: three towns, and every code the invented hosts use."""
    Commune.objects.bulk_create(
        Commune(postal_code=code, name=name)
        for code, name in [("14000", "CAEN"), ("76600", "LE HAVRE"), ("69003", "LYON 03"), ("50000", "ST LO")]
    )
    LegalForm.objects.bulk_create(
        LegalForm(code=code, label=code) for code in {kind.legal_form for kind in fictional.KINDS} | {"32"}
    )
    NafCode.objects.bulk_create(
        NafCode(version="rev2", code=code, label=code, section="A")
        for code in {kind.activity for kind in fictional.KINDS}
    )
    bands = {band for kind in fictional.KINDS for band in kind.headcounts}
    HeadcountBand.objects.bulk_create(HeadcountBand(code=code, label=code) for code in bands)


def fill(**options):
    call_command("seed", organisations=HOSTS, contacts=CONTACTS, verbosity=0, **options)


def described():
    """Return what must be the same from one run to the next."""
    hosts = Organisation.objects.order_by("pk").values_list(
        "name", "siret", "city", "trade_name", "former_names", "street", "closed_on", "search_words"
    )
    people = Contact.objects.order_by("pk").values_list(
        "first_name", "last_name", "email", "organisation__siret"
    )
    return list(hosts), list(people)


def test_the_same_seed_gives_the_same_rows(lists):
    fill()
    first = described()
    Organisation.objects.all().delete()
    fill()
    assert described() == first
    Organisation.objects.all().delete()
    fill(seed=7)
    assert described() != first


def test_a_second_run_adds_others(lists):
    fill()
    fill()
    assert Organisation.objects.count() == 2 * HOSTS
    assert Contact.objects.count() == 2 * CONTACTS
    names = Organisation.objects.order_by("pk").values_list("name", flat=True)
    assert list(names[:HOSTS]) != list(names[HOSTS:])


def test_hosts_are_what_a_register_could_list(lists):
    fill()
    hosts = list(Organisation.objects.all())
    assert len(hosts) == HOSTS
    for host in hosts:
        host.full_clean(exclude=["activity", "headcount_band"])
        if host.siret:
            validate_siret(host.siret)
            assert luhn.is_valid(host.siret[:9])
        else:
            assert host.siret_exemption
    sirens = {host.siret[:9] for host in hosts if host.siret}
    assert len(sirens) < len([host for host in hosts if host.siret])  # several establishments of one company
    for several in (
        {host.is_open for host in hosts},
        {host.is_private for host in hosts},
        {host.is_verified for host in hosts},
        {bool(host.trade_name) for host in hosts},
        {bool(host.acronym) for host in hosts},
        {bool(host.former_names) for host in hosts},
        {host.is_abroad for host in hosts},
    ):
        assert several == {True, False}
    assert all(host.email.endswith(".example") for host in hosts)
    assert all(contact.email.endswith(".example") for contact in Contact.objects.all())


def test_every_host_is_found_by_its_name_even_mistyped(lists):
    fill()
    for host in Organisation.objects.order_by("pk")[:20]:
        found = directory.search(Organisation.objects.all(), f"{host.name} {host.city}", limit=5)
        assert host.name in {one.name for one in found}
    host = Organisation.objects.filter(name__startswith="Association").first()
    typed = f"{host.name.replace('Association', 'Assocaition')} {host.city}"
    assert host.name in {one.name for one in directory.search(Organisation.objects.all(), typed)}
    assert Word.objects.filter(word="association").exists()


def test_the_indexes_of_the_search_are_back(lists):
    before = indexes()
    fill()
    assert indexes() == before
    assert "organisation_words" in before


def indexes():
    from django.db import connection

    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Organisation._meta.db_table)
    return {name for name, constraint in found.items() if constraint["index"]}


def test_production_is_refused(lists, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        fill()
    assert not Organisation.objects.exists()


def test_each_batch_says_how_far_it_is(lists, monkeypatch):
    monkeypatch.setattr(seed, "BATCH", 100)
    said = StringIO()
    call_command("seed", organisations=250, contacts=120, stdout=said)
    for line in ("100 établissements sur 250", "250 établissements sur 250", "120 contacts sur 120"):
        assert line in said.getvalue()


def test_nothing_to_add_is_refused(lists):
    with pytest.raises(CommandError, match="au moins un"):
        call_command("seed", organisations=0, verbosity=0)


def test_the_reference_lists_are_loaded_when_they_are_missing(db):
    call_command("seed", organisations=1, contacts=0, verbosity=0)
    assert Organisation.objects.get().legal_form_id


def test_known_hosts_stay(lists):
    host = OrganisationFactory(siret="00541022000019")
    fill()
    assert Organisation.objects.filter(pk=host.pk, name=host.name).exists()
    assert Organisation.objects.count() == HOSTS + 1


@pytest.mark.parametrize(
    ("city", "written", "of"),
    [
        ("CAEN", "Caen", "de Caen"),
        ("LE HAVRE", "Le Havre", "du Havre"),
        ("LES COSTES GOZON", "Les Costes-Gozon", "des Costes-Gozon"),
        ("LA ROCHELLE", "La Rochelle", "de La Rochelle"),
        ("LYON 03", "Lyon", "de Lyon"),
        ("ST LO", "Saint-Lo", "de Saint-Lo"),
        ("AMIENS", "Amiens", "d’Amiens"),
        ("CAMPLONG D AUDE", "Camplong-d’Aude", "de Camplong-d’Aude"),
        ("VILLERS SUR MER", "Villers-sur-Mer", "de Villers-sur-Mer"),
    ],
)
def test_towns_are_written_as_people_do(city, written, of):
    town = fictional.town_of("14000", city)
    assert (town.written, town.of) == (written, of)
