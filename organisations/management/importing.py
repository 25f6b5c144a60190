"""What the commands that import a file have in common: one reader, one report."""

from __future__ import annotations

from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import Institution
from organisations.models import ImportKind
from organisations.records import files, journal
from organisations.records.encodings import NAMES
from organisations.records.importing import Context
from organisations.records.kinds import KINDS, Kind
from organisations.records.results import Result
from organisations.records.tables import BadLine, HeaderError, UnreadableFileError, name_of

HOW = [
    _(
        "La première ligne nomme les colonnes, dans n’importe quel ordre. CSV (séparateur « ; », « , », « | » ou"
    ),
    _(
        "tabulation ; UTF-8, UTF-16, Windows, Mac ou MS-DOS) ou classeur .xlsx. Une ligne fausse est signalée et"
    ),
    _("n’empêche pas les autres ; une valeur facultative illisible est laissée de côté, et signalée."),
]


class ImportCommand(BaseCommand):
    """Imports a file of one kind."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FICHIER")
        parser.add_argument(
            "--institution", help=_("Nom ou nom court de l’établissement, s’il y en a plusieurs.")
        )
        parser.add_argument(
            "--dry-run", action="store_true", help=_("Montre les différences et n’enregistre rien.")
        )
        parser.add_argument(
            "--encoding", choices=list(NAMES), default="", help=_("Encodage, si le fichier laisse un doute.")
        )
        parser.add_argument(
            "--column",
            action="append",
            type=pair,
            default=[],
            metavar="NOTRE=LEUR",
            help=_(
                "Nom d’une colonne dans le fichier, comme student_number=COD_ETU ; les autres sont ignorées."
            ),
        )

    def run(self, kind: Kind, file: Path, options: dict[str, Any]) -> None:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} : {error.strerror or error}") from error
        institution = the_institution(options["institution"]) if kind.is_of_institution else None
        context = Context(institution, creates_alike=options.get("create_alike", False))
        try:
            lines = files.open_file(
                kind,
                content,
                institution,
                encoding=options["encoding"],
                mapping={ours: name_of(theirs) for ours, theirs in options["column"]} or None,
                accepts_known=True,
            )
        except HeaderError as error:
            hint = _("Dites quelle colonne est laquelle avec --column, ou une fois sur la page Imports.")
            raise CommandError(
                _("%(file)s : %(reason)s") % {"file": file, "reason": f"{error} {hint}"}
            ) from error
        except UnreadableFileError as error:
            raise CommandError(_("%(file)s : %(reason)s") % {"file": file, "reason": error}) from error
        if options["dry_run"]:
            results = files.try_out(kind, lines, context)
        else:
            imported = files.begin(kind, context, file.name)
            results = []
            for result in files.apply(imported, kind, lines, context):
                self.tell(kind, result, dry_run=False)
                results.append(result)
        self.conclude(kind, results, dry_run=options["dry_run"])

    def conclude(self, kind: Kind, results: list[Result], *, dry_run: bool) -> None:
        if dry_run:
            for result in results:
                self.tell(kind, result, dry_run=True)
            self.stdout.write(_("Essai : rien n’est enregistré."))
        counts = journal.counted(results)
        self.stdout.write(kind.said_in_short(counts))
        if all(isinstance(result, BadLine) for result in results):
            raise CommandError(_("Aucune ligne n’a pu être lue."))

    def tell(self, kind: Kind, result: Result, *, dry_run: bool) -> None:
        """Say what one line did; nothing of one that changes nothing and needs no remark."""
        if isinstance(result, BadLine):
            self.stderr.write(
                _("ligne %(line)s : %(reason)s") % {"line": result.line, "reason": result.reason}
            )
        elif kind.code == ImportKind.HOSTS:
            if said := kind.describe(result):
                self.stdout.write(_("ligne %(line)s : %(reason)s") % {"line": result.line, "reason": said})
        elif dry_run:
            if said := kind.describe(result):
                self.stdout.write(said)
        else:
            for notice in result.notices:
                self.stdout.write(_("ligne %(line)s : %(reason)s") % {"line": result.line, "reason": notice})


def pair(text: str) -> tuple[str, str]:
    """Read « ours=theirs »."""
    ours, equals, theirs = text.partition("=")
    if not (ours and equals and theirs):
        raise ArgumentTypeError(_("« %(text)s » ne s’écrit pas NOTRE=LEUR.") % {"text": text})
    return ours.strip(), theirs.strip()


def columns_of(kind: ImportKind) -> list[str]:
    return [f"  {name:<18} {meaning}" for name, meaning in KINDS[kind].columns.items()]


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
