"""When the trainee is away during the stage."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from conventions.models.convention import Convention, freeze_with_agreement


class DateRange(Func):
    function = "DATERANGE"
    output_field = DateRangeField()


class Interruption(models.Model):
    """A period of the stage without presence, both days included."""

    convention = models.ForeignKey(
        Convention,
        on_delete=models.CASCADE,
        related_name="interruptions",
        verbose_name=_("convention de stage"),
    )
    start = models.DateField(_("Premier jour d’interruption"))
    end = models.DateField(_("Dernier jour d’interruption"))

    class Meta:
        verbose_name = _("interruption")
        verbose_name_plural = _("interruptions")
        ordering = ["start"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gte=F("start")),
                name="interruption_dates_ordered",
                violation_error_message=_("La fin de l’interruption doit suivre son début."),
            ),
            ExclusionConstraint(
                name="interruptions_apart",
                expressions=[
                    ("convention", RangeOperators.EQUAL),
                    (
                        DateRange("start", "end", RangeBoundary(inclusive_upper=True)),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Deux interruptions ne peuvent pas se chevaucher."),
            ),
        ]
        triggers = [freeze_with_agreement()]

    def __str__(self) -> str:
        return f"{self.start} – {self.end}"
