from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from accounts.folding import fold
from organisations import words

BATCH = 2_000


def learn(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Compute what finds each host known so far; in batches, by primary key."""
    organisations = apps.get_model("organisations", "Organisation").objects
    word = apps.get_model("organisations", "Word")
    last = 0
    while batch := list(organisations.filter(pk__gt=last).order_by("pk")[:BATCH]):
        for host in batch:
            host.search_key = fold(f"{host.name} {host.city}")
            host.search_words = words.indexed([host.name], host.city, host.postal_code, host.local_identifier)
        organisations.bulk_update(batch, ["search_key", "search_words"])
        word.objects.bulk_create(
            [
                word(word=found, shortened=words.shortened(found))
                for found in sorted(words.corrected(host.search_words for host in batch))
            ],
            ignore_conflicts=True,
        )
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("organisations", "0005_directory_of_hosts")]

    operations = [migrations.RunPython(learn, migrations.RunPython.noop, elidable=True)]
