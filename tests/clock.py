"""One clock for a whole run: the tests, PostgreSQL, Redis, and every program that they start.

libfaketime moves it, for a process and all those under it; the browser alone keeps the machine's.
"""

import importlib.util
import os
import sys
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
REFERENCE = "2027-01-12T10:00"
REAL = "real"
SET = "PSTAGE_TEST_CLOCK"

# When a rule of dates or a test that assumed a day shows: `make test-dates`.
DAYS = {
    "2026-11-30T04:00": "three weeks before Christmas, a Monday before offices open",
    "2026-12-21T10:00": "week of Christmas",
    "2026-12-28T10:00": "week between the two feasts",
    "2026-12-31T23:30": "last half hour of a year",
    "2027-01-01T10:00": "1 January",
    "2027-01-04T10:00": "first working day of January",
    "2027-01-05T00:10": "second one, just after midnight",
    "2027-02-28T10:00": "28 February, a Sunday",
    "2027-03-28T01:50": "night of the change to summer time",
    "2027-04-12T10:00": "a Monday of spring, three weeks before 1 May",
    "2027-05-01T10:00": "1 May",
    "2027-05-06T10:00": "Ascension",
    "2027-07-14T10:00": "14 July",
    "2027-07-20T10:00": "six weeks before the end of the academic year",
    "2027-08-31T10:00": "last day of the academic year",
    "2027-09-01T10:00": "first day of the academic year",
    "2027-10-31T02:50": "night of the change to winter time",
    "2027-11-01T10:00": "1 November, a Monday",
    "2028-02-29T10:00": "29 February",
}


def option(value: str) -> str:
    """Return a moment of Paris in ISO 8601 (a day begins at 10:00), or ``real``; raise ValueError for neither."""
    if value == REAL:
        return value
    moment = datetime.fromisoformat(value)
    return (moment.replace(hour=10) if "T" not in value else moment).isoformat(timespec="minutes")


def asked() -> str:
    """Return the clock that the command line asks for; on a database of yours, the machine's unless it asks."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--clock", type=option, default=REAL if os.environ.get("DATABASE_URL") else REFERENCE)
    return parser.parse_known_args(sys.argv[1:])[0].clock


def start() -> None:
    """Begin this process again under the clock asked for, unless it already runs under one."""
    if SET in os.environ:
        return
    os.environ[SET] = clock = asked()
    if clock == REAL:
        return
    there = datetime.fromisoformat(clock).replace(tzinfo=PARIS)
    os.environ |= {
        "LD_PRELOAD": str(library()),
        "FAKETIME": f"{(there - datetime.now(PARIS)).total_seconds():+.0f}",
        "DONT_FAKE_MONOTONIC": "1",  # a time-out lasts as long as it says
        # A thread waits for Python's lock 5 ms at a time: libfaketime would add the days between the two clocks.
        "FAKETIME_WAIT_MS": "5",
        "NO_FAKE_STAT": "1",  # Python compares its compiled files with the dates of their sources
    }
    os.execv(sys.executable, sys.orig_argv)


def library() -> Path:
    """Return the library to load before all others; its own Python would patch what it can reach from there."""
    package = importlib.util.find_spec("libfaketime")
    assert package, "libfaketime comes with requirements-dev.txt"
    [found] = Path(package.submodule_search_locations[0]).rglob("libfaketime.so.1")
    return found


def real() -> dict[str, str]:
    """Return the environment of a program that keeps the machine's clock."""
    return {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
