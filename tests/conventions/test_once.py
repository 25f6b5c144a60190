"""What a form makes, it makes once: several clicks, several tabs, several people at the same second."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import once
from accounts.models import Creation
from conventions.models import Avenant, AvenantKind, Convention, Remark, Status
from conventions.writing import drafts
from organisations.models import Contact, Organisation, Service
from tests.at_once import at_once
from tests.conventions.test_host_choice import new_host
from tests.conventions.wizard.posting import content_of, step_url
from tests.pages import browser
from tests.worlds import World

pytestmark = pytest.mark.django_db

ADVICE = reverse("conventions:advice")
SERVICE = {
    "name": "Service des cultures",
    "phone": "02 61 91 00 10",
    "street": "3 rue Haute",
    "postal_code": "14000",
    "city": "Caen",
    "country": "FR",
}
PERSON = {
    "first_name": "Jeanne",
    "last_name": "Petit",
    "function": "Directrice",
    "phone": "02 31 00 00 00",
    "email": "jeanne.petit@hote.example",
}


def hidden(page):
    """Return what a browser posts of a page without typing anything."""
    return dict(re.findall(r'<input type="hidden" name="(after)" value="([^"]*)"', page.text))


class TestStart:
    def test_every_tab_leads_to_one_draft(self, world):
        student = browser(world.people["student"])
        tabs = [hidden(student.get(ADVICE)) for _ in range(4)]
        assert all(tabs)
        addresses = {student.post(ADVICE, tab).url for tab in tabs}
        assert len(addresses) == 1
        draft = Convention.objects.get()
        assert draft.events.count() == 1
        student.post(step_url(draft, "contenu"), content_of(draft, subject="Étude de levures"))
        assert student.post(ADVICE, tabs[0]).url in addresses, "a tab left open since"

    def test_another_stage_begins_from_a_page_shown_after(self, world):
        student = browser(world.people["student"])
        first = student.post(ADVICE, hidden(student.get(ADVICE))).url
        assert student.post(ADVICE, hidden(student.get(ADVICE))).url != first

    def test_a_page_of_before_goes_on_with_what_nobody_touched(self, world):
        student = browser(world.people["student"])
        assert student.post(ADVICE).url == student.post(ADVICE).url
        draft = Convention.objects.get()
        Convention.objects.filter(pk=draft.pk).update(updated_at=draft.created_at + 60 * drafts.ONE_SECOND)
        student.post(ADVICE)
        assert Convention.objects.count() == 2

    def test_one_that_was_deleted_may_be_started_again(self, world):
        student = browser(world.people["student"])
        tab = hidden(student.get(ADVICE))
        student.post(ADVICE, tab)
        Convention.objects.all().delete()
        assert student.post(ADVICE, tab).status_code == 302
        assert Convention.objects.count() == 1

    def test_a_manager_enters_one_for_a_student(self, world):
        manager, url = browser(world.people["manager"]), reverse("conventions:enter")
        tabs = [hidden(manager.get(url, {"q": world.student.user.last_name})) for _ in range(3)]
        assert all(tabs)
        for tab in tabs:
            manager.post(url, tab | {"student": world.student.pk})
        assert Convention.objects.count() == 1

    def test_a_copy_is_one_until_something_is_typed_in_it(self, world):
        original = world.convention_in(Status.SUBMITTED)
        student, url = browser(world.people["student"]), reverse("conventions:duplicate", args=[original.pk])
        assert student.post(url).url == student.post(url).url
        copy = Convention.objects.exclude(pk=original.pk).get()
        Convention.objects.filter(pk=copy.pk).update(updated_at=copy.created_at + 60 * drafts.ONE_SECOND)
        student.post(url)
        assert Convention.objects.count() == 3


class TestDirectory:
    @pytest.mark.parametrize(
        ("slug", "model", "typed"),
        [("service", Service, SERVICE), ("tuteur", Contact, PERSON), ("etablissement", Organisation, None)],
    )
    def test_the_same_form_from_four_drafts_makes_one_row(self, world, slug, model, typed):
        typed = typed or new_host(name="Assoc. des Embruns", siret="", siret_exemption="association")
        student = browser(world.people["student"])
        host = world.draft().organisation
        kept = [world.draft(organisation=host, service=None, tutor=None, signatory=None) for _ in range(4)]
        before = model.objects.count()
        for draft in kept:
            url = reverse("conventions:create", args=[draft.pk, slug])
            for _click in range(2):
                answer = student.post(url, typed)
                assert answer.status_code == 302, answer.context["form"].errors
        assert model.objects.count() == before + 1
        row = model.objects.latest("pk")
        column = {"service": "service", "tuteur": "tutor", "etablissement": "organisation"}[slug]
        assert Convention.objects.filter(pk__in=[one.pk for one in kept], **{column: row}).count() == 4

    def test_a_mistake_makes_nothing_and_may_be_sent_again(self, world):
        student, draft = browser(world.people["student"]), world.draft()
        url = reverse("conventions:create", args=[draft.pk, "tuteur"])
        mistaken = PERSON | {"email": "jeanne.petit"}
        assert student.post(url, mistaken).status_code == student.post(url, mistaken).status_code == 422
        assert student.post(url, PERSON).status_code == 302

    def test_what_one_makes_is_not_given_to_another(self, world):
        student, manager = browser(world.people["student"]), browser(world.people["manager"])
        for somebody, draft in ((student, world.draft()), (manager, world.convention_in(Status.DRAFT))):
            url = reverse("conventions:create", args=[draft.pk, "service"])
            assert somebody.post(url, SERVICE).status_code in {302, 404}
        assert Creation.objects.count() <= 2


def test_a_remark_sent_twice_is_one(world):
    convention = world.convention_in(Status.SUBMITTED)
    manager, url = browser(world.people["manager"]), reverse("conventions:add_remark", args=[convention.pk])
    for text in ("Dites laquelle.", "Dites laquelle.", "Dites pourquoi."):
        manager.post(url, {"field": "subject", "text": text})
    assert Remark.objects.count() == 2


def test_an_avenant_begun_twice_is_one(world):
    convention = world.convention_in(Status.SIGNED)
    student, url = (
        browser(world.people["student"]),
        reverse("conventions:avenant_begin", args=[convention.pk]),
    )
    typed = {"kinds": [AvenantKind.SUBJECT], "reason": "Convenu avec l’organisme."}
    assert student.post(url, typed).url == student.post(url, typed).url
    assert Avenant.objects.count() == 1
    other = student.post(url, typed | {"reason": "Autre chose."}, follow=True)
    assert "un autre est ouvert" in other.text


@pytest.mark.django_db(transaction=True)
def test_four_clicks_at_the_same_second():
    world = World()
    student, by = world.student, world.people["student"]
    made = at_once(*[lambda: drafts.start(student, by=by, after="0").pk] * 4)
    assert made == [Convention.objects.get().pk] * 4
    made = at_once(*[lambda: drafts.duplicate(Convention.objects.get(pk=made[0]), by=by).pk] * 4)
    assert len(set(made)) == 1
    assert Convention.objects.count() == 2


def test_keys_are_forgotten(world, time_machine):
    once.claim(world.people["student"], "draft", 1)
    once.forget_creations()
    assert Creation.objects.count() == 1
    time_machine.move_to(timezone.now() + once.KEPT + drafts.ONE_SECOND)
    once.forget_creations()
    assert not Creation.objects.exists()


@pytest.mark.parametrize("count", [13, 24, 30])
@pytest.mark.parametrize("name", ["work_periods", "interruptions"])
def test_more_periods_than_a_page_takes_with_an_overlap_are_a_mistake_of_the_form(world, name, count):
    draft = world.draft()
    student = browser(world.people["student"])
    typed = content_of(draft) | {f"{name}-TOTAL_FORMS": count, f"{name}-INITIAL_FORMS": 0}
    for rank in range(count):
        typed |= {f"{name}-{rank}-start": draft.start, f"{name}-{rank}-end": draft.end}
        typed |= {f"{name}-{rank}-monday": "7", f"{name}-{rank}-kind": "interruption"}
    for headers in ({}, {"X-Autosave": "1"}):
        answer = student.post(step_url(draft, "contenu"), typed, headers=headers)
        assert answer.status_code in {200, 422}
    assert getattr(draft, name).count() <= 1
