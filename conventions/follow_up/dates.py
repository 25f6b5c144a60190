"""What dates say of agreements: stages to come, under way and over, and which are owed a certificate."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet
from django.db.models.functions import Least

from conventions.models import Convention, Document, Status
from conventions.models.standing import CERTIFIED


def is_recorded(convention: Convention) -> bool:
    """Whether its end was recorded, and so certified once. Best with its documents prefetched."""
    return any(document.kind == Document.Kind.CERTIFICATE for document in convention.documents.all())


def is_certified(convention: Convention) -> bool:
    """Whether an agreement as it stands has its certificate. Best with its documents and avenants prefetched."""
    applied = [avenant.applied_at for avenant in convention.avenants.all() if avenant.applied_at]
    return any(
        document.kind == Document.Kind.CERTIFICATE and all(at <= document.created_at for at in applied)
        for document in convention.documents.all()
    )


def upcoming(today: date) -> Q:
    """Signed agreements of which the stage has not begun."""
    return Q(status=Status.SIGNED, start__gt=today)


def under_way(today: date) -> Q:
    """Signed agreements of which the stage takes place today; ``standing.words.label_of`` says so in words."""
    return Q(status=Status.SIGNED, start__lte=today, end__gte=today)


def ended(today: date) -> Q:
    """Signed agreements of which the stage is over."""
    return Q(status=Status.SIGNED, end__lt=today)


def owed_a_certificate(
    agreements: QuerySet[Convention], last: date, first: date = date.min
) -> QuerySet[Convention]:
    """Return those whose trainee is owed a certificate and has none of what was done (article D124-9), over between two days.

    A stage broken off is over on that day, and its certificate is due too.
    """
    return (
        agreements.filter(status__in=[Status.SIGNED, Status.TERMINATED], purged_at=None)
        .exclude(CERTIFIED)
        .annotate(over_on=Least("end", "terminated_on"))
        .filter(over_on__range=(first, last))
    )
