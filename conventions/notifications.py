"""Who is told of what happens to an agreement, and with which mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import CharField, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.mail import outbox
from accounts.models import Message
from conventions.models import Attachment, Convention, Event, Status, Turn
from organisations.models import Centre

if TYPE_CHECKING:
    from accounts.models import User

LATELY = timedelta(minutes=30)


def announce(event: Event) -> None:
    """Queue the mails of one event, in the transaction that wrote it.

    The person who acted is not told of what they just did, except when they act for a student.
    """
    convention = event.convention
    student = convention.student.user
    named = (convention.amended_from or convention).teacher
    teacher = named.user if named else None
    people = [student, *([teacher] if teacher else [])]
    manager_acted = event.actor_id != student.pk
    if event.avenant:
        _announce_avenant(event, people)
        return
    match event.action:
        case "submit":
            _tell(event, managers_of(convention.centre), "submitted", unless_told_lately=True)
            if manager_acted:
                _tell(event, [student], "submitted_for_you")
            if teacher is not None:
                # Once per person and agreement, however often it is submitted again.
                _tell(event, [teacher], "teacher_named", key=f"named:{convention.pk}")
                if convention.turns.filter(purpose=Turn.Purpose.APPROVAL).exists():
                    _tell(event, [teacher], "approval_asked", unless_told_lately=True)
        case "approve":
            _tell(event, managers_of(convention.centre), "approved")
        case "return":
            _tell(event, [student], "returned")
        case "validate":
            _tell(event, [student], "validated")
            if teacher is not None:
                _tell(event, [teacher], "validated_teacher")
        case "refuse":
            _tell(event, [student], "refused")
        case "cancel" | "terminate" if convention.number:  # a draft never submitted was nobody else's
            told = people if manager_acted else [*managers_of(convention.centre), *people[1:]]
            _tell(event, told, "cancelled" if event.action == "cancel" else "terminated")
        case "sign" if event.after == Status.SIGNED:
            # A manager checks the last signature that a student recorded themselves.
            told = people if manager_acted else [*managers_of(convention.centre), *people[1:]]
            _tell(event, told, "signed")
        case "unsign":
            _tell(event, people if event.before == Status.SIGNED else people[:1], "unsigned")
        case "complete":
            _tell(event, people, "completed")


def _announce_avenant(event: Event, people: list[User]) -> None:
    """Queue the mails of an avenant: whoever did not act themselves is told of each step that concerns them."""
    convention, avenant = event.convention, event.avenant
    assert avenant is not None
    others = [person for person in people if person.pk != event.actor_id]
    managers = managers_of(convention.centre)
    author = avenant.created_by if avenant.created_by in people else convention.student.user
    match event.action:
        case "submit":
            _tell(event, managers, "avenant_submitted", unless_told_lately=True)
            _tell(event, others, "avenant_proposed", key=f"avenant:{avenant.pk}")
        case "return":
            _tell(event, [author] if author else [], "avenant_returned")
        case "validate":
            _tell(event, others, "avenant_validated")
        case "refuse":
            _tell(event, others, "avenant_refused")
        case "cancel" if avenant.rank:
            _tell(
                event,
                others if event.actor_id not in {p.pk for p in people} else [*managers, *others],
                "avenant_cancelled",
            )
        case "take_effect":
            # Those who follow the stage need its new dates and people, whoever recorded the last signature.
            _tell(event, [*people, *managers], "avenant_effective")


def announce_refusal(attachment: Attachment) -> None:
    """Tell a student that a paper is refused, in the transaction that refuses it."""
    convention = attachment.convention
    outbox.queue(
        key=f"attachment:{attachment.pk}:refused",
        to=convention.student.user,
        template="conventions/mails/attachment_refused.txt",
        context={
            "convention": convention,
            "attachment": attachment,
            "link": reverse("conventions:attach", args=[convention.pk]),
            "link_label": _("Joindre une autre pièce"),
        },
        institution=convention.institution,
    )


def managers_of(centre: Centre | None) -> list[User | str]:
    """Return whom a centre wants told: its mailbox, or each of its active managers."""
    if centre is None:
        return []
    if centre.notified == Centre.Notified.MAILBOX:
        return [centre.mailbox]
    people = centre.managers.filter(user__is_active=True).select_related("user")
    return [manager.user for manager in people] or [centre.mailbox]


def _tell(
    event: Event,
    recipients: Iterable[User | str],
    mail: str,
    key: str = "",
    unless_told_lately: bool = False,
) -> None:
    convention = event.convention
    already = _told_lately(event, mail) if unless_told_lately else set()
    for recipient in recipients:
        if (recipient if isinstance(recipient, str) else recipient.email).lower() in already:
            continue
        outbox.queue(
            key=key or f"event:{event.pk}:{mail}",
            to=recipient,
            template=f"conventions/mails/{mail}.txt",
            context=_context(event, convention),
            institution=convention.institution,
        )


def _told_lately(event: Event, mail: str) -> set[str]:
    """Return the addresses that a submission of this agreement was announced to a moment ago.

    Withdrawing and submitting again and again must not write to them each time. The answer to a request for
    correction is always news.
    """
    if event.before == Status.RETURNED:
        return set()
    lately = event.convention.events.filter(action="submit", avenant=event.avenant, at__gt=event.at - LATELY)
    key = Concat(Value("event:"), "pk", Value(f":{mail}"), output_field=CharField())
    messages = Message.objects.filter(key__in=lately.order_by().values_list(key))
    return {address.lower() for address in messages.values_list("recipient", flat=True)}


def _context(event: Event, convention: Convention) -> dict[str, object]:
    return {
        "convention": convention,
        "student": convention.student.user,
        "event": event,
        "avenant": event.avenant,
        "link": (event.avenant or convention).get_absolute_url(),
        "link_label": _("Ouvrir l’avenant") if event.avenant else _("Ouvrir la convention"),
    }


def told(convention: Convention) -> list[str]:
    """Return whom a submission reaches: the centre's mailbox, or each of its managers by name."""
    return [str(recipient) for recipient in managers_of(convention.centre)]
