"""The printed agreement: all that was agreed, its articles, its signatures, its marks."""

import io
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from conventions import documents
from conventions.models import Interruption
from tests.conventions import specimen
from tests.conventions.documents.reading import articles, loaded, printed, read, text_of, words


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
            f"n° 2026-000123 · version 4 · arrêtée le 12/01/2026 · empreinte SHA-256 des données : {digest}"
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
