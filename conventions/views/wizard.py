"""The student's path: the steps made of fields, and the summary."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

from django.db import transaction
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.sign_in.session import signed_in
from accounts.sign_in.typed_text import keeps_typed_text, posted
from conventions import documents, law, legality, notices, permissions, workflow
from conventions.legality import papers, words
from conventions.legality.risks import Risks
from conventions.models import Amended, Convention
from conventions.standing import destination
from conventions.views import bar, calculator, choices
from conventions.views.access import load
from conventions.views.frame import answer_remarks, corrected, onward, page, places, reread, show_locked
from conventions.writing import changes, drafts, forms, steps
from conventions.writing.periods import BasePeriodFormSet, InterruptionFormSet, WorkPeriodFormSet


@keeps_typed_text
@require_http_methods(["GET", "POST"])
@transaction.atomic
def step(
    request: HttpRequest, pk: int, slug: str, avenant: int | None = None, *, corrects: bool = False
) -> HttpResponse:
    """One step of the wizard: shown, saved as it is filled (X-Autosave), or saved to go on.

    With an ``avenant``, the same step fills what it changes; a manager who ``corrects`` a submitted agreement saves it at
    once, and only as a whole.
    """
    if slug not in steps.BY_SLUG and slug not in (steps.RECAP, steps.RESUME):
        raise Http404
    if request.method == "GET" and slug in choices.SEARCHED and request.headers.get("HX-Request"):
        return choices.found_as_one_types(request, pk, slug, avenant, corrects=corrects)
    convention = load(request, pk, avenant, corrects=corrects)
    if not convention.is_editable:
        return locked(request, convention, slug)
    if slug == steps.RESUME:
        return redirect(steps.resume_url(convention))
    if slug == steps.RECAP:
        is_elsewhere = convention.avenant or corrects
        return redirect(convention.acted_on) if is_elsewhere else recap(request, convention)
    current = next((step for step in steps.steps_of(convention) if step.slug == slug), None)
    if current is None:
        raise Http404
    if slug in choices.CHOICES:
        return choices.choose(request, convention, current)
    return fill(request, convention, current)


def locked(request: HttpRequest, convention: Convention, slug: str) -> HttpResponse:
    """Too late to fill: show what was typed, so that it can be copied, and say why."""
    if request.headers.get("X-Autosave"):
        message = _("cette convention est « %(status)s », elle ne se modifie plus.")
        status = convention.acted_on.get_status_display()
        return JsonResponse({"message": message % {"status": status}}, status=409)
    if request.method != "POST":
        return redirect(convention.acted_on)
    current = steps.BY_SLUG.get(slug)
    parts: list[BaseForm] = []
    if current and current.form:
        parts = [current.form(request.POST, instance=convention)]
        if current.form is forms.ContentForm:
            for periods in periods_of(convention, request.POST):
                parts += [row for row in periods.forms if row.has_changed()]
    return show_locked(request, convention, parts)


def periods_of(convention: Convention, data: QueryDict | None) -> list[BasePeriodFormSet]:
    """Return the tables of periods of the content step, those that the avenant shown opens."""
    avenant = convention.avenant
    return [
        formset(data, convention=convention)
        for formset in (WorkPeriodFormSet, InterruptionFormSet)
        if avenant is None or formset.name in avenant.may_change
    ]


def fill(request: HttpRequest, convention: Convention, current: steps.Step) -> HttpResponse:
    """A step made of fields."""
    assert current.form is not None
    data = posted(request)
    form = current.form(data, instance=convention)
    valid = form.is_valid()
    # Judged after the form: they must stay between the dates just typed.
    tables = periods_of(convention, data) if current.form is forms.ContentForm else []
    valid = all([valid, *(periods.is_valid() for periods in tables)])
    if request.method == "POST" and (valid or not convention.is_being_corrected):
        save(convention, form, tables, request)
    stored = convention
    if form.is_bound:
        stored = reread(convention)
        form.stored_is(stored)
    case, findings = legality.judged(stored)
    if request.method == "POST":
        # What the law says of a correction is on the page it leads back to.
        valid = (convention.is_being_corrected or not form.blame(findings)) and valid
        if request.headers.get("X-Autosave"):
            return autosaved(stored, form, tables, current, case, findings)
        if valid:
            stays = "stay" in request.POST
            return redirect(request.path if stays else onward(convention, current.slug))
    return page(
        request,
        stored,
        current,
        f"conventions/steps/{current.slug}.html",
        {
            "form": form,
            "shown": shown_by(form, tables),
            **of_periods(tables),
            "panel": law_panel(stored, case, findings),
            "printed": documents.printed_identity(stored) if current.slug == steps.IDENTITY.slug else [],
            "changes": documents.changed(stored),
            "destination": destination.shown(stored, Risks([stored]))
            if "travel_zone" in form.fields
            else None,
            "differences": [
                documents.Change(steps.column_label(name), before, after)
                for name, (before, after) in drafts.differences(stored).items()
            ],
        },
        form,
        findings,
    )


def shown_by(form: forms.StepForm, tables: list[BasePeriodFormSet]) -> str:
    """Return what the page posts as shown: the fields of its form, and each table as a whole."""
    return json.dumps(form.shown_texts | {periods.name: periods.shown for periods in tables})


def of_periods(tables: list[BasePeriodFormSet]) -> dict[str, object]:
    """Return what a page shows of tables of periods: each by its name, and how many mistakes they hold."""
    return {
        "tables": tables,
        "wrong_periods": sum(periods.total_error_count() for periods in tables),
        **{periods.name: periods for periods in tables},
    }


def law_panel(convention: Convention, case: law.Case, findings: list[law.Finding]) -> words.Panel:
    """Return what the law says beside the form, with the way to compute it again."""
    panel = words.panel(case, findings, partial(steps.field_url, convention))
    return replace(panel, again=calculator.address(case))


def save(
    convention: Convention,
    form: forms.StepForm,
    tables: list[BasePeriodFormSet],
    request: HttpRequest,
) -> None:
    """Save what a draft can hold of a step, the periods that hold, the answers to remarks."""
    if isinstance(convention, Amended):
        changes.write(convention, tables)
    else:
        with corrected(request, convention):
            drafts.write(form, tables)
    answer_remarks(convention, request)


def autosaved(
    stored: Convention,
    form: forms.StepForm,
    tables: list[BasePeriodFormSet],
    current: steps.Step,
    case: law.Case,
    findings: list[law.Finding],
) -> JsonResponse:
    """Answer an autosave: the time, the mistakes in what was typed, the state of each step, what the law says."""
    rows = [row for periods in tables for row in periods.forms]
    typed = [field for part in [form, *rows] for field in part if field.data]
    waiting = [form[name] for name in form.moved]
    errors = {field.html_name: list(field.errors) for field in [*typed, *waiting] if field.errors}
    errors |= {periods.name: list(periods.non_form_errors()) for periods in tables if periods.moved}
    moved = [*form.moved.values(), *(one for periods in tables for one in periods.moved.values())]
    shown = form.shown_texts | {periods.name: periods.still_shown for periods in tables}
    panel = law_panel(stored, case, findings)
    return JsonResponse(
        {
            "saved_at": timezone.localtime().strftime("%H:%M"),
            "errors": errors,
            "shown": shown,
            "refreshed": form.refreshed,
            "reload": any(periods.is_taken for periods in tables),
            "moved": {one.name: render_to_string("components/moved.html", {"moved": one}) for one in moved},
            "steps": {place.slug: place.state for place in places(stored, current.slug, findings=findings)},
            "live": {"hours": panel.sentence, "summary": panel.summary},
            "html": {
                "law": render_to_string("conventions/law.html", {"panel": panel}),
                "changes": render_to_string(
                    "conventions/changes.html", {"changes": documents.changed(stored)}
                ),
            },
        }
    )


def recap(request: HttpRequest, convention: Convention) -> HttpResponse:
    """Everything before submitting: each section with its link, what is missing listed."""
    if request.method == "POST":
        return redirect(steps.step_url(convention, steps.RECAP))
    user = signed_in(request)
    asked = workflow.Request(convention, user)
    case, findings = asked.case, asked.findings
    submission = submission_of(asked)
    stepper = places(convention, steps.RECAP, findings=findings)
    incomplete = [place for place in stepper if place.missing]
    link = partial(steps.field_url, convention)
    remarks = [
        (remark, steps.column_label(remark.field), link(remark.field))
        for remark in permissions.remarks_seen(user, convention)
        if remark.resolved_at is None
    ]
    lacking = [words.explain(finding, link) for finding in findings if lacks_attachment(finding)]
    context = documents.agreement(convention)
    return page(
        request,
        convention,
        None,
        "conventions/steps/recapitulatif.html",
        {
            "sections": filled(context),
            "incomplete": incomplete,
            "is_mistaken": any(place.state == "error" for place in stepper),
            "open_remarks": remarks,
            "answered": [
                (remark, steps.column_label(remark.field))
                for remark in permissions.remarks_seen(user, convention)
                if remark.resolved_at and convention.is_returned
            ],
            "copies": context["copies"],
            "told": notices.reached_by_submission(convention),
            "lacking": lacking,
            "awaited": papers.lacking(convention),
            "ready": submission.is_possible,
            # What none of these lists explains.
            "refusal": "" if remarks or incomplete or lacking else submission.refusal,
            "submit_url": bar.address(submission.action, convention),
            "exceptions": [words.explain(finding, link) for finding in findings if finding.asks_an_exception],
            "panel": words.panel(case, findings, link),
        },
        findings=findings,
    )


def submission_of(asked: workflow.Request) -> workflow.Option:
    [submission] = [one for one in workflow.options_of(asked) if one.action.page is workflow.Page.SUMMARY]
    return submission


def lacks_attachment(finding: law.Finding) -> bool:
    """Whether a submission waits for what the student joins."""
    return finding.stops and finding.field == "attachments"


def filled(context: documents.Context) -> list[tuple[documents.Section, list[documents.Row]]]:
    """Return the sections of an agreement with the rows that say something."""
    return [(section, [row for row in section.rows if row.value]) for section in documents.sections(context)]
