"""What happened to an agreement, and the corrections asked on its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conventions.models.avenant import Avenant, AvenantStatus, of_avenant, same_agreement
from conventions.models.convention import Convention
from conventions.models.freezing import freeze_with_agreement, true_to_moves, unless_purged
from conventions.models.status import Status

if TYPE_CHECKING:
    from accounts.models import User

# Who did what, and why, goes with a purge; what happened when stays.
ERASED: dict[str, Any] = {"actor_id": None, "comment": "", "findings": [], "details": {}}


# What the journal of an agreement tells beside what moves it.
BESIDE = ("hold", "complete", "purge", "correct")
# What is never told without a move.
MOVING = (
    "submit",
    "withdraw",
    "validate",
    "return",
    "refuse",
    "cancel",
    "terminate",
    "take_effect",
    "reopen",
)


class Event(models.Model):
    """One line of the journal: who did what, when, from which state to which. Never changed."""

    convention = models.ForeignKey(
        Convention, on_delete=models.CASCADE, related_name="events", verbose_name=_("convention de stage")
    )
    avenant = of_avenant("events")
    action = models.CharField(_("Action"), max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("Par"),
    )
    at = models.DateTimeField(_("Date"), auto_now_add=True)
    before = models.CharField(_("Avant"), max_length=12, blank=True)
    after = models.CharField(_("Après"), max_length=12)
    comment = models.TextField(_("Commentaire"), blank=True)
    findings = models.JSONField(_("Alertes connues"), default=list, editable=False)
    # What an action undid or changed: the dates of the signatures that are void, by party; what a correction wrote, by
    # column, before and after, and whom it asks for approval; the risk that a departure was allowed at.
    details = models.JSONField(_("Détails"), default=dict, db_default={}, editable=False)

    class Meta:
        verbose_name = _("événement")
        verbose_name_plural = _("événements")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(avenant__isnull=True, before__in=["", *Status.values], after__in=Status.values)
                | Q(
                    avenant__isnull=False,
                    before__in=["", *AvenantStatus.values],
                    after__in=AvenantStatus.values,
                ),
                name="event_states_known",
            )
        ]
        triggers = [
            same_agreement(),
            true_to_moves(MOVING),
            pgtrigger.Trigger(
                name="append_only",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=f"""
                    {unless_purged(ERASED)}
                    IF TG_OP = 'DELETE' AND (EXISTS (
                        SELECT 1 FROM conventions_convention
                        WHERE id = OLD.convention_id AND status = 'draft' AND number IS NULL
                    ) OR EXISTS (
                        SELECT 1 FROM conventions_avenant
                        WHERE id = OLD.avenant_id AND status = 'draft' AND rank IS NULL
                    )) THEN
                        RETURN OLD;
                    END IF;
                    RAISE EXCEPTION 'pstage: the journal is never changed'
                        USING ERRCODE = 'integrity_constraint_violation';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.at:%d/%m/%Y %H:%M}"

    @property
    def moves(self) -> tuple[str, str] | None:
        """Return the two states in words, of the agreement or of its avenant; None when it did not move."""
        states: type[Status] | type[AvenantStatus] = AvenantStatus if self.avenant_id else Status
        if not self.before or self.before == self.after:
            return None
        return str(states(self.before).label), str(states(self.after).label)


def record(
    subject: Convention | Avenant,
    action: str,
    *,
    by: User | None = None,
    before: str | None = None,
    comment: str = "",
    findings: Iterable[dict[str, str]] = (),
    details: Mapping[str, Any] | None = None,
) -> Event:
    """Write one line of the journal, of an agreement or of its avenant as it stands now: the only writer of it.

    ``before`` is the state it left; it has not moved without one. Nobody did what a clock does.
    """
    avenant = subject if isinstance(subject, Avenant) else None
    return Event.objects.create(
        convention=subject.convention if isinstance(subject, Avenant) else subject,
        avenant=avenant,
        action=action,
        actor=by,
        before=subject.status if before is None else before,
        after=subject.status,
        comment=comment,
        findings=list(findings),
        details=dict(details or {}),
    )


class Remark(models.Model):
    """A correction asked by a manager on one field; the student answers or corrects, then marks it treated."""

    convention = models.ForeignKey(
        Convention, on_delete=models.CASCADE, related_name="remarks", verbose_name=_("convention de stage")
    )
    avenant = of_avenant("remarks")
    field = models.CharField(_("Champ"), max_length=40)
    text = models.TextField(_("Remarque"), max_length=2_000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Auteur")
    )
    created_at = models.DateTimeField(_("Écrite le"), auto_now_add=True)
    answer = models.TextField(_("Réponse"), max_length=2_000, blank=True)
    resolved_at = models.DateTimeField(_("Traitée le"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Traitée par"),
    )

    class Meta:
        verbose_name = _("remarque")
        verbose_name_plural = _("remarques")
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolved_by__isnull=True)
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
                name="remark_treated_by_someone",
            )
        ]
        indexes = [models.Index("convention", condition=Q(resolved_at__isnull=True), name="remark_open")]
        triggers = [same_agreement(), freeze_with_agreement(has_avenant=True)]

    def __str__(self) -> str:
        return self.text[:60]


# The remarks and who wrote them, in one query.
WITH_REMARKS = models.Prefetch("remarks", Remark.objects.select_related("author"))
