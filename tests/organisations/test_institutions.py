"""Two institutions on one site: their rows never mix, and an administrator of one does not reach the other's."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import User
from tests.factories import (
    AdminFactory,
    CentreFactory,
    EnrolmentFactory,
    InstitutionFactory,
    ManagerFactory,
    MessageFactory,
    ProgrammeFactory,
    StudentFactory,
    TeacherFactory,
    UfrFactory,
    UserFactory,
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


# The administration


@pytest.fixture
def rows():
    """A row of the first institution for every list an administrator of the other one may open."""
    enrolment = EnrolmentFactory()
    return [
        enrolment.student.institution,
        enrolment.student.user,
        enrolment.student,
        MessageFactory(institution=enrolment.student.institution),
        enrolment.programme.ufr.centre,
        enrolment.programme.ufr,
        enrolment.programme,
        enrolment,
        TeacherFactory(ufr=enrolment.programme.ufr),
        ManagerFactory(centre=enrolment.programme.ufr.centre),
        SocialAccount.objects.create(user=enrolment.student.user, provider="sso", uid="1"),
    ]


def address(row, page, *args):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=args)


def found(client, row):
    """The rows of its list."""
    return list(client.get(address(row, "changelist")).context["cl"].queryset)


def test_an_administrator_reaches_only_the_rows_of_their_institution(client, elsewhere, rows):
    client.force_login(AdminFactory(institution=elsewhere))
    for row in rows:
        assert row not in found(client, row), row
        for page in ("change", "delete", "history"):
            assert client.get(address(row, page, row.pk)).status_code in {302, 403, 404}, (row, page)
        assert client.post(address(row, "delete", row.pk), {"post": "yes"}).status_code in {302, 403, 404}
        assert type(row).objects.filter(pk=row.pk).exists()
    password = reverse("admin:auth_user_password_change", args=[rows[1].pk])
    assert client.get(password).status_code == 404
    assert client.post(password, {"usable_password": "false"}).status_code == 404


@pytest.mark.ignore_template_errors  # Django's own templates read undefined variables
@pytest.mark.parametrize("attached", [True, False])
def test_an_administrator_of_the_same_institution_or_of_none_reaches_them(client, elsewhere, rows, attached):
    client.force_login(AdminFactory(**({} if attached else {"institution": None})))
    for row in rows:
        assert row in found(client, row), row
        assert client.get(address(row, "change", row.pk)).status_code == 200, row
    assert client.get(address(elsewhere, "add")).status_code == (403 if attached else 200)


def test_staff_of_no_institution_who_are_not_superusers_reach_nobody_else(client, rows):
    assistant = UserFactory(is_staff=True, institution=None)
    assistant.user_permissions.set(Permission.objects.all())
    client.force_login(assistant)
    assert found(client, assistant) == [assistant]
    assert found(client, rows[0]) == []


def test_what_belongs_to_another_institution_can_neither_be_searched_nor_posted(client, elsewhere, rows):
    theirs = EnrolmentFactory()
    mine = EnrolmentFactory(
        student__user__institution=elsewhere, programme__ufr__centre__institution=elsewhere
    )
    client.force_login(AdminFactory(institution=elsewhere))
    suggested = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "organisations", "model_name": "enrolment", "field_name": "student", "term": ""},
    ).json()["results"]
    assert [result["id"] for result in suggested] == [str(mine.student.pk)]
    posted = {"student": theirs.student.pk, "programme": theirs.programme.pk, "academic_year": 2026}
    form = client.post(address(theirs, "add"), posted).context["adminform"].form
    assert {"student", "programme"} <= form.errors.keys()
    page = client.get(address(mine.programme, "changelist")).text
    assert theirs.programme.ufr.name not in page


def test_a_person_made_by_an_administrator_is_of_their_institution(client, elsewhere):
    first, administrator = InstitutionFactory(), AdminFactory(institution=elsewhere)
    client.force_login(administrator)
    made = {"email": "nouveau@autre.example", "first_name": "A", "last_name": "B", "usable_password": "false"}
    assert client.post(address(administrator, "add"), made | {"institution": first.pk}).status_code == 302
    assert User.objects.get(email=made["email"]).institution == elsewhere
    # Nor does an administrator leave theirs to reach all the others.
    typed = {"email": administrator.email, "first_name": "A", "last_name": "B", "institution": ""}
    rights = {"is_active": "on", "is_staff": "on", "is_superuser": "on"}
    url = address(administrator, "change", administrator.pk)
    assert client.post(url, typed | rights).status_code == 302
    administrator.refresh_from_db()
    assert (administrator.first_name, administrator.institution) == ("A", elsewhere)
