"""Actions of the workflow: their buttons, the page that asks first, then the act itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.refusals import Refused
from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from conventions import documents, legality, workflow
from conventions.circuit import turns
from conventions.legality.words import explain, nowhere
from conventions.models import Convention, Status
from conventions.standing import alerts, words
from conventions.views.access import shown, visible
from conventions.workflow import avenants, engine, forms, guards
from conventions.writing import steps


@dataclass(frozen=True)
class Button:
    """Something this person may do now: a form that acts at once, or a link to a page that asks first."""

    label: str | Promise
    url: str
    acts: bool
    is_primary: bool = False
    is_destructive: bool = False


def button_of(action: engine.Action, convention: Convention, *, is_asked: bool) -> Button:
    """Return the button of an action on an agreement, or on the avenant it shows; ``is_asked`` is what comes next."""
    avenant = convention.avenant
    page = "conventions:act" if avenant is None else "conventions:avenant_act"
    keys = [convention.pk, action.name] if avenant is None else [convention.pk, avenant.pk, action.name]
    read = f"?lu={convention.acted_on.submission}" if action.needs_page else ""
    return Button(
        action.label,
        reverse(page, args=keys) + read,
        acts=not action.needs_page,
        is_primary=action.is_primary or is_asked,
        is_destructive=action.is_destructive,
    )


def in_order(buttons: Iterable[Button]) -> list[Button]:
    """Return the least usual first and what is expected last."""
    return sorted(buttons, key=lambda button: (button.is_primary, not button.is_destructive))


# What follows an action, beyond its own warning.
BOTH_TOLD = gettext_lazy("L’étudiant et l’enseignant référent reçoivent un courriel.")


CONSEQUENCES = {
    "validate": (
        gettext_lazy("Le PDF est créé : l’étudiant peut l’imprimer et le faire signer."),
        BOTH_TOLD,
    ),
    "refuse": (gettext_lazy("L’étudiant reçoit un courriel avec la raison."),),
    "terminate": (BOTH_TOLD,),
    "unsign": (gettext_lazy("L’étudiant reçoit un courriel avec la raison."),),
}


@keeps_typed_text
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, pk: int, action: str, avenant: int | None = None) -> HttpResponse:
    """Ask for an action: its page when something is typed or weighed first, then the act itself by POST."""
    user = signed_in(request)
    convention = visible(request, pk) if avenant is None else shown(visible(request, pk), avenant)
    subject = convention.acted_on
    asked = (workflow if avenant is None else avenants).ACTIONS.get(action)
    if asked is None or not engine.permissions_hold(asked, user, convention):
        raise Http404
    if request.method == "GET" and subject.status not in asked.sources:
        messages.error(request, engine.moved_on(convention))
        return redirect(subject)
    if request.method == "GET" and request.GET.get("lu", subject.submission) != subject.submission:
        messages.error(request, str(guards.RESUBMITTED))
        return redirect(subject)
    typed = posted(request)
    form = forms.ActionForm(
        typed,
        initial={"ended_on": timezone.localdate()},
        comment_label=asked.comment_label,
        comment_required=asked.comment_required(convention),
        comment_only_if_required=asked.comment_only_if_required,
        asks_last_day=asked.asks_last_day,
    )
    if request.method == "POST" and form.is_valid():
        do = partial(workflow.act, pk) if avenant is None else partial(avenants.act, avenant)
        try:
            do(
                action,
                by=user,
                party=request.POST.get("party", ""),
                seen=request.POST.get("lu", ""),
                known=request.POST.getlist("alerte") if action == "validate" else None,
                **form.cleaned_data,
            )
        except Refused as refusal:
            return refused(request, convention, asked, form, refusal)
        done = (words.HAPPENED if avenant is None else words.AVENANT_HAPPENED)[action]
        messages.success(request, _("%(done)s.") % {"done": done})
        return redirect(steps.after_url(convention) if action == "submit" and avenant is None else subject)
    return confirmation(request, convention, asked, form, status=422 if request.method == "POST" else 200)


def refused(
    request: HttpRequest,
    convention: Convention,
    asked: engine.Action,
    form: forms.ActionForm,
    refusal: Refused,
) -> HttpResponse:
    """Say why an action cannot be done; what was typed stays on the page, even when someone else acted first."""
    avenant = convention.avenant
    convention = visible(request, convention.pk)
    if avenant:
        convention = shown(convention, avenant.pk)
    subject = convention.acted_on
    moved_on = subject.status not in asked.sources or refusal.code == "resubmitted"
    typed = form.cleaned_data.get("comment")
    if typed or (asked.needs_page and not moved_on):
        form.add_error(None, str(refusal))
        return confirmation(request, convention, asked, form, status=409 if moved_on else 422)
    messages.error(request, str(refusal))
    if convention.is_editable and asked.name == "submit" and avenant is None:
        return redirect(steps.resume_url(convention))
    return redirect(subject)


def confirmation(
    request: HttpRequest, convention: Convention, asked: engine.Action, form: forms.ActionForm, status: int
) -> HttpResponse:
    """Show what an action does before it is done, with what it asks."""
    is_agreed = convention.validated_at is not None
    context = documents.in_force(convention) if is_agreed else documents.agreement(convention)
    possible = convention.acted_on.status in asked.sources
    sections = documents.sections(context)
    open_remarks = [] if asked.name != "return" else convention.own_remarks.filter(resolved_at__isnull=True)
    findings = legality.review(convention) if asked.name == "validate" and possible else []
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
            "consequences": consequences(convention, asked),
            "alerts": [explain(finding, nowhere) for finding in findings if finding.asks_a_reason],
            "facts": documents.in_brief(context, sections),
            "soon": alerts.soon(Status(convention.status), convention.start),
            "remarks": [(steps.label_of(remark.field), remark) for remark in open_remarks],
            "needs_remark": asked.name == "return" and not open_remarks and not form.is_bound,
            "last": last_signature(convention) if asked.name == "unsign" and possible else None,
        },
        status=status,
    )


def consequences(convention: Convention, asked: engine.Action) -> list[str | Promise]:
    """Return what an action does, its own warning first."""
    if not asked.warning:
        return []
    more = () if convention.avenant else CONSEQUENCES.get(asked.name, ())
    return [asked.warning, *more]


def lines_of(convention: Convention) -> list[turns.Line]:
    """Return the circuit of an agreement, or of the avenant shown, by the people who were agreed on."""
    avenant = convention.avenant
    if avenant is None:
        return turns.circuit(convention, turns.people(convention, convention.documents.agreed()))
    document = avenant.documents.get()
    return turns.circuit(convention, turns.signers_in(document.context["before"]))


def last_signature(convention: Convention) -> turns.Line | None:
    """Return the signature that would be taken back."""
    return next((line for line in reversed(lines_of(convention)) if line.state == "done"), None)
