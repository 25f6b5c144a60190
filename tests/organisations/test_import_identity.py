"""The civil identity of students in the files of the university, under the names of its systems; how it is found."""

import pytest
from django.urls import reverse

from accounts.models import Student, User
from organisations.people import search_students
from organisations.records import cells, headers
from organisations.records.student_file import COLUMNS
from tests.factories import AdminFactory, EnrolmentFactory
from tests.organisations.test_import_students import ZOE, programme, run  # noqa: F401  # the fixtures of its file

IDENTITY = ("birth_name", "usage_name", "civil_first_name", "sex")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("LIB_NOM_PAT_IND", "birth_name"),
        ("nomDeNaissance", "birth_name"),
        ("Nom de famille", "birth_name"),
        ("LIB_NOM_USU_IND", "usage_name"),
        ("Nom d’usage", "usage_name"),
        ("nomUsuel", "usage_name"),
        ("prenomEtatCivil", "civil_first_name"),
        ("Prénom d'état civil", "civil_first_name"),
        ("sexEtatCivil", "sex"),
        ("COD_SEX_ETU", "sex"),
        ("codeSexe", "sex"),
    ],
)
def test_the_names_of_other_systems_are_known(theirs, ours):
    found = headers.match(["student_number", "email", "first_name", "last_name", theirs], "students", COLUMNS)
    assert found.ours.get(ours) == headers.name_of(theirs)
    assert found.unknown == []


def test_the_two_names_of_apogee_are_told_apart():
    found = headers.match(
        ["COD_ETU", "LIB_NOM_PAT_IND", "LIB_NOM_USU_IND", "LIB_PR1_IND"], "students", COLUMNS
    )
    assert found.ours["last_name"] == "lib_nom_usu_ind"
    assert found.ours["birth_name"] == "lib_nom_pat_ind"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("F", "F"),
        ("f", "F"),
        ("Féminin", "F"),
        ("Femme", "F"),
        ("2", "F"),
        ("M", "M"),
        ("H", "M"),
        ("masculin", "M"),
        ("1", "M"),
        ("Non précisé", ""),
        ("X", ""),
    ],
)
def test_a_sex_is_read(text, code):
    assert cells.sex(text) == code


def test_what_is_no_sex_is_dropped_and_said():
    with pytest.raises(cells.Unreadable, match="vrai"):
        cells.sex("vrai")


@pytest.mark.django_db
class TestImport:
    def bring(self, run, **cells_of):  # noqa: F811
        row = ZOE | cells_of
        said, errors, code = run(row, header=list(row))
        assert code == 0, errors
        student = Student.objects.select_related("user").get(number=ZOE["student_number"])
        return student, said + errors

    def test_all_of_it(self, run):  # noqa: F811
        student, _said = self.bring(
            run, birth_name="Kervella", usage_name="Lefèvre", civil_first_name="Jean", sex="F"
        )
        assert [getattr(student, name) for name in IDENTITY] == ["Kervella", "Lefèvre", "Jean", "F"]
        assert str(student.user) == "Zoé Lefèvre", "the names in use stay"
        assert student.user.search_key == "lefevre zoe kervella jean"

    def test_a_file_without_these_columns_leaves_them(self, run):  # noqa: F811
        self.bring(run, birth_name="Kervella", sex="F")
        student, _said = self.bring(run)
        assert (student.birth_name, student.sex) == ("Kervella", "F")

    def test_an_empty_cell_empties(self, run):  # noqa: F811
        self.bring(run, birth_name="Kervella", sex="F")
        student, _said = self.bring(run, birth_name="", sex="")
        assert (student.birth_name, student.sex) == ("", "")
        assert student.user.search_key == "lefevre zoe", "and no longer finds"

    def test_an_odd_sex_is_left_aside(self, run):  # noqa: F811
        student, said = self.bring(run, sex="vrai")
        assert student.sex == ""
        assert "sex" in said

    @pytest.mark.parametrize(
        ("used", "birth", "last_name", "usage_name"),
        [
            ("Lefèvre", "Kervella", "Lefèvre", "Lefèvre"),
            ("Lefèvre", "LEFEVRE", "Lefèvre", ""),
            ("", "Kervella", "Kervella", ""),
        ],
    )
    def test_the_names_of_apogee(self, run, used, birth, last_name, usage_name):  # noqa: F811
        """It leaves the name of usage empty where it is the one of birth."""
        student, _said = self.bring(run, last_name=used, birth_name=birth)
        assert student.user.last_name == last_name
        assert (student.birth_name, student.usage_name) == (birth, usage_name)


@pytest.mark.django_db
class TestSearch:
    @pytest.fixture
    def enrolment(self):
        return EnrolmentFactory(
            student__user__first_name="Zoé",
            student__user__last_name="Lefèvre",
            student__birth_name="Le Guen",
            student__usage_name="Lefèvre-Morvan",
            student__civil_first_name="Jean",
        )

    @pytest.mark.parametrize("text", ["lefevre", "le guen", "GUEN zoe", "morvan", "jean lefevre"])
    def test_a_student_is_found_under_each_name(self, enrolment, text):
        centre = enrolment.programme.ufr.centre
        assert list(search_students(text, [centre])) == [enrolment.student]

    def test_so_in_the_administration(self, enrolment, client):
        client.force_login(AdminFactory())
        page = client.get(reverse("admin:accounts_student_changelist"), {"q": "guen"})
        assert enrolment.student.number in page.text
        change = client.get(reverse("admin:accounts_student_change", args=[enrolment.student.pk]))
        assert "Prénom d’état civil" in change.text
        assert "Non précisé" in change.text

    def test_a_name_corrected_is_found_and_the_former_one_is_not(self, enrolment):
        centre, student = enrolment.programme.ufr.centre, enrolment.student
        student.birth_name = "Quéméner"
        student.save(update_fields=["birth_name"])
        assert list(search_students("quemener", [centre])) == [student]
        assert not search_students("guen", [centre])

    def test_the_account_saved_alone_keeps_them(self, enrolment):
        user = User.objects.get(pk=enrolment.student.user_id)
        user.first_name = "Zoée"
        user.save()
        assert list(search_students("zoee guen", [enrolment.programme.ufr.centre])) == [enrolment.student]
