"""The student's path: advice, nine steps, summary, next steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.middleware import keeps_typed_text, take_typed_text
from accounts.models import Student, User
from accounts.session import signed_in
from conventions import documents, drafts, forms, permissions, signing, wizard, workflow
from conventions.models import Convention, Remark, Status
from organisations import directory, people
from organisations.forms import ContactForm, DirectoryForm, OrganisationForm, ServiceForm
from organisations.models import Centre, Contact, Organisation, Service, Teacher
from organisations.roles import roles_of

# The steps that choose a row of the directory: which column, and which form creates one.
CHOICES: dict[str, tuple[str, type[DirectoryForm] | None]] = {
    "etablissement": ("organisation", OrganisationForm),
    "service": ("service", ServiceForm),
    "tuteur": ("tutor", ContactForm),
    "signataire": ("signatory", ContactForm),
    "responsable": ("teacher", None),
}
# What must be chosen first: nobody looks for a service before there is a host.
NEEDS_HOST = {"service", "tuteur", "signataire"}


def load(request: HttpRequest, pk: int) -> Convention:
    """Return an agreement that this person fills, locked while they post; 404 when it is not theirs to fill."""
    user = signed_in(request)
    agreements = Convention.objects.visible_to(user).for_detail().prefetch_related("interruptions")
    if request.method == "POST":
        agreements = agreements.select_for_update(of=("self",))
    convention = get_object_or_404(agreements, pk=pk)
    if not permissions.owns_or_manages(user, convention):
        raise Http404
    return convention


@require_http_methods(["GET", "POST"])
def advice(request: HttpRequest) -> HttpResponse:
    """What to have at hand before starting; posting starts a draft."""
    student = Student.objects.select_related("institution", "user").filter(user=signed_in(request)).first()
    if student is None:
        raise Http404
    if request.method == "POST":
        convention = drafts.create(student, by=signed_in(request))
        return redirect("conventions:step", convention.pk, wizard.STEPS[0].slug)
    centres = Centre.objects.filter(
        pk__in=[
            centre.pk
            for enrolment in student.enrolments.select_related("programme__centre", "programme__ufr__centre")
            if (centre := enrolment.programme.managing_centre)
        ]
    )
    return render(request, "conventions/advice.html", {"student": student, "centres": centres})


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """A manager starts an agreement for a student of their centres."""
    user = signed_in(request)
    centres = Centre.objects.filter(pk__in=roles_of(user).centre_ids)
    if not centres:
        raise Http404
    if request.method == "POST":
        student = get_object_or_404(people.students_of(centres), pk=request.POST.get("student"))
        convention = drafts.create(student, by=user)
        return redirect("conventions:step", convention.pk, wizard.STEPS[0].slug)
    text = request.GET.get("q", "").strip()
    students = people.search_students(text, centres) if text else []
    return render(request, "conventions/enter.html", {"query": text, "students": students})


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def step(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """One step of the wizard: shown, saved as it is filled (X-Autosave), or saved to go on."""
    if slug != wizard.RECAP and slug not in wizard.BY_SLUG:
        raise Http404
    convention = load(request, pk)
    if not convention.is_editable:
        return locked(request, convention)
    if slug == wizard.RECAP:
        return recap(request, convention)
    if slug in CHOICES:
        return choose(request, convention, slug)
    return fill(request, convention, wizard.BY_SLUG[slug])


def locked(request: HttpRequest, convention: Convention) -> HttpResponse:
    """Too late to fill: show what was typed, so that it can be copied, and say why."""
    if request.headers.get("X-Autosave"):
        message = _("Cette convention est « %(status)s » : elle ne se modifie plus ici.")
        return JsonResponse({"error": message % {"status": convention.get_status_display()}}, status=409)
    if request.method != "POST":
        return redirect(convention)
    typed = [
        (wizard.label_of(name), value)
        for name, values in request.POST.lists()
        if name in wizard.STEP_OF_FIELD and (value := ", ".join(values).strip())
    ]
    return render(request, "conventions/locked.html", {"convention": convention, "typed": typed}, status=409)


def fill(request: HttpRequest, convention: Convention, current: wizard.Step) -> HttpResponse:
    """A step made of fields."""
    assert current.form is not None
    typed = take_typed_text(request) if request.method == "GET" else None
    data: QueryDict | None = request.POST if request.method == "POST" else typed
    form = current.form(data, instance=convention)
    has_interruptions = current.form is forms.ContentForm
    valid = form.is_valid() if data is not None else True
    # Bound after the form, whose dates the interruptions must respect.
    interruptions = forms.InterruptionFormSet(data, instance=convention) if has_interruptions else None
    if data is not None and interruptions is not None:
        valid = interruptions.is_valid() and valid
    if request.method == "POST":
        save(convention, form, interruptions, request)
        if request.headers.get("X-Autosave"):
            return autosaved(convention, form, current)
        if valid:
            return redirect(wizard.next_url(convention, current.slug))
    elif typed is not None:
        messages.info(request, _("Votre session avait expiré. Voici ce que vous aviez écrit : vérifiez et enregistrez."))
    return page(
        request,
        convention,
        current,
        f"conventions/steps/{current.slug}.html",
        {"form": form, "interruptions": interruptions, "differences": drafts.differences(convention)},
        form,
    )


def save(
    convention: Convention,
    form: forms.StepForm,
    interruptions: forms.BaseInterruptionFormSet | None,
    request: HttpRequest,
) -> None:
    """Save what holds of a step, its interruptions when they all hold, its answers to remarks."""
    form.save_valid()
    if interruptions is not None:
        if interruptions.is_valid():
            interruptions.save()
        refresh_hours(convention)
    answer_remarks(convention, request)


def refresh_hours(convention: Convention) -> None:
    """Recompute the hours of presence from the row as it is now stored."""
    stored = Convention.objects.select_related("service", "organisation").get(pk=convention.pk)
    convention.hours_computed = forms.compute_hours(stored)
    convention.save(update_fields=["hours_computed"])


def answer_remarks(convention: Convention, request: HttpRequest) -> None:
    """Store the answers posted beside the fields, and mark as treated what the person ticked."""
    if not permissions.may_answer_remarks(signed_in(request), convention):
        return
    for remark in convention.remarks.filter(resolved_at__isnull=True):
        answer = request.POST.get(f"answer-{remark.pk}")
        if answer is None:
            continue
        remark.answer = answer.strip()[:2_000]
        if f"resolved-{remark.pk}" in request.POST:
            remark.resolved_at = timezone.now()
            remark.resolved_by = signed_in(request)
        remark.save(update_fields=["answer", "resolved_at", "resolved_by"])


def autosaved(convention: Convention, form: forms.StepForm, current: wizard.Step) -> JsonResponse:
    """Answer an autosave: the time, the mistakes in what was typed, the state of each step."""
    errors = {
        name: [str(message) for message in messages_]
        for name, messages_ in form.errors.items()
        if form.data.get(form.add_prefix(name), "").strip()
    }
    stored = Convention.objects.for_detail().prefetch_related("interruptions").get(pk=convention.pk)
    return JsonResponse(
        {
            "saved_at": timezone.localtime().strftime("%H:%M"),
            "errors": errors,
            "steps": {place.slug: place.state for place in places(stored, current.slug)},
        }
    )


def choose(request: HttpRequest, convention: Convention, slug: str) -> HttpResponse:
    """A step that chooses one row: the host, its service, a person."""
    column, creation = CHOICES[slug]
    if slug in NEEDS_HOST and convention.organisation is None:
        messages.info(request, _("Choisissez d’abord l’établissement d’accueil."))
        return redirect("conventions:step", convention.pk, "etablissement")
    if request.method == "POST":
        answer_remarks(convention, request)
        if "choice" not in request.POST:
            return redirect("conventions:step", convention.pk, slug)
        chosen = get_object_or_404(candidates(convention, slug), pk=request.POST["choice"])
        assign(convention, column, chosen)
        return redirect(wizard.next_url(convention, slug))
    query = request.GET.get("q", "").strip()
    context = {
        "query": query,
        "chosen": getattr(convention, column),
        "found": offered(convention, slug, query),
        "can_create": creation is not None,
        "column": column,
    }
    template = f"conventions/steps/{slug}.html"
    if request.headers.get("HX-Request"):
        return render(request, f"{template}#results", {"convention": convention, **context})
    return page(request, convention, wizard.BY_SLUG[slug], template, context)


def candidates(convention: Convention, slug: str) -> Any:
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


def offered(convention: Convention, slug: str, query: str) -> Iterable[Model]:
    """Return what the page proposes: a search for hosts and teachers, the host's own for the rest."""
    if slug == "etablissement":
        return directory.search(query) if query else ()
    if slug == "responsable":
        return people.search_teachers(query, convention.institution) if query else ()
    return list(candidates(convention, slug)[:100])


def assign(convention: Convention, column: str, chosen: Model) -> None:
    """Put a chosen row on the agreement; another host means another service, tutor and signatory."""
    columns = [column]
    if column == "organisation" and convention.organisation_id != chosen.pk:
        convention.service = convention.tutor = convention.signatory = None
        columns += ["service", "tutor", "signatory"]
    setattr(convention, column, chosen)
    convention.refresh_search_key()
    convention.save(update_fields=[*columns, "search_key", "updated_at"])
    if column in {"organisation", "service"}:
        refresh_hours(convention)


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def create(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """Create the host, service or person that is not in the directory, and choose it."""
    column, creation = CHOICES.get(slug, ("", None))
    if creation is None:
        raise Http404
    convention = load(request, pk)
    if not convention.is_editable:
        return locked(request, convention)
    if slug in NEEDS_HOST and convention.organisation is None:
        return redirect("conventions:step", convention.pk, "etablissement")
    typed = take_typed_text(request) if request.method == "GET" else None
    data = request.POST if request.method == "POST" else typed
    form = creation_form(creation, data, convention, signed_in(request), request.GET.get("q", ""))
    if request.method == "POST" and form.is_valid():
        assign(convention, column, form.save())
        return redirect(wizard.next_url(convention, slug))
    return page(request, convention, wizard.BY_SLUG[slug], f"conventions/steps/{slug}_new.html", {"form": form, "column": column})


def creation_form(
    creation: type[DirectoryForm], data: QueryDict | None, convention: Convention, by: User, name: str
) -> DirectoryForm:
    if creation is OrganisationForm:
        return OrganisationForm(data, by=by, initial={"name": name.replace("%", " ").strip()})
    assert convention.organisation is not None
    if creation is ContactForm:
        return ContactForm(data, by=by, organisation=convention.organisation)
    return ServiceForm(data, organisation=convention.organisation)


def recap(request: HttpRequest, convention: Convention) -> HttpResponse:
    """Everything before submitting: each section with its link, what is missing listed."""
    user = signed_in(request)
    if request.method == "POST":
        return redirect("conventions:step", convention.pk, wizard.RECAP)
    return page(
        request,
        convention,
        None,
        "conventions/steps/recapitulatif.html",
        {
            "sections": documents.sections(documents.agreement(convention)),
            "incomplete": [place for place in places(convention) if place.missing],
            "open_remarks": convention.remarks.filter(resolved_at__isnull=True),
            "can_submit": any(action.name == "submit" for action in workflow.available(convention, user)),
        },
    )


def places(convention: Convention, current: str = "") -> list[wizard.Place]:
    """Return the stepper of an agreement, remarks included once they have been sent."""
    remarked: frozenset[str] = frozenset()
    if convention.status == Status.RETURNED:
        open_remarks = convention.remarks.filter(resolved_at__isnull=True)
        remarked = frozenset(open_remarks.values_list("field", flat=True))
    return wizard.places(convention, current, remarked)


def page(
    request: HttpRequest,
    convention: Convention,
    current: wizard.Step | None,
    template: str,
    context: dict[str, Any],
    form: Any = None,
) -> HttpResponse:
    """Render a page of the wizard: stepper, remarks beside their fields, previous and next."""
    user = signed_in(request)
    slug = current.slug if current else wizard.RECAP
    stored = convention if form is None or not form.is_bound else Convention.objects.for_detail().get(pk=convention.pk)
    remarks: dict[str, list[Remark]] = {}
    if convention.number and permissions.sees_open_remarks(user, convention):
        for remark in convention.remarks.select_related("author"):
            remarks.setdefault(remark.field, []).append(remark)
    if form is not None:
        form.remarks = remarks
        form.answers_remarks = permissions.may_answer_remarks(user, convention)
    steps = places(stored, slug)
    return render(
        request,
        template,
        {
            "convention": convention,
            "step": current,
            "steps": steps,
            "number": next(rank for rank, place in enumerate(steps, start=1) if place.current),
            "current": next(place for place in steps if place.current),
            "remarks": remarks,
            "answers_remarks": permissions.may_answer_remarks(user, convention),
            "previous_url": wizard.previous_url(convention, slug),
            "for_someone_else": not permissions.owns(user, convention),
            **context,
        },
        status=422 if form is not None and form.is_bound and request.method == "POST" else 200,
    )


@require_GET
def next_steps(request: HttpRequest, pk: int) -> HttpResponse:
    """The number in large, what happens next and who is told; after validation, printing and signatures."""
    convention = get_object_or_404(
        Convention.objects.visible_to(signed_in(request)).for_detail().prefetch_related("turns"), pk=pk
    )
    if not convention.number:
        return redirect(wizard.resume_url(convention))
    return render(
        request,
        "conventions/next.html",
        {
            "convention": convention,
            "document": convention.documents.first(),
            "circuit": signing.circuit(convention),
            "actions": workflow.available(convention, signed_in(request)),
        },
    )


@require_POST
@transaction.atomic
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a new draft from an earlier agreement."""
    original = load(request, pk)
    copy = drafts.duplicate(original, by=signed_in(request))
    messages.success(request, _("Nouveau brouillon créé : vérifiez chaque étape, puis indiquez les dates et votre étape d’étude."))
    return redirect(wizard.resume_url(copy))


@require_POST
@transaction.atomic
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft that was never submitted."""
    convention = load(request, pk)
    if not permissions.may_delete(signed_in(request), convention):
        messages.error(request, _("Une convention déjà soumise ne se supprime pas : annulez-la."))
        return redirect(convention)
    drafts.delete(convention)
    messages.success(request, _("Brouillon supprimé."))
    return redirect("home")
