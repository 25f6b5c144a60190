"""The scans of a version that was taken back to be corrected: they say nothing of the one that is signed anew."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from conventions import workflow
from conventions.models import Attachment, Avenant, AvenantStatus, Convention, Status, Turn
from conventions.workflow import avenants
from conventions.writing import changes
from tests import files
from tests.pages import browser, text_of
from tests.worlds import World, next_signatures

# In one transaction, all is at the same time.
pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = reverse("conventions:list") + "?statut=copies-a-verifier"


@pytest.fixture
def world(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return World()


class Subject:
    """An agreement or an avenant of it, its student, its manager and the scans that they send."""

    def __init__(self, world, *, is_avenant):
        self.world, self.is_avenant = world, is_avenant
        self.row = (
            world.avenant_in(AvenantStatus.VALIDATED) if is_avenant else world.convention_in(Status.VALIDATED)
        )
        self.pk = self.row.convention_id if is_avenant else self.row.pk

    def act(self, name, by="manager", **typed):
        act = avenants.act if self.is_avenant else workflow.act
        act(self.row.pk, name, by=self.world.people[by], **typed)
        self.row.refresh_from_db()

    def read(self):
        if self.is_avenant:
            return changes.proposed(Avenant.objects.get(pk=self.row.pk))
        return Convention.objects.get(pk=self.pk)

    def sign(self, count=5):
        self.act("sign", dates=next_signatures(self.read(), count))

    def reopen(self):
        self.act("reopen", comment="Le tuteur est un autre.")

    def validate_again(self):
        self.act("submit", by="student")
        self.act("validate")

    def signed(self):
        avenant = self.row if self.is_avenant else None
        signatures = Turn.objects.filter(purpose=Turn.Purpose.SIGNATURE, avenant=avenant)
        return signatures.filter(convention=self.pk, done_at__isnull=False).count()

    @property
    def copy_url(self):
        if self.is_avenant:
            return reverse("conventions:avenant_signed_copy", args=[self.pk, self.row.pk])
        return reverse("conventions:signed_copy", args=[self.pk])

    def join(self, count=5, name="signée.pdf"):
        """Send, as its student, a scan that shows the next signatures; return it."""
        dates = {party: day.isoformat() for party, day in next_signatures(self.read(), count).items()}
        upload = SimpleUploadedFile(name, files.pdf())
        browser(self.world.people["student"]).post(self.copy_url, {"upload": upload, **dates})
        return Attachment.objects.latest("pk")

    def accept(self, scan):
        address = reverse("conventions:accept_attachment", args=[self.pk, scan.pk])
        return text_of(browser(self.world.people["manager"]).post(address, follow=True))


@pytest.fixture(params=["agreement", "avenant"])
def is_avenant(request):
    return request.param == "avenant"


@pytest.mark.parametrize("days", [0, 1])
def test_a_scan_that_waits_is_refused_with_what_it_shows(world, is_avenant, time_machine, days):
    now = timezone.now()
    time_machine.move_to(now - timedelta(days=days))
    subject = Subject(world, is_avenant=is_avenant)
    scan = subject.join()
    time_machine.move_to(now + timedelta(minutes=5))
    manager = browser(world.people["manager"])
    assert scan.convention.number in text_of(manager.get(QUEUE))
    subject.reopen()
    scan.refresh_from_db()
    assert scan.decision == Attachment.Decision.REFUSED
    assert scan.decided_by == world.people["manager"]
    assert "cette copie est celle de la version remplacée" in scan.reason
    assert not Message.objects.filter(key__startswith="attachment:").exists(), "one mail says it"
    subject.validate_again()
    assert scan.convention.number not in text_of(manager.get(QUEUE))
    assert "La copie signée est à vérifier" not in text_of(browser(world.people["student"]).get("/"))
    assert "déjà « Refusée »" in subject.accept(scan)
    assert subject.signed() == 0
    again = subject.join()
    assert "Pièce acceptée" in subject.accept(again)
    assert subject.signed() == 5


def test_a_scan_accepted_of_the_version_of_before_is_not_that_of_the_next(world, is_avenant):
    subject = Subject(world, is_avenant=is_avenant)
    scan = subject.join(count=2, name="premiere.pdf")
    subject.accept(scan)
    assert Attachment.objects.get(pk=scan.pk).is_signed_copy
    subject.reopen()
    scan = Attachment.objects.get(pk=scan.pk)
    assert scan.decision == Attachment.Decision.ACCEPTED
    assert not scan.is_signed_copy
    if is_avenant:
        page = browser(world.people["manager"]).get(subject.row.get_absolute_url())
        assert page.context["copies"] == []
    subject.validate_again()
    student = browser(world.people["student"])
    assert "premiere.pdf" not in text_of(student.get(subject.copy_url))
    subject.join(name="seconde.pdf")
    page = text_of(student.get(subject.copy_url))
    assert "seconde.pdf" in page


def test_a_scan_of_the_agreement_is_kept_when_its_avenant_is_taken_back(world):
    subject = Subject(world, is_avenant=True)
    agreement = reverse("conventions:signed_copy", args=[subject.pk])
    upload = SimpleUploadedFile("convention.pdf", files.pdf())
    browser(world.people["student"]).post(agreement, {"upload": upload})
    subject.reopen()
    assert Attachment.objects.get().is_waiting
    assert Attachment.objects.get().is_signed_copy
