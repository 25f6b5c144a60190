"""The list: who sees what, its filters, its order, its pages, its cost."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conventions.models import Convention, Status
from tests.conventions.staff.desk import list_of, listed, submitted
from tests.factories import (
    EnrolmentFactory,
    ManagerFactory,
    OrganisationFactory,
    ProgrammeFactory,
    StudentFactory,
    UserFactory,
)
from tests.pages import browser, text_of
from tests.worlds import World, stand

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "sees"), [("manager", 2), ("admin", 3), ("teacher", 2), ("other_manager", 0)]
)
def test_the_list_shows_what_one_may_see_without_drafts(world, role, sees):
    submitted(world)
    world.convention_in(Status.SIGNED)
    world.convention_in(Status.DRAFT)
    submitted(World())
    assert len(listed(list_of(world.people[role]))) == sees


def test_students_and_strangers_have_no_list(world):
    assert list_of(world.people["student"]).status_code == 404
    assert list_of(UserFactory()).status_code == 404
    assert Client().get(reverse("conventions:list")).status_code == 302


def test_each_filter_narrows_the_list(world):
    manager = world.people["manager"]
    programme = ProgrammeFactory(ufr=world.ufr)
    student = StudentFactory(user__last_name="Œillet", user__first_name="Zoé")
    abroad = submitted(
        world,
        student=student,
        enrolment=EnrolmentFactory(student=student, programme=programme),
        organisation=OrganisationFactory(abroad=True),
    )
    home = world.convention_in(Status.VALIDATED, subject="Cartographie des haies")
    year = abroad.enrolment.academic_year
    expected = {
        (): {abroad, home},
        ("q", "oeillet zoe"): {abroad},
        ("q", home.number): {home},
        ("q", "haies cartographie"): {home},
        ("q", "lindq%forsk"): {abroad},
        ("statut", "submitted"): {abroad},
        ("statut", "non-validees"): {abroad},
        ("statut", "a-signer"): {home},
        ("statut", "refused"): set(),
        ("etape", programme.pk): {abroad},
        ("annee", year): {abroad, home},
        ("annee", year - 1): set(),
        ("debut_avant", abroad.start.isoformat()): {abroad, home},
        ("debut_avant", (abroad.start - timedelta(days=1)).isoformat()): set(),
        ("hors_france", "on"): {abroad},
    }
    for chosen, found in expected.items():
        numbers = listed(list_of(manager, **dict([chosen] if chosen else [])))
        assert set(numbers) == {convention.number for convention in found}, chosen
    assert "Bremen" not in text_of(list_of(manager))
    assert "Göteborg (Suède)" in text_of(list_of(manager))


def test_drafts_are_listed_when_asked_for(world):
    draft = world.convention_in(Status.DRAFT)
    assert listed(list_of(world.people["manager"], statut="draft")) == ["Brouillon"]
    assert draft.get_absolute_url() in list_of(world.people["manager"], statut="draft").content.decode()


def test_filters_are_chips_that_take_themselves_away(world):
    submitted(world)
    answer = list_of(
        world.people["manager"], q="lab", statut="submitted", hors_france="on", tri="debut", page=1
    )
    chips = {
        " ".join(re.sub(r"<.*", "", label).split()): url.replace("&amp;", "&")
        for url, label in re.findall(
            r'<a class="chip on" href="([^"]*)">(.*?)</a>', answer.content.decode(), re.DOTALL
        )
    }
    assert chips == {
        "« lab »": "?statut=submitted&hors_france=on&tri=debut",
        "État : À valider": "?q=lab&hors_france=on&tri=debut",
        "Hors de France": "?q=lab&statut=submitted&tri=debut",
    }
    assert 'value="submitted" selected' in answer.content.decode()
    assert "Aucune convention ne correspond" in text_of(answer)


def test_a_filter_that_means_nothing_is_told_and_not_ignored(world):
    submitted(world)
    answer = list_of(world.people["manager"], debut_avant="demain", annee="1900")
    assert answer.status_code == 200
    assert listed(answer) == []
    assert "Commence au plus tard le : Saisissez une date valide." in text_of(answer)
    assert "Année universitaire : Sélectionnez un choix valide" in text_of(answer)


def test_headers_sort_both_ways_and_keep_the_filters(world):
    first = submitted(world, start=timezone.localdate() + timedelta(days=10))
    second = submitted(world, start=timezone.localdate() + timedelta(days=5))
    manager = world.people["manager"]
    by_date = list_of(manager, tri="debut", statut="submitted")
    assert listed(by_date) == [second.number, first.number]
    page = by_date.content.decode()
    assert page.count("aria-sort") == 1
    back = re.search(r'aria-sort="ascending">\s*<a href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert back == "?tri=-debut&statut=submitted"
    assert listed(browser(manager).get(reverse("conventions:list") + back)) == [first.number, second.number]
    for sort in ("numero", "-etudiant", "organisme", "soumise", "inconnu"):
        assert len(listed(list_of(manager, tri=sort))) == 2


def test_a_manager_of_several_centres_chooses_one(world):
    other = World()
    ManagerFactory(user=world.people["manager"], centre=other.centre)
    submitted(world)
    there = submitted(other)
    manager = world.people["manager"]
    assert len(listed(list_of(manager))) == 2
    assert listed(list_of(manager, centre=other.centre.pk)) == [there.number]
    assert "Centre de gestion" not in text_of(list_of(other.people["manager"]))


def test_typing_in_the_search_box_keeps_a_clean_address(world):
    answer = browser(world.people["manager"]).get(
        reverse("conventions:list") + "?q=lab&statut=&annee=&tri=debut", headers={"HX-Request": "true"}
    )
    assert answer.headers["HX-Push-Url"] == "?q=lab&tri=debut"


def test_pages_of_a_long_list(world):
    model = submitted(world)
    copy(model, 30)
    manager = world.people["manager"]
    first, second = list_of(manager, q="labo"), list_of(manager, q="labo", page=2)
    assert (len(listed(first)), len(listed(second))) == (25, 6)
    assert "31 conventions" in text_of(first)
    assert "?q=labo&amp;page=2" in first.content.decode()
    assert not set(listed(first)) & set(listed(second))


def copy(model, count):
    """Store agreements submitted like this one."""
    rows = [Convention.objects.get(pk=model.pk) for _ in range(count)]
    for row in rows:
        row.pk, row.number, row.status, row.submitted_at = None, None, Status.DRAFT, None
    for rank, row in enumerate(Convention.objects.bulk_create(rows)):
        stand(row, Status.SUBMITTED, number=f"2019-{rank:06d}", submitted_at=model.submitted_at)


@pytest.mark.parametrize("role", ["manager", "teacher", "admin"])
@pytest.mark.parametrize("address", ["home", "conventions:list"])
def test_a_page_costs_the_same_for_one_row_and_for_fifty(world, queries_for, role, address):
    model = submitted(world, organisation=OrganisationFactory(abroad=True))
    client = browser(world.people[role])
    client.get(reverse(address))
    once = queries_for(client, reverse(address))
    copy(model, 50)
    assert queries_for(client, reverse(address)) == once
