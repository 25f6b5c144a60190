"""Redis stops, hangs and comes back: nobody meets an error, nobody is signed out, and what waited is done after."""

import os
import re
import shutil
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import connection
from django.urls import reverse
from redis import Redis
from redis.exceptions import RedisError

from accounts.mail import outbox
from accounts.models import Message
from conventions import documents
from conventions.models import Convention, Document, Status
from pstage import cache as surviving
from pstage import embedded
from pstage.cache import SurvivingCache
from pstage.celery import app
from tests import clock
from tests.conventions.wizard.posting import content_of
from tests.factories import PASSWORD, UserFactory
from tests.worlds import World

EVERY = 0.5  # seconds between two requests
BEFORE, LOST, AFTER = 3, 8, 8  # seconds


class OwnRedis:
    """A Redis that a test stops and starts again at the same address, as it was or empty."""

    def __init__(self, folder):
        self.folder, self.port, self.running = folder, embedded.free_port(), ExitStack()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        log, ours = self.folder / "redis.log", clock.real()
        service = embedded.running("Redis", [*command, "--save", "60 1"], log=log, environment=ours)
        child = self.running.enter_context(service)
        embedded.wait_until(self.answers, child)

    def answers(self):
        with Redis.from_url(self.url) as client, suppress(RedisError):
            return client.ping()

    def stop(self):
        self.running.close()


@pytest.fixture
def redis(tmp_path):
    assert shutil.which("redis-server")
    redis = OwnRedis(tmp_path)
    redis.start()
    yield redis
    if client := surviving.CLIENTS.pop(redis.url, None):
        client.get_client().connection_pool.disconnect()
    redis.stop()


@pytest.fixture
def broken(monkeypatch):
    """A cache whose Redis is nowhere."""
    return SurvivingCache(f"redis://127.0.0.1:{embedded.free_port()}/0", {})


class TestCache:
    def test_it_answers_as_an_empty_one(self, broken):
        broken.set("a", 1)
        assert broken.get("a", "nothing") == "nothing"
        assert broken.get_many(["a"]) == {}
        assert "a" not in broken
        assert broken.add("a", 1) is True
        assert not broken.touch("a")
        assert not broken.delete("a")
        broken.set_many({"a": 1})
        broken.delete_many(["a"])
        assert broken.get_or_set("a", lambda: 7) == 7
        with pytest.raises(ValueError, match="not found"):
            broken.incr("a")

    def test_limits_are_counted_by_the_process(self, broken):
        assert broken.add("allauth:rl:x:lock", True, 10) is True
        assert broken.add("allauth:rl:x:lock", True, 10) is False
        broken.set("allauth:rl:x", [1.0], 60)
        assert broken.get("allauth:rl:x") == [1.0]
        broken.delete("allauth:rl:x:lock")
        assert broken.add("allauth:rl:x:lock", True, 10) is True

    def test_one_that_hangs_costs_a_moment_once(self):
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            hanging = SurvivingCache(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0", {})
            start = time.monotonic()
            for _ in range(50):
                assert hanging.get("a") is None
            assert time.monotonic() - start < 3 * surviving.ANSWER_SECONDS

    def test_what_was_closed_meanwhile_does_not_come_back(self, redis, monkeypatch):
        monkeypatch.setattr(surviving, "PAUSE_SECONDS", 0.2)
        survivor = SurvivingCache(redis.url, {})
        survivor.set_many({"session": "somebody", "other": "kept"}, 600)
        redis.stop()
        survivor.delete("session")
        assert survivor.get("session") is None
        redis.start()
        time.sleep(0.3)
        with Redis.from_url(redis.url) as client:
            assert client.exists(":1:session"), "it survived the restart"
        assert survivor.get("other") == "kept"
        assert survivor.get("session") is None


@pytest.fixture
def site(redis, transactional_db, live_server, settings, monkeypatch):
    """The site, with this Redis as its cache and broker."""
    default = settings.CACHES["default"]
    settings.CACHES = {"default": default | {"LOCATION": redis.url}}
    monkeypatch.setattr(app.conf, "broker_write_url", redis.url)
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    yield live_server.url
    app.pool.force_close_all()


@pytest.fixture
def worker(site, redis, tmp_path, settings):
    """A real worker, whose mails go nowhere."""
    database = connection.settings_dict
    environment = of_database(database["NAME"]) | {
        "REDIS_URL": redis.url,
        "PSTAGE_DEMO": "true",
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "LOG_LEVEL": "INFO",
    }
    command = [sys.executable, "-m", "celery", "-A", "pstage", "worker", "--pool=solo"]
    with embedded.running("Celery", command, log=tmp_path / "celery.log", environment=environment) as child:
        yield child


def of_database(name):
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")
    return os.environ | {"DATABASE_URL": url.geturl()}


class Visitor:
    """Somebody at a browser, without scripts."""

    def __init__(self, site, email, password=PASSWORD):
        self.client = httpx.Client(base_url=site, follow_redirects=True, timeout=20)
        self.answer = self.post(reverse("account_login"), {"login": email, "password": password})

    def post(self, url, typed):
        form = self.client.get(url)
        hidden = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', form.text))
        return self.client.post(url, data={**hidden, **typed}, headers={"Referer": str(form.url)})

    def get(self, url):
        return self.client.get(url)


@pytest.fixture
def visitor(site):
    """Return a function that seats somebody, signed in with a password."""
    with ExitStack() as seated:

        def seat(*credentials):
            somebody = Visitor(site, *credentials)
            seated.callback(somebody.client.close)
            return somebody

        yield seat


def is_well(answer):
    """Neither an error nor the page of the sign-in."""
    return answer.status_code == 200 and reverse("account_login") not in str(answer.url)


def test_nobody_notices(visitor, redis, worker, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    world, other = World(), World()
    draft, submitted = world.draft(), other.convention_in(Status.SUBMITTED)
    student, manager = visitor(world.people["student"].email), visitor(other.people["manager"].email)
    assert is_well(student.answer)
    assert is_well(manager.answer)
    step, typed = reverse("conventions:step", args=[draft.pk, "contenu"]), content_of(draft)
    visits = [
        lambda: student.get(reverse("home")),
        lambda: student.post(step, typed | {"subject": f"Étude {time.time()}"}),
        lambda: manager.get(reverse("conventions:detail", args=[submitted.pk])),
        lambda: manager.get(reverse("conventions:list")),
        lambda: student.get(step),
    ]
    answers, slowest = [], 0.0

    def visit(seconds):
        nonlocal slowest
        until, turn = time.monotonic() + seconds, 0
        while (start := time.monotonic()) < until:
            answers.append(visits[turn % len(visits)]())
            turn += 1
            slowest = max(slowest, time.monotonic() - start)
            time.sleep(max(0.0, EVERY - (time.monotonic() - start)))

    visit(BEFORE)
    redis.stop()
    with ThreadPoolExecutor(1) as meanwhile:
        visiting = meanwhile.submit(visit, LOST)
        act = reverse("conventions:act", args=[submitted.pk, "validate"])
        validated = manager.post(act, {"comment": "Vu."})
        newcomer = visitor(UserFactory().email)
        guesses = [visitor(UserFactory(email="proie@valmont.example").email, "faux").answer]
        guesses += [visitor("proie@valmont.example", "faux").answer for _ in range(5)]
        visiting.result()
    assert is_well(newcomer.answer), "one may sign in"
    assert "Trop de tentatives" in guesses[-1].text, "and may not guess"
    assert is_well(validated)
    submitted.refresh_from_db()
    assert submitted.status == Status.VALIDATED
    assert Message.objects.filter(state=Message.State.WAITING).exists()
    assert not submitted.documents.get().is_ready
    redis.start()
    visit(AFTER)
    assert [(answer.url, answer.status_code) for answer in answers if not is_well(answer)] == []
    assert is_well(newcomer.get(reverse("home")))
    assert slowest < 5
    # Beat asks for these each minute.
    outbox.sweep_messages.delay()
    documents.sweep_documents.delay()
    embedded.wait_until(lambda: not Message.objects.exclude(state=Message.State.SENT).exists(), worker)
    embedded.wait_until(lambda: Document.objects.get(convention=submitted).is_ready, worker)
    assert Convention.objects.get(pk=draft.pk).subject.startswith("Étude ")
