"""How often one page may be asked for, by one person or from one address: allauth's limits, typed."""

from collections.abc import Callable
from typing import TypeVar, cast

from allauth.decorators import rate_limit
from django.http.response import HttpResponseBase

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def rate_limited(action: str, *, limit_get: bool = False) -> Callable[[View], View]:
    """Answer 429 beyond what ``ACCOUNT_RATE_LIMITS`` says of an action; reading counts with ``limit_get`` only."""
    return cast("Callable[[View], View]", rate_limit(action=action, limit_get=limit_get))
