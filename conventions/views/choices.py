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
from accounts.models import Creation, User
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
from conventions.writing.choosing import CREATED, ChoiceForm
from organisations import acceptance, directory, people
from organisations.fields import compact
from organisations.forms import ContactForm, DirectoryForm, OrganisationForm, ServiceForm
from organisations.models import Contact, Organisation, Service, Teacher
from organisations.models.host import siret_text
from organisations.register import sirene
from organisations.reliance import reliance_of

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
    if request.method == "POST" and (answer := chosen(request, convention, current)):
        return answer
    take_typed_text(request)  # a choice is made again in one click
    query = typed(request)
    row = getattr(convention, column)
    context = {
        "may_correct": creation in CORRECTED and may_correct(request, convention, row),
        "nothing_ticked": request.method == "POST",
        "query": query,
        "chosen": row,
        "choice": ChoiceForm(convention, column),
        "correction_address": correction_address(convention, creation, row),
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


def correction_address(
    convention: Convention, creation: type[DirectoryForm[Any]] | None, row: Model | None
) -> str:
    """Return where to write about a mistake in a person's record; nowhere of an avenant, nor while nobody is chosen."""
    is_asked = creation is ContactForm and row is not None and not convention.avenant
    return convention.institution.support_email if is_asked else ""


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


def chosen(request: HttpRequest, convention: Convention, current: steps.Step) -> HttpResponse | None:
    """Put what was chosen on the agreement, and go on; a host is shown once more before. None: nothing was ticked."""
    slug, by = current.slug, signed_in(request)
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
    column = CHOICES[slug][0]
    form = ChoiceForm(convention, column, request.POST)
    rows = candidates(convention, slug, by)
    if not form.is_valid():
        mine = rows.filter(pk=key_in(choice)).first()
        return chosen_elsewhere(request, convention, current, form, mine) if mine else None
    row = get_object_or_404(rows, pk=key_in(form.choice_made))
    if slug == HOST and (refusal := refused(convention, row)):
        messages.error(request, refusal)
        return redirect(f"{steps.step_url(convention, slug)}?changer")
    if answers and row == form.stored:  # what stays was shown beside the remark
        return redirect(onward(convention, slug))
    assign(request, convention, column, row)
    return redirect(after_choice(convention, slug))


def chosen_elsewhere(
    request: HttpRequest, convention: Convention, current: steps.Step, form: ChoiceForm, mine: Model
) -> HttpResponse:
    """Show both choices, this one and that of another tab or person, until somebody says which one stays."""
    template = "conventions/steps/chosen_elsewhere.html"
    return page(request, convention, current, template, {"form": form, "choice": form, "mine": mine})


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
        found = offers(convention, hosts.organisations)
        return {
            "found": found,
            "may_choose": any(not offer.refusal for offer in found),
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
    column, creation = CHOICES.get(slug, ("", None))
    if creation is None:
        raise Http404
    user, convention = signed_in(request), load(request, pk, avenant, corrects=corrects)
    if slug not in {step.slug for step in steps.steps_of(convention)}:
        raise Http404
    if slug in NEEDS_HOST and convention.organisation is None:
        return redirect("conventions:step", convention.pk, "etablissement")
    form = creation_form(creation, posted(request), convention, user, request.GET)
    choice = ChoiceForm(convention, column)
    if request.method == "POST" and convention.is_editable:
        claimed, row = made_before(form, convention, slug, user)
        choice = ChoiceForm(convention, column, request.POST, row.pk if row else CREATED)
        if choice.is_valid() and choice.takes_theirs:
            return redirect(after_choice(convention, slug))
        if choice.is_valid() and row is None and form.is_valid():
            row = form.save()
            once.note(claimed, row.pk)
        if choice.is_valid() and row is not None:
            return go_on_with(request, convention, slug, form, row)
    # A page that offers nothing to choose sends back here: the way back is then the step before.
    may_choose = slug == HOST or candidates(convention, slug, user).exists()
    back = steps.step_url(convention, slug) if may_choose else steps.previous_url(convention, slug)
    return directory_page(
        request,
        convention,
        slug,
        form,
        {"heading": HEADINGS[slug], "previous_url": back, "choice": choice, "record": None},
    )


def made_before(
    form: DirectoryForm[Any], convention: Convention, slug: str, by: User
) -> tuple[Creation, Any]:
    """Claim what a form makes: sent again, from another tab or another draft, it gives the row that it made."""
    typed = [form.data.get(name, "") for name in form.fields]
    claimed = once.claim(by, slug, slug in NEEDS_HOST and convention.organisation_id, *typed)
    return claimed, candidates(convention, slug, by).filter(pk=claimed.row).first()


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def correct(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """Correct the host or the person chosen, in the directory itself."""
    column, creation = CHOICES.get(slug, ("", None))
    if creation not in CORRECTED:
        raise Http404
    user, convention = signed_in(request), load(request, pk)
    row = record_to_correct(request, convention, slug)
    if row is None or not permissions.may_correct(user, convention, row):
        raise Http404
    data, back = posted(request), steps.step_url(convention, slug)
    form: DirectoryForm[Any]
    if isinstance(row, Contact):
        form = ContactForm(data, instance=row, centre=convention.centre, by=user)
    else:
        form = OrganisationForm(data, instance=row, by=user)
    form.serves = reliance_of(row, convention, column)
    if request.method == "POST" and convention.is_editable and form.is_valid():
        saved = form.save()
        if row == getattr(convention, column):
            return go_on_with(request, convention, slug, form, saved)
        messages.warning(
            request,
            _("La fiche de « %(record)s » est corrigée ; la convention, entre-temps, en a choisi une autre.")
            % {"record": saved},
        )
        return redirect(back)
    return directory_page(
        request,
        convention,
        slug,
        form,
        {
            "heading": _("Corriger la fiche"),
            "previous_url": back,
            "record": row,
            "is_person": isinstance(row, Contact),
            "another_url": steps.create_url(convention, slug)
            if isinstance(row, Contact)
            else f"{back}?changer",
        },
    )


def record_to_correct(
    request: HttpRequest, convention: Convention, slug: str
) -> Organisation | Contact | None:
    """Return the record that a page corrects, locked: the one chosen when it was drawn, be it another one now."""
    chosen_now: Organisation | Contact | None = getattr(convention, CHOICES[slug][0])
    if request.method != "POST":
        return chosen_now
    now = chosen_now.pk if chosen_now else None
    key = key_in(request.POST.get("record", "")) or now
    rows = candidates(convention, slug, signed_in(request))
    if key == now:  # even one that could not be chosen any more
        rows = rows.model._default_manager.all()
    # Lock, then look: a record saved as it was before a merge would lose the names it has gained.
    return rows.filter(pk=key).select_for_update(no_key=True, of=("self",)).first()


def directory_page(
    request: HttpRequest, convention: Convention, slug: str, form: DirectoryForm[Any], context: dict[str, Any]
) -> HttpResponse:
    """Show the form of a row of the directory; what was typed, when it comes too late."""
    if not convention.is_editable:
        return show_locked(request, convention, [form]) if request.method == "POST" else redirect(convention)
    return page(
        request,
        convention,
        steps.BY_SLUG[slug],
        f"conventions/steps/{'contact' if isinstance(form, ContactForm) else slug}_new.html",
        {"form": form, "choice": ChoiceForm(convention, CHOICES[slug][0]), **context},
        form,
    )


def go_on_with(
    request: HttpRequest, convention: Convention, slug: str, form: DirectoryForm[Any], row: Model
) -> HttpResponse:
    """Choose a row that was just saved, unless the institution refuses it."""
    if isinstance(row, Organisation) and (refusal := refused(convention, row)):
        messages.error(request, refusal)
        return redirect(f"{steps.step_url(convention, slug)}?changer")
    assign(request, convention, CHOICES[slug][0], row)
    for notice in form.notices:
        messages.warning(request, notice)
    return redirect(after_choice(convention, slug))


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
        return ContactForm(
            data,
            by=by,
            organisation=convention.organisation,
            centre=convention.centre,
            initial={"department": convention.service.name if convention.service else ""},
        )
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
