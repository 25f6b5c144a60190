"""The documents around an agreement: what they are made from, what they say, who opens them."""

import hashlib
import io
import itertools
import json
import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from PIL import Image
from pypdf import PdfReader
from weasyprint.formatting_structure.boxes import TextBox

from accounts.models import Message
from accounts.refusals import Refused
from conventions import documents, workflow
from conventions.documents import pdf, printing
from conventions.follow_up import completion
from conventions.models import Avenant, Completion, Convention, Document, Status
from conventions.writing import drafts
from tests.conventions import specimen
from tests.conventions.test_documents import cover, structure, text_of, words
from tests.factories import OrganisationFactory, ServiceFactory
from tests.refusals import refused
from tests.worlds import World

Kind = Document.Kind


@pytest.fixture
def world(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return World()


def loaded(convention):
    return Convention.objects.for_detail().get(pk=convention.pk)


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def extended(**changes):
    """The specimen of an agreement, and what an avenant makes of it."""
    before = documents.printable(specimen.specimen())
    after = documents.printable(specimen.specimen(**changes))
    return before, after


# Before and after


def test_what_differs_is_named_with_its_section_its_column_and_both_values():
    before, after = extended(end=date(2026, 8, 14), hours_computed=Decimal(938))
    assert documents.compare(before, after) == [
        documents.Change(
            "Fin du stage", "vendredi 31 juillet 2026", "vendredi 14 août 2026", "Durée et présence", "end"
        ),
        documents.Change(
            "Présence effective",
            "868 h, soit 124 jours ou 5,64 mois",
            "938 h, soit 134 jours ou 6,09 mois",
            "Durée et présence",
            "hours_corrected",
        ),
    ]
    assert documents.compare(before, before) == []


def test_what_differs_is_said_in_the_language_of_its_reader():
    before, after = extended(end=date(2026, 8, 14))
    with translation.override("en"):
        [change] = documents.compare(before, after)
    assert (change.before, change.after) == ("Friday 31 July 2026", "Friday 14 August 2026")


def test_a_row_that_only_one_of_them_has_is_a_change_from_or_to_nothing():
    before = documents.agreement(specimen.specimen())
    after = documents.agreement(specimen.abroad(travel_zone="yellow"))
    to, back = documents.compare(before, after), documents.compare(after, before)
    zone = next(change for change in to if change.section == "Stage à l’étranger" and "Jaune" in change.after)
    assert zone.before == ""
    assert {(one.section, one.label, one.before, one.after) for one in to} == {
        (one.section, one.label, one.after, one.before) for one in back
    }


# The avenant


@pytest.fixture
def avenant(world):
    """An avenant that its manager has just validated."""
    convention = world.convention_in(Status.SIGNED)
    draft = Avenant.objects.create(
        convention=convention, kinds=["termination", "extension"], reason="Fin\u202e du projet.", changes={}
    )
    draft.rank, draft.status = 2, "validated"
    draft.submitted_at = draft.validated_at = timezone.now()
    draft.save()
    return draft


def test_an_avenant_is_frozen_as_plain_data_and_asked_of_a_worker(
    avenant, monkeypatch, django_capture_on_commit_callbacks
):
    asked = []
    monkeypatch.setattr(printing.make_document, "delay", asked.append)
    convention = loaded(avenant.convention)
    before = documents.printable(convention)
    convention.end += timedelta(days=7)
    after = documents.printable(convention)
    with translation.override("en"), django_capture_on_commit_callbacks(execute=True):
        document = documents.freeze_avenant(avenant, before, after)
    assert asked == [document.pk]
    assert document.kind == Document.Kind.AVENANT
    assert document.avenant == avenant
    assert document.convention == avenant.convention
    stored = Document.objects.get(pk=document.pk).context
    assert stored == {
        "avenant": {
            "number": f"{avenant.convention.number}/A2",
            "kinds": [
                {"code": "extension", "label": "Prolongation du stage"},
                {"code": "termination", "label": "Fin du stage avant son terme"},
            ],
            "reason": "Fin du projet.",
            "other": "",
            "effective_on": "",
            "validated_on": timezone.localdate().isoformat(),
        },
        "before": before,
        "after": after,
    }


# What each document says


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
        "Pour tout le stage 4 221,00 €",  # 938 h at 4,50 €
        "Sept heures de présence comptent pour un jour",
        "Clause ajoutée Le stagiaire présente son travail le 10 juin.",
        "Toutes les autres clauses de la convention, et des avenants déjà en vigueur, demeurent.",
        # The original parties sign: the tutor who leaves, not the one who comes
        "2. Le tuteur professionnel Karim Benali",
        "3. Le directeur de l’organisme d’accueil Sophie Marchand",
        "5. Le directeur de l’UFR Philippe Lemoine",
        "Avenant n° 2026-000123/A2 · version 3 · empreinte SHA-256 des données : ",
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
        "6 300,00 €",  # seven calendar months at 900 €
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
    if expected != "6 300,00 €":
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


# Made once, kept, opened by those who may


def test_an_avenant_is_made_and_kept_as_its_own_file(avenant):
    context = documents.printable(loaded(avenant.convention))
    document = documents.make(documents.freeze_avenant(avenant, context, context).pk)
    assert document.file.name.endswith(f"/avenant-{avenant.convention.number}-A2.pdf")
    assert hashlib.sha256(document.content()).hexdigest() == document.sha256
    assert f"N° {avenant}" in text_of(document.content())


def test_a_stage_abroad_has_its_sheet_from_its_validation(world):
    host = OrganisationFactory(country="DE", siret=None, siret_exemption="abroad")
    abroad = world.convention_in(
        Status.VALIDATED, organisation=host, service=ServiceFactory(organisation=host, country="DE")
    )
    sheet = abroad.documents.get(kind=Kind.INFORMATION_SHEET)
    assert sheet.context["country"] == "DE"
    documents.make(sheet.pk)
    page = browser(world.people["student"]).get(abroad.get_absolute_url())
    address = reverse("conventions:document", args=[abroad.pk, sheet.pk])
    assert address in page.text
    answer = browser(world.people["student"]).get(address)
    assert answer["Content-Type"] == "application/pdf"
    assert f'inline; filename="fiche-etranger-{abroad.number}.pdf"' in answer["Content-Disposition"]
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")


def test_a_stage_in_france_has_no_sheet(world):
    convention = world.convention_in(Status.VALIDATED)
    assert [document.kind for document in convention.documents.all()] == [Kind.AGREEMENT]


def test_a_summary_is_made_once_for_each_content(world):
    convention = world.convention_in(Status.SUBMITTED)
    address = reverse("conventions:summarise", args=[convention.pk])
    first = browser(world.people["student"]).post(address)
    assert browser(world.people["manager"]).post(address).url == first.url
    summary = convention.documents.get()
    assert summary.kind == Kind.SUMMARY
    assert convention.subject in text_of(summary.content())
    opened = browser(world.people["student"]).get(first.url)
    assert opened.status_code == 200
    world.student.user.last_name = "Autrement"
    world.student.user.save()
    assert browser(world.people["student"]).post(address).url != first.url
    assert convention.documents.count() == 2


def test_a_summary_says_what_was_agreed_whatever_the_records_become(world):
    convention = world.convention_in(Status.SIGNED)
    signatory = convention.signatory
    agreed, signatory.last_name = signatory.last_name, "Autrement"
    signatory.save()
    summary = text_of(documents.summarise(loaded(convention)).content())
    assert agreed in summary
    assert "Autrement" not in summary


def test_before_validation_only_a_summary_is_opened_and_after_a_cancellation_too(world):
    convention = world.convention_in(Status.VALIDATED)
    agreement = documents.make(convention.documents.get().pk)
    summary = documents.summarise(loaded(convention))
    student = browser(world.people["student"])

    def status(document):
        return student.get(reverse("conventions:document", args=[convention.pk, document.pk])).status_code

    assert (status(agreement), status(summary)) == (200, 200)
    workflow.act(convention.pk, "cancel", by=world.people["manager"], comment="Il ne vient plus.")
    assert (status(agreement), status(summary)) == (404, 200)


def test_the_documents_of_an_agreement_are_opened_under_its_address_alone(world):
    convention, other = world.convention_in(Status.VALIDATED), world.draft()
    document = documents.make(convention.documents.get().pk)
    wrong = reverse("conventions:document", args=[other.pk, document.pk])
    assert browser(world.people["student"]).get(wrong).status_code == 404


@pytest.mark.parametrize(("status", "opened"), [("validated", 200), ("cancelled", 404)])
def test_a_cancelled_avenant_is_no_longer_printed(world, avenant, status, opened):
    context = documents.printable(loaded(avenant.convention))
    document = documents.make(documents.freeze_avenant(avenant, context, context).pk)
    avenant.status = status
    avenant.save()
    address = reverse("conventions:document", args=[avenant.convention_id, document.pk])
    student = browser(world.people["student"])
    assert student.get(address).status_code == opened
    assert (address in student.get(avenant.convention.get_absolute_url()).text) == (opened == 200)
    assert ("Avenant A2" in student.get(avenant.convention.get_absolute_url()).text) == (opened == 200)


# The end of the stage


@pytest.fixture
def ending(world):
    """A signed stage, three days before its last day."""
    convention = loaded(world.convention_in(Status.SIGNED))
    with time_machine.travel(convention.end - timedelta(days=3), tick=False):
        yield convention


def declared(convention, **changes):
    return {
        "start": f"{convention.start:%d/%m/%Y}",
        "end": f"{convention.end:%d/%m/%Y}",
        "hours": "100,5",
        "leave_hours": "0",
        "amount_paid": "452,25",
        "declared_by": "Mme Odile Ferrand",
        "declared_function": "Directrice",
        "declared_on": f"{timezone.localdate():%d/%m/%Y}",
        "confirmed": "on",
        "seen": "",
        **changes,
    }


def address_of(convention):
    return reverse("conventions:certificate", args=[convention.pk])


def test_the_end_is_recorded_from_fifteen_days_before_it_and_not_earlier(world):
    convention = world.convention_in(Status.SIGNED)
    with time_machine.travel(convention.end - timedelta(days=16), tick=False):
        client = browser(world.people["manager"])
        assert client.get(address_of(convention)).status_code == 404
        page = client.get(convention.get_absolute_url())
        assert address_of(convention) not in page.text
        assert "sera établie à partir du" in words(page.text)
    with time_machine.travel(convention.end - timedelta(days=15), tick=False):
        client = browser(world.people["manager"])
        assert client.get(address_of(convention)).status_code == 200
        assert address_of(convention) in client.get(convention.get_absolute_url()).text
        assert (
            address_of(convention)
            not in browser(world.people["student"]).get(convention.get_absolute_url()).text
        )


def test_what_was_planned_is_shown_as_such_and_never_taken_silently(world, ending):
    client = browser(world.people["manager"])
    page = client.get(address_of(ending))
    assert "Ces valeurs sont celles du plan" in page.text
    assert f'value="{ending.hours.normalize():f}"'.replace(".", ",") in page.text
    assert f"Prévu : {ending.hours.normalize():f} h." in words(page.text)
    answer = client.post(address_of(ending), {**declared(ending), "confirmed": ""})
    assert answer.status_code == 422
    assert "Demandez ces valeurs à l’organisme" in answer.text
    assert not Completion.objects.exists()
    assert not ending.documents.filter(kind=Kind.CERTIFICATE).exists()


def test_what_the_host_declared_is_recorded_printed_and_told(world, ending):
    answer = browser(world.people["manager"]).post(address_of(ending), declared(ending))
    assert answer.status_code == 302
    recorded = Completion.objects.get(convention=ending)
    assert (recorded.hours, recorded.amount_paid) == (Decimal("100.5"), Decimal("452.25"))
    assert recorded.confirmed_by == world.people["manager"]
    event = ending.events.get(action="complete")
    assert "100,5 h de présence" in event.comment
    assert "déclaré par Mme Odile Ferrand, Directrice" in event.comment
    assert event.before == event.after == Status.SIGNED
    document = documents.make(ending.documents.get(kind=Kind.CERTIFICATE).pk)
    text = text_of(document.content())
    assert "100,5 h de présence, soit 14,4 jours ou 0,65 mois" in text
    assert "452,25 € au total" in text
    told = Message.objects.filter(key=f"event:{event.pk}:completed").values_list("recipient", flat=True)
    assert set(told) == {world.people["student"].email, world.people["teacher"].email}
    for role in ("student", "teacher"):
        link = reverse("conventions:document", args=[ending.pk, document.pk])
        client = browser(world.people[role])
        assert link in client.get(ending.get_absolute_url()).text
        assert client.get(link).status_code == 200


def test_a_correction_makes_another_certificate_and_the_journal_keeps_both(world, ending):
    client = browser(world.people["manager"])
    client.post(address_of(ending), declared(ending))
    seen = client.get(address_of(ending)).context["seen"]
    client.post(address_of(ending), declared(ending, hours="90", amount_paid="500", seen=seen))
    first, last = ending.documents.filter(kind=Kind.CERTIFICATE).order_by("pk")
    assert last.context["certificate"]["replaces"] == first.context["certificate"]["confirmed_on"]
    assert first.context["certificate"]["hours"] == "100.5"
    told = [event.comment for event in ending.events.filter(action="complete")]
    assert [" 100,5 h de présence" in words(told[0]), " 90 h de présence" in words(told[1])] == [True, True]
    assert Completion.objects.get().hours == 90
    documents.make(last.pk)
    page = browser(world.people["student"]).get(ending.get_absolute_url()).text
    assert reverse("conventions:document", args=[ending.pk, last.pk]) in page
    assert reverse("conventions:document", args=[ending.pk, first.pk]) not in page


def test_a_colleague_who_recorded_first_is_not_overwritten(world, ending):
    client = browser(world.people["manager"])
    client.post(address_of(ending), declared(ending))
    answer = client.post(address_of(ending), declared(ending, hours="90", amount_paid="500"))
    assert answer.status_code == 422
    assert "enregistrée entre-temps" in answer.text
    assert Completion.objects.get().hours == Decimal("100.5")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("start", "01/01/2020", "un autre jour demande un avenant"),
        ("end", "31/12/2040", "un autre jour demande un avenant"),
        ("hours", "-1", "supérieure ou égale à 0"),
        ("hours", "9000", "Il y a plus d’heures que ces jours n’en comptent."),
        ("amount_paid", "-5", "supérieure ou égale à 0"),
        ("declared_on", "31/12/2040", "ne peut pas être dans le futur"),
        ("declared_on", "01/01/2020", "ne peut pas précéder le stage"),
        ("declared_by", "", "Remplissez ce champ."),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(world, ending, field, value, says):
    answer = browser(world.people["manager"]).post(address_of(ending), declared(ending, **{field: value}))
    assert answer.status_code == 422
    assert says in words(answer.text)
    assert not Completion.objects.exists()


def test_a_pay_under_the_minimum_is_told_once_and_then_recorded(world):
    convention = world.draft(is_paid=True)
    late = convention.start + timedelta(days=100)
    Convention.objects.filter(pk=convention.pk).update(end=late, leave_terms="Un jour par mois.")
    convention = loaded(convention)
    drafts.refresh_hours(convention)
    convention.save()
    workflow.act(convention.pk, "submit", by=world.people["student"])
    workflow.act(convention.pk, "validate", by=world.people["manager"], comment="Vu.")
    world.sign(loaded(convention), 5)
    convention = loaded(convention)
    with time_machine.travel(convention.end, tick=False):
        client = browser(world.people["manager"])
        typed = declared(convention, hours="400", amount_paid="1000")
        answer = client.post(address_of(convention), typed)
        assert answer.status_code == 422
        assert "inférieure au minimum légal" in answer.text
        lacking = answer.context["lacking"]
        assert (lacking.paid, lacking.least) == (Decimal(1000), Decimal("1800.00"))
        assert 'name="known" value="1000&lt;1800.00"' in answer.text
        assert client.post(address_of(convention), {**typed, "known": lacking.key}).status_code == 302
        event = convention.events.get(action="complete")
        assert [finding["rule"] for finding in event.findings] == ["G-03"]
        assert "1 800,00" in words(event.findings[0]["message"])
        enough = completion.shortfall(convention, {**cleaned(convention), "amount_paid": Decimal(1800)})
        assert enough is None


def cleaned(convention):
    return {
        "start": convention.start,
        "end": convention.end,
        "hours": Decimal(400),
        "leave_hours": Decimal(0),
        "amount_paid": Decimal(1000),
        "declared_by": "Odile",
        "declared_function": "Directrice",
        "declared_on": timezone.localdate(),
    }


def at_once(*works):
    """Run functions at the same time, each on its own connection, and return what each gave or raised."""
    barrier, found = threading.Barrier(len(works)), []

    def run(work):
        barrier.wait()
        try:
            found.append(work())
        except Refused as refusal:
            found.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_who_record_at_once_one_is_told_to_read_again(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    world = World()
    convention = loaded(world.convention_in(Status.SIGNED))
    manager = world.people["manager"]
    with time_machine.travel(convention.end, tick=False):
        done = {**cleaned(convention), "hours": Decimal(90)}
        found = at_once(*[lambda: completion.confirm(convention.pk, done, by=manager, seen="")] * 2)
    assert sorted(type(one).__name__ for one in found) == ["Completion", "Refused"]
    assert convention.documents.filter(kind=Kind.CERTIFICATE).count() == 1
    assert convention.events.filter(action="complete").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_who_ask_at_once_get_one_summary(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    convention = loaded(World().convention_in(Status.SUBMITTED))
    first, second = at_once(*[lambda: documents.summarise(loaded(convention)).pk] * 2)
    assert first == second
    assert convention.documents.count() == 1


def test_a_stage_broken_off_is_recorded_at_once_and_nothing_of_its_plan_is_offered(world):
    convention = world.convention_in(Status.TERMINATED)
    page = browser(world.people["manager"]).get(address_of(convention))
    assert page.status_code == 200
    form = page.context["form"]
    assert {name for name in ("end", "hours", "amount_paid") if form[name].value() is not None} == set()
    assert "Prévu" not in page.text
    assert "Ces valeurs sont celles du plan" not in page.text
    assert "Ce stage a été rompu" in page.text


def test_only_a_manager_of_the_centre_records_even_when_the_page_is_forgotten(world, ending):
    for role in ("student", "teacher", "other_manager", "admin"):
        with refused("not_open"):
            completion.confirm(
                ending.pk, cleaned(ending) | {"hours": Decimal(90)}, by=world.people[role], seen=""
            )
    assert not Completion.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"hours": Decimal(9999)}, {"amount_paid": Decimal(-1)}, {"end": date(2000, 1, 1)}]
)
def test_the_database_refuses_an_impossible_end(world, ending, changes):
    done = {**cleaned(ending), "hours": Decimal(90), **changes}
    with pytest.raises(IntegrityError), transaction.atomic():
        Completion.objects.create(
            convention=ending, confirmed_by=world.people["manager"], confirmed_at=timezone.now(), **done
        )
