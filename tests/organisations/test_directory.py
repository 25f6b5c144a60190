"""Finding a host as a student would type it."""

import pytest
from django.utils import timezone

from conventions.models import Status
from organisations import directory
from organisations.models import Organisation
from tests.factories import ConventionFactory, OrganisationFactory, siret
from tests.worlds import stand

pytestmark = pytest.mark.django_db


def search(text, **options):
    return directory.search(Organisation.objects.all(), text, **options)


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
        ("centre hospitalier", {"hospital", "acronym"}),
        ("CENTRE HOSPITALIER", {"hospital", "acronym"}),
        ("centre hospitalier universitaire nord", {"acronym"}),
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
    found = search(typed)
    exact = set() if found.is_approximate else set(found)
    assert exact == {hosts[key] for key in expected}


@pytest.fixture
def hospitals():
    """What is written in two ways, and neighbours that are not asked for."""
    rows = {
        "long": {"name": "Centre hospitalier universitaire de Caen", "city": "Caen"},
        "short": {"name": "CHU de Caen", "city": "Caen"},
        "elsewhere": {"name": "CHU de Rouen", "city": "Rouen"},
        "other": {"name": "Centre hospitalier de Falaise", "city": "Falaise"},
    }
    return {key: OrganisationFactory(**row) for key, row in rows.items()}


@pytest.mark.parametrize(
    "typed",
    [
        "chu caen",
        "C.H.U. de Caen",
        "centre hospitalier univ caen",
        "caen chu",
        "CHU",
        "centre hospitalier universitaire de caen",
        "centre hospitalier universitaire",
    ],
)
def test_an_abbreviation_finds_what_it_stands_for_and_the_other_way(hospitals, typed):
    found = search(typed)
    assert not found.is_approximate
    assert {hospitals["long"], hospitals["short"]} <= set(found)
    assert hospitals["other"] not in found


@pytest.mark.parametrize(
    "typed", ["boulangerie durand", "le fournil", "fournil caen", "bdr", "moulin bleu", "bdr caen"]
)
def test_a_host_is_found_by_its_other_names(typed):
    OrganisationFactory.create_batch(3, city="Caen")
    host = OrganisationFactory(
        name="Boulangerie Durand",
        trade_name="Le Fournil",
        acronym="BDR",
        former_names=["Minoterie du Moulin bleu"],
        city="Caen",
    )
    found = search(typed)
    assert not found.is_approximate
    assert list(found) == [host]


@pytest.mark.parametrize(
    "typed",
    [
        "labroatoire vauquelin caen",  # swapped
        "laboratoire vauqulin caen",  # missing
        "laboratoire vauquellin caen",  # too many
        "laboratoire vauquerin caen",  # another
        "aboratoire vauquelin caen",
        "laboratoire vauquelin cane",
        "laboratiore vauqelin caen",  # one in each of two words
        "laboratoire vokelin caen",  # two in one word
        "laboratoire vauquelin analyses caen",  # one word too many
    ],
)
def test_a_mistake_is_forgiven(typed):
    OrganisationFactory(name="Laboratoire Brécourt", city="Caen")
    OrganisationFactory(name="Laboratoire Vauquelin", city="Rouen")
    host = OrganisationFactory(name="Laboratoire Vauquelin", city="Caen")
    found = search(typed)
    assert found.is_approximate
    assert found.organisations[0] == host


@pytest.mark.parametrize("name", ["Garage Lefebvre", "SARL Garage Lefebvre", "Garage Lefebvre SAS"])
@pytest.mark.parametrize(
    "typed", ["garage lefebvre", "SARL garage lefebvre", "garage lefebvre sas", "société garage lefebvre"]
)
def test_the_legal_form_does_not_matter(name, typed):
    host = OrganisationFactory(name=name)
    found = search(typed)
    assert list(found) == [host]
    assert not found.is_approximate


def test_a_whole_name_is_found_among_more_hosts_than_are_put_in_order(monkeypatch):
    monkeypatch.setattr(directory, "CANDIDATES", 5)
    for rank in range(20):
        OrganisationFactory(name=f"Verger de l’Orange {rank}", city="Lannion")
    host = OrganisationFactory(name="Orange", city="Lannion")
    OrganisationFactory.create_batch(5, city="Orange")
    assert search("orange").organisations[0] == host
    assert search("orange lannion").organisations[0] == host
    assert search("lannion orange").organisations[0] == host


def test_whole_words_come_before_beginnings(monkeypatch):
    monkeypatch.setattr(directory, "CANDIDATES", 5)
    for rank in range(20):
        OrganisationFactory(name=f"Martinez {rank}", city="Caen")
    host = OrganisationFactory(name="Atelier Martin et associés", city="Caen")
    assert search("martin").organisations[0] == host


@pytest.mark.parametrize("typed", ["m", "ma", "mar", "mart", "caen ma", "14 ma"])
def test_the_first_letters_find_a_host(typed):
    host = OrganisationFactory(name="Martinez", city="Caen", postal_code="14000")
    OrganisationFactory(name="Dumas", city="Rouen", postal_code="76000")
    assert list(search(typed)) == [host]


def test_hosts_that_somebody_may_not_see_are_not_found():
    OrganisationFactory(name="Atelier Belombre", is_private=True)
    hosts = Organisation.objects.filter(is_private=False)
    for typed in ("atelier belombre", "belombre", "ateleir belombre", "belo%"):
        assert not directory.search(hosts, typed)
    assert not directory.search(Organisation.objects.none(), "belombre")


def test_the_name_that_begins_as_typed_comes_first(hosts):
    assert list(search("mairie")) == [hosts["town"], hosts["suffix"]]


@pytest.mark.parametrize("typed", ["centre hospitallier nacre", "sentre ospitalier"])
def test_a_misspelt_name_proposes_the_nearest_and_says_so(hosts, typed):
    found = search(typed)
    assert found.is_approximate
    assert found.organisations[0] == hosts["hospital"]


@pytest.mark.parametrize("write", [str, lambda text: f"{text[:3]} {text[3:6]} {text[6:9]} {text[9:]}"])
def test_a_host_is_found_by_its_siret_or_the_siren_it_begins_with(write):
    host, other = OrganisationFactory(siret=siret(1)), OrganisationFactory(siret=siret(2))
    assert list(search(write(host.siret))) == [host]
    assert list(search(write(host.siret[:9]).strip())) == [host]
    assert list(search(write(host.siret[:11]))) == [host]
    assert directory.find_by_siret(f" {write(other.siret)}\u200b") == other
    assert directory.find_by_siret("") is None
    assert directory.find_by_siret(siret(3)) is None


def test_few_rows_are_read_and_the_search_says_that_more_match():
    OrganisationFactory.create_batch(6, city="Caen")
    found = search("caen", limit=5)
    assert len(found) == 5
    assert found.has_more
    assert not search("caen", limit=6).has_more


def test_each_host_says_how_many_agreements_were_validated_there():
    host = OrganisationFactory(name="Atelier Belombre")
    ConventionFactory(organisation=host)
    validated = ConventionFactory(organisation=host, complete=True)
    stand(validated, Status.VALIDATED, number="2027-000001", submitted_at=timezone.now())
    assert [found.agreements for found in search("belombre")] == [1]


@pytest.mark.parametrize(
    "typed", ["\x00", "a\x00b caen", "x " * 30_000, "ﷺ" * 30_000, "%" * 30_000, "9" * 30_000]
)
def test_whatever_is_typed_is_searched(hosts, typed):
    found = search(typed)
    assert found.is_approximate or not found.organisations


def test_a_name_that_folding_lengthens_is_kept_whole():
    host = OrganisationFactory(name="ﷺ" * 200)
    assert host in search("ﷺ")


@pytest.mark.parametrize("letter", ["a", "é", "㌀"])
def test_a_name_of_one_endless_word_is_found(letter):
    host = OrganisationFactory(name=letter * 200)
    assert list(search(letter * 200)) == [host]
    assert list(search(letter * 10)) == [host]


def test_a_host_of_a_town_of_one_endless_word_is_compared():
    first, second = OrganisationFactory.create_batch(
        2, name="Atelier Belombre", city="㌖" * 120, siret=None, siret_exemption="pending"
    )
    assert directory.similar(first) == [second]


@pytest.mark.parametrize("hosts_found", [1, 50])
def test_a_search_costs_the_same_for_one_host_and_for_fifty(hosts_found, django_assert_num_queries):
    OrganisationFactory.create_batch(hosts_found, city="Caen")
    with django_assert_num_queries(2):
        found = search("caen", limit=50)
        assert len([(host.agreements, host.naf_code.code) for host in found]) == hosts_found
