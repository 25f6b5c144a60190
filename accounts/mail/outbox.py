"""The outbox: an e-mail is a row written with its cause, sent after the commit, retried, never sent twice.

What "never twice" rests on: one row per (cause, person), whatever calls ``queue`` again; one sender at a time
per row, which holds the row's lock from the claim to the mark; a mark in the same transaction as the claim.
What is left is a worker or a database that dies between the server's acceptance and the commit, a few
milliseconds: the message then leaves again with the same Message-ID, by which a server or a reader drops it.

A mail that opens an account is written when it leaves: its row never holds the link, whoever may read it.
"""

import logging
import re
import smtplib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction
from django.db.models import F, Q, QuerySet
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.background import BrokerLost, hand_over
from accounts.models import Institution, Message, User

logger = logging.getLogger(__name__)

# Waits between one attempt and the next: eight attempts over about a day, then a person decides.
BACK_OFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 480, 720)]
SWEEP_BATCH = 200
# So many failures in a row blame the server, not the messages: the sweep stops, the next one tries again.
SERVER_IS_DOWN = 3


@dataclass(frozen=True)
class Mail:
    """What a person will read."""

    subject: str
    text: str
    html: str


# What writes a personal mail as it leaves, by the first word of its key; None when there is nobody to write to.
Writer = Callable[[Message], Mail | None]
WRITERS: dict[str, Writer] = {}


def written_when_sent(cause: str) -> Callable[[Writer], Writer]:
    """Let a function write the mails of a personal cause: one of ``Message.PERSONAL``."""
    assert cause in Message.PERSONAL

    def remember(writer: Writer) -> Writer:
        WRITERS[cause] = writer
        return writer

    return remember


def queue_unwritten(cause: str, recipient: str, subject: str) -> Message:
    """Note, in the current transaction, that a personal mail is asked for: its writer makes it when it leaves.

    Nothing here depends on whether anybody has this address: the answer takes the same time for all.
    """
    key, sender = f"{cause}/{uuid4()}", settings.DEFAULT_FROM_EMAIL
    return _store(Message(key=key, recipient=recipient, sender=sender, subject=_one_line(subject)))


def queue(
    key: str,
    to: User | str,
    template: str,
    context: Mapping[str, Any],
    institution: Institution | None = None,
    about: str = "",
) -> Message:
    """Write an e-mail in the current transaction, that of its cause; it leaves after the commit.

    ``key`` names the cause (at most 100 characters): the same key and recipient is the same e-mail, written
    and sent once. ``to`` is a person or an address; ``render_mail`` says what ``template`` and ``context``
    hold. ``about`` names what it speaks of, whatever its address. Returns the row, new or not.
    Raises TransactionManagementError outside a transaction: the mail could leave without its cause, or never.
    """
    if not in_transaction():
        raise transaction.TransactionManagementError(f"The mail {key} is written outside a transaction.")
    recipient = to.email if isinstance(to, User) else to
    if institution is None and isinstance(to, User):
        institution = to.institution
    mail = render_mail(
        template,
        {"institution": institution, "first_name": to.first_name if isinstance(to, User) else "", **context},
    )
    message = Message(
        institution=institution,
        key=key,
        recipient=recipient,
        sender=settings.DEFAULT_FROM_EMAIL,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        about=about,
    )
    return _store(message)


def in_transaction() -> bool:
    is_open: bool = transaction.get_connection().in_atomic_block
    return is_open


def render_mail(template: str, context: Mapping[str, Any]) -> Mail:
    """Render ``template``: its first line is the subject, then a blank line, then the paragraphs.

    Greeting, link and signature come from the layouts accounts/mail.txt and .html. ``link`` (absolute, or a
    path of this site) becomes a button named by ``link_label``. Values reach the text as typed, the HTML
    escaped; a subject is always one line.
    """
    with translation.override("fr"):
        written = _render_text(template, context)
        subject, _blank, body = written.strip().partition("\n\n")
        link = context.get("link", "")
        layout = {
            "link_label": _("Ouvrir la page"),
            "first_name": "",
            "institution": None,
            **context,
            "subject": _one_line(subject),
            "paragraphs": [part.strip() for part in re.split(r"\n\s*\n", body) if part.strip()],
            "link": settings.SITE_URL + link if link.startswith("/") else link,
        }
        text = (
            Engine.get_default().get_template("accounts/mail.txt").render(Context(layout, autoescape=False))
        )
        return Mail(layout["subject"], text.strip() + "\n", render_to_string("accounts/mail.html", layout))


def _render_text(template: str, context: Mapping[str, Any]) -> str:
    return Engine.get_default().get_template(template).render(Context(dict(context), autoescape=False))


def _one_line(subject: str) -> str:
    """Return a subject that cannot start another header, short enough for its column."""
    return Truncator(re.sub(r"[^\S\u00a0]+", " ", subject).strip()).chars(250)


def _store(message: Message) -> Message:
    """Insert the row unless it is already there, and ask for its delivery once the transaction commits."""
    Message.objects.bulk_create([message], ignore_conflicts=True)
    stored = Message.objects.get(key=message.key, recipient__iexact=message.recipient)
    transaction.on_commit(partial(_ask_to_send, stored.pk))
    return stored


def _ask_to_send(message_id: int) -> None:
    """Hand a message to a worker; a lost broker costs a delay, the sweep will send it."""
    try:
        hand_over(send_message, message_id)
    except BrokerLost as error:
        logger.warning("The broker did not take message %s, the sweep will: %s", message_id, error)


class OutboxBackend(BaseEmailBackend):
    """Django's own e-mails (sent by its ``mail_admins``, for one) leave through the outbox too."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store one row per recipient and return how many e-mails were stored. Attachments are refused."""
        try:
            with transaction.atomic():
                for mail in email_messages:
                    self._store_each(mail)
        except DatabaseError:
            if not self.fail_silently:
                raise
            return 0
        return len(email_messages)

    @staticmethod
    def _store_each(mail: EmailMessage) -> None:
        if mail.attachments:
            raise ValueError("The outbox keeps text and HTML only.")
        html = next(
            (str(part[0]) for part in getattr(mail, "alternatives", []) if part[1] == "text/html"),
            "",
        )
        cause = f"django/{uuid4()}"
        for recipient in mail.recipients():
            _store(
                Message(
                    key=cause,
                    recipient=recipient,
                    sender=mail.from_email,
                    subject=_one_line(str(mail.subject)),
                    text=str(mail.body),
                    html=html,
                )
            )


def deliver(message_id: int) -> bool | None:
    """Send one waiting message that is due. Return True when the server took it, False when it did not.

    Returns None when there is nothing to do: sent, parked, not due yet, in another worker's hands, or asked for an
    address that nobody has.
    """
    with transaction.atomic():
        due = _due().select_related("institution")
        message = due.select_for_update(of=("self",), skip_locked=True).filter(pk=message_id).first()
        if message is None:
            return None
        message.attempts += 1
        try:
            mail = _written(message)
            if mail is None:
                message.delete()
                return None
            message.server_answer = _transmit(message, mail)
        except Exception as error:  # whatever went wrong is written on the row, for a person to read
            message.server_answer = f"{type(error).__name__}: {error}"
            if message.attempts > len(BACK_OFF) or _is_final(error):
                message.state, message.next_attempt_at = Message.State.FAILED, None
            else:
                message.next_attempt_at = timezone.now() + BACK_OFF[message.attempts - 1]
            # What the server said names the recipient: it stays on the row.
            logger.warning("Message %s, attempt %s: %s", message.pk, message.attempts, type(error).__name__)
        else:
            message.state, message.sent_at = Message.State.SENT, timezone.now()
            message.next_attempt_at = None
            if settings.DEMO:  # its mails are read nowhere else
                message.text, message.html = mail.text, mail.html
        message.save()
    return message.state == Message.State.SENT


def _due() -> QuerySet[Message]:
    """Return the waiting messages whose time has come, the oldest first."""
    return Message.objects.filter(
        Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=timezone.now()),
        state=Message.State.WAITING,
    ).order_by(F("next_attempt_at").asc(nulls_first=True), "pk")


def _written(message: Message) -> Mail | None:
    """Return what a message says; one that opens an account is written now, and kept nowhere."""
    if message.opens_an_account:
        return WRITERS[message.cause](message)
    return Mail(message.subject, message.text, message.html)


def _transmit(message: Message, written: Mail) -> str:
    """Give a message to the mail server and return what it answered."""
    connection = get_connection(settings.DELIVERY_EMAIL_BACKEND)
    mail = EmailMultiAlternatives(
        written.subject,
        written.text,
        message.sender,
        [message.recipient],
        reply_to=[message.institution.email] if message.institution else None,
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"},
        connection=connection,
    )
    if written.html:
        mail.attach_alternative(written.html, "text/html")
    mail.send()
    return getattr(connection, "answer", "")


def _is_final(error: Exception) -> bool:
    """Tell whether the server refused the address for good (5xx): asking again would only annoy it."""
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= 500 for code, _answer in error.recipients.values()
    )


def replay(messages: QuerySet[Message]) -> int:
    """Give parked messages a fresh set of attempts and return how many there were."""
    with transaction.atomic():
        parked = messages.filter(state=Message.State.FAILED).select_for_update(of=("self",))
        ids = list(parked.values_list("pk", flat=True))
        Message.objects.filter(pk__in=ids).update(
            state=Message.State.WAITING, attempts=0, next_attempt_at=None
        )
        for message_id in ids:
            transaction.on_commit(partial(_ask_to_send, message_id))
    return len(ids)


@shared_task(name="accounts.tasks.send_message")
def send_message(message_id: int) -> None:
    """Send one message; run twice, it does nothing the second time."""
    deliver(message_id)


@shared_task(name="accounts.tasks.sweep_messages")
def sweep_messages() -> None:
    """Send what is due and nobody sent: the broker lost it, or an attempt failed a while ago."""
    failures = 0
    for message_id in _due().values_list("pk", flat=True)[:SWEEP_BATCH]:
        delivered = deliver(message_id)
        failures = failures + 1 if delivered is False else 0
        if failures == SERVER_IS_DOWN:
            break
