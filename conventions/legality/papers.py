"""The papers that a centre wants to see before it validates, besides the certificate of civil liability."""

from __future__ import annotations

from collections.abc import Collection

from conventions.law.abroad import FREE_MOVEMENT
from conventions.models import Amended, Attachment, Convention
from organisations.models import Paper

SENT = (Attachment.Decision.WAITING, Attachment.Decision.ACCEPTED)


def required(convention: Convention) -> list[Paper]:
    """Return what the centre wants for this stage: what proves a departure is asked abroad only."""
    centre = convention.centre
    papers = [Paper(code) for code in centre.required_papers] if centre else []
    place = convention.service or convention.organisation
    needs_visa = convention.is_abroad and place is not None and str(place.country) not in FREE_MOVEMENT
    concerns = {Paper.SOCIAL_RIGHTS: True, Paper.ASSISTANCE: convention.is_abroad, Paper.VISA: needs_visa}
    return [paper for paper in papers if concerns[paper]]


def lacking(convention: Convention, decisions: Collection[str] = SENT) -> list[Paper]:
    """Return what is wanted and not among what was joined and decided so; waiting or accepted, unless said.

    Of an avenant, unless the agreement itself did without.
    """
    missing = unproved(convention, decisions)
    if missing and isinstance(convention, Amended):
        before = unproved(convention.before, decisions)
        return [paper for paper in missing if paper not in before]
    return missing


def unproved(convention: Convention, decisions: Collection[str]) -> list[Paper]:
    """Return what is wanted of an agreement, or of what an avenant makes of it, and not joined and decided so."""
    wanted = required(convention)
    joined = (
        {one.kind for one in convention.attachments.all() if one.decision in decisions} if wanted else set()
    )
    return [paper for paper in wanted if paper not in joined]


def awaited(convention: Convention) -> list[Paper]:
    """Return what is not joined and accepted yet."""
    return lacking(convention, [Attachment.Decision.ACCEPTED])


def names(papers: Collection[Paper]) -> str:
    """Return papers as the attachments are called."""
    return ", ".join(str(Attachment.Kind(paper).label) for paper in papers)
