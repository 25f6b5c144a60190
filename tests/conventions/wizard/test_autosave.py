"""What is typed is saved as it is typed, and what does not hold is told."""

import re
from datetime import timedelta

import pytest

from conventions.writing import steps
from tests.conventions.wizard.posting import autosave, content_of, step_url, week

pytestmark = pytest.mark.django_db


def test_autosave_saves_what_holds_and_says_what_does_not(client, draft):
    data = content_of(draft, subject="Un sujet tapé à l’instant", weekly_hours="abc")
    answer = autosave(client, step_url(draft, "contenu"), data)
    assert answer.status_code == 200
    told = answer.json()
    assert re.fullmatch(r"\d\d:\d\d", told["saved_at"])
    assert told["errors"] == {"weekly_hours": ["Saisissez un nombre."]}
    assert told["steps"]["eleve"] == "done"
    assert set(told["steps"]) == {*(step.slug for step in steps.steps_of(draft)), steps.RECAP}
    draft.refresh_from_db()
    assert draft.subject == "Un sujet tapé à l’instant"
    assert draft.weekly_hours == 35


def test_autosave_computes_the_hours(client, draft):
    data = content_of(draft, end=draft.start + timedelta(days=4))
    told = autosave(client, step_url(draft, "contenu"), data).json()
    assert told["live"]["hours"] == (
        "35 h de présence = 5 jours = 0,23 mois (7 h = 1 jour) ; gratification facultative"
    )
    assert re.search(r"<dt>Présence</dt>\s*<dd>35 h</dd>", told["html"]["law"])


def test_a_field_emptied_is_saved_empty_without_a_complaint_yet(client, draft):
    told = autosave(client, step_url(draft, "contenu"), content_of(draft, subject="", start="")).json()
    assert told["errors"] == {}
    assert told["steps"]["contenu"] == "todo"
    draft.refresh_from_db()
    assert (draft.subject, draft.start) == ("", None)


def test_a_rule_not_met_yet_does_not_lose_the_text(client, draft):
    told = autosave(client, step_url(draft, "contenu"), content_of(draft, missions="Court.")).json()
    assert "missions" in told["errors"]
    assert told["steps"]["contenu"] == "error"
    draft.refresh_from_db()
    assert draft.missions == "Court."


def test_dates_in_the_wrong_order_do_not_erase_the_right_ones(client, draft):
    told = autosave(client, step_url(draft, "contenu"), content_of(draft, end="2020-01-01")).json()
    assert list(told["errors"]) == ["end"]
    end = draft.end
    draft.refresh_from_db()
    assert draft.end == end


def test_mistakes_of_an_interruption_are_told_by_row(client, draft):
    period = (draft.end + timedelta(days=1), draft.end + timedelta(days=2))
    told = autosave(client, step_url(draft, "contenu"), content_of(draft, week(draft, 1), period)).json()
    assert list(told["errors"]) == ["interruptions-1-start"]
