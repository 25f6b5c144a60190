"""Two pages open on one row, in two tabs or before two people: what one saved, the other never overwrites unread."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conventions.models import AvenantKind
from conventions.models.status import Status
from organisations.shared import MINE, THEIRS
from tests.conventions.wizard.posting import step_url, week
from tests.factories import OrganisationFactory
from tests.pages import fields_in

pytestmark = pytest.mark.django_db

CONTENT = "contenu"


class Tab:
    """A page as a browser holds it: what it shows, what is typed there, how it is sent."""

    def __init__(self, client, url):
        self.client, self.url = client, url
        self.data = fields_in(client.get(url).text)

    def types(self, **values):
        self.data |= {name.replace("__", "-"): value for name, value in values.items()}
        return self

    def autosaves(self):
        """Send as autosave.js does, and take what it answers."""
        answer = self.client.post(self.url, self.data, headers={"X-Autosave": "1"}).json()
        for name, values in answer["refreshed"].items():
            self.data[name] = values
        self.data["shown"] = json.dumps(answer["shown"])
        return answer

    def submits(self):
        """Send without JavaScript: the next page, or the same one with its mistakes."""
        page = self.client.post(self.url, self.data)
        if page.status_code == 422:
            self.data = fields_in(page.text)
        return page

    def decides(self, name, choice):
        """Tick one of the two answers beside a field."""
        page = self.client.post(self.url, self.data)
        moved = page.context["form"].moved[name]
        self.data = fields_in(page.text) | {moved.decision: moved.mine if choice == MINE else choice}
        return self


@pytest.fixture
def tabs(client, draft):
    return [Tab(client, step_url(draft, CONTENT)) for _ in range(2)]


def save(tab, how):
    return tab.autosaves() if how == "autosave" else tab.submits()


@pytest.mark.parametrize("how", ["autosave", "submit"])
def test_each_tab_writes_what_it_changed_alone(tabs, draft, how):
    first, second = tabs
    save(first.types(subject="Étude des algues brunes"), how)
    save(second.types(weekly_hours="30"), how)
    draft.refresh_from_db()
    assert (draft.subject, draft.weekly_hours) == ("Étude des algues brunes", 30)


def test_a_tab_left_open_shows_what_another_saved_and_goes_on(tabs, draft):
    first, second = tabs
    first.types(subject="Étude des algues brunes").autosaves()
    answer = second.types(weekly_hours="30").autosaves()
    assert answer["refreshed"] == {"subject": ["Étude des algues brunes"]}
    assert answer["moved"] == {}
    second.types(subject="Étude des algues rouges").autosaves()
    draft.refresh_from_db()
    assert (draft.subject, draft.weekly_hours) == ("Étude des algues rouges", 30)


@pytest.mark.parametrize(
    ("name", "first_value", "second_value"),
    [
        ("subject", "Étude des algues brunes", "Étude des algues rouges"),
        ("missions", "", "Compter les algues sur la plage,\r\npuis les ranger par couleur."),
        ("weekly_hours", "30", "32,5"),
        ("working_days", ["0", "1", "2", "3"], ["0", "1"]),
    ],
)
def test_what_both_changed_waits_for_a_decision(tabs, draft, name, first_value, second_value):
    first, second = tabs
    first.types(**{name: first_value}).autosaves()
    draft.refresh_from_db()
    stored = getattr(draft, name)
    answer = second.types(**{name: second_value}).autosaves()
    assert answer["moved"].keys() == {name}
    assert "Garder ma réponse" in answer["moved"][name]
    assert answer["errors"][name]
    draft.refresh_from_db()
    assert getattr(draft, name) == stored
    again = second.types(details="Et encore.").autosaves()
    assert again["moved"].keys() == {name}, "until somebody decides, nothing is written"
    draft.refresh_from_db()
    assert (getattr(draft, name), draft.details) == (stored, "Et encore.")


@pytest.mark.parametrize("choice", [MINE, THEIRS])
def test_one_decides_without_javascript(tabs, draft, choice):
    first, second = tabs
    first.types(subject="Étude des algues brunes").submits()
    page = second.types(subject="Étude des algues rouges").submits()
    assert page.status_code == 422
    assert "Étude des algues brunes" in page.text, "what the other says"
    assert "Étude des algues rouges" in page.text, "what was typed"
    second.decides("subject", choice).submits()
    draft.refresh_from_db()
    assert draft.subject == ("Étude des algues rouges" if choice == MINE else "Étude des algues brunes")


def test_a_decision_is_about_the_value_that_was_seen(tabs, draft, client):
    first, second = tabs
    first.types(subject="Étude des algues brunes").submits()
    second.types(subject="Étude des algues rouges").submits()
    second.decides("subject", MINE)
    Tab(client, step_url(draft, CONTENT)).types(subject="Étude des algues vertes").submits()
    page = second.submits()
    assert page.status_code == 422
    assert "Étude des algues vertes" in page.text
    draft.refresh_from_db()
    assert draft.subject == "Étude des algues vertes"


def test_both_typed_the_same(tabs, draft):
    first, second = tabs
    first.types(subject="Étude des algues brunes").submits()
    assert second.types(subject="Étude des algues brunes").submits().status_code == 302


class TestPeriods:
    def absence(self, draft, rank):
        start, end = week(draft, rank)
        return {"interruptions__0__start": str(start), "interruptions__0__end": str(end)}

    def dates(self, draft):
        return list(draft.interruptions.values_list("start", "end"))

    @pytest.mark.parametrize("how", ["autosave", "submit"])
    def test_a_table_left_alone_keeps_what_another_tab_stored(self, tabs, draft, how):
        first, second = tabs
        save(first.types(**self.absence(draft, 1)), how)
        save(second.types(subject="Étude des algues"), how)
        draft.refresh_from_db()
        assert (draft.subject, self.dates(draft)) == ("Étude des algues", [week(draft, 1)])
        save(second.types(details="Et encore."), how)
        assert self.dates(draft) == [week(draft, 1)]

    def test_a_table_that_both_changed_waits_for_a_decision(self, tabs, draft):
        first, second = tabs
        first.types(**self.absence(draft, 1)).autosaves()
        answer = second.types(**self.absence(draft, 2)).autosaves()
        assert answer["moved"].keys() == {"interruptions"}
        assert answer["errors"]["interruptions"]
        assert self.dates(draft) == [week(draft, 1)]
        page = second.client.post(second.url, second.data)
        assert page.status_code == 422
        [moved] = page.context["interruptions"].moved.values()
        second.data = fields_in(page.text) | {moved.decision: moved.mine}
        second.submits()
        assert self.dates(draft) == [week(draft, 2)]


def test_a_proposed_answer_is_written_although_nobody_touched_it(client, draft):
    enrolment = draft.enrolment
    enrolment.academic_year = draft.institution.academic_year(timezone.localdate())
    enrolment.save()
    draft.enrolment = None
    draft.save()
    tab = Tab(client, step_url(draft, "formation"))
    tab.submits()
    draft.refresh_from_db()
    assert draft.enrolment == enrolment


def test_a_page_of_before_is_read_as_it_was(client, draft):
    """A page drawn by the release before, or a program, posts no ``shown``: it says it all."""
    tab = Tab(client, step_url(draft, CONTENT))
    del tab.data["shown"]
    tab.types(subject="Étude des algues").submits()
    draft.refresh_from_db()
    assert draft.subject == "Étude des algues"


@pytest.mark.parametrize(
    "shown", ["", "{", "[]", '{"subject": 3}', '{"subject": null}', "9" * 300_000, "[" * 9_000]
)
def test_a_damaged_shown_loses_nothing_and_breaks_nothing(client, draft, shown):
    tab = Tab(client, step_url(draft, CONTENT)).types(subject="Étude des algues", shown=shown)
    assert tab.submits().status_code in {302, 422}


def test_student_and_manager(world, client):
    draft = world.draft()
    client.force_login(world.people["student"])
    student = Tab(client, step_url(draft, CONTENT)).types(subject="Étude des algues brunes")
    manager = type(client)()
    manager.force_login(world.people["manager"])
    draft.centre = world.centre
    draft.save(update_fields=["centre"])
    Tab(manager, step_url(draft, CONTENT)).types(weekly_hours="30").submits()
    student.submits()
    draft.refresh_from_db()
    assert (draft.subject, draft.weekly_hours) == ("Étude des algues brunes", 30)


class TestOtherForms:
    def test_a_step_of_an_avenant(self, world, client):
        avenant = world.avenant(world.convention_in(Status.SIGNED), AvenantKind.SUBJECT)
        client.force_login(world.people["student"])
        url = reverse("conventions:avenant_step", args=[avenant.convention_id, avenant.pk, CONTENT])
        first, second = Tab(client, url), Tab(client, url)
        first.types(subject="Étude des algues brunes").autosaves()
        answer = second.types(
            skills="Compter, peser, ranger et décrire des algues.", subject="Étude des algues rouges"
        ).autosaves()
        assert answer["moved"].keys() == {"subject"}
        avenant.refresh_from_db()
        assert avenant.changes["subject"]["after"] == "Étude des algues brunes"
        assert avenant.changes["skills"]["after"].startswith("Compter, peser")

    def test_the_record_of_a_host(self, world, client):
        host = OrganisationFactory(is_verified=False)
        client.force_login(world.people["manager"])
        url = reverse("organisations:edit", args=[host.pk])
        first, second = Tab(client, url), Tab(client, url)
        assert first.types(phone="02 61 91 00 44").submits().status_code == 302
        assert second.types(activity="Culture d’algues").submits().status_code == 302
        host.refresh_from_db()
        assert (host.activity, host.phone.replace(" ", "")[-9:]) == ("Culture d’algues", "261910044")


FIELDS = {
    "subject": ["Étude des algues", "Étude des oursins"],
    "missions": [
        "Compter chaque jour les algues de la plage.",
        "Compter chaque jour les oursins de la plage.",
    ],
    "skills": ["Savoir reconnaître et décrire vingt algues.", "Savoir reconnaître et décrire vingt oursins."],
    "details": ["En bottes.", "En palmes."],
    "benefits": ["Un repas.", "Un café."],
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_interleaving_of_saves_of_disjoint_fields_keeps_them_all(client, draft, data):
    names = data.draw(st.permutations(list(FIELDS)))
    cut = data.draw(st.integers(1, len(names) - 1))
    typed = [
        [(name, data.draw(st.sampled_from(FIELDS[name]))) for name in names[:cut]],
        [(name, data.draw(st.sampled_from(FIELDS[name]))) for name in names[cut:]],
    ]
    tabs = [Tab(client, step_url(draft, CONTENT)) for _ in range(2)]
    left = [list(one) for one in typed]
    while any(left):
        turn = data.draw(st.sampled_from([place for place in (0, 1) if left[place]]))
        tabs[turn].types(**dict([left[turn].pop()]))
        assert tabs[turn].autosaves()["moved"] == {}
    draft.refresh_from_db()
    assert {name: getattr(draft, name) for name in names} == dict([*typed[0], *typed[1]])
