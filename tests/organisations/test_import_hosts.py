"""Hosts from a file: the command, and the page that shows what the file would do before it does it."""

import re
import time
from io import StringIO

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from organisations import directory
from organisations.models import Organisation, Resemblance
from organisations.records import files, forms
from organisations.records.host_file import COLUMNS
from organisations.records.hosts import HostBatch, HostImporter
from organisations.records.importing import Context
from organisations.records.kinds import KINDS
from organisations.register.refreshing import compare_hosts
from organisations.views import imports
from tests.factories import (
    HeadcountBandFactory,
    LegalFormFactory,
    ManagerFactory,
    NafCodeFactory,
    OrganisationFactory,
    siret,
)
from tests.pages import browser, text_of

pytestmark = pytest.mark.django_db

HEADER = list(COLUMNS)
BRECOURT = {
    "name": "Brécourt Analyses",
    "siret": siret(4001),
    "legal_form": "5710",
    "naf": "72.19Z",
    "headcount_band": "12",
    "street": "4 quai des Abeilles",
    "postal_code": "76600",
    "city": "Le Havre",
    "phone": "02 61 91 00 04",
}
LINDQVIST = BRECOURT | {
    "name": "Lindqvist Forskning",
    "siret": "",
    "country": "SE",
    "city": "Göteborg",
    "postal_code": "411 24",
    "phone": "+46 31 701 00 00",
}
CLUB = BRECOURT | {
    "name": "Les Amis du Phare",
    "siret": "",
    "siret_exemption": "association",
    "local_identifier": "w142000001",
    "legal_form": "57",
}


@pytest.fixture(autouse=True)
def lists():
    LegalFormFactory()
    NafCodeFactory()
    HeadcountBandFactory()
    HeadcountBandFactory(code="00", label="0 salarié", minimum=0, maximum=0)
    HeadcountBandFactory(code="01", label="1 ou 2 salariés", minimum=1, maximum=2)
    HeadcountBandFactory(code="53", label="10 000 salariés et plus", minimum=10_000, maximum=None)
    HeadcountBandFactory(code="NN", label="Non renseigné", minimum=None, maximum=None)


def table(*rows, delimiter=";", encoding="utf-8", header=HEADER):
    lines = [header, *([row.get(name, "") for name in header] for row in rows)]
    return "".join(delimiter.join(line) + "\n" for line in lines).encode(encoding)


@pytest.fixture
def run(tmp_path):
    """Import these rows and return what was said and the exit of the command, if it failed."""

    def run(*rows, options=(), raw=None, **options_of_table):
        path = tmp_path / "etablissements.csv"
        path.write_bytes(table(*rows, **options_of_table) if raw is None else raw)
        out, err, status = StringIO(), StringIO(), 0
        try:
            call_command("import_hosts", str(path), *options, stdout=out, stderr=err)
        except CommandError as error:
            err.write(f"{error}\n")
            status = error.returncode
        said = (stream.getvalue().replace("\N{NO-BREAK SPACE}", " ") for stream in (out, err))
        return (*said, status)

    return run


def total(created=0, completed=0, unchanged=0, refused=0):
    return (
        f"{created} établissements ajoutés, {completed} complétés, {unchanged} inchangés ; "
        f"{refused} lignes refusées.\n"
    )


def everything():
    return list(Organisation.objects.order_by("pk").values())


# The command


@time_machine.travel("2026-12-31 12:00", tick=False)  # codes of 2008 are still in force
def test_a_host_arrives(run):
    said, errors, status = run(BRECOURT | {"acronym": "BA", "email": "contact@brecourt.example"})
    assert (said, errors, status) == (f"ligne 2 : « Brécourt Analyses » ajouté.\n{total(created=1)}", "", 0)
    host = Organisation.objects.get()
    assert (host.name, host.acronym, host.siret) == ("Brécourt Analyses", "BA", BRECOURT["siret"])
    assert (host.legal_form_id, host.naf_code.code, host.headcount_band_id) == ("57", "72.19Z", "12")
    assert (host.street, host.postal_code, host.city) == ("4 quai des Abeilles", "76600", "Le Havre")
    assert (host.phone, host.country.code) == ("+33 2 61 91 00 04", "FR")
    assert not host.is_verified
    assert directory.search(Organisation.objects.all(), "brecourt havre").organisations == [host]
    assert directory.search(Organisation.objects.all(), "bercourt").organisations == [host]


@pytest.mark.parametrize(
    ("changes", "attribute", "value"),
    [
        ({"siret": " 732 829 320 00074 "}, "siret", "73282932000074"),
        ({"naf": "7219z"}, "naf_code__code", "72.19Z"),
        ({"legal_form": "57"}, "legal_form", "57"),
        ({"headcount_band": "1"}, "headcount_band", "01"),
        ({"headcount_band": "", "headcount": "2"}, "headcount_band", "01"),
        ({"headcount_band": "", "headcount": "49"}, "headcount_band", "12"),
        ({"headcount_band": "", "headcount": "0"}, "headcount_band", "00"),
        ({"headcount_band": "", "headcount": "12 000"}, "headcount_band", "53"),
        ({"naf": "", "activity": "Analyses d’eau"}, "activity", "Analyses d’eau"),
        ({"country": "fr"}, "country", "FR"),
        ({"website": "exemple.fr"}, "website", "https://exemple.fr"),
        ({"postal_code": "98000", "country": "MC", "siret": ""}, "siret_exemption", "abroad"),
    ],
)
def test_what_is_read(run, changes, attribute, value):
    _, errors, status = run(BRECOURT | changes)
    assert (errors, status) == ("", 0)
    assert list(Organisation.objects.values_list(attribute, flat=True)) == [value]


def test_hosts_without_siret(run):
    _, errors, _ = run(LINDQVIST, CLUB)
    assert errors == ""
    assert dict(Organisation.objects.values_list("name", "siret_exemption")) == {
        "Lindqvist Forskning": "abroad",
        "Les Amis du Phare": "association",
    }
    assert Organisation.objects.get(siret_exemption="association").local_identifier == "W142000001"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": ""}, "name : "),
        ({"name": "é" * 201}, "name : "),
        ({"siret": "73282932000075"}, "siret : Ce numéro SIRET n’existe pas"),
        ({"siret": "7328293200007"}, "siret : Un numéro SIRET a 14 chiffres ; celui-ci en a 13."),
        ({"siret": ""}, "siret : Indiquez le numéro SIRET"),
        ({"siret": "", "siret_exemption": "perdu"}, "siret_exemption : "),
        (CLUB | {"local_identifier": "142"}, "local_identifier : Un numéro RNA commence par W"),
        ({"legal_form": ""}, "legal_form : "),
        ({"legal_form": "99"}, "legal_form : « 99 » n’est pas un code de la liste."),
        ({"naf": "99.99Z"}, "naf : Ce code NAF n’existe pas."),
        ({"naf": ""}, "naf : Indiquez le code NAF, ou décrivez l’activité."),
        ({"headcount_band": ""}, "headcount_band : "),
        ({"headcount_band": "77"}, "headcount_band : « 77 » n’est pas un code de la liste."),
        ({"headcount_band": "", "headcount": "9" * 5_000}, "headcount : « 99"),
        (
            {"headcount_band": "", "headcount": "une dizaine"},
            "headcount : « une dizaine » n’est pas un nombre.",
        ),
        ({"headcount_band": "", "headcount": "-3"}, "headcount : « -3 » n’est pas un nombre."),
        ({"street": ""}, "street : "),
        ({"postal_code": "7660"}, "postal_code : Un code postal français a 5 chiffres"),
        ({"city": ""}, "city : "),
        ({"country": "XX"}, "country : « XX » n’est pas un code de la liste."),
        ({"phone": "12"}, "phone : Ce numéro de téléphone est incomplet"),
    ],
)
def test_a_wrong_line_stops_no_other(run, changes, reason):
    said, errors, status = run(BRECOURT | {"siret": siret(4002)} | changes, BRECOURT)
    assert f"ligne 2 : {reason}" in errors
    assert said.endswith(total(created=1, refused=1))
    assert status == 0
    assert Organisation.objects.get().siret == BRECOURT["siret"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"email": "contact"}, "email : "),
        ({"website": "pas un site"}, "website : "),
        ({"trade_name": "[ND]"}, "trade_name : « [ND] » n’est pas une valeur."),
        ({"acronym": "x" * 41}, "acronym : "),
        ({"naf": "99.99Z", "activity": "Analyses"}, "naf : Ce code NAF n’existe pas."),
    ],
)
def test_what_a_host_can_be_without_is_dropped(run, changes, reason):
    said, errors, _status = run(BRECOURT | changes)
    assert errors == ""
    assert reason in said
    assert "Laissé de côté." in said
    assert said.endswith(total(created=1))


def test_all_that_is_wrong_is_said_at_once(run):
    _, errors, status = run(BRECOURT | {"phone": "12", "postal_code": "1"})
    assert "postal_code : " in errors
    assert "phone : " in errors
    assert "Aucune ligne n’a pu être lue." in errors
    assert status == 1


@pytest.mark.parametrize(("day", "noticed"), [("2026-12-31", False), ("2027-01-01", True)])
def test_the_old_activity_codes_are_noticed_once_they_are_old(run, day, noticed):
    with time_machine.travel(f"{day} 12:00", tick=False):
        said, errors, _ = run(BRECOURT)
    assert errors == ""
    assert ("Le code 72.19Z vient de l’ancienne nomenclature (2008)" in said) is noticed


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [
        ("utf-8", ";"),
        ("utf-8-sig", ","),
        ("cp1252", ";"),
        ("latin-1", "\t"),
        ("utf-16", "\t"),
        ("utf-16-le", "|"),
    ],
)
def test_encodings_and_separators(run, encoding, delimiter):
    _, errors, _ = run(BRECOURT, encoding=encoding, delimiter=delimiter)
    assert errors == ""
    assert Organisation.objects.get().name == "Brécourt Analyses"


def test_columns_in_any_order_and_only_those_that_are_needed(run):
    header = ["city", "siret", "phone", "street", "legal_form", "name", "postal_code", "naf", "headcount"]
    _, errors, _ = run(BRECOURT | {"headcount": "30"}, header=header)
    assert errors == ""
    assert Organisation.objects.get().headcount_band_id == "12"


BINARY = "n’est pas un fichier CSV : dans votre tableur, enregistrez-le au format « CSV UTF-8 »"
NOT_A_FILE = [
    (b"", "Ce fichier est vide."),
    (b"\x89PNG\r\n\x1a\n\x00\x00", BINARY),
    (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "Ce classeur est abîmé ou protégé"),
    (table(BRECOURT).replace(b"Analyses", b"Ana\0lyses"), BINARY),
    (b"%PDF-1.7 \xff\xfe", "Il manque les colonnes : name, siret, legal_form, street, city, phone."),
    (b"name;siret\n", "Il manque les colonnes : legal_form, street, city, phone."),
    (table(header=[*HEADER, "capital"]), "Ces colonnes sont inconnues : capital."),
    (table(header=[*HEADER, "name"]), "Ces colonnes sont répétées : name."),
    (b";" * 1_000_000, "Il manque les colonnes"),
]


@pytest.mark.parametrize(("raw", "reason"), NOT_A_FILE)
def test_a_file_that_is_not_one(run, raw, reason):
    said, errors, status = run(raw=raw)
    assert reason in errors
    assert (said, status) == ("", 1)


def test_a_file_that_is_not_there():
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_hosts", "nulle-part.csv")


def test_the_same_file_again_changes_nothing(run):
    rows = (BRECOURT, LINDQVIST, CLUB)
    run(*rows)
    before = everything()
    for options in ([], ["--create-alike"]):
        assert run(*rows, options=options) == (total(unchanged=3), "", 0)
    assert everything() == before


def test_a_trial_says_the_same_and_writes_nothing(run):
    known = OrganisationFactory(siret=siret(4003), name="Vauquelin", website="")
    rows = (
        BRECOURT,
        BRECOURT | {"siret": siret(4003), "name": "Vauquelin", "website": "vauquelin.example"},
        BRECOURT | {"siret": "12"},
        CLUB,
    )
    before = everything()
    said, errors, _ = run(*rows, options=["--dry-run"])
    assert everything() == before
    assert said.splitlines()[-2] == "Essai : rien n’est enregistré."
    done, same_errors, _ = run(*rows)
    assert done == said.replace("Essai : rien n’est enregistré.\n", "")
    assert errors == same_errors != ""
    known.refresh_from_db()
    assert known.website == "https://vauquelin.example"


def test_a_known_host_gains_what_it_lacked_and_keeps_the_rest(run):
    host = OrganisationFactory(
        siret=BRECOURT["siret"],
        name="Brécourt Analyses",
        phone="",
        email="",
        headcount_band=None,
        naf_code=None,
    )
    line = BRECOURT | {"email": "contact@brecourt.example", "street": "1 rue Neuve", "trade_name": "Brécolab"}
    said, errors, _ = run(line | {"email": "nouveau@brecourt.example"})
    assert errors == ""
    assert "« Brécourt Analyses » complété : trade_name, naf, headcount_band, phone, email." in said
    host.refresh_from_db()
    assert (host.phone, host.email) == ("+33 2 61 91 00 04", "nouveau@brecourt.example")
    assert (host.naf_code.code, host.headcount_band_id) == ("72.19Z", "12")
    assert host.street == "4 quai des Abeilles"
    assert directory.search(Organisation.objects.all(), "brecolab").organisations == [host]
    assert run(line) == (total(unchanged=1), "", 0)
    host.refresh_from_db()
    assert host.email == "nouveau@brecourt.example"


@pytest.mark.parametrize(
    ("changes", "dropped"),
    [
        ({"legal_form": "", "street": "", "headcount_band": ""}, False),  # what is known needs no saying
        ({"email": "contact"}, True),  # what is added is judged
        ({"phone": "12"}, False),  # what is known is not read
    ],
)
def test_a_line_about_a_known_host_may_say_little(run, changes, dropped):
    OrganisationFactory(siret=BRECOURT["siret"], name="Brécourt Analyses", email="")
    said, errors, _ = run(BRECOURT | changes)
    assert errors == ""
    assert ("ligne 2 : email : " in said) is dropped
    assert total(unchanged=1) in said


def test_what_a_known_host_lacks_elsewhere_does_not_prevent(run):
    host = OrganisationFactory(siret=BRECOURT["siret"], phone="", naf_code=None, activity="", email="")
    _, errors, _ = run(BRECOURT | {"phone": "", "naf": "", "email": "contact@brecourt.example"})
    assert errors == ""
    host.refresh_from_db()
    assert (host.phone, host.email) == ("", "contact@brecourt.example")


def test_another_name_is_noticed(run):
    host = OrganisationFactory(
        siret=BRECOURT["siret"], name="Vauquelin", former_names=["Laboratoire Brécourt"]
    )
    assert "S’appelle « Vauquelin » dans l’annuaire." in run(BRECOURT)[0]
    assert "S’appelle" not in run(BRECOURT | {"name": "LABORATOIRE BRECOURT"})[0]
    host.refresh_from_db()
    assert host.name == "Vauquelin"


def test_a_host_merged_into_another_stays_so(run):
    kept = OrganisationFactory(name="Vauquelin", website="")
    OrganisationFactory(siret=BRECOURT["siret"], merged_into=kept)
    before = everything()
    said, errors, _ = run(BRECOURT | {"website": "brecourt.example"})
    assert (said, errors) == (f"ligne 2 : Fusionné avec « Vauquelin ».\n{total(unchanged=1)}", "")
    assert everything() == before


def test_without_siret_a_host_that_looks_like_another_is_refused(run):
    known = OrganisationFactory(name="Association Les Amis du Phare du Havre", city="Le Havre")
    _, errors, _ = run(CLUB)
    assert f"ligne 2 : Ressemble à la fiche n° {known.pk}, « {known} » à Le Havre." in errors
    said, errors, _ = run(CLUB, options=["--create-alike"])
    assert errors == ""
    assert total(created=1) in said
    assert run(CLUB, options=["--create-alike"])[0] == total(unchanged=1)


def test_a_line_without_siret_does_not_touch_a_host_that_has_one(run):
    known = OrganisationFactory(name=CLUB["name"], city=CLUB["city"], postal_code=CLUB["postal_code"])
    _, errors, _ = run(CLUB)
    assert f"ligne 2 : Ressemble à la fiche n° {known.pk}" in errors
    known.refresh_from_db()
    assert known.local_identifier == ""


@pytest.mark.parametrize(
    "second",
    [
        BRECOURT | {"name": "Un autre nom"},
        BRECOURT | {"siret": " ".join(BRECOURT["siret"])},
    ],
)
def test_a_siret_twice_in_the_file(run, second):
    _, errors, _ = run(BRECOURT, second)
    assert errors == "ligne 3 : répète la ligne 2.\n"
    assert Organisation.objects.count() == 1


def test_a_host_without_siret_twice_in_the_file(run, monkeypatch):
    monkeypatch.setattr(HostImporter, "size", 1)
    _, errors, _ = run(CLUB, LINDQVIST, CLUB | {"name": "LES AMIS DU PHARE"})
    assert errors == "ligne 4 : répète la ligne 2.\n"


def test_a_quotation_mark_left_open_spoils_only_its_line(run):
    raw = table(BRECOURT | {"street": '"4 quai'}, BRECOURT)
    assert "ligne 2 : un guillemet n’est pas fermé." in run(raw=raw)[1]
    assert Organisation.objects.count() == 1


def test_one_line_the_database_refuses_does_not_stop_its_batch(run, monkeypatch):
    """Somebody adds the host between the moment it is looked for and the moment it is written."""
    rows = [BRECOURT | {"siret": siret(number)} for number in range(4010, 4014)]
    looked = HostBatch.__init__

    def and_meanwhile(batch, *args, **options):
        looked(batch, *args, **options)
        if not Organisation.objects.filter(siret=siret(4012)).exists():
            OrganisationFactory(siret=siret(4012), name="Arrivé entre-temps")

    monkeypatch.setattr(HostBatch, "__init__", and_meanwhile)
    said, errors, _ = run(*rows)
    assert Organisation.objects.count() == 4
    assert errors == ""
    assert "S’appelle « Arrivé entre-temps »" in said


def test_queries_do_not_grow_with_the_lines():
    def queries(numbers, **changes):
        rows = [BRECOURT | {"siret": siret(number)} | changes for number in numbers]
        with CaptureQueriesContext(connection) as captured:
            lines = files.open_file(KINDS["hosts"], table(*rows), None)
            imported = files.begin(KINDS["hosts"], Context(None), "hosts.csv")
            results = list(files.apply(imported, KINDS["hosts"], lines, Context(None)))
        assert len(results) == len(rows)
        return len(captured)

    assert queries(range(4100, 4101)) == queries(range(4200, 4250))
    gained = {"email": "contact@brecourt.example"}
    assert queries(range(4100, 4101), **gained) == queries(range(4200, 4250), **gained)


def test_new_hosts_are_compared_with_the_others(run, django_capture_on_commit_callbacks, monkeypatch):
    asked = []
    monkeypatch.setattr(compare_hosts, "delay", asked.append)
    known = OrganisationFactory(
        name="Brécourt Analyses", siret=None, siret_exemption="pending", city="Le Havre"
    )
    with django_capture_on_commit_callbacks(execute=True):
        run(BRECOURT)
    added = Organisation.objects.get(siret=BRECOURT["siret"])
    assert asked == [[added.pk]]
    for _ in range(2):
        compare_hosts(*asked)
    pair = Resemblance.objects.get()
    assert (pair.first, pair.second) == (known, added)


# The page


@pytest.fixture
def manager():
    return ManagerFactory().user


@pytest.fixture
def client(manager):
    return browser(manager)


PAGE = "organisations:import_hosts"


def upload(client, content, **typed):
    file = SimpleUploadedFile("liste d’hôtes.csv", content, content_type="text/csv")
    return client.post(reverse(PAGE), {"file": file, **typed})


def key_of(answer):
    found = re.search(r'name="key" value="([^"]+)"', answer.content.decode())
    return found and found[1]


def confirm(client, key):
    return client.post(reverse("organisations:apply_import"), {"key": key}, follow=True)


def test_nothing_is_written_before_it_is_confirmed(client, manager):
    answer = upload(client, table(BRECOURT, LINDQVIST, BRECOURT | {"siret": "12"}))
    page = text_of(answer)
    assert not Organisation.objects.exists()
    assert "liste d’hôtes.csv" in page
    assert "Lignes refusées 1 Établissements ajoutés 2 Complétés 0 Inchangés 0" in page
    assert "Importer 2 établissements" in page
    answer = confirm(client, key_of(answer))
    assert "2 établissements ajoutés, 0 complétés, 0 inchangés ; 1 lignes refusées." in text_of(answer)
    assert set(Organisation.objects.values_list("created_by", flat=True)) == {manager.pk}
    assert Organisation.objects.count() == 2


@time_machine.travel("2026-12-31 12:00", tick=False)  # codes of 2008 are still in force
def test_refused_lines_come_first_then_remarks(client):
    OrganisationFactory(siret=siret(4003), name="Vauquelin")
    answer = upload(
        client,
        table(BRECOURT, BRECOURT | {"siret": siret(4003)}, BRECOURT | {"siret": "12", "name": "<b>Zut</b>"}),
    )
    lines = re.findall(r'<td class="num" data-label="Ligne">(\d+)</td>', answer.content.decode())
    assert lines == ["4", "3", "2"]


def test_a_long_report_is_cut(client, monkeypatch):
    monkeypatch.setattr(imports, "ROWS_SHOWN", 2)
    answer = upload(client, table(*[BRECOURT | {"siret": siret(number)} for number in range(4300, 4305)]))
    assert "Et 3 autres lignes." in text_of(answer)
    assert len(re.findall(r'data-label="Ligne"', answer.content.decode())) == 2


def test_a_file_with_nothing_to_import_is_not_offered(client):
    answer = upload(client, table(BRECOURT | {"siret": "12"}))
    assert key_of(answer) is None
    assert "Importer" not in text_of(answer).split("Ligne par ligne")[1]


def test_hosts_that_look_like_others_are_a_choice(client):
    OrganisationFactory(name="Association Les Amis du Phare du Havre", city="Le Havre")
    assert key_of(upload(client, table(CLUB))) is None
    confirm(client, key_of(upload(client, table(CLUB), creates_alike="on")))
    assert Organisation.objects.count() == 2


@pytest.mark.parametrize(("seconds", "kept"), [(30, True), (0.1, False)])
def test_the_file_is_not_kept_for_ever(client, seconds, kept, monkeypatch):
    assert imports.KEPT_SECONDS == 30 * 60
    monkeypatch.setattr(imports, "KEPT_SECONDS", seconds)
    key = key_of(upload(client, table(BRECOURT)))
    time.sleep(0.2)
    page = text_of(confirm(client, key))
    assert ("n’est plus gardé après 30 minutes" in page) is not kept
    assert Organisation.objects.exists() is kept


def test_a_file_is_imported_once(client):
    key = key_of(upload(client, table(BRECOURT)))
    confirm(client, key)
    assert "choisissez-le de nouveau" in text_of(confirm(client, key))


def test_the_file_of_another_is_not_mine(client):
    key = key_of(upload(client, table(BRECOURT)))
    assert "choisissez-le de nouveau" in text_of(confirm(browser(ManagerFactory().user), key))
    assert not Organisation.objects.exists()
    confirm(client, key)
    assert Organisation.objects.exists()


def test_the_import_is_one_transaction(client, monkeypatch):
    monkeypatch.setattr(HostImporter, "size", 1)
    key = key_of(upload(client, table(BRECOURT, BRECOURT | {"siret": siret(4002)})))
    saved = HostBatch.save

    def breaks_down(batch):
        saved(batch)
        if Organisation.objects.count() == 2:
            raise RuntimeError

    monkeypatch.setattr(HostBatch, "save", breaks_down)
    with pytest.raises(RuntimeError):
        confirm(client, key)
    assert not Organisation.objects.exists()


@pytest.mark.parametrize(
    ("raw", "reason"), [*NOT_A_FILE, (table(), "n’a aucune autre ligne"), (b"a" * 2_097_153, "dépasse 2 Mo")]
)
def test_a_wrong_file_is_explained(client, raw, reason):
    answer = upload(client, raw)
    assert answer.status_code == 422
    assert reason in text_of(answer)


def test_no_file_at_all(client):
    answer = client.post(reverse(PAGE), {})
    assert (answer.status_code, "Choisissez un fichier." in text_of(answer)) == (422, True)


def test_ten_megabytes_are_refused_at_the_door(client):
    answer = upload(client, b"a" * 10 * 1024 * 1024)
    assert answer.status_code == 413


@pytest.mark.parametrize(("lines", "status"), [(3, 200), (4, 422)])
def test_a_long_file_is_refused(client, lines, status, monkeypatch):
    monkeypatch.setattr(forms, "MOST_LINES", 3)
    answer = upload(
        client, table(*[BRECOURT | {"siret": siret(number)} for number in range(4400, 4400 + lines)])
    )
    assert answer.status_code == status


@pytest.mark.parametrize(("lines", "status"), [(2, 200), (3, 422)])
def test_lines_without_siret_are_counted_apart(client, lines, status, monkeypatch):
    monkeypatch.setattr(forms, "MOST_WITHOUT_SIRET", 2)
    rows = [LINDQVIST | {"name": f"Lindqvist {number}"} for number in range(lines)]
    answer = upload(client, table(*rows, BRECOURT, BRECOURT | {"siret": siret(4002)}))
    assert answer.status_code == status
    assert ("n’ont pas de SIRET" in text_of(answer)) is (status == 422)


def test_the_template_has_every_column_and_is_a_file_to_import(client):
    answer = client.get(reverse("organisations:import_template"))
    assert answer["Content-Disposition"] == 'attachment; filename="etablissements.csv"'
    assert answer.content.decode("utf-8-sig").strip() == ";".join(HEADER)
    filled = answer.content + table(BRECOURT).split(b"\n", 1)[1]
    assert confirm(client, key_of(upload(client, filled))).status_code == 200
    assert Organisation.objects.get().name == "Brécourt Analyses"
    page = text_of(client.get(reverse(PAGE)))
    for column in HEADER:
        assert column in page
