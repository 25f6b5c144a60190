"""The page of a host: who it is, whom it receives, how long it takes to sign; its quota week by week."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conventions.legality import quotas
from conventions.models import Status, Turn
from organisations import merging
from organisations.models import Ban, Note, Organisation
from organisations.models.university import default_signature_order
from tests.factories import (
    CentreFactory,
    ContactFactory,
    HeadcountBandFactory,
    InstitutionFactory,
    ManagerFactory,
    OrganisationFactory,
    ServiceFactory,
    next_siret,
)
from tests.pages import browser, text_of
from tests.worlds import stand

pytestmark = pytest.mark.django_db
MONDAY = date(2027, 3, 1)
SMALL = {"code": "01", "label": "1 ou 2 salariés", "minimum": 1, "maximum": 2}  # three trainees at most


def days(first, last):
    return MONDAY + timedelta(days=first), MONDAY + timedelta(days=last)


@pytest.fixture
def host():
    return OrganisationFactory(headcount_band=HeadcountBandFactory(**SMALL))


def stages(world, host, *periods, state=Status.SUBMITTED):
    """Store agreements that count, without their workflow."""
    service = ServiceFactory(organisation=host)
    agreements = []
    for start, end in periods:
        draft = world.draft(organisation=host, service=service, start=start, end=end)
        stand(draft, state, number=f"2026-{draft.pk}", submitted_at=draft.created_at)
        agreements.append(draft)
    return agreements


# The quota


@pytest.mark.parametrize(
    ("periods", "asked", "full"),
    [
        ([days(0, 60)] * 3, days(10, 20), True),
        ([days(0, 60)] * 2, days(10, 20), False),
        ([days(0, 1), days(1, 2), days(2, 3)], days(4, 4), True),  # the same week, if not the same day
        ([days(0, 1), days(1, 2), days(7, 8)], days(0, 13), False),  # never three in one week
        ([days(0, 6)] * 3, days(7, 20), False),  # they leave the Sunday before
        ([days(0, 7)] * 3, days(9, 20), True),  # or that Monday
        ([days(60, 90)] * 3, days(0, 60), True),
        ([days(63, 90)] * 3, days(0, 60), False),
    ],
)
def test_a_host_is_full_when_a_week_of_the_stage_is(world, host, periods, asked, full):
    stages(world, host, *periods)
    assert quotas.full_hosts([host], *asked) == ({host.pk} if full else set())


@pytest.mark.parametrize("state", Status)
def test_only_who_is_expected_counts(world, host, state):
    stages(world, host, *[days(0, 60)] * 3, state=state)
    counts = state in {Status.SUBMITTED, Status.VALIDATED, Status.SIGNING, Status.SIGNED}
    assert quotas.full_hosts([host], *days(0, 60)) == ({host.pk} if counts else set())


def test_the_whole_legal_entity_counts(world, host):
    sister = OrganisationFactory(siret=next_siret(host.siret[:9]), headcount_band=host.headcount_band)
    stages(world, host, days(0, 60), days(0, 60))
    stages(world, sister, days(0, 60))
    assert quotas.full_hosts([host, sister], *days(0, 60)) == {host.pk, sister.pk}


def test_a_host_without_siret_is_counted_by_itself(world, host):
    alone, other = (
        OrganisationFactory(siret=None, siret_exemption="association", headcount_band=host.headcount_band)
        for _ in range(2)
    )
    stages(world, alone, *[days(0, 60)] * 3)
    assert quotas.full_hosts([alone, other, host], *days(0, 60)) == {alone.pk}


@pytest.mark.parametrize("changes", [{"headcount_band": None}, {"abroad": True, "siret": None}])
def test_without_headcount_or_french_law_there_is_no_quota(world, host, changes):
    free = OrganisationFactory(**{"headcount_band": host.headcount_band, **changes})
    stages(world, free, *[days(0, 60)] * 3)
    assert quotas.full_hosts([free], *days(0, 60)) == set()
    assert quotas.received([free], *days(0, 60))[free.pk].known(*days(0, 6)) == 3


def test_twenty_hosts_cost_one_query(world, host):
    hosts = [host, *OrganisationFactory.create_batch(19, headcount_band=host.headcount_band)]
    stages(world, hosts[7], *[days(0, 60)] * 3)
    with CaptureQueriesContext(connection) as queries:
        assert quotas.full_hosts(hosts, *days(0, 60)) == {hosts[7].pk}
    assert len(queries) == 1


def test_no_host_is_not_full():
    assert quotas.full_hosts([], *days(0, 60)) == set()


# The page


def page_of(world, host, role="manager"):
    return browser(world.people[role]).get(host.get_absolute_url())


def test_it_says_who_the_host_is(world):
    host = OrganisationFactory(
        name="Brécourt Analyses",
        former_names=["Labo de la Hève"],
        closed_on=date(2026, 3, 12),
        is_open=False,
        is_private=True,
        created_by=world.people["student"],
    )
    page = text_of(page_of(world, host))
    for said in (
        "Brécourt Analyses",
        "Labo de la Hève",
        " ".join(host.printed_siret.split()),
        "Société par actions simplifiée (droit privé)",
        "72.19Z",
        "NAF rév. 2 (2008)",
        "20 à 49 salariés",
        "4 quai des Abeilles",
        "Fermé depuis le 12/03/2026",
        "À vérifier",
        "Diffusion partielle",
        f"Saisie par {world.people['student']}",
    ):
        assert said in page, said
    assert "Fiche incomplète" not in page


def test_a_record_of_the_register_says_when_it_was_read(world):
    host = OrganisationFactory(
        register=Organisation.Register.INSEE,
        refreshed_at=datetime(2026, 11, 2, 3, tzinfo=UTC),
        is_verified=True,
        verified_by=world.people["manager"],
        verified_at=datetime(2026, 11, 3, 3, tzinfo=UTC),
        phone="",
    )
    page = text_of(page_of(world, host))
    assert "Sirene (INSEE), relue le 02/11/2026" in page
    assert f"03/11/2026, {world.people['manager']}" in page
    for badge in ("Ouvert", "Vérifié", "Fiche incomplète", "Il manque : téléphone."):
        assert badge in page, badge


def test_a_merged_host_leads_to_the_one_kept(world, host):
    OrganisationFactory(pk=host.pk + 1000, merged_into=host)
    answer = browser(world.people["manager"]).get(reverse("host", args=[host.pk + 1000]))
    assert (answer.status_code, answer["Location"]) == (302, host.get_absolute_url())
    assert browser(world.people["teacher"]).get(reverse("host", args=[host.pk + 1000])).status_code == 404


def test_it_leads_to_what_the_staff_does_with_a_record(world, host):
    twin = OrganisationFactory(name="Brécourt, ancienne fiche")
    merging.merge(host.pk, twin.pk, by=world.people["manager"])
    page = page_of(world, host).content.decode()
    [done] = host.merges.all()
    for name, pk in (("edit", host.pk), ("merge_with", host.pk), ("ban", host.pk), ("undo_merge", done.pk)):
        assert reverse(f"organisations:{name}", args=[pk]) in page, name
    merging.undo(done.pk, by=world.people["manager"])
    page = page_of(world, host)
    assert "Séparé le" in text_of(page)
    assert reverse("organisations:undo_merge", args=[done.pk]) not in page.content.decode()


def test_an_agreement_leads_to_its_host_for_who_keeps_the_directory(world):
    agreement = world.convention_in(Status.SUBMITTED)
    for role, leads in (("manager", True), ("teacher", False), ("student", False), ("admin", True)):
        page = browser(world.people[role]).get(agreement.get_absolute_url()).content.decode()
        assert (agreement.organisation.get_absolute_url() in page) is leads, role


def test_stages_are_those_the_reader_sees(world, host):
    today = timezone.localdate()
    day = timedelta(days=1)
    stages(world, host, (today - 90 * day, today - 30 * day), state=Status.SIGNED)
    stages(world, host, (today - day, today + day), state=Status.VALIDATED)
    stages(world, host, (today + day, today + 30 * day), state=Status.SIGNING)
    stages(world, host, (today - day, today + day), state=Status.REFUSED)
    draft = world.draft(organisation=host)
    page = page_of(world, host)
    assert re.findall(r"<dt>([^<]+)</dt>\s*<dd>\s*(\d+)", page.content.decode())[:3] == [
        ("En cours", "1"),
        ("À venir", "1"),
        ("Terminés", "1"),
    ]
    assert len(re.findall(r'<td class="num"><a', page.content.decode())) == 4
    assert draft.get_absolute_url() not in page.content.decode()
    elsewhere = text_of(page_of(world, host, "other_manager"))
    assert "Aucune convention que vous puissiez voir" in elsewhere


@time_machine.travel("2026-12-01 10:00", tick=False)  # the other stage is over before MONDAY
def test_the_last_ones_are_shown_and_all_of_them_listed(world, host):
    periods = [(MONDAY + timedelta(days=rank), MONDAY + timedelta(days=rank + 7)) for rank in range(12)]
    stages(world, host, *periods)
    world.convention_in(Status.SUBMITTED)
    client = browser(world.people["manager"])
    page = client.get(host.get_absolute_url()).content.decode()
    assert re.findall(r'class="num" data-label="Dates"><span>(\S+)', page)[0] == "12/03/2027"
    assert len(re.findall(r'<td class="num"><a', page)) == 10
    url = re.search(r'href="([^"]+)">\s*Voir tout \(12\)', page)[1]
    answer = client.get(url)
    assert "12 conventions" in text_of(answer)
    assert f"Établissement d’accueil : {host}" in text_of(answer)
    assert f'name="organisme" value="{host.pk}"' in answer.content.decode()


def test_the_list_does_not_name_a_hidden_host_to_a_teacher(world):
    host = OrganisationFactory(is_private=True)
    url = f"{reverse('conventions:list')}?organisme={host.pk}"
    assert host.name in text_of(browser(world.people["manager"]).get(url))
    assert host.name not in text_of(browser(world.people["teacher"]).get(url))


def test_contacts_are_those_the_centres_of_the_reader_may_name(world, host):
    sharing, keeping = CentreFactory(), CentreFactory(keeps_contacts=True)
    abroad = CentreFactory(institution=InstitutionFactory(name="Université voisine"))
    people = {
        "ours": ContactFactory(organisation=host, centre=world.centre),
        "shared": ContactFactory(organisation=host, centre=sharing),
        "kept": ContactFactory(organisation=host, centre=keeping),
        "of another institution": ContactFactory(organisation=host, centre=abroad),
        "of nobody": ContactFactory(organisation=host),
        "typed by a student": ContactFactory(organisation=host, created_by=world.people["student"]),
        "anonymised": ContactFactory(organisation=host, centre=world.centre, anonymised_at=timezone.now()),
        "elsewhere": ContactFactory(centre=world.centre),
    }

    def seen():
        page = page_of(world, host).content.decode()
        return {name for name, contact in people.items() if contact.email in page}

    assert seen() == {"ours", "shared", "of nobody"}
    ManagerFactory(user=world.people["manager"], centre=keeping)
    assert seen() == {"ours", "shared", "of nobody", "kept"}


def test_contacts_say_what_they_did_the_busiest_first(world, host):
    first, second = ContactFactory.create_batch(2, organisation=host, centre=world.centre)
    agreement = world.convention_in(Status.SIGNED, organisation=host, tutor=second, signatory=second)
    world.convention_in(
        Status.VALIDATED,
        organisation=host,
        tutor=second,
        signatory=first,
        start=agreement.end + timedelta(days=40),
        end=agreement.end + timedelta(days=60),
    )
    world.draft(organisation=host, tutor=first)
    page = text_of(page_of(world, host))
    assert page.index(second.last_name) < page.index(first.last_name)
    assert "tuteur de 2 stages, signataire d’une convention" in page
    assert page.count("signataire d’une convention") == 2


@time_machine.travel("2026-12-01 10:00", tick=False)  # the other stage is over before MONDAY
def test_the_time_to_sign_is_the_median(world, host):
    assert "Aucune convention entièrement signée" in text_of(page_of(world, host))
    today = timezone.localdate()
    for passed in (1, 5, 30):
        signed(world, host, today - timedelta(days=passed), today)
    page = text_of(page_of(world, host))
    assert "5 jours De la validation à la dernière signature : la moitié des 3" in page
    assert "attend la signature" not in page
    elsewhere = OrganisationFactory()
    world.convention_in(Status.SIGNING, organisation=elsewhere, weekly_hours=20)
    waiting = world.convention_in(Status.SIGNING, organisation=host, weekly_hours=20)
    client = browser(world.people["manager"])
    page = client.get(host.get_absolute_url()).content.decode()
    url = re.search(r'href="([^"]+)">\s*Une convention attend la signature', page)[1].replace("&amp;", "&")
    assert waiting.number in text_of(client.get(url))


def signed(world, host, validated_on, signed_on):
    [agreement] = stages(world, host, days(0, 0))
    manager = world.people["manager"]
    for rank, party in enumerate(default_signature_order(), start=1):
        agreement.turns.create(
            purpose=Turn.Purpose.SIGNATURE,
            rank=rank,
            party=party,
            method=Turn.Method.PAPER,
            done_at=timezone.now(),
            done_by=manager,
            signed_on=signed_on,
        )
    noon = datetime.combine(validated_on, time(12), tzinfo=timezone.get_current_timezone())
    stand(agreement, Status.SIGNED, validated_at=noon)


def test_the_quota_is_told_week_by_week(world, host):
    with time_machine.travel("2027-03-03 10:00", tick=False):
        page = text_of(page_of(world, host))
        assert "0 sur 3" in page
        assert "Quota de stagiaires atteint" not in page
        stages(world, host, days(0, 10), days(4, 8), days(6, 6))
        page = text_of(page_of(world, host))
    assert "Quota de stagiaires atteint" in page
    told = re.findall(r"(\d\d/\d\d/2027) (\d+) sur 3", page)
    assert told[:3] == [("01/03/2027", "3"), ("08/03/2027", "2"), ("15/03/2027", "0")]
    assert len(told) == 13


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"headcount_band": None}, "la limite non plus"),
        ({"abroad": True, "siret": None}, "la limite du droit français ne s’applique pas"),
    ],
)
def test_without_a_quota_the_page_says_why(world, changes, said):
    page = text_of(page_of(world, OrganisationFactory(**changes)))
    assert said in page
    assert " sur " not in page.split("Stagiaires par semaine")[1].split("Signatures")[0]


def test_fifty_stages_cost_what_one_does(world, host):
    manager = world.people["manager"]
    Note.objects.create(organisation=host, institution=manager.institution, text="Vu.", by=manager)
    Ban.objects.create(
        organisation=host,
        institution=manager.institution,
        reason="Accident.",
        until=timezone.localdate() + timedelta(days=9),
        by=manager,
    )
    client = browser(manager)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(host.get_absolute_url()).status_code == 200
        return [query["sql"] for query in captured]

    stages(world, host, days(0, 60))
    one = queries()
    assert len(one) <= 12, "\n".join(one)
    stages(world, host, *[days(rank, 60) for rank in range(49)], state=Status.VALIDATED)
    ContactFactory.create_batch(30, organisation=host, centre=world.centre)
    assert len(queries()) == len(one)
