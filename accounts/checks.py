"""What ``manage.py check`` says of a production that would not be safe, or would not answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import DatabaseError

from accounts import rights

logger = logging.getLogger(__name__)

STRONG_ROLE = (
    "The role of PostgreSQL that pstage runs with passes the freeze of agreements (%s): only migrations need it. "
    "See « What the database refuses » in docs/deployment.md."
)
REDIRECTS = (
    "TRUSTED_PROXY_COUNT is 0: behind a proxy that does HTTPS, every page would redirect to itself. Give the number of "
    "proxies in front, 1 as a rule; 0 only when gunicorn does HTTPS itself."
)


@register(Tags.security, deploy=True)
def knows_its_proxy(app_configs: object = None, **_options: Any) -> list[CheckMessage]:
    """Warn of the loop of redirections that a proxy nobody told us of makes."""
    if settings.SECURE_SSL_REDIRECT and settings.SECURE_PROXY_SSL_HEADER is None:
        return [checks.Warning(REDIRECTS, id="pstage.W001")]
    return []


@register(Tags.database)
def role_is_weak(
    app_configs: object = None, databases: Sequence[str] | None = None, **_options: Any
) -> list[CheckMessage]:
    """Warn when this role could undo the freeze; ``manage.py check --database default``."""
    if not settings.PRODUCTION or not databases:
        return []
    found = rights.excess()
    return [checks.Warning(STRONG_ROLE % ", ".join(found), id="pstage.W002")] if found else []


def warn_at_start() -> None:
    """Say in the log of a web server or of a worker that its role is too strong; a lost database is said elsewhere."""
    if settings.PRODUCTION:
        try:
            found = rights.excess()
        except DatabaseError:
            return
        if found:
            logger.warning(STRONG_ROLE, ", ".join(found))
