"""What the staff of a centre notes of an agreement, for itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from conventions import permissions
from conventions.desk import notes
from conventions.models import Convention
from conventions.views.access import visible


@keeps_typed_text
@require_http_methods(["GET", "POST"])
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a note that the managers of the centre read, and nobody else."""
    user, convention = signed_in(request), visible(request, pk)
    if not permissions.keeps_notes(user, convention):
        raise Http404
    form = notes.NoteForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            notes.add(pk, form.cleaned_data["text"], by=user)
        except Convention.DoesNotExist as anonymised:
            raise Http404 from anonymised
        messages.success(request, _("La note est ajoutée."))
        return redirect(f"{convention.get_absolute_url()}#notes")
    status = 422 if request.method == "POST" else 200
    page = {
        "heading": _("Ajouter une note interne"),
        "form": form,
        "button": _("Ajouter"),
        "crumb": convention.named,
        "lede": convention.heading,
        "way_back": f"{convention.get_absolute_url()}#notes",
        "back": _("Retour à la convention"),
    }
    return render(request, "short_form.html", page, status=status)
