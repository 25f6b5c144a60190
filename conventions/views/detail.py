"""One agreement: what it says, what happened to it, and what this reader may do."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.contrib import messages
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.middleware import keeps_typed_text, posted
from accounts.models import User
from accounts.session import signed_in
from conventions import (
    amending,
    documents,
    explanations,
    forms,
    law,
    legality,
    notifications,
    permissions,
    phases,
    remarks,
    signing,
    wizard,
    workflow,
)
from conventions.models import Avenant, Convention, Event, Remark, Status, Turn
from conventions.models.convention import AWAITS_SIGNATURES, FROZEN
from conventions.views import attachments, papers
from conventions.views.frame import shown
from organisations.models import Party
from organisations.roles import roles_of


def visible(request: HttpRequest, pk: int) -> Convention:
    """Return an agreement this person may see, or raise 404: the rest does not exist."""
    agreements = Convention.objects.visible_to(signed_in(request)).for_detail()
    return get_object_or_404(
        agreements.prefetch_related(
            "interruptions", "work_periods", signing.WITH_AUTHORS, attachments.PAPERS
        ),
        pk=pk,
    )


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything: what is agreed once it is frozen, today or on a past day (``?le=``), the row as it stands before."""
    convention = visible(request, pk)
    if convention.is_purged:
        return what_is_left(request, convention)
    form = forms.DayForm(request.GET)
    day = form.cleaned_data["le"] if form.is_valid() else None
    since = convention.validated_at and timezone.localdate(convention.validated_at)
    if (day or not form.is_valid()) and not (day and since and since <= day <= timezone.localdate()):
        messages.error(request, _("Choisissez un jour entre la validation et aujourd’hui."))
        return redirect(convention)
    return page(request, convention, day=day)


# What a purge leaves something of.
LEFT = ("programme", "organisation", "service", "stage", "time", "gratification", "follow_up")


def what_is_left(request: HttpRequest, convention: Convention) -> HttpResponse:
    """Show an agreement that was anonymised: the rows that still say something, and nothing to do."""
    context = documents.agreement(convention)
    sections = documents.sections(context)
    left = [
        (section.title, [row for row in section.rows if row.value])
        for section in sections
        if section.key in LEFT
    ]
    return render(
        request,
        "conventions/anonymised.html",
        {
            "convention": convention,
            "context": context,
            "facts": documents.by_field(sections),
            "sections": [(title, rows) for title, rows in left if rows],
            "journal": journal(events_of(convention)),
            "label": phases.label(convention),
            "tone": phases.TONES[Status(convention.status)],
            "icon_name": phases.ICONS[Status(convention.status)],
        },
    )


def page(
    request: HttpRequest,
    convention: Convention,
    unsaved: forms.RemarkForm | None = None,
    status: int = 200,
    day: date | None = None,
) -> HttpResponse:
    """Show an agreement, as it was on a past ``day`` if any.

    ``unsaved`` is a remark that could not be pinned, so that its text is not lost.
    """
    user = signed_in(request)
    if convention.validated_at:
        prefetch_related_objects([convention], documents.STORED, "avenants")
    document = convention.documents.agreed() if convention.validated_at else None
    context = documents.in_force(convention, day) if document else documents.agreement(convention)
    amendments = avenants_of(convention, user)
    remarks = permissions.remarks_seen(user, convention)
    open_remarks = [remark for remark in remarks if not remark.resolved_at]
    manages, owns = permissions.manages(user, convention), permissions.owns(user, convention)
    sections = documents.sections(context)
    events = events_of(convention)
    next_party, since = waiting(convention), events[0].at if events else None
    if convention.status in AWAITS_SIGNATURES:
        since = signing.since(convention)
    possible = {action.name for action in workflow.available(convention, user)}
    joined = attachments.section(convention, user)
    judged = None if convention.status in FROZEN else legality.case_of(convention)
    findings = law.findings(judged) if judged else []
    return render(
        request,
        "conventions/detail.html",
        {
            "convention": convention,
            "context": context,
            "owns": owns,
            "manages": manages,
            "keeps_directory": roles_of(user).keeps_directory,
            "card": phases.card(convention, next_party, since) if owns else None,
            "standing": phases.standing(
                Status(convention.status),
                convention.start,
                convention.end,
                next_party,
                since,
                manages=manages,
                follows=permissions.follows(user, convention),
            ),
            "panel": explanations.panel(judged, findings, shown_at(sections)) if judged else None,
            "reason": events[0].comment if events and owns and convention.status in phases.STOPPED else "",
            "phases": phases.track(convention),
            "soon": phases.soon(Status(convention.status), convention.start),
            "facts": documents.by_field(sections),
            "sections": pinned(sections, remarks),
            "unplaced": unplaced(sections, remarks),
            "open_remarks": [(wizard.label_of(remark.field), remark) for remark in open_remarks],
            "unsaved": unsaved,
            "may_remark": permissions.may_remark(user, convention),
            "may_edit": permissions.may_edit(user, convention),
            "differences": documents.differences(context) if manages or roles_of(user).is_admin else [],
            "changes": documents.changes_since(context, convention) if document and not day else [],
            "avenants": [(avenant, phases.avenant_badge(avenant)) for avenant in amendments],
            "effective": [
                avenant
                for avenant in amendments
                if avenant.applied_at and (day is None or timezone.localdate(avenant.applied_at) <= day)
            ],
            "may_amend": permissions.may_amend(user, convention),
            "day": day,
            "today": timezone.localdate(),
            "document": document,
            "papers": papers.papers(convention, user),
            "may_preview": permissions.may_preview(user, convention),
            "may_delete": permissions.may_delete(user, convention),
            "may_hold": permissions.may_hold(user, convention),
            "circuit": signing.circuit(convention, signing.people(convention, document)),
            "alert": phases.signature_alert(convention),
            "may_sign": "sign" in possible,
            "may_unsign": "unsign" in possible,
            "lacks_signed_copy": permissions.may_attach_signed_copy(user, convention)
            and not any(
                paper.is_signed_copy and not paper.avenant
                for paper, _may_discard, _may_decide in joined["attachments"]
            ),
            "contacts": contacts(convention, user),
            "journal": journal([event for event in events if tells(event)])
            if permissions.sees_journal(user, convention)
            else [],
            "buttons": buttons(convention, user, open_remarks, findings),
            "hint": hint(convention, user, open_remarks, findings),
            "queue": queue(convention, user) if manages else None,
            **joined,
        },
        status=status,
    )


def avenants_of(convention: Convention, user: User) -> list[Avenant]:
    """Return the avenants of an agreement in order; a draft is for those who may propose one."""
    if convention.validated_at is None:
        return []
    sees_drafts = permissions.takes_part(user, convention)
    found = [avenant for avenant in convention.avenants.all() if avenant.rank or sees_drafts]
    return sorted(found, key=lambda avenant: (avenant.rank is None, avenant.rank or 0, avenant.pk))


def shown_at(sections: list[documents.Section]) -> explanations.Link:
    """Return what leads from a field to its row on the page, nowhere when it has none."""
    fields = {row.field for section in sections for row in section.rows}
    places = {field: f"#champ-{field}" for field in fields} | {"attachments": "#attachments"}
    return lambda field: places.get(field, "")


Sections = list[tuple[documents.Section, list[tuple[documents.Row, list[Remark]]]]]


def pinned(sections: list[documents.Section], remarks: list[Remark]) -> Sections:
    """Put each remark under the row of its field; an empty row that no remark can ask for is left out."""
    return [
        (
            section,
            [
                (row, [remark for remark in remarks if row.field and remark.field == row.field])
                for row in section.rows
                if row.value or row.field not in {"", "hours_reason"}
            ],
        )
        for section in sections
    ]


def unplaced(sections: list[documents.Section], remarks: list[Remark]) -> list[tuple[str, Remark]]:
    """Return the remarks on fields that share the row of another one, with the name of their field."""
    shown = {row.field for section in sections for row in section.rows}
    return [(wizard.label_of(remark.field), remark) for remark in remarks if remark.field not in shown]


def waiting(convention: Convention) -> Party | None:
    """Return whose approval or signature comes next."""
    turn = signing.current_turn(convention, Turn.Purpose.APPROVAL)
    turn = turn or signing.current_turn(convention, Turn.Purpose.SIGNATURE)
    return Party(turn.party) if turn else None


@dataclass(frozen=True)
class Contact:
    """Somebody to write to or call about an agreement."""

    role: str | Promise
    name: str
    email: str
    phone: str


def contacts(convention: Convention, user: User) -> list[Contact]:
    """Return the people of an agreement as the directories know them today, its reader left out."""
    found = []
    if not permissions.owns(user, convention):
        student = convention.student.user
        found.append(Contact(_("Étudiant"), str(student), student.email, convention.student_phone or ""))
    for role, person in (
        (_("Tuteur professionnel"), convention.tutor),
        (_("Signataire"), convention.signatory),
    ):
        if person and not (found and found[-1].email == person.email):
            found.append(Contact(role, str(person), person.email, person.phone))
    teacher, centre = convention.teacher, convention.centre
    if teacher and not permissions.follows(user, convention):
        found.append(Contact(_("Enseignant référent"), str(teacher), teacher.user.email, teacher.phone))
    if centre and not permissions.manages(user, convention):
        found.append(Contact(_("Centre de gestion"), centre.name, centre.mailbox, centre.phone))
    return found


@dataclass(frozen=True)
class Entry:
    """One line of the journal, as the page tells it."""

    label: str | Promise
    tone: str
    event: Event


TONES = {
    "approve": "ok",
    "validate": "ok",
    "sign": "ok",
    "take_effect": "ok",
    "return": "wait",
    "unsign": "wait",
    "refuse": "stop",
    "terminate": "stop",
    "cancel": "stop",
}


def events_of(subject: Convention | Avenant) -> list[Event]:
    """Return what happened to an agreement and its avenants, or to one of them, the last first."""
    # An avenant is named by the number of its agreement, read once for them all.
    events = subject.events.select_related("actor").prefetch_related("avenant__convention")
    return list(events.order_by("-at", "-pk"))


# What the journal of an agreement tells of its avenants; each has its own for the rest.
MILESTONES = {"submit", "validate", "refuse", "cancel", "take_effect"}


def tells(event: Event) -> bool:
    return event.avenant_id is None or event.action in MILESTONES


def journal(events: list[Event]) -> list[Entry]:
    return [
        Entry(
            (phases.AVENANT_HAPPENED if event.avenant_id else phases.HAPPENED).get(
                event.action, event.action
            ),
            TONES.get(event.action, ""),
            event,
        )
        for event in events
    ]


@dataclass(frozen=True)
class Button:
    """Something this person may do now: a form that acts at once, or a link to a page that asks first."""

    label: str | Promise
    url: str
    acts: bool
    is_primary: bool = False
    is_destructive: bool = False


def buttons(
    convention: Convention, user: User, open_remarks: list[Remark], findings: list[law.Finding]
) -> list[Button]:
    """Return what is possible now, the least usual first and what is expected last."""
    found = []
    is_stopped = any(finding.stops for finding in findings)
    # Whoever asks for an exception explains it on the summary of the wizard.
    needs_words = is_stopped or any(finding.asks_an_exception for finding in findings)
    for action in workflow.available(convention, user):
        # Beside the signatures: a student prints first, and nobody takes one back by habit.
        if action.name == "unsign" or (action.name == "sign" and permissions.owns(user, convention)):
            continue
        if action.name == "submit" and (open_remarks or needs_words or wizard.first_incomplete(convention)):
            continue
        if action.name == "validate" and (
            open_remarks
            or is_stopped
            or permissions.awaits_approval(convention)
            or legality.awaits_insurance(convention)
            or wizard.first_incomplete(convention)
        ):
            continue
        found.append(
            Button(
                action.label,
                reverse("conventions:act", args=[convention.pk, action.name])
                + (f"?lu={convention.submission}" if action.needs_page else ""),
                acts=not action.needs_page,
                is_primary=action.is_primary or bool(action.name == "return" and open_remarks),
                is_destructive=action.is_destructive,
            )
        )
    if permissions.may_edit(user, convention):
        ready = any(button.is_primary for button in found)
        owns = permissions.owns(user, convention)
        label = _("Reprendre la saisie") if convention.status == Status.DRAFT else _("Corriger")
        found.append(
            Button(
                label if owns else _("Modifier à sa place"),
                wizard.step_url(convention, wizard.RESUME),
                acts=False,
                is_primary=owns and not ready,
            )
        )
    return sorted(found, key=lambda button: (button.is_primary, not button.is_destructive))


def hint(convention: Convention, user: User, open_remarks: list[Remark], findings: list[law.Finding]) -> str:
    """Return what to know before pressing a button of the bar."""
    is_judged = convention.status == Status.SUBMITTED and permissions.decides(user, convention)
    if is_judged and not open_remarks and any(finding.stops for finding in findings):
        return _("Une règle de droit empêche la validation : demandez une correction.")
    if is_judged and not open_remarks and wizard.first_incomplete(convention):
        return wizard.first_mistake(convention) or _("Il manque des informations : demandez une correction.")
    if open_remarks and permissions.may_remark(user, convention):
        return ngettext(
            "%(count)s remarque épinglée, que l’étudiant ne voit pas encore.",
            "%(count)s remarques épinglées, que l’étudiant ne voit pas encore.",
            len(open_remarks),
        ) % {"count": len(open_remarks)}
    if permissions.awaits_approval(convention) and permissions.follows(user, convention):
        return _("Votre approbation permettra au gestionnaire de valider.")
    if permissions.awaits_approval(convention) and permissions.manages(user, convention):
        return _("La validation attend l’approbation de l’enseignant référent.")
    if is_judged and legality.awaits_insurance(convention):
        return str(workflow.ACCEPT_INSURANCE)
    if convention.status == Status.SUBMITTED and permissions.manages(user, convention):
        return str(workflow.IRREVERSIBLE)
    return ""


@dataclass(frozen=True)
class Queue:
    """The agreements a manager has to validate, and the place of this one among them."""

    total: int
    rank: int  # from 1; 0 when it is not, or no longer, one of them
    previous: int | None
    following: int | None


def queue(convention: Convention, user: User) -> Queue:
    """Return it in the order of the home page, the first to start first; ``following`` is what comes next."""
    handled = Convention.objects.filter(centre__in=roles_of(user).centre_ids, status=Status.SUBMITTED)
    waiting = list(handled.order_by("start", "submitted_at").values_list("pk", flat=True))
    rank = waiting.index(convention.pk) + 1 if convention.pk in waiting else 0
    return Queue(
        len(waiting),
        rank,
        waiting[rank - 2] if rank > 1 else None,
        waiting[rank] if rank < len(waiting) else None,
    )


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
    asked = (workflow if avenant is None else amending).ACTIONS.get(action)
    if asked is None or not workflow.permissions_hold(asked, user, convention):
        raise Http404
    if request.method == "GET" and subject.status not in asked.sources:
        messages.error(request, workflow.moved_on(convention))
        return redirect(subject)
    if request.method == "GET" and request.GET.get("lu", subject.submission) != subject.submission:
        messages.error(request, str(workflow.RESUBMITTED))
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
        do = partial(workflow.act, pk) if avenant is None else partial(amending.act, avenant)
        try:
            do(
                action,
                by=user,
                party=request.POST.get("party", ""),
                seen=request.POST.get("lu", ""),
                known=request.POST.getlist("alerte") if action == "validate" else None,
                **form.cleaned_data,
            )
        except workflow.Refused as refusal:
            return refused(request, convention, asked, form, refusal)
        done = (phases.HAPPENED if avenant is None else phases.AVENANT_HAPPENED)[action]
        messages.success(request, _("%(done)s.") % {"done": done})
        return redirect(wizard.after_url(convention) if action == "submit" and avenant is None else subject)
    return confirmation(request, convention, asked, form, status=422 if request.method == "POST" else 200)


def refused(
    request: HttpRequest,
    convention: Convention,
    asked: workflow.Action,
    form: forms.ActionForm,
    refusal: workflow.Refused,
) -> HttpResponse:
    """Say why an action cannot be done; what was typed stays on the page, even when someone else acted first."""
    avenant = convention.amended_by
    convention = visible(request, convention.pk)
    if avenant:
        convention = shown(convention, avenant.pk)
    subject = convention.acted_on
    moved_on = subject.status not in asked.sources or isinstance(refusal, workflow.Resubmitted)
    typed = form.cleaned_data.get("comment")
    if typed or (asked.needs_page and not moved_on):
        form.add_error(None, str(refusal))
        return confirmation(request, convention, asked, form, status=409 if moved_on else 422)
    messages.error(request, str(refusal))
    if convention.is_editable and asked.name == "submit" and avenant is None:
        return redirect(wizard.resume_url(convention))
    return redirect(subject)


def confirmation(
    request: HttpRequest, convention: Convention, asked: workflow.Action, form: forms.ActionForm, status: int
) -> HttpResponse:
    """Show what an action does before it is done, with what it asks."""
    document = convention.documents.agreed()
    context = document.context if document else documents.agreement(convention)
    sections = documents.sections(context)
    open_remarks = [] if asked.name != "return" else convention.own_remarks.filter(resolved_at__isnull=True)
    findings = legality.review(convention) if asked.name == "validate" else []
    return render(
        request,
        "conventions/act.html",
        {
            "convention": convention,
            "action": asked,
            "form": form,
            "subject": convention.acted_on,
            "changes": documents.changed(convention),
            "possible": convention.acted_on.status in asked.sources,
            "context": context,
            "consequences": consequences(convention, asked),
            "alerts": [
                explanations.explain(finding, explanations.nowhere)
                for finding in findings
                if finding.asks_a_reason
            ],
            "facts": documents.by_field(sections),
            "soon": phases.soon(Status(convention.status), convention.start),
            "remarks": [(wizard.label_of(remark.field), remark) for remark in open_remarks],
            "needs_remark": asked.name == "return" and not open_remarks and not form.is_bound,
            "last": last_signature(convention) if asked.name == "unsign" else None,
        },
        status=status,
    )


def consequences(convention: Convention, asked: workflow.Action) -> list[str | Promise]:
    """Return what an action does, its own warning first."""
    if not asked.warning:
        return []
    more = () if convention.amended_by else CONSEQUENCES.get(asked.name, ())
    return [asked.warning, *more]


def lines_of(convention: Convention) -> list[signing.Line]:
    """Return the circuit of an agreement, or of the avenant shown, by the people who were agreed on."""
    avenant = convention.amended_by
    if avenant is None:
        return signing.circuit(convention, signing.people(convention, convention.documents.agreed()))
    document = avenant.documents.get()
    return signing.circuit(convention, signing.signers_in(document.context["before"]))


def last_signature(convention: Convention) -> signing.Line | None:
    """Return the signature that would be taken back."""
    return next((line for line in reversed(lines_of(convention)) if line.state == "done"), None)


def locked(request: HttpRequest, pk: int, avenant: int | None = None) -> Convention:
    """Return an agreement that this person may see, locked: nobody sends it back while a remark is written."""
    agreements = Convention.objects.visible_to(signed_in(request)).select_for_update(of=("self",))
    convention = get_object_or_404(agreements, pk=pk)
    return convention if avenant is None else shown(convention, avenant, is_locked=True)


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
    fields = {*wizard.STEP_OF_FIELD, *(["reason"] if avenant else [])}
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
    if not permissions.may_remark(signed_in(request), convention):
        raise Http404
    pinned = get_object_or_404(convention.own_remarks.filter(resolved_at__isnull=True), pk=remark)
    pinned.delete()
    return redirect(f"{convention.acted_on.get_absolute_url()}#champ-{pinned.field}")


@require_safe
def next_steps(request: HttpRequest, pk: int) -> HttpResponse:
    """The number in large, what happens next and who is told; after validation, printing and signatures."""
    user = signed_in(request)
    convention = get_object_or_404(
        Convention.objects.visible_to(user)
        .for_detail()
        .prefetch_related(signing.WITH_AUTHORS, attachments.PAPERS),
        pk=pk,
    )
    if convention.is_purged:
        return redirect(convention)
    if not convention.number:
        return redirect(
            wizard.resume_url(convention) if permissions.may_edit(user, convention) else convention
        )
    event = convention.events.select_related("actor").last()
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
            "event": event if permissions.sees_journal(user, convention) else None,
            "is_under_way": convention.status not in phases.STOPPED,
            "label": phases.label(convention),
            "tone": phases.TONES[Status(convention.status)],
            "icon_name": phases.ICONS[Status(convention.status)],
            "owns": permissions.owns(user, convention),
            "actions": {action.name: action for action in workflow.available(convention, user)},
            "resume_url": wizard.step_url(convention, wizard.RESUME),
            **attachments.section(convention, user),
        },
    )


@require_safe
def pdf(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """The stored agreement, as it was made at validation."""
    convention = visible(request, pk)
    document = convention.documents.agreed()
    # A cancelled agreement stays readable, on its page only.
    if document is None or not convention.is_in_force:
        raise Http404
    if not document.is_ready:
        messages.info(request, _("Le PDF est en préparation : il sera prêt dans quelques secondes."))
        owns = permissions.owns(signed_in(request), convention)
        return redirect(wizard.after_url(convention) if owns else convention)
    return FileResponse(
        io.BytesIO(document.content()),
        filename=f"convention-{convention.number}.pdf",
        content_type="application/pdf",
    )


@require_safe
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft of the agreement, watermarked, for the managers of its centre."""
    convention = visible(request, pk)
    if not permissions.may_preview(signed_in(request), convention):
        raise Http404
    answer = HttpResponse(documents.preview(convention), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="apercu-{convention.pk}.pdf"'
    return answer
