"""Avenants: changes of an agreement in force, as a difference and not as a copy."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from conventions.models.columns import MAY_CHANGE, AvenantKind
from conventions.models.convention import Convention
from conventions.models.freezing import (
    AWAITED,
    WRITTEN_WHEN_REOPENED,
    of_workflow,
    once_reopened,
    reopened_whole,
    sql_list,
    tell_moves,
    unless_purged,
)
from conventions.models.status import AWAITS_SIGNATURES


class AvenantStatus(models.TextChoices):
    """Where an avenant stands; written only by ``workflow.move``."""

    DRAFT = "draft", _("Brouillon")
    RETURNED = "returned", _("À corriger")
    SUBMITTED = "submitted", _("Soumis")
    VALIDATED = "validated", _("Validé")
    SIGNING = "signing", _("En signature")
    SIGNED = "signed", _("Signé")
    EFFECTIVE = "effective", _("En vigueur")
    REFUSED = "refused", _("Refusé")
    CANCELLED = "cancelled", _("Annulé")


EDITABLE = (AvenantStatus.DRAFT, AvenantStatus.RETURNED)
# Not decided yet, or not in effect yet: an agreement has one at a time.
OPEN = (*EDITABLE, AvenantStatus.SUBMITTED, *AWAITS_SIGNATURES, AvenantStatus.SIGNED)
GIVEN_UP = (AvenantStatus.REFUSED, AvenantStatus.CANCELLED)
FROZEN = (
    *AWAITS_SIGNATURES,
    AvenantStatus.SIGNED,
    AvenantStatus.EFFECTIVE,
    *GIVEN_UP,
)
# Printed once validated; refused or cancelled since, it stays readable on its page only.
PRINTED = (*AWAITS_SIGNATURES, AvenantStatus.SIGNED, AvenantStatus.EFFECTIVE)
MUTABLE_WHEN_FROZEN = ("status", "updated_at", "applied_at")
# What a purge takes out of an avenant; that there was one, about what and when, stays.
ERASED: dict[str, Any] = {"reason": "", "other": "", "changes": {}, "created_by_id": None}
# Where a frozen one may go; a test compares with the workflow's own table.
MOVES_WHEN_FROZEN = (
    (AvenantStatus.VALIDATED, AvenantStatus.SIGNING),
    (AvenantStatus.VALIDATED, AvenantStatus.SIGNED),
    (AvenantStatus.VALIDATED, AvenantStatus.CANCELLED),
    (AvenantStatus.SIGNING, AvenantStatus.SIGNED),
    (AvenantStatus.SIGNING, AvenantStatus.CANCELLED),
    (AvenantStatus.SIGNED, AvenantStatus.EFFECTIVE),
    (AvenantStatus.SIGNED, AvenantStatus.CANCELLED),
    # The last signature of a circuit, or a recorded one, taken back with a reason.
    (AvenantStatus.SIGNED, AvenantStatus.SIGNING),
    (AvenantStatus.SIGNING, AvenantStatus.VALIDATED),
    # Taken back to be corrected, its signatures void.
    (AvenantStatus.VALIDATED, AvenantStatus.RETURNED),
    (AvenantStatus.SIGNING, AvenantStatus.RETURNED),
)


# What an avenant that has just taken effect says, and its agreement does not; read when the transaction commits.
HALF_APPLIED = """
    SELECT FROM conventions_convention AS one, jsonb_each(NEW.changes) AS change
    WHERE one.id = NEW.convention_id AND NOT EXISTS (
        SELECT FROM conventions_avenant AS later
        WHERE later.convention_id = NEW.convention_id AND later.rank > NEW.rank
            AND later.applied_at IS NOT NULL AND later.changes ? change.key
    ) AND change.value -> 'after' IS DISTINCT FROM CASE change.key
        WHEN 'interruptions' THEN (
            SELECT coalesce(jsonb_agg(jsonb_build_array(start, "end", kind) ORDER BY start), '[]')
            FROM conventions_interruption WHERE convention_id = NEW.convention_id
        )
        WHEN 'work_periods' THEN (
            SELECT coalesce(jsonb_agg(jsonb_build_array(
                start, "end", monday::text, tuesday::text, wednesday::text, thursday::text, friday::text,
                saturday::text, sunday::text
            ) ORDER BY start), '[]')
            FROM conventions_workperiod WHERE convention_id = NEW.convention_id
        )
        ELSE CASE WHEN to_jsonb(one) ->> change.key IS NOT DISTINCT FROM change.value ->> 'after'
            THEN change.value -> 'after' ELSE to_jsonb(one) -> change.key END
    END
"""


class AvenantQuerySet(models.QuerySet["Avenant"]):
    def submitted(self) -> AvenantQuerySet:
        """Return those that wait for a decision."""
        return self.filter(status=AvenantStatus.SUBMITTED)

    def locked(self, pk: int) -> Avenant:
        """Return one of these, locked until the transaction ends, its agreement first; raise DoesNotExist."""
        Convention.objects.locked(self.values_list("convention_id", flat=True).get(pk=pk))
        return self.select_for_update(of=("self",)).get(pk=pk)


class Avenant(models.Model):
    """A change of a validated agreement: what it was and what it becomes, column by column.

    ``changes`` is ``{column: {"before": value, "after": value}}``, values as PostgreSQL writes them in text (dates in
    ISO, decimals with their places), the two lists of periods as lists of rows. The agreement's row takes the
    values of ``after`` on the day it takes effect; the database accepts no other change of a frozen agreement.
    """

    convention = models.ForeignKey(
        Convention, on_delete=models.PROTECT, related_name="avenants", verbose_name=_("convention de stage")
    )
    rank = models.PositiveSmallIntegerField(_("Rang"), null=True, editable=False)
    status = models.CharField(
        _("État"), max_length=12, choices=AvenantStatus, default=AvenantStatus.DRAFT, editable=False
    )
    kinds = ArrayField(models.CharField(max_length=20, choices=AvenantKind), verbose_name=_("Ce qui change"))
    reason = models.TextField(_("Raison du changement"), max_length=2_000)
    other = models.TextField(
        _("Autre changement"),
        max_length=10_000,
        blank=True,
        help_text=_("Écrivez la clause telle qu’elle doit figurer dans l’avenant."),
    )
    effective_on = models.DateField(
        _("Prend effet le"),
        null=True,
        blank=True,
        help_text=_("Laissez vide pour que l’avenant prenne effet à la dernière signature."),
    )
    changes = models.JSONField(_("Changements"), default=dict, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("Créé par"),
    )
    created_at = models.DateTimeField(_("Créé le"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Modifié le"), auto_now=True)
    submitted_at = models.DateTimeField(_("Soumis le"), null=True, editable=False)
    validated_at = models.DateTimeField(_("Validé le"), null=True, editable=False)
    applied_at = models.DateTimeField(_("En vigueur depuis"), null=True, editable=False)
    version = models.PositiveSmallIntegerField(_("Version"), default=1, db_default=1, editable=False)
    reopened_at = models.DateTimeField(_("Repris le"), null=True, editable=False)

    objects = AvenantQuerySet.as_manager()

    class Meta:
        verbose_name = _("avenant")
        verbose_name_plural = _("avenants")
        ordering = ["convention", "rank", "pk"]
        constraints = [
            models.UniqueConstraint("convention", "rank", name="avenant_rank_unique"),
            models.UniqueConstraint("convention", condition=Q(status__in=OPEN), name="avenant_one_open"),
            models.CheckConstraint(condition=Q(status__in=AvenantStatus.values), name="avenant_status_known"),
            models.CheckConstraint(
                condition=Q(kinds__contained_by=AvenantKind.values) & Q(kinds__len__gt=0),
                name="avenant_kinds_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[AvenantStatus.DRAFT, AvenantStatus.CANCELLED])
                | Q(rank__isnull=False, submitted_at__isnull=False),
                name="avenant_numbered_once_submitted",
            ),
            models.CheckConstraint(
                condition=Q(status=AvenantStatus.EFFECTIVE, applied_at__isnull=False)
                | ~Q(status=AvenantStatus.EFFECTIVE) & Q(applied_at__isnull=True),
                name="avenant_effective_since",
            ),
        ]
        indexes = [models.Index("effective_on", condition=Q(status="signed"), name="avenant_due")]
        triggers = [
            pgtrigger.Trigger(
                name="freeze_content",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                declare=[("mutable", "TEXT[]")],
                func=f"""
                    {unless_purged(ERASED)}
                    IF NEW.convention_id <> OLD.convention_id OR OLD.rank IS NOT NULL AND NEW.rank <> OLD.rank THEN
                        RAISE EXCEPTION 'pstage: avenant % keeps its agreement and its rank', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    -- What changes a frozen agreement is what is applied in this very transaction.
                    IF NEW.applied_at IS DISTINCT FROM OLD.applied_at
                        AND (OLD.applied_at IS NOT NULL OR NEW.applied_at <> transaction_timestamp()) THEN
                        RAISE EXCEPTION 'pstage: avenant % takes effect once, now', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    {once_reopened("avenant")}
                    IF OLD.status IN ({sql_list(FROZEN)}) THEN
                        IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
                            {", ".join(f"({sql_list(move)})" for move in MOVES_WHEN_FROZEN)}
                        ) THEN
                            RAISE EXCEPTION 'pstage: avenant % cannot go from % to %', OLD.id, OLD.status, NEW.status
                                USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                        IF NEW.status = 'signed' AND OLD.status <> 'signed'
                            AND EXISTS ({AWAITED} AND turn.avenant_id = NEW.id) THEN
                            RAISE EXCEPTION 'pstage: avenant % is not signed by all', OLD.id
                                USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                        mutable := ARRAY[{sql_list(MUTABLE_WHEN_FROZEN)}];
                        IF NEW.status = 'returned' THEN
                            mutable := mutable || ARRAY[{sql_list(WRITTEN_WHEN_REOPENED)}];
                        END IF;
                        IF to_jsonb(NEW) - mutable IS DISTINCT FROM to_jsonb(OLD) - mutable THEN
                            RAISE EXCEPTION 'pstage: avenant % is frozen', OLD.id
                                USING ERRCODE = 'integrity_constraint_violation';
                        END IF;
                    ELSIF NEW.status IN ('signing', 'signed', 'effective') THEN
                        RAISE EXCEPTION 'pstage: avenant % has not been validated', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation';
                    ELSE
                        {of_workflow("avenant", "turn.avenant_id = NEW.id")}
                    END IF;
                    RETURN NEW;
                """,
            ),
            tell_moves("a"),
            reopened_whole("avenant", "conventions_avenant", "hung.avenant_id = NEW.id"),
            pgtrigger.Trigger(
                name="apply_whole",
                operation=pgtrigger.Update,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                func=f"""
                    IF NEW.applied_at IS DISTINCT FROM OLD.applied_at AND EXISTS ({HALF_APPLIED}) THEN
                        RAISE EXCEPTION 'pstage: avenant % is not applied as a whole', NEW.id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="begin_as_draft",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                declare=[("status", "TEXT")],
                func="""
                    SELECT one.status INTO status FROM conventions_convention AS one
                        WHERE id = NEW.convention_id AND purged_at IS NULL FOR SHARE;
                    IF NEW.status <> 'draft' OR status IS NULL OR status NOT IN ('validated', 'signing', 'signed') THEN
                        RAISE EXCEPTION 'pstage: an avenant begins as a draft, of an agreement in force'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="keep_numbered",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF OLD.status <> 'draft' OR OLD.rank IS NOT NULL THEN
                        RAISE EXCEPTION 'pstage: avenant % has been submitted and cannot be deleted', OLD.id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN OLD;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.convention.number}/A{self.rank}" if self.rank else str(_("Brouillon d’avenant"))

    def get_absolute_url(self) -> str:
        return reverse("conventions:avenant", args=[self.convention_id, self.pk])

    @property
    def named(self) -> str:
        """What a page calls it where one goes back to it: « Avenant 2027-000123/A1 »."""
        return str(_("Avenant %(number)s") % {"number": self}) if self.rank else str(self)

    @property
    def is_editable(self) -> bool:
        return self.status in EDITABLE

    @property
    def may_change(self) -> frozenset[str]:
        """Return the fields and the lists of periods of the agreement that its kinds open."""
        return frozenset(name for kind in self.kinds for name in MAY_CHANGE[kind])

    @property
    def is_open(self) -> bool:
        """Neither in effect nor given up."""
        return self.status in OPEN

    @property
    def is_returned(self) -> bool:
        """A correction is asked."""
        return self.status == AvenantStatus.RETURNED

    @property
    def was_validated(self) -> bool:
        """It is validated, or was before it was taken back: something of it is printed."""
        return self.validated_at is not None or self.reopened_at is not None

    @property
    def is_to_print(self) -> bool:
        """Validated, and nobody has signed it yet."""
        return self.status == AvenantStatus.VALIDATED

    @property
    def is_printed(self) -> bool:
        return self.status in PRINTED

    @property
    def awaits_signatures(self) -> bool:
        return self.status in AWAITS_SIGNATURES

    @property
    def is_signed(self) -> bool:
        """All have signed: it waits for its day, or is in effect."""
        return self.status in {AvenantStatus.SIGNED, AvenantStatus.EFFECTIVE}

    @property
    def is_given_up(self) -> bool:
        return self.status in GIVEN_UP

    @property
    def is_frozen(self) -> bool:
        """Decided on: its content never changes again."""
        return self.status in FROZEN

    @property
    def submission(self) -> str:
        """Name the last submission: what a page shows of it is what can be decided on."""
        return f"{self.submitted_at:%Y%m%d%H%M%S%f}" if self.submitted_at else ""

    @property
    def kinds_display(self) -> list[str]:
        """Return what it is about, in words, in the order of the list."""
        return [str(kind.label) for kind in AvenantKind if kind in self.kinds]


def same_agreement() -> pgtrigger.Trigger:
    """Return the trigger that keeps a row about an avenant with the agreement that the avenant changes."""
    return pgtrigger.Trigger(
        name="same_agreement",
        operation=pgtrigger.Insert | pgtrigger.Update,
        when=pgtrigger.Before,
        condition=pgtrigger.Q(new__avenant__isnull=False),
        func="""
            IF NOT EXISTS (
                SELECT FROM conventions_avenant WHERE (id, convention_id) = (NEW.avenant_id, NEW.convention_id)
            ) THEN
                RAISE EXCEPTION 'pstage: avenant % is not one of this agreement', NEW.avenant_id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        """,
    )


def of_avenant(related_name: str) -> models.ForeignKey[Avenant | None, Avenant | None]:
    """Return the column that says which avenant a row is about; none for the agreement itself."""
    return models.ForeignKey(
        Avenant,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name=related_name,
        verbose_name=_("avenant"),
    )
