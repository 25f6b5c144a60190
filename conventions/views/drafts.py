"""Drafts: advice before starting one, entering one for a student, copying an agreement, deleting one."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Student
from accounts.refusals import Refused
from accounts.sign_in.session import signed_in
from conventions.views.access import load
from conventions.views.frame import SHORTEST_SEARCH, key_in
from conventions.writing import drafts, steps
from organisations import people
from organisations.models import Centre
from organisations.models.roles import roles_of


@require_http_methods(["GET", "POST"])
def advice(request: HttpRequest) -> HttpResponse:
    """What to have at hand before starting; posting starts a draft."""
    student = Student.objects.select_related("institution", "user").filter(user=signed_in(request)).first()
    if student is None:
        raise Http404
    if request.method == "POST":
        after = request.POST.get("after", "")
        convention = drafts.start(student, by=signed_in(request), after=after)
        return redirect("conventions:step", convention.pk, steps.STEPS[0].slug)
    return render(
        request,
        "conventions/advice.html",
        {
            "student": student,
            "centres": centres_of(student),
            "last_before": drafts.last_before(signed_in(request)),
        },
    )


def centres_of(student: Student) -> list[Centre]:
    """Return the centres that handle a student's enrolments, the latest first, each once."""
    enrolments = student.enrolments.select_related("programme__centre", "programme__ufr__centre")
    centres = {enrolment.programme.managing_centre: None for enrolment in enrolments}
    return [centre for centre in centres if centre is not None]


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """A manager starts an agreement for a student of their centres."""
    user = signed_in(request)
    centres = Centre.objects.filter(pk__in=roles_of(user).centre_ids)
    if not centres:
        raise Http404
    if request.method == "POST":
        student = get_object_or_404(people.students_of(centres), pk=key_in(request.POST.get("student", "")))
        # The centre gives the manager the right to fill it, until the étape is chosen.
        centre = next((centre for centre in centres_of(student) if centre in centres), None)
        after = request.POST.get("after", "")
        convention = drafts.start(student, by=user, centre=centre, after=after)
        return redirect("conventions:step", convention.pk, steps.STEPS[0].slug)
    text = request.GET.get("q", "").strip()
    students = people.search_students(text, centres) if len(text) >= SHORTEST_SEARCH else None
    return render(
        request,
        "conventions/enter.html",
        {"query": text, "students": students, "last_before": drafts.last_before(user)},
    )


@require_POST
@transaction.atomic
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a new draft from an earlier agreement."""
    original = load(request, pk)
    copy = drafts.duplicate(original, by=signed_in(request))
    messages.success(
        request,
        _("Nouveau brouillon créé : vérifiez chaque étape, puis indiquez les dates et votre étape d’étude."),
    )
    return redirect(steps.resume_url(copy))


@require_POST
@transaction.atomic
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft that was never submitted."""
    convention = load(request, pk)
    try:
        drafts.delete(convention, by=signed_in(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(convention)
    messages.success(request, _("Brouillon supprimé."))
    return redirect("home")
