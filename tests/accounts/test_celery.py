"""The outbox with a real Celery worker, a real Redis and a real mail server."""

import os
import sys
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction

from accounts.mail import outbox
from accounts.models import Message
from pstage import embedded
from tests.factories import UserFactory


@pytest.fixture
def worker(mail_server, transactional_db, tmp_path):
    """Run a Celery worker on the test database until the test ends."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = os.environ | {
        "DATABASE_URL": url.geturl(),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "LOG_LEVEL": "INFO",
    }
    command = [sys.executable, "-m", "celery", "-A", "pstage", "worker", "--pool=solo"]
    with embedded.running("Celery", command, log=tmp_path / "celery.log", environment=environment) as child:
        yield child


def test_a_mail_leaves_after_the_commit_and_once(worker, mail_server):
    user = UserFactory()
    with transaction.atomic():
        message = outbox.queue("event/1", user, "accounts/mails/no_password.txt", {"link": "/"})
    outbox.send_message.delay(message.pk)
    (mail,) = mail_server.wait_for(1)
    assert mail["To"] == user.email
    outbox.sweep_messages.delay()
    with transaction.atomic():
        later = outbox.queue("event/2", user, "accounts/mails/no_password.txt", {"link": "/"})
    mail_server.wait_for(2)
    # The worker takes tasks in order: the repeat and the sweep ran before the second mail.
    assert [mail["Message-ID"] for mail in mail_server.mails] == [message.message_id, later.message_id]


def test_the_sweep_sends_what_the_broker_lost(worker, mail_server, monkeypatch):
    monkeypatch.setattr(outbox, "_ask_to_send", lambda message_id: None)
    with transaction.atomic():
        message = outbox.queue("event/1", UserFactory(), "accounts/mails/no_password.txt", {"link": "/"})
    outbox.sweep_messages.delay()
    mail_server.wait_for(1)
    worker.require_alive()
    embedded.wait_until(lambda: Message.objects.get(pk=message.pk).state == Message.State.SENT, worker)
    assert len(mail_server.mails) == 1
