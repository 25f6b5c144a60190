"""An avenant in effect: what each kind changes is read everywhere, and several follow one another."""

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conventions import documents, law, legality
from conventions.documents.printing import render, render_sheet
from conventions.documents.reading import long_date, number
from conventions.follow_up import completion
from conventions.models import Amended, Avenant, AvenantKind, AvenantStatus, Completion, Document, Status
from conventions.writing import changes
from tests.conventions.avenants.kinds import (
    CASES,
    WEEK,
    end_early,
    move,
    other_tutor,
    prolong,
    reloaded,
    spelled,
    work_less,
    world_signs,
)
from tests.conventions.documents.reading import text_of

pytestmark = pytest.mark.django_db


# One avenant


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


# While it is written


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
