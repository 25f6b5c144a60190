"""What avenants, signatures, attachments and the end of a stage do to one another, and what pages say of it."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.refusals import Refused
from conventions import documents, legality, workflow
from conventions.attachments import deciding, uploads
from conventions.circuit import turns
from conventions.follow_up import completion
from conventions.follow_up.dates import owed_a_certificate
from conventions.models import (
    Avenant,
    AvenantKind,
    AvenantStatus,
    Completion,
    Convention,
    Document,
    Status,
)
from conventions.workflow import avenants
from conventions.writing import changes
from tests import files
from tests.factories import ContactFactory, ManagerFactory
from tests.worlds import A_LITTLE, World, next_signatures

pytestmark = pytest.mark.django_db
ONE_DAY = timedelta(days=1)


@pytest.fixture
def world(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return World()


@pytest.fixture
def see(client, world):
    """Open a page as one of the people of the world."""

    def opened(role, address):
        client.force_login(world.people[role])
        return client.get(address)

    return opened


def at(day):
    return time_machine.travel(timezone.make_aware(datetime.combine(day, time(12))))


def row(convention):
    return Convention.objects.for_detail().get(pk=convention.pk)


def record_end(world, convention, **changed):
    done = {
        **completion.planned(row(convention)),
        "hours": Decimal(140),
        "amount_paid": Decimal(900),
        "declared_by": "Hélène Bossard",
        "declared_function": "Directrice",
        "declared_on": timezone.localdate(),
        **changed,
    }
    return completion.confirm(convention.pk, done, by=world.people["manager"], seen="")


def act_page(avenant, name):
    return reverse("conventions:avenant_act", args=[avenant.convention_id, avenant.pk, name])


# The end of a stage


@pytest.mark.parametrize(
    ("kind", "days"), [(AvenantKind.EXTENSION, 4), (AvenantKind.TERMINATION, -4)], ids=["longer", "shorter"]
)
def test_an_avenant_after_the_certificate_asks_for_another(world, see, kind, days):
    convention = world.convention_in(Status.SIGNED)
    with at(convention.end):
        record_end(world, convention)
        # An avenant takes effect at the time of the database, which does not travel.
        Document.objects.filter(kind=Document.Kind.CERTIFICATE).update(created_at=Now() - ONE_DAY)

        def moved(after):
            after.end = convention.end + timedelta(days=days)

        world.avenant_in(AvenantStatus.EFFECTIVE, convention, kind, change=moved)
    convention.refresh_from_db()
    with at(convention.end + ONE_DAY):
        assert owed_a_certificate(Convention.objects.all(), timezone.localdate()).get() == convention
        assert not see("manager", convention.get_absolute_url()).context["documents"].is_ended
        if kind == AvenantKind.EXTENSION:
            assert "sera établie" in see("student", reverse("home")).context["cards"][0].sentence


def test_nothing_was_done_after_a_stage_was_broken_off(world):
    convention = world.convention_in(Status.VALIDATED)
    last = convention.start + timedelta(days=2)
    workflow.act(convention.pk, "terminate", by=world.people["manager"], comment="Fermeture", ended_on=last)
    with at(convention.end):
        with pytest.raises(Refused, match="un autre jour demande un avenant"):
            record_end(world, convention, end=last + ONE_DAY, hours=Decimal(14))
        assert record_end(world, convention, end=last, hours=Decimal(14)).end == last


def test_no_signature_is_taken_back_under_a_certificate(world):
    convention = world.convention_in(Status.SIGNED)
    with at(convention.end + ONE_DAY):
        record_end(world, convention)
        with pytest.raises(Refused, match="La fin du stage est enregistrée"):
            workflow.act(convention.pk, "unsign", by=world.people["manager"], comment="Mal lue")
        options = workflow.options(row(convention), world.people["manager"])
        assert {one.action.name: one.refusal for one in options}["unsign"].code == "end_recorded"
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            turns.undo(row(convention))
    assert Completion.objects.exists()


# Why it stopped


def stopped_and_recorded(world):
    convention = world.convention_in(Status.TERMINATED)
    with at(convention.end):
        record_end(world, convention, end=convention.terminated_on)
    return convention, convention.events.get(action="terminate").comment


def refused_and_held(world):
    convention = world.convention_in(Status.REFUSED)
    convention.events.create(action="hold", before="refused", after="refused", comment="Gardée")
    return convention, convention.events.get(action="refuse").comment


def ended_by_an_avenant(world):
    convention = world.convention_in(Status.SIGNED)

    def shorter(after):
        after.end -= timedelta(days=7)

    world.avenant_in(
        AvenantStatus.EFFECTIVE, convention, AvenantKind.TERMINATION, change=shorter, reason="Fermeture"
    )
    return convention, "Fermeture"


def signed_beside_a_refused_avenant(world):
    return world.avenant_in(AvenantStatus.REFUSED).convention, ""


@pytest.mark.parametrize(
    "story", [stopped_and_recorded, refused_and_held, ended_by_an_avenant, signed_beside_a_refused_avenant]
)
def test_a_page_says_why_the_agreement_itself_stopped(world, see, story):
    convention, reason = story(world)
    for address in (convention.get_absolute_url(), reverse("conventions:next", args=[convention.pk])):
        context = see("student", address).context
        assert context.get("brief", context)["reason"] == reason


# Avenants


@pytest.mark.parametrize("role", ["student", "manager", "teacher"])
def test_an_action_that_does_not_apply_is_explained(client, world, role):
    avenant = world.avenant_in(AvenantStatus.SUBMITTED)
    client.force_login(world.people[role])
    for typed in ({}, {"comment": "Mal lue"}):
        answer = client.post(act_page(avenant, "unsign"), {"lu": avenant.submission, **typed})
        assert answer.status_code in {404, 302, 409, 422}


def test_the_page_that_validates_a_free_clause_shows_it(world, see):
    convention = world.convention_in(Status.SIGNED)

    def nothing(after):
        pass

    avenant = world.avenant_in(
        AvenantStatus.SUBMITTED,
        convention,
        AvenantKind.OTHER,
        change=nothing,
        other="Le stagiaire est logé sur place.",
    )
    assert "Le stagiaire est logé sur place." in see("manager", act_page(avenant, "validate")).text


def test_what_an_avenant_chose_and_was_deleted_stops_its_signatures(client, world):
    convention = world.convention_in(Status.SIGNED)
    tutor = ContactFactory(organisation=convention.organisation)

    def another(after):
        after.tutor, after.tutor_trainees = tutor, 0

    avenant = world.avenant_in(AvenantStatus.SIGNING, convention, AvenantKind.TUTOR, change=another)
    tutor.delete()
    dates = next_signatures(changes.proposed(Avenant.objects.get(pk=avenant.pk)), 3)
    with pytest.raises(Refused, match="n’existe plus dans l’annuaire"):
        avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)
    avenants.act(avenant.pk, "cancel", by=world.people["manager"], comment="Tuteur parti")


def test_only_whoever_began_a_submitted_avenant_takes_it_back(client, world):
    avenant = world.avenant_in(AvenantStatus.SUBMITTED)
    for name in ("withdraw", "cancel"):
        for role in ("manager", "teacher"):
            client.force_login(world.people[role])
            assert client.post(act_page(avenant, name), {"comment": "Non"}).status_code == 404
    avenants.act(avenant.pk, "withdraw", by=world.people["student"])


def test_a_draft_avenant_is_announced_to_whoever_takes_part(world, see):
    world.avenant_in(AvenantStatus.DRAFT)
    for role, shown in (("manager", True), ("teacher", True), ("admin", False)):
        [line] = see(role, reverse("conventions:list")).context["rows"]
        assert bool(line.amended) == shown, role


def test_the_journal_of_an_avenant_is_read_as_the_agreements_own(world, see):
    avenant = world.avenant_in(AvenantStatus.VALIDATED)
    for role, reads in (("student", True), ("manager", True), ("admin", True), ("teacher", False)):
        assert bool(see(role, avenant.get_absolute_url()).context["journal"]) == reads, role


def test_an_avenant_of_a_stage_under_way_is_not_late(world):
    """R-01 looks at the signatures of the agreement, given in time, not at those that the avenant awaits."""
    convention = world.convention_in(Status.SIGNED)
    with at(convention.start + timedelta(days=7)):
        avenant = world.avenant(row(convention))
        found = legality.review(changes.proposed(Avenant.objects.get(pk=avenant.pk)))
        assert "R-01" not in {finding.rule.id for finding in found}


def test_an_avenant_is_printed_from_its_own_page(world, see):
    avenant = world.avenant_in(AvenantStatus.VALIDATED)
    document = documents.make(avenant.documents.get().pk)
    address = reverse("conventions:document", args=[avenant.convention_id, document.pk])
    for role in ("student", "manager", "teacher"):
        assert f'href="{address}"' in see(role, avenant.get_absolute_url()).text
    avenants.act(avenant.pk, "cancel", by=world.people["manager"], comment="Abandonné")
    assert f'href="{address}"' not in see("manager", avenant.get_absolute_url()).text


def test_the_dates_in_brief_are_those_of_what_is_shown(world):
    """Of a past day too: its context says them, and not the row of today."""
    convention = world.convention_in(Status.SIGNED)

    def longer(after):
        after.end += A_LITTLE

    avenant = world.avenant_in(AvenantStatus.EFFECTIVE, convention, AvenantKind.EXTENSION, change=longer)
    yesterday = timezone.localdate(avenant.applied_at) - ONE_DAY
    ends = [
        documents.in_brief(context, documents.sections(context))["dates"].split()[-1]
        for context in (documents.agreed_context(convention, yesterday), documents.agreed_context(convention))
    ]
    assert ends == [f"{convention.end:%d/%m/%Y}", f"{convention.end + A_LITTLE:%d/%m/%Y}"]


# Signatures and papers


def test_the_scan_of_a_signature_taken_back_counts_no_more(world, see):
    convention = world.convention_in(Status.SIGNED)
    scan = uploads.clean(ContentFile(files.pdf(), "convention.pdf"))
    read = row(convention)
    deciding.attach_signed_copy(read, scan, by=world.people["manager"])
    page = convention.get_absolute_url()
    assert not see("manager", page).context["signatures"]["lacks_signed_copy"]
    workflow.act(convention.pk, "unsign", by=world.people["manager"], comment="Mauvais exemplaire")
    with pytest.raises(Refused, match="une fois toutes les signatures enregistrées"):
        deciding.attach_signed_copy(read, scan, by=world.people["manager"])
    world.sign(row(convention))
    assert see("manager", page).context["signatures"]["lacks_signed_copy"]
    deciding.attach_signed_copy(row(convention), scan, by=world.people["manager"])
    assert not see("manager", page).context["signatures"]["lacks_signed_copy"]


@pytest.mark.parametrize("state", [Status.DRAFT, Status.RETURNED, Status.SUBMITTED])
@pytest.mark.parametrize("status", [Status.SIGNING, Status.SIGNED, Status.TERMINATED])
def test_nothing_is_signed_before_it_is_validated(world, state, status):
    convention = world.convention_in(state)
    with pytest.raises(IntegrityError, match="has not been validated"), transaction.atomic():
        Convention.objects.filter(pk=convention.pk).update(status=status)


def test_a_teacher_takes_back_their_own_remarks_alone(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    theirs, own = world.remark(convention), world.remark(convention, "missions")
    convention.remarks.filter(pk=own.pk).update(author=world.people["teacher"])
    client.force_login(world.people["teacher"])
    page = client.get(convention.get_absolute_url()).text
    addresses = {
        one: reverse("conventions:delete_remark", args=[convention.pk, one.pk]) for one in (theirs, own)
    }
    assert (addresses[theirs] in page, addresses[own] in page) == (False, True)
    assert client.post(addresses[theirs]).status_code == 404
    assert client.post(addresses[own]).status_code == 302
    assert convention.remarks.get() == theirs
    client.force_login(world.people["manager"])
    assert client.post(addresses[theirs]).status_code == 302


def test_ones_own_stage_is_not_presented_as_ones_to_decide(world, see):
    convention = world.convention_in(Status.SUBMITTED)
    ManagerFactory(centre=world.centre, user=world.people["student"])
    page = see("student", convention.get_absolute_url())
    assert page.context["brief"]["standing"].label != "À valider"
    assert page.context["hint"] == ""
    assert page.context["queue"].rank == 0


def test_pages_cost_the_same_however_many_avenants_and_signatures(world, see):
    convention = world.convention_in(Status.SIGNED)
    following = reverse("conventions:next", args=[convention.pk])

    def cost(role, address):
        see(role, address)
        with CaptureQueriesContext(connection) as queries:
            assert see(role, address).status_code == 200
        return len(queries)

    def other_subject(after):
        after.subject = f"Sujet {convention.avenants.count()}"

    costs = set()
    for _time in range(3):
        world.avenant_in(AvenantStatus.EFFECTIVE, convention, change=other_subject)
        costs.add(cost("student", following))
    assert len(costs) == 1
    avenant = world.avenant_in(AvenantStatus.VALIDATED, convention, change=other_subject)
    pages = (
        reverse("conventions:avenant_sign", args=[convention.pk, avenant.pk]),
        avenant.get_absolute_url(),
    )
    costs = set()
    for _time in range(3):
        # Each by somebody else: who recorded it is named.
        by = ManagerFactory(centre=world.centre).user
        dates = next_signatures(changes.proposed(Avenant.objects.get(pk=avenant.pk)), 1)
        avenants.act(avenant.pk, "sign", by=by, dates=dates)
        costs.add(tuple(cost("manager", page) for page in pages))
    assert len(costs) == 1
