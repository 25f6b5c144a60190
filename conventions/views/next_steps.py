"""What follows a submission: printing, signatures, attachments."""

from __future__ import annotations

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.sign_in.session import signed_in
from conventions import documents, notices, permissions, workflow
from conventions.circuit import turns
from conventions.models import Status
from conventions.standing import alerts, cards, words
from conventions.standing.headline import headline
from conventions.standing.journal import events_of, reason
from conventions.views import attachments, bar, pdfs
from conventions.views.access import visible
from conventions.views.signatures import copy_url
from conventions.writing import steps


@require_safe
def next_steps(request: HttpRequest, pk: int) -> HttpResponse:
    """The number in large, what happens next and who is told; after validation, printing and signatures."""
    user = signed_in(request)
    convention = visible(request, pk)
    if convention.is_purged:
        return redirect(convention)
    if not convention.number:
        return redirect(
            steps.resume_url(convention) if permissions.may_edit(user, convention) else convention
        )
    prefetch_related_objects([convention], documents.STORED, "avenants")
    events = events_of(convention)
    document = convention.documents.agreed()
    status = Status(convention.status)
    stored = pdfs.links(convention, user)
    options = workflow.options(convention, user)
    return render(
        request,
        "conventions/next.html#printing" if request.headers.get("HX-Request") else "conventions/next.html",
        {
            "convention": convention,
            "document": document,
            "circuit": turns.circuit(convention, turns.people(convention, document)),
            "alert": alerts.signature_alert(convention),
            "documents": stored,
            "headline": headline(convention, certified=stored.is_ended),
            "follows": cards.what_follows(
                convention,
                notices.reached_by_submission(convention),
                awaits_approval=permissions.awaits_approval(convention),
                certified=stored.is_ended,
            ),
            "is_submitted": convention.is_submitted,
            "is_returned": convention.is_returned,
            "is_signed": convention.is_signed,
            "reason": reason(convention, events) if permissions.sees_journal(user, convention) else "",
            "is_under_way": not convention.is_stopped,
            "label": words.label(convention),
            "tone": words.TONES[status],
            "icon_name": words.ICONS[status],
            "owns": permissions.owns(user, convention),
            "signing": [one for one in bar.beside_the_signatures(options) if not one.is_destructive],
            "at_hand": bar.at_hand(options),
            "copy_url": copy_url(convention)
            if convention.awaits_signatures and permissions.may_attach_signed_copy(user, convention)
            else "",
            "resume_url": steps.step_url(convention, steps.RESUME),
            "joined": attachments.section(convention, user),
        },
    )
