"""Countries as lists name them, and as files and earlier documents named them."""

import pytest
from django.utils import translation
from django_countries import countries

from conventions.documents.earlier import EarlierCountries, _country
from organisations.records.countries import country


@pytest.fixture(autouse=True)
def in_french():
    with translation.override("fr"):
        yield


def test_what_is_french_stands_under_france():
    names = [each.name for each in countries]
    assert names[:4] == ["France", "Guadeloupe (France)", "Martinique (France)", "Guyane (France)"]
    assert [name for name in names if "(France)" in name] == names[1:13]
    assert sorted(set(names[13:])) == sorted(names[13:]), "no name twice"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("GY", "Guyana"),
        ("GF", "Guyane (France)"),
        ("RE", "La Réunion (France)"),
        ("CI", "Côte d’Ivoire"),
        ("US", "États-Unis"),
        ("SA", "Arabie saoudite"),
        ("GT", "Guatemala"),
        ("LR", "Liberia"),
        ("MK", "Macédoine du Nord"),
        ("KG", "Kirghizstan"),
        ("TT", "Trinité-et-Tobago"),
        ("TL", "Timor oriental"),
        ("SZ", "Eswatini"),
        ("VA", "Vatican"),
        ("VN", "Vietnam"),
        ("PS", "Palestine"),
    ],
)
def test_a_country_has_its_official_name(code, name):
    assert countries.name(code) == name


def test_no_name_has_a_typewriter_apostrophe_nor_an_article_turned_round():
    assert not [each.name for each in countries if "'" in each.name or each.name.endswith((", La", "(Les)"))]


def test_a_file_may_name_a_country_as_we_do_or_did():
    for each in countries:
        assert country(each.name) == each.code
    assert (country("Guyane"), country("La Réunion"), country("Nouvelle-Calédonie")) == ("GF", "RE", "NC")
    changed = {each.name: each.code for each in EarlierCountries() if country(each.name) != each.code}
    assert changed.keys() <= {
        "Guyane",  # which was the name given to Guyana, and is what people call French Guiana
        "Géorgie du Sud-et-les Îles Sandwich du Sud",
        "Île Jan Mayen",
        "Îles Marshal",
    }


def test_an_earlier_document_keeps_the_country_it_named():
    assert _country("Guyane")["code"] == "GY"
    assert _country("Guyane (France)")["code"] == "GF"
    assert _country("États-Unis d'Amérique")["code"] == "US"
    assert _country("Allemagne") == {"code": "DE", "label": "Allemagne"}
