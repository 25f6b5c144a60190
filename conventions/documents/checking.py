"""Whether the stored files are still what was stored: read again each night, byte by byte.

A file is known by its columns, ``file`` and ``sha256``, whichever model has them: what we print, what people join.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from celery import shared_task
from django.apps import apps
from django.core.mail import mail_admins
from django.db.models import Model
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)

COLUMNS = {"file", "sha256"}
# Before the first file of the first model.
FIRST = ("", 0)
# What one task reads: far less than its time limit allows.
BATCH = 1_000
# A lost disk loses every file: the report names the first ones.
MOST_NAMED = 50


@dataclass(frozen=True)
class Damage:
    """A file that is not what was stored: what kind it is, and of which agreement."""

    kind: str
    agreement: str
    name: str
    what: str

    def __str__(self) -> str:
        return f"{', '.join(filter(None, [self.kind, self.agreement, self.name]))}: {self.what}"


def models_with_a_file() -> list[type[Model]]:
    """Return the models that keep a file with its digest, always in the same order."""
    found = [model for model in apps.get_models() if {field.name for field in model._meta.fields} >= COLUMNS]
    return sorted(found, key=lambda model: model._meta.label)


def damaged() -> Iterator[Damage]:
    """Yield the files that are lost, cannot be read or are not those that were stored."""
    place = FIRST
    while batch := _stored_after(*place):
        yield from _damaged(batch)
        place = _place(batch[-1])


def _stored_after(label: str, pk: int) -> list[Any]:
    """Return the rows of the next files: of a model after a row of it, then of the models that follow."""
    batch: list[Any] = []
    for model in models_with_a_file():
        if model._meta.label >= label and len(batch) < BATCH:
            stored = model._default_manager.exclude(sha256="").order_by("pk")
            after = pk if model._meta.label == label else 0
            batch += stored.filter(pk__gt=after).only("pk", *COLUMNS)[: BATCH - len(batch)]
    return batch


def _place(row: Model) -> tuple[str, int]:
    return row._meta.label, row.pk


def _damaged(batch: list[Any]) -> Iterator[Damage]:
    for row in batch:
        what = _wrong(row)
        # What was deleted while others were read is not lost.
        if what and (still := type(row)._default_manager.filter(pk=row.pk).first()):
            yield _damage(still, what)


def _damage(row: Any, what: str) -> Damage:
    kind = row.get_kind_display() if hasattr(row, "kind") else row._meta.verbose_name
    agreement = str(row.convention.number or row.convention.pk) if hasattr(row, "convention") else ""
    return Damage(str(kind), agreement, row.file.name, what)


def _wrong(row: Any) -> str:
    """Return what is wrong with a file, read piece by piece; nothing when it is what was stored."""
    digest = hashlib.sha256()
    try:
        with row.file.open() as file:
            for piece in file.chunks():
                digest.update(piece)
    except FileNotFoundError:
        return "the file is lost"
    except OSError as error:
        return f"the file cannot be read: {error}"
    found = digest.hexdigest()
    return "" if found == row.sha256 else f"its SHA-256 is {found}, {row.sha256} was stored"


@shared_task(name="conventions.tasks.check_documents")
def check_documents(label: str = FIRST[0], after: int = FIRST[1]) -> None:
    """Read a batch of stored files again, report those that are not what was stored, ask for the next batch."""
    batch = _stored_after(label, after)
    if found := list(_damaged(batch)):
        _report(found)
    if len(batch) == BATCH:
        check_documents.delay(*_place(batch[-1]))


def _report(found: list[Damage]) -> None:
    """Tell the administrators, and whoever reads the logs."""
    logger.error("%s stored files are not what was stored, the first one: %s", len(found), found[0])
    mail_admins(
        _("Fichiers perdus ou différents de ce qui a été enregistré : %(count)s") % {"count": len(found)},
        "\n".join(
            [
                _(
                    "Ces fichiers manquent, ou ne sont plus ceux qui ont été enregistrés. Restaurez-les depuis une sauvegarde.\n"
                    "La liste complète : manage.py check_documents"
                ),
                "",
                *map(str, found[:MOST_NAMED]),
            ]
        ),
    )
