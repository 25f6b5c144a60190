"""Where an agreement stands and since when: the same on its page, in the lists and on home pages."""

from datetime import datetime, time, timedelta
from importlib import import_module

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from conventions.models import AvenantKind, AvenantStatus, Status
from tests.worlds import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return World()


def noon(day):
    return timezone.make_aware(datetime.combine(day, time(12)))


def broken_off(world):
    """An agreement signed now, and broken off by an avenant ten days into its stage; when that was."""
    convention = world.convention_in(Status.SIGNED)
    at = noon(convention.start + timedelta(days=10))

    def shorter(after):
        after.end = at.date() + timedelta(days=7)

    with time_machine.travel(at, tick=False):
        world.avenant_in(
            AvenantStatus.EFFECTIVE, convention, AvenantKind.TERMINATION, change=shorter, reason="Fermeture"
        )
    convention.refresh_from_db()
    return convention, at


def test_an_agreement_broken_off_by_an_avenant_is_so_since_that_hour(world, client):
    convention, at = broken_off(world)
    assert convention.status == Status.TERMINATED
    pages = [
        ("manager", convention.get_absolute_url()),
        ("manager", reverse("conventions:list")),
        ("teacher", reverse("home")),
    ]
    with time_machine.travel(at + timedelta(hours=3), tick=False):
        for role, address in pages:
            client.force_login(world.people[role])
            assert "Il y a 3 heures" in client.get(address).text, address


def test_its_journal_says_once_that_it_was_broken_off(world):
    convention, at = broken_off(world)
    event = convention.events.get(avenant=None, after=Status.TERMINATED)
    assert (event.action, event.before, event.comment) == ("terminate", Status.SIGNED, "Fermeture")
    assert event.at == at


def test_the_journals_of_earlier_ruptures_are_completed(world):
    convention, _at = broken_off(world)
    complete = import_module("conventions.migrations.0010_events_of_ruptures").BROKEN_OFF
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        convention.events.filter(action="terminate").delete()
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        for _twice in range(2):
            cursor.execute(complete)
    event = convention.events.get(action="terminate")
    assert (event.avenant, event.before, event.after) == (None, Status.SIGNED, Status.TERMINATED)
    assert (event.at, event.comment) == (convention.avenants.get().applied_at, "Fermeture")
