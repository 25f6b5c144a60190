"""Absences, and hours that are not those of the usual week."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from conventions.models import Interruption
from conventions.writing import steps
from tests.conventions.wizard.posting import autosave, content_of, step_url, stored_periods, week

pytestmark = pytest.mark.django_db


# Interruptions


def test_interruptions_are_taken_out_of_the_hours(client, draft):
    client.post(step_url(draft, "contenu"), content_of(draft))
    draft.refresh_from_db()
    before = draft.hours_computed
    client.post(step_url(draft, "contenu"), content_of(draft, week(draft, 2), week(draft, 4)))
    draft.refresh_from_db()
    assert stored_periods(draft) == [week(draft, 2), week(draft, 4)]
    assert draft.hours_computed < before
    page = client.get(step_url(draft, "contenu")).text
    assert f'value="{week(draft, 2)[0]}"' in page


def test_saving_twice_does_not_repeat_an_interruption(client, draft):
    for _ in range(2):
        client.post(
            step_url(draft, "contenu"), content_of(draft, week(draft, 2)), headers={"X-Autosave": "1"}
        )
    assert stored_periods(draft) == [week(draft, 2)]


def test_an_interruption_goes_when_ticked_or_emptied(client, draft):
    Interruption.objects.create(convention=draft, start=week(draft, 1)[0], end=week(draft, 1)[1])
    data = content_of(draft, week(draft, 1), ("", ""), week(draft, 3))
    client.post(step_url(draft, "contenu"), data | {"interruptions-0-DELETE": "on"})
    assert stored_periods(draft) == [week(draft, 3)]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ((0, 4), (3, 8), "Cette absence en chevauche une autre"),
        ((4, 0), None, "La fin de l’absence précède son début"),
        ((-9, 3), None, "L’absence doit rester entre le début et la fin du stage"),
    ],
)
def test_impossible_interruptions_are_explained(client, draft, first, second, message):
    periods = [
        tuple(draft.start + timedelta(days=7 + days) for days in period)
        for period in (first, second)
        if period
    ]
    page = client.post(step_url(draft, "contenu"), content_of(draft, *periods))
    assert page.status_code == 422
    assert message in page.text
    assert "Des périodes sont à corriger" in page.text
    assert stored_periods(draft) == (periods[:1] if second else []), "the one that holds is kept"


def test_an_absence_says_what_it_is(client, draft):
    data = content_of(draft, week(draft, 1), week(draft, 2)) | {"interruptions-1-kind": "leave"}
    assert client.post(step_url(draft, "contenu"), data).status_code == 302
    assert list(draft.interruptions.values_list("kind", flat=True)) == ["interruption", "leave"]
    assert "congé" in client.get(step_url(draft, steps.RECAP)).text
    data |= {"interruptions-0-kind": "university"}
    client.post(step_url(draft, "contenu"), data)
    assert draft.interruptions.first().kind == Interruption.Kind.UNIVERSITY
    page = client.post(step_url(draft, "contenu"), data | {"interruptions-0-kind": "sieste"})
    assert page.status_code == 422
    assert stored_periods(draft) == [week(draft, 2)]


def test_a_kind_without_dates_is_no_absence(client, draft):
    data = content_of(draft, ("", "")) | {"interruptions-0-kind": "leave"}
    assert client.post(step_url(draft, "contenu"), data).status_code == 302
    assert stored_periods(draft) == []


# Hours that are not those of the usual week


def with_hours(draft, *periods, **changes):
    """Return what the content step posts with periods of other hours: dates, then hours by day."""
    data = content_of(draft, **changes)
    data |= {"work_periods-TOTAL_FORMS": len(periods), "work_periods-INITIAL_FORMS": 0}
    for rank, (start, end, hours) in enumerate(periods):
        values = {"start": start, "end": end, **hours}
        data |= {f"work_periods-{rank}-{name}": value for name, value in values.items()}
    return data


def stored_hours(draft):
    return [(period.start, period.end, *period.hours) for period in draft.work_periods.all()]


def test_hours_by_period_are_stored_shown_and_stored_once(client, draft):
    """As a browser without JavaScript posts them: one row at a time, an empty one after."""
    first, second = week(draft, 1), week(draft, 2)
    data = with_hours(draft, (*first, {"thursday": "7", "friday": " 3,5"}), ("", "", {}))
    for _ in range(2):
        assert client.post(step_url(draft, "contenu"), data).status_code == 302
    assert stored_hours(draft) == [(*first, 0, 0, 0, 7, Decimal("3.5"), 0, 0)]
    page = client.get(step_url(draft, "contenu")).text
    assert re.search(r'<details class="disclosure" id="id_work_periods"\s+open>', page)
    assert 'name="work_periods-0-friday" value="3,5"' in page
    assert 'name="work_periods-0-monday" value' not in page, "a day without presence is empty"
    assert 'name="work_periods-1-start"' in page
    assert f"{first[1]:%d/%m/%Y} : jeu. 7 h, ven. 3,5 h" in words(client, draft)
    data = with_hours(
        draft, (*first, {"monday": "24"}), (*second, {"sunday": "0.25"}), **{"work_periods-0-DELETE": "on"}
    )
    client.post(step_url(draft, "contenu"), data)
    assert stored_hours(draft) == [(*second, 0, 0, 0, 0, 0, 0, Decimal("0.25"))]


def words(client, draft):
    return client.get(step_url(draft, steps.RECAP)).text


def test_hours_by_period_are_saved_as_they_are_filled(client, draft):
    one, two = week(draft, 1), week(draft, 2)
    data = with_hours(draft, (*one, {"monday": "7"}), (*two, {"monday": "25"}), (*week(draft, 3), {}))
    told = autosave(client, step_url(draft, "contenu"), data).json()
    assert list(told["errors"]) == ["work_periods-1-monday"], "what is not typed yet is no mistake"
    assert stored_hours(draft) == [(*one, 7, 0, 0, 0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ((0, 4, {"monday": "7"}), (3, 8, {"monday": "7"}), "Cette période en chevauche une autre"),
        ((4, 0, {"monday": "7"}), None, "La fin de la période précède son début"),
        ((-9, 3, {"monday": "7"}), None, "La période doit rester entre le début et la fin du stage"),
        ((0, 4, {"monday": "0"}), None, "Indiquez les heures d’au moins un jour"),
        ((0, 4, {"monday": "-1"}), None, "C’est trop peu"),
        ((0, 4, {"monday": "24,5"}), None, "C’est trop"),
        ((0, 4, {"monday": "sept"}), None, "Saisissez un nombre"),
    ],
)
def test_impossible_hours_are_explained(client, draft, first, second, message):
    periods = [
        (draft.start + timedelta(days=7 + start), draft.start + timedelta(days=7 + end), hours)
        for start, end, hours in filter(None, (first, second))
    ]
    page = client.post(step_url(draft, "contenu"), with_hours(draft, *periods))
    assert page.status_code == 422
    assert message in page.text
    assert "Des périodes sont à corriger" in page.text
    assert len(stored_hours(draft)) == (1 if second else 0), "the one that holds is kept"


def test_hours_without_dates_ask_for_them(client, draft):
    page = client.post(step_url(draft, "contenu"), with_hours(draft, ("", "", {"monday": "7"})))
    assert page.status_code == 422
    assert "Premier jour de la période" in page.text
    assert 'value="7"' in page.text


def test_a_page_of_before_the_periods_were_asked_leaves_them_alone(client, draft):
    one = week(draft, 1)
    client.post(step_url(draft, "contenu"), with_hours(draft, (*one, {"monday": "7"})))
    assert client.post(step_url(draft, "contenu"), content_of(draft)).status_code == 302
    assert len(stored_hours(draft)) == 1
