"""What a manager corrects of a submitted agreement by themselves: written, told, and approved again when it must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import translation

from conventions import documents
from conventions.circuit import turns
from conventions.models import Convention
from conventions.models.circuit import Approver
from conventions.models.schedule import PERIODS
from conventions.workflow.agreements import act

if TYPE_CHECKING:
    from accounts.models import User

WHEN_AND_WHERE = ("start", "end", "organisation_id", "service_id")
# What each approves: a referent teacher, how long and what for as well, and that they follow it; an officer, the zone.
APPROVED = {
    Approver.TEACHER: (
        *WHEN_AND_WHERE,
        "weekly_hours",
        "hours_computed",
        "hours_corrected",
        "missions",
        "teacher_id",
    ),
    Approver.SECURITY: (*WHEN_AND_WHERE, "travel_zone"),
}
# What names each: another person is told, though nothing was decided yet.
REPLACED: dict[Approver, tuple[str, ...]] = {Approver.TEACHER: ("teacher_id",), Approver.SECURITY: ()}


@contextmanager
def correcting(convention: Convention, *, by: User) -> Iterator[None]:
    """Let an agreement be written and, when it is a manager who corrects it themselves, do « correct » with what changed.

    Raises Refused when it can no longer be corrected; nothing is written then.
    """
    if not convention.is_being_corrected:
        yield
        return
    with transaction.atomic():
        before = stored(convention)
        said = documents.agreement(before)
        yield
        after = stored(convention)
        changes = compared(said, documents.agreement(after))
        if changes:
            again = [approver.value for approver in APPROVED if is_asked_again(approver, before, after)]
            corrected = {"changes": changes, "asked_again": again}
            act(convention.pk, "correct", by=by, corrected=corrected)


def is_asked_again(approver: Approver, before: Convention, after: Convention) -> bool:
    """Whether what somebody approved is no longer what stands, or whether somebody else is now to approve it."""
    turn = turns.approval(after, approver)
    if turn is None:
        return False
    names = APPROVED[approver] if turn.done_at else REPLACED[approver]
    return any(getattr(before, name) != getattr(after, name) for name in names)


def stored(convention: Convention) -> Convention:
    return Convention.objects.for_detail().prefetch_related(*PERIODS, "turns").get(pk=convention.pk)


def compared(before: documents.Context, after: documents.Context) -> Mapping[str, Any]:
    """Return what differs as the journal keeps it, in French: by column, its label, its words before and after."""
    with translation.override("fr"):
        return {
            change.field or change.label: {
                "label": change.label,
                "before": change.before,
                "after": change.after,
            }
            for change in documents.compare(before, after)
        }
