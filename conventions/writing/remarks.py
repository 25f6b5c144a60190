"""Remarks pinned on fields: written by staff, answered by the student."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from django.utils import timezone

from conventions.models import Convention, Remark

if TYPE_CHECKING:
    from accounts.models import User


class Answer(NamedTuple):
    text: str
    is_treated: bool


def pin(convention: Convention, field: str, text: str, *, by: User) -> Remark:
    """Write a remark on a field; its student sees it once the correction is asked. Sent twice, it is one."""
    for remark in convention.open_remarks:
        if (remark.field, remark.text, remark.author_id) == (field, text, by.pk):
            return remark
    return Remark.objects.create(
        convention=convention, avenant=convention.avenant, field=field, text=text, author=by
    )


def unpin(remark: Remark) -> None:
    """Take back a remark before it is sent; the database refuses it once the agreement is frozen."""
    remark.delete()


def answer(convention: Convention, answers: Mapping[int, Answer], *, by: User) -> bool:
    """Store answers by remark; one that is answered, or ticked, is treated. Return whether anything was said."""
    for remark in convention.own_remarks:
        if (given := answers.get(remark.pk)) is None:
            continue
        remark.answer = given.text
        # A box can be unticked, an answer erased: the page that shows them has just been saved by itself.
        is_treated = given.is_treated or bool(given.text)
        remark.resolved_at = timezone.now() if is_treated else None
        remark.resolved_by = by if is_treated else None
        remark.save(update_fields=["answer", "resolved_at", "resolved_by"])
    return any(given.text or given.is_treated for given in answers.values())
