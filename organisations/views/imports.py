"""Hosts imported from a file: first what each line would do, then the same file for good."""

from __future__ import annotations

import csv
import io
import secrets
from collections import Counter
from dataclasses import dataclass

from django.contrib import messages
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from organisations.records import host_file, hosts
from organisations.records.csv_file import BadLine
from organisations.records.forms import HostFileForm
from organisations.records.hosts import Deed, Outcome
from organisations.views.directory import keeper

KEPT_SECONDS = 30 * 60
ROWS_SHOWN = 300
REFUSED = "refused"
# How the report shows what becomes of a line, in its order: tone, in one word, and as a count.
DEEDS: dict[str, tuple[str, str | Promise, str | Promise]] = {
    REFUSED: ("stop", gettext_lazy("Refusée"), gettext_lazy("Lignes refusées")),
    Deed.CREATED: ("ok", gettext_lazy("Ajouté"), gettext_lazy("Établissements ajoutés")),
    Deed.COMPLETED: ("info", gettext_lazy("Complété"), gettext_lazy("Complétés")),
    Deed.UNCHANGED: ("", gettext_lazy("Inchangé"), gettext_lazy("Inchangés")),
}


@require_http_methods(["GET", "POST"])
def import_hosts(request: HttpRequest) -> HttpResponse:
    """Ask for a file, then show what it would do; it is kept for half an hour, to be applied as it was checked."""
    user = keeper(request)
    is_sent = request.method == "POST"
    form = HostFileForm(request.POST, request.FILES) if is_sent else HostFileForm()
    if not (is_sent and form.is_valid()):
        context = {"form": form, "columns": host_file.COLUMNS.items()}
        return render(request, "organisations/import.html", context, status=422 if is_sent else 200)
    content, creates_alike = form.cleaned_data["file"], form.cleaned_data["creates_alike"]
    results = list(
        hosts.import_hosts(io.BytesIO(content), by=user, creates_alike=creates_alike, dry_run=True)
    )
    key = secrets.token_urlsafe(16)
    cache.set(place(user, key), (content, creates_alike), KEPT_SECONDS)
    counts = Counter(map(deed, results))
    rows = sorted(map(row, results), key=lambda row: (row.rank, row.line))
    return render(
        request,
        "organisations/import_report.html",
        {
            "key": key,
            "name": str(request.FILES["file"]),
            "counts": [(label, counts[name]) for name, (_tone, _word, label) in DEEDS.items()],
            "useful": counts[Deed.CREATED] + counts[Deed.COMPLETED],
            "rows": rows[:ROWS_SHOWN],
            "others": len(rows[ROWS_SHOWN:]),
        },
    )


@require_POST
def apply_import(request: HttpRequest) -> HttpResponse:
    """Import the file that was checked, in one transaction."""
    user = keeper(request)
    kept = place(user, request.POST.get("key", ""))
    found = cache.get(kept)
    cache.delete(kept)
    if found is None:
        messages.error(
            request,
            _("Ce fichier a été importé, ou n’est plus gardé après 30 minutes : choisissez-le de nouveau."),
        )
        return redirect("organisations:import_hosts")
    content, creates_alike = found
    with transaction.atomic():
        results = list(hosts.import_hosts(io.BytesIO(content), by=user, creates_alike=creates_alike))
    counts = Counter(map(deed, results))
    told = {name: counts[name] for name in DEEDS}
    messages.success(
        request,
        _("%(created)s établissements ajoutés, %(completed)s complétés ; %(refused)s lignes refusées.")
        % told,
    )
    return redirect("organisations:import_hosts")


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """An empty file with every column, as a spreadsheet opens it."""
    keeper(request)
    # The mark at the start tells Excel that the text is in UTF-8.
    answer = HttpResponse("\N{BYTE ORDER MARK}", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="etablissements.csv"'
    csv.writer(answer, delimiter=";").writerow(host_file.COLUMNS)
    return answer


def place(user: User, key: str) -> str:
    """Return where the cache keeps a file for the person who sent it."""
    return f"import-hosts/{user.pk}/{key}"


def deed(result: Outcome | BadLine) -> str:
    return REFUSED if isinstance(result, BadLine) else result.deed


@dataclass(frozen=True)
class ReportRow:
    """One line of the report: what is refused first, then what needs a remark."""

    line: int
    rank: int
    tone: str
    label: str | Promise
    said: str


def row(result: Outcome | BadLine) -> ReportRow:
    rank = 0 if isinstance(result, BadLine) else 1 if result.notices else 2
    tone, label, _counted = DEEDS[deed(result)]
    return ReportRow(result.line, rank, tone, label, hosts.describe(result))
