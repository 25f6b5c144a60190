"""What dates say of agreements: stages to come, under way and over, and which are owed a certificate."""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Least

from conventions.models import Convention, Document, Status


def upcoming(today: date) -> Q:
    """Signed agreements of which the stage has not begun."""
    return Q(status=Status.SIGNED, start__gt=today)


def under_way(today: date) -> Q:
    """Signed agreements of which the stage takes place today; ``phases.label_of`` says so in words."""
    return Q(status=Status.SIGNED, start__lte=today, end__gte=today)


def ended(today: date) -> Q:
    """Signed agreements of which the stage is over."""
    return Q(status=Status.SIGNED, end__lt=today)


def owed_a_certificate(
    agreements: QuerySet[Convention], last: date, first: date = date.min
) -> QuerySet[Convention]:
    """Return those whose trainee is owed a certificate and has none (article D124-9), over between two days.

    A stage broken off is over on that day, and its certificate is due too.
    """
    certificates = Document.objects.filter(convention=OuterRef("pk"), kind=Document.Kind.CERTIFICATE)
    return (
        agreements.filter(status__in=[Status.SIGNED, Status.TERMINATED], purged_at=None)
        .exclude(Exists(certificates))
        .annotate(over_on=Least("end", "terminated_on"))
        .filter(over_on__range=(first, last))
    )
