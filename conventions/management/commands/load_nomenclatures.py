"""Bring the reference lists up to date from the CSV files of the project."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from conventions.models import HealthInsuranceFund, HourlyCeiling, Term
from organisations.models import Commune, HeadcountBand, LegalForm, NafCode

APPS = Path(__file__).resolve().parents[3]
BATCH = 5_000


@dataclass(frozen=True)
class ReferenceList:
    """A model and the files that fill it: one column per field."""

    model: type[Model]
    files: str  # a pattern, from the project's root
    key: tuple[str, ...]  # the fields that identify a row and never change
    values: dict[str, str] = field(default_factory=dict)  # fields that are not in the file

    def rows(self) -> Iterator[dict[str, str]]:
        for path in sorted(APPS.glob(self.files)):
            with path.open(encoding="utf-8", newline="") as lines:
                yield from (row | self.values for row in csv.DictReader(lines))

    def key_of(self, row: dict[str, str]) -> tuple[str, ...]:
        return tuple(row[name] for name in self.key)

    def instance(self, row: dict[str, str]) -> Model:
        columns = {column.name: column for column in self.model._meta.concrete_fields}
        return self.model(
            **{
                name: None if columns[name].null and not text else columns[name].to_python(text)
                for name, text in row.items()
            }
        )


class CommuneList(ReferenceList):
    """One line per postal code in the files, one row per commune and postal code in the database."""

    def rows(self) -> Iterator[dict[str, str]]:
        for row in super().rows():
            for name in row["names"].split("|"):
                yield {"postal_code": row["postal_code"], "name": name}


LISTS = [
    ReferenceList(LegalForm, "organisations/data/legal_forms.csv", ("code",)),
    ReferenceList(HeadcountBand, "organisations/data/headcount_bands.csv", ("code",)),
    ReferenceList(NafCode, "organisations/data/naf_rev2.csv", ("version", "code"), {"version": "rev2"}),
    ReferenceList(NafCode, "organisations/data/naf_2025.csv", ("version", "code"), {"version": "2025"}),
    CommuneList(Commune, "organisations/data/communes/*.csv", ("postal_code", "name")),
    ReferenceList(HealthInsuranceFund, "conventions/data/health_insurance_funds.csv", ("name",)),
    ReferenceList(Term, "conventions/data/terms.csv", ("kind", "code")),
    ReferenceList(HourlyCeiling, "conventions/data/hourly_ceilings.csv", ("year",)),
]


class Command(BaseCommand):
    help = _(
        "Charge les listes de référence (communes, codes NAF, formes juridiques, effectifs, caisses, "
        "valeurs proposées, plafonds horaires) depuis les fichiers CSV du projet. Ajoute ce qui manque et ne change pas le "
        "reste : les libellés modifiés dans l’administration sont gardés, sauf avec --overwrite."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--overwrite",
            action="store_true",
            help=_("Remet aussi les libellés des fichiers ; « Proposé » garde la valeur choisie."),
        )

    @transaction.atomic
    def handle(self, *, overwrite: bool, verbosity: int, **options: Any) -> None:
        for reference in LISTS:
            added, known = load(reference, overwrite=overwrite)
            if verbosity:
                self.stdout.write(
                    _("%(list)s : %(added)s ajoutées, %(known)s déjà là.")
                    % {"list": reference.model._meta.verbose_name_plural, "added": added, "known": known}
                )


def load(reference: ReferenceList, *, overwrite: bool) -> tuple[int, int]:
    """Add the rows the table lacks, rewrite the others if asked; return how many were added and known."""
    table = reference.model._default_manager
    present = {tuple(map(str, key)) for key in table.values_list(*reference.key)}
    missing: list[dict[str, str]] = []
    known: list[dict[str, str]] = []
    for row in reference.rows():
        (known if reference.key_of(row) in present else missing).append(row)
    table.bulk_create(map(reference.instance, missing), batch_size=BATCH, ignore_conflicts=True)
    shipped = known[0].keys() - reference.key if known else set()
    if overwrite and shipped:
        table.bulk_create(
            map(reference.instance, known),
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=reference.key,
            update_fields=shipped,
        )
    return len(missing), len(known)
