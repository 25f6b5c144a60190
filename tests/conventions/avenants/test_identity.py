"""An avenant that corrects who the student is: what was printed before, what is printed after."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from conventions import documents
from conventions.models import Avenant, AvenantKind, AvenantStatus, Convention, Document, Status
from conventions.writing import changes, steps
from tests.conventions.avenants.test_pages import begin, labels, url
from tests.conventions.documents.reading import words
from tests.pages import browser, fields_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def convention(world):
    User.objects.filter(pk=world.student.user_id).update(first_name="Anaïs", last_name="Dupond")
    world.student.user.refresh_from_db()
    return world.convention_in(Status.SIGNED)


@pytest.fixture
def student(world, convention):
    return browser(world.people["student"])


def correct(student, convention, **typed):
    """Write an avenant that corrects these, as its student does."""
    begin(student, convention, AvenantKind.IDENTITY)
    avenant = Avenant.objects.get()
    step = url("_step", avenant, "identite")
    data = fields_in(student.get(step).text) | {f"corrected_{name}": value for name, value in typed.items()}
    answer = student.post(step, data)
    avenant.refresh_from_db()
    return avenant, answer


def test_from_the_first_page_to_the_effect(world, convention, student):
    answer = begin(student, convention, AvenantKind.IDENTITY)
    avenant = Avenant.objects.get()
    step = url("_step", avenant, "identite")
    assert answer.url == step
    page = student.get(step)
    assert "Dupond Anaïs" in page.text, "what the agreement says"
    assert "17/05/2004" in page.text
    assert 'name="corrected_last_name"' in page.text
    assert not page.context["form"]["corrected_last_name"].value()
    data = fields_in(page.text) | {"corrected_last_name": "Dupont", "corrected_birth_date": "2004-05-18"}
    saved = student.post(step, data, headers={"X-Autosave": "1"}).json()
    assert "Dupont" in saved["html"]["changes"]
    assert student.post(step, data).url == avenant.get_absolute_url()
    avenant.refresh_from_db()
    assert avenant.changes == {
        "corrected_last_name": {"before": "", "after": "Dupont"},
        "corrected_birth_date": {"before": None, "after": "2004-05-18"},
    }
    page = text_of(student.get(avenant.get_absolute_url()))
    assert "Dupond Anaïs" in page
    assert "Dupont Anaïs" in page
    assert "18/05/2004" in page
    world.move(avenant, AvenantStatus.EFFECTIVE)
    agreed = Convention.objects.get(pk=convention.pk)
    assert agreed.identity["last_name"] == "Dupont"
    assert agreed.identity["birth_date"] == date(2004, 5, 18)
    assert User.objects.get(pk=world.student.user_id).last_name == "Dupond", (
        "the records are the university's"
    )
    frozen = Document.objects.get(kind=Document.Kind.AVENANT)
    sheet = words(documents.printing.render_sheet(frozen.kind, frozen.context).replace("\u00ad", ""))
    assert "Dupond" in sheet
    assert "Dupont" in sheet
    after = documents.agreed_context(agreed)
    assert after["student"]["last_name"] == "Dupont"
    assert [one["name"] for one in after["circuit"] if one["party"] == "student"] == ["Anaïs Dupont"]
    assert "Dupont" in text_of(student.get(convention.get_absolute_url()))


def test_what_was_printed_is_corrected_although_the_records_were_first(world, convention, student):
    """The university corrects its records, then the agreement: before and after are both told."""
    user = User.objects.get(pk=world.student.user_id)
    user.last_name = "Dupont"
    user.save()
    page = student.get(url("_step", correct(student, convention, last_name="Dupont")[0], "identite"))
    assert "Dupond Anaïs" in page.text
    avenant = Avenant.objects.get()
    before, after = documents.both_sides(changes.proposed(avenant))
    assert (before["student"]["last_name"], after["student"]["last_name"]) == ("Dupond", "Dupont")
    assert [one["name"] for one in after["circuit"] if one["party"] == "student"] == ["Anaïs Dupont"]
    [change] = documents.compare(before, after)
    assert (change.before, change.after) == ("Dupond Anaïs", "Dupont Anaïs")


def test_a_minor_after_all_is_told_and_signs_with_a_guardian(world, convention, student):
    birth = convention.start - timedelta(days=17 * 365)
    avenant, _answer = correct(student, convention, birth_date=birth.isoformat())
    _before, after = documents.both_sides(changes.proposed(avenant))
    assert after["student"]["is_minor"]


@pytest.mark.parametrize("typed", [{}, {"last_name": ""}])
def test_one_that_corrects_nothing_is_not_submitted(world, convention, student, typed):
    avenant, _answer = correct(student, convention, **typed)
    page = student.get(avenant.get_absolute_url())
    assert "rien ne change encore" in text_of(page)
    assert "Soumettre l’avenant" not in labels(page)


def test_a_birth_to_come_is_refused(convention, student):
    _avenant, answer = correct(student, convention, birth_date="2100-01-01")
    assert answer.status_code == 422
    assert "Une date de naissance est passée" in answer.text


def test_a_second_one_begins_from_the_first(world, convention, student):
    avenant, _answer = correct(student, convention, last_name="Dupont")
    world.move(avenant, AvenantStatus.EFFECTIVE)
    begin(student, convention, AvenantKind.IDENTITY)
    second = Avenant.objects.get(status=AvenantStatus.DRAFT)
    page = student.get(url("_step", second, "identite"))
    assert page.context["form"]["corrected_last_name"].value() == "Dupont"
    assert "Dupont Anaïs" in page.text


def test_another_kind_of_avenant_leaves_the_identity_alone(world, convention):
    avenant = world.avenant_in(AvenantStatus.VALIDATED, convention)
    frozen = avenant.documents.get().context
    assert frozen["before"]["student"] == frozen["after"]["student"]


def test_the_wizard_of_an_agreement_has_no_such_step(world):
    draft = world.draft()
    assert "identite" not in [step.slug for step in steps.steps_of(draft)]
    student = browser(world.people["student"])
    assert student.get(reverse("conventions:step", args=[draft.pk, "identite"])).status_code == 404
    assert student.get(reverse("conventions:step", args=[draft.pk, "eleve"])).status_code == 200


def test_what_the_records_say_is_shown_and_not_asked(world):
    world.student.birth_name, world.student.sex = "Kervella", "F"
    world.student.save()
    page = browser(world.people["student"]).get(reverse("conventions:step", args=[world.draft().pk, "eleve"]))
    text = text_of(page)
    assert "Nom de naissance Kervella" in text
    assert "Féminin" in text
    assert "Nom d’usage" not in text, "what is not known is not shown"
    assert not {"birth_name", "sex"} & page.context["form"].fields.keys()


def test_the_agreement_is_found_under_each_name(world):
    world.student.birth_name = "Kervella"
    world.student.save()
    draft = world.convention_in(Status.SUBMITTED)
    manager = browser(world.people["manager"])
    assert draft.number in manager.get(reverse("conventions:list"), {"q": "kervella"}).text
    world.student.birth_name = "Quéméner"
    world.student.save()
    assert draft.number in manager.get(reverse("conventions:list"), {"q": "quemener"}).text
    assert draft.number not in manager.get(reverse("conventions:list"), {"q": "kervella"}).text
