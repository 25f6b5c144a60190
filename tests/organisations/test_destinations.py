"""What an institution knows of destinations: its rows before those that pstage came with, a town before its country."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from organisations.destinations import Destinations
from organisations.models import Destination
from tests.factories import InstitutionFactory

pytestmark = pytest.mark.django_db
HEADER = "country;region;level;source;source_url;checked_on\n"


@pytest.fixture
def institution():
    return InstitutionFactory()


def destination(institution, country="UA", region="", level="red", **more):
    return Destination.objects.create(
        institution=institution,
        country=country,
        region=region,
        level=level,
        **{"source": "Conseils aux voyageurs", "checked_on": timezone.localdate(), **more},
    )


def known(institution, country="UA", city="Kyiv"):
    return Destinations([(institution.pk, country)]).of(institution.pk, country, city)


def test_a_country_nobody_read_of_is_not_known(institution):
    destination(institution)
    found = known(institution, "DE", "Berlin")
    assert (found.here, found.regions) == (None, ())


def test_a_town_says_more_than_its_country(institution):
    country, town = destination(institution), destination(institution, region="Lviv", level="orange")
    assert known(institution, city="LVIV").here == town
    assert known(institution, city="LVIV").regions == ()
    found = known(institution, city="Kyiv")
    assert (found.here, found.regions) == (country, (town,))


def test_what_an_institution_read_comes_before_what_pstage_brought(institution):
    shipped = destination(None, level="orange")
    region = destination(None, region="Lviv", level="orange")
    assert known(institution).here == shipped
    own, elsewhere = destination(institution), InstitutionFactory(name="Autre université")
    assert (known(institution).here, known(elsewhere).here) == (own, shipped)
    assert known(institution).regions == (region,)


def test_one_row_a_place(institution):
    for owner in (institution, None):
        destination(owner)
        with pytest.raises(IntegrityError), transaction.atomic():
            destination(owner, level="green")


def test_nothing_is_read_tomorrow(institution):
    row = destination(institution)
    row.checked_on = timezone.localdate() + timedelta(days=1)
    with pytest.raises(ValidationError):
        row.full_clean()


def test_a_level_grows_old(institution):
    row = destination(institution, checked_on=timezone.localdate() - timedelta(days=30))
    assert not row.is_old(30)
    assert row.is_old(29)


def bring_in(tmp_path, *lines):
    path = tmp_path / "destinations.csv"
    path.write_text(HEADER + "\n".join(lines))
    call_command("import_records", "destinations", str(path), stdout=StringIO())


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ("Vert", "green"),
        ("VERTE", "green"),
        ("jaune", "yellow"),
        ("orange", "orange"),
        ("Rouge", "red"),
        ("red", "red"),
        ("Rouge : formellement déconseillée", "red"),
    ],
)
def test_levels_are_read_as_people_write_them(tmp_path, institution, written, level):
    bring_in(tmp_path, f"Ukraine;;{written};Ministère;;3/1/20")
    row = Destination.objects.get()
    assert (row.country.code, row.level, row.checked_on, row.institution) == (
        "UA",
        level,
        date(2020, 1, 3),
        institution,
    )


def test_an_import_refreshes_what_is_known_and_is_undone(tmp_path, institution):
    shipped = destination(None, level="orange")
    bring_in(
        tmp_path, "UA;;rouge;Ministère;https://exemple.example/ua;2020-01-03", "UA;Lviv;orange;M;;2020-01-03"
    )
    bring_in(tmp_path, "Ukraine;;orange;Ministère;;2020-02-03", "ua;LVIV;orange;M;;2020-02-03")
    own = Destination.objects.filter(institution=institution)
    assert list(own.values_list("region", "level", "source_url")) == [
        ("", "orange", "https://exemple.example/ua"),
        ("LVIV", "orange", ""),
    ]
    assert set(own.values_list("checked_on", flat=True)) == {date(2020, 2, 3)}
    call_command("undo_import", "destinations", stdout=StringIO())
    assert list(own.values_list("region", "level")) == [("", "red"), ("Lviv", "orange")]
    assert set(own.values_list("checked_on", flat=True)) == {date(2020, 1, 3)}
    call_command("undo_import", "destinations", stdout=StringIO())
    assert list(Destination.objects.all()) == [shipped]
