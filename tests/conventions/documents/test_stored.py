"""The stored document: frozen, made once by a worker, tried again, parked."""

import hashlib
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connections
from django.urls import reverse
from django.utils import timezone, translation
from kombu.exceptions import OperationalError

from conventions import documents
from conventions.documents import printing
from conventions.models import Document, Status
from tests.conventions.documents.reading import loaded, read, stored, text_of, words
from tests.factories import AdminFactory
from tests.worlds import World


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


# That of an avenant


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


def test_an_avenant_is_made_and_kept_as_its_own_file(avenant):
    context = documents.printable(loaded(avenant.convention))
    document = documents.make(documents.freeze_avenant(avenant, context, context).pk)
    assert document.file.name.endswith(f"/avenant-{avenant.convention.number}-A2.pdf")
    assert hashlib.sha256(document.content()).hexdigest() == document.sha256
    assert f"N° {avenant}" in text_of(document.content())
