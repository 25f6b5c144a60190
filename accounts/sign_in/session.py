"""The person behind a request, and what is kept of them between two."""

from importlib import import_module

from celery import shared_task
from django.conf import settings
from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Return who is signed in; every page but the public ones has one, by LoginRequiredMiddleware."""
    assert isinstance(request.user, User)
    return request.user


@shared_task(name="accounts.tasks.clear_sessions")
def clear_sessions() -> None:
    """Remove the sessions that are over, and the text that was typed in them."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
