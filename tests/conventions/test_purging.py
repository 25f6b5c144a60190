"""An agreement leaves the active base, then is anonymised when somebody asks: nothing is left of its student."""

import threading
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, models, transaction
from django.db.models import Count, Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, Message, Student, User
from accounts.refusals import Refused
from conventions import documents, workflow
from conventions.attachments import deciding, uploads
from conventions.desk import notes, reading
from conventions.models import (
    Attachment,
    Avenant,
    Completion,
    Convention,
    Document,
    Event,
    Interruption,
    Note,
    Remark,
    Seen,
    Status,
    Turn,
    WorkPeriod,
)
from conventions.models.columns import ERASED
from conventions.models.freezing import REPLACED_BY_PURGE
from conventions.retention import purging
from organisations import merging
from tests.factories import (
    AttachmentFactory,
    ContactFactory,
    EnrolmentFactory,
    InstitutionFactory,
    OrganisationFactory,
    SecurityOfficerFactory,
    StudentFactory,
)
from tests.refusals import refused
from tests.worlds import World

pytestmark = pytest.mark.django_db

# Whatever would lead back to the student, to the people at the host or to what was written of them.
TRACES = [
    "Zéphyrine",
    "zephyrine",
    "Quatrefages",
    "99887766",
    "rue des Ormes",
    "02 61 91 77 77",
    "Oudinot",
    "oudinot",
    "Mme Quatrefages mère",
    "Trace",
]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def long_after(convention):
    """A day by which an agreement has been kept for as long as it may be."""
    return (convention.end or timezone.localdate()).replace(day=28) + timedelta(days=366 * 7)


def noon(day):
    return timezone.make_aware(datetime.combine(day, time(12)))


def world_with_traces(**habits):
    world = World(**habits)
    user = world.student.user
    user.first_name, user.last_name = "Zéphyrine", "Quatrefages"
    user.email = "zephyrine.quatrefages@valmont.example"
    user.save()
    world.student.number = "99887766"
    world.student.save()
    return world


def signed(world, **fields):
    """A signed agreement that names its student wherever something can be written."""
    tutor = ContactFactory(first_name="Barnabé", last_name="Oudinot", email="oudinot@brecourt.example")
    fields = {
        "student_street": "7 rue des Ormes",
        "student_phone": "02 61 91 77 77",
        "student_personal_email": "zephyrine@courriel.example",
        "guardian_name": "Mme Quatrefages mère",
        "tutor": tutor,
        "organisation": tutor.organisation,
        "subject": "Trace du sujet de son stage",
        "missions": "Trace des missions que Zéphyrine doit faire",
        "details": "Trace des précisions",
        "benefits": "Trace",
        "follow_up": "Zéphyrine appelle chaque mois",
        **fields,
    }
    draft = world.draft(**fields)
    day = draft.start + timedelta(days=7)
    Interruption.objects.create(convention=draft, start=day, end=day)
    WorkPeriod.objects.create(convention=draft, start=draft.start, end=draft.start, monday=7)
    student, manager = draft.student.user, world.people["manager"]
    workflow.act(draft.pk, "submit", by=student)
    Remark.objects.create(convention=draft, field="subject", text="Trace de la remarque", author=manager)
    workflow.act(draft.pk, "return", by=manager, comment="Trace du message à Zéphyrine")
    draft.remarks.update(resolved_at=timezone.now(), resolved_by=student, answer="Trace de la réponse")
    workflow.act(draft.pk, "submit", by=student)
    workflow.act(draft.pk, "validate", by=manager)
    world.sign(draft, 5)
    document = Document.objects.get(convention=draft)
    document.file.save("trace.pdf", ContentFile(b"%PDF Quatrefages"), save=False)
    document.sha256, document.rendered_at = "0" * 64, timezone.now()
    document.save()
    AttachmentFactory(
        convention=draft,
        name="Trace.pdf",
        decision="refused",
        decided_by=manager,
        decided_at=timezone.now(),
        reason="Trace du refus",
    )
    Completion.objects.create(
        convention=draft,
        start=draft.start,
        end=draft.end,
        hours=200,
        amount_paid=900,
        declared_by="Oudinot",
        declared_function="Trace",
        declared_on=draft.end,
        confirmed_by=student,
        confirmed_at=timezone.now(),
    )
    Avenant.objects.create(
        convention=draft,
        kinds=["subject"],
        reason="Trace de la raison",
        other="Trace de la clause",
        changes={"subject": {"before": "Trace", "after": "Trace"}},
        created_by=student,
    )
    return Convention.objects.get(pk=draft.pk)


def someone_else(world):
    student = StudentFactory()
    return {
        "student": student,
        "enrolment": EnrolmentFactory(student=student, programme=world.enrolment.programme),
    }


def rows_with(trace):
    """Return the tables of which a row holds a text, whatever the column."""
    with connection.cursor() as cursor:
        tables = list(connection.introspection.table_names(cursor))
        found = []
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" AS one WHERE one::text ILIKE %s', [f"%{trace}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def figures():
    """What statistics read: numbers of agreements, hours and amounts, by all that is not a person."""
    return list(
        Convention.objects.order_by()
        .values(
            "institution",
            "status",
            "centre",
            "stage_type",
            "organisation",
            "service__country",
            "service__city",
            "start",
            "end",
            "amount",
            "amount_unit",
            "weekly_hours",
            "hours_computed",
            "is_paid",
            "validated_at",
            "enrolment__academic_year",
            "enrolment__programme",
            "enrolment__programme__level",
            "enrolment__programme__ufr",
        )
        .annotate(count=Count("pk"), hours=Sum("hours_computed"), days=Count("interruptions"))
        .order_by("count", "start", "status", "number")
    )


def test_nothing_is_left_of_the_student_and_nothing_is_lost_to_statistics(media):
    world = world_with_traces()
    convention = signed(world)
    LogEntry.objects.create(
        user=world.people["admin"],
        content_type=ContentType.objects.get_for_model(Student),
        object_id=str(world.student.pk),
        object_repr=str(world.student),
        action_flag=CHANGE,
    )
    assert all(rows_with(trace) for trace in TRACES)
    assert any(path.is_file() for path in media.rglob("*"))
    before, events = figures(), list(convention.events.values_list("action", "at", "before", "after"))
    today = long_after(convention)

    purging.purge_due(world.centre.institution, today, by=world.people["admin"])

    left = {trace: tables for trace in TRACES if (tables := rows_with(trace))}
    # The tutor is a contact of the directory, with a period of its own: organisations/retention.py.
    assert set(left) <= {"Oudinot", "oudinot"}
    assert {table for tables in left.values() for table in tables} == {"organisations_contact"}
    assert not any(path.is_file() for path in media.rglob("*"))
    assert figures() == before
    convention = Convention.objects.get(pk=convention.pk)
    assert (convention.tutor, convention.signatory, convention.teacher) == (None, None, None)
    assert convention.student.is_anonymous
    assert str(convention.student.user).strip() == "Personne anonymisée"
    kept = list(convention.events.order_by("at", "pk").values_list("action", "at", "before", "after"))
    assert kept[:-1] == sorted(events, key=lambda event: event[1])
    assert list(convention.events.exclude(actor=None).values_list("action", "actor", "comment")) == [
        ("purge", world.people["admin"].pk, "")
    ]
    assert convention.interruptions.count() == convention.work_periods.count() == 1
    for model in (Turn, Remark, Document, Attachment):
        assert not model.objects.filter(convention=convention).exists()
    assert convention.avenants.get().kinds == ["subject"]
    assert (convention.completion.hours, convention.completion.amount_paid) == (200, 900)
    assert not Student.objects.filter(pk=world.student.pk).exists()
    assert not Message.objects.filter(about=f"convention:{convention.pk}").exists()


# Columns of text that say nothing of anybody.
KEPT_TEXT = {
    "number",
    "status",
    "search_key",
    "language",
    "working_time",
    "amount_unit",
    "payment_frequency",
    "travel_zone",
}


def test_every_column_of_text_is_erased_or_known_to_be_harmless():
    """A column added tomorrow fails here until somebody decides."""
    texts = {
        field.attname
        for field in Convention._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
    }
    assert texts - set(ERASED) == KEPT_TEXT
    people = {
        field.attname
        for field in Convention._meta.concrete_fields
        if field.related_model and field.related_model.__name__ in {"User", "Contact", "Teacher", "Student"}
    }
    assert people <= {*ERASED, *REPLACED_BY_PURGE}


@pytest.mark.parametrize("state", [state for state in Status if state not in {Status.DRAFT, Status.SIGNED}])
def test_every_state_is_anonymised_and_keeps_its_status(state):
    world = world_with_traces()
    convention = world.convention_in(state, subject="Trace du sujet")
    today = timezone.localdate().replace(day=28) + timedelta(days=366 * 8)
    assert purging.purge(convention.pk, today, by=None)
    convention.refresh_from_db()
    assert (convention.status, convention.subject, convention.is_purged) == (state, "", True)
    assert rows_with("Trace du sujet") == []


def test_what_was_noted_read_corrected_and_taken_back_goes_too(media):
    world = world_with_traces()
    manager = world.people["manager"]
    convention = world.convention_in(Status.SUBMITTED, subject="Trace du sujet")
    notes.add(convention.pk, "Trace de la note", by=manager)
    read = Convention.objects.for_detail().get(pk=convention.pk)
    reading.read(read, documents.agreement(read), by=manager)
    said = {"label": "Sujet", "before": "Trace d’avant", "after": "Trace du sujet"}
    corrected = {"changes": {"subject": said}, "asked_again": []}
    workflow.act(convention.pk, "correct", by=manager, corrected=corrected)
    workflow.act(convention.pk, "validate", by=manager)
    world.sign(convention)
    workflow.act(convention.pk, "reopen", by=manager, comment="Trace de la raison")
    assert {"conventions_note", "conventions_seen", "conventions_event"} <= set(rows_with("Trace"))
    today = timezone.localdate().replace(day=28) + timedelta(days=366 * 8)
    assert purging.purge(convention.pk, today, by=None)
    assert rows_with("Trace") == []
    assert not Note.objects.exists()
    assert not Seen.objects.exists()
    assert not Document.objects.filter(convention=convention).exists()


def test_a_draft_never_submitted_is_deleted():
    world = World()
    convention = world.draft()
    today = timezone.localdate().replace(day=28) + timedelta(days=366 * 8)
    assert purging.purge(convention.pk, today, by=None)
    assert not Convention.objects.filter(pk=convention.pk).exists()
    assert not Student.objects.filter(is_anonymous=True).exists()


# Year ending on 31 August, one year active, then five: a stage of 2025/2026 is active until 31 August 2027.
@pytest.mark.parametrize(
    ("end", "today", "is_archived", "is_due"),
    [
        (date(2025, 9, 1), date(2027, 8, 31), False, False),
        (date(2026, 8, 31), date(2027, 8, 31), False, False),
        (date(2026, 8, 31), date(2027, 9, 1), True, False),
        (date(2026, 9, 1), date(2027, 9, 1), False, False),
        (date(2026, 8, 31), date(2032, 8, 31), True, False),
        (date(2026, 8, 31), date(2032, 9, 1), True, True),
        (date(2026, 9, 1), date(2032, 9, 1), True, False),
    ],
)
def test_periods_at_the_edge_of_a_day(end, today, is_archived, is_due):
    institution = InstitutionFactory()
    assert (end <= institution.archived_through(today)) == is_archived
    assert (end <= institution.purged_through(today)) == is_due


def test_a_year_that_ends_in_february():
    institution = InstitutionFactory(year_end_month=2, year_end_day=29)
    assert institution.archived_through(date(2029, 3, 1)) == date(2028, 2, 29)
    assert institution.archived_through(date(2030, 3, 1)) == date(2029, 2, 28)


def test_what_was_never_validated_counts_from_its_last_change():
    world = World()
    refused = world.convention_in(Status.REFUSED)
    institution = world.centre.institution
    day = timezone.localdate(refused.updated_at)
    # Its dates are in the future of its last change: the later of the two counts.
    last = max(day, refused.end)
    year = institution.academic_year(last) + 1 + institution.years_active + institution.years_archived
    assert refused not in purging.purgeable(institution, date(year, 8, 31))
    assert refused in purging.purgeable(institution, date(year, 9, 1))


def test_an_agreement_held_is_kept_until_the_day_after():
    world = World()
    convention = world.convention_in(Status.VALIDATED)
    institution, today = world.centre.institution, long_after(convention)
    Convention.objects.filter(pk=convention.pk).update(hold_reason="Accident", hold_until=today)
    assert not purging.purgeable(institution, today).exists()
    assert purging.figures(institution, today).held == [convention]
    assert not purging.purge(convention.pk, today, by=None)
    assert purging.purgeable(institution, today + timedelta(days=1)).get() == convention


def test_each_institution_has_its_own_periods():
    world = World()
    convention = world.convention_in(Status.VALIDATED)
    institution, today = world.centre.institution, long_after(convention)
    elsewhere = InstitutionFactory(name="Université d’Hautecombe", years_active=1, years_archived=1)
    assert not purging.purgeable(elsewhere, today).exists()
    Institution.objects.filter(pk=institution.pk).update(years_archived=20)
    institution.refresh_from_db()
    assert not purging.purgeable(institution, today).exists()
    assert not purging.purge(convention.pk, today, by=None)


@pytest.mark.parametrize(
    ("active", "kept", "is_possible"), [(1, 5, True), (0, 2, True), (1, 1, True), (1, 0, False)]
)
def test_no_setting_is_shorter_than_the_pension_claims(active, kept, is_possible):
    institution = InstitutionFactory()
    institution.years_active, institution.years_archived = active, kept
    if is_possible:
        institution.full_clean()
        institution.save()
    else:
        with pytest.raises(ValidationError, match="trimestres de retraite"):
            institution.full_clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            institution.save()


def test_figures_of_the_report():
    world = World()
    refused, signed_one = world.convention_in(Status.REFUSED), world.convention_in(Status.SIGNED)
    institution = world.centre.institution
    now = purging.figures(institution, timezone.localdate())
    assert (now.active, now.archived, now.due, now.purged, now.lines) == (2, 0, 0, 0, [])
    today = long_after(signed_one)
    then = purging.figures(institution, today)
    assert then.due == 2
    assert then.lines == [(world.enrolment.academic_year, world.centre.name, 2)]
    purging.purge(refused.pk, today, by=None)
    after = purging.figures(institution, today)
    assert (after.due, after.purged) == (1, 1)
    assert [line[0] for line in purging.purgeable_rows(institution, today)] == [signed_one.pk]


def test_a_student_who_is_still_here_stays():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    today = long_after(convention)
    assert purging.purge(convention.pk, today, by=None)
    institution = world.centre.institution
    assert world.student in purging.people_due(institution, today)
    lately = noon(date(today.year, 1, 1))
    for change in ({"last_login": lately}, {"date_joined": lately}, {"is_staff": True}):
        with transaction.atomic():
            User.objects.filter(pk=world.student.user_id).update(**change)
            assert world.student not in purging.people_due(institution, today)
            transaction.set_rollback(True)
    with transaction.atomic():
        SecurityOfficerFactory(user=world.student.user, institution=institution)
        assert world.student not in purging.people_due(institution, today)
        transaction.set_rollback(True)
    with transaction.atomic():
        world.student.enrolments.update(academic_year=today.year)
        assert world.student not in purging.people_due(institution, today)
        transaction.set_rollback(True)
    world.draft()
    assert world.student not in purging.people_due(institution, today)
    assert not purging.delete_person(world.student.pk, today)


def test_nobody_is_no_student_to_be_found():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    purging.purge(convention.pk, long_after(convention), by=None)
    client = Client()
    client.force_login(world.people["manager"])
    assert (
        "Personne anonymisée"
        not in client.get(reverse("conventions:enter"), {"q": "personne"}).content.decode()
    )
    client.force_login(world.people["admin"])
    assert "anonyme" not in client.get(reverse("admin:accounts_student_changelist")).content.decode()


def test_the_command_lists_and_acts_only_when_told():
    world = World()
    convention = world.convention_in(Status.REFUSED)
    with time_machine.travel(noon(long_after(convention))):
        out = StringIO()
        call_command("purge_agreements", stdout=out)
        assert f"{convention.pk}\t{convention.number}\tRefusée" in out.getvalue()
        assert "1 agreements and 1 people are due" in out.getvalue()
        convention.refresh_from_db()
        assert not convention.is_purged
        call_command("purge_agreements", "--apply", stdout=out)
        assert "1 anonymised" in out.getvalue()
    convention.refresh_from_db()
    assert convention.is_purged


# What follows commits: a purge is let through in its own transaction only.


@pytest.mark.django_db(transaction=True)
def test_an_anonymised_agreement_never_changes_again():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    assert purging.purge(convention.pk, long_after(convention), by=None)
    row = Convention.objects.filter(pk=convention.pk)
    for change in (
        {"subject": "Autre"},
        {"student": world.student},
        {"purged_at": None},
        {"purged_at": timezone.now()},
        {"status": Status.TERMINATED},
        {"hold_reason": "Litige", "hold_until": convention.end},
    ):
        with pytest.raises(IntegrityError, match="anonymised"), transaction.atomic():
            row.update(**change)
    event = Event.objects.filter(convention=convention).first()
    with pytest.raises(IntegrityError, match="journal"), transaction.atomic():
        event.delete()
    with pytest.raises(IntegrityError, match="journal"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(comment="")
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Interruption.objects.create(convention=convention, start=convention.start, end=convention.start)
    with pytest.raises(IntegrityError, match="agreement in force"), transaction.atomic():
        Avenant.objects.create(convention=convention, kinds=["other"], reason="Encore")
    with pytest.raises(Refused, match="anonymisée"):
        workflow.act(convention.pk, "cancel", by=world.people["manager"], comment="Trop tard")


@pytest.mark.parametrize(
    "change",
    [
        {"weekly_hours": 10},
        {"organisation": None},
        {"student": "another"},
        {"subject": "Une trace"},
        {"purged_at": "yesterday"},
        {"enrolment": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_only_the_whole_purge_is_let_through(change):
    """Not one that keeps a name, nor one that takes what statistics read."""
    world = World()
    convention = world.convention_in(Status.SIGNED)
    nobody = purging.anonymous_student(convention.institution)
    programme = convention.enrolment.programme
    erased = {
        **ERASED,
        "student": nobody,
        "enrolment": nobody.enrolments.create(
            programme=programme, academic_year=convention.enrolment.academic_year
        ),
        "purged_at": purging.TransactionNow(),
        **change,
    }
    if change.get("student") == "another":
        erased["student"] = StudentFactory()
    if change.get("purged_at") == "yesterday":
        erased["purged_at"] = timezone.now() - timedelta(days=1)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Convention.objects.filter(pk=convention.pk).update(**erased)


def test_a_journal_cannot_be_rewritten_under_cover_of_a_purge(monkeypatch):
    world = World()
    convention = world.convention_in(Status.SIGNED)
    monkeypatch.setitem(
        purging.EMPTIED, Event, {"actor_id": None, "comment": "", "findings": [], "action": "sign"}
    )
    with pytest.raises(IntegrityError, match="journal"), transaction.atomic():
        purging.purge(convention.pk, long_after(convention), by=None)
    convention.refresh_from_db()
    assert not convention.is_purged


def test_two_records_of_its_host_made_one_still_find_it():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    assert purging.purge(convention.pk, long_after(convention), by=None)
    kept = OrganisationFactory()
    merge = merging.merge(kept.pk, convention.organisation_id, by=world.people["admin"])
    convention.refresh_from_db()
    assert convention.organisation == kept
    with pytest.raises(IntegrityError, match="anonymised"), transaction.atomic():
        Convention.objects.filter(pk=convention.pk).update(organisation=OrganisationFactory())
    merging.undo(merge.pk, by=world.people["admin"])
    convention.refresh_from_db()
    assert convention.organisation != kept


def test_one_that_fails_stops_no_other(monkeypatch, caplog):
    world = World()
    failing, other = world.convention_in(Status.REFUSED), world.convention_in(Status.SIGNED)
    erase = purging._erase

    def fail(convention):
        if convention.pk == failing.pk:
            raise OSError("The storage does not answer.")
        erase(convention)

    monkeypatch.setattr(purging, "_erase", fail)
    done = purging.purge_due(world.centre.institution, long_after(failing), by=None)
    assert (done.agreements, done.failed) == (1, 1)
    other.refresh_from_db()
    failing.refresh_from_db()
    assert (other.is_purged, failing.is_purged) == (True, False)
    assert "could not be erased" in caplog.text
    monkeypatch.setattr(purging, "_erase", erase)
    assert purging.purge_due(world.centre.institution, long_after(failing), by=None).agreements == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["action", "purge"])
def test_an_action_and_a_purge_at_the_same_time(first):
    """Whoever comes second waits, then sees what the first one left."""
    world = World()
    convention = world.convention_in(Status.VALIDATED)
    today, manager = long_after(convention), world.people["manager"]
    outcome, started = [], threading.Event()

    def second():
        started.set()
        try:
            if first == "action":
                outcome.append(purging.purge(convention.pk, today, by=None))
            else:
                workflow.act(convention.pk, "cancel", by=manager, comment="Trop tard")
                outcome.append("acted")
        except Refused as refusal:
            outcome.append(str(refusal))
        finally:
            connections.close_all()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        if first == "action":
            Convention.objects.select_for_update().get(pk=convention.pk)
            Convention.objects.filter(pk=convention.pk).update(hold_reason="Litige", hold_until=today)
        else:
            assert purging.purge(convention.pk, today, by=None)
        thread.start()
        started.wait()
        thread.join(timeout=0.5)
        assert thread.is_alive()
    thread.join(timeout=20)
    convention.refresh_from_db()
    if first == "action":
        assert (outcome, convention.is_purged) == ([False], False)
    else:
        assert "anonymisée" in outcome[0]
        assert (convention.status, convention.is_purged) == (Status.VALIDATED, True)


@pytest.mark.parametrize("late", ["paper", "summary"])
def test_nothing_joins_an_agreement_anonymised_since_its_page_was_read(late, media):
    """Reading a file takes seconds, printing too: what was allowed when they began may not be any more."""
    world = world_with_traces()
    convention = signed(world)
    read = Convention.objects.for_detail().get(pk=convention.pk)
    assert purging.purge(convention.pk, long_after(convention), by=None)
    if late == "paper":
        with refused("not_allowed"):
            deciding.attach(
                Attachment(convention=read, kind="other", title="Trace"),
                uploads.Clean(b"%PDF Trace", "application/pdf", ".pdf", "Trace.pdf"),
                by=world.student.user,
            )
    else:
        with pytest.raises(Convention.DoesNotExist):
            documents.summarise(read)
    assert not read.attachments.exists()
    assert not read.documents.exists()
    assert not any(path.is_file() for path in media.rglob("*"))


@pytest.mark.django_db(transaction=True)
def test_a_purge_waits_for_a_document_being_printed_and_takes_its_file(media):
    world = World()
    convention = world.convention_in(Status.SIGNED)
    document = convention.documents.get()
    assert not document.file
    outcome = []

    def purge():
        try:
            outcome.append(purging.purge(convention.pk, long_after(convention), by=None))
        finally:
            connections.close_all()

    thread = threading.Thread(target=purge)
    with transaction.atomic():
        making = Document.objects.select_for_update().get(pk=document.pk)
        thread.start()
        thread.join(timeout=0.5)
        making.file.save("trace.pdf", ContentFile(b"%PDF"), save=False)
        making.sha256, making.rendered_at = "0" * 64, timezone.now()
        making.save()
    thread.join(timeout=20)
    assert outcome == [True]
    assert not any(path.is_file() for path in media.rglob("*"))


def test_the_administrators_are_told_once_a_month_and_nothing_is_purged():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    told = Message.objects.filter(key__startswith="retention:")
    purging.report_retention()
    assert not told.exists()
    with time_machine.travel(noon(long_after(convention))):
        purging.report_retention()
        purging.report_retention()
    assert [message.recipient for message in told] == [world.people["admin"].email]
    assert "1 convention" in told.get().subject
    with time_machine.travel(noon(long_after(convention)) + timedelta(days=31)):
        purging.report_retention()
    assert told.all().count() == 2
    assert not Convention.objects.get(pk=convention.pk).is_purged


def test_what_another_agreement_holds_stays(media):
    world = world_with_traces()
    first, second = signed(world), signed(world, **someone_else(world))
    kept = Path(Document.objects.get(convention=second).file.path)
    assert purging.purge(first.pk, long_after(first), by=None)
    assert kept.exists()
    second.refresh_from_db()
    assert second.tutor is not None
