"""List the agreements kept for as long as they may be; with --apply, anonymise them, and forget their students."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import Institution
from conventions.retention import purging


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--institution", help="only the one with this name; all of them otherwise")
        parser.add_argument(
            "--apply", action="store_true", help="anonymise what is listed: nothing brings it back"
        )

    def handle(self, *args: Any, institution: str | None, apply: bool, **options: Any) -> None:
        today = timezone.localdate()
        chosen = Institution.objects.order_by("pk")
        if institution is not None:
            chosen = chosen.filter(pk=Institution.objects.get(name=institution).pk)
        for one in chosen:
            if apply:
                done = purging.purge_due(one, today, by=None)
                self.stdout.write(
                    f"{one}: {done.agreements} anonymised, {done.people} people forgotten, {done.failed} failed."
                )
                continue
            count = 0
            for line in purging.purgeable_rows(one, today):
                self.stdout.write("\t".join("" if value is None else str(value) for value in line))
                count += 1
            people = purging.people_due(one, today).count()
            self.stdout.write(f"{one}: {count} agreements and {people} people are due.")
