"""What else is imported than students and hosts, the pages of imports, what is remembered, and how one is undone."""

import re
from datetime import timedelta
from io import StringIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import Student, User
from conventions.models import Convention
from organisations import fields
from organisations.forms import OrganisationForm
from organisations.models import (
    Centre,
    Destination,
    Enrolment,
    HeaderMapping,
    Import,
    ImportedRow,
    Manager,
    Organisation,
    Programme,
    Teacher,
    Ufr,
)
from organisations.records import encodings, journal
from organisations.records.headers import KNOWN, match
from organisations.records.kinds import BY_SLUG, KINDS
from organisations.records.tables import name_of
from organisations.register import refreshing, sirene
from tests.crawl import Page
from tests.factories import (
    AdminFactory,
    CentreFactory,
    ConventionFactory,
    InstitutionFactory,
    ManagerFactory,
    OrganisationFactory,
    ProgrammeFactory,
    ServiceFactory,
    StudentFactory,
    TeacherFactory,
    UfrFactory,
    UserFactory,
    siret,
)
from tests.pages import browser, text_of

pytestmark = pytest.mark.django_db

CENTRES = """name;mailbox;phone;address;signatory_name;signatory_title;notified
Centre des sciences;sciences@valmont.example;0261910002;1 place de la Halle;Hélène Vasseur;Directrice;mailbox
Centre des langues;langues@valmont.example;;;Paul Lemoine;Directeur;
"""
UFRS = """code;name;centre
SCI;UFR des sciences;Centre des sciences
LAN;UFR des langues;CENTRE DES LANGUES
"""
PROGRAMMES = """code;version;label;level;ufr_code;teaching_hours;presence_hours;regime
M1BIO;26;Master 1 Biologie;M1;SCI;420;380;general
L3LEA;;Licence 3 LEA;Licence 3;LAN;450,0;;
"""
TEACHERS = """email;first_name;last_name;ufr_code;position;phone;office
paul.lemoine@valmont.example;Paul;Lemoine;SCI;Professeur;02 61 91 00 03;B 214
theo.martin@valmont.example;Théo;Martin;LAN;;;
"""
MANAGERS = """email;first_name;last_name;centre
nathalie.rousseau@valmont.example;Nathalie;Rousseau;Centre des sciences
paul.lemoine@valmont.example;Paul;Lemoine;Centre des langues
"""
STUDENTS = """student_number;email;first_name;last_name
91000004;zoe@etu.valmont.example;Zoé;Lefèvre
"""
ENROLMENTS = """student_number;academic_year;programme_code;programme_version
91000004;2026/2027;M1BIO;26
91000004;2025;L3LEA;
"""
DESTINATIONS = """country;region;level;source;source_url;checked_on
Ukraine;;Rouge;Conseils aux voyageurs;https://www.diplomatie.gouv.fr/fr/conseils-aux-voyageurs/;03/01/2020
DE;Berlin;vert;Conseils aux voyageurs;;2020-01-04
"""
ALL = {
    "centres": CENTRES,
    "ufrs": UFRS,
    "programmes": PROGRAMMES,
    "teachers": TEACHERS,
    "managers": MANAGERS,
    "students": STUDENTS,
    "enrolments": ENROLMENTS,
    "destinations": DESTINATIONS,
}
TABLES = (User, Student, Centre, Ufr, Programme, Teacher, Manager, Enrolment, Organisation, Destination)


@pytest.fixture
def institution():
    return InstitutionFactory()


@pytest.fixture
def bring_in(tmp_path, institution):
    """Import a file of a kind by the command, and return what was said and what was refused."""

    def bring_in(kind, content, *options):
        path = tmp_path / f"{kind}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out, err = StringIO(), StringIO()
        try:
            call_command("import_records", kind, str(path), *options, stdout=out, stderr=err)
        except CommandError as error:
            err.write(str(error))
        return [stream.getvalue().replace("\N{NO-BREAK SPACE}", " ") for stream in (out, err)]

    return bring_in


def undo(kind):
    out = StringIO()
    call_command("undo_import", kind, stdout=out)
    return out.getvalue().replace("\N{NO-BREAK SPACE}", " ")


def everything():
    return {table: list(table.objects.order_by("pk").values()) for table in TABLES}


# The kinds


def test_a_university_arrives_by_its_files(bring_in, institution):
    for kind, content in ALL.items():
        said, errors = bring_in(kind, content)
        assert errors == "", kind
    sciences = Centre.objects.get(name="Centre des sciences")
    assert (sciences.phone, sciences.notified) == ("+33 2 61 91 00 02", "mailbox")
    assert dict(Ufr.objects.values_list("code", "centre__name")) == {
        "SCI": "Centre des sciences",
        "LAN": "Centre des langues",
    }
    languages = Programme.objects.get(code="L3LEA")
    assert (languages.level, languages.teaching_hours, languages.ufr.code) == ("L3", 450, "LAN")
    assert set(Teacher.objects.values_list("user__email", "ufr__code")) == {
        ("paul.lemoine@valmont.example", "SCI"),
        ("theo.martin@valmont.example", "LAN"),
    }
    assert Manager.objects.count() == 2
    paul = User.objects.get(email="paul.lemoine@valmont.example")
    assert paul.teachings.count() == paul.managements.count() == 1
    assert (paul.institution, paul.search_key, paul.has_usable_password()) == (
        institution,
        "lemoine paul",
        False,
    )
    assert set(Enrolment.objects.values_list("academic_year", "programme__code")) == {
        (2026, "M1BIO"),
        (2025, "L3LEA"),
    }
    before = everything()
    for kind, content in ALL.items():
        said, errors = bring_in(kind, content)
        assert " 0 modifiés" in said
        assert "0 ajoutés" in said or "0 étudiants ajoutés" in said
    assert everything() == before


@pytest.mark.parametrize("kind", ALL)
def test_a_trial_writes_nothing(bring_in, kind):
    for needed in ALL:
        if needed == kind:
            break
        bring_in(needed, ALL[needed])
    before = everything(), Import.objects.count()
    said, errors = bring_in(kind, ALL[kind], "--dry-run")
    assert errors == ""
    assert "Essai : rien n’est enregistré." in said
    assert (everything(), Import.objects.count()) == before


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        (
            "centres",
            CENTRES.replace("sciences@valmont.example", "sciences"),
            "mailbox : « sciences » n’est pas",
        ),
        ("centres", CENTRES.replace("Hélène Vasseur", ""), "signatory_name est vide."),
        ("ufrs", UFRS.replace("SCI;", "1,2E+07;"), "code : votre tableur a transformé ce numéro"),
        ("programmes", PROGRAMMES.replace("M1;SCI", "M1;DROIT"), "ufr_code : l’UFR « DROIT » n’existe pas."),
        ("programmes", PROGRAMMES.replace("M1BIO", "M" * 51), "code : "),
        ("teachers", TEACHERS.replace("SCI", "DROIT"), "ufr_code : l’UFR « DROIT » n’existe pas."),
        ("teachers", TEACHERS.replace("paul.lemoine@", "paul.lemoine"), "email : "),
        ("teachers", TEACHERS.replace("Théo;Martin", "Th\ufffdo;Martin"), "a perdu des lettres"),
        (
            "managers",
            MANAGERS.replace("Centre des sciences", "Centre"),
            "centre : le centre « Centre » n’existe pas.",
        ),
        ("enrolments", ENROLMENTS.replace("91000004;2025", "91000005;2025"), "l’étudiant 91000005 n’est pas"),
        ("enrolments", ENROLMENTS.replace("2025", "26"), "academic_year : « 26 » n’est pas"),
        ("enrolments", ENROLMENTS.replace("M1BIO", "M2BIO"), "l’étape M2BIO 26 n’existe pas."),
        ("enrolments", ENROLMENTS.replace("2025;L3LEA;", "2026-27;M1BIO;026"), "répète la ligne 2."),
        (
            "destinations",
            DESTINATIONS.replace("Ukraine", "Ukrane"),
            "country : « Ukrane » n’est pas un pays.",
        ),
        ("destinations", DESTINATIONS.replace("vert;", "violet;"), "level : « violet » n’est pas"),
        ("destinations", DESTINATIONS.replace("vert;", ";"), "level est vide."),
        ("destinations", DESTINATIONS.replace("vert;Conseils aux voyageurs", "vert;"), "source est vide."),
        ("destinations", DESTINATIONS.replace("2020-01-04", ""), "checked_on est vide."),
        (
            "destinations",
            DESTINATIONS.replace("2020-01-04", "2127-01-04"),
            "checked_on : « 2127-01-04 » n’est",
        ),
        ("destinations", DESTINATIONS.replace("2020-01-04", "bientôt"), "checked_on : « bientôt » n’est"),
        ("destinations", DESTINATIONS.replace("DE;Berlin", "ukraine;"), "répète la ligne 2."),
    ],
)
def test_what_identifies_is_refused_and_stops_no_other_line(bring_in, kind, content, reason):
    for needed in ALL:
        if needed == kind:
            break
        bring_in(needed, ALL[needed])
    said, errors = bring_in(kind, content)
    assert reason in errors
    assert errors.count("\n") == 1
    assert "1 ajoutés" in said


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        ("centres", CENTRES.replace("0261910002", "12"), "phone : « 12 » n’est pas un numéro"),
        (
            "centres",
            CENTRES.replace(";mailbox\n", ";tous\n"),
            "notified : « tous » n’est pas une valeur de la liste.",
        ),
        (
            "ufrs",
            UFRS.replace("CENTRE DES LANGUES", "Ailleurs"),
            "centre : le centre « Ailleurs » n’existe pas.",
        ),
        (
            "programmes",
            PROGRAMMES.replace("420", "beaucoup"),
            "teaching_hours : « beaucoup » n’est pas un nombre.",
        ),
        ("programmes", PROGRAMMES.replace("Licence 3;LAN", "bac+3;LAN"), "level : « bac+3 » n’est pas"),
        ("teachers", TEACHERS.replace("B 214", "#N/A"), "office : « #N/A » est une erreur"),
        (
            "destinations",
            DESTINATIONS.replace("https://www.diplomatie", "www diplomatie"),
            "source_url : « www diplomatie.gouv.fr/fr/conseils-aux-voyageurs/ » n’est pas l’adresse d’une page.",
        ),
    ],
)
def test_an_odd_optional_cell_is_dropped(bring_in, kind, content, reason):
    for needed in ALL:
        if needed == kind:
            break
        bring_in(needed, ALL[needed])
    said, errors = bring_in(kind, content)
    assert errors == ""
    assert reason in said
    assert "2 ajoutés" in said


def test_a_short_file_erases_nothing(bring_in):
    for kind in ("centres", "ufrs", "programmes"):
        bring_in(kind, ALL[kind])
    said, _errors = bring_in(
        "programmes", "code;label;ufr_code;teaching_hours\nM1BIO;Master 1 Biologies;SCI;\n"
    )
    assert "1 modifiés" in said
    programme = Programme.objects.get(code="M1BIO")
    assert (programme.label, programme.teaching_hours, programme.version) == ("Master 1 Biologies", 420, "26")


@pytest.mark.parametrize("name", ["Th?o", "TheÌ\x81o", "ThÈo", "Theo", "Th\ufffdo"])
def test_a_damaged_name_of_a_teacher_replaces_no_good_one(bring_in, name):
    for kind in ("centres", "ufrs", "teachers"):
        bring_in(kind, ALL[kind])
    before = everything()
    bring_in("teachers", TEACHERS.replace("Théo", name))
    assert everything() == before


def test_a_teacher_who_married_is_found_under_the_new_name(bring_in):
    for kind in ("centres", "ufrs", "teachers"):
        bring_in(kind, ALL[kind])
    bring_in("teachers", TEACHERS.replace("Théo;Martin", "Théo;Martin-Vasseur"))
    assert User.objects.get(email="theo.martin@valmont.example").search_key == "martin vasseur theo"


def test_an_account_of_elsewhere_gets_no_role_here(bring_in, institution):
    CentreFactory(institution=institution, name="Centre des sciences")
    elsewhere = InstitutionFactory(name="Autre université", short_name="Autre")
    UserFactory(institution=elsewhere, email="nathalie.rousseau@valmont.example")
    said, errors = bring_in(
        "managers", MANAGERS.replace("Centre des langues", "Centre des sciences"), "--institution", "Valmont"
    )
    assert "l’adresse nathalie.rousseau@valmont.example est celle de" in errors
    assert "1 ajoutés" in said


def test_queries_of_enrolments_do_not_grow(bring_in, django_assert_max_num_queries):
    programme = ProgrammeFactory(code="M1BIO", version="26")
    students = StudentFactory.create_batch(
        30, institution=programme.institution, user__institution=programme.institution
    )
    lines = "".join(f"{student.number};2026;M1BIO;26\n" for student in students)
    with django_assert_max_num_queries(16):
        said, _errors = bring_in("enrolments", ENROLMENTS.partition("\n")[0] + "\n" + lines)
    assert "30 ajoutés" in said


# Undoing


def test_an_import_is_undone(bring_in):
    for kind in ALL:
        before = everything()
        bring_in(kind, ALL[kind])
        after = everything()
        said = undo(kind)
        assert "défait ; 0 valeurs gardées" in said, kind
        assert everything() == before, kind
        bring_in(kind, ALL[kind])
        assert [len(rows) for rows in everything().values()] == [len(rows) for rows in after.values()]


def test_changes_are_undone_and_what_moved_since_stays(bring_in):
    for kind in ALL:
        bring_in(kind, ALL[kind])
    changed = STUDENTS.replace("Lefèvre", "Lefèvre-Garcia").replace("zoe@", "zoe.garcia@")
    bring_in("students", changed)
    user = Student.objects.get().user
    assert user.last_name == "Lefèvre-Garcia"
    User.objects.filter(pk=user.pk).update(email="z.garcia@etu.valmont.example")
    said = undo("students")
    assert "Adresse électronique universitaire modifié depuis, gardé." in said
    user.refresh_from_db()
    assert (user.last_name, user.search_key) == ("Lefèvre", "lefevre zoe")
    assert user.email == "z.garcia@etu.valmont.example"


def test_what_serves_since_stays(bring_in):
    bring_in("centres", CENTRES)
    bring_in("ufrs", UFRS)
    said = undo("centres")
    assert said.count("utilisé depuis, gardé.") == 2
    assert Centre.objects.count() == 2


def test_somebody_who_signed_in_since_stays(bring_in):
    for kind in ("centres", "ufrs", "teachers"):
        bring_in(kind, ALL[kind])
    User.objects.filter(email="theo.martin@valmont.example").update(last_login=timezone.now())
    assert "utilisé depuis, gardé." in undo("teachers")
    assert set(User.objects.values_list("email", flat=True)) == {"theo.martin@valmont.example"}


def test_only_the_last_import_is_undone_and_for_a_month(bring_in):
    bring_in("centres", CENTRES)
    first = Import.objects.get()
    bring_in("centres", CENTRES.replace("Paul Lemoine", "Paule Lemoine"))
    with pytest.raises(journal.Refused):
        journal.undo(first, None)
    undo("centres")
    assert Centre.objects.get(name="Centre des langues").signatory_name == "Paul Lemoine"
    Import.objects.update(at=timezone.now() - journal.KEPT_FOR - timedelta(minutes=1))
    with pytest.raises(CommandError, match="Aucun import"):
        undo("centres")


def test_details_are_forgotten_after_a_month(bring_in):
    bring_in("centres", CENTRES.replace("0261910002", "12"))
    assert ImportedRow.objects.exists()
    assert Import.objects.get().lines
    assert journal.forget_imports() == 0
    Import.objects.update(at=timezone.now() - journal.KEPT_FOR - timedelta(minutes=1))
    assert journal.forget_imports() == 1
    assert not ImportedRow.objects.exists()
    imported = Import.objects.get()
    assert (imported.lines, imported.counts["created"]) == ([], 2)


# What repeats a name


def test_agreements_are_found_under_the_new_name(bring_in):
    agreement = ConventionFactory(student__user__first_name="Zoé", student__user__last_name="Lefèvre")
    student = agreement.student
    for name, found in (("Lefèvre-Garcia", "lefevre garcia"), ("Vasseur", "vasseur")):
        content = (
            f"student_number;email;first_name;last_name\n{student.number};{student.user.email};Zoé;{name}\n"
        )
        _said, errors = bring_in("students", content)
        assert errors == ""
        agreement.refresh_from_db()
        assert found in agreement.search_key
    undo("students")
    agreement.refresh_from_db()
    assert "lefevre garcia" in agreement.search_key
    assert "vasseur" not in agreement.search_key


def test_whatever_an_agreement_repeats_follows_its_source():
    host = OrganisationFactory()
    agreement = ConventionFactory(organisation=host, service=ServiceFactory(organisation=host))
    user, student, host, service = (
        agreement.student.user,
        agreement.student,
        agreement.organisation,
        agreement.service,
    )
    user.last_name, student.number, host.name, service.city = "Nouvelet", "777", "Hôte neuf", "Ailleurs"
    for row in (user, student, host, service):
        row.save()
    agreement = Convention.objects.get(pk=agreement.pk)
    for word in ("nouvelet", "777", "hote neuf", "ailleurs"):
        assert word in agreement.search_key


# The pages


@pytest.fixture
def admin(institution):
    return AdminFactory(institution=institution)


@pytest.fixture
def client(admin):
    return browser(admin)


def send(client, kind, content, **typed):
    file = SimpleUploadedFile(f"{kind}.csv", content if isinstance(content, bytes) else content.encode())
    return client.post(reverse("organisations:import", args=[KINDS[kind].slug]), {"file": file, **typed})


def key_of(answer):
    return re.search(r'name="key" value="([^"]+)"', answer.content.decode())[1]


def go_on(client, kind, answer, **typed):
    return client.post(
        reverse("organisations:import", args=[KINDS[kind].slug]), {"key": key_of(answer), **typed}
    )


def confirm(client, kind, answer):
    return client.post(
        reverse("organisations:apply_import", args=[KINDS[kind].slug]), {"key": key_of(answer)}, follow=True
    )


@pytest.mark.parametrize("kind", ALL)
def test_each_kind_has_its_page_its_trial_its_report_and_its_way_back(client, bring_in, kind):
    for needed in ALL:
        if needed == kind:
            break
        bring_in(needed, ALL[needed])
    before = everything()
    page = text_of(client.get(reverse("organisations:import", args=[KINDS[kind].slug])))
    assert all(column in page for column in KINDS[kind].columns)
    answer = send(client, kind, ALL[kind])
    assert answer.status_code == 200
    assert everything() == before
    report = confirm(client, kind, answer)
    assert "Défaire cet import" in text_of(report)
    assert everything() != before
    [imported] = Import.objects.filter(by__isnull=False)
    undone = client.post(reverse("organisations:undo_import", args=[imported.pk]), follow=True)
    assert "L’import est défait." in text_of(undone)
    assert "Cet import a été défait" in text_of(undone)
    assert everything() == before
    assert "Défait" in text_of(client.get(reverse("organisations:imports")))


def test_the_picture_of_what_changes_by_column(client, institution):
    ProgrammeFactory(institution=institution, ufr=UfrFactory(centre__institution=institution))
    students = StudentFactory.create_batch(
        5, institution=institution, user__institution=institution, city="Caen"
    )
    lines = [
        f"{student.number};{student.user.email};{student.user.first_name};{student.user.last_name};Le Havre;hier"
        for student in students
    ]
    content = "\n".join(["student_number;email;first_name;last_name;city;birth_date", *lines])
    answer = send(client, "students", content)
    page = text_of(answer).replace("\N{NO-BREAK SPACE}", " ")
    assert "Ce qui change, par colonne" in page
    assert "city 5 « Caen » → « Le Havre »" in page
    assert page.count("« Caen » → « Le Havre »") == 3 + 5  # examples, then line by line
    assert "birth_date : « hier » n’est pas une date de naissance certaine." in page
    report = text_of(confirm(client, "students", answer)).replace("\N{NO-BREAK SPACE}", " ")
    assert "city 5 « Caen » → « Le Havre »" in report
    assert report.count("Laissé de côté.") == 5


def test_a_doubtful_encoding_is_asked_with_samples(client):
    content = (STUDENTS.replace("Zoé", "ZOE").replace("Lefèvre", "LEFÈVRE")).encode("cp850")
    answer = send(client, "students", content)
    page = text_of(answer)
    assert "Quels mots sont bien écrits ?" in page
    assert "LEFÈVRE" in page
    assert "LEFÔVRE" in page
    for guess in encodings.guesses(content):
        assert guess.name in page
    answer = go_on(client, "students", answer, encoding="cp850")
    assert "LEFÈVRE" in text_of(answer)
    confirm(client, "students", answer)
    assert User.objects.get(student__number="91000004").last_name == "LEFÈVRE"


def test_a_file_that_was_read_wrong_is_read_again(client):
    answer = send(client, "students", STUDENTS.encode("cp1252"))
    again = re.search(r'name="again" value="([^"]+)"', answer.content.decode())[1]
    address = reverse("organisations:import", args=["etudiants"])
    answer = client.post(address, {"again": again, "encoding": "mac_roman"})
    assert "LefËvre" in text_of(answer)
    answer = client.post(address, {"again": again, "encoding": "cp1252"})
    assert "Lefèvre" in text_of(answer)


FOREIGN = """COD_ETU;LIB_NOM_PAT_IND;LIB_PR1_IND;MAIL_ETAB;COD_SEX
91000004;Lefèvre;Zoé;zoe@etu.valmont.example;F
"""


def test_columns_of_another_system_are_mapped_once(client, institution):
    answer = send(client, "students", FOREIGN)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Quelles colonnes sont les nôtres" in page
    for theirs in ("cod_etu", "lib_nom_pat_ind", "lib_pr1_ind"):  # known: proposed
        assert f'<option value="{theirs}" selected>' in page
    refused = go_on(client, "students", answer, column_student_number="cod_etu")
    assert refused.status_code == 422
    assert "Choisissez la colonne du fichier qui le dit." in text_of(refused)
    chosen = {
        "column_student_number": "cod_etu",
        "column_last_name": "lib_nom_pat_ind",
        "column_first_name": "lib_pr1_ind",
        "column_email": "mail_etab",
        "remembers": "on",
    }
    twice = go_on(client, "students", answer, **chosen | {"column_city": "mail_etab"})
    assert "ne peut pas en remplir deux" in text_of(twice)
    answer = go_on(client, "students", answer, **chosen)
    assert "Importer 1 ligne" in text_of(answer).replace("\N{NO-BREAK SPACE}", " ")
    confirm(client, "students", answer)
    assert Student.objects.get(number="91000004").user.last_name == "Lefèvre"
    assert HeaderMapping.objects.get().institution == institution
    # The next file needs no question, by the page nor by the command.
    again = send(client, "students", FOREIGN.replace("Lefèvre", "Lefèvre-Garcia"))
    assert again.status_code == 200
    assert "Lefèvre-Garcia" in text_of(again)


def test_what_is_remembered_serves_the_command(client, bring_in):
    answer = send(client, "students", FOREIGN)
    go_on(
        client,
        "students",
        answer,
        column_student_number="cod_etu",
        column_last_name="lib_nom_pat_ind",
        column_first_name="lib_pr1_ind",
        column_email="mail_etab",
        remembers="on",
    )
    said, errors = bring_in("students", FOREIGN)
    assert errors == ""
    assert "1 étudiants ajoutés" in said
    twice = FOREIGN.replace(";COD_SEX\n", ";COD_SEX;COD_SEX\n").replace(";F\n", ";F;F\n")
    assert bring_in("students", twice)[1] == ""
    doubled = FOREIGN.replace(";COD_SEX\n", ";MAIL_ETAB\n")
    assert "Ces colonnes sont répétées : mail_etab." in bring_in("students", doubled)[1]


def test_a_mapping_of_one_institution_is_not_another_ones(client, bring_in, institution):
    InstitutionFactory(name="Autre université", short_name="Autre")
    answer = send(client, "students", FOREIGN)
    go_on(
        client,
        "students",
        answer,
        column_student_number="cod_etu",
        column_last_name="lib_nom_pat_ind",
        column_first_name="lib_pr1_ind",
        column_email="mail_etab",
        remembers="on",
    )
    _said, errors = bring_in("students", FOREIGN, "--institution", "Autre")
    assert "Ces colonnes sont inconnues" in errors


def test_an_xlsx_is_sent_as_it_is(client, tmp_path):
    book = openpyxl.Workbook()
    for line in STUDENTS.strip().split("\n"):
        book.active.append(line.split(";"))
    book.save(tmp_path / "etudiants.xlsx")
    answer = send(client, "students", (tmp_path / "etudiants.xlsx").read_bytes())
    confirm(client, "students", answer)
    assert Student.objects.get().user.first_name == "Zoé"


def test_an_administrator_of_all_chooses_the_institution(institution):
    everywhere = browser(AdminFactory(institution=None))
    InstitutionFactory(name="Autre université", short_name="Autre")
    page = text_of(everywhere.get(reverse("organisations:import", args=["etudiants"])))
    assert "Autre université" in page
    answer = send(everywhere, "students", STUDENTS, institution=institution.pk)
    confirm(everywhere, "students", answer)
    assert Student.objects.get().institution == institution


def test_the_report_of_one_institution_is_not_for_another_one(bring_in, institution):
    bring_in("centres", CENTRES)
    elsewhere = AdminFactory(institution=InstitutionFactory(name="Autre université", short_name="Autre"))
    address = reverse("organisations:import_report", args=[Import.objects.get().pk])
    assert browser(elsewhere).get(address).status_code == 404
    assert browser(AdminFactory(institution=institution)).get(address).status_code == 200


def test_hosts_are_undone_too(institution):
    keeper = browser(ManagerFactory(centre__institution=institution).user)
    host = OrganisationFactory(name="Vauquelin", email="", phone="")
    content = f"name;siret;legal_form;street;city;phone;email\nVauquelin;{host.siret};57;;;0261910004;a@vauquelin.example\n"
    answer = send(keeper, "hosts", content)
    confirm(keeper, "hosts", answer)
    host.refresh_from_db()
    assert (host.email, host.phone) == ("a@vauquelin.example", "+33 2 61 91 00 04")
    imported = Import.objects.get()
    keeper.post(reverse("organisations:undo_import", args=[imported.pk]))
    host.refresh_from_db()
    assert (host.email, host.phone) == ("", "")


@pytest.mark.parametrize("kind", KINDS.values(), ids=str)
def test_each_kind_knows_headers_of_its_own_columns_only(kind):
    known = KNOWN[kind.code.value]
    assert known.keys() <= set(kind.columns)
    assert BY_SLUG[kind.slug] == kind
    foreign = [name for names in known.values() for name in names]
    found = match(
        [next(iter(known[column])) for column in kind.required if column in known],
        kind.code.value,
        kind.columns,
    )
    assert not found.unknown
    assert all(name_of(name) == name_of(name).lower() for name in foreign)


def test_teachers_of_another_ufr_have_a_second_place(bring_in):
    teacher = TeacherFactory(
        user__email="paul.lemoine@valmont.example", user__first_name="Paul", user__last_name="Lemoine"
    )
    UfrFactory(centre__institution=teacher.ufr.institution, institution=teacher.ufr.institution, code="SCI")
    UfrFactory(centre__institution=teacher.ufr.institution, institution=teacher.ufr.institution, code="LAN")
    said, errors = bring_in("teachers", TEACHERS)
    assert errors == ""
    assert "2 ajoutés" in said
    assert teacher.user.teachings.count() == 2


@pytest.mark.parametrize(
    "name",
    [
        "[ND]",
        "[ND] [ND]",
        "[nd]",
        "[N.D.]",
        "[NC]",
        "[NR]",
        "NON DIFFUSIBLE",
        "[NON-DIFFUSIBLE]",
        "non renseigné",
        "XXXX",
        "...",
        "***",
        "-",
    ],
)
def test_what_a_register_hides_is_no_name(bring_in, name):
    assert fields.is_withheld(name)
    content = f"name;siret;legal_form;street;city;phone\n{name};{siret(4001)};57;4 quai;Caen;0261910004\n"
    _said, errors = bring_in("hosts", content)
    assert "n’est pas un nom." in errors or "name" in errors
    assert not Organisation.objects.exists()
    form = OrganisationForm({"name": name})
    assert "name" in form.errors


@pytest.mark.parametrize(
    "name", ["NC", "Nd Conseil", "Nantes Diffusion", "ND Logistics", "NON", "Non-Lieu", "AXA", "3M", "M+M"]
)
def test_short_names_are_names(name):
    assert not fields.is_withheld(name)


@pytest.mark.parametrize("name", ["[ND]", "[ND] [ND]", "[N.D.]", "[NON-DIFFUSIBLE]", "[nr]"])
def test_what_a_register_hides_never_becomes_a_name(register, name):
    register.add(siret(4001), name)
    found = sirene.get(siret(4001))
    assert (found.name, found.is_hidden) == ("", True)
    host = OrganisationFactory(siret=siret(4001), name="Brécourt")
    refreshing.refresh(host)
    host.refresh_from_db()
    assert host.name == "Brécourt"


def well_formed(answer):
    html = answer.content.decode()
    return list(Page(html).complaints(html))


def test_the_pages_between_a_file_and_its_report_are_well_formed(client, bring_in):
    doubtful = send(
        client, "students", STUDENTS.replace("Lefèvre", "LEFÈVRE").replace("Zoé", "ZOE").encode("cp850")
    )
    assert well_formed(doubtful) == []
    assert well_formed(send(client, "students", FOREIGN)) == []
    checked = send(client, "students", STUDENTS.replace("91000004;", "91000004.0;"))
    assert well_formed(checked) == []
    assert well_formed(confirm(client, "students", checked)) == []
    undone = client.post(reverse("organisations:undo_import", args=[Import.objects.get().pk]), follow=True)
    assert well_formed(undone) == []
