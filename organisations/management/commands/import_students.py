"""Bring students and their enrolments in from a file of the university's records."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import Institution
from organisations.records.csv_file import BadLine, UnreadableFileError
from organisations.records.student_file import COLUMNS
from organisations.records.students import Outcome, import_students


class Command(BaseCommand):
    help = "\n".join(
        [
            _("Importe les étudiants et leurs inscriptions depuis un fichier CSV."),
            "",
            _(
                "Une ligne par inscription ; un étudiant peut occuper plusieurs lignes. La première ligne nomme"
            ),
            _("les colonnes, dans n’importe quel ordre. Séparateur « ; », « , » ou tabulation ; UTF-8 ou"),
            _("Windows-1252. Une cellule vide efface la valeur, une colonne absente la laisse. Rien n’est"),
            _("supprimé. Une ligne fausse est signalée et n’empêche pas les autres."),
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
            "--institution", help=_("Nom ou nom court de l’établissement, s’il y en a plusieurs.")
        )
        parser.add_argument(
            "--dry-run", action="store_true", help=_("Montre les différences et n’enregistre rien.")
        )

    def handle(self, *, file: Path, institution: str | None, dry_run: bool, **options: Any) -> None:
        counts: Counter[str] = Counter()
        try:
            for result in import_students(file, the_institution(institution), dry_run=dry_run):
                if isinstance(result, BadLine):
                    counts["refused"] += 1
                    self.stderr.write(
                        _("ligne %(line)s : %(reason)s") % {"line": result.line, "reason": result.reason}
                    )
                    continue
                counts["enrolled"] += result.enrols
                if result.record.is_first:
                    counts["new" if result.is_new else "changed" if result.changes else "same"] += 1
                if dry_run and (text := describe(result)):
                    self.stdout.write(text)
        except UnreadableFileError as error:
            raise CommandError(_("%(file)s : %(reason)s") % {"file": file, "reason": error}) from error
        if dry_run:
            self.stdout.write(_("Essai : rien n’est enregistré."))
        self.stdout.write(
            _(
                "%(new)s étudiants ajoutés, %(changed)s modifiés, %(same)s inchangés ; "
                "%(enrolled)s inscriptions ajoutées ; %(refused)s lignes refusées."
            )
            % {name: counts[name] for name in ("new", "changed", "same", "enrolled", "refused")}
        )
        if counts["refused"] == counts.total():
            raise CommandError(_("Aucune ligne n’a pu être lue."))


def the_institution(name: str | None) -> Institution:
    """Return the institution of that name, or the only one. Raises CommandError."""
    matching = Institution.objects.all()
    if name:
        matching = matching.filter(name__iexact=name) | matching.filter(short_name__iexact=name)
    found = list(matching[:2])
    if len(found) != 1:
        names = ", ".join(Institution.objects.values_list("name", flat=True))
        raise CommandError(
            _("Choisissez l’établissement avec --institution : %(names)s.") % {"names": names}
            if names
            else _("Créez d’abord l’établissement dans l’administration.")
        )
    return found[0]


def describe(outcome: Outcome) -> str:
    """Return what a line does to a student, one difference per line of text; nothing when nothing changes."""
    record = outcome.record
    lines = []
    if record.is_first and outcome.is_new:
        lines.append(_("nouvel étudiant"))
    if record.is_first:
        lines += [
            f"{column} : « {before or ''} » → « {after or ''} »"
            for column, (before, after) in outcome.changes.items()
        ]
    if outcome.enrols:
        lines.append(_("nouvelle inscription"))
    who = f"{record.number} {record.user['first_name']} {record.user['last_name']}"
    return "\n    ".join([who, *lines]) if lines else ""
