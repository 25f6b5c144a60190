"""What takes long to make is made once, in a database that is only copied: the tables, and the demo world.

A copy takes a fraction of a second; the migrations take ten, the reference lists and the people of the demo several.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.mail import outbox
from accounts.models import Message
from conventions import demo, documents
from conventions.models import Document, HourlyCeiling


@contextmanager
def copied(source: str, name: str) -> Iterator[str]:
    """Copy a database nobody is connected to; the copy goes when the block ends, whoever still uses it.

    Copying ``template0`` makes an empty one.
    """
    quote = connection.ops.quote_name
    with connection._nodb_cursor() as server:
        server.execute(f"DROP DATABASE IF EXISTS {quote(name)} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {quote(name)} TEMPLATE {quote(source)}")
    try:
        yield name
    finally:
        with connection._nodb_cursor() as server:
            server.execute(f"DROP DATABASE IF EXISTS {quote(name)} WITH (FORCE)")


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Send every connection this process opens to another database of the same server."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def migrated() -> str:
    """Return the name of a database with every table and no row, kept until a migration or a dependency changes."""
    made_by = [*sorted(settings.BASE_DIR.glob("*/migrations/*.py")), settings.BASE_DIR / "requirements.txt"]
    name = f"migrated_{hashlib.sha256(b''.join(path.read_bytes() for path in made_by)).hexdigest()[:16]}"
    with connection._nodb_cursor() as server:
        server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, 'migrated_')")
        kept = {row[0] for row in server.fetchall()}
        if name in kept:
            return name
        for old in kept:
            server.execute(f"DROP DATABASE {connection.ops.quote_name(old)} WITH (FORCE)")
        with copied("template0", "migrating") as unfinished:
            with connected_to(unfinished):
                migrate()
            server.execute(f"ALTER DATABASE {unfinished} RENAME TO {name}")
    return name


def migrate() -> None:
    call_command("migrate", verbosity=0, interactive=False)


def publish_ceilings() -> None:
    """Give each year around the day of the tests its hourly ceiling, the last known when the list ends before."""
    known = HourlyCeiling.objects.latest("year")
    for year in range(known.year + 1, timezone.localdate().year + 2):
        HourlyCeiling.objects.create(year=year, amount=known.amount, source=known.source)


def populate() -> None:
    """Make the tables, the reference lists and the demo world, its mails sent and its documents printed."""
    migrate()
    call_command("load_nomenclatures", verbosity=0)
    publish_ceilings()
    demo.build()
    for message in Message.objects.all():
        outbox.deliver(message.pk)
    for document in Document.objects.all():
        documents.make(document.pk)
