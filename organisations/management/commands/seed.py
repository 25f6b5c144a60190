"""Fill the directory with invented hosts and contacts, to see and measure it at full size."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.models import Max, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from organisations import fictional, words
from organisations.models import Commune, Contact, HeadcountBand, LegalForm, NafCode, Organisation, Word

BATCH = 10_000
SEED = 2026
NUMBERED = 8  # digits of a SIREN before its key


class Command(BaseCommand):
    help = _(
        "Remplit l’annuaire d’établissements et de contacts inventés, pour l’essayer à sa vraie taille. Jamais en "
        "production. Tout est enregistré à la fin, ou rien. La même graine donne les mêmes fiches dans un annuaire vide ; "
        "relancée, la commande en ajoute d’autres, aux numéros suivants. Les autres utilisateurs attendent pendant ce temps."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organisations", type=int, default=1_000, help=_("Combien d’établissements."))
        parser.add_argument("--contacts", type=int, default=300, help=_("Combien de contacts."))
        parser.add_argument("--seed", type=int, default=SEED, help=_("Graine du tirage."))

    def handle(self, *, organisations: int, contacts: int, seed: int, verbosity: int, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                _("Cette commande remplit l’annuaire d’organismes inventés : pas en production.")
            )
        if organisations < 1 or contacts < 0:
            raise CommandError(_("Il faut au moins un établissement."))
        self.start = time.monotonic()
        self.verbosity = verbosity
        if not all(model.objects.exists() for model in (Commune, LegalForm, HeadcountBand, NafCode)):
            call_command("load_nomenclatures", verbosity=0)
        with transaction.atomic():
            with connection.cursor() as cursor:
                # Foreign keys are checked batch by batch: a million checks would otherwise wait in memory.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            with rebuilt_indexes():
                # From here on, nobody else writes a host until the end.
                maker = new_maker(seed)
                last = Organisation.objects.aggregate(last=Max("pk", default=0))["last"]
                learnt = self.add_hosts(maker, organisations)
                self.say(_("Index de la recherche…"))
            self.add_words(learnt)
            self.add_contacts(maker, organisations, contacts, last)
        with connection.cursor() as cursor:
            # Names of tables of ours.
            cursor.execute("ANALYZE organisations_organisation, organisations_contact, organisations_word")
        self.say(_("Terminé."))

    def add_hosts(self, maker: fictional.Maker, total: int) -> set[str]:
        """Store invented hosts; return the words that find them."""
        learnt: set[str] = set()
        hosts = islice(maker.hosts(), total)
        stored = 0
        while batch := list(islice(hosts, BATCH)):
            for host in batch:
                host.refresh_search()
                learnt |= words.corrected([host.search_words])
            copy(Organisation, batch)
            stored += len(batch)
            self.say(_("%(stored)s établissements sur %(total)s"), stored=stored, total=total)
        return learnt

    def add_words(self, learnt: set[str]) -> None:
        """Store the words that no host had: typing mistakes are corrected to them."""
        new = sorted(learnt.difference(Word.objects.values_list("word", flat=True)))
        copy(Word, (Word(word=word, shortened=words.shortened(word)) for word in new))
        self.say(_("%(new)s mots nouveaux"), new=len(new))

    def add_contacts(self, maker: fictional.Maker, hosts: int, total: int, last: int) -> None:
        """Store invented contacts at the hosts that come after the key ``last``, some of them several."""
        chosen = sorted(maker.random.randrange(hosts) for _rank in range(total))
        known = Organisation.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "email")
        places = known.iterator(chunk_size=BATCH)
        rank, place = 0, next(places)
        stored = 0
        while batch := chosen[stored : stored + BATCH]:
            people = []
            for wanted in batch:
                while rank < wanted:
                    rank, place = rank + 1, next(places)
                people.append(maker.contact(*place))
            copy(Contact, people)
            stored += len(batch)
            self.say(_("%(stored)s contacts sur %(total)s"), stored=stored, total=total)

    def say(self, text: str, **values: int) -> None:
        """Write a line of progress after the seconds passed."""
        if self.verbosity:
            seconds = time.monotonic() - self.start
            self.stdout.write(f"{seconds:6.0f} s  {text % values if values else text}")


def new_maker(seed: int) -> fictional.Maker:
    """Return what makes the hosts that come after those of a former run."""
    return fictional.Maker(
        seed,
        next_company(),
        list(Commune.objects.order_by("postal_code", "name").values_list("postal_code", "name")),
        dict(NafCode.objects.filter(version=NafCode.Version.REV2).values_list("code", "pk")),
        timezone.now(),
    )


def next_company() -> int:
    """Return the first number of a company that no invented host has."""
    taken = Organisation.objects.filter(siret__startswith="0").aggregate(last=Max("siret"))["last"]
    return max(fictional.FIRST_COMPANY, int(taken[:NUMBERED]) + 1) if taken else fictional.FIRST_COMPANY


@contextmanager
def rebuilt_indexes() -> Iterator[None]:
    """Do without the indexes of the search inside the block, then build them at once: sooner done than row by row.

    Inside a transaction: what fails leaves them as they were. The table is locked until it ends.
    """
    indexes = [index for index in Organisation._meta.indexes if isinstance(index, GinIndex)]
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Organisation, index)
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(Organisation, index)


def copy(model: type[Model], rows: Iterable[Model]) -> None:
    """Store rows with their values as they stand, without save() nor its defaults."""
    fields = [field for field in model._meta.concrete_fields if field.get_internal_type() != "BigAutoField"]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    names = [field.attname for field in fields]
    with connection.cursor() as cursor:
        statement = f"COPY {connection.ops.quote_name(model._meta.db_table)} ({columns}) FROM STDIN"
        with cursor.copy(statement) as copying:
            for row in rows:
                values = vars(row)
                copying.write_row([values[name] for name in names])
