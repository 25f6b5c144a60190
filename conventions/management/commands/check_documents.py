"""Read every stored file again, printed or joined, and name those that are not what was stored, as the night does."""

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
            raise CommandError(f"{count} files are not what was stored.")
        self.stdout.write("Every stored file is what was stored.")
