"""The browsers that somebody signed in from: wrong guesses made elsewhere do not close the door to them."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import get_random_string

from accounts.folding import fold

COOKIE = "__Host-device" if settings.PRODUCTION else "device"
SALT = "accounts.device"
KEPT_SECONDS = 365 * 24 * 3600


def remember(response: HttpResponseBase, email: str) -> None:
    """Make the browser that gets this answer a known one of this address: its owner has just proved who they are."""
    response.set_cookie(
        COOKIE,
        signing.dumps([_digest(email), get_random_string(12)], salt=SALT),
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def known(request: HttpRequest, email: str) -> str:
    """Return what names this browser when the owner of an address signed in from it; nothing otherwise."""
    try:
        owner, name = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT_SECONDS)
    except (signing.BadSignature, ValueError):
        return ""
    return str(name) if owner == _digest(email) else ""


def _digest(email: str) -> str:
    return hashlib.sha256(fold(email).encode()).hexdigest()[:32]
