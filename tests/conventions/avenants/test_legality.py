"""What the law says of the agreement that an avenant makes."""

from datetime import timedelta
from functools import partial

import pytest

from accounts.refusals import Refused
from conventions import legality, workflow
from conventions.attachments import deciding
from conventions.legality import quotas
from conventions.models import AvenantKind, AvenantStatus, Convention, Status
from conventions.workflow import avenants
from conventions.writing import changes, drafts
from organisations.models import Centre
from tests.conventions.avenants.kinds import WEEK, end_early, other_tutor, postpone, prolong, reloaded
from tests.factories import AttachmentFactory, ContactFactory, next_stage
from tests.worlds import World

pytestmark = pytest.mark.django_db


def findings(avenant):
    return {one.rule.id for one in legality.review(changes.proposed(reloaded(avenant))) if one.stops}


def test_the_law_reviews_the_result_and_not_what_was_agreed(world):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant(convention, AvenantKind.TUTOR, change=other_tutor)
    assert findings(avenant) == set()


def test_a_longer_stage_may_cross_the_threshold_of_gratification(world):
    """308 hours crossed: due from the first hour (G-01), and leave to be written (C-02)."""
    convention = world.convention_in(Status.SIGNED, is_paid=False, amount=None)
    avenant = world.avenant(convention, AvenantKind.EXTENSION, change=two_weeks_more)
    assert {"G-01", "C-02"} <= findings(avenant)
    with pytest.raises(Refused, match="G-01"):
        avenants.act(avenant.pk, "submit", by=world.people["student"])


def two_weeks_more(row):
    row.end += 2 * WEEK


def test_a_longer_stage_stays_within_924_hours(world):
    leave = {"leave_days": 2, "leave_terms": "Deux jours par mois."}
    convention = world.convention_in(Status.SIGNED, weekly_hours=35, **lasting(25), **leave)
    avenant = world.avenant(convention, AvenantKind.EXTENSION, change=four_weeks_more)
    assert {"A-02", "D-01"} <= findings(avenant)


def four_weeks_more(row):
    row.end += 4 * WEEK


def lasting(weeks):
    start, _end = next_stage()
    return {"start": start, "end": start + weeks * WEEK - timedelta(days=3)}


def test_the_insurance_covers_the_longer_stage(client, settings, tmp_path):
    """Its dates, the certificate that says so, which a manager accepts before the avenant is validated."""
    settings.MEDIA_ROOT = tmp_path
    world = World(requires_insurance=True)
    student, manager = world.people["student"], world.people["manager"]
    start, end = next_stage()
    covered = {"insurance_start": start, "insurance_end": end}
    convention = world.draft(insurer="MAIF", insurance_policy="12", **covered)
    deciding.accept(AttachmentFactory(convention=convention).pk, by=manager)
    workflow.act(convention.pk, "submit", by=student)
    workflow.act(convention.pk, "validate", by=manager)
    avenant = world.avenant(convention, AvenantKind.EXTENSION, change=prolong)
    assert "P-06" in findings(avenant)
    after = changes.proposed(avenant)
    after.insurance_end = after.end
    changes.record(after)
    assert "P-06" in findings(avenant)
    client.force_login(student)
    page = client.get(avenant.get_absolute_url()).text
    assert f'href="{convention.get_absolute_url()}#attachments"' in page
    paper = AttachmentFactory(convention=convention, valid_from=end, valid_until=after.end)
    assert findings(avenant) == set()
    avenants.act(avenant.pk, "submit", by=student)
    validate = partial(avenants.act, avenant.pk, "validate", by=manager, comment="Vu.")
    with pytest.raises(Refused, match="Acceptez d’abord l’attestation"):
        validate()
    deciding.accept(paper.pk, by=manager)
    assert validate().status == AvenantStatus.VALIDATED


def test_an_avenant_asks_for_no_certificate_that_the_agreement_did_without(world):
    avenant = world.avenant_in(AvenantStatus.SUBMITTED)
    Centre.objects.filter(pk=world.centre.pk).update(requires_insurance=True)
    avenants.act(avenant.pk, "validate", by=world.people["manager"])


def test_a_new_tutor_follows_three_trainees_at_most(world):
    convention = world.convention_in(Status.SIGNED)
    busy = ContactFactory(organisation=convention.organisation)
    for _ in range(3):
        other = World()
        other.convention_in(
            Status.VALIDATED,
            organisation=convention.organisation,
            service=convention.service,
            tutor=busy,
            signatory=convention.signatory,
        )
    avenant = world.avenant(convention, AvenantKind.TUTOR, change=lambda row: setattr(row, "tutor", busy))
    assert "T-02" in findings(avenant)


def test_a_postponement_adds_no_hours(world):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant(convention, AvenantKind.POSTPONEMENT, change=prolong)
    assert "A-03" in findings(avenant)


def test_postponed_weeks_do_not_count_in_the_quota_of_the_host(world):
    convention = world.convention_in(Status.SIGNED)
    before = reloaded(convention)
    world.avenant_in(AvenantStatus.EFFECTIVE, convention, AvenantKind.POSTPONEMENT, change=postpone)
    host = convention.organisation
    extra = before.end + timedelta(days=4)  # a day of the added week
    assert quotas.received([host], extra, extra)[host.pk].known(extra, extra) == 0
    assert quotas.received([host], before.end, before.end)[host.pk].known(before.end, before.end) == 1


def test_a_copy_takes_over_nothing_of_what_happened(world):
    convention = world.convention_in(Status.SIGNED)
    world.avenant_in(AvenantStatus.EFFECTIVE, convention, AvenantKind.TERMINATION, change=end_early)
    Convention.objects.filter(pk=convention.pk).update(hold_reason="Litige", hold_until=convention.end)
    copy = reloaded(drafts.duplicate(reloaded(convention), by=world.people["student"]))
    left = ("terminated_on", "quota_end", "hold_until", "purged_at", "hours_computed")
    assert {getattr(copy, name) for name in left} == {None}
    assert copy.hold_reason == ""
    assert copy.subject == convention.subject
