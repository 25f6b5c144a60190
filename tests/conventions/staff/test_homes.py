"""The home of a manager and that of a teacher."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from conventions import workflow
from conventions.models import AvenantKind, Status
from conventions.workflow import avenants
from tests.conventions.staff.desk import action, list_of, listed, read, submitted
from tests.factories import TeacherFactory, next_stage
from tests.pages import browser, text_of
from tests.worlds import World

pytestmark = pytest.mark.django_db


# The manager's home


def test_the_desk_counts_what_is_to_treat_and_each_count_leads_to_its_list(world):
    manager = world.people["manager"]
    submitted(world)
    soon = submitted(world, start=timezone.localdate() + timedelta(days=2))
    late = submitted(world, start=timezone.localdate() - timedelta(days=2))
    world.convention_in(Status.RETURNED)
    world.convention_in(Status.VALIDATED, weekly_hours=Decimal(20))
    world.convention_in(Status.SIGNING, weekly_hours=Decimal(20))
    world.convention_in(Status.DRAFT)
    amended = world.convention_in(Status.SIGNED, weekly_hours=Decimal(8))
    avenant = avenants.begin(
        amended.pk, by=manager, kinds=[AvenantKind.OTHER], reason="Convenu.", other="Un badge est remis."
    )
    client = browser(manager)
    assert "Avenant : brouillon" in text_of(list_of(manager, statut="avenant-en-cours"))
    avenants.act(avenant.pk, "submit", by=manager)
    assert "Avenant A1 : soumis" in text_of(list_of(manager, statut="avenant-a-valider"))
    page = client.get("/").content.decode()
    tiles = re.findall(r'<a class="tile[^"]*" href="([^"]+)">\s*<b>(\d+)</b>', page)
    assert [int(count) for _, count in tiles] == [2, 3, 1, 2, 0, 1, 0]
    for url, count in tiles:
        assert len(listed(client.get(url.replace("&amp;", "&")))) == int(count), url
    assert listed(client.get("/"))[:2] == [late.number, soon.number]
    assert "Début dans 2 jours" in page
    assert "A commencé il y a 2 jours" in page


def test_a_desk_with_nothing_to_do_says_so(world):
    page = text_of(browser(world.people["manager"]).get("/"))
    assert "Rien à valider" in page
    assert "0 à valider" in page


def test_a_manager_who_teaches_too_counts_the_centre_alone(world):
    user = world.people["manager"]
    elsewhere = World()
    teacher = TeacherFactory(user=user, ufr=elsewhere.ufr)
    followed = submitted(elsewhere, teacher=teacher)
    managed = submitted(world)
    client = browser(user)
    page = client.get("/").content.decode()
    url = re.search(r'href="([^"]+)">\s*<b>1</b>\s*<svg.*</svg>\s*<span>[^<]*à valider', page)[1]
    assert listed(client.get(url.replace("&amp;", "&"))) == [managed.number]
    assert listed(list_of(user, role="suivi")) == [followed.number]
    assert set(listed(list_of(user))) == {managed.number, followed.number}


# The teacher's home


def test_the_teacher_is_asked_for_approval_first(world):
    world.centre.teacher_approves = True
    world.centre.save()
    asked = submitted(world, tutor__first_name="Ada", start=next_stage()[0] + timedelta(days=7))
    other = submitted(world)
    workflow.act(other.pk, "approve", by=world.people["teacher"])
    page = browser(world.people["teacher"]).get("/")
    words = text_of(page)
    assert words.count("Votre approbation est attendue") == 1
    assert words.index(str(asked.student.user)) < words.index(str(other.student.user))
    assert f"mailto:{asked.student.user.email}" in page.content.decode()
    assert f"mailto:{asked.tutor.email}" in page.content.decode()
    approved = browser(world.people["teacher"]).post(action(asked, "approve"), read(asked), follow=True)
    assert "Convention approuvée." in text_of(approved)
    assert "Votre approbation est attendue" not in text_of(browser(world.people["teacher"]).get("/"))


def test_a_teacher_without_any_trainee(world):
    assert "Aucun stage à suivre" in text_of(browser(world.people["other_teacher"]).get("/"))
