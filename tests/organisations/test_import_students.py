"""Students and enrolments from the university's file."""

from datetime import date
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from accounts.models import Student, User
from organisations.models import Enrolment
from organisations.records.student_file import COLUMNS
from organisations.records.students import StudentBatch, StudentImporter
from tests.factories import (
    EnrolmentFactory,
    InstitutionFactory,
    ProgrammeFactory,
    StudentFactory,
    TeacherFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

HEADER = list(COLUMNS)
ZOE = {
    "student_number": "22000001",
    "email": "Zoe.Lefevre@etu.valmont.example",
    "first_name": "Zoé",
    "last_name": "Lefèvre",
    "birth_date": "2004-05-17",
    "phone": "0261910006",
    "personal_email": "zoe@courriel.example",
    "street": "12 rue des Lilas",
    "address_extra": "Bât. B",
    "postal_code": "14000",
    "city": "Caen",
    "country": "FR",
    "academic_year": "2026/2027",
    "programme_code": "M1BIO",
    "programme_version": "26",
}
HUGO = ZOE | {
    "student_number": "22000002",
    "email": "hugo.garcia@etu.valmont.example",
    "first_name": "Hugo",
    "last_name": "Garcia",
}


@pytest.fixture
def programme():
    return ProgrammeFactory(code="M1BIO", version="26")


@pytest.fixture
def run(tmp_path, programme):
    """Import these rows and return what was said and the exit of the command, if it failed."""

    def run(*rows, options=(), delimiter=";", encoding="utf-8", header=HEADER, raw=None):
        if raw is None:
            lines = [header, *([row.get(name, "") for name in header] for row in rows)]
            raw = "".join(delimiter.join(line) + "\n" for line in lines).encode(encoding)
        path = tmp_path / "etudiants.csv"
        path.write_bytes(raw)
        out, err = StringIO(), StringIO()
        try:
            call_command("import_students", str(path), *options, stdout=out, stderr=err)
        except CommandError as error:
            err.write(f"{error}\n")
            return out.getvalue(), err.getvalue(), error.returncode
        return out.getvalue(), err.getvalue(), 0

    return run


def total(new=0, changed=0, same=0, enrolled=0, refused=0):
    return (
        f"{new} étudiants ajoutés, {changed} modifiés, {same} inchangés ; "
        f"{enrolled} inscriptions ajoutées ; {refused} lignes refusées.\n"
    )


def test_a_student_arrives_with_an_enrolment(run, programme):
    assert run(ZOE) == (total(new=1, enrolled=1), "", 0)
    student = Student.objects.get(number="22000001")
    assert student.institution == programme.institution == student.user.institution
    assert student.user.email == "zoe.lefevre@etu.valmont.example"
    assert (student.user.first_name, student.user.last_name) == ("Zoé", "Lefèvre")
    assert student.user.search_key == "lefevre zoe"
    assert student.birth_date == date(2004, 5, 17)
    assert student.phone == "+33 2 61 91 00 06"
    assert (student.street, student.address_extra, student.city) == ("12 rue des Lilas", "Bât. B", "Caen")
    enrolment = student.enrolments.get()
    assert (enrolment.programme, enrolment.academic_year) == (programme, 2026)


def test_nobody_can_sign_in_with_a_password_before_setting_one(run):
    run(ZOE)
    user = User.objects.get()
    assert not user.has_usable_password()
    for password in ("", user.password):
        assert authenticate(None, username=user.email, password=password) is None


def test_the_same_file_again_changes_nothing(run):
    run(ZOE, HUGO)
    before = list(Student.objects.values()), list(User.objects.values()), list(Enrolment.objects.values())
    assert run(ZOE, HUGO) == (total(same=2), "", 0)
    assert before == (
        list(Student.objects.values()),
        list(User.objects.values()),
        list(Enrolment.objects.values()),
    )


def test_differences_are_brought_in(run):
    run(ZOE, HUGO)
    married = ZOE | {
        "last_name": "Lefèvre-Garcia",
        "email": "zoe.garcia@etu.valmont.example",
        "street": "",
        "country": "DE",
    }
    assert run(married, HUGO) == (total(changed=1, same=1), "", 0)
    student = Student.objects.get(number="22000001")
    assert student.user.search_key == "lefevre garcia zoe"
    assert student.user.email == "zoe.garcia@etu.valmont.example"
    assert (student.street, student.country, student.city) == ("", "DE", "Caen")
    assert Student.objects.get(number="22000002").street == "12 rue des Lilas"


def test_a_new_year_adds_an_enrolment_and_keeps_the_old_one(run):
    run(ZOE)
    assert run(ZOE | {"academic_year": "2027"}) == (total(same=1, enrolled=1), "", 0)
    assert set(Enrolment.objects.values_list("academic_year", flat=True)) == {2026, 2027}


def test_a_student_may_take_several_lines(run, programme, monkeypatch):
    monkeypatch.setattr(StudentImporter, "size", 2)
    ProgrammeFactory(institution=programme.institution, ufr=programme.ufr, code="DU", version="1")
    rows = [
        ZOE,
        HUGO,
        ZOE | {"programme_code": "DU", "programme_version": "1"},
        ZOE | {"academic_year": "2025"},
    ]
    for options in (["--dry-run"], []):
        said, errors, status = run(*rows, options=options)
        assert said.endswith(total(new=2, enrolled=4))
        assert (errors, status) == ("", 0)
    assert Student.objects.get(number="22000001").enrolments.count() == 3


def test_a_dry_run_shows_the_differences_and_writes_nothing(run):
    run(ZOE)
    said, errors, status = run(
        ZOE | {"phone": "0261910007", "birth_date": "18/05/2004", "address_extra": ""},
        HUGO,
        options=["--dry-run"],
    )
    assert said == (
        "22000001 Zoé Lefèvre\n"
        "    birth_date : « 2004-05-17 » → « 2004-05-18 »\n"
        "    phone : « +33 2 61 91 00 06 » → « +33 2 61 91 00 07 »\n"
        "    address_extra : « Bât. B » → « »\n"
        "22000002 Hugo Garcia\n"
        "    nouvel étudiant\n"
        "    nouvelle inscription\n"
        "Essai : rien n’est enregistré.\n" + total(new=1, changed=1, enrolled=1)
    ).replace("« »", "«  »")
    assert (errors, status) == ("", 0)
    assert Student.objects.get().phone == "+33 2 61 91 00 06"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"student_number": ""}, "student_number est vide."),
        ({"email": " "}, "email est vide."),
        ({"first_name": ""}, "first_name est vide."),
        ({"last_name": "\u200b"}, "last_name est vide."),
        ({"email": "zoe"}, "email : « zoe » n’est pas une adresse électronique."),
        ({"student_number": "1" * 21}, "student_number dépasse 20 caractères."),
        (
            {"email": HUGO["email"].upper()},
            f"l’adresse {HUGO['email']} est déjà celle de l’étudiant 22000002, ligne 2.",
        ),
        ({"student_number": "22000002"}, "l’étudiant 22000002 est décrit autrement à la ligne 2."),
        (HUGO, "répète la ligne 2."),
    ],
)
def test_a_bad_line_is_reported_and_the_others_are_imported(run, change, reason):
    last = ZOE | {"student_number": "22000003", "email": "lea@etu.valmont.example"}
    said, errors, status = run(HUGO, ZOE | change, last)
    assert errors == f"ligne 3 : {reason}\n"
    assert (said, status) == (total(new=2, enrolled=2, refused=1), 0)
    assert set(Student.objects.values_list("number", flat=True)) == {"22000002", "22000003"}


@pytest.mark.parametrize(
    ("change", "reason", "enrolled"),
    [
        ({"personal_email": "zoe@"}, "personal_email : « zoe@ » n’est pas une adresse électronique.", 2),
        ({"city": "y" * 121}, "city : city dépasse 120 caractères.", 2),
        (
            {"birth_date": "2004-02-30"},
            "birth_date : « 2004-02-30 » n’est pas une date de naissance certaine.",
            2,
        ),
        (
            {"birth_date": "2104-05-17"},
            "birth_date : « 2104-05-17 » n’est pas une date de naissance certaine.",
            2,
        ),
        ({"country": "Absurdistan"}, "country : « Absurdistan » n’est pas un pays.", 2),
        ({"phone": "12"}, "phone : « 12 » n’est pas un numéro de téléphone.", 2),
        (
            {"academic_year": "2026/2028"},
            "academic_year : « 2026/2028 » n’est pas une année universitaire.",
            1,
        ),
        ({"academic_year": "26"}, "academic_year : « 26 » n’est pas une année universitaire.", 1),
        ({"academic_year": ""}, "academic_year et programme_code vont ensemble.", 1),
        ({"programme_code": ""}, "academic_year et programme_code vont ensemble.", 1),
        ({"programme_code": "M2BIO"}, "l’étape M2BIO 26 n’existe pas.", 1),
        ({"programme_version": "25"}, "l’étape M1BIO 25 n’existe pas.", 1),
    ],
)
def test_an_odd_optional_cell_is_dropped_and_its_student_arrives(run, change, reason, enrolled):
    said, errors, status = run(HUGO, ZOE | change)
    assert (errors, status) == ("", 0)
    [line, *_others] = said.splitlines()
    assert line.startswith("ligne 3")
    assert reason in line.replace("\N{NO-BREAK SPACE}", " ")
    assert said.endswith(total(new=2, enrolled=enrolled))
    student = Student.objects.get(number="22000001")
    for column in change.keys() & {"personal_email", "city", "phone"}:
        assert getattr(student, column) == ""


def test_what_cannot_be_read_erases_nothing(run):
    run(ZOE)
    before = list(Student.objects.values())
    odd = {
        "personal_email": "zoe@",
        "birth_date": "hier",
        "country": "Absurdistan",
        "phone": "12",
        "city": "[ND]",
    }
    said, errors, _status = run(ZOE | odd)
    assert (errors, said.count("ligne 2")) == ("", 5)
    assert said.endswith(total(same=1))
    assert list(Student.objects.values()) == before


def test_an_address_that_belongs_to_somebody_else_is_refused(run):
    StudentFactory(number="1", user__email=ZOE["email"], user__first_name="Zoé", user__last_name="Lefèvre")
    UserFactory(email=HUGO["email"], first_name="Homonyme", last_name="Presque")
    said, errors, status = run(ZOE, HUGO)
    assert errors == (
        "ligne 2 : l’adresse zoe.lefevre@etu.valmont.example est celle de Zoé Lefèvre.\n"
        "ligne 3 : l’adresse hugo.garcia@etu.valmont.example est celle de Homonyme Presque.\n"
        "Aucune ligne n’a pu être lue.\n"
    )
    assert (said, status) == (total(refused=2), 1)


def test_a_known_student_cannot_take_somebodys_address(run):
    run(ZOE, HUGO)
    said, errors, _status = run(ZOE | {"email": HUGO["email"]}, HUGO | {"email": "h@etu.valmont.example"})
    assert errors == "ligne 2 : l’adresse hugo.garcia@etu.valmont.example est celle de Hugo Garcia.\n"
    assert said == total(changed=1, refused=1)
    assert run(ZOE | {"email": HUGO["email"]})[0] == total(changed=1)


def test_a_teacher_who_studies_keeps_one_account(run):
    teacher = TeacherFactory(
        user__email=ZOE["email"].upper(), user__first_name="Zoe", user__last_name="LEFÈVRE"
    )
    assert run(ZOE) == (total(new=1, enrolled=1), "", 0)
    assert User.objects.get() == Student.objects.get().user == teacher.user


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ";"), ("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", ";"), ("latin-1", "\t")],
)
def test_encodings_and_separators(run, encoding, delimiter):
    row = ZOE | {"first_name": "Zoë", "last_name": "L’Hœufsvre" if encoding == "cp1252" else "Léfèvre"}
    assert run(row, encoding=encoding, delimiter=delimiter) == (total(new=1, enrolled=1), "", 0)
    user = User.objects.get()
    assert (user.first_name, user.last_name) == (row["first_name"], row["last_name"])


def test_bytes_that_windows_1252_lacks_do_not_stop_the_import(run):
    row = ";".join(ZOE.get(name, "") for name in HEADER)
    raw = ";".join(HEADER).encode() + b"\n" + row.encode("latin-1") + b"\x81\n"
    said, errors, _status = run(raw=raw)
    assert said == total(new=1, enrolled=1)
    assert errors == ""


def test_quotes_and_line_ends(run):
    cells = ZOE | {"street": '"12, rue ""des Lilas""\r\nBât. B"', "first_name": " Zoé \u00a0 Anne\u200b "}
    assert run(cells, delimiter=",") == (total(new=1, enrolled=1), "", 0)
    student = Student.objects.get()
    assert student.street == '12, rue "des Lilas" Bât. B'
    assert student.user.first_name == "Zoé Anne"


@pytest.mark.parametrize("street", ['"12 rue des Lilas', '"12 rue" des Lilas', "12 rue; des Lilas"])
def test_a_quotation_mark_left_open_spoils_only_its_line(run, street):
    last = ZOE | {"student_number": "22000003", "email": "lea@etu.valmont.example"}
    said, errors, _status = run(HUGO, ZOE | {"street": street}, last, *[{}] * 9)
    assert errors.startswith("ligne 3 : ")
    assert errors.count("\n") == 1
    assert said == total(new=2, enrolled=2, refused=1)


def test_a_literal_quotation_mark_is_kept(run):
    run(ZOE | {"street": '12 rue "des Lilas'}, HUGO)
    assert Student.objects.get(number="22000001").street == '12 rue "des Lilas'
    assert Student.objects.count() == 2


def test_columns_in_any_order_and_only_those_that_are_needed(run):
    run(ZOE)
    assert run(ZOE, header=["last_name", "email", "first_name", "student_number"]) == (total(same=1), "", 0)
    assert Student.objects.get().street == "12 rue des Lilas"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "Ce fichier est vide."),
        (b" \n", "Ce fichier est vide."),
        (b"nom", "Il manque les colonnes : student_number, email, first_name, last_name."),
        (
            b"\x89PNG\r\n\x1a\n\x00\x00",
            "Ce fichier n’est pas un fichier CSV",
        ),
        (
            b"student_number;email;first_name;last_name;taille\n1;a@b.fr;A;B;F\n",
            "Ces colonnes sont inconnues : taille.",
        ),
        (b"student_number;email;first_name;last_name;email\n", "Ces colonnes sont répétées : email."),
    ],
)
def test_a_file_that_is_not_one(run, raw, reason):
    said, errors, status = run(raw=raw)
    assert (said, status) == ("", 1)
    assert reason in errors
    assert not Student.objects.exists()


def test_a_missing_file(run, tmp_path):
    with pytest.raises(CommandError, match=r"absent\.csv : No such file"):
        call_command("import_students", str(tmp_path / "absent.csv"))


def test_a_version_may_be_left_out_when_there_is_only_one(run, programme):
    assert run(ZOE | {"programme_version": ""})[0] == total(new=1, enrolled=1)
    ProgrammeFactory(institution=programme.institution, ufr=programme.ufr, code="M1BIO", version="27")
    said, _errors, _status = run(HUGO | {"programme_version": ""})
    assert "l’étape M1BIO a plusieurs versions : précisez programme_version." in said


def test_with_several_institutions_one_must_be_named(run, programme):
    other = InstitutionFactory(name="Autre université", short_name="Autre")
    said, errors, status = run(ZOE)
    assert (said, status) == ("", 1)
    assert "--institution" in errors
    assert other.name in errors
    assert run(ZOE, options=["--institution", "valmont"])[0] == total(new=1, enrolled=1)
    assert "l’étape M1BIO 26 n’existe pas." in run(HUGO, options=["--institution", "Autre université"])[0]


def test_the_same_number_may_exist_in_two_institutions(run, programme):
    elsewhere = InstitutionFactory(name="Autre université", short_name="Autre")
    StudentFactory(institution=elsewhere, number=ZOE["student_number"], user__institution=elsewhere)
    assert run(ZOE, options=["--institution", "Valmont"])[0] == total(new=1, enrolled=1)
    assert Student.objects.filter(number=ZOE["student_number"]).count() == 2


def test_one_line_the_database_refuses_does_not_stop_its_batch(run, monkeypatch):
    """Such as a student added by somebody else between the reading and the writing."""
    save = StudentBatch.save

    def refuse_hugo(batch):
        if any(user.first_name == "Hugo" for user in batch.new_users):
            raise IntegrityError("duplicate key value")
        save(batch)

    monkeypatch.setattr(StudentBatch, "save", refuse_hugo)
    others = [ZOE | {"student_number": str(n), "email": f"e{n}@etu.valmont.example"} for n in range(5)]
    said, errors, _status = run(*others[:2], HUGO, *others[2:])
    assert errors == "ligne 4 : duplicate key value\n"
    assert said == total(new=5, enrolled=5, refused=1)
    assert Student.objects.count() == 5


def test_queries_do_not_grow_with_the_lines(run, django_assert_max_num_queries):
    rows = [ZOE | {"student_number": str(n), "email": f"e{n}@etu.valmont.example"} for n in range(200)]
    with django_assert_max_num_queries(14):
        assert run(*rows)[0] == total(new=200, enrolled=200)


def test_enrolments_of_before_are_left_alone(run):
    old = EnrolmentFactory()
    run(ZOE)
    assert Enrolment.objects.filter(pk=old.pk).exists()
