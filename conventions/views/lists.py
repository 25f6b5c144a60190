"""Home pages by role, and the list of agreements of staff and teachers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.folding import fold
from accounts.session import signed_in
from conventions import forms, phases
from conventions.models import Convention, Status
from organisations.directory import contains_words
from organisations.models.host import FRENCH_COUNTRIES
from organisations.roles import Roles, roles_of

ROWS_A_PAGE = 25
ROWS_AT_HOME = 10
# A stage that starts so soon and is not validated is what a manager treats first.
URGENT = timedelta(days=7)
SORTS = {
    "numero": "number",
    "etudiant": "student__user__search_key",
    "organisme": "organisation__search_key",
    "debut": "start",
    "soumise": "submitted_at",
}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What this person must do now, by role; someone with several roles sees each of them."""
    user = signed_in(request)
    roles = roles_of(user)
    context: dict[str, Any] = {"roles": roles}
    if roles.is_student:
        own = Convention.objects.filter(student=roles.student_id).for_list().prefetch_related("remarks", "turns")
        cards = [phases.card(convention) for convention in own.order_by("-updated_at")[:30]]
        context |= {"cards": cards, "todo": [card for card in cards if card.todo]}
    if roles.is_manager:
        context["desk"] = desk(roles)
    if roles.is_teacher:
        context["followed"] = Convention.objects.filter(teacher__in=roles.teacher_ids).exclude(
            status=Status.DRAFT
        ).for_list().order_by("-start")[:ROWS_AT_HOME]
    return render(request, "conventions/home.html", context)


def desk(roles: Roles) -> dict[str, Any]:
    """Return what a manager has to treat: counts in one query, then the first agreements."""
    handled = Convention.objects.filter(centre__in=roles.centre_ids)
    soon = timezone.localdate() + URGENT
    waiting = Q(status=Status.SUBMITTED)
    counts = handled.aggregate(
        waiting=Count("pk", filter=waiting),
        urgent=Count("pk", filter=Q(start__lte=soon, status__in=[Status.SUBMITTED, Status.RETURNED])),
        returned=Count("pk", filter=Q(status=Status.RETURNED)),
        signing=Count("pk", filter=Q(status__in=[Status.VALIDATED, Status.SIGNING])),
    )
    rows = handled.filter(waiting).for_list().order_by("start", "submitted_at")[:ROWS_AT_HOME]
    return {"counts": counts, "soon": soon, "rows": rows}


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The agreements this person may see, filtered and sorted by the address alone."""
    user = signed_in(request)
    roles = roles_of(user)
    if not roles.is_staff:
        raise Http404
    visible = Convention.objects.visible_to(user)
    form = forms.FilterForm(request.GET, roles=roles)
    found = filtered(visible, form) if form.is_valid() else visible.none()
    sort = request.GET.get("tri", "-soumise")
    key = SORTS.get(sort.removeprefix("-"), "submitted_at")
    order = f"-{key}" if sort.startswith("-") else key
    paginator = Paginator(found.for_list().order_by(order, "-pk"), ROWS_A_PAGE)
    return render(
        request,
        "conventions/list.html",
        {
            "form": form,
            "chips": form.chips(),
            "page": paginator.get_page(request.GET.get("page")),
            "sort": sort,
            "roles": roles,
        },
    )


def filtered(visible: QuerySet[Convention], form: forms.FilterForm) -> QuerySet[Convention]:
    """Apply the filters; drafts are only listed when they are asked for."""
    wanted = form.cleaned_data
    if status := wanted["statut"]:
        visible = visible.filter(status=status)
    else:
        visible = visible.exclude(status=Status.DRAFT)
    if text := fold(wanted["q"]):
        visible = visible.filter(contains_words("search_key", text))
    if year := wanted["annee"]:
        visible = visible.filter(enrolment__academic_year=year)
    if programme := wanted["etape"]:
        visible = visible.filter(enrolment__programme=programme)
    if day := wanted["debut_avant"]:
        visible = visible.filter(start__lte=day)
    if wanted["hors_france"]:
        visible = visible.exclude(service__country__in=FRENCH_COUNTRIES).filter(service__isnull=False)
    return visible
