"""One agreement: what it says, what happened to it, and what this reader may do."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.session import signed_in
from conventions import documents, drafts, forms, permissions, phases, signing, wizard, workflow
from conventions.models import Convention, Remark, Status


def visible(request: HttpRequest, pk: int) -> Convention:
    """Return an agreement this person may see, or raise 404: the rest does not exist."""
    agreements = Convention.objects.visible_to(signed_in(request)).for_detail()
    return get_object_or_404(agreements.prefetch_related("interruptions", "turns__done_by"), pk=pk)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything: what was agreed once it is frozen, the row as it stands before."""
    user = signed_in(request)
    convention = visible(request, pk)
    document = convention.documents.first()
    context = document.context if document else documents.agreement(convention)
    remarks: dict[str, list[Remark]] = {}
    for remark in convention.remarks.select_related("author", "resolved_by"):
        if remark.resolved_at or permissions.sees_open_remarks(user, convention):
            remarks.setdefault(remark.field, []).append(remark)
    return render(
        request,
        "conventions/detail.html",
        {
            "convention": convention,
            "label": phases.label(convention),
            "tone": phases.TONES[Status(convention.status)],
            "phases": phases.track(convention),
            "sections": documents.sections(context),
            "differences": named_differences(convention) if permissions.manages(user, convention) else [],
            "changes": documents.changes_since(context, convention) if document else [],
            "document": document,
            "circuit": signing.circuit(convention),
            "remarks": remarks,
            "open_remarks": sum(1 for pinned in remarks.values() for remark in pinned if not remark.resolved_at),
            "may_remark": permissions.may_remark(user, convention),
            "may_edit": permissions.may_edit(user, convention),
            "may_preview": permissions.may_preview(user, convention),
            "may_print": permissions.may_print(user, convention),
            "may_delete": permissions.may_delete(user, convention),
            "owns": permissions.owns(user, convention),
            "manages": permissions.manages(user, convention),
            "resume_url": wizard.resume_url(convention) if convention.is_editable else "",
            "actions": workflow.available(convention, user),
            "events": convention.events.select_related("actor").order_by("-at", "-pk")
            if permissions.sees_journal(user, convention)
            else [],
            "remark_form": forms.RemarkForm(),
        },
    )


def named_differences(convention: Convention) -> list[tuple[str, str, str]]:
    """Return what differs from the records: label, before, after."""
    return [(wizard.label_of(name), *values) for name, values in drafts.differences(convention).items()]


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Ask for an action: its page when something is typed or weighed first, then the act itself by POST."""
    user = signed_in(request)
    convention = visible(request, pk)
    if action not in workflow.ACTIONS:
        raise Http404
    asked = workflow.ACTIONS[action]
    if not workflow.permissions_hold(asked, user, convention):
        raise Http404
    form = forms.ActionForm(request.POST or None)
    if request.method == "GET" and convention.status not in asked.sources:
        messages.error(request, workflow.moved_on(convention))
        return redirect(convention)
    if request.method == "POST" and form.is_valid():
        try:
            convention = workflow.act(
                pk,
                action,
                by=user,
                comment=form.cleaned_data["comment"],
                signed_on=form.cleaned_data["signed_on"],
            )
        except workflow.Refused as refusal:
            messages.error(request, str(refusal))
            if not asked.needs_page or convention.status not in asked.sources:
                return redirect(convention)
        else:
            messages.success(request, _("C’est fait : %(label)s.") % {"label": asked.label})
            return redirect(wizard.after_url(convention) if action == "submit" else convention.get_absolute_url())
    return render(
        request,
        "conventions/act.html",
        {"convention": convention, "action": asked, "form": form, "circuit": signing.circuit(convention)},
        status=422 if request.method == "POST" else 200,
    )


@require_POST
@transaction.atomic
def add_remark(request: HttpRequest, pk: int) -> HttpResponse:
    """Pin a remark on a field; the student sees it once the correction is asked."""
    user = signed_in(request)
    convention = get_object_or_404(
        Convention.objects.visible_to(user).select_for_update(of=("self",)), pk=pk
    )
    if not permissions.owns_or_manages(user, convention) and not permissions.follows(user, convention):
        raise Http404
    form = forms.RemarkForm(request.POST)
    if not permissions.may_remark(user, convention):
        messages.error(request, _("Cette convention n’attend pas de remarque de votre part."))
    elif form.is_valid() and form.cleaned_data["field"] in wizard.STEP_OF_FIELD:
        Remark.objects.create(convention=convention, author=user, **form.cleaned_data)
        messages.success(request, _("Remarque épinglée. L’étudiant la verra quand vous demanderez la correction."))
    else:
        messages.error(request, _("Écrivez la remarque et choisissez le champ qu’elle concerne."))
    return redirect(f"{convention.get_absolute_url()}#remarques")


@require_POST
@transaction.atomic
def delete_remark(request: HttpRequest, pk: int, remark: int) -> HttpResponse:
    """Take back a remark before it is sent."""
    user = signed_in(request)
    convention = get_object_or_404(
        Convention.objects.visible_to(user).select_for_update(of=("self",)), pk=pk
    )
    pinned = get_object_or_404(convention.remarks.filter(resolved_at__isnull=True), pk=remark)
    if not permissions.may_remark(user, convention):
        raise Http404
    pinned.delete()
    messages.success(request, _("Remarque supprimée."))
    return redirect(f"{convention.get_absolute_url()}#remarques")


@require_GET
def pdf(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """The stored agreement, as it was made at validation."""
    convention = visible(request, pk)
    document = convention.documents.first()
    if document is None:
        raise Http404
    if not document.is_ready:
        messages.info(request, _("Le PDF est en préparation : il sera prêt dans quelques secondes."))
        return redirect(wizard.after_url(convention))
    return FileResponse(
        document.file.open(), filename=f"convention-{convention.number}.pdf", content_type="application/pdf"
    )


@require_GET
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft of the agreement, watermarked, for the managers of its centre."""
    convention = visible(request, pk)
    if not permissions.may_preview(signed_in(request), convention):
        raise Http404
    answer = HttpResponse(documents.preview(convention), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="apercu-{convention.pk}.pdf"'
    return answer
