"""The end of the stage: what the host declares is recorded, and certified."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from conventions import documents, workflow
from conventions.follow_up import completion
from conventions.models import Completion, Convention, Document, Status
from conventions.writing import drafts
from tests.at_once import at_once
from tests.conventions.documents.reading import loaded, text_of, words
from tests.pages import browser
from tests.refusals import refused
from tests.worlds import World

Kind = Document.Kind


@pytest.fixture
def ending(world):
    """A signed stage, on its last day."""
    convention = loaded(world.convention_in(Status.SIGNED))
    with time_machine.travel(convention.end, tick=False):
        yield convention


def declared(convention, **changes):
    return {
        "start": f"{convention.start:%d/%m/%Y}",
        "end": f"{convention.end:%d/%m/%Y}",
        "hours": "100,5",
        "leave_hours": "0",
        "amount_paid": "452,25",
        "declared_by": "Mme Odile Ferrand",
        "declared_function": "Directrice",
        "declared_on": f"{timezone.localdate():%d/%m/%Y}",
        "confirmed": "on",
        "seen": "",
        **changes,
    }


def address_of(convention):
    return reverse("conventions:certificate", args=[convention.pk])


def test_the_end_is_recorded_from_the_last_day_on_and_not_earlier(world):
    convention = world.convention_in(Status.SIGNED)
    with time_machine.travel(convention.end - timedelta(days=1), tick=False):
        client = browser(world.people["manager"])
        assert client.get(address_of(convention)).status_code == 404
        page = client.get(convention.get_absolute_url())
        assert address_of(convention) not in page.text
        assert "sera établie à partir du" in words(page.text)
    with time_machine.travel(convention.end, tick=False):
        client = browser(world.people["manager"])
        assert client.get(address_of(convention)).status_code == 200
        assert address_of(convention) in client.get(convention.get_absolute_url()).text
        assert (
            address_of(convention)
            not in browser(world.people["student"]).get(convention.get_absolute_url()).text
        )


def test_what_was_planned_is_shown_as_such_and_never_taken_silently(world, ending):
    client = browser(world.people["manager"])
    page = client.get(address_of(ending))
    assert "Ces valeurs sont celles du plan" in page.text
    assert f'value="{ending.hours.normalize():f}"'.replace(".", ",") in page.text
    assert f"Prévu : {ending.hours.normalize():f} h." in words(page.text)
    answer = client.post(address_of(ending), {**declared(ending), "confirmed": ""})
    assert answer.status_code == 422
    assert "Demandez ces valeurs à l’organisme" in answer.text
    assert not Completion.objects.exists()
    assert not ending.documents.filter(kind=Kind.CERTIFICATE).exists()


def test_what_the_host_declared_is_recorded_printed_and_told(world, ending):
    answer = browser(world.people["manager"]).post(address_of(ending), declared(ending))
    assert answer.status_code == 302
    recorded = Completion.objects.get(convention=ending)
    assert (recorded.hours, recorded.amount_paid) == (Decimal("100.5"), Decimal("452.25"))
    assert recorded.confirmed_by == world.people["manager"]
    event = ending.events.get(action="complete")
    assert "100,5 h de présence" in event.comment
    assert "déclaré par Mme Odile Ferrand, Directrice" in event.comment
    assert event.before == event.after == Status.SIGNED
    document = documents.make(ending.documents.get(kind=Kind.CERTIFICATE).pk)
    text = text_of(document.content())
    assert "100,5 h de présence, soit 14,4 jours ou 0,65 mois" in text
    assert "452,25 € au total" in text
    told = Message.objects.filter(key=f"event:{event.pk}:completed").values_list("recipient", flat=True)
    assert set(told) == {world.people["student"].email, world.people["teacher"].email}
    for role in ("student", "teacher"):
        link = reverse("conventions:document", args=[ending.pk, document.pk])
        client = browser(world.people[role])
        assert link in client.get(ending.get_absolute_url()).text
        assert client.get(link).status_code == 200


def test_a_correction_makes_another_certificate_and_the_journal_keeps_both(world, ending):
    client = browser(world.people["manager"])
    client.post(address_of(ending), declared(ending))
    seen = client.get(address_of(ending)).context["seen"]
    client.post(address_of(ending), declared(ending, hours="90", amount_paid="500", seen=seen))
    first, last = ending.documents.filter(kind=Kind.CERTIFICATE).order_by("pk")
    assert last.context["certificate"]["replaces"] == first.context["certificate"]["confirmed_on"]
    assert first.context["certificate"]["hours"] == "100.5"
    told = [event.comment for event in ending.events.filter(action="complete")]
    assert [" 100,5 h de présence" in words(told[0]), " 90 h de présence" in words(told[1])] == [True, True]
    assert Completion.objects.get().hours == 90
    documents.make(last.pk)
    page = browser(world.people["student"]).get(ending.get_absolute_url()).text
    assert reverse("conventions:document", args=[ending.pk, last.pk]) in page
    assert reverse("conventions:document", args=[ending.pk, first.pk]) not in page


def test_a_colleague_who_recorded_first_is_not_overwritten(world, ending):
    client = browser(world.people["manager"])
    client.post(address_of(ending), declared(ending))
    answer = client.post(address_of(ending), declared(ending, hours="90", amount_paid="500"))
    assert answer.status_code == 422
    assert "enregistrée entre-temps" in answer.text
    assert Completion.objects.get().hours == Decimal("100.5")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("start", "01/01/2020", "un autre jour demande un avenant"),
        ("end", "31/12/2040", "un autre jour demande un avenant"),
        ("hours", "-1", "C’est trop peu"),
        ("hours", "9000", "Il y a plus d’heures que ces jours n’en comptent."),
        ("amount_paid", "-5", "C’est trop peu"),
        ("declared_on", "31/12/2040", "ne peut pas être dans le futur"),
        ("declared_on", "01/01/2020", "ne peut pas précéder la fin du stage"),
        ("declared_by", "", "Remplissez ce champ."),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(world, ending, field, value, says):
    answer = browser(world.people["manager"]).post(address_of(ending), declared(ending, **{field: value}))
    assert answer.status_code == 422
    assert says in words(answer.text)
    assert not Completion.objects.exists()


def test_a_pay_under_the_minimum_is_told_once_and_then_recorded(world):
    convention = world.draft(is_paid=True)
    late = convention.start + timedelta(days=100)
    Convention.objects.filter(pk=convention.pk).update(end=late, leave_terms="Un jour par mois.")
    convention = loaded(convention)
    drafts.refresh_hours(convention)
    convention.save()
    workflow.act(convention.pk, "submit", by=world.people["student"])
    workflow.act(convention.pk, "validate", by=world.people["manager"], comment="Vu.")
    world.sign(loaded(convention), 5)
    convention = loaded(convention)
    with time_machine.travel(convention.end, tick=False):
        client = browser(world.people["manager"])
        typed = declared(convention, hours="400", amount_paid="1000")
        answer = client.post(address_of(convention), typed)
        assert answer.status_code == 422
        assert "inférieure au minimum légal" in answer.text
        lacking = answer.context["lacking"]
        assert (lacking.paid, lacking.least) == (Decimal(1000), Decimal("1800.00"))
        assert 'name="known" value="1000&lt;1800.00"' in answer.text
        assert client.post(address_of(convention), {**typed, "known": lacking.key}).status_code == 302
        event = convention.events.get(action="complete")
        assert [finding["rule"] for finding in event.findings] == ["G-03"]
        assert "1 800,00" in words(event.findings[0]["message"])
        enough = completion.shortfall(convention, {**cleaned(convention), "amount_paid": Decimal(1800)})
        assert enough is None


def cleaned(convention):
    return {
        "start": convention.start,
        "end": convention.end,
        "hours": Decimal(400),
        "leave_hours": Decimal(0),
        "amount_paid": Decimal(1000),
        "declared_by": "Odile",
        "declared_function": "Directrice",
        "declared_on": timezone.localdate(),
    }


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_who_record_at_once_one_is_told_to_read_again(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    world = World()
    convention = loaded(world.convention_in(Status.SIGNED))
    manager = world.people["manager"]
    with time_machine.travel(convention.end, tick=False):
        done = {**cleaned(convention), "hours": Decimal(90)}
        found = at_once(*[lambda: completion.confirm(convention.pk, done, by=manager, seen="")] * 2)
    assert sorted(type(one).__name__ for one in found) == ["Completion", "Refused"]
    assert convention.documents.filter(kind=Kind.CERTIFICATE).count() == 1
    assert convention.events.filter(action="complete").count() == 1


def test_a_stage_broken_off_is_recorded_at_once_and_nothing_of_its_plan_is_offered(world):
    convention = world.convention_in(Status.TERMINATED)
    page = browser(world.people["manager"]).get(address_of(convention))
    assert page.status_code == 200
    form = page.context["form"]
    assert {name for name in ("end", "hours", "amount_paid") if form[name].value() is not None} == set()
    assert "Prévu" not in page.text
    assert "Ces valeurs sont celles du plan" not in page.text
    assert "Ce stage a été rompu" in page.text


def test_only_a_manager_of_the_centre_records_even_when_the_page_is_forgotten(world, ending):
    for role in ("student", "teacher", "other_manager", "admin"):
        with refused("not_open"):
            completion.confirm(
                ending.pk, cleaned(ending) | {"hours": Decimal(90)}, by=world.people[role], seen=""
            )
    assert not Completion.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"hours": Decimal(9999)}, {"amount_paid": Decimal(-1)}, {"end": date(2000, 1, 1)}]
)
def test_the_database_refuses_an_impossible_end(world, ending, changes):
    done = {**cleaned(ending), "hours": Decimal(90), **changes}
    with pytest.raises(IntegrityError), transaction.atomic():
        Completion.objects.create(
            convention=ending, confirmed_by=world.people["manager"], confirmed_at=timezone.now(), **done
        )
