"""What a manager accepts of what was joined: a scan of what was signed counts the signatures that it shows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from conventions.attachments import deciding
from conventions.circuit import turns
from conventions.models import Attachment
from conventions.workflow import agreements, avenants

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def accept(pk: int, *, by: User) -> bool:
    """Accept an attachment; return whether it was still waiting.

    The signatures that its sender said are on it, and that are awaited still, are recorded first. Raises Refused when they
    cannot be; nothing is accepted then.
    """
    attachment = deciding.locked(pk)
    if attachment.is_waiting and attachment.dates:
        record(attachment, by=by)
    return deciding.accept(pk, by=by)


def record(attachment: Attachment, *, by: User) -> None:
    """Record the signatures of a copy that are awaited still, of the agreement or of its avenant."""
    avenant = attachment.avenant_id
    convention = attachment.convention if avenant is None else avenants.locked(avenant)
    if not convention.acted_on.awaits_signatures:
        return
    dates = {
        party: date.fromisoformat(day)
        for party, day in attachment.dates.items()
        if party in turns.awaited(convention)
    }
    if dates and avenant is None:
        agreements.act(convention.pk, "sign", by=by, dates=dates)
    elif dates and avenant is not None:
        avenants.act(avenant, "sign", by=by, dates=dates)
