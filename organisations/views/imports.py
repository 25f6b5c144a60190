"""Records imported from a file: first what each line would do, then the same file for good, and back again."""

from __future__ import annotations

import csv
import secrets
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Institution, User
from accounts.refusals import Refused
from accounts.sign_in.session import signed_in
from organisations.models import Import, ImportKind
from organisations.models.roles import roles_of
from organisations.records import encodings, files, journal, results
from organisations.records.forms import EncodingForm, ImportForm, MappingForm, check_size
from organisations.records.importing import Context
from organisations.records.journal import REFUSED
from organisations.records.kinds import BY_SLUG, KINDS, Kind
from organisations.records.results import Deed, Result
from organisations.records.tables import (
    DoubtfulEncodingError,
    HeaderError,
    Source,
    UnreadableFileError,
    read_table,
)

KEYS = {"key", "again"}  # a file sent before: to go on with, or to read again
KEPT_SECONDS = 30 * 60
ROWS_SHOWN = 300
IMPORTS_SHOWN = 20
# How the report shows what becomes of a line, in its order: tone, in one word, and as a count.
DEEDS: dict[str, tuple[str, str | Promise, str | Promise]] = {
    REFUSED: ("stop", gettext_lazy("Refusée"), gettext_lazy("Lignes refusées")),
    Deed.CREATED: ("ok", gettext_lazy("Ajouté"), gettext_lazy("Ajoutés")),
    Deed.CHANGED: ("info", gettext_lazy("Modifié"), gettext_lazy("Modifiés")),
    Deed.UNCHANGED: ("", gettext_lazy("Inchangé"), gettext_lazy("Inchangés")),
}
DEEDS_OF_HOSTS = DEEDS | {
    Deed.CREATED: ("ok", gettext_lazy("Ajouté"), gettext_lazy("Établissements ajoutés")),
    Deed.CHANGED: ("info", gettext_lazy("Complété"), gettext_lazy("Complétés")),
}


@dataclass(frozen=True)
class Sent:
    """A file that somebody sent, with what they said of it since."""

    content: bytes
    name: str
    institution: Institution | None
    creates_alike: bool = False
    encoding: str = ""
    mapping: dict[str, str] | None = None
    owner: Institution | None = None  # whose names of columns are remembered

    def lines(self, kind: Kind) -> Source:
        """Return the lines of the file. Raises UnreadableFileError."""
        return files.open_file(kind, self.content, self.owner, encoding=self.encoding, mapping=self.mapping)


def may_import(user: User) -> list[Kind]:
    """Return what a person may import: the records of the university for its administrators, hosts for who keeps them."""
    roles = roles_of(user)
    return [
        kind
        for kind in KINDS.values()
        if roles.is_admin or (kind.code == ImportKind.HOSTS and roles.keeps_directory)
    ]


def asked(request: HttpRequest, slug: str) -> tuple[User, Kind]:
    """Return who asks, and for what kind of file; for anybody else the page does not exist."""
    user, kind = signed_in(request), BY_SLUG.get(slug)
    if kind is None or kind not in may_import(user):
        raise Http404
    return user, kind


def reports(user: User) -> QuerySet[Import]:
    """Return the imports that a person may read: those of what they may import, of their institution."""
    found = Import.objects.filter(kind__in=[kind.code for kind in may_import(user)])
    if user.institution_id:
        found = found.filter(institution=user.institution) | found.filter(
            institution=None, by__institution=user.institution
        )
    return found.select_related("by", "institution", "undone_by")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What can be imported, and what was lately."""
    user = signed_in(request)
    kinds = may_import(user)
    if not kinds:
        raise Http404
    context = {"kinds": kinds, "imports": reports(user).defer("lines", "columns", "kept")[:IMPORTS_SHOWN]}
    return render(request, "organisations/imports.html", context)


@require_http_methods(["GET", "POST"])
def send(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a file, then show what it would do; it is kept for half an hour, to be applied as it was checked."""
    user, kind = asked(request, slug)
    if request.method == "POST" and KEYS & request.POST.keys():
        return go_on(request, user, kind)
    is_sent = request.method == "POST"
    form = ImportForm(
        *((request.POST, request.FILES) if is_sent else ()), kind=kind, institution=user.institution
    )
    if not (is_sent and form.is_valid()):
        return ask_file(request, kind, form)
    sent = Sent(
        form.cleaned_data["file"],
        str(request.FILES["file"]),
        form.chosen_institution,
        form.cleaned_data.get("creates_alike", False),
        owner=form.chosen_institution or user.institution,
    )
    return show(request, user, kind, sent, form)


def ask_file(request: HttpRequest, kind: Kind, form: ImportForm) -> HttpResponse:
    context = {
        "form": form,
        "kind": kind,
        "is_of_hosts": form.is_of_hosts,
        "columns": kind.columns.items(),
        "encodings": ", ".join(dict.fromkeys(encodings.NAMES.values())),
    }
    return render(request, "organisations/import.html", context, status=422 if form.is_bound else 200)


def go_on(request: HttpRequest, user: User, kind: Kind) -> HttpResponse:
    """Read a file again as somebody says it was written, or with the columns they say."""
    key = request.POST.get("key") or request.POST.get("again", "")
    sent: Sent | None = cache.get(place(user, kind, key))
    if sent is None:
        return gone(request, kind)
    if "encoding" in request.POST:
        chosen = EncodingForm(request.POST)
        if not chosen.is_valid():
            return show(request, user, kind, sent, chosen, key=key)
        sent = replace(sent, encoding=chosen.cleaned_data["encoding"])
    else:
        try:
            table = read_table(sent.content, sent.encoding)
        except UnreadableFileError:
            return gone(request, kind)
        proposed = files.matched(kind, table, sent.owner)
        mapped = MappingForm(request.POST, kind=kind, header=table.header, proposed=proposed)
        if not mapped.is_valid():
            return ask_columns(request, kind, mapped, key, sent)
        sent = replace(sent, mapping=mapped.mapping)
        if mapped.cleaned_data["remembers"]:
            files.remember(kind.code, sent.owner, table.header, mapped.mapping)
    return show(request, user, kind, sent, None, key=key)


def show(
    request: HttpRequest,
    user: User,
    kind: Kind,
    sent: Sent,
    form: ImportForm | EncodingForm | None,
    *,
    key: str = "",
) -> HttpResponse:
    """Show what a file would do, or ask what must be known to read it."""
    key = key or secrets.token_urlsafe(16)
    try:
        lines = sent.lines(kind)
        check_size(kind, lines)
    except DoubtfulEncodingError as error:
        cache.set(place(user, kind, key), sent, KEPT_SECONDS)
        chosen = EncodingForm(guesses=error.guesses, initial={"encoding": error.guesses[0].encoding})
        context = {"kind": kind, "form": chosen, "key": key, "name": sent.name}
        return render(request, "organisations/import_encoding.html", context)
    except HeaderError as error:
        if len(error.header) > 1:
            cache.set(place(user, kind, key), sent, KEPT_SECONDS)
            table = read_table(sent.content, sent.encoding)
            proposed = files.matched(kind, table, sent.owner)
            mapped = MappingForm(kind=kind, header=table.header, proposed=proposed)
            return ask_columns(request, kind, mapped, key, sent, said=str(error))
        return refuse(request, user, kind, form, str(error))
    except (UnreadableFileError, ValidationError) as error:
        said = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        return refuse(request, user, kind, form, said)
    found = files.try_out(kind, lines, Context(sent.institution, user, creates_alike=sent.creates_alike))
    cache.set(place(user, kind, key), sent, KEPT_SECONDS)
    return render(
        request, "organisations/import_report.html", checked(kind, sent, key, found, lines.table.encoding)
    )


def refuse(
    request: HttpRequest, user: User, kind: Kind, form: ImportForm | EncodingForm | None, said: str
) -> HttpResponse:
    """Ask for another file, and say why."""
    if not isinstance(form, ImportForm):
        messages.error(request, said)
        return redirect(address(kind))
    form.add_error("file", said)
    return ask_file(request, kind, form)


def ask_columns(
    request: HttpRequest, kind: Kind, form: MappingForm, key: str, sent: Sent, said: str = ""
) -> HttpResponse:
    context = {"kind": kind, "form": form, "key": key, "name": sent.name, "said": said}
    return render(request, "organisations/import_columns.html", context, status=422)


def checked(kind: Kind, sent: Sent, key: str, found: list[Result], encoding: str) -> dict[str, Any]:
    """Return what the page of a trial shows."""
    counts = journal.counted(found)
    rows = [row(kind, result) for result in sorted(found, key=journal.rank)]
    useful = counts[Deed.CREATED] + counts[Deed.CHANGED]
    return {
        "kind": kind,
        "is_of_hosts": kind.code == ImportKind.HOSTS,
        "key": key,
        "name": sent.name,
        "counts": figures(kind, counts),
        "columns": results.picture(found),
        "useful": useful or counts[journal.ENROLLED],
        "created": counts[Deed.CREATED],
        "changed": counts[Deed.CHANGED],
        "enrolled": counts[journal.ENROLLED],
        "label": import_label(kind, useful or counts[journal.ENROLLED]),
        "rows": rows[:ROWS_SHOWN],
        "others": len(rows[ROWS_SHOWN:]),
        "encoding": encodings.NAMES.get(encoding, ""),
        "encoding_form": EncodingForm(initial={"encoding": encoding}) if encoding else None,
    }


def import_label(kind: Kind, useful: int) -> str:
    if kind.code == ImportKind.HOSTS:
        return ngettext("Importer %(total)s établissement", "Importer %(total)s établissements", useful) % {
            "total": useful
        }
    return ngettext("Importer %(total)s ligne", "Importer %(total)s lignes", useful) % {"total": useful}


def figures(kind: Kind, counts: dict[str, int]) -> list[tuple[str | Promise, int]]:
    """Return how many lines did what, in words."""
    deeds = DEEDS_OF_HOSTS if kind.code == ImportKind.HOSTS else DEEDS
    found = [(label, counts.get(name, 0)) for name, (_tone, _word, label) in deeds.items()]
    if kind.code == ImportKind.STUDENTS:
        found.append((gettext_lazy("Inscriptions ajoutées"), counts.get(journal.ENROLLED, 0)))
    return found


@require_POST
def apply_import(request: HttpRequest, slug: str) -> HttpResponse:
    """Import the file that was checked, in one transaction."""
    user, kind = asked(request, slug)
    kept = place(user, kind, request.POST.get("key", ""))
    sent: Sent | None = cache.get(kept)
    cache.delete(kept)
    if sent is None:
        return gone(request, kind)
    lines = sent.lines(kind)
    context = Context(sent.institution, user, creates_alike=sent.creates_alike)
    imported = files.apply_at_once(kind, lines, context, sent.name)
    messages.success(request, kind.said_in_short(imported.counts))
    return redirect("organisations:import_report", imported.pk)


@require_safe
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """What an import did, and what undoing it left."""
    imported = get_object_or_404(reports(signed_in(request)), pk=pk)
    kind = KINDS[ImportKind(imported.kind)]
    deeds = DEEDS_OF_HOSTS if kind.code == ImportKind.HOSTS else DEEDS
    context = {
        "kind": kind,
        "imported": imported,
        "counts": figures(kind, imported.counts),
        "columns": imported.columns,
        "rows": [ReportRow(line, *deeds[deed][:2], said) for line, deed, said in imported.lines],
        "can_undo": journal.last(imported.kind, imported.institution) == imported,
        "days": journal.KEPT_FOR.days,
    }
    return render(request, "organisations/imported.html", context)


@require_POST
def undo_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the last import of a kind."""
    user = signed_in(request)
    imported = get_object_or_404(reports(user), pk=pk)
    try:
        kept = journal.undo(imported, user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            ngettext(
                "L’import est défait ; %(total)s valeur a changé depuis et reste.",
                "L’import est défait ; %(total)s valeurs ont changé depuis et restent.",
                len(kept),
            )
            % {"total": len(kept)}
            if kept
            else _("L’import est défait."),
        )
    return redirect("organisations:import_report", pk)


@require_safe
def template(request: HttpRequest, slug: str) -> HttpResponse:
    """An empty file with every column, as a spreadsheet opens it."""
    _user, kind = asked(request, slug)
    # The mark at the start tells Excel that the text is in UTF-8.
    answer = HttpResponse("\N{BYTE ORDER MARK}", content_type="text/csv; charset=utf-8")
    name = "etablissements" if kind.code == ImportKind.HOSTS else kind.slug
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    csv.writer(answer, delimiter=";").writerow(kind.columns)
    return answer


def address(kind: Kind) -> str:
    return reverse("organisations:import", args=[kind.slug])


def gone(request: HttpRequest, kind: Kind) -> HttpResponse:
    messages.error(
        request,
        _("Ce fichier a été importé, ou n’est plus gardé après 30 minutes : choisissez-le de nouveau."),
    )
    return redirect(address(kind))


def place(user: User, kind: Kind, key: str) -> str:
    """Return where the cache keeps a file for the person who sent it."""
    return f"import-{kind.slug}/{user.pk}/{key}"


@dataclass(frozen=True)
class ReportRow:
    """One line of the report: what is refused first, then what needs a remark."""

    line: int
    tone: str
    label: str | Promise
    said: str


def row(kind: Kind, result: Result) -> ReportRow:
    deeds = DEEDS_OF_HOSTS if kind.code == ImportKind.HOSTS else DEEDS
    tone, label, _counted = deeds[journal.deed_of(result)]
    return ReportRow(result.line, tone, label, kind.describe(result))
