"""What a manager has read of a submitted agreement, and what has changed of it since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Greatest
from django.utils import timezone

from conventions import documents
from conventions.models import Convention, Seen, Status

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Since:
    """What differs from what somebody read the last time, and when that was."""

    at: datetime
    changes: list[documents.Change]


def read(convention: Convention, context: documents.Context, *, by: User) -> Since | None:
    """Note that somebody reads a submission, and return what changed since the one they had read before it.

    It is told until there is another: a page that is loaded again still says it.
    """
    seen = Seen.objects.filter(convention=convention, user=by).first()
    if convention.changed_at and (seen is None or seen.submission < convention.changed_at):
        seen = _note(convention.pk, convention.changed_at, context, by)
    if seen is None or seen.before_at is None:
        return None
    return Since(seen.before_at, documents.compare(documents.read(seen.before), context))


def changed_by(before: Convention, after: Convention, context: documents.Context, *, by: User) -> None:
    """Note that somebody knows what they have just changed themselves, if they had read what it was ``before``."""
    if before.changed_at:
        Seen.objects.filter(convention=after, user=by, submission=before.changed_at).update(
            submission=after.changed_at, said=context, at=timezone.now()
        )


@transaction.atomic
def _note(convention_id: int, submission: datetime, said: documents.Context, by: User) -> Seen | None:
    """Store what is read of a submission; nothing of an agreement that has been anonymised meanwhile."""
    # Lock, then look: two tabs opened together read one submission, and the later of two stays.
    try:
        Convention.objects.filter(purged_at=None).locked(convention_id)
    except Convention.DoesNotExist:
        return None
    seen = Seen.objects.filter(convention=convention_id, user=by).first()
    if seen is None:
        seen = Seen(convention_id=convention_id, user=by)
    elif seen.submission >= submission:
        return seen
    else:
        seen.before, seen.before_at = seen.said, seen.at
    seen.said, seen.submission, seen.at = said, submission, timezone.now()
    seen.save()
    return seen


def unread(by: User) -> Exists:
    """Return the condition that a submitted agreement has changed since somebody read it."""
    return Exists(
        Seen.objects.filter(
            convention=OuterRef("pk"),
            convention__status=Status.SUBMITTED,
            user=by,
            submission__lt=Greatest("convention__submitted_at", "convention__corrected_at"),
        )
    )
