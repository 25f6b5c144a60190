"""Loaded by pytest before Django's settings: names this environment and starts the servers it lacks."""

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage

from pstage import embedded


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Run before pytest-django reads the settings; the servers stop when pytest ends."""
    os.environ |= {"PSTAGE_ENVIRONMENT": "test", "PSTAGE_DEMO": "false"}
    servers = ExitStack()
    early_config.add_cleanup(servers.close)
    # Two runs at once each need servers of their own: the second takes the next folder.
    for number in itertools.count(1):
        try:
            running = embedded.services(embedded.VAR / f"test-{number}", durable=False)
            os.environ |= servers.enter_context(running).urls
        except embedded.FolderInUseError:
            continue
        break
    return (yield)


class SourceStaticFiles(StaticFilesStorage):
    """Static files straight from their sources; naming one that does not exist fails, as in production."""

    def url(self, name: str | None) -> str:
        assert finders.find(name), f"No static file {name!r}"
        return super().url(name)


def pytest_configure() -> None:
    """Serve static files without a collectstatic before each run."""
    from django.conf import settings

    settings.STORAGES["staticfiles"] = {"BACKEND": "tests.environment.SourceStaticFiles"}
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True
