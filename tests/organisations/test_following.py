"""What names a host, or somebody there, is found by its foreign key, in whichever app: none is forgotten."""

from datetime import date, timedelta

import pytest
from django.apps import apps
from django.core import checks
from django.db import connection, models
from django.utils import timezone

from conventions.models import Convention
from organisations import merging, retention
from organisations.models import Ban, Contact, Note, Organisation, Service
from organisations.models.following import KEPT_APART, check_followers, followers, pointing_at
from tests.factories import ContactFactory, ConventionFactory, OrganisationFactory, ServiceFactory
from tests.worlds import World

TODAY = date(2026, 11, 23)
LONG_AGO = timezone.make_aware(timezone.datetime(2020, 1, 15))


def said_of_a_host(model, host, **values):
    world = World()
    common = {"institution": world.centre.institution, "by": world.people["manager"]}
    return model.objects.create(organisation=host, **common, **values)


# How a row of each table comes to name a host, or, by column, somebody there: a table added later is added here.
NAMES_A_HOST = {
    Ban: lambda host: said_of_a_host(Ban, host, reason="Sécurité", until=timezone.localdate()),
    Contact: lambda host: ContactFactory(organisation=host),
    Convention: lambda host: ConventionFactory(organisation=host),
    Note: lambda host: said_of_a_host(Note, host, text="Appeler avant neuf heures"),
    Service: lambda host: ServiceFactory(organisation=host),
}
NAMES_SOMEBODY = {
    (Convention, "tutor"): lambda contact: ConventionFactory(tutor=contact, end=TODAY),
    (Convention, "signatory"): lambda contact: ConventionFactory(signatory=contact, end=TODAY),
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "column"), [(table, column.name) for table, column in pointing_at(Contact)], ids=str
)
def test_each_foreign_key_to_a_contact_counts_for_retention(table, column):
    named, never_named = ContactFactory.create_batch(2, created_at=LONG_AGO)
    NAMES_SOMEBODY[table, column](named)
    due = retention.unneeded(TODAY)
    assert never_named in due
    assert named not in due


@pytest.mark.django_db
@pytest.mark.parametrize(
    "table", [table for table, _column in pointing_at(Organisation) if table not in KEPT_APART], ids=str
)
def test_each_foreign_key_to_a_host_follows_a_merge_and_comes_back(table):
    kept, dropped = OrganisationFactory.create_batch(2)
    row = NAMES_A_HOST[table](dropped)
    done = merging.merge(kept.pk, dropped.pk, by=World().people["manager"])
    row.refresh_from_db()
    assert (row.organisation, done.followed(table)) == (kept, [row.pk])
    merging.undo(done.pk, by=done.by)
    row.refresh_from_db()
    assert row.organisation == dropped


def test_what_an_agreement_takes_from_its_host_goes_before_it():
    order = followers()
    assert order[Convention] == {"service": Service, "tutor": Contact, "signatory": Contact}
    assert list(order)[-1] is Convention
    assert all(any(table in order for table, _column in pointing_at(taken)) for taken in (Service, Contact))


def test_all_that_names_a_host_can_follow_it():
    assert check_followers() == []


@pytest.fixture
def add_table(request):
    """Add a table of another app for the time of a test, with the columns given; return its model."""

    def add_table(**columns):
        meta = type("Meta", (), {"app_label": "conventions"})
        model = type("Visit", (models.Model,), {"__module__": __name__, "Meta": meta, **columns})
        request.addfinalizer(apps.clear_cache)
        request.addfinalizer(lambda: apps.all_models["conventions"].pop("visit"))
        apps.clear_cache()
        return model

    return add_table


def foreign_key(to, kind=models.ForeignKey):
    return kind(to, on_delete=models.CASCADE, related_name="+", db_constraint=False)


@pytest.mark.django_db
def test_a_table_added_later_follows_and_keeps_people(add_table):
    visit = add_table(organisation=foreign_key(Organisation), met=foreign_key(Contact))
    with connection.schema_editor() as editor:
        editor.create_model(visit)
    kept, dropped = OrganisationFactory.create_batch(2)
    met, other = ContactFactory.create_batch(2, organisation=dropped, created_at=LONG_AGO)
    row = visit.objects.create(organisation=dropped, met=met)
    assert set(retention.unneeded(TODAY + timedelta(days=4_000))) == {other}

    done = merging.merge(kept.pk, dropped.pk, by=World().people["manager"])
    row.refresh_from_db()
    assert row.organisation == kept
    since = visit.objects.create(organisation=kept, met=met)
    merging.undo(done.pk, by=done.by)
    row.refresh_from_db()
    since.refresh_from_db()
    assert (row.organisation, row.met) == (dropped, met)
    assert (since.organisation, since.met.organisation) == (kept, kept)


@pytest.mark.parametrize(
    ("columns", "errors"),
    [
        ({"organisation": foreign_key(Organisation)}, ["organisations.E002"]),
        ({"host": foreign_key(Organisation)}, ["organisations.E001", "organisations.E002"]),
        (
            {"organisation": foreign_key(Organisation, models.OneToOneField)},
            ["organisations.E001", "organisations.E002"],
        ),
        ({"met": foreign_key(Contact)}, []),
    ],
)
def test_a_table_that_could_not_follow_is_refused_before_it_runs(add_table, columns, errors):
    add_table(**columns)
    found = [error.id for error in checks.run_checks(tags=[checks.Tags.models])]
    assert found == errors
