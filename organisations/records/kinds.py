"""What can be imported: for each kind of file its columns, how it is read, and how its results are said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organisations.models import ImportKind
from organisations.records import host_file, structure, student_file
from organisations.records.destinations import DestinationImporter
from organisations.records.hosts import HostImporter
from organisations.records.importing import Context, Importer
from organisations.records.journal import ENROLLED, REFUSED
from organisations.records.results import Deed, Outcome, Result, in_words
from organisations.records.students import StudentImporter
from organisations.records.tables import BadLine, Source

CODE_OF_UFR = gettext_lazy("code de l’UFR, qui doit exister dans pstage (obligatoire)")
CENTRE = gettext_lazy("centre de gestion, par son nom dans pstage")
EMAIL = gettext_lazy("adresse électronique (obligatoire)")
FIRST_NAME = gettext_lazy("prénom (obligatoire)")
LAST_NAME = gettext_lazy("nom (obligatoire)")
PHONE = gettext_lazy("téléphone")
TOTAL = gettext_lazy(
    "%(created)s ajoutés, %(changed)s modifiés, %(unchanged)s inchangés ; %(refused)s lignes refusées."
)


@dataclass(frozen=True)
class Kind:
    """One kind of file. ``slug`` names it in addresses."""

    code: ImportKind
    slug: str
    columns: Mapping[str, str | Promise]
    required: tuple[str, ...]
    importer: Callable[[Source, Context], Importer[Any]]
    total: str | Promise = TOTAL

    def __str__(self) -> str:
        return str(self.code.label)

    @property
    def is_of_institution(self) -> bool:
        """Whether its rows belong to one institution; hosts are shared."""
        return self.code != ImportKind.HOSTS

    def said_in_short(self, counts: Mapping[str, int]) -> str:
        names = (*(deed.value for deed in Deed), REFUSED, ENROLLED)
        return str(self.total) % {name: counts.get(name, 0) for name in names}

    def describe(self, result: Result) -> str:
        """Return what one line does, in words; nothing when it changes nothing and needs no remark."""
        if isinstance(result, BadLine):
            return result.reason
        if self.code == ImportKind.HOSTS:
            return " ".join([*host_said(result), *result.notices])
        lines = [*differences(self.code, result), *result.notices]
        return "\n    ".join([result.who, *lines]) if lines else ""


def host_said(outcome: Outcome) -> list[str]:
    if outcome.deed == Deed.CREATED:
        return [_("« %(name)s » ajouté.") % {"name": outcome.who}]
    if outcome.deed == Deed.CHANGED:
        told = {"name": outcome.who, "columns": ", ".join(outcome.changes)}
        return [_("« %(name)s » complété : %(columns)s.") % told]
    return []


def differences(kind: ImportKind, outcome: Outcome) -> list[str]:
    """Return each difference in words."""
    lines = []
    if not outcome.repeats:
        if outcome.deed == Deed.CREATED:
            lines.append(_("nouvel étudiant") if kind == ImportKind.STUDENTS else _("ajout"))
        lines += [
            f"{column} : « {in_words(before)} » → « {in_words(after)} »"
            for column, (before, after) in outcome.changes.items()
        ]
    if outcome.enrols:
        lines.append(_("nouvelle inscription"))
    return lines


KINDS = {
    kind.code: kind
    for kind in (
        Kind(
            ImportKind.CENTRES,
            "centres",
            {
                "name": gettext_lazy("nom du centre (obligatoire)"),
                "mailbox": gettext_lazy("boîte aux lettres électronique (obligatoire)"),
                "phone": PHONE,
                "address": gettext_lazy("adresse postale"),
                "signatory_name": gettext_lazy("directeur ou délégataire qui signe (obligatoire)"),
                "signatory_title": gettext_lazy("qualité de la personne qui signe (obligatoire)"),
                "notified": gettext_lazy(
                    "qui est prévenu : managers (chaque gestionnaire) ou mailbox (la boîte seulement)"
                ),
            },
            structure.CentreImporter.required,
            structure.CentreImporter,
        ),
        Kind(
            ImportKind.UFRS,
            "ufr",
            {
                "code": gettext_lazy("code de l’UFR (obligatoire)"),
                "name": gettext_lazy("nom de l’UFR (obligatoire)"),
                "centre": CENTRE,
            },
            structure.UfrImporter.required,
            structure.UfrImporter,
        ),
        Kind(
            ImportKind.PROGRAMMES,
            "etapes",
            {
                "code": gettext_lazy("code de l’étape (obligatoire)"),
                "version": gettext_lazy("version de l’étape"),
                "label": gettext_lazy("libellé (obligatoire)"),
                "level": gettext_lazy("niveau : L1 à L3, M1, M2, BUT1 à BUT3, D (doctorat), other"),
                "ufr_code": CODE_OF_UFR,
                "centre": CENTRE,
                "teaching_hours": gettext_lazy("heures d’enseignement par an"),
                "presence_hours": gettext_lazy("heures en présence des étudiants"),
                "regime": gettext_lazy("régime de gratification : general, health, agricultural, hospital"),
            },
            structure.ProgrammeImporter.required,
            structure.ProgrammeImporter,
        ),
        Kind(
            ImportKind.TEACHERS,
            "enseignants",
            {
                "email": EMAIL,
                "first_name": FIRST_NAME,
                "last_name": LAST_NAME,
                "ufr_code": CODE_OF_UFR,
                "position": gettext_lazy("fonction"),
                "phone": PHONE,
                "office": gettext_lazy("bureau"),
            },
            structure.TeacherImporter.required,
            structure.TeacherImporter,
        ),
        Kind(
            ImportKind.MANAGERS,
            "gestionnaires",
            {
                "email": EMAIL,
                "first_name": FIRST_NAME,
                "last_name": LAST_NAME,
                "centre": gettext_lazy("centre de gestion, par son nom dans pstage (obligatoire)"),
            },
            structure.ManagerImporter.required,
            structure.ManagerImporter,
        ),
        Kind(
            ImportKind.STUDENTS,
            "etudiants",
            student_file.COLUMNS,
            student_file.REQUIRED,
            StudentImporter,
            gettext_lazy(
                "%(created)s étudiants ajoutés, %(changed)s modifiés, %(unchanged)s inchangés ; "
                "%(enrolled)s inscriptions ajoutées ; %(refused)s lignes refusées."
            ),
        ),
        Kind(
            ImportKind.ENROLMENTS,
            "inscriptions",
            {
                "student_number": gettext_lazy("numéro étudiant, qui doit exister dans pstage (obligatoire)"),
                "academic_year": gettext_lazy("année universitaire : 2026 ou 2026/2027 (obligatoire)"),
                "programme_code": gettext_lazy("code de l’étape, qui doit exister dans pstage (obligatoire)"),
                "programme_version": student_file.COLUMNS["programme_version"],
            },
            structure.EnrolmentImporter.required,
            structure.EnrolmentImporter,
        ),
        Kind(
            ImportKind.HOSTS,
            "organismes",
            host_file.COLUMNS,
            host_file.REQUIRED,
            HostImporter,
            gettext_lazy(
                "%(created)s établissements ajoutés, %(changed)s complétés, %(unchanged)s inchangés ; "
                "%(refused)s lignes refusées."
            ),
        ),
        Kind(
            ImportKind.DESTINATIONS,
            "destinations",
            {
                "country": gettext_lazy("pays, en deux lettres ou en toutes lettres (obligatoire)"),
                "region": gettext_lazy("région ou ville ; vide, le pays entier"),
                "level": gettext_lazy("niveau : vert, jaune, orange ou rouge (obligatoire)"),
                "source": gettext_lazy("d’où vient ce niveau (obligatoire)"),
                "source_url": gettext_lazy("adresse de la page de cette source"),
                "checked_on": gettext_lazy("jour où il y a été lu (obligatoire)"),
            },
            DestinationImporter.required,
            DestinationImporter,
        ),
    )
}
BY_SLUG = {kind.slug: kind for kind in KINDS.values()}


def total_of(counts: Counter[str]) -> int:
    return sum(counts[deed.value] for deed in Deed) + counts[REFUSED]
