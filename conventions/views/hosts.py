"""The page of a host, for the staff that keeps the directory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from conventions.calendar import ONE_WEEK
from conventions.desk.columns import rows
from conventions.desk.filters import TO_SIGN
from conventions.legality import quotas
from conventions.models import Convention
from conventions.models.convention import BROKEN_OFF, SIGNED
from conventions.models.standing import LAST_SIGNATURE, WAITING
from conventions.models.status import AGREED, AWAITS_SIGNATURES
from conventions.views.lists import centres_of
from organisations.models import Contact, Organisation, Party
from organisations.models.host import ContactQuerySet
from organisations.models.roles import Roles, roles_of
from organisations.views.directory import keeper

STAGES_SHOWN, CONTACTS_SHOWN, NOTES_SHOWN, BANS_SHOWN = 10, 20, 20, 10
WEEKS = 13  # this one and the next twelve


@require_safe
def host(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who a host is, whom it receives and how it goes; one merged into another leads to the one kept."""
    user = keeper(request)
    roles = roles_of(user)
    if kept := Organisation.objects.filter(pk=pk).values_list("merged_into", flat=True).first():
        return redirect("host", kept)
    found = get_object_or_404(
        Organisation.objects.visible_to(user)
        .select_related("legal_form", "naf_code", "headcount_band", "created_by", "verified_by")
        .annotate(agreements=Count("conventions", filter=Q(conventions__validated_at__isnull=False))),
        pk=pk,
    )
    agreements = Convention.objects.visible_to(user).filter(organisation=found).without_drafts()
    today = timezone.localdate()
    weeks = list(weeks_from(today, quotas.received([found], today, today + (WEEKS - 1) * ONE_WEEK)[pk]))
    bans = list(
        found.bans.filter(institution=user.institution_id).select_related("by", "lifted_by")[:BANS_SHOWN]
    )
    ban = next((one for one in bans if one.is_in_force), None)
    contacts = list(contacts_of(found, user, roles)[: CONTACTS_SHOWN + 1])
    return render(
        request,
        "conventions/host.html",
        {
            "host": found,
            "weeks": weeks,
            "figures": figures(agreements, today),
            "rows": rows(
                agreements.order_by(F("start").desc(nulls_last=True), "-pk")[:STAGES_SHOWN], roles, user
            ),
            "list_url": f"{reverse('conventions:list')}?organisme={pk}",
            "to_sign": TO_SIGN,
            "contacts": contacts[:CONTACTS_SHOWN],
            "has_more_contacts": len(contacts) > CONTACTS_SHOWN,
            "notes": found.notes.filter(institution=user.institution_id).select_related("by")[:NOTES_SHOWN],
            "merges": found.merges.select_related("dropped", "by", "undone_by"),
            "ban": ban,
            "banned": {pk} if ban else set(),
            "earlier_bans": [one for one in bans if one != ban],
            "says": user.institution_id is not None,
        },
    )


@dataclass(frozen=True)
class Week:
    """How many trainees a host is known to have in one week."""

    monday: date
    trainees: int
    most: int | None

    @property
    def is_full(self) -> bool:
        return self.most is not None and self.trainees >= self.most


def weeks_from(today: date, received: quotas.Received) -> Iterator[Week]:
    """Yield the present week and those that follow."""
    monday = today - timedelta(days=today.weekday())
    for rank in range(WEEKS):
        day = monday + rank * ONE_WEEK
        yield Week(day, received.known(day, day), received.most)


class Median(Aggregate):
    """The value in the middle, of what can be interpolated."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def figures(agreements: QuerySet[Convention], today: date) -> dict[str, Any]:
    """Return how many stages there are by what has become of them, and how long signatures take; one query."""
    agreed = Q(status__in=AGREED)
    found = agreements.annotate(
        waiting=WAITING, to_sign=TruncDate(LAST_SIGNATURE) - TruncDate("validated_at")
    ).aggregate(
        total=Count("pk"),
        present=Count("pk", filter=agreed & Q(start__lte=today, end__gte=today)),
        coming=Count("pk", filter=agreed & Q(start__gt=today)),
        ended=Count("pk", filter=agreed & Q(end__lt=today) | BROKEN_OFF),
        signed=Count("pk", filter=SIGNED),
        took=Median("to_sign", filter=SIGNED),
        held=Count("pk", filter=Q(status__in=AWAITS_SIGNATURES, waiting__in=[Party.HOST, Party.TUTOR])),
    )
    # Two agreements have half a day between them.
    return {**found, "days": round(found["took"] / timedelta(days=1)) if found["took"] is not None else None}


def contacts_of(host: Organisation, user: User, roles: Roles) -> ContactQuerySet:
    """Return the people of a host whom the reader's agreements may name, the busiest first."""
    known = Contact.objects.known_in(centres_of(user, roles), user).filter(organisation=host)
    return known.annotate(as_tutor=number_of("tutor"), as_signatory=number_of("signatory")).order_by(
        -(F("as_tutor") + F("as_signatory")), "last_name", "first_name", "pk"
    )


def number_of(part: str) -> Coalesce:
    """Return how many validated agreements name a contact as their tutor, or signatory."""
    named = Convention.objects.filter(**{part: OuterRef("pk")}, validated_at__isnull=False)
    return Coalesce(Subquery(named.order_by().values(part).annotate(number=Count("pk")).values("number")), 0)
