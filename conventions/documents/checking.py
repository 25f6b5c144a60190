"""Whether the stored files are still what was stored: read again each night, byte by byte.

A file is known by its columns, ``file`` and ``sha256``, or ``logo`` and ``logo_sha256``, whichever model has them: what
we print, what people join, the logos of institutions.
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
from django.db.models import FileField, Model
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)

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


@dataclass(frozen=True)
class Stored:
    """A column that keeps a file, and the one that keeps its digest."""

    model: type[Model]
    file: str
    digest: str

    @property
    def label(self) -> str:
        return f"{self.model._meta.label}.{self.file}"


def stored_files() -> list[Stored]:
    """Return the columns that keep a file, always in the same order; a digest stands beside each."""
    found = [
        Stored(model, field.name, "sha256" if field.name == "file" else f"{field.name}_sha256")
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField) and not model._meta.proxy
    ]
    return sorted(found, key=lambda one: one.label)


def damaged() -> Iterator[Damage]:
    """Yield the files that are lost, cannot be read or are not those that were stored."""
    place = FIRST
    while batch := _stored_after(*place):
        yield from _damaged(batch)
        place = _place(*batch[-1])


def _stored_after(label: str, pk: int) -> list[tuple[Stored, Any]]:
    """Return the next files: of a column after a row of it, then of the columns that follow."""
    batch: list[tuple[Stored, Any]] = []
    for kept in stored_files():
        if kept.label >= label and len(batch) < BATCH:
            rows = kept.model._default_manager.exclude(**{kept.file: ""}).order_by("pk")
            after = pk if kept.label == label else 0
            found = rows.filter(pk__gt=after).only("pk", kept.file, kept.digest)[: BATCH - len(batch)]
            batch += [(kept, row) for row in found]
    return batch


def _place(kept: Stored, row: Model) -> tuple[str, int]:
    return kept.label, row.pk


def _damaged(batch: list[tuple[Stored, Any]]) -> Iterator[Damage]:
    for kept, row in batch:
        what = _wrong(getattr(row, kept.file), getattr(row, kept.digest))
        # What was deleted, or replaced, while others were read is not lost.
        same = {"pk": row.pk, kept.file: getattr(row, kept.file).name}
        if what and (still := kept.model._default_manager.filter(**same).first()):
            yield _damage(kept, still, what)


def _damage(kept: Stored, row: Any, what: str) -> Damage:
    kind = (
        row.get_kind_display()
        if hasattr(row, "kind")
        else str(getattr(kept.model._meta.get_field(kept.file), "verbose_name", kept.file))
    )
    of = row.convention.number or row.convention.pk if hasattr(row, "convention") else row
    return Damage(str(kind), str(of), getattr(row, kept.file).name, what)


def _wrong(stored: FieldFile, sha256: str) -> str:
    """Return what is wrong with a file, read piece by piece; nothing when it is what was stored."""
    digest = hashlib.sha256()
    try:
        with stored.open() as file:
            for piece in file.chunks():
                digest.update(piece)
    except FileNotFoundError:
        return "the file is lost"
    except OSError as error:
        return f"the file cannot be read: {error}"
    found = digest.hexdigest()
    return "" if found == sha256 else f"its SHA-256 is {found}, {sha256 or 'none'} was stored"


@shared_task(name="conventions.tasks.check_documents")
def check_documents(label: str = FIRST[0], after: int = FIRST[1]) -> None:
    """Read a batch of stored files again, report those that are not what was stored, ask for the next batch."""
    batch = _stored_after(label, after)
    if found := list(_damaged(batch)):
        _report(found)
    if len(batch) == BATCH:
        check_documents.delay(*_place(*batch[-1]))


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
