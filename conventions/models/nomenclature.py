"""Editable lists offered by the wizard."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Term(models.Model):
    """One entry of one list; deactivated rather than deleted once an agreement uses it."""

    class Kind(models.TextChoices):
        STAGE_TYPE = "stage_type", _("Type de stage")
        THEME = "theme", _("Thématique")
        INSURED_STATUS = "insured_status", _("Qualité d’assuré social")
        CURRENCY = "currency", _("Monnaie")
        PAYMENT_MODE = "payment_mode", _("Modalité de versement")
        ORIGIN = "origin", _("Origine du stage")
        WORK_NATURE = "work_nature", _("Travail à fournir")
        VALIDATION_MODE = "validation_mode", _("Modalité de validation")

    kind = models.CharField(_("Liste"), max_length=20, choices=Kind)
    code = models.CharField(_("Code"), max_length=30)
    label = models.CharField(_("Libellé"), max_length=120)
    rank = models.PositiveSmallIntegerField(_("Rang"), default=0)
    is_active = models.BooleanField(_("Proposé"), default=True)

    class Meta:
        verbose_name = _("valeur de liste")
        verbose_name_plural = _("valeurs de liste")
        ordering = ["kind", "rank", "label"]
        constraints = [models.UniqueConstraint("kind", "code", name="term_unique")]

    def __str__(self) -> str:
        return self.label


class HealthInsuranceFund(models.Model):
    """A health insurance fund (CPAM or CGSS), deactivated rather than deleted: the next load would bring it back.

    Others are typed as free text on the agreement.
    """

    region = models.CharField(_("Région"), max_length=60)
    name = models.CharField(_("Nom"), max_length=120, unique=True)
    address = models.CharField(_("Adresse"), max_length=200)
    is_active = models.BooleanField(_("Proposée"), default=True)

    class Meta:
        verbose_name = _("caisse d’assurance maladie")
        verbose_name_plural = _("caisses d’assurance maladie")
        ordering = ["region", "name"]

    def __str__(self) -> str:
        return self.name


class HourlyCeiling(models.Model):
    """The hourly ceiling of the Sécurité sociale, whose 15 % is the least an hour is paid (article D124-8)."""

    year = models.PositiveSmallIntegerField(
        _("Année"), unique=True, help_text=_("Celle des heures de présence.")
    )
    amount = models.DecimalField(
        _("Montant en euros"),
        max_digits=6,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    source = models.CharField(
        _("Texte"), max_length=200, blank=True, help_text=_("L’arrêté qui fixe ce montant.")
    )

    class Meta:
        verbose_name = _("plafond horaire de la sécurité sociale")
        verbose_name_plural = _("plafonds horaires de la sécurité sociale")
        ordering = ["year"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="hourly_ceiling_positive",
                violation_error_message=_("Le plafond horaire est plus grand que zéro."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.year} : {self.amount} €"
