"""Finding a host as a student would type it."""

import pytest
from django.utils import timezone

from organisations import directory
from tests.factories import ConventionFactory, OrganisationFactory, siret

pytestmark = pytest.mark.django_db


@pytest.fixture
def hosts():
    """A small directory with what makes searching hard: accents, acronyms, near names, no SIRET."""
    rows = {
        "hospital": {"name": "Centre hospitalier de la Côte-de-Nacre", "city": "Caen"},
        "clinic": {"name": "Clinique du Château d’Œufs", "city": "Hérouville-Saint-Clair"},
        "acronym": {"name": "C.H.U. Nord", "city": "Amiens"},
        "town": {"name": "Mairie", "city": "Caen"},
        "percent": {"name": "Fibres 100% coton", "city": "Roubaix"},
        "suffix": {"name": "Nouvelle Mairie annexe", "city": "Ouistreham"},
    }
    return {key: OrganisationFactory(**row) for key, row in rows.items()}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("centre hospitalier", {"hospital"}),
        ("CENTRE HOSPITALIER", {"hospital"}),
        ("cote de nacre", {"hospital"}),
        ("Côte-de-Nacre", {"hospital"}),
        ("nacre centre", {"hospital"}),
        ("hosp nacre caen", {"hospital"}),
        ("centre%nacre", {"hospital"}),
        ("%nacre%", {"hospital"}),
        ("c%nacre caen", {"hospital"}),
        ("nacre%centre", set()),
        ("chateau d'oeufs", {"clinic"}),
        ("hérouville", {"clinic"}),
        ("chu", {"acronym"}),
        ("c.h.u. nord", {"acronym"}),
        ("mairie caen", {"town"}),
        ("mairie", {"town", "suffix"}),
        ("ma ca", {"town"}),
        ("ca", {"hospital", "town"}),
        ("ac", set()),
        ("100%", {"percent"}),
        ("mair_e", set()),
        ("mair\\e", set()),
        ("'; drop table", set()),
        ("", set()),
        ("  %  ", set()),
    ],
)
def test_a_host_is_found_by_its_name_and_town(hosts, typed, expected):
    found = directory.search(typed)
    exact = set() if found.is_approximate else set(found)
    assert exact == {hosts[key] for key in expected}


def test_the_name_that_begins_as_typed_comes_first(hosts):
    assert list(directory.search("mairie")) == [hosts["town"], hosts["suffix"]]


@pytest.mark.parametrize("typed", ["centre hospitallier nacre", "sentre ospitalier"])
def test_a_misspelt_name_proposes_the_nearest_and_says_so(hosts, typed):
    found = directory.search(typed)
    assert found.is_approximate
    assert found.organisations[0] == hosts["hospital"]


@pytest.mark.parametrize("write", [str, lambda text: f"{text[:3]} {text[3:6]} {text[6:9]} {text[9:]}"])
def test_a_host_is_found_by_its_siret_or_the_siren_it_begins_with(write):
    host, other = OrganisationFactory(siret=siret(1)), OrganisationFactory(siret=siret(2))
    assert list(directory.search(write(host.siret))) == [host]
    assert list(directory.search(write(host.siret[:9]).strip())) == [host]
    assert list(directory.search(write(host.siret[:11]))) == [host]
    assert directory.find_by_siret(f" {write(other.siret)}\u200b") == other
    assert directory.find_by_siret("") is None
    assert directory.find_by_siret(siret(3)) is None


def test_few_rows_are_read_and_the_search_says_that_more_match():
    OrganisationFactory.create_batch(6, city="Caen")
    found = directory.search("caen", limit=5)
    assert len(found) == 5
    assert found.has_more
    assert not directory.search("caen", limit=6).has_more


def test_each_host_says_how_many_agreements_were_validated_there():
    host = OrganisationFactory(name="Atelier Belombre")
    ConventionFactory(organisation=host)
    ConventionFactory(organisation=host, validated_at=timezone.now())
    assert [found.agreements for found in directory.search("belombre")] == [1]


@pytest.mark.parametrize(
    "typed", ["\x00", "a\x00b caen", "x " * 30_000, "ﷺ" * 30_000, "%" * 30_000, "9" * 30_000]
)
def test_whatever_is_typed_is_searched(hosts, typed):
    assert not directory.search(typed).organisations


def test_a_name_that_folding_lengthens_is_kept_whole():
    host = OrganisationFactory(name="ﷺ" * 200)
    assert host in directory.search("ﷺ")


@pytest.mark.parametrize("hosts_found", [1, 50])
def test_a_search_costs_the_same_for_one_host_and_for_fifty(hosts_found, django_assert_num_queries):
    OrganisationFactory.create_batch(hosts_found, city="Caen")
    with django_assert_num_queries(2):
        found = directory.search("caen", limit=50)
        assert len([(host.agreements, host.naf_code.code) for host in found]) == hosts_found
