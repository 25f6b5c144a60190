"""What a page prints is printed beside the process that answers it, a few at a time, so many a minute for each person."""

import os
import threading

import pytest
from django.urls import reverse

from conventions import documents
from conventions.documents import pool, printing
from conventions.models import Document, Status
from tests.pages import browser
from tests.worlds import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitted(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    world = World()
    return world, world.convention_in(Status.SUBMITTED)


@pytest.fixture
def full(monkeypatch):
    """As many prints under way as there may be."""
    slots = threading.BoundedSemaphore(1)
    slots.acquire()
    monkeypatch.setattr(pool, "slots", slots)
    return slots


def preview(world, convention):
    return browser(world.people["manager"]).get(reverse("conventions:preview", args=[convention.pk]))


def test_another_process_prints_what_this_one_would(submitted, monkeypatch):
    _world, convention = submitted
    context = printing.printable(convention)
    here = printing.render_pdf(context, draft=True)
    monkeypatch.setattr(printing, "render_pdf", lambda *args, **options: pytest.fail("printed here"))
    assert pool.printed(pool.PREVIEW, context) == here
    [printer] = pool._printer()._processes
    assert printer != os.getpid()


def test_a_page_says_that_it_is_being_prepared_and_asks_again(submitted, full):
    answer = preview(*submitted)
    assert answer.status_code == 202
    assert answer["Refresh"] == "5"
    assert "Aperçu en préparation" in answer.text
    full.release()
    assert preview(*submitted)["Content-Type"] == "application/pdf"
    assert full.acquire(blocking=False), "it left its place"


def test_a_person_may_not_have_all_printed(submitted, settings, monkeypatch):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"preview": "2/m/user"}
    monkeypatch.setattr(documents, "preview", lambda convention: b"%PDF")
    assert [preview(*submitted).status_code for _ in range(3)] == [200, 200, 429]


def test_a_summary_is_left_to_a_worker_when_too_many_print(submitted, full, monkeypatch):
    _world, convention = submitted
    asked = []
    monkeypatch.setattr(printing.make_document, "delay", asked.append)
    made = documents.summarise(convention)
    assert asked == [made.pk]
    kept = Document.objects.get(pk=made.pk)
    assert (kept.is_ready, kept.attempts) == (False, 0)
    full.release()
    assert documents.summarise(convention).is_ready


def test_a_printer_that_dies_is_replaced(submitted):
    _world, convention = submitted
    context = printing.printable(convention)
    pool.printed(pool.PREVIEW, context)
    [printer] = pool._printer()._processes.values()
    printer.kill()
    printer.join()
    with pytest.raises(pool.BrokenProcessPool):
        pool.printed(pool.PREVIEW, context)
    assert pool.printed(pool.PREVIEW, context).startswith(b"%PDF")
