"""What an ill-meaning or unlucky person tries, beyond the tables of permissions."""

import runpy
import threading
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve, reverse

from accounts.models import Message
from conventions import documents, workflow
from conventions.models import Convention, Remark, Status
from conventions.writing import steps
from pstage import embedded, reports
from pstage.cache import SurvivingCache
from tests.factories import (
    ContactFactory,
    EnrolmentFactory,
    OrganisationFactory,
    ServiceFactory,
    TeacherFactory,
)
from tests.pages import browser
from tests.worlds import World

pytestmark = pytest.mark.django_db
HUGE = "9" * 5000


def content(**typed):
    """What the step of the content posts, mistakes apart."""
    return {
        "subject": "Étude de souches bactériennes",
        "missions": "Préparer des cultures et mesurer leur croissance.",
        "skills": "Conduire un protocole de microbiologie.",
        "start": "2026-03-02",
        "end": "2026-06-30",
        "working_time": "full",
        "weekly_hours": "35",
        "working_days": ["0", "1", "2", "3", "4"],
        "is_paid": "False",
        "benefits": "Néant",
        "follow_up": "Un appel chaque mois.",
        "interruptions-TOTAL_FORMS": "0",
        "interruptions-INITIAL_FORMS": "0",
        **typed,
    }


class TestWhatIsPosted:
    def test_no_step_writes_what_it_does_not_ask(self):
        world = World()
        convention = world.draft()
        student = browser(world.people["student"])
        names = {field.name for field in Convention._meta.concrete_fields}
        asked = {name for step in steps.STEPS for name in step.fields}
        derived = {"updated_at", "search_key", "hours_computed", "centre"}
        kept = sorted(names - asked - derived)
        before = Convention.objects.filter(pk=convention.pk).values(*kept).get()
        forged = dict.fromkeys(kept, "1") | {
            "status": "validated",
            "number": "2026-999999",
            "student": str(world.people["other_student"].student.pk),
            "submitted_at": "2020-01-01",
            "validated_at": "2020-01-01",
        }
        for step in steps.STEPS:
            url = reverse("conventions:step", args=[convention.pk, step.slug])
            student.post(url, content(**forged))
            student.post(url, content(**forged), headers={"X-Autosave": "1"})
        assert Convention.objects.filter(pk=convention.pk).values(*kept).get() == before

    def test_nothing_of_somebody_else_can_be_chosen(self):
        world = World()
        convention = world.draft()
        student = browser(world.people["student"])
        elsewhere = OrganisationFactory()
        foreign_ufr = World().ufr
        foreign_ufr.institution = type(foreign_ufr.institution).objects.create(
            name="Une autre université", country="BE", email="a@b.example"
        )
        foreign_ufr.save()
        rows = {
            "service": ServiceFactory(organisation=elsewhere),
            "tuteur": ContactFactory(organisation=elsewhere),
            "signataire": ContactFactory(organisation=elsewhere),
            "responsable": TeacherFactory(ufr=foreign_ufr),
        }
        for slug, row in rows.items():
            url = reverse("conventions:step", args=[convention.pk, slug])
            assert student.post(url, {"choice": row.pk}).status_code == 404, slug
        theirs = EnrolmentFactory()
        url = reverse("conventions:step", args=[convention.pk, "formation"])
        student.post(url, {"enrolment": theirs.pk, "language": "fr"})
        convention.refresh_from_db()
        assert convention.enrolment_id == world.enrolment.pk

    def test_the_remarks_of_another_agreement_cannot_be_answered(self):
        world, other = World(), World()
        mine, theirs = world.convention_in(Status.RETURNED), other.convention_in(Status.SUBMITTED)
        remark = other.remark(theirs)
        workflow.act(theirs.pk, "return", by=other.people["manager"])
        browser(world.people["student"]).post(
            reverse("conventions:step", args=[mine.pk, "contenu"]),
            content(**{f"answer-{remark.pk}": "Fait.", f"resolved-{remark.pk}": "on"}),
        )
        remark.refresh_from_db()
        assert (remark.answer, remark.resolved_at) == ("", None)

    def test_an_answer_keeps_what_the_database_can_hold(self):
        world = World()
        convention = world.convention_in(Status.SUBMITTED)
        remark = world.remark(convention)
        workflow.act(convention.pk, "return", by=world.people["manager"])
        url = reverse("conventions:step", args=[convention.pk, "contenu"])
        browser(world.people["student"]).post(url, content(**{f"answer-{remark.pk}": "Cor\x00rigé."}))
        remark.refresh_from_db()
        assert remark.answer == "Corrigé."

    @pytest.mark.parametrize("choice", [HUGE, "9" * 30, "-1", "²", "1 OR 1=1"])
    def test_a_key_that_cannot_be_one_is_nobodys(self, choice):
        world = World()
        convention = world.draft()
        for slug in ("etablissement", "service", "tuteur", "responsable", "signataire"):
            url = reverse("conventions:step", args=[convention.pk, slug])
            answer = browser(world.people["student"]).post(url, {"choice": choice})
            assert answer.status_code == 404, slug
        enter = browser(world.people["manager"]).post(reverse("conventions:enter"), {"student": choice})
        assert enter.status_code == 404

    @pytest.mark.parametrize("start", ["2026-03-02", "0001-01-01"])
    def test_a_stage_of_eight_thousand_years_is_a_mistake_not_a_crash(self, start):
        world = World()
        convention = world.draft()
        url = reverse("conventions:step", args=[convention.pk, "contenu"])
        typed = content(start=start, end="9999-12-31", weekly_hours="48")
        answer = browser(world.people["student"]).post(url, typed)
        assert answer.status_code == 422
        assert "vérifiez l’année" in answer.text or "Vérifiez l’année" in answer.text
        convention.refresh_from_db()
        assert convention.subject == typed["subject"]
        assert convention.hours_computed is None

    def test_a_day_posted_seven_times_is_one_day(self):
        """Otherwise 48 hours in a single Monday would pass for seven days of presence."""
        world = World()
        convention = world.draft()
        url = reverse("conventions:step", args=[convention.pk, "contenu"])
        typed = content(working_days=["0"] * 7, weekly_hours="48")
        answer = browser(world.people["student"]).post(url, typed)
        assert "48 h en un seul jour" in answer.text
        convention.refresh_from_db()
        assert convention.working_days == [0]

    def test_a_forged_count_of_rows_costs_little(self):
        world = World()
        url = reverse("conventions:step", args=[world.draft().pk, "contenu"])
        typed = content(**{"interruptions-TOTAL_FORMS": "100000000"})
        answer = browser(world.people["student"]).post(url, typed)
        assert answer.status_code == 422
        assert answer.text.count('class="formset-row') < 40

    def test_a_name_on_two_lines_cannot_write_the_mails_of_others(self):
        world = World()
        convention = world.draft()
        url = reverse("conventions:create", args=[convention.pk, "tuteur"])
        person = {
            "first_name": "Jean\r\n\r\nVotre mot de passe expire",
            "last_name": "Petit\n\nBcc: x@y.example",
            "function": "Directeur",
            "phone": "+33 2 31 00 00 00",
            "email": "jean.petit@hote.example",
        }
        assert browser(world.people["student"]).post(url, person).status_code == 302
        convention.refresh_from_db()
        assert str(convention.tutor) == "Jean Votre mot de passe expire Petit Bcc: x@y.example"


class TestWhoSees:
    def test_a_remark_being_written_is_for_managers(self):
        """Whatever becomes of the agreement before it is sent back."""
        for name, role in (("withdraw", "student"), ("cancel", "student"), ("refuse", "manager")):
            world = World()
            convention = world.convention_in(Status.SUBMITTED)
            secret = f"À revoir : {name}"
            Remark.objects.create(
                convention=convention, field="subject", text=secret, author=world.people["manager"]
            )
            student = browser(world.people["student"])
            pages = [
                reverse("conventions:detail", args=[convention.pk]),
                reverse("conventions:next", args=[convention.pk]),
                reverse("conventions:step", args=[convention.pk, "recapitulatif"]),
                reverse("conventions:step", args=[convention.pk, "contenu"]),
                reverse("conventions:act", args=[convention.pk, "return"]),
                reverse("home"),
            ]
            for _ in ("before", "after"):
                for url in pages:
                    assert secret not in student.get(url, follow=True).text, url
                    assert secret not in student.post(url, {"comment": "Bonjour"}, follow=True).text, url
                convention.refresh_from_db()
                if convention.status == Status.SUBMITTED:
                    workflow.act(convention.pk, name, by=world.people[role], comment="Raison")

    def test_a_submission_withdrawn_under_a_remark_can_be_submitted_again(self):
        """Its student does not see the remark, so cannot treat it; its author finds it again."""
        world = World()
        convention = world.convention_in(Status.SUBMITTED)
        remark = world.remark(convention)
        workflow.act(convention.pk, "withdraw", by=world.people["student"])
        workflow.act(convention.pk, "submit", by=world.people["student"])
        url = reverse("conventions:detail", args=[convention.pk])
        assert remark.text in browser(world.people["manager"]).get(url).text
        assert remark.text not in browser(world.people["student"]).get(url).text

    def test_a_draft_cancelled_before_any_submission_is_not_for_its_teacher(self):
        world = World()
        convention = world.draft()
        workflow.act(convention.pk, "cancel", by=world.people["student"])
        teacher = browser(world.people["teacher"])
        assert teacher.get(reverse("conventions:detail", args=[convention.pk])).status_code == 404
        assert str(world.student.user) not in teacher.get(reverse("home")).text

    def test_what_the_journal_says_is_for_those_who_may_read_it(self):
        world = World()
        convention = world.convention_in(Status.REFUSED)
        reason = "Ce sont les tâches d’un poste permanent."
        for page in ("detail", "next"):
            url = reverse(f"conventions:{page}", args=[convention.pk])
            assert reason in browser(world.people["student"]).get(url).text
            assert reason not in browser(world.people["teacher"]).get(url).text

    def test_another_manager_cannot_copy_an_agreement(self):
        world = World()
        convention = world.convention_in(Status.SUBMITTED)
        for role in ("other_manager", "other_student", "teacher", "admin"):
            url = reverse("conventions:duplicate", args=[convention.pk])
            assert browser(world.people[role]).post(url).status_code == 404
        assert Convention.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_waited_for_a_lock_reads_what_the_other_wrote():
    """PostgreSQL re-reads the row it locks, not the rows it had joined: they would come back empty."""
    world = World()
    convention = world.draft()
    chosen = TeacherFactory(ufr=world.ufr)
    started = threading.Event()
    problems = []

    def submit():
        started.set()
        try:
            workflow.act(convention.pk, "submit", by=world.people["student"])
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=submit)
    with transaction.atomic():
        Convention.objects.select_for_update().get(pk=convention.pk)
        thread.start()
        started.wait()
        with connection.cursor() as cursor:
            for _ in range(200):  # until the other one waits for us
                cursor.execute("SELECT count(*), pg_sleep(0.02) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[0]:
                    break
        Convention.objects.filter(pk=convention.pk).update(teacher=chosen)
    thread.join()
    assert problems == []
    assert Message.objects.filter(recipient=chosen.user.email, key=f"named:{convention.pk}").exists()


class TestAnswers:
    def test_every_answer_says_what_may_run_and_who_may_keep_it(self, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        world = World()
        convention = world.convention_in(Status.VALIDATED)
        documents.make(convention.documents.get().pk)
        student, admin = browser(world.people["student"]), browser(world.people["admin"])
        answers = [
            (student, reverse("home"), 200),
            (student, reverse("conventions:detail", args=[convention.pk]), 200),
            (student, reverse("conventions:pdf", args=[convention.pk]), 200),
            (student, "/nulle-part/", 404),
            (student, reverse("styleguide"), 403),
            (student, reverse("conventions:delete", args=[convention.pk]), 405),
            (Client(), reverse("account_login"), 200),
            (Client(), reverse("home"), 302),
            (admin, reverse("admin:index"), 200),
            (admin, reverse("admin:conventions_convention_changelist"), 200),
        ]
        for client, url, status in answers:
            answer = client.get(url)
            if answer.streaming:
                b"".join(answer)
            assert answer.status_code == status, url
            assert "default-src 'none'" in answer["Content-Security-Policy"], url
            assert "unsafe" not in answer["Content-Security-Policy"], url
            assert answer["X-Content-Type-Options"] == "nosniff", url
            assert answer["X-Frame-Options"] == "DENY", url
            assert "private" in answer["Cache-Control"], url

    @pytest.mark.parametrize(
        "forged",
        [{"headers": {"host": "ailleurs.example"}}, {"data": {f"champ{i}": "x" for i in range(1_500)}}],
    )
    def test_a_forged_request_is_refused_and_mails_nobody(self, settings, forged):
        settings.ADMINS = [("a", "admin@valmont.example")]
        answer = Client(raise_request_exception=False).post(reverse("account_login"), **forged)
        assert answer.status_code == 400
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert not Message.objects.exists()

    def test_a_crash_has_the_policy_too(self, monkeypatch):
        monkeypatch.setattr("conventions.writing.drafts.create", lambda *args, **options: 1 / 0)
        student = browser(World().people["student"], raise_request_exception=False)
        answer = student.post(reverse("conventions:advice"))
        assert answer.status_code == 500
        assert "default-src 'none'" in answer["Content-Security-Policy"]

    def test_the_report_of_a_crash_holds_no_password_nor_what_was_typed(self, settings, monkeypatch):
        settings.ADMINS = [("a", "admin@valmont.example")]
        settings.DATABASE_URL = "postgresql://pstage:mot-de-passe@postgres:5432/pstage"
        of_redis = urlsplit(settings.REDIS_URL).password or "mot-de-passe"  # the embedded Redis has one
        monkeypatch.setattr("conventions.writing.drafts.create", lambda *args, **options: 1 / 0)
        student = browser(World().people["student"], raise_request_exception=False)
        student.post(reverse("conventions:advice"), {"student_street": "7 chemin des Écoliers"})
        report = Message.objects.get(recipient="admin@valmont.example").text
        assert "ZeroDivisionError" in report
        assert "student_street" in report
        assert "mot-de-passe" not in report
        assert of_redis not in report
        assert "Écoliers" not in report
        assert student.cookies[settings.SESSION_COOKIE_NAME].value not in report

    @pytest.mark.parametrize("is_lost", [False, True])
    def test_the_same_crash_is_reported_a_few_times_an_hour(self, settings, monkeypatch, is_lost):
        settings.ADMINS = [("a", "admin@valmont.example")]
        if is_lost:  # each process then counts by itself
            lost = SurvivingCache(f"redis://127.0.0.1:{embedded.free_port()}", {})
            monkeypatch.setattr(reports, "cache", lost)
        student = browser(World().people["student"], raise_request_exception=False)
        before = Message.objects.count()
        monkeypatch.setattr("conventions.writing.drafts.create", lambda *args, **options: 1 / 0)
        for number in range(6):
            address = reverse("conventions:advice") + f"?{number}"
            assert student.post(address).status_code == 500
        assert Message.objects.count() == before + reports.MOST_REPORTS
        monkeypatch.setattr("conventions.writing.drafts.create", lambda *args, **options: {}["another crash"])
        student.post(reverse("conventions:advice"))
        assert "KeyError" in Message.objects.latest("pk").text

    def test_a_report_never_holds_what_opens_an_account(self, settings, monkeypatch):
        """The link of a forgotten password and the answer of the single sign-on stand in addresses."""
        settings.ADMINS = [("a", "admin@valmont.example")]

        def crash(*args, **options):
            raise LookupError

        link = reverse("account_reset_password_from_key", args=["a1", "c0ffee-5ecre7"])
        monkeypatch.setattr(resolve(link).func.view_class, "dispatch", crash)
        monkeypatch.setattr("accounts.views.single_sign_on", crash)
        anyone = Client(raise_request_exception=False)
        assert anyone.get(link).status_code == 500
        assert anyone.get(reverse("account_login"), {"code": "c0ffee", "state": "5ecre7"}).status_code == 500
        told = list(Message.objects.filter(recipient="admin@valmont.example"))
        assert len(told) == 2
        for report in told:
            assert "LookupError" in report.text
            assert "c0ffee" not in report.subject + report.text
            assert "5ecre7" not in report.subject + report.text

    def test_signing_out_empties_the_browser(self):
        student = browser(World().people["student"])
        answer = student.post(reverse("account_logout"))
        assert answer["Clear-Site-Data"] == '"cache", "storage"'
        assert "_auth_user_id" not in student.session

    def test_the_cookie_of_the_language_is_as_shy_as_the_others(self):
        answer = Client().post(reverse("set_language"), {"language": "en"})
        cookie = answer.cookies[settings.LANGUAGE_COOKIE_NAME]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")

    @pytest.mark.parametrize(
        "target",
        ["https://ailleurs.example/", "//ailleurs.example", "/\\ailleurs.example", "javascript:alert(1)"],
    )
    def test_no_address_of_ours_sends_elsewhere(self, target):
        user = World().people["student"]
        answers = [
            browser(user).get(reverse("account_login"), {"next": target}),
            browser(user).post(reverse("account_logout"), {"next": target}),
            browser(user).post(
                reverse("set_language"), {"language": "fr", "next": target}, headers={"referer": target}
            ),
        ]
        for answer in answers:
            assert answer.status_code == 302
            assert answer["Location"].startswith("/")
            assert "ailleurs" not in answer["Location"]


@pytest.fixture
def production(monkeypatch):
    """Return a function that reads the settings as production does, with more variables set."""

    def read(**variables):
        given = {
            "PSTAGE_ENVIRONMENT": "production",
            "SECRET_KEY": "x" * 60,
            "SITE_URL": "https://stages.universite.example",
            "ALLOWED_HOSTS": "stages.universite.example",
            "EMAIL_URL": "smtp://127.0.0.1:9",
            "DEFAULT_FROM_EMAIL": "stages@universite.example",
        }
        for name, value in (given | variables).items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(settings.BASE_DIR / "pstage" / "settings.py"))

    return read


def test_the_demo_does_not_start_in_production(production):
    """It shows every e-mail to strangers, links that open accounts included."""
    with pytest.raises(ImproperlyConfigured, match="PSTAGE_DEMO"):
        production(PSTAGE_DEMO="true")


@pytest.mark.parametrize("environment", ["production", "test"])
def test_pages_of_errors_are_for_a_developers_machine_alone(production, environment):
    assert production(PSTAGE_ENVIRONMENT="development", PSTAGE_DEBUG="true")["DEBUG"] is True
    with pytest.raises(ImproperlyConfigured, match="PSTAGE_DEBUG"):
        production(PSTAGE_ENVIRONMENT=environment, PSTAGE_DEBUG="true")
    assert production(PSTAGE_ENVIRONMENT=environment, PSTAGE_DEBUG="false")["DEBUG"] is False


def test_cookies_in_production_travel_encrypted_and_come_from_this_host_alone(production):
    read = production()
    for cookie in ("SESSION", "CSRF"):
        assert read[f"{cookie}_COOKIE_SECURE"]
        assert read[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
        assert not read.get(f"{cookie}_COOKIE_DOMAIN")
        assert read.get(f"{cookie}_COOKIE_PATH", "/") == "/"
    assert read["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert read["SECURE_SSL_REDIRECT"]
