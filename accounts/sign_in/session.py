"""The person behind a request."""

from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Return who is signed in; every page but the public ones has one, by LoginRequiredMiddleware."""
    assert isinstance(request.user, User)
    return request.user
