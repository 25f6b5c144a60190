"""Avenants: what changes and why, before and after side by side, and what may be done with it."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.refusals import Refused
from accounts.sign_in.rates import rate_limited
from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from conventions import documents, law, permissions, workflow
from conventions.circuit import turns
from conventions.legality import words
from conventions.models import Amended, Attachment, Avenant, Convention, Document, Event, Remark
from conventions.standing import alerts, destination, staff
from conventions.standing.buttons import Button, in_order
from conventions.standing.journal import events_of, journal
from conventions.views import bar, pdfs
from conventions.views.access import load, shown, visible
from conventions.views.frame import answer_remarks, page, places, show_locked
from conventions.workflow import avenants
from conventions.writing import changes, steps
from conventions.writing.purpose import PurposeForm


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@rate_limited("avenant")
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin an avenant: what changes, why, from when."""
    user = signed_in(request)
    agreements = Convention.objects.visible_to(user).select_related("student__user", "organisation", "centre")
    convention = get_object_or_404(agreements.prefetch_related("avenants"), pk=pk)
    if not permissions.takes_part(user, convention) or convention.validated_at is None:
        raise Http404
    form = PurposeForm(posted(request), convention=convention)
    if not permissions.may_amend(user, convention):
        if form.is_valid() and (same := avenants.begun(convention, by=user, **form.cleaned_data)):
            return redirect(steps.resume_url(changes.proposed(same)))
        messages.error(
            request,
            _(
                "Cette convention ne peut pas recevoir d’avenant maintenant : un autre est ouvert, ou le stage est fini."
            ),
        )
        return redirect(convention)
    if request.method == "POST" and form.is_valid():
        try:
            avenant = avenants.begin(pk, by=user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(steps.resume_url(changes.proposed(avenant)))
    return render(
        request,
        "conventions/avenant_begin.html",
        {"convention": convention, "form": form},
        status=422 if request.method == "POST" else 200,
    )


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def purpose(request: HttpRequest, pk: int, avenant: int) -> HttpResponse:
    """The first page of an avenant that is being written: its kinds, its reason, its day."""
    convention = load(request, pk, avenant)
    form = PurposeForm(posted(request), instance=convention.avenant, convention=convention.before)
    if not convention.is_editable:
        is_late = request.method == "POST"
        return show_locked(request, convention, [form]) if is_late else redirect(convention.avenant)
    if request.method == "POST" and form.is_valid():
        form.save()
        again = changes.proposed(convention.avenant, convention.before)
        changes.record(again)
        answer_remarks(again, request)
        return redirect(steps.resume_url(again))
    return page(
        request, convention, None, "conventions/steps/objet.html", {"form": form, "is_purpose": True}, form
    )


@require_safe
def detail(request: HttpRequest, pk: int, avenant: int) -> HttpResponse:
    """An avenant: what it changes, what the law says of the result, whose turn it is, what may be done."""
    user, agreement = signed_in(request), visible(request, pk)
    if agreement.is_purged:
        return redirect(agreement)
    convention = shown(agreement, avenant)
    if convention.avenant.rank is None and not permissions.takes_part(user, convention):
        raise Http404
    return render(request, "conventions/avenant.html", context_of(request, convention, user))


def context_of(request: HttpRequest, convention: Amended, user: User) -> dict[str, object]:
    """Return all that the page of an avenant shows."""
    avenant = convention.avenant
    document = avenant.documents.current().first() if avenant.validated_at else None
    before, after = sides(convention, document)
    compared = documents.compare(before, after)
    asked = workflow.Request(convention, user)
    remarks = permissions.remarks_seen(user, convention)
    events = events_of(avenant)
    return {
        "convention": convention,
        "avenant": avenant,
        "standing": standing(convention, user, events),
        "rows": [(change, [one for one in remarks if one.field == change.field]) for change in compared],
        "unplaced": unplaced(compared, remarks),
        "panel": None
        if avenant.is_frozen
        else words.panel(asked.case, asked.findings, shown_at(convention, compared)),
        "alert": alerts.signature_alert(convention),
        "departure": destination.departure(convention),
        "document": document if document and pdfs.may_open(document, convention) else None,
        "is_to_print": avenant.is_to_print,
        "copies": signed_copies(convention, user),
        "is_complete": avenant.is_signed,
        "may_attach": permissions.may_attach_signed_copy(user, convention),
        "owns": permissions.owns(user, convention),
        "circuit": turns.circuit(convention, turns.signers_in(before)) if document else [],
        "journal": journal(events) if permissions.sees_journal(user, convention) else [],
        "reason": events[0].comment if events and avenant.is_given_up else "",
        **about_remarks(convention, user, remarks),
        **to_do(convention, user, asked, remarks),
    }


def about_remarks(convention: Amended, user: User, remarks: list[Remark]) -> dict[str, object]:
    """Return which remarks are open, and what this reader may do of them."""
    open_remarks = [remark for remark in remarks if remark.resolved_at is None]
    return {
        "open_remarks": [(steps.column_label(remark.field), remark) for remark in open_remarks],
        "deletable": [one for one in open_remarks if permissions.may_delete_remark(user, convention, one)],
        "may_remark": permissions.may_remark(user, convention),
        "answers_remarks": permissions.may_answer_remarks(user, convention),
    }


def to_do(
    convention: Amended, user: User, asked: workflow.Request, remarks: list[Remark]
) -> dict[str, object]:
    """Return what this reader may do now: fill the avenant while it is being written, act on it."""
    avenant, options = convention.avenant, workflow.options_of(asked)
    if not permissions.may_edit(user, convention):
        return {
            "steps": [],
            "may_delete": False,
            "missing_kinds": [],
            "problem": "",
            "buttons": buttons(options, convention, user, ""),
            "hint": bar.hint(options, SAID_ALREADY),
        }
    problem = avenants.unfinished(convention)
    return {
        "steps": [place for place in places(convention, "", remarks) if place.slug != steps.RECAP],
        "may_delete": avenant.rank is None,
        "missing_kinds": missing_kinds(avenant, [] if avenant.is_frozen else asked.findings),
        "problem": problem,
        "buttons": buttons(options, convention, user, problem),
        "hint": "",  # what whoever writes it lacks is said at the top
    }


def sides(convention: Amended, document: Document | None) -> tuple[documents.Context, documents.Context]:
    """Return what an avenant changes and what it makes of it: as its document froze them, else as they are."""
    if document is None:
        return documents.both_sides(convention)
    frozen = documents.read(document.context)
    return frozen["before"], frozen["after"]


def standing(convention: Amended, user: User, events: list[Event]) -> staff.Standing:
    """Return where an avenant stands, for one reader; ``events`` are its own, the last first."""
    avenant, owns = convention.avenant, permissions.owns(user, convention)
    moved_at = events[0].at if events else None
    return staff.avenant_standing(
        avenant,
        turns.waiting(convention),
        turns.since(convention) if avenant.awaits_signatures else moved_at,
        decides=permissions.decides(user, convention),
        follows=permissions.follows(user, convention),
        secures=permissions.secures(user, convention),
        owns=owns,
        forbidden=turns.is_forbidden(convention),
        holds=owns or avenant.created_by_id == user.pk,
    )


def signed_copies(convention: Amended, user: User) -> list[Attachment]:
    """Return the scans of the avenant as it is signed now, for whoever reads them."""
    return [
        attachment
        for attachment in convention.attachments.all()
        if attachment.avenant == convention.avenant
        and attachment.is_signed_copy
        and permissions.may_read(user, convention, attachment)
        and (attachment.is_waiting or turns.is_of_now(convention, attachment.looked_at))
    ]


# What holds an avenant and its page says elsewhere: its state, its remarks, the law, the signatures of the agreement.
SAID_ALREADY = dict.fromkeys(
    ("approval_awaited", "approval_not_awaited", "remark_pending", "unlawful", "agreement_unsigned"), ""
)


def shown_at(convention: Convention, compared: list[documents.Change]) -> words.Link:
    """Return what leads from a field to its line on the page, and to the attachments of the agreement."""
    attachments = f"{reverse('conventions:detail', args=[convention.pk])}#attachments"
    places = {change.field: f"#champ-{change.field}" for change in compared} | {"attachments": attachments}
    return lambda field: places.get(field, "")


def missing_kinds(avenant: Avenant, findings: list[law.Finding]) -> list[str]:
    """Return what to add to the purpose of an avenant, so that what the law asks of the result can be written."""
    needed: dict[str, None] = {}
    for finding in findings:
        if finding.stops and finding.field not in avenant.may_change:
            needed |= dict.fromkeys(str(kind.label) for kind in changes.kinds_that_open(finding.field)[:1])
    return list(needed)


def unplaced(compared: list[documents.Change], remarks: list[Remark]) -> list[tuple[str, Remark]]:
    """Return the remarks on what changes no more, and those on the purpose of the avenant."""
    rows = {change.field for change in compared}
    return [(steps.column_label(remark.field), remark) for remark in remarks if remark.field not in rows]


def buttons(options: list[workflow.Option], convention: Amended, user: User, problem: str) -> list[Button]:
    """Return what is possible now, what is expected last; what would be refused is not offered."""
    found = bar.at_the_foot(options)
    if permissions.may_edit(user, convention):
        found.append(to_fill(convention, problem))
    return in_order(found)


def to_fill(convention: Amended, problem: str) -> Button:
    """Return what leads to the first remark to treat, else to where the avenant is taken up."""
    fields = [remark.field for remark in convention.open_remarks]
    is_primary = bool(problem or fields)
    opened = steps.steps_of(convention)
    for field in fields:
        if field == "reason" or any(step.holds(field) for step in opened):
            url = steps.field_url(convention, field)
            return Button(_("Corriger"), url, acts=False, is_primary=is_primary)
    label = _("Continuer") if problem else _("Modifier")
    return Button(label, steps.resume_or_purpose(convention), acts=False, is_primary=is_primary)


@require_POST
@transaction.atomic
def delete(request: HttpRequest, pk: int, avenant: int) -> HttpResponse:
    """Delete an avenant that was never submitted."""
    convention = load(request, pk, avenant)
    if not convention.is_editable or convention.avenant.rank is not None:
        messages.error(request, _("Un avenant déjà soumis ne se supprime pas : annulez-le."))
        return redirect(convention.avenant)
    changes.delete(convention.avenant)
    messages.success(request, _("Brouillon d’avenant supprimé."))
    return redirect("conventions:detail", pk)


@require_POST
@transaction.atomic
def answer(request: HttpRequest, pk: int, avenant: int) -> HttpResponse:
    """Answer the remarks on an avenant, from its own page."""
    convention = load(request, pk, avenant)
    answer_remarks(convention, request)
    return redirect(convention.acted_on)
