"""The civil liability certificates joined to an agreement, and whether they cover the stage."""

from __future__ import annotations

from collections.abc import Collection

from conventions import calendar
from conventions.law import protection
from conventions.legality.stricter import stricter_of
from conventions.models import Amended, Attachment, Convention


def insured_periods(
    convention: Convention,
    decisions: Collection[str] = (Attachment.Decision.WAITING, Attachment.Decision.ACCEPTED),
) -> tuple[calendar.Period, ...]:
    """Return the periods of the civil liability certificates joined to an agreement, those refused left out."""
    return tuple(
        (one.valid_from, one.valid_until)
        for one in convention.attachments.all()
        if one.kind == Attachment.Kind.CIVIL_LIABILITY
        and one.decision in decisions
        and one.valid_from
        and one.valid_until
    )


def awaits_insurance(convention: Convention) -> bool:
    """Whether the civil liability certificates that are asked for are not accepted yet for the whole stage.

    An avenant waits for those of what it makes of the stage, unless the agreement itself did without.
    """
    if not stricter_of(convention).requires_insurance:
        return False
    if isinstance(convention, Amended) and awaits_insurance(convention.before):
        return False
    accepted = insured_periods(convention, [Attachment.Decision.ACCEPTED])
    return not protection.are_covered(accepted, convention.start, convention.end)
