"""What a page hides is neither read nor judged; shown again, it is as it was typed."""

import pytest

from conventions.attachments.forms import AttachmentForm
from conventions.models import Convention, Status
from conventions.writing.forms import ContentForm
from conventions.writing.purpose import PurposeForm
from organisations.conditions import holds
from organisations.forms import KeptOrganisationForm, OrganisationForm
from organisations.models import Organisation
from tests.factories import HeadcountBandFactory, LegalFormFactory, OrganisationFactory, UserFactory, siret

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("condition", "answers", "expected"),
    [
        ("paid=True", {"paid": ["True"]}, True),
        ("paid=True", {"paid": ["False"]}, False),
        ("paid=True", {}, False),
        ("zone=orange|red", {"zone": ["red"]}, True),
        ("country!=FR|GP", {"country": ["BE"]}, True),
        ("country!=FR|GP", {"country": ["GP"]}, False),
        ("country!=FR|GP", {}, False),
        ("kinds=other", {"kinds": ["tutor", "other"]}, True),
        ("at_night", {"at_night": ["on"]}, True),
        ("at_night,on_sunday", {"on_sunday": ["on"]}, True),
        ("at_night,on_sunday", {}, False),
    ],
)
def test_a_condition_is_read_as_the_page_reads_it(condition, answers, expected):
    assert holds(condition, lambda name: answers.get(name, [])) is expected


@pytest.fixture
def abroad():
    """A company in Belgium, as typed."""
    return {
        "name": "Brasserie des Ormes",
        "country": "BE",
        "legal_form": LegalFormFactory().pk,
        "activity": "Brasserie",
        "headcount_band": HeadcountBandFactory().pk,
        "street": "1 rue du Houblon",
        "city": "Namur",
        "phone": "+32 81 12 34 56",
    }


@pytest.mark.parametrize("typed", ["abc", "12345678901234", siret(7)])
def test_a_siret_left_behind_when_the_host_moves_abroad_is_not_judged(abroad, typed):
    OrganisationFactory(siret=siret(7))
    form = OrganisationForm(abroad | {"siret": typed, "siret_exemption": "pending"}, by=UserFactory())
    assert form.is_valid(), form.errors
    host = form.save()
    assert (host.siret, host.siret_exemption) == (None, Organisation.SiretExemption.ABROAD)
    back = OrganisationForm(
        abroad | {"country": "FR", "siret": "abc", "postal_code": "76600"}, by=UserFactory()
    )
    assert "siret" in back.errors, "shown again, it is judged"
    assert back["siret"].value() == "abc"


def test_an_identifier_of_another_country_does_not_follow_a_host_with_a_siret(abroad):
    form = OrganisationForm(
        abroad
        | {
            "country": "FR",
            "siret": siret(1),
            "postal_code": "76600",
            "phone": "0235000000",
            "local_identifier": "x" * 500,
        },
        by=UserFactory(),
    )
    assert form.is_valid(), form.errors
    assert form.save().local_identifier == ""


def test_a_stored_siret_goes_when_the_record_says_another_country(abroad):
    host = OrganisationFactory(siret=siret(3))
    form = KeptOrganisationForm(abroad | {"siret": siret(3)}, instance=host, by=UserFactory())
    assert form.is_valid(), form.errors
    assert form.save().siret is None


def paid(**answers):
    return {
        "is_paid": "True",
        "amount": "4,50",
        "amount_unit": "hour",
        "payment_frequency": "monthly",
    } | answers


@pytest.mark.parametrize(
    "typed",
    [{"amount": "beaucoup"}, {"amount": "9" * 30}, {"amount_unit": "siècle"}, {"branch_minimum": "?"}],
)
def test_an_amount_hidden_by_another_answer_is_neither_judged_nor_lost(world, typed):
    draft = world.draft()
    Convention.objects.filter(pk=draft.pk).update(is_paid=True, amount="600", amount_unit="month")
    draft.refresh_from_db()
    form = ContentForm(paid(is_paid="False", **typed), instance=draft)
    form.full_clean()
    assert not form.errors.keys() & {"amount", "amount_unit", "branch_minimum"}
    form.save_valid()
    kept = Convention.objects.get(pk=draft.pk)
    assert (kept.is_paid, kept.amount, kept.amount_unit) == (False, 600, "month")
    [name] = typed
    shown = ContentForm(paid(**typed), instance=kept)
    assert name in shown.errors
    assert shown[name].value() == typed[name]


def test_what_another_tab_changed_in_a_hidden_field_asks_no_decision(world):
    draft = world.draft()
    Convention.objects.filter(pk=draft.pk).update(is_paid=True, amount="600", amount_unit="month")
    draft.refresh_from_db()
    shown = ContentForm(instance=draft).shown
    Convention.objects.filter(pk=draft.pk).update(amount="700")
    draft.refresh_from_db()
    form = ContentForm({"is_paid": "False", "shown": shown}, instance=draft)
    form.full_clean()
    assert not form.moved
    form.save_valid()
    kept = Convention.objects.get(pk=draft.pk)
    assert (kept.is_paid, kept.amount) == (False, 700)


def test_the_clause_of_an_avenant_that_is_no_longer_asked_is_not_judged(world):
    agreement = world.convention_in(Status.SIGNED)
    hidden = PurposeForm(
        {"kinds": ["tutor"], "other": "x" * 50_000, "reason": "Départ"}, convention=agreement
    )
    assert "other" not in hidden.errors
    assert "other" in PurposeForm({"kinds": ["other"], "other": ""}, convention=agreement).errors


def test_the_title_of_an_attachment_that_is_no_longer_asked_is_not_judged():
    hidden = AttachmentForm({"kind": "visa", "title": "x" * 500})
    assert "title" not in hidden.errors
    assert hidden.cleaned_data["title"] == ""
    assert "title" in AttachmentForm({"kind": "other", "title": "x" * 500}).errors
    assert not AttachmentForm({"kind": "", "valid_from": "hier"}).errors.keys() & {"valid_from"}
