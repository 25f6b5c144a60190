"""Two institutions on one site: their rows never mix, and an administrator of one does not reach the other's."""

import pytest
from django.core.exceptions import ValidationError

from tests.factories import (
    CentreFactory,
    EnrolmentFactory,
    InstitutionFactory,
    ProgrammeFactory,
    StudentFactory,
    UfrFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere():
    return InstitutionFactory(name="Autre université", short_name="Autre")


def refusals(row):
    """The fields that cannot stay as they are, with what is said beside them."""
    try:
        row.full_clean()
    except ValidationError as error:
        return error.message_dict
    return {}


OTHER = ["Choisissez une valeur du même établissement."]


def test_a_ufr_has_a_centre_of_its_institution(elsewhere):
    ufr = UfrFactory()
    assert refusals(ufr) == {}
    ufr.centre = CentreFactory(institution=elsewhere)
    assert refusals(ufr) == {"centre": OTHER}


def test_a_programme_has_a_ufr_and_a_centre_of_its_institution(elsewhere):
    programme = ProgrammeFactory(centre=CentreFactory())
    assert refusals(programme) == {}
    programme.centre = CentreFactory(institution=elsewhere)
    assert refusals(programme) == {"centre": OTHER}
    programme.ufr = UfrFactory(centre=programme.centre)
    assert refusals(programme) == {"ufr": OTHER, "centre": OTHER}


def test_a_student_is_enrolled_in_a_programme_of_their_institution(elsewhere):
    enrolment = EnrolmentFactory()
    assert refusals(enrolment) == {}
    enrolment.student = StudentFactory(user__institution=elsewhere)
    assert refusals(enrolment) == {"programme": OTHER}


def test_what_is_not_chosen_yet_is_asked_first(elsewhere):
    ufr = UfrFactory(institution=elsewhere)
    ufr.institution = None
    assert list(refusals(ufr)) == ["institution"]
    programme = ProgrammeFactory()
    programme.ufr = None
    assert list(refusals(programme)) == ["ufr"]
