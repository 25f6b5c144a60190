"""What stops a validation, a submission or a certificate, whatever the agreement says of itself."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.refusals import Refused
from conventions import workflow
from conventions.attachments import deciding
from conventions.follow_up import completion
from conventions.legality import papers
from conventions.models import Attachment, AvenantKind, AvenantStatus, Convention, Status
from conventions.workflow import avenants
from conventions.writing import changes, steps
from organisations.models import Centre
from tests.factories import AttachmentFactory, OrganisationFactory, ServiceFactory
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


# What a centre wants to see


@pytest.fixture
def abroad():
    return OrganisationFactory(abroad=True, country="UA")


def wanted(convention):
    return [paper.value for paper in papers.required(Convention.objects.for_detail().get(pk=convention.pk))]


@pytest.mark.parametrize(
    ("country", "expected"),
    [("FR", ["social"]), ("SE", ["social", "assistance"]), ("UA", ["social", "assistance", "visa"])],
)
def test_what_proves_a_departure_is_wanted_abroad_alone(world, country, expected):
    Centre.objects.update(required_papers=["social", "assistance", "visa"])
    host = (
        OrganisationFactory(country=country)
        if country == "FR"
        else OrganisationFactory(abroad=True, country=country)
    )
    assert wanted(world.draft(organisation=host)) == expected
    Centre.objects.update(required_papers=[])
    assert wanted(world.draft(organisation=host)) == []


@pytest.mark.parametrize("kind", ["social", "assistance", "visa"])
def test_a_paper_that_the_centre_wants_stops_until_it_is_there_and_accepted(world, abroad, kind):
    Centre.objects.update(required_papers=[kind], security_from="")
    convention, manager = world.convention_in(Status.SUBMITTED, organisation=abroad), world.people["manager"]

    def attempt():
        workflow.act(convention.pk, "validate", by=manager, comment="Vérifié.")

    with refused("papers_awaited"):
        attempt()
    option = next(
        one
        for one in workflow.options(Convention.objects.for_detail().get(pk=convention.pk), manager)
        if one.action.name == "validate"
    )
    assert str(Attachment.Kind(kind).label) in str(option.refusal), (
        "the page says it before the button is pressed"
    )
    first = AttachmentFactory(convention=convention, kind=kind)
    with refused("papers_awaited"):
        attempt()
    deciding.refuse(first.pk, "Illisible.", by=manager)
    with refused("attachment_refused"):
        attempt()
    deciding.accept(AttachmentFactory(convention=convention, kind=kind).pk, by=manager)
    attempt()


def test_a_missing_paper_is_said_before_the_submission_and_does_not_stop_it(client, world):
    Centre.objects.update(required_papers=["social"])
    draft = world.draft(enrolment=world.enrolled())
    client.force_login(world.people["student"])
    address = reverse("conventions:step", args=[draft.pk, "recapitulatif"])
    page = client.get(address)
    said = [one.message for one in page.context["panel"].notes if one.rule == "P-10"]
    assert ["droits à l’assurance maladie" in one for one in said] == [True]
    assert "Pièces que votre centre attend pour valider" in page.text
    AttachmentFactory(convention=draft, kind="social")
    page = client.get(address)
    assert "Pièces que votre centre attend pour valider" not in page.text
    assert not [one for one in page.context["panel"].notes if one.rule == "P-10"]
    workflow.act(draft.pk, "submit", by=world.people["student"])


def test_an_avenant_does_without_what_the_agreement_did_without(world):
    convention = world.convention_in(Status.SIGNED)
    Centre.objects.update(required_papers=["social"])
    avenant = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    avenants.act(avenant.pk, "validate", by=world.people["manager"], comment="Vu.")


@pytest.mark.parametrize("find", [papers.lacking, papers.awaited])
def test_both_that_say_what_lacks_forgive_an_avenant_what_the_agreement_lacked(world, abroad, find):
    convention = world.convention_in(Status.SIGNED)
    Centre.objects.update(required_papers=["social", "assistance"])

    def away(after):
        after.service = ServiceFactory(organisation=after.organisation, country="SE", city="Malmö")

    avenant = world.avenant(convention, AvenantKind.PLACE, change=away)
    assert find(Convention.objects.for_detail().get(pk=convention.pk)) == ["social"]
    assert find(changes.proposed(avenant)) == ["assistance"]


def test_a_centre_says_what_it_wants(client, world):
    client.force_login(world.people["admin"])
    page = client.get(reverse("admin:organisations_centre_change", args=[world.centre.pk])).text
    assert page.count('name="required_papers"') == 3
