"""Time of the law: one agreement reviewed, ten thousand by ``review_convention --all``, one among a hundred thousand.

It fills a database of its own, where students have two agreements a year, teachers 24 trainees and tutors three.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from copy import copy
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

import django
import pgtrigger

from pstage import embedded

A_YEAR = 10_000
YEARS = 10
LAST_YEAR = 2026
RUNS = 300
FOLDER = embedded.VAR / "bench-law"
BY_STUDENT, BY_TUTOR, BY_REFERENT = 2, 3, 24  # agreements a year
BY_HOST = 6
IN_LARGEST_HOST = 50  # one agreement in so many
WITH_ABSENCE = 10  # one agreement in so many
MILLISECONDS = 1000


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "pstage.settings"
    os.environ["PSTAGE_ENVIRONMENT"] = "development"
    os.environ.pop("DATABASE_URL", None)  # never fill somebody's database with invented people
    shutil.rmtree(FOLDER, ignore_errors=True)
    with embedded.services(FOLDER, durable=False) as servers:
        os.environ |= servers.urls
        django.setup()
        world = World()
        world.add_year(LAST_YEAR)
        one_agreement(A_YEAR, world.year_of(LAST_YEAR))
        print(f"\n{'review_convention --all':<38}{'seconds':>10}{'peak MB':>10}   (goal: 60 s)")
        review_all()
        for year in range(LAST_YEAR - YEARS + 1, LAST_YEAR):
            world.add_year(year)
        one_agreement(A_YEAR * YEARS, world.year_of(LAST_YEAR))
    shutil.rmtree(FOLDER)


class Cohort(NamedTuple):
    students: list
    services: list
    tutors: list


class World:
    """A university; each year adds as many agreements, and every second year new students, hosts and tutors."""

    def __init__(self) -> None:
        from django.core.management import call_command
        from django.utils import timezone

        from conventions.models import HourlyCeiling
        from tests import factories

        call_command("migrate", verbosity=0)
        HourlyCeiling.objects.bulk_create(
            HourlyCeiling(year=year, amount=30) for year in range(LAST_YEAR - YEARS, LAST_YEAR + 1)
        )
        self.model = factories.ConventionFactory(
            complete=True, leave_terms="Un jour par mois.", submitted_at=timezone.now()
        )
        self.ufr = self.model.enrolment.programme.ufr
        users = self.bulk(
            factories.UserFactory.build(
                institution=self.model.institution, email=f"enseignant{rank}@v.example"
            )
            for rank in range(A_YEAR // BY_REFERENT + 1)
        )
        self.teachers = self.bulk(factories.TeacherFactory.build(user=user, ufr=self.ufr) for user in users)
        self.cohorts = {}
        self.hours = {}

    @staticmethod
    def bulk(rows):
        rows = list(rows)
        return type(rows[0]).objects.bulk_create(rows, batch_size=500)

    def add_year(self, year: int) -> None:
        from django.db import connection

        from conventions.models import Convention, Interruption, Status
        from tests import factories

        cohort = self.cohort((LAST_YEAR - year) // 2)
        programme = self.model.enrolment.programme
        enrolments = self.bulk(
            factories.EnrolmentFactory.build(student=student, programme=programme, academic_year=year)
            for student in cohort.students
        )
        rows = []
        for rank in range(A_YEAR):
            row = copy(self.model)
            row._state = copy(row._state)
            row.pk, row.number, row.search_key = None, f"{year + 1}-{rank:06d}", f"{year} {rank}"
            row.enrolment = enrolments[rank // BY_STUDENT]
            row.student = row.enrolment.student
            row.teacher = self.teachers[rank % len(self.teachers)]
            row.tutor = row.signatory = cohort.tutors[rank // BY_TUTOR]
            row.service = self.largest if rank % IN_LARGEST_HOST == 0 else cohort.services[rank // BY_HOST]
            row.organisation = row.service.organisation
            weeks = timedelta(weeks=rank % 9)
            if rank % BY_STUDENT:
                row.start = date(year + 1, 2, 1) + weeks
                row.end = row.start + timedelta(weeks=16, days=-3)
            else:
                row.start = date(year, 9, 7) + weeks
                row.end = row.start + timedelta(weeks=8, days=-3)
            row.hours_computed = self.presence(row)
            row.status = Status.SUBMITTED
            rows.append(row)
        # A million agreements are loaded as they stand: nobody submits them one by one.
        with pgtrigger.ignore("conventions.Convention:begin_as_draft"):
            rows = self.bulk(rows)
        self.bulk(
            Interruption(convention=row, start=row.start, end=row.start + timedelta(days=3))
            for row in rows[::WITH_ABSENCE]
        )
        with pgtrigger.ignore("conventions.Convention:freeze_content"):
            Convention.objects.filter(number__startswith=f"{year + 1}-").update(status=Status.SIGNED)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def cohort(self, rank: int) -> Cohort:
        """Return the students, hosts and tutors of two years."""
        from tests import factories

        if rank in self.cohorts:
            return self.cohorts[rank]
        host, institution = self.model.organisation, self.model.institution
        users = self.bulk(
            factories.UserFactory.build(institution=institution, email=f"etudiant{rank}-{one}@v.example")
            for one in range(A_YEAR // BY_STUDENT)
        )
        shared = {name: getattr(host, name) for name in ("legal_form", "naf_code", "headcount_band")}
        first = 500_000_000 + rank * A_YEAR
        # One legal entity in two has a second establishment.
        hosts = self.bulk(
            factories.OrganisationFactory.build(siret=f"{first + one * 2 // 3}{one % 3:05d}", **shared)
            for one in range(A_YEAR // BY_HOST + 1)
        )
        self.cohorts[rank] = Cohort(
            self.bulk(factories.StudentFactory.build(user=user) for user in users),
            self.bulk(factories.ServiceFactory.build(organisation=host) for host in hosts),
            self.bulk(
                factories.ContactFactory.build(
                    organisation=hosts[one * BY_TUTOR // BY_HOST], email=f"tuteur{rank}-{one}@v.example"
                )
                for one in range(A_YEAR // BY_TUTOR + 1)
            ),
        )
        return self.cohorts[rank]

    @property
    def largest(self):
        return self.model.service

    def presence(self, row):
        """Return the hours of presence of a row that is not stored yet."""
        from conventions import calendar

        key = (row.start, row.end)
        if key not in self.hours:
            week = calendar.spread(row.weekly_hours, row.working_days)
            schedule = calendar.Schedule((calendar.WorkPeriod(row.start, row.end, week),))
            self.hours[key] = schedule.timesheet.presence
        return self.hours[key]

    def year_of(self, year: int):
        """Return the agreements of a year, one of the largest host first."""
        from conventions.models import Convention

        return Convention.objects.filter(number__startswith=f"{year + 1}-").order_by("number")


def one_agreement(stored, agreements) -> None:
    """Print median and 95th percentile of what one review costs: the rules, the facts, the rows."""
    from conventions import law, legality
    from conventions.models import Convention

    keys = list(agreements.values_list("pk", flat=True))[:: A_YEAR // RUNS]
    amounts = legality.amounts()
    detail = Convention.objects.for_detail()
    rules, facts, whole = [], [], []
    for pk in keys:
        start = time.perf_counter()
        convention = detail.get(pk=pk)
        loaded = time.perf_counter()
        case = legality.case_of(convention)
        built = time.perf_counter()
        law.findings(case)
        whole.append(time.perf_counter() - start)
        facts.append(built - loaded)
        # A schedule keeps what it computed: a copy computes it again.
        stage = case.facts.stage
        afresh = replace(case.facts, stage=replace(stage, schedule=replace(stage.schedule)))
        start = time.perf_counter()
        law.review(afresh, amounts)
        rules.append(time.perf_counter() - start)
    print(f"\n{f'one of {stored:,} agreements':<38}{'median':>10}{'p95':>10}   ({len(keys)} agreements)")
    for label, times in [
        ("review(), facts in hand (goal: 5 ms)", rules),
        ("facts from the loaded row", facts),
        ("row, facts and review", whole),
    ]:
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"{label:<38}{statistics.median(times) * MILLISECONDS:>7.1f} ms{p95 * MILLISECONDS:>7.1f} ms")


def review_all() -> None:
    start = time.perf_counter()
    command = [sys.executable, "manage.py", "review_convention", "--all"]
    subprocess.run(command, check=True, cwd=embedded.BASE_DIR, stdout=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{f'{A_YEAR:,} agreements':<38}{time.perf_counter() - start:>10.1f}{peak:>10.0f}")


if __name__ == "__main__":
    main()
