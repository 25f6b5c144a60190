"""Redis as a cache that may be lost: it then answers as an empty one, at once, and nothing fails."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable
from threading import Lock
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

# How long Redis is left alone after it failed to answer: a page asks it several times.
PAUSE_SECONDS = 5
# A Redis that hangs costs this much, once a pause.
ANSWER_SECONDS = 1.0
# What is still counted while Redis is lost, by each process alone: limits of rate, reports of errors.
COUNTED_ALONE = re.compile(r"^[^:]*:\d+:(allauth:rl|report):")
# What could not be written to Redis is forgotten there when it comes back: up to so many keys.
MOST_STALE = 100_000
LOST = object()


class Alone(LocMemCache):
    """What one process keeps without Redis; keys come complete from the cache that lost it."""

    def make_and_validate_key(self, key: Any, version: int | None = None) -> str:
        return str(key)


class Loss:
    """What one process knows of a Redis that it lost: until when to leave it alone, and what it missed meanwhile."""

    def __init__(self, name: str) -> None:
        self.until = 0.0  # time.monotonic()
        self.stale: dict[str, None] = {}
        self.lock = Lock()
        self.alone = Alone(f"alone:{name}", {})

    @property
    def is_under_way(self) -> bool:
        return time.monotonic() < self.until

    def begin(self, error: Exception) -> None:
        """Leave Redis alone for a while; say so at the first failure of each pause."""
        if not self.is_under_way:
            logger.warning("Redis does not answer, the cache is empty meanwhile: %s", type(error).__name__)
        self.until = time.monotonic() + PAUSE_SECONDS

    def miss(self, keys: Iterable[str]) -> None:
        """Note what Redis may hold that is no longer true: a session that was closed, above all."""
        with self.lock:
            self.stale |= dict.fromkeys(keys)
            while len(self.stale) > MOST_STALE:
                del self.stale[next(iter(self.stale))]

    def taken(self) -> list[str]:
        """Return what was missed, once."""
        with self.lock:
            stale, self.stale = list(self.stale), {}
        return stale


class SurvivingClient:
    """Django's client of Redis, whose every answer is that of an empty cache when Redis gives none."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        # One retry, at once: a connection of the pool may have died with an earlier Redis.
        options = {
            "socket_timeout": ANSWER_SECONDS,
            "socket_connect_timeout": ANSWER_SECONDS,
            "retry": Retry(NoBackoff(), 1),
            **options,
        }
        self.redis: Any = RedisCacheClient(servers, **options)
        self.get_client = self.redis.get_client
        self.loss = Loss(servers[0])

    def _ask(self, what: str, *typed: Any, changes: Iterable[str] = ()) -> Any:
        """Return what Redis answers; LOST when it does not: what would have changed there is then noted."""
        if not self.loss.is_under_way:
            try:
                self._forget_stale()
                return getattr(self.redis, what)(*typed)
            except (RedisError, OSError) as error:
                self.loss.begin(error)
        self.loss.miss(changes)
        return LOST

    def _forget_stale(self) -> None:
        if stale := self.loss.taken():
            try:
                self.redis.delete_many(stale)
            except (RedisError, OSError):
                self.loss.miss(stale)
                raise

    def _alone(self, key: str) -> LocMemCache | None:
        return self.loss.alone if COUNTED_ALONE.match(key) else None

    def add(self, key: str, value: Any, timeout: int | None) -> bool:
        answer = self._ask("add", key, value, timeout, changes=[key])
        if answer is LOST:
            alone = self._alone(key)
            return alone.add(key, value, timeout) if alone else True
        return bool(answer)

    def get(self, key: str, default: Any) -> Any:
        answer = self._ask("get", key, default)
        if answer is LOST:
            alone = self._alone(key)
            return alone.get(key, default) if alone else default
        return answer

    def set(self, key: str, value: Any, timeout: int | None) -> None:
        answer = self._ask("set", key, value, timeout, changes=[key])
        if answer is LOST and (alone := self._alone(key)):
            alone.set(key, value, timeout)

    def touch(self, key: str, timeout: int | None) -> bool:
        answer = self._ask("touch", key, timeout, changes=[key])
        return answer is not LOST and bool(answer)

    def delete(self, key: str) -> bool:
        answer = self._ask("delete", key, changes=[key])
        if answer is LOST:
            alone = self._alone(key)
            return alone.delete(key) if alone else False
        return bool(answer)

    def get_many(self, keys: list[str]) -> dict[str, Any]:
        answer = self._ask("get_many", keys)
        found: dict[str, Any] = {} if answer is LOST else answer
        return found

    def has_key(self, key: str) -> bool:
        answer = self._ask("has_key", key)
        return answer is not LOST and bool(answer)

    def incr(self, key: str, delta: int) -> int:
        """Raise ValueError for a key that is not there, as every cache does."""
        answer = self._ask("incr", key, delta, changes=[key])
        if answer is LOST:
            raise ValueError(f"Key {key!r} not found.")
        return int(answer)

    def set_many(self, data: dict[str, Any], timeout: int | None) -> None:
        self._ask("set_many", data, timeout, changes=data)

    def delete_many(self, keys: Iterable[str]) -> None:
        keys = list(keys)
        self._ask("delete_many", keys, changes=keys)

    def clear(self) -> bool:
        """Empty Redis, and what is counted alone; the tests do."""
        self.loss.alone.clear()
        return self._ask("clear") is not LOST


CLIENTS: dict[str, SurvivingClient] = {}


class SurvivingCache(RedisCache):
    """Django's Redis cache, without which every page still answers."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.server, self.options = server, params.get("OPTIONS", {})

    @property
    def _cache(self) -> Any:
        """One client for all threads of the process: what one learns of a loss, all know."""
        if self.server not in CLIENTS:
            CLIENTS[self.server] = SurvivingClient([self.server], **self.options)
        return CLIENTS[self.server]
