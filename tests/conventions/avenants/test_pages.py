"""The pages of avenants: the wizard's own steps, before and after, actions."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from accounts.refusals import Refused
from conventions.models import Avenant, AvenantKind, AvenantStatus, Convention, Remark, Status
from conventions.workflow import avenants
from conventions.writing import changes, steps
from tests.conventions.staff.desk import MOST_QUERIES
from tests.conventions.wizard.posting import MAXIMUM_QUERIES
from tests.factories import ContactFactory, TeacherFactory
from tests.files import pdf
from tests.worlds import A_LITTLE, next_signatures

pytestmark = pytest.mark.django_db
NO_PERIODS = {"interruptions-TOTAL_FORMS": 0, "interruptions-INITIAL_FORMS": 0}


@pytest.fixture
def convention(world):
    return world.convention_in(Status.SIGNED)


def begin(client, convention, *kinds, **typed):
    typed = {"kinds": kinds, "reason": "Convenu avec l’organisme.", "other": "", "effective_on": "", **typed}
    return client.post(reverse("conventions:avenant_begin", args=[convention.pk]), typed)


def url(name, avenant, *more):
    return reverse(f"conventions:avenant{name}", args=[avenant.convention_id, avenant.pk, *more])


def labels(answer):
    return [str(button.label) for button in answer.context["buttons"]]


def test_a_student_prolongs_their_stage(client, world, convention):
    client.force_login(world.people["student"])
    assert "Proposer un avenant" in client.get(convention.get_absolute_url()).content.decode()
    answer = begin(client, convention, AvenantKind.EXTENSION)
    avenant = Avenant.objects.get()
    step = url("_step", avenant, "contenu")
    assert answer.url == step
    page = client.get(step)
    assert set(page.context["form"].fields) == {
        "end",
        "hours_corrected",
        "hours_reason",
        "insurer",
        "insurance_policy",
        "insurance_start",
        "insurance_end",
    }
    assert "Rien ne change encore" in page.content.decode()

    end = convention.end + A_LITTLE
    saved = client.post(step, {"end": end.isoformat(), **NO_PERIODS}, headers={"X-Autosave": "1"}).json()
    assert f"{end.day}" in saved["html"]["changes"]
    assert client.post(step, {"end": end.isoformat(), **NO_PERIODS}).url == avenant.get_absolute_url()
    avenant.refresh_from_db()
    assert set(avenant.changes) == {"end", "hours_computed"}
    assert Convention.objects.get(pk=convention.pk).end == convention.end

    page = client.get(avenant.get_absolute_url())
    assert "Soumettre l’avenant" in labels(page)
    client.post(url("_act", avenant, "submit"), {"lu": ""})
    client.force_login(world.people["manager"])
    page = client.get(avenant.get_absolute_url())
    assert f"Avenant {convention.number}/A1" in page.content.decode()
    assert {"Valider", "Refuser"} <= set(labels(page))
    assert "Rien n’est demandé" not in page.content.decode()


def test_an_end_before_the_start_is_told_beside_its_field(client, world, convention):
    client.force_login(world.people["student"])
    begin(client, convention, AvenantKind.EXTENSION)
    avenant = Avenant.objects.get()
    early = convention.start - timedelta(days=3)
    answer = client.post(url("_step", avenant, "contenu"), {"end": early.isoformat(), **NO_PERIODS})
    assert answer.status_code == 422
    assert "end" in answer.context["form"].errors
    page = client.get(avenant.get_absolute_url())
    assert "Soumettre l’avenant" not in labels(page)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"kinds": []}, "kinds"),
        ({"kinds": ["extension", "postponement"]}, "kinds"),
        ({"kinds": ["termination", "subject"]}, "kinds"),
        ({"kinds": ["other"]}, "other"),
        ({"reason": ""}, "reason"),
        ({"effective_on": "2020-01-01"}, "effective_on"),
        ({"effective_on": "2099-01-01"}, "effective_on"),
        ({"kinds": ["inventé"]}, "kinds"),
    ],
)
def test_the_purpose_says_what_is_wrong(client, world, convention, typed, field):
    client.force_login(world.people["teacher"])
    answer = begin(client, convention, **{"kinds": ["subject"], **typed})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Avenant.objects.exists()


def test_a_kind_taken_off_takes_its_changes_away(client, world, convention):
    def change(row):
        row.subject = "Étude de levures"
        row.end += A_LITTLE

    avenant = world.avenant(convention, AvenantKind.SUBJECT, AvenantKind.EXTENSION, change=change)
    assert {"subject", "end", "hours_computed"} == set(avenant.changes)
    client.force_login(world.people["student"])
    client.post(url("_purpose", avenant), {"kinds": "subject", "reason": "Convenu.", "other": ""})
    avenant.refresh_from_db()
    assert set(avenant.changes) == {"subject"}


def test_the_tutor_is_chosen_or_created(client, world, convention):
    other = ContactFactory(organisation=convention.organisation, last_name="Vasseur")
    elsewhere = ContactFactory()
    avenant = world.avenant(convention, AvenantKind.TUTOR, change=lambda row: None)
    client.force_login(world.people["student"])
    step = url("_step", avenant, "tuteur")
    assert "Vasseur" in client.get(step).content.decode()
    assert client.post(step, {"choice": elsewhere.pk}).status_code == 404
    client.post(step, {"choice": other.pk})
    avenant.refresh_from_db()
    assert avenant.changes["tutor_id"] == {"before": convention.tutor_id, "after": other.pk}
    typed = {
        "civility": "mme",
        "first_name": "Inès",
        "last_name": "Dubreuil",
        "function": "Ingénieure",
        "phone": "0261910005",
        "email": "i.dubreuil@brecourt.example",
    }
    page = client.get(url("_create", avenant, "tuteur"))
    typed["civility"] = page.context["form"].fields["civility"].choices[-1][0]
    client.post(url("_create", avenant, "tuteur"), typed)
    avenant.refresh_from_db()
    assert changes.proposed(avenant).tutor.last_name == "Dubreuil"
    assert client.get(url("_step", avenant, "service")).status_code == 404


def test_what_the_law_asks_besides_is_named(client, world, convention):
    """Above 308 hours leave must be written: another kind of change."""

    def change(row):
        row.end += timedelta(days=14)

    avenant = world.avenant(convention, AvenantKind.EXTENSION, change=change)
    client.force_login(world.people["student"])
    page = client.get(avenant.get_absolute_url())
    assert page.context["missing_kinds"] == ["Temps de présence et congés"]
    assert "Soumettre l’avenant" not in labels(page)


def test_remarks_come_and_go(client, world, convention):
    avenant = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    client.force_login(world.people["manager"])
    client.post(url("_add_remark", avenant), {"field": "subject", "text": "Laquelle ?"})
    client.post(url("_add_remark", avenant), {"field": "reason", "text": "Depuis quand ?"})
    first, second = Remark.objects.filter(avenant=avenant)
    client.post(url("_delete_remark", avenant, second.pk))
    client.force_login(world.people["student"])
    assert "Laquelle ?" not in client.get(avenant.get_absolute_url()).content.decode()
    client.force_login(world.people["manager"])
    client.post(url("_act", avenant, "return"), {"comment": "À préciser.", "lu": avenant.submission})
    client.force_login(world.people["student"])
    page = client.get(avenant.get_absolute_url())
    assert "Laquelle ?" in page.content.decode()
    assert "Soumettre l’avenant" not in labels(page)
    # An agreement of one's own has no part in it.
    assert "Laquelle ?" not in client.get(convention.get_absolute_url()).content.decode()
    client.post(url("_answer", avenant), {f"answer-{first.pk}": "Celle-ci.", f"resolved-{first.pk}": "on"})
    first.refresh_from_db()
    assert (first.answer, first.resolved_by) == ("Celle-ci.", world.people["student"])
    assert "Soumettre l’avenant" in labels(client.get(avenant.get_absolute_url()))


def test_a_past_day_is_shown_as_it_was(client, world, convention):
    avenant = world.avenant_in(AvenantStatus.EFFECTIVE, convention)
    client.force_login(world.people["manager"])
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        now = client.get(convention.get_absolute_url()).content.decode()
        yesterday = timezone.localdate(avenant.applied_at) - timedelta(days=1)
        # It took effect the day it was validated: the day before is before the agreement.
        assert client.get(convention.get_absolute_url(), {"le": yesterday.isoformat()}).status_code == 302
        assert client.get(convention.get_absolute_url(), {"le": "demain"}).status_code == 302
    assert "Étude de levures" in now


def test_a_past_day_before_an_avenant(client, world):
    with time_machine.travel(timezone.now() - timedelta(days=3)):
        convention = world.convention_in(Status.SIGNED)
    world.avenant_in(AvenantStatus.EFFECTIVE, convention)
    client.force_login(world.people["teacher"])
    today = timezone.localdate()
    page = client.get(convention.get_absolute_url(), {"le": (today - timedelta(days=1)).isoformat()})
    assert convention.subject in page.content.decode()
    assert "Étude de levures" not in page.content.decode()
    page = client.get(convention.get_absolute_url(), {"le": today.isoformat()})
    assert "Étude de levures" in page.content.decode()


def test_the_scan_of_a_signed_avenant_is_joined(client, world, convention, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    avenant = world.avenant_in(AvenantStatus.EFFECTIVE, convention)
    client.force_login(world.people["manager"])
    assert "Copie signée manquante" in client.get(avenant.get_absolute_url()).content.decode()
    client.post(url("_signed_copy", avenant), {"upload": SimpleUploadedFile("avenant.pdf", pdf())})
    paper = avenant.attachments.get()
    assert (str(paper), paper.decision) == (f"Avenant {avenant} signé", "accepted")
    assert "Copie signée manquante" not in client.get(avenant.get_absolute_url()).content.decode()
    assert "Copie signée manquante" in client.get(convention.get_absolute_url()).content.decode()


def test_a_draft_is_deleted_and_nothing_submitted_is(client, world, convention):
    draft = world.avenant(convention)
    client.force_login(world.people["student"])
    client.post(url("_delete", draft))
    assert not Avenant.objects.exists()
    sent = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    client.post(url("_delete", sent))
    assert Avenant.objects.get() == sent


def mails():
    return set(Message.objects.filter(subject__icontains="avenant").values_list("subject", "recipient"))


def test_each_step_is_told_to_those_it_concerns(world, convention):
    avenant = world.avenant_in(AvenantStatus.SIGNING, convention)
    people = {role: person.email for role, person in world.people.items()}
    number = str(avenant)
    assert mails() >= {
        (f"Avenant {number} à vérifier", people["manager"]),
        (f"L’avenant {number} est validé\u00a0: faites-le signer", people["student"]),
        (f"L’avenant {number} est validé\u00a0: faites-le signer", people["teacher"]),
    }
    dates = next_signatures(changes.proposed(Avenant.objects.get()), 5)
    avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)
    told = {recipient for subject, recipient in mails() if subject == f"L’avenant {number} est en vigueur"}
    assert told == {people["student"], people["teacher"], people["manager"]}
    assert not {recipient for _subject, recipient in mails()} & {people["admin"], people["other_student"]}


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("upload", "attach"),
        ("upload", "signed_copy"),
        ("summarise", "summarise"),
        ("avenant", "avenant_begin"),
    ],
)
def test_what_is_costly_is_not_asked_without_end(client, world, convention, settings, action, name):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, action: "2/m/user"}
    client.force_login(world.people["student"])
    asked = reverse(f"conventions:{name}", args=[convention.pk])
    codes = [client.post(asked).status_code for _ in range(3)]
    assert codes[2] == 429
    assert 429 not in codes[:2]
    client.force_login(world.people["manager"])
    assert client.post(asked).status_code != 429


@pytest.mark.parametrize("state", [AvenantStatus.DRAFT, AvenantStatus.VALIDATED])
def test_whoever_an_avenant_names_may_be_gone(client, world, convention, state):
    """No foreign key holds them: its pages say what is missing, and it can be given up."""
    gone = TeacherFactory(ufr=world.ufr)

    def change(row):
        row.teacher = gone

    avenant = world.avenant_in(state, convention, AvenantKind.TEACHER, change=change)
    gone.user.delete()
    client.force_login(world.people["manager"])
    assert client.get(avenant.get_absolute_url()).status_code == 200
    if state == AvenantStatus.DRAFT:
        assert client.get(url("_step", avenant, "responsable")).status_code == 200
        with pytest.raises(Refused, match="Il manque"):
            avenants.act(avenant.pk, "submit", by=world.people["manager"])
    else:
        avenants.act(avenant.pk, "cancel", by=world.people["manager"], comment="Partie.")


def test_only_an_avenant_has_a_purpose_to_remark_on(client, world):
    """A remark that no step of the agreement shows would break the summary of its student."""
    convention = world.convention_in(Status.SUBMITTED)
    client.force_login(world.people["manager"])
    pinned = client.post(
        reverse("conventions:add_remark", args=[convention.pk]),
        {"field": "reason", "text": "Dites pourquoi."},
    )
    assert pinned.status_code == 422
    assert not Remark.objects.exists()


def test_whoever_judges_an_avenant_sends_it_back_or_refuses_it(client, world):
    """Taking it back, or giving it up, is for whoever proposed it."""
    proposed = world.avenant_in(AvenantStatus.SUBMITTED)

    def offered(role):
        client.force_login(world.people[role])
        said = labels(client.get(proposed.get_absolute_url()))
        return {action.name for action in avenants.ACTIONS.values() if action.label in said}

    assert offered("manager") == {"validate", "return", "refuse"}
    assert offered("student") == {"withdraw", "cancel"}
    Avenant.objects.filter(pk=proposed.pk).update(created_by=world.people["manager"])
    assert {"withdraw", "cancel"} < offered("manager")


def test_a_step_shows_the_absences_that_the_avenant_gives(client, world, convention):
    day = convention.start + timedelta(days=7)

    def suspend(row):
        changes.show_periods(row, "interruptions", [(day, day, "leave")])

    avenant = world.avenant(convention, AvenantKind.SUSPENSION, change=suspend)
    client.force_login(world.people["student"])
    page = client.get(url("_step", avenant, "contenu"))
    assert page.context["interruptions"].initial == [{"start": day, "end": day, "kind": "leave"}]
    assert not convention.interruptions.exists()


# What its pages cost: no more than those of an agreement


@pytest.mark.parametrize("role", ["student", "manager", "teacher", "admin"])
@pytest.mark.parametrize(
    "state",
    [AvenantStatus.SUBMITTED, AvenantStatus.RETURNED, AvenantStatus.SIGNING, AvenantStatus.EFFECTIVE],
)
def test_an_avenant_costs_as_many_queries_as_an_agreement_at_most(
    client, world, role, state, django_assert_max_num_queries
):
    avenant = world.avenant_in(state)
    client.force_login(world.people[role])
    client.get(avenant.get_absolute_url())
    with django_assert_max_num_queries(MOST_QUERIES):
        assert client.get(avenant.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("kind", [kind for kind in AvenantKind if kind != AvenantKind.OTHER])
def test_each_step_of_an_avenant_costs_as_many_queries_as_one_of_an_agreement_at_most(
    client, world, convention, kind, django_assert_max_num_queries
):
    avenant = world.avenant(convention, kind, change=lambda row: None)
    client.force_login(world.people["student"])
    for step in steps.steps_of(changes.proposed(avenant)):
        with django_assert_max_num_queries(MAXIMUM_QUERIES):
            assert client.get(url("_step", avenant, step.slug)).status_code == 200
