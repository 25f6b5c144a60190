"""What every test starts from: our outbox, an empty cache, nobody signed in; the demo world for who asks."""

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import override_settings
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from accounts.background import Pause
from accounts.mail import outbox
from tests import databases, environment
from tests.fake_register import FakeRegister
from tests.worlds import World

# A busy machine is no failure: what an example may take depends on what else runs.
# The same examples at each run; `--hypothesis-profile=explore` draws others.
hypothesis_settings.register_profile("any machine", deadline=None, derandomize=True)
hypothesis_settings.register_profile("explore", deadline=None)
hypothesis_settings.load_profile("any machine")

DEMO_SETTINGS = {"DEMO": True, "DELIVERY_EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}


@pytest.fixture(autouse=True)
def our_outbox(settings):
    """Django's test runner replaces EMAIL_BACKEND: put the outbox back, it is part of what we test."""
    settings.EMAIL_BACKEND = "accounts.mail.outbox.OutboxBackend"


@pytest.fixture(autouse=True)
def own_transactions(monkeypatch):
    """A mail is written in a transaction of the product: the one that pytest-django opens for a test is none."""
    in_any = outbox.in_transaction

    def in_transaction():
        return in_any() and not transaction.get_connection().atomic_blocks[-1]._from_testcase

    monkeypatch.setattr(outbox, "in_transaction", in_transaction)


@pytest.fixture(autouse=True)
def in_french(settings):
    """A page asked in English leaves its language to the next test of the same thread."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def empty_cache():
    """Rate limits and copies of sessions live in Redis: none outlives its test, nor does a loss of it."""
    Pause.until = 0
    cache.clear()


@pytest.fixture
def world():
    """A small university with one person per role, for a test that has the database."""
    return World()


@pytest.fixture
def register(settings):
    """The public registers of companies, imitated on this machine."""
    with FakeRegister() as register:
        settings.COMPANY_SEARCH_URL = register.company_search_url
        settings.INSEE_URL = register.insee_url
        yield register


@pytest.fixture(scope="session")
def empty_template(django_test_environment, django_db_blocker):
    """The name of a database without rows, to copy: one that has its tables, if the server is ours and may keep it."""
    if not environment.owns_its_server:
        return "template0"
    with django_db_blocker.unblock():
        return databases.migrated()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, empty_template):
    """The tests' own database is a copy; what it lacks is migrated."""
    connection.settings_dict["TEST"]["TEMPLATE"] = empty_template


@pytest.fixture(scope="session")
def demo_media(tmp_path_factory):
    """Where the documents of the demo world are, with those a journey adds."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def demo_template(empty_template, django_db_blocker, demo_media):
    """The name of a database that holds the demo world; never used itself, only copied."""
    with django_db_blocker.unblock(), databases.copied(empty_template, "test_demo_template") as name:
        with databases.connected_to(name), override_settings(MEDIA_ROOT=demo_media, **DEMO_SETTINGS):
            databases.populate()
        yield name


@pytest.fixture
def demo_world(demo_template, demo_media, django_db_blocker, settings):
    """The demo world, committed, in a database that goes with the test: other processes see it too."""
    settings.MEDIA_ROOT = demo_media
    for name, value in DEMO_SETTINGS.items():
        setattr(settings, name, value)
    with (
        django_db_blocker.unblock(),
        databases.copied(demo_template, "test_demo") as name,
        databases.connected_to(name),
    ):
        yield name
