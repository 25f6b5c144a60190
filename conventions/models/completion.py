"""What was really done of a stage, as its host declared it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from conventions.models.convention import Convention

# What a purge takes out of it: who said so. Hours and pay stay, for statistics.
ERASED: dict[str, Any] = {"declared_by": "", "declared_function": "", "confirmed_by_id": None}


class Completion(models.Model):
    """The end of a stage: real dates, hours and pay, which the certificate states (article D124-9).

    The host has no account: somebody of the university records what it declared, and who declared it. A correction
    replaces the row; the journal and the certificates already made keep what was said before.
    """

    convention = models.OneToOneField(
        Convention, on_delete=models.PROTECT, related_name="completion", verbose_name=_("convention de stage")
    )
    start = models.DateField(_("Premier jour de présence"))
    end = models.DateField(_("Dernier jour de présence"))
    hours = models.DecimalField(
        _("Heures de présence effective"),
        max_digits=7,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(9999))],
        help_text=_(
            "Les heures vraiment faites, télétravail compris, sans les absences ni les jours fériés."
        ),
    )
    leave_hours = models.DecimalField(
        _("Heures de congé et d’absence autorisée"),
        max_digits=7,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(9999))],
        help_text=_("Celles que la convention prévoit : elles comptent dans la durée (article L124-13)."),
    )
    amount_paid = models.DecimalField(
        _("Total de la gratification versée"),
        max_digits=10,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Pour tout le stage ; 0 si rien n’a été versé."),
    )
    declared_by = models.CharField(
        _("Déclaré par"), max_length=200, help_text=_("Nom de la personne de l’organisme.")
    )
    declared_function = models.CharField(_("Sa fonction"), max_length=200)
    declared_on = models.DateField(_("Déclaré le"))
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("Enregistré par"),
    )
    confirmed_at = models.DateTimeField(_("Enregistré le"), editable=False)

    class Meta:
        verbose_name = _("fin de stage")
        verbose_name_plural = _("fins de stage")
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gte=F("start")),
                name="completion_dates_ordered",
                violation_error_message=_("Le dernier jour doit suivre le premier."),
            ),
            models.CheckConstraint(
                condition=Q(hours__gte=0, leave_hours__gte=0, amount_paid__gte=0),
                name="completion_not_negative",
                violation_error_message=_("Les heures et le montant ne peuvent pas être négatifs."),
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    ExpressionWrapper(
                        (F("hours") + F("leave_hours")) * Value(timedelta(hours=1)),
                        output_field=models.DurationField(),
                    ),
                    ExpressionWrapper(
                        F("end") - F("start") + Value(timedelta(days=1)), output_field=models.DurationField()
                    ),
                ),
                name="completion_hours_in_days",
                violation_error_message=_("Il y a plus d’heures que ces jours n’en comptent."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.convention)

    @property
    def duration(self) -> Decimal:
        """Presence and leave, in hours: what days and months are counted from (article D124-6)."""
        return self.hours + self.leave_hours

    @property
    def currency(self) -> str:
        """Return the agreement's currency, « € » when it names none."""
        named = self.convention.currency
        return "€" if named is None or named.code == "EUR" else str(named)
