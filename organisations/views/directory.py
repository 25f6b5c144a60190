"""The directory of hosts, for the staff that keeps it: finding one, what is new, what may be there twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import replace_url

from accounts.models import User
from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from organisations import acceptance, directory
from organisations.forms import KeptOrganisationForm
from organisations.models import Organisation, Resemblance
from organisations.models.roles import roles_of
from organisations.reliance import reliance_of

ROWS_A_PAGE = 25
ALIKE_SHOWN = 3
# The front page says « 1000+ » rather than count on.
MOST_COUNTED = 1_000
STATES = {
    "a-verifier": (gettext_lazy("À vérifier"), Q(is_verified=False)),
    "verifies": (gettext_lazy("Vérifiés"), Q(is_verified=True)),
    "fermes": (gettext_lazy("Fermés"), Q(is_open=False)),
}


def keeper(request: HttpRequest) -> User:
    """Return who asks, when they keep the directory; for anybody else the page does not exist."""
    user = signed_in(request)
    if not roles_of(user).keeps_directory:
        raise Http404
    return user


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """Return to the page whose button was pressed, which says so in ``suite``."""
    page = request.POST.get("suite", "")
    is_ours = url_has_allowed_host_and_scheme(page, request.get_host(), require_https=request.is_secure())
    return redirect(page if is_ours else otherwise)


class Count(NamedTuple):
    """How many rows there are, counted so far, and as the front page shows it."""

    number: int
    shown: str


def counted(rows: QuerySet[Any]) -> Count:
    number = rows.order_by()[: MOST_COUNTED + 1].count()
    return Count(number, str(number) if number <= MOST_COUNTED else f"{MOST_COUNTED}+")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Search the whole directory, as one types; above, what there is to do."""
    user = keeper(request)
    hosts = Organisation.objects.visible_to(user)
    query, state = request.GET.get("q", "").strip(), request.GET.get("etat", "")
    _label, condition = STATES.get(state, ("", Q()))
    found = directory.search(hosts.filter(condition), query, limit=ROWS_A_PAGE)
    context = {
        "query": query,
        "found": found,
        "banned": acceptance.banned(found, user.institution),
        "states": [(value, label, value == state) for value, (label, _condition) in STATES.items()],
    }
    if request.headers.get("HX-Request"):
        address = QueryDict(mutable=True)
        address.update({name: value for name, value in (("q", query), ("etat", state)) if value})
        answer = render(request, "organisations/directory.html#results", context)
        return replace_url(answer, f"{request.path}?{address.urlencode()}")
    context["to_verify"] = counted(hosts.filter(is_verified=False))
    context["resemblances"] = counted(Resemblance.objects.open())
    return render(request, "organisations/directory.html", context)


@dataclass(frozen=True)
class New:
    """A record nobody has verified, and those it was found to resemble."""

    host: Organisation
    alike: list[Organisation]

    @property
    def shown(self) -> list[Organisation]:
        return self.alike[:ALIKE_SHOWN]

    @property
    def others(self) -> int:
        return len(self.alike[ALIKE_SHOWN:])


@require_safe
def to_verify(request: HttpRequest) -> HttpResponse:
    """The records nobody has verified, the newest first."""
    hosts = Organisation.objects.visible_to(keeper(request)).filter(is_verified=False)
    newest = hosts.select_related("created_by").order_by("-created_at", "-pk")
    page = Paginator(newest, ROWS_A_PAGE).get_page(request.GET.get("page"))
    alike = directory.resembling(page.object_list)
    rows = [New(host, alike[host.pk]) for host in page.object_list]
    return render(request, "organisations/to_verify.html", {"page": page, "rows": rows})


@require_POST
@transaction.atomic
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a record is right."""
    user = keeper(request)
    host = get_object_or_404(Organisation.objects.visible_to(user).select_for_update(no_key=True), pk=pk)
    directory.verify(host, by=user)
    messages.success(request, _("« %(host)s » est vérifié.") % {"host": host})
    return back(request, "organisations:to_verify")


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct the record of a host, and verify it at the same time."""
    user = keeper(request)
    hosts = Organisation.objects.visible_to(user)
    if request.method == "POST":
        hosts = hosts.select_for_update(no_key=True)
    host = get_object_or_404(hosts, pk=pk)
    name = host.name
    form = KeptOrganisationForm(posted(request), instance=host, by=user)
    form.serves = reliance_of(host)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        if "verify" in request.POST:
            directory.verify(saved, by=user)
        messages.success(request, _("La fiche est enregistrée."))
        for notice in form.notices:
            messages.warning(request, notice)
        return redirect(saved)
    return render(
        request,
        "organisations/edit.html",
        {"form": form, "host": host, "name": name},
        status=422 if request.method == "POST" else 200,
    )


@dataclass(frozen=True)
class Pair:
    """Two records that may be one host, side by side."""

    pk: int
    first: Organisation
    second: Organisation

    @property
    def hosts(self) -> tuple[Organisation, Organisation]:
        return self.first, self.second


@require_safe
def resemblances(request: HttpRequest) -> HttpResponse:
    """The pairs that may be one host, the last found first."""
    user = keeper(request)
    pairs = Resemblance.objects.open().order_by("-found_at", "-pk").values_list("pk", "first", "second")
    page = Paginator(pairs, ROWS_A_PAGE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    hosts = directory.described({key for _pair, *both in found for key in both})
    rows = [Pair(pk, hosts[first], hosts[second]) for pk, first, second in found]
    banned = acceptance.banned(hosts.values(), user.institution)
    return render(request, "organisations/resemblances.html", {"page": page, "rows": rows, "banned": banned})


@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that two records are of two hosts: nobody is asked again."""
    user = keeper(request)
    pair = get_object_or_404(Resemblance, pk=pk)
    directory.dismiss(pair, by=user)
    messages.success(
        request,
        _("Noté : « %(first)s » et « %(second)s » sont deux organismes.")
        % {"first": pair.first, "second": pair.second},
    )
    return back(request, "organisations:resemblances")
