"""How long agreements are kept: listed once their time is over, then anonymised when an administrator asks for it.

The row stays, with its dates, hours, gratification, host, place, programme and centre, so that statistics do not
change; nothing is left of its student, of the people at the host, of what anybody wrote, nor any file.

No clock ever purges: what is erased does not come back, and a setting changed by mistake would erase years of
agreements in a night. Each month the administrators are told what is due; a person reads the list and asks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from celery import shared_task
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.functions import TransactionNow
from django.db import DatabaseError, models, transaction
from django.db.models import Count, Model, ProtectedError, Q, QuerySet
from django.db.models.fields.files import FieldFile
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Institution, Message, Student, User
from conventions import notices
from conventions.models import (
    Avenant,
    Completion,
    Convention,
    Event,
    Interruption,
    Status,
    WorkPeriod,
    completion,
    journal,
)
from conventions.models import avenant as avenants
from conventions.models.columns import ERASED
from conventions.models.convention import archived, closed_by
from organisations.models import Enrolment

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

logger = logging.getLogger(__name__)

# What hangs on an agreement and says nothing of anybody: days and hours. All the rest goes, even what is added tomorrow.
KEPT = (Interruption, WorkPeriod)
# What stays without what it said.
EMPTIED: dict[type[Model], dict[str, Any]] = {
    Avenant: avenants.ERASED,
    Completion: completion.ERASED,
    Event: journal.ERASED,
}
NOBODY: _StrPromise = gettext_lazy("Personne anonymisée")
HELD_SHOWN = 50


def over(institution: Institution, today: date) -> QuerySet[Convention]:
    """Return the agreements that have been kept for as long as their institution keeps them."""
    return Convention.objects.filter(
        closed_by(institution.purged_through(today)), institution=institution, purged_at=None
    )


def purgeable(institution: Institution, today: date) -> QuerySet[Convention]:
    """Return those of them that nothing holds: what a purge would anonymise."""
    return over(institution, today).exclude(hold_until__gte=today)


def held(institution: Institution, today: date) -> QuerySet[Convention]:
    """Return the agreements that are kept longer than the others, whether their time is over or not."""
    return Convention.objects.filter(institution=institution, purged_at=None, hold_until__gte=today)


def people_due(institution: Institution, today: date) -> QuerySet[Student]:
    """Return the students of whom nothing else is left: no agreement, no role, no enrolment, no visit for as long."""
    last_day = institution.purged_through(today)
    nothing_else = Q(
        conventions=None,
        user__teachings=None,
        user__managements=None,
        user__security_offices=None,
        user__is_staff=False,
        user__is_superuser=False,
        user__date_joined__date__lte=last_day,
    )
    return (
        Student.objects.filter(nothing_else, institution=institution, is_anonymous=False)
        .exclude(user__last_login__date__gt=last_day)
        .exclude(enrolments__academic_year__gt=institution.academic_year(last_day))
    )


@dataclass(frozen=True)
class Report:
    """What an institution keeps, and what a purge would take today."""

    institution: Institution
    archived_through: date
    purged_through: date
    active: int
    archived: int
    purged: int
    due: int
    lines: list[tuple[int | None, str, int]]  # academic year, centre, agreements due
    people: int
    held: list[Convention]


def figures(institution: Institution, today: date) -> Report:
    """Return the figures of one institution, in a constant number of queries."""
    gone = Q(purged_at__isnull=False)
    counts = Convention.objects.filter(institution=institution).aggregate(
        total=Count("pk"),
        archived=Count("pk", filter=archived([institution]) & ~gone),
        purged=Count("pk", filter=gone),
    )
    by_year = (
        purgeable(institution, today)
        .order_by("enrolment__academic_year", "centre__name")
        .values_list("enrolment__academic_year", "centre__name")
        .annotate(count=Count("pk"))
    )
    lines = [(year, name or "", count) for year, name, count in by_year]
    return Report(
        institution,
        institution.archived_through(today),
        institution.purged_through(today),
        active=counts["total"] - counts["archived"] - counts["purged"],
        archived=counts["archived"],
        purged=counts["purged"],
        due=sum(count for _year, _centre, count in lines),
        lines=lines,
        people=people_due(institution, today).count(),
        held=list(held(institution, today).order_by("hold_until", "pk")[:HELD_SHOWN]),
    )


Line = tuple[int, str, str, str, int | None, date | None, date]


def purgeable_rows(institution: Institution, today: date) -> Iterator[Line]:
    """Yield what is due without anybody's name: key, number, status, centre, academic year, last day, last change."""
    rows = (
        purgeable(institution, today)
        .order_by("end", "pk")
        .values_list(
            "pk", "number", "status", "centre__name", "enrolment__academic_year", "end", "updated_at"
        )
    )
    for pk, number, status, centre, year, end, changed in rows.iterator(chunk_size=1_000):
        label = str(Status(status).label)
        yield pk, number or "", label, centre or "", year, end, timezone.localdate(changed)


@dataclass
class Done:
    """What a purge did; what failed is still due, and its error is in the log."""

    agreements: int = 0
    people: int = 0
    failed: int = 0


def purge_due(institution: Institution, today: date, *, by: User | None) -> Done:
    """Anonymise all that is due, then delete the students of whom nothing is left; one transaction for each.

    Run again after an interruption, or twice at the same time, it does what is left.
    """
    done = Done()
    keys = list(purgeable(institution, today).order_by("end", "pk").values_list("pk", flat=True))
    done.agreements, done.failed = _each(keys, lambda pk: purge(pk, today, by=by))
    people = list(people_due(institution, today).order_by("pk").values_list("pk", flat=True))
    done.people, failed = _each(people, lambda pk: delete_person(pk, today))
    done.failed += failed
    return done


def _each(keys: Iterable[int], act: Callable[[int], bool]) -> tuple[int, int]:
    """Do one thing after the other and return how many were done and failed: one that fails stops no other."""
    done = failed = 0
    for key in keys:
        try:
            done += act(key)
        except (DatabaseError, OSError):
            logger.exception("What is left of row %s could not be erased", key)
            failed += 1
    return done, failed


@transaction.atomic
def purge(convention_id: int, today: date, *, by: User | None) -> bool:
    """Anonymise one agreement; tell whether it was still due once it was locked.

    A draft that was never submitted is deleted: there is nothing to count in it.
    """
    # Lock, then look: it may have been held, or changed, meanwhile.
    locked = Convention.objects.locked(convention_id)
    found = purgeable(locked.institution, today).filter(pk=convention_id)
    convention = found.select_related("institution", "enrolment", "organisation", "service").first()
    if convention is None:
        return False
    files = list(_files_of(convention))
    Message.objects.filter(about=notices.about(convention)).delete()
    if convention.status == Status.DRAFT and convention.number is None:
        convention.delete()
    else:
        _erase(convention)
        journal.record(convention, "purge", by=by)
    # Last of all, and before the commit: a purge cut short here is done again, a file left behind is never found.
    for file in files:
        file.storage.delete(str(file.name))
    return True


def _erase(convention: Convention) -> None:
    nobody, was = anonymous_student(convention.institution), convention.enrolment
    enrolment = None
    if was is not None:
        enrolment, _created = Enrolment.objects.get_or_create(
            student=nobody, programme_id=was.programme_id, academic_year=was.academic_year
        )
    convention.student, convention.subject = nobody, ""
    convention.refresh_search_key()
    Convention.objects.filter(pk=convention.pk).update(
        **ERASED,
        student=nobody,
        enrolment=enrolment,
        search_key=convention.search_key,
        purged_at=TransactionNow(),
    )
    for model, rows in _hanging_on(convention):
        if model in EMPTIED:
            rows.update(**EMPTIED[model])
        else:
            rows.delete()


def _hanging_on(convention: Convention) -> Iterator[tuple[type[Model], QuerySet[Any]]]:
    """Yield the rows of each table that point at an agreement, those without anything about anybody apart.

    Those that stay come last: what is about an avenant goes before it.
    """
    tables = [
        (relation.related_model, relation.field.name)
        for relation in Convention._meta.related_objects
        if relation.related_model not in KEPT
    ]
    for model, column in sorted(tables, key=lambda table: table[0] in EMPTIED):
        yield model, model._default_manager.filter(**{column: convention})


def _files_of(convention: Convention) -> Iterator[FieldFile]:
    for model, rows in _hanging_on(convention):
        columns = [field.name for field in model._meta.concrete_fields if isinstance(field, models.FileField)]
        # A document that is being printed is waited for: its file goes too.
        for row in rows.select_for_update() if columns else []:
            yield from (file for column in columns if (file := getattr(row, column)))


def anonymous_student(institution: Institution) -> Student:
    """Return nobody: the student, one for each institution, whom the anonymised agreements belong to."""
    known = Student.objects.select_related("user").filter(institution=institution, is_anonymous=True).first()
    if known is not None:
        return known
    user, _created = User.objects.get_or_create(
        email=f"anonyme-{institution.pk}@anonyme.invalid",
        defaults={
            "last_name": str(NOBODY),
            "institution": institution,
            "is_active": False,
            "password": "!",
        },
    )
    student, _created = Student.objects.get_or_create(
        institution=institution,
        is_anonymous=True,
        defaults={"user": user, "number": f"anonyme-{institution.pk}"},
    )
    return student


@transaction.atomic
def delete_person(student_id: int, today: date) -> bool:
    """Delete a student of whom nothing else is left, their account and the mails they got; tell whether it is done.

    Somebody whom another row still names is left alone.
    """
    student = Student.objects.select_for_update().select_related("user", "institution").get(pk=student_id)
    if not people_due(student.institution, today).filter(pk=student_id).exists():
        return False
    user = student.user
    Message.objects.filter(recipient__iexact=user.email).delete()
    for row in (user, student, *student.enrolments.all()):
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk)
        ).delete()
    try:
        user.delete()
    except ProtectedError:
        transaction.set_rollback(True)
        return False
    return True


@shared_task(name="conventions.tasks.purge_agreements")
def purge_agreements(institution_id: int, by_id: int) -> None:
    """Do a purge that an administrator asked for; run twice, it does nothing the second time."""
    institution = Institution.objects.get(pk=institution_id)
    by = User.objects.get(pk=by_id)
    done = purge_due(institution, timezone.localdate(), by=by)
    logger.info("Purge of institution %s: %s", institution_id, done)


@shared_task(name="conventions.tasks.report_retention")
@transaction.atomic
def report_retention() -> None:
    """Each month: tell the administrators of each institution what is due; they alone decide."""
    today = timezone.localdate()
    for institution in Institution.objects.order_by("pk"):
        count = purgeable(institution, today).count()
        if not count:
            continue
        notices.send(
            notices.Happening(
                "agreements to purge",
                cause=f"retention:{institution.pk}:{today:%Y-%m}",
                institution=institution,
                context={"count": count, "last_day": institution.purged_through(today)},
                link=reverse("conventions:retention"),
                link_label=_("Lire la liste"),
            )
        )
