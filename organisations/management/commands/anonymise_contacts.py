"""List the contacts that are due to be anonymised; with --apply, do what the monthly task does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from organisations import retention


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--apply",
            action="store_true",
            help="anonymise those listed a month ago, then list those who are due",
        )

    def handle(self, *args: Any, apply: bool, **options: Any) -> None:
        today = timezone.localdate()
        if apply:
            self.stdout.write(f"{retention.anonymise_listed(today)} anonymised.")
            self.stdout.write(f"{retention.list_due(today)} more listed.")
        count = 0
        for contact in retention.unneeded(today).iterator(chunk_size=1_000):
            last = getattr(contact, "last_day", None) or "none"
            since = contact.to_anonymise_since or "not listed yet"
            self.stdout.write(
                f"{contact.pk}\t{contact}\t{contact.organisation}\tlast stage: {last}\tlisted: {since}"
            )
            count += 1
        self.stdout.write(f"{count} contacts are due.")
