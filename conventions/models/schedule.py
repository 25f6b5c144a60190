"""When the trainee is away during the stage."""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from conventions.models.convention import FROZEN, Convention, sql_list


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
        triggers = [
            pgtrigger.Trigger(
                name="freeze_with_agreement",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                declare=[("agreement", "BIGINT")],
                func=f"""
                    agreement := CASE TG_OP WHEN 'INSERT' THEN NEW.convention_id ELSE OLD.convention_id END;
                    IF EXISTS (
                        SELECT 1 FROM conventions_convention
                        WHERE id IN (agreement, CASE TG_OP WHEN 'DELETE' THEN agreement ELSE NEW.convention_id END)
                        AND status IN ({sql_list(FROZEN)})
                    ) THEN
                        RAISE EXCEPTION 'pstage: agreement % is frozen: only an avenant changes its content', agreement
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.start} – {self.end}"
