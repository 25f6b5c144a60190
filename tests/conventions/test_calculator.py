"""The public calculator: anyone, nothing stored, the whole question in the address."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conventions.models import HourlyCeiling

pytestmark = pytest.mark.django_db
FOUR_MONTHS = {
    "debut": "2026-03-02",
    "fin": "2026-06-30",
    "heures": "35",
    "jours": ["0", "1", "2", "3", "4"],
    "lieu": "metropolitan",
}


@pytest.fixture(autouse=True)
def ceilings():
    HourlyCeiling.objects.bulk_create(
        HourlyCeiling(year=year, amount=amount) for year, amount in ((2025, 29), (2026, 30))
    )


def result(client, **typed):
    answer = client.get(reverse("calculator"), {**FOUR_MONTHS, **typed})
    assert answer.status_code == 200
    page = answer.text
    return page[page.index('id="law-panel"') :].replace("\u00a0", " ").replace("\u202f", " ")


def test_the_empty_page_asks(client):
    page = client.get(reverse("calculator")).text
    assert "le calcul s’affichera ici" in page
    assert "errorlist" not in page


def test_the_address_holds_the_question_and_nothing_is_stored(client):
    with CaptureQueriesContext(connection) as queries:
        shown = result(client)
    assert all(query["sql"].startswith("SELECT") for query in queries)
    assert "574 h de présence" in shown
    assert "gratification obligatoire, au moins 2 583,00 €" in shown
    assert "Le calcul mois par mois" in shown


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"fin": "2026-04-24"}, "gratification facultative"),
        ({"montant": "4,35", "unite": "hour"}, "le minimum est de 4,50 € par heure"),
        ({"montant": "600", "unite": "month"}, "2 400,00 €"),
        ({"montant": "5", "unite": "hour", "public": "on"}, "un organisme public ne peut pas verser plus"),
        ({"deja": "400"}, "974 h"),
        ({"lieu": "abroad"}, "la gratification suit le droit du pays d’accueil"),
        ({"lieu": "nouvelle-caledonie"}, "ses propres règles de gratification"),
        ({"heures": "50"}, "le maximum est de 48 h"),
        ({"heures": "39"}, "durée collective"),
        ({"conges": "2"}, "Congés, comptés dans la durée"),
        ({"du_1": "2026-04-06", "au_1": "2026-04-10"}, "546 h de présence"),
        ({"feries": "on"}, "609 h de présence"),
        ({"pentecote": "on"}, "581 h de présence"),
        ({"fin": "2027-01-15"}, "Montants provisoires"),
    ],
)
def test_each_answer_counts(client, typed, expected):
    assert expected in result(client, **typed)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"fin": "2026-01-01"}, "corrigez l’une des deux dates"),
        ({"fin": "9999-12-31"}, "un an"),
        ({"heures": "mille"}, "Saisissez un nombre"),
        ({"jours": []}, "Cochez au moins un jour"),
        ({"lieu": "lune"}, "Cette réponse n’est plus dans la liste"),
        ({"du_2": "2026-04-06"}, "Indiquez le premier et le dernier jour"),
        ({"montant": "-3"}, "C’est trop peu"),
    ],
)
def test_a_mistake_is_told_and_computes_nothing(client, typed, expected):
    page = client.get(reverse("calculator"), {**FOUR_MONTHS, **typed}).text
    assert expected in page
    assert "de présence =" not in page
    fragment = client.get(
        reverse("calculator"), {**FOUR_MONTHS, **typed}, headers={"HX-Request": "true"}
    ).text
    assert expected in fragment


def test_a_date_still_to_come_is_no_mistake(client):
    typed = {**FOUR_MONTHS, "fin": ""}
    fragment = client.get(reverse("calculator"), typed, headers={"HX-Request": "true"}).text
    assert "Indiquez les dates et les heures" in fragment
    assert 'href="#id_fin"' not in fragment
    assert 'href="#id_fin"' in client.get(reverse("calculator"), typed).text


@pytest.mark.parametrize(
    ("typed", "is_open"),
    [
        ({}, False),
        ({"du_1": "2026-04-06", "au_1": "2026-04-10"}, True),
        ({"du_2": "hier"}, True),
        ({"conges": "2"}, True),
        ({"pentecote": "on"}, True),
    ],
)
def test_what_an_address_says_of_absences_is_not_folded(client, typed, is_open):
    page = client.get(reverse("calculator"), {**FOUR_MONTHS, **typed}).text
    assert ('<details class="disclosure" open>' in page) is is_open


def test_htmx_gets_the_result_alone(client):
    answer = client.get(reverse("calculator"), FOUR_MONTHS, headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert "de présence" in answer.text
    # The sentence is read aloud from where it stays on the page.
    assert 'hx-swap-oob="innerHTML:[data-sentence]"' in answer.text


def test_too_many_questions_rest(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "calculator": "2/m/ip"}
    codes = [client.get(reverse("calculator")).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


@pytest.mark.parametrize("dates", [("9999-12-01", "9999-12-31"), ("0001-01-01", "0001-01-31")])
def test_a_mistyped_year_is_a_mistake_of_its_field(client, dates):
    answer = client.get(
        reverse("calculator"), {**FOUR_MONTHS, "debut": dates[0], "fin": dates[1], "heures": "5"}
    )
    assert answer.status_code == 200
    assert "Vérifiez l’année." in answer.text


def test_what_is_folded_opens_when_it_is_answered(client):
    assert '<details class="disclosure" open>' not in client.get(reverse("calculator"), FOUR_MONTHS).text
    answered = {**FOUR_MONTHS, "conges": "2"}
    assert '<details class="disclosure" open>' in client.get(reverse("calculator"), answered).text


def test_the_browser_keeps_page_and_fragment_apart(client):
    assert "HX-Request" in client.get(reverse("calculator"))["Vary"]
