"""One agreement as each of them reads it, before and after it is frozen."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from conventions import documents, workflow
from conventions.models import Convention, Remark, Status
from conventions.writing import drafts
from organisations.models import Contact, Party, Service
from tests.conventions.staff.desk import action, read, submitted
from tests.pages import browser, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ["manager", "teacher", "student", "admin"])
@pytest.mark.parametrize("state", [Status.SUBMITTED, Status.RETURNED, Status.SIGNING, Status.SIGNED])
def test_an_agreement_costs_fourteen_queries_at_most(world, queries_for, role, state):
    world.centre.teacher_approves = False
    convention = world.convention_in(state)
    client = browser(world.people[role])
    client.get(convention.get_absolute_url())
    once = queries_for(client, convention.get_absolute_url())
    # Those of a decided agreement were written before: the database takes no more.
    freeze = next(trigger for trigger in Remark._meta.triggers if trigger.name == "freeze_with_agreement")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{freeze.get_pgid(Remark)}}}"])
    for field in ("subject", "missions", "amount"):
        world.remark(convention, field)
    assert queries_for(client, convention.get_absolute_url()) == once


def test_the_manager_reads_everything_and_what_differs_from_the_records(world):
    convention = world.convention_in(Status.DRAFT)
    Convention.objects.filter(pk=convention.pk).update(
        record=drafts.record_of(world.student) | {"student_phone": "02 00 00 00 00"}
    )
    workflow.act(convention.pk, "submit", by=world.people["student"])
    page = text_of(browser(world.people["manager"]).get(convention.get_absolute_url()))
    for words in (
        f"{world.student.user} chez {convention.organisation}",
        "À valider",
        "Soumise il y a moins d’une heure",
        "Écarts avec le dossier",
        "02 00 00 00 00",
        convention.subject,
        convention.missions,
        "Convention soumise",
        "Brouillon → Soumise",
        "Ordre des signatures",
        convention.tutor.email,
        "Aperçu du PDF",
    ):
        assert words in page, words
    for role in ("teacher", "student"):
        other = text_of(browser(world.people[role]).get(convention.get_absolute_url()))
        assert "Écarts avec le dossier" not in other
        assert "02 00 00 00 00" not in other
        assert "Aperçu du PDF" not in other


@pytest.mark.parametrize(
    ("state", "role", "offered"),
    [
        (Status.SUBMITTED, "manager", ["Refuser", "Corriger moi-même", "Demander une correction", "Valider"]),
        (Status.SUBMITTED, "teacher", []),
        (Status.SUBMITTED, "admin", []),
        (Status.SUBMITTED, "student", ["Annuler la convention", "Retirer la soumission"]),
        (Status.DRAFT, "student", ["Reprendre la saisie", "Soumettre la convention"]),
        (Status.DRAFT, "manager", ["Modifier à sa place", "Soumettre la convention"]),
        (Status.RETURNED, "student", ["Annuler la convention", "Corriger", "Soumettre la convention"]),
        (
            Status.VALIDATED,
            "manager",
            [
                "Rompre la convention",
                "Annuler la convention",
                "Reprendre pour corriger",
                "Enregistrer des signatures",
            ],
        ),
        (
            Status.SIGNING,
            "manager",
            ["Rompre la convention", "Reprendre pour corriger", "Enregistrer des signatures"],
        ),
        (Status.SIGNED, "manager", []),
        (Status.VALIDATED, "student", []),
        (Status.REFUSED, "manager", []),
    ],
)
def test_only_what_is_possible_is_offered(world, state, role, offered):
    convention = world.convention_in(state)
    page = browser(world.people[role]).get(convention.get_absolute_url()).content.decode()
    bar = page.partition('<div class="bar acts">')[2]
    assert re.findall(r"<(?:a|button) class=\"button[^>]*>\s*([^<]+?)\s*<", bar) == offered


def test_a_draft_with_holes_is_not_offered_for_submission(world):
    convention = world.draft(subject="")
    page = text_of(browser(world.people["student"]).get(convention.get_absolute_url()))
    assert "Reprendre la saisie" in page
    assert "Soumettre la convention" not in page


def test_the_teacher_reads_and_finds_contacts_but_no_journal(world):
    convention = world.convention_in(Status.SUBMITTED)
    page = browser(world.people["teacher"]).get(convention.get_absolute_url())
    assert f"mailto:{world.student.user.email}" in page.content.decode()
    assert "tel:" in page.content.decode()
    assert "Journal" not in text_of(page)
    assert "Modifier" not in text_of(page)


def test_what_was_agreed_stays_and_what_changed_since_is_said(world):
    convention = world.convention_in(Status.VALIDATED)
    tutor = convention.tutor
    tutor.phone = "+33 2 61 91 99 99"
    tutor.save()
    page = browser(world.people["student"]).get(convention.get_absolute_url())
    words = text_of(page)
    assert "Voici ce qui a été convenu le" in words
    assert "Une information a changé dans les fiches partagées depuis" in words
    assert "Tuteur professionnel – Téléphone" in words
    sheet = page.content.decode().split('id="tutor"')[1].split("</section>")[0]
    assert "+33 2 61 91 99 99" not in sheet


def test_the_print_is_offered_once_it_is_made(world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    convention = world.convention_in(Status.VALIDATED)
    client = browser(world.people["manager"])
    waiting = client.get(convention.get_absolute_url()).content.decode()
    assert "PDF en préparation" in waiting
    assert reverse("conventions:pdf", args=[convention.pk]) not in waiting
    told = client.get(reverse("conventions:pdf", args=[convention.pk]))
    assert told.url == f"{convention.get_absolute_url()}#documents"
    documents.make(convention.documents.get().pk)
    ready = client.get(convention.get_absolute_url()).content.decode()
    assert reverse("conventions:pdf", args=[convention.pk]) in ready
    served = client.get(reverse("conventions:pdf", args=[convention.pk]))
    assert b"".join(served.streaming_content).startswith(b"%PDF")


def test_the_preview_is_a_watermarked_pdf_for_the_manager(world):
    convention = world.convention_in(Status.SUBMITTED)
    answer = browser(world.people["manager"]).get(reverse("conventions:preview", args=[convention.pk]))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_the_queue_leads_from_one_agreement_to_the_next(world):
    days = timezone.localdate()
    last, first, middle = (submitted(world, start=days + timedelta(days=after)) for after in (9, 3, 6))
    client = browser(world.people["manager"])
    page = client.get(middle.get_absolute_url()).content.decode()
    assert "2 sur 3" in page
    assert f'href="{first.get_absolute_url()}" rel="prev"' in page
    assert f'href="{last.get_absolute_url()}" rel="next"' in page
    client.post(action(middle, "validate"), read(middle))
    page = client.get(middle.get_absolute_url()).content.decode()
    assert f'href="{first.get_absolute_url()}" rel="next"' in page
    assert "la prochaine à valider" in page


def test_text_of_any_kind_is_shown_and_never_obeyed(world):
    nasty = "<script>alert(1)</script> 😀 \u202bمرحبا"
    convention = world.convention_in(Status.SUBMITTED, subject=nasty, missions=nasty + "\n" + "x" * 29_000)
    page = browser(world.people["manager"]).get(convention.get_absolute_url()).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 😀" in page


# Once it is frozen


def test_a_cancelled_agreement_is_read_and_no_longer_printed(world):
    convention = world.convention_in(Status.VALIDATED)
    documents.make(convention.documents.get().pk)
    printed = reverse("conventions:pdf", args=[convention.pk])
    client = browser(world.people["student"])
    assert client.get(printed).status_code == 200
    workflow.act(convention.pk, "cancel", by=world.people["manager"], comment="Il ne vient plus.")
    page = client.get(convention.get_absolute_url())
    assert printed not in page.text
    assert "elle ne peut plus servir" in text_of(page)
    assert "Il ne vient plus." in text_of(page)
    assert client.get(printed).status_code == 404


def test_a_file_that_is_not_what_was_made_is_not_served(world):
    convention = world.convention_in(Status.VALIDATED)
    document = documents.make(convention.documents.get().pk)
    Path(document.file.path).write_bytes(b"%PDF-1.7 autre chose")
    with pytest.raises(ValueError, match="not the file that was made"):
        browser(world.people["student"]).get(reverse("conventions:pdf", args=[convention.pk]))


def test_a_frozen_agreement_names_the_people_agreed_on(world):
    convention = world.convention_in(Status.VALIDATED)
    agreed, city = str(convention.signatory), convention.service.city
    Contact.objects.filter(pk=convention.signatory_id).update(first_name="Une", last_name="Autre")
    Service.objects.filter(pk=convention.service_id).update(city="Ailleurs")
    page = browser(world.people["student"]).get(convention.get_absolute_url())
    names = [line.name for line in page.context["circuit"]]
    assert agreed in names
    assert "Une Autre" not in names
    assert f"Où {city}" in text_of(page)


def test_the_journal_says_who_signed_and_when(world):
    convention = world.convention_in(Status.SIGNING)
    comment = convention.events.get(action="sign").comment
    assert comment == f"{Party.STUDENT.label}, le {timezone.localdate():%d/%m/%Y}"
