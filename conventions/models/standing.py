"""What the tables tell together of where an agreement stands: whose turn, since when, its avenant, its certificate.

Each has a twin that says the same of an agreement that was read; a test compares them in each state.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from django.db.models import Case, Exists, F, Max, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, JSONObject

from conventions.models.avenant import GIVEN_UP, Avenant
from conventions.models.circuit import Approver, Turn
from conventions.models.document import Document
from conventions.models.journal import BESIDE, Event
from conventions.models.status import AWAITS_SIGNATURES, Status
from organisations.models import Party

# Whose approval or signature comes next: ``turns.waiting``.
WAITING = Subquery(
    Turn.objects.filter(convention=OuterRef("pk"), avenant=None, done_at=None)
    .order_by("purpose", "rank")
    .values("party")[:1]
)
# Whether a security officer refused the departure: ``turns.is_forbidden``.
FORBIDDEN = Exists(Turn.objects.filter(convention=OuterRef("pk"), avenant=None, is_refused=True))
# When the last of its signatures was given, all of them or not.
LAST_SIGNATURE = Subquery(
    Turn.objects.given()
    .filter(convention=OuterRef("pk"), avenant=None, purpose=Turn.Purpose.SIGNATURE)
    .order_by()
    .values("convention")
    .annotate(last=Max("at"))
    .values("last")
)
# Since when it is so: the last signature or the validation while one is awaited, else what last happened to it.
SINCE = Case(
    When(status__in=AWAITS_SIGNATURES, then=Coalesce(LAST_SIGNATURE, "validated_at")),
    default=Subquery(
        Event.objects.filter(convention=OuterRef("pk"), avenant=None)
        .exclude(action__in=BESIDE)
        .order_by("-at", "-pk")
        .values("at")[:1]
    ),
)
# The avenant that counts: the open one, else the last in effect.
AMENDED_BY = Subquery(
    Avenant.objects.filter(convention=OuterRef("pk"))
    .exclude(status__in=GIVEN_UP)
    .order_by(F("rank").desc(nulls_first=True))
    .values(found=JSONObject(pk="pk", rank="rank", status="status"))[:1]
)
# An avenant in effect since a certificate was made leaves nothing of what it certifies.
OUTDATED = Exists(
    Avenant.objects.filter(convention=OuterRef("convention"), applied_at__gt=OuterRef("created_at"))
)
# Whether an agreement as it stands has its certificate: ``dates.is_certified``.
CERTIFIED = Exists(
    Document.objects.filter(convention=OuterRef("pk"), kind=Document.Kind.CERTIFICATE).exclude(OUTDATED)
)
# An approval that is the next thing awaited.
AWAITS_APPROVAL = Q(status=Status.SUBMITTED, waiting=Party.TEACHER)
STANDING = {
    "waiting": WAITING,
    "since": SINCE,
    "amended": AMENDED_BY,
    "certified": CERTIFIED,
    "forbidden": FORBIDDEN,
}


class Standing(TypedDict):
    """What ``with_standing`` adds to each agreement."""

    waiting: Party | Approver | None
    since: datetime | None
    amended: dict[str, Any] | None
    certified: bool
    forbidden: bool
