"""Loaded by pytest before Django's settings: names this environment and starts the servers it lacks."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from pstage import embedded


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Run before pytest-django reads the settings; the servers stop when pytest ends."""
    os.environ["PSTAGE_ENVIRONMENT"] = "test"
    servers = ExitStack()
    early_config.add_cleanup(servers.close)
    # Two runs at once each need servers of their own: the second takes the next folder.
    for number in range(1, 100):
        try:
            urls = servers.enter_context(embedded.services(embedded.VAR / f"test-{number}", durable=False))
        except embedded.FolderInUseError:
            continue
        os.environ.update(urls)
        break
    return (yield)
