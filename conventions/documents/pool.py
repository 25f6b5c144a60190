"""Printing beside the process that answers pages: WeasyPrint would keep its other threads waiting for seconds."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from conventions.documents.context import Context

# For each process of the web: one print under way, and one that waits for it.
MOST = 2
MOST_SECONDS = 30
# A printer keeps the parts that no agreement changes; what WeasyPrint leaks goes with it.
PRINTS_OF_ONE = 100
# The agreement with its watermark; any other word is the kind of a document.
PREVIEW = "preview"
# What is laid over the pages of a document that was replaced: « words ».
MARK = "mark"

slots = threading.BoundedSemaphore(MOST)


class Busy(Exception):
    """Too many prints are under way here: the page says so, and asks again."""


def printed(kind: str, context: Context) -> bytes:
    """Return the PDF of a context, printed by another process. Raises Busy when it would have to wait long."""
    if not slots.acquire(blocking=False):
        raise Busy
    try:
        under_way = _printer().submit(_print, kind, context)
    except BrokenProcessPool:
        _printer.cache_clear()
        slots.release()
        raise
    except BaseException:
        slots.release()
        raise
    under_way.add_done_callback(lambda _done: slots.release())
    try:
        return under_way.result(MOST_SECONDS)
    except TooLong as error:
        raise Busy from error
    except BrokenProcessPool:
        _printer.cache_clear()
        raise


@lru_cache(maxsize=1)
def _printer() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=django.setup,  # before anything of ours is imported there
        max_tasks_per_child=PRINTS_OF_ONE,
    )


@lru_cache(maxsize=1)
def _end_with(parent: int) -> None:
    """Make a process that prints end with the one that asked, whatever ends it."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _print(kind: str, context: Context) -> bytes:
    from conventions.documents import printing

    _end_with(os.getppid())
    if kind == PREVIEW:
        return printing.render_pdf(context, draft=True)
    if kind == MARK:
        return printing.render_mark(context["words"])
    return printing.render(kind, context)
