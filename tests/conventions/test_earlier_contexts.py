"""What earlier releases froze is read and printed as it was; what is frozen now can be reworded and translated."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone, translation

from conventions import documents
from conventions.documents import choices, earlier, printing, reading
from conventions.documents.context import amended
from conventions.models import AvenantKind, AvenantStatus, Convention, Document, Status
from organisations.models import Party
from tests.conventions import specimen
from tests.conventions.documents.reading import loaded, words
from tests.worlds import World

# Contexts that versions 1 and 2 stored, each with the French text that they printed from it, without the articles.
FROZEN = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "frozen").glob("*.json"))
}
BILINGUAL = ("v2-avenant-abroad", "v2-sheet-abroad", "v2-summary-abroad")


def html_of(name):
    kind, context = FROZEN[name]["kind"], FROZEN[name]["context"]
    if kind == Document.Kind.AGREEMENT:
        return documents.render_html(context, draft=False)
    return printing.render_sheet(kind, context)


def french(html):
    """The French texts of a document, in order, without the articles."""
    html = re.sub(r"<article>.*?</article>", "", html, flags=re.S)
    html = re.sub(r'<h2 class="part">.*?(?=<div class="signing">)', "", html, flags=re.S)
    html = re.sub(r'<div lang="en">.*(?=</body>)', "", html, flags=re.S)
    return texts(html)


def texts(html):
    found = (re.sub("[ \n]+", " ", unescape(one)).strip(" ") for one in re.split(r"<[^>]+>", html))
    return [one for one in found if one]


def english(html):
    return " ".join(
        text for one in re.findall(r"<article>(.*?)</article>", html, flags=re.S) for text in texts(one)
    )


def as_version_2(context):
    """A context of an agreement of today as version 2 wrote it."""
    old = json.loads(json.dumps(context))
    for name in ("tutor", "signatory"):
        civility = old[name].pop("civility")["label"]
        old[name]["name"] = f"{civility} {old[name]['name']}".strip()
    old["gratification"]["currency_code"] = old["gratification"]["currency"]["code"]
    for part in [*old.values(), *old["differences"]]:
        if isinstance(part, dict):
            part.update({key: one["label"] for key, one in part.items() if choices.is_choice(one)})
    return old | {"version": 2}


def as_version_1(context):
    """The same as version 1 wrote it: periods as two dates, and nothing of what is asked since."""
    old = as_version_2(context)
    for name, keys in earlier.SINCE_VERSION_2.items():
        for key in keys:
            del old[name][key]
        if not keys:
            del old[name]
    old["stage"]["interruptions"] = [period[:2] for period in old["stage"]["interruptions"]]
    return old | {"version": 1}


# Printed as they were


@pytest.mark.parametrize("name", FROZEN)
def test_what_an_earlier_release_froze_prints_the_very_same_french(name):
    assert french(html_of(name)) == FROZEN[name]["printed"]


@pytest.mark.parametrize("name", FROZEN)
def test_who_prints_in_english_prints_the_same(name):
    """A manager reads English; a worker reads French."""
    with translation.override("en"):
        printed = html_of(name)
    assert printed == html_of(name)


@pytest.mark.parametrize("name", FROZEN)
def test_an_earlier_context_is_read_as_one_of_today(name):
    read = documents.read(FROZEN[name]["context"])
    assert documents.read(read) == read
    agreements = (
        [read]
        if "version" in read
        else [read[key] for key in ("agreement", "before", "after") if key in read]
    )
    today = documents.printable(
        specimen.abroad() if agreements[0]["stage"]["is_abroad"] else specimen.specimen()
    )
    for agreement in agreements:
        assert agreement["version"] == earlier.SHAPE
        for part_name, part in agreement.items():
            for key, value in part.items() if isinstance(part, dict) else ():
                assert choices.is_choice(value) == choices.is_choice(today[part_name][key]), (part_name, key)
        for part, name in choices.SAID:
            one = agreement.get(part, {}).get(name, choices.NOTHING)
            assert bool(one["code"]) == bool(one["label"]), (part, name)


def test_an_earlier_choice_finds_its_code():
    agreement = documents.read(FROZEN["v2-agreement-abroad"]["context"])
    assert agreement["gratification"]["unit"] == {"code": "month", "label": "par mois"}
    assert agreement["gratification"]["currency"] == {"code": "GBP", "label": "Livre sterling (£)"}
    assert agreement["stage"]["working_time"] == {"code": "part", "label": "Temps partiel"}
    assert agreement["abroad"]["travel_zone"]["code"] == "orange"
    assert agreement["service"]["country"] == {"code": "DE", "label": "Allemagne"}
    assert agreement["tutor"]["civility"] == {"code": "m", "label": "M."}
    assert agreement["tutor"]["name"] == "Karim Benali"
    avenant = documents.read(FROZEN["v2-avenant-full"]["context"])["avenant"]
    assert [kind["code"] for kind in avenant["kinds"]] == ["extension", "tutor"]


@pytest.mark.parametrize("make", [specimen.specimen, specimen.abroad, specimen.public, specimen.short])
@pytest.mark.parametrize("older", [as_version_1, as_version_2])
def test_each_earlier_shape_shows_the_same_rows(make, older):
    agreement = documents.printable(make())
    was, now = (documents.sections(one) for one in (documents.read(older(agreement)), agreement))
    asked_since = {key for keys in earlier.SINCE_VERSION_2.values() for key in keys}
    for before, after in zip(was, [one for one in now if one.key in {old.key for old in was}], strict=True):
        assert [row for row in before.rows if row.key not in asked_since] == [
            row for row in after.rows if row.key not in asked_since
        ]


# By code


@pytest.mark.parametrize("name", BILINGUAL)
def test_english_is_said_by_code_and_no_french_word_is_left(name):
    said = english(html_of(name))
    labels = [label for codes in earlier.CODES.values() for label in codes if label not in said_alike()]
    for word in [*labels, *earlier.AVENANT_KINDS, "Livre sterling", "Allemagne", "Mme "]:
        assert not re.search(rf"\b{re.escape(word)}", said, flags=re.I), word


def said_alike():
    """The names that both languages have, or share with what people typed."""
    return {one for one in earlier.CODES["programme", "level"] if one != "Doctorat"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("v2-avenant-abroad", "900.00 GBP per month"),
        ("v2-avenant-abroad", "35 h a week, full time, from Monday to Friday"),
        ("v2-avenant-abroad", "Yellow: greater caution"),
        ("v2-avenant-abroad", "7,000.00 GBP"),
        ("v2-avenant-abroad", "Extension of the internship, Workplace tutor"),
        ("v2-sheet-abroad", "Germany"),
        ("v2-sheet-abroad", "35 h a week, part time, from Monday to Friday"),
        ("v2-summary-abroad", "Based abroad"),
        ("v2-summary-abroad", "At once, at the end of the internship"),
        ("v2-summary-abroad", "Mr Karim Benali"),
    ],
)
def test_an_earlier_choice_is_said_in_english(name, expected):
    assert expected in english(html_of(name))


@pytest.mark.parametrize("make", [specimen.specimen, specimen.abroad, specimen.short])
def test_no_choice_of_the_program_is_frozen_without_its_code(make):
    agreement = documents.printable(make())
    for part, name in choices.SAID:
        assert not agreement[part] or choices.is_choice(agreement[part][name]), (part, name)
        assert not agreement[part] or bool(agreement[part][name]["code"]) == bool(
            agreement[part][name]["label"]
        )


def reworded(monkeypatch, unit, words):
    """Another release calls a unit of pay by other words."""
    monkeypatch.setattr(unit, "_label_", words)
    field = Convention._meta.get_field("amount_unit")
    monkeypatch.setattr(field, "choices", Convention.AmountUnit.choices)


def avenant_of(**changes):
    """An avenant that prolongs the stage, as it is frozen today."""
    before = documents.printable(specimen.specimen())
    after = documents.printable(specimen.specimen(hours_computed=Decimal(938), **changes))
    decided = FROZEN["v2-avenant-full"]["context"]["avenant"]
    return {"avenant": decided, "before": before, "after": after}


def test_a_reworded_unit_changes_nothing_of_what_is_frozen(monkeypatch):
    frozen = avenant_of()
    reworded(monkeypatch, Convention.AmountUnit.HOUR, "de l’heure")
    assert french(html_of("v2-avenant-full")) == FROZEN["v2-avenant-full"]["printed"]
    for context, unit in ((frozen, "par heure"), (avenant_of(), "de l’heure")):
        printed = french(printing.render_sheet(Document.Kind.AVENANT, context))
        assert f"4,50 € {unit}" in printed
        said = printed[printed.index("Pour tout le stage") + 1].replace("\N{NO-BREAK SPACE}", " ")
        assert said == "6 versements, de 603,00 € à 780,34 €, soit 4 221,00 € en tout"


def test_what_goes_without_saying_is_known_by_its_answer_and_not_by_its_word(monkeypatch):
    agreement = documents.printable(
        specimen.abroad(has_assistance_policy=False, has_information_sheet=True, has_regulated_work=False)
    )
    monkeypatch.setattr(
        reading, "yes_or_no", lambda value: "" if value in {None, ""} else "Si" if value else "Nenni"
    )
    printed = " ".join(french(documents.render_html(agreement, draft=False)))
    assert "Fiche d’information sur le droit du pays Si" in printed
    assert "Nenni" not in printed


def test_rows_have_a_key_of_their_own_in_each_table():
    for make in (specimen.specimen, specimen.abroad, specimen.short):
        context = documents.printable(make())
        tables = [section.rows for section in documents.sections(context)]
        tables += printing._rows(reading.worded(context)).values()
        for rows in tables:
            keys = [row.key for row in rows]
            assert len(keys) == len(set(keys)), keys


def test_what_everyone_looks_for_first_is_in_bold():
    html = documents.render_html(documents.printable(specimen.specimen()), draft=False)
    bold = re.findall(r'<p class="row key"><b>(.*?) </b>', html)
    assert bold == ["Formation suivie", "Sujet", "Dates", "Présence effective", "Gratification"]


def test_a_row_whose_title_is_translated_is_the_same_row(monkeypatch):
    before, after = (FROZEN["v2-avenant-full"]["context"][side] for side in ("before", "after"))
    fields = [one.field for one in documents.compare(documents.read(before), documents.read(after))]
    with translation.override("en"):
        assert [
            one.field for one in documents.compare(documents.read(before), documents.read(after))
        ] == fields


def test_a_signer_is_said_by_party_to_who_reads_english():
    [first, *_others] = documents.read(FROZEN["v2-agreement-abroad"]["context"])["circuit"]
    assert choices.party(first) == "L’étudiant(e)"
    with translation.override("en"):
        assert choices.party(first) == str(Party.STUDENT.label) == "The student"


# An avenant to an earlier agreement


def test_what_was_not_asked_then_is_still_not_asked_by_an_avenant():
    now = documents.printable(specimen.specimen())
    after = documents.printable(specimen.specimen(amount=Decimal(5), subject="Autre chose"))
    result = amended(documents.read(as_version_1(now)), now, after)
    assert result["stage"]["subject"] == "Autre chose"
    assert "work_periods" not in result["stage"]
    assert result["gratification"]["amount"] == "5"
    assert [one.field for one in documents.compare(documents.read(as_version_1(now)), result)] == [
        "subject",
        "is_paid",
    ]


def test_a_choice_is_amended_as_a_whole():
    before = {"unit": {"code": "hour", "label": "par heure"}}
    now = {"unit": {"code": "hour", "label": "de l’heure"}}
    after = {"unit": {"code": "old", "label": "de l’heure"}}
    assert amended(before, now, now) == before
    assert amended(before, now, after) == after


# In the pages


@pytest.fixture
def world(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return World()


@pytest.fixture
def earlier_release(monkeypatch):
    """What is validated is frozen as version 2 did, until called."""
    printable = printing.printable
    monkeypatch.setattr(printing, "printable", lambda convention: as_version_2(printable(convention)))
    return lambda: monkeypatch.setattr(printing, "printable", printable)


def browser(user, language="fr"):
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def test_an_earlier_agreement_is_shown_amended_and_printed_again(world, earlier_release):
    convention = world.convention_in(Status.SIGNED)
    earlier_release()
    stored = convention.documents.get().context
    assert stored["gratification"]["unit"] == "par heure"
    assert documents.changes_since(documents.agreed_context(loaded(convention)), loaded(convention)) == []

    manager = browser(world.people["manager"])
    for address in (
        convention.get_absolute_url(),
        f"{convention.get_absolute_url()}?le={timezone.localdate()}",
    ):
        page = manager.get(address)
        assert "4,50 € par heure" in page.text
        assert page.context["changes"] == []

    summary = documents.summarise(loaded(convention))
    assert summary.context["agreement"] == {**stored, "logo": ""}
    assert documents.summarise(loaded(convention)) == summary

    def work_less(after):
        after.working_time = Convention.WorkingTime.PART
        after.weekly_hours = Decimal(30)

    avenant = world.avenant_in(AvenantStatus.VALIDATED, convention, AvenantKind.HOURS, change=work_less)
    frozen = avenant.documents.get().context
    assert frozen["avenant"]["kinds"] == [{"code": "hours", "label": "Temps de présence et congés"}]
    assert frozen["before"] == documents.read(stored)
    assert frozen["after"]["stage"]["working_time"] == {"code": "part", "label": "Temps partiel"}
    fewer = {"payments": ["540", "540"]}
    assert frozen["after"]["gratification"] == frozen["before"]["gratification"] | fewer
    assert documents.make(avenant.documents.get().pk).is_ready
    assert "temps partiel" in manager.get(avenant.get_absolute_url()).text


def test_english_pages_say_an_earlier_choice_in_english(world, earlier_release):
    convention = world.convention_in(Status.VALIDATED)
    page = browser(world.people["manager"], "en").get(convention.get_absolute_url())
    assert "4.50 € per hour" in page.text
    assert "full time" in page.text
    assert "par heure" not in page.text


def test_a_reworded_choice_is_no_change_of_the_shared_records(world, monkeypatch):
    convention = world.convention_in(Status.VALIDATED)
    reworded(monkeypatch, Convention.AmountUnit.HOUR, "de l’heure")
    assert documents.changes_since(documents.agreed_context(loaded(convention)), loaded(convention)) == []


def test_what_was_frozen_before_a_question_existed_is_still_read(world):
    """Version 1 wrote periods as two dates, and nothing of what is asked since."""
    convention = loaded(world.convention_in(Status.VALIDATED))
    first = as_version_1(documents.printable(convention))
    day, last = convention.start, convention.start + timedelta(days=1)
    assert documents.changes_since(documents.read(first), convention) == []
    first["stage"]["interruptions"] = [[day.isoformat(), last.isoformat()]]
    said = words(" ".join(french(documents.render_html(first, draft=False))))
    assert words(f"Absences prévues Du {day:%d/%m/%Y} au {last:%d/%m/%Y} : interruption") in said
    assert "version 1" in said
    assert "gratifiés" not in said
    assert "Déclarations" not in said
