"""When the trainee is away during the stage, and when their hours are not the usual ones."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from conventions.models.convention import Convention
from conventions.models.freezing import freeze_with_agreement

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class DateRange(Func):
    function = "DATERANGE"
    output_field = DateRangeField()


def unless_amended(name: str) -> str:
    """Return the SQL that lets the periods ``name`` follow an avenant that takes effect in this very transaction."""
    return f"""
        IF EXISTS (
            SELECT FROM conventions_avenant AS avenant
            WHERE avenant.convention_id = CASE TG_OP WHEN 'INSERT' THEN NEW.convention_id ELSE OLD.convention_id END
                AND avenant.applied_at = transaction_timestamp() AND avenant.changes ? '{name}'
        ) AND TG_OP <> 'UPDATE' THEN
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END IF;
    """


def apart(name: str, message: _StrPromise) -> ExclusionConstraint:
    """Return the constraint that keeps the periods of one agreement from overlapping, both days included."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            ("convention", RangeOperators.EQUAL),
            (DateRange("start", "end", RangeBoundary(inclusive_upper=True)), RangeOperators.OVERLAPS),
        ],
        violation_error_message=message,
    )


class Interruption(models.Model):
    """A period of the stage without presence, both days included."""

    class Kind(models.TextChoices):
        """Why the trainee is away: only leave counts in the length of the stage (article L124-13)."""

        INTERRUPTION = "interruption", _("Interruption (fermeture, cours…)")
        UNIVERSITY = "university", _("Retour à l’université")
        LEAVE = "leave", _("Congé")
        HOLIDAY = "holiday", _("Jour férié du lieu")

    convention = models.ForeignKey(
        Convention,
        on_delete=models.CASCADE,
        related_name="interruptions",
        verbose_name=_("convention de stage"),
    )
    kind = models.CharField(_("Nature de l’absence"), max_length=12, choices=Kind, default=Kind.INTERRUPTION)
    start = models.DateField(_("Premier jour d’absence"))
    end = models.DateField(_("Dernier jour d’absence"))

    class Meta:
        verbose_name = _("absence prévue")
        verbose_name_plural = _("absences prévues")
        ordering = ["start"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["interruption", "university", "leave", "holiday"]),
                name="interruption_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(end__gte=F("start")),
                name="interruption_dates_ordered",
                violation_error_message=_("La fin de l’absence doit suivre son début."),
            ),
            apart("interruptions_apart", _("Deux absences ne peuvent pas se chevaucher.")),
        ]
        triggers = [freeze_with_agreement(unless=unless_amended("interruptions"))]

    def __str__(self) -> str:
        return f"{self.start} – {self.end}"


def daily_hours(label: _StrPromise) -> models.DecimalField[Decimal | float | str, Decimal]:
    return models.DecimalField(
        label,
        max_digits=4,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(24))],
    )


class WorkPeriod(models.Model):
    """Hours day by day that replace the usual week from ``start`` to ``end``, both days included."""

    DAYS = {
        "monday": _("lun."),
        "tuesday": _("mar."),
        "wednesday": _("mer."),
        "thursday": _("jeu."),
        "friday": _("ven."),
        "saturday": _("sam."),
        "sunday": _("dim."),
    }

    convention = models.ForeignKey(
        Convention,
        on_delete=models.CASCADE,
        related_name="work_periods",
        verbose_name=_("convention de stage"),
    )
    start = models.DateField(_("Premier jour de la période"))
    end = models.DateField(_("Dernier jour de la période"))
    monday = daily_hours(DAYS["monday"])
    tuesday = daily_hours(DAYS["tuesday"])
    wednesday = daily_hours(DAYS["wednesday"])
    thursday = daily_hours(DAYS["thursday"])
    friday = daily_hours(DAYS["friday"])
    saturday = daily_hours(DAYS["saturday"])
    sunday = daily_hours(DAYS["sunday"])

    class Meta:
        verbose_name = _("période d’horaires différents")
        verbose_name_plural = _("périodes d’horaires différents")
        ordering = ["start"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gte=F("start")),
                name="work_period_dates_ordered",
                violation_error_message=_("La fin de la période doit suivre son début."),
            ),
            models.CheckConstraint(
                condition=Q(monday__gte=0, monday__lte=24)
                & Q(tuesday__gte=0, tuesday__lte=24)
                & Q(wednesday__gte=0, wednesday__lte=24)
                & Q(thursday__gte=0, thursday__lte=24)
                & Q(friday__gte=0, friday__lte=24)
                & Q(saturday__gte=0, saturday__lte=24)
                & Q(sunday__gte=0, sunday__lte=24),
                name="work_period_hours_a_day",
                violation_error_message=_("Une journée compte de 0 à 24 heures."),
            ),
            models.CheckConstraint(
                condition=Q(monday__gt=0)
                | Q(tuesday__gt=0)
                | Q(wednesday__gt=0)
                | Q(thursday__gt=0)
                | Q(friday__gt=0)
                | Q(saturday__gt=0)
                | Q(sunday__gt=0),
                name="work_period_has_hours",
                violation_error_message=_("Indiquez les heures d’au moins un jour."),
            ),
            apart("work_periods_apart", _("Deux périodes ne peuvent pas se chevaucher.")),
        ]
        triggers = [freeze_with_agreement(unless=unless_amended("work_periods"))]

    def __str__(self) -> str:
        return f"{self.start} – {self.end}"

    @property
    def hours(self) -> tuple[Decimal, ...]:
        """The hours of each day, Monday first."""
        return tuple(getattr(self, day) for day in self.DAYS)


class Periods(NamedTuple):
    """A list of periods that is agreed: its model, the columns that say one, its name on a page."""

    model: type[Interruption] | type[WorkPeriod]
    columns: tuple[str, ...]
    label: _StrPromise


PERIODS = {
    "work_periods": Periods(WorkPeriod, ("start", "end", *WorkPeriod.DAYS), _("Horaires par période")),
    "interruptions": Periods(Interruption, ("start", "end", "kind"), _("Absences prévues")),
}
