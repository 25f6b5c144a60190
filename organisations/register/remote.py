"""A public service asked over HTTP: never for long, never more often than it allows, left alone while it fails.

What processes share about it is in the cache. A cache that is down remembers nothing, and breaks nothing.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cache as once
from threading import Thread
from time import monotonic, time
from typing import Any, TypeVar

import httpx
import stamina
from django.core.cache import cache
from django.utils.http import parse_http_date_safe
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

TIME_ALLOWED = 2.0  # seconds, second attempt included
LARGEST_BODY = 2 * 1024 * 1024
FAILURES_ALLOWED = 3
PAUSE = 30  # seconds
LONGEST_CLOSURE = 3600
FAILURES_FORGOTTEN = 3600

T = TypeVar("T")


class NoAnswer(Exception):
    """The service was left alone, or gave no answer we can use."""


class Failure(NoAnswer):
    """The service does not work: too many in a row and it is left alone."""


class PassingFailure(Failure):
    """A failure that a second attempt may well not meet."""


def recall(key: str) -> Any:
    """Return what the cache holds under ``key``: None when it holds nothing, or is down."""
    with suppress(RedisError):
        return cache.get(key)
    return None


def remember(key: str, value: Any, seconds: int) -> None:
    """Keep ``value`` in the cache, when there is one."""
    with suppress(RedisError):
        cache.set(key, value, seconds)


@dataclass(frozen=True)
class RemoteService:
    """A service that allows ``requests`` requests in any ``period`` (seconds), all our processes together."""

    name: str
    requests: int
    period: int

    def ask(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        expected: Collection[int] = (200,),
    ) -> tuple[int, Any]:
        """Return the status, one of ``expected``, and the JSON that comes with a 200. Raises NoAnswer."""
        if self._is_left_alone():
            raise NoAnswer("left alone")
        deadline = monotonic() + TIME_ALLOWED
        try:
            status, received, body = self._insist(url, params, headers, deadline)
            data = _json(body) if status == 200 else None
        except Failure as failure:
            self._count_failure()
            logger.warning("%s: %s", self.name, failure)
            raise
        with suppress(RedisError):
            cache.delete_many([self._key("failures"), self._key("pause")])
        if status == 429:
            self._close(received.get("Retry-After", ""))
        if status not in expected:
            logger.warning("%s: HTTP %s", self.name, status)
            raise NoAnswer(f"HTTP {status}")
        return status, data

    def _insist(
        self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None, deadline: float
    ) -> tuple[int, httpx.Headers, bytes]:
        for attempt in stamina.retry_context(
            on=PassingFailure,
            attempts=2,
            timeout=TIME_ALLOWED,
            wait_initial=0.05,
            wait_max=0.2,
            wait_jitter=0.1,
        ):
            with attempt:
                if not self._takes_one_more():
                    raise NoAnswer("budget spent") if attempt.num == 1 else Failure("failed, budget spent")
                return _attempt(url, params, headers, deadline)
        raise AssertionError  # stamina returns or raises

    def _key(self, what: str) -> str:
        return f"remote:{self.name}:{what}"

    def _is_left_alone(self) -> bool:
        """Tell whether the service asked for peace or fails; after a pause, one caller tries it for all."""
        try:
            if cache.get(self._key("closed")):
                return True
            failures: int = cache.get(self._key("failures"), 0)
            return failures >= FAILURES_ALLOWED and not cache.add(self._key("pause"), True, PAUSE)
        except RedisError:
            return False

    def _takes_one_more(self) -> bool:
        """Take one of the budget's slots, each taken for a whole period: no window ever holds more requests."""
        try:
            return any(
                cache.add(self._key(f"slot:{slot}"), True, self.period) for slot in range(self.requests)
            )
        except RedisError:
            return True

    def _count_failure(self) -> None:
        # ValueError: another process has just succeeded and forgotten the count.
        with suppress(RedisError, ValueError):
            cache.add(self._key("failures"), 0, FAILURES_FORGOTTEN)
            if cache.incr(self._key("failures")) >= FAILURES_ALLOWED:
                cache.set(self._key("pause"), True, PAUSE)

    def _close(self, retry_after: str) -> None:
        seconds = _seconds(retry_after) or self.period
        remember(self._key("closed"), True, min(max(seconds, 1), LONGEST_CLOSURE))


def _seconds(retry_after: str) -> int:
    """Return the wait that a Retry-After header asks, a number of seconds or a date; 0 when it says nothing."""
    with suppress(ValueError):
        return int(retry_after)
    date = parse_http_date_safe(retry_after)
    return max(date - int(time()), 1) if date else 0


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Failure("not JSON") from None


def _attempt(
    url: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None, deadline: float
) -> tuple[int, httpx.Headers, bytes]:
    """Ask once; an answer is anything under 300 or from 400 to 499."""
    try:
        status, received, body = _within(
            deadline - monotonic(), lambda: _exchange(url, params, headers, deadline)
        )
    except (TimeoutError, httpx.TimeoutException):
        raise Failure("time-out") from None
    except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
        raise PassingFailure(type(error).__name__) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Failure(type(error).__name__) from None
    if status >= 500:
        raise PassingFailure(f"HTTP {status}")
    if 300 <= status < 400:
        raise Failure(f"HTTP {status}")
    return status, received, body


def _exchange(
    url: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None, deadline: float
) -> tuple[int, httpx.Headers, bytes]:
    body = b""
    timeout = max(deadline - monotonic(), 0.01)
    with _client().stream("GET", url, params=params, headers=headers, timeout=timeout) as response:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise Failure("body too large")
            if monotonic() > deadline:
                raise TimeoutError
        return response.status_code, response.headers, body


def _within(seconds: float, work: Callable[[], T]) -> T:
    """Return what ``work`` returns or raise TimeoutError, whatever holds it.

    httpx bounds each read, not their sum, and nothing bounds the resolution of a name. A thread left behind
    ends with its connection; the client's limit on these bounds their number.
    """
    if seconds <= 0:
        raise TimeoutError
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="remote", daemon=True).start()
    return future.result(seconds)


@once
def _client() -> httpx.Client:
    # Uncompressed: what LARGEST_BODY bounds is then what we hold.
    return httpx.Client(
        headers={"User-Agent": "pstage", "Accept": "application/json", "Accept-Encoding": "identity"},
        limits=httpx.Limits(max_connections=20),
    )


# A connection belongs to one process.
os.register_at_fork(after_in_child=_client.cache_clear)
