"""Reference lists about hosts, loaded from CSV files by ``manage.py load_nomenclatures``."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LegalForm(models.Model):
    """INSEE legal category, second level: decides whether public or private law applies."""

    code = models.CharField(_("Code"), max_length=4, primary_key=True)
    label = models.CharField(_("Libellé"), max_length=150)
    is_public_law = models.BooleanField(_("Droit public"), default=False)

    class Meta:
        verbose_name = _("forme juridique")
        verbose_name_plural = _("formes juridiques")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.label


class HeadcountBand(models.Model):
    """INSEE headcount band; only a lower bound for the quotas of article R124-10."""

    code = models.CharField(_("Code"), max_length=2, primary_key=True)
    label = models.CharField(_("Libellé"), max_length=60)
    minimum = models.PositiveIntegerField(_("De"), null=True, blank=True)
    maximum = models.PositiveIntegerField(_("À"), null=True, blank=True)

    class Meta:
        verbose_name = _("tranche d’effectif")
        verbose_name_plural = _("tranches d’effectif")
        ordering = [models.F("minimum").asc(nulls_first=True)]

    def __str__(self) -> str:
        return self.label


class NafCode(models.Model):
    """Activity code of a company, in the version of 2008 (in force until 31/12/2026) or of 2025."""

    class Version(models.TextChoices):
        REV2 = "rev2", _("NAF rév. 2 (2008)")
        NAF2025 = "2025", _("NAF 2025")

    version = models.CharField(_("Version"), max_length=4, choices=Version)
    code = models.CharField(_("Code"), max_length=6)
    label = models.CharField(_("Libellé"), max_length=250)
    section = models.CharField(_("Section"), max_length=1)

    class Meta:
        verbose_name = _("code NAF")
        verbose_name_plural = _("codes NAF")
        ordering = ["code", "version"]
        constraints = [models.UniqueConstraint("version", "code", name="naf_code_unique")]

    def __str__(self) -> str:
        return f"{self.code} – {self.label}"


class Commune(models.Model):
    """A French commune and one of its postal codes (CEDEX excluded)."""

    name = models.CharField(_("Nom"), max_length=60)
    postal_code = models.CharField(_("Code postal"), max_length=5, db_index=True)

    class Meta:
        verbose_name = _("commune")
        verbose_name_plural = _("communes")
        ordering = ["name"]
        constraints = [models.UniqueConstraint("postal_code", "name", name="commune_unique")]

    def __str__(self) -> str:
        return f"{self.postal_code} {self.name}"
