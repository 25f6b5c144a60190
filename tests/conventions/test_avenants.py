"""Avenants: what each kind changes, when, and everywhere it is read."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import partial

import pytest
import time_machine
from django.contrib.postgres.functions import TransactionNow
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Message
from accounts.refusals import Refused
from conventions import documents, law, legality, workflow
from conventions.attachments import deciding
from conventions.documents.printing import render, render_sheet
from conventions.documents.reading import long_date, number
from conventions.follow_up import completion
from conventions.legality import quotas
from conventions.models import (
    Amended,
    Avenant,
    AvenantKind,
    AvenantStatus,
    Completion,
    Convention,
    Document,
    Event,
    Interruption,
    Remark,
    Status,
    Turn,
)
from conventions.models.avenant import FROZEN, MOVES_WHEN_FROZEN
from conventions.models.schedule import PERIODS
from conventions.workflow import avenants
from conventions.writing import changes, drafts
from organisations.models import Centre, Party
from tests.conventions.test_documents import text_of
from tests.factories import (
    AttachmentFactory,
    ContactFactory,
    EnrolmentFactory,
    ServiceFactory,
    StudentFactory,
    TeacherFactory,
    next_stage,
)
from tests.refusals import refused
from tests.worlds import World, next_signatures, stand

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


@pytest.fixture
def world():
    return World()


def reloaded(row):
    return type(row).objects.get(pk=row.pk)


def spelled(row: Convention) -> dict:
    """Return all that an agreement says, for comparison: its columns and its periods."""
    columns = {
        field.attname: getattr(row, field.attname)
        for field in Convention._meta.concrete_fields
        if field.name not in {"updated_at", "search_key", "status"}
    }
    return columns | {name: changes.periods_of(row, name) for name in PERIODS}


# What each kind changes


@dataclass(frozen=True)
class Case:
    """One change; where its new value is read: columns of the row, in the frozen context, by the search."""

    kinds: tuple[AvenantKind, ...]
    change: Callable[[Convention], None]
    columns: dict[str, Callable[[Convention], object]]
    shown: str = ""  # in the rows that differ, after
    found: str = ""  # by the search

    def __str__(self):
        return "+".join(self.kinds)


def prolong(row):
    row.end += WEEK


def postpone(row):
    row.end += WEEK
    changes.show_periods(
        row, "interruptions", [(row.start + WEEK, row.start + WEEK + timedelta(days=8), "interruption")]
    )


def begin_later(row):
    row.start += WEEK
    row.end += WEEK


def suspend(row):
    changes.show_periods(
        row, "interruptions", [(row.start + WEEK, row.start + WEEK + timedelta(days=6), "interruption")]
    )


def work_less(row):
    row.weekly_hours, row.working_time = Decimal(28), "part"
    monday = row.start - timedelta(days=row.start.weekday()) + WEEK
    changes.show_periods(
        row, "work_periods", [(monday, monday + timedelta(days=6), *[Decimal("4.5")] * 5, 0, 0)]
    )


def pay_more(row):
    row.amount = Decimal("5.25")


def change_subject(row):
    row.subject = "Étude de levures oenologiques"


def move(row):
    row.service = ServiceFactory(organisation=row.organisation, name="Antenne du port", city="Honfleur")


def other_tutor(row):
    row.tutor = ContactFactory(
        organisation=row.organisation, last_name="Vasseur", email="vasseur@brecourt.example"
    )


def other_signatory(row):
    row.signatory = ContactFactory(
        organisation=row.organisation, last_name="Quentin", email="quentin@brecourt.example"
    )


def other_teacher(row):
    row.teacher = TeacherFactory(ufr=row.teacher.ufr, user__last_name="Bellanger")


def end_early(row):
    row.end = row.start + 3 * WEEK


CASES = [
    Case(
        (AvenantKind.EXTENSION,),
        prolong,
        {"end": lambda was: was.end + WEEK, "hours_computed": None},
        "h, soit",
    ),
    Case(
        (AvenantKind.POSTPONEMENT,),
        postpone,
        {"end": lambda was: was.end + WEEK, "quota_end": lambda was: was.end, "hours_computed": None},
        "interruption",
    ),
    Case(
        (AvenantKind.POSTPONEMENT,),
        begin_later,
        {
            "start": lambda was: was.start + WEEK,
            "end": lambda was: was.end + WEEK,
            "quota_end": lambda was: None,
        },
    ),
    Case((AvenantKind.SUSPENSION,), suspend, {"hours_computed": None}, "interruption"),
    Case(
        (AvenantKind.HOURS,),
        work_less,
        {"weekly_hours": lambda was: Decimal(28), "hours_computed": None},
        "28 h",
    ),
    Case((AvenantKind.GRATIFICATION,), pay_more, {"amount": lambda was: Decimal("5.25")}, "5,25"),
    Case(
        (AvenantKind.SUBJECT,),
        change_subject,
        {"subject": lambda was: "Étude de levures oenologiques"},
        "levures",
        found="levures",
    ),
    Case((AvenantKind.PLACE,), move, {"service_id": None}, "Honfleur", found="honfleur"),
    Case((AvenantKind.TUTOR,), other_tutor, {"tutor_id": None}, "Vasseur"),
    Case((AvenantKind.SIGNATORY,), other_signatory, {"signatory_id": None}, "Quentin"),
    Case((AvenantKind.TEACHER,), other_teacher, {"teacher_id": None}, "Bellanger"),
    Case(
        (AvenantKind.TERMINATION,),
        end_early,
        {
            "end": lambda was: was.start + 3 * WEEK,
            "terminated_on": lambda was: was.start + 3 * WEEK,
            "status": lambda was: "terminated",
            "hours_computed": None,
        },
    ),
    Case(
        (AvenantKind.EXTENSION, AvenantKind.GRATIFICATION),
        lambda row: (prolong(row), pay_more(row)),
        {"end": lambda was: was.end + WEEK, "amount": lambda was: Decimal("5.25")},
        "5,25",
    ),
]


def plain(text):
    """Return the text of HTML, or of a value, its spaces made one."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def certificate(row):
    """Return the certificate of a stage done as planned."""
    done = Completion(
        convention=row,
        declared_by="Odile Ferrand",
        declared_on=row.start,
        confirmed_at=timezone.now(),
        **{"end": row.end, "hours": row.hours, "amount_paid": Decimal(900), **completion.planned(row)},
    )
    text = plain(render_sheet(Document.Kind.CERTIFICATE, documents.freeze_certificate(done).context))
    hours, paid = f"{row.hours.normalize():f} h".replace(".", ","), f"{number(str(done.amount_paid), 2)} €"
    for words in (long_date(row.end.isoformat()), hours, paid, str(row.signatory)):
        assert plain(words) in text
    return done


def summary(row):
    context = {"avenants": [], "agreement": documents.printable(row)}
    return plain(render_sheet(Document.Kind.SUMMARY, context))


def around(world, convention):
    """Return two drafts of its student in its host: one of its last week, one of the week after."""
    monday = convention.end - timedelta(days=convention.end.weekday())
    same = {name: getattr(convention, name) for name in ("organisation", "service", "tutor", "signatory")}
    return [
        world.draft(**same, start=start, end=start + timedelta(days=4)) for start in (monday, monday + WEEK)
    ]


def seen_from(other):
    """Return whether another stage of the student is at the same time, and their hours in that host in the year."""
    case = legality.case_of(changes.in_force(other.pk))
    assert case.uncertain_hours == 0
    return any(one.rule.id == "D-07" for one in law.findings(case)), case.hours_in_same_host


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_avenant_takes_effect_everywhere(client, world, case):
    convention = world.convention_in(Status.SIGNED)
    was, seen_before = reloaded(convention), spelled(changes.in_force(convention.pk))
    done_before, summary_before = certificate(changes.in_force(convention.pk)), summary(was)
    last_week, week_after = around(world, was)
    avenant = world.avenant_in(AvenantStatus.SIGNING, convention, *case.kinds, change=case.change)

    # Until the last signature the agreement stays what it was.
    assert spelled(changes.in_force(convention.pk)) == seen_before
    assert seen_from(last_week) == (True, was.duration)
    assert seen_from(week_after) == (False, was.duration)
    world_signs(world, avenant)
    avenant, row = reloaded(avenant), changes.in_force(convention.pk)
    assert avenant.status == AvenantStatus.EFFECTIVE
    assert str(avenant) == f"{convention.number}/A1"
    for name, expected in case.columns.items():
        value = getattr(row, name)
        assert value == expected(was) if expected else value != getattr(was, name), name
    assert row.status == (Status.TERMINATED if AvenantKind.TERMINATION in case.kinds else Status.SIGNED)

    # What is read of it: frozen before and after, the page, the list, the search.
    paper = avenant.documents.get()
    compared = documents.compare(paper.context["before"], paper.context["after"])
    assert any(case.shown in change.after for change in compared)
    assert documents.agreed_context(row) == paper.context["after"]
    assert documents.compare(documents.agreement(row), documents.agreed_context(row)) == []
    client.force_login(world.people["manager"])
    shown = client.get(convention.get_absolute_url()).content.decode()
    assert all(
        change.after.split("\n")[0] in shown
        for change in compared
        if change.after and "’" not in change.after
    )
    listed = client.get("/conventions/", {"q": case.found or convention.number}).content.decode()
    assert convention.number in listed
    assert f"{row.end:%d/%m/%Y}" in listed
    # The original stays readable, and any past day.
    original = convention.documents.agreed()
    assert documents.compare(original.context, paper.context["before"]) == []
    day_before = timezone.localdate(avenant.applied_at) - timedelta(days=1)
    assert documents.agreed_context(row, day_before) == original.context
    # What the other stages of the student overlap, and their total of the year.
    assert seen_from(last_week) == (row.end >= last_week.start, row.duration)
    assert seen_from(week_after) == (row.end >= week_after.start, row.duration)
    # What is printed, before and after.
    printed, summary_after = text_of(render(Document.Kind.AVENANT, paper.context)), summary(row)
    for change in compared:
        before, after = plain(change.before), plain(change.after)
        assert before in printed
        assert after in printed
        assert before in summary_before
        assert after in summary_after
    assert summary_after != summary_before
    done = certificate(row)
    if "amount" in case.columns:
        assert done.amount_paid > done_before.amount_paid
    known = {"start": row.start, "end": max(row.end, was.end), "declared_on": row.start}
    assert ("end" in completion.mistakes(was, known)) == (row.end > was.end)
    assert ("end" in completion.mistakes(row, known)) == (row.end < was.end)


def world_signs(world, avenant):
    dates = next_signatures(changes.proposed(reloaded(avenant)), 5)
    avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)


def test_a_free_clause_is_printed_and_changes_no_value(client, world):
    convention = world.convention_in(Status.SIGNED)
    seen_before = spelled(changes.in_force(convention.pk))
    clause = {"other": "Un badge est remis au stagiaire.", "change": lambda row: None}
    avenant = world.avenant_in(AvenantStatus.EFFECTIVE, convention, AvenantKind.OTHER, **clause)
    assert avenant.changes == {}
    assert spelled(changes.in_force(convention.pk)) == seen_before
    context = avenant.documents.get().context
    assert documents.compare(context["before"], context["after"]) == []
    assert avenant.other in text_of(render(Document.Kind.AVENANT, context))
    client.force_login(world.people["student"])
    assert avenant.other in client.get(avenant.get_absolute_url()).content.decode()


# What it makes of the agreement, while it is written


def test_what_an_avenant_makes_of_an_agreement_leaves_it_alone_and_is_never_saved(world):
    before = changes.in_force(world.convention_in(Status.SIGNED).pk)
    was = spelled(before)
    avenant = Avenant.objects.create(convention=before, kinds=list(AvenantKind), reason="-")
    after = changes.proposed(avenant, before)
    assert (type(after), after.avenant, after.before) == (Amended, avenant, before)
    assert spelled(after) == was
    for case in CASES:
        case.change(after)
    assert spelled(after) != was == spelled(before)
    assert before.teacher != after.teacher
    with pytest.raises(TypeError, match="never saved"):
        after.save()
    assert spelled(changes.in_force(before.pk)) == was


# Several in a row, and back


def test_several_avenants_follow_one_another_and_any_day_can_be_shown(client, world):
    convention = world.convention_in(Status.SIGNED)
    stages = [spelled(changes.in_force(convention.pk))]
    client.force_login(world.people["manager"])
    costs = []
    for kinds, change in (
        ((AvenantKind.EXTENSION,), prolong),
        ((AvenantKind.HOURS,), work_less),
        ((AvenantKind.TUTOR, AvenantKind.PLACE), lambda row: (other_tutor(row), move(row))),
        ((AvenantKind.TERMINATION,), end_early),
    ):
        avenant = world.avenant_in(AvenantStatus.EFFECTIVE, convention, *kinds, change=change)
        stages.append(spelled(changes.in_force(convention.pk)))
        with CaptureQueriesContext(connection) as queries:
            client.get(convention.get_absolute_url())
        costs.append(len(queries))
    assert costs[0] == costs[2]
    assert [str(one) for one in convention.avenants.order_by("rank")] == [
        f"{convention.number}/A{rank}" for rank in (1, 2, 3, 4)
    ]
    row = Amended.of(changes.in_force(convention.pk), avenant)
    for rank in (4, 3, 2, 1):
        assert spelled(row) == stages[rank]
        changes.put(row, convention.avenants.get(rank=rank).changes, "before")
    assert spelled(row) == stages[0]
    assert avenant.status == AvenantStatus.EFFECTIVE


def test_one_avenant_is_open_at_a_time(world):
    convention = world.convention_in(Status.SIGNED)
    first = world.avenant(convention)
    with pytest.raises(Refused, match="un autre est ouvert"):
        world.avenant(convention, by=world.people["manager"])
    avenants.act(first.pk, "submit", by=world.people["student"])
    avenants.act(first.pk, "refuse", by=world.people["manager"], comment="Non prévu.")
    second = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    assert str(second) == f"{convention.number}/A2"


def test_the_parties_of_the_day_sign_the_next_one_and_take_it_back(client, world):
    convention = world.convention_in(Status.SIGNED)
    world.avenant_in(AvenantStatus.EFFECTIVE, convention, AvenantKind.SIGNATORY, change=other_signatory)
    avenant = world.avenant_in(AvenantStatus.VALIDATED, convention)
    count = convention.signature_order.index(Party.HOST) + 1
    dates = next_signatures(changes.proposed(avenant), count)
    avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)
    client.force_login(world.people["manager"])
    for page in ("", "actions/sign/", "actions/unsign/"):
        text = client.get(f"{avenant.get_absolute_url()}{page}").text
        assert "Quentin" in text, page
        assert str(convention.signatory) not in text, page


# When


@pytest.mark.parametrize("state", AvenantStatus)
def test_every_action_in_every_state(world, state):
    """Each action moves from its sources only, and a refusal writes nothing."""
    avenant = world.avenant_in(state)
    events = avenant.events.count()
    dates = next_signatures(changes.proposed(avenant))
    for name, action in avenants.ACTIONS.items():
        is_taken_back = name == "withdraw" or (name, state) == ("cancel", AvenantStatus.SUBMITTED)
        by = world.people["teacher" if name == "approve" else "student" if is_taken_back else "manager"]
        possible = state in action.sources and name != "approve"
        with transaction.atomic():
            if name == "return" and state == AvenantStatus.SUBMITTED:
                world.remark_on(avenant)
            try:
                avenants.act(avenant.pk, name, by=by, comment="Raison", dates=dates if name == "sign" else {})
                refusal = ""
            except Refused as met:
                refusal = met.code
            expected = "approval_not_awaited" if state in action.sources else "moved_on"
            assert refusal == ("" if possible else expected), name
            assert reloaded(avenant).status == (action.target if possible else state)
            assert avenant.events.count() == events + possible
            transaction.set_rollback(True)


PROPOSE = {"student", "manager", "teacher"}


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        (AvenantStatus.DRAFT, {"submit": PROPOSE}),
        (
            AvenantStatus.SUBMITTED,
            {
                "withdraw": {"student"},
                "cancel": {"student"},
                "validate": {"manager"},
                "return": {"manager"},
                "refuse": {"manager"},
            },
        ),
        (AvenantStatus.VALIDATED, {"sign": {"student", "manager"}}),
        (AvenantStatus.SIGNING, {"cancel": {"manager"}}),
    ],
)
def test_who_may(world, state, allowed):
    avenant = world.avenant_in(state)
    dates = next_signatures(changes.proposed(avenant))
    for name, roles in allowed.items():
        for role, person in world.people.items():
            with transaction.atomic():
                refusal = ""
                if name == "return":
                    world.remark_on(avenant)
                try:
                    avenants.act(
                        avenant.pk, name, by=person, comment="Raison", dates=dates if name == "sign" else {}
                    )
                except Refused as met:
                    refusal = met.code
                transaction.set_rollback(True)
            assert refusal == ("" if role in roles else "not_allowed"), (name, role)


def test_the_referent_teacher_approves_where_the_centre_asks_for_it():
    world = World()
    convention = world.convention_in(Status.SIGNED)
    Centre.objects.filter(pk=world.centre.pk).update(teacher_approves=True)
    avenant = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    with pytest.raises(Refused, match="approuvé"):
        avenants.act(avenant.pk, "validate", by=world.people["manager"])
    avenants.act(avenant.pk, "approve", by=world.people["teacher"])
    avenants.act(avenant.pk, "validate", by=world.people["manager"])
    assert reloaded(avenant).status == AvenantStatus.VALIDATED


def test_another_teacher_follows_nothing_until_the_avenant_is_in_effect(client):
    """The teacher of before reads, approves and is told of the avenant that replaces them; the next one of its effect."""
    world = World(teacher_approves=True)
    convention = world.draft()
    workflow.act(convention.pk, "submit", by=world.people["student"])
    workflow.act(convention.pk, "approve", by=world.people["teacher"])
    workflow.act(convention.pk, "validate", by=world.people["manager"])
    world.sign(convention, 5)
    Message.objects.all().delete()
    following = TeacherFactory(ufr=world.ufr)

    def change(row):
        row.teacher = following

    avenant = world.avenant(convention, AvenantKind.TEACHER, change=change, by=world.people["teacher"])
    client.force_login(world.people["teacher"])
    assert client.get(avenant.get_absolute_url()).status_code == 200
    avenants.act(avenant.pk, "submit", by=world.people["student"])
    assert client.get(avenant.get_absolute_url()).status_code == 200
    with pytest.raises(Refused, match="droit"):
        avenants.act(avenant.pk, "approve", by=following.user)
    avenants.act(avenant.pk, "approve", by=world.people["teacher"])
    avenants.act(avenant.pk, "validate", by=world.people["manager"])
    assert not Message.objects.filter(recipient=following.user.email).exists()
    assert Message.objects.filter(recipient=world.people["teacher"].email).count() == 2
    world_signs(world, avenant)
    assert Message.objects.get(recipient=following.user.email).key.endswith("avenant_effective")


def test_a_future_day_waits_for_the_nightly_task(world):
    convention = world.convention_in(Status.SIGNED)
    day = timezone.localdate() + timedelta(days=3)
    avenant = world.avenant_in(AvenantStatus.SIGNED, convention, effective_on=day)
    assert avenant.status == AvenantStatus.SIGNED
    avenants.apply_due_avenants()
    assert reloaded(avenant).status == AvenantStatus.SIGNED
    assert reloaded(convention).subject == convention.subject
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        avenants.apply_due_avenants()
        avenants.apply_due_avenants()
    assert reloaded(avenant).status == AvenantStatus.EFFECTIVE
    assert reloaded(convention).subject == "Étude de levures"
    assert avenant.events.filter(action="take_effect").count() == 1


def test_it_is_signed_before_it_takes_effect(world):
    day = timezone.localdate() + timedelta(days=1)
    avenant = world.avenant_in(AvenantStatus.VALIDATED, effective_on=day)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        dates = next_signatures(changes.proposed(avenant), 5)
        with pytest.raises(Refused, match="rétroactif"):
            avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)


def test_it_is_signed_before_the_end_and_never_begun_after_it(world):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant_in(AvenantStatus.VALIDATED, convention)
    with time_machine.travel(datetime.combine(convention.end + timedelta(days=1), time(12), tzinfo=UTC)):
        dates = next_signatures(changes.proposed(avenant), 5)
        with pytest.raises(Refused, match="avant la fin du stage"):
            avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)
        avenants.act(avenant.pk, "cancel", by=world.people["manager"], comment="Trop tard.")
        with refused("not_amendable"):
            world.avenant(convention)


def test_nobody_signs_a_change_of_what_is_not_signed(world):
    avenant = world.avenant_in(AvenantStatus.VALIDATED, world.convention_in(Status.VALIDATED))
    with pytest.raises(Refused, match="convention elle-même"):
        avenants.act(
            avenant.pk, "sign", by=world.people["manager"], dates=next_signatures(changes.proposed(avenant))
        )


@pytest.mark.parametrize("name", ["cancel", "terminate"])
def test_what_ends_an_agreement_gives_up_its_open_avenant(world, name):
    convention = world.convention_in(Status.VALIDATED)
    avenant = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    workflow.act(
        convention.pk, name, by=world.people["manager"], comment="Abandon.", ended_on=convention.start
    )
    assert reloaded(avenant).status == AvenantStatus.CANCELLED
    with refused("moved_on"):
        avenants.act(avenant.pk, "validate", by=world.people["manager"])


# What the law says of the result


def findings(avenant):
    return {one.rule.id for one in legality.review(changes.proposed(reloaded(avenant))) if one.stops}


def test_the_law_reviews_the_result_and_not_what_was_agreed(world):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant(convention, AvenantKind.TUTOR, change=other_tutor)
    assert findings(avenant) == set()


def test_a_longer_stage_may_cross_the_threshold_of_gratification(world):
    """308 hours crossed: due from the first hour (G-01), and leave to be written (C-02)."""
    convention = world.convention_in(Status.SIGNED, is_paid=False, amount=None)
    avenant = world.avenant(convention, AvenantKind.EXTENSION, change=two_weeks_more)
    assert {"G-01", "C-02"} <= findings(avenant)
    with pytest.raises(Refused, match="G-01"):
        avenants.act(avenant.pk, "submit", by=world.people["student"])


def two_weeks_more(row):
    row.end += 2 * WEEK


def test_a_longer_stage_stays_within_924_hours(world):
    leave = {"leave_days": 2, "leave_terms": "Deux jours par mois."}
    convention = world.convention_in(Status.SIGNED, weekly_hours=35, **lasting(25), **leave)
    avenant = world.avenant(convention, AvenantKind.EXTENSION, change=four_weeks_more)
    assert {"A-02", "D-01"} <= findings(avenant)


def four_weeks_more(row):
    row.end += 4 * WEEK


def lasting(weeks):
    start, _end = next_stage()
    return {"start": start, "end": start + weeks * WEEK - timedelta(days=3)}


def test_the_insurance_covers_the_longer_stage(client, settings, tmp_path):
    """Its dates, the certificate that says so, which a manager accepts before the avenant is validated."""
    settings.MEDIA_ROOT = tmp_path
    world = World(requires_insurance=True)
    student, manager = world.people["student"], world.people["manager"]
    start, end = next_stage()
    covered = {"insurance_start": start, "insurance_end": end}
    convention = world.draft(insurer="MAIF", insurance_policy="12", **covered)
    deciding.accept(AttachmentFactory(convention=convention).pk, by=manager)
    workflow.act(convention.pk, "submit", by=student)
    workflow.act(convention.pk, "validate", by=manager)
    avenant = world.avenant(convention, AvenantKind.EXTENSION, change=prolong)
    assert "P-06" in findings(avenant)
    after = changes.proposed(avenant)
    after.insurance_end = after.end
    changes.record(after)
    assert "P-06" in findings(avenant)
    client.force_login(student)
    page = client.get(avenant.get_absolute_url()).text
    assert f'href="{convention.get_absolute_url()}#attachments"' in page
    paper = AttachmentFactory(convention=convention, valid_from=end, valid_until=after.end)
    assert findings(avenant) == set()
    avenants.act(avenant.pk, "submit", by=student)
    validate = partial(avenants.act, avenant.pk, "validate", by=manager, comment="Vu.")
    with pytest.raises(Refused, match="Acceptez d’abord l’attestation"):
        validate()
    deciding.accept(paper.pk, by=manager)
    assert validate().status == AvenantStatus.VALIDATED


def test_an_avenant_asks_for_no_certificate_that_the_agreement_did_without(world):
    avenant = world.avenant_in(AvenantStatus.SUBMITTED)
    Centre.objects.filter(pk=world.centre.pk).update(requires_insurance=True)
    avenants.act(avenant.pk, "validate", by=world.people["manager"])


def test_a_new_tutor_follows_three_trainees_at_most(world):
    convention = world.convention_in(Status.SIGNED)
    busy = ContactFactory(organisation=convention.organisation)
    for _ in range(3):
        other = World()
        other.convention_in(
            Status.VALIDATED,
            organisation=convention.organisation,
            service=convention.service,
            tutor=busy,
            signatory=convention.signatory,
        )
    avenant = world.avenant(convention, AvenantKind.TUTOR, change=lambda row: setattr(row, "tutor", busy))
    assert "T-02" in findings(avenant)


def test_a_postponement_adds_no_hours(world):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant(convention, AvenantKind.POSTPONEMENT, change=prolong)
    assert "A-03" in findings(avenant)


def test_postponed_weeks_do_not_count_in_the_quota_of_the_host(world):
    convention = world.convention_in(Status.SIGNED)
    before = reloaded(convention)
    world.avenant_in(AvenantStatus.EFFECTIVE, convention, AvenantKind.POSTPONEMENT, change=postpone)
    host = convention.organisation
    extra = before.end + timedelta(days=4)  # a day of the added week
    assert quotas.received([host], extra, extra)[host.pk].known(extra, extra) == 0
    assert quotas.received([host], before.end, before.end)[host.pk].known(before.end, before.end) == 1


def test_a_copy_takes_over_nothing_of_what_happened(world):
    convention = world.convention_in(Status.SIGNED)
    world.avenant_in(AvenantStatus.EFFECTIVE, convention, AvenantKind.TERMINATION, change=end_early)
    Convention.objects.filter(pk=convention.pk).update(hold_reason="Litige", hold_until=convention.end)
    copy = reloaded(drafts.duplicate(reloaded(convention), by=world.people["student"]))
    left = ("terminated_on", "quota_end", "hold_until", "purged_at", "hours_computed")
    assert {getattr(copy, name) for name in left} == {None}
    assert copy.hold_reason == ""
    assert copy.subject == convention.subject


# What the database keeps


def test_the_database_lets_nothing_else_through(world):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant_in(AvenantStatus.SIGNED, convention, effective_on=timezone.localdate() + WEEK)
    rows = Convention.objects.filter(pk=convention.pk)
    for attempt in (
        lambda: rows.update(subject="Autre"),
        lambda: rows.update(subject="Étude de levures"),  # signed, not in effect
        lambda: Interruption.objects.create(
            convention=convention, start=convention.start, end=convention.start
        ),
        lambda: Avenant.objects.filter(pk=avenant.pk).update(changes={}),
        lambda: Avenant.objects.filter(pk=avenant.pk).update(applied_at=timezone.now()),
        lambda: Avenant.objects.filter(pk=avenant.pk).update(rank=7),
        lambda: Avenant.objects.filter(pk=avenant.pk).update(status=AvenantStatus.DRAFT),
        lambda: Avenant.objects.filter(pk=avenant.pk).delete(),
        lambda: Turn.objects.filter(avenant=avenant).update(signed_on=None),
        lambda: Remark.objects.create(
            convention=convention,
            avenant=avenant,
            field="subject",
            text="Trop tard",
            author=world.people["manager"],
        ),
        lambda: Avenant.objects.create(
            convention=convention, kinds=["tutor"], status=AvenantStatus.EFFECTIVE, reason="-"
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def test_what_is_about_an_avenant_stays_with_its_agreement(world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    convention, student = world.convention_in(Status.SIGNED), StudentFactory()
    avenant = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    enrolment = EnrolmentFactory(student=student, programme=world.enrolment.programme)
    other = world.draft(student=student, enrolment=enrolment)
    its, their = world.remark_on(avenant), world.remark(other)
    for attempt in (
        lambda: Remark.objects.filter(pk=its.pk).update(convention=other),
        lambda: Remark.objects.filter(pk=their.pk).update(avenant=avenant),
        lambda: Turn.objects.create(
            convention=other, avenant=avenant, purpose="signature", rank=1, party="student"
        ),
        lambda: Event.objects.create(
            convention=other, avenant=avenant, action="submit", after=AvenantStatus.SUBMITTED
        ),
        lambda: Document.objects.create(convention=other, avenant=avenant, kind="avenant", context={}),
        lambda: AttachmentFactory(
            convention=other, avenant=avenant, kind="signed", valid_from=None, valid_until=None
        ),
    ):
        with pytest.raises(IntegrityError, match="is not one of this agreement"), transaction.atomic():
            attempt()


def test_only_an_avenant_that_says_so_ends_a_signed_agreement(world):
    avenant = world.avenant_in(AvenantStatus.SIGNED)
    with transaction.atomic():
        Avenant.objects.filter(pk=avenant.pk).update(
            status=AvenantStatus.EFFECTIVE, applied_at=TransactionNow()
        )
        with pytest.raises(IntegrityError, match="only an avenant ends it"), transaction.atomic():
            Convention.objects.filter(pk=avenant.convention_id).update(
                subject="Étude de levures", status=Status.TERMINATED
            )
        transaction.set_rollback(True)


def test_an_avenant_is_applied_whole_or_not_at_all(world):
    """Its status alone does not make it effective: the row must say what it says when the transaction commits."""
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant_in(AvenantStatus.SIGNED, convention, effective_on=timezone.localdate() + WEEK)
    with transaction.atomic(), connection.cursor() as cursor:
        Avenant.objects.filter(pk=avenant.pk).update(
            status=AvenantStatus.EFFECTIVE, applied_at=TransactionNow()
        )
        with pytest.raises(IntegrityError, match="as a whole"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def test_the_database_and_the_workflow_know_the_same_moves():
    moves = {
        (source, action.target)
        for action in avenants.ACTIONS.values()
        for source in action.sources
        if source in FROZEN and source != action.target
    }
    by_signatures = {
        (AvenantStatus.VALIDATED, AvenantStatus.SIGNED),
        (AvenantStatus.SIGNING, AvenantStatus.SIGNED),
        (AvenantStatus.SIGNED, AvenantStatus.EFFECTIVE),
    }
    undone = {
        (AvenantStatus.SIGNED, AvenantStatus.SIGNING),
        (AvenantStatus.SIGNING, AvenantStatus.VALIDATED),
    }
    assert set(MOVES_WHEN_FROZEN) == moves | by_signatures | undone


# Property: the original and the changes rebuild what is in effect, and back

hours = st.sampled_from(["17.5", "21", "28", "35"]).map(Decimal)
texts = st.sampled_from(["Étude de levures", "Étude d’algues", "Étude de spores"])


def alter(kind, data, row):
    """Change something of a kind, drawn at random."""
    ALTERATIONS.get(kind, leave)(data, row)


def leave(data, row):
    """Change nothing: an avenant of a kind that opens no column says something else."""


def alter_end(data, row):
    row.end += timedelta(days=data.draw(st.integers(1, 30)))


def alter_interruptions(data, row):
    first = row.start + timedelta(days=data.draw(st.integers(0, 5)))
    last = first + timedelta(days=data.draw(st.integers(0, 5)))
    kinds = st.sampled_from(Interruption.Kind.values)
    changes.show_periods(row, "interruptions", [(first, last, data.draw(kinds))])


def alter_hours(data, row):
    row.weekly_hours = data.draw(hours)
    row.working_days = data.draw(st.sampled_from([[0, 1, 2, 3, 4], [0, 2, 4]]))
    row.day_starts_at = data.draw(st.none() | st.times().map(lambda one: one.replace(microsecond=0)))
    row.leave_days = data.draw(st.none() | st.decimals(0, 9, places=1))
    if data.draw(st.booleans()):
        times = [data.draw(st.decimals(1, 8, places=2)) for _ in range(7)]
        changes.show_periods(row, "work_periods", [(row.start, row.start + WEEK, *times)])


def alter_amount(data, row):
    row.amount = data.draw(st.decimals("4.50", 20, places=2))


def alter_subject(data, row):
    row.subject = data.draw(texts)


def alter_service(data, row):
    row.service = ServiceFactory(organisation=row.organisation)


def alter_tutor(data, row):
    row.tutor = ContactFactory(organisation=row.organisation)


def alter_signatory(data, row):
    row.signatory = ContactFactory(organisation=row.organisation)


def alter_teacher(data, row):
    row.teacher = TeacherFactory(ufr=row.teacher.ufr)


def break_off(data, row):
    row.end = row.start + timedelta(days=data.draw(st.integers(0, 9)))


ALTERATIONS = {
    AvenantKind.EXTENSION: alter_end,
    AvenantKind.POSTPONEMENT: alter_end,
    AvenantKind.SUSPENSION: alter_interruptions,
    AvenantKind.HOURS: alter_hours,
    AvenantKind.GRATIFICATION: alter_amount,
    AvenantKind.SUBJECT: alter_subject,
    AvenantKind.PLACE: alter_service,
    AvenantKind.TUTOR: alter_tutor,
    AvenantKind.SIGNATORY: alter_signatory,
    AvenantKind.TEACHER: alter_teacher,
    AvenantKind.TERMINATION: break_off,
}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_original_and_the_changes_rebuild_what_is_in_effect(data):
    kinds = st.sampled_from([kind for kind in AvenantKind if kind != AvenantKind.TERMINATION])
    last = st.sampled_from([[], [{AvenantKind.TERMINATION}]])
    with transaction.atomic():
        world = World()
        convention = world.convention_in(Status.SIGNED)
        original = changes.in_force(convention.pk)
        stages = [spelled(original)]
        chosen_in_a_row = st.lists(st.sets(kinds, min_size=1), min_size=1, max_size=4)
        for chosen in data.draw(chosen_in_a_row) + data.draw(last):
            avenant = Avenant.objects.create(
                convention=convention, kinds=sorted(chosen), reason="-", created_by=world.people["manager"]
            )
            after = changes.proposed(avenant)
            for kind in sorted(chosen):
                alter(kind, data, after)
            changes.record(after)
            rank, now = len(stages), timezone.now()
            # The law and the signatures are tested apart: here only what the database and the values say.
            stand(avenant, AvenantStatus.SIGNED, rank=rank, submitted_at=now)
            avenants.take_effect(reloaded(avenant))
            stages.append(spelled(changes.in_force(convention.pk)))

        effective = list(convention.avenants.order_by("rank"))
        rebuilt, undone = (
            Amended.of(row, effective[0]) for row in (original, changes.in_force(convention.pk))
        )
        for rank, avenant in enumerate(effective, start=1):
            changes.put(rebuilt, avenant.changes, "after")
            assert spelled(rebuilt) == stages[rank]
        for rank, avenant in reversed(list(enumerate(effective))):
            changes.put(undone, avenant.changes, "before")
            assert spelled(undone) == stages[rank]
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)
