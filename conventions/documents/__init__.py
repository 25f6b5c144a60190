"""What was agreed, frozen and printed: agreement → context → sections on a page, or HTML → PDF → Document."""

from conventions.documents.context import Context, agreement
from conventions.documents.printing import (
    digest,
    freeze,
    make,
    make_document,
    preview,
    printable,
    render_html,
    render_pdf,
    replay,
    sweep_documents,
)
from conventions.documents.reading import Change, Row, Section, by_field, changes_since, differences, sections

__all__ = [
    "Change",
    "Context",
    "Row",
    "Section",
    "agreement",
    "by_field",
    "changes_since",
    "differences",
    "digest",
    "freeze",
    "make",
    "make_document",
    "preview",
    "printable",
    "render_html",
    "render_pdf",
    "replay",
    "sections",
    "sweep_documents",
]
