"""What stops a validation, a submission or a certificate, whatever the agreement says of itself."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.refusals import Refused
from conventions import workflow
from conventions.attachments import deciding
from conventions.follow_up import completion
from conventions.models import Attachment, Convention, Status
from conventions.writing import steps
from tests.factories import AttachmentFactory
from tests.refusals import refused

pytestmark = pytest.mark.django_db
PROOFS = ["liability", "social", "visa", "assistance"]


def validate(world, convention):
    option = next(
        one
        for one in workflow.options(Convention.objects.get(pk=convention.pk), world.people["manager"])
        if one.action.name == "validate"
    )
    with refused("attachment_refused"):
        workflow.act(convention.pk, "validate", by=world.people["manager"])
    return option


@pytest.mark.parametrize("kind", PROOFS)
def test_a_proof_that_was_refused_stops_the_validation_until_another_takes_its_place(world, kind):
    convention, manager = world.convention_in(Status.SUBMITTED), world.people["manager"]
    first = AttachmentFactory(convention=convention, kind=kind)
    deciding.refuse(first.pk, "Illisible.", by=manager)
    option = validate(world, convention)
    assert not option.is_possible
    assert first.get_kind_display() in str(option.refusal), "the page says it before the button is pressed"
    again = AttachmentFactory(convention=convention, kind=kind)
    deciding.refuse(again.pk, "Toujours illisible.", by=manager)
    validate(world, convention)
    deciding.accept(AttachmentFactory(convention=convention, kind=kind).pk, by=manager)
    assert workflow.act(convention.pk, "validate", by=manager).status == Status.VALIDATED


@pytest.mark.parametrize("kind", ["other"])
def test_what_proves_nothing_stops_nothing(world, kind):
    convention, manager = world.convention_in(Status.SUBMITTED), world.people["manager"]
    deciding.refuse(
        AttachmentFactory(convention=convention, kind=kind, title="Plan").pk, "Inutile.", by=manager
    )
    assert workflow.act(convention.pk, "validate", by=manager).status == Status.VALIDATED


@pytest.mark.parametrize("days", [1, 15, 35])
def test_no_end_of_a_stage_is_recorded_before_it(world, time_machine, days):
    convention = world.convention_in(Status.SIGNED)
    moment = timezone.localtime().replace(hour=12)
    time_machine.move_to(moment + (convention.end - timezone.localdate()) - timedelta(days=days))
    assert not completion.is_open(convention)
    time_machine.move_to(moment + (convention.end - moment.date()))
    assert completion.is_open(convention)
    done = {
        "start": convention.start,
        "end": convention.end,
        "declared_on": convention.end - timedelta(days=days),
    }
    assert list(completion.mistakes(convention, done)) == ["declared_on"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("phone", "06 61 91 00 07"),
        ("phone", "+33 6 61 91 00 07"),
        ("phone", "0661910007"),
        ("email", "Camille@Perso.example"),
    ],
)
@pytest.mark.parametrize("role", ["tutor", "signatory"])
def test_nobody_of_the_host_is_reached_as_the_trainee(world, role, column, value):
    draft = world.draft(student_phone="+33 6 61 91 00 07", student_personal_email="camille@perso.example")
    contact = getattr(draft, role)
    assert steps.contact_problems(role)(draft) == {}
    setattr(contact, column, value)
    contact.save()
    draft = Convention.objects.for_detail().get(pk=draft.pk)
    assert "celui de l’étudiant" in steps.contact_problems(role)(draft)[role]
    with pytest.raises(Refused):
        workflow.act(draft.pk, "submit", by=world.people["student"])


def test_a_proof_is_one_of_the_kinds_that_may_be_joined():
    assert set(PROOFS) < set(Attachment.Kind.values)
