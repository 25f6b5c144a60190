"""What was printed of a version that another one replaces: the file as it was stored, with words over each page."""

from __future__ import annotations

import io
from functools import lru_cache

import pikepdf
from django.utils import timezone, translation
from pikepdf import Name, Pdf

from conventions.documents import pool
from conventions.documents.reading import short_date
from conventions.models import Document

# How each kind of document is said to be replaced, and taken back while nothing replaces it yet.
SAID = {
    Document.Kind.AGREEMENT: (
        "Remplacée par une version du %s",
        "Reprise le %s : ne vaut plus, ne pas signer",
    ),
    Document.Kind.AVENANT: ("Remplacé par une version du %s", "Repris le %s : ne vaut plus, ne pas signer"),
    Document.Kind.INFORMATION_SHEET: (
        "Remplacée par une version du %s",
        "Reprise le %s : ne vaut plus, ne pas signer",
    ),
}


def marked(document: Document) -> bytes:
    """Return the file of a replaced document with what replaces it said on each page; the stored one never changes.

    Raises pool.Busy, and ValueError when the stored file is not what was made.
    """
    words = said(document)
    return laid_over(document.content(), mark(words), words)


def said(document: Document) -> str:
    """Return what is written over a replaced document, in French like all that is printed."""
    subject = document.avenant or document.convention
    replaced, taken_back = SAID[Document.Kind(document.kind)]
    at = subject.validated_at or document.superseded_at
    assert at is not None
    with translation.override("fr"):
        day = short_date(timezone.localdate(at).isoformat())
    return (replaced if subject.validated_at else taken_back) % day


@lru_cache(maxsize=64)
def mark(words: str) -> bytes:
    """Return a page that holds the words and nothing else. Raises pool.Busy."""
    return pool.printed(pool.MARK, {"words": words})


def laid_over(content: bytes, mark: bytes, words: str) -> bytes:
    """Return a PDF with the page of another over each of its own, and ``words`` before its title, for who hears it.

    What is laid over is an artefact of its pages: the text and its structure stay as they were.
    """
    written = io.BytesIO()
    with Pdf.open(io.BytesIO(content)) as pdf, Pdf.open(io.BytesIO(mark)) as other:
        over = pdf.copy_foreign(other.pages[0].as_form_xobject())
        for page in pdf.pages:
            name = page.add_resource(over, Name.XObject)
            page.contents_add(b"q\n", prepend=True)
            page.contents_add(f"\nQ /Artifact BMC q {name} Do Q EMC".encode())
        title = str(pdf.docinfo.get(Name.Title, ""))
        with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
            metadata["dc:title"] = f"{words} – {title}"
        pdf.save(written, object_stream_mode=pikepdf.ObjectStreamMode.preserve, deterministic_id=True)
    return written.getvalue()
