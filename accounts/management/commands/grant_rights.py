"""Make the role of PostgreSQL that the web and the workers run with."""

from typing import Any

import dj_database_url
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import rights


class Command(BaseCommand):
    help = (
        "Makes, or brings up to date, the role that APPLICATION_DATABASE_URL names: it reads and writes rows, and owns "
        "nothing. Run it as the owner of the tables, after each migrate."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        given = dj_database_url.parse(settings.APPLICATION_DATABASE_URL or "postgresql://")
        if not given["USER"] or not given["PASSWORD"]:
            raise CommandError("APPLICATION_DATABASE_URL must name a role and its password.")
        if given["USER"] == settings.DATABASES["default"]["USER"]:
            raise CommandError("APPLICATION_DATABASE_URL names the owner itself: it must be another role.")
        rights.grant(given["USER"], given["PASSWORD"])
        self.stdout.write(f"{given['USER']} reads and writes rows, and owns nothing.")
