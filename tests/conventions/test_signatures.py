"""Signatures on paper: who records them, in which order, with which dates; the last one taken back; rule R-01."""

import re
from datetime import date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from accounts.refusals import Refused
from conventions import workflow
from conventions.circuit import turns
from conventions.models import Attachment, Avenant, AvenantStatus, Convention, Status, Turn
from conventions.standing import alerts
from conventions.workflow import avenants, copies
from conventions.writing import changes
from organisations.models import Centre, Party
from tests import files
from tests.at_once import at_once
from tests.factories import ManagerFactory
from tests.pages import browser
from tests.refusals import refused
from tests.worlds import next_signatures

pytestmark = pytest.mark.django_db

ORDER = (Party.STUDENT, Party.TUTOR, Party.HOST, Party.TEACHER, Party.UNIVERSITY)


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def text_of(answer):
    """Return what a page says, without its tags, on one line."""
    without_scripts = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", answer.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", without_scripts)).split())


def scanned():
    return SimpleUploadedFile("convention signée.pdf", files.pdf())


def sign(world, convention, dates, by="manager", **more):
    return workflow.act(convention.pk, "sign", by=world.people[by], dates=dates, **more)


def unsign(world, convention, by="manager", **more):
    return workflow.act(convention.pk, "unsign", by=world.people[by], comment="Date mal lue", **more)


def page_of(convention):
    return reverse("conventions:sign", args=[convention.pk])


def validated(world, time_machine, days, **fields):
    """Return an agreement validated some days ago, at nine."""
    now = timezone.localtime()
    time_machine.move_to(now.replace(hour=9, minute=0) - timedelta(days=days), tick=False)
    convention = world.convention_in(Status.VALIDATED, **fields)
    time_machine.move_to(now.replace(hour=15, minute=0), tick=False)
    return convention


def test_all_five_are_recorded_at_once(world):
    convention = world.convention_in(Status.VALIDATED)
    today = timezone.localdate()
    sign(world, convention, dict.fromkeys(ORDER, today))
    convention.refresh_from_db()
    assert convention.status == Status.SIGNED
    event = convention.events.get(action="sign")
    assert (event.actor, event.before, event.after) == (world.people["manager"], "validated", "signed")
    assert event.comment.split("\N{NO-BREAK SPACE}; ") == [
        f"{party.label}, le {today:%d/%m/%Y}" for party in ORDER
    ]
    assert set(convention.turns.values_list("done_by", flat=True)) == {world.people["manager"].pk}


@pytest.mark.parametrize(
    ("parties", "message"),
    [
        ((Party.TUTOR,), "dans l’ordre du circuit"),
        ((Party.STUDENT, Party.HOST), "dans l’ordre du circuit"),
        ((), "Indiquez la date"),
        (("notaire",), "déjà enregistrée"),
    ],
)
def test_a_gap_is_refused_and_nothing_is_written(world, parties, message):
    convention = world.convention_in(Status.VALIDATED)
    with pytest.raises(Refused, match=message):
        sign(world, convention, dict.fromkeys(parties, timezone.localdate()))
    assert not convention.turns.filter(done_at__isnull=False).exists()


def test_paper_is_dated_as_it_was_signed(world, time_machine):
    """Equal dates, and one before the previous party's: the order is the centre's, the date is the paper's."""
    convention = validated(world, time_machine, days=5)
    today = timezone.localdate()
    sign(world, convention, {Party.STUDENT: today, Party.TUTOR: today, Party.HOST: today - timedelta(days=2)})
    assert [turn.signed_on for turn in convention.turns.all()[:3]] == [
        today,
        today,
        today - timedelta(days=2),
    ]
    convention = Convention.objects.get(pk=convention.pk)
    assert timezone.localdate(turns.since(convention)) == today


@pytest.mark.parametrize("recorded", range(5))
def test_the_last_signature_is_taken_back_one_at_a_time(world, recorded):
    convention = world.convention_in(Status.VALIDATED)
    world.sign(convention, recorded + 1)
    Message.objects.all().delete()
    unsign(world, convention)
    convention.refresh_from_db()
    assert convention.status == (Status.VALIDATED if recorded == 0 else Status.SIGNING)
    assert convention.turns.filter(done_at__isnull=False).count() == recorded
    turn = convention.turns.get(party=ORDER[recorded])
    assert (turn.method, turn.signed_on, turn.done_by) == ("", None, None)
    event = convention.events.get(action="unsign")
    label = ORDER[recorded].label
    assert event.comment == f"{label}, le {timezone.localdate():%d/%m/%Y}\N{NO-BREAK SPACE}: Date mal lue"
    told = {world.people["student"].email} | ({world.people["teacher"].email} if recorded == 4 else set())
    assert set(Message.objects.values_list("recipient", flat=True)) == told
    assert all("Date mal lue" in text for text in Message.objects.values_list("text", flat=True))
    # And it goes on from there.
    world.sign(convention, 5 - recorded)
    convention.refresh_from_db()
    assert convention.status == Status.SIGNED


def test_a_reason_is_asked_to_take_back(world):
    convention = world.convention_in(Status.SIGNED)
    with pytest.raises(Refused, match="raison"):
        workflow.act(convention.pk, "unsign", by=world.people["manager"], comment=" ")


def test_only_the_signature_that_was_read_is_taken_back(world):
    convention = world.convention_in(Status.SIGNING)
    world.sign(convention)
    with pytest.raises(Refused, match="Une autre signature"):
        unsign(world, convention, party=Party.STUDENT)
    unsign(world, convention, party=Party.TUTOR)


def test_what_an_avenant_rests_on_is_not_taken_back(world):
    convention = world.convention_in(Status.SIGNED)
    avenant = world.avenant_in(AvenantStatus.SUBMITTED, convention)
    with pytest.raises(Refused, match="avenant"):
        unsign(world, convention)
    refusals = {one.action.name: one.refusal for one in workflow.options(convention, world.people["manager"])}
    assert refusals["unsign"].code == "amended"
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        turns.undo(convention)
    avenant.status = AvenantStatus.CANCELLED
    avenant.save()
    unsign(world, convention)


CLEARED = "method = '', signed_on = NULL, done_at = NULL, done_by_id = NULL"


@pytest.mark.parametrize(
    ("state", "party", "values", "allowed"),
    [
        (Status.SIGNED, Party.UNIVERSITY, CLEARED, True),
        (Status.SIGNED, Party.TEACHER, CLEARED, False),
        (Status.SIGNED, Party.UNIVERSITY, CLEARED + ", party = 'host'", False),
        (Status.SIGNED, Party.UNIVERSITY, CLEARED + ", rank = 9", False),
        (Status.SIGNED, Party.UNIVERSITY, "signed_on = signed_on - 1", False),
        (Status.SIGNED, Party.UNIVERSITY, "signed_on = NULL", False),
        (Status.SIGNING, Party.STUDENT, CLEARED, True),
        (Status.SIGNING, Party.STUDENT, "done_at = now()", False),
    ],
)
def test_the_database_lets_nothing_else_through(world, state, party, values, allowed):
    convention = world.convention_in(state)
    change = f"UPDATE conventions_turn SET {values} WHERE convention_id = %s AND party = %s"
    with transaction.atomic(), connection.cursor() as cursor:
        if allowed:
            cursor.execute(change, [convention.pk, party])
            assert cursor.rowcount == 1
            Convention.objects.filter(pk=convention.pk, status=Status.SIGNED).update(status=Status.SIGNING)
        else:
            with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
                cursor.execute(change, [convention.pk, party])


def test_what_is_over_keeps_its_signatures(world):
    convention = world.convention_in(Status.SIGNING)
    workflow.act(
        convention.pk, "terminate", by=world.people["manager"], comment="Fermeture", ended_on=convention.end
    )
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        turns.undo(Convention.objects.get(pk=convention.pk))


# Two people at once


def together(*asked):
    """Ask at the same second; return what each was told, first whoever got through."""
    outcomes = [str(one) if isinstance(one, Exception) else "done" for one in at_once(*asked)]
    return sorted(outcomes, key=lambda outcome: outcome != "done")


@pytest.mark.django_db(transaction=True)
def test_two_people_record_the_same_signature(world):
    convention = world.convention_in(Status.VALIDATED)
    dates = next_signatures(convention)
    first, second = together(
        lambda: sign(world, convention, dates), lambda: sign(world, convention, dates, by="student")
    )
    assert first == "done"
    assert "déjà enregistrée" in second
    assert convention.turns.filter(done_at__isnull=False).count() == 1
    assert convention.events.filter(action="sign").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_takes_back_while_the_other_records(world):
    """Whoever comes second is told, or does what the first left: never both half."""
    convention = world.convention_in(Status.SIGNING)
    outcomes = together(
        lambda: unsign(world, convention, party=Party.STUDENT),
        lambda: sign(world, convention, {Party.TUTOR: timezone.localdate()}),
    )
    assert outcomes[0] == "done"
    assert "Une autre signature" in outcomes[1] or "dans l’ordre" in outcomes[1]
    convention.refresh_from_db()
    done = convention.turns.filter(done_at__isnull=False).count()
    assert (convention.status, done) in {(Status.VALIDATED, 0), (Status.SIGNING, 2)}


@pytest.mark.django_db(transaction=True)
def test_two_managers_take_back_the_same_signature(world):
    convention = world.convention_in(Status.SIGNED)
    world.people["colleague"] = ManagerFactory(centre=world.centre).user
    first, second = together(
        lambda: unsign(world, convention, party=Party.UNIVERSITY),
        lambda: unsign(world, convention, by="colleague", party=Party.UNIVERSITY),
    )
    assert first == "done"
    assert "Une autre signature" in second
    assert convention.turns.filter(done_at__isnull=False).count() == 4


# Before the stage, late, and after


def starting(world, days, weeks=4):
    """Return dates that begin in some days; the academic year of the university ends half a year away."""
    start = timezone.localdate() + timedelta(days=days)
    away, institution = start + timedelta(days=182), world.enrolment.programme.institution
    institution.year_end_month, institution.year_end_day = away.month, away.day
    institution.save()
    return {"start": start, "end": start + timedelta(weeks=weeks)}


@pytest.mark.parametrize(
    ("days", "recorded", "tone", "words"),
    [
        (8, 0, "", ""),
        (7, 0, "wait", "Début dans 7 jours Il manque 5 signatures"),
        (1, 4, "wait", "Début dans 1 jour Il manque une signature"),
        (0, 1, "stop", "Commence aujourd’hui Il manque 4 signatures"),
    ],
)
@pytest.mark.parametrize("role", ["manager", "student", "teacher"])
def test_missing_signatures_are_told_as_the_stage_comes(world, days, recorded, tone, words, role):
    convention = world.convention_in(Status.VALIDATED, **starting(world, days))
    if recorded:
        world.sign(convention, recorded)
    alert = alerts.signature_alert(Convention.objects.get(pk=convention.pk))
    assert (alert.tone if alert else "") == tone
    client = browser(world.people[role])
    for name in ("conventions:detail", "conventions:next"):
        page = text_of(client.get(reverse(name, args=[convention.pk])))
        assert ("Il manque" in page) == bool(words)
        assert words in page
        assert ("R-01" in page) == bool(words)


@pytest.mark.parametrize(
    ("days", "recorded", "tone", "rule", "words"),
    [
        (8, 0, "", "", ""),
        (7, 0, "wait", "A-01", "Il manque 5 signatures : l’avenant ne peut pas prendre effet sans elles."),
        (0, 4, "wait", "A-01", "Il manque une signature : l’avenant ne peut pas prendre effet sans elle."),
        (-1, 2, "stop", "A-01", "Ce jour est passé"),
        (None, 3, "wait", "A-07", "Il manque 2 signatures"),
    ],
)
def test_an_avenant_tells_until_when_it_can_be_signed(world, time_machine, days, recorded, tone, rule, words):
    """Before its own day (A-01), and before the end of the stage when it has none (A-07)."""
    convention = world.convention_in(Status.SIGNED, **starting(world, 1, weeks=2))
    last = timezone.localdate() + timedelta(days=9) if days is not None else convention.end
    effective_on = last if days is not None else None
    avenant = world.avenant_in(AvenantStatus.VALIDATED, convention, effective_on=effective_on)
    if recorded:
        dates = next_signatures(changes.proposed(Avenant.objects.get(pk=avenant.pk)), recorded)
        avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)
    time_machine.move_to(timezone.now() + (last - timezone.localdate()) - timedelta(days=days or 0))
    told = f"À signer au plus tard le {last:%d/%m/%Y} {words}"
    for role in ("manager", "student", "teacher"):
        page = text_of(browser(world.people[role]).get(avenant.get_absolute_url()))
        assert (told in page) == bool(tone)
        assert rule in page
    signatures = reverse("conventions:avenant_sign", args=[convention.pk, avenant.pk])
    assert (told in text_of(browser(world.people["manager"]).get(signatures))) == bool(tone)


def test_a_late_last_signature_is_recorded_knowingly(world, time_machine):
    convention = validated(world, time_machine, days=3, **starting(world, -1))
    client = browser(world.people["manager"])
    assert "A commencé il y a 1 jour" in text_of(client.get(page_of(convention)))
    today = timezone.localdate()
    typed = dict.fromkeys(ORDER, today.isoformat())
    told = client.post(page_of(convention), typed)
    assert told.status_code == 422
    assert f"La dernière signature ({today:%d/%m/%Y}) est postérieure au début du stage" in text_of(told)
    convention.refresh_from_db()
    assert convention.status == Status.VALIDATED
    done = client.post(page_of(convention), {**typed, "alerte": "R-01/start"}, follow=True)
    assert "5 signatures enregistrées." in text_of(done)
    (noted,) = convention.events.get(action="sign").findings
    assert noted["rule"] == "R-01"
    for role in ("manager", "student"):
        page = text_of(browser(world.people[role]).get(convention.get_absolute_url()))
        assert "Signée après le début du stage" in page
        assert "est postérieure au début du stage" in page


def test_signed_in_time_says_nothing(world, time_machine):
    """Recorded after the first day, but signed before it."""
    convention = validated(world, time_machine, days=3, **starting(world, -1))
    before = timezone.localdate() - timedelta(days=2)
    typed = dict.fromkeys(ORDER, before.isoformat())
    done = browser(world.people["manager"]).post(page_of(convention), typed, follow=True)
    assert "Toutes les signatures sont enregistrées." in text_of(done)
    assert convention.events.get(action="sign").findings == []
    assert alerts.signature_alert(Convention.objects.get(pk=convention.pk)) is None


def test_a_late_date_that_is_not_the_last_asks_nothing(world, time_machine):
    convention = validated(world, time_machine, days=3, **starting(world, -1))
    typed = {Party.STUDENT: timezone.localdate().isoformat()}
    assert browser(world.people["manager"]).post(page_of(convention), typed).status_code == 302


# The page


def test_two_clicks_record_the_next_signature(world):
    convention = world.convention_in(Status.VALIDATED)
    client = browser(world.people["manager"])
    assert f'href="{page_of(convention)}' in client.get(convention.get_absolute_url()).text
    page = client.get(page_of(convention))
    today = timezone.localdate()
    assert page.text.count(f'value="{today:%Y-%m-%d}"') == 1, "only whose turn it is"
    assert page.context["form"].initial == {Party.STUDENT: today}
    done = client.post(page_of(convention), {Party.STUDENT: today.isoformat()}, follow=True)
    assert "Signature enregistrée." in text_of(done)
    assert f"notée par {world.people['manager']}" in text_of(done)
    assert f"attendue depuis le {today:%d/%m/%Y}" in text_of(done)


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"tutor": 0}, "student", "dans l’ordre du circuit"),
        ({"student": 1}, "student", "dans le futur"),
        ({"student": 0, "tutor": -1}, "tutor", "précéder la validation"),
    ],
)
def test_a_mistake_is_told_beside_its_date(world, typed, field, message):
    convention = world.convention_in(Status.VALIDATED)
    today = timezone.localdate()
    posted = {party: (today + timedelta(days=days)).isoformat() for party, days in typed.items()}
    answer = browser(world.people["manager"]).post(page_of(convention), posted)
    assert answer.status_code == 422
    assert message in answer.context["form"].errors[field][0]
    for day in posted.values():
        assert f'value="{day}"' in answer.text, "what was typed is kept"
    assert not convention.turns.filter(done_at__isnull=False).exists()


def test_a_page_out_of_date_signs_for_nobody(world):
    convention = world.convention_in(Status.VALIDATED)
    typed = {Party.STUDENT: timezone.localdate().isoformat()}
    client = browser(world.people["manager"])
    client.post(page_of(convention), typed)
    again = client.post(page_of(convention), typed)
    assert again.status_code == 422
    assert "déjà enregistrée" in text_of(again)
    assert convention.turns.filter(done_at__isnull=False).count() == 1


def test_what_is_signed_is_not_signed_again(world):
    convention = world.convention_in(Status.SIGNED)
    answer = browser(world.people["manager"]).get(page_of(convention), follow=True)
    assert answer.redirect_chain[0][0] == convention.get_absolute_url()
    assert "a déjà agi" in text_of(answer)


def test_since_when_a_signature_is_awaited(world, time_machine):
    convention = validated(world, time_machine, days=9)
    client = browser(world.people["student"])
    day = timezone.localdate() - timedelta(days=9)
    for name in ("conventions:detail", "conventions:next"):
        page = text_of(client.get(reverse(name, args=[convention.pk])))
        assert f"attendue depuis le {day:%d/%m/%Y}, 9 jours" in page
    # Read on the paper today, given four days ago.
    sign(world, convention, {Party.STUDENT: timezone.localdate() - timedelta(days=4)})
    manager = browser(world.people["manager"])
    shown = text_of(manager.get(convention.get_absolute_url()))
    assert "Le tuteur professionnel doit signer, depuis 4 jours" in shown
    assert "4 jours" in text_of(manager.get(reverse("conventions:list")))
    assert "4 jours" in text_of(client.get(reverse("home")))


def test_the_moment_a_signature_was_given():
    paris = ZoneInfo("Europe/Paris")
    noon = datetime(2026, 3, 4, 12, tzinfo=paris)
    assert Turn().given_at is None
    assert Turn(done_at=noon).given_at == noon
    assert Turn(done_at=noon, signed_on=date(2026, 3, 4)).given_at == noon
    assert Turn(done_at=noon, signed_on=date(2026, 3, 2)).given_at == datetime(2026, 3, 2, tzinfo=paris)


# Taken back, on its page


def test_the_page_says_which_signature_is_taken_back(world):
    convention = world.convention_in(Status.SIGNED)
    client = browser(world.people["manager"])
    url = reverse("conventions:act", args=[convention.pk, "unsign"])
    assert url in client.get(convention.get_absolute_url()).text
    page = client.get(url)
    assert f"datée du {timezone.localdate():%d/%m/%Y}, notée par {world.people['manager']}" in text_of(page)
    assert f'name="party" value="{Party.UNIVERSITY}"' in page.text
    typed = {"comment": "Date mal lue", "party": Party.UNIVERSITY, "lu": convention.submission}
    done = client.post(url, typed, follow=True)
    assert "Dernière signature annulée." in text_of(done)
    assert "C’est son tour" in text_of(done)
    again = client.post(url, typed)
    assert again.status_code == 422
    assert "Une autre signature" in text_of(again)


# The scan


def test_the_scan_is_asked_once_all_have_signed(world, media):
    convention = world.convention_in(Status.SIGNING)
    student, manager = browser(world.people["student"]), browser(world.people["manager"])
    url = reverse("conventions:signed_copy", args=[convention.pk])
    assert "une fois toutes les signatures" in text_of(manager.get(url, follow=True))
    typed = dict.fromkeys(ORDER[1:], timezone.localdate().isoformat())
    landed = manager.post(page_of(convention), typed, follow=True)
    assert landed.redirect_chain[-1][0] == url
    for client in (student, manager):
        assert "Copie signée manquante." in text_of(client.get(convention.get_absolute_url()))
    assert student.post(url, {}).status_code == 422
    student.post(url, {"upload": scanned()})
    scan = convention.attachments.get()
    assert (scan.kind, scan.decision) == (Attachment.Kind.SIGNED_AGREEMENT, Attachment.Decision.WAITING)
    assert "Copie signée manquante." not in text_of(manager.get(convention.get_absolute_url()))
    manager.post(
        reverse("conventions:refuse_attachment", args=[convention.pk, scan.pk]), {"reason": "Illisible."}
    )
    assert "Copie signée manquante." in text_of(manager.get(convention.get_absolute_url()))
    manager.post(url, {"upload": scanned()})
    assert convention.attachments.get(uploaded_by=world.people["manager"]).decision == "accepted"
    assert "Copie signée manquante." not in text_of(manager.get(convention.get_absolute_url()))


# What a student says, and what the copy shows


def copy_of(convention):
    return reverse("conventions:signed_copy", args=[convention.pk])


def joined(world, convention, *parties, day=None):
    """Join a copy as its student, with a date beside each of these signatures; return what was answered."""
    day = (day or timezone.localdate()).isoformat()
    client = browser(world.people["student"])
    return client.post(copy_of(convention), {"upload": scanned(), **dict.fromkeys(parties, day)})


def decide(world, convention, name="accept", role="manager", **typed):
    scan = convention.attachments.order_by("-pk")[0]
    address = reverse(f"conventions:{name}_attachment", args=[convention.pk, scan.pk])
    return browser(world.people[role]).post(address, typed, follow=True)


def signed_by(convention):
    done = convention.turns.filter(done_at__isnull=False, avenant=None).order_by("rank")
    return list(done.values_list("party", flat=True))


@pytest.mark.parametrize("parties", [ORDER, ORDER[:2], ORDER[1:2]])
def test_a_student_does_not_say_that_the_others_have_signed(world, parties):
    convention = world.convention_in(Status.VALIDATED)
    with refused("signature_of_others"):
        sign(world, convention, dict.fromkeys(parties, timezone.localdate()), by="student")
    assert signed_by(convention) == []


def test_nor_does_a_manager_whose_stage_it_is(world):
    ManagerFactory(user=world.people["student"], centre=world.centre)
    convention = world.convention_in(Status.VALIDATED)
    with refused("signature_of_others"):
        sign(world, convention, dict.fromkeys(ORDER, timezone.localdate()), by="student")


def test_a_student_says_that_they_signed_once(world):
    convention = world.convention_in(Status.VALIDATED)
    client = browser(world.people["student"])
    page = client.get(page_of(convention))
    assert list(page.context["form"].fields) == [Party.STUDENT]
    assert copy_of(convention) in page.text
    client.post(page_of(convention), {Party.STUDENT: timezone.localdate().isoformat()})
    assert signed_by(convention) == [Party.STUDENT]
    with refused("own_signature_given"):
        sign(world, convention, {Party.TUTOR: timezone.localdate()}, by="student")
    page = client.get(convention.get_absolute_url()).text
    assert page_of(convention) not in page, "nothing is left to say"
    assert copy_of(convention) in page


def test_a_student_signs_in_turn(world):
    Centre.objects.update(signature_order=[*ORDER[1:], ORDER[0]])
    convention = world.convention_in(Status.VALIDATED)
    client = browser(world.people["student"])
    answer = client.post(page_of(convention), {Party.STUDENT: timezone.localdate().isoformat()})
    assert "dans l’ordre du circuit" in text_of(answer)
    assert signed_by(convention) == []
    for address in (convention.get_absolute_url(), reverse("conventions:next", args=[convention.pk])):
        page = client.get(address)
        assert page_of(convention) not in page.text, "what would be refused is not offered"
    assert copy_of(convention) in page.text
    with refused("not_their_turn"):
        sign(world, convention, {Party.STUDENT: timezone.localdate()}, by="student")
    world.sign(convention, 4)
    assert page_of(convention) in client.get(convention.get_absolute_url()).text
    client.post(page_of(convention), {Party.STUDENT: timezone.localdate().isoformat()})
    convention.refresh_from_db()
    assert convention.status == Status.SIGNED


def test_a_student_reads_of_their_signature_only(world):
    convention = world.convention_in(Status.VALIDATED)
    page = text_of(browser(world.people["student"]).get(page_of(convention)))
    assert "Enregistrer ma signature" in page
    assert "Laissez vide" not in page
    assert "Vous notez des signatures" not in page
    page = text_of(browser(world.people["manager"]).get(page_of(convention)))
    assert "Enregistrer ma signature" not in page
    assert "Laissez vide" in page


@pytest.mark.parametrize("recorded", [0, 1, 3])
def test_what_a_copy_shows_counts_once_it_is_accepted(world, media, recorded):
    convention = world.convention_in(Status.VALIDATED)
    if recorded:
        world.sign(convention, recorded)
    Message.objects.all().delete()
    assert joined(world, convention, *ORDER[recorded:]).status_code == 302
    convention.refresh_from_db()
    assert (len(signed_by(convention)), convention.status) == (
        recorded,
        Status.SIGNING if recorded else Status.VALIDATED,
    )
    assert not Message.objects.exists(), "nobody is told that all is signed"
    student = browser(world.people["student"])
    for address in (reverse("home"), convention.get_absolute_url()):
        assert "La copie signée est à vérifier" in text_of(student.get(address))
    page = text_of(browser(world.people["manager"]).get(convention.get_absolute_url()))
    assert "Signatures déclarées" in page
    assert "Pièce acceptée" in text_of(decide(world, convention))
    convention.refresh_from_db()
    assert (signed_by(convention), convention.status) == (list(ORDER), Status.SIGNED)
    event = convention.events.order_by("-pk")[0]
    assert (event.action, event.actor, event.after) == ("sign", world.people["manager"], Status.SIGNED)
    assert "Copie signée manquante." not in text_of(
        browser(world.people["manager"]).get(convention.get_absolute_url())
    )


def test_a_copy_may_show_some_signatures_only(world, media):
    convention = world.convention_in(Status.VALIDATED)
    joined(world, convention, *ORDER[:2])
    decide(world, convention)
    assert signed_by(convention) == list(ORDER[:2])
    joined(world, convention, *ORDER[2:])
    decide(world, convention)
    convention.refresh_from_db()
    assert convention.status == Status.SIGNED


def test_a_refused_copy_counts_nothing_says_why_and_another_is_sent(world, media):
    convention = world.convention_in(Status.VALIDATED)
    joined(world, convention, *ORDER)
    decide(world, convention, "refuse", reason="Le tampon manque.")
    assert signed_by(convention) == []
    [told] = Message.objects.filter(key__endswith=":refused")
    assert "Le tampon manque." in told.text
    assert copy_of(convention) in told.text
    page = text_of(browser(world.people["student"]).get(copy_of(convention)))
    assert "Le tampon manque." in page
    joined(world, convention, *ORDER)
    decide(world, convention)
    convention.refresh_from_db()
    assert convention.status == Status.SIGNED


@pytest.mark.parametrize(
    ("parties", "days", "message"),
    [
        ((), 0, "Indiquez la date"),
        (ORDER[1:], 0, "dans l’ordre du circuit"),
        (ORDER, 1, "dans le futur"),
        (ORDER, -1, "précéder la validation"),
    ],
)
def test_a_copy_whose_dates_cannot_be_is_not_sent(world, media, parties, days, message):
    convention = world.convention_in(Status.VALIDATED)
    answer = joined(world, convention, *parties, day=timezone.localdate() + timedelta(days=days))
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert not convention.attachments.exists()


def test_what_was_recorded_meanwhile_is_not_recorded_twice(world, media):
    convention = world.convention_in(Status.VALIDATED)
    joined(world, convention, *ORDER)
    world.sign(convention, 4)
    decide(world, convention)
    convention.refresh_from_db()
    assert convention.status == Status.SIGNED
    assert convention.events.filter(action="sign").count() == 2


def test_a_copy_that_no_longer_fits_is_told_and_waits(world, media):
    """Its student read the second signature; the first one was taken back meanwhile."""
    convention = world.convention_in(Status.SIGNING)
    joined(world, convention, Party.TUTOR)
    unsign(world, convention)
    assert "dans l’ordre du circuit" in text_of(decide(world, convention))
    assert convention.attachments.get().is_waiting
    assert signed_by(convention) == []


@pytest.mark.parametrize("role", ["student", "teacher", "other_manager"])
def test_only_a_manager_of_the_centre_accepts_a_copy(world, media, role):
    convention = world.convention_in(Status.VALIDATED)
    joined(world, convention, *ORDER)
    assert decide(world, convention, role=role).status_code == 404
    assert signed_by(convention) == []


def test_a_copy_accepted_after_a_rupture_records_nothing(world, media):
    convention = world.convention_in(Status.SIGNING)
    joined(world, convention, *ORDER[1:])
    workflow.act(
        convention.pk, "terminate", by=world.people["manager"], comment="Fermeture", ended_on=convention.end
    )
    assert "Pièce acceptée" in text_of(decide(world, convention))
    assert signed_by(convention) == [Party.STUDENT]


def test_a_copy_signed_late_is_accepted_knowingly(world, media, time_machine):
    convention = validated(world, time_machine, days=3, **starting(world, -1))
    joined(world, convention, *ORDER)
    assert "vient trop tard" in text_of(decide(world, convention)), "no page showed it"
    assert convention.attachments.get().is_waiting
    assert signed_by(convention) == []
    address = convention.get_absolute_url()
    assert 'name="alerte"' not in browser(world.people["student"]).get(address).text
    page = browser(world.people["manager"]).get(address)
    assert f"La dernière signature ({timezone.localdate():%d/%m/%Y}) est postérieure" in text_of(page)
    [alert] = re.findall(r'<input type="hidden" name="alerte" value="([^"]*)">', page.text)
    assert "Pièce acceptée" in text_of(decide(world, convention, alerte=alert))
    convention.refresh_from_db()
    assert convention.status == Status.SIGNED
    (noted,) = convention.events.get(action="sign").findings
    assert noted["rule"] == "R-01"


def test_a_copy_that_leaves_signatures_awaited_alerts_of_none(world, media, time_machine):
    convention = validated(world, time_machine, days=3, **starting(world, -1))
    joined(world, convention, *ORDER[:4])
    page = browser(world.people["manager"]).get(convention.get_absolute_url())
    assert "est postérieure au début du stage" not in text_of(page)
    assert "Pièce acceptée" in text_of(decide(world, convention))
    assert signed_by(convention) == list(ORDER[:4])


def test_the_copy_of_an_avenant_counts_once_it_is_accepted(world, media):
    avenant = world.avenant_in(AvenantStatus.VALIDATED)
    convention, today = avenant.convention, timezone.localdate()
    student = browser(world.people["student"])
    sign_url = reverse("conventions:avenant_sign", args=[convention.pk, avenant.pk])
    with refused("signature_of_others"):
        avenants.act(avenant.pk, "sign", by=world.people["student"], dates=dict.fromkeys(ORDER, today))
    assert list(student.get(sign_url).context["form"].fields) == [Party.STUDENT]
    url = reverse("conventions:avenant_signed_copy", args=[convention.pk, avenant.pk])
    student.post(url, {"upload": scanned(), **dict.fromkeys(ORDER, today.isoformat())})
    assert not avenant.turns.filter(done_at__isnull=False).exists()
    decide(world, convention)
    avenant.refresh_from_db()
    assert avenant.status == AvenantStatus.EFFECTIVE


def test_the_copies_to_check_are_a_queue(world, media):
    convention = world.convention_in(Status.VALIDATED)
    manager = browser(world.people["manager"])
    address = reverse("conventions:list") + "?statut=copies-a-verifier"
    assert convention.number not in text_of(manager.get(address))
    joined(world, convention, *ORDER)
    assert convention.number in text_of(manager.get(address))
    assert "1 copie signée à vérifier" in text_of(manager.get("/"))
    decide(world, convention)
    assert convention.number not in text_of(manager.get(address))
    assert re.search("0 copies? signées? à vérifier", text_of(manager.get("/")))


@pytest.mark.django_db(transaction=True)
def test_two_managers_accept_one_copy(world, media):
    convention = world.convention_in(Status.VALIDATED)
    joined(world, convention, *ORDER)
    scan = convention.attachments.get()
    colleague = ManagerFactory(centre=world.centre).user
    outcomes = at_once(
        lambda: copies.accept(scan.pk, by=world.people["manager"]),
        lambda: copies.accept(scan.pk, by=colleague),
    )
    assert sorted(outcomes) == [False, True]
    assert convention.events.filter(action="sign").count() == 1
