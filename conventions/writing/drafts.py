"""How a draft begins, from the university's records or an earlier agreement, and what it then computes by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils.translation import gettext as _
from django_countries import countries

from accounts import once
from accounts.models import Student
from accounts.refusals import Refused
from conventions import legality, permissions
from conventions.attachments import deciding
from conventions.models import Convention, Status, journal
from conventions.models.columns import NAMED

if TYPE_CHECKING:
    from django.db.models import Model

    from accounts.models import User
    from conventions.writing.forms import StepForm
    from conventions.writing.periods import BasePeriodFormSet
    from organisations.models import Centre

# What the records know of a student, and the column of the agreement that may correct it.
FROM_RECORDS = {
    "street": "student_street",
    "address_extra": "student_address_extra",
    "postal_code": "student_postal_code",
    "city": "student_city",
    "country": "student_country",
    "phone": "student_phone",
    "personal_email": "student_personal_email",
}
MONDAY_TO_FRIDAY = [0, 1, 2, 3, 4]
# A draft that nobody wrote in since it was made.
ONE_SECOND = timedelta(seconds=1)
UNTOUCHED = Q(updated_at__lt=F("created_at") + ONE_SECOND)


def record_of(student: Student) -> dict[str, str]:
    """Return what the university's records say of a student, by column of the agreement."""
    return {column: str(getattr(student, name)) for name, column in FROM_RECORDS.items()}


@transaction.atomic
def create(student: Student, *, by: User, centre: Centre | None = None) -> Convention:
    """Start an agreement for ``student``, filled with what the records know.

    A manager names their ``centre``: without one, they would not see the draft they have just made.
    """
    record = record_of(student)
    convention = Convention(
        institution=student.institution,
        student=student,
        created_by=by,
        centre=centre,
        record=record,
        working_days=MONDAY_TO_FRIDAY,
        **record,
    )
    return _save(convention, by=by)


@transaction.atomic
def start(student: Student, *, by: User, centre: Centre | None = None, after: str = "") -> Convention:
    """Start an agreement, once: clicked again, in any tab, the same button leads to the draft that it made.

    ``after`` is what ``last_before`` gave to the page of the button. A page that lacks it goes on with the last draft
    of the same author that nobody has touched.
    """
    claimed = once.claim(by, "draft", student.pk, after)
    own = Convention.objects.filter(student=student, created_by=by, status=Status.DRAFT, submitted_at=None)
    known = own.filter(pk=claimed.row or 0)
    draft = (known if after else known.filter(UNTOUCHED)).first()
    if draft is None:
        draft = create(student, by=by, centre=centre)
        once.note(claimed, draft.pk)
    return draft


def last_before(by: User) -> str:
    """Return what tells a page shown before the next draft of somebody from a page shown after it."""
    return str(Convention.objects.filter(created_by=by).aggregate(last=Max("pk"))["last"] or 0)


@transaction.atomic
def duplicate(original: Convention, *, by: User) -> Convention:
    """Start an agreement with the host, people and content of an earlier one; dates and étape are asked again.

    Clicked again before anything is typed in it, it is the same copy.
    """
    claimed = once.claim(by, "copy", original.pk)
    if copy := Convention.objects.filter(UNTOUCHED, pk=claimed.row or 0, status=Status.DRAFT).first():
        return copy
    copied = {
        field.attname: getattr(original, field.attname)
        for field in Convention._meta.concrete_fields
        if NAMED[field.name].copied
    }
    convention = Convention(**copied, created_by=by, record=record_of(original.student))
    _save(convention, by=by)
    once.note(claimed, convention.pk)
    return convention


def _save(convention: Convention, *, by: User) -> Convention:
    convention.refresh_search_key()
    convention.save()
    journal.record(convention, "create", by=by, before="")
    return convention


@transaction.atomic
def delete(convention: Convention, *, by: User) -> None:
    """Delete a draft that was never submitted, with what was joined to it. Raises Refused of any other."""
    if not permissions.may_delete(by, convention):
        raise Refused(_("Une convention déjà soumise ne se supprime pas : annulez-la."), "submitted")
    deciding.discard(convention.attachments.all())
    convention.delete()


def write(form: StepForm, tables: list[BasePeriodFormSet]) -> None:
    """Store what a draft can hold of a step, and the periods that hold."""
    form.save_valid()
    for periods in tables:
        periods.is_valid()
        periods.save()
    if tables:
        refresh_hours(form.instance)


def assign(convention: Convention, column: str, row: Model) -> None:
    """Put a chosen row on the agreement; another host means another service, tutor and signatory."""
    columns = [column]
    if column == "organisation" and convention.organisation_id != row.pk:
        convention.service = convention.tutor = convention.signatory = None
        columns += ["service", "tutor", "signatory"]
    setattr(convention, column, row)
    convention.refresh_search_key()
    convention.save(update_fields=[*columns, "search_key", "updated_at"])
    if column in {"organisation", "service"}:
        refresh_hours(convention)


def refresh_hours(convention: Convention) -> None:
    """Recompute the hours of presence and of leave from the row as it is now stored."""
    stored = Convention.objects.select_related("service", "organisation").get(pk=convention.pk)
    schedule = legality.schedule_of(stored)
    convention.hours_computed = schedule.timesheet.presence if schedule else None
    convention.hours_assimilated = schedule.timesheet.leave if schedule else None
    convention.save(update_fields=["hours_computed", "hours_assimilated"])


def differences(convention: Convention) -> dict[str, tuple[str, str]]:
    """Return what the student corrected: column → (what the records said, what the agreement says)."""
    return {
        column: (record_in_words(column, before), record_in_words(column, after))
        for column, before in convention.record.items()
        if (after := str(getattr(convention, column))) != before
    }


def record_in_words(column: str, value: str) -> str:
    """Return a value of the records as people read it: the name of a country, not its code."""
    return str(countries.name(value)) if column == "student_country" else value
