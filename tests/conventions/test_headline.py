"""What the page of what follows tells a student first: true of a stage to come, under way, over or certified."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from conventions.follow_up import completion
from conventions.models import AvenantKind, AvenantStatus, Convention, Status
from tests.worlds import World

pytestmark = pytest.mark.django_db
SIGNED = "Toutes les signatures sont réunies."
READY = "Votre attestation de stage est prête."
TO_COME = "Votre attestation de stage sera établie une fois"


@pytest.fixture
def world(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return World()


def noon(day):
    return timezone.make_aware(datetime.combine(day, time(12)))


def page(client, world, convention, day):
    """Open the page as its student on one day; return it and its text, each blank one space."""
    with time_machine.travel(noon(day)):
        client.force_login(world.people["student"])
        answer = client.get(reverse("conventions:next", args=[convention.pk]))
    return answer, " ".join(answer.text.split())


def certify(world, convention):
    with time_machine.travel(noon(convention.end)):
        done = {
            **completion.planned(Convention.objects.for_detail().get(pk=convention.pk)),
            "hours": Decimal(140),
            "amount_paid": Decimal(900),
            "declared_by": "Hélène Bossard",
            "declared_function": "Directrice",
            "declared_on": convention.end,
        }
        completion.confirm(convention.pk, done, by=world.people["manager"], seen="")


@pytest.mark.parametrize(
    ("first", "days", "is_certified", "title", "text"),
    [
        ("start", -1, False, SIGNED, "Votre stage peut commencer à la date prévue."),
        ("start", 0, False, "Votre stage est en cours.", SIGNED),
        ("end", 0, False, "Votre stage est en cours.", SIGNED),
        ("end", 0, True, "Votre stage est en cours.", READY),
        ("end", 5, False, "Votre stage est terminé.", TO_COME),
        ("end", 5, True, "Votre stage est terminé.", READY),
    ],
)
def test_of_a_signed_agreement(client, world, first, days, is_certified, title, text):
    convention = world.convention_in(Status.SIGNED)
    if is_certified:
        certify(world, convention)
    answer, shown = page(client, world, convention, getattr(convention, first) + timedelta(days=days))
    assert f"<strong>{title}</strong> {text}" in shown
    is_last = answer.context["follows"][-1]
    is_over = first == "end" and days > 0
    assert is_last.state == ("done" if is_certified else "now" if is_over else "todo")
    assert ("Responsabilité civile" in is_last.title.replace("\N{NO-BREAK SPACE}", " ")) == (
        not is_over and not is_certified
    )


def test_of_a_stage_broken_off_but_not_over(client, world):
    convention = world.convention_in(Status.SIGNED)
    broken_on = convention.start + timedelta(days=10)
    last = broken_on + timedelta(days=7)

    def shorter(after):
        after.end = last

    with time_machine.travel(noon(broken_on)):
        world.avenant_in(AvenantStatus.EFFECTIVE, convention, AvenantKind.TERMINATION, change=shorter)
    said = {day: page(client, world, convention, day)[1] for day in (last, last + timedelta(days=1))}
    assert f"Le stage prend fin le {last:%d/%m/%Y}, avant son terme." in said[last]
    assert "Le stage a pris fin avant son terme." in said[last + timedelta(days=1)]


@pytest.mark.parametrize(
    ("state", "title", "text"),
    [
        (Status.SUBMITTED, "Vous ne pouvez pas encore l’imprimer.", "Le centre de gestion ("),
        (Status.RETURNED, "Votre gestionnaire demande une correction.", "Chaque remarque est"),
        (Status.VALIDATED, "Votre convention est validée.", "Imprimez"),
        (Status.SIGNING, "Les signatures sont en cours.", "Suivez le circuit"),
        (Status.REFUSED, "Votre convention est refusée.", "Un refus est définitif"),
        (Status.CANCELLED, "Cette convention est annulée.", "Elle ne peut plus servir."),
    ],
)
def test_of_an_agreement_that_is_not_signed(client, world, state, title, text):
    _answer, shown = page(client, world, world.convention_in(state), timezone.localdate())
    assert f"<strong>{title}</strong> {text}" in shown
