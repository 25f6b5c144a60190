"""The directory as its keepers use it: search, records to verify, likely duplicates, correction, merging."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conventions.models import Convention, Status
from organisations import directory, merging
from organisations.models import Ban, Merge, Organisation, Resemblance
from tests.crawl import Page
from tests.factories import (
    CentreFactory,
    ContactFactory,
    InstitutionFactory,
    ManagerFactory,
    OrganisationFactory,
    ServiceFactory,
    UserFactory,
    siret,
)

pytestmark = pytest.mark.django_db
MOST_QUERIES = 14


@pytest.fixture
def manager(world):
    return world.people["manager"]


@pytest.fixture
def browser(manager):
    client = Client()
    client.force_login(manager)
    return client


def new(name="Labo Brécourt", **fields):
    """A record without SIRET, as a student adds one."""
    return OrganisationFactory(name=name, **{"siret": None, "siret_exemption": "pending", **fields})


def verified(name="Laboratoire Brécourt", **fields):
    return OrganisationFactory(name=name, is_verified=True, **fields)


def pair(**fields):
    first, second = verified(), new(**fields)
    directory.note_resemblances(second)
    return first, second


def address(name, *args):
    return reverse(f"organisations:{name}", args=[getattr(arg, "pk", arg) for arg in args])


def text(answer):
    """What a page says, its spaces made plain."""
    html = answer.content.decode()
    assert list(Page(html).complaints(html)) == []
    return said(html)


def said(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&nbsp;", " ").split())


def main(answer):
    html = answer.content.decode()
    return said(html[html.index("<main") : html.index("</main>")])


def queries(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    assert len(captured) <= MOST_QUERIES, "\n".join(query["sql"] for query in captured)
    return len(captured)


# Finding one


def test_a_search_shows_what_the_staff_needs_of_each_host(world, browser):
    host = verified("Brécourt Analyses", acronym="BRA", former_names=["Labo de la Hève"])
    world.convention_in(Status.VALIDATED, organisation=host)
    host.is_open, host.is_private = False, True
    host.save()
    page = browser.get(address("directory"), {"q": "breco analyses"})
    assert page.context["found"].organisations == [host]
    words = text(page)
    assert "Exclu" not in words
    for expected in (
        "BRA",
        "anciennement Labo de la Hève",
        "76600 Le Havre",
        " ".join(host.printed_siret.split()),
        "Analyses biologiques",
        "Fermé",
        "Vérifié",
        "Diffusion partielle",
    ):
        assert expected in words
    assert [found.agreements for found in page.context["found"]] == [1]
    assert f'href="{host.get_absolute_url()}"' in page.content.decode()


def test_a_ban_is_seen_wherever_the_staff_sees_the_host(manager, browser):
    first, second = pair()
    Ban.objects.create(
        organisation=first, institution=manager.institution, reason="…", until=date(2099, 1, 1), by=manager
    )
    for url, query in (
        (address("directory"), {"q": "brecourt"}),
        (address("resemblances"), {}),
        (address("merge_with", second), {}),
        (address("merge_with", second), {"q": "brecourt"}),
        (address("merge", first, second), {}),
        (first.get_absolute_url(), {}),
    ):
        assert browser.get(url, query).content.decode().count("Exclu</span>") == 1, (url, query)


def test_the_student_of_another_institution_who_added_a_host_is_not_named(client):
    elsewhere = UserFactory(
        last_name="Nomdailleurs", institution=InstitutionFactory(name="Université de Belombre")
    )
    _known, added = pair(created_by=elsewhere)
    pages = [address("to_verify"), address("resemblances"), added.get_absolute_url()]
    for institution, is_named in ((InstitutionFactory(), False), (elsewhere.institution, True)):
        manager = UserFactory(institution=institution)
        ManagerFactory(user=manager, centre=CentreFactory(institution=institution))
        client.force_login(manager)
        assert ["Nomdailleurs" in client.get(page).text for page in pages] == [is_named] * 3


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("", {"new", "known", "closed"}),
        ("a-verifier", {"new"}),
        ("verifies", {"known", "closed"}),
        ("fermes", {"closed"}),
        ("inconnu", {"new", "known", "closed"}),
    ],
)
def test_a_search_among_some_records(browser, state, expected):
    hosts = {
        "new": new("Brécourt un"),
        "known": verified("Brécourt deux"),
        "closed": verified("Brécourt trois", is_open=False),
    }
    page = browser.get(address("directory"), {"q": "brecourt", "etat": state})
    assert set(page.context["found"]) == {hosts[name] for name in expected}


def test_as_one_types_only_the_results_come_and_the_address_follows(browser):
    host = verified()
    page = browser.get(address("directory"), {"q": "laborat", "etat": ""}, headers={"HX-Request": "true"})
    html = page.content.decode()
    assert "<html" not in html
    assert str(host) in html
    assert 'hx-swap-oob="innerHTML:#count"' in html
    assert page["HX-Replace-Url"] == f"{address('directory')}?q=laborat"


def test_a_misspelt_name_says_so_and_an_unknown_one_what_to_do(browser):
    verified("Clinique Beauséjour")
    assert "Voici les plus proches" in text(browser.get(address("directory"), {"q": "clinike bosejour"}))
    assert "Aucun établissement trouvé" in text(browser.get(address("directory"), {"q": "zzzz"}))


def test_the_front_page_says_what_there_is_to_do(browser):
    pair()
    page = browser.get(address("directory"))
    assert "1 fiche à vérifier" in text(page)
    assert "1 doublon probable" in text(page)


def test_the_front_page_does_not_count_for_ever(browser, monkeypatch):
    monkeypatch.setattr("organisations.views.directory.MOST_COUNTED", 2)
    for _ in range(4):
        new()
    assert "2+ fiches à vérifier" in text(browser.get(address("directory")))


# New records


def test_new_records_are_listed_the_newest_first_with_what_is_missing(world, browser):
    student = world.people["student"]
    old = new("Ancien", phone="", headcount_band=None)
    Organisation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=30))
    latest = new("Récent", created_by=student)
    verified()
    page = browser.get(address("to_verify"))
    assert [row.host for row in page.context["rows"]] == [latest, old]
    words = text(page)
    assert str(student) in words
    assert "effectif, téléphone" in words


def test_a_new_record_stands_beside_what_it_resembles(browser):
    known, added = pair()
    (row,) = browser.get(address("to_verify")).context["rows"]
    assert row.alike == [known]
    page = browser.get(address("to_verify"))
    assert f'href="{address("merge", added, known)}"' in page.content.decode()


@pytest.mark.parametrize("gone", ["dismissed", "merged"])
def test_what_was_judged_is_not_shown_beside_it(manager, browser, gone):
    known, added = pair()
    if gone == "dismissed":
        Resemblance.objects.update(dismissed_at=timezone.now())
    else:
        merging.merge(OrganisationFactory(name="Autre").pk, known.pk, by=manager)
        Resemblance.objects.exclude(first=known).exclude(second=known).delete()
    rows = browser.get(address("to_verify")).context["rows"]
    assert [row.alike for row in rows if row.host == added] == [[]]
    assert not Resemblance.objects.open().exists()


def test_a_record_that_resembles_many_leads_to_all_of_them(browser):
    _known, added = pair()
    for number in range(4):
        directory.note_pairs(added, {verified(f"Brécourt {number}").pk})
    page = browser.get(address("to_verify"))
    assert "et 2 autres" in text(page)
    assert address("merge_with", added) in page.content.decode()


def test_verifying_says_who_and_when_and_comes_back_to_the_page(manager, browser):
    host = new()
    here = f"{address('to_verify')}?page=2"
    answer = browser.post(address("verify", host), {"suite": here}, follow=True)
    assert answer.redirect_chain == [(here, 302)]
    assert "est vérifié" in text(answer)
    host.refresh_from_db()
    assert (host.is_verified, host.verified_by) == (True, manager)
    assert timezone.now() - host.verified_at < timedelta(minutes=1)


def test_no_other_site_is_come_back_to(browser):
    answer = browser.post(address("verify", new()), {"suite": "https://ailleurs.example/"})
    assert answer.url == address("to_verify")


@pytest.mark.parametrize("name", ["to_verify", "resemblances"])
def test_an_empty_page_says_so(browser, name):
    assert 'class="empty"' in browser.get(address(name)).content.decode()


# Correcting


def filled(form, **changes):
    """What a browser posts of a form, with some changes."""
    data = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in data.items() if value not in (None, False)}
    return {name: value for name, value in (data | changes).items() if value is not None}


def correct(browser, host, **changes):
    form = browser.get(address("edit", host)).context["form"]
    return browser.post(address("edit", host), filled(form, **changes))


def test_the_staff_corrects_what_a_student_cannot(browser):
    host = new()
    answer = correct(
        browser,
        host,
        name="Laboratoires Brécourt",
        acronym="LB",
        trade_name="Biolab",
        siret=siret(999),
        siret_exemption="",
        is_open=None,
        closed_on="2026-03-12",
        is_private="on",
        is_locked="on",
    )
    assert answer.url == host.get_absolute_url()
    host.refresh_from_db()
    assert (host.name, host.acronym, host.trade_name) == ("Laboratoires Brécourt", "LB", "Biolab")
    assert (host.siret, host.is_open, host.closed_on) == (siret(999), False, date(2026, 3, 12))
    assert (host.is_private, host.is_locked, host.is_verified) == (True, True, False)
    assert directory.search(Organisation.objects.all(), "biolab").organisations == [host]


def test_a_record_is_corrected_and_verified_at_once(manager, browser):
    host = new()
    correct(browser, host, verify="1")
    host.refresh_from_db()
    assert (host.is_verified, host.verified_by) == (True, manager)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"closed_on": "2026-03-12"}, "closed_on"),
        ({"siret": "12345678901234"}, "siret"),
        ({"name": ""}, "name"),
        ({"headcount_band": ""}, "headcount_band"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_saved(browser, changes, field):
    host = new()
    answer = correct(browser, host, **changes, city="Rouen")
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert 'role="alert"' in answer.content.decode()
    host.refresh_from_db()
    assert host.city == "Le Havre"


def test_the_siret_of_another_record_leads_to_merging_them(browser):
    host, known = new(), verified()
    answer = correct(browser, host, siret=known.siret, siret_exemption="")
    assert answer.status_code == 422
    assert address("merge", host, known) in answer.content.decode()


def test_a_correction_keeps_the_names_a_merge_has_brought(manager, browser):
    host = verified()
    form = browser.get(address("edit", host)).context["form"]
    merging.merge(host.pk, new("Hôpital Beauséjour").pk, by=manager)
    browser.post(address("edit", host), filled(form, city="Rouen"))
    host.refresh_from_db()
    assert (host.city, host.former_names) == ("Rouen", ["Hôpital Beauséjour"])
    assert directory.search(Organisation.objects.all(), "beausejour rouen").organisations == [host]


def test_what_is_merged_has_no_record_to_correct(manager, browser):
    host, gone = verified(), new()
    merging.merge(host.pk, gone.pk, by=manager)
    for name in ("edit", "merge_with"):
        assert browser.get(address(name, gone)).status_code == 404
    assert browser.post(address("verify", gone)).status_code == 404


# Likely duplicates


def test_likely_duplicates_are_shown_side_by_side(world, browser):
    known, added = pair(created_by=world.people["student"])
    world.convention_in(Status.VALIDATED, organisation=known)
    page = browser.get(address("resemblances"))
    (row,) = page.context["rows"]
    assert row.hosts == (known, added)
    assert "1 stage validé" in text(page)
    assert address("merge", known, added) in page.content.decode()


def test_two_organisations_stay_two(manager, browser):
    _first, second = pair()
    resemblance = Resemblance.objects.get()
    answer = browser.post(address("dismiss", resemblance), follow=True)
    assert "sont deux organismes" in text(answer)
    assert not answer.context["rows"]
    directory.note_resemblances(second)
    resemblance.refresh_from_db()
    assert (resemblance.dismissed_by, Resemblance.objects.open().count()) == (manager, 0)
    # Said twice, it stays said by the first.
    Resemblance.objects.update(dismissed_by=None)
    browser.post(address("dismiss", resemblance))
    resemblance.refresh_from_db()
    assert resemblance.dismissed_by is None


# Merging


def test_a_record_is_compared_with_those_that_look_like_it_then_with_any(browser):
    known, added = pair()
    noted = verified("Tout autre nom")
    directory.note_pairs(added, {noted.pk})
    far = verified("Clinique Beauséjour", city="Caen")
    page = browser.get(address("merge_with", added))
    assert set(page.context["alike"]) == {known, noted}
    assert text(page)
    page = browser.get(address("merge_with", added), {"q": "beausejour"}, headers={"HX-Request": "true"})
    assert list(page.context["found"]) == [far]
    assert address("merge", added, far) in page.content.decode()
    page = browser.get(address("merge_with", added), {"q": str(added)})
    assert added not in list(page.context["found"])


def test_two_records_are_compared_line_by_line(world, browser):
    known, added = pair(phone="02 61 91 00 99")
    world.convention_in(Status.VALIDATED, organisation=known)
    world.draft(organisation=known)
    page = browser.get(address("merge", added, known))
    lines = {str(line.label): line for line in page.context["lines"]}
    assert lines["Téléphone"].values == ("02 61 91 00 99", known.phone)
    assert lines["Téléphone"].differs
    assert not lines["Commune"].differs
    assert "Site web" not in lines
    assert lines["Numéro SIRET"].values == ("", " ".join(known.printed_siret.split()))
    words = text(page)
    assert "Téléphone (diffère)" in words
    assert "dont 1 validée" in words
    assert "2 conventions, 2 services, 4 contacts" in words
    assert "aucune convention, aucun contact" in words


def kept_by_default(page):
    return [side.host for side in page.context["sides"] if side.is_kept]


def test_the_record_kept_by_default_has_a_siret_then_is_verified_then_has_the_most_stages(world, browser):
    numbered, seen, used, plain = verified("A"), new("B", is_verified=True), new("C"), new("D")
    world.convention_in(Status.VALIDATED, organisation=used)
    ranked = [numbered, seen, used, plain]
    for better, worse in pairwise(ranked):
        assert kept_by_default(browser.get(address("merge", worse, better))) == [better]
        assert kept_by_default(browser.get(address("merge", better, worse))) == [better]


def test_the_record_without_siret_cannot_be_kept_and_says_why(browser):
    known, added = pair()
    page = browser.get(address("merge", known, added))
    assert [bool(side.obstacle) for side in page.context["sides"]] == [False, True]
    assert "Gardez la fiche qui a un numéro SIRET" in text(page)


def test_two_sirets_are_two_establishments_it_says(browser):
    known, added = pair()
    warning = "Chacune a un numéro SIRET"
    assert warning not in text(browser.get(address("merge", known, added)))
    assert warning in text(browser.get(address("merge", known, verified())))


def test_merging_says_what_followed_and_shows_the_record_kept(world, manager, browser):
    known, added = pair()
    convention = world.convention_in(Status.SIGNED, organisation=added)
    ServiceFactory(organisation=added)
    ContactFactory(organisation=added)
    answer = browser.post(address("merge", added, known), {"kept": known.pk}, follow=True)
    assert answer.redirect_chain == [(known.get_absolute_url(), 302)]
    assert "Ont suivi : 1 convention, 2 services, 3 contacts." in main(answer)
    done = Merge.objects.get()
    assert (done.kept, done.dropped, done.by) == (known, added, manager)
    convention.refresh_from_db()
    assert convention.organisation == known


@pytest.mark.parametrize(
    ("kept", "message"),
    [("", "Choisissez la fiche à garder"), ("0", "Choisissez la fiche à garder"), ("added", "numéro SIRET")],
)
def test_an_impossible_merge_says_why(browser, kept, message):
    known, added = pair()
    answer = browser.post(address("merge", known, added), {"kept": {"added": added.pk}.get(kept, kept)})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert message in text(answer)
    assert re.search(r'class="error-summary" role="alert" tabindex="-1" autofocus', html)
    assert not Merge.objects.exists()


def test_two_records_of_which_neither_can_be_kept_offer_no_button(browser):
    """The one without a SIRET cannot be kept, nor the one whose twin the register hides."""
    public, hidden = verified(), new(is_private=True)
    answer = browser.get(address("merge", public, hidden))
    assert text(answer).count("Gardez la fiche qui a un numéro SIRET.") == 1
    assert 'type="submit">' not in answer.text.split('class="bar"')[1]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_record_merged_meanwhile_leads_to_the_one_kept(manager, browser, method):
    known, added = pair()
    merging.merge(known.pk, added.pk, by=manager)
    other = verified()
    answer = getattr(browser, method)(address("merge", other, added), {"kept": other.pk}, follow=True)
    assert answer.redirect_chain == [(known.get_absolute_url(), 302)]
    assert "a déjà été fusionné" in main(answer)
    assert Merge.objects.count() == 1


def test_a_record_is_not_merged_with_itself_nor_with_nothing(browser):
    host = verified()
    assert browser.get(address("merge", host, host)).status_code == 404
    assert browser.get(address("merge", host, 0)).status_code == 404


def test_the_merge_page_dismisses_a_likely_duplicate(browser):
    known, added = pair()
    pressed = address("dismiss", Resemblance.objects.get())
    for both in ((known, added), (added, known)):
        assert pressed in browser.get(address("merge", *both)).content.decode()
    assert pressed not in browser.get(address("merge", known, verified())).content.decode()


def test_a_merge_is_undone_from_the_record_kept(world, manager, browser):
    known, added = pair()
    convention = world.draft(organisation=added)
    done = merging.merge(known.pk, added.pk, by=manager)
    page = browser.get(known.get_absolute_url())
    assert address("undo_merge", done) in page.content.decode()
    assert str(added) in main(page)
    answer = browser.post(address("undo_merge", done), follow=True)
    assert "La fusion est défaite" in main(answer)
    assert address("undo_merge", done) not in answer.content.decode()
    convention.refresh_from_db()
    assert convention.organisation == added
    answer = browser.post(address("undo_merge", done), follow=True)
    assert "Cette fusion a déjà été défaite." in main(answer)
    assert browser.post(address("undo_merge", 0)).status_code == 404


# What they cost


@pytest.mark.parametrize("name", ["directory", "to_verify", "resemblances", "merge_with"])
def test_a_page_costs_the_same_for_one_row_and_for_many(world, browser, name):
    known, added = pair(created_by=world.people["student"])
    url = address(name, *([added] if name == "merge_with" else []))
    url += "?q=brecourt" if name == "directory" else ""
    queries(browser, url)
    once = queries(browser, url)
    for rank in range(24):
        other = new(f"Labo Brécourt {rank}", created_by=world.people["other_student"])
        directory.note_pairs(other, {known.pk, added.pk})
        directory.note_resemblances(other)
    assert queries(browser, url) == once


def test_comparing_costs_the_same_whatever_follows(world, browser):
    known, added = pair()
    url = address("merge", added, known)
    queries(browser, url)
    once = queries(browser, url)
    draft = world.draft(organisation=added)
    Convention.objects.bulk_create(
        Convention(
            student=draft.student,
            institution=draft.institution,
            organisation=added,
            created_by=draft.created_by,
        )
        for _ in range(20)
    )
    assert queries(browser, url) == once
