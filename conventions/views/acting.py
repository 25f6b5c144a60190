"""Actions of the workflow: the page that asks first, then the act itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.refusals import Refused
from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from conventions import documents, workflow
from conventions.circuit import turns
from conventions.legality.words import explain, nowhere
from conventions.models import Convention, Status
from conventions.standing import alerts, words
from conventions.views.access import shown, visible
from conventions.workflow import engine, forms, guards
from conventions.writing import steps


@keeps_typed_text
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, pk: int, action: str, avenant: int | None = None) -> HttpResponse:
    """Ask for an action: its page when something is typed or weighed first, then the act itself by POST."""
    user = signed_in(request)
    convention = visible(request, pk) if avenant is None else shown(visible(request, pk), avenant)
    subject = convention.acted_on
    asked = workflow.actions_of(convention).get(action)
    if asked is None or not engine.permissions_hold(asked, user, convention):
        raise Http404
    if request.method == "GET" and not asked.starts_from(convention):
        messages.error(request, str(engine.moved_on(convention)))
        return redirect(subject)
    if request.method == "GET" and request.GET.get("lu", subject.submission) != subject.submission:
        messages.error(request, guards.changed_since(convention))
        return redirect(subject)
    option = workflow.Option(asked, workflow.Request(convention, user))
    form = form_of(option, posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            workflow.do(
                convention,
                action,
                by=user,
                party=request.POST.get("party"),
                seen=request.POST.get("lu", ""),
                known=request.POST.getlist("alerte"),
                **form.cleaned_data,
            )
        except Refused as refusal:
            return refused(request, option, form, refusal)
        done = (words.HAPPENED if avenant is None else words.AVENANT_HAPPENED)[action]
        messages.success(request, _("%(done)s.") % {"done": done})
        return redirect(asked.page_after(convention))
    return confirmation(request, option, form, status=422 if request.method == "POST" else 200)


def form_of(option: workflow.Option, data: QueryDict | None) -> forms.ActionForm:
    """Return the form of what an action asks: a comment, the last day."""
    asked = option.action
    return forms.ActionForm(
        data,
        initial={"ended_on": timezone.localdate()},
        comment_label=asked.comment_label,
        comment_required=bool(asked.comment_required(option.request)),
        comment_only_if_required=asked.comment_only_if_required,
        asks_last_day=asked.asks_last_day,
    )


def refused(
    request: HttpRequest, option: workflow.Option, form: forms.ActionForm, refusal: Refused
) -> HttpResponse:
    """Say why an action cannot be done; what was typed stays on the page, even when someone else acted first."""
    asked, avenant = option.action, option.request.convention.avenant
    convention = visible(request, option.request.convention.pk)
    if avenant:
        convention = shown(convention, avenant.pk)
    moved_on = not asked.starts_from(convention) or refusal.code == "resubmitted"
    typed = form.cleaned_data.get("comment")
    if typed or (asked.needs_page and not moved_on):
        form.add_error(None, str(refusal))
        again = workflow.Option(asked, workflow.Request(convention, option.request.by))
        return confirmation(request, again, form, status=409 if moved_on else 422)
    messages.error(request, str(refusal))
    return redirect(asked.page_to_correct(convention) if convention.is_editable else convention.acted_on)


def confirmation(
    request: HttpRequest, option: workflow.Option, form: forms.ActionForm, status: int
) -> HttpResponse:
    """Show what an action does before it is done, with what it asks."""
    asked, convention = option.action, option.request.convention
    is_agreed = convention.validated_at is not None
    context = documents.agreed_context(convention) if is_agreed else documents.agreement(convention)
    possible = asked.starts_from(convention)
    sections = documents.sections(context)
    remarks = option.request.open_remarks if asked.sends_remarks else []
    accepted = asked.accepts(option.request) if possible and asked.needs_page else []
    return render(
        request,
        "conventions/act.html",
        {
            "convention": convention,
            "action": asked,
            "form": form,
            "subject": convention.acted_on,
            "changes": documents.changed(convention),
            "possible": possible,
            "context": documents.worded(context),
            "consequences": [asked.warning, *asked.consequences] if asked.warning else [],
            "alerts": [explain(finding, nowhere) for finding in accepted],
            "facts": documents.in_brief(context, sections),
            "soon": alerts.soon(Status(convention.status), convention.start),
            "remarks": [(steps.column_label(remark.field), remark) for remark in remarks],
            "needs_remark": asked.sends_remarks and not remarks and not form.is_bound,
            "last": last_signature(convention) if asked.status_after and possible else None,
            "voided": signatures_given(convention) if asked.voids_signatures and possible else None,
        },
        status=status,
    )


def lines_of(convention: Convention) -> list[turns.SignatureLine]:
    """Return the circuit of an agreement, or of the avenant shown, by the people who were agreed on."""
    avenant = convention.avenant
    if avenant is None:
        return turns.circuit(convention, turns.people(convention, convention.documents.agreed()))
    document = avenant.documents.current().get()
    return turns.circuit(convention, turns.signers_in(document.context["before"]))


def signatures_given(convention: Convention) -> list[turns.SignatureLine]:
    """Return the signatures recorded, in turn."""
    return [line for line in lines_of(convention) if line.state == "done"]


def last_signature(convention: Convention) -> turns.SignatureLine | None:
    """Return the signature that would be taken back."""
    return next(reversed(signatures_given(convention)), None)
