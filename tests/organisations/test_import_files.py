"""Files as universities really have them, made here: what is read, dropped, refused, and what none of them overwrites."""

import io
import zipfile
from datetime import date, datetime
from io import StringIO

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from accounts.models import Student, User
from organisations.models import Enrolment
from organisations.records import encodings, workbook
from tests.factories import ProgrammeFactory

pytestmark = pytest.mark.django_db

ZOE = {
    "student_number": "91000004",
    "email": "zoe.lefevre@etu.valmont.example",
    "first_name": "Zoé",
    "last_name": "Lefèvre",
    "birth_date": "2004-05-17",
    "phone": "02 61 91 00 06",
    "personal_email": "zoe@courriel.example",
    "street": "12 rue de l'Abbaye",
    "address_extra": "Bât. B",
    "postal_code": "01000",
    "city": "Bourg-en-Bresse",
    "country": "FR",
    "academic_year": "2026/2027",
    "programme_code": "M1BIO",
    "programme_version": "26",
}
GOOD = {
    "number": "91000004",
    "user__email": "zoe.lefevre@etu.valmont.example",
    "user__first_name": "Zoé",
    "user__last_name": "Lefèvre",
    "user__search_key": "lefevre zoe",
    "birth_date": date(2004, 5, 17),
    "phone": "+33 2 61 91 00 06",
    "personal_email": "zoe@courriel.example",
    "street": "12 rue de l'Abbaye",
    "address_extra": "Bât. B",
    "postal_code": "01000",
    "city": "Bourg-en-Bresse",
    "country": "FR",
}
NOBODY = {}


def text(row=ZOE, delimiter=";", first="", end="", header=None, line_end="\n"):
    names = header or list(row)
    return (
        first
        + delimiter.join(names)
        + end
        + line_end
        + delimiter.join(row[name] for name in row)
        + end
        + line_end
    )


def csv(encoding="utf-8", **options):
    return text(**options).encode(encoding)


def with_cells(encoding="utf-8", **cells):
    return csv(encoding, row=ZOE | cells)


def xlsx(row=ZOE, change=None, formats=None, sheets=(), header=None):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(header or list(row))
    sheet.append(list((row | (change or {})).values()))
    for name, number_format in (formats or {}).items():
        sheet.cell(row=2, column=list(row).index(name) + 1).number_format = number_format
    for title in sheets:
        book.create_sheet(title).append(["autre", "chose"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def bomb():
    """A small workbook of which one sheet unpacks to more than what is read."""
    content = io.BytesIO(xlsx())
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b" " * (workbook.MOST_UNPACKED + 1))
    return content.getvalue()


def with_entities():
    content = io.BytesIO(xlsx())
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("xl/other.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    return content.getvalue()


def far_cell():
    """A workbook that claims the whole grid by its last cell."""
    book = openpyxl.Workbook()
    book.active.append(list(ZOE))
    book.active.append(list(ZOE.values()))
    book.active["XFD1048576"] = "loin"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "cp1252",
    "latin-1",
    "iso8859-15",
    "mac_roman",
    "cp850",
    "cp437",
)
SEPARATORS = (";", ",", "\t", "|")
# Name → content, what a new student has then (GOOD unless said), what is said.
READ = {
    **{
        f"{encoding} with {separator!r}": (csv(encoding, delimiter=separator), {}, [])
        for encoding in ENCODINGS
        for separator in SEPARATORS
    },
    "sep= first": (csv(first="sep=;\n"), {}, []),
    "sep= says the comma": (csv(delimiter=",", first="sep=,\r\n"), {}, []),
    "sep= in UTF-16": (csv("utf-16", delimiter="\t", first="sep=\t\n"), {}, []),
    "sep= with quotes": (csv(first='"sep=;"\n'), {}, []),
    "a trailing separator": (csv(end=";"), {}, []),
    "three trailing separators": (csv(end=";;;"), {}, []),
    "lines of Windows": (csv(line_end="\r\n"), {}, []),
    "lines of the old Mac": (csv("mac_roman", line_end="\r"), {}, []),
    "empty lines before": (csv(first="\n\n"), {}, []),
    "names in capitals": (csv(header=[name.upper() for name in ZOE]), {}, []),
    "names with spaces": (csv(header=[name.replace("_", " ") for name in ZOE]), {}, []),
    "all in quotes": (
        csv(row={name: f'"{cell}"' for name, cell in ZOE.items()}, header=[f'"{name}"' for name in ZOE]),
        {},
        [],
    ),
    "UTF-8 twice": (
        text().encode().decode("cp1252").encode(),
        {},
        ["first_name : « ZoÃ© » était mal encodé, lu « Zoé »"],
    ),
    "UTF-8 read as Mac": (text().encode().decode("mac_roman").encode(), {}, ["était mal encodé"]),
    "UTF-8 read as MS-DOS": (text().encode().decode("cp850").encode(), {}, ["était mal encodé"]),
    "a byte that no encoding has": (csv("latin-1").replace(b";26\n", b";26\x81\n"), {}, []),
    # Numbers
    "number .0": (with_cells(student_number="91000004.0"), {}, ["« 91000004.0 » est lu « 91000004 »"]),
    "number ,00": (with_cells(student_number="91000004,00"), {}, ["est lu « 91000004 »"]),
    "number with all digits in a power": (
        with_cells(student_number="9,1000004E+07"),
        {},
        ["« 9,1000004E+07 » est lu « 91000004 »"],
    ),
    "number by thousands": (with_cells(student_number="91 000 004"), {}, ["est lu « 91000004 »"]),
    "number by thousands, narrow spaces": (
        with_cells(student_number="91\u202f000\u202f004"),
        {},
        ["est lu « 91000004 »"],
    ),
    "number after an apostrophe": (with_cells(student_number="'91000004"), {}, []),
    "number in a formula": (with_cells(student_number='"=""91000004"""'), {}, []),
    "version .0": (with_cells(programme_version="26.0"), {}, []),
    "version with zeros": (with_cells(programme_version="026"), {}, []),
    "postcode without its zero": (with_cells(postal_code="1000"), {}, ["« 1000 » est lu « 01000 »"]),
    "postcode .0": (with_cells(postal_code="1000.0"), {}, ["« 1000.0 » est lu « 01000 »"]),
    "postcode of nowhere": (
        with_cells(postal_code="1000", city="Brest"),
        {"postal_code": "", "city": "Brest"},
        ["postal_code : « 1000 » n’est pas un code postal français. Laissé de côté."],
    ),
    "postcode abroad": (
        with_cells(postal_code="1000", city="Bruxelles", country="BE", phone=""),
        {"postal_code": "1000", "city": "Bruxelles", "country": "BE", "phone": ""},
        [],
    ),
    # Dates
    **{
        f"born {written}": (with_cells(birth_date=written), {}, [])
        for written in (
            "17/05/2004",
            "17/05/04",
            "17/5/2004",
            "17.05.2004",
            "17-05-2004",
            "17 05 2004",
            "17/05/2004 00:00:00",
            "17/05/2004 00:00",
            "2004-05-17T00:00",
            "2004-05-17T00:00:00",
            "2004-05-17 00:00:00",
            "2004-05-16T22:00:00Z",
            "2004-05-17T00:00:00+02:00",
            "2004/05/17",
            "20040517",
            "17052004",
            "38124",
            "38124.0",
            "38124,5",
            "17 mai 2004",
            "17-mai-04",
            "lundi 17 mai 2004",
            "05/17/2004",
        )
    },
    **{
        f"born {written!r}, which is no date": (
            with_cells(birth_date=written),
            {"birth_date": None},
            ["birth_date : ", "Laissé de côté."],
        )
        for written in (
            "32/01/2004",
            "2004-02-30",
            "17/05/2104",
            "2004",
            "hier",
            "#####",
            "#VALEUR!",
            "-",
            "[ND]",
        )
    },
    # Countries
    **{
        f"country {written}": (with_cells(country=written), {}, [])
        for written in (
            "FRANCE",
            "France",
            "fra",
            "99100",
            "99 100",
            "99100.0",
            "République française",
            "",
        )
    },
    "country unknown": (
        with_cells(country="Absurdistan"),
        {},
        ["country : « Absurdistan » n’est pas un pays."],
    ),
    "country 100, which is two": (with_cells(country="100"), {}, ["country : « 100 » n’est pas un pays."]),
    # Telephones
    "two telephones": (with_cells(phone="02 61 91 00 06 / 06 12 34 56 78"), {}, ["phone : "]),
    "two telephones, nothing between": (
        with_cells(phone="02 61 91 00 06 06 12 34 56 78"),
        {},
        ["phone : "],
    ),
    "two telephones, words": (with_cells(phone="0261910006 ou 0612345678"), {}, ["phone : "]),
    "two telephones, the second readable": (
        with_cells(phone="inconnu ; 02 61 91 00 06".replace(";", "-")),
        {},
        [],
    ),
    "telephone without its zero": (with_cells(phone="261910006"), {}, []),
    "telephone with an indicator": (with_cells(phone="0033261910006"), {}, []),
    "telephone in a power": (
        with_cells(phone="2,62E+08"),
        {"phone": ""},
        ["phone : votre tableur a transformé ce numéro"],
    ),
    "telephone of letters": (with_cells(phone="voir secrétariat"), {"phone": ""}, ["phone : "]),
    # Years
    **{
        f"year {written}": (with_cells(academic_year=written), {}, [])
        for written in (
            "2026",
            "2026/2027",
            "2026-2027",
            "2026/27",
            "2026-27",
            "26/27",
            "2026 / 2027",
            "2026–2027",
            "2026.0",
        )
    },
    # Other optional cells
    "address that is none": (
        with_cells(personal_email="zoe chez courriel"),
        {"personal_email": ""},
        ["personal_email : "],
    ),
    "street of the register": (
        with_cells(street="[ND]"),
        {"street": ""},
        ["street : « [ND] » n’est pas une valeur."],
    ),
    "street NULL": (with_cells(street="NULL"), {"street": ""}, ["street : "]),
    "street that lost letters": (
        with_cells(street="12 rue de la Rev\ufffdrie"),
        {"street": ""},
        ["street : ", "a perdu des lettres"],
    ),
    "city too long": (with_cells(city="x" * 121), {"city": "", "postal_code": "01000"}, ["city : "]),
    # Workbooks
    "xlsx": (xlsx(), {}, []),
    "xlsx with a date": (xlsx(change={"birth_date": date(2004, 5, 17)}), {}, []),
    "xlsx with a moment": (xlsx(change={"birth_date": datetime.fromisoformat("2004-05-17T00:00")}), {}, []),
    "xlsx with a serial number": (xlsx(change={"birth_date": 38124}), {}, []),
    "xlsx with numbers": (
        xlsx(change={"student_number": 91000004, "programme_version": 26, "academic_year": 2026}),
        {},
        [],
    ),
    "xlsx with decimals": (xlsx(change={"student_number": 91000004.0}), {}, []),
    "xlsx with a format of zeros": (
        xlsx(change={"postal_code": 1000}, formats={"postal_code": "00000"}),
        {},
        [],
    ),
    "xlsx with a postcode": (xlsx(change={"postal_code": 1000}), {}, ["« 1000 » est lu « 01000 »"]),
    "xlsx with an error": (xlsx(change={"city": "#N/A"}), {"city": ""}, ["est une erreur de votre tableur"]),
    "xlsx with another sheet": (xlsx(sheets=["Légende"]), {}, []),
    "xlsx that claims the whole grid": (far_cell(), {}, []),
}
DOUBTFUL = csv("cp850", row=ZOE | {"first_name": "ZOE", "last_name": "LEFÈVRE", "address_extra": ""})
MIXED = text().encode() + text(row=ZOE | {"academic_year": "2025"}).partition("\n")[2].encode("cp1252")
# Name → content, why it is refused.
REFUSED = {
    "number in a power": (
        with_cells(student_number="9,1E+07"),
        "votre tableur a transformé ce numéro (« 9,1E+07 »)",
    ),
    "number in a power, point": (
        with_cells(student_number="9.1E+07"),
        "votre tableur a transformé ce numéro",
    ),
    "number as a date": (with_cells(student_number="04-mai"), "votre tableur a transformé ce numéro en date"),
    "number as an error": (with_cells(student_number="#REF!"), "est une erreur de votre tableur"),
    "number empty": (with_cells(student_number=""), "student_number est vide."),
    "name that lost a letter": (with_cells(last_name="Lef\ufffdvre"), "a perdu des lettres"),
    "name with a question mark": (with_cells(last_name="Lef?vre"), "a perdu des lettres"),
    "name with a control character": (with_cells(last_name="Lef\x8fvre"), "a perdu des lettres"),
    "name half mended": (with_cells(first_name="DaphnÃ "), "a perdu des lettres"),
    "address that is none": (with_cells(email="zoe"), "« zoe » n’est pas une adresse électronique."),
    "xlsx number in a power": (xlsx(change={"student_number": "9,1E+07"}), "votre tableur a transformé"),
    "encodings that both read": (DOUBTFUL, "Les accents de ce fichier se lisent de plusieurs façons"),
    "lines that disagree": (MIXED, "Les accents de ce fichier se lisent de plusieurs façons"),
    "xls": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
        "au format .xls ou protégé par un mot de passe",
    ),
    "a page named xls": (b"<html><table><tr><td>cod_etu</td></tr></table></html>", "est une page web"),
    "ods": (b"PK\x03\x04", "Ce classeur est abîmé"),
    "xlsx cut": (xlsx()[:1_000], "Ce classeur est abîmé"),
    "zip bomb": (bomb(), "trop grand une fois ouvert"),
    "entities": (with_entities(), "ce qu’aucun tableur n’y écrit"),
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "n’est pas un fichier CSV"),
    "nothing": (b"", "Ce fichier est vide."),
    "one empty sheet": (xlsx(row={}), "Ce fichier est vide."),
}


@pytest.fixture(autouse=True)
def programme():
    return ProgrammeFactory(code="M1BIO", version="26")


@pytest.fixture
def bring_in(tmp_path):
    """Import a file and return what was said, of what is read and of what is refused."""

    def bring_in(content, *options):
        path = tmp_path / "fichier"
        path.write_bytes(content)
        out, err = StringIO(), StringIO()
        try:
            call_command("import_students", str(path), *options, stdout=out, stderr=err)
        except CommandError as error:
            err.write(str(error))
        return [stream.getvalue().replace("\N{NO-BREAK SPACE}", " ") for stream in (out, err)]

    return bring_in


def everybody():
    return list(Student.objects.values(*GOOD))


def test_the_table_is_long_enough():
    assert len(READ) + len(REFUSED) >= 60


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read(bring_in, name):
    content, changes, notices = READ[name]
    said, errors = bring_in(content)
    assert errors == ""
    assert everybody() == [GOOD | changes]
    for notice in notices:
        assert notice in said
    assert bool(notices) == ("ligne 2" in said)
    assert Enrolment.objects.get().academic_year == 2026


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused(bring_in, name):
    content, reason = REFUSED[name]
    _said, errors = bring_in(content)
    assert reason in errors
    assert everybody() == []


@pytest.mark.parametrize("name", [*READ, *REFUSED])
def test_no_file_overwrites_a_good_value(bring_in, name):
    """What a file says otherwise, in clear, is brought in; a value that is damaged or unreadable changes nothing."""
    bring_in(csv())
    assert everybody() == [GOOD]
    content, changes, *_said = (READ | {name: (content, {}, []) for name, (content, _) in REFUSED.items()})[
        name
    ]
    bring_in(content)
    clear = {column: value for column, value in changes.items() if value not in ("", None)}
    typed = {"postcode abroad": {"phone": ""}}.get(name, {})
    assert everybody() == [GOOD | clear | typed]
    assert Enrolment.objects.count() == 1
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("written", "code"),
    {
        "Maroc": "MA",
        "MAROC": "MA",
        "99350": "MA",
        "350": "MA",
        "Côte d’Ivoire": "CI",
        "COTE D'IVOIRE": "CI",
        "Etats-Unis": "US",
        "ROYAUME UNI": "GB",
        "Germany": "DE",
        "Corée du Sud": "KR",
        "Guyane": "GF",
        "99109": "DE",
        "DEU": "DE",
    }.items(),
)
def test_countries(bring_in, written, code):
    said, errors = bring_in(
        with_cells(
            country=written,
            phone="",
            postal_code="",
            academic_year="",
            programme_code="",
            programme_version="",
        )
    )
    assert (errors, "ligne" in said.partition("étudiants")[0]) == ("", False)
    assert Student.objects.get().country.code == code


@pytest.mark.parametrize("encoding", ["cp850", "mac_roman", "cp437", "cp1252"])
@pytest.mark.parametrize("wrong", ["cp1252", "mac_roman", "cp850", "cp437"])
def test_a_name_read_in_a_wrong_encoding_replaces_no_good_one(bring_in, encoding, wrong):
    """Whoever forces a wrong encoding damages nothing either."""
    bring_in(csv())
    said, _errors = bring_in(csv(encoding), "--encoding", wrong)
    assert everybody() == [GOOD]
    letters = ZOE["first_name"] + ZOE["last_name"] + ZOE["address_extra"]
    if letters.encode(encoding).decode(wrong, "replace") != letters:
        assert "est gardé" in said or "Laissé de côté" in said


@pytest.mark.parametrize(
    "name", ["Lefvre", "Lef?vre", "Lef_vre", "LEFEVRE", "Lefevre", "Lef\ufffdvre", "LefÃ¨vre", "Lef√®vre"]
)
def test_a_damaged_name_replaces_no_good_one_and_it_is_said(bring_in, name):
    bring_in(csv())
    said, _errors = bring_in(with_cells(last_name=name))
    assert everybody() == [GOOD]
    assert "ligne 2" in said
    assert "1 inchangés" in said


@pytest.mark.parametrize("name", ["Lefèvre-Garcia", "Garcia", "Lefébvre", "LEFÈVRE"])
def test_another_name_replaces_it(bring_in, name):
    bring_in(csv())
    bring_in(with_cells(last_name=name))
    assert User.objects.get().last_name == name


def test_a_doubtful_encoding_can_be_said(bring_in):
    _said, errors = bring_in(DOUBTFUL, "--encoding", "cp850")
    assert errors == ""
    assert User.objects.get().last_name == "LEFÈVRE"


def test_dates_of_a_file_have_one_order(bring_in):
    """« 05/06/2004 » beside « 05/17/2004 » is the 6th of May; beside both orders, nobody knows."""

    def rows(*dates):
        lines = [
            ZOE | {"student_number": str(rank), "email": f"e{rank}@etu.valmont.example", "birth_date": born}
            for rank, born in enumerate(dates)
        ]
        return "".join(
            [text().partition("\n")[0] + "\n", *(";".join(line.values()) + "\n" for line in lines)]
        ).encode()

    bring_in(rows("05/17/2004", "05/06/2004"))
    assert Student.objects.get(number="1").birth_date == date(2004, 5, 6)
    Student.objects.all().delete()
    User.objects.all().delete()
    said, _errors = bring_in(rows("05/17/2004", "05/06/2004", "17/05/2004"))
    assert "« 05/06/2004 » n’est pas une date de naissance certaine." in said
    assert list(Student.objects.order_by("number").values_list("birth_date", flat=True)) == [
        date(2004, 5, 17),
        None,
        date(2004, 5, 17),
    ]


def test_a_number_that_lost_its_zero_is_found_by_its_address(bring_in):
    bring_in(with_cells(student_number="0012345"))
    said, errors = bring_in(with_cells(student_number="12345"))
    assert errors == ""
    assert "student_number : « 12345 » est lu « 0012345 »" in said
    assert Student.objects.get().number == "0012345"


def test_students_of_other_systems_are_mapped(bring_in):
    header = [
        "COD_ETU",
        "LIB_NOM_PAT_IND",
        "LIB_PR1_IND",
        "ADR_MAIL",
        "DATE_NAI_IND",
        "COD_ANU",
        "COD_ETP",
        "COD_VRS_VET",
    ]
    row = ["91000004", "Lefèvre", "Zoé", ZOE["email"], "17/05/2004", "2026", "M1BIO", "26"]
    content = "\n".join(map(";".join, [header, row])).encode("cp1252")
    said, errors = bring_in(content)
    assert errors == ""
    assert "1 étudiants ajoutés" in said
    others = "\n".join(map(";".join, [[*header, "COD_SEX"], [*row, "F"]])).encode("cp1252")
    _said, errors = bring_in(others)
    assert "Ces colonnes sont inconnues" in errors
    assert "--column" in errors
    columns = {
        "student_number": "COD_ETU",
        "email": "ADR_MAIL",
        "first_name": "LIB_PR1_IND",
        "last_name": "lib_nom_pat_ind",
    }
    options = [word for ours, theirs in columns.items() for word in ("--column", f"{ours}={theirs}")]
    said, errors = bring_in(others, *options)
    assert errors == ""
    assert "1 inchangés" in said


NAMES = [
    "Zoé",
    "Lefèvre",
    "Hélène",
    "François",
    "Noël",
    "Anaïs",
    "Benoît",
    "Crête",
    "Gonçalves",
    "Gaëtan",
    "Maïté",
    "Jérôme",
    "Éloïse",
    "Müller",
    "Ñuñez",
    "José",
    "Bjørn",
    "Łukasz",
    "Dvořák",
    "Šárka",
    "Håkan",
    "Çelik",
    "Özil",
    "Ångström",
    "LEFÈVRE",
    "NOËL",
    "FRANÇOIS",
    "ÉLODIE",
    "BENOÎT",
    "HÉLÈNE",
    "GAËTAN",
    "Loïc",
    "Cœur",
    "L’Hôte",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_misread_in_any_way_is_worse(name):
    written = [encoding for encoding in (*encodings.LEGACY, "utf_8") if can(name, encoding)]
    misread = {encodings.read(name.encode(one), other) for one in written for other in encodings.LEGACY} - {
        name
    }
    assert misread
    assert {other for other in misread if not encodings.is_worse(other, name)} == set()


@pytest.mark.parametrize("name", ["Zoé", "Hélène", "François", "Lefèvre"])
def test_a_good_name_repairs_one_that_was_misread(name):
    for one in ("cp1252", "mac_roman", "cp850"):
        for other in ("cp1252", "mac_roman", "cp850"):
            damaged = encodings.read(name.encode(one), other)
            if encodings.score(damaged) < encodings.score(name) - encodings.REPAIRED:
                assert not encodings.is_worse(name, damaged)
    assert not encodings.is_worse(name, encodings.read(name.encode(), "cp1252"))
    assert not encodings.is_worse("Lefèvre", "Lefevre")
    assert not encodings.is_worse("Garcia", name)


def can(text, encoding):
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
def test_a_long_list_of_names_is_read_without_a_question(encoding):
    content = "\n".join(name for name in NAMES if can(name, encoding)).encode(encoding)
    [guess] = encodings.guesses(content)
    assert encodings.read(content, guess.encoding) == content.decode(encoding)
