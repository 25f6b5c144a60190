"""The mails of what happens, queued in the transaction in which it does."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Max
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.mail import outbox
from accounts.models import Message
from conventions.models import Amended, Attachment, Convention, Event, Status
from conventions.notices.table import NOTICES, Happening, Notice, Once, managers_of

LATELY = timedelta(minutes=30)


def announce(event: Event, amended: Amended | None = None) -> None:
    """Queue the mails of one line of the journal, in the transaction that wrote it.

    ``amended`` is what an avenant makes of the agreement: where and when one goes is read there.
    """
    convention, avenant = event.convention, event.avenant
    send(
        Happening(
            f"avenant:{event.action}" if avenant else event.action,
            cause=f"event:{event.pk}",
            institution=convention.institution,
            convention=convention,
            event=event,
            context={"event": event, "avenant": avenant, "stage": amended or convention},
            link=(avenant or convention).get_absolute_url(),
            link_label=_("Ouvrir l’avenant") if avenant else _("Ouvrir la convention"),
        )
    )


def announce_refusal(attachment: Attachment) -> None:
    """Tell a student that an attachment is refused, in the transaction that refuses it."""
    convention = attachment.convention
    link, link_label = another(attachment)
    send(
        Happening(
            "attachment refused",
            cause=f"attachment:{attachment.pk}:refused",
            institution=convention.institution,
            convention=convention,
            context={"attachment": attachment},
            link=link,
            link_label=link_label,
        )
    )


def another(attachment: Attachment) -> tuple[str, str | Promise]:
    """Return where another file is sent in the place of a refused one, and what the link says."""
    pk, avenant = attachment.convention_id, attachment.avenant_id
    if attachment.kind != Attachment.Kind.SIGNED_AGREEMENT:
        return reverse("conventions:attach", args=[pk]), _("Joindre une autre pièce")
    if avenant is None:
        return reverse("conventions:signed_copy", args=[pk]), _("Joindre une autre copie signée")
    return reverse("conventions:avenant_signed_copy", args=[pk, avenant]), _("Joindre une autre copie signée")


def send(told: Happening) -> None:
    """Queue each mail that the table asks for, in the transaction of its cause."""
    for notice in NOTICES:
        if notice.event == told.name and notice.when(told):
            _queue(notice, told)


def _queue(notice: Notice, told: Happening) -> None:
    convention = told.convention
    context = dict(told.context)
    if convention:
        context |= {"convention": convention, "student": convention.student.user}
    if notice.has_link:
        context |= {"link": told.link, "link_label": told.link_label}
    already = _told_lately(notice, told.line) if notice.once == Once.LATELY else set()
    for recipient in notice.to(told):
        if (recipient if isinstance(recipient, str) else recipient.email).lower() in already:
            continue
        outbox.queue(
            key=notice.key_of(told),
            to=recipient,
            template=f"conventions/mails/{notice.template}.txt",
            context=context,
            institution=told.institution,
            about=about(convention) if convention else "",
        )


def about(convention: Convention) -> str:
    """Return what names an agreement on the mails that speak of it, whatever the address of its page."""
    return f"convention:{convention.pk}"


def _told_lately(notice: Notice, event: Event) -> set[str]:
    """Return the addresses that a submission of this agreement was announced to a moment ago.

    Withdrawing and submitting again and again must not write to them each time. The answer to a request for
    correction is always news, and so is what was decided meanwhile: it is to be decided again.
    """
    if event.before == Status.RETURNED:
        return set()
    own = event.convention.events.filter(avenant=event.avenant)
    answered = own.filter(action__in=notice.answers).aggregate(at=Max("at"))["at"]
    since = max(filter(None, (event.at - LATELY, answered)))
    lately = own.filter(action=event.action, at__gt=since)
    keys = [f"event:{pk}:{notice.template}" for pk in lately.values_list("pk", flat=True)]
    addresses = Message.objects.filter(key__in=keys).values_list("recipient", flat=True)
    return {address.lower() for address in addresses}


def reached_by_submission(convention: Convention) -> list[str]:
    """Return whom a submission reaches: the centre's mailbox, or each of its managers by name."""
    return [str(recipient) for recipient in managers_of(convention.centre)]
