"""Undo the last import of a kind: what has moved since stays, and is said."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from organisations.management.importing import the_institution
from organisations.models import ImportKind
from organisations.records import journal
from organisations.records.kinds import KINDS


class Command(BaseCommand):
    help = _("Défait le dernier import d’un contenu. Ce qui a changé depuis reste, et est signalé.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=ImportKind.values)
        parser.add_argument(
            "--institution", help=_("Nom ou nom court de l’établissement, s’il y en a plusieurs.")
        )

    def handle(self, *, kind: str, institution: str | None, **options: Any) -> None:
        found = KINDS[ImportKind(kind)]
        owner = the_institution(institution) if found.is_of_institution else None
        imported = journal.last(kind, owner)
        if imported is None:
            raise CommandError(_("Aucun import à défaire depuis un mois."))
        kept = journal.undo(imported, None)
        for reason in kept:
            self.stdout.write(reason)
        self.stdout.write(
            _("Import de « %(file)s » défait ; %(kept)s valeurs gardées.")
            % {"file": imported.file_name, "kept": len(kept)}
        )
