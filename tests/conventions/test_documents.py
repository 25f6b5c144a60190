"""The frozen context, what is read back from it, and the PDF made from it once."""

import hashlib
import http.server
import io
import itertools
import json
import threading
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from kombu.exceptions import OperationalError
from PIL import Image
from pypdf import PdfReader
from weasyprint.formatting_structure.boxes import TextBox

from conventions import documents
from conventions.documents import pdf as pdf_module
from conventions.documents import printing
from conventions.models import Convention, Document, Interruption, Status
from conventions.writing import steps
from tests.conventions import specimen
from tests.factories import AdminFactory
from tests.worlds import World


def words(text):
    """Return a text as its words: a PDF breaks lines where it likes."""
    return " ".join(text.replace("\u00ad", "").split())


def read(pdf):
    return PdfReader(io.BytesIO(pdf))


def text_of(pdf):
    return words(" ".join(page.extract_text() for page in read(pdf).pages))


def stored(document):
    with document.file.open() as file:
        return file.read()


def printed(convention, *, draft=False):
    return text_of(documents.render_pdf(documents.printable(convention), draft=draft))


def articles(convention):
    return words(documents.render_html(documents.printable(convention), draft=False))


# The context


@pytest.fixture
def world(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return World()


@pytest.fixture
def validated(world):
    return world.convention_in(Status.VALIDATED)


def loaded(convention):
    return Convention.objects.for_detail().get(pk=convention.pk)


def test_the_context_is_plain_data_and_costs_three_queries(world):
    convention = world.draft()
    Interruption.objects.create(
        convention=convention, start=convention.start, end=convention.start + timedelta(days=1)
    )
    convention = loaded(convention)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        context = documents.agreement(convention)
    assert json.loads(json.dumps(context)) == context
    assert len(queries) <= 3
    assert context["version"] == documents.context.VERSION
    assert context["stage"]["start"] == convention.start.isoformat()
    assert context["stage"]["weekly_hours"] == "35"
    assert context["gratification"]["amount"] == "4.5"
    assert context["stage"]["interruptions"] == [
        [convention.start.isoformat(), (convention.start + timedelta(days=1)).isoformat(), "interruption"]
    ]


def test_a_draft_just_begun_has_a_context_too(world):
    context = documents.agreement(
        Convention.objects.create(student=world.student, institution=world.student.institution)
    )
    assert [section.key for section in documents.sections(context)]
    assert documents.render_pdf({**context, "logo": ""}, draft=True).startswith(b"%PDF-")


def test_countries_and_choices_are_frozen_in_french():
    with translation.override("en"):
        context = documents.agreement(specimen.abroad())
    assert context["service"]["country"] == {"code": "DE", "label": "Allemagne"}
    assert context["organisation"]["address"][-1] == "Allemagne"
    assert context["gratification"]["unit"] == {"code": "month", "label": "par mois"}


def test_hours_are_worth_days_and_months():
    stage = documents.agreement(specimen.specimen(hours_computed=Decimal("308.5")))["stage"]
    assert (stage["hours"], stage["days"], stage["months"]) == ("308.5", "44.1", "2")


@pytest.mark.parametrize(
    ("born", "minor"), [(date(2008, 2, 2), False), (date(2008, 2, 3), True), (None, False)]
)
def test_a_minor_on_the_first_day_needs_a_legal_representative(born, minor):
    convention = specimen.specimen()
    convention.student.birth_date = born
    assert documents.agreement(convention)["student"]["is_minor"] is minor
    assert ("représentant légal" in printed(convention)) is minor


def test_signatures_follow_the_order_of_the_centre():
    order = ["host", "university", "student", "teacher", "tutor"]
    circuit = documents.agreement(specimen.specimen(signature_order=order))["circuit"]
    assert [turn["party"] for turn in circuit] == order
    assert circuit[0]["name"] == "Sophie Marchand"
    assert circuit[1]["quality"] == "directeur de l’UFR des sciences"


# What a page shows


def test_every_row_names_a_column_and_every_section_a_step():
    columns = {field.name for field in Convention._meta.get_fields()}
    slugs = {step.slug for step in steps.STEPS} | {""}
    for section in documents.sections(documents.agreement(specimen.specimen())):
        assert section.step in slugs
        for row in section.rows:
            assert row.field in columns | {""}
            assert row.label


def test_every_column_a_step_asks_for_is_shown():
    """A remark can be pinned on whatever the student filled, or on the row that sums it up."""
    summed_up = {
        "student_address_extra", "student_postal_code", "student_city", "student_country",
        "working_time", "working_days", "works_at_night", "works_on_sunday", "works_on_holidays",
        "works_on_whit_monday", "works_remotely", "amount", "amount_unit", "currency", "day_ends_at",
        "previous_end", "previous_left_early", "regulated_work_declared", "restricted_area_authorised",
        "insurance_policy", "insurance_start", "insurance_end",
    }  # fmt: skip
    shown = {
        row.field
        # A minor has a legal representative, a stage abroad questions of its own.
        for agreement in (specimen.specimen(), specimen.short(), specimen.abroad())
        for section in documents.sections(documents.agreement(agreement))
        for row in section.rows
    }
    asked = {name for step in steps.STEPS for name in step.fields}
    assert asked - shown == summed_up & asked


@pytest.mark.parametrize(
    ("language", "amount", "start", "yes"),
    [
        ("fr", "4,50 € par heure", "lundi 2 février 2026", "Oui"),
        ("en", "4.50 € per hour", "Monday 2 February 2026", None),
    ],
)
def test_values_are_written_in_the_language_of_the_reader(language, amount, start, yes):
    context = documents.agreement(specimen.specimen(is_confidential=True))
    with translation.override(language):
        values = {row.field: row.value for section in documents.sections(context) for row in section.rows}
    assert values["is_paid"] == amount
    assert values["start"] == start
    if yes:
        assert values["is_confidential"] == yes


def test_the_first_of_the_month_is_written_as_french_wants():
    context = documents.agreement(specimen.specimen(start=date(2026, 3, 1)))
    assert "dimanche 1er mars 2026" in [
        row.value for section in documents.sections(context) for row in section.rows
    ]


def test_working_days_are_written_as_a_range():
    def week(days):
        context = documents.agreement(specimen.specimen(working_days=days))
        return next(
            row.value
            for section in documents.sections(context)
            for row in section.rows
            if row.field == "weekly_hours"
        )

    assert week([0, 1, 2, 3, 4]).endswith("du lundi au vendredi")
    assert week([3, 0]).endswith("lundi, jeudi")


def test_what_the_student_corrected_is_kept_for_the_manager_and_not_printed():
    convention = specimen.specimen(
        record={
            "student_street": "3 impasse Oubliée",
            "student_phone": "06 00 00 00 12",
            "student_country": "DE",
        }
    )
    changes = documents.differences(documents.agreement(convention))
    assert [(change.before, change.after) for change in changes] == [
        ("3 impasse Oubliée", "22 rue des Jacobins"),
        ("Allemagne", "France"),
    ]
    assert "Oubliée" not in printed(convention)


def test_changes_since_names_what_moved_in_the_shared_records(validated):
    context = validated.documents.get().context
    assert documents.changes_since(context, loaded(validated)) == []
    host, teacher = validated.organisation, validated.teacher.user
    before = host.name
    host.name = "Brécourt et Filles"
    host.save()
    teacher.last_name = "Nouveau"
    teacher.save()
    changes = documents.changes_since(context, loaded(validated))
    assert {(change.before, change.after) for change in changes} >= {(before, "Brécourt et Filles")}
    assert any("Nouveau" in change.after for change in changes)
    assert before in str(validated.documents.get().context)


# The printed agreement


@pytest.fixture(scope="module")
def usual():
    return documents.render_pdf(documents.printable(specimen.specimen()), draft=False)


@pytest.fixture(scope="module")
def usual_text(usual):
    return text_of(usual)


@pytest.mark.parametrize(
    "expected",
    [
        "2026-000123",
        "Année universitaire 2025/2026",
        "Université de la Côte de Nacre",
        "Hélène Duval, présidente de l’université",
        "Twisto Mobilités du Calvados",
        "SIRET 732 829 320 00074",
        "Mme Sophie Marchand, Directrice des ressources humaines",
        "Anaïs Le Guennec",
        "N° étudiant 22104587",
        "17/05/2003",
        # The mentions of article D124-4, in its order
        "Master 2 Mathématiques appliquées, statistique et science des données",
        "420 h par an, dont 380 h en présence",
        "M. Karim Benali",
        "Étienne Rousseau",
        "Choisir, ajuster et valider un modèle de séries temporelles",
        "Construire un modèle de prévision par arrêt et par tranche horaire",
        "du lundi 2 février 2026 au vendredi 31 juillet 2026",
        "868 h, soit 124 jours ou 5,64 mois",
        "35 h par semaine, temps plein, du lundi au vendredi",
        "Un point par visioconférence chaque mois",
        "4,50 € par heure, virement bancaire",
        "CPAM) du Calvados",
        "L412-8 du code de la sécurité sociale",
        "Cinq jours, à prendre en accord avec le tuteur",
        "Suspension et fin anticipée.",
        "Validation d’un stage interrompu.",
        "Restaurant d’entreprise ; remboursement de la moitié",
        "Badge obligatoire",
        "Attestation de stage.",
        # And what goes with it
        "24 crédits ECTS",
        "3 exemplaires originaux",
        "attestation d’assurance de responsabilité civile",
        "cachet de l’organisme",
        "page 1 / 4",
        "arrêtée le 12/01/2026",
    ],
)
def test_everything_agreed_is_printed(usual_text, expected):
    assert words(expected) in usual_text


DECLARED = {
    "headcount": 1200,
    "host_trainees": 0,
    "tutor_trainees": 2,
    "collective_hours": Decimal("37.5"),
    "earlier_hours": Decimal(120),
    "previous_start": date(2025, 9, 1),
    "previous_end": date(2025, 12, 31),
    "previous_left_early": True,
    "has_regulated_work": True,
    "regulated_work_declared": True,
    "in_restricted_area": True,
    "insurer": "Mutuelle des Dunes",
    "insurance_policy": "RC-2026-17",
    "insurance_start": date(2025, 9, 1),
    "insurance_end": date(2026, 8, 31),
    "day_starts_at": time(9),
    "day_ends_at": time(17, 30),
    "works_on_whit_monday": True,
    "leave_is_paid": True,
    "branch_minimum": Decimal("5.20"),
    "is_employed_by_host": True,
}


@pytest.mark.parametrize(
    "expected",
    [
        "du lundi au vendredi, de 9 h à 17 h 30",
        "Le lundi de Pentecôte (journée de solidarité)",
        "Jours de congé : 5 Congés gratifiés Cinq jours",
        "4,50 € par heure, virement bancaire, chaque mois",
        "Minimum de la branche 5,20 € par heure",
        "Déjà agent ou salarié de l’organisme",
        "Mutuelle des Dunes, contrat RC-2026-17, du 01/09/2025 au 31/08/2026",
        "Déclarations de l’organisme d’accueil",
        "Nombre de salariés 1 200",
        "Autres stagiaires présents en même temps 0",
        "Stagiaires déjà suivis par le tuteur 2",
        "Durée hebdomadaire collective 37,5 h",
        "120 h",
        "du 01/09/2025 au 31/12/2025, interrompu par le stagiaire",
        "Oui, dérogation déclarée pour un mineur",
    ],
)
def test_what_the_host_declares_is_printed(declared_text, expected):
    assert words(expected) in declared_text


@pytest.fixture(scope="module")
def declared_text():
    return printed(specimen.specimen(**DECLARED))


def test_what_nobody_declared_is_not_printed(usual_text):
    for title in ("Déclarations de l’organisme", "Stage à l’étranger", "Responsabilité civile", "Remplace"):
        assert title not in usual_text
    assert "Congés non gratifiés" in usual_text
    assert "gratifiés" not in printed(specimen.specimen(is_paid=False)).split("Encadrement")[0]


def test_the_representative_of_a_minor_is_printed_and_only_of_a_minor():
    assert "Représentant légal : Jeanne Kerbrat" in printed(specimen.short(guardian_name="Jeanne Kerbrat"))
    assert "Kerbrat" not in printed(specimen.specimen(guardian_name="Jeanne Kerbrat"))


def test_a_stage_abroad_prints_its_own_answers():
    text = printed(
        specimen.abroad(has_information_sheet=True, travel_zone="orange", travel_decision="FSD, 3 mars")
    )
    assert "Fiche d’information sur le droit du pays Oui" in text
    assert "Orange : déconseillée sauf raison impérative" in text
    assert "FSD, 3 mars" in text
    assert "FSD" not in printed(specimen.specimen(travel_decision="FSD, 3 mars"))


def test_periods_are_printed_with_their_hours_and_their_kind(world):
    convention = world.draft()
    day, last = convention.start, convention.start + timedelta(days=4)
    convention.work_periods.create(start=day, end=last, thursday=7, friday=Decimal("3.5"))
    convention.interruptions.create(start=day, end=last, kind=Interruption.Kind.LEAVE)
    convention.interruptions.create(start=convention.end, end=convention.end, kind=Interruption.Kind.HOLIDAY)
    convention = loaded(convention)
    assert documents.agreement(convention)["stage"]["work_periods"] == [
        {
            "start": day.isoformat(),
            "end": last.isoformat(),
            "hours": ["0", "0", "0", "7", "3.5", "0", "0"],
        }
    ]
    text = printed(convention)
    assert words(f"Du {day:%d/%m/%Y} au {last:%d/%m/%Y} : jeu. 7 h, ven. 3,5 h") in text
    assert words(f"Du {day:%d/%m/%Y} au {last:%d/%m/%Y} : congé") in text
    assert words(f"Le {convention.end:%d/%m/%Y} : jour férié du lieu") in text


def test_signatures_come_in_order_after_the_articles(usual_text):
    end = usual_text.split("Article 13")[1]
    signers = [
        "1. L’étudiant(e)",
        "2. Le tuteur",
        "3. Le directeur de l’organisme",
        "4. L’enseignant",
        "5. Le directeur de l’UFR",
    ]
    places = [end.index(signer) for signer in signers]
    assert places == sorted(places)


def test_every_page_says_which_agreement_and_which_data(usual):
    digest = documents.digest(documents.printable(specimen.specimen()))[:16]
    for number, page in enumerate(read(usual).pages, start=1):
        text = words(page.extract_text())
        assert (
            f"n° 2026-000123 · version 3 · arrêtée le 12/01/2026 · empreinte SHA-256 des données : {digest}"
            in text
        )
        assert f"page {number} / 4" in text


@pytest.mark.parametrize("convention", [specimen.specimen, specimen.public, specimen.abroad, specimen.short])
def test_no_trap_of_the_official_model(convention):
    text = articles(convention(language="en"))
    assert "13,75" not in text
    assert "régime étudiant" not in text.lower()
    assert "covid" not in text.lower()
    assert "15 %" in text
    assert "L2323-83" not in text.replace("L2323-83, devenu L2312-78,", "").replace(
        "L2323-83, now L2312-78,", ""
    )


def test_a_private_host_gives_the_rights_of_employees():
    text = articles(specimen.specimen())
    assert "Article 5 bis" in text
    assert "devenu L2312-78" in text
    assert "Article 5 ter" not in text
    assert "2010-676" not in text


def test_a_public_host_gives_the_rights_of_agents():
    text = articles(specimen.public())
    assert "Article 5 ter" in text
    assert "2010-676" in text
    assert "ne se cumule pas" in text
    assert "Article 5 bis" not in text


def test_a_stage_abroad_has_its_own_cover():
    text = articles(specimen.abroad())
    for expected in (
        "6.3",
        "6.4",
        "carte européenne",
        "SE401-Q",
        "L124-20",
        "4 exemplaires",
        "fiche d’information",
    ):
        assert expected in text
    assert "308 heures" not in text
    home = articles(specimen.specimen())
    assert "6.3" not in home
    assert "6.4" not in home


def test_the_amount_follows_the_ceiling_only_across_new_year():
    assert "revalorisé" in articles(specimen.public())
    assert "revalorisé" not in articles(specimen.specimen())
    assert "revalorisé" not in articles(specimen.public(is_paid=False))


def test_an_unpaid_stage_says_so():
    assert "Gratification Aucune" in printed(specimen.short())


def test_the_english_courtesy_translation_comes_after_and_yields_to_french():
    pages = [
        words(page.extract_text())
        for page in read(documents.render_pdf(documents.printable(specimen.abroad()), draft=False)).pages
    ]
    first = next(number for number, text in enumerate(pages) if "Courtesy translation" in text)
    assert "Only the French text binds the parties." in pages[first]
    assert any("Signatures" in text for text in pages[:first])
    assert "Courtesy translation" not in printed(specimen.specimen())


def test_both_languages_have_the_same_articles():
    html = documents.render_html(documents.printable(specimen.abroad()), draft=False)
    french, english = html.split('<div lang="en">')
    titles = [
        [words(line.split("–")[0]) for line in part.splitlines() if line.startswith("<h3>Article")]
        for part in (french, english)
    ]
    assert titles[0] == titles[1]
    assert len(titles[0]) == 14


def test_a_draft_is_marked_on_every_page_and_an_agreement_never():
    context = documents.printable(specimen.specimen())
    draft = documents.render_pdf(context, draft=True)
    for page in read(draft).pages:
        assert "PROJET – NON SIGNABLE" in words(page.extract_text())
    assert "Article 13 – Droit applicable" in text_of(draft)
    assert "PROJET" not in text_of(documents.render_pdf(context, draft=False))


def test_the_logo_is_made_small_and_printed(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    convention = specimen.specimen()
    output = io.BytesIO()
    Image.effect_noise((3000, 2000), 80).save(output, "PNG")
    convention.institution.logo.save("logo.png", ContentFile(output.getvalue()), save=False)
    context = documents.printable(convention)
    assert len(context["logo"]) < 150_000
    pages = read(documents.render_pdf(context, draft=False)).pages
    assert len({image.name for page in pages for image in page.images}) == 1


@pytest.mark.parametrize("content", [None, b"not a picture"])
def test_a_lost_or_damaged_logo_keeps_nobody_waiting(content, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    convention = specimen.specimen()
    convention.institution.logo.name = "logo.png"
    if content:
        (tmp_path / "logo.png").write_bytes(content)
    assert documents.printable(convention)["logo"] == ""


# For everyone: tags, language, title


def test_the_pdf_is_tagged_for_screen_readers(usual):
    pdf = read(usual)
    catalog = pdf.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "fr"
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title == "Convention de stage 2026-000123 – Anaïs Le Guennec"
    assert b"pdfuaid:part" in catalog["/Metadata"].get_data()
    assert [item.title for item in pdf.outline if not isinstance(item, list)] == ["Convention de stage"]
    kinds = {element["/S"] for element in structure(pdf)}
    assert {"/Document", "/H1", "/H2", "/H3", "/P"} <= kinds


def test_every_font_is_embedded(usual):
    fonts = [font.get_object() for page in read(usual).pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert "/FontFile2" in descriptor or "/FontFile3" in descriptor


# Nothing typed can break it


HOSTILE = {
    "markup": "<script>alert(1)</script> <img src='http://192.0.2.1/x'> </p></div> {{ x }} {% now 'Y' %} &lt;b&gt;",
    "long word": "anticonstitutionnellement" * 120,
    "right to left": "تدريب في مختبر علم الأحياء الدقيقة\nמעבדה למיקרוביולוגיה",
    "emoji": "Bravo 🎉👩🏽‍🔬 et merci 🙏",
    "controls": "une\ttabulation\x0b et un retour\r\nà la ligne \u202e inversé \u2066 isolé",
    "asian": "東京の研究所でインターンシップ",
    "styles": "</style><style>*{display:none}</style> --> ]]> /* \\",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_any_text_is_printed_as_it_was_typed(text):
    convention = specimen.specimen(missions=text, benefits=text, leave_terms=text, subject=text[:500])
    convention.organisation.name = text[:200]
    convention.student.user.last_name = text[:100]
    pdf = documents.render_pdf(documents.printable(convention), draft=False)
    result = text_of(pdf)
    assert "Article 13" in result
    if text.isascii() and " " in text:
        assert text in result
    assert_nothing_overflows(convention)


def test_a_word_longer_than_a_page_is_cut_and_complete():
    word = "anticonstitutionnellement"
    result = printed(specimen.specimen(missions=word * 120)).replace(" ", "")
    assert result.count(word) >= 119  # one may be on two pages


def test_invisible_characters_are_left_out():
    """They would make the text of the whole document unreadable for a screen reader, or lie to the eye."""
    context = documents.agreement(specimen.specimen(missions="un\x0b\u202e deux\r\ntrois\u2066"))
    assert context["stage"]["missions"] == "un deux\ntrois"


def test_thirty_thousand_characters_are_all_printed():
    sentence = "Le stagiaire mesure, note et compare. "
    text = (sentence * 1000)[:29_990] + " la fin."
    convention = specimen.specimen(missions=text, skills=text, details=text)
    result = printed(convention)
    assert result.count("la fin.") == 3
    assert result.count("mesure, note et compare") >= 3 * (29_990 // len(sentence)) - 3 * 30


def test_thirty_thousand_line_breaks_stay_a_document():
    text = "a\n" * 15_000
    pages = read(
        documents.render_pdf(documents.printable(specimen.specimen(missions=text)), draft=False)
    ).pages
    assert 4 < len(pages) < 400


def assert_nothing_overflows(convention):
    """Every line stays between the margins, and no two lines cover one another."""
    context = documents.printable(convention)
    for page in pdf_module.lay_out(documents.render_html(context, draft=False)).pages:
        box = page._page_box
        right = box.content_box_x() + box.width
        lines = [child for child in box.descendants() if isinstance(child, TextBox) and child.text.strip()]
        for line in lines:
            assert line.position_x + line.width <= right + 1, line.text
        for one, other in itertools.combinations(lines, 2):
            assert not cover(one, other), (one.text, other.text)


def cover(one, other):
    apart = abs(one.position_y + one.baseline - other.position_y - other.baseline)
    overlap = min(one.position_x + one.width, other.position_x + other.width) - max(
        one.position_x, other.position_x
    )
    return overlap > 1 and apart < 4  # CSS pixels: less than half a small line


def test_nothing_is_fetched_while_rendering(tmp_path):
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        typed = f"<img src='{address}/typed.png'><link rel=attachment href='file://{secret}'>"
        documents.render_pdf(documents.printable(specimen.specimen(missions=typed)), draft=False)
        # Even if our own template asked for it.
        pdf_module.lay_out(
            f"<link rel=stylesheet href='{address}/a.css'><img alt='' src='{address}/a.png'>"
            f"<img alt='' src='file://{secret}'><p style='background: url({address}/b.png)'>x"
        ).write_pdf()
        server.shutdown()
        thread.join()
    assert asked == []


def test_the_same_agreement_gives_the_same_bytes(usual):
    printing._keep.cache_clear()
    context = documents.printable(specimen.specimen())
    cold = documents.render_pdf(context, draft=False)
    documents.render_pdf(documents.printable(specimen.abroad()), draft=False)
    warm = documents.render_pdf(json.loads(json.dumps(context)), draft=False)
    assert cold == warm == usual


@pytest.mark.parametrize("draft", [False, True])
@pytest.mark.parametrize("convention", [specimen.specimen, specimen.abroad, specimen.public, specimen.short])
def test_articles_painted_once_print_as_if_painted_each_time(convention, draft):
    """Same words on the same pages, same headings in the same order, same bookmarks."""
    context = documents.printable(convention())
    kept = read(documents.render_pdf(context, draft=draft))
    plain = read(
        pdf_module.lay_out(documents.render_html(context, draft=draft)).write_pdf(pdf_variant="pdf/ua-1")
    )
    for page, expected in zip(kept.pages, plain.pages, strict=True):
        assert sorted(words(page.extract_text()).split()) == sorted(words(expected.extract_text()).split())
    assert headings(kept) == headings(plain)
    assert [item.title for item in flat(kept.outline)] == [item.title for item in flat(plain.outline)]


def headings(pdf):
    return [item["/S"] for item in structure(pdf) if item["/S"] in {"/H1", "/H2", "/H3"}]


@pytest.mark.parametrize("convention", [specimen.specimen, specimen.abroad])
def test_every_word_is_in_the_structure_once(convention):
    """What a screen reader follows: each marked piece of a page has one element, which names it back."""
    pdf = read(documents.render_pdf(documents.printable(convention()), draft=True))
    tree = pdf.trailer["/Root"]["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    named = {}
    for element in structure(pdf):
        kids = element["/K"] if isinstance(element["/K"], list) else [element["/K"]]
        for kid in kids:
            if isinstance(kid, int):
                key = element.raw_get("/Pg").idnum, int(kid)
                assert key not in named
                named[key] = element.indirect_reference.idnum
    for number, page in enumerate(pdf.pages):
        marked = [
            operands[1]["/MCID"]
            for operands, operator in page.get_contents().operations
            if operator == b"BDC" and "/MCID" in operands[1]
        ]
        holders = tree[2 * number + 1]
        assert sorted(marked) == list(range(len(holders)))
        for mark, holder in enumerate(holders):
            # Margin boxes are marked too, and are no part of what is read.
            assert named.get((page.indirect_reference.idnum, mark), holder.idnum) == holder.idnum


def test_a_text_without_its_place_is_refused():
    block = pdf_module.keep("<p>Toujours le même texte.</p>", "fr")
    with pytest.raises(ValueError, match="longer"):
        pdf_module.write('<!doctype html><html lang="fr"><title>-</title><p>Sans place', block)


def structure(pdf):
    """Yield the elements of the structure in the order they are read."""

    def walk(element):
        element = element.get_object()
        if isinstance(element, list):
            for child in element:
                yield from walk(child)
        elif isinstance(element, dict):
            if "/S" in element:
                yield element
            yield from walk(element["/K"]) if "/K" in element else ()

    return walk(pdf.trailer["/Root"]["/StructTreeRoot"]["/K"])


def flat(outline):
    for item in outline:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item


def test_the_english_part_says_its_language():
    pdf = read(documents.render_pdf(documents.printable(specimen.abroad()), draft=False))
    english = {item.raw_get("/Pg").idnum for item in structure(pdf) if item.get("/Lang") == "en"}
    assert english == {page.indirect_reference.idnum for page in pdf.pages[-2:]}


def test_threads_can_print_at_once(usual):
    results = []

    def work():
        results.append(documents.render_pdf(documents.printable(specimen.specimen()), draft=False))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [usual] * 4


# The stored document


def test_validation_freezes_and_asks_a_worker(world, monkeypatch, django_capture_on_commit_callbacks):
    asked = []
    monkeypatch.setattr(documents.make_document, "delay", asked.append)
    convention = world.convention_in(Status.SUBMITTED)
    with django_capture_on_commit_callbacks(execute=True):
        document = documents.freeze(loaded(convention))
    assert asked == [document.pk]
    assert not document.is_ready
    assert document.context["number"] == convention.number


def test_a_lost_broker_leaves_the_document_to_the_sweep(
    world, monkeypatch, django_capture_on_commit_callbacks
):
    def lost(document_id):
        raise OperationalError("no broker")

    monkeypatch.setattr(documents.make_document, "delay", lost)
    convention = world.convention_in(Status.SUBMITTED)
    with django_capture_on_commit_callbacks(execute=True):
        document = documents.freeze(loaded(convention))
    documents.sweep_documents()
    document.refresh_from_db()
    assert document.is_ready


def test_a_document_is_made_once_with_the_digest_of_its_file(validated):
    document = documents.make(validated.documents.get().pk)
    content = stored(document)
    assert hashlib.sha256(content).hexdigest() == document.sha256
    assert words(validated.number) in text_of(content)
    again = documents.make(document.pk)
    assert (again.file.name, again.rendered_at) == (document.file.name, document.rendered_at)


def test_the_file_says_what_was_agreed_whatever_changed_before_it_was_made(validated):
    tutor = validated.tutor
    tutor.last_name = "Quelqu’un d’autre"
    tutor.save()
    document = documents.make(validated.documents.get().pk)
    content = text_of(stored(document))
    assert "Quelqu’un d’autre" not in content
    assert document.context["tutor"]["name"].split()[-1] in content


def test_one_that_cannot_be_made_does_not_hold_up_the_others(world, monkeypatch):
    both = [world.convention_in(Status.VALIDATED, weekly_hours=Decimal(20)) for _ in range(2)]
    broken, sound = (convention.documents.get() for convention in both)
    render = printing.render_pdf

    def fail_once(context, *, draft):
        if context["number"] == broken.context["number"]:
            raise ValueError("cannot print")
        return render(context, draft=draft)

    monkeypatch.setattr(printing, "render_pdf", fail_once)
    documents.sweep_documents()
    sound.refresh_from_db()
    broken.refresh_from_db()
    assert (broken.is_ready, sound.is_ready) == (False, True)
    assert (broken.attempts, broken.failure) == (1, "ValueError: cannot print")
    documents.sweep_documents()
    broken.refresh_from_db()
    assert broken.attempts == 1, "not before its time"


def test_one_that_keeps_failing_is_parked_until_somebody_replays_it(
    client, world, monkeypatch, django_capture_on_commit_callbacks
):
    document = world.convention_in(Status.VALIDATED).documents.get()
    render = printing.render_pdf
    monkeypatch.setattr(printing, "render_pdf", lambda context, *, draft: 1 / 0)
    with time_machine.travel(timezone.now()) as clock:
        for _ in range(12):
            documents.sweep_documents()
            clock.shift(timedelta(days=1))
    document.refresh_from_db()
    assert document.attempts == 8
    assert document.failure == "ZeroDivisionError: division by zero"
    monkeypatch.setattr(printing, "render_pdf", render)
    documents.sweep_documents()
    document.refresh_from_db()
    assert not document.is_ready
    monkeypatch.setattr(printing.make_document, "delay", documents.make)
    client.force_login(AdminFactory())
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            reverse("admin:conventions_document_changelist"),
            {"action": "print_again", "_selected_action": document.pk},
            follow=True,
        )
    assert "1 document va être imprimé." in answer.text
    document.refresh_from_db()
    assert document.is_ready


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_file(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    document_id = World().convention_in(Status.VALIDATED).documents.get().pk
    barrier, made = threading.Barrier(2), []

    def work():
        barrier.wait()
        made.append(documents.make(document_id).file.name)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    (name,) = {name for name in made if name}  # whoever found it locked left it to the other
    assert [path.name for path in tmp_path.rglob("*.pdf")] == [name.rsplit("/", 1)[-1]]
    assert Document.objects.get(pk=document_id).is_ready


def test_staff_preview_a_draft_that_nobody_can_sign(world):
    pages = read(documents.preview(loaded(world.convention_in(Status.SUBMITTED)))).pages
    assert all("NON SIGNABLE" in words(page.extract_text()) for page in pages)
