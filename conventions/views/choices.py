"""The steps that choose a row of the directory: the host, its service, people; and how one is added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ChoiceField
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts import once
from accounts.folding import fold
from accounts.models import User
from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted, take_typed_text
from conventions import permissions
from conventions.legality import quotas
from conventions.models import Amended, Convention
from conventions.views.access import being_filled, load
from conventions.views.frame import (
    SHORTEST_SEARCH,
    answer_remarks,
    corrected,
    key_in,
    onward,
    page,
    show_locked,
)
from conventions.writing import changes, drafts, steps
from organisations import acceptance, directory, people
from organisations.fields import compact
from organisations.forms import ContactForm, DirectoryForm, OrganisationForm, ServiceForm
from organisations.models import Contact, Organisation, Service, Teacher
from organisations.models.host import SIRENE_COUNTRIES, siret_text
from organisations.register import sirene

# The steps that choose a row of the directory: which column, and which form creates one.
CHOICES: dict[str, tuple[str, type[DirectoryForm[Any]] | None]] = {
    "etablissement": ("organisation", OrganisationForm),
    "service": ("service", ServiceForm),
    "tuteur": ("tutor", ContactForm),
    "signataire": ("signatory", ContactForm),
    "responsable": ("teacher", None),
}
HOST = "etablissement"
CORRECTED = {OrganisationForm, ContactForm}
# What the page of each creation form is called.
HEADINGS = {
    "etablissement": gettext_lazy("Créer l’établissement d’accueil"),
    "service": gettext_lazy("Créer le service d’accueil"),
    "tuteur": gettext_lazy("Saisir le tuteur professionnel"),
    "signataire": gettext_lazy("Saisir le signataire"),
}
# Where one searches the whole directory: a host, a teacher.
SEARCHED = {HOST, "responsable"}
# What must be chosen first: nobody looks for a service before there is a host.
NEEDS_HOST = {"service", "tuteur", "signataire"}
# Beyond this many rows of one host, the page offers to search among them.
ROWS_SHOWN = 12


@dataclass(frozen=True)
class Offer:
    """A host among those found: why it cannot be chosen, if so, and whether its trainees are already too many."""

    host: Organisation
    refusal: str
    is_banned: bool
    is_full: bool


def choose(request: HttpRequest, convention: Convention, current: steps.Step) -> HttpResponse:
    """A step that chooses one row: the host, its service, a person."""
    slug = current.slug
    column, creation = CHOICES[slug]
    if slug in NEEDS_HOST and convention.organisation is None:
        messages.info(request, _("Choisissez d’abord l’établissement d’accueil."))
        return redirect("conventions:step", convention.pk, "etablissement")
    if request.method == "POST" and (answer := chosen(request, convention, slug)):
        return answer
    take_typed_text(request)  # a choice is made again in one click
    query = typed(request)
    row = getattr(convention, column)
    context = {
        "may_correct": creation in CORRECTED and may_correct(request, convention, row),
        "nothing_ticked": request.method == "POST",
        "query": query,
        "chosen": row,
        "problem": current.missing(convention).get(column, ""),
        "changing": "changer" in request.GET,
        **offered(convention, slug, query, signed_in(request)),
    }
    if creation and slug in NEEDS_HOST and not (query or context["found"]):
        return redirect(steps.create_url(convention, slug))
    if slug == HOST and "registre" in request.GET:
        context |= registered(convention, query, signed_in(request))
    return page(request, convention, current, f"conventions/steps/{slug}.html", context)


def may_correct(request: HttpRequest, convention: Convention, row: Organisation | Contact | None) -> bool:
    """Whether this reader may correct the row that was chosen; of an avenant, it is done from its agreement."""
    if row is None or convention.avenant or convention.is_being_corrected:
        return False
    return permissions.may_correct(signed_in(request), convention, row)


def typed(request: HttpRequest) -> str:
    """Return what somebody searches, nothing while it would match nearly everybody."""
    query = request.GET.get("q", "").strip()
    return query if len(query) >= SHORTEST_SEARCH else ""


def found_as_one_types(
    request: HttpRequest, pk: int, slug: str, avenant: int | None = None, *, corrects: bool = False
) -> HttpResponse:
    """Answer the results alone: nothing else of the page is read again at each letter."""
    convention = being_filled(request, pk, avenant, corrects=corrects)
    query = typed(request)
    context = {
        "convention": convention,
        "step": steps.BY_SLUG[slug],
        "url": steps.step_url(convention, slug),
        "previous_url": steps.previous_url(convention, slug),
        "query": query,
        "chosen": None,
        **offered(convention, slug, query, signed_in(request)),
    }
    return render(request, f"conventions/steps/{slug}.html#results", context)


@require_safe
def register(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer what the public register has beside our directory: fetched once our own results are there."""
    convention = being_filled(request, pk)
    query = typed(request)
    return render(
        request,
        "conventions/steps/register.html",
        {"convention": convention, "query": query, **registered(convention, query, signed_in(request))},
    )


def registered(convention: Convention, query: str, by: User) -> dict[str, Any]:
    """Return what the register found, with the hosts among it that our directory has; or why it says nothing."""
    try:
        found = sirene.search(query)[:ROWS_SHOWN] if query else []
    except sirene.Unavailable as error:
        return {"register": [], "register_failure": str(error)}
    known = Organisation.objects.visible_to(by).filter(siret__in=[one.siret for one in found])
    ours = {host.siret: host for host in known}
    return {
        "register": [(one, siret_text(one.siret), ours.get(one.siret)) for one in found],
        "register_failure": "",
    }


def chosen(request: HttpRequest, convention: Convention, slug: str) -> HttpResponse | None:
    """Put what was chosen on the agreement, and go on; a host is shown once more before. None: nothing was ticked."""
    answered = answer_remarks(convention, request)
    choice = request.POST.get("choice", "")
    answers = any(name.startswith("answer-") for name in request.POST)
    if not choice and answers:
        if answered:
            messages.success(request, _("Votre réponse est enregistrée."))
        else:
            messages.error(
                request, _("Écrivez une réponse, ou cochez la case : la remarque reste à traiter.")
            )
        return redirect(request.get_full_path())
    if not choice:
        return None
    row = get_object_or_404(candidates(convention, slug, signed_in(request)), pk=key_in(choice))
    if slug == HOST and (refusal := refused(convention, row)):
        messages.error(request, refusal)
        return redirect(f"{steps.step_url(convention, slug)}?changer")
    column = CHOICES[slug][0]
    if answers and row == getattr(convention, column):  # what stays was shown beside the remark
        return redirect(onward(convention, slug))
    assign(request, convention, column, row)
    return redirect(after_choice(convention, slug))


def assign(request: HttpRequest, convention: Convention, column: str, row: Model) -> None:
    """Put a chosen row on the agreement, or in the avenant shown."""
    if isinstance(convention, Amended):
        changes.assign(convention, column, row)
        return
    with corrected(request, convention):
        drafts.assign(convention, column, row)


def refused(convention: Convention, host: Organisation) -> str:
    is_banned = bool(acceptance.banned([host], convention.institution))
    return acceptance.refusal(host, convention.institution, is_banned=is_banned)


def after_choice(convention: Convention, slug: str) -> str:
    if slug == HOST:
        return steps.step_url(convention, slug)
    return onward(convention, slug)


def candidates(convention: Convention, slug: str, by: User) -> QuerySet[Any]:
    """Return every row that ``by`` may choose at this step of this agreement."""
    match slug:
        case "etablissement":
            return Organisation.objects.visible_to(by)
        case "service":
            return Service.objects.filter(organisation=convention.organisation_id)
        case "responsable":
            return Teacher.objects.filter(ufr__institution=convention.institution_id, user__is_active=True)
        case _:
            known = Contact.objects.known_to(convention.centre, by)
            return known.filter(organisation=convention.organisation_id)


def offered(convention: Convention, slug: str, query: str, by: User) -> dict[str, Any]:
    """Return what the page proposes: a search for hosts and teachers, the host's own rows for the rest."""
    if slug == HOST:
        hosts = directory.search(Organisation.objects.visible_to(by), query)
        return {
            "found": offers(convention, hosts.organisations),
            "has_more": hosts.has_more,
            "is_approximate": hosts.is_approximate,
        }
    if slug == "responsable":
        teachers = list(people.search_teachers(query, convention.institution)) if query else []
        return {"found": teachers}
    rows = list(candidates(convention, slug, by))
    words = fold(query).split()
    found = [row for row in rows if all(word in searched_text(row) for word in words)]
    return {
        "found": found[:ROWS_SHOWN],
        "has_more": len(found) > ROWS_SHOWN,
        "is_searched": len(rows) > ROWS_SHOWN,
    }


def offers(convention: Convention, hosts: list[Organisation]) -> list[Offer]:
    """Say of each host whether it may be chosen for this stage."""
    banned = acceptance.banned(hosts, convention.institution)
    today = timezone.localdate()
    full = quotas.full_hosts(hosts, convention.start or today, convention.end or today)
    return [
        Offer(
            host,
            acceptance.refusal(host, convention.institution, is_banned=host.pk in banned),
            host.pk in banned,
            host.pk in full,
        )
        for host in hosts
    ]


def searched_text(row: Service | Contact) -> str:
    """Return what a row of a host is found by, folded."""
    if isinstance(row, Service):
        return fold(f"{row.name} {row.city}")
    return fold(f"{row} {row.function} {row.department}")


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def create(
    request: HttpRequest, pk: int, slug: str, avenant: int | None = None, *, corrects: bool = False
) -> HttpResponse:
    """Create the host, service or person that is not in the directory, and choose it."""
    _column, creation = CHOICES.get(slug, ("", None))
    if creation is None:
        raise Http404
    convention = load(request, pk, avenant, corrects=corrects)
    if slug not in {step.slug for step in steps.steps_of(convention)}:
        raise Http404
    if slug in NEEDS_HOST and convention.organisation is None:
        return redirect("conventions:step", convention.pk, "etablissement")
    form = creation_form(creation, posted(request), convention, signed_in(request), request.GET)
    # A page that offers nothing to choose sends back here: the way back is then the step before.
    may_choose = slug == HOST or candidates(convention, slug, signed_in(request)).exists()
    back = steps.step_url(convention, slug) if may_choose else steps.previous_url(convention, slug)
    return write_in_directory(
        request, convention, slug, form, {"heading": HEADINGS[slug], "previous_url": back}
    )


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def correct(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """Correct the host or the person chosen, in the directory itself."""
    column, creation = CHOICES.get(slug, ("", None))
    if creation not in CORRECTED:
        raise Http404
    user, convention = signed_in(request), load(request, pk)
    row = getattr(convention, column)
    if row is not None and request.method == "POST":
        # Lock, then look: a record saved as it was before a merge would lose the names it has gained.
        row = type(row).objects.select_for_update(no_key=True).get(pk=row.pk)
    if row is None or not permissions.may_correct(user, convention, row):
        raise Http404
    data = posted(request)
    form: DirectoryForm[Any]
    if isinstance(row, Contact):
        form = ContactForm(data, instance=row, centre=convention.centre, by=user)
    else:
        form = OrganisationForm(data, instance=row, by=user)
    back = steps.step_url(convention, slug)
    return write_in_directory(
        request,
        convention,
        slug,
        form,
        {"heading": _("Corriger la fiche"), "previous_url": back, "corrects": True},
    )


def write_in_directory(
    request: HttpRequest, convention: Convention, slug: str, form: DirectoryForm[Any], context: dict[str, Any]
) -> HttpResponse:
    """Save a row of the directory and choose it, or show its form."""
    if not convention.is_editable:
        return show_locked(request, convention, [form]) if request.method == "POST" else redirect(convention)
    if request.method == "POST" and (row := written(form, convention, slug, signed_in(request))):
        if isinstance(row, Organisation) and (refusal := refused(convention, row)):
            messages.error(request, refusal)
            return redirect(f"{steps.step_url(convention, slug)}?changer")
        assign(request, convention, CHOICES[slug][0], row)
        for notice in form.notices:
            messages.warning(request, notice)
        return redirect(after_choice(convention, slug))
    return page(
        request,
        convention,
        steps.BY_SLUG[slug],
        f"conventions/steps/{'contact' if isinstance(form, ContactForm) else slug}_new.html",
        {"form": form, "sirene": "|".join(sorted(SIRENE_COUNTRIES)), **context},
        form,
    )


def written(form: DirectoryForm[Any], convention: Convention, slug: str, by: User) -> Any:
    """Save a row of the directory and return it; None when the form has a mistake.

    The same form sent again, from another tab or another draft, gives the row that it made.
    """
    if form.instance.pk is not None:
        return form.save() if form.is_valid() else None
    typed = [form.data.get(name, "") for name in form.fields]
    claimed = once.claim(by, slug, slug in NEEDS_HOST and convention.organisation_id, *typed)
    row = candidates(convention, slug, by).filter(pk=claimed.row).first()
    if row is None:
        row = form.save() if form.is_valid() else None
        once.note(claimed, row and row.pk)
    return row


def creation_form(
    creation: type[DirectoryForm[Any]],
    data: QueryDict | None,
    convention: Convention,
    by: User,
    asked: QueryDict,
) -> DirectoryForm[Any]:
    """Return the form that adds a row to the directory, begun with what the search page knows (``asked``)."""
    if creation is OrganisationForm:
        return host_form(data, by, asked)
    assert convention.organisation is not None
    if creation is ContactForm:
        return ContactForm(data, by=by, organisation=convention.organisation, centre=convention.centre)
    return ServiceForm(data, organisation=convention.organisation)


def host_form(data: QueryDict | None, by: User, asked: QueryDict) -> OrganisationForm:
    """Return the form that adds a host, begun with what was searched, or with what the register says of it."""
    text = (asked.get("siret") or asked.get("q", "")).replace("%", " ").strip()
    form = OrganisationForm(
        data,
        by=by,
        initial={
            "siret" if compact(text).isdecimal() else "name": text,
            "country": "" if "etranger" in asked else "FR",
        },
    )
    country = form.fields["country"]
    assert isinstance(country, ChoiceField)
    countries = cast("Iterable[tuple[str, str]]", country.choices)
    country.choices = [("", _("Choisissez le pays")), *countries]
    if "sans-siret" in asked:
        form.ask_why_no_siret()
    if data is None and (found := in_register(asked.get("siret", ""))):
        form.fill_from(found)
    return form


def in_register(siret: str) -> sirene.Establishment | None:
    """Return the establishment chosen among what the register found; nothing when it does not answer any more."""
    try:
        return sirene.get(compact(siret)) if siret else None
    except sirene.Unavailable:
        return None
