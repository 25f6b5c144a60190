"""Finding teachers and students of the university."""

import pytest

from organisations.people import programmes_handled_by, search_students, search_teachers
from tests.factories import (
    CentreFactory,
    EnrolmentFactory,
    InstitutionFactory,
    ProgrammeFactory,
    StudentFactory,
    TeacherFactory,
    UfrFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("typed", ["lefèvre", "LEFEVRE zoé", "zoe lefe", "lef%re"])
def test_a_teacher_is_found_by_name(typed):
    teacher = TeacherFactory(user__first_name="Zoé", user__last_name="Lefèvre")
    TeacherFactory(user__first_name="Zoé", user__last_name="Durand")
    assert list(search_teachers(typed, teacher.ufr.institution)) == [teacher]


def test_only_teachers_of_the_institution_who_can_sign_in_are_found():
    teacher = TeacherFactory(user__last_name="Lefèvre")
    TeacherFactory(user__last_name="Lefèvre", user__is_active=False)
    elsewhere = CentreFactory(institution=InstitutionFactory(name="Autre université"))
    TeacherFactory(user__last_name="Lefèvre", ufr=UfrFactory(centre=elsewhere))
    assert list(search_teachers("lefevre", teacher.ufr.institution)) == [teacher]
    assert not search_teachers("", teacher.ufr.institution)


def test_teachers_come_with_their_ufr_in_one_query(django_assert_num_queries):
    user = UserFactory(last_name="Lefèvre")
    teachers = [TeacherFactory(user=user, ufr__name=name) for name in ("Sciences", "Droit")]
    with django_assert_num_queries(1):
        shown = [(str(t.user), t.ufr.name) for t in search_teachers("lefevre", teachers[0].ufr.institution)]
    assert [ufr for _name, ufr in shown] == ["Droit", "Sciences"]


@pytest.mark.parametrize("typed", ["nguyen", "Camille NGUYỄN", "2199", "21 99"])
def test_a_student_is_found_by_name_or_number(typed):
    user = UserFactory(first_name="Camille", last_name="Nguyễn")
    enrolment = EnrolmentFactory(student=StudentFactory(user=user, number="21990001"))
    EnrolmentFactory(student__number="88000001", programme=enrolment.programme)
    centre = enrolment.programme.managing_centre
    assert list(search_students(typed, [centre])) == [enrolment.student]


def test_a_centre_only_finds_the_students_it_handles():
    enrolment = EnrolmentFactory(student__user__last_name="Nguyen")
    EnrolmentFactory(student=enrolment.student, programme=enrolment.programme, academic_year=2020)
    EnrolmentFactory(student__user__last_name="Nguyen")
    StudentFactory(user__last_name="Nguyen")
    assert list(search_students("nguyen", [enrolment.programme.managing_centre])) == [enrolment.student]
    assert not search_students("nguyen", [])
    for typed in ("", "\x00", "%"):
        assert not search_students(typed, [enrolment.programme.managing_centre])


def test_a_programme_is_handled_by_its_own_centre_before_its_ufrs():
    ufr = UfrFactory()
    ordinary, special = ProgrammeFactory(ufr=ufr), ProgrammeFactory(ufr=ufr, centre=CentreFactory())
    assert list(programmes_handled_by([ufr.centre])) == [ordinary]
    assert list(programmes_handled_by([special.centre])) == [special]
    for programme in (ordinary, special):
        assert programme in programmes_handled_by([programme.managing_centre])
