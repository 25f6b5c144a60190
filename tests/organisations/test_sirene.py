"""The two public registers of companies, imitated on this machine, on their good days and their bad ones."""

import json
import logging
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import date
from time import monotonic, sleep
from unittest import mock

import pytest
import time_machine
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from organisations.register import remote, sirene
from organisations.register.remote import RemoteService
from organisations.register.sirene import Establishment, Source, Unavailable
from tests.factories import siret as make_siret
from tests.fake_register import (
    Entry,
    body,
    dripping,
    dripping_headers,
    dropped,
    slow,
    status,
)

KEY = "a-secret-key-of-insee"
SIRET = "13002526500013"
MEBIBYTE = 1024 * 1024


@pytest.fixture
def with_key(settings):
    settings.INSEE_API_KEY = KEY


@pytest.fixture(params=list(Source), ids=lambda source: source.value)
def source(request, register, settings):
    """Each register in turn, the other one being down or without a key."""
    if request.param == Source.INSEE:
        settings.INSEE_API_KEY = KEY
        register.company_search.behaves(status(500))
    return request.param


@pytest.fixture
def asked(source, register):
    return register.insee if source == Source.INSEE else register.company_search


FULL = {
    "name": "MINISTÈRE DE L’EXEMPLE",
    "acronym": "MDE",
    "sign": "LA GRANDE MAISON",
    "trade_name": "L’Exemple",
    "legal_form": "7120",
    "naf": "84.11Z",
    "headcount_band": "22",
    "number": "20",
    "way_type": "AV",
    "way": "DE SEGUR",
    "postal_code": "75007",
    "city": "PARIS 7",
}


def test_both_registers_describe_an_establishment_alike(register, source):
    register.add(SIRET, **FULL)
    expected = Establishment(
        siret=SIRET,
        name="MINISTÈRE DE L’EXEMPLE",
        acronym="MDE",
        trade_names=("LA GRANDE MAISON", "L’Exemple"),
        legal_form="71",
        naf="84.11Z",
        naf_version="rev2" if source == Source.INSEE else "",
        headcount_band="22",
        street="20 AV DE SEGUR",
        address_extra="",
        postal_code="75007",
        city="PARIS 7",
        country="FR",
        is_open=True,
        closed_on=None,
        is_hidden=False,
        source=source.value,
    )
    assert sirene.get(SIRET) == expected
    cache.clear()
    assert sirene.search("ministère de l’exemple") == [expected]


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"name": "", "first_name": "JEANNE", "last_name": "DUPONT"}, {"name": "JEANNE DUPONT"}),
        (
            {
                "name": "",
                "first_name": "JEANNE",
                "last_name": "DUPONT",
                "trade_name": "LE FOUR",
                "acronym": "LF",
            },
            {"name": "JEANNE DUPONT", "trade_names": ("LE FOUR",), "acronym": "LF"},
        ),
        ({"name": "LE FOUR", "sign": "Le Four", "trade_name": "LE PAIN"}, {"trade_names": ("LE PAIN",)}),
        ({"name": "SA", "sign": "LE PAIN", "trade_name": "Le pain"}, {"trade_names": ("Le pain",)}),
        ({"closed_on": "2024-06-30"}, {"is_open": False, "closed_on": date(2024, 6, 30)}),
        ({"closed_on": "hier"}, {"is_open": False, "closed_on": None}),
        (
            {"is_hidden": True, "name": "", "first_name": "JEANNE", "last_name": "DUPONT", "acronym": "JD"},
            {"is_hidden": True, "name": "", "street": "", "postal_code": "", "acronym": "", "city": "CAEN"},
        ),
        ({"postal_code": "97110"}, {"country": "GP"}),
        ({"postal_code": "97133"}, {"country": "BL"}),
        ({"postal_code": "97150"}, {"country": "MF"}),
        ({"postal_code": "97200"}, {"country": "MQ"}),
        ({"postal_code": "97300"}, {"country": "GF"}),
        ({"postal_code": "97400"}, {"country": "RE"}),
        ({"postal_code": "97500"}, {"country": "PM"}),
        ({"postal_code": "97600"}, {"country": "YT"}),
        ({"postal_code": "98600"}, {"country": "WF"}),
        ({"foreign_country": "ALLEMAGNE", "postal_code": "10115"}, {"country": "DE"}),
        ({"foreign_country": "ETATS-UNIS"}, {"country": "US"}),
        ({"foreign_country": "ROYAUME DE NULLE PART"}, {"country": ""}),
        ({"legal_form": "71"}, {"legal_form": ""}),
        ({"naf": "741J"}, {"naf": "", "naf_version": ""}),
        ({"headcount_band": "NN"}, {"headcount_band": "NN"}),
        ({"headcount_band": None}, {"headcount_band": ""}),
        ({"name": "A" * 500, "city": "C" * 500}, {"name": "A" * 200, "city": "C" * 120}),
        ({"name": "DEUX\nLIGNES\x00\u202e"}, {"name": "DEUX LIGNES"}),
        ({"name": "MOITIÉ \ud800"}, {"name": "MOITIÉ"}),
    ],
)
def test_what_a_record_says(register, source, details, expected):
    register.add(SIRET, **({"name": "EXEMPLE SA"} | details))
    found = sirene.get(SIRET)
    assert {name: getattr(found, name) for name in expected} == expected


def test_the_address_of_the_second_register_has_its_complement(register, source):
    register.add(SIRET, "EXEMPLE SA", extra="BATIMENT B", number="3", way="DU PORT")
    found = sirene.get(SIRET)
    if source == Source.INSEE:
        assert (found.address_extra, found.street) == ("BATIMENT B", "3 RUE DU PORT")
    else:
        assert (found.address_extra, found.street) == ("", "BATIMENT B 3 RUE DU PORT")


@pytest.mark.parametrize("nomenclature", ["NAF2025", "NAF25", "NAFRev25"])
def test_insee_says_which_version_of_the_naf(register, with_key, nomenclature):
    record = Entry(SIRET, "EXEMPLE SA", naf="62.20Y").for_insee()
    record["periodesEtablissement"][1]["nomenclatureActivitePrincipaleEtablissement"] = nomenclature
    register.company_search.behaves(status(500))
    register.insee.behaves(body(json.dumps({"etablissement": record}).encode()))
    assert (sirene.get(SIRET).naf, sirene.get(SIRET).naf_version) == ("62.20Y", "2025")


def test_a_ceased_company_has_no_open_establishment(register):
    result = Entry(SIRET, "EXEMPLE SA").for_company_search() | {"etat_administratif": "C"}
    register.company_search.behaves(body(json.dumps({"results": [result]}).encode()))
    assert not sirene.get(SIRET).is_open


def test_an_unknown_siret_is_not_a_failure(register, source):
    assert sirene.get(SIRET) is None
    assert sirene.search("rien de tel") == []


@pytest.mark.parametrize("siret", ["", "1", SIRET[:13], "13002526500014", "0" * 14, "130 025 265 00013"])
def test_what_is_no_siret_is_not_asked(register, siret):
    assert sirene.get(siret) is None
    assert not register.company_search.requests


@pytest.mark.parametrize("text", ["", "  ", "EY", "\u200bEY\u200b", "13002526500014"])
def test_what_the_service_would_refuse_is_not_asked(register, text):
    assert sirene.search(text) == []
    assert not register.company_search.requests


@pytest.mark.parametrize(
    "typed", [SIRET, SIRET[:9], SIRET[:12], "130 025 265 00013", "130.025.265", "１３００２５２６５"]
)
def test_a_siren_or_a_siret_may_be_searched(register, source, typed):
    register.add(SIRET, "EXEMPLE SA")
    register.add(make_siret(7), "UNE AUTRE")
    assert [found.siret for found in sirene.search(typed)] == [SIRET]


def test_the_beginning_of_a_siret_leaves_out_the_other_establishments(register, source):
    register.add("38347481400019", "EXEMPLE SA")
    register.add("38347481400100", "EXEMPLE SA")
    assert len(sirene.search("383474814")) == 2
    assert [found.siret for found in sirene.search("383474814001")] == ["38347481400100"]


@pytest.mark.parametrize("text", ['"guillemets" \\', "a:b AND (c", "Ω ≠ é \ud800", "x" * 5000, "&q=#?%00"])
def test_whatever_is_typed_is_asked_as_text(register, source, text):
    assert sirene.search(text) == []


def test_a_search_gives_ten_establishments_the_best_of_each_company_first(register):
    def company(number, count):
        result = Entry(make_siret(number), f"EXEMPLE {number}").for_company_search()
        place = result["matching_etablissements"][0]
        start = make_siret(number)[:9]
        sirets = [
            f"{start}{nic:04}{luhn.calc_check_digit(f'{start}{nic:04}')}" for nic in range(1, count + 1)
        ]
        result["matching_etablissements"] = [{**place, "siret": siret} for siret in sirets]
        return result

    answer = {"results": [company(1, 9), company(2, 3), company(3, 1)]}
    register.company_search.behaves(body(json.dumps(answer).encode()))
    found = sirene.search("exemple")
    assert [each.name[-1] for each in found] == list("1231212111")
    assert len({each.siret for each in found}) == 10


def test_the_head_office_stands_for_a_company_without_matching_establishment(register):
    result = Entry(SIRET, "EXEMPLE SA").for_company_search() | {"matching_etablissements": []}
    register.company_search.behaves(body(json.dumps({"results": [result]}).encode()))
    assert [found.siret for found in sirene.search("exemple")] == [SIRET]


def test_a_malformed_result_leaves_the_others(register, source, asked):
    good = Entry(SIRET, "EXEMPLE SA")
    bad = [None, 7, "x", [], {}, {"siret": 3, "siege": [], "matching_etablissements": {"a": 1}}]
    for siret in ("0" * 14, "13002526500014", None):
        bad += [Entry(siret or "", "FAUX").for_company_search(), Entry(siret or "", "FAUX").for_insee()]
    answer = {
        "results": [*bad, good.for_company_search()],
        "etablissements": [*bad, good.for_insee()],
    }
    asked.behaves(body(json.dumps(answer).encode()))
    assert [found.siret for found in sirene.search("exemple")] == [SIRET]


BAD_DAYS = {
    "500": status(500),
    "503": status(503),
    "429": status(429, Retry_After="3"),
    "400": status(400),
    "401": status(401),
    "redirection": status(302, Location="http://192.0.2.1/"),
    "dropped": dropped,
    "HTML": body(b"<html>Maintenance</html>"),
    "empty": body(b""),
    "not UTF-8": body(b'{"results": ["\xff"]}'),
    "cut short": body(b'{"results": ['),
    "too deep": body(b"[" * 200_000),
    "huge": body(b" " * 3 * MEBIBYTE + b'{"results": [], "etablissements": []}'),
    "huge number": body(b"1" * 10_000),
    "null": body(b"null"),
    "a list": body(b"[]"),
    "a list elsewhere": body(b'{"results": {"a": 1}, "etablissements": 3, "etablissement": [4]}'),
}


@pytest.mark.parametrize("behaviour", BAD_DAYS.values(), ids=BAD_DAYS)
def test_a_bad_day_of_one_register_is_no_failure_of_ours(register, source, asked, behaviour):
    register.add(SIRET, "EXEMPLE SA")
    asked.behaves(behaviour)
    for question in ("exemple", SIRET):
        with pytest.raises(Unavailable, match="registres publics"):
            sirene.search(question)
        cache.clear()


@pytest.mark.parametrize("behaviour", [*BAD_DAYS.values(), slow(4)], ids=[*BAD_DAYS, "slow"])
def test_the_second_register_answers_when_the_first_does_not(register, with_key, behaviour):
    register.add(SIRET, "EXEMPLE SA")
    register.company_search.behaves(behaviour)
    assert [found.source for found in sirene.search("exemple")] == ["insee"]
    assert sirene.get(SIRET).source == "insee"
    assert register.insee.requests[0].headers["X-INSEE-Api-Key-Integration"] == KEY


def test_the_record_of_another_establishment_is_no_answer(register, with_key):
    register.company_search.behaves(status(500))
    register.insee.behaves(
        body(json.dumps({"etablissement": Entry(make_siret(1), "AUTRE").for_insee()}).encode())
    )
    with pytest.raises(Unavailable):
        sirene.get(SIRET)


def test_nothing_listens(settings, with_key):
    settings.COMPANY_SEARCH_URL = settings.INSEE_URL = "http://127.0.0.1:9"
    with pytest.raises(Unavailable):
        sirene.search("exemple")


@pytest.mark.parametrize("address", ["", "nowhere", "http://", "ftp://127.0.0.1", "http://127.0.0.1:port"])
def test_a_wrong_setting_is_told_as_a_register_that_does_not_answer(settings, address):
    settings.COMPANY_SEARCH_URL = address
    with pytest.raises(Unavailable):
        sirene.search("exemple")


@pytest.mark.parametrize("siret", [SIRET, make_siret(1)], ids=["known", "unknown"])
def test_the_second_register_is_not_asked_what_the_first_answers(register, with_key, siret):
    register.add(SIRET, "EXEMPLE SA")
    sirene.get(siret)
    assert not register.insee.requests


def test_the_second_register_is_not_asked_without_a_key(register):
    register.company_search.behaves(status(500))
    with pytest.raises(Unavailable):
        sirene.get(SIRET)
    assert not register.insee.requests


class TestHidden:
    """What « Recherche d’entreprises » hides is asked of INSEE."""

    @pytest.fixture(autouse=True)
    def hidden_by_the_first(self, register):
        entry = register.add(SIRET, "EXEMPLE SA")
        hidden = replace(entry, is_hidden=True).for_company_search()
        register.company_search.behaves(body(json.dumps({"results": [hidden]}).encode()))

    def test_the_second_shows_it(self, with_key):
        assert sirene.search("exemple")[0].is_hidden
        found = sirene.get(SIRET)
        assert (found.name, found.source, found.is_hidden) == ("EXEMPLE SA", "insee", False)
        assert sirene.remembered(SIRET) == found

    def test_without_a_key_it_stays_hidden(self):
        assert sirene.get(SIRET).is_hidden

    @pytest.mark.parametrize("behaviour", [status(500), status(403), status(404), status(429), dropped])
    def test_it_stays_hidden_when_the_second_does_not_show_it(self, register, with_key, behaviour):
        register.insee.behaves(behaviour)
        found = sirene.get(SIRET)
        assert (found.source, found.city, found.is_hidden) == ("entreprises", "CAEN", True)

    def test_what_insee_may_not_show_exists_all_the_same(self, register, with_key):
        register.company_search.behaves(status(500))
        register.insee.behaves(status(403))
        found = sirene.get(SIRET)
        assert (found.siret, found.name, found.is_hidden) == (SIRET, "", True)


@pytest.mark.parametrize("passing", [status(500), status(503), dropped], ids=["500", "503", "dropped"])
def test_a_passing_failure_is_tried_once_more(register, source, asked, passing):
    register.add(SIRET, "EXEMPLE SA")
    asked.behaves_once(passing)
    assert sirene.get(SIRET).name == "EXEMPLE SA"
    assert len(asked.requests) == 2


@pytest.mark.parametrize(
    ("behaviour", "requests"),
    [(status(500), 2), (dropped, 2), (status(429), 1), (status(400), 1), (status(302), 1), (body(b"?"), 1)],
)
def test_a_question_is_asked_twice_at_most(register, source, asked, behaviour, requests):
    asked.behaves(behaviour)
    with pytest.raises(Unavailable):
        sirene.get(SIRET)
    assert len(asked.requests) == requests


@pytest.mark.parametrize("behaviour", [slow(30), dripping, dripping_headers])
def test_no_register_holds_us(register, source, asked, behaviour, monkeypatch):
    monkeypatch.setattr(remote, "TIME_ALLOWED", 0.5)
    asked.behaves(behaviour)
    start = monotonic()
    with pytest.raises(Unavailable):
        sirene.search("exemple")
    assert monotonic() - start < 6


def test_an_answer_without_end_is_not_read_for_ever(register):
    register.company_search.behaves(dripping)
    start = monotonic()
    with pytest.raises(Unavailable):
        sirene.search("exemple")
    assert monotonic() - start < 6
    end = monotonic() + 10
    while any(thread.name == "remote" for thread in threading.enumerate()):
        assert monotonic() < end
        sleep(0.05)


class TestMemory:
    """Answers are remembered, in the cache that all processes share."""

    def test_an_establishment_is_asked_once(self, register, source, asked):
        register.add(SIRET, "EXEMPLE SA")
        first = sirene.get(SIRET)
        assert (sirene.get(SIRET), sirene.remembered(SIRET), len(asked.requests)) == (first, first, 1)

    def test_a_search_is_asked_once_and_remembers_what_it_found(self, register, source, asked):
        register.add(SIRET, "EXEMPLE SA")
        found = sirene.search("exemple")
        assert sirene.search("  EXEMPLE ") == found == [sirene.remembered(SIRET)] == [sirene.get(SIRET)]
        assert len(asked.requests) == 1

    def test_remembering_never_asks(self, register):
        register.add(SIRET, "EXEMPLE SA")
        assert sirene.remembered(SIRET) is None
        assert not register.company_search.requests

    def test_what_is_not_found_is_remembered_for_less_long(self, register):
        register.add(SIRET, "EXEMPLE SA")
        sirene.get(SIRET)
        sirene.get(make_siret(1))
        sirene.get(make_siret(1))
        assert sirene.remembered(make_siret(1)) is None
        assert len(register.company_search.requests) == 2
        left = [
            seconds_left(f"sirene:{sirene.SHAPE}:entreprises:{siret}") for siret in (SIRET, make_siret(1))
        ]
        assert left == [pytest.approx(24 * 3600, abs=60), pytest.approx(600, abs=60)]

    def test_a_search_that_finds_nothing_is_asked_again_before_long(self, register, monkeypatch):
        monkeypatch.setattr(sirene, "NOT_FOUND_FOR", 1)
        assert sirene.search("exemple") == []
        register.add(SIRET, "EXEMPLE SA")
        assert sirene.search("exemple") == []
        sleep(1.1)
        assert len(sirene.search("exemple")) == 1

    def test_a_failure_is_not_remembered(self, register):
        register.add(SIRET, "EXEMPLE SA")
        register.company_search.behaves_once(status(400), status(400))
        for question in (lambda: sirene.get(SIRET), lambda: sirene.search("exemple")):
            with pytest.raises(Unavailable):
                question()
        assert sirene.get(SIRET) in sirene.search("exemple")

    def test_a_cache_that_is_down_breaks_nothing(self, register, settings):
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": "redis://127.0.0.1:9/0",
            }
        }
        register.add(SIRET, "EXEMPLE SA")
        assert sirene.remembered(SIRET) is None
        for _ in range(8):
            assert sirene.search("exemple") == [sirene.get(SIRET)]
        register.company_search.behaves(status(429))
        with pytest.raises(Unavailable):
            sirene.get(SIRET)
        register.company_search.behaves(status(500))
        with pytest.raises(Unavailable):
            sirene.get(SIRET)


def seconds_left(key):
    return cache._cache.get_client().ttl(cache.make_key(key))


class TestBudget:
    """What the services allow, all processes together."""

    def test_threads_share_the_budget_of_a_service(self, register):
        start = monotonic()
        with ThreadPoolExecutor(12) as threads:
            answers = list(threads.map(outcome, (f"exemple {number}" for number in range(36))))
        seconds = monotonic() - start
        assert len(register.company_search.requests) == answers.count("answered") >= 7
        assert answers.count("answered") <= 7 * (1 + int(seconds))

    def test_the_budget_comes_back(self, register):
        assert [outcome(f"exemple {number}") for number in range(7)] == ["answered"] * 7
        while outcome("encore") == "refused":
            sleep(0.05)
        assert len(register.company_search.requests) == 8

    def test_processes_share_the_budget_of_a_service(self, register):
        program = (
            "import django; django.setup()\n"
            "from organisations.register.remote import NoAnswer, RemoteService\n"
            "service = RemoteService('test', requests=6, period=60)\n"
            "for _ in range(10):\n"
            "    try: service.ask({!r}, params={{'q': 'exemple', 'per_page': '1'}})\n"
            "    except NoAnswer: pass\n"
        ).format(f"{register.company_search_url}/search")
        environment = {"DJANGO_SETTINGS_MODULE": "pstage.settings"}
        running = [
            subprocess.Popen([sys.executable, "-c", program], env=os.environ | environment) for _ in range(2)
        ]
        assert [process.wait(60) for process in running] == [0, 0]
        assert len(register.company_search.requests) == 6

    def test_a_second_attempt_is_paid_too(self, register, caplog):
        register.company_search.behaves_once(*[status(500), status(404)] * 3, status(500))
        for number in range(4):
            assert outcome(f"exemple {number}") == "refused"
        assert len(register.company_search.requests) == 7
        assert caplog.messages == [*["entreprises: HTTP 404"] * 3, "entreprises: failed, budget spent"]

    def test_a_spent_budget_goes_to_the_second_register_and_is_no_failure(self, register, with_key, caplog):
        register.add(SIRET, "EXEMPLE SA")
        for number in range(7):
            sirene.search(f"question {number}")
        assert [found.source for found in sirene.search("exemple")] == ["insee"]
        assert not caplog.records

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ({"Retry_After": "30"}, 30),
            ({"Retry_After": "Mon, 01 Jan 2035 00:05:00 GMT"}, 300),
            ({"Retry_After": "Monday, 01-Jan-35 00:05:00 GMT"}, 300),
            ({"Retry_After": "Sun, 31 Dec 2034 00:00:00 GMT"}, 1),
            ({"Retry_After": "Wed, 01 Jan 2098 00:00:00 GMT"}, 3600),
            ({"Retry_After": "86400"}, 3600),
            ({"Retry_After": "9" * 400}, 3600),
            ({"Retry_After": "-5"}, 1),
            ({"Retry_After": "bientôt".encode().decode("latin-1")}, 60),
            ({}, 60),
        ],
    )
    @time_machine.travel("2035-01-01T00:00:00Z")
    def test_a_service_that_asks_for_peace_is_left_alone(self, register, with_key, header, seconds):
        register.company_search.behaves(status(500))
        register.insee.behaves_once(status(429, **header))
        assert outcome("exemple") == "refused"
        assert seconds_left("remote:insee:closed") == pytest.approx(seconds, abs=min(seconds, 20))
        assert outcome("exemple") == "refused"
        assert len(register.insee.requests) == 1

    def test_it_is_asked_again_after_that(self, register):
        register.company_search.behaves_once(status(429, Retry_After="1"))
        assert outcome("exemple") == "refused"
        sleep(1.1)
        assert outcome("exemple") == "answered"


def outcome(text):
    try:
        sirene.search(text)
    except Unavailable:
        return "refused"
    return "answered"


class TestBreaker:
    """A register that fails is left alone for a while, by all processes."""

    @pytest.fixture(autouse=True)
    def short_pause(self, monkeypatch):
        monkeypatch.setattr(remote, "PAUSE", 1)

    def fail(self, register, times):
        register.company_search.behaves(body(b"?"))
        for number in range(times):
            assert outcome(f"panne {number}") == "refused"
        register.company_search.behaves(None)

    def test_three_failures_in_a_row_then_nobody_asks(self, register):
        self.fail(register, 3)
        assert outcome("exemple") == "refused"
        assert len(register.company_search.requests) == 3

    def test_two_failures_are_forgotten_with_an_answer(self, register):
        self.fail(register, 2)
        assert outcome("exemple") == "answered"
        self.fail(register, 2)
        assert outcome("exemple bis") == "answered"

    def test_a_refusal_is_no_failure(self, register):
        register.company_search.behaves(status(400))
        for number in range(4):
            assert outcome(f"exemple {number}") == "refused"
        assert len(register.company_search.requests) == 4

    def test_one_caller_tries_for_all_after_the_pause(self, register):
        self.fail(register, 3)
        sleep(1.1)
        register.company_search.behaves(slow(0.5))
        together = threading.Barrier(5)

        def ask(number):
            together.wait()
            return outcome(f"essai {number}")

        with ThreadPoolExecutor(5) as threads:
            answers = sorted(threads.map(ask, range(5)))
        assert answers == ["answered", *["refused"] * 4]
        register.company_search.behaves(None)
        assert outcome("exemple") == "answered"

    def test_a_trial_that_fails_is_another_pause(self, register):
        self.fail(register, 3)
        sleep(1.1)
        self.fail(register, 1)
        assert outcome("exemple") == "refused"
        assert len(register.company_search.requests) == 4
        sleep(1.1)
        assert outcome("exemple") == "answered"


@pytest.mark.parametrize("behaviour", [status(500), status(400), dropped, body(b"{}")])
def test_a_failure_is_logged_once_without_what_was_typed_nor_the_key(
    register, source, asked, behaviour, caplog
):
    asked.behaves(behaviour)
    with caplog.at_level(logging.INFO):
        assert outcome("ce que tape un étudiant") == "refused"
    failing = ["entreprises", "insee"] if source == Source.INSEE else ["entreprises"]
    assert [(record.levelname, record.message.split(":")[0]) for record in caplog.records] == [
        ("WARNING", name) for name in failing
    ]
    everything = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "étudiant" not in everything
    assert "tape" not in everything
    assert KEY not in everything


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([SIRET, make_siret(1), "[ND]", "NON-DIFFUSIBLE", "O", "F", "14000", "2024-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoiled(draw, sound):
    """Return a sound answer of which some values, at any depth, have become anything."""
    if draw(st.integers(0, 9)) == 0:
        return draw(ANYTHING)
    if isinstance(sound, dict):
        return {name: draw(spoiled(value)) for name, value in sound.items()}
    if isinstance(sound, list):
        return [draw(spoiled(value)) for value in sound]
    return sound


ENTRY = Entry(SIRET, **FULL)
SOUND = {
    "results": [ENTRY.for_company_search()] * 2,
    "etablissement": ENTRY.for_insee(),
    "etablissements": [ENTRY.for_insee()],
}


@given(answer=ANYTHING | spoiled(SOUND))
def test_whatever_json_answers_we_get_establishments_or_unavailable(answer):
    for register in (sirene.Entreprises(), sirene.Insee()):
        cache.clear()
        found = []
        with (
            mock.patch.object(RemoteService, "ask", return_value=(200, answer)),
            mock.patch.object(sirene, "_registers", return_value=[register]),
        ):
            for ask in (lambda: sirene.search("exemple"), lambda: [sirene.get(SIRET)]):
                try:
                    found += filter(None, ask())
                except Unavailable:
                    continue
        for establishment in found:
            assert_storable(establishment)


def assert_storable(establishment):
    assert sirene._is_siret(establishment.siret)
    longest = {"city": 120, "postal_code": 12, "naf": 6, "legal_form": 2, "headcount_band": 2, "country": 2}
    for field in fields(establishment):
        value = getattr(establishment, field.name)
        for text in value if isinstance(value, tuple) else [value]:
            if isinstance(text, str):
                assert len(text.encode().decode()) <= longest.get(field.name, 200)
                assert not set("\n\r\x00") & set(text)
