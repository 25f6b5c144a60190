"""« Corriger moi-même »: a manager mends what is submitted; the journal, the student and the teacher know what changed."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Message
from conventions import workflow
from conventions.models import Convention, Seen, Status
from organisations.models import Centre
from tests.conventions.staff.desk import action, list_of, read
from tests.conventions.wizard.posting import content_of
from tests.factories import ContactFactory, ManagerFactory, ServiceFactory, TeacherFactory
from tests.pages import browser, text_of
from tests.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def convention(world):
    return world.convention_in(Status.SUBMITTED)


def step(convention, slug="contenu"):
    return reverse("conventions:correction_step", args=[convention.pk, slug])


def told(convention, mail):
    event = convention.events.latest("pk")
    return list(Message.objects.filter(key=f"event:{event.pk}:{mail}").values_list("recipient", flat=True))


def post(world, convention, by="manager", **changed):
    return browser(world.people[by]).post(step(convention), content_of(convention, **changed), follow=True)


def test_a_comma_is_mended(world, convention):
    before, submitted_at = convention.subject, convention.submitted_at
    page = browser(world.people["manager"]).get(convention.get_absolute_url()).text
    assert f'href="{step(convention)}"' in page
    answer = post(world, convention, subject=f"{before}, corrigé")
    assert answer.redirect_chain[-1][0] == convention.get_absolute_url()
    page = text_of(answer)
    assert "La correction est enregistrée, l’étudiant en est prévenu." in page
    assert "Convention corrigée par le centre" in page
    convention.refresh_from_db()
    assert (convention.status, convention.subject) == (Status.SUBMITTED, f"{before}, corrigé")
    assert convention.submitted_at == submitted_at
    event = convention.events.latest("pk")
    assert (event.action, event.actor) == ("correct", world.people["manager"])
    assert event.details["changes"] == {
        "subject": {"label": "Sujet", "before": before, "after": f"{before}, corrigé"}
    }
    assert told(convention, "corrected") == [world.people["student"].email]
    mail = Message.objects.get(key=f"event:{event.pk}:corrected")
    assert mail.subject == f"Votre convention {convention.number} a été corrigée"
    assert f"{before} → {before}, corrigé" in mail.text


def test_what_is_saved_as_it_was_is_no_correction(world, convention):
    post(world, convention)
    assert not convention.events.filter(action="correct").exists()
    with refused("nothing_corrected"):
        workflow.act(convention.pk, "correct", by=world.people["manager"])


def test_a_mistake_saves_nothing(world, convention):
    answer = post(world, convention, subject="")
    assert answer.status_code == 422
    before = convention.subject
    convention.refresh_from_db()
    assert convention.subject == before
    assert not convention.events.filter(action="correct").exists()


def test_nothing_is_saved_by_itself(world, convention):
    assert 'data-autosave="here"' in browser(world.people["manager"]).get(step(convention)).text


def test_who_waits_for_it_waits_since_the_submission(world, convention):
    before = Convention.objects.with_standing().get(pk=convention.pk).since
    post(world, convention, subject="Un autre sujet")
    assert Convention.objects.with_standing().get(pk=convention.pk).since == before


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ({"missions": "D’autres missions que celles qui furent approuvées."}, True),
        ({"subject": "Virgule"}, False),
    ],
)
def test_approval_is_asked_again_when_what_was_approved_changed(world, changed, again):
    Centre.objects.update(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    workflow.act(convention.pk, "approve", by=world.people["teacher"])
    post(world, convention, **changed)
    convention.refresh_from_db()
    assert convention.events.latest("pk").details["asked_again"] == (["teacher"] if again else [])
    assert told(convention, "approval_asked") == ([world.people["teacher"].email] if again else [])
    if again:
        with refused("approval_awaited"):
            workflow.act(convention.pk, "validate", by=world.people["manager"])
        workflow.act(convention.pk, "approve", by=world.people["teacher"])
    workflow.act(convention.pk, "validate", by=world.people["manager"])


def test_approval_that_was_not_given_is_still_awaited(world):
    Centre.objects.update(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    post(world, convention, missions="D’autres missions, longuement décrites.")
    assert not convention.events.latest("pk").details["asked_again"]
    assert told(convention, "approval_asked") == []
    with refused("approval_awaited"):
        workflow.act(convention.pk, "validate", by=world.people["manager"])


@pytest.mark.parametrize(
    ("slug", "column", "row"),
    [
        ("service", "service", lambda one: ServiceFactory(organisation=one.organisation, name="Annexe")),
        ("tuteur", "tutor", lambda one: ContactFactory(organisation=one.organisation, centre=one.centre)),
        (
            "signataire",
            "signatory",
            lambda one: ContactFactory(organisation=one.organisation, centre=one.centre),
        ),
        ("responsable", "teacher", lambda one: TeacherFactory(ufr=one.teacher.ufr)),
    ],
)
def test_what_is_chosen_is_corrected_too(world, convention, slug, column, row):
    chosen = row(convention)
    client = browser(world.people["manager"])
    answer = client.post(step(convention, slug), {"choice": chosen.pk}, follow=True)
    assert answer.redirect_chain[-1][0] == convention.get_absolute_url()
    convention.refresh_from_db()
    assert getattr(convention, column) == chosen
    assert convention.events.latest("pk").action == "correct"
    named = Message.objects.filter(recipient=chosen.user.email).count() if slug == "responsable" else 1
    assert named == 1


def test_one_that_is_not_in_the_directory_is_added(world, convention):
    client = browser(world.people["manager"])
    address = reverse("conventions:correction_create", args=[convention.pk, "tuteur"])
    assert f'href="{address}' in client.get(step(convention, "tuteur")).text
    typed = {
        "civility": "mme",
        "last_name": "Vasseur",
        "first_name": "Odile",
        "function": "Cheffe d’atelier",
        "email": "odile.vasseur@brecourt.example",
        "phone": "0231000000",
    }
    answer = client.post(address, typed, follow=True)
    assert answer.redirect_chain[-1][0] == convention.get_absolute_url()
    convention.refresh_from_db()
    assert convention.tutor.last_name == "Vasseur"
    assert convention.events.latest("pk").action == "correct"


def test_whoever_read_what_was_before_does_not_decide_on_it(world, convention):
    colleague = ManagerFactory(centre=world.centre).user
    typed = read(convention, comment="Oui")
    browser(colleague).get(convention.get_absolute_url())
    post(world, convention, subject="Un autre sujet")
    assert "Modifiée depuis votre dernière lecture" in list_of(colleague).text
    convention.refresh_from_db()
    answer = browser(colleague).post(action(convention, "validate"), typed, follow=True)
    assert "a changé depuis que vous l’avez ouverte" in text_of(answer)
    assert "Modifiée depuis votre dernière lecture" in text_of(
        browser(colleague).get(convention.get_absolute_url())
    )


def test_whoever_corrected_it_is_not_told_of_it(world, convention):
    client = browser(world.people["manager"])
    client.get(convention.get_absolute_url())
    page = text_of(post(world, convention, subject="Un autre sujet"))
    assert "Modifiée depuis votre dernière lecture" not in page
    assert Seen.objects.get().said["stage"]["subject"] == "Un autre sujet"


def test_the_student_does_not_correct_it(world, convention):
    ManagerFactory(centre=world.centre, user=world.people["student"])
    assert browser(world.people["student"]).get(step(convention)).status_code == 404


def test_too_late_what_was_typed_is_shown(world, convention):
    typed = content_of(convention, subject="Trop tard")
    workflow.act(convention.pk, "validate", by=world.people["manager"])
    answer = browser(world.people["manager"]).post(step(convention), typed)
    assert answer.status_code == 409
    assert "Trop tard" in answer.text
    convention.refresh_from_db()
    assert convention.subject != "Trop tard"


def test_a_draft_is_not_corrected_but_filled(world):
    convention = world.convention_in(Status.RETURNED)
    client = browser(world.people["manager"])
    assert client.get(step(convention)).status_code == 302
    assert client.post(step(convention), content_of(convention, subject="Autre")).status_code == 409


def test_the_hours_follow_the_dates(world, convention):
    before = convention.hours_computed
    end = convention.end - timedelta(days=7)
    post(world, convention, end=end.isoformat())
    convention.refresh_from_db()
    assert convention.end == end
    assert convention.hours_computed < before


def test_a_teacher_named_by_a_correction_is_told_that_they_approve_it(world):
    Centre.objects.update(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    other = world.people["other_teacher"]
    for changed, asked in (({"teacher": other.teachings.get()}, [other.email]), ({"subject": "Virgule"}, [])):
        convention.refresh_from_db()
        convention.is_being_corrected = True
        with workflow.correcting(convention, by=world.people["manager"]):
            Convention.objects.filter(pk=convention.pk).update(**changed)
        assert told(convention, "approval_asked") == asked
    named = Message.objects.get(key=f"named:{convention.pk}", recipient=other.email)
    assert "vous a désigné" in named.text
    assert "a donné votre nom" not in named.text
    first = Message.objects.get(key=f"named:{convention.pk}", recipient=world.people["teacher"].email)
    assert "a donné votre nom" in first.text
