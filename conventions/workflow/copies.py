"""What a manager accepts of what was joined: a scan of what was signed counts the signatures that it shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from conventions import law, legality
from conventions.attachments import deciding
from conventions.circuit import turns
from conventions.models import Attachment, Convention
from conventions.workflow import agreements, avenants

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def accept(pk: int, *, by: User, known: Iterable[str] | None = None) -> bool:
    """Accept an attachment; return whether it was still waiting.

    The signatures that its sender said are on it, and that are awaited still, are recorded first; ``known`` are the alerts
    that the page showed of them. Raises Refused when they cannot be; nothing is accepted then.
    """
    attachment = deciding.locked(pk)
    if attachment.is_waiting and attachment.dates:
        record(attachment, by=by, known=known)
    return deciding.accept(pk, by=by)


def late(attachment: Attachment, convention: Convention) -> list[law.Finding]:
    """Return what R-01 says of the last signature, were the scan of an agreement accepted. Needs its turns; no query."""
    if attachment.avenant_id or not attachment.dates or not convention.awaits_signatures:
        return []
    signed_on = turns.completed_on(convention, awaited(attachment, convention))
    return legality.late(convention, signed_on) if signed_on else []


def awaited(attachment: Attachment, convention: Convention) -> dict[str, date]:
    """Return the day of each signature that a scan shows and that is not recorded yet, by party."""
    return {
        party: date.fromisoformat(day)
        for party, day in attachment.dates.items()
        if party in turns.awaited(convention)
    }


def record(attachment: Attachment, *, by: User, known: Iterable[str] | None) -> None:
    """Record the signatures of a copy that are awaited still, of the agreement or of its avenant."""
    avenant = attachment.avenant_id
    convention = attachment.convention if avenant is None else avenants.locked(avenant)
    if not convention.acted_on.awaits_signatures:
        return
    dates = awaited(attachment, convention)
    if dates and avenant is None:
        agreements.act(convention.pk, "sign", by=by, dates=dates, known=known)
    elif dates and avenant is not None:
        avenants.act(avenant, "sign", by=by, dates=dates)
