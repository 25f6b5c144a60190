"""The documents of an agreement are kept, and opened by those who may."""

import pytest
from django.urls import reverse

from conventions import documents, workflow
from conventions.models import Document, Status
from tests.at_once import at_once
from tests.conventions.documents.reading import loaded, text_of
from tests.factories import DestinationFactory, OrganisationFactory, ServiceFactory
from tests.pages import browser
from tests.worlds import World

Kind = Document.Kind


def test_a_stage_abroad_has_its_sheet_from_its_validation(world):
    host = OrganisationFactory(country="DE", siret=None, siret_exemption="abroad")
    DestinationFactory(institution=world.centre.institution, country="DE")
    abroad = world.convention_in(
        Status.VALIDATED, organisation=host, service=ServiceFactory(organisation=host, country="DE")
    )
    sheet = abroad.documents.get(kind=Kind.INFORMATION_SHEET)
    assert sheet.context["country"] == "DE"
    documents.make(sheet.pk)
    page = browser(world.people["student"]).get(abroad.get_absolute_url())
    address = reverse("conventions:document", args=[abroad.pk, sheet.pk])
    assert address in page.text
    answer = browser(world.people["student"]).get(address)
    assert answer["Content-Type"] == "application/pdf"
    assert f'inline; filename="fiche-etranger-{abroad.number}.pdf"' in answer["Content-Disposition"]
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")


def test_a_stage_in_france_has_no_sheet(world):
    convention = world.convention_in(Status.VALIDATED)
    assert [document.kind for document in convention.documents.all()] == [Kind.AGREEMENT]


def test_a_summary_is_made_once_for_each_content(world):
    convention = world.convention_in(Status.SUBMITTED)
    address = reverse("conventions:summarise", args=[convention.pk])
    first = browser(world.people["student"]).post(address)
    assert browser(world.people["manager"]).post(address).url == first.url
    summary = convention.documents.get()
    assert summary.kind == Kind.SUMMARY
    assert convention.subject in text_of(summary.content())
    opened = browser(world.people["student"]).get(first.url)
    assert opened.status_code == 200
    world.student.user.last_name = "Autrement"
    world.student.user.save()
    assert browser(world.people["student"]).post(address).url != first.url
    assert convention.documents.count() == 2


def test_a_summary_says_what_was_agreed_whatever_the_records_become(world):
    convention = world.convention_in(Status.SIGNED)
    signatory = convention.signatory
    agreed, signatory.last_name = signatory.last_name, "Autrement"
    signatory.save()
    summary = text_of(documents.summarise(loaded(convention)).content())
    assert agreed in summary
    assert "Autrement" not in summary


def test_before_validation_only_a_summary_is_opened_and_after_a_cancellation_too(world):
    convention = world.convention_in(Status.VALIDATED)
    agreement = documents.make(convention.documents.get().pk)
    summary = documents.summarise(loaded(convention))
    student = browser(world.people["student"])

    def status(document):
        return student.get(reverse("conventions:document", args=[convention.pk, document.pk])).status_code

    assert (status(agreement), status(summary)) == (200, 200)
    workflow.act(convention.pk, "cancel", by=world.people["manager"], comment="Il ne vient plus.")
    assert (status(agreement), status(summary)) == (404, 200)


def test_the_documents_of_an_agreement_are_opened_under_its_address_alone(world):
    convention, other = world.convention_in(Status.VALIDATED), world.draft()
    document = documents.make(convention.documents.get().pk)
    wrong = reverse("conventions:document", args=[other.pk, document.pk])
    assert browser(world.people["student"]).get(wrong).status_code == 404


@pytest.mark.parametrize(("status", "opened"), [("validated", 200), ("cancelled", 404)])
def test_a_cancelled_avenant_is_no_longer_printed(world, avenant, status, opened):
    context = documents.printable(loaded(avenant.convention))
    document = documents.make(documents.freeze_avenant(avenant, context, context).pk)
    avenant.status = status
    avenant.save()
    address = reverse("conventions:document", args=[avenant.convention_id, document.pk])
    student = browser(world.people["student"])
    assert student.get(address).status_code == opened
    assert (address in student.get(avenant.convention.get_absolute_url()).text) == (opened == 200)
    assert ("Avenant A2" in student.get(avenant.convention.get_absolute_url()).text) == (opened == 200)


@pytest.mark.django_db(transaction=True)
def test_two_people_who_ask_at_once_get_one_summary(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    convention = loaded(World().convention_in(Status.SUBMITTED))
    first, second = at_once(*[lambda: documents.summarise(loaded(convention)).pk] * 2)
    assert first == second
    assert convention.documents.count() == 1
