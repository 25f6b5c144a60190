"""The certificate that every trainee is owed (article D124-9): who is reminded of it, and when.

The student and their tutor before the end of the stage, and once more after it; the centre once a week, of the
agreements that have been over for some days without one. Each centre sets its own days.
"""

from __future__ import annotations

from datetime import date, timedelta

from celery import shared_task
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conventions import calendar, notices
from conventions.follow_up.dates import owed_a_certificate
from conventions.models import Convention, Status
from organisations.models import Centre

# A day missed is caught up, and nobody is reminded of the stages of long ago on the day this starts.
CAUGHT_UP = timedelta(days=14)
BATCH = 200
LISTED = 50


@shared_task(name="conventions.tasks.remind_certificates")
def remind_certificates() -> None:
    """Each day; run twice, it writes nothing the second time."""
    today = timezone.localdate()
    for centre in Centre.objects.select_related("institution").order_by("pk"):
        remind(centre, today)
        remind_centre(centre, today)


def remind(centre: Centre, today: date) -> None:
    """Write to the student and the tutor of each stage about to end, then of each that ended without a certificate."""
    handled = Convention.objects.filter(centre=centre).select_related(
        "student__user", "tutor", "organisation", "institution"
    )
    last = today + timedelta(days=centre.certificate_days_before)
    coming = owed_a_certificate(handled, first=today, last=last).filter(status=Status.SIGNED)
    for convention in coming.order_by("pk").iterator(chunk_size=BATCH):
        _tell(convention, is_over=False)
    last = today - timedelta(days=max(1, centre.certificate_days_after))
    over = owed_a_certificate(handled, first=last - CAUGHT_UP, last=last)
    for convention in over.order_by("pk").iterator(chunk_size=BATCH):
        _tell(convention, is_over=True)


@transaction.atomic
def _tell(convention: Convention, *, is_over: bool) -> None:
    notices.send(
        notices.Happening(
            "stage ends",
            # A stage that an avenant prolongs ends another day: its people are told again.
            cause=f"certificate:{convention.pk}:{convention.end}:{'over' if is_over else 'soon'}",
            institution=convention.institution,
            convention=convention,
            context={"is_over": is_over},
            link=convention.get_absolute_url(),
            link_label=_("Ouvrir la convention"),
        )
    )


@transaction.atomic
def remind_centre(centre: Centre, today: date) -> None:
    """Tell a centre, once a week, which agreements have been over for its number of days and have no certificate.

    Their numbers and hosts, nobody's name: what a mail says outlives what is anonymised here.
    """
    monday = today - timedelta(days=today.weekday())
    last = monday - timedelta(days=max(1, centre.certificate_days_reported))
    handled = Convention.objects.filter(centre=centre).select_related("organisation")
    late = list(
        owed_a_certificate(handled, first=last - calendar.ONE_WEEK + timedelta(days=1), last=last).order_by(
            "end", "pk"
        )[: LISTED + 1]
    )
    if not late:
        return
    notices.send(
        notices.Happening(
            "certificates missing",
            cause=f"certificates:{centre.pk}:{monday}",
            institution=centre.institution,
            centre=centre,
            context={"centre": centre, "conventions": late[:LISTED], "has_more": len(late) > LISTED},
            link=reverse("conventions:list") + "?statut=attestations",
            link_label=_("Ouvrir la liste"),
        )
    )
