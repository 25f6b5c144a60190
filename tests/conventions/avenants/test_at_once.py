"""Avenants and everything else at the same second: real transactions on several connections."""

import pytest
from django.db import connections
from django.utils import timezone

from accounts.refusals import Refused
from conventions import workflow
from conventions.models import Avenant, AvenantKind, AvenantStatus, Convention, Event, Status
from conventions.models.schedule import PERIODS
from conventions.workflow import avenants
from conventions.writing import changes
from organisations import merging
from tests.at_once import at_once
from tests.factories import (
    ContactFactory,
    ManagerFactory,
    OrganisationFactory,
    ServiceFactory,
    TeacherFactory,
)
from tests.worlds import next_signatures

pytestmark = pytest.mark.django_db(transaction=True)


def refusals(outcomes):
    found = [one for one in outcomes if isinstance(one, Exception)]
    assert all(isinstance(one, Refused) for one in found), found
    return found


def consistent(convention):
    """The row is the original with the avenants in effect, and nothing else; the journal tells each step once."""
    row = changes.in_force(convention.pk)
    effective = list(convention.avenants.filter(status=AvenantStatus.EFFECTIVE).order_by("-rank"))
    last = {}
    for avenant in effective:
        for name, change in avenant.changes.items():
            last.setdefault(name, change["after"])
    for name, after in last.items():
        if name in PERIODS:
            assert changes.periods_of(row, name) == after
        else:
            assert changes.written(changes.column(name), getattr(row, name)) == after
    for avenant in convention.avenants.all():
        events = Event.objects.filter(avenant=avenant)
        assert events.filter(action="take_effect").count() == (avenant.status == AvenantStatus.EFFECTIVE)
        assert avenant.rank is None or events.latest("pk").after == avenant.status
    return row


def last_signature(world, avenant, by):
    dates = next_signatures(changes.proposed(Avenant.objects.get(pk=avenant.pk)), 5)
    return lambda: avenants.act(avenant.pk, "sign", by=by, dates=dates)


def test_two_people_begin_one(world):
    convention = world.convention_in(Status.SIGNED)
    colleague = ManagerFactory(centre=world.centre).user
    people = (world.people["student"], world.people["manager"], world.people["teacher"], colleague)
    outcomes = at_once(
        *[lambda by=by: avenants.begin(convention.pk, by=by, kinds=["subject"], reason="-") for by in people]
    )
    assert len(refusals(outcomes)) == 3
    assert convention.avenants.count() == 1


def test_two_managers_record_the_last_signature(world):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant_in(AvenantStatus.SIGNING, convention)
    colleague = ManagerFactory(centre=world.centre).user
    outcomes = at_once(
        last_signature(world, avenant, world.people["manager"]), last_signature(world, avenant, colleague)
    )
    assert len(refusals(outcomes)) == 1
    assert consistent(convention).subject == "Étude de levures"


def test_two_avenants_submitted_get_two_ranks(world):
    """The first is refused while the second begins: no rank is given twice, none is open beside the other."""
    convention = world.convention_in(Status.SIGNED)
    first = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    outcomes = at_once(
        lambda: avenants.act(first.pk, "refuse", by=world.people["manager"], comment="Non."),
        lambda: world.avenant_in(AvenantStatus.SUBMITTED, convention),
    )
    refusals(outcomes)
    ranks = list(convention.avenants.values_list("rank", flat=True))
    assert ranks in ([1], [1, 2])
    consistent(convention)


def test_its_day_comes_while_a_manager_cancels_it(world):
    convention = world.convention_in(Status.SIGNED)
    subject = convention.subject
    avenant = world.avenant_in(AvenantStatus.SIGNED, convention)
    # Its day has come: what the database lets nobody write, a test writes beside the triggers.
    with connections["default"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        Avenant.objects.filter(pk=avenant.pk).update(effective_on=timezone.localdate())
        cursor.execute("SET session_replication_role = DEFAULT")
    outcomes = at_once(
        avenants.apply_due_avenants,
        avenants.apply_due_avenants,
        lambda: avenants.act(avenant.pk, "cancel", by=world.people["manager"], comment="Trop tard."),
    )
    avenant.refresh_from_db()
    cancelled = not refusals(outcomes)
    assert avenant.status == (AvenantStatus.CANCELLED if cancelled else AvenantStatus.EFFECTIVE)
    assert consistent(convention).subject == (subject if cancelled else "Étude de levures")


@pytest.mark.parametrize("ending", ["cancel", "terminate"])
def test_an_avenant_against_the_end_of_its_agreement(world, ending):
    """Whoever comes second meets what the first did: never an open avenant of an agreement that is over."""
    convention = world.convention_in(Status.VALIDATED)
    avenant = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    manager, colleague = world.people["manager"], ManagerFactory(centre=world.centre).user
    outcomes = at_once(
        lambda: avenants.act(avenant.pk, "validate", by=manager),
        lambda: workflow.act(
            convention.pk, ending, by=colleague, comment="Abandon.", ended_on=convention.start
        ),
    )
    refusals(outcomes)
    avenant.refresh_from_db()
    assert avenant.status == AvenantStatus.CANCELLED
    assert consistent(convention).status in (Status.CANCELLED, Status.TERMINATED)


def test_an_avenant_begins_while_its_agreement_is_cancelled(world):
    convention = world.convention_in(Status.VALIDATED)
    outcomes = at_once(
        lambda: avenants.begin(convention.pk, by=world.people["student"], kinds=["subject"], reason="-"),
        lambda: workflow.act(convention.pk, "cancel", by=world.people["manager"], comment="Abandon."),
    )
    refusals(outcomes)
    assert not convention.avenants.exclude(status=AvenantStatus.CANCELLED).exists()


def test_a_change_of_place_takes_effect_while_its_host_is_merged(world):
    convention = world.convention_in(Status.SIGNED)
    dropped, kept = convention.organisation, OrganisationFactory()
    place = ServiceFactory(organisation=dropped, city="Honfleur")
    tutor = ContactFactory(organisation=dropped)

    def change(row):
        row.service, row.tutor = place, tutor

    kinds = (AvenantKind.PLACE, AvenantKind.TUTOR)
    avenant = world.avenant_in(AvenantStatus.SIGNING, convention, *kinds, change=change)
    outcomes = at_once(
        last_signature(world, avenant, world.people["manager"]),
        lambda: merging.merge(kept.pk, dropped.pk, by=world.people["manager"]),
    )
    assert not refusals(outcomes)
    row = consistent(convention)
    assert row.organisation == row.service.organisation == row.tutor.organisation == kept
    assert (row.service, row.tutor) == (place, tutor)
    assert "honfleur" in row.search_key
    original = convention.documents.agreed()
    assert original.context["organisation"]["name"] == dropped.name


def test_a_change_of_teacher_while_the_next_avenant_begins(world):
    """The one that begins waits for the lock, and is written from the agreement as it has become."""
    convention = world.convention_in(Status.SIGNED)
    successor = TeacherFactory(ufr=world.ufr)

    def change(row):
        row.teacher = successor

    avenant = world.avenant_in(AvenantStatus.SIGNING, convention, AvenantKind.TEACHER, change=change)
    successor_of = TeacherFactory(ufr=world.ufr)

    def begin():
        following = avenants.begin(
            convention.pk, by=world.people["student"], kinds=[AvenantKind.TEACHER], reason="-"
        )
        after = changes.proposed(following)
        after.teacher = successor_of
        changes.record(after)
        return following

    outcomes = at_once(last_signature(world, avenant, world.people["manager"]), begin)
    refused = refusals(outcomes)
    row = consistent(convention)
    assert row.teacher == successor
    if not refused:
        assert outcomes[1].changes["teacher_id"]["before"] == successor.pk
    # Who followed the stage may act on it no more, whoever follows it may.
    assert Convention.objects.visible_to(successor.user).filter(pk=convention.pk).exists()
    assert not Convention.objects.visible_to(world.people["teacher"]).filter(pk=convention.pk).exists()


def test_a_student_fills_an_avenant_while_it_is_submitted(client, world):
    """What is typed too late changes nothing of what was submitted."""
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant(convention)
    written = avenant.changes

    def type_late():
        from django.test import Client

        late = Client()
        late.force_login(world.people["student"])
        return late.post(
            f"/conventions/{convention.pk}/avenants/{avenant.pk}/etapes/contenu/",
            {"subject": "Tout autre chose", "missions": convention.missions, "skills": convention.skills},
        ).status_code

    outcomes = at_once(type_late, lambda: avenants.act(avenant.pk, "submit", by=world.people["teacher"]))
    refusals(outcomes)
    avenant.refresh_from_db()
    assert avenant.status == AvenantStatus.SUBMITTED
    if outcomes[0] == 409:
        assert avenant.changes == written
    else:
        assert avenant.changes["subject"]["after"] == "Tout autre chose"
