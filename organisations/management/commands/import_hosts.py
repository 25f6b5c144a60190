"""Bring hosts into the directory from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from organisations.management.importing import HOW, ImportCommand, columns_of
from organisations.models import ImportKind
from organisations.records.kinds import KINDS


class Command(ImportCommand):
    help = "\n".join(
        [
            _("Importe des établissements d’accueil depuis un fichier."),
            "",
            _(
                "Une ligne par établissement. Ce que l’annuaire sait d’un établissement ne change pas : seul ce qui"
            ),
            _("lui manque est complété."),
            *HOW,
            "",
            *columns_of(ImportKind.HOSTS),
        ]
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--create-alike",
            action="store_true",
            help=_("Crée aussi, sans SIRET, les établissements qui ressemblent à une fiche de l’annuaire."),
        )

    def handle(self, *, file: Path, **options: Any) -> None:
        self.run(KINDS[ImportKind.HOSTS], file, options)
