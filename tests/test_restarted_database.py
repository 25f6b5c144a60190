"""PostgreSQL is restarted under the site: no more than the requests in flight fail."""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from pstage import embedded, middleware

ADDRESS, PASSWORD = "a@valmont.example", "sous le pont coule la rivière"
SECONDS = 60


class OwnServer:
    """A PostgreSQL that a test restarts."""

    def __init__(self, folder):
        self.folder, self.running = folder, ExitStack()
        self.lock = embedded.take(folder)

    def start(self):
        service = embedded.postgresql(self.folder, self.lock, durable=False)
        self.url, _child = self.running.enter_context(service)

    def stop(self):
        self.running.close()


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL with the tables and an administrator."""
    embedded.VAR.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=embedded.VAR, prefix="test-restart-") as name:
        server = OwnServer(Path(name))
        server.start()
        yield server
        server.stop()
        os.close(server.lock)


@pytest.fixture(scope="module")
def site(server, tmp_path_factory):
    """The site, served by gunicorn with a pool of connections."""
    environment = os.environ | {
        "DATABASE_URL": server.url,
        "DATABASE_POOL_SIZE": "2",
        "DJANGO_SETTINGS_MODULE": "tests.served",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    superuser = f"createsuperuser --no-input --email={ADDRESS} --first_name=A --last_name=B"
    for command in ("migrate --verbosity=0", superuser):
        subprocess.run(
            [sys.executable, "-m", "django", *command.split()],
            env=environment,
            cwd=embedded.BASE_DIR,
            check=True,
        )
    port = embedded.free_port()
    options = f"--worker-class=gthread --workers=2 --threads=2 --no-control-socket --bind=127.0.0.1:{port}"
    gunicorn = [sys.executable, "-m", "gunicorn", *options.split(), "pstage.wsgi"]
    log = tmp_path_factory.mktemp("web") / "web.log"
    with embedded.running("gunicorn", gunicorn, log=log, environment=environment) as child:
        embedded.wait_until(lambda: embedded.healthy(port), child)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def visitor(site):
    with httpx.Client(base_url=site, follow_redirects=True, timeout=SECONDS) as client:
        form = client.get("/compte/connexion/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)[1]
        typed = {"csrfmiddlewaretoken": token, "login": ADDRESS, "password": PASSWORD}
        answer = client.post("/compte/connexion/", data=typed, headers={"Referer": str(form.url)})
        assert answer.status_code == 200
        yield client


PAGES = ("/admin/", "/admin/accounts/user/", "/compte/mot-de-passe/", "/annuaire/")


def test_pooled_connections_are_checked(server, visitor):
    """Each process holds connections that died: none of them answers with an error."""
    for _ in range(8):
        for page in PAGES:
            assert visitor.get(page).status_code == 200
    server.stop()
    server.start()
    found = [visitor.get(page).status_code for _ in range(8) for page in PAGES]
    assert found == [200] * len(found)


def test_under_way_no_more_than_the_requests_in_flight_fail(server, visitor):
    answers = []
    over = threading.Event()

    def visit():
        turn = 0
        while not over.is_set():
            answers.append(visitor.get(PAGES[turn % len(PAGES)]).status_code)
            turn += 1

    people = [threading.Thread(target=visit) for _ in range(3)]
    for person in people:
        person.start()
    time.sleep(1)
    server.stop()
    server.start()
    time.sleep(2)
    over.set()
    for person in people:
        person.join(SECONDS)
    assert len(answers) > len(people) * 2
    assert sum(status != 200 for status in answers) <= len(people)
    assert all(visitor.get(page).status_code == 200 for page in PAGES)


class TestReadAgain:
    @pytest.fixture
    def ask(self, monkeypatch):
        """Return what a request answers when its first try ends with an error of the database."""

        def ask(method, *, usable=False, in_transaction=False):
            known = SimpleNamespace(
                connection=object(),
                is_usable=lambda: usable,
                in_atomic_block=in_transaction,
                close=lambda: None,
            )
            monkeypatch.setattr(middleware, "connection", known)
            request = RequestFactory().generic(method, "/")
            request.resolver_match = SimpleNamespace(
                func=lambda request: HttpResponse("read"), args=(), kwargs={}
            )
            again = middleware.ReadAgainMiddleware(lambda request: HttpResponse())
            return again.process_exception(request, OperationalError("gone"))

        return ask

    def test_a_read_is_done_again_and_nothing_else(self, ask):
        assert ask("GET").content == b"read"
        assert ask("GET", usable=True) is None, "the error was not of the connection"
        assert ask("GET", in_transaction=True) is None
        assert ask("POST") is None
