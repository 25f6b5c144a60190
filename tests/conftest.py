"""What every test starts from: our outbox, an empty cache, nobody signed in."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def our_outbox(settings):
    """Django's test runner replaces EMAIL_BACKEND: put the outbox back, it is part of what we test."""
    settings.EMAIL_BACKEND = "accounts.outbox.OutboxBackend"


@pytest.fixture(autouse=True)
def empty_cache():
    """Sessions and rate limits live in Redis: none outlives its test."""
    cache.clear()
