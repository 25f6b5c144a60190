"""A browser, the site and a worker, on the demo world: what people really use, from end to end."""

import os
import shutil
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings as project
from django.db.models import Value
from django.db.models.functions import Replace
from django.test import Client
from playwright.sync_api import expect, sync_playwright
from pytest_django.live_server_helper import LiveServer
from redis import Redis

from accounts.models import Message, User
from conventions import demo
from pstage import embedded
from tests import clock
from tests.journeys.person import Person

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PATIENCE = 15_000  # milliseconds: a busy machine is slow, not broken
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(autouse=True)
def empty_cache():
    """Forget sessions and rate limits; the worker keeps its queues, which share their Redis."""
    with Redis.from_url(project.REDIS_URL) as redis:
        for key in redis.scan_iter(":*"):
            redis.delete(key)


@pytest.fixture(scope="package")
def browser():
    """One Chromium for all journeys."""
    # Playwright's loop runs in this thread, and Django would refuse our own queries beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env=clock.real())
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="package")
def server():
    """The web server, in this process: an undefined template variable fails here too."""
    server = LiveServer("127.0.0.1")
    yield server
    server.stop()


@pytest.fixture(scope="package")
def worker(demo_template, demo_media, server, tmp_path_factory):
    """A real Celery worker: it sends the mails and prints the documents."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path="/test_demo")
    environment = os.environ | {
        "DATABASE_URL": database.geturl(),
        "MEDIA_ROOT": str(demo_media),
        "PSTAGE_DEMO": "true",
        "LOG_LEVEL": "INFO",
    }
    command = [sys.executable, "-m", "celery", "-A", "pstage", "worker", "--pool=solo"]
    log = tmp_path_factory.mktemp("worker") / "celery.log"
    with embedded.running("Celery", command, log=log, environment=environment) as child:
        yield child


@pytest.fixture
def people(demo_world, browser, server, settings):
    """Return a function that seats somebody at a browser of their own, signed in when named by an e-mail.

    At the end every page they saw must have kept quiet: no error of script, style, policy or server.
    """
    # The mails of the demo world were written before this server had an address.
    Message.objects.update(text=Replace("text", Value(settings.SITE_URL), Value(server.url)))
    settings.SITE_URL = server.url
    seated = []

    def window(device, **options):
        context = browser.new_context(
            base_url=server.url,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
            **device,
            **options,
        )
        context.set_default_timeout(PATIENCE)
        return context.new_page()

    def seat(email="", device=DESKTOP, who=Person, scripts=True):
        page = window(device, java_script_enabled=scripts)
        person = who(page, touches=device is PHONE, twin=None if scripts else window(device))
        seated.append(person)
        if email:
            visitor = Client()
            visitor.force_login(User.objects.get(email=f"{email}@{demo.DOMAIN}"))
            session = visitor.cookies[settings.SESSION_COOKIE_NAME].value
            page.context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": server.url}]
            )
            person.goes_to("/")
        return person

    yield seat
    for context in browser.contexts:
        context.close()
    assert [complaint for person in seated for complaint in person.complaints] == []
