"""The student's path: nine steps and their summary."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms import BaseForm, BooleanField, ChoiceField, Field, ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.folding import fold
from accounts.middleware import keeps_typed_text, posted, take_typed_text
from accounts.models import User
from accounts.session import signed_in
from conventions import (
    documents,
    drafts,
    explanations,
    forms,
    law,
    legality,
    notifications,
    permissions,
    remarks,
    wizard,
)
from conventions.models import Convention, Remark, Status
from conventions.views import calculator
from organisations import directory, people
from organisations.fields import compact
from organisations.forms import ContactForm, DirectoryForm, OrganisationForm, ServiceForm
from organisations.models import Contact, Organisation, Service, Teacher
from organisations.models.host import SIRENE_COUNTRIES

# The steps that choose a row of the directory: which column, and which form creates one.
CHOICES: dict[str, tuple[str, type[DirectoryForm] | None]] = {
    "etablissement": ("organisation", OrganisationForm),
    "service": ("service", ServiceForm),
    "tuteur": ("tutor", ContactForm),
    "signataire": ("signatory", ContactForm),
    "responsable": ("teacher", None),
}
CORRECTED = {OrganisationForm, ContactForm}
# What the page of each creation form is called.
HEADINGS = {
    "etablissement": gettext_lazy("Créer l’établissement d’accueil"),
    "service": gettext_lazy("Créer le service d’accueil"),
    "tuteur": gettext_lazy("Saisir le tuteur professionnel"),
    "signataire": gettext_lazy("Saisir le signataire"),
}
# What must be chosen first: nobody looks for a service before there is a host.
NEEDS_HOST = {"service", "tuteur", "signataire"}
# The sections of the content step that most students need not fill.
FOLDED = {
    "declared": set(forms.DECLARED),
    "cover": set(forms.INSURANCE),
}
# Beyond this many rows of one host, the page offers to search among them.
ROWS_SHOWN = 12
# One letter would match nearly everybody.
SHORTEST_SEARCH = 2
# What the content step and the hours read besides the agreement itself.
PERIODS = tuple(wizard.PERIODS)
# Digits of the largest primary key; Python refuses to read thousands of them.
LONGEST_KEY = 19


def load(request: HttpRequest, pk: int) -> Convention:
    """Return an agreement that this person fills, locked while they post; 404 when it is not theirs to fill."""
    user = signed_in(request)
    agreements = Convention.objects.visible_to(user)
    if request.method == "POST":
        # Lock, then look: a query that waited for its lock would join the rows of before the wait.
        get_object_or_404(agreements.select_for_update(), pk=pk)
    convention = get_object_or_404(agreements.for_detail().prefetch_related(*PERIODS), pk=pk)
    if not permissions.owns_or_manages(user, convention):
        raise Http404
    return convention


def key_in(text: str) -> int | None:
    """Return the primary key that a form posted, None when it cannot be one."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_KEY else None


def reread(convention: Convention) -> Convention:
    """Return an agreement as it is stored, whatever was typed on this instance."""
    return Convention.objects.for_detail().prefetch_related(*PERIODS).get(pk=convention.pk)


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def step(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """One step of the wizard: shown, saved as it is filled (X-Autosave), or saved to go on."""
    if slug not in wizard.BY_SLUG and slug not in (wizard.RECAP, wizard.RESUME):
        raise Http404
    convention = load(request, pk)
    if not convention.is_editable:
        return locked(request, convention, slug)
    if slug == wizard.RESUME:
        return redirect(wizard.resume_url(convention))
    if slug == wizard.RECAP:
        return recap(request, convention)
    if slug in CHOICES:
        return choose(request, convention, wizard.BY_SLUG[slug])
    return fill(request, convention, wizard.BY_SLUG[slug])


def locked(request: HttpRequest, convention: Convention, slug: str) -> HttpResponse:
    """Too late to fill: show what was typed, so that it can be copied, and say why."""
    if request.headers.get("X-Autosave"):
        message = _("cette convention est « %(status)s », elle ne se modifie plus.")
        return JsonResponse({"message": message % {"status": convention.get_status_display()}}, status=409)
    if request.method != "POST":
        return redirect(convention)
    current = wizard.BY_SLUG.get(slug)
    parts: list[BaseForm] = []
    if current and current.form:
        parts = [current.form(request.POST, instance=convention)]
        if current.form is forms.ContentForm:
            for periods in periods_of(convention, request.POST):
                parts += [row for row in periods.forms if row.has_changed()]
    return show_locked(request, convention, parts)


def periods_of(convention: Convention, data: QueryDict | None) -> list[forms.BasePeriodFormSet]:
    """Return the tables of periods of the content step."""
    return [
        forms.WorkPeriodFormSet(data, convention=convention),
        forms.InterruptionFormSet(data, convention=convention),
    ]


def show_locked(request: HttpRequest, convention: Convention, parts: Iterable[BaseForm]) -> HttpResponse:
    typed = [line for part in parts for line in typed_in(part)]
    return render(request, "conventions/locked.html", {"convention": convention, "typed": typed}, status=409)


def typed_in(form: BaseForm) -> list[tuple[str, str]]:
    """Return what somebody typed in a form: label and text of each field, choices and dates as people read them."""
    found = []
    for field in form:
        if field.data:
            values = field.data if isinstance(field.data, list) else [field.data]
            found.append((str(field.label), ", ".join(in_words(field.field, value) for value in values)))
    return found


def in_words(field: Field, value: Any) -> str:
    """Return one posted value as people read it: the label of a choice, a date, else what was typed."""
    if isinstance(field, BooleanField):
        return _("Oui")
    if isinstance(field, forms.DateField):
        with suppress(ValidationError):
            return str(date_format(field.clean(value), "SHORT_DATE_FORMAT"))
    for key, label in getattr(field.widget, "choices", ()):
        group = label if isinstance(label, (list, tuple)) else [(key, label)]
        for code, words in group:
            if str(code) == str(value):
                return str(words)
    return str(value)


def fill(request: HttpRequest, convention: Convention, current: wizard.Step) -> HttpResponse:
    """A step made of fields."""
    assert current.form is not None
    data = posted(request)
    form = current.form(data, instance=convention)
    valid = form.is_valid()
    # Judged after the form: they must stay between the dates just typed.
    tables = periods_of(convention, data) if current.form is forms.ContentForm else []
    valid = all([valid, *(periods.is_valid() for periods in tables)])
    if request.method == "POST":
        save(convention, form, tables, request)
    stored = reread(convention) if form.is_bound else convention
    case = legality.case_of(stored)
    findings = law.findings(case)
    if request.method == "POST":
        valid = not form.blame(findings) and valid
        if request.headers.get("X-Autosave"):
            return autosaved(stored, form, tables, current, case, findings)
        if valid:
            stays = "stay" in request.POST
            return redirect(request.path if stays else wizard.next_url(convention, current.slug))
    return page(
        request,
        stored,
        current,
        f"conventions/steps/{current.slug}.html",
        {
            "form": form,
            "tables": tables,
            "wrong_periods": sum(periods.total_error_count() for periods in tables),
            **{periods.name: periods for periods in tables},
            "panel": law_panel(stored, case, findings),
            "differences": [
                documents.Change(wizard.label_of(name), before, after)
                for name, (before, after) in drafts.differences(stored).items()
            ],
        },
        form,
        findings,
    )


def law_panel(convention: Convention, case: law.Case, findings: list[law.Finding]) -> explanations.Panel:
    """Return what the law says beside the form, with the way to compute it again."""
    panel = explanations.panel(case, findings, partial(wizard.field_url, convention))
    return replace(panel, again=calculator.address(case))


def opened(form: forms.ContentForm, remarked: Iterable[str], findings: Iterable[law.Finding]) -> set[str]:
    """Return the sections of the content step that are not folded: something is typed there, asked for, or wrong."""
    concerned = {finding.field for finding in findings if finding.severity != law.Severity.INFORM} | set(
        remarked
    )
    return {
        section
        for section, names in FOLDED.items()
        if any(
            name in concerned or form[name].errors or form[name].value()
            for name in names & form.fields.keys()
        )
    }


def save(
    convention: Convention,
    form: forms.StepForm,
    tables: list[forms.BasePeriodFormSet],
    request: HttpRequest,
) -> None:
    """Save what a draft can hold of a step, the periods that hold, the answers to remarks."""
    form.save_valid()
    for periods in tables:
        periods.is_valid()
        periods.save()
    if tables:
        drafts.refresh_hours(convention)
    answer_remarks(convention, request)


def answer_remarks(convention: Convention, request: HttpRequest) -> bool:
    """Store the answers posted beside the fields, and what was ticked as treated; tell if there were any."""
    user = signed_in(request)
    if not permissions.may_answer_remarks(user, convention):
        return False
    answers = {
        pk: remarks.Answer(str(text).replace("\0", "").strip()[:2_000], f"resolved-{pk}" in request.POST)
        for name, text in request.POST.items()
        if name.startswith("answer-") and (pk := key_in(name.removeprefix("answer-")))
    }
    return remarks.answer(convention, answers, by=user)


def autosaved(
    stored: Convention,
    form: forms.StepForm,
    tables: list[forms.BasePeriodFormSet],
    current: wizard.Step,
    case: law.Case,
    findings: list[law.Finding],
) -> JsonResponse:
    """Answer an autosave: the time, the mistakes in what was typed, the state of each step, what the law says."""
    rows = [row for periods in tables for row in periods.forms]
    errors = {
        field.html_name: list(field.errors)
        for part in [form, *rows]
        for field in part
        if field.errors and field.data
    }
    panel = law_panel(stored, case, findings)
    return JsonResponse(
        {
            "saved_at": timezone.localtime().strftime("%H:%M"),
            "errors": errors,
            "steps": {place.slug: place.state for place in places(stored, current.slug, findings=findings)},
            "live": {"hours": panel.sentence, "summary": panel.summary},
            "html": {"law": render_to_string("conventions/law.html", {"panel": panel})},
        }
    )


def choose(request: HttpRequest, convention: Convention, current: wizard.Step) -> HttpResponse:
    """A step that chooses one row: the host, its service, a person."""
    slug = current.slug
    column, creation = CHOICES[slug]
    if slug in NEEDS_HOST and convention.organisation is None:
        messages.info(request, _("Choisissez d’abord l’établissement d’accueil."))
        return redirect("conventions:step", convention.pk, "etablissement")
    if request.method == "POST" and (answer := chosen(request, convention, slug)):
        return answer
    take_typed_text(request)  # a choice is made again in one click
    query = request.GET.get("q", "").strip()
    query = query if len(query) >= SHORTEST_SEARCH else ""
    row = getattr(convention, column)
    context = {
        "may_correct": creation in CORRECTED
        and row is not None
        and permissions.may_correct(signed_in(request), convention, row),
        "nothing_ticked": request.method == "POST",
        "query": query,
        "chosen": row,
        "changing": "changer" in request.GET,
        **offered(convention, slug, query),
    }
    if creation and slug in NEEDS_HOST and not (query or context["found"]):
        return redirect("conventions:create", convention.pk, slug)
    template = f"conventions/steps/{slug}.html"
    if request.headers.get("HX-Request") and slug not in NEEDS_HOST:
        return render(request, f"{template}#results", {"convention": convention, "step": current, **context})
    return page(request, convention, current, template, context)


def chosen(request: HttpRequest, convention: Convention, slug: str) -> HttpResponse | None:
    """Put what was chosen on the agreement, and go on; a host is shown once more before. None: nothing was ticked."""
    answered = answer_remarks(convention, request)
    choice = request.POST.get("choice", "")
    if not choice and any(name.startswith("answer-") for name in request.POST):
        if answered:
            messages.success(
                request, _("Votre réponse est enregistrée. Cochez la case quand la remarque est traitée.")
            )
        else:
            messages.error(
                request, _("Écrivez une réponse, ou cochez la case : la remarque reste à traiter.")
            )
        return redirect(request.get_full_path())
    if not choice:
        return None
    row = get_object_or_404(candidates(convention, slug), pk=key_in(choice))
    drafts.assign(convention, CHOICES[slug][0], row)
    return redirect(after_choice(convention, slug))


def after_choice(convention: Convention, slug: str) -> str:
    if slug == "etablissement":
        return wizard.step_url(convention, slug)
    return wizard.next_url(convention, slug)


def candidates(convention: Convention, slug: str) -> QuerySet[Any]:
    """Return every row that may be chosen at this step for this agreement."""
    match slug:
        case "etablissement":
            return Organisation.objects.all()
        case "service":
            return Service.objects.filter(organisation=convention.organisation_id)
        case "responsable":
            return Teacher.objects.filter(ufr__institution=convention.institution_id, user__is_active=True)
        case _:
            return Contact.objects.filter(organisation=convention.organisation_id)


def offered(convention: Convention, slug: str, query: str) -> dict[str, Any]:
    """Return what the page proposes: a search for hosts and teachers, the host's own rows for the rest."""
    if slug == "etablissement":
        hosts = directory.search(query)
        return {
            "found": hosts.organisations,
            "has_more": hosts.has_more,
            "is_approximate": hosts.is_approximate,
        }
    if slug == "responsable":
        teachers = list(people.search_teachers(query, convention.institution)) if query else []
        return {"found": teachers}
    rows = list(candidates(convention, slug))
    words = fold(query).split()
    found = [row for row in rows if all(word in described(row) for word in words)]
    return {
        "found": found[:ROWS_SHOWN],
        "has_more": len(found) > ROWS_SHOWN,
        "is_searched": len(rows) > ROWS_SHOWN,
    }


def described(row: Service | Contact) -> str:
    """Return what a row of a host is found by, folded."""
    if isinstance(row, Service):
        return fold(f"{row.name} {row.city}")
    return fold(f"{row} {row.function} {row.department}")


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def create(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """Create the host, service or person that is not in the directory, and choose it."""
    _column, creation = CHOICES.get(slug, ("", None))
    if creation is None:
        raise Http404
    convention = load(request, pk)
    if slug in NEEDS_HOST and convention.organisation is None:
        return redirect("conventions:step", convention.pk, "etablissement")
    form = creation_form(creation, posted(request), convention, signed_in(request), request.GET)
    # A page that offers nothing to choose sends back here: the way back is then the step before.
    offers = slug == "etablissement" or candidates(convention, slug).exists()
    back = wizard.step_url(convention, slug) if offers else wizard.previous_url(convention, slug)
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
    if row is None or not permissions.may_correct(user, convention, row):
        raise Http404
    form = finish(creation(posted(request), instance=row))
    back = wizard.step_url(convention, slug)
    return write_in_directory(
        request,
        convention,
        slug,
        form,
        {"heading": _("Corriger la fiche"), "previous_url": back, "corrects": True},
    )


def write_in_directory(
    request: HttpRequest, convention: Convention, slug: str, form: DirectoryForm, context: dict[str, Any]
) -> HttpResponse:
    """Save a row of the directory and choose it, or show its form."""
    if not convention.is_editable:
        return show_locked(request, convention, [form]) if request.method == "POST" else redirect(convention)
    if request.method == "POST" and form.is_valid():
        drafts.assign(convention, CHOICES[slug][0], form.save())
        for notice in getattr(form, "notices", ()):
            messages.warning(request, notice)
        return redirect(after_choice(convention, slug))
    return page(
        request,
        convention,
        wizard.BY_SLUG[slug],
        f"conventions/steps/{'contact' if isinstance(form, ContactForm) else slug}_new.html",
        {"form": form, "sirene": "|".join(sorted(SIRENE_COUNTRIES)), **context},
        form,
    )


def creation_form(
    creation: type[DirectoryForm], data: QueryDict | None, convention: Convention, by: User, asked: QueryDict
) -> DirectoryForm:
    """Return the form that adds a row to the directory, begun with what the search page knows (``asked``)."""
    form: DirectoryForm
    if creation is OrganisationForm:
        text = asked.get("q", "").replace("%", " ").strip()
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
    else:
        assert convention.organisation is not None
        if creation is ContactForm:
            form = ContactForm(data, by=by, organisation=convention.organisation)
        else:
            form = ServiceForm(data, organisation=convention.organisation)
    return finish(form)


def finish(form: DirectoryForm) -> DirectoryForm:
    """Say what to do in errors and empty choices, and suggest communes."""
    forms.say_what_to_do(form)
    for field in form.fields.values():
        if isinstance(field, ModelChoiceField):
            field.empty_label = _("Choisissez")
    if "postal_code" in form.fields:
        forms.suggest_communes(form, "postal_code", "city")
    return form


def recap(request: HttpRequest, convention: Convention) -> HttpResponse:
    """Everything before submitting: each section with its link, what is missing listed."""
    if request.method == "POST":
        return redirect("conventions:step", convention.pk, wizard.RECAP)
    case = legality.case_of(convention)
    findings = law.findings(case)
    steps = places(convention, wizard.RECAP, findings=findings)
    seen = permissions.remarks_seen(signed_in(request), convention)
    open_remarks = [remark for remark in seen if remark.resolved_at is None]
    context = documents.agreement(convention)
    return page(
        request,
        convention,
        None,
        "conventions/steps/recapitulatif.html",
        {
            "sections": [
                (section, [row for row in section.rows if row.value])
                for section in documents.sections(context)
            ],
            "incomplete": [place for place in steps if place.missing],
            "is_mistaken": any(place.state == "error" for place in steps),
            "open_remarks": [
                (remark, wizard.label_of(remark.field), wizard.field_url(convention, remark.field))
                for remark in open_remarks
            ],
            "copies": context["copies"],
            "told": notifications.told(convention),
            "ready": not open_remarks and not any(place.missing for place in steps),
            "exceptions": [
                explanations.explain(finding, partial(wizard.field_url, convention))
                for finding in findings
                if finding.asks_an_exception
            ],
            "panel": explanations.panel(case, findings, partial(wizard.field_url, convention)),
        },
        findings=findings,
    )


def places(
    convention: Convention,
    current: str,
    remarks: Iterable[Remark] | None = None,
    findings: Iterable[law.Finding] = (),
) -> list[wizard.Place]:
    """Return the stepper of an agreement, remarks included once they have been sent."""
    remarked: Iterable[str] = ()
    if convention.status == Status.RETURNED:
        opened = convention.remarks.all() if remarks is None else remarks
        remarked = (remark.field for remark in opened if remark.resolved_at is None)
    return wizard.places(convention, current, frozenset(remarked), findings)


def page(
    request: HttpRequest,
    convention: Convention,
    current: wizard.Step | None,
    template: str,
    context: dict[str, Any],
    form: Any = None,
    findings: list[law.Finding] | None = None,
) -> HttpResponse:
    """Render a page of the wizard: stepper, remarks beside their fields, previous and next."""
    user = signed_in(request)
    slug = current.slug if current else wizard.RECAP
    findings = legality.review(convention) if findings is None else findings
    remarks: dict[str, list[Remark]] = {}
    seen = permissions.remarks_seen(user, convention)
    for remark in seen:
        remarks.setdefault(remark.field, []).append(remark)
    answers = permissions.may_answer_remarks(user, convention)
    if form is not None:
        form.remarks, form.answers_remarks = remarks, answers
        if form.is_bound and request.method == "GET":
            messages.info(
                request,
                _("Votre session avait expiré. Voici ce que vous aviez écrit : vérifiez et enregistrez."),
            )
    steps = places(convention, slug, seen, findings)
    if form is not None and form.errors:
        steps = [replace(place, state="error") if place.current else place for place in steps]
    column = CHOICES[slug][0] if slug in CHOICES else ""
    saved_at = timezone.localtime(convention.updated_at)
    return render(
        request,
        template,
        {
            "convention": convention,
            "step": current,
            "steps": steps,
            "number": next(rank for rank, place in enumerate(steps, start=1) if place.current),
            "current": next(place for place in steps if place.current),
            "heading": current.title if current else wizard.RECAP_TITLE,
            "remarks": remarks,
            "answers_remarks": answers,
            "column": column,
            "opened": opened(form, remarks, findings) if isinstance(form, forms.ContentForm) else set(),
            "findings": [
                explanations.explain(finding, explanations.nowhere)
                for finding in findings
                if finding.field == column and not finding.is_missing
            ],
            "previous_url": wizard.previous_url(convention, slug),
            "next_url": wizard.next_url(convention, slug) if current else "",
            "saved_at": saved_at if saved_at.date() == timezone.localdate() else None,
            "for_someone_else": not permissions.owns(user, convention),
            **context,
        },
        status=422 if request.method == "POST" else 200,
    )
