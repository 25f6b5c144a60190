"""The documents around an agreement, avenant, certificate, sheet and summary: what each says."""

import io
import itertools
import json
from datetime import date
from decimal import Decimal

import pytest
from PIL import Image
from pypdf import PdfReader
from weasyprint.formatting_structure.boxes import TextBox

from conventions import documents
from conventions.documents import pdf, printing
from conventions.models import Document
from tests.conventions import specimen
from tests.conventions.documents.reading import cover, structure, text_of, words

Kind = Document.Kind

DECIDED = {
    "number": "2026-000123/A2",
    "kinds": [
        {"code": "extension", "label": "Prolongation du stage"},
        {"code": "tutor", "label": "Tuteur professionnel"},
    ],
    "reason": "Le modèle doit être en service avant la rentrée.",
    "other": "Le stagiaire présente son travail le 10 juin.",
    "effective_on": "",
    "validated_on": "2026-05-12",
}

DONE = {
    "start": "2026-02-02",
    "end": "2026-07-30",
    "hours": "861",
    "leave_hours": "35",
    "days": "128",
    "months": "5.82",
    "amount_paid": "3874.5",
    "currency": {"code": "EUR", "label": "€"},
    "declared_by": "Sophie Marchand",
    "declared_function": "DRH",
    "declared_on": "2026-07-28",
    "confirmed_on": "2026-07-29",
    "replaces": "",
}


def contexts(make):
    """A context of each short document, of one agreement."""
    agreement = documents.printable(make())
    after = documents.printable(
        make(end=date(2026, 8, 14), hours_computed=Decimal(938), tutor=specimen.specimen().signatory)
    )
    return {
        Kind.AVENANT: {"avenant": DECIDED, "before": agreement, "after": after},
        Kind.CERTIFICATE: {"certificate": DONE, "agreement": agreement},
        Kind.INFORMATION_SHEET: {"country": "DE", "agreement": agreement},
        Kind.SUMMARY: {"avenants": ["2026-000123/A1"], "agreement": agreement},
    }


FRENCH = contexts(specimen.specimen)
BILINGUAL = contexts(lambda **changes: specimen.abroad(travel_zone="green", **changes))


@pytest.fixture(scope="module")
def french():
    return {kind: printing.render(kind, context) for kind, context in FRENCH.items()}


@pytest.fixture(scope="module")
def bilingual():
    return {kind: printing.render(kind, context) for kind, context in BILINGUAL.items()}


SAYS = {
    Kind.AVENANT: [
        "Avenant A2 à la convention de stage",
        "N° 2026-000123/A2",
        "Représenté par Mme Sophie Marchand, Directrice des ressources humaines",
        "Convention n° 2026-000123, validée le 12/01/2026",
        "Objet Prolongation du stage, Tuteur professionnel",
        "Raison Le modèle doit être en service avant la rentrée.",
        "Prend effet à la dernière signature",
        "Rubrique Avant Après",
        "Fin du stage Durée et présence vendredi 31 juillet 2026 vendredi 14 août 2026",
        "868 h, soit 124 jours ou 5,64 mois",
        "Présence effective 938 h, soit 134 jours ou 6,09 mois",
        "Dates du stage Du 02/02/2026 au 14/08/2026",
        "Gratification 4,50 € par heure",
        "Pour tout le stage 7 versements, de 163,62 € à 719,86 €, soit 4 221,00 € en tout",  # 938 h at 4,50 €
        "Sept heures de présence comptent pour un jour",
        "Clause ajoutée Le stagiaire présente son travail le 10 juin.",
        "Toutes les autres clauses de la convention, et des avenants déjà en vigueur, demeurent.",
        # The original parties sign: the tutor who leaves, not the one who comes
        "2. Le tuteur professionnel Karim Benali",
        "3. Le directeur de l’organisme d’accueil Sophie Marchand",
        "5. Le directeur de l’UFR Philippe Lemoine",
        "Avenant n° 2026-000123/A2 · version 4 · empreinte SHA-256 des données : ",
    ],
    Kind.CERTIFICATE: [
        "Attestation de stage",
        "D124-9",
        "Nom Twisto Mobilités du Calvados",
        "Adresse 15 rue de Geôle, 14000 Caen",
        "Nom et prénom Le Guennec Anaïs",
        "Date de naissance 17/05/2003",
        "Étudiant en Master 2 Mathématiques appliquées, statistique et science des données, 2025/2026",
        "Au sein de Université de la Côte de Nacre, UFR des sciences",
        "Du lundi 2 février 2026 au jeudi 30 juillet 2026",
        "861 h de présence et 35 h de congé, soit 128 jours ou 5,82 mois",
        "3 874,50 € au total",
        "L124-18",
        "deux trimestres",
        "L351-17",
        "déclarées par Sophie Marchand, DRH pour l’organisme d’accueil, le 28/07/2026",
        "enregistrées par l’établissement d’enseignement le 29/07/2026",
        "Fait à ",
        "Signature et cachet de l’organisme",
        "page 1 / 1",
    ],
    Kind.INFORMATION_SHEET: [
        "Fiche d’information : stage à l’étranger",
        "L124-20",
        "l’organisme d’accueil remplit les cases vides",
        "35 h par semaine, temps plein, du lundi au vendredi",
        "Durée légale du travail dans le pays",
        "Ambassade ou consulat de France : adresse, téléphone, urgence",
        "Statut du stagiaire dans l’organisme",
        "carte européenne d’assurance maladie",
        "par écrit dans les 48 heures",
        "Urgences sur place : numéro à appeler",
        "Tuteur M. Karim Benali 02 31 15 55 61 karim.benali@twisto.example",
        "Enseignant référent Étienne Rousseau",
        "stages.sciences@ucn.example",
        "Le stagiaire, qui l’a lue Anaïs Le Guennec",
    ],
    Kind.SUMMARY: [
        "Récapitulatif de la convention de stage",
        "Ce récapitulatif ne se signe pas",
        "Numéro 2026-000123",
        "Validée le 12/01/2026",
        "Avenants en vigueur 2026-000123/A1",
        "Numéro étudiant 22104587",
        "Sujet Prévision de la fréquentation du tramway par arrêt et par tranche horaire",
        "868 h, soit 124 jours ou 5,64 mois",
        "4,50 € par heure",
        "karim.benali@twisto.example",
    ],
}

SAYS_IN_ENGLISH = {
    Kind.AVENANT: [
        "Amendment A2 to the internship agreement",
        "Item",
        "Before",
        "After",
        "End of the internship",
        "Friday 31 July 2026",
        "Friday 14 August 2026",
        "Takes effect",
        "at the last signature",
        "All other clauses of the agreement",
        "Only the French text binds the parties.",
        "6 payments of 900.00 € and one of 214.29 €, 5,614.29 € in all",  # five of the 21 days of August
        "stamp of the organisation",
    ],
    Kind.CERTIFICATE: [
        "Internship certificate",
        "certifies that",
        "From Monday 2 February 2026 to Thursday 30 July 2026",
        "861 h of presence and 35 h of leave, that is 128 days or 5.82 months",
        "3,874.50 € in total",
        "Pension: within two years",
        "Signature and stamp of the organisation",
    ],
    Kind.INFORMATION_SHEET: [
        "Information sheet: internship abroad",
        "Pays Country Allemagne Germany",
        "Legal working time in the country",
        "French embassy or consulate",
        "The trainee, who has read it",
    ],
    Kind.SUMMARY: [
        "Summary of the internship agreement",
        "Validated on",
        "Subject",
        "Monday 2 February 2026",
    ],
}


@pytest.mark.parametrize(("kind", "expected"), [(kind, text) for kind in SAYS for text in SAYS[kind]])
def test_each_document_says_what_it_is_for(french, kind, expected):
    assert words(expected) in text_of(french[kind])


@pytest.mark.parametrize(
    ("kind", "expected"), [(kind, text) for kind in SAYS_IN_ENGLISH for text in SAYS_IN_ENGLISH[kind]]
)
def test_the_language_of_the_agreement_puts_english_beside_french(french, bilingual, kind, expected):
    assert words(expected) in text_of(bilingual[kind])
    assert words(expected) not in text_of(french[kind])
    assert words(SAYS[kind][0]) in text_of(bilingual[kind])


@pytest.mark.parametrize("kind", SAYS)
def test_each_document_is_tagged_for_screen_readers(french, bilingual, kind):
    printed = PdfReader(io.BytesIO(french[kind]))
    catalog = printed.trailer["/Root"]
    assert catalog["/Lang"] == "fr"
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part" in catalog["/Metadata"].get_data()
    assert printed.metadata.title.endswith("2026-000123 – Anaïs Le Guennec")
    assert [words(item.title) for item in printed.outline if not isinstance(item, list)] == [
        words(SAYS[kind][0])
    ]
    assert {"/H1", "/H2", "/P"} <= {element["/S"] for element in structure(printed)}
    assert not any("/Lang" in element for element in structure(printed))
    english = [
        element
        for element in structure(PdfReader(io.BytesIO(bilingual[kind])))
        if element.get("/Lang") == "en"
    ]
    assert english
    assert {element["/S"] for element in english} == {"/Art"}


def test_the_table_of_an_avenant_has_heads_that_screen_readers_know(french):
    kinds = [element["/S"] for element in structure(PdfReader(io.BytesIO(french[Kind.AVENANT])))]
    assert kinds.count("/Table") == 1
    assert kinds.count("/TR") == 1 + len(
        documents.compare(*(FRENCH[Kind.AVENANT][one] for one in ("before", "after")))
    )
    assert kinds.count("/TH") == 3 + kinds.count("/TR") - 1


@pytest.mark.parametrize("kind", SAYS)
def test_the_same_data_give_the_same_bytes(french, kind):
    context = json.loads(json.dumps(FRENCH[kind]))
    assert printing.render(kind, context) == french[kind]
    assert documents.digest(context)[:16] in text_of(french[kind])


def test_a_date_of_effect_is_printed():
    context = {**FRENCH[Kind.AVENANT], "avenant": {**DECIDED, "effective_on": "2026-06-01"}}
    assert "Prend effet le lundi 1er juin 2026" in text_of(printing.render(Kind.AVENANT, context))


def test_an_avenant_of_free_text_alone_has_no_table():
    agreement = FRENCH[Kind.SUMMARY]["agreement"]
    context = {"avenant": DECIDED, "before": agreement, "after": agreement}
    text = text_of(printing.render(Kind.AVENANT, context))
    assert "Ce qui change" not in text
    assert DECIDED["other"] in text


def test_an_unpaid_stage_and_a_correction_are_said_on_the_certificate():
    done = {**DONE, "amount_paid": "0", "leave_hours": "0", "replaces": "2026-07-20"}
    context = {**FRENCH[Kind.CERTIFICATE], "certificate": done}
    text = text_of(printing.render(Kind.CERTIFICATE, context))
    assert "Gratification versée Aucune" in text
    assert "861 h de présence, soit 128 jours" in text
    assert "annule et remplace celle du 20/07/2026" in text


@pytest.mark.parametrize(
    ("country", "care"),
    [("CA", "SE 401-Q-106"), ("JP", "assurance santé privée"), ("NO", "carte européenne")],
)
def test_medical_care_abroad_follows_the_country(country, care):
    context = {**FRENCH[Kind.INFORMATION_SHEET], "country": country}
    assert care in text_of(printing.render(Kind.INFORMATION_SHEET, context))


@pytest.mark.parametrize("kind", SAYS)
def test_nothing_typed_can_break_a_short_document(kind):
    typed = "<script>alert(1)</script> </p></div> {{ x }} &lt;b&gt; " + "anticonstitutionnellement" * 40
    context = json.loads(json.dumps(FRENCH[kind]))
    for agreement in (context.get("agreement"), context.get("before"), context.get("after")):
        if agreement:
            agreement["stage"]["subject"] = agreement["organisation"]["name"] = typed
            agreement["university"]["ufr"] = "تدريب في مختبر"
    if kind == Kind.AVENANT:
        context["avenant"]["reason"] = typed
    assert "<script>alert(1)</script> </p></div> {{ x }} &lt;b&gt;" in text_of(printing.render(kind, context))


LONG = ("Le stagiaire mesure, note et compare. " * 1000)[:29_990] + " la fin."


@pytest.mark.parametrize("kind", [Kind.AVENANT, Kind.SUMMARY])
def test_thirty_thousand_characters_are_all_printed(kind):
    context = json.loads(json.dumps(FRENCH[kind]))
    changed = context["after"] if kind == Kind.AVENANT else context["agreement"]
    changed["stage"]["missions"] = changed["stage"]["skills"] = LONG
    text = text_of(printing.render(kind, context))
    assert text.count("la fin.") == 2
    assert text.count("mesure, note et compare") >= 2 * LONG.count("mesure, note et compare") - 60


@pytest.mark.parametrize("source", [FRENCH, BILINGUAL], ids=["fr", "en"])
@pytest.mark.parametrize("kind", SAYS)
def test_every_line_stays_between_the_margins_and_covers_no_other(kind, source):
    for page in pdf.lay_out(printing.render_sheet(kind, source[kind]), pdf.SHEET).pages:
        box = page._page_box
        lines = [one for one in box.descendants() if isinstance(one, TextBox) and one.text.strip()]
        for line in lines:
            assert line.position_x + line.width <= box.content_box_x() + box.width + 1, line.text
        for one, other in itertools.combinations(lines, 2):
            assert not cover(one, other), (one.text, other.text)


def test_the_logo_of_the_university_is_on_every_document(tmp_path):
    picture = io.BytesIO()
    Image.new("RGB", (40, 20), "navy").save(picture, "PNG")
    agreement = {**FRENCH[Kind.SUMMARY]["agreement"], "logo": printing.as_data_url(picture.getvalue())}
    printed = PdfReader(io.BytesIO(printing.render(Kind.SUMMARY, {"avenants": [], "agreement": agreement})))
    assert [image.image.size for image in printed.pages[0].images] == [(40, 20)]
