"""How risky a destination is, as the ministry of foreign affairs says of a country, or of a region of it, on a day."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.folding import fold
from accounts.models import Institution


class RiskLevel(models.TextChoices):
    """The colours of the ministry of foreign affairs on its map of advice to travellers, the safest first."""

    GREEN = "green", _("Verte : vigilance normale")
    YELLOW = "yellow", _("Jaune : vigilance renforcée")
    ORANGE = "orange", _("Orange : déconseillée sauf raison impérative")
    RED = "red", _("Rouge : formellement déconseillée")


class Destination(models.Model):
    """What is known of one country, or of one region of it: a level, where it was read and when."""

    institution = models.ForeignKey(
        Institution,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="destinations",
        verbose_name=_("établissement"),
        help_text=_("Vide : pour tous les établissements, tant que le leur n’en dit rien."),
    )
    country = CountryField(_("Pays"))
    region = models.CharField(
        _("Région ou ville"), max_length=120, blank=True, help_text=_("Vide : le pays entier.")
    )
    level = models.CharField(_("Niveau"), max_length=6, choices=RiskLevel)
    source = models.CharField(_("Source"), max_length=200)
    source_url = models.URLField(_("Adresse de la source"), max_length=500, blank=True)
    checked_on = models.DateField(_("Lu le"))

    class Meta:
        verbose_name = _("destination")
        verbose_name_plural = _("destinations")
        ordering = ["country", "region"]
        constraints = [
            models.UniqueConstraint(
                "institution", "country", "region", name="destination_unique", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(level__in=RiskLevel.values), name="destination_level_known"
            ),
        ]

    def __str__(self) -> str:
        return self.place

    def clean(self) -> None:
        if self.checked_on and self.checked_on > timezone.localdate():
            raise ValidationError({"checked_on": _("Cette date est dans le futur.")})

    @property
    def place(self) -> str:
        """Name the country, and the region when it is only that."""
        return f"{self.country.name} ({self.region})" if self.region else str(self.country.name)

    def is_old(self, days: int) -> bool:
        """Whether it was read more than so many days ago."""
        return self.checked_on < timezone.localdate() - timedelta(days=days)

    def is_about(self, city: str) -> bool:
        """Whether it says something of a town: of its whole country, or of that very place."""
        return not self.region or fold(self.region) == fold(city)
