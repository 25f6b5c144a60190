"""An administrator reads what has been kept long enough, and has it anonymised; what is left is read in the archives."""

import re
import shutil
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from playwright.sync_api import expect

from conventions.models import Convention, Document, Status
from tests.journeys.conftest import PHONE

EIGHT_YEARS = timedelta(days=366 * 8)


@pytest.fixture
def files_put_back(demo_media, tmp_path):
    """A purge deletes files, and those of the demo world serve other tests too."""
    kept = shutil.copytree(demo_media, tmp_path / "kept")
    yield
    shutil.copytree(kept, demo_media, dirs_exist_ok=True)


def make_old(**wanted):
    """Put agreements of the demo world eight years back; the database would refuse, for good reasons."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        found = Convention.objects.filter(**wanted)
        keys = list(found.values_list("pk", flat=True))
        Convention.objects.filter(pk__in=keys).update(
            start=F("start") - EIGHT_YEARS,
            end=F("end") - EIGHT_YEARS,
            updated_at=F("updated_at") - EIGHT_YEARS,
        )
    return Convention.objects.filter(pk__in=keys)


def test_what_was_kept_long_enough_is_anonymised_when_somebody_asks(people, worker, files_put_back):
    old = make_old(
        status__in=[Status.SIGNED, Status.SIGNING, Status.REFUSED, Status.CANCELLED], number__isnull=False
    )
    signed = old.filter(status=Status.SIGNED).select_related("student__user", "organisation").first()
    name, count = str(signed.student.user), old.count()
    file = Document.objects.filter(convention=signed, kind=Document.Kind.AGREEMENT).get().file
    assert file.storage.exists(file.name)

    admin = people("admin")
    admin.follows("Conventions", within=admin.page.get_by_role("navigation"))
    admin.sees("Conventions")
    expect(admin.page.get_by_role("link", name=signed.number)).to_have_count(0)
    admin.follows("Conservation")
    admin.sees("Conservation des conventions")
    admin.reads(f"{count} conventions à anonymiser")
    admin.checks("what is due")

    # One of them is kept longer, because of an accident.
    held = old.exclude(pk=signed.pk).filter(status=Status.SIGNING).first()
    admin.goes_to(held.get_absolute_url())
    admin.follows("Garder plus longtemps")
    admin.sees("Garder plus longtemps")
    admin.writes("Raison de garder plus longtemps", "Accident : dix ans à partir de la consolidation")
    admin.presses("Enregistrer")
    admin.sees("Garder plus longtemps")
    admin.reads("Donnez la raison et la date")
    admin.checks("a reason without a day")
    admin.dates("À garder jusqu’au", signed.end.replace(year=signed.end.year + 20))
    admin.presses("Enregistrer")
    admin.reads(re.compile("^Gardée jusqu’au"))

    admin.goes_to("/conventions/conservation/")
    admin.reads(f"{count - 1} conventions à anonymiser")
    admin.writes(re.compile("^Pour confirmer"), str(count))
    admin.presses("Anonymiser définitivement")
    admin.reads(re.compile("Ce n’est pas le nombre"))
    admin.checks("a wrong number")
    admin.writes(re.compile("^Pour confirmer"), str(count - 1))
    admin.presses("Anonymiser définitivement")
    admin.reads(re.compile("L’anonymisation est demandée"))
    # The page follows the worker by itself.
    admin.reads("Aucune convention n’a dépassé la durée de conservation.")
    admin.checks("nothing is due any more")
    assert not file.storage.exists(file.name)

    admin.goes_to("/conventions/?archives=on")
    admin.reads("Personne anonymisée", within=admin.page.get_by_role("table"))
    admin.checks("archives")
    admin.follows(signed.number, within=admin.page.get_by_role("table"))
    admin.sees(f"Convention anonymisée, chez {signed.organisation}")
    admin.reads(re.compile("Anonymisée le"))
    expect(admin.page.get_by_text(name)).to_have_count(0)
    admin.checks("an anonymised agreement")
    assert Convention.objects.get(pk=held.pk).purged_at is None


def test_an_administrator_reads_it_on_a_phone(people):
    make_old(status=Status.REFUSED)
    admin = people("admin", device=PHONE)
    admin.goes_to("/conventions/conservation/")
    admin.reads("1 convention à anonymiser")
    admin.checks("what is due, on a phone")
    admin.page.emulate_media(color_scheme="dark")
    admin.goes_to("/conventions/conservation/")
    admin.checks("what is due, on a phone at night")
