"""The step of the content: what it takes, refuses with words, and asks only of those it concerns."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from conventions.law import finding
from conventions.legality.words import in_words
from conventions.models import Term
from tests.conventions.wizard.posting import content_of, step_url, week
from tests.factories import OrganisationFactory, ServiceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("typed", ["99.99", "99,99", " 99,99 "])
def test_decimals_take_a_point_or_a_comma(client, draft, typed):
    assert client.post(step_url(draft, "contenu"), content_of(draft, amount=typed)).status_code == 302
    draft.refresh_from_db()
    assert draft.amount == Decimal("99.99")
    assert 'value="99,99"' in client.get(step_url(draft, "contenu")).text


@pytest.mark.parametrize(
    ("changes", "message", "kept"),
    [
        ({"weekly_hours": "125"}, "25 h en un seul jour", 'value="125"'),
        ({"weekly_hours": "trente"}, "Saisissez un nombre", 'value="trente"'),
        ({"end": "2020-01-01"}, "corrigez l’une des deux dates", 'value="2020-01-01"'),
        ({"end": ""}, "Remplissez ce champ.", ""),
        ({"working_days": []}, "Cochez au moins un jour", ""),
        ({"missions": "Divers."}, "Dites-en un peu plus", "Divers."),
        ({"amount": ""}, "Indiquez le montant", ""),
        ({"amount": "1.234,5"}, "Saisissez un nombre", 'value="1.234,5"'),
        ({"hours_corrected": "200"}, "Dites pourquoi le nombre d’heures", 'value="200"'),
        ({"works_at_night": "on"}, "Précisez quand et comment", ""),
    ],
)
def test_bad_content_is_explained_and_loses_nothing(client, draft, changes, message, kept):
    data = content_of(draft, subject="Un autre sujet", **changes)
    page = client.post(step_url(draft, "contenu"), data)
    assert page.status_code == 422
    assert message in page.text
    assert kept in page.text
    assert 'class="error-summary"' in page.text
    draft.refresh_from_db()
    assert draft.subject == "Un autre sujet", "what holds is saved beside what does not"


def test_a_long_stage_provides_for_leave(client, draft):
    data = content_of(draft, end=draft.start + timedelta(weeks=12), leave_terms="")
    assert "doit prévoir des congés" in client.post(step_url(draft, "contenu"), data).text


def test_a_correction_of_the_hours_needs_its_reason(client, draft):
    data = content_of(draft, hours_corrected="200", hours_reason="Une semaine à mi-temps")
    assert client.post(step_url(draft, "contenu"), data).status_code == 302
    draft.refresh_from_db()
    assert draft.hours == 200
    page = client.get(step_url(draft, "contenu")).text
    assert "200 h de présence" in page
    assert "Calcul d’après les horaires" in page
    assert in_words(finding.hours(draft.hours_computed)) in page


def folded(page):
    """Return which sections of the content step are folded."""
    sections = page.split('class="disclosure section"')[1:]
    return [section.partition(">")[0].strip() != "open" for section in sections]


def test_what_most_need_not_fill_is_folded_until_it_matters(client, draft):
    address = step_url(draft, "contenu")
    assert folded(client.get(address).text) == [True, True]
    client.post(address, content_of(draft, insurer="Mutuelle du Bocage", insurance_policy="RC-42"))
    assert folded(client.get(address).text) == [True, False]
    client.post(address, content_of(draft, weekly_hours="39"))
    page = client.get(address).text
    assert "plus que 35" in page
    assert folded(page) == [False, True], "the law asks for the collective hours"
    wrong = client.post(address, content_of(draft, insurance_start="demain"))
    assert folded(wrong.text)[1] is False


def test_the_panel_leads_to_the_calculator_when_it_can_ask_the_same(client, draft):
    address = step_url(draft, "contenu")
    client.post(address, content_of(draft, week(draft, 2), leave_days="1"))
    page = client.get(address).text
    assert f"{reverse('calculator')}?debut={draft.start}&amp;fin={draft.end}" in page
    assert f"du_1={week(draft, 2)[0]}&amp;au_1={week(draft, 2)[1]}" in page
    assert "Refaire ce calcul" in page
    client.post(address, content_of(draft, hours_corrected="200", hours_reason="Une semaine à mi-temps"))
    page = client.get(address).text
    assert "Calculer un autre stage" in page
    assert f'href="{reverse("calculator")}"' in page


def test_dates_are_typed_as_people_write_them(client, draft):
    data = content_of(draft, start=f"{draft.start:%d/%m/%Y}", end=f"{draft.end:%d/%m/%Y}")
    assert client.post(step_url(draft, "contenu"), data).status_code == 302


# What the host declares, the insurance, a stage abroad


def test_what_the_host_declares_is_stored(client, draft):
    typed = {
        "headcount": "1 200",
        "host_trainees": "0",
        "collective_hours": "37,5",
        "earlier_hours": "120",
        "previous_start": "2026-01-05",
        "previous_end": "2026-03-31",
        "day_starts_at": "9h",
        "day_ends_at": "17:30",
        "insurance_end": "31/08/2027",
        "branch_minimum": "5,20",
    }
    assert client.post(step_url(draft, "contenu"), content_of(draft, **typed)).status_code == 302
    draft.refresh_from_db()
    assert (draft.headcount, draft.host_trainees, draft.tutor_trainees) == (1200, 0, None)
    assert (draft.collective_hours, draft.branch_minimum) == (Decimal("37.5"), Decimal("5.2"))
    assert (f"{draft.day_starts_at:%H:%M}", f"{draft.day_ends_at:%H:%M}") == ("09:00", "17:30")
    assert draft.insurance_end == date(2027, 8, 31)


@pytest.mark.parametrize("name", ["previous", "insurance"])
def test_dates_declared_in_the_wrong_order_lose_nothing_else(client, draft, name):
    typed = {f"{name}_start": "2026-03-02", f"{name}_end": "2026-03-01", "headcount": "7"}
    page = client.post(step_url(draft, "contenu"), content_of(draft, **typed))
    assert page.status_code == 422
    assert "Cette date précède la première" in page.text
    draft.refresh_from_db()
    assert (draft.headcount, getattr(draft, f"{name}_end")) == (7, None)


def test_a_gratification_says_how_often_it_is_paid(client, draft):
    page = client.post(step_url(draft, "contenu"), content_of(draft, payment_frequency=""))
    assert page.status_code == 422
    assert "Dites si la gratification est versée chaque mois" in page.text


def test_only_a_stage_abroad_asks_about_the_country(client, draft):
    assert 'name="travel_zone"' not in client.get(step_url(draft, "contenu")).text
    host = OrganisationFactory(abroad=True)
    draft.organisation, draft.service = host, ServiceFactory(organisation=host)
    draft.save()
    assert 'name="travel_zone"' in client.get(step_url(draft, "contenu")).text
    data = content_of(draft, travel_zone="orange", travel_decision="FSD, 3 mars", has_information_sheet="on")
    client.post(step_url(draft, "contenu"), data)
    draft.refresh_from_db()
    assert (draft.travel_zone, draft.travel_decision, draft.has_information_sheet) == (
        "orange",
        "FSD, 3 mars",
        True,
    )


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"amount": "4.5", "amount_unit": ""}, {"amount_unit"}),
        ({"amount": "", "amount_unit": "hour"}, {"amount"}),
        ({"amount": "", "amount_unit": ""}, {"amount", "amount_unit"}),
    ],
)
def test_the_error_is_on_the_field_that_is_wrong(client, draft, typed, wrong):
    page = client.post(step_url(draft, "contenu"), content_of(draft, is_paid="True", **typed))
    assert page.status_code == 422
    assert page.context["form"].errors.keys() & {"amount", "amount_unit"} == wrong


@pytest.mark.parametrize(("typed", "stored"), [("17h30", "17.5"), ("35 heures", "35"), ("32,5 h", "32.5")])
def test_weekly_hours_as_people_write_them(client, draft, typed, stored):
    client.post(step_url(draft, "contenu"), content_of(draft, weekly_hours=typed))
    draft.refresh_from_db()
    assert draft.weekly_hours == Decimal(stored)


@pytest.mark.parametrize("typed", ["168", "151,67", "61"])
def test_a_week_longer_than_any_is_a_mistake_of_typing(client, draft, typed):
    page = client.post(step_url(draft, "contenu"), content_of(draft, weekly_hours=typed))
    assert "erreur de saisie" in str(page.context["form"].errors["weekly_hours"])


def test_the_euro_is_chosen_beforehand_in_france(client, draft):
    euro = Term.objects.get(kind=Term.Kind.CURRENCY, code="EUR")
    draft.currency = None
    draft.save()
    assert client.get(step_url(draft, "contenu")).context["form"]["currency"].value() == euro.pk
