"""How people of the university are found: teachers by name, students by name or number."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from accounts.models import Institution, Student
from organisations.directory import contains_words
from organisations.fields import compact
from organisations.models import Centre, Programme, Teacher


def programmes_handled_by(centres: Collection[Centre] | QuerySet[Centre]) -> QuerySet[Programme]:
    """Return the programmes of these centres: their own, and their UFRs' unless another centre has them."""
    return Programme.objects.filter(Q(centre__in=centres) | Q(centre=None, ufr__centre__in=centres))


def search_teachers(text: str, institution: Institution, limit: int = 20) -> QuerySet[Teacher]:
    """Return the first teachers by name, one row per UFR they teach in, with their user and UFR."""
    return (
        Teacher.objects.filter(
            contains_words("user__search_key", text), ufr__institution=institution, user__is_active=True
        )
        .select_related("user", "ufr")
        .order_by("user__search_key", "ufr__name", "pk")[:limit]
    )


def students_of(centres: Iterable[Centre]) -> QuerySet[Student]:
    """Return the students enrolled in a programme that these centres handle."""
    centres = list(centres)
    return Student.objects.filter(
        institution__in={centre.institution_id for centre in centres},
        is_anonymous=False,
        pk__in=Student.objects.filter(enrolments__programme__in=programmes_handled_by(centres)).values("pk"),
    ).select_related("user")


def search_students(text: str, centres: Iterable[Centre], limit: int = 20) -> QuerySet[Student]:
    """Return the first students of these centres, by name or by the start of their number."""
    wanted = contains_words("user__search_key", text)
    if number := compact(text):
        wanted |= Q(number__istartswith=number)
    return (
        students_of(centres)
        .filter(wanted)
        .prefetch_related("enrolments__programme")
        .order_by("user__search_key", "number")[:limit]
    )
