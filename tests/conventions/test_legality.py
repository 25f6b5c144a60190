"""From stored agreements to facts, findings and pages; what stops a submission, what a manager accepts in writing."""

import io
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.refusals import Refused
from conventions import calendar, law, legality, workflow
from conventions.law.facts import PayUnit, Regime, Zone
from conventions.legality import neighbours
from conventions.models import Convention, HourlyCeiling, Interruption, Status, WorkPeriod
from conventions.writing import steps
from tests.factories import (
    ContactFactory,
    EnrolmentFactory,
    LegalFormFactory,
    OrganisationFactory,
    StudentFactory,
    next_siret,
)
from tests.pages import browser
from tests.worlds import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ceilings")]
START, END = date(2027, 3, 1), date(2027, 6, 30)


@pytest.fixture
def ceilings():
    HourlyCeiling.objects.bulk_create(
        HourlyCeiling(year=year, amount=amount) for year, amount in ((2025, 29), (2026, 30), (2027, 31))
    )


@pytest.fixture
def world():
    with time_machine.travel("2027-01-11 10:00", tick=False):
        yield World()


def stage(world, **fields):
    """An agreement of four months, lawful: 84 days, 588 hours."""
    return world.draft(
        **{
            "start": START,
            "end": END,
            "leave_terms": "Un jour par mois.",
            "amount": Decimal("4.65"),
            "headcount": None,
            **fields,
        }
    )


def found(convention, *severities):
    stored = Convention.objects.for_detail().get(pk=convention.pk)
    wanted = severities or (law.Severity.BLOCK, law.Severity.WARN)
    return {finding.rule.id for finding in legality.review(stored) if finding.severity in wanted}


def test_a_usual_agreement_is_lawful(world):
    assert found(stage(world)) == set()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"end": date(2027, 9, 1)}, "R-09"),
        ({"start": date(2026, 8, 31)}, "R-02"),
        ({"is_paid": False}, "G-01"),
        ({"amount": Decimal("4.50")}, "G-02"),
        ({"amount": Decimal(500), "amount_unit": "total"}, "G-03"),
        ({"payment_frequency": "end"}, "G-04"),
        ({"weekly_hours": Decimal(49), "working_days": [0, 1, 2, 3, 4]}, "H-01"),
        ({"weekly_hours": Decimal(39)}, "H-02"),
        ({"works_on_sunday": True}, "H-03"),
        ({"leave_terms": ""}, "C-02"),
        ({"replaces_someone": True}, "R-10"),
        ({"missions": "Remplacer une assistante pendant son congé maternité."}, "R-10"),
        ({"skills": "?" * 30}, "R-12"),
        ({"follow_up": "à compléter"}, "R-12"),
        ({"earlier_hours": Decimal(400)}, "D-02"),
        ({"previous_start": date(2026, 9, 1), "previous_end": date(2027, 2, 26)}, "D-06"),
        ({"headcount": 12, "host_trainees": 3}, "Q-01"),
        ({"tutor_trainees": 3}, "T-02"),
        ({"in_restricted_area": True}, "P-09"),
    ],
)
def test_what_is_typed_reaches_the_law(world, changes, rule):
    assert rule in found(stage(world, **changes))


def test_the_number_of_a_contract_is_no_text_that_says_nothing(world):
    assert found(stage(world, insurer="AXA", insurance_policy="123")) == set()


def test_facts_are_those_of_the_rows(world):
    convention = stage(
        world,
        organisation=OrganisationFactory(legal_form=LegalFormFactory(code="72", is_public_law=True)),
        works_on_holidays=True,
        exceptional_work="Le 14 juillet.",
        leave_days=Decimal(2),
        leave_is_paid=True,
        branch_minimum=Decimal(5),
        travel_zone=Zone.ORANGE,
        travel_decision="Décision du 4 janvier",
    )
    Interruption.objects.create(convention=convention, start=START, end=START, kind="leave")
    WorkPeriod.objects.create(convention=convention, start=date(2027, 6, 1), end=END, saturday=Decimal("3.5"))
    facts = legality.case_of(Convention.objects.for_detail().get(pk=convention.pk)).facts
    assert facts.studies.academic_year == 2026
    assert facts.studies.year == (date(2026, 9, 1), date(2027, 8, 31))
    assert facts.studies.regime == Regime.GENERAL
    assert facts.host.is_public_law
    assert facts.host.band == 49
    assert facts.stage.schedule.absences == (calendar.Absence(START, START, calendar.AbsenceKind.LEAVE),)
    assert facts.stage.schedule.periods[1].weekly_hours == Decimal("3.5")
    assert facts.stage.schedule.works_on_holidays
    assert facts.stage.leave_is_paid
    assert (facts.pay.unit, facts.pay.is_monthly, facts.pay.branch_minimum) == (PayUnit.HOUR, True, 5)
    assert facts.abroad.has_decision


def test_stricter_rules_are_the_strictest_of_the_institution_and_the_centre(world):
    institution, centre = world.centre.institution, world.centre
    institution.referent_ceiling, institution.gratification_threshold = 10, 0
    institution.last_end_month, institution.last_end_day = 7, 31
    institution.save()
    centre.referent_ceiling, centre.requires_insurance = 12, True
    centre.last_end_month, centre.last_end_day = 6, 15
    centre.save()
    stricter = legality.case_of(Convention.objects.for_detail().get(pk=stage(world).pk)).facts.stricter
    assert stricter == law.facts.Stricter(date(2027, 6, 15), 10, 0, requires_insurance=True)
    assert found(stage(world)) == {"R-09", "P-06"}


@pytest.mark.parametrize(
    ("of_institution", "of_programme", "last", "by"),
    [
        ((6, 30), (5, 31), date(2027, 5, 31), "programme"),
        ((5, 31), (6, 30), date(2027, 5, 31), "institution"),
        ((None, None), (2, 28), date(2027, 2, 28), "programme"),
        ((None, None), (None, None), None, None),
    ],
)
def test_the_last_day_of_a_programme_counts_beside_the_others(world, of_institution, of_programme, last, by):
    convention = Convention.objects.for_detail().get(pk=stage(world).pk)
    sources = {"institution": convention.institution, "programme": convention.enrolment.programme}
    for source, (month, day) in zip(sources.values(), (of_institution, of_programme), strict=True):
        source.last_end_month, source.last_end_day = month, day
        source.save()
    known = legality.case_of(Convention.objects.for_detail().get(pk=convention.pk)).facts
    assert (known.stricter.last_end, known.stricter.last_end_by) == (last, str(sources[by]) if by else "")
    assert known.studies.last_end is None


def test_a_day_of_autumn_is_after_the_year(world):
    convention = Convention.objects.for_detail().get(pk=stage(world).pk)
    programme = convention.enrolment.programme
    programme.last_end_month, programme.last_end_day = 11, 30
    programme.save()
    known = legality.case_of(Convention.objects.for_detail().get(pk=convention.pk)).facts
    assert known.stricter.last_end is None
    assert known.studies.last_end == date(2027, 11, 30)


def test_other_agreements_with_the_same_legal_entity_count(world):
    first = world.convention_in(
        Status.SUBMITTED, weekly_hours=Decimal(20), start=date(2027, 1, 18), end=date(2027, 2, 26)
    )
    siren = first.organisation.siret[:9]
    same_entity = OrganisationFactory(siret=next_siret(siren))
    case = legality.case_of(Convention.objects.for_detail().get(pk=stage(world, organisation=same_entity).pk))
    assert case.hours_in_same_host == first.hours_computed == 120
    assert case.total == case.duration + 120
    elsewhere = legality.case_of(Convention.objects.for_detail().get(pk=stage(world).pk))
    assert elsewhere.hours_in_same_host == 0


def test_the_stage_of_another_trainee_of_the_tutor_makes_wait(world):
    """Five weeks that ended two days before: the post, if it is the same, waits for a third of them."""
    before = world.convention_in(
        Status.SUBMITTED, start=START - timedelta(days=37), end=START - timedelta(days=2)
    )
    stranger = StudentFactory()
    enrolment = EnrolmentFactory(student=stranger, programme=world.enrolment.programme)
    same = {"organisation": before.organisation, "service": before.service, "tutor": before.tutor}
    theirs = {"student": stranger, "enrolment": enrolment, **same}
    assert found(stage(world, **theirs)) == {"D-06"}
    assert found(stage(world, **theirs, tutor_trainees=0, start=START + timedelta(days=12))) == set()
    case = legality.case_of(Convention.objects.for_detail().get(pk=stage(world, **same).pk))
    assert [previous.of_another for previous in case.facts.history.previous] == [False]
    # Neither a trainee who is still there, nor one of a week since then, hides it.
    for first, last in (
        (START - timedelta(days=1), START + timedelta(days=30)),
        (START - timedelta(days=7),) * 2,
    ):
        World().convention_in(Status.SUBMITTED, start=first, end=last, **same)
    assert "D-06" in found(stage(world, **theirs))
    another = ContactFactory(organisation=before.organisation)
    assert found(stage(world, **theirs | {"tutor": another})) == set()


def test_drafts_and_refusals_do_not_count(world):
    organisation = OrganisationFactory()
    stage(world, organisation=organisation)
    refused = world.convention_in(Status.REFUSED, organisation=organisation)
    case = legality.case_of(
        Convention.objects.for_detail().get(pk=stage(world, organisation=organisation).pk)
    )
    assert refused.hours_computed
    assert case.total == case.duration


def test_two_full_time_stages_at_once_are_refused(world):
    world.convention_in(Status.SUBMITTED, start=START, end=START + timedelta(weeks=4))
    assert "D-07" in found(stage(world))


def test_a_tutor_has_three_trainees_at_most(world):
    first = stage(world)
    for _ in range(3):
        other = another(world, organisation=first.organisation, tutor=first.tutor)
        workflow.act(other.pk, "submit", by=other.student.user)
    assert {"T-02"} <= found(first)
    other = another(world, organisation=first.organisation, tutor=first.tutor)
    with pytest.raises(Refused, match="T-02"):
        workflow.act(other.pk, "submit", by=other.student.user)


def another(world, **fields):
    student = StudentFactory()
    enrolment = EnrolmentFactory(student=student, programme=world.enrolment.programme, academic_year=2026)
    return stage(world, student=student, enrolment=enrolment, **fields)


def test_one_host_without_siret_is_counted_by_itself(world):
    host = OrganisationFactory(siret=None, siret_exemption="association")
    for _ in range(3):
        other = another(world, organisation=host, headcount=10)
        workflow.act(other.pk, "submit", by=other.student.user)
    assert "Q-01" in found(another(world, organisation=host, headcount=10), law.Severity.BLOCK)


def test_every_finding_points_at_a_column(world):
    """The law is written without the model; a rule of an avenant points at its own form, P-06 at the papers."""
    source = "".join(path.read_text() for path in Path(law.__file__).parent.glob("*.py"))
    named = set(re.findall(r'finds\(\s*"(\w+)"', source))
    assert len(named) > 40
    assert named - {"effective_on", "reason"} <= set(steps.STEP_OF_FIELD) | {"guardian_name", "attachments"}


# Submitting


def test_a_submission_stops_at_what_the_law_forbids(world):
    convention = stage(world, amount=Decimal("4.50"))
    with pytest.raises(Refused, match="G-02"):
        workflow.act(convention.pk, "submit", by=world.people["student"], comment="Ils ne veulent pas.")
    page = (
        browser(world.people["student"])
        .get(reverse("conventions:step", args=[convention.pk, "recapitulatif"]))
        .text
    )
    assert "le minimum est de 4,65\u00a0€ par heure" in page
    assert 'href="' + reverse("conventions:step", args=[convention.pk, "contenu"]) + '#id_amount"' in page
    assert "Soumettre la convention" not in page


def test_an_exception_is_asked_in_writing(world):
    student = world.people["student"]
    convention = stage(world, end=date(2027, 9, 10), weekly_hours=Decimal(30))
    recap = reverse("conventions:step", args=[convention.pk, "recapitulatif"])
    client = browser(student)
    assert "Vous demandez une exception" in client.get(recap).text
    submit = reverse("conventions:act", args=[convention.pk, "submit"])
    refused = client.post(submit, {"comment": " "})
    assert refused.status_code == 422
    assert "Pourquoi demandez-vous une exception" in refused.text
    with pytest.raises(Refused, match="Dites pourquoi"):
        workflow.act(convention.pk, "submit", by=student)
    client.post(submit, {"comment": "Le jury a lieu le 15 septembre."})
    convention.refresh_from_db()
    assert convention.status == Status.SUBMITTED
    event = convention.events.last()
    assert event.comment == "Le jury a lieu le 15 septembre."
    assert [finding["rule"] for finding in event.findings if finding["severity"] == "block"] == ["R-09"]


def test_what_only_staff_can_mend_never_stops_a_student(world):
    HourlyCeiling.objects.filter(year=2027).delete()
    convention = stage(world, amount=Decimal("4.50"))
    assert found(convention, law.Severity.BLOCK) == {"G-02"}
    workflow.act(convention.pk, "submit", by=world.people["student"])
    with pytest.raises(Refused, match="Écrivez pourquoi"):
        workflow.act(convention.pk, "validate", by=world.people["manager"])


# Validating


def test_a_manager_accepts_alerts_in_writing_and_it_is_never_printed(world):
    student, manager = world.people["student"], world.people["manager"]
    convention = stage(world, weekly_hours=Decimal(39), start=date(2027, 3, 1), end=date(2027, 5, 31))
    workflow.act(convention.pk, "submit", by=student)
    client = browser(manager)
    page = client.get(convention.get_absolute_url()).text
    assert page.index("Ce que dit la loi") < page.index('id="student"')
    assert "H-02" in page
    confirmation = client.get(reverse("conventions:act", args=[convention.pk, "validate"]))
    assert "Une alerte à accepter" in confirmation.text
    address = reverse("conventions:act", args=[convention.pk, "validate"])
    convention.refresh_from_db()
    data = {"lu": convention.submission, "alerte": ["H-02/collective_hours"]}
    assert client.post(address, {**data, "comment": ""}).status_code == 422
    reason = "La durée collective est de 39 heures, vérifiée par téléphone."
    assert client.post(address, {**data, "comment": reason}).status_code == 302
    convention.refresh_from_db()
    assert convention.status == Status.VALIDATED
    event = convention.events.get(action="validate")
    assert event.comment == reason
    assert [finding["rule"] for finding in event.findings] == ["H-02"]
    assert reason in client.get(convention.get_absolute_url()).text
    # The PDF is made of its context and of nothing else.
    assert reason not in str(convention.documents.get().context)


def test_an_alert_that_was_not_shown_is_not_accepted(world):
    convention = stage(world, weekly_hours=Decimal(39), start=date(2027, 3, 1), end=date(2027, 5, 31))
    workflow.act(convention.pk, "submit", by=world.people["student"])
    with pytest.raises(Refused, match="Une alerte est apparue"):
        workflow.act(
            convention.pk, "validate", by=world.people["manager"], comment="D’accord.", known=["D-05/end"]
        )


def test_nobody_accepts_what_the_law_forbids(world):
    convention = stage(world)
    workflow.act(convention.pk, "submit", by=world.people["student"])
    Convention.objects.filter(pk=convention.pk).update(amount=Decimal("4.50"))
    with pytest.raises(Refused, match="G-02"):
        workflow.act(convention.pk, "validate", by=world.people["manager"], comment="Tant pis.")
    page = browser(world.people["manager"]).get(convention.get_absolute_url()).text
    assert "Une règle de droit empêche la validation" in page
    assert reverse("conventions:act", args=[convention.pk, "validate"]) not in page


# What it costs


def test_any_number_of_agreements_is_reviewed_with_one_query(world):
    def cost(count):
        several = list(
            Convention.objects.for_detail()
            .prefetch_related("interruptions", "work_periods")
            .order_by("pk")[:count]
        )
        assert len(several) == count
        with CaptureQueriesContext(connection) as queries:
            for case in legality.cases_of(several, legality.amounts(), timezone.localdate()):
                law.findings(case)
        return len(queries)

    for _ in range(5):
        another(world)
    assert cost(1) == cost(5) == 2


@pytest.mark.parametrize(
    ("expression", "table", "index"),
    [
        ("left(host.siret, 9)", "organisations_organisation AS host", "organisation_siren"),
        ("lower(tutor.email)", "organisations_contact AS tutor", "contact_email"),
    ],
)
def test_neighbours_are_named_as_their_indexes_name_them(expression, table, index):
    assert f"WHERE {expression} = ANY" in neighbours.AROUND
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT 1 FROM {table} WHERE {expression} = 'x'")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan


# Support


def test_the_command_prints_facts_and_findings(world):
    convention = stage(world, weekly_hours=Decimal(39), start=date(2027, 3, 1), end=date(2027, 5, 31))
    workflow.act(convention.pk, "submit", by=world.people["student"])
    convention.refresh_from_db()
    out = io.StringIO()
    call_command("review_convention", convention.number, stdout=out)
    printed = out.getvalue()
    assert "stage.start = 2027-03-01" in printed
    assert "warn   H-02" in printed
    assert "mars 2027" in printed
    out = io.StringIO()
    call_command("review_convention", "--all", stdout=out)
    assert "H-02  warn   1" in out.getvalue()
    assert "1 conventions" in out.getvalue()
    with pytest.raises(CommandError, match="No agreement"):
        call_command("review_convention", "2099-000001")
    with pytest.raises(CommandError, match="Give the number"):
        call_command("review_convention")


@pytest.mark.parametrize("year", [1, 9999])
def test_a_mistyped_year_computes_nothing(world, year):
    convention = stage(world, start=date(year, 12, 1), end=date(year, 12, 31))
    stored = Convention.objects.for_detail().get(pk=convention.pk)
    legality.schedule_of(stored)
    assert "D-08" not in found(convention)
