"""Read every stored document again and name those whose file is not what was made, as the nightly task does."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conventions import documents


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for damage in documents.damaged():
            self.stdout.write(str(damage))
            count += 1
        if count:
            raise CommandError(f"{count} documents are not what was made.")
        self.stdout.write("Every stored document is what was made.")
