"""A stage in a country at risk: what is known of it, and the security officer who allows the departure or not."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from accounts.refusals import Refused
from conventions import legality, workflow
from conventions.models import AvenantKind, AvenantStatus, Convention, Status, Turn
from conventions.workflow import avenants
from organisations.models import Centre, SecurityOfficer
from tests.factories import (
    DestinationFactory,
    InstitutionFactory,
    OrganisationFactory,
    SecurityOfficerFactory,
    ServiceFactory,
)
from tests.pages import browser, text_of
from tests.refusals import refused
from tests.worlds import ROLES, World, undone

pytestmark = pytest.mark.django_db
LEVELS = ("green", "yellow", "orange", "red")


@pytest.fixture
def host():
    return OrganisationFactory(abroad=True, country="UA", city="Kyiv")


@pytest.fixture
def leave(world, host):
    """Submit an agreement abroad."""

    def leave(zone="red", **fields):
        return world.convention_in(Status.SUBMITTED, organisation=host, travel_zone=zone, **fields)

    return leave


def known(world, level="red", **more):
    return DestinationFactory(institution=world.centre.institution, country="UA", level=level, **more)


def validate(world, convention):
    return workflow.act(convention.pk, "validate", by=world.people["manager"], comment="Vérifié.")


def findings(convention, rule):
    stored = Convention.objects.for_detail().get(pk=convention.pk)
    return [one for one in legality.review(stored) if one.rule.id == rule]


# Who is asked, from which level on


@pytest.mark.parametrize(("declared", "read"), [(said, read) for said in LEVELS for read in (None, *LEVELS)])
def test_the_worst_of_what_is_said_and_known_asks_the_officer(world, host, declared, read):
    if read:
        known(world, read)
    convention = world.convention_in(Status.SUBMITTED, organisation=host, travel_zone=declared)
    asked = bool({declared, read} & {"orange", "red"})
    assert convention.turns.filter(party="security").exists() == asked
    if asked:
        with refused("clearance_awaited"):
            validate(world, convention)
        workflow.act(convention.pk, "authorise", by=world.people["security"])
    assert validate(world, convention).status == Status.VALIDATED


@pytest.mark.parametrize(
    ("starts_at", "asked"),
    [("yellow", {"yellow", "orange", "red"}), ("orange", {"orange", "red"}), ("red", {"red"})],
)
def test_a_centre_says_from_which_level_on(world, host, starts_at, asked):
    Centre.objects.update(security_from=starts_at)
    for zone in ("green", "yellow"):
        with undone():
            convention = world.convention_in(Status.SUBMITTED, organisation=host, travel_zone=zone)
            assert convention.turns.filter(party="security").exists() == (zone in asked)
    with undone():
        convention = world.convention_in(Status.SUBMITTED, organisation=host, travel_zone="red")
        assert convention.turns.filter(party="security").exists()


def test_without_an_officer_the_law_of_the_colours_holds(world, host):
    Centre.objects.update(security_from="")
    draft = world.draft(organisation=host, enrolment=world.enrolled(), travel_zone="red")
    with refused("unlawful"):
        workflow.act(draft.pk, "submit", by=world.people["student"])


def test_nobody_is_asked_of_a_stage_in_france(world):
    DestinationFactory(institution=world.centre.institution, country="FR", level="red")
    convention = world.convention_in(Status.SUBMITTED, travel_zone="red")
    assert not convention.turns.filter(party="security").exists()
    assert validate(world, convention).status == Status.VALIDATED


def test_what_was_read_since_the_submission_sends_it_back(world, leave):
    convention = leave("green")
    known(world, "red")
    with refused("clearance_unasked"):
        validate(world, convention)
    world.remark(convention, "travel_zone")
    workflow.act(convention.pk, "return", by=world.people["manager"])
    convention.remarks.update(resolved_at=timezone.now(), resolved_by=world.people["student"])
    workflow.act(convention.pk, "submit", by=world.people["student"])
    with refused("clearance_awaited"):
        validate(world, convention)


def test_a_university_without_an_officer_is_told_to_name_one(world, leave):
    convention = leave()
    for officer in SecurityOfficer.objects.all():
        officer.user.is_active = False
        officer.user.save()
    with pytest.raises(Refused, match="n’en a pas désigné"):
        validate(world, convention)


# The officer decides


@pytest.mark.parametrize("name", ["authorise", "forbid"])
def test_only_an_officer_of_the_institution_decides(world, leave, name, subtests):
    convention = leave()
    world.people["other_officer"] = SecurityOfficerFactory(
        institution=InstitutionFactory(name="Ailleurs")
    ).user
    for role in (*ROLES, "other_officer"):
        with subtests.test(role), undone():
            code = ""
            try:
                workflow.act(convention.pk, name, by=world.people[role], comment="Vu.")
            except Refused as refusal:
                code = refusal.code
            assert code == ("" if role == "security" else "not_allowed")


def test_an_officer_does_not_allow_their_own_departure(world, leave):
    SecurityOfficerFactory(user=world.people["student"], institution=world.centre.institution)
    with refused("not_allowed"):
        workflow.act(leave().pk, "authorise", by=world.people["student"])


def test_a_departure_is_forbidden_with_a_reason_which_stops_the_validation(world, leave):
    convention, officer = leave(), world.people["security"]
    with pytest.raises(Refused, match="raison"):
        workflow.act(convention.pk, "forbid", by=officer, comment=" ")
    workflow.act(convention.pk, "forbid", by=officer, comment="Frontière fermée.")
    with pytest.raises(Refused, match="Frontière fermée"):
        validate(world, convention)
    with refused("already_forbidden"):
        workflow.act(convention.pk, "forbid", by=officer, comment="Encore.")
    event = convention.events.order_by("-pk")[0]
    assert (event.action, event.before, event.after, event.comment) == (
        "forbid",
        Status.SUBMITTED,
        Status.SUBMITTED,
        "Frontière fermée.",
    )
    page = text_of(browser(world.people["manager"]).get(convention.get_absolute_url()))
    assert "Frontière fermée." in page
    workflow.act(convention.pk, "authorise", by=officer, comment="Rouverte.")
    with refused("already_cleared"):
        workflow.act(convention.pk, "authorise", by=officer)
    assert validate(world, convention).status == Status.VALIDATED


def test_a_new_submission_asks_again(world, leave):
    convention = leave()
    workflow.act(convention.pk, "authorise", by=world.people["security"])
    workflow.act(convention.pk, "withdraw", by=world.people["student"])
    workflow.act(convention.pk, "submit", by=world.people["student"])
    with refused("clearance_awaited"):
        validate(world, convention)


def test_the_teacher_and_the_officer_approve_in_any_order(host):
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED, organisation=host, travel_zone="red")
    workflow.act(convention.pk, "authorise", by=world.people["security"])
    with refused("approval_awaited"):
        validate(world, convention)
    workflow.act(convention.pk, "approve", by=world.people["teacher"])
    assert validate(world, convention).status == Status.VALIDATED


def test_the_database_validates_nothing_that_is_forbidden(world, leave):
    convention = leave()
    workflow.act(convention.pk, "forbid", by=world.people["security"], comment="Non.")
    convention.turns.create(purpose=Turn.Purpose.SIGNATURE, rank=1, party="student")
    rows = Convention.objects.filter(pk=convention.pk)
    with pytest.raises(IntegrityError, match="once approved"), transaction.atomic():
        rows.update(status=Status.VALIDATED, validated_at=timezone.now())
    with pytest.raises(IntegrityError, match="turn_refused_by_an_approver"), transaction.atomic():
        convention.turns.filter(party="student").update(is_refused=True)


# Avenants


def test_an_avenant_that_changes_where_or_when_asks_again(world, leave):
    convention = leave()
    workflow.act(convention.pk, "authorise", by=world.people["security"])
    validate(world, convention)
    world.sign(convention, 5)
    convention.refresh_from_db()

    def later(after):
        after.end += timedelta(days=4)

    avenant = world.avenant(convention, AvenantKind.EXTENSION, change=later)
    avenants.act(avenant.pk, "submit", by=world.people["student"])
    assert Message.objects.filter(
        recipient=world.people["security"].email, key__endswith="clearance_asked"
    ).count()
    with refused("clearance_awaited"):
        avenants.act(avenant.pk, "validate", by=world.people["manager"], comment="Vu.")
    client = browser(world.people["security"])
    assert f"avenant {convention.number}/A1" in text_of(client.get("/"))
    assert client.get(avenant.get_absolute_url()).status_code == 200
    avenants.act(avenant.pk, "authorise", by=world.people["security"])
    avenants.act(avenant.pk, "validate", by=world.people["manager"], comment="Vu.")


def test_an_avenant_that_changes_neither_asks_nothing(world, leave):
    convention = leave()
    workflow.act(convention.pk, "authorise", by=world.people["security"])
    validate(world, convention)
    world.sign(convention, 5)
    convention.refresh_from_db()
    avenant = world.avenant_in(AvenantStatus.VALIDATED, convention)
    assert not avenant.turns.filter(party="security").exists()


# What is seen


def test_an_officer_sees_what_is_theirs_to_decide_and_nothing_else(world, leave):
    officer = world.people["security"]
    quiet = world.convention_in(Status.SUBMITTED, weekly_hours=10)
    mine, elsewhere = leave(weekly_hours=10), InstitutionFactory(name="Ailleurs")
    seen = Convention.objects.visible_to(officer)
    assert list(seen) == [mine]
    assert quiet not in seen
    other = SecurityOfficerFactory(institution=elsewhere).user
    assert not Convention.objects.visible_to(other).exists()
    workflow.act(mine.pk, "withdraw", by=world.people["student"])
    assert not Convention.objects.visible_to(officer).exists(), "a draft is its student's"
    client = browser(officer)
    assert client.get(reverse("conventions:list")).status_code == 404
    assert client.get(quiet.get_absolute_url()).status_code == 404


ANSWERS = {  # address: what a security officer is answered of a departure that waits for them
    "detail": 200,
    "next": 200,
    "attach": 404,
    "preview": 404,
    "duplicate": 404,
    "certificate": 404,
    "avenant_begin": 404,
    "add_remark": 404,
    "hold": 404,
    "delete": 404,
}


def test_what_an_officer_is_answered_of_a_departure(world, leave):
    convention, client = leave(), browser(world.people["security"])
    posted = {"duplicate", "delete"}
    answers = {
        name: (client.post if name in posted else client.get)(
            reverse(f"conventions:{name}", args=[convention.pk])
        ).status_code
        for name in ANSWERS
    }
    assert answers == ANSWERS
    for action, expected in {"authorise": 200, "forbid": 200, "validate": 404, "refuse": 404}.items():
        address = reverse("conventions:act", args=[convention.pk, action])
        assert client.get(address).status_code == expected, action


def test_the_home_of_an_officer(world, leave):
    known(world, "red", region="Odessa")
    first = leave("orange")
    client = browser(world.people["security"])
    page = text_of(client.get("/"))
    for said in (
        "Ukraine",
        "Orange",
        "zone rouge",
        "Conseils aux voyageurs",
        str(first.organisation),
        first.number,
    ):
        assert said in page
    client.post(
        reverse("conventions:act", args=[first.pk, "authorise"]), {"comment": "", "lu": first.submission}
    )
    page = text_of(client.get("/"))
    assert "Aucun départ n’attend votre décision" in page
    assert "Autorisé" in page


def test_the_home_of_an_officer_costs_the_same_for_several(world, host):
    client = browser(world.people["security"])

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/").status_code == 200
        return len(queries)

    world.convention_in(Status.SUBMITTED, organisation=host, travel_zone="red", weekly_hours=5)
    client.get("/")
    before = cost()
    for country in ("DE", "SE"):
        other = OrganisationFactory(abroad=True, country=country)
        world.convention_in(Status.SUBMITTED, organisation=other, travel_zone="red", weekly_hours=5)
    assert cost() == before


def test_the_officer_is_told_and_then_the_managers(world, leave):
    convention, officer = leave(), world.people["security"]
    told = Message.objects.get(recipient=officer.email)
    for said in ("Ukraine", "Rouge", f"{convention.start:%d/%m/%Y}", str(convention.organisation)):
        assert said in told.text
    workflow.act(convention.pk, "forbid", by=officer, comment="Frontière fermée.")
    news = Message.objects.get(key__endswith=":departure_forbidden")
    assert (news.recipient, "Frontière fermée." in news.text) == (world.people["manager"].email, True)
    workflow.act(convention.pk, "authorise", by=officer)
    assert (
        Message.objects.get(key__endswith=":departure_authorised").recipient == world.people["manager"].email
    )


# What the student and the manager read


def test_the_step_that_asks_the_zone_says_what_is_known(client, world, host):
    draft = world.draft(organisation=host, service=ServiceFactory(organisation=host))
    client.force_login(world.people["student"])
    address = reverse("conventions:step", args=[draft.pk, "contenu"])
    page = client.get(address).text
    assert "Niveau à vérifier" in page
    assert "https://www.diplomatie.gouv.fr/fr/conseils-aux-voyageurs/" in page
    row = known(world, "red", source="Fiche Ukraine", source_url="https://exemple.example/ukraine")
    page = client.get(address).text
    for said in ("zone rouge", "Fiche Ukraine", row.source_url, f"{row.checked_on:%d/%m/%Y}"):
        assert said in page
    assert page.index("zone rouge") < page.index('name="subject"'), "above the form"


def test_nothing_is_said_of_destinations_in_france(client, world):
    draft = world.draft()
    client.force_login(world.people["student"])
    assert "destination" not in text_of(client.get(reverse("conventions:step", args=[draft.pk, "contenu"])))


def test_a_different_answer_alerts_the_manager(world, leave):
    known(world, "red", source="Fiche Ukraine")
    convention = leave("green")
    [finding] = findings(convention, "F-10")
    assert finding.asks_a_reason
    workflow.act(convention.pk, "authorise", by=world.people["security"])
    with refused("alert_unexplained"):
        workflow.act(convention.pk, "validate", by=world.people["manager"])
    page = text_of(browser(world.people["manager"]).get(convention.get_absolute_url()))
    assert (
        "Zone déclarée : verte. Niveau que connaît l’établissement, Ukraine : zone rouge (Fiche Ukraine"
        in page.replace("\N{NO-BREAK SPACE}", " ")
    )
    validate(world, convention)


@pytest.mark.parametrize(("days", "warns"), [(30, False), (31, True)])
def test_what_was_read_too_long_ago_warns(world, leave, days, warns):
    known(world, "green", checked_on=timezone.localdate() - timedelta(days=days))
    convention = leave("green")
    assert bool(findings(convention, "F-10")) == warns
    Centre.objects.update(destinations_days=days)
    assert not findings(convention, "F-10")


def test_a_region_that_is_worse_is_said(world, leave):
    known(world, "green")
    known(world, "red", region="Lviv")
    [finding] = findings(leave("green"), "F-10")
    assert finding.values["place"] == "Ukraine (Lviv)"


def test_a_correction_of_the_centre_asks_the_officer_again_when_it_is_what_they_decided(world, leave):
    known(world)
    officer = SecurityOfficerFactory(institution=world.centre.institution).user
    convention = leave()
    workflow.act(convention.pk, "authorise", by=officer)
    for changed, again in (
        ({"subject": "Une virgule"}, False),
        ({"end": convention.end - timedelta(days=1)}, True),
    ):
        convention.refresh_from_db()
        convention.is_being_corrected = True
        with workflow.correcting(convention, by=world.people["manager"]):
            Convention.objects.filter(pk=convention.pk).update(**changed)
        event = convention.events.latest("pk")
        assert event.details["asked_again"] == (["security"] if again else [])
        mails = Message.objects.filter(key=f"event:{event.pk}:clearance_asked")
        assert (officer.email in mails.values_list("recipient", flat=True)) == again
    with refused("clearance_awaited"):
        validate(world, convention)
