"""How the shared directory of hosts is kept right: merges, resemblances, bans, notes of the staff."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution
from organisations.models.host import Organisation, follow_merge


class Merge(models.Model):
    """Two records of one host made one: what moved, so that it can be undone."""

    kept = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="merges", verbose_name=_("Fiche gardée")
    )
    dropped = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("Fiche fusionnée")
    )
    # What followed: primary keys by table, as « organisations.service ». The records merged before into the one
    # dropped, and the names the record kept did not have.
    moved = models.JSONField(default=dict, editable=False)
    absorbed = ArrayField(models.BigIntegerField(), default=list, editable=False)
    names = ArrayField(models.CharField(max_length=200), default=list, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Par")
    )
    at = models.DateTimeField(_("Le"), default=timezone.now)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("Défaite par"),
    )
    undone_at = models.DateTimeField(_("Défaite le"), null=True)

    class Meta:
        verbose_name = _("fusion d’établissements")
        verbose_name_plural = _("fusions d’établissements")
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint("dropped", name="merge_once", condition=Q(undone_at__isnull=True)),
            models.CheckConstraint(condition=~Q(kept=F("dropped")), name="merge_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.dropped} → {self.kept}"

    def followed(self, table: type[models.Model]) -> list[int]:
        """Return the rows of a table that followed, by primary key."""
        keys: list[int] = self.moved.get(table._meta.label_lower, [])
        return keys


class ResemblanceQuerySet(models.QuerySet["Resemblance"]):
    def open(self) -> ResemblanceQuerySet:
        """Return the pairs still to judge: neither dismissed, nor merged into anything."""
        return self.filter(dismissed_at=None, first__merged_into=None, second__merged_into=None)


class Resemblance(models.Model):
    """Two records that may be one host; ``dismissed_at`` once somebody said they are not."""

    first = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    found_at = models.DateTimeField(_("Trouvée le"), default=timezone.now)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Écartée par"),
    )
    dismissed_at = models.DateTimeField(_("Écartée le"), null=True)

    objects = ResemblanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("ressemblance")
        verbose_name_plural = _("ressemblances")
        constraints = [
            models.UniqueConstraint("first", "second", name="resemblance_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="resemblance_in_order"),
        ]
        indexes = [
            models.Index(
                fields=["-found_at"], name="resemblance_open", condition=Q(dismissed_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.first} ~ {self.second}"


class BanQuerySet(models.QuerySet["Ban"]):
    def in_force(self) -> BanQuerySet:
        """Return the bans that hold today: not lifted, until their last day included."""
        return self.filter(lifted_at=None, until__gte=timezone.localdate())


class Ban(models.Model):
    """A host where the trainees of one institution do not go for a while."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="bans", verbose_name=_("établissement d’accueil")
    )
    institution = models.ForeignKey(
        Institution, on_delete=models.CASCADE, related_name="+", verbose_name=_("établissement")
    )
    reason = models.TextField(
        _("Motif"), max_length=2_000, help_text=_("Le personnel le lit ; les étudiants, non.")
    )
    until = models.DateField(_("Jusqu’au"), help_text=_("Dernier jour d’exclusion."))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Par")
    )
    at = models.DateTimeField(_("Le"), default=timezone.now)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("Levée par"),
    )
    lifted_at = models.DateTimeField(_("Levée le"), null=True)

    objects = BanQuerySet.as_manager()

    class Meta:
        verbose_name = _("exclusion")
        verbose_name_plural = _("exclusions")
        ordering = ["-at"]
        indexes = [models.Index(fields=["institution", "organisation"], name="ban_in_force")]
        triggers = [follow_merge()]

    def __str__(self) -> str:
        return f"{self.organisation} → {self.until:%d/%m/%Y}"

    @property
    def is_in_force(self) -> bool:
        return self.lifted_at is None and self.until >= timezone.localdate()


class Note(models.Model):
    """What the staff of one institution remarks about a host; students and teachers never read it."""

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.CASCADE,
        related_name="notes",
        verbose_name=_("établissement d’accueil"),
    )
    institution = models.ForeignKey(
        Institution, on_delete=models.CASCADE, related_name="+", verbose_name=_("établissement")
    )
    text = models.TextField(_("Remarque"), max_length=2_000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Par"),
    )
    at = models.DateTimeField(_("Le"), default=timezone.now)

    class Meta:
        verbose_name = _("remarque sur un établissement")
        verbose_name_plural = _("remarques sur les établissements")
        ordering = ["-at"]
        triggers = [follow_merge()]

    def __str__(self) -> str:
        return self.text[:80]
