"""The page where an administrator reads what is due, asks for its purge, and keeps an agreement longer."""

import csv
import io
from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import Institution
from conventions.models import AvenantStatus, Convention, Status
from conventions.retention import purging
from tests.factories import AdminFactory, EnrolmentFactory, InstitutionFactory, StudentFactory
from tests.pages import browser

pytestmark = pytest.mark.django_db

PAGE = "/conventions/conservation/"


@pytest.fixture
def years_later():
    """Stand at a day when the agreements of today have been kept for as long as they may be."""
    noon = datetime.combine(timezone.localdate() + timedelta(days=366 * 8), time(12))
    with time_machine.travel(timezone.make_aware(noon)):
        yield


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(purging.purge_agreements, "delay", purging.purge_agreements)


def asked(world, typed):
    institution = world.centre.institution_id
    return {"institution": institution, f"{institution}-confirmation": typed}


def ready(world):
    """Make the agreement of the world due: whoever submits is its own student."""
    return world.convention_in(Status.REFUSED)


def test_the_report_counts_by_year_and_centre(world, request):
    ready(world)
    request.getfixturevalue("years_later")
    page = browser(world.people["admin"]).get(PAGE)
    (part,) = page.context["parts"]
    year = world.enrolment.academic_year
    assert part.lines == [(f"{year}/{year + 1}", world.centre.name, 1)]
    assert (part.report.due, part.report.archived, part.report.active) == (1, 1, 0)
    assert "1 convention à anonymiser" in page.content.decode()


def test_nothing_is_asked_while_nothing_is_due(world):
    ready(world)
    page = browser(world.people["admin"]).get(PAGE).content.decode()
    assert "Aucune convention n’a dépassé la durée de conservation." in page
    assert "Anonymiser définitivement" not in page
    answer = browser(world.people["admin"]).post(PAGE, asked(world, "0"))
    assert answer.status_code == 422


@pytest.mark.parametrize("typed", ["", "2", "un"])
def test_a_purge_needs_the_number_it_takes(world, typed, request, at_once):
    convention = ready(world)
    request.getfixturevalue("years_later")
    answer = browser(world.people["admin"]).post(PAGE, asked(world, typed))
    assert answer.status_code == 422
    assert answer.context["parts"][0].form.errors
    convention.refresh_from_db()
    assert not convention.is_purged


def test_a_purge_asked_for_is_done_and_says_by_whom(world, request, at_once):
    convention = ready(world)
    request.getfixturevalue("years_later")
    admin = world.people["admin"]
    answer = browser(admin).post(PAGE, asked(world, "1"), follow=True)
    assert "L’anonymisation est demandée" in answer.content.decode()
    convention.refresh_from_db()
    assert convention.is_purged
    assert convention.events.get(action="purge").actor == admin
    (part,) = answer.context["parts"]
    assert (part.report.due, part.report.purged) == (0, 1)


def test_a_worker_that_does_not_answer_is_told(world, request, monkeypatch):
    def lost(*args):
        raise OperationalError

    monkeypatch.setattr(purging.purge_agreements, "delay", lost)
    ready(world)
    request.getfixturevalue("years_later")
    answer = browser(world.people["admin"]).post(PAGE, asked(world, "1"), follow=True)
    assert "rien n’est effacé" in answer.content.decode()


def test_an_administrator_of_all_institutions_sees_each_and_asks_for_one(world, request, at_once):
    convention = ready(world)
    InstitutionFactory(name="Université d’Hautecombe", short_name="Hautecombe")
    chief = AdminFactory(institution=None)
    request.getfixturevalue("years_later")
    client = browser(chief)
    reports = [part.report for part in client.get(PAGE).context["parts"]]
    assert {report.institution.short_name: report.due for report in reports} == {
        "Valmont": 1,
        "Hautecombe": 0,
    }
    client.post(PAGE, asked(world, "1"))
    convention.refresh_from_db()
    assert convention.is_purged


def test_an_administrator_reaches_no_other_institution(world, request, at_once):
    convention = ready(world)
    stranger = AdminFactory(institution=InstitutionFactory(name="Université d’Hautecombe"))
    request.getfixturevalue("years_later")
    client = browser(stranger)
    assert [part.report.institution.name for part in client.get(PAGE).context["parts"]] == [
        "Université d’Hautecombe"
    ]
    client.post(PAGE, asked(world, "1"))
    assert convention.get_absolute_url() not in read(client)
    assert client.get(reverse("conventions:hold", args=[convention.pk])).status_code == 404
    convention.refresh_from_db()
    assert not convention.is_purged


def read(client):
    answer = client.get(f"{PAGE}liste.csv")
    return b"".join(answer.streaming_content).decode()


def test_the_list_is_a_file_without_a_name(world, request):
    convention = ready(world)
    request.getfixturevalue("years_later")
    text = read(browser(world.people["admin"]))
    head, line = csv.reader(io.StringIO(text.removeprefix("\N{BYTE ORDER MARK}")), delimiter=";")
    assert len(head) == len(line) == 7
    assert line[:3] == [convention.number, "Refusée", world.centre.name]
    assert line[6].endswith(convention.get_absolute_url())
    assert world.student.user.last_name not in text


def test_no_name_in_the_file_is_computed_by_a_spreadsheet(world, request):
    world.centre.name = "=HYPERLINK(A1)"
    world.centre.save()
    ready(world)
    request.getfixturevalue("years_later")
    assert ";'=HYPERLINK(A1);" in read(browser(world.people["admin"]))


def test_the_page_and_the_file_cost_the_same_for_one_and_for_ten(world, request):
    ready(world)
    Institution.objects.update(years_active=0, years_archived=2)
    client = browser(world.people["admin"])

    def cost():
        later = datetime.combine(timezone.localdate() + timedelta(days=366 * 8), time(12))
        with time_machine.travel(timezone.make_aware(later)), CaptureQueriesContext(connection) as queries:
            client.force_login(world.people["admin"])
            assert client.get(PAGE).status_code == 200
            read(client)
        return len(queries)

    one = cost()
    for _ in range(9):
        student = StudentFactory()
        enrolment = EnrolmentFactory(student=student, programme=world.enrolment.programme)
        world.student, world.people["student"] = student, student.user
        world.convention_in(Status.REFUSED, student=student, enrolment=enrolment)
    assert cost() == one


def test_an_agreement_is_kept_longer_then_like_the_others(world, request):
    convention = world.convention_in(Status.SIGNED)
    client = browser(world.people["admin"])
    url = reverse("conventions:hold", args=[convention.pk])
    assert url in client.get(convention.get_absolute_url()).content.decode()
    until = timezone.localdate() + timedelta(days=366 * 12)
    typed = {"hold_reason": "Accident, consolidation en attente", "hold_until": until.isoformat()}
    assert client.post(url, typed).status_code == 302
    convention.refresh_from_db()
    assert (convention.hold_reason, convention.hold_until) == (typed["hold_reason"], until)
    assert "Accident" not in convention.events.get(action="hold").comment
    request.getfixturevalue("years_later")
    client = browser(world.people["admin"])
    (part,) = client.get(PAGE).context["parts"]
    assert (part.report.due, part.report.held) == (0, [convention])
    assert client.post(url, {"hold_reason": "", "hold_until": ""}).status_code == 302
    assert client.get(PAGE).context["parts"][0].report.due == 1


@pytest.mark.parametrize(
    ("reason", "days"), [("Accident", None), ("", 30), ("Accident", 0), ("Accident", -1)]
)
def test_a_reason_and_a_day_to_come(world, reason, days):
    convention = world.convention_in(Status.SIGNED)
    until = "" if days is None else (timezone.localdate() + timedelta(days=days)).isoformat()
    url = reverse("conventions:hold", args=[convention.pk])
    answer = browser(world.people["admin"]).post(url, {"hold_reason": reason, "hold_until": until})
    assert answer.status_code == 422
    assert answer.context["form"].errors
    convention.refresh_from_db()
    assert convention.hold_until is None


# What is left is shown, and nothing can be done with it


@pytest.mark.parametrize("state", [Status.SIGNED, Status.RETURNED, Status.SUBMITTED, Status.CANCELLED])
def test_an_anonymised_agreement_is_read_by_managers_and_closed_to_all(world, state):
    convention = world.convention_in(state)
    name = world.student.user.last_name
    avenant = world.avenant_in(AvenantStatus.REFUSED, convention) if state == Status.SIGNED else None
    assert purging.purge(convention.pk, timezone.localdate() + timedelta(days=366 * 8), by=None)
    pages = {}
    for role in ("manager", "admin", "student", "teacher"):
        answer = browser(world.people[role]).get(convention.get_absolute_url())
        pages[role] = answer.status_code
        if answer.status_code == 200:
            page = answer.content.decode()
            assert "Convention anonymisée" in page
            assert convention.organisation.name in page
            assert name not in page
            assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
    assert pages == {"manager": 200, "admin": 200, "student": 404, "teacher": 404}
    client = browser(world.people["manager"])
    for name, kwargs, method in (
        ("act", {"action": "validate"}, "post"),
        ("step", {"slug": "contenu"}, "get"),
        ("step", {"slug": "contenu"}, "post"),
        ("pdf", {}, "get"),
        ("preview", {}, "get"),
        ("duplicate", {}, "post"),
        ("delete", {}, "post"),
        ("add_remark", {}, "post"),
        ("correct", {"slug": "tuteur"}, "get"),
        ("avenant_begin", {}, "get"),
        ("attach", {}, "get"),
        ("attach", {}, "post"),
        ("summarise", {}, "post"),
        ("certificate", {}, "get"),
        ("certificate", {}, "post"),
    ):
        url = reverse(f"conventions:{name}", kwargs={"pk": convention.pk, **kwargs})
        assert getattr(client, method)(url).status_code == 404, name
    urls = [reverse("conventions:next", args=[convention.pk])]
    for url in urls + ([avenant.get_absolute_url()] if avenant else []):
        assert client.get(url).url == convention.get_absolute_url()
    assert (
        browser(world.people["admin"]).get(reverse("conventions:hold", args=[convention.pk])).status_code
        == 404
    )


def test_lists_and_admin_hold_with_anonymised_agreements(world, request):
    convention = world.convention_in(Status.SIGNED)
    assert purging.purge(convention.pk, timezone.localdate() + timedelta(days=366 * 8), by=None)
    host = convention.organisation.get_absolute_url()
    admin, manager = browser(world.people["admin"]), browser(world.people["manager"])
    for client, url in (
        (manager, "/"),
        (manager, "/conventions/"),
        (manager, host),
        (admin, reverse("admin:conventions_convention_changelist")),
        (admin, reverse("admin:conventions_convention_change", args=[convention.pk])),
        (admin, reverse("admin:conventions_event_changelist")),
    ):
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert world.student.user.last_name not in answer.content.decode(), url
    enrolments = admin.get(reverse("admin:organisations_enrolment_changelist")).content.decode()
    assert "Personne anonymisée" not in enrolments
    request.getfixturevalue("years_later")
    found = browser(world.people["manager"]).get("/conventions/", {"archives": "on"}).content.decode()
    assert "Personne anonymisée" in found
    assert Convention.objects.count() == 1
