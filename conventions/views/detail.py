"""One agreement: what it says, what happened to it, and what this reader may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.sign_in.session import signed_in
from conventions import documents, permissions, workflow
from conventions.circuit import turns
from conventions.desk import notes
from conventions.desk import reading as seen
from conventions.desk.columns import QUEUE
from conventions.legality.words import Link, panel
from conventions.models import Avenant, Convention, Document, Event, Remark, Status
from conventions.models.circuit import Approver
from conventions.standing import alerts, cards, destination, staff, words
from conventions.standing.buttons import Button, in_order
from conventions.standing.headline import since_agreed
from conventions.standing.journal import events_of, journal, reason, tells
from conventions.standing.journal import since as since_when
from conventions.views import attachments, bar, pdfs
from conventions.views.access import visible
from conventions.writing import forms, steps
from organisations.models import Party
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
    reading = read(convention, signed_in(request), day)
    user = reading.user
    manages = permissions.manages(user, convention)
    return render(
        request,
        "conventions/detail.html",
        {
            "convention": convention,
            "owns": reading.owns,
            "has_list": roles_of(user).lists_agreements,
            "queue": queue(convention, user) if manages else None,
            "head": head(reading),
            "unsaved": unsaved,
            "brief": brief(reading),
            "alert": alerts.signature_alert(convention),
            "agreed": {
                "document": reading.document,
                "day": day,
                "effective": reading.effective,
                "since_agreed": since_agreed(convention),
            },
            "changes": reading.changes,
            **of_staff(reading),
            "unplaced": unplaced(reading.sections, reading.remarks),
            "amendments": amendments(reading),
            "departure": destination.departure(convention),
            "differences": documents.differences(reading.context)
            if manages or roles_of(user).is_admin
            else [],
            "joined": reading.joined,
            "sections": pinned(reading.sections, reading.remarks),
            "rights": rights(reading),
            "documents": reading.stored,
            "signatures": signatures(reading),
            "journal": journal([event for event in reading.events if tells(event)])
            if permissions.sees_journal(user, convention)
            else [],
            "contacts": contacts(convention, user),
            "upkeep": upkeep(reading),
            "buttons": buttons(reading.options, convention, user, reading.stored),
            "hint": hint(reading.options, convention, user),
        },
        status=status,
    )


@dataclass(frozen=True)
class Reading:
    """One agreement as somebody reads it: what the parts of its page share, each read once."""

    convention: Convention
    user: User
    owns: bool
    day: date | None  # the past day it is shown on
    document: Document | None  # what was agreed, once it is frozen
    context: documents.Context
    sections: list[documents.Section]
    avenants: list[Avenant]
    remarks: list[Remark]
    events: list[Event]
    waiting: Party | Approver | None
    since: datetime | None
    card: cards.Card | None  # what its student must do, for them
    joined: dict[str, Any]
    stored: pdfs.DocumentLinks
    asked: workflow.Request
    options: list[workflow.Option]

    @property
    def open_remarks(self) -> list[Remark]:
        return [remark for remark in self.remarks if not remark.resolved_at]

    @property
    def effective(self) -> list[Avenant]:
        """Return the avenants in effect, on the day shown."""
        return [
            avenant
            for avenant in self.avenants
            if avenant.applied_at and (self.day is None or timezone.localdate(avenant.applied_at) <= self.day)
        ]

    @property
    def changes(self) -> list[documents.Change]:
        """Return what has changed in the directories since the agreement was frozen."""
        if self.document is None or self.day:
            return []
        return documents.changes_since(self.context, self.convention)


def read(convention: Convention, user: User, day: date | None) -> Reading:
    """Read all that the parts of the page share."""
    if convention.was_validated:
        prefetch_related_objects([convention], documents.STORED, "avenants")
    document = convention.documents.agreed() if convention.validated_at else None
    context = documents.agreed_context(convention, day) if document else documents.agreement(convention)
    events = events_of(convention)
    waiting, since = turns.waiting(convention), since_when(convention, events)
    owns, stored = permissions.owns(user, convention), pdfs.links(convention, user)
    asked = workflow.Request(convention, user)
    return Reading(
        convention=convention,
        user=user,
        owns=owns,
        day=day,
        document=document,
        context=context,
        sections=documents.sections(context),
        avenants=avenants_of(convention, user),
        remarks=permissions.remarks_seen(user, convention),
        events=events,
        waiting=waiting,
        since=since,
        card=cards.card(
            convention,
            waiting,
            since,
            certified=stored.is_ended,
            forbidden=turns.is_forbidden(convention),
        )
        if owns
        else None,
        joined=attachments.section(convention, user),
        stored=stored,
        asked=asked,
        options=workflow.options_of(asked),
    )


def of_staff(reading: Reading) -> dict[str, Any]:
    """Return what the staff of its centre alone reads: its notes, what changed since this reader last read it."""
    convention, user = reading.convention, reading.user
    if not permissions.keeps_notes(user, convention):
        return {"notes": None, "since": None}
    judged = convention.is_submitted and seen.read(convention, reading.context, by=user)
    return {"notes": notes.of(convention), "since": judged or None}


def head(reading: Reading) -> dict[str, Any]:
    """Return what is above everything: the title, and where the agreement is opened."""
    convention = reading.convention
    return {
        "context": documents.worded(reading.context),
        "documents": reading.stored,
        "document": reading.document,
        "may_preview": permissions.may_preview(reading.user, convention),
        "is_broken_off": convention.is_broken_off,
    }


def brief(reading: Reading) -> dict[str, Any]:
    """Return where the agreement stands, what it is in a few facts, what the law says of it."""
    convention, user, asked = reading.convention, reading.user, reading.asked
    status = Status(convention.status)
    return {
        "card": reading.card,
        "standing": staff.standing(
            status,
            convention.start,
            convention.end,
            reading.waiting,
            reading.since,
            manages=permissions.decides(user, convention),
            follows=permissions.follows(user, convention),
            secures=permissions.secures(user, convention),
            forbidden=turns.is_forbidden(convention),
            certified=reading.stored.is_ended,
        ),
        "open_remarks": [(steps.column_label(remark.field), remark) for remark in reading.open_remarks],
        "panel": None
        if convention.is_frozen
        else panel(asked.case, asked.findings, shown_at(reading.sections)),
        "reason": reason(convention, reading.events) if reading.owns else "",
        "context": documents.worded(reading.context),
        "facts": documents.in_brief(reading.context, reading.sections),
        "soon": alerts.soon(status, convention.start),
        "phases": words.track(convention),
    }


def amendments(reading: Reading) -> dict[str, Any]:
    """Return the avenants of the agreement, and whether another may begin."""
    return {
        "avenants": [(avenant, staff.avenant_badge(avenant)) for avenant in reading.avenants],
        "effective": reading.effective,
        "may_amend": permissions.may_amend(reading.user, reading.convention),
        "day": reading.day,
        "today": timezone.localdate(),
    }


def rights(reading: Reading) -> dict[str, Any]:
    """Return what this reader may do among the rows of the agreement."""
    convention, user = reading.convention, reading.user
    return {
        "keeps_directory": roles_of(user).keeps_directory,
        "may_edit": permissions.may_edit(user, convention),
        "may_remark": permissions.may_remark(user, convention),
        "deletable": [
            one for one in reading.open_remarks if permissions.may_delete_remark(user, convention, one)
        ],
    }


def signatures(reading: Reading) -> dict[str, Any]:
    """Return who approves and signs, and what may be done of it here."""
    convention, document = reading.convention, reading.document
    return {
        "circuit": turns.circuit(convention, turns.people(convention, document)),
        "is_agreed": document is not None,
        "lacks_signed_copy": permissions.may_attach_signed_copy(reading.user, convention)
        and not any(
            attachment.is_signed_copy
            and not attachment.avenant
            and (attachment.is_waiting or turns.is_of_now(convention, attachment.looked_at))
            for attachment, *_rights in reading.joined["attachments"]
        ),
        "is_complete": convention.is_signed,
        "buttons": bar.beside_the_signatures(reading.options),
    }


def upkeep(reading: Reading) -> dict[str, Any]:
    """Return what may be done with the agreement itself: kept longer, copied, deleted."""
    convention, user = reading.convention, reading.user
    return {
        "owns": reading.owns,
        "may_hold": permissions.may_hold(user, convention),
        "may_copy": reading.card is not None and reading.card.can_be_copied,
        "may_delete": permissions.may_delete(user, convention),
    }


def avenants_of(convention: Convention, user: User) -> list[Avenant]:
    """Return the avenants of an agreement in order; a draft is for those who may propose one."""
    if not convention.was_validated:
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
    return [(steps.column_label(remark.field), remark) for remark in remarks if remark.field not in shown]


@dataclass(frozen=True)
class ContactCard:
    """Somebody to write to or call about an agreement."""

    role: str | Promise
    name: str
    email: str
    phone: str


def contacts(convention: Convention, user: User) -> list[ContactCard]:
    """Return the people of an agreement as the directories know them today, its reader left out."""
    found = []
    if not permissions.owns(user, convention):
        student = convention.student.user
        found.append(ContactCard(_("Étudiant"), str(student), student.email, convention.student_phone or ""))
    for role, person in (
        (_("Tuteur professionnel"), convention.tutor),
        (_("Signataire"), convention.signatory),
    ):
        if person and not (found and found[-1].email == person.email):
            found.append(ContactCard(role, str(person), person.email, person.phone))
    teacher, centre = convention.teacher, convention.centre
    if teacher and not permissions.follows(user, convention):
        found.append(ContactCard(_("Enseignant référent"), str(teacher), teacher.user.email, teacher.phone))
    if centre and not permissions.manages(user, convention):
        found.append(ContactCard(_("Centre de gestion"), centre.name, centre.mailbox, centre.phone))
    return found


def buttons(
    options: list[workflow.Option], convention: Convention, user: User, stored: pdfs.DocumentLinks
) -> list[Button]:
    """Return what is possible now, the least usual first and what is expected last."""
    found = bar.at_the_foot(options)
    if permissions.may_edit(user, convention):
        ready = any(button.is_primary for button in found)
        owns = permissions.owns(user, convention)
        label = _("Corriger") if convention.is_returned else _("Reprendre la saisie")
        found.append(
            Button(
                label if owns else _("Modifier à sa place"),
                steps.step_url(convention, steps.RESUME),
                acts=False,
                is_primary=owns and not ready,
            )
        )
    if stored.end_url and not stored.is_ended:
        is_due = convention.is_broken_off or words.is_over(convention.end)
        found.append(Button(_("Enregistrer la fin du stage"), stored.end_url, acts=False, is_primary=is_due))
    return in_order(found)


# What holds a validation, for whoever decides, when the refusal does not say what to do of it here.
HELD = {
    "unlawful": gettext_lazy("Une règle de droit empêche la validation : demandez une correction."),
    "incomplete": gettext_lazy("Il manque des informations : demandez une correction."),
    "approval_awaited": gettext_lazy("La validation attend l’approbation de l’enseignant référent."),
}


def hint(options: list[workflow.Option], convention: Convention, user: User) -> str:
    """Return what whoever judges it should know before pressing a button of the bar."""
    if not permissions.may_remark(user, convention):
        return ""
    if open_remarks := convention.open_remarks:
        return ngettext(
            "%(count)s remarque épinglée, que l’étudiant ne voit pas encore.",
            "%(count)s remarques épinglées, que l’étudiant ne voit pas encore.",
            len(open_remarks),
        ) % {"count": len(open_remarks)}
    return bar.hint(options, HELD)


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
    handled = Convention.objects.submitted().filter(centre__in=roles.centre_ids)
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
