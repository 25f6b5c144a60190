"""An institution and its centres may be stricter than the law, never looser."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Institution
from organisations.models import Centre
from tests.factories import AdminFactory, CentreFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db

FINE = [
    {"last_end_day": 31, "last_end_month": 8},
    {"last_end_day": 28, "last_end_month": 2},
    {"referent_ceiling": 24},
    {"referent_ceiling": 1},
    {"gratification_threshold": 308},
    {"gratification_threshold": 0},
    {"requires_insurance": True},
]
LOOSE = [
    ({"last_end_day": 31}, "une date de tous les ans"),
    ({"last_end_month": 8}, "une date de tous les ans"),
    ({"last_end_day": 31, "last_end_month": 9}, "une date de tous les ans"),
    ({"last_end_day": 29, "last_end_month": 2}, "une date de tous les ans"),
    ({"referent_ceiling": 25}, "de 1 à 24 stagiaires"),
    ({"referent_ceiling": 0}, "de 1 à 24 stagiaires"),
    ({"gratification_threshold": 309}, "au-delà de 308 heures"),
]


@pytest.mark.parametrize("model", [Institution, Centre])
@pytest.mark.parametrize("rules", FINE)
def test_stricter_rules_are_kept(model, rules):
    centre = CentreFactory()
    row = centre if model is Centre else centre.institution
    model.objects.filter(pk=row.pk).update(**rules)
    model.objects.get(pk=row.pk).full_clean()


@pytest.mark.parametrize("model", [Institution, Centre])
@pytest.mark.parametrize(("rules", "message"), LOOSE)
def test_looser_rules_are_refused_with_words_and_by_the_database(model, rules, message):
    centre = CentreFactory()
    row = centre if model is Centre else centre.institution
    for name, value in rules.items():
        setattr(row, name, value)
    with pytest.raises(ValidationError, match=message):
        row.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_a_programme_has_a_last_day_too(client):
    programme = ProgrammeFactory()
    client.force_login(AdminFactory())
    address = reverse("admin:organisations_programme_change", args=[programme.pk])
    assert 'name="last_end_month"' in client.get(address).text
    programme.last_end_day, programme.last_end_month = 31, 11
    with pytest.raises(ValidationError, match="une date de tous les ans"):
        programme.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        programme.save()


def test_both_administrations_offer_them(client):
    client.force_login(AdminFactory())
    centre = CentreFactory()
    for address in (
        reverse("admin:organisations_centre_change", args=[centre.pk]),
        reverse("admin:accounts_institution_change", args=[centre.institution_id]),
    ):
        page = client.get(address).text
        assert "Règles plus strictes que la loi" in page
        assert 'name="gratification_threshold"' in page
