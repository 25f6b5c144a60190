"""One agreement: what it says, what happened to it, and what this reader may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.sign_in.session import signed_in
from conventions import documents, law, legality, permissions, workflow
from conventions.circuit import turns
from conventions.desk.columns import QUEUE
from conventions.legality import insurance
from conventions.legality.words import Link, panel
from conventions.models import Avenant, Convention, Remark, Status
from conventions.models.status import FROZEN
from conventions.standing import alerts, cards, staff, words
from conventions.standing.headline import since_agreed
from conventions.standing.journal import events_of, journal, reason, tells
from conventions.standing.journal import since as since_when
from conventions.views import attachments, papers
from conventions.views.access import visible
from conventions.views.acting import Button, button_of, in_order
from conventions.workflow import agreements, guards
from conventions.writing import forms, steps
from organisations.models.roles import roles_of


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
            "context": documents.worded(context),
            "facts": documents.in_brief(context, sections),
            "sections": [(title, rows) for title, rows in left if rows],
            "journal": journal(events_of(convention)),
            "label": words.label(convention),
            "tone": words.TONES[Status(convention.status)],
            "icon_name": words.ICONS[Status(convention.status)],
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
    next_party, since = turns.waiting(convention), since_when(convention, events)
    possible = {action.name for action in workflow.available(convention, user)}
    joined, stored = attachments.section(convention, user), papers.papers(convention, user)
    judged = None if convention.status in FROZEN else legality.case_of(convention)
    findings = law.findings(judged) if judged else []
    card = cards.card(convention, next_party, since, certified=stored.is_ended) if owns else None
    effective = [
        avenant
        for avenant in amendments
        if avenant.applied_at and (day is None or timezone.localdate(avenant.applied_at) <= day)
    ]
    return render(
        request,
        "conventions/detail.html",
        {
            "convention": convention,
            "owns": owns,
            "queue": queue(convention, user) if manages else None,
            "head": {
                "context": documents.worded(context),
                "papers": stored,
                "document": document,
                "may_preview": permissions.may_preview(user, convention),
                "is_broken_off": convention.status == Status.TERMINATED,
            },
            "unsaved": unsaved,
            "brief": {
                "card": card,
                "standing": staff.standing(
                    Status(convention.status),
                    convention.start,
                    convention.end,
                    next_party,
                    since,
                    manages=permissions.decides(user, convention),
                    follows=permissions.follows(user, convention),
                    certified=stored.is_ended,
                ),
                "open_remarks": [(steps.label_of(remark.field), remark) for remark in open_remarks],
                "panel": panel(judged, findings, shown_at(sections)) if judged else None,
                "reason": reason(convention, events) if owns else "",
                "context": documents.worded(context),
                "facts": documents.in_brief(context, sections),
                "soon": alerts.soon(Status(convention.status), convention.start),
                "phases": words.track(convention),
            },
            "alert": alerts.signature_alert(convention),
            "agreed": {
                "document": document,
                "day": day,
                "effective": effective,
                "since_agreed": since_agreed(convention),
            },
            "changes": documents.changes_since(context, convention) if document and not day else [],
            "unplaced": unplaced(sections, remarks),
            "amendments": {
                "avenants": [(avenant, staff.avenant_badge(avenant)) for avenant in amendments],
                "effective": effective,
                "may_amend": permissions.may_amend(user, convention),
                "day": day,
                "today": timezone.localdate(),
            },
            "differences": documents.differences(context) if manages or roles_of(user).is_admin else [],
            "joined": joined,
            "sections": pinned(sections, remarks),
            "rights": {
                "keeps_directory": roles_of(user).keeps_directory,
                "may_edit": permissions.may_edit(user, convention),
                "may_remark": permissions.may_remark(user, convention),
                "deletable": [
                    one for one in open_remarks if permissions.may_delete_remark(user, convention, one)
                ],
            },
            "papers": stored,
            "signatures": {
                "circuit": turns.circuit(convention, turns.people(convention, document)),
                "is_agreed": document is not None,
                "lacks_signed_copy": permissions.may_attach_signed_copy(user, convention)
                and not any(
                    paper.is_signed_copy
                    and not paper.avenant
                    and turns.is_of_now(convention, paper.uploaded_at)
                    for paper, _may_discard, _may_decide in joined["attachments"]
                ),
                "may_sign": "sign" in possible,
                "may_unsign": "unsign" in possible,
            },
            "journal": journal([event for event in events if tells(event)])
            if permissions.sees_journal(user, convention)
            else [],
            "contacts": contacts(convention, user),
            "upkeep": {
                "owns": owns,
                "may_hold": permissions.may_hold(user, convention),
                "may_copy": card is not None and card.can_be_copied,
                "may_delete": permissions.may_delete(user, convention),
            },
            "buttons": buttons(convention, user, open_remarks, findings, stored),
            "hint": hint(convention, user, open_remarks, findings),
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


def shown_at(sections: list[documents.Section]) -> Link:
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
    return [(steps.label_of(remark.field), remark) for remark in remarks if remark.field not in shown]


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


def buttons(
    convention: Convention,
    user: User,
    open_remarks: list[Remark],
    findings: list[law.Finding],
    stored: papers.Papers,
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
        if action.name == "submit" and (open_remarks or needs_words or steps.first_incomplete(convention)):
            continue
        if action.name == "validate" and (
            open_remarks
            or is_stopped
            or permissions.awaits_approval(convention)
            or insurance.awaits_insurance(convention)
            or steps.first_incomplete(convention)
        ):
            continue
        found.append(button_of(action, convention, is_asked=action.name == "return" and bool(open_remarks)))
    if permissions.may_edit(user, convention):
        ready = any(button.is_primary for button in found)
        owns = permissions.owns(user, convention)
        label = _("Reprendre la saisie") if convention.status == Status.DRAFT else _("Corriger")
        found.append(
            Button(
                label if owns else _("Modifier à sa place"),
                steps.step_url(convention, steps.RESUME),
                acts=False,
                is_primary=owns and not ready,
            )
        )
    if stored.end_url and not stored.is_ended:
        is_due = convention.status == Status.TERMINATED or words.is_over(convention.end)
        found.append(Button(_("Enregistrer la fin du stage"), stored.end_url, acts=False, is_primary=is_due))
    return in_order(found)


def hint(convention: Convention, user: User, open_remarks: list[Remark], findings: list[law.Finding]) -> str:
    """Return what to know before pressing a button of the bar."""
    is_judged = convention.status == Status.SUBMITTED and permissions.decides(user, convention)
    if is_judged and not open_remarks and any(finding.stops for finding in findings):
        return _("Une règle de droit empêche la validation : demandez une correction.")
    if is_judged and not open_remarks and steps.first_incomplete(convention):
        return steps.first_mistake(convention) or _("Il manque des informations : demandez une correction.")
    if open_remarks and permissions.may_remark(user, convention):
        return ngettext(
            "%(count)s remarque épinglée, que l’étudiant ne voit pas encore.",
            "%(count)s remarques épinglées, que l’étudiant ne voit pas encore.",
            len(open_remarks),
        ) % {"count": len(open_remarks)}
    if permissions.awaits_approval(convention) and permissions.follows(user, convention):
        return _("Votre approbation permettra au gestionnaire de valider.")
    if permissions.awaits_approval(convention) and permissions.decides(user, convention):
        return _("La validation attend l’approbation de l’enseignant référent.")
    if is_judged and insurance.awaits_insurance(convention):
        return str(guards.ACCEPT_INSURANCE)
    if is_judged:
        return str(agreements.IRREVERSIBLE)
    return ""


@dataclass(frozen=True)
class Queue:
    """The agreements a manager has to validate, and the place of this one among them."""

    total: int
    rank: int  # from 1; 0 when it is not, or no longer, one of them
    previous: int | None
    following: int | None


def queue(convention: Convention, user: User) -> Queue:
    """Return where an agreement stands among those to validate; ``following`` is what comes next."""
    roles = roles_of(user)
    handled = Convention.objects.filter(centre__in=roles.centre_ids, status=Status.SUBMITTED)
    if roles.student_id:
        handled = handled.exclude(student=roles.student_id)
    waiting = list(handled.order_by(*QUEUE).values_list("pk", flat=True))
    rank = waiting.index(convention.pk) + 1 if convention.pk in waiting else 0
    return Queue(
        len(waiting),
        rank,
        waiting[rank - 2] if rank > 1 else None,
        waiting[rank] if rank < len(waiting) else None,
    )
