"""The end of a stage: when it may be recorded, what was planned, and what its host declares of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from conventions import documents, law, legality, notices, permissions
from conventions.legality import words
from conventions.models import Completion, Convention, Status, journal

if TYPE_CHECKING:
    from accounts.models import User


def opens_on(convention: Convention) -> date | None:
    """Return the first day on which the end may be recorded, the last of the stage; None while nothing is signed."""
    if convention.status == Status.TERMINATED and convention.validated_at:
        return timezone.localdate(convention.validated_at)
    if convention.status == Status.SIGNED and convention.end:
        return convention.end
    return None


def is_open(convention: Convention) -> bool:
    """Whether the end of this stage may be recorded today."""
    first = opens_on(convention)
    return first is not None and first <= timezone.localdate()


def of(convention: Convention) -> Completion | None:
    """Return what was recorded, if anything."""
    return Completion.objects.filter(convention=convention).select_related("confirmed_by").first()


def planned(convention: Convention) -> dict[str, Any]:
    """Return what the agreement plans, to be confirmed or corrected; only its start when it was broken off."""
    found: dict[str, Any] = {"start": convention.start, "leave_hours": Decimal(0)}
    if convention.status == Status.TERMINATED:
        return found
    case = legality.case_of(convention)
    return {
        **found,
        "end": convention.end,
        "hours": convention.hours,
        "leave_hours": convention.hours_assimilated or Decimal(0),
        "amount_paid": case.promised_total if convention.is_paid else Decimal(0),
    }


def mistakes(convention: Convention, done: dict[str, Any]) -> dict[str, str]:
    """Return what cannot be, by field: a day outside the agreement, a declaration not made yet."""
    found = {}
    assert convention.start is not None
    assert convention.end is not None
    last = convention.terminated_on or convention.end
    for name in ("start", "end"):
        if not convention.start <= done[name] <= last:
            found[name] = _(
                "Le stage est convenu du %(start)s au %(end)s : un autre jour demande un avenant."
            ) % {"start": in_short(convention.start), "end": in_short(last)}
    if done["declared_on"] > timezone.localdate():
        found["declared_on"] = _("La date de la déclaration ne peut pas être dans le futur.")
    elif done["declared_on"] < done["end"]:
        found["declared_on"] = _("La déclaration ne peut pas précéder la fin du stage.")
    return found


def in_short(day: date) -> str:
    return str(date_format(day, "SHORT_DATE_FORMAT"))


@dataclass(frozen=True)
class Shortfall:
    """What was paid is less than the law asks for the hours really done."""

    paid: Decimal
    least: Decimal

    @property
    def key(self) -> str:
        """What a form posts again once its reader has seen this."""
        return f"{self.paid:f}<{self.least:f}"

    @property
    def message(self) -> str:
        return _(
            "La gratification versée, %(paid)s, est inférieure au minimum légal pour ces heures : %(least)s "
            "(articles L124-6 et D124-8)."
        ) % {"paid": words.money(self.paid), "least": words.money(self.least)}


def shortfall(convention: Convention, done: dict[str, Any]) -> Shortfall | None:
    """Return how far from the legal minimum the pay is; None when it is due at all neither by the plan nor by the facts."""
    plan = legality.case_of(convention)
    real = _as_done(plan, done)
    least = real.minimum_total
    if least is None or not plan.facts.pay.in_euros or not (plan.is_due or real.is_due):
        return None
    if plan.facts.stage.leave_is_paid:
        least += done["leave_hours"] * real.paid_months[-1].rate
    return Shortfall(done["amount_paid"], least) if done["amount_paid"] < least else None


def _as_done(plan: law.Case, done: dict[str, Any]) -> law.Case:
    """Return the case of the hours really done, between the real dates."""
    stage = plan.facts.stage
    schedule = stage.schedule and replace(
        stage.schedule,
        periods=tuple(
            replace(period, start=max(period.start, done["start"]), end=min(period.end, done["end"]))
            for period in stage.schedule.periods
            if period.start <= done["end"] and period.end >= done["start"]
        ),
    )
    real = replace(
        stage,
        start=done["start"],
        end=done["end"],
        schedule=schedule,
        corrected_hours=done["hours"],
        leave_is_paid=False,
    )
    return law.Case(replace(plan.facts, stage=real), plan.amounts)


def confirm(convention_id: int, done: dict[str, Any], *, by: User, seen: str) -> Completion:
    """Record what the host declared and freeze the certificate that says so.

    ``seen`` names what the page showed (see ``version``): a colleague's record is never replaced unread.
    Raises Refused, with a text for the person, when it cannot be done; nothing is written then.
    """
    with transaction.atomic():
        convention = Convention.objects.for_detail().locked(convention_id)
        if not permissions.decides(by, convention) or not is_open(convention):
            raise Refused(_("La fin de ce stage ne peut pas être enregistrée maintenant."), "not_open")
        if found := mistakes(convention, done):
            raise Refused(" ".join(found.values()), "mistaken")
        earlier = of(convention)
        if version(earlier) != seen:
            raise Refused(
                _("La fin de ce stage a été enregistrée entre-temps : relisez-la."), "recorded_meanwhile"
            )
        completion = earlier or Completion(convention=convention)
        for name, value in done.items():
            setattr(completion, name, value)
        completion.convention, completion.confirmed_by, completion.confirmed_at = (
            convention,
            by,
            timezone.now(),
        )
        completion.save()
        documents.freeze_certificate(completion)
        lacking = shortfall(convention, done)
        with translation.override("fr"):
            event = journal.record(
                convention,
                "complete",
                by=by,
                comment=_summed_up(completion),
                findings=[{"rule": "G-03", "severity": str(law.Severity.WARN), "message": lacking.message}]
                if lacking
                else [],
            )
        notices.announce(event)
    return completion


def version(completion: Completion | None) -> str:
    """Name what was recorded last."""
    return f"{completion.confirmed_at:%Y%m%d%H%M%S%f}" if completion else ""


def _summed_up(completion: Completion) -> str:
    """Return what the journal keeps of a declaration, so that a correction hides nothing."""
    return _(
        "Du %(start)s au %(end)s, %(hours)s h de présence, %(leave)s h de congé, %(paid)s versés en tout ; déclaré par "
        "%(who)s, %(function)s, le %(day)s."
    ) % {
        "start": in_short(completion.start),
        "end": in_short(completion.end),
        "hours": words.number(completion.hours),
        "leave": words.number(completion.leave_hours),
        "paid": f"{words.number(completion.amount_paid)} {completion.currency}",
        "who": completion.declared_by,
        "function": completion.declared_function,
        "day": in_short(completion.declared_on),
    }
