"""The documents around an agreement: their list, their files, the summary made on demand."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.sign_in.rates import rate_limited
from accounts.sign_in.session import signed_in
from conventions import documents, permissions
from conventions.follow_up import completion, dates
from conventions.models import Convention, Document
from conventions.views.access import visible

Kind = Document.Kind
ASKED_AGAIN = 5  # seconds, while too many documents are being printed


@dataclass(frozen=True)
class DocumentLink:
    """One document, as the page of its agreement lists it."""

    name: str
    made_at: datetime
    url: str
    is_ready: bool
    is_expected: bool


@dataclass(frozen=True)
class DocumentLinks:
    """The documents that a reader may open, and what they may ask for."""

    all: list[DocumentLink]
    may_summarise: bool
    end_url: str  # where this reader records the end of the stage; nothing when they may not now
    is_ended: bool  # the end of the stage is recorded
    opens_on: date | None  # when it will be possible to record it, while it is not
    awaits_host: bool  # what the host declares is awaited, and another reader records it

    @property
    def is_expected(self) -> bool:
        """A file is being made: the page asks again in a moment."""
        return any(document.is_expected for document in self.all)


def may_open(document: Document, convention: Convention) -> bool:
    """Whether those who see an agreement may open one of its documents: nothing to sign before validation.

    A replaced one says so on each of its pages.
    """
    if document.kind == Kind.SUMMARY or not document.is_current:
        return True
    if document.avenant is not None and not document.avenant.is_printed:
        return False
    return convention.is_in_force


def links(convention: Convention, user: User) -> DocumentLinks:
    """Return what the page shows: each document that may be opened, the last certificate and the last summary.

    Best with ``documents.STORED`` prefetched.
    """
    first = completion.opens_on(convention)
    is_open = completion.is_open(convention)
    records = is_open and permissions.decides(user, convention)
    is_ended = bool(convention.validated_at) and dates.is_certified(convention)
    return DocumentLinks(
        [in_list(document, convention) for document in listed(convention)],
        may_summarise=convention.number is not None,
        end_url=reverse("conventions:certificate", args=[convention.pk]) if records else "",
        is_ended=is_ended,
        opens_on=None if is_open else first,
        awaits_host=is_open and not records and not is_ended and convention.is_signed,
    )


def listed(convention: Convention) -> Iterable[Document]:
    """Return the documents that may be opened; of certificates and of summaries, the last one; the replaced ones last."""
    shown: dict[object, Document] = {}
    # Before the first validation there are only summaries, which are asked for when they are read.
    for document in convention.documents.all() if convention.was_validated else ():
        if may_open(document, convention):
            kept_once = document.kind in {Kind.CERTIFICATE, Kind.SUMMARY}
            shown[document.kind if kept_once else document.pk] = document
    return sorted(shown.values(), key=lambda document: not document.is_current)


def in_list(document: Document, convention: Convention) -> DocumentLink:
    name = document.get_kind_display()
    if document.avenant:
        name = _("Avenant %(rank)s") % {"rank": f"A{document.avenant.rank}"}
    if not document.is_current:
        name = _("%(document)s, version remplacée") % {"document": name}
    is_agreement = document.kind == Kind.AGREEMENT and document.is_current
    url = (
        reverse("conventions:pdf", args=[convention.pk])
        if is_agreement
        else reverse("conventions:document", args=[convention.pk, document.pk])
    )
    return DocumentLink(name, document.created_at, url, document.is_ready, document.is_expected)


@require_safe
def document(request: HttpRequest, pk: int, document: int) -> HttpResponse | FileResponse:
    """A stored document, as it was made; a replaced one says so on each page."""
    convention = visible(request, pk)
    its = convention.documents.select_related("avenant")
    return served(request, convention, get_object_or_404(its, pk=document))


@require_safe
def pdf(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """The stored agreement, as it was made at validation."""
    convention = visible(request, pk)
    agreed = convention.documents.agreed()
    if agreed is None:
        raise Http404
    return served(request, convention, agreed)


def served(request: HttpRequest, convention: Convention, document: Document) -> HttpResponse | FileResponse:
    """Return the file of a document, or the page that says when it is ready."""
    if not may_open(document, convention):
        raise Http404
    if not document.is_ready:
        return redirect(f"{convention.get_absolute_url()}#documents")
    try:
        content = document.content() if document.is_current else documents.marked(document)
    except documents.Busy:
        return ask_again(request, convention)
    return FileResponse(
        io.BytesIO(content),
        filename=documents.file_name(document),
        content_type="application/pdf",
    )


def ask_again(request: HttpRequest, convention: Convention) -> HttpResponse:
    """Say that too many documents are being printed; the page asks again by itself."""
    waiting = render(request, "conventions/printing.html", {"convention": convention}, status=202)
    waiting["Refresh"] = str(ASKED_AGAIN)
    return waiting


@require_POST
@rate_limited("summarise")
def summarise(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the summary of the values in effect; the same one again while nothing has changed."""
    convention = visible(request, pk)
    if convention.number is None:
        raise Http404
    try:
        made = documents.summarise(convention)
    except Convention.DoesNotExist as anonymised:
        raise Http404 from anonymised
    return redirect("conventions:document", pk, made.pk)


@require_safe
@rate_limited("preview", limit_get=True)
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft of the agreement, watermarked, for the managers of its centre."""
    convention = visible(request, pk)
    if not permissions.may_preview(signed_in(request), convention):
        raise Http404
    try:
        content = documents.preview(convention)
    except documents.Busy:
        return ask_again(request, convention)
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="apercu-{convention.pk}.pdf"'
    return answer
