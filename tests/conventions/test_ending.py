"""The end of a stage: states that only dates tell, archives, and the certificate that is owed."""

from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from conventions import workflow
from conventions.follow_up import reminders
from conventions.follow_up.dates import owed_a_certificate
from conventions.models import Convention, Document, Status
from conventions.standing import words
from organisations import retention
from organisations.models import Centre
from tests.factories import ConventionFactory
from tests.pages import browser
from tests.worlds import World

pytestmark = pytest.mark.django_db

ONE_DAY = timedelta(days=1)


def at(day):
    """Stand at noon of a day."""
    return time_machine.travel(timezone.make_aware(datetime.combine(day, time(12))))


def listed(user, **query):
    return [row.number for row in browser(user).get(reverse("conventions:list"), query).context["rows"]]


def certificate(convention):
    return Document.objects.create(convention=convention, kind=Document.Kind.CERTIFICATE, context={})


# States that only dates tell


def test_what_is_over_says_whether_its_certificate_is_made():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    pages = {
        "manager": (reverse("conventions:list"), convention.get_absolute_url()),
        "teacher": (reverse("home"), convention.get_absolute_url()),
    }
    record = reverse("conventions:certificate", args=[convention.pk])
    with at(convention.end + ONE_DAY):
        for words, offered in (("Attestation à établir", 1), ("Attestation établie", 0)):
            for role, addresses in pages.items():
                for address in addresses:
                    assert words in browser(world.people[role]).get(address).text
            buttons = browser(world.people["manager"]).get(convention.get_absolute_url()).context["buttons"]
            assert [button.url for button in buttons if button.is_primary] == [record] * offered
            told = "sera établie une fois vos heures" if offered else "Votre attestation de stage est prête."
            assert told in browser(world.people["student"]).get(reverse("home")).text
            certificate(convention)


@pytest.mark.parametrize(
    ("day", "state", "word"),
    [
        (lambda stage: stage.start - ONE_DAY, "a-venir", "Signée"),
        (lambda stage: stage.start, "en-cours", "En cours"),
        (lambda stage: stage.end, "en-cours", "En cours"),
        (lambda stage: stage.end + ONE_DAY, "terminees", "Terminée"),
    ],
)
def test_a_signed_agreement_is_found_by_the_state_its_dates_give(day, state, word):
    world = World()
    convention = world.convention_in(Status.SIGNED)
    with at(day(convention)):
        for wanted in ("a-venir", "en-cours", "terminees"):
            assert bool(listed(world.people["manager"], statut=wanted)) == (wanted == state), wanted
        assert words.label(convention) == word
        page = browser(world.people["manager"]).get(reverse("conventions:list"), {"statut": state})
        assert page.context["chips"][0].label.startswith("État")
        assert page.context["rows"][0].standing.label == word


@pytest.mark.parametrize("state", ["a-venir", "en-cours", "terminees", "attestations"])
def test_only_signed_agreements_have_them(state):
    world = World()
    convention = world.convention_in(Status.VALIDATED)
    for day in (convention.start - ONE_DAY, convention.start, convention.end + ONE_DAY):
        with at(day):
            assert listed(world.people["manager"], statut=state) == []


# Archives


def test_archives_are_left_out_until_they_are_asked_for():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    institution = world.centre.institution
    last_day = institution._year_end(institution.academic_year(convention.end) + 2)
    pages = {"student": 200, "manager": 200, "teacher": 200, "admin": 200, "other_manager": 404}
    for day, archived in ((last_day, False), (last_day + ONE_DAY, True)):
        with at(day):
            for role in ("manager", "admin"):
                assert listed(world.people[role]) == ([] if archived else [convention.number]), (day, role)
                assert listed(world.people[role], archives="on") == ([convention.number] if archived else [])
            assert listed(world.people["teacher"], archives="on") == ([] if archived else [convention.number])
            followed = browser(world.people["teacher"]).get("/").context["followed"]
            assert len(followed) == (0 if archived else 1)
            for role, status in {**pages, "teacher": 404 if archived else 200}.items():
                page = browser(world.people[role]).get(convention.get_absolute_url())
                assert page.status_code == status, (day, role)
            assert convention.number in browser(world.people["student"]).get("/").content.decode()


def test_archived_drafts_and_submissions_leave_the_desk_of_their_manager():
    world = World()
    convention = world.convention_in(Status.SUBMITTED)
    manager = browser(world.people["manager"])
    assert manager.get("/").context["desk"]["rows"]
    with at(convention.end + timedelta(days=366 * 3)):
        assert browser(world.people["manager"]).get("/").context["desk"]["rows"] == []


def test_a_draft_without_dates_is_archived_from_its_last_change():
    world = World()
    draft = ConventionFactory(student=world.student, centre=world.centre)
    for day, archived in (
        (timezone.localdate(), False),
        (timezone.localdate() + timedelta(days=366 * 3), True),
    ):
        with at(day):
            found = browser(world.people["manager"]).get(
                reverse("conventions:list"), {"statut": "draft", **({"archives": "on"} if archived else {})}
            )
            assert [row.url for row in found.context["rows"]] == [draft.get_absolute_url()]
            assert len(listed(world.people["manager"], statut="draft")) == (0 if archived else 1)


# The certificate


def test_who_is_owed_a_certificate():
    world = World()
    signed = world.convention_in(Status.SIGNED)
    assert not owed_a_certificate(Convention.objects.all(), last=signed.end - ONE_DAY).exists()
    assert owed_a_certificate(Convention.objects.all(), last=signed.end).get() == signed
    after = signed.end + ONE_DAY
    assert not owed_a_certificate(Convention.objects.all(), first=after, last=after).exists()
    certificate(signed)
    assert not owed_a_certificate(Convention.objects.all(), last=signed.end).exists()


def test_an_agreement_broken_off_owes_one_from_that_day():
    world = World()
    convention = world.convention_in(Status.VALIDATED)
    last = convention.start + timedelta(days=3)
    with at(last):
        manager = world.people["manager"]
        workflow.act(convention.pk, "terminate", by=manager, comment="L’organisme ferme.", ended_on=last)
    assert not owed_a_certificate(Convention.objects.all(), last=last - ONE_DAY).exists()
    assert owed_a_certificate(Convention.objects.all(), last=last).get() == convention


def test_the_desk_counts_them_and_leads_to_their_list():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    with at(convention.end + ONE_DAY):
        client = browser(world.people["manager"])
        tile = client.get("/").context["desk"]["tiles"][-1]
        assert (tile.count, tile.label) == (1, "attestation à établir")
        assert convention.number in client.get(tile.url).content.decode()
        with CaptureQueriesContext(connection) as one:
            client.get("/")
        certificate(convention)
        assert client.get("/").context["desk"]["tiles"][-1].count == 0
        with CaptureQueriesContext(connection) as none:
            client.get("/")
        assert len(one) == len(none)


def told():
    return sorted(Message.objects.filter(key__startswith="certificate").values_list("key", "recipient"))


def test_student_and_tutor_are_reminded_before_the_end_and_after_it_once():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    both = [convention.tutor.email, world.student.user.email]
    cause = f"certificate:{convention.pk}:{convention.end}"
    with at(convention.end - timedelta(days=8)):
        reminders.remind_certificates()
        assert told() == []
    with at(convention.end - timedelta(days=7)):
        reminders.remind_certificates()
        reminders.remind_certificates()
        assert told() == sorted((f"{cause}:soon", recipient) for recipient in both)
    with at(convention.end + timedelta(days=2)):
        reminders.remind_certificates()
        assert len(told()) == 2
    with at(convention.end + timedelta(days=5)):  # two days late: caught up
        reminders.remind_certificates()
        reminders.remind_certificates()
        later = [line for line in told() if line[0].endswith(":over")]
        assert later == sorted((f"{cause}:over", recipient) for recipient in both)
    mail = Message.objects.get(key=f"{cause}:over", recipient=convention.tutor.email)
    assert "est terminé" in mail.text
    assert "D124-9" in mail.text
    assert mail.about == f"convention:{convention.pk}"
    assert "http" not in mail.text  # the host has no account


def test_the_host_reads_english_too_when_the_agreement_does():
    world = World()
    convention = world.convention_in(Status.SIGNED, language=Convention.Language.ENGLISH)
    with at(convention.end):
        reminders.remind_certificates()
    assert "certificate" in Message.objects.get(recipient=convention.tutor.email).text


@pytest.mark.parametrize("reason", ["certificate", "inactive", "anonymised", "long ago", "not signed"])
def test_who_is_told_nothing(reason):
    world = World()
    convention = world.convention_in(Status.VALIDATED if reason == "not signed" else Status.SIGNED)
    student, tutor = world.student.user.email, convention.tutor.email
    expected = []
    day = convention.end + timedelta(days=3)
    match reason:
        case "certificate":
            certificate(convention)
        case "inactive":
            world.student.user.is_active = False
            world.student.user.save()
            expected = [tutor]
        case "anonymised":
            retention.anonymise(convention.tutor)
            expected = [student]
        case "long ago":
            day = convention.end + timedelta(days=30)
    with at(day):
        reminders.remind(world.centre, day)
    assert [recipient for _key, recipient in told()] == expected


def test_a_stage_that_is_prolonged_is_announced_again():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    reminders.remind(world.centre, convention.end)
    convention.end += timedelta(days=30)
    reminders._tell(convention, is_over=False)
    assert len(told()) == 4


def test_each_centre_sets_its_days():
    world = World(certificate_days_before=20)
    convention = world.convention_in(Status.SIGNED)
    reminders.remind(world.centre, convention.end - timedelta(days=20))
    assert len(told()) == 2


def test_the_centre_reads_once_a_week_what_has_been_over_for_a_week_and_nobody_s_name():
    world = World()
    first = world.convention_in(Status.SIGNED)
    mails = Message.objects.filter(key__startswith="certificates:")
    with at(first.end + timedelta(days=6)):
        reminders.remind_certificates()
        assert not mails.all()
    for days in range(7, 40):
        with at(first.end + timedelta(days=days)):
            reminders.remind_certificates()
    mail = mails.get()
    assert mail.recipient == world.people["manager"].email
    assert first.number in mail.text
    assert first.organisation.name in mail.text
    for name in (world.student.user.last_name, first.tutor.last_name):
        assert name not in mail.text
    assert "statut=attestations" in mail.text


def test_a_centre_that_reads_its_mailbox_gets_one_mail():
    world = World(notified=Centre.Notified.MAILBOX)
    convention = world.convention_in(Status.SIGNED)
    monday = convention.end + timedelta(days=14 - convention.end.weekday())
    reminders.remind_centre(world.centre, monday)
    mail = Message.objects.get(key__startswith="certificates:")
    assert mail.recipient == world.centre.mailbox
