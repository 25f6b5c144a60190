"""Two records of one host: side by side, made one, apart again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_countries import countries

from accounts.refusals import Refused
from accounts.sign_in.session import signed_in
from organisations import acceptance, directory, merging
from organisations.models import Contact, Merge, Organisation, Resemblance, Service
from organisations.models.following import agreements
from organisations.views.directory import keeper

# What two records are compared by, in the order of the page.
COMPARED = (
    "name",
    "trade_name",
    "acronym",
    "former_names",
    "siret",
    "siret_exemption",
    "local_identifier",
    "legal_form",
    "naf_code",
    "activity",
    "headcount_band",
    "street",
    "address_extra",
    "postal_code",
    "city",
    "country",
    "phone",
    "email",
    "website",
    "register",
    "created_at",
)


@require_safe
def merge_with(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose which record is the same host as this one: those that look alike first, or a search."""
    user = keeper(request)
    hosts = Organisation.objects.visible_to(user)
    host = get_object_or_404(hosts, pk=pk)
    query = request.GET.get("q", "").strip()
    others: directory.Found | list[Organisation]
    if query:
        others = directory.search(hosts.exclude(pk=pk), query)
    else:
        noted = directory.resembling([host])[pk]
        keys = dict.fromkeys(other.pk for other in [*noted, *directory.similar(host)])
        described = directory.described(keys)
        others = [described[key] for key in keys]
    context = {
        "host": host,
        "query": query,
        "found" if query else "alike": others,
        "banned": acceptance.banned(others, user.institution),
    }
    part = "#results" if request.headers.get("HX-Request") else ""
    return render(request, f"organisations/merge_with.html{part}", context)


@dataclass(frozen=True)
class Side:
    """One of two records, and what would follow it."""

    host: Organisation
    agreements: int
    validated: int
    services: int
    contacts: int
    obstacle: str  # why this one cannot be the record kept
    is_kept: bool = False  # proposed, or chosen

    @property
    def names(self) -> list[str]:
        return [self.host.name, *self.host.other_names()]

    @property
    def amounts(self) -> str:
        return amounts(self.agreements, self.services, self.contacts)


@dataclass(frozen=True)
class Comparison:
    """One value of two records."""

    label: str | Promise
    values: tuple[str, str]

    @property
    def differs(self) -> bool:
        return self.values[0] != self.values[1]


@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Compare two records, choose which one is kept, and make them one."""
    user = keeper(request)
    hosts = directory.described([pk, other])
    if len(hosts) < 2:
        raise Http404
    for host in hosts.values():
        if host.merged_into_id:
            messages.info(
                request, _("« %(host)s » a déjà été fusionné : voici la fiche gardée.") % {"host": host}
            )
            return redirect("host", host.merged_into_id)
    pair = hosts[pk], hosts[other]
    chosen = request.POST.get("kept", "")
    kept = next((host for host in pair if str(host.pk) == chosen), None)
    if request.method == "POST" and kept is None:
        return comparison(request, pair, error=_("Choisissez la fiche à garder."))
    if kept is None:
        return comparison(request, pair)
    dropped = pair[1] if kept is pair[0] else pair[0]
    try:
        done = merging.merge(kept.pk, dropped.pk, by=user)
    except Refused as refusal:
        return comparison(request, pair, kept, str(refusal))
    messages.success(
        request,
        _("« %(dropped)s » est fusionné dans cette fiche. Ont suivi : %(moved)s.")
        % {"dropped": dropped, "moved": moved(done)},
    )
    return redirect(kept)


def moved(done: Merge) -> str:
    """Return how much followed the record that was dropped, in words."""
    tables = agreements(), [Service], [Contact]
    return amounts(*(sum(len(done.followed(table)) for table in each) for each in tables))


def comparison(
    request: HttpRequest,
    pair: tuple[Organisation, Organisation],
    kept: Organisation | None = None,
    error: str = "",
) -> HttpResponse:
    """Show two records side by side; the one to keep is the one chosen, else the one worth more."""
    first, last = min(pair, key=lambda host: host.pk), max(pair, key=lambda host: host.pk)
    compared = sides(pair, kept or max(pair, key=worth))
    return render(
        request,
        "organisations/merge.html",
        {
            "host": pair[0],
            "sides": compared,
            "may_merge": not all(side.obstacle for side in compared),
            "lines": list(lines(pair)),
            "banned": acceptance.banned(pair, signed_in(request).institution),
            "both_numbered": all(host.siret for host in pair),
            "resemblance": Resemblance.objects.open().filter(first=first, second=last).first(),
            "error": error,
        },
        status=422 if error else 200,
    )


def worth(host: Organisation) -> tuple[bool, bool, bool, int, int]:
    """Return what makes a record the one to keep, to be compared: its SIRET, the staff's eye, its past, its age."""
    agreements: int = vars(host)["agreements"]
    return bool(host.siret), host.is_private, host.is_verified, agreements, -host.pk


def sides(pair: tuple[Organisation, Organisation], kept: Organisation) -> list[Side]:
    """Return both records with what would follow each of them."""
    return [
        Side(
            host,
            *directory.agreements_at(host),
            services=host.services.count(),
            contacts=host.contacts.count(),
            obstacle=merging.obstacle(host, other),
            is_kept=host == kept,
        )
        for host, other in (pair, pair[::-1])
    ]


def lines(pair: tuple[Organisation, Organisation]) -> Iterator[Comparison]:
    """Yield what at least one of two records says, label and both values."""
    for name in COMPARED:
        values = column_in_words(pair[0], name), column_in_words(pair[1], name)
        if any(values):
            field: Any = Organisation._meta.get_field(name)
            yield Comparison(field.verbose_name, values)


def column_in_words(host: Organisation, name: str) -> str:
    """Return one value of a record as people read it."""
    if name == "siret":
        return host.printed_siret.replace("\N{NO-BREAK SPACE}", " ")  # half of a phone is narrow
    if name == "country":
        return countries.name(host.country)
    display = getattr(host, f"get_{name}_display", None)
    value: Any = display() if display else getattr(host, name)
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, datetime):
        return str(date_format(timezone.localtime(value), "SHORT_DATE_FORMAT"))
    return str(value or "")


def amounts(agreements: int, services: int, contacts: int) -> str:
    """Return how much hangs on a record, in words."""
    numbers = (
        (agreements, ngettext("%(number)s convention", "%(number)s conventions", agreements)),
        (services, ngettext("%(number)s service", "%(number)s services", services)),
        (contacts, ngettext("%(number)s contact", "%(number)s contacts", contacts)),
    )
    listed = [words % {"number": number} for number, words in numbers if number]
    return ", ".join(listed) or _("aucune convention, aucun contact")


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Separate two records that were merged."""
    user = keeper(request)
    done = get_object_or_404(Merge.objects.select_related("kept", "dropped"), pk=pk)
    try:
        merging.undo(pk, by=user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("La fusion est défaite : « %(dropped)s » a de nouveau sa fiche.") % {"dropped": done.dropped},
        )
    return redirect(done.kept)
