"""Time and memory of ``import_students`` for 60,000 students, on a database of its own: new, again, all changed."""

import csv
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

from pstage import embedded

STUDENTS = 60_000
PROGRAMMES = 200
FOLDER = embedded.VAR / "bench-students"


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "pstage.settings"
    os.environ["PSTAGE_ENVIRONMENT"] = "development"
    os.environ.pop("DATABASE_URL", None)  # never fill somebody's database with invented people
    shutil.rmtree(FOLDER, ignore_errors=True)
    with embedded.services(FOLDER, durable=False) as servers, tempfile.TemporaryDirectory() as folder:
        os.environ |= servers.urls
        django.setup()
        prepare()
        print(f"\n{'import_students, 60,000 lines':<32}{'seconds':>10}{'peak MB':>10}")
        for label, street in [
            ("all new", "rue du Port"),
            ("again", "rue du Port"),
            ("all changed", "quai du Port"),
        ]:
            path = Path(folder) / "students.csv"
            write(path, street)
            start = time.perf_counter()
            command = [sys.executable, "manage.py", "import_students", path]
            subprocess.run(command, check=True, cwd=embedded.BASE_DIR, stdout=subprocess.DEVNULL)
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(f"{label:<32}{seconds:>10.1f}{peak:>10.0f}")
    shutil.rmtree(FOLDER)


def prepare() -> None:
    from django.core.management import call_command

    from tests.factories import ProgrammeFactory, UfrFactory

    call_command("migrate", verbosity=0)
    ufr = UfrFactory()
    for rank in range(PROGRAMMES):
        ProgrammeFactory(ufr=ufr, code=f"P{rank:03d}", version="1")


def write(path: Path, street: str) -> None:
    from organisations.records.student_file import COLUMNS

    first_names, last_names = (
        ["Léa", "Inès", "Hugo", "Jules", "Noé", "Zoé"],
        ["Martin", "Durand", "Leroy", "Moreau", "Garcia"],
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, delimiter=";")
        lines.writerow(COLUMNS)
        for rank in range(STUDENTS):
            lines.writerow(
                [
                    f"2{rank:07d}",
                    f"etudiant{rank}@valmont.example",
                    first_names[rank % len(first_names)],
                    last_names[rank % len(last_names)],
                    f"{1998 + rank % 8}-0{1 + rank % 9}-1{rank % 9}",
                    f"02619{rank % 100_000:05d}",
                    f"perso{rank}@courriel.example",
                    f"{rank % 300} {street}",
                    "",
                    "14000",
                    "Caen",
                    "FR",
                    "2026/2027",
                    f"P{rank % PROGRAMMES:03d}",
                    "1",
                ]
            )


if __name__ == "__main__":
    main()
