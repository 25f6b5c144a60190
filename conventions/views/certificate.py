"""The end of a stage, as the host declares it; its certificate is made from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.refusals import Refused
from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from conventions import permissions
from conventions.follow_up import completion, forms
from conventions.legality import words
from conventions.models import Completion, Convention
from conventions.views.access import visible
from organisations.shared import shown_in


@keeps_typed_text
@require_http_methods(["GET", "POST"])
def certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what the host declares of a stage that ends; the certificate is made from it."""
    user, convention = signed_in(request), visible(request, pk)
    if not permissions.decides(user, convention) or not completion.is_open(convention):
        raise Http404
    recorded = completion.of(convention)
    typed = posted(request)
    form = completion_form(convention, recorded, typed)
    if request.method == "GET" or not form.is_valid():
        return certificate_page(request, convention, recorded, form)
    done = {name: value for name, value in form.cleaned_data.items() if name != "confirmed"}
    for name, problem in completion.mistakes(convention, done).items():
        form.add_error(name, problem)
    lacking = completion.shortfall(convention, done) if not form.errors else None
    if form.errors or (lacking and request.POST.get("known") != lacking.key):
        return certificate_page(request, convention, recorded, form, lacking)
    try:
        completion.confirm(pk, done, by=user, seen=seen_by(request, recorded))
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return certificate_page(request, convention, completion.of(convention), form)
    messages.success(request, _("Fin de stage enregistrée : l’attestation est en préparation."))
    return redirect(f"{convention.get_absolute_url()}#documents")


def seen_by(request: HttpRequest, recorded: Completion | None) -> str:
    """Return which record the form was filled on: a page that says what it showed is merged with the one of now."""
    return completion.version(recorded) if shown_in(request.POST) else request.POST.get("seen", "")


def completion_form(convention: Convention, recorded: Completion | None, typed: Any) -> forms.CompletionForm:
    """Return the form: what was recorded, else what was planned; the plan stays beside each field."""
    planned = completion.planned(convention)
    row = recorded or Completion(convention=convention)
    form = forms.CompletionForm(
        typed,
        instance=row,
        initial={} if recorded else {**planned, "declared_on": timezone.localdate()},
        currency=row.currency,
    )
    for name, value in planned.items():
        if value is not None and not convention.is_broken_off:
            field = form.fields[name]
            field.help_text = _("%(help)s Prévu : %(value)s.") % {
                "help": field.help_text,
                "value": planned_in_words(value, field.widget.attrs.get("data-unit", "")),
            }
    return form


def planned_in_words(value: date | Decimal, unit: str) -> str:
    """Return a planned value as people read it: « 406 h », « 12/03/2027 »."""
    if isinstance(value, Decimal):
        return f"{words.number(value)}\N{NO-BREAK SPACE}{unit}"
    return completion.in_short(value)


def certificate_page(
    request: HttpRequest,
    convention: Convention,
    recorded: Completion | None,
    form: forms.CompletionForm,
    lacking: completion.Shortfall | None = None,
) -> HttpResponse:
    return render(
        request,
        "conventions/certificate.html",
        {
            "convention": convention,
            "form": form,
            "recorded": recorded,
            "seen": completion.version(recorded),
            "lacking": lacking,
            "is_broken_off": convention.is_broken_off,
        },
        status=422 if request.method == "POST" else 200,
    )
