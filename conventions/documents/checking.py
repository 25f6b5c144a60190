"""Whether the stored files are still what was made: read again each night, byte by byte."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from celery import shared_task
from django.core.mail import mail_admins
from django.utils.translation import gettext as _

from conventions.models import Document

logger = logging.getLogger(__name__)

# What one task reads: far less than its time limit allows.
BATCH = 1_000
# A lost disk loses every file: the report names the first ones.
MOST_NAMED = 50


@dataclass(frozen=True)
class Damage:
    """A document whose file is not what was made."""

    document_id: int
    name: str
    what: str

    def __str__(self) -> str:
        return f"document {self.document_id}, {self.name}: {self.what}"


def damaged() -> Iterator[Damage]:
    """Yield the documents whose file is lost, cannot be read or is not the one that was made."""
    last = 0
    while batch := _made_after(last):
        last = batch[-1].pk
        yield from _damaged(batch)


def _made_after(document_id: int) -> list[Document]:
    """Return the next batch of documents that have a file."""
    made = Document.objects.exclude(sha256="").only("pk", "file", "sha256")
    return list(made.filter(pk__gt=document_id).order_by("pk")[:BATCH])


def _damaged(batch: list[Document]) -> Iterator[Damage]:
    for document in batch:
        if what := _wrong(document):
            yield Damage(document.pk, document.file.name or "", what)


def _wrong(document: Document) -> str:
    """Return what is wrong with a file, read piece by piece; nothing when it is what was made."""
    digest = hashlib.sha256()
    try:
        with document.file.open() as file:
            for piece in file.chunks():
                digest.update(piece)
    except FileNotFoundError:
        return "the file is lost"
    except OSError as error:
        return f"the file cannot be read: {error}"
    found = digest.hexdigest()
    return "" if found == document.sha256 else f"its SHA-256 is {found}, {document.sha256} was made"


@shared_task(name="conventions.tasks.check_documents")
def check_documents(after: int = 0) -> None:
    """Read a batch of stored files again, report those that are not what was made, ask for the next batch."""
    batch = _made_after(after)
    if found := list(_damaged(batch)):
        _report(found)
    if len(batch) == BATCH:
        check_documents.delay(batch[-1].pk)


def _report(found: list[Damage]) -> None:
    """Tell the administrators, and whoever reads the logs."""
    logger.error("%s stored documents are not what was made, the first one: %s", len(found), found[0])
    mail_admins(
        _("Documents perdus ou différents de ce qui a été fait : %(count)s") % {"count": len(found)},
        "\n".join(
            [
                _(
                    "Ces fichiers manquent, ou ne sont plus ceux qui ont été faits. Restaurez-les depuis une sauvegarde.\n"
                    "La liste complète : manage.py check_documents"
                ),
                "",
                *map(str, found[:MOST_NAMED]),
            ]
        ),
    )
