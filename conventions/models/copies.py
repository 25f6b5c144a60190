"""What agreements repeat of others to be found by it, written again when these are saved under another name.

Who writes many rows at once, without ``save()``, calls ``refresh_search`` on the agreements concerned.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Model
from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts.models import Student, User
from conventions.models.convention import Convention
from organisations.models import Organisation, Service

# What each says of itself in the search of agreements, and where an agreement points at it.
REPEATED: dict[type[Model], tuple[str, frozenset[str]]] = {
    User: ("student__user", frozenset({"first_name", "last_name"})),
    Student: ("student", frozenset({"number", "user", *Student.OTHER_NAMES})),
    Organisation: ("organisation", frozenset({"name"})),
    Service: ("service", frozenset({"city"})),
}


@receiver(post_save, sender=User)
@receiver(post_save, sender=Student)
@receiver(post_save, sender=Organisation)
@receiver(post_save, sender=Service)
def refresh_copies(
    sender: type[Model],
    instance: Model,
    created: bool,
    update_fields: Collection[str] | None,
    **_options: Any,
) -> None:
    """Refresh the search of the agreements that point at a row, when what they repeat of it may have changed."""
    path, columns = REPEATED[sender]
    if not created and (update_fields is None or columns & set(update_fields)):
        Convention.objects.filter(**{path: instance.pk}).refresh_search()
