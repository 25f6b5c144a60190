"""A contact no agreement has named for three years is listed, then anonymised a month later."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from accounts.models import Message
from conventions.models import Convention, Status
from organisations import retention
from organisations.models import Contact
from tests.factories import ContactFactory, ConventionFactory
from tests.worlds import World

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)
LONG_AGO = timezone.make_aware(timezone.datetime(2020, 1, 15))


def old_contact(**values):
    return ContactFactory(created_at=LONG_AGO, **values)


def agreement(contact, *, end, role="tutor", touched=LONG_AGO):
    convention = ConventionFactory(**{role: contact, "start": end - timedelta(days=30), "end": end})
    Convention.objects.filter(pk=convention.pk).update(updated_at=touched)


@pytest.mark.parametrize("role", ["tutor", "signatory"])
@pytest.mark.parametrize(
    ("end", "is_due"),
    [(date(2023, 11, 22), True), (date(2023, 11, 23), False), (date(2026, 12, 18), False)],
)
def test_three_years_after_the_last_stage(role, end, is_due):
    contact = old_contact()
    agreement(contact, end=date(2021, 6, 30), role=role)
    agreement(contact, end=end, role=role)
    assert (contact in retention.unneeded(TODAY)) == is_due
    if is_due:
        assert retention.unneeded(TODAY).get(pk=contact.pk).last_day == end


def test_a_contact_never_named_is_kept_three_years_too():
    never_named, _new = old_contact(), ContactFactory()
    assert set(retention.unneeded(TODAY)) == {never_named}


def test_a_draft_under_way_keeps_its_people():
    contact = old_contact()
    agreement(contact, end=date(2021, 6, 30), touched=timezone.now())
    assert contact not in retention.unneeded(timezone.localdate())


def test_nobody_is_anonymised_who_was_not_listed_a_month_before():
    contact = old_contact()
    assert retention.anonymise_listed(TODAY) == 0
    assert retention.list_due(TODAY) == 1
    assert retention.list_due(TODAY + timedelta(days=7)) == 0
    assert retention.anonymise_listed(TODAY + timedelta(days=29)) == 0
    assert retention.anonymise_listed(TODAY + timedelta(days=30)) == 1
    contact.refresh_from_db()
    assert str(contact) == "Personne anonymisée"
    assert contact.email == f"contact-{contact.pk}@anonyme.invalid"
    assert (contact.civility, contact.function, contact.department, contact.phone) == ("", "", "", "")
    assert retention.anonymise_listed(TODAY + timedelta(days=60)) == 0


def test_who_is_named_while_the_task_waits_for_their_row_is_kept(monkeypatch):
    contact = old_contact()
    retention.list_due(TODAY)
    read, named = retention.notice_over, []

    def notice_over(today):
        found = read(today)
        if not named:
            found = Contact.objects.filter(pk__in=[one.pk for one in found])
            named.append(agreement(contact, end=date(2026, 12, 18)))
        return found

    monkeypatch.setattr(retention, "notice_over", notice_over)
    assert retention.anonymise_listed(TODAY + timedelta(days=40)) == 0
    contact.refresh_from_db()
    assert contact.anonymised_at is None


def test_who_is_named_again_is_struck_out():
    contact = old_contact()
    retention.list_due(TODAY)
    agreement(contact, end=date(2026, 12, 18))
    assert retention.anonymise_listed(TODAY + timedelta(days=40)) == 0
    retention.list_due(TODAY + timedelta(days=40))
    contact.refresh_from_db()
    assert contact.to_anonymise_since is None


def test_what_was_printed_stays():
    world = World()
    convention = world.convention_in(Status.VALIDATED)
    before = convention.documents.get().context
    Contact.objects.update(created_at=LONG_AGO, to_anonymise_since=TODAY)
    later = convention.end.replace(year=convention.end.year + 4)
    Convention.objects.filter(pk=convention.pk).update(updated_at=F("created_at"))
    assert retention.anonymise_listed(later) == 2
    convention.refresh_from_db()
    assert str(convention.tutor) == "Personne anonymisée"
    assert convention.documents.get().context == before
    assert before["tutor"]["name"] not in {"", "Personne anonymisée"}


def test_an_anonymised_contact_is_offered_to_nobody():
    contact = old_contact()
    retention.anonymise(contact)
    assert contact not in Contact.objects.known_to(None, World().people["student"])


def test_the_command_lists_and_acts_only_when_told():
    contact = old_contact(last_name="Vasseur")
    out = StringIO()
    call_command("anonymise_contacts", stdout=out)
    assert f"{contact.pk}\t{contact}" in out.getvalue()
    assert "1 contacts are due." in out.getvalue()
    contact.refresh_from_db()
    assert (contact.last_name, contact.to_anonymise_since) == ("Vasseur", None)
    call_command("anonymise_contacts", "--apply", stdout=out)
    contact.refresh_from_db()
    assert (contact.last_name, contact.to_anonymise_since) == ("Vasseur", timezone.localdate())


def test_the_task_tells_the_administrators(settings):
    settings.ADMINS = [("dpo@valmont.example", "dpo@valmont.example")]
    old_contact()
    retention.anonymise_contacts()
    assert "1 à anonymiser, 0 anonymisés" in Message.objects.get().subject
    retention.anonymise_contacts()
    assert Message.objects.count() == 1
