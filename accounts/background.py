"""Handing work to a worker: a page never fails, nor waits twice, because the broker is lost."""

from __future__ import annotations

import time
from typing import Any

from celery import Task
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

# How long this process leaves a lost broker alone: a page may hand over several things.
PAUSE_SECONDS = 5


class BrokerLost(Exception):
    """Nobody took the task: whoever asked must find it again by itself, in the database."""


class Pause:
    """Until when the broker is left alone, for the whole process."""

    until = 0.0  # time.monotonic()


def hand_over(task: Task[Any, Any], *arguments: Any) -> None:
    """Give a task to a worker. Raises BrokerLost, at once when the broker was lost a moment ago."""
    if time.monotonic() < Pause.until:
        raise BrokerLost("left alone for a moment")
    try:
        task.delay(*arguments)
    except (KombuError, OperationalError, RedisError, OSError) as error:
        Pause.until = time.monotonic() + PAUSE_SECONDS
        raise BrokerLost(f"{type(error).__name__}: {error}") from error
