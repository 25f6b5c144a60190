"""Bring any kind of records in from a file, or undo the last import of a kind."""

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
            _("Importe depuis un fichier : centres, UFR, étapes, enseignants, gestionnaires, étudiants,"),
            _("inscriptions, établissements d’accueil, destinations à risque."),
            "",
            *HOW,
            *(
                line
                for kind in ImportKind
                for line in ("", f"{kind.value} – {kind.label}", *columns_of(kind))
            ),
        ]
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=ImportKind.values)
        super().add_arguments(parser)
        parser.add_argument(
            "--create-alike", action="store_true", help=_("Établissements d’accueil : voir import_hosts.")
        )

    def handle(self, *, kind: str, file: Path, **options: Any) -> None:
        self.run(KINDS[ImportKind(kind)], file, options)
