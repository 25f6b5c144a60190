"""Home pages by role, and the list of agreements of staff and teachers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import (
    Case,
    Count,
    F,
    Q,
    QuerySet,
    When,
)
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from accounts.limits import REFERENT_LIMIT
from accounts.models import User
from accounts.sign_in.session import signed_in
from conventions import workflow
from conventions.desk import columns
from conventions.desk.departures import departures
from conventions.desk.filters import (
    AMENDED,
    CERTIFICATES,
    COPIES,
    GATHERED,
    NOT_VALIDATED,
    TO_CORRECT,
    TO_SIGN,
    TO_VALIDATE,
    FilterForm,
    with_copies_to_check,
)
from conventions.follow_up import dates
from conventions.models import Avenant, Convention, Status
from conventions.models.convention import SHOWN_TO_TEACHERS, ConventionQuerySet, archives_of
from conventions.models.standing import AWAITS_APPROVAL
from conventions.standing import alerts, cards, staff
from conventions.views import bar
from organisations.models import Centre, Organisation, Party
from organisations.models.roles import Roles, roles_of

ROWS_A_PAGE = 25
ROWS_AT_HOME = 10
FOLLOWED_AT_HOME = REFERENT_LIMIT
OWN_AT_HOME = 30
NEWEST_FIRST = "-soumise"
FIRST_CLICK = {"soumise": NEWEST_FIRST}
SORTS = {column.name: column.sorts_on for column in columns.COLUMNS}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this person must do now, by role; someone with several roles sees each of them."""
    user = signed_in(request)
    roles = roles_of(user)
    context: dict[str, Any] = {"roles": roles}
    if roles.is_student:
        own = own_cards(user)
        context |= {
            "cards": own,
            "todo": cards.to_do(own),
            "others": [card for card in own if not card.todo],
        }
    if roles.is_manager:
        context["desk"] = desk(user, roles)
    if roles.is_teacher:
        context["followed"] = followed(user, roles)
    if roles.is_security_officer:
        context["departures"] = departures(user)
    return render(request, "conventions/home.html", context)


def own_cards(user: User) -> list[cards.Card]:
    """Return a student's agreements, the last touched first."""
    agreements = (
        Convention.objects.filter(student=roles_of(user).student_id)
        .select_related("organisation", "service", "centre")
        .without_texts()
        .prefetch_related("remarks", "attachments")
        .with_standing()
        .order_by("-updated_at")
    )
    return [
        cards.card(
            convention,
            convention.waiting,
            convention.since,
            columns.amended(convention.pk, convention.amended),
            bar.at_hand(workflow.options(convention, user)),
            certified=convention.certified,
            forbidden=convention.forbidden,
        )
        for convention in agreements[:OWN_AT_HOME]
    ]


@dataclass(frozen=True)
class Tile:
    """One count of a manager's home, and the list it counts."""

    count: int
    label: str
    icon: str
    url: str
    is_urgent: bool = False


def desk(user: User, roles: Roles) -> dict[str, Any]:
    """Return what a manager has to treat: counts, then the first agreements to validate."""
    handled = Convention.objects.filter(centre__in=roles.centre_ids).exclude(archives_of(user))
    every = (
        reverse("conventions:list") + ("?role=gestion&" if roles.is_teacher else "?") + "tri=debut&statut="
    )
    counts = counts_of(handled)
    return {
        "waiting": counts.waiting,
        "waiting_url": every + TO_VALIDATE,
        "tiles": tiles(counts, every),
        "rows": columns.rows(handled.submitted().order_by(*columns.QUEUE)[:ROWS_AT_HOME], roles, user),
    }


@dataclass(frozen=True)
class Counts:
    """How many agreements of a desk are in each state that asks something of it."""

    urgent: int
    waiting: int
    returned: int
    signing: int
    copies: int
    amendments: int
    certificates: int


def counts_of(handled: ConventionQuerySet) -> Counts:
    """Count what a desk has to treat, in four queries."""
    today = timezone.localdate()
    # Ended agreements, nearly all of them, are left to the index.
    counts = handled.filter(status__in=[*GATHERED[NOT_VALIDATED], *GATHERED[TO_SIGN]]).aggregate(
        urgent=Count("pk", filter=Q(start__lte=today + alerts.URGENT, status__in=GATHERED[NOT_VALIDATED])),
        waiting=Count("pk", filter=Q(status=TO_VALIDATE)),
        returned=Count("pk", filter=Q(status=TO_CORRECT)),
        signing=Count("pk", filter=Q(status__in=GATHERED[TO_SIGN])),
    )
    return Counts(
        **counts,
        copies=with_copies_to_check(handled).count(),
        amendments=Avenant.objects.submitted().filter(convention__in=handled).count(),
        certificates=dates.owed_a_certificate(handled, last=today - timedelta(days=1)).count(),
    )


def tiles(counts: Counts, every: str) -> list[Tile]:
    """Return the counts of a desk, each with the list it counts; ``every`` is where its lists begin."""
    urgent_label = ngettext(
        "commence d’ici %(days)s jours et n’est pas validée",
        "commencent d’ici %(days)s jours et ne sont pas validées",
        counts.urgent,
    )
    soon = timezone.localdate() + alerts.URGENT
    return [
        Tile(
            counts.urgent,
            urgent_label % {"days": alerts.URGENT.days},
            "alarm-clock",
            f"{every}{NOT_VALIDATED}&debut_avant={soon}",
            is_urgent=True,
        ),
        Tile(
            counts.waiting, ngettext("à valider", "à valider", counts.waiting), "inbox", every + TO_VALIDATE
        ),
        Tile(
            counts.returned,
            ngettext("à corriger par l’étudiant", "à corriger par les étudiants", counts.returned),
            "message-circle-warning",
            every + TO_CORRECT,
        ),
        Tile(
            counts.signing,
            ngettext("validée, à faire signer", "validées, à faire signer", counts.signing),
            "signature",
            every + TO_SIGN,
        ),
        Tile(
            counts.copies,
            ngettext("copie signée à vérifier", "copies signées à vérifier", counts.copies),
            "file-check",
            every + COPIES,
        ),
        Tile(
            counts.amendments,
            ngettext("avenant à valider", "avenants à valider", counts.amendments),
            "file-pen-line",
            every + AMENDED,
        ),
        Tile(
            counts.certificates,
            ngettext("attestation à établir", "attestations à établir", counts.certificates),
            "file-badge",
            every + CERTIFICATES,
        ),
    ]


@dataclass(frozen=True)
class Followed:
    """One agreement on its teacher's home page."""

    convention: Convention
    standing: staff.Standing
    is_asked: bool  # this teacher's approval is what it waits for
    amended: staff.AvenantBadge | None


def followed(user: User, roles: Roles) -> list[Followed]:
    """Return what a teacher follows, with the people to call: approvals they must give first."""
    agreements = (
        Convention.objects.filter(SHOWN_TO_TEACHERS, teacher__in=roles.teacher_ids)
        .exclude(archives_of(user))
        .select_related("student__user", "enrolment__programme", "organisation", "service", "tutor")
        .without_texts()
        .with_standing()
        .order_by(Case(When(AWAITS_APPROVAL, then=0), default=1), "-start", "-pk")
    )
    return [
        Followed(
            convention,
            staff.standing(
                Status(convention.status),
                convention.start,
                convention.end,
                convention.waiting,
                convention.since,
                manages=False,
                follows=True,
                certified=convention.certified,
                forbidden=convention.forbidden,
            ),
            convention.is_submitted and convention.waiting == Party.TEACHER,
            columns.amended(convention.pk, convention.amended),
        )
        for convention in agreements[:FOLLOWED_AT_HOME]
    ]


@dataclass(frozen=True)
class Header:
    """The head of a column; one that sorts carries the address that does it."""

    label: str | Promise
    url: str = ""
    order: str = ""  # ascending, descending, or nothing while another column sorts


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The agreements this person may see, filtered and sorted by the address alone."""
    user = signed_in(request)
    roles = roles_of(user)
    if not roles.lists_agreements:
        raise Http404
    form = FilterForm(
        request.GET,
        by=user,
        roles=roles,
        centres=centres_of(user, roles),
        hosts=Organisation.objects.visible_to(user),
        archived=archives_of(user),
    )
    visible = Convention.objects.visible_to(user)
    found = form.apply(visible) if form.is_valid() else visible.none()
    sort = request.GET.get("tri", NEWEST_FIRST)
    if sort.removeprefix("-") not in SORTS:
        sort = NEWEST_FIRST
    key = SORTS[sort.removeprefix("-")]
    order = F(key).desc(nulls_last=True) if sort.startswith("-") else F(key).asc(nulls_last=True)
    page = Paginator(found.order_by(order, "-pk"), ROWS_A_PAGE).get_page(request.GET.get("page"))
    rows = columns.rows(cast("ConventionQuerySet", page.object_list), roles, user)
    answer = render(
        request,
        "conventions/list.html",
        {
            "form": form,
            "chips": form.chips(),
            "headers": headers(form, sort),
            "page": page,
            "rows": rows,
            "has_notes": any(row.note for row in rows),
            "orders": orders(sort),
            "roles": roles,
        },
    )
    # As one types, the address follows, without the filters left empty.
    return push_url(answer, form.address()) if request.headers.get("HX-Request") else answer


def centres_of(user: User, roles: Roles) -> QuerySet[Centre]:
    """Return the centres whose agreements this person lists: their own, all of them for an admin."""
    if not roles.is_admin:
        return Centre.objects.filter(pk__in=roles.centre_ids)
    return (
        Centre.objects.filter(institution=user.institution_id)
        if user.institution_id
        else Centre.objects.all()
    )


def orders(sort: str) -> list[tuple[str, str, bool]]:
    """Return each way to sort the list, for screens without the heads of its columns: value, label, whether in force."""
    ways = [
        (way + column.name, words % {"column": column.label})
        for column in columns.COLUMNS
        for way, words in (("", _("%(column)s, croissant")), ("-", _("%(column)s, décroissant")))
    ]
    return [(way if way != NEWEST_FIRST else "", label, way == sort) for way, label in ways]


def headers(form: FilterForm, sort: str) -> list[Header]:
    """Return the heads of the table; a second click sorts the other way."""
    found = []
    for column in columns.COLUMNS:
        name = column.name
        order = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
        other_way = (
            name if sort == f"-{name}" else f"-{name}" if sort == name else FIRST_CLICK.get(name, name)
        )
        found.append(Header(column.label, form.address(tri=other_way, page=""), order))
    return found
