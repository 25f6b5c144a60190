"""What the staff of an institution says of a host: its remarks, and where its trainees do not go for a while."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from organisations import acceptance
from organisations.forms import BanForm, NoteForm
from organisations.models import Ban, Note, Organisation
from organisations.views.directory import keeper


def kept(request: HttpRequest, pk: int) -> Organisation:
    """Return a host, locked, for who keeps the directory in an institution; or raise 404."""
    user = keeper(request)
    if not user.institution_id:
        raise Http404
    # Weaker than the lock of a deletion: an agreement may choose this host meanwhile.
    hosts = Organisation.objects.visible_to(user).select_for_update(of=("self",), no_key=True)
    return get_object_or_404(hosts, pk=pk)


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a remark that the staff of one institution reads."""
    user, host = signed_in(request), kept(request, pk)
    form = NoteForm(posted(request), instance=Note(organisation=host, institution=user.institution, by=user))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Votre remarque est ajoutée."))
        return redirect(f"{host.get_absolute_url()}#notes")
    status = 422 if request.method == "POST" else 200
    page = {
        "heading": _("Ajouter une remarque"),
        "form": form,
        "button": _("Ajouter"),
        "crumb": host,
        "lede": host,
        "way_back": f"{host.get_absolute_url()}#notes",
        "back": _("Retour à la fiche"),
    }
    return render(request, "short_form.html", page, status=status)


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def ban(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the trainees of one institution away from a host until a day."""
    user, host = signed_in(request), kept(request, pk)
    current = host.bans.in_force().filter(institution=user.institution).first()
    if current:
        until = date_format(current.until, "SHORT_DATE_FORMAT")
        messages.info(request, _("Cet établissement est déjà exclu jusqu’au %(until)s.") % {"until": until})
        return redirect(host)
    form = BanForm(posted(request), instance=Ban(organisation=host, institution=user.institution, by=user))
    if request.method == "POST" and form.is_valid():
        form.save()
        until = date_format(form.instance.until, "SHORT_DATE_FORMAT")
        messages.success(request, _("L’établissement est exclu jusqu’au %(until)s.") % {"until": until})
        return redirect(host)
    status = 422 if request.method == "POST" else 200
    page = {
        "heading": _("Exclure cet établissement"),
        "form": form,
        "button": _("Exclure"),
        "is_grave": True,
        "crumb": host,
        "lede": host,
        "way_back": host.get_absolute_url(),
        "back": _("Retour à la fiche"),
    }
    return render(request, "organisations/ban.html", page, status=status)


@require_POST
@transaction.atomic
def lift_ban(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the trainees of one institution go there again."""
    user, host = signed_in(request), kept(request, pk)
    if acceptance.lift_bans(host, user.institution, by=user):
        messages.success(request, _("L’exclusion est levée."))
    return redirect(host)
