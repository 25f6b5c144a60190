"""Who approves or signs, in which order: one shape for both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conventions.models.avenant import GIVEN_UP, of_avenant, same_agreement
from conventions.models.convention import Convention
from conventions.models.freezing import AWAITED, REOPENED_NOW, freeze_with_agreement, sql_list
from conventions.models.status import AWAITS_SIGNATURES, Status
from organisations.models import Party
from organisations.models.university import default_signature_order


class Approver(models.TextChoices):
    """Who approves before a validation: the referent teacher, or who allows a departure to a place at risk."""

    TEACHER = Party.TEACHER.value, Party.TEACHER.label
    SECURITY = "security", _("Le fonctionnaire de sécurité et de défense")


# What recording a signature writes: the rest of its turn was settled by the validation.
RECORDED = ("method", "signed_on", "done_at", "done_by_id")
# A signature given stays given, whatever becomes of its agreement; one awaited may be recorded. The last one may be
# taken back, as a whole, while nothing rests on it: no avenant nor certificate of the agreement, no effect of its own.
SIGNATURES = f"""
    IF TG_OP = 'DELETE' AND OLD.purpose = 'signature' AND {REOPENED_NOW} THEN RETURN OLD; END IF;
    IF TG_OP <> 'INSERT' AND OLD.purpose = 'signature' AND OLD.done_at IS NOT NULL THEN
        IF TG_OP = 'UPDATE' AND NEW.done_at IS NULL AND NEW.signed_on IS NULL
            AND to_jsonb(NEW) - ARRAY[{sql_list(RECORDED)}] = to_jsonb(OLD) - ARRAY[{sql_list(RECORDED)}]
            AND statuses <@ ARRAY[{sql_list((Status.SIGNING, Status.SIGNED))}]
            AND NOT EXISTS (
                SELECT FROM conventions_turn AS later
                WHERE later.convention_id = OLD.convention_id AND later.avenant_id IS NOT DISTINCT FROM OLD.avenant_id
                    AND later.purpose = OLD.purpose AND later.rank > OLD.rank AND later.done_at IS NOT NULL
            ) AND NOT EXISTS (
                SELECT FROM conventions_avenant AS avenant
                WHERE avenant.convention_id = OLD.convention_id AND (
                    OLD.avenant_id IS NULL AND avenant.rank IS NOT NULL AND avenant.status NOT IN ({sql_list(GIVEN_UP)})
                    OR avenant.id = OLD.avenant_id AND avenant.status = 'effective'
                )
            ) AND NOT (
                OLD.avenant_id IS NULL
                AND EXISTS (SELECT FROM conventions_completion WHERE convention_id = OLD.convention_id)
            ) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'pstage: a recorded signature is never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.purpose = 'signature' AND statuses <@ ARRAY[{sql_list(AWAITS_SIGNATURES)}]
        AND to_jsonb(NEW) - ARRAY[{sql_list(RECORDED)}] = to_jsonb(OLD) - ARRAY[{sql_list(RECORDED)}] THEN
        RETURN NEW;
    END IF;
"""


# When a turn was done, as ``Turn.given_at`` says it: a day begins at midnight here, whatever the database's own hour.
GIVEN_AT = Case(
    When(Q(signed_on__isnull=True) | Q(done_at__date=F("signed_on")), then="done_at"),
    default=Func(
        F("signed_on"),
        Value(settings.TIME_ZONE),
        template="(%(expressions)s)",
        arg_joiner="::timestamp AT TIME ZONE ",
        output_field=models.DateTimeField(),
    ),
)


class TurnQuerySet(models.QuerySet["Turn"]):
    def given(self) -> TurnQuerySet:
        """Return those that are done, each with when: ``at``."""
        return self.filter(done_at__isnull=False).annotate(at=GIVEN_AT)


class Turn(models.Model):
    """One party's turn. Whose turn it is, and since when, is the first rank not done."""

    class Purpose(models.TextChoices):
        APPROVAL = "approval", _("Approbation")
        SIGNATURE = "signature", _("Signature")

    class Method(models.TextChoices):
        ONLINE = "online", _("En ligne")
        PAPER = "paper", _("Sur papier")

    convention = models.ForeignKey(
        Convention, on_delete=models.CASCADE, related_name="turns", verbose_name=_("convention de stage")
    )
    avenant = of_avenant("turns")
    purpose = models.CharField(_("Objet"), max_length=10, choices=Purpose)
    rank = models.PositiveSmallIntegerField(_("Rang"))
    party = models.CharField(
        _("Partie"),
        max_length=12,
        choices=[*Party.choices, (Approver.SECURITY.value, Approver.SECURITY.label)],
    )
    method = models.CharField(_("Moyen"), max_length=10, choices=Method, blank=True)
    signed_on = models.DateField(_("Date de la signature"), null=True)
    done_at = models.DateTimeField(_("Fait le"), null=True)
    is_refused = models.BooleanField(_("Refusé"), default=False, db_default=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("Fait par"),
    )

    objects = TurnQuerySet.as_manager()

    class Meta:
        verbose_name = _("étape du circuit")
        verbose_name_plural = _("étapes du circuit")
        ordering = ["purpose", "rank"]
        constraints = [
            models.UniqueConstraint(
                "convention", "avenant", "purpose", "rank", name="turn_rank_unique", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True, method="")
                | Q(done_at__isnull=False, done_by__isnull=False) & ~Q(method=""),
                name="turn_done_by_someone",
            ),
            models.CheckConstraint(
                condition=~Q(purpose="signature") | Q(done_at__isnull=True) | Q(signed_on__isnull=False),
                name="turn_signed_means_dated",
                violation_error_message=_("Une signature donnée porte sa date."),
            ),
            models.CheckConstraint(
                condition=Q(party__in=Party.values) | Q(purpose="approval", party=Approver.SECURITY),
                name="turn_party_known",
            ),
            models.CheckConstraint(
                condition=Q(is_refused=False) | Q(purpose="approval", done_at__isnull=False),
                name="turn_refused_by_an_approver",
            ),
        ]
        triggers = [
            same_agreement(),
            freeze_with_agreement(unless=SIGNATURES, has_avenant=True),
            pgtrigger.Trigger(
                name="signed_by_all",
                operation=pgtrigger.Update,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(old__done_at__isnull=False, new__done_at__isnull=True),
                func=f"""
                    IF EXISTS ({AWAITED} AND turn.id = NEW.id) AND 'signed' = (
                        CASE WHEN NEW.avenant_id IS NULL
                            THEN (SELECT status FROM conventions_convention WHERE id = NEW.convention_id)
                            ELSE (SELECT status FROM conventions_avenant WHERE id = NEW.avenant_id)
                        END
                    ) THEN
                        RAISE EXCEPTION 'pstage: what is signed is signed by all'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.get_party_display()}"

    @property
    def given_at(self) -> datetime | None:
        """When it was done: at the minute it was recorded when that is the day it carries, else as this day began."""
        if self.done_at is None or self.signed_on in (None, timezone.localdate(self.done_at)):
            return self.done_at
        return timezone.make_aware(datetime.combine(self.signed_on, time.min))


def completed_on(signatures: Iterable[Turn], dates: Mapping[str, date]) -> date | None:
    """Return the day of the last of some signatures, those about to be given by party too; None while one is missing."""
    days = [turn.signed_on or dates.get(turn.party) for turn in signatures]
    known = [day for day in days if day]
    return max(known) if known and len(known) == len(days) else None


# The turns and who recorded them, in one query.
WITH_AUTHORS = models.Prefetch("turns", Turn.objects.select_related("done_by"))


@dataclass(frozen=True)
class Signer:
    """Who signs for a party; without a name while nobody is chosen."""

    party: Party
    name: str
    quality: str = ""


def signers(convention: Convention) -> list[Signer]:
    """Return who signs, in the order noted at submission; before it in the centre's, or in the usual one."""
    centre, tutor = convention.centre, convention.tutor
    signatory, teacher = convention.signatory, convention.teacher
    student = "{first_name} {last_name}".format_map(convention.identity)
    people = {
        Party.STUDENT: (student.strip(), ""),
        Party.TUTOR: (str(tutor), tutor.function) if tutor else ("", ""),
        Party.HOST: (str(signatory), signatory.function) if signatory else ("", ""),
        Party.TEACHER: (str(teacher), teacher.position) if teacher else ("", ""),
        Party.UNIVERSITY: (centre.signatory_name, centre.signatory_title) if centre else ("", ""),
    }
    order = convention.signature_order or (centre.signature_order if centre else default_signature_order())
    return [Signer(Party(party), *people[Party(party)]) for party in order]
