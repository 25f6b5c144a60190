"""The frame of every step of the wizard: the agreement, the stepper, the remarks beside their fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.sign_in.session import signed_in
from conventions import documents, law, legality, permissions, workflow
from conventions.desk import reading
from conventions.legality import words
from conventions.models import Amended, Convention, Remark
from conventions.models.columns import CONTENT, asked
from conventions.models.schedule import PERIODS
from conventions.writing import changes, forms, remarks, steps
from organisations.forms import RemarkedForm
from organisations.shared import in_words

# The sections of the content step that most students need not fill.
FOLDED = {
    "declared": set(asked(CONTENT, "declared")),
    "cover": set(asked(CONTENT, "cover")),
}
# One letter would match nearly everybody.
SHORTEST_SEARCH = 2
# Digits of the largest primary key; Python refuses to read thousands of them.
LONGEST_KEY = 19


def key_in(text: str) -> int | None:
    """Return the primary key that a form posted, None when it cannot be one."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_KEY else None


def reread(convention: Convention) -> Convention:
    """Return an agreement as it is stored, whatever was typed on this instance."""
    if isinstance(convention, Amended):
        return changes.proposed(convention.avenant, convention.before)
    stored = Convention.objects.for_detail().prefetch_related(*PERIODS).get(pk=convention.pk)
    stored.is_being_corrected = convention.is_being_corrected
    return stored


@contextmanager
def corrected(request: HttpRequest, convention: Convention) -> Iterator[None]:
    """Let a step write an agreement; of a manager who corrects it themselves, say what was done of it."""
    user = signed_in(request)
    with workflow.correcting(convention, by=user):
        yield
    if convention.is_being_corrected:
        stored = reread(convention)
        if stored.changed_at != convention.changed_at:
            reading.changed_by(convention, stored, documents.agreement(stored), by=user)
            messages.success(request, _("La correction est enregistrée, l’étudiant en est prévenu."))


def show_locked(request: HttpRequest, convention: Convention, parts: Iterable[BaseForm]) -> HttpResponse:
    typed = [line for part in parts for line in typed_in(part)]
    return render(
        request,
        "conventions/locked.html",
        {
            "convention": convention,
            "typed": typed,
            "is_submitted": convention.is_submitted,
        },
        status=409,
    )


def typed_in(form: BaseForm) -> list[tuple[str, str]]:
    """Return what somebody typed in a form: label and text of each field, choices and dates as people read them."""
    found = []
    for field in form:
        if field.data:
            values = field.data if isinstance(field.data, list) else [field.data]
            found.append((str(field.label), ", ".join(in_words(field.field, value) for value in values)))
    return found


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


def places(
    convention: Convention,
    current: str,
    remarks: Iterable[Remark] | None = None,
    findings: Iterable[law.Finding] = (),
) -> list[steps.Place]:
    """Return the stepper of an agreement, remarks included once they have been sent."""
    remarked: Iterable[str] = ()
    if convention.acted_on.is_returned:
        opened = convention.own_remarks if remarks is None else remarks
        remarked = (remark.field for remark in opened if remark.resolved_at is None)
    return steps.places(convention, current, frozenset(remarked), findings)


def page(
    request: HttpRequest,
    convention: Convention,
    current: steps.Step | None,
    template: str,
    context: dict[str, Any],
    form: RemarkedForm | None = None,
    findings: list[law.Finding] | None = None,
) -> HttpResponse:
    """Render a page of the wizard: stepper, remarks beside their fields, previous and next."""
    user = signed_in(request)
    slug = slug_of(current, convention)
    findings = legality.review(convention) if findings is None else findings
    seen = permissions.remarks_seen(user, convention)
    remarks = by_field(seen)
    answers = permissions.may_answer_remarks(user, convention)
    if form is not None:
        form.remarks, form.answers_remarks = remarks, answers
        if form.is_bound and request.method == "GET":
            tell_of_expiry(request)
    stepper = places(convention, slug, seen, findings)
    if form is not None and form.errors:
        stepper = [replace(place, state="error") if place.current else place for place in stepper]
    number, here = next((rank, place) for rank, place in enumerate(stepper, start=1) if place.current)
    column = chosen_by(current)
    return render(
        request,
        template,
        {
            "convention": convention,
            "step": current,
            "steps": stepper,
            "number": number,
            "current": here,
            "heading": here.label,
            "remarks": remarks,
            "answers_remarks": answers,
            "column": column,
            "opened": opened(form, remarks, findings) if isinstance(form, forms.ContentForm) else set(),
            "findings": explained(findings, column),
            **addresses(convention, slug, is_step=current is not None),
            # Where what is beside the form is answered.
            "answers_here": answers and any(remark.resolved_at is None for remark in remarks.get(column, ())),
            "avenant": convention.avenant,
            "saved_at": None if convention.is_being_corrected else saved_today(convention),
            "corrects": convention.is_being_corrected,
            "for_someone_else": not permissions.owns(user, convention),
            **context,
        },
        status=422 if request.method == "POST" else 200,
    )


def onward(convention: Convention, slug: str) -> str:
    """Return where a step leads once it is saved: to the next remark of a correction, else to the next step."""
    if convention.is_being_corrected:
        return convention.get_absolute_url()
    if not convention.acted_on.is_returned:
        return steps.next_url(convention, slug)
    return steps.next_remark_url(convention, slug, [remark.field for remark in convention.open_remarks])


def tell_of_expiry(request: HttpRequest) -> None:
    messages.info(
        request,
        _("Votre session avait expiré. Voici ce que vous aviez écrit : vérifiez et enregistrez."),
    )


def by_field(seen: Iterable[Remark]) -> dict[str, list[Remark]]:
    """Return remarks by the field that each is pinned on."""
    found: dict[str, list[Remark]] = {}
    for remark in seen:
        found.setdefault(remark.field, []).append(remark)
    return found


def slug_of(current: steps.Step | None, convention: Convention) -> str:
    """Return what a page is in the stepper; two are no step: the purpose of an avenant, the summary of an agreement."""
    if current:
        return current.slug
    return steps.PURPOSE if convention.avenant else steps.RECAP


def chosen_by(current: steps.Step | None) -> str:
    """Return the column that a step without a form chooses; nothing of other pages."""
    return current.fields[0] if current and current.form is None else ""


def explained(findings: Iterable[law.Finding], column: str) -> list[words.Explained]:
    """Return what the law finds of the column that a step without a form chooses."""
    return [
        words.explain(finding, words.nowhere)
        for finding in findings
        if finding.field == column and not finding.is_missing
    ]


def addresses(convention: Convention, slug: str, *, is_step: bool) -> dict[str, str | None]:
    """Return where a page of the wizard leads, and where it is."""
    return {
        "previous_url": steps.previous_url(convention, slug) if slug != steps.PURPOSE else None,
        "next_url": steps.next_url(convention, slug) if is_step else "",
        "url": steps.step_url(convention, slug),
        "create_url": steps.create_url(convention, slug),
    }


def saved_today(convention: Convention) -> datetime | None:
    """Return when what is being written was last saved, if that was today."""
    saved_at = timezone.localtime(convention.acted_on.updated_at)
    return saved_at if saved_at.date() == timezone.localdate() else None
