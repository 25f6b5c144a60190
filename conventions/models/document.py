"""The documents made from an agreement, with what they were made from."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conventions.models.avenant import of_avenant, same_agreement
from conventions.models.convention import Convention
from conventions.models.freezing import REOPENED_NOW, unless_purged

# A page waits by itself so long for a file; later, its reader refreshes.
WAITED_FOR = timedelta(minutes=2)


def document_path(document: Document, filename: str) -> str:
    return f"documents/{document.created_at:%Y/%m}/{document.convention_id}/{filename}"


class DocumentQuerySet(models.QuerySet["Document"]):
    def agreed(self) -> Document | None:
        """Return the agreement itself among the documents of an agreement, None before its validation."""
        return next((one for one in self if one.kind == Document.Kind.AGREEMENT and one.is_current), None)

    def current(self) -> DocumentQuerySet:
        """Return those that no later version has replaced."""
        return self.filter(superseded_at=None)


class Document(models.Model):
    """A document and the frozen context it is printed from.

    The context is written with the decision that makes the document due; the file is added once, by a worker,
    with its SHA-256. From then on the database refuses any change.
    """

    class Kind(models.TextChoices):
        AGREEMENT = "agreement", _("Convention de stage")
        AVENANT = "avenant", _("Avenant")
        CERTIFICATE = "certificate", _("Attestation de stage")
        INFORMATION_SHEET = "information", _("Fiche d’information sur le stage à l’étranger")
        SUMMARY = "summary", _("Récapitulatif")

    convention = models.ForeignKey(
        Convention, on_delete=models.PROTECT, related_name="documents", verbose_name=_("convention de stage")
    )
    avenant = of_avenant("documents")
    kind = models.CharField(_("Nature"), max_length=20, choices=Kind, default=Kind.AGREEMENT)
    context = models.JSONField(_("Contenu arrêté"))
    file = models.FileField(_("Fichier"), upload_to=document_path, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    created_at = models.DateTimeField(_("Arrêté le"), auto_now_add=True)
    superseded_at = models.DateTimeField(_("Remplacé le"), null=True, editable=False)
    rendered_at = models.DateTimeField(_("Imprimé le"), null=True)
    attempts = models.PositiveSmallIntegerField(_("Tentatives"), default=0)
    next_attempt_at = models.DateTimeField(_("Prochaine tentative"), null=True)
    failure = models.TextField(_("Dernier échec"), blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                "convention",
                "avenant",
                "kind",
                name="document_once",
                nulls_distinct=False,
                condition=Q(kind__in=["agreement", "avenant"], superseded_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(kind="avenant", avenant__isnull=False) | ~Q(kind="avenant"),
                name="document_of_its_avenant",
            ),
            models.CheckConstraint(
                condition=Q(sha256="", file="", rendered_at__isnull=True)
                | Q(sha256__regex=r"^[0-9a-f]{64}$", rendered_at__isnull=False) & ~Q(file=""),
                name="document_file_with_digest",
            ),
        ]
        indexes = [models.Index("next_attempt_at", condition=Q(sha256=""), name="document_due")]
        triggers = [
            same_agreement(),
            pgtrigger.Trigger(
                name="made_once",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=f"""
                    {unless_purged()}
                    IF TG_OP = 'UPDATE' AND OLD.superseded_at IS NULL
                        AND NEW.superseded_at = transaction_timestamp() AND {REOPENED_NOW}
                        AND to_jsonb(NEW) - 'superseded_at' = to_jsonb(OLD) - 'superseded_at' THEN
                        RETURN NEW;
                    END IF;
                    IF TG_OP = 'UPDATE' AND OLD.sha256 = ''
                        AND NEW.superseded_at IS NOT DISTINCT FROM OLD.superseded_at AND NEW.context = OLD.context
                        AND NEW.convention_id = OLD.convention_id AND NEW.kind = OLD.kind
                        AND NEW.avenant_id IS NOT DISTINCT FROM OLD.avenant_id THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'pstage: a document is made once and never changed'
                        USING ERRCODE = 'integrity_constraint_violation';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.convention}"

    @property
    def is_current(self) -> bool:
        """No later version has replaced it."""
        return self.superseded_at is None

    @property
    def is_ready(self) -> bool:
        return bool(self.sha256)

    def content(self) -> bytes:
        """Return the file; raise ValueError when it is not what was made."""
        with self.file.open() as file:
            content: bytes = file.read()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ValueError(f"{self.file.name} is not the file that was made.")
        return content

    @property
    def is_expected(self) -> bool:
        """A worker is probably making the file: it is worth asking again in a moment."""
        return not self.is_ready and timezone.now() - self.created_at < WAITED_FOR
