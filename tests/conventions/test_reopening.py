"""The way back of what was validated and not signed by all: « Reprendre pour corriger », for an agreement or an avenant."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from accounts.refusals import Refused
from conventions import documents, workflow
from conventions.circuit import turns
from conventions.documents import printing, replaced
from conventions.models import Avenant, AvenantStatus, Convention, Document, Status, Turn
from conventions.workflow import avenants
from conventions.writing import changes
from organisations.models import Centre, Party
from tests.at_once import at_once
from tests.conventions.documents.reading import loaded, read, structure, text_of
from tests.factories import ManagerFactory
from tests.pages import browser
from tests.pages import text_of as page_text
from tests.refusals import refused
from tests.worlds import World, next_signatures

WHY = "Le tuteur est un autre."


@pytest.fixture
def world(db, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    # The words over a page are printed here: the printer of its own has its own tests.
    replaced.mark.cache_clear()
    monkeypatch.setattr(
        replaced.pool, "printed", lambda kind, context: printing.render_mark(context["words"])
    )
    return World()


def reopen(world, convention, by="manager", **typed):
    return workflow.act(convention.pk, "reopen", by=world.people[by], **{"comment": WHY, **typed})


def again(world, convention):
    """Submit and validate anew."""
    workflow.act(convention.pk, "submit", by=world.people["student"])
    workflow.act(convention.pk, "validate", by=world.people["manager"])
    return Convention.objects.get(pk=convention.pk)


def hidden(page):
    """Return what a confirmation posts besides what is typed."""
    return dict(re.findall(r'<input type="hidden" name="(lu|party)" value="([^"]*)">', page.text))


def told(event, mail):
    return set(Message.objects.filter(key=f"event:{event.pk}:{mail}").values_list("recipient", flat=True))


class TestAgreement:
    def test_it_is_corrected_and_validated_anew_under_its_number(self, world):
        convention = world.convention_in(Status.SIGNING)
        number = convention.number
        reopen(world, convention)
        convention.refresh_from_db()
        assert (convention.status, convention.version, convention.number) == (Status.RETURNED, 2, number)
        assert convention.validated_at is None
        assert not convention.turns.filter(purpose=Turn.Purpose.SIGNATURE).exists()
        Convention.objects.filter(pk=convention.pk).update(subject="Un sujet corrigé")
        convention = again(world, convention)
        assert (convention.number, convention.version) == (number, 2)
        assert convention.turns.filter(purpose=Turn.Purpose.SIGNATURE, done_at=None).count() == 5
        world.sign(convention, 5)
        convention.refresh_from_db()
        assert convention.status == Status.SIGNED
        connection.check_constraints()

    def test_signatures_given_stay_in_the_journal(self, world):
        convention = world.convention_in(Status.VALIDATED)
        world.sign(convention, 2)
        reopen(world, convention)
        event = convention.events.get(action="reopen")
        today = timezone.localdate()
        assert event.details == {"signatures": {"student": str(today), "tutor": str(today)}}
        assert (event.comment, event.actor) == (WHY, world.people["manager"])
        page = page_text(browser(world.people["manager"]).get(convention.get_absolute_url()))
        for party in ("L’étudiant(e)", "Le tuteur professionnel"):
            assert f"{party} : signée le {today:%d/%m/%Y}, puis reprise le {today:%d/%m/%Y}" in page

    def test_whoever_had_signed_is_told(self, world):
        convention = world.convention_in(Status.VALIDATED)
        world.sign(convention, 2)
        reopen(world, convention)
        event = convention.events.get(action="reopen")
        assert told(event, "reopened_yours") == {world.people["student"].email}
        assert told(event, "reopened") == {world.people["teacher"].email}
        yours = Message.objects.get(key__endswith=":reopened_yours")
        assert "À vous : corrigez-la, puis soumettez-la à nouveau." in yours.text
        assert WHY in yours.text
        assert yours.subject == Message.objects.get(key__endswith=":reopened").subject
        assert "À vous" not in Message.objects.get(key__endswith=":reopened").text
        assert told(event, "reopened_host") == {convention.tutor.email}
        outside = Message.objects.get(recipient=convention.tutor.email, key__endswith="reopened_host")
        assert WHY in outside.text
        assert "http" not in outside.text
        assert convention.number in outside.subject

    def test_nobody_outside_is_told_of_what_they_did_not_sign(self, world):
        convention = world.convention_in(Status.VALIDATED)
        reopen(world, convention)
        assert not told(convention.events.get(action="reopen"), "reopened_host")

    def test_the_university_is_told_when_it_had_signed(self, world):
        order = [Party.UNIVERSITY, Party.STUDENT, Party.HOST, Party.TUTOR, Party.TEACHER]
        Centre.objects.update(signature_order=order)
        convention = world.convention_in(Status.SIGNING)
        reopen(world, convention)
        assert world.people["manager"].email in told(convention.events.get(action="reopen"), "reopened")

    def test_approval_is_asked_anew(self, world):
        Centre.objects.update(teacher_approves=True)
        convention = world.convention_in(Status.SUBMITTED)
        workflow.act(convention.pk, "approve", by=world.people["teacher"])
        workflow.act(convention.pk, "validate", by=world.people["manager"])
        reopen(world, convention)
        workflow.act(convention.pk, "submit", by=world.people["student"])
        with refused("approval_awaited"):
            workflow.act(convention.pk, "validate", by=world.people["manager"])

    def test_what_is_as_read_is_what_is_reopened(self, world):
        convention = world.convention_in(Status.VALIDATED)
        seen = convention.submission
        reopen(world, convention)
        again(world, convention)
        with refused("resubmitted"):
            reopen(world, convention, seen=seen)

    @pytest.mark.parametrize("count", [0, 1])
    def test_a_signature_recorded_meanwhile_is_not_voided_unread(self, world, count):
        convention = world.convention_in(Status.VALIDATED)
        if count:
            world.sign(convention, count)
        client = browser(world.people["manager"])
        address = reverse("conventions:act", args=[convention.pk, "reopen"])
        shown = client.get(address)
        world.sign(convention, 2)
        answer = client.post(address, {**hidden(shown), "comment": WHY})
        assert answer.status_code == 422
        assert "Une autre signature est désormais la dernière" in page_text(answer)
        assert WHY in answer.text, "what was typed is kept"
        assert f"Les {count + 2} signatures qui ne compteront plus" in page_text(answer)
        convention.refresh_from_db()
        assert convention.status == Status.SIGNING
        client.post(address, {**hidden(answer), "comment": WHY})
        convention.refresh_from_db()
        assert convention.status == Status.RETURNED

    def test_a_signature_taken_back_meanwhile_is_told_too(self, world):
        convention = world.convention_in(Status.SIGNING)
        client = browser(world.people["manager"])
        address = reverse("conventions:act", args=[convention.pk, "reopen"])
        shown = client.get(address)
        assert "La signature qui ne comptera plus" in page_text(shown)
        workflow.act(convention.pk, "unsign", by=world.people["manager"], comment="Mal lue.")
        assert client.post(address, {**hidden(shown), "comment": WHY}).status_code == 422

    @pytest.mark.parametrize("state", [AvenantStatus.DRAFT, AvenantStatus.SUBMITTED, AvenantStatus.VALIDATED])
    def test_an_avenant_keeps_it(self, world, state):
        convention = world.convention_in(Status.VALIDATED)
        avenant = world.avenant_in(state, convention)
        with refused("amended"):
            reopen(world, convention)
        Convention.objects.filter(pk=convention.pk).update(updated_at=timezone.now())
        with pytest.raises(IntegrityError, match="while nothing rests on it"), transaction.atomic():
            Convention.objects.filter(pk=convention.pk).update(
                status=Status.RETURNED, reopened_at=TransactionNow(), version=2, validated_at=None
            )
        if state != AvenantStatus.DRAFT:
            by = world.people["manager" if state == AvenantStatus.VALIDATED else "student"]
            avenants.act(avenant.pk, "cancel", by=by, comment="Abandon.")
            reopen(world, convention)

    def test_what_was_validated_is_given_up_by_a_manager_only(self, world):
        convention = world.convention_in(Status.SIGNING)
        reopen(world, convention)
        for state in (Status.RETURNED, Status.SUBMITTED):
            if state == Status.SUBMITTED:
                workflow.act(convention.pk, "submit", by=world.people["student"])
                with refused("not_allowed"):
                    workflow.act(convention.pk, "withdraw", by=world.people["student"])
            with refused("not_allowed"):
                workflow.act(convention.pk, "cancel", by=world.people["student"], comment="Un autre stage.")
        page = page_text(browser(world.people["student"]).get(convention.get_absolute_url()))
        assert "Retirer la soumission" not in page
        assert "Annuler la convention" not in page
        workflow.act(convention.pk, "cancel", by=world.people["manager"], comment="Un autre stage.")
        convention.refresh_from_db()
        assert convention.status == Status.CANCELLED

    def test_a_second_time_makes_a_third_version(self, world):
        convention = world.convention_in(Status.VALIDATED)
        reopen(world, convention)
        again(world, convention)
        reopen(world, convention)
        assert again(world, convention).version == 3
        assert convention.documents.filter(kind="agreement").count() == 3
        assert convention.documents.current().filter(kind="agreement").count() == 1

    def test_the_sheet_of_a_stage_abroad_is_replaced_too(self, world):
        convention = world.convention_in(Status.VALIDATED)
        documents.freeze_information_sheet(loaded(convention))
        reopen(world, convention)
        assert not convention.documents.current().exists()

    @pytest.mark.django_db(transaction=True)  # in one transaction, all is at the same time
    def test_its_student_reads_why_and_what_to_do(self, world):
        convention = world.convention_in(Status.VALIDATED)
        reopen(world, convention)
        client = browser(world.people["student"])
        home = page_text(client.get("/"))
        assert "l’a reprise pour la corriger" in home
        assert WHY in page_text(client.get(convention.get_absolute_url()))
        page = page_text(client.get(reverse("conventions:next", args=[convention.pk])))
        assert "a repris la convention pour la corriger" in page
        assert "Chaque remarque" not in page
        workflow.act(convention.pk, "submit", by=world.people["student"])
        convention.refresh_from_db()
        assert not convention.is_reopened


class TestPrint:
    """The file stays as it was stored; whoever opens it reads on each page that it is replaced."""

    def test_the_earlier_file_never_changes_and_says_so_when_it_is_opened(self, world):
        convention = world.convention_in(Status.VALIDATED)
        first = documents.make(convention.documents.get().pk)
        stored = first.content()
        client = browser(world.people["student"])
        reopen(world, convention)
        first.refresh_from_db()
        address = reverse("conventions:document", args=[convention.pk, first.pk])
        today = f"{timezone.localdate():%d/%m/%Y}"
        taken_back = b"".join(client.get(address))
        assert f"Reprise le {today}" in text_of(taken_back)
        assert client.get(reverse("conventions:pdf", args=[convention.pk])).status_code == 404
        convention = again(world, convention)
        second = documents.make(convention.documents.agreed().pk)
        answer = client.get(address)
        marked = b"".join(answer)
        assert "convention-" in answer["Content-Disposition"]
        assert "remplacee.pdf" in answer["Content-Disposition"]
        pages = read(marked).pages
        assert len(pages) == len(read(stored).pages)
        assert all(f"Remplacée par une version du {today}" in text_of_page(page) for page in pages)
        assert read(marked).metadata.title.startswith(f"Remplacée par une version du {today}")
        assert [one["/S"] for one in structure(read(marked))] == [
            one["/S"] for one in structure(read(stored))
        ]
        assert hashlib.sha256(first.content()).hexdigest() == first.sha256
        assert first.content() == stored
        current = b"".join(client.get(reverse("conventions:pdf", args=[convention.pk])))
        assert current == second.content()
        assert "Remplacée" not in text_of(current)

    def test_the_version_is_printed_when_there_are_several(self, world):
        convention = world.convention_in(Status.VALIDATED)
        first = convention.documents.get()
        assert "edition" not in first.context
        reopen(world, convention)
        second = again(world, convention).documents.agreed()
        assert second.context["edition"] == 2
        assert "version 1" not in text_of(printing.render_pdf(first.context, draft=False))
        printed = text_of(printing.render_pdf(second.context, draft=False))
        assert f"N° {convention.number} version 2" in printed
        assert f"n° {convention.number}, version 2 · modèle 4" in printed
        assert documents.file_name(second) == f"convention-{convention.number}-v2.pdf"

    def test_the_page_lists_both(self, world):
        convention = world.convention_in(Status.VALIDATED)
        documents.make(convention.documents.get().pk)
        reopen(world, convention)
        client = browser(world.people["student"])
        page = page_text(client.get(convention.get_absolute_url()))
        assert "Convention de stage, version remplacée (PDF)" in page
        documents.make(again(world, convention).documents.agreed().pk)
        page = page_text(client.get(convention.get_absolute_url()))
        assert page.index("Convention de stage (PDF)") < page.index("version remplacée (PDF)")

    def test_what_was_not_printed_yet_still_is(self, world):
        convention = world.convention_in(Status.VALIDATED)
        reopen(world, convention)
        assert documents.make(convention.documents.get().pk).is_ready

    def test_a_printer_that_is_busy_is_asked_again(self, world, monkeypatch):
        convention = world.convention_in(Status.VALIDATED)
        first = documents.make(convention.documents.get().pk)
        reopen(world, convention)

        def busy(kind, context):
            raise documents.Busy

        monkeypatch.setattr(replaced.pool, "printed", busy)
        answer = browser(world.people["student"]).get(
            reverse("conventions:document", args=[convention.pk, first.pk])
        )
        assert (answer.status_code, answer["Refresh"]) == (202, "5")


def text_of_page(page):
    return " ".join(page.extract_text().split())


class TestDatabase:
    """Whoever writes, an agreement goes back as a whole, in a transaction that says so, or not at all."""

    WHOLE = {
        "status": Status.RETURNED,
        "reopened_at": TransactionNow(),
        "version": 2,
        "validated_at": None,
    }

    @pytest.mark.parametrize(
        "lacking",
        [
            {"reopened_at": None},
            {"version": 1},
            {"version": 3},
            {"validated_at": TransactionNow()},
            {"subject": "Autre chose"},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("state", [Status.VALIDATED, Status.SIGNING])
    def test_by_half(self, world, state, lacking):
        convention = world.convention_in(state)
        with pytest.raises(IntegrityError, match=r"reopened as a whole|frozen"), transaction.atomic():
            Convention.objects.filter(pk=convention.pk).update(**{**self.WHOLE, **lacking})

    def test_at_another_time(self, world):
        convention = world.convention_in(Status.VALIDATED)
        with pytest.raises(IntegrityError, match="reopened as a whole"), transaction.atomic():
            Convention.objects.filter(pk=convention.pk).update(
                **{**self.WHOLE, "reopened_at": timezone.now() - timedelta(days=1)}
            )

    @pytest.mark.parametrize("state", [Status.SIGNED, Status.TERMINATED, Status.CANCELLED, Status.REFUSED])
    def test_from_elsewhere(self, world, state):
        convention = world.convention_in(state)
        with pytest.raises(IntegrityError, match=r"cannot go from|frozen"), transaction.atomic():
            Convention.objects.filter(pk=convention.pk).update(**self.WHOLE)

    @pytest.mark.parametrize("state", [Status.DRAFT, Status.SUBMITTED, Status.RETURNED])
    def test_a_version_does_not_rise_otherwise(self, world, state):
        convention = world.convention_in(state)
        for values in ({"version": 2}, {"reopened_at": TransactionNow()}):
            with pytest.raises(IntegrityError, match="its version rises"), transaction.atomic():
                Convention.objects.filter(pk=convention.pk).update(**values)

    @pytest.mark.parametrize("left", ["signatures", "documents"])
    def test_nothing_of_before_is_left(self, world, left):
        convention = world.convention_in(Status.SIGNING)
        with transaction.atomic():
            Convention.objects.filter(pk=convention.pk).update(**self.WHOLE)
            if left == "documents":
                turns.void(convention)
            else:
                documents.supersede(convention)
            with pytest.raises(IntegrityError, match="not reopened as a whole"):
                connection.check_constraints()
            transaction.set_rollback(True)

    @pytest.mark.django_db(transaction=True)  # the signatures of before are older than the transaction
    @pytest.mark.parametrize("left", ["", "signatures", "documents"])
    def test_nothing_of_before_is_left_when_it_is_validated_in_that_transaction(self, world, left):
        convention = world.convention_in(Status.SIGNING)
        rows = Convention.objects.filter(pk=convention.pk)
        with transaction.atomic():
            rows.update(**self.WHOLE)
            if left != "signatures":
                turns.void(convention)
                turns.open_circuit(convention)
            if left != "documents":
                documents.supersede(convention)
            rows.update(status=Status.SUBMITTED)
            rows.update(status=Status.VALIDATED, validated_at=timezone.now())
            if left:
                with pytest.raises(IntegrityError, match="not reopened as a whole"):
                    connection.check_constraints()
                transaction.set_rollback(True)
            else:
                connection.check_constraints()

    def test_a_signature_and_a_print_are_void_in_that_transaction_only(self, world):
        convention = world.convention_in(Status.SIGNING)
        with pytest.raises(IntegrityError, match=r"never changed|is frozen"), transaction.atomic():
            turns.void(convention)
        with pytest.raises(IntegrityError, match="made once and never changed"), transaction.atomic():
            documents.supersede(convention)

    def test_a_replaced_document_stays_replaced(self, world):
        convention = world.convention_in(Status.VALIDATED)
        reopen(world, convention)
        for values in ({"superseded_at": None}, {"context": {}}, {"superseded_at": timezone.now()}):
            with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
                Document.objects.filter(convention=convention).update(**values)


class TestAvenant:
    def taken_back(self, world, state=AvenantStatus.SIGNING):
        avenant = world.avenant_in(state)
        avenants.act(avenant.pk, "reopen", by=world.people["manager"], comment=WHY)
        avenant.refresh_from_db()
        return avenant

    @pytest.mark.parametrize("state", [AvenantStatus.VALIDATED, AvenantStatus.SIGNING])
    def test_it_is_corrected_and_validated_anew_under_its_number(self, world, state):
        avenant = self.taken_back(world, state)
        assert (avenant.status, avenant.version, avenant.validated_at) == (AvenantStatus.RETURNED, 2, None)
        assert not avenant.turns.filter(purpose=Turn.Purpose.SIGNATURE).exists()
        avenants.act(avenant.pk, "submit", by=world.people["student"])
        avenants.act(avenant.pk, "validate", by=world.people["manager"])
        printed = avenant.documents.current().get()
        assert printed.context["avenant"]["edition"] == 2
        assert "version 2" in printing.render_sheet(printed.kind, printed.context)
        assert documents.file_name(printed).endswith("-A1-v2.pdf")
        dates = next_signatures(changes.proposed(Avenant.objects.get(pk=avenant.pk)), 5)
        avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)
        avenant.refresh_from_db()
        assert avenant.status == AvenantStatus.EFFECTIVE
        agreement = Convention.objects.get(pk=avenant.convention_id)
        assert documents.agreed_context(agreement)["stage"]["subject"] == "Étude de levures"
        connection.check_constraints()

    def test_the_agreement_stays_as_it_is(self, world):
        avenant = self.taken_back(world)
        convention = avenant.convention
        assert (convention.status, convention.version) == (Status.SIGNED, 1)
        assert convention.documents.agreed() is not None
        assert convention.turns.filter(avenant=None, done_at__isnull=False).count() == 5

    def test_a_signature_recorded_meanwhile_is_not_voided_unread(self, world):
        avenant = world.avenant_in(AvenantStatus.VALIDATED)
        client = browser(world.people["manager"])
        address = reverse("conventions:avenant_act", args=[avenant.convention_id, avenant.pk, "reopen"])
        shown = client.get(address)
        dates = next_signatures(changes.proposed(Avenant.objects.get(pk=avenant.pk)), 2)
        avenants.act(avenant.pk, "sign", by=world.people["manager"], dates=dates)
        answer = client.post(address, {**hidden(shown), "comment": WHY})
        assert answer.status_code == 422
        assert "Les 2 signatures qui ne compteront plus" in page_text(answer)
        avenant.refresh_from_db()
        assert avenant.status == AvenantStatus.SIGNING

    def test_what_was_validated_is_given_up_by_a_manager_only(self, world):
        avenant = self.taken_back(world)
        for state in (AvenantStatus.RETURNED, AvenantStatus.SUBMITTED):
            if state == AvenantStatus.SUBMITTED:
                avenants.act(avenant.pk, "submit", by=world.people["student"])
                with refused("not_allowed"):
                    avenants.act(avenant.pk, "withdraw", by=world.people["student"])
            with refused("not_allowed"):
                avenants.act(avenant.pk, "cancel", by=world.people["student"], comment="Abandon.")
        avenants.act(avenant.pk, "cancel", by=world.people["manager"], comment="Abandon.")
        avenant.refresh_from_db()
        assert avenant.status == AvenantStatus.CANCELLED

    def test_its_journal_and_its_mails(self, world):
        avenant = self.taken_back(world)
        event = avenant.events.get(action="reopen")
        assert set(event.details["signatures"]) == {Party.STUDENT, Party.TUTOR}
        assert told(event, "avenant_reopened_yours") == {world.people["student"].email}
        assert told(event, "avenant_reopened") == {world.people["teacher"].email}
        assert "corrigez-le" in Message.objects.get(key__endswith=":avenant_reopened_yours").text
        assert told(event, "avenant_reopened_host") == {avenant.convention.tutor.email}
        client = browser(world.people["manager"])
        for page in (avenant.get_absolute_url(), avenant.convention.get_absolute_url()):
            answer = page_text(client.get(page))
            assert "Avenant repris pour être corrigé" in answer
            assert WHY in answer

    def test_whoever_began_it_corrects_it(self, world):
        avenant = world.avenant(world.convention_in(Status.SIGNED), by=world.people["teacher"])
        avenants.act(avenant.pk, "submit", by=world.people["teacher"])
        avenants.act(avenant.pk, "validate", by=world.people["manager"])
        avenants.act(avenant.pk, "reopen", by=world.people["manager"], comment=WHY)
        event = avenant.events.get(action="reopen")
        assert told(event, "avenant_reopened_yours") == {world.people["teacher"].email}
        assert told(event, "avenant_reopened") == {world.people["student"].email}

    def test_what_was_submitted_again_is_said_of_an_avenant(self, world):
        avenant = world.avenant_in(AvenantStatus.SUBMITTED)
        seen = avenant.submission
        for name in ("withdraw", "submit"):
            avenants.act(avenant.pk, name, by=world.people["student"])
        with pytest.raises(Refused, match="Cet avenant a été soumis à nouveau"):
            avenants.act(avenant.pk, "validate", by=world.people["manager"], seen=seen, comment="Vu.")

    def test_its_earlier_print_is_marked(self, world):
        avenant = world.avenant_in(AvenantStatus.VALIDATED)
        made = documents.make(avenant.documents.get().pk)
        avenants.act(avenant.pk, "reopen", by=world.people["manager"], comment=WHY)
        answer = browser(world.people["student"]).get(
            reverse("conventions:document", args=[avenant.convention_id, made.pk])
        )
        assert f"Repris le {timezone.localdate():%d/%m/%Y}" in text_of(b"".join(answer))

    def test_the_database_lets_it_go_back_as_a_whole_only(self, world):
        avenant = world.avenant_in(AvenantStatus.SIGNING)
        rows = Avenant.objects.filter(pk=avenant.pk)
        whole = {**TestDatabase.WHOLE, "status": AvenantStatus.RETURNED}
        for lacking in ({"version": 1}, {"reopened_at": None}, {"reason": "Autre"}):
            with pytest.raises(IntegrityError, match=r"reopened as a whole|frozen"), transaction.atomic():
                rows.update(**{**whole, **lacking})
        with transaction.atomic():
            rows.update(**whole)
            with pytest.raises(IntegrityError, match="not reopened as a whole"):
                connection.check_constraints()
            transaction.set_rollback(True)


def refusals(outcomes):
    found = [one for one in outcomes if isinstance(one, Exception)]
    assert all(isinstance(one, Refused) for one in found), found
    return found


@pytest.mark.django_db(transaction=True)
class TestAtTheSameSecond:
    """Whoever comes second meets what the first did."""

    def test_a_signature(self, world):
        convention = world.convention_in(Status.VALIDATED)
        dates = next_signatures(convention)
        outcomes = at_once(
            lambda: reopen(world, convention),
            lambda: workflow.act(convention.pk, "sign", by=world.people["student"], dates=dates),
        )
        refused = refusals(outcomes)
        convention.refresh_from_db()
        assert convention.status == Status.RETURNED
        assert not convention.turns.filter(purpose=Turn.Purpose.SIGNATURE).exists()
        signatures = convention.events.get(action="reopen").details["signatures"]
        assert bool(signatures) == (not refused)

    def test_the_last_signature(self, world):
        convention = world.convention_in(Status.VALIDATED)
        dates = next_signatures(convention, 5)
        outcomes = at_once(
            lambda: reopen(world, convention),
            lambda: workflow.act(convention.pk, "sign", by=world.people["student"], dates=dates),
        )
        assert len(refusals(outcomes)) == 1
        convention.refresh_from_db()
        given = convention.turns.filter(done_at__isnull=False).count()
        assert (convention.status, given) in {(Status.RETURNED, 0), (Status.SIGNED, 5)}

    def test_a_validation(self, world):
        """Two versions of what one page showed: the validation waits for nobody's leave but the submission's."""
        convention = world.convention_in(Status.VALIDATED)
        reopen(world, convention)
        workflow.act(convention.pk, "submit", by=world.people["student"])
        colleague = ManagerFactory(centre=world.centre).user
        outcomes = at_once(
            lambda: workflow.act(convention.pk, "validate", by=colleague),
            lambda: reopen(world, convention),
        )
        refused = refusals(outcomes)
        convention.refresh_from_db()
        expected = (Status.VALIDATED, 2) if refused else (Status.RETURNED, 3)
        assert (convention.status, convention.version) == expected
        assert convention.documents.current().filter(kind="agreement").count() == len(refused)

    def test_two_managers(self, world):
        convention = world.convention_in(Status.SIGNING)
        world.people["colleague"] = ManagerFactory(centre=world.centre).user
        outcomes = at_once(
            lambda: reopen(world, convention), lambda: reopen(world, convention, by="colleague")
        )
        assert len(refusals(outcomes)) == 1
        convention.refresh_from_db()
        assert convention.version == 2
        assert convention.events.filter(action="reopen").count() == 1

    def test_an_avenant_that_begins(self, world):
        convention = world.convention_in(Status.VALIDATED)
        outcomes = at_once(
            lambda: reopen(world, convention),
            lambda: avenants.begin(convention.pk, by=world.people["student"], kinds=["subject"], reason="-"),
        )
        assert len(refusals(outcomes)) == 1
        convention.refresh_from_db()
        assert (convention.status == Status.RETURNED) != convention.avenants.exists()

    def test_a_signature_of_an_avenant(self, world):
        avenant = world.avenant_in(AvenantStatus.VALIDATED)
        dates = next_signatures(changes.proposed(Avenant.objects.get(pk=avenant.pk)), 5)
        outcomes = at_once(
            lambda: avenants.act(avenant.pk, "reopen", by=world.people["manager"], comment=WHY),
            lambda: avenants.act(avenant.pk, "sign", by=world.people["student"], dates=dates),
        )
        assert len(refusals(outcomes)) == 1
        avenant.refresh_from_db()
        assert avenant.status in {AvenantStatus.RETURNED, AvenantStatus.EFFECTIVE}

    def test_its_print(self, world):
        """A worker prints the version of before while it is taken back: the file is there, and replaced."""
        convention = world.convention_in(Status.VALIDATED)
        document = convention.documents.get()
        outcomes = at_once(lambda: documents.make(document.pk), lambda: reopen(world, convention))
        assert not refusals(outcomes)
        document.refresh_from_db()
        assert document.superseded_at
        assert documents.make(document.pk).content()
