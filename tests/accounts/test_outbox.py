"""An e-mail is written with its cause, leaves after the commit, is retried, and never leaves twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.core.mail import EmailMessage, mail_admins, send_mail
from django.db import connection, transaction
from django.template import engines
from django.template.loaders.locmem import Loader
from django.utils import timezone, translation

from accounts.mail import outbox
from accounts.models import Message
from accounts.sign_in import reset
from pstage import embedded
from pstage.celery import app
from tests.factories import InstitutionFactory, MessageFactory, UserFactory

TEMPLATE = "mails/example.txt"
# What a test writes for no other cause than itself.
queue = transaction.atomic(outbox.queue)


@pytest.fixture
def template(monkeypatch):
    """Return a function that rewrites the mail template the tests queue."""
    written = {TEMPLATE: "Votre convention {{ number }}\n\nElle est validée.\n\nBon stage,\nle centre.\n"}
    engine = engines["django"].engine
    loaders = [Loader(engine, written), *engine.template_loaders]
    monkeypatch.setitem(vars(engine), "template_loaders", loaders)
    return partial(written.__setitem__, TEMPLATE)


@pytest.fixture
def asked(monkeypatch):
    """Collect the messages Celery is asked to send."""
    asked = []
    monkeypatch.setattr(outbox.send_message, "delay", asked.append)
    return asked


@pytest.mark.django_db
class TestQueue:
    def test_same_cause_and_person_is_one_message(self, template):
        user = UserFactory(email="Camille.Durand@valmont.example")
        first = queue("event/1", user, TEMPLATE, {"number": "2026-000001"})
        again = queue("event/1", user.email.lower(), TEMPLATE, {"number": "2026-000002"})
        other_cause = queue("event/2", user, TEMPLATE, {"number": "2026-000001"})
        other_person = queue("event/1", UserFactory(), TEMPLATE, {"number": "2026-000001"})
        assert first == again
        assert again.subject == "Votre convention 2026-000001"
        assert len({first.pk, other_cause.pk, other_person.pk}) == 3

    def test_person_brings_greeting_and_institution(self, template):
        user = UserFactory(first_name="Inès")
        message = queue("event/1", user, TEMPLATE, {"number": "1"})
        assert message.institution == user.institution
        assert message.text.startswith("Bonjour Inès,\n")
        assert user.institution.name in message.text
        assert user.institution.name in message.html

    def test_celery_is_asked_after_the_commit_only(self, template, asked, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            message = queue("event/1", "a@valmont.example", TEMPLATE, {"number": "1"})
            assert asked == []
        assert asked == [message.pk]


@pytest.mark.django_db(transaction=True)
def test_a_mail_without_a_transaction_is_refused(template, asked):
    with pytest.raises(transaction.TransactionManagementError, match="event/1"):
        outbox.queue("event/1", "a@valmont.example", TEMPLATE, {"number": "1"})
    assert not Message.objects.exists()
    assert queue("event/1", "a@valmont.example", TEMPLATE, {"number": "1"}) == Message.objects.get()


@pytest.mark.django_db(transaction=True)
def test_a_cause_undone_leaves_no_message(template, asked):
    def cause_that_fails():
        with transaction.atomic():
            outbox.queue("event/1", "a@valmont.example", TEMPLATE, {"number": "1"})
            raise LookupError

    with pytest.raises(LookupError):
        cause_that_fails()
    assert not Message.objects.exists()
    assert asked == []


@pytest.mark.django_db
def test_a_lost_broker_delays_the_mail_not_the_request(
    template, monkeypatch, django_capture_on_commit_callbacks, caplog
):
    monkeypatch.setattr(app.conf, "broker_write_url", f"redis://127.0.0.1:{embedded.free_port()}/0")
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    start = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        message = queue("event/1", "a@valmont.example", TEMPLATE, {"number": "1"})
    assert timezone.now() - start < timedelta(seconds=2)
    assert "The broker did not take" in caplog.text
    assert message.state == Message.State.WAITING


class TestRenderMail:
    def test_layouts_add_the_link_and_keep_the_paragraphs(self, template):
        mail = outbox.render_mail(TEMPLATE, {"number": "1", "link": "/conventions/7/", "link_label": "Lire"})
        assert mail.subject == "Votre convention 1"
        assert "Elle est validée.\n\nBon stage,\nle centre.\n" in mail.text
        assert "Lire :\nhttp://127.0.0.1:8000/conventions/7/\n" in mail.text
        assert "<p>Bon stage,<br>le centre.</p>" in mail.html
        assert '<a href="http://127.0.0.1:8000/conventions/7/">Lire</a>' in mail.html

    def test_what_people_type_is_text_never_markup_nor_header(self, template):
        template("Remarque de {{ name }}\n\nElle dit : {{ remark }}\n")
        mail = outbox.render_mail(
            TEMPLATE, {"name": "A\r\nBcc: victime@exemple.fr", "remark": "<script>l'été & l’hiver</script>"}
        )
        assert mail.subject == "Remarque de A Bcc: victime@exemple.fr"
        assert "<script>l'été & l’hiver</script>" in mail.text
        assert "<script>" not in mail.html
        assert "&lt;script&gt;" in mail.html

    def test_a_subject_fits_its_column(self, template):
        template("{{ name }}\n\nTexte\n")
        assert len(outbox.render_mail(TEMPLATE, {"name": "é" * 400}).subject) <= 250

    def test_french_whatever_the_reader_of_the_page_chose(self, template):
        with translation.override("en"):
            assert outbox.render_mail(TEMPLATE, {"number": "1"}).text.startswith("Bonjour,")


@pytest.mark.django_db
class TestBackend:
    def test_mails_of_django_go_through_the_outbox(self, settings):
        settings.ADMINS = [("Admin", "admin@valmont.example")]
        send_mail(
            "Un objet\nsur deux lignes".replace("\n", " "), "Texte", None, ["a@x.example", "b@x.example"]
        )
        mail_admins("Erreur", "Trace", html_message="<p>Trace</p>")
        assert set(Message.objects.values_list("recipient", "text", "html")) == {
            ("a@x.example", "Texte", ""),
            ("b@x.example", "Texte", ""),
            ("admin@valmont.example", "Trace", "<p>Trace</p>"),
        }

    def test_attachments_are_refused_not_lost(self):
        mail = EmailMessage("Objet", "Texte", to=["a@x.example"])
        mail.attach("a.txt", "contenu", "text/plain")
        with pytest.raises(ValueError, match="text and HTML only"):
            mail.send()
        assert not Message.objects.exists()


@pytest.mark.django_db
class TestDeliver:
    def test_mail_as_the_reader_gets_it(self, mail_server):
        message = MessageFactory(
            subject="Élève : « été »", html="<p>Votre convention est validée.</p>", text="Texte"
        )
        assert outbox.deliver(message.pk) is True
        (mail,) = mail_server.mails
        assert mail["Subject"] == message.subject
        assert mail["To"] == message.recipient
        assert mail["Message-ID"] == message.message_id
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Reply-To"] == message.institution.email
        assert mail.get_body(("plain",)).get_content().strip() == "Texte"
        assert mail.get_body(("html",)).get_content().strip() == message.html
        message.refresh_from_db()
        assert (message.state, message.server_answer) == ("sent", "250 2.0.0 Ok: queued as 4F3A1")
        assert message.sent_at is not None

    def test_sent_once_however_often_it_is_asked(self, mail_server):
        message = MessageFactory()
        assert [outbox.deliver(message.pk) for _ in range(3)] == [True, None, None]
        assert len(mail_server.mails) == 1

    def test_what_a_mail_speaks_of_is_kept_by_its_key_and_never_by_a_link(self):
        template, page = "accounts/mails/no_password.txt", {"link": "/conventions/1/"}
        assert queue("event/1", "a@valmont.example", template, page, about="key:1").about == "key:1"
        assert queue("event/2", "a@valmont.example", template, page).about == ""

    def test_a_link_that_opens_an_account_is_in_the_mail_and_never_in_its_row(self, mail_server):
        """Whether it waits, failed, was set aside or left: nobody who reads rows can use it."""
        person = UserFactory()
        reset.ask(person.email.upper())
        asked = Message.objects.get()
        for answer, attempts in (
            ("451 4.3.0 Réessayez plus tard", 7),
            ("550 5.7.1 Refusé", 8),
            ("250 ok", 1),
        ):
            mail_server.data_answer = answer
            outbox.deliver(asked.pk)
            asked.refresh_from_db()
            assert "oubli" not in str(Message.objects.values().get())
            Message.objects.update(next_attempt_at=None, state=Message.State.WAITING, attempts=attempts - 1)
        [mail] = mail_server.mails
        assert mail["To"] == person.email, "the address we know, not the one typed"
        for part in ("plain", "html"):
            assert "/compte/mot-de-passe/oubli/" in mail.get_body((part,)).get_content()
        assert (asked.state, asked.institution, asked.recipient) == ("sent", person.institution, person.email)

    def test_nothing_leaves_for_an_address_that_nobody_has(self, mail_server):
        closed = UserFactory(is_active=False)
        for address in (closed.email, "personne@valmont.example"):
            reset.ask(address)
            assert outbox.deliver(Message.objects.get().pk) is None
            assert not Message.objects.exists()
        assert mail_server.mails == []

    def test_every_personal_cause_has_its_writer(self):
        assert set(outbox.WRITERS) == Message.PERSONAL

    def test_the_demo_keeps_its_links(self, settings):
        settings.DEMO = True
        settings.DELIVERY_EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
        reset.ask(UserFactory().email)
        asked = Message.objects.get()
        assert outbox.deliver(asked.pk) is True
        asked.refresh_from_db()
        assert "/compte/mot-de-passe/oubli/" in asked.text

    def test_retried_with_back_off_then_parked(self, mail_server, time_machine):
        mail_server.data_answer = "451 4.3.0 Réessayez plus tard"
        message = MessageFactory()
        waits = []
        while True:
            assert outbox.deliver(message.pk) is False
            message.refresh_from_db()
            if message.state == Message.State.FAILED:
                break
            assert outbox.deliver(message.pk) is None, "not due yet"
            waits.append(message.next_attempt_at - timezone.now())
            time_machine.move_to(message.next_attempt_at, tick=False)
        assert waits == sorted(waits)
        assert [round(wait / timedelta(minutes=1)) for wait in waits] == [1, 5, 15, 60, 240, 480, 720]
        assert message.attempts == 8
        assert "451" in message.server_answer
        assert message.next_attempt_at is None

    def test_same_message_id_at_each_attempt(self, mail_server, time_machine):
        message = MessageFactory()
        mail_server.data_answer = "451 no"
        outbox.deliver(message.pk)
        time_machine.move_to(timezone.now() + timedelta(minutes=2))
        mail_server.data_answer = "250 ok"
        before = message.message_id
        assert outbox.deliver(message.pk) is True
        assert mail_server.mails[0]["Message-ID"] == before

    def test_an_address_refused_for_good_is_parked_at_once(self, mail_server, caplog):
        message = MessageFactory()
        mail_server.unknown.add(message.recipient)
        assert outbox.deliver(message.pk) is False
        message.refresh_from_db()
        assert (message.state, message.attempts) == ("failed", 1)
        assert "No such user" in message.server_answer
        assert message.recipient not in caplog.text

    def test_an_unreachable_server_is_retried(self, settings):
        settings.EMAIL_PORT = embedded.free_port()
        message = MessageFactory()
        assert outbox.deliver(message.pk) is False
        message.refresh_from_db()
        assert (message.state, message.attempts) == ("waiting", 1)
        assert "ConnectionRefusedError" in message.server_answer

    def test_replay_gives_parked_messages_a_fresh_start(
        self, mail_server, asked, django_capture_on_commit_callbacks
    ):
        parked = MessageFactory(state=Message.State.FAILED, attempts=8)
        sent = MessageFactory(state=Message.State.SENT)
        with django_capture_on_commit_callbacks(execute=True):
            assert outbox.replay(Message.objects.all()) == 1
        assert asked == [parked.pk]
        assert outbox.deliver(parked.pk) is True
        assert outbox.deliver(sent.pk) is None


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_second_send_once(mail_server):
    mail_server.seconds = 0.3
    message = MessageFactory(institution=InstitutionFactory())
    barrier = Barrier(4)

    def worker(job):
        barrier.wait()
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(worker, lambda: outbox.deliver(message.pk)) for _ in range(3)]
        pool.submit(worker, outbox.sweep_messages).result()
    outcomes = [sender.result() for sender in senders]
    assert len(mail_server.mails) == 1
    assert outcomes.count(True) <= 1
    assert outcomes.count(False) == 0
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("sent", 1)


@pytest.mark.django_db(transaction=True)
def test_two_transactions_with_the_same_cause_write_one_message(template, asked):
    barrier = Barrier(2)

    def cause():
        barrier.wait()
        try:
            return queue("event/1", "a@valmont.example", TEMPLATE, {"number": "1"}).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(cause), pool.submit(cause)
    assert first.result() == second.result() == Message.objects.get().pk


@pytest.mark.django_db
class TestSweep:
    def test_sends_what_is_due_and_nothing_else(self, mail_server):
        now = timezone.now()
        due = [MessageFactory(), MessageFactory(attempts=1, next_attempt_at=now - timedelta(seconds=1))]
        MessageFactory(attempts=1, next_attempt_at=now + timedelta(minutes=5))
        MessageFactory(state=Message.State.FAILED)
        MessageFactory(state=Message.State.SENT)
        outbox.sweep_messages()
        assert {mail["To"] for mail in mail_server.mails} == {message.recipient for message in due}

    def test_a_dead_server_does_not_cost_each_message_an_attempt(self, settings):
        settings.EMAIL_PORT = embedded.free_port()
        MessageFactory.create_batch(10)
        outbox.sweep_messages()
        assert Message.objects.filter(attempts=0).count() == 7

    def test_one_bad_address_does_not_hold_the_others(self, mail_server):
        mail_server.unknown.add("perdu@valmont.example")
        MessageFactory.create_batch(2)
        MessageFactory(recipient="perdu@valmont.example")
        MessageFactory.create_batch(2)
        outbox.sweep_messages()
        assert len(mail_server.mails) == 4
