"""A form that makes something makes one thing, however often it is sent and from any number of tabs."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts.models import Creation, User

KEPT = timedelta(days=30)


def claim(by: User, *what: object) -> Creation:
    """Take, in the current transaction, the key of what somebody makes; whoever sends the same waits for the end of it.

    ``what`` is all that makes two sends one. The row that was made already, if any, is ``row``.
    """
    digest = hashlib.sha256(repr((by.pk, *map(str, what))).encode()).hexdigest()
    Creation.objects.bulk_create([Creation(key=digest)], ignore_conflicts=True)
    return Creation.objects.select_for_update().get(key=digest)


def note(claimed: Creation, row: int | None) -> None:
    """Write what was made under a key; None when nothing was, and the same may be sent again."""
    claimed.row = row
    claimed.save(update_fields=["row"])


@shared_task(name="accounts.tasks.forget_creations")
def forget_creations() -> None:
    """Forget the keys of forms that nobody has open any more."""
    Creation.objects.filter(at__lt=timezone.now() - KEPT).delete()
