"""How long agreements are kept: what is due, what is held, and the purge that an administrator asks for."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from io import StringIO

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.background import BrokerLost, hand_over
from accounts.models import Institution, User
from accounts.refusals import Refused
from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from conventions import permissions
from conventions.models import Convention
from conventions.retention import purging
from conventions.retention.forms import HoldForm, PurgeForm
from conventions.retention.hold import keep_longer, kept
from organisations.models.roles import roles_of
from organisations.models.university import academic_year_label

logger = logging.getLogger(__name__)

FOLLOWING = "suivi"
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def administered(request: HttpRequest) -> list[Institution]:
    """Return the institutions this person administers, theirs or all of them; or raise 404."""
    user = signed_in(request)
    if not roles_of(user).is_admin:
        raise Http404
    return [user.institution] if user.institution else list(Institution.objects.order_by("name"))


@dataclass(frozen=True)
class InstitutionCard:
    """What the page says of one institution, and the form that asks for its purge."""

    report: purging.Report
    lines: list[tuple[str, str, int]]
    form: PurgeForm


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """What a purge would anonymise, by year and centre, and what stays; posting asks for it."""
    user, today = signed_in(request), timezone.localdate()
    parts, failed = [], False
    for institution in administered(request):
        found = purging.figures(institution, today)
        is_asked = request.method == "POST" and request.POST.get("institution") == str(institution.pk)
        form = PurgeForm(request.POST if is_asked else None, count=found.due, prefix=str(institution.pk))
        if is_asked and form.is_valid():
            return ask(request, institution, user)
        failed = failed or is_asked
        lines = [
            (academic_year_label(year) if year else "", centre, count) for year, centre, count in found.lines
        ]
        parts.append(InstitutionCard(found, lines, form))
    return render(
        request,
        "conventions/retention.html",
        {"parts": parts, "following": FOLLOWING in request.GET, "nobody": purging.NOBODY},
        status=422 if failed else 200,
    )


def ask(request: HttpRequest, institution: Institution, user: User) -> HttpResponse:
    """Hand a purge to a worker, and follow it on the page."""
    try:
        hand_over(purging.purge_agreements, institution.pk, user.pk)
    except BrokerLost as error:
        logger.warning("The broker did not take the purge of institution %s: %s", institution.pk, error)
        messages.error(
            request, _("Le service qui anonymise ne répond pas : rien n’est effacé. Demandez à nouveau.")
        )
        return redirect("conventions:retention")
    messages.success(
        request, _("L’anonymisation est demandée : cette page montre ce qui reste, même si vous la quittez.")
    )
    return redirect(f"{reverse('conventions:retention')}?{FOLLOWING}")


@require_safe
def listing(request: HttpRequest) -> StreamingHttpResponse:
    """What is due, line by line, for a spreadsheet; nobody is named in it."""
    institutions, today = administered(request), timezone.localdate()
    answer = StreamingHttpResponse(
        lines(institutions, today, request.build_absolute_uri), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="conservation-{today}.csv"'
    return answer


def lines(institutions: list[Institution], today: date, absolute: Callable[[str], str]) -> Iterator[str]:
    """Yield the file of what is due, one line at a time, with the address of each page."""
    # The mark at the start tells Excel that the text is in UTF-8.
    yield "\N{BYTE ORDER MARK}" + written(
        [_("Numéro"), _("État"), _("Centre"), _("Année"), _("Fin"), _("Modifiée le"), _("Page")]
    )
    for institution in institutions:
        for pk, number, status, centre, year, end, changed in purging.purgeable_rows(institution, today):
            label = academic_year_label(year) if year else ""
            page = absolute(reverse("conventions:detail", args=[pk]))
            yield written([number, status, centre, label, end or "", changed, page])


def written(values: list[object]) -> str:
    """Return one line; a name that a spreadsheet would compute is kept as text (OWASP, CSV injection)."""
    line = StringIO()
    csv.writer(line, delimiter=";").writerow(
        f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value for value in values
    )
    return line.getvalue()


@keeps_typed_text
@require_http_methods(["GET", "POST"])
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep an agreement longer than the others, or no longer: an accident, a dispute."""
    user = signed_in(request)
    convention = get_object_or_404(Convention.objects.visible_to(user), pk=pk)
    if not permissions.may_hold(user, convention):
        raise Http404
    form = HoldForm(posted(request), instance=convention)
    if request.method == "POST" and form.is_valid():
        reason, until = form.cleaned_data["hold_reason"], form.cleaned_data["hold_until"]
        try:
            keep_longer(pk, reason, until, by=user)
        except Refused as anonymised:
            raise Http404 from anonymised
        messages.success(request, kept(until) or _("Cette convention suit de nouveau la durée commune."))
        return redirect(convention)
    status = 422 if request.method == "POST" else 200
    page = {
        "heading": _("Garder plus longtemps"),
        "form": form,
        "button": _("Enregistrer"),
        "crumb": convention.named,
        "way_back": convention.get_absolute_url(),
        "back": _("Retour à la convention"),
    }
    return render(request, "conventions/hold.html", page, status=status)
