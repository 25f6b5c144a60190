"""From a context to HTML, to PDF, to a stored document."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
from functools import lru_cache, partial

from celery import shared_task
from django.core.files.base import ContentFile
from django.db import transaction
from django.template.loader import get_template, render_to_string
from django.utils import timezone, translation
from kombu.exceptions import OperationalError as BrokerLost
from PIL import Image
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from conventions.documents.context import Context, agreement
from conventions.documents.reading import money_text, sections
from conventions.models import Convention, Document

logger = logging.getLogger(__name__)

LOGO_PIXELS = (600, 240)
SWEEP_BATCH = 50


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=1)
def _stylesheet() -> CSS:
    """Parse the print stylesheet once per process."""
    source = get_template("conventions/pdf/agreement.css").template.source  # type: ignore[attr-defined]
    return CSS(string=source, font_config=_fonts(), url_fetcher=_fetcher())


def _fetcher() -> URLFetcher:
    """Nothing is fetched while rendering, neither from the network nor from the disk."""
    return URLFetcher(allowed_protocols=["data"])


def digest(context: Context) -> str:
    """Return the SHA-256 of what was agreed: the same data, the same digest."""
    canonical = json.dumps(context, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def printable(convention: Convention) -> Context:
    """Return the context of an agreement with what only its print shows: the logo, small, as a data URL."""
    return {**agreement(convention), "logo": _logo(convention)}


def _logo(convention: Convention) -> str:
    logo = convention.institution.logo
    if not logo:
        return ""
    with logo.open("rb") as file, Image.open(file) as picture:
        small = picture.convert("RGBA")
    small.thumbnail(LOGO_PIXELS)
    output = io.BytesIO()
    small.quantize().save(output, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(output.getvalue()).decode()


def render_html(context: Context, *, draft: bool) -> str:
    """Return the HTML that is printed; ``draft`` marks it so that nobody signs it."""
    with translation.override("fr"):
        by_key = {section.key: section for section in sections(context)}
    with translation.override("en"):
        english = {section.key: section for section in sections(context)}
    stage = context["stage"]
    with translation.override("fr"):
        return render_to_string(
            "conventions/pdf/agreement.html",
            {
                "agreement": context,
                "sections": by_key,
                "english": english if context["language"] == "en" else {},
                "draft": draft,
                "digest": digest(context)[:16],
                "amount": money_text(context["gratification"]),
                "crosses_year": stage["start"][:4] != stage["end"][:4],
            },
        )


def render_pdf(context: Context, *, draft: bool) -> bytes:
    """Return a tagged PDF/UA-1; the same context gives the same bytes."""
    html = HTML(string=render_html(context, draft=draft), url_fetcher=_fetcher())
    return bytes(html.write_pdf(font_config=_fonts(), stylesheets=[_stylesheet()], pdf_variant="pdf/ua-1"))


def preview(convention: Convention) -> bytes:
    """Return the agreement as it would be printed today, watermarked: for staff."""
    return render_pdf(printable(convention), draft=True)


def freeze(convention: Convention) -> Document:
    """Freeze what is agreed, in the transaction that validates it; the PDF is made after the commit."""
    document = Document.objects.create(convention=convention, context=printable(convention))
    transaction.on_commit(partial(_ask_to_make, document.pk))
    return document


def _ask_to_make(document_id: int) -> None:
    """Hand a document to a worker; a lost broker costs a delay, the sweep will make it."""
    try:
        make_document.delay(document_id)
    except BrokerLost as error:
        logger.warning("The broker did not take document %s, the sweep will: %s", document_id, error)


def make(document_id: int) -> Document:
    """Print a document and store its file with its SHA-256, once, whoever calls again or at the same time."""
    with transaction.atomic():
        document = Document.objects.select_for_update(of=("self",)).get(pk=document_id)
        if document.is_ready:
            return document
        content = render_pdf(document.context, draft=False)
        document.sha256 = hashlib.sha256(content).hexdigest()
        document.rendered_at = timezone.now()
        document.file.save(
            f"{document.convention_id}-{document.sha256[:16]}.pdf", ContentFile(content), save=False
        )
        document.save(update_fields=["file", "sha256", "rendered_at"])
    return document


@shared_task(name="conventions.tasks.make_document")
def make_document(document_id: int) -> None:
    """Make one document; run twice, it does nothing the second time."""
    make(document_id)


@shared_task(name="conventions.tasks.sweep_documents")
def sweep_documents() -> None:
    """Make what is due and nobody made: the broker lost it, or a worker died."""
    for document_id in Document.objects.filter(sha256="").values_list("pk", flat=True)[:SWEEP_BATCH]:
        try:
            make(document_id)
        except Exception:  # one that cannot be made must not keep the others waiting
            logger.exception("Document %s could not be made", document_id)
