"""What managers, teachers and admins see and do: desk, list, one agreement, remarks, actions."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from accounts.refusals import Refused
from accounts.sign_in.typed_text import WRITER_FIELD
from conventions import documents, workflow
from conventions.models import AvenantKind, Convention, Remark, Status
from conventions.workflow import avenants
from conventions.writing import drafts
from organisations.models import Contact, Party, Service
from tests.factories import (
    ConventionFactory,
    EnrolmentFactory,
    ManagerFactory,
    OrganisationFactory,
    ProgrammeFactory,
    StudentFactory,
    TeacherFactory,
    UserFactory,
)
from tests.worlds import World

pytestmark = pytest.mark.django_db
MOST_QUERIES = 14


@pytest.fixture
def world():
    return World()


@pytest.fixture
def queries_for():
    """Return how many queries a page costs, or fail when it is more than a page may."""

    def count(client, url):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        assert len(queries) <= MOST_QUERIES, "\n".join(query["sql"] for query in queries)
        return len(queries)

    return count


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def text_of(answer):
    """Return the words of a page, tags and repeated spaces apart."""
    page = re.sub(r"<(script|style|svg).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&#x27;", "'").replace("&nbsp;", " ").split())


def listed(answer):
    """Return the numbers of the agreements on a page, in order."""
    return re.findall(r"<td class=\"num\"><a [^>]*>([^<]+)</a>", answer.content.decode())


def list_of(user, **filters):
    return browser(user).get(f"{reverse('conventions:list')}?{urlencode(filters)}")


def action(convention, name):
    return reverse("conventions:act", args=[convention.pk, name])


def read(convention, **typed):
    """Return what a page posts: which submission its reader saw, and what they typed."""
    return {"lu": convention.submission, **typed}


def another(world, **fields):
    """An agreement of another student of the same centre, ready to submit."""
    student = fields.get("student") or StudentFactory()
    enrolment = EnrolmentFactory(student=student, programme=world.enrolment.programme)
    if "start" in fields:
        fields["end"] = fields["start"] + timedelta(weeks=4)
    return ConventionFactory(
        **{"complete": True, "student": student, "enrolment": enrolment, "teacher": world.teacher, **fields}
    )


def submitted(world, **fields):
    convention = another(world, **fields)
    is_late = convention.start < timezone.localdate()
    why = "Les dates ont été avancées." if is_late else ""
    return workflow.act(convention.pk, "submit", by=convention.student.user, comment=why)


# The manager's home


def test_the_desk_counts_what_is_to_treat_and_each_count_leads_to_its_list(world):
    manager = world.people["manager"]
    submitted(world)
    soon = submitted(world, start=timezone.localdate() + timedelta(days=2))
    late = submitted(world, start=timezone.localdate() - timedelta(days=2))
    world.convention_in(Status.RETURNED)
    world.convention_in(Status.VALIDATED, weekly_hours=Decimal(20))
    world.convention_in(Status.SIGNING, weekly_hours=Decimal(20))
    world.convention_in(Status.DRAFT)
    amended = world.convention_in(Status.SIGNED, weekly_hours=Decimal(8))
    avenant = avenants.begin(
        amended.pk, by=manager, kinds=[AvenantKind.OTHER], reason="Convenu.", other="Un badge est remis."
    )
    client = browser(manager)
    assert "Avenant : brouillon" in text_of(list_of(manager, statut="avenant-en-cours"))
    avenants.act(avenant.pk, "submit", by=manager)
    assert "Avenant A1 : soumis" in text_of(list_of(manager, statut="avenant-a-valider"))
    page = client.get("/").content.decode()
    tiles = re.findall(r'<a class="tile[^"]*" href="([^"]+)">\s*<b>(\d+)</b>', page)
    assert [int(count) for _, count in tiles] == [2, 3, 1, 2, 1, 0]
    for url, count in tiles:
        assert len(listed(client.get(url.replace("&amp;", "&")))) == int(count), url
    assert listed(client.get("/"))[:2] == [late.number, soon.number]
    assert "Début dans 2 jours" in page
    assert "A commencé il y a 2 jours" in page


def test_a_desk_with_nothing_to_do_says_so(world):
    page = text_of(browser(world.people["manager"]).get("/"))
    assert "Rien à valider" in page
    assert "0 à valider" in page


def test_a_manager_who_teaches_too_counts_the_centre_alone(world):
    user = world.people["manager"]
    elsewhere = World()
    teacher = TeacherFactory(user=user, ufr=elsewhere.ufr)
    followed = submitted(elsewhere, teacher=teacher)
    managed = submitted(world)
    client = browser(user)
    page = client.get("/").content.decode()
    url = re.search(r'href="([^"]+)">\s*<b>1</b>\s*<svg.*</svg>\s*<span>[^<]*à valider', page)[1]
    assert listed(client.get(url.replace("&amp;", "&"))) == [managed.number]
    assert listed(list_of(user, role="suivi")) == [followed.number]
    assert set(listed(list_of(user))) == {managed.number, followed.number}


# The teacher's home


def test_the_teacher_is_asked_for_approval_first(world):
    world.centre.teacher_approves = True
    world.centre.save()
    asked = submitted(world, tutor__first_name="Ada", start=timezone.localdate() + timedelta(days=20))
    other = submitted(world)
    workflow.act(other.pk, "approve", by=world.people["teacher"])
    page = browser(world.people["teacher"]).get("/")
    words = text_of(page)
    assert words.count("Votre approbation est attendue") == 1
    assert words.index(str(asked.student.user)) < words.index(str(other.student.user))
    assert f"mailto:{asked.student.user.email}" in page.content.decode()
    assert f"mailto:{asked.tutor.email}" in page.content.decode()
    approved = browser(world.people["teacher"]).post(action(asked, "approve"), read(asked), follow=True)
    assert "Convention approuvée." in text_of(approved)
    assert "Votre approbation est attendue" not in text_of(browser(world.people["teacher"]).get("/"))


def test_a_teacher_without_any_trainee(world):
    assert "Aucun stage à suivre" in text_of(browser(world.people["other_teacher"]).get("/"))


# The list


@pytest.mark.parametrize(
    ("role", "sees"), [("manager", 2), ("admin", 3), ("teacher", 2), ("other_manager", 0)]
)
def test_the_list_shows_what_one_may_see_without_drafts(world, role, sees):
    submitted(world)
    world.convention_in(Status.SIGNED)
    world.convention_in(Status.DRAFT)
    submitted(World())
    assert len(listed(list_of(world.people[role]))) == sees


def test_students_and_strangers_have_no_list(world):
    assert list_of(world.people["student"]).status_code == 404
    assert list_of(UserFactory()).status_code == 404
    assert Client().get(reverse("conventions:list")).status_code == 302


def test_each_filter_narrows_the_list(world):
    manager = world.people["manager"]
    programme = ProgrammeFactory(ufr=world.ufr)
    student = StudentFactory(user__last_name="Œillet", user__first_name="Zoé")
    abroad = submitted(
        world,
        student=student,
        enrolment=EnrolmentFactory(student=student, programme=programme),
        organisation=OrganisationFactory(abroad=True),
    )
    home = world.convention_in(Status.VALIDATED, subject="Cartographie des haies")
    year = abroad.enrolment.academic_year
    expected = {
        (): {abroad, home},
        ("q", "oeillet zoe"): {abroad},
        ("q", home.number): {home},
        ("q", "haies cartographie"): {home},
        ("q", "lindq%forsk"): {abroad},
        ("statut", "submitted"): {abroad},
        ("statut", "non-validees"): {abroad},
        ("statut", "a-signer"): {home},
        ("statut", "refused"): set(),
        ("etape", programme.pk): {abroad},
        ("annee", year): {abroad, home},
        ("annee", year - 1): set(),
        ("debut_avant", abroad.start.isoformat()): {abroad, home},
        ("debut_avant", (abroad.start - timedelta(days=1)).isoformat()): set(),
        ("hors_france", "on"): {abroad},
    }
    for chosen, found in expected.items():
        numbers = listed(list_of(manager, **dict([chosen] if chosen else [])))
        assert set(numbers) == {convention.number for convention in found}, chosen
    assert "Bremen" not in text_of(list_of(manager))
    assert "Göteborg (Suède)" in text_of(list_of(manager))


def test_drafts_are_listed_when_asked_for(world):
    draft = world.convention_in(Status.DRAFT)
    assert listed(list_of(world.people["manager"], statut="draft")) == ["Brouillon"]
    assert draft.get_absolute_url() in list_of(world.people["manager"], statut="draft").content.decode()


def test_filters_are_chips_that_take_themselves_away(world):
    submitted(world)
    answer = list_of(
        world.people["manager"], q="lab", statut="submitted", hors_france="on", tri="debut", page=1
    )
    chips = {
        " ".join(re.sub(r"<.*", "", label).split()): url.replace("&amp;", "&")
        for url, label in re.findall(
            r'<a class="chip on" href="([^"]*)">(.*?)</a>', answer.content.decode(), re.DOTALL
        )
    }
    assert chips == {
        "« lab »": "?statut=submitted&hors_france=on&tri=debut",
        "État : À valider": "?q=lab&hors_france=on&tri=debut",
        "Hors de France": "?q=lab&statut=submitted&tri=debut",
    }
    assert 'value="submitted" selected' in answer.content.decode()
    assert "Aucune convention ne correspond" in text_of(answer)


def test_a_filter_that_means_nothing_is_told_and_not_ignored(world):
    submitted(world)
    answer = list_of(world.people["manager"], debut_avant="demain", annee="1900")
    assert answer.status_code == 200
    assert listed(answer) == []
    assert "Commence au plus tard le : Saisissez une date valide." in text_of(answer)
    assert "Année universitaire : Sélectionnez un choix valide" in text_of(answer)


def test_headers_sort_both_ways_and_keep_the_filters(world):
    first = submitted(world, start=timezone.localdate() + timedelta(days=10))
    second = submitted(world, start=timezone.localdate() + timedelta(days=5))
    manager = world.people["manager"]
    by_date = list_of(manager, tri="debut", statut="submitted")
    assert listed(by_date) == [second.number, first.number]
    page = by_date.content.decode()
    assert page.count("aria-sort") == 1
    back = re.search(r'aria-sort="ascending">\s*<a href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert back == "?tri=-debut&statut=submitted"
    assert listed(browser(manager).get(reverse("conventions:list") + back)) == [first.number, second.number]
    for sort in ("numero", "-etudiant", "organisme", "soumise", "inconnu"):
        assert len(listed(list_of(manager, tri=sort))) == 2


def test_a_manager_of_several_centres_chooses_one(world):
    other = World()
    ManagerFactory(user=world.people["manager"], centre=other.centre)
    submitted(world)
    there = submitted(other)
    manager = world.people["manager"]
    assert len(listed(list_of(manager))) == 2
    assert listed(list_of(manager, centre=other.centre.pk)) == [there.number]
    assert "Centre de gestion" not in text_of(list_of(other.people["manager"]))


def test_typing_in_the_search_box_keeps_a_clean_address(world):
    answer = browser(world.people["manager"]).get(
        reverse("conventions:list") + "?q=lab&statut=&annee=&tri=debut", headers={"HX-Request": "true"}
    )
    assert answer.headers["HX-Push-Url"] == "?q=lab&tri=debut"


def test_pages_of_a_long_list(world):
    model = submitted(world)
    Convention.objects.bulk_create(copies(model, 30))
    manager = world.people["manager"]
    first, second = list_of(manager, q="labo"), list_of(manager, q="labo", page=2)
    assert (len(listed(first)), len(listed(second))) == (25, 6)
    assert "31 conventions" in text_of(first)
    assert "?q=labo&amp;page=2" in first.content.decode()
    assert not set(listed(first)) & set(listed(second))


def copies(model, count):
    rows = []
    for rank in range(count):
        row = Convention.objects.get(pk=model.pk)
        row.pk, row.number = None, f"2019-{rank:06d}"
        rows.append(row)
    return rows


@pytest.mark.parametrize("role", ["manager", "teacher", "admin"])
@pytest.mark.parametrize("address", ["home", "conventions:list"])
def test_a_page_costs_the_same_for_one_row_and_for_fifty(world, queries_for, role, address):
    model = submitted(world, organisation=OrganisationFactory(abroad=True))
    client = browser(world.people[role])
    client.get(reverse(address))
    once = queries_for(client, reverse(address))
    Convention.objects.bulk_create(copies(model, 50))
    assert queries_for(client, reverse(address)) == once


@pytest.mark.parametrize("role", ["manager", "teacher", "student", "admin"])
@pytest.mark.parametrize("state", [Status.SUBMITTED, Status.RETURNED, Status.SIGNING, Status.SIGNED])
def test_an_agreement_costs_fourteen_queries_at_most(world, queries_for, role, state):
    world.centre.teacher_approves = False
    convention = world.convention_in(state)
    client = browser(world.people[role])
    client.get(convention.get_absolute_url())
    once = queries_for(client, convention.get_absolute_url())
    # Those of a decided agreement were written before: the database takes no more.
    freeze = next(trigger for trigger in Remark._meta.triggers if trigger.name == "freeze_with_agreement")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{freeze.get_pgid(Remark)}}}"])
    for field in ("subject", "missions", "amount"):
        world.remark(convention, field)
    assert queries_for(client, convention.get_absolute_url()) == once


# One agreement


def test_the_manager_reads_everything_and_what_differs_from_the_records(world):
    convention = world.convention_in(Status.DRAFT)
    Convention.objects.filter(pk=convention.pk).update(
        record=drafts.record_of(world.student) | {"student_phone": "02 00 00 00 00"}
    )
    workflow.act(convention.pk, "submit", by=world.people["student"])
    page = text_of(browser(world.people["manager"]).get(convention.get_absolute_url()))
    for words in (
        f"{world.student.user} chez {convention.organisation}",
        "À valider",
        "Soumise il y a moins d’une heure",
        "Écarts avec le dossier",
        "02 00 00 00 00",
        convention.subject,
        convention.missions,
        "Convention soumise",
        "Brouillon → Soumise",
        "Ordre des signatures",
        convention.tutor.email,
        "Aperçu du PDF",
    ):
        assert words in page, words
    for role in ("teacher", "student"):
        other = text_of(browser(world.people[role]).get(convention.get_absolute_url()))
        assert "Écarts avec le dossier" not in other
        assert "02 00 00 00 00" not in other
        assert "Aperçu du PDF" not in other


@pytest.mark.parametrize(
    ("state", "role", "offered"),
    [
        (Status.SUBMITTED, "manager", ["Refuser", "Demander une correction", "Valider"]),
        (Status.SUBMITTED, "teacher", []),
        (Status.SUBMITTED, "admin", []),
        (Status.SUBMITTED, "student", ["Annuler la convention", "Retirer la soumission"]),
        (Status.DRAFT, "student", ["Reprendre la saisie", "Soumettre la convention"]),
        (Status.DRAFT, "manager", ["Modifier à sa place", "Soumettre la convention"]),
        (Status.RETURNED, "student", ["Annuler la convention", "Corriger", "Soumettre la convention"]),
        (
            Status.VALIDATED,
            "manager",
            ["Rompre la convention", "Annuler la convention", "Enregistrer des signatures"],
        ),
        (Status.SIGNING, "manager", ["Rompre la convention", "Enregistrer des signatures"]),
        (Status.SIGNED, "manager", []),
        (Status.VALIDATED, "student", []),
        (Status.REFUSED, "manager", []),
    ],
)
def test_only_what_is_possible_is_offered(world, state, role, offered):
    convention = world.convention_in(state)
    page = browser(world.people[role]).get(convention.get_absolute_url()).content.decode()
    bar = page.partition('<div class="bar acts">')[2]
    assert re.findall(r"<(?:a|button) class=\"button[^>]*>\s*([^<]+?)\s*<", bar) == offered


def test_a_draft_with_holes_is_not_offered_for_submission(world):
    convention = world.draft(subject="")
    page = text_of(browser(world.people["student"]).get(convention.get_absolute_url()))
    assert "Reprendre la saisie" in page
    assert "Soumettre la convention" not in page


def test_the_teacher_reads_and_finds_contacts_but_no_journal(world):
    convention = world.convention_in(Status.SUBMITTED)
    page = browser(world.people["teacher"]).get(convention.get_absolute_url())
    assert f"mailto:{world.student.user.email}" in page.content.decode()
    assert "tel:" in page.content.decode()
    assert "Journal" not in text_of(page)
    assert "Modifier" not in text_of(page)


def test_what_was_agreed_stays_and_what_changed_since_is_said(world):
    convention = world.convention_in(Status.VALIDATED)
    tutor = convention.tutor
    tutor.phone = "+33 2 61 91 99 99"
    tutor.save()
    page = browser(world.people["student"]).get(convention.get_absolute_url())
    words = text_of(page)
    assert "Voici ce qui a été convenu le" in words
    assert "Une information a changé dans les fiches partagées depuis" in words
    assert "Tuteur professionnel – Téléphone" in words
    sheet = page.content.decode().split('id="tutor"')[1].split("</section>")[0]
    assert "+33 2 61 91 99 99" not in sheet


def test_the_print_is_offered_once_it_is_made(world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    convention = world.convention_in(Status.VALIDATED)
    client = browser(world.people["manager"])
    waiting = client.get(convention.get_absolute_url()).content.decode()
    assert "PDF en préparation" in waiting
    assert reverse("conventions:pdf", args=[convention.pk]) not in waiting
    told = client.get(reverse("conventions:pdf", args=[convention.pk]))
    assert told.url == f"{convention.get_absolute_url()}#documents"
    documents.make(convention.documents.get().pk)
    ready = client.get(convention.get_absolute_url()).content.decode()
    assert reverse("conventions:pdf", args=[convention.pk]) in ready
    served = client.get(reverse("conventions:pdf", args=[convention.pk]))
    assert b"".join(served.streaming_content).startswith(b"%PDF")


def test_the_preview_is_a_watermarked_pdf_for_the_manager(world):
    convention = world.convention_in(Status.SUBMITTED)
    answer = browser(world.people["manager"]).get(reverse("conventions:preview", args=[convention.pk]))
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_the_queue_leads_from_one_agreement_to_the_next(world):
    days = timezone.localdate()
    last, first, middle = (submitted(world, start=days + timedelta(days=after)) for after in (9, 3, 6))
    client = browser(world.people["manager"])
    page = client.get(middle.get_absolute_url()).content.decode()
    assert "2 sur 3" in page
    assert f'href="{first.get_absolute_url()}" rel="prev"' in page
    assert f'href="{last.get_absolute_url()}" rel="next"' in page
    client.post(action(middle, "validate"), read(middle))
    page = client.get(middle.get_absolute_url()).content.decode()
    assert f'href="{first.get_absolute_url()}" rel="next"' in page
    assert "la prochaine à valider" in page


# Remarks


def pin(user, convention, **typed):
    return browser(user).post(reverse("conventions:add_remark", args=[convention.pk]), typed)


def test_a_remark_is_pinned_shown_taken_back_and_then_sent(world):
    manager = world.people["manager"]
    convention = world.convention_in(Status.SUBMITTED)
    answer = pin(manager, convention, field="subject", text="Précisez le sujet.")
    assert answer.url == f"{convention.get_absolute_url()}#champ-subject"
    pin(manager, convention, field="amount", text="Sous le minimum.")
    page = text_of(browser(manager).get(convention.get_absolute_url()))
    assert "Précisez le sujet." in page
    assert "Sous le minimum." in page
    assert "2 remarques épinglées, que l’étudiant ne voit pas encore." in page
    assert "Précisez" not in text_of(browser(world.people["student"]).get(convention.get_absolute_url()))
    taken = convention.remarks.get(field="amount")
    browser(manager).post(reverse("conventions:delete_remark", args=[convention.pk, taken.pk]))
    assert [remark.field for remark in convention.remarks.all()] == ["subject"]
    confirmation = text_of(browser(manager).get(action(convention, "return")))
    assert "La remarque à envoyer" in confirmation
    assert "Précisez le sujet." in confirmation
    sent = browser(manager).post(
        action(convention, "return"), read(convention, comment="Un détail."), follow=True
    )
    assert "Correction demandée." in text_of(sent)
    page = text_of(browser(world.people["student"]).get(convention.get_absolute_url()))
    assert "Une remarque à traiter : Sujet" in page
    assert "Précisez le sujet." in page
    assert "Un détail." in page


def test_a_pinned_remark_takes_validation_off_the_bar(world):
    convention = world.convention_in(Status.SUBMITTED)
    world.remark(convention)
    page = browser(world.people["manager"]).get(convention.get_absolute_url()).content.decode()
    bar = page.partition('<div class="bar acts">')[2]
    assert "Valider" not in bar
    assert re.search(r'class="button primary"\s+href="[^"]+">\s*Demander une correction', bar)


@pytest.mark.parametrize(
    "typed",
    [
        {"field": "subject", "text": " "},
        {"field": "status", "text": "Non."},
        {"field": "subject", "text": "é" * 2001},
    ],
)
def test_a_remark_that_cannot_be_pinned_is_not_lost(world, typed):
    convention = world.convention_in(Status.SUBMITTED)
    answer = pin(world.people["manager"], convention, **typed)
    assert answer.status_code == 422
    assert typed["text"].strip() in answer.content.decode()
    assert not convention.remarks.exists()


def test_a_remark_that_comes_too_late_says_so_and_keeps_its_text(world):
    convention = world.convention_in(Status.VALIDATED)
    answer = pin(world.people["manager"], convention, field="subject", text="Précisez le sujet.")
    assert answer.status_code == 422
    words = text_of(answer)
    assert "n’attend plus de remarque" in words
    assert "Précisez le sujet." in words
    assert not convention.remarks.exists()


def test_who_may_not_remark(world):
    convention = world.convention_in(Status.SUBMITTED)
    for role in ("student", "other_student", "other_manager", "other_teacher", "admin"):
        assert pin(world.people[role], convention, field="subject", text="Non.").status_code == 404, role
    assert pin(world.people["teacher"], convention, field="subject", text="Non.").status_code == 422
    remark = world.remark(convention)
    for role in ("student", "teacher", "other_manager"):
        url = reverse("conventions:delete_remark", args=[convention.pk, remark.pk])
        assert browser(world.people[role]).post(url).status_code == 404, role
    assert Remark.objects.count() == 1


def test_a_remark_written_before_the_session_ended_survives_the_sign_in(world):
    convention = world.convention_in(Status.SUBMITTED)
    client = Client()
    url = reverse("conventions:add_remark", args=[convention.pk])
    manager = world.people["manager"]
    typed = {"field": "subject", "text": "Précisez le sujet.", WRITER_FIELD: manager.pk}
    assert client.post(url, typed).status_code == 302
    client.force_login(manager)
    answer = client.get(url)
    assert "Précisez le sujet." in text_of(answer)
    assert not convention.remarks.exists()
    assert client.get(url).url == convention.get_absolute_url()


# Actions


@pytest.mark.parametrize(
    ("state", "name", "words"),
    [
        (
            Status.SUBMITTED,
            "validate",
            "Une fois validée, la convention ne pourra être modifiée que par un avenant.",
        ),
        (Status.SUBMITTED, "return", "Aucune remarque épinglée"),
        (Status.SUBMITTED, "refuse", "Un refus est définitif."),
        (Status.VALIDATED, "sign", "Vous notez des signatures données sur papier"),
        (Status.VALIDATED, "cancel", "ne peut plus servir"),
        (Status.SIGNING, "terminate", "Le stage prend fin."),
    ],
)
def test_a_page_says_what_an_action_does(world, state, name, words):
    convention = world.convention_in(state)
    answer = browser(world.people["manager"]).get(action(convention, name))
    assert answer.status_code == 200
    assert words in text_of(answer)


def test_validating_tells_everyone_and_comes_back_with_the_result(world):
    convention = world.convention_in(Status.SUBMITTED)
    answer = browser(world.people["manager"]).post(
        action(convention, "validate"), read(convention), follow=True
    )
    assert answer.redirect_chain[-1][0] == convention.get_absolute_url()
    assert "Convention validée." in text_of(answer)
    assert Message.objects.filter(subject__contains="validée").count() == 2


def test_a_reason_that_is_missing_is_asked_beside_its_field(world):
    convention = world.convention_in(Status.SUBMITTED)
    answer = browser(world.people["manager"]).post(action(convention, "refuse"), {"comment": "  "})
    assert answer.status_code == 422
    assert "Erreur – Refuser" in answer.content.decode()
    assert 'href="#id_comment"' in answer.content.decode()
    assert "Indiquez la raison" in text_of(answer)
    convention.refresh_from_db()
    assert convention.status == Status.SUBMITTED


def test_a_guard_that_refuses_keeps_what_was_typed(world):
    convention = world.convention_in(Status.SUBMITTED)
    answer = browser(world.people["manager"]).post(
        action(convention, "return"), read(convention, comment="Voyez le sujet.")
    )
    assert answer.status_code == 422
    assert "Voyez le sujet." in text_of(answer)
    assert "Épinglez d’abord une remarque" in text_of(answer)


@pytest.mark.parametrize("name", ["validate", "return", "refuse"])
def test_nobody_decides_on_what_they_did_not_read(world, name):
    """The student withdraws, changes and submits again while the manager's page stays open."""
    convention = world.convention_in(Status.SUBMITTED)
    typed = read(convention, comment="Trop loin de la formation.")
    read_page = browser(world.people["manager"]).get(convention.get_absolute_url()).text
    workflow.act(convention.pk, "withdraw", by=world.people["student"])
    Convention.objects.filter(pk=convention.pk).update(subject="Un tout autre sujet, jamais montré")
    workflow.act(convention.pk, "submit", by=world.people["student"])
    if name == "return":
        world.remark(convention)
    manager = browser(world.people["manager"])
    answer = manager.post(action(convention, name), typed, follow=True)
    assert "soumise à nouveau depuis" in text_of(answer)
    if name != "validate":
        assert typed["comment"] in text_of(answer), "what was typed is kept"
    link = f"{action(convention, name)}?lu={typed['lu']}"
    assert name == "return" or link in read_page
    opened = manager.get(link, follow=True)
    assert opened.redirect_chain
    assert "soumise à nouveau depuis" in text_of(opened)
    assert manager.post(action(convention, name), {"comment": "x"}, follow=True).status_code in {200, 409}
    convention.refresh_from_db()
    assert convention.status == Status.SUBMITTED


def test_a_teacher_approves_what_they_read():
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    seen = read(convention)
    workflow.act(convention.pk, "withdraw", by=world.people["student"])
    workflow.act(convention.pk, "submit", by=world.people["student"])
    answer = browser(world.people["teacher"]).post(action(convention, "approve"), seen, follow=True)
    assert "soumise à nouveau depuis" in text_of(answer)
    assert not convention.turns.filter(done_at__isnull=False).exists()


def test_nobody_decides_on_their_own_stage(world):
    convention = world.convention_in(Status.SUBMITTED)
    ManagerFactory(centre=world.centre, user=world.people["student"])
    client = browser(world.people["student"])
    page = client.get(convention.get_absolute_url()).text
    for name in ("validate", "refuse", "return"):
        assert action(convention, name) not in page
        assert client.post(action(convention, name), read(convention, comment="Oui")).status_code == 404


@pytest.mark.parametrize("name", ["terminate", "cancel"])
def test_nobody_ends_their_own_stage_once_it_is_validated(world, name):
    convention = world.convention_in(Status.VALIDATED)
    ManagerFactory(centre=world.centre, user=world.people["student"])
    client = browser(world.people["student"])
    assert action(convention, name) not in client.get(convention.get_absolute_url()).text
    assert client.get(action(convention, name)).status_code == 404
    with pytest.raises(Refused, match="pas le droit"):
        workflow.act(
            convention.pk, name, by=world.people["student"], comment="Je pars", ended_on=convention.start
        )


def test_a_cancelled_agreement_is_read_and_no_longer_printed(world):
    convention = world.convention_in(Status.VALIDATED)
    documents.make(convention.documents.get().pk)
    printed = reverse("conventions:pdf", args=[convention.pk])
    client = browser(world.people["student"])
    assert client.get(printed).status_code == 200
    workflow.act(convention.pk, "cancel", by=world.people["manager"], comment="Il ne vient plus.")
    page = client.get(convention.get_absolute_url())
    assert printed not in page.text
    assert "elle ne peut plus servir" in text_of(page)
    assert "Il ne vient plus." in text_of(page)
    assert client.get(printed).status_code == 404


def test_a_file_that_is_not_what_was_made_is_not_served(world):
    convention = world.convention_in(Status.VALIDATED)
    document = documents.make(convention.documents.get().pk)
    Path(document.file.path).write_bytes(b"%PDF-1.7 autre chose")
    with pytest.raises(ValueError, match="not the file that was made"):
        browser(world.people["student"]).get(reverse("conventions:pdf", args=[convention.pk]))


def test_a_frozen_agreement_names_the_people_agreed_on(world):
    convention = world.convention_in(Status.VALIDATED)
    agreed, city = str(convention.signatory), convention.service.city
    Contact.objects.filter(pk=convention.signatory_id).update(first_name="Une", last_name="Autre")
    Service.objects.filter(pk=convention.service_id).update(city="Ailleurs")
    page = browser(world.people["student"]).get(convention.get_absolute_url())
    names = [line.name for line in page.context["circuit"]]
    assert agreed in names
    assert "Une Autre" not in names
    assert f"Où {city}" in text_of(page)


def test_the_journal_says_who_signed_and_when(world):
    convention = world.convention_in(Status.SIGNING)
    comment = convention.events.get(action="sign").comment
    assert comment == f"{Party.STUDENT.label}, le {timezone.localdate():%d/%m/%Y}"


def test_the_second_of_two_managers_learns_who_acted_first(world):
    convention = world.convention_in(Status.SUBMITTED)
    colleague = ManagerFactory(centre=world.centre, user__first_name="Odile").user
    browser(colleague).post(action(convention, "validate"), read(convention))
    second = browser(world.people["manager"]).post(
        action(convention, "validate"), read(convention), follow=True
    )
    assert f"{colleague} a déjà agi : la convention est « Validée »" in text_of(second)
    third = browser(world.people["manager"]).post(
        action(convention, "refuse"), read(convention, comment="Trop loin de la formation.")
    )
    assert third.status_code == 409
    assert f"{colleague} a déjà agi" in text_of(third)
    assert "Trop loin de la formation." in text_of(third)
    opened = browser(world.people["manager"]).get(action(convention, "refuse"), follow=True)
    assert f"{colleague} a déjà agi" in text_of(opened)
    convention.refresh_from_db()
    assert convention.status == Status.VALIDATED


def test_a_student_who_withdraws_too_late_is_told(world):
    convention = world.convention_in(Status.VALIDATED)
    answer = browser(world.people["student"]).post(action(convention, "withdraw"), follow=True)
    assert "a déjà agi : la convention est « Validée »" in text_of(answer)


def test_submitting_too_early_leads_to_what_is_missing(world):
    convention = world.draft(subject="")
    answer = browser(world.people["student"]).post(action(convention, "submit"))
    assert answer.url == reverse("conventions:step", args=[convention.pk, "contenu"])


def test_a_reason_written_before_the_session_ended_survives_the_sign_in(world):
    convention = world.convention_in(Status.SUBMITTED)
    client = Client()
    manager = world.people["manager"]
    typed = read(convention, comment="Tâches d’un poste permanent.")
    client.post(action(convention, "refuse"), typed | {WRITER_FIELD: manager.pk})
    client.force_login(manager)
    assert "Tâches d’un poste permanent." in text_of(client.get(action(convention, "refuse")))


def test_an_action_that_does_not_exist(world):
    convention = world.convention_in(Status.SUBMITTED)
    assert browser(world.people["manager"]).get(action(convention, "archiver")).status_code == 404


# A manager enters an agreement for a student


def test_a_manager_finds_a_student_and_begins_for_them(world):
    manager = world.people["manager"]
    url = reverse("conventions:enter")
    empty = text_of(browser(manager).get(url))
    assert "Nom ou numéro de l’étudiant" in empty
    found = text_of(browser(manager).get(url, {"q": world.student.number}))
    assert f"1 étudiant trouvé {world.student.user}" in found
    assert "Aucun étudiant ne correspond" in text_of(browser(manager).get(url, {"q": "zzzz"}))
    answer = browser(manager).post(url, {"student": world.student.pk})
    convention = Convention.objects.get(student=world.student)
    assert answer.url == reverse("conventions:step", args=[convention.pk, "eleve"])
    assert convention.created_by == manager
    assert browser(manager).get(answer.url).status_code == 200


def test_text_of_any_kind_is_shown_and_never_obeyed(world):
    nasty = "<script>alert(1)</script> 😀 \u202bمرحبا"
    convention = world.convention_in(Status.SUBMITTED, subject=nasty, missions=nasty + "\n" + "x" * 29_000)
    page = browser(world.people["manager"]).get(convention.get_absolute_url()).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 😀" in page
