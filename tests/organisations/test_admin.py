"""The administration site: usable lists and forms, agreements to read only."""

import re
from decimal import Decimal

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conventions import workflow
from conventions.models import Attachment, Avenant, Completion, Convention, Document, Event, Status, Term
from organisations import merging
from organisations.models import Ban, Centre, Enrolment, Merge, Organisation, Party
from tests.factories import (
    AdminFactory,
    AttachmentFactory,
    CentreFactory,
    CommuneFactory,
    ContactFactory,
    ConventionFactory,
    DestinationFactory,
    EnrolmentFactory,
    HealthInsuranceFundFactory,
    HourlyCeilingFactory,
    InstitutionFactory,
    ManagerFactory,
    NafCodeFactory,
    OrganisationFactory,
    SecurityOfficerFactory,
    ServiceFactory,
    StudentFactory,
    TeacherFactory,
    TermFactory,
    UserFactory,
    siret,
)
from tests.worlds import World

pytestmark = pytest.mark.django_db

MODELS = [
    model for model in admin.site._registry if model._meta.app_label in {"organisations", "conventions"}
]


@pytest.fixture
def administrator(client):
    user = AdminFactory()
    client.force_login(user)
    return user


@pytest.fixture
def world():
    """A row of every administered model."""
    agreement = ConventionFactory(complete=True)
    agreement = workflow.act(agreement.pk, "submit", by=agreement.student.user)
    Document.objects.create(convention=agreement, context={"student": {"name": "Zoé <Lefèvre>"}})
    AttachmentFactory(convention=agreement)
    Completion.objects.create(
        convention=agreement,
        start=agreement.start,
        end=agreement.end,
        hours=Decimal(140),
        amount_paid=Decimal("638.40"),
        declared_by="Zoé Lefèvre",
        declared_function="Directrice",
        declared_on=agreement.end,
        confirmed_by=agreement.student.user,
        confirmed_at=timezone.now(),
    )
    ManagerFactory(centre=agreement.centre)
    SecurityOfficerFactory(institution=agreement.institution)
    DestinationFactory(institution=agreement.institution)
    CommuneFactory()
    HourlyCeilingFactory()
    Merge.objects.create(
        kept=agreement.organisation, dropped=OrganisationFactory(), by=agreement.student.user
    )
    Ban.objects.create(
        organisation=agreement.organisation,
        institution=agreement.institution,
        by=agreement.student.user,
        reason="Sécurité",
        until=timezone.localdate(),
    )
    return agreement


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def a_row(model):
    """Return a row of an administered model; an avenant is of an agreement that all have signed."""
    if model is Avenant:
        signed = World()
        signed.avenant(signed.convention_in(Status.SIGNED))
    row = model.objects.first()
    assert row is not None
    return row


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_form_opens(client, administrator, world, model):
    row = a_row(model)
    assert client.get(page(model, "changelist")).status_code == 200
    assert client.get(page(model, "changelist"), {"q": "Léa 14"}).status_code == 200
    assert client.get(page(model, "change", row.pk)).status_code == 200
    is_read_only = model in (Attachment, Avenant, Completion, Convention, Event, Document, Merge, Ban)
    assert client.get(page(model, "add")).status_code == (403 if is_read_only else 200)


@pytest.mark.parametrize("model", MODELS)
def test_labels_are_in_french(client, administrator, world, model):
    """What Django makes of a column without a label is its English name."""
    text = client.get(page(model, "change", a_row(model).pk)).content.decode()
    labels = re.findall(r"<label[^>]*>\s*([^<]+?)\s*:?\s*</label>", text)
    labels += re.findall(r'<th class="column-\w+[^>]*>\s*([^<]+?)\s*<', text)
    assert labels
    english = {
        "user",
        "student",
        "teacher",
        "actor",
        "programme",
        "label",
        "created by",
        "signature order",
        "context",
    }
    assert not english & {label.lower() for label in labels}


@pytest.mark.parametrize(
    ("model", "make"),
    [
        (Organisation, OrganisationFactory),
        (Enrolment, EnrolmentFactory),
        (Centre, CentreFactory),
        (Convention, lambda: ConventionFactory(complete=True)),
    ],
)
def test_a_list_costs_the_same_for_one_row_and_for_twenty(
    client, administrator, model, make, django_assert_num_queries
):
    make()
    client.get(page(model, "changelist"))
    with CaptureQueriesContext(connection) as one:
        client.get(page(model, "changelist"))
    for _row in range(19):
        make()
    with django_assert_num_queries(len(one)):
        client.get(page(model, "changelist"))


@pytest.mark.parametrize("typed", ["brécourt", "BRECOURT HAVRE", "90000001", "900 000 01"])
def test_a_host_is_found_without_accents_or_by_siret(client, administrator, typed):
    OrganisationFactory(name="Brécourt", city="Le Havre", siret="90000001900019")
    OrganisationFactory(name="Autre", city="Caen", siret=siret(7_000_000))
    text = client.get(page(Organisation, "changelist"), {"q": typed}).content.decode()
    assert "Brécourt" in text
    assert ">Autre<" not in text


def test_a_host_is_edited_with_its_services_and_contacts(client, administrator):
    host = OrganisationFactory()
    service, contact = ServiceFactory(organisation=host), ContactFactory(organisation=host)
    form = fields(client, page(Organisation, "change", host.pk))
    form |= {
        "name": "Nouveau nom",
        "siret": "356 000 000 00048",
        "website": "exemple.fr",
        "is_verified": "on",
    }
    form["services-0-name"] = "Nouveau service"
    answer = client.post(page(Organisation, "change", host.pk), form)
    assert answer.status_code == 302, answer.context["errors"]
    host.refresh_from_db()
    service.refresh_from_db()
    assert (host.name, host.siret, host.is_verified) == ("Nouveau nom", "35600000000048", True)
    assert host.website == "https://exemple.fr"
    assert host.search_key.startswith("nouveau nom")
    assert service.name == "Nouveau service"
    assert host.contacts.get() == contact


def test_an_administrator_of_one_institution_sees_neither_the_contacts_nor_the_centres_of_others(
    client, administrator
):
    host = OrganisationFactory()
    ours = ContactFactory(organisation=host, centre=CentreFactory(keeps_contacts=True))
    theirs = ContactFactory(
        organisation=host, centre=CentreFactory(institution=InstitutionFactory(name="Université de Belombre"))
    )
    page = client.get(reverse("admin:organisations_organisation_change", args=[host.pk])).text
    assert ours.email in page
    assert theirs.email not in page


def test_a_centre_is_told_to_keep_its_contacts(client, administrator):
    centre = CentreFactory()
    assert (
        'name="keeps_contacts"'
        in client.get(reverse("admin:organisations_centre_change", args=[centre.pk])).text
    )


def test_who_verified_a_host_is_noted(client, administrator):
    host = OrganisationFactory()
    url = page(Organisation, "change", host.pk)
    client.post(url, fields(client, url) | {"is_verified": "on"})
    host.refresh_from_db()
    assert (host.verified_by, host.verified_at.date()) == (administrator, timezone.now().date())
    form = fields(client, url)
    del form["is_verified"]
    client.post(url, form)
    host.refresh_from_db()
    assert (host.is_verified, host.verified_by, host.verified_at) == (False, None, None)


def test_the_former_names_of_a_host_are_lines_which_may_hold_commas(client, administrator):
    host = OrganisationFactory(former_names=["Durand, père et fils", "Durand"])
    url = page(Organisation, "change", host.pk)
    form = fields(client, url)
    assert client.post(url, form).status_code == 302
    host.refresh_from_db()
    assert host.former_names == ["Durand, père et fils", "Durand"]
    client.post(url, form | {"former_names": "Durand, père et fils\r\n\r\nDurand SA\r\n"})
    host.refresh_from_db()
    assert host.former_names == ["Durand, père et fils", "Durand SA"]


def test_a_merged_host_is_only_shown(client, administrator):
    kept, dropped = OrganisationFactory(), OrganisationFactory()
    merging.merge(kept.pk, dropped.pk, by=administrator)
    url = page(Organisation, "change", dropped.pk)
    text = client.get(url).content.decode()
    assert str(kept) in text
    assert 'name="_save"' not in text
    assert client.post(url, {"name": "Autre"}).status_code == 403
    dropped.refresh_from_db()
    assert dropped.merged_into == kept


def test_the_signature_order_of_a_centre_is_chosen_from_lists(client, administrator):
    centre = CentreFactory()
    form = fields(client, page(Centre, "change", centre.pk))
    shown = client.get(page(Centre, "change", centre.pk)).content.decode()
    for rank, party in enumerate(centre.signature_order):
        chosen = re.search(rf'name="signature_order_{rank}".*?value="(\w+)" selected', shown, re.DOTALL)
        assert chosen[1] == party
    order = [Party.TEACHER, Party.STUDENT, Party.TUTOR, Party.HOST, Party.UNIVERSITY]
    for rank, party in enumerate(order):
        form[f"signature_order_{rank}"] = party
    assert client.post(page(Centre, "change", centre.pk), form).status_code == 302
    centre.refresh_from_db()
    assert centre.signature_order == order
    form = fields(client, page(Centre, "change", centre.pk))
    form["signature_order_1"] = Party.TEACHER
    answer = client.post(page(Centre, "change", centre.pk), form)
    assert "Chacune des cinq parties signe une seule fois." in answer.content.decode()


def test_two_administrators_of_one_centre_lose_nothing(client, administrator):
    centre = CentreFactory(phone="", address="", signatory_name="Claire Vasseur")
    url = page(Centre, "change", centre.pk)
    mine, theirs = fields(client, url), fields(client, url)
    client.post(url, theirs | {"address": "1 esplanade des Pommiers", "signatory_name": "Anne Petit"})
    answer = client.post(url, mine | {"mailbox": "stages@univ.example", "signatory_name": "Zoé Grand"})
    assert answer.status_code == 200
    assert "Modifié entre-temps" in answer.text
    assert "« Anne Petit »" in answer.text.replace("\u00a0", " ")
    centre.refresh_from_db()
    assert centre.signatory_name == "Anne Petit", "nothing is written before a decision"
    [decision] = set(re.findall(r'name="decision-signatory_name"\s+value="(mine-\w+)"', answer.text))
    again = mine | {"mailbox": "stages@univ.example", "signatory_name": "Zoé Grand"}
    assert client.post(url, again | {"decision-signatory_name": decision}).status_code == 302
    centre.refresh_from_db()
    assert (centre.signatory_name, centre.mailbox) == ("Zoé Grand", "stages@univ.example")
    assert centre.address == "1 esplanade des Pommiers", "what this page left alone stays as it is now"


def test_a_centre_keeps_its_contacts_to_itself(client, administrator):
    centre = CentreFactory()
    form = fields(client, page(Centre, "change", centre.pk)) | {"keeps_contacts": "on"}
    client.post(page(Centre, "change", centre.pk), form)
    centre.refresh_from_db()
    assert centre.keeps_contacts


def test_a_new_centre_is_offered_the_usual_order(client, administrator):
    form = fields(client, page(Centre, "add"))
    offered = [form[f"signature_order_{rank}"] for rank in range(len(Party))]
    assert offered == Centre().signature_order


def test_a_manager_is_named_on_the_page_of_the_centre(client, administrator):
    centre, person = CentreFactory(), UserFactory()
    form = fields(client, page(Centre, "change", centre.pk))
    form |= {"managers-TOTAL_FORMS": "1", "managers-0-user": person.pk, "managers-0-centre": centre.pk}
    assert client.post(page(Centre, "change", centre.pk), form).status_code == 302
    assert centre.managers.get().user == person


def test_an_agreement_is_only_shown(client, administrator, world):
    url = page(Convention, "change", world.pk)
    text = client.get(url).content.decode()
    assert "Soumise" in text
    assert world.subject in text
    content = text.split('id="content-main"')[1].split("<footer")[0]
    assert not re.findall(r'<select|<textarea|<input(?! type="hidden")', content)
    before = Convention.objects.filter(pk=world.pk).values().get()
    assert client.post(url, {"status": Status.VALIDATED, "subject": "Autre"}).status_code == 403
    assert client.post(page(Convention, "delete", world.pk), {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [world.pk], "post": "yes"}
    client.post(page(Convention, "changelist"), action)
    assert Convention.objects.filter(pk=world.pk).values().get() == before


@pytest.mark.parametrize("model", [Event, Document])
def test_the_journal_and_the_documents_are_only_shown(client, administrator, world, model):
    row = model.objects.get()
    assert client.post(page(model, "change", row.pk), {}).status_code == 403
    assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model.objects.get() == row


def test_what_a_document_was_printed_from_is_shown_harmless(client, administrator, world):
    text = client.get(page(Document, "change", Document.objects.get().pk)).content.decode()
    assert "Zoé &lt;Lefèvre&gt;" in text


def test_an_administrator_of_one_institution_sees_only_its_agreements(client, administrator, world):
    elsewhere = InstitutionFactory(name="Autre université", short_name="Autre")
    student = StudentFactory(user__institution=elsewhere)
    theirs = ConventionFactory(student=student)
    Event.objects.create(convention=theirs, action="create", after=Status.DRAFT)
    client.force_login(AdminFactory(institution=elsewhere))
    assert client.get(page(Convention, "change", theirs.pk)).status_code == 200
    assert client.get(page(Convention, "change", world.pk)).status_code == 302
    assert client.get(page(Event, "change", Event.objects.get(convention=world).pk)).status_code == 302


def test_what_identifies_a_reference_row_is_fixed_and_the_rest_is_edited(client, administrator):
    term = TermFactory(kind=Term.Kind.THEME, code="sante", label="Santé")
    form = fields(client, page(Term, "change", term.pk))
    assert not {"kind", "code"} & form.keys()
    assert (
        client.post(page(Term, "change", term.pk), form | {"label": "Médecine", "code": "autre"}).status_code
        == 302
    )
    term.refresh_from_db()
    assert (term.code, term.label) == ("sante", "Médecine")
    for row in (HealthInsuranceFundFactory(), NafCodeFactory(), CommuneFactory()):
        sent = fields(client, page(type(row), "change", row.pk))
        assert not {"code", "version", "name", "postal_code"} & sent.keys()


def test_a_student_is_picked_by_search_not_from_sixty_thousand(client, administrator):
    enrolment = EnrolmentFactory()
    text = client.get(page(Enrolment, "change", enrolment.pk)).content.decode()
    assert 'class="admin-autocomplete"' in text
    StudentFactory(number="99887766")
    assert "99887766" not in text


def test_only_administrators_enter(client):
    client.force_login(TeacherFactory().user)
    for model in MODELS:
        assert client.get(page(model, "changelist")).status_code in {302, 403}


def fields(client, url):
    """Return what the form of a page would send."""
    form = client.get(url).context["adminform"].form
    formsets = client.get(url).context["inline_admin_formsets"]
    sent = {"shown": form.shown} if hasattr(form, "shown") else {}
    for part in [
        form,
        *(piece for inline in formsets for piece in [inline.formset.management_form, *inline.formset]),
    ]:
        for bound in part:
            value = bound.value()
            if isinstance(value, list):
                sent |= {f"{bound.html_name}_{index}": item for index, item in enumerate(value)}
            elif value is not None and value is not False:
                sent[bound.html_name] = value
    return sent
