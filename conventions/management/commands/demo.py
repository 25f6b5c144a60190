"""``manage.py demo``: make the demo world once, and list its accounts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.demo import ACCOUNTS
from conventions import demo


class Command(BaseCommand):
    help = "Make the demo world (once) and list one account per role. Never in production."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo world has a public password: it is never made in production.")
        demo.build()
        width = max(len(account.role) for account in ACCOUNTS)
        for account in ACCOUNTS:
            self.stdout.write(f"  {account.role:<{width}}  {account.email}")
        self.stdout.write(f"  Mot de passe de tous : {demo.PASSWORD}")
