"""Signatures on paper: the page that records them, a date for each party, and the scan of what was signed."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.refusals import Refused
from accounts.sign_in.rates import rate_limited
from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from conventions import legality, permissions, workflow
from conventions.attachments import deciding
from conventions.attachments.forms import SignedCopyForm
from conventions.attachments.uploads import takes_a_file
from conventions.circuit import turns
from conventions.circuit.forms import SignaturesForm
from conventions.legality import words
from conventions.models import Attachment, Avenant, Convention, Turn
from conventions.standing import alerts
from conventions.views.access import shown, visible
from conventions.views.acting import lines_of
from conventions.workflow import engine
from organisations.models import Party


@keeps_typed_text
@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, pk: int, action: str, avenant: int | None = None) -> HttpResponse:
    """Record signatures given on paper, from the first awaited on, in one go."""
    user = signed_in(request)
    convention = read(request, pk, avenant)
    asked = workflow.actions_of(convention)[action]
    if not engine.permissions_hold(asked, user, convention):
        raise Http404
    if not asked.starts_from(convention):
        messages.error(request, str(engine.moved_on(convention)))
        return redirect(convention.acted_on)
    form = form_of(request, convention)
    if request.method == "POST" and form.is_valid():
        if problem := turns.problem(convention, form.dates):
            form.add_error(problem.party if problem.party in form.fields else None, problem.text)
        else:
            known = request.POST.getlist("alerte")
            try:
                done = workflow.do(convention, action, by=user, dates=form.dates, known=known)
            except Refused as refusal:
                form.add_error(None, str(refusal))
                convention = read(request, pk, avenant)
            else:
                count = len(form.dates)
                messages.success(
                    request,
                    ngettext("Signature enregistrée.", "%(count)s signatures enregistrées.", count)
                    % {"count": count},
                )
                return redirect(after(convention, done))
    return page(request, convention, asked, form)


def after(convention: Convention, done: Convention | Avenant) -> str:
    """Return where recording leads: once all have signed, to the scan."""
    return copy_url(convention) if done.is_signed else done.get_absolute_url()


def copy_url(convention: Convention) -> str:
    """Return where the scan of the signed agreement, or of the avenant it shows, is joined."""
    if convention.avenant is None:
        return reverse("conventions:signed_copy", args=[convention.pk])
    return reverse("conventions:avenant_signed_copy", args=[convention.pk, convention.avenant.pk])


@takes_a_file
@rate_limited("upload")
@require_http_methods(["GET", "POST"])
def signed_copy(request: HttpRequest, pk: int, avenant: int | None = None) -> HttpResponse:
    """Join the scan of the signed agreement or avenant, one file after the other."""
    user, convention = signed_in(request), read(request, pk, avenant)
    if not permissions.owns_or_manages(user, convention):
        raise Http404
    if not permissions.may_attach_signed_copy(user, convention):
        messages.error(request, _("La copie signée se joint une fois toutes les signatures enregistrées."))
        return redirect(convention.acted_on)
    lines = [line for line in lines_of(convention) if line.party in turns.awaited(convention)]
    form = SignedCopyForm(
        request.POST or None,
        request.FILES or None,
        parties={line.party: signer_label(line) for line in lines},
    )
    if request.method == "POST" and form.is_valid():
        problem = turns.problem(convention, form.dates) if lines else None
        try:
            if problem:
                raise Refused(problem.text, problem.code)
            sent = deciding.attach_signed_copy(
                convention, form.cleaned_data["upload"], by=user, dates=form.dates
            )
        except Refused as refusal:
            form.add_error(problem.party or None if problem else "upload", str(refusal))
        else:
            messages.success(request, _("Pièce envoyée : %(attachment)s.") % {"attachment": sent})
            return redirect(convention.acted_on)
    return render(
        request,
        "conventions/signed_copy.html",
        {
            "convention": convention,
            "subject": convention.acted_on,
            "form": form,
            "dated": [form[line.party] for line in lines],
            "copies": [
                one
                for one in convention.attachments.filter(
                    kind=Attachment.Kind.SIGNED_AGREEMENT, avenant=convention.avenant
                ).select_related("avenant")
                if not one.is_replaced
            ],
        },
        status=422 if request.method == "POST" else 200,
    )


def read(request: HttpRequest, pk: int, avenant: int | None) -> Convention:
    """Return an agreement that this person may see, or what one of its avenants makes of it."""
    convention = visible(request, pk)
    return convention if avenant is None else shown(convention, avenant)


def form_of(request: HttpRequest, convention: Convention) -> SignaturesForm:
    """Return the form, today proposed for the party whose turn it is."""
    turn = turns.current_turn(convention, Turn.Purpose.SIGNATURE)
    records_all = permissions.records_all_signatures(signed_in(request), convention)
    return SignaturesForm(
        posted(request),
        parties={
            line.party: signer_label(line)
            for line in lines_of(convention)
            if records_all or line.party == Party.STUDENT
        },
        initial={turn.party: timezone.localdate()} if turn else {},
    )


def signer_label(line: turns.SignatureLine) -> str:
    """Return who signs and in which quality: one person may sign twice."""
    return format_html("{} <small>{}</small>", line.name, line.label) if line.name else line.label


def page(
    request: HttpRequest, convention: Convention, asked: workflow.Action, form: SignaturesForm
) -> HttpResponse:
    """Show the parties: the date of those who signed, a field for the others, and what R-01 says of the last one."""
    user = signed_in(request)
    signed_on = None if convention.avenant else turns.completed_on(convention, form.dates)
    return render(
        request,
        "conventions/signatures.html",
        {
            "convention": convention,
            "subject": convention.acted_on,
            "action": asked,
            "form": form,
            "records_all": permissions.records_all_signatures(user, convention),
            "lines": [
                (line, form[line.party] if line.state != "done" and line.party in form.fields else None)
                for line in lines_of(convention)
            ],
            "copy_url": copy_url(convention) if permissions.may_attach_signed_copy(user, convention) else "",
            "late": [
                words.explain(finding, words.nowhere)
                for finding in (legality.late(convention, signed_on) if signed_on else [])
            ],
            "alert": alerts.signature_alert(convention),
        },
        status=422 if request.method == "POST" else 200,
    )
