"""The role of the web and the workers: it reads and writes rows, and cannot undo what freezes them."""

from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import ProgrammingError
from django.http import HttpResponse

from accounts import checks, rights
from conventions.models import Convention, Status
from pstage.middleware import KnownProxyMiddleware
from tests.worlds import World

ROLE = "pstage_app_of_a_test"


@pytest.fixture
def role(settings):
    """Make the role; it goes with the transaction of the test."""
    settings.APPLICATION_DATABASE_URL = f"postgresql://{ROLE}:s3cret@postgres/pstage"
    call_command("grant_rights", verbosity=0)
    return ROLE


@contextmanager
def acting_as(role):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield cursor
        cursor.execute("RESET ROLE")


@pytest.mark.django_db
class TestRole:
    @pytest.mark.parametrize(
        "attempt",
        [
            "ALTER TABLE conventions_convention DISABLE TRIGGER ALL",
            "TRUNCATE conventions_event",
            "DROP TABLE conventions_event CASCADE",
            "SET session_replication_role = replica",
            "CREATE TABLE public.mine (id int)",
            "DELETE FROM django_migrations",
            "SELECT setval('conventions_event_id_seq', 1)",
            "CREATE ROLE another SUPERUSER",
            "ALTER ROLE pstage_app_of_a_test SUPERUSER",
        ],
    )
    def test_it_cannot_undo_the_freeze(self, role, attempt):
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner|attribute"),
            acting_as(role) as cursor,
        ):
            cursor.execute(attempt)

    def test_it_does_all_that_people_do(self, role):
        with acting_as(role):
            world = World()
            convention = world.convention_in(Status.SIGNED)
            assert Convention.objects.filter(pk=convention.pk).exists()
            assert rights.excess() == []

    def test_one_that_is_too_strong_is_told(self, role, settings, caplog):
        settings.PRODUCTION = True
        [warning] = checks.role_is_weak(databases=["default"])
        assert warning.id == "pstage.W002"
        checks.warn_at_start()
        assert "superuser, owner, truncate" in caplog.text
        with acting_as(role):
            assert checks.role_is_weak(databases=["default"]) == []

    @pytest.mark.parametrize(
        "url", ["", "postgresql://pstage@postgres/pstage", "postgresql://postgres:x@h/d"]
    )
    def test_a_role_must_be_named_and_not_be_the_owner(self, settings, url):
        settings.APPLICATION_DATABASE_URL = url
        with pytest.raises(CommandError):
            call_command("grant_rights")


class TestProxy:
    def test_one_nobody_told_us_of_is_named(self, settings, rf):
        settings.SECURE_SSL_REDIRECT, settings.SECURE_PROXY_SSL_HEADER = True, None
        assert [warning.id for warning in checks.knows_its_proxy()] == ["pstage.W001"]
        middleware = KnownProxyMiddleware(lambda request: HttpResponse("page"))
        through = middleware(rf.get("/", headers={"x-forwarded-proto": "https"}))
        assert through.status_code == 503
        assert b"TRUSTED_PROXY_COUNT" in through.content
        assert middleware(rf.get("/")).content == b"page"
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        assert checks.knows_its_proxy() == []
        assert middleware(rf.get("/", headers={"x-forwarded-proto": "https"})).content == b"page"
