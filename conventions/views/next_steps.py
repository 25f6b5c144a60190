"""What follows a submission: printing, signatures, papers."""

from __future__ import annotations

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.session import signed_in
from conventions import documents, notifications, permissions, phases, signing, wizard, workflow
from conventions.models import Status
from conventions.views import attachments, papers
from conventions.views.access import visible
from conventions.views.journal import events_of, reason


@require_safe
def next_steps(request: HttpRequest, pk: int) -> HttpResponse:
    """The number in large, what happens next and who is told; after validation, printing and signatures."""
    user = signed_in(request)
    convention = visible(request, pk)
    if convention.is_purged:
        return redirect(convention)
    if not convention.number:
        return redirect(
            wizard.resume_url(convention) if permissions.may_edit(user, convention) else convention
        )
    prefetch_related_objects([convention], documents.STORED, "avenants")
    events = events_of(convention)
    document = convention.documents.agreed()
    return render(
        request,
        "conventions/next.html#printing" if request.headers.get("HX-Request") else "conventions/next.html",
        {
            "convention": convention,
            "document": document,
            "circuit": signing.circuit(convention, signing.people(convention, document)),
            "alert": phases.signature_alert(convention),
            "papers": papers.papers(convention, user),
            "follows": phases.what_follows(
                convention,
                notifications.told(convention),
                awaits_approval=permissions.awaits_approval(convention),
            ),
            "reason": reason(convention, events) if permissions.sees_journal(user, convention) else "",
            "is_under_way": convention.status not in phases.STOPPED,
            "label": phases.label(convention),
            "tone": phases.TONES[Status(convention.status)],
            "icon_name": phases.ICONS[Status(convention.status)],
            "owns": permissions.owns(user, convention),
            "actions": {action.name: action for action in workflow.available(convention, user)},
            "resume_url": wizard.step_url(convention, wizard.RESUME),
            "joined": attachments.section(convention, user),
        },
    )
