"""The files joined to an agreement: who sends, reads and decides, and what waits for them."""

import errno
import re
from datetime import timedelta
from random import randbytes

import psycopg
import pytest
from django.conf import settings as project
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from accounts.refusals import Refused
from conventions import workflow
from conventions.attachments import deciding
from conventions.legality import insurance
from conventions.models import Attachment, Convention, Status
from tests import files, signed
from tests.factories import AttachmentFactory
from tests.pages import browser
from tests.worlds import World

pytestmark = pytest.mark.django_db
CIVIL, OTHER = Attachment.Kind.CIVIL_LIABILITY, Attachment.Kind.OTHER
ACCEPTED, REFUSED, WAITING = (
    Attachment.Decision.ACCEPTED,
    Attachment.Decision.REFUSED,
    Attachment.Decision.WAITING,
)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def strict_world():
    return World(requires_insurance=True)


@pytest.fixture
def convention(world):
    return world.convention_in(Status.SUBMITTED)


def url(name, *args):
    return reverse(f"conventions:{name}", args=args)


def plain(response):
    """Return what a page says, on one line, without tags."""
    words = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(words.split())


def send(client, convention, content=None, name="attestation.pdf", follow=False, **typed):
    file = SimpleUploadedFile(name, files.pdf() if content is None else content, "text/html")
    return client.post(
        url("attach", convention.pk),
        {"kind": OTHER, "title": "Décision", **typed, "upload": file},
        follow=follow,
    )


def stored(media):
    return [path for path in media.rglob("*") if path.is_file()]


class TestSending:
    @pytest.mark.parametrize("role", ["student", "manager"])
    def test_the_student_or_a_manager_sends(self, world, convention, media, role):
        answer = send(
            browser(world.people[role]),
            convention,
            files.photo(),
            "../Ma photo\u202e.PDF",
            kind=CIVIL,
            valid_from="2026-09-01",
            valid_until="31/08/2027",
        )
        assert (answer.status_code, answer.url) == (302, url("attach", convention.pk))
        attachment = convention.attachments.get()
        assert (attachment.kind, attachment.title, attachment.name) == (CIVIL, "", "Ma photo.PDF")
        assert (attachment.content_type, attachment.uploaded_by) == ("image/jpeg", world.people[role])
        assert (str(attachment.valid_from), str(attachment.valid_until)) == ("2026-09-01", "2027-08-31")
        [path] = stored(media)
        assert re.fullmatch(r"[0-9a-f]{32}\.jpg", path.name), "nothing of what its sender called it"
        assert path.read_bytes() == attachment.content()
        assert attachment.size == path.stat().st_size
        assert not Message.objects.filter(key__startswith="attachment").exists()

    @pytest.mark.parametrize("state", Status)
    def test_at_any_time_unless_the_agreement_can_no_longer_serve(self, world, state):
        convention = world.convention_in(state)
        answer = send(browser(world.people["student"]), convention)
        assert answer.status_code == (404 if state in {Status.REFUSED, Status.CANCELLED} else 302)

    @pytest.mark.parametrize(
        ("typed", "field", "words"),
        [
            ({"kind": ""}, "kind", "Choisissez dans la liste."),
            ({"kind": Attachment.Kind.SIGNED_AGREEMENT}, "kind", "Cette réponse n’est plus dans la liste"),
            ({"title": ""}, "title", "Dites ce qu’est cette pièce."),
            ({"title": "x" * 81}, "title", "80 au plus"),
            ({"kind": CIVIL}, "valid_from", "Recopiez cette date de l’attestation."),
            ({"kind": CIVIL, "valid_from": "2026-09-01"}, "valid_until", "Recopiez cette date"),
            ({"valid_from": "hier"}, "valid_from", "Saisissez une date"),
            (
                {"valid_from": "2026-09-02", "valid_until": "2026-09-01"},
                "valid_until",
                "doit suivre son début",
            ),
            ({"content": b"<script>"}, "upload", "n’est ni un PDF, ni une image"),
            ({"content": b""}, "upload", "Ce fichier est vide"),
        ],
    )
    def test_a_mistake_is_told_beside_its_field(self, world, convention, media, typed, field, words):
        answer = send(browser(world.people["student"]), convention, **typed)
        assert answer.status_code == 422
        assert [words in error for error in answer.context["form"].errors[field]] == [True]
        assert stored(media) == []
        if field != "upload":
            assert "Choisissez à nouveau votre fichier" in plain(answer)

    def test_without_a_file(self, world, convention):
        answer = browser(world.people["student"]).post(
            url("attach", convention.pk), {"kind": OTHER, "title": "x"}
        )
        assert answer.context["form"].errors == {"upload": ["Choisissez un fichier."]}

    def test_nobody_fills_the_disk(self, world, convention, media, monkeypatch):
        monkeypatch.setattr(deciding, "MOST_WAITING", 2)
        student = browser(world.people["student"])
        codes = [send(student, convention).status_code for _ in range(3)]
        assert codes == [302, 302, 422]
        assert len(stored(media)) == convention.attachments.count() == 2
        assert "2 pièces attendent déjà" in plain(send(student, convention))
        deciding.refuse(convention.attachments.first().pk, "Illisible", by=world.people["manager"])
        assert send(student, convention).status_code == 302

    def test_the_period_typed_on_the_agreement_is_proposed(self, world):
        start = timezone.localdate()
        convention = world.draft(insurance_start=start, insurance_end=start + timedelta(days=300))
        page = browser(world.people["student"]).get(url("attach", convention.pk)).content.decode()
        assert f'value="{start.isoformat()}"' in page
        assert f'value="{(start + timedelta(days=300)).isoformat()}"' in page

    def test_a_large_file_passes_and_a_larger_one_meets_words(self, world, convention):
        client = browser(world.people["student"])
        assert send(client, convention, files.with_content(randbytes(9_000_000))).status_code == 302
        answer = send(client, convention, files.with_content(randbytes(11_000_000)))
        assert answer.status_code == 422
        assert "dépasse 10 Mo" in plain(answer)
        answer = send(
            client, convention, bytes(project.PICTURE_MAX_SIZE + project.DATA_UPLOAD_MAX_MEMORY_SIZE)
        )
        assert answer.status_code == 413
        assert "Une photo peut peser 50,0 Mio au plus, un PDF 10,0 Mio." in plain(answer)

    def test_elsewhere_a_large_body_is_refused_as_before(self, world, convention):
        body = {"file": ContentFile(bytes(project.DATA_UPLOAD_MAX_MEMORY_SIZE), "x")}
        assert browser(world.people["student"]).post(convention.get_absolute_url(), body).status_code == 413

    def test_too_many_in_a_minute_meet_a_page_about_files(self, world, convention, media):
        client = browser(world.people["student"])
        answers = [send(client, convention) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [302] * 10 + [429]
        said = plain(answers[-1])
        assert "Trop de fichiers en une minute" in said
        assert "ceux que vous avez envoyés avant le sont" in said
        assert f'href="{url("attach", convention.pk)}"' in answers[-1].content.decode()
        assert "Revenir à la connexion" not in said
        assert "Par sécurité" not in said


class TestSeals:
    """What the electronic signatures of a PDF said when it was sent, beside it."""

    def test_they_are_read_once_kept_and_shown(self, world, convention, media):
        content = signed.sign(files.saved(files.blank(2)))
        content = signed.sign(content, "Visible", name="<b>Paul</b>", organisation="")
        client = browser(world.people["student"])
        send(client, convention, content)
        attachment = convention.attachments.get()
        assert attachment.content() == content
        assert [seal.state for seal in attachment.seals] == ["earlier", "whole"]
        for page in ("detail", "next", "attach"):
            answer = client.get(url(page, convention.pk))
            said = plain(answer)
            assert "Hélène Ferrand , Ateliers du Bocage" in said
            assert "Intacte, suivie d’ajouts" in said
            assert "Couvre tout le fichier, sans changement depuis." in said
            assert "heure déclarée" in said
            assert "Certificat non vérifié, émis par" in said
            assert "&lt;b&gt;Paul&lt;/b&gt;" in answer.content.decode()
            assert "certificat valide" not in said.lower()

    def test_a_file_changed_after_it_was_signed_says_so(self, world, convention, media):
        content = signed.sign(files.pdf()).replace(b"612", b"613", 1)
        client = browser(world.people["manager"])
        send(client, convention, content)
        said = plain(client.get(url("detail", convention.pk)))
        assert "Fichier modifié depuis" in said
        assert "Le contenu n’est plus celui qui a été signé." in said

    def test_a_file_without_any_says_nothing(self, world, convention, media):
        client = browser(world.people["student"])
        send(client, convention)
        assert "Signature électronique" not in plain(client.get(url("attach", convention.pk)))


def full(*_args, **_options):
    raise OSError(errno.ENOSPC, "No space left on device")


def full_database(*_args, **_options):
    raise OperationalError("disk full") from psycopg.errors.DiskFull("could not extend file")


class TestDiskFull:
    """Wherever it fills up: neither row nor file, and a page that says so."""

    @pytest.mark.parametrize(
        "write",
        ["os.fsync", "tempfile.mkstemp", "os.fdopen", "os.replace", "os.mkdir",
         "django.core.files.uploadedfile.tempfile.NamedTemporaryFile"],
    )  # fmt: skip
    @pytest.mark.parametrize("page", ["attach", "signed_copy"])
    def test_at_any_write(self, world, media, monkeypatch, write, page):
        convention = world.convention_in(Status.SIGNED)
        before = stored(media)
        client = browser(world.people["student"])
        client.raise_request_exception = False
        content = files.with_content(randbytes(3_000_000))
        file = SimpleUploadedFile("attestation.pdf", content)
        monkeypatch.setattr(write, full)
        answer = client.post(url(page, convention.pk), {"kind": OTHER, "title": "x", "upload": file})
        monkeypatch.undo()
        assert answer.status_code == 507
        said = plain(answer)
        assert "n’a plus de place pour enregistrer" in said
        assert "Rien de cet envoi n’a été enregistré" in said
        assert stored(media) == before
        assert not convention.attachments.exists()

    @pytest.mark.parametrize("place", ["Attachment.save", "accept"])
    def test_when_the_row_cannot_be_written_the_file_goes(self, world, media, monkeypatch, place):
        convention = world.convention_in(Status.SIGNED)
        client = browser(world.people["manager"])
        client.raise_request_exception = False
        where = {"Attachment.save": (Attachment, "save"), "accept": (deciding, "accept")}[place]
        monkeypatch.setattr(*where, full_database)
        before = stored(media)
        file = SimpleUploadedFile("attestation.pdf", files.pdf())
        answer = client.post(url("signed_copy", convention.pk), {"upload": file})
        assert answer.status_code == 507
        assert stored(media) == before
        assert not convention.attachments.exists()

    def test_a_disk_that_fills_up_half_way_leaves_no_part_of_a_file(self, media, monkeypatch):
        def pieces():
            yield b"x" * 70_000
            full()

        file = ContentFile(b"x", "a.pdf")
        monkeypatch.setattr(file, "chunks", pieces)
        with pytest.raises(OSError, match="No space"):
            default_storage.save("attachments/a.pdf", file)
        assert stored(media) == []

    def test_another_file_of_that_name_stays(self, media, monkeypatch):
        default_storage.save("attachments/a.pdf", ContentFile(b"first"))
        monkeypatch.setattr("os.replace", full)
        with pytest.raises(OSError, match="No space"):
            default_storage.save("attachments/a.pdf", ContentFile(b"second"))
        [path] = stored(media)
        assert path.read_bytes() == b"first"

    def test_any_other_failure_is_no_full_disk(self, world, convention, media, monkeypatch):
        client = browser(world.people["student"])
        client.raise_request_exception = False
        monkeypatch.setattr("os.fsync", lambda *_args: 1 / 0)
        answer = send(client, convention)
        assert answer.status_code == 500
        assert "a rencontré un problème" in plain(answer)
        assert stored(media) == []


class TestReading:
    def test_it_is_a_file_to_keep_never_a_page(self, world, convention):
        client = browser(world.people["student"])
        send(client, convention, files.photo("PNG"), 'a"\r\nX: <script>.html')
        attachment = convention.attachments.get()
        answer = client.get(url("attachment", convention.pk, attachment.pk))
        assert b"".join(answer.streaming_content) == attachment.content()
        assert answer["Content-Type"] == "image/png"
        assert re.match(r'attachment; filename="?[^\r\n]*\.png"?$', answer["Content-Disposition"])
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "private, no-store"

    def test_a_file_changed_on_the_disk_is_not_given(self, world, convention, media):
        attachment = AttachmentFactory(convention=convention)
        [path] = stored(media)
        path.write_bytes(b"%PDF-1.7 something else")
        with pytest.raises(ValueError, match="not the file that was stored"):
            browser(world.people["student"]).get(url("attachment", convention.pk, attachment.pk))

    @pytest.mark.parametrize("page", ["detail", "next"])
    def test_each_page_lists_them(self, world, convention, page):
        attachments = [
            AttachmentFactory(convention=convention, name="<b>\u202etest</b>.pdf"),
            AttachmentFactory(convention=convention, kind=OTHER, title="Décision du jury", valid_from=None),
        ]
        said = browser(world.people["student"]).get(url(page, convention.pk)).content.decode()
        assert "&lt;b&gt;" in said
        for attachment in attachments:
            assert url("attachment", convention.pk, attachment.pk) in said
        assert "Décision du jury" in said
        assert "À vérifier" in said

    def test_ten_cost_what_one_does(self, world, convention, django_assert_num_queries):
        client = browser(world.people["manager"])
        AttachmentFactory(convention=convention)
        address = url("next", convention.pk)
        client.get(address)
        with CaptureQueriesContext(connection) as one:
            client.get(address)
        for _ in range(9):
            AttachmentFactory(convention=convention)
        with django_assert_num_queries(len(one)):
            client.get(address)

    def test_a_teacher_reads_and_does_nothing_else(self, world, convention):
        attachment = AttachmentFactory(convention=convention)
        said = browser(world.people["teacher"]).get(url("detail", convention.pk)).content.decode()
        assert url("attachment", convention.pk, attachment.pk) in said
        for name in ("accept_attachment", "refuse_attachment", "discard_attachment"):
            assert url(name, convention.pk, attachment.pk) not in said
        assert f'"{url("attach", convention.pk)}"' not in said


class TestDeciding:
    def test_accepted(self, world, convention):
        attachment, manager = AttachmentFactory(convention=convention), world.people["manager"]
        answer = browser(manager).post(url("accept_attachment", convention.pk, attachment.pk))
        assert answer.url == f"{convention.get_absolute_url()}#attachments"
        attachment.refresh_from_db()
        assert (attachment.decision, attachment.decided_by, attachment.reason) == (ACCEPTED, manager, "")
        assert attachment.decided_at
        assert not Message.objects.filter(key__startswith="attachment").exists()

    def test_refused_with_a_reason_that_the_student_receives(self, world, convention):
        attachment, client = AttachmentFactory(convention=convention), browser(world.people["manager"])
        address = url("refuse_attachment", convention.pk, attachment.pk)
        answer = client.post(address, {"reason": " "})
        assert answer.status_code == 422
        assert "Dites pourquoi la pièce est refusée." in plain(answer)
        client.post(address, {"reason": "Elle s’arrête en mars."})
        attachment.refresh_from_db()
        assert (attachment.decision, attachment.reason) == (REFUSED, "Elle s’arrête en mars.")
        message = Message.objects.get(key=f"attachment:{attachment.pk}:refused")
        assert message.recipient == world.people["student"].email
        assert convention.number in message.subject
        assert "Attestation de responsabilité civile" in message.text
        assert "Elle s’arrête en mars." in message.text
        assert url("attach", convention.pk) in message.text
        said = plain(browser(world.people["student"]).get(url("attach", convention.pk)))
        assert "Elle s’arrête en mars." in said

    @pytest.mark.parametrize("state", [Status.SUBMITTED, Status.SIGNED])
    def test_even_after_the_validation(self, world, state):
        attachment = AttachmentFactory(convention=world.convention_in(state))
        assert deciding.accept(attachment.pk, by=world.people["manager"])

    @pytest.mark.parametrize("name", ["accept_attachment", "refuse_attachment", "discard_attachment"])
    def test_only_once(self, world, convention, name):
        attachment, client = AttachmentFactory(convention=convention), browser(world.people["manager"])
        deciding.accept(attachment.pk, by=world.people["manager"])
        answer = client.post(url(name, convention.pk, attachment.pk), {"reason": "Non."}, follow=True)
        assert "Cette pièce est déjà « Acceptée »" in plain(answer)
        attachment.refresh_from_db()
        assert (attachment.decision, attachment.reason) == (ACCEPTED, "")

    def test_a_page_left_open_says_that_it_is_decided(self, world, convention):
        attachment, client = AttachmentFactory(convention=convention), browser(world.people["manager"])
        deciding.refuse(attachment.pk, "Illisible.", by=world.people["manager"])
        answer = client.get(url("refuse_attachment", convention.pk, attachment.pk))
        assert answer.url == f"{convention.get_absolute_url()}#attachments"

    def test_nobody_decides_on_their_own(self, world, convention):
        """A manager of the centre who is also the student of this agreement."""
        attachment, student = AttachmentFactory(convention=convention), world.people["student"]
        world.centre.managers.create(user=student)
        answer = browser(student).post(url("accept_attachment", convention.pk, attachment.pk))
        assert answer.status_code == 404


class TestTakingBack:
    def test_while_it_waits(self, world, convention, media, django_capture_on_commit_callbacks):
        attachment = AttachmentFactory(convention=convention)
        with django_capture_on_commit_callbacks(execute=True):
            browser(world.people["student"]).post(url("discard_attachment", convention.pk, attachment.pk))
        assert not convention.attachments.exists()
        assert stored(media) == []

    def test_a_draft_goes_with_its_attachments(self, world, media, django_capture_on_commit_callbacks):
        convention = world.draft()
        AttachmentFactory(convention=convention)
        deciding.accept(AttachmentFactory(convention=convention).pk, by=world.people["manager"])
        with django_capture_on_commit_callbacks(execute=True):
            browser(world.people["student"]).post(url("delete", convention.pk))
        assert not Convention.objects.filter(pk=convention.pk).exists()
        assert stored(media) == []


class TestDatabase:
    def test_a_file_is_never_changed(self, convention):
        attachment = AttachmentFactory(convention=convention)
        for change in (
            {"sha256": "0" * 64},
            {"file": "x"},
            {"kind": OTHER, "title": "x"},
            {"valid_until": "2099-01-01"},
        ):
            with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
                Attachment.objects.filter(pk=attachment.pk).update(**change)

    @pytest.mark.parametrize("decision", [ACCEPTED, REFUSED])
    def test_a_decision_is_final(self, world, convention, decision):
        attachment = AttachmentFactory(convention=convention)
        manager = world.people["manager"]
        if decision == ACCEPTED:
            deciding.accept(attachment.pk, by=manager)
        else:
            deciding.refuse(attachment.pk, "Illisible.", by=manager)
        row = Attachment.objects.filter(pk=attachment.pk)
        undone = {"decision": WAITING, "decided_by": None, "decided_at": None, "reason": ""}
        for change in (lambda: row.update(**undone), lambda: row.update(reason="Autre"), row.delete):
            with pytest.raises(IntegrityError, match="decided on once"), transaction.atomic():
                change()

    @pytest.mark.parametrize(
        ("wrong", "constraint"),
        [
            ({"kind": "passport"}, "attachment_named"),
            ({"kind": OTHER}, "attachment_named"),
            ({"title": "x"}, "attachment_named"),
            ({"valid_from": None}, "attachment_liability_dated"),
            ({"valid_until": None}, "attachment_liability_dated"),
            ({"valid_until": "2020-01-01"}, "attachment_dates_ordered"),
            ({"sha256": "x"}, "attachment_file_with_digest"),
            ({"file": ""}, "attachment_file_with_digest"),
            ({"reason": "x"}, "attachment_decided_by_someone"),
            ({"decision": ACCEPTED}, "attachment_decided_by_someone"),
            ({"decision": REFUSED, "decided_at": timezone.now()}, "attachment_decided_by_someone"),
        ],
    )
    def test_rows_are_consistent(self, convention, wrong, constraint):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            AttachmentFactory(convention=convention, **wrong)

    def test_a_refusal_has_its_reason(self, world, convention):
        attachment = AttachmentFactory(convention=convention)
        with pytest.raises(IntegrityError, match="attachment_decided_by_someone"), transaction.atomic():
            deciding.refuse(attachment.pk, "", by=world.people["manager"])


INSURED = {"insurer": "MAIF", "insurance_policy": "123"}


def insured_draft(world):
    convention = world.draft(**INSURED)
    convention.insurance_start, convention.insurance_end = convention.start, convention.end
    convention.save()
    return convention


class TestInsurance:
    """Where the centre asks for the certificate: sent before the submission, accepted before the validation."""

    def test_a_submission_waits_for_it(self, strict_world):
        convention, student = insured_draft(strict_world), strict_world.people["student"]
        page = browser(student).get(url("step", convention.pk, "recapitulatif"))
        assert "joignez celle qui couvre tout le stage" in plain(page)
        assert f'href="{url("attach", convention.pk)}"' in page.content.decode()
        assert "Soumettre la convention" not in plain(page)
        with pytest.raises(Refused, match="P-06"):
            workflow.act(convention.pk, "submit", by=student)
        AttachmentFactory(convention=convention)
        assert "Soumettre la convention" in plain(
            browser(student).get(url("step", convention.pk, "recapitulatif"))
        )
        workflow.act(convention.pk, "submit", by=student)

    def test_one_that_does_not_cover_the_whole_stage_is_not_enough(self, strict_world):
        convention = insured_draft(strict_world)
        AttachmentFactory(convention=convention, valid_until=convention.end - timedelta(days=1))
        with pytest.raises(Refused, match="P-06"):
            workflow.act(convention.pk, "submit", by=strict_world.people["student"])
        AttachmentFactory(
            convention=convention, valid_from=convention.end, valid_until=convention.end + timedelta(days=99)
        )
        workflow.act(convention.pk, "submit", by=strict_world.people["student"])

    def test_a_validation_waits_until_it_is_accepted(self, strict_world):
        convention, manager = insured_draft(strict_world), strict_world.people["manager"]
        attachment = AttachmentFactory(convention=convention)
        workflow.act(convention.pk, "submit", by=strict_world.people["student"])
        client = browser(manager)
        page = client.get(convention.get_absolute_url())
        assert "Acceptez d’abord l’attestation" in plain(page)
        assert url("act", convention.pk, "validate") not in page.content.decode()
        with pytest.raises(Refused, match="Acceptez d’abord l’attestation"):
            workflow.act(convention.pk, "validate", by=manager)
        client.post(url("accept_attachment", convention.pk, attachment.pk))
        page = client.get(convention.get_absolute_url())
        assert "Acceptez d’abord" not in plain(page)
        assert url("act", convention.pk, "validate") in page.content.decode()
        workflow.act(convention.pk, "validate", by=manager)

    def test_refused_it_is_missing_again(self, strict_world):
        convention, manager = insured_draft(strict_world), strict_world.people["manager"]
        attachment = AttachmentFactory(convention=convention)
        workflow.act(convention.pk, "submit", by=strict_world.people["student"])
        deciding.refuse(attachment.pk, "Illisible.", by=manager)
        with pytest.raises(Refused, match="P-06"):
            workflow.act(convention.pk, "validate", by=manager)
        send(
            browser(strict_world.people["student"]),
            convention,
            kind=CIVIL,
            valid_from=convention.start.isoformat(),
            valid_until=convention.end.isoformat(),
        )
        deciding.accept(convention.attachments.last().pk, by=manager)
        workflow.act(convention.pk, "validate", by=manager)

    def test_another_kind_of_paper_does_not_count(self, strict_world):
        convention = insured_draft(strict_world)
        AttachmentFactory(convention=convention, kind=Attachment.Kind.ASSISTANCE)
        assert insurance.awaits_insurance(convention)
        assert insurance.insured_periods(convention) == ()

    def test_elsewhere_nobody_waits_for_it(self, world):
        convention = world.draft()
        assert not insurance.awaits_insurance(convention)
        workflow.act(convention.pk, "submit", by=world.people["student"])
        workflow.act(convention.pk, "validate", by=world.people["manager"])

    def test_a_rule_added_later_asks_nothing_of_what_is_agreed(self, world):
        convention = world.convention_in(Status.VALIDATED)
        world.centre.requires_insurance = True
        world.centre.save()
        page = browser(world.people["student"]).get(url("detail", convention.pk))
        assert "est exigée" not in plain(page)
