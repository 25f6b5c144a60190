"""The attachments joined to an agreement: sent, read, taken back, accepted or refused."""

from __future__ import annotations

import io
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.refusals import Refused
from accounts.sign_in.rates import rate_limited
from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from conventions import permissions
from conventions.attachments import deciding, forms
from conventions.attachments.uploads import takes_a_file
from conventions.legality import insurance, papers, words
from conventions.models import Attachment, Convention
from conventions.models.attachment import WITH_PEOPLE
from conventions.workflow import copies


def section(convention: Convention, user: User) -> dict[str, Any]:
    """Return what ``conventions/attachments.html`` shows of an agreement read with ``PAPERS``."""
    may_attach, decides = permissions.may_attach(user, convention), permissions.decides(user, convention)
    return {
        "attachments": [
            (
                one,
                may_attach and one.is_waiting,
                decides and one.is_waiting,
                late(one, convention) if decides and one.is_waiting else [],
            )
            for one in convention.attachments.all()
            if permissions.may_read(user, convention, one)
        ],
        "may_attach": may_attach,
        "awaited": [] if convention.is_frozen else papers.awaited(convention),
        "awaits_insurance": not convention.is_frozen and insurance.awaits_insurance(convention),
    }


def late(attachment: Attachment, convention: Convention) -> list[words.Explained]:
    """Return what whoever accepts a scan should know of the dates that it shows."""
    return [words.explain(finding, words.nowhere) for finding in copies.late(attachment, convention)]


def attachable(request: HttpRequest, pk: int) -> Convention:
    """Return an agreement to which this person may join attachments, or raise 404."""
    user = signed_in(request)
    agreements = Convention.objects.visible_to(user).for_detail().prefetch_related(WITH_PEOPLE)
    convention = get_object_or_404(agreements, pk=pk)
    if not permissions.may_attach(user, convention):
        raise Http404
    return convention


def visible(request: HttpRequest, pk: int, attachment: int) -> Attachment:
    """Return an attachment that this person may read, of an agreement that they may see, or raise 404."""
    user = signed_in(request)
    found = get_object_or_404(
        Attachment.objects.select_related("convention__student__user", "convention__centre"),
        pk=attachment,
        convention__in=Convention.objects.visible_to(user).filter(pk=pk),
    )
    if not permissions.may_read(user, found.convention, found):
        raise Http404
    return found


@takes_a_file
@keeps_typed_text
@rate_limited("upload")
@require_http_methods(["GET", "POST"])
def attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an attachment; the page shows those already there."""
    user, convention = signed_in(request), attachable(request, pk)
    lacks_insurance = insurance.awaits_insurance(convention) and not insurance.insured_periods(convention)
    form = forms.AttachmentForm(
        posted(request),
        request.FILES or None,
        initial={
            "kind": Attachment.Kind.CIVIL_LIABILITY
            if lacks_insurance
            else next(iter(papers.lacking(convention)), ""),
            "valid_from": convention.insurance_start,
            "valid_until": convention.insurance_end,
        },
        instance=Attachment(convention=convention),
    )
    if request.method == "POST" and form.is_valid():
        try:
            sent = deciding.attach(form.instance, form.cleaned_data["upload"], by=user)
        except Refused as refusal:
            form.add_error("upload", str(refusal))
        else:
            messages.success(request, _("Pièce envoyée : %(attachment)s.") % {"attachment": sent})
            return redirect("conventions:attach", pk)
    return render(
        request,
        "conventions/attach.html",
        {
            "convention": convention,
            "form": form,
            "for_someone_else": not permissions.owns(user, convention),
            "joined": section(convention, user),
        },
        status=422 if request.method == "POST" else 200,
    )


@require_safe
def download(request: HttpRequest, pk: int, attachment: int) -> FileResponse:
    """Give an attachment back as a file to keep: a browser never opens it as a page of ours."""
    found = visible(request, pk, attachment)
    answer = FileResponse(
        io.BytesIO(found.content()),
        as_attachment=True,
        filename=found.download_name,
        content_type=found.content_type,
    )
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
def discard(request: HttpRequest, pk: int, attachment: int) -> HttpResponse:
    """Take back an attachment nobody has decided on."""
    convention = attachable(request, pk)
    found = get_object_or_404(Attachment, pk=attachment, convention=convention)
    try:
        is_deleted = deciding.take_back(attachment, by=signed_in(request))
    except (Refused, Attachment.DoesNotExist) as overtaken:
        raise Http404 from overtaken
    if is_deleted:
        messages.success(request, _("Pièce supprimée : %(attachment)s.") % {"attachment": found})
    else:
        found.refresh_from_db()
        messages.error(request, decided(found))
    return redirect("conventions:attach", pk)


def to_decide(request: HttpRequest, pk: int, attachment: int) -> Attachment:
    """Return an attachment on which this person decides, or raise 404."""
    found = visible(request, pk, attachment)
    if not permissions.decides(signed_in(request), found.convention):
        raise Http404
    return found


def decided(attachment: Attachment) -> str:
    """Explain that somebody decided first."""
    return _("Cette pièce est déjà « %(decision)s » : rechargez la page.") % {
        "decision": attachment.get_decision_display()
    }


@require_POST
def accept(request: HttpRequest, pk: int, attachment: int) -> HttpResponse:
    found = to_decide(request, pk, attachment)
    try:
        known = request.POST.getlist("alerte")
        is_accepted = copies.accept(found.pk, by=signed_in(request), known=known)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if is_accepted:
            messages.success(request, _("Pièce acceptée : %(attachment)s.") % {"attachment": found})
        else:
            found.refresh_from_db()
            messages.error(request, decided(found))
    return redirect(f"{found.convention.get_absolute_url()}#attachments")


@keeps_typed_text
@require_http_methods(["GET", "POST"])
def refuse(request: HttpRequest, pk: int, attachment: int) -> HttpResponse:
    """Say why an attachment is refused: the student receives it and sends another one."""
    found = to_decide(request, pk, attachment)
    form = forms.RefusalForm(posted(request))
    done = request.method == "POST" and form.is_valid()
    if done and deciding.refuse(found.pk, form.cleaned_data["reason"], by=signed_in(request)):
        messages.success(request, _("Pièce refusée : %(attachment)s.") % {"attachment": found})
    elif done or not found.is_waiting:
        found.refresh_from_db()
        messages.error(request, decided(found))
    else:
        page = {
            "heading": _("Refuser une pièce"),
            "attachment": found,
            "form": form,
            "button": _("Refuser"),
            "is_grave": True,
            "crumb": found.convention.named,
            "way_back": f"{found.convention.get_absolute_url()}#attachments",
            "back": _("Retour à la convention"),
        }
        status = 422 if request.method == "POST" else 200
        return render(request, "conventions/refuse_attachment.html", page, status=status)
    return redirect(f"{found.convention.get_absolute_url()}#attachments")
