"""What the staff of an institution says of a host: remarks, and a while without its trainees."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.sign_in.typed_text import WRITER_FIELD
from organisations.models import Ban, Note
from tests.factories import (
    AdminFactory,
    CentreFactory,
    InstitutionFactory,
    ManagerFactory,
    OrganisationFactory,
    UserFactory,
)
from tests.pages import browser, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return ManagerFactory().user


@pytest.fixture
def neighbour():
    """A manager of another institution."""
    institution = InstitutionFactory(name="Université voisine")
    return ManagerFactory(
        user=UserFactory(institution=institution), centre=CentreFactory(institution=institution)
    ).user


@pytest.fixture
def host():
    return OrganisationFactory()


def address(name, host):
    return reverse(f"organisations:{name}", args=[host.pk])


def in_a(days):
    return timezone.localdate() + timedelta(days=days)


def banned(client, host, until, reason="Trois accidents en un an."):
    return client.post(address("ban", host), {"reason": reason, "until": until})


def test_a_remark_is_read_by_the_staff_of_its_institution_alone(manager, neighbour, host):
    answer = browser(manager).post(address("add_note", host), {"text": "Très bon accueil.\r\nÀ revoir."})
    assert answer["Location"] == f"{host.get_absolute_url()}#notes"
    note = Note.objects.get()
    assert (note.organisation, note.institution, note.by) == (host, manager.institution, manager)
    assert note.text == "Très bon accueil.\nÀ revoir."
    colleague = ManagerFactory().user
    page = text_of(browser(colleague).get(host.get_absolute_url()))
    assert "Très bon accueil." in page
    assert str(manager) in page
    assert "Très bon accueil." not in text_of(browser(neighbour).get(host.get_absolute_url()))


@pytest.mark.parametrize(
    ("text", "said"), [("  ", "Écrivez votre remarque"), ("é" * 2001, "au plus 2000 caractères")]
)
def test_a_remark_that_says_nothing_or_too_much_is_not_lost(manager, host, text, said):
    answer = browser(manager).post(address("add_note", host), {"text": text})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert text.strip() in answer.content.decode()
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    ("name", "typed"), [("add_note", {"text": "Longue remarque."}), ("ban", {"reason": "Longue remarque."})]
)
def test_what_is_typed_outlives_the_session(manager, host, client, name, typed):
    answer = client.post(address(name, host), {**typed, WRITER_FIELD: manager.pk})
    assert answer.url.startswith(reverse("account_login"))
    client.force_login(manager)
    assert "Longue remarque." in client.get(address(name, host)).content.decode()


def test_a_ban_holds_until_its_last_day(manager, neighbour, host):
    client = browser(manager)
    assert banned(client, host, in_a(10)).url == host.get_absolute_url()
    ban = Ban.objects.get()
    assert (ban.organisation, ban.institution, ban.by) == (host, manager.institution, manager)
    for days, holds in ((0, True), (10, True), (11, False)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            client = browser(manager)
            page = text_of(client.get(host.get_absolute_url()))
            assert ("Lever l’exclusion" in page) is holds
            assert ("Exclure cet établissement" in page) is not holds
            assert "Trois accidents en un an." in page
    assert "Trois accidents" not in text_of(browser(neighbour).get(host.get_absolute_url()))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reason": "", "until": "2027-05-01"}, "Dites pourquoi"),
        ({"reason": "Accidents.", "until": ""}, "Indiquez le dernier jour"),
        ({"reason": "Accidents.", "until": "2027-02-30"}, "date valide"),
        ({"reason": "Accidents.", "until": "2027-03-01"}, "se termine après aujourd’hui"),
        ({"reason": "Accidents.", "until": "2026-03-01"}, "se termine après aujourd’hui"),
        ({"reason": "Accidents.", "until": "2032-03-02"}, "cinq ans au plus"),
        ({"reason": "é" * 2001, "until": "2027-05-01"}, "au plus 2000 caractères"),
    ],
)
def test_a_ban_has_a_reason_and_an_end(manager, host, typed, said):
    with time_machine.travel("2027-03-01 10:00", tick=False):
        answer = browser(manager).post(address("ban", host), typed)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert not Ban.objects.exists()


@pytest.mark.parametrize("until", ["2027-03-02", "02/03/2027", "2032-03-01"])
def test_a_ban_may_last_a_day_or_five_years(manager, host, until):
    with time_machine.travel("2027-03-01 10:00", tick=False):
        assert banned(browser(manager), host, until).status_code == 302
        assert Ban.objects.in_force().count() == 1


def test_one_ban_at_a_time(manager, host):
    client = browser(manager)
    banned(client, host, in_a(10))
    answer = client.post(address("ban", host), {"reason": "Encore.", "until": in_a(20)}, follow=True)
    assert "est déjà exclu jusqu’au" in text_of(answer)
    assert Ban.objects.count() == 1


def test_lifting_a_ban_keeps_its_history(manager, neighbour, host):
    banned(browser(manager), host, in_a(10))
    browser(neighbour).post(address("lift_ban", host))
    assert Ban.objects.in_force().count() == 1
    answer = browser(manager).post(address("lift_ban", host), follow=True)
    page = text_of(answer)
    assert "L’exclusion est levée" in page
    assert f"par {manager}" in page
    ban = Ban.objects.get()
    assert (ban.lifted_by, ban.is_in_force) == (manager, False)
    lifted_at = ban.lifted_at
    browser(manager).post(address("lift_ban", host))
    ban.refresh_from_db()
    assert ban.lifted_at == lifted_at
    assert banned(browser(manager), host, in_a(5)).status_code == 302
    assert Ban.objects.in_force().count() == 1


def test_who_belongs_to_no_institution_reads_the_page_and_says_nothing(host):
    client = browser(AdminFactory(institution=None))
    page = client.get(host.get_absolute_url()).content.decode()
    for name in ("add_note", "ban", "lift_ban"):
        assert address(name, host) not in page
        assert client.post(address(name, host), {"text": "Vu.", "reason": "Vu."}).status_code == 404
