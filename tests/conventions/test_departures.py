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
from conventions.desk import departures
from conventions.models import AvenantKind, AvenantStatus, Convention, Status, Turn
from conventions.workflow import avenants
from organisations.models import Centre, SecurityOfficer
from tests.factories import (
    AttachmentFactory,
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


def asks(world, convention):
    """Ask for the authorisation, as the button of the manager's page does; return whom the mail reaches."""
    client = browser(world.people["manager"])
    address = reverse("conventions:act", args=[convention.pk, "ask_officer"])
    assert address in client.get(convention.get_absolute_url()).text
    client.post(address, {"lu": Convention.objects.get(pk=convention.pk).submission})
    return asked_of(convention.events.latest("pk"))


def test_what_was_read_since_the_submission_is_asked_without_sending_it_back(world, leave):
    convention, officer = leave("green"), world.people["security"]
    known(world, "red")
    with refused("clearance_unasked"):
        validate(world, convention)
    assert not Convention.objects.visible_to(officer).exists()
    assert asks(world, convention) == [officer.email]
    with refused("clearance_awaited"):
        validate(world, convention)
    with refused("clearance_not_to_ask"):
        workflow.act(convention.pk, "ask_officer", by=world.people["manager"])
    assert "Aucun départ n’attend" not in text_of(browser(officer).get("/"))
    workflow.act(convention.pk, "authorise", by=officer)
    assert validate(world, convention).status == Status.VALIDATED


def test_an_authorisation_holds_at_the_level_it_was_given_at(world, leave):
    convention, officer = leave("orange"), world.people["security"]
    row = known(world, "orange")
    workflow.act(convention.pk, "authorise", by=officer)
    assert convention.events.latest("pk").details == {"risk": "orange"}
    with refused("clearance_not_to_ask"):
        workflow.act(convention.pk, "ask_officer", by=world.people["manager"])
    row.level = "red"
    row.save()
    with pytest.raises(Refused, match="passée en zone rouge depuis l’autorisation") as refusal:
        validate(world, convention)
    assert refusal.value.code == "clearance_outdated"
    with undone():
        workflow.act(convention.pk, "authorise", by=officer)
        assert validate(world, convention).status == Status.VALIDATED
    assert asks(world, convention) == [officer.email]
    assert "Aucun départ n’attend" not in text_of(browser(officer).get("/"))
    with refused("clearance_awaited"):
        validate(world, convention)
    workflow.act(convention.pk, "authorise", by=officer)
    assert validate(world, convention).status == Status.VALIDATED


def test_an_authorisation_holds_where_it_becomes_safer(world, leave):
    convention, row = leave("orange"), known(world, "red")
    workflow.act(convention.pk, "authorise", by=world.people["security"])
    row.level = "yellow"
    row.save()
    assert validate(world, convention).status == Status.VALIDATED


def test_a_decision_that_a_new_submission_erases_is_asked_for_by_mail(world, leave, time_machine):
    convention, officer, student = leave(), world.people["security"], world.people["student"]

    def again():
        """Withdraw and submit again a minute later."""
        time_machine.move_to(timezone.now() + timedelta(minutes=1))
        workflow.act(convention.pk, "withdraw", by=student)
        workflow.act(convention.pk, "submit", by=student)
        return asked_of(convention.events.latest("pk"))

    assert again() == [], "told a minute ago, nothing decided"
    workflow.act(convention.pk, "authorise", by=officer)
    assert again() == [officer.email]
    assert again() == []


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
    follows = (
        browser(world.people["student"])
        .get(reverse("conventions:next", args=[convention.pk]))
        .context["follows"]
    )
    assert [(line.state, line.title) for line in follows if line.state == "now"] == [
        ("now", "Le fonctionnaire de sécurité et de défense a refusé ce départ")
    ]
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


def elsewhere(world, country="SE", city="Malmö"):
    """Return a change of place, to a service of the same host in another country at risk."""
    row = DestinationFactory(institution=world.centre.institution, country=country)
    row.level, row.source = "orange", "Lu hier"
    row.save()

    def change(after):
        after.service = ServiceFactory(organisation=after.organisation, country=country, city=city)

    return change


@pytest.fixture
def moves(world, host):
    """Submit an avenant that takes a stage already allowed to another country."""

    def moves(**to):
        convention = world.convention_in(
            Status.SUBMITTED, organisation=host, travel_zone="red", weekly_hours=5
        )
        workflow.act(convention.pk, "authorise", by=world.people["security"])
        validate(world, convention)
        world.sign(convention, 5)
        convention.refresh_from_db()
        avenant = world.avenant(convention, AvenantKind.PLACE, change=elsewhere(world, **to))
        avenants.act(avenant.pk, "submit", by=world.people["student"])
        avenant.refresh_from_db()
        return avenant

    return moves


def test_the_officer_reads_where_an_avenant_leads(world, moves):
    avenant, officer = moves(), world.people["security"]
    told = Message.objects.get(
        recipient=officer.email, key__endswith="clearance_asked", text__contains="venant"
    )
    assert f"L’avenant {avenant} à la convention" in told.text
    for said in (told.text, told.subject):
        assert "Suède" in said
        assert "Ukraine" not in said
    assert "Malmö" in told.text
    client = browser(officer)
    card = text_of(client.get("/")).split("Départs décidés")[0]
    for said in ("Suède", "Malmö", "zone orange", "Lu hier"):
        assert said in card
    assert "Ukraine" not in card
    page = text_of(client.get(avenant.get_absolute_url()))
    for said in ("Destination : Suède", "zone orange", "Votre autorisation est attendue"):
        assert said in page.replace("\N{NO-BREAK SPACE}", " "), said


def test_the_officer_reads_until_when_an_avenant_leads(world, leave):
    convention, officer = leave(), world.people["security"]
    workflow.act(convention.pk, "authorise", by=officer)
    validate(world, convention)
    world.sign(convention, 5)
    convention.refresh_from_db()

    def later(after):
        after.end += timedelta(days=4)

    avenant = world.avenant(convention, AvenantKind.EXTENSION, change=later)
    avenants.act(avenant.pk, "submit", by=world.people["student"])
    told = Message.objects.get(key=f"event:{avenant.events.latest('pk').pk}:clearance_asked")
    last = f"{convention.end + timedelta(days=4):%d/%m/%Y}"
    assert last in told.text
    assert last in text_of(browser(officer).get("/"))


@pytest.mark.parametrize(("name", "says"), [("authorise", "autorisé"), ("forbid", "refusé")])
def test_the_managers_are_told_of_which_departure(world, moves, name, says):
    avenant = moves()
    avenants.act(avenant.pk, name, by=world.people["security"], comment="Vu.")
    [told] = Message.objects.filter(key__startswith=f"event:{avenant.events.latest('pk').pk}:")
    assert told.subject.replace("\N{NO-BREAK SPACE}", " ").startswith(f"Départ {says} : avenant {avenant}")
    assert "Suède" in told.text
    assert "refusez la convention" not in told.text


def test_an_authorisation_does_not_say_that_all_is_there(host):
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED, organisation=host, travel_zone="red")
    workflow.act(convention.pk, "authorise", by=world.people["security"])
    told = Message.objects.get(key__endswith=":departure_authorised")
    assert "La validation n’attend plus cette autorisation." in told.text
    assert "Vous pouvez maintenant" not in told.text


def test_the_home_of_an_officer_costs_the_same_for_several_avenants(world, moves):
    client = browser(world.people["security"])

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/").status_code == 200
        return len(queries)

    moves()
    client.get("/")
    before = cost()
    moves(country="NO", city="Oslo")
    moves(country="FI", city="Turku")
    assert cost() == before


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


def correct(world, convention, **changed):
    """Correct an agreement as the manager does from its steps; return the line of the journal."""
    convention = Convention.objects.get(pk=convention.pk)
    convention.is_being_corrected = True
    with workflow.correcting(convention, by=world.people["manager"]):
        Convention.objects.filter(pk=convention.pk).update(**changed)
    return convention.events.latest("pk")


def asked_of(event):
    """Return whom a line of the journal asks to allow a departure."""
    key = f"event:{event.pk}:clearance_asked"
    return list(Message.objects.filter(key=key).values_list("recipient", flat=True))


def test_a_correction_of_the_centre_asks_an_officer_whom_nobody_asked(world, leave):
    convention, officer = leave("green"), world.people["security"]
    event = correct(world, convention, travel_zone="orange")
    assert (event.details["asked_again"], asked_of(event)) == (["security"], [officer.email])
    with refused("clearance_awaited"):
        validate(world, convention)
    workflow.act(convention.pk, "authorise", by=officer)
    assert validate(world, convention).status == Status.VALIDATED


def test_a_correction_to_a_safe_place_asks_the_officer_no_more(world, leave):
    convention = leave("orange")
    workflow.act(convention.pk, "authorise", by=world.people["security"])
    event = correct(world, convention, travel_zone="green")
    assert (event.details["asked_again"], asked_of(event)) == ([], [])
    assert not convention.turns.filter(party="security").exists()
    assert validate(world, convention).status == Status.VALIDATED


def test_a_correction_that_sends_abroad_counts_the_copies_again(world, host):
    Centre.objects.update(copies_france=2, copies_abroad=3)
    convention = world.convention_in(Status.SUBMITTED, travel_zone="red")
    convention.refresh_from_db()
    before = convention.copies
    away = ServiceFactory(organisation=host, city="Kyiv")
    event = correct(world, convention, organisation=host, service=away)
    convention.refresh_from_db()
    assert (before, convention.copies) == (2, 3)
    assert "security" in event.details["asked_again"]


def test_a_departure_that_is_refused_is_said_where_the_agreement_is_listed(world, leave):
    convention = leave()
    workflow.act(convention.pk, "forbid", by=world.people["security"], comment="Frontière fermée.")
    manager = browser(world.people["manager"])
    for page in (manager.get(reverse("conventions:list")), manager.get("/")):
        assert "Départ refusé" in text_of(page)
        assert "badge stop" in page.text
    for page in (reverse("home"), convention.get_absolute_url()):
        said = text_of(browser(world.people["student"]).get(page))
        assert "a refusé ce départ" in said, page


def test_an_officer_reads_of_what_is_joined_what_proves_a_departure(world, leave):
    convention, client = leave(), browser(world.people["security"])
    joined = {
        kind: AttachmentFactory(convention=convention, kind=kind, name=f"{kind}.pdf")
        for kind in ("liability", "social", "visa", "assistance")
    }
    page = client.get(convention.get_absolute_url())
    for kind, attachment in joined.items():
        address = reverse("conventions:attachment", args=[convention.pk, attachment.pk])
        is_theirs = kind in ("visa", "assistance")
        assert client.get(address).status_code == (200 if is_theirs else 404), kind
        assert (address in page.text) == is_theirs, kind
        assert browser(world.people["manager"]).get(address).status_code == 200


@pytest.mark.parametrize("name", ["withdraw", "cancel"])
def test_an_avenant_taken_back_shows_its_agreement_no_more(world, name):
    convention = world.convention_in(Status.SIGNED, weekly_hours=5)
    avenant = world.avenant(convention, AvenantKind.PLACE, change=elsewhere(world))
    avenants.act(avenant.pk, "submit", by=world.people["student"])
    client = browser(world.people["security"])
    assert client.get(convention.get_absolute_url()).status_code == 200
    avenants.act(avenant.pk, name, by=world.people["student"], comment="Non.")
    assert client.get(convention.get_absolute_url()).status_code == 404


def test_the_home_of_an_officer_says_how_many_it_does_not_show(world, leave, monkeypatch):
    monkeypatch.setattr(departures, "MOST_DECIDED", 1)
    monkeypatch.setattr(departures, "MOST_WAITING", 1)
    client, officer = browser(world.people["security"]), world.people["security"]
    first, second, _third = (leave(weekly_hours=5) for _ in range(3))
    page = text_of(client.get("/"))
    assert "1 affichés sur 3" in page
    for one in (first, second):
        workflow.act(one.pk, "authorise", by=officer)
    page = text_of(client.get("/"))
    assert "1 affichés sur 2" in page
    assert "sur 3" not in page


def test_what_was_decided_leads_to_no_page_that_is_closed(world):
    convention, officer = world.convention_in(Status.SIGNED, weekly_hours=5), world.people["security"]
    avenant = world.avenant(convention, AvenantKind.PLACE, change=elsewhere(world))
    avenants.act(avenant.pk, "submit", by=world.people["student"])
    avenants.act(avenant.pk, "authorise", by=officer)
    client = browser(officer)
    [decided] = client.get("/").context["departures"].decided
    assert client.get(decided.url).status_code == 200
    avenants.act(avenant.pk, "cancel", by=world.people["student"], comment="Non.")
    assert client.get(decided.url).status_code == 404
    assert client.get("/").context["departures"].decided == []
