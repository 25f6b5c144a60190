"""Loaded by pytest before Django's settings: sets the clock, names this environment, starts the servers it lacks."""

import functools
import ipaddress
import itertools
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage

from pstage import embedded
from tests import clock

clock.start()

# Whether PostgreSQL is one that the tests start and keep to themselves.
owns_its_server = False


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the day of the tests; tests/clock.py reads it first."""
    parser.addoption(
        "--clock",
        type=clock.option,
        default=clock.REFERENCE,
        help=f"the day of the tests, such as 2027-07-20 or 2026-12-31T23:30, or {clock.REAL} "
        f"(default: {clock.REFERENCE})",
    )


def pytest_report_header() -> str:
    """Say which day it is, in the first lines of a run."""
    return f"clock: {os.environ[clock.SET]}"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Run before pytest-django reads the settings; the servers stop when pytest ends."""
    global owns_its_server
    owns_its_server = not os.environ.get("DATABASE_URL")
    keep_inside()
    os.environ |= {"PSTAGE_ENVIRONMENT": "test", "PSTAGE_DEMO": "false", "no_proxy": "127.0.0.1,localhost"}
    if (
        getattr(early_config.known_args_namespace, "numprocesses", None)
        and "PYTEST_XDIST_WORKER" not in os.environ
    ):
        return (yield)  # the processes that it shares the tests among start their own
    servers = ExitStack()
    early_config.add_cleanup(servers.close)
    # Two runs at once, or the processes of one, each need servers of their own: the second takes the next folder.
    for number in itertools.count(1):
        try:
            running = embedded.services(embedded.VAR / f"test-{number}", durable=False)
            os.environ |= servers.enter_context(running).urls
        except embedded.FolderInUseError:
            continue
        break
    return (yield)


class OutsideError(AssertionError):
    """A test tried to reach another machine."""


def keep_inside() -> None:
    """Refuse every connection of Python's own sockets to another machine."""
    socket.socket.connect = inside(socket.socket.connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = inside(socket.socket.connect_ex)  # type: ignore[method-assign]


def inside(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    """Return ``connect``, for addresses of this machine only."""

    @functools.wraps(connect)
    def connect_inside(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not is_here(address[0]):
            self.close()
            raise OutsideError(f"A test reached for {address[0]}")
        return connect(self, address)

    return connect_inside


def is_here(host: str) -> bool:
    """Tell whether a host, by name or number, is this machine."""
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


class SourceStaticFiles(StaticFilesStorage):
    """Static files straight from their sources; naming one that does not exist fails, as in production."""

    def url(self, name: str | None) -> str:
        assert finders.find(name), f"No static file {name!r}"
        return super().url(name)


class QuickHasher(PBKDF2PasswordHasher):
    """What production does a million times, once."""

    iterations = 1


def pytest_configure() -> None:
    """Serve static files without a collectstatic before each run; ask for hashes and plans that are quick to make.

    What a test rolls back is planned again, and on tables of a few rows the best of many joins is not worth its search.
    """
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["tests.environment.QuickHasher"]
    settings.DATABASES["default"]["OPTIONS"]["options"] += " -c join_collapse_limit=1"
    settings.STORAGES["staticfiles"] = {"BACKEND": "tests.environment.SourceStaticFiles"}
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True
