"""What was imported from a file: what each row was before, so that it can be undone, and how its columns were named."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution


class ImportKind(models.TextChoices):
    """What a file describes, one a line."""

    STUDENTS = "students", _("Étudiants et inscriptions")
    ENROLMENTS = "enrolments", _("Inscriptions")
    TEACHERS = "teachers", _("Enseignants")
    MANAGERS = "managers", _("Gestionnaires")
    UFRS = "ufrs", _("UFR")
    CENTRES = "centres", _("Centres de gestion")
    PROGRAMMES = "programmes", _("Étapes d’étude")
    HOSTS = "hosts", _("Établissements d’accueil")
    DESTINATIONS = "destinations", _("Destinations à risque")


class Import(models.Model):
    """One file that was imported for good; its details go after a month."""

    kind = models.CharField(_("Contenu"), max_length=12, choices=ImportKind)
    institution = models.ForeignKey(
        Institution,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("établissement"),
    )
    file_name = models.CharField(_("Fichier"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Par"),
    )
    at = models.DateTimeField(_("Le"), default=timezone.now)
    counts = models.JSONField(default=dict, editable=False)  # lines by deed
    columns = models.JSONField(default=list, editable=False)  # what changed by column: name, count, samples
    lines = models.JSONField(default=list, editable=False)  # those that say something: number, deed, text
    undone_at = models.DateTimeField(_("Défait le"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Défait par"),
    )
    kept = models.JSONField(default=list, editable=False)  # what undoing it left, and why

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["institution", "kind", "-at"], name="import_last")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} – {self.file_name}"


class ImportedRow(models.Model):
    """One row that an import wrote: its columns before and after; ``before`` is None for a new row."""

    imported = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    table = models.CharField(max_length=60)  # as « accounts.user »
    row = models.BigIntegerField()
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("ligne importée")
        verbose_name_plural = _("lignes importées")

    def __str__(self) -> str:
        return f"{self.table} {self.row}"


class HeaderMapping(models.Model):
    """How the files of an institution name the columns of one kind: what somebody said once."""

    institution = models.ForeignKey(
        Institution,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("établissement"),
    )
    kind = models.CharField(_("Contenu"), max_length=12, choices=ImportKind)
    names = models.JSONField(default=dict)  # theirs → ours; empty for one that is left out

    class Meta:
        verbose_name = _("correspondance de colonnes")
        verbose_name_plural = _("correspondances de colonnes")
        constraints = [
            models.UniqueConstraint("institution", "kind", name="header_mapping_unique", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
