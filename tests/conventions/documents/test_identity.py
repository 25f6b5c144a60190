"""Who the student is, as it is printed: the names in use, those of the civil registry where they differ."""

import copy
import json
from pathlib import Path

import pytest

from conventions import documents
from conventions.documents import printing
from tests.conventions import specimen
from tests.conventions.documents.reading import printed, words

BIRTH, USAGE, CIVIL = "Nom de naissance : ", "Nom d’usage : ", "Prénom d’état civil : "
NEW = ("birth_name", "usage_name", "civil_first_name", "sex")


def agreement(**registry):
    convention = specimen.specimen()
    for name, value in registry.items():
        setattr(convention.student, name, value)
    return convention


def plain(text):
    return words(text.replace("\u00a0", " "))


@pytest.mark.parametrize("birth_name", ["", "LE GUENNEC", "Kervella"])
@pytest.mark.parametrize("civil_first_name", ["", "Anais", "Jean"])
def test_the_civil_names_are_printed_where_they_differ(birth_name, civil_first_name):
    text = plain(printed(agreement(birth_name=birth_name, civil_first_name=civil_first_name)))
    assert "Anaïs Le Guennec" in text
    assert (f"{BIRTH}Kervella" in text) == (birth_name == "Kervella")
    assert (BIRTH in text) == (birth_name == "Kervella")
    assert (f"{CIVIL}Jean" in text) == (civil_first_name == "Jean")
    assert (CIVIL in text) == (civil_first_name == "Jean")


@pytest.mark.parametrize(("usage_name", "is_printed"), [("", False), ("Le Guennec", False), ("Morvan", True)])
def test_a_name_of_usage_is_printed_where_it_differs(usage_name, is_printed):
    assert (f"{USAGE}Morvan" in plain(printed(agreement(usage_name=usage_name)))) == is_printed


@pytest.mark.parametrize(
    ("sex", "trainee", "born", "signs"),
    [
        ("F", "La stagiaire Anaïs", "Née le 17/05/2003", "L’étudiante"),
        ("M", "Le stagiaire Anaïs", "Né le 17/05/2003", "L’étudiant"),
        ("", "Le stagiaire Anaïs", "Date de naissance : 17/05/2003", "L’étudiant(e)"),
    ],
)
def test_words_agree_with_the_sex_where_it_is_known(sex, trainee, born, signs):
    text = plain(printed(agreement(sex=sex)))
    assert trainee in text
    assert born in text
    assert f". {signs} " in text
    assert sum(one in text for one in ("Née le", "Né le", "Date de naissance")) == 1


def test_the_page_shows_them_too():
    context = documents.agreement(agreement(birth_name="Kervella", civil_first_name="Anaïs"))
    rows = {row.key: row.value for row in documents.sections(context)[0].rows}
    assert (rows["birth_name"], rows["civil_first_name"]) == ("Kervella", "")


def test_what_was_frozen_before_is_still_read_and_printed():
    context = documents.printable(agreement(birth_name="Kervella", sex="F"))
    old = copy.deepcopy(context) | {"version": 3}
    for name in NEW:
        del old["student"][name]
    assert documents.sections(old)
    text = plain(documents.render_html(old, draft=False))
    assert "Date de naissance : 17/05/2003" in text
    assert "Kervella" not in text


def test_the_certificate_names_them_too():
    frozen = json.loads((Path(__file__).parents[1] / "frozen" / "v2-certificate-full.json").read_text())
    context = frozen["context"]
    assert "Nom de naissance" not in printing.render_sheet(frozen["kind"], context)
    context["agreement"]["student"]["birth_name"] = "Kervella"
    assert "Kervella" in printing.render_sheet(frozen["kind"], context)
