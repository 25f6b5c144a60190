"""Remarks pinned on the fields of an agreement or of an avenant, by whoever decides."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from conventions import permissions
from conventions.views.access import locked, visible
from conventions.views.detail import page
from conventions.writing import forms, remarks, steps


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def add_remark(request: HttpRequest, pk: int, avenant: int | None = None) -> HttpResponse:
    """Pin a remark on a field; the student sees it once the correction is asked."""
    user = signed_in(request)
    convention = locked(request, pk, avenant)
    if not permissions.manages(user, convention) and not permissions.follows(user, convention):
        raise Http404
    typed = posted(request)
    if typed is None:
        return redirect(convention.acted_on)
    form = forms.RemarkForm(typed)
    fields = {*steps.STEP_OF_FIELD, *(["reason"] if avenant else [])}
    valid = form.is_valid() and form.cleaned_data["field"] in fields
    if request.method == "GET":
        problem = _("Votre session avait expiré : votre remarque n’est pas encore épinglée.")
    elif not permissions.may_remark(user, convention):
        problem = _("Cette convention n’attend plus de remarque : la vôtre n’est pas épinglée.")
    elif not valid:
        problem = _("Écrivez votre remarque, en 2 000 caractères au plus.")
    else:
        remarks.pin(convention, **form.cleaned_data, by=user)
        return redirect(f"{convention.acted_on.get_absolute_url()}#champ-{form.cleaned_data['field']}")
    messages.error(request, problem)
    if avenant is not None:
        messages.info(request, _("Votre texte : %(text)s") % {"text": typed.get("text", "")[:2_000]})
        return redirect(convention.acted_on)
    return page(request, visible(request, pk), unsaved=form, status=200 if request.method == "GET" else 422)


@require_POST
@transaction.atomic
def delete_remark(request: HttpRequest, pk: int, remark: int, avenant: int | None = None) -> HttpResponse:
    """Take back a remark before it is sent."""
    convention = locked(request, pk, avenant)
    pinned = next((one for one in convention.open_remarks if one.pk == remark), None)
    if pinned is None or not permissions.may_delete_remark(signed_in(request), convention, pinned):
        raise Http404
    remarks.unpin(pinned)
    return redirect(f"{convention.acted_on.get_absolute_url()}#champ-{pinned.field}")
