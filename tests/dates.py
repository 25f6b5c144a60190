"""Run the database tests at each day of the table of ``tests/clock.py``, at those named, or at that of the week.

``python -m tests.dates [DAY … | --of-the-week]``; what follows ``--`` goes to pytest. Ends with 1 when a day failed.
"""

import subprocess
import sys
from argparse import ArgumentParser
from datetime import date, datetime

from tests import clock

PYTEST = [
    "-m",
    "pytest",
    "--numprocesses",
    "auto",
    "--maxprocesses",
    "4",
    "--dist",
    "worksteal",
    "-m",
    "django_db",
    "--quiet",
    "--clock",
]


def of_the_week(today: date) -> str:
    """Return one day of the table: each has its week, in turn."""
    return list(clock.DAYS)[today.toordinal() // 7 % len(clock.DAYS)]


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("days", nargs="*", type=clock.option)
    parser.add_argument("--of-the-week", action="store_true")
    ours, theirs = (sys.argv[1:], [])
    if "--" in ours:
        cut = ours.index("--")
        ours, theirs = ours[:cut], ours[cut + 1 :]
    asked = parser.parse_args(ours)
    days = (
        [of_the_week(datetime.now(clock.PARIS).date())]
        if asked.of_the_week
        else asked.days or list(clock.DAYS)
    )
    failed = []
    for day in days:
        if subprocess.run([sys.executable, *PYTEST, day, *theirs]).returncode:
            failed.append(day)
    sys.exit(f"Failed at {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
