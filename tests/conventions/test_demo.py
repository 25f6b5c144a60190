"""The demo world is built by the workflow, so by the law: it must be lawful on any day of any year."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from conventions import demo
from conventions.desk.departures import departures
from conventions.follow_up import dates
from conventions.models import Avenant, Convention, Event, Status
from organisations.models import SecurityOfficer


@pytest.mark.django_db
def test_it_is_built_on_any_day(settings, tmp_path):
    """Run at each day of the table of ``tests/clock.py`` by ``make test-dates``."""
    settings.MEDIA_ROOT = tmp_path
    call_command("load_nomenclatures", verbosity=0)
    today = timezone.localdate()
    assert demo.build()
    assert set(Convention.objects.values_list("status", flat=True)) == set(Status.values)
    assert set(Avenant.objects.values_list("status", flat=True)) == {
        "draft",
        "submitted",
        "signing",
        "effective",
    }
    assert Convention.objects.filter(dates.under_way(today)).count() == 1
    over = Convention.objects.filter(dates.ended(today))
    assert over.count() == 2
    assert dates.owed_a_certificate(over, last=today).count() == 1
    [officer] = SecurityOfficer.objects.all()
    [departure] = departures(officer.user).waiting
    assert departure.convention in Convention.objects.visible_to(officer.user)
    # What happened in the past is dated of then.
    assert all(
        timezone.localdate(event.at) < event.convention.start - timedelta(days=7)
        for event in Event.objects.filter(convention__in=over, action="sign").select_related("convention")
    )
    assert not demo.build()
