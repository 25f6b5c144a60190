"""Hosts brought into the directory from a file, by the rules of the form that students fill.

What the directory already says is never overwritten, so importing the same file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Any, BinaryIO

from django import forms
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.forms.models import construct_instance, model_to_dict
from django.utils.translation import gettext as _
from django_countries import countries

from accounts.folding import fold
from accounts.models import User
from organisations import directory
from organisations.fields import compact
from organisations.forms import OrganisationForm
from organisations.models import HeadcountBand, LegalForm, NafCode, Organisation, Word
from organisations.records import host_file
from organisations.records.csv_file import BadLine, CsvLine, LineError
from organisations.register import refreshing

BATCH = 500  # lines judged and written in one transaction
LONGEST_NUMBER = 9  # digits of a headcount; Python refuses to read thousands of them
# What a line may add to a host that is there already: the column, and where it is kept.
COMPLETED = {
    "local_identifier": "local_identifier",
    "trade_name": "trade_name",
    "acronym": "acronym",
    "naf": "naf_code",
    "activity": "activity",
    "headcount_band": "headcount_band",
    "street": "street",
    "address_extra": "address_extra",
    "postal_code": "postal_code",
    "city": "city",
    "phone": "phone",
    "email": "email",
    "website": "website",
}


class Deed(StrEnum):
    """What a good line does to the directory."""

    CREATED = "created"
    COMPLETED = "completed"
    UNCHANGED = "unchanged"


@dataclass
class Outcome:
    """What one good line does, to which host, and what to know about it."""

    line: int
    deed: Deed
    host: Organisation
    columns: list[str] = field(default_factory=list)  # those it completes
    notices: list[str] = field(default_factory=list)


def describe(result: Outcome | BadLine) -> str:
    """Return what one line does, in words; nothing when it changes nothing and needs no remark."""
    if isinstance(result, BadLine):
        return result.reason
    parts = []
    if result.deed == Deed.CREATED:
        parts.append(_("« %(name)s » ajouté.") % {"name": result.host})
    elif result.deed == Deed.COMPLETED:
        told = {"name": result.host, "columns": ", ".join(result.columns)}
        parts.append(_("« %(name)s » complété : %(columns)s.") % told)
    return " ".join([*parts, *result.notices])


def import_hosts(
    file: BinaryIO, *, by: User | None = None, creates_alike: bool = False, dry_run: bool = False
) -> Iterator[Outcome | BadLine]:
    """Import the file and yield what each line did, or would do with ``dry_run``; a bad line stops no other.

    Without SIRET, a host that resembles one of the directory is refused, unless ``creates_alike``.
    Lines are committed by batches. Raises UnreadableFileError before anything is written.
    """
    judge = Judge(by, creates_alike=creates_alike)
    lines = host_file.lines(file)
    while batch := list(islice(lines, BATCH)):
        yield from (line for line in batch if isinstance(line, BadLine))
        good = []
        for line in batch:
            if isinstance(line, CsvLine):
                try:
                    judge.check_against_earlier_lines(line)
                except LineError as error:
                    yield BadLine(line.number, str(error))
                else:
                    good.append(line)
        yield from Batch(good, judge).results if dry_run else write(good, judge)


def write(lines: list[CsvLine], judge: Judge) -> list[Outcome | BadLine]:
    """Import these lines in one transaction; if the database refuses, in halves, down to the line at fault."""
    try:
        with transaction.atomic():
            batch = Batch(lines, judge, locked=True)
            batch.save()
    except (IntegrityError, DataError) as error:
        if len(lines) == 1:
            return [BadLine(lines[0].number, " ".join(str(error).split()))]
        middle = len(lines) // 2
        return write(lines[:middle], judge) + write(lines[middle:], judge)
    return batch.results


class CodeField(forms.CharField):
    """A code of a reference list that was read once for the whole file."""

    def __init__(self, rows: Mapping[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self.rows = rows

    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        if code and code not in self.rows:
            raise ValidationError(_("« %(code)s » n’est pas un code de la liste."), "invalid", {"code": code})
        return self.rows.get(code)


class LineForm(OrganisationForm):
    """One line of the file, judged as a student's new host would be; ``same`` is the host it repeats."""

    class Meta(OrganisationForm.Meta):
        fields = [*OrganisationForm.Meta.fields, "acronym"]

    same: Organisation | None = None

    def __init__(self, row: Mapping[str, Any], *, judge: Judge, host: Organisation | None = None) -> None:
        super().__init__(
            {**row, "is_another": judge.creates_alike},
            by=judge.by,
            instance=Organisation(pk=host.pk) if host else None,
        )
        self.judge = judge
        for name, rows in judge.lists.items():
            self.fields[name] = CodeField(rows)

    def refuse_known(self, siret: str) -> None:
        """The hosts of a batch were looked up together."""

    def find_naf(self, typed: str, today: date) -> NafCode | None:
        if typed not in self.judge.naf_codes:
            self.judge.naf_codes[typed] = super().find_naf(typed, today)
        return self.judge.naf_codes[typed]

    def _post_clean(self) -> None:
        """Fill the host: the form has said all that the model would, which takes a query for each rule."""
        construct_instance(self, self.instance)

    def show_alike(self) -> None:
        if self.cleaned_data["siret"]:
            return
        host = self.described()
        self.alike = directory.similar(host)
        same = (other for other in self.alike if not other.siret and identity(other) == identity(host))
        self.same = next(same, None)
        if self.alike and not self.same and not self.cleaned_data["is_another"]:
            other = self.alike[0]
            known = {"pk": other.pk, "name": other.name, "city": other.city}
            message = _("Ressemble à la fiche n° %(pk)s, « %(name)s » à %(city)s.") % known
            self.add_error(None, message)

    @property
    def reasons(self) -> dict[str, str]:
        """What is wrong, by column."""
        return {
            column: " ".join(
                f"{column} : {error}" if column in self.fields else str(error) for error in found
            )
            for column, found in self.errors.items()
        }


def identity(host: Organisation) -> tuple[str, ...]:
    """Return what makes two hosts without SIRET the same beyond doubt."""
    return fold(host.name), fold(host.city), compact(host.postal_code), str(host.country)


class Judge:
    """What does not change from one line to the next: who imports, the reference lists, what earlier lines said."""

    def __init__(self, by: User | None, *, creates_alike: bool) -> None:
        self.by = by
        self.creates_alike = creates_alike
        self.bands = HeadcountBand.objects.in_bulk()
        self.lists: dict[str, Mapping[str, Any]] = {
            "legal_form": LegalForm.objects.in_bulk(),
            "headcount_band": self.bands,
            "country": {code: code for code, _name in countries},
        }
        self.naf_codes: dict[str, NafCode | None] = {}
        self.earlier: dict[Any, int] = {}

    def check_against_earlier_lines(self, line: CsvLine) -> None:
        """Raise LineError when an earlier line is about the same host."""
        cells = line.cells
        place = (fold(cells["name"]), fold(cells["city"]), cells.get("postal_code"), cells.get("country"))
        earlier = self.earlier.setdefault(compact(cells["siret"]) or place, line.number)
        if earlier != line.number:
            raise LineError(_("répète la ligne %(line)s.") % {"line": earlier})

    def row(self, cells: dict[str, str]) -> dict[str, str]:
        """Return a line as the form reads it."""
        country = cells.get("country") or "FR"
        form, band, headcount = (
            cells.get(name, "") for name in ("legal_form", "headcount_band", "headcount")
        )
        return cells | {
            "country": countries.alpha2(country) or country,
            # The third level of the list says no more of public or private law.
            "legal_form": form[:2] if len(form) == 4 else form,
            # A spreadsheet drops the first zero.
            "headcount_band": band.zfill(2) if band else self.band_of(headcount),
        }

    def band_of(self, headcount: str) -> str:
        if not headcount:
            return ""
        number = "".join(headcount.split())
        if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER):
            raise LineError(_("headcount : « %(typed)s » n’est pas un nombre.") % {"typed": headcount})
        holding = (
            code
            for code, band in self.bands.items()
            if band.minimum is not None and band.minimum <= int(number)
            if band.maximum is None or int(number) <= band.maximum
        )
        return next(holding, "")


class Batch:
    """A few lines compared with the directory: what they would do, then ``save``."""

    def __init__(self, lines: Sequence[CsvLine], judge: Judge, *, locked: bool = False) -> None:
        self.judge = judge
        self.results: list[Outcome | BadLine] = []
        self.new: list[Organisation] = []
        self.changed: list[Organisation] = []
        numbers = {compact(line.cells["siret"]) for line in lines} - {""}
        hosts = Organisation.objects.filter(siret__in=numbers)
        if locked:
            hosts = hosts.select_for_update(of=("self",), no_key=True)
        self.known = {
            host.siret: host
            for host in hosts.select_related("merged_into", "naf_code", "headcount_band").order_by("pk")
        }
        for line in lines:
            try:
                self.results.append(self.outcome(line))
            except LineError as error:
                self.results.append(BadLine(line.number, str(error)))

    def outcome(self, line: CsvLine) -> Outcome:
        row = self.judge.row(line.cells)
        if host := self.known.get(compact(row["siret"])):
            return self.complete(line, host, row)
        form = LineForm(row, judge=self.judge)
        if not form.is_valid():
            raise LineError(" ".join(form.reasons.values()))
        if form.same:
            return self.complete(line, form.same, row)
        self.new.append(form.instance)
        return Outcome(line.number, Deed.CREATED, form.instance, notices=form.notices)

    def complete(self, line: CsvLine, host: Organisation, row: dict[str, str]) -> Outcome:
        """Fill what the directory lacks of a host; the rest stays as it is."""
        outcome = Outcome(line.number, Deed.UNCHANGED, host)
        if host.merged_into:
            outcome.notices.append(_("Fusionné avec « %(name)s ».") % {"name": host.merged_into})
            return outcome
        names = {fold(name) for name in (host.name, *host.other_names())}
        if fold(row["name"]) not in names:
            outcome.notices.append(_("S’appelle « %(name)s » dans l’annuaire.") % {"name": host})
        lacking = [
            column
            for column, attribute in COMPLETED.items()
            if row.get(column) and not getattr(host, attribute)
        ]
        if lacking:
            outcome.deed, outcome.columns = Deed.COMPLETED, lacking
            outcome.notices = outcome.notices + self.fill(host, {column: row[column] for column in lacking})
        return outcome

    def fill(self, host: Organisation, values: dict[str, str]) -> list[str]:
        """Set on a host what it lacked; return what to say of it. Raises LineError when one of them is wrong."""
        stored = model_to_dict(host) | {"naf": host.naf_code.code if host.naf_code else ""}
        form = LineForm(stored | values, judge=self.judge, host=host)
        wrong = [reason for column, reason in form.reasons.items() if column in values]
        if wrong:
            raise LineError(" ".join(wrong))
        for column in values:
            value = form.instance.naf_code if column == "naf" else form.cleaned_data[column]
            setattr(host, COMPLETED[column], value)
        self.changed.append(host)
        return form.notices

    def save(self) -> None:
        hosts = [*self.new, *self.changed]
        for host in hosts:
            host.refresh_search()
        Organisation.objects.bulk_create(self.new)
        written = {*COMPLETED.values(), "search_key", "search_words", "updated_at"}
        Organisation.objects.bulk_create(
            self.changed, update_conflicts=True, unique_fields=["pk"], update_fields=written
        )
        Word.learn(host.search_words for host in hosts)
        refreshing.compare_soon(self.new)
