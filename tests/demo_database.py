"""The demo world as a database of its own, made once a run and copied for each test that wants it.

A copy takes a fraction of a second; the reference lists and the people of the demo take several.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection

from accounts.mail import outbox
from accounts.models import Message
from conventions import demo, documents
from conventions.models import Document


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


def populate() -> None:
    """Make the tables, the reference lists and the demo world, its mails sent and its documents printed."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_nomenclatures", verbosity=0)
    demo.build()
    for message in Message.objects.all():
        outbox.deliver(message.pk)
    for document in Document.objects.all():
        documents.make(document.pk)
