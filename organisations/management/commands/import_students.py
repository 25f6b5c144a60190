"""Bring students and their enrolments in from a file of the university's records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from organisations.management.importing import HOW, ImportCommand, columns_of
from organisations.models import ImportKind
from organisations.records.kinds import KINDS


class Command(ImportCommand):
    help = "\n".join(
        [
            _("Importe les étudiants et leurs inscriptions depuis un fichier."),
            "",
            _("Une ligne par inscription ; un étudiant peut occuper plusieurs lignes."),
            *HOW,
            _("Une cellule vide efface la valeur, une colonne absente la laisse. Rien n’est supprimé."),
            "",
            *columns_of(ImportKind.STUDENTS),
        ]
    )

    def handle(self, *, file: Path, **options: Any) -> None:
        self.run(KINDS[ImportKind.STUDENTS], file, options)
