"""Hosts brought into the directory from a file, by the rules of the form that students fill.

What the directory already says is never overwritten, so importing the same file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import construct_instance, model_to_dict
from django.utils.translation import gettext as _
from django_countries import countries

from accounts.folding import fold
from accounts.models import User
from organisations import directory
from organisations.fields import compact, is_no_value, is_withheld
from organisations.forms import OrganisationForm
from organisations.models import HeadcountBand, LegalForm, NafCode, Organisation, Word
from organisations.records import cells
from organisations.records.cells import Unreadable
from organisations.records.countries import country
from organisations.records.encodings import is_damaged
from organisations.records.importing import Batch, Context, Importer, Written
from organisations.records.results import Deed, Outcome
from organisations.records.spreadsheets import SpoiledError, undone
from organisations.records.tables import BadLine, Line, LineError, Source
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
# What a host can be without: what cannot be read of it is left out.
OPTIONAL = frozenset(
    {
        "local_identifier",
        "trade_name",
        "acronym",
        "naf",
        "activity",
        "headcount_band",
        "address_extra",
        "email",
        "website",
    }
)


@dataclass(frozen=True)
class HostRecord:
    """One good line, as the form reads it."""

    line: int
    row: dict[str, str]
    notices: list[str]


class HostImporter(Importer[HostRecord]):
    """Imports hosts into the directory that all institutions share."""

    size = BATCH

    def __init__(self, source: Source, context: Context) -> None:
        self.judge = Judge(context.by, creates_alike=context.creates_alike)

    def read(self, line: Line) -> HostRecord:
        notices = list(line.notices)
        record = HostRecord(line.number, self.judge.row(line, notices), notices)
        self.judge.check_against_earlier_lines(record)
        return record

    def batch(self, records: Sequence[HostRecord], *, locked: bool) -> Batch:
        return HostBatch(records, self.judge, locked=locked)

    def line_of(self, record: HostRecord) -> int:
        return record.line


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

    def check_against_earlier_lines(self, record: HostRecord) -> None:
        """Raise LineError when an earlier line is about the same host."""
        row = record.row
        place = (fold(row["name"]), fold(row["city"]), row.get("postal_code"), row["country"])
        earlier = self.earlier.setdefault(row["siret"] or place, record.line)
        if earlier != record.line:
            raise LineError(_("répète la ligne %(line)s.") % {"line": earlier})

    def row(self, line: Line, notices: list[str]) -> dict[str, str]:
        """Return a line as the form reads it, what spreadsheets did to it undone. Raises LineError."""
        row = dict(line.cells)
        self.refuse_no_name(row)
        for column in OPTIONAL & row.keys():
            if row[column] and (is_no_value(row[column]) or is_damaged(row[column])):
                notices.append(left_out(column, row[column]))
                row[column] = ""
        row["country"] = (country(row["country"]) or row["country"]) if row.get("country") else "FR"
        row["siret"] = self.siret(row["siret"], notices)
        for column in ("legal_form", "headcount_band"):
            with suppress(SpoiledError):
                row[column] = undone(row.get(column, ""))[0]
        if len(row["legal_form"]) == 4:  # the third level of the list says no more of public or private law
            row["legal_form"] = row["legal_form"][:2]
        band = row["headcount_band"]
        # A spreadsheet drops the first zero.
        row["headcount_band"] = band.zfill(2) if band else self.band_of(row.get("headcount", ""))
        with suppress(Unreadable, SpoiledError):  # the form says what is wrong
            code, changed = cells.postal_code(row.get("postal_code", ""), row["country"], row["city"])
            if changed:
                notices.append(read_as("postal_code", row["postal_code"], code))
                row["postal_code"] = code
        if cells.has_several_phones(row["phone"]):
            with suppress(Unreadable, SpoiledError):
                first = cells.phone(row["phone"], row["country"])
                notices.append(read_as("phone", row["phone"], first))
                row["phone"] = first
        return row

    @staticmethod
    def refuse_no_name(row: Mapping[str, str]) -> None:
        """Raise LineError when a name says that the register hides it, or has lost letters."""
        if row["name"] and is_withheld(row["name"]):
            raise LineError(_("name : « %(name)s » n’est pas un nom.") % {"name": row["name"]})
        for column in ("name", "street", "city"):
            if is_damaged(row[column]):
                raise LineError(
                    _("%(column)s : « %(text)s » a perdu des lettres, le fichier est mal encodé.")
                    % {"column": column, "text": row[column]}
                )

    @staticmethod
    def siret(typed: str, notices: list[str]) -> str:
        try:
            number, changed = cells.siret(typed)
        except SpoiledError as error:
            raise LineError(_("siret : %(why)s") % {"why": error}) from error
        if changed:
            notices.append(read_as("siret", typed, number))
        return compact(number)

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


def read_as(column: str, before: str, after: str) -> str:
    return _("%(column)s : « %(before)s » est lu « %(after)s ».") % {
        "column": column,
        "before": before,
        "after": after,
    }


def left_out(column: str, text: str, why: str = "") -> str:
    why = why or _("« %(text)s » n’est pas une valeur.") % {"text": text}
    return _("%(column)s : %(why)s Laissé de côté.") % {"column": column, "why": why}


class HostBatch(Batch):
    """A few lines compared with the directory: what they would do, then ``save``."""

    def __init__(self, records: Sequence[HostRecord], judge: Judge, *, locked: bool) -> None:
        super().__init__()
        self.judge = judge
        self.new: list[Organisation] = []
        self.changed: list[Written] = []
        hosts = Organisation.objects.filter(siret__in={record.row["siret"] for record in records} - {""})
        if locked:
            hosts = hosts.select_for_update(of=("self",), no_key=True)
        self.known = {
            host.siret: host
            for host in hosts.select_related("merged_into", "naf_code", "headcount_band").order_by("pk")
        }
        for record in records:
            try:
                self.results.append(self.outcome(record))
            except LineError as error:
                self.results.append(BadLine(record.line, str(error)))

    def outcome(self, record: HostRecord) -> Outcome:
        outcome = Outcome(record.line, record.row["name"], notices=list(record.notices))
        if host := self.known.get(record.row["siret"]):
            return self.complete(outcome, host, record.row)
        form = self.judged(record.row, outcome)
        if form.same:
            return self.complete(outcome, form.same, record.row)
        self.new.append(form.instance)
        outcome.deed, outcome.who = Deed.CREATED, str(form.instance)
        outcome.notices += form.notices
        return outcome

    def judged(self, row: Mapping[str, str], outcome: Outcome) -> LineForm:
        """Return a valid form; what a host can be without is left out when it is wrong. Raises LineError."""
        form = LineForm(row, judge=self.judge)
        if form.is_valid():
            return form
        # Without a SIRET, another number tells one host from the others.
        optional = OPTIONAL if row["siret"] else OPTIONAL - {"local_identifier"}
        wrong = {column: row[column] for column in form.errors if column in optional and row.get(column)}
        second = LineForm({**row, **dict.fromkeys(wrong, "")}, judge=self.judge) if wrong else form
        if not second.is_valid():
            raise LineError(" ".join(form.reasons.values()))
        outcome.notices += [_("%(why)s Laissé de côté.") % {"why": form.reasons[column]} for column in wrong]
        return second

    def complete(self, outcome: Outcome, host: Organisation, row: Mapping[str, str]) -> Outcome:
        """Fill what the directory lacks of a host; the rest stays as it is."""
        outcome.who = str(host)
        if host.merged_into:
            outcome.notices.append(_("Fusionné avec « %(name)s ».") % {"name": host.merged_into})
            return outcome
        names = {fold(name) for name in (host.name, *host.other_names())}
        if fold(row["name"]) not in names:
            outcome.notices.append(_("S’appelle « %(name)s » dans l’annuaire.") % {"name": host})
        lacking = {
            column: row[column]
            for column, attribute in COMPLETED.items()
            if row.get(column) and not getattr(host, attribute)
        }
        if lacking:
            self.fill(host, lacking, outcome)
        return outcome

    def fill(self, host: Organisation, values: dict[str, str], outcome: Outcome) -> None:
        """Set on a host what it lacked; what is wrong is left out, and said."""
        stored = model_to_dict(host) | {"naf": host.naf_code.code if host.naf_code else ""}
        form = LineForm(stored | values, judge=self.judge, host=host)
        wrong = {column: reason for column, reason in form.reasons.items() if column in values}
        outcome.notices += [_("%(why)s Laissé de côté.") % {"why": reason} for reason in wrong.values()]
        before: dict[str, Any] = {}
        for column in values.keys() - wrong.keys():
            attribute = COMPLETED[column]
            value = form.instance.naf_code if column == "naf" else form.cleaned_data[column]
            before[attribute] = getattr(host, attribute)
            outcome.changes[column] = before[attribute], value
            setattr(host, attribute, value)
        outcome.notices += form.notices
        if before:
            # In the order of the file's columns, whatever that of the set.
            outcome.changes = {
                column: outcome.changes[column] for column in COMPLETED if column in outcome.changes
            }
            outcome.deed = Deed.CHANGED
            self.changed.append(Written(host, before))

    def save(self) -> None:
        changed = list({written.row.pk: written.row for written in self.changed}.values())
        hosts = [*self.new, *(row for row in changed if isinstance(row, Organisation))]
        for host in hosts:
            host.refresh_search()
        Organisation.objects.bulk_create(self.new)
        columns = {*COMPLETED.values(), "search_key", "search_words", "updated_at"}
        Organisation.objects.bulk_create(
            hosts[len(self.new) :], update_conflicts=True, unique_fields=["pk"], update_fields=columns
        )
        Word.learn(host.search_words for host in hosts)
        refreshing.compare_soon(self.new)
        self.written = [*(Written(host, None) for host in self.new), *self.changed]
