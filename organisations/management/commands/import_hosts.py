"""Bring hosts into the directory from a CSV file."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from organisations.records.csv_file import BadLine, UnreadableFileError
from organisations.records.host_file import COLUMNS
from organisations.records.hosts import Deed, Outcome, describe, import_hosts


class Command(BaseCommand):
    help = "\n".join(
        [
            _("Importe des établissements d’accueil depuis un fichier CSV."),
            "",
            _(
                "Une ligne par établissement. La première ligne nomme les colonnes, dans n’importe quel ordre."
            ),
            _(
                "Séparateur « ; », « , » ou tabulation ; UTF-8, UTF-16 ou Windows-1252. Ce que l’annuaire sait"
            ),
            _("d’un établissement ne change pas : seul ce qui lui manque est complété. Une ligne fausse est"),
            _("signalée et n’empêche pas les autres."),
            "",
            *(f"  {name:<18} {meaning}" for name, meaning in COLUMNS.items()),
        ]
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FICHIER.csv")
        parser.add_argument(
            "--dry-run", action="store_true", help=_("Montre les différences et n’enregistre rien.")
        )
        parser.add_argument(
            "--create-alike",
            action="store_true",
            help=_("Crée aussi, sans SIRET, les établissements qui ressemblent à une fiche de l’annuaire."),
        )

    def handle(self, *, file: Path, dry_run: bool, create_alike: bool, **options: Any) -> None:
        counts: Counter[str] = Counter()
        try:
            with file.open("rb") as content:
                for result in import_hosts(content, creates_alike=create_alike, dry_run=dry_run):
                    counts["refused" if isinstance(result, BadLine) else result.deed] += 1
                    self.tell(result)
        except OSError as error:
            raise CommandError(f"{file} : {error.strerror or error}") from error
        except UnreadableFileError as error:
            raise CommandError(_("%(file)s : %(reason)s") % {"file": file, "reason": error}) from error
        if dry_run:
            self.stdout.write(_("Essai : rien n’est enregistré."))
        self.stdout.write(
            _(
                "%(created)s établissements ajoutés, %(completed)s complétés, %(unchanged)s inchangés ; "
                "%(refused)s lignes refusées."
            )
            % {name: counts[name] for name in (*Deed, "refused")}
        )
        if counts["refused"] == counts.total():
            raise CommandError(_("Aucune ligne n’a pu être lue."))

    def tell(self, result: Outcome | BadLine) -> None:
        """Say what one line did; nothing of one that changes nothing and needs no remark."""
        said = describe(result)
        if said:
            line = _("ligne %(line)s : %(reason)s") % {"line": result.line, "reason": said}
            (self.stderr if isinstance(result, BadLine) else self.stdout).write(line)
