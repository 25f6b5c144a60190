"""What the database keeps of an avenant, whatever writes to it."""

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from conventions.models import (
    Avenant,
    AvenantStatus,
    Convention,
    Document,
    Event,
    Interruption,
    Remark,
    Status,
    Turn,
)
from conventions.models.avenant import FROZEN, MOVES_WHEN_FROZEN
from conventions.workflow import avenants
from tests.conventions.avenants.kinds import WEEK
from tests.factories import AttachmentFactory, EnrolmentFactory, StudentFactory

pytestmark = pytest.mark.django_db


def test_the_database_lets_nothing_else_through(world):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant_in(AvenantStatus.SIGNED, convention, effective_on=timezone.localdate() + WEEK)
    rows = Convention.objects.filter(pk=convention.pk)
    for attempt in (
        lambda: rows.update(subject="Autre"),
        lambda: rows.update(subject="Étude de levures"),  # signed, not in effect
        lambda: Interruption.objects.create(
            convention=convention, start=convention.start, end=convention.start
        ),
        lambda: Avenant.objects.filter(pk=avenant.pk).update(changes={}),
        lambda: Avenant.objects.filter(pk=avenant.pk).update(applied_at=timezone.now()),
        lambda: Avenant.objects.filter(pk=avenant.pk).update(rank=7),
        lambda: Avenant.objects.filter(pk=avenant.pk).update(status=AvenantStatus.DRAFT),
        lambda: Avenant.objects.filter(pk=avenant.pk).delete(),
        lambda: Turn.objects.filter(avenant=avenant).update(signed_on=None),
        lambda: Remark.objects.create(
            convention=convention,
            avenant=avenant,
            field="subject",
            text="Trop tard",
            author=world.people["manager"],
        ),
        lambda: Avenant.objects.create(
            convention=convention, kinds=["tutor"], status=AvenantStatus.EFFECTIVE, reason="-"
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def test_what_is_about_an_avenant_stays_with_its_agreement(world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    convention, student = world.convention_in(Status.SIGNED), StudentFactory()
    avenant = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    enrolment = EnrolmentFactory(student=student, programme=world.enrolment.programme)
    other = world.draft(student=student, enrolment=enrolment)
    its, their = world.remark_on(avenant), world.remark(other)
    for attempt in (
        lambda: Remark.objects.filter(pk=its.pk).update(convention=other),
        lambda: Remark.objects.filter(pk=their.pk).update(avenant=avenant),
        lambda: Turn.objects.create(
            convention=other, avenant=avenant, purpose="signature", rank=1, party="student"
        ),
        lambda: Event.objects.create(
            convention=other, avenant=avenant, action="submit", after=AvenantStatus.SUBMITTED
        ),
        lambda: Document.objects.create(convention=other, avenant=avenant, kind="avenant", context={}),
        lambda: AttachmentFactory(
            convention=other, avenant=avenant, kind="signed", valid_from=None, valid_until=None
        ),
    ):
        with pytest.raises(IntegrityError, match="is not one of this agreement"), transaction.atomic():
            attempt()


def test_only_an_avenant_that_says_so_ends_a_signed_agreement(world):
    avenant = world.avenant_in(AvenantStatus.SIGNED)
    with transaction.atomic():
        Avenant.objects.filter(pk=avenant.pk).update(
            status=AvenantStatus.EFFECTIVE, applied_at=TransactionNow()
        )
        with pytest.raises(IntegrityError, match="only an avenant ends it"), transaction.atomic():
            Convention.objects.filter(pk=avenant.convention_id).update(
                subject="Étude de levures", status=Status.TERMINATED
            )
        transaction.set_rollback(True)


def test_an_avenant_is_applied_whole_or_not_at_all(world):
    """Its status alone does not make it effective: the row must say what it says when the transaction commits."""
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant_in(AvenantStatus.SIGNED, convention, effective_on=timezone.localdate() + WEEK)
    with transaction.atomic(), connection.cursor() as cursor:
        Avenant.objects.filter(pk=avenant.pk).update(
            status=AvenantStatus.EFFECTIVE, applied_at=TransactionNow()
        )
        with pytest.raises(IntegrityError, match="as a whole"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def test_the_database_and_the_workflow_know_the_same_moves():
    moves = {
        (source, action.target)
        for action in avenants.ACTIONS.values()
        for source in action.sources
        if source in FROZEN and source != action.target
    }
    by_signatures = {
        (AvenantStatus.VALIDATED, AvenantStatus.SIGNED),
        (AvenantStatus.SIGNING, AvenantStatus.SIGNED),
        (AvenantStatus.SIGNED, AvenantStatus.EFFECTIVE),
    }
    undone = {
        (AvenantStatus.SIGNED, AvenantStatus.SIGNING),
        (AvenantStatus.SIGNING, AvenantStatus.VALIDATED),
    }
    assert set(MOVES_WHEN_FROZEN) == moves | by_signatures | undone
