"""What managers, teachers and admins have before them: agreements submitted, their list, their actions."""

import re
from datetime import timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from conventions import workflow
from tests.factories import ConventionFactory, EnrolmentFactory, StudentFactory
from tests.pages import browser

MOST_QUERIES = 14


def listed(answer):
    """Return the numbers of the agreements on a page, in order."""
    return re.findall(r"<td class=\"num\"><a [^>]*>([^<]+)</a>", answer.content.decode())


def list_of(user, **filters):
    return browser(user).get(f"{reverse('conventions:list')}?{urlencode(filters)}")


def action(convention, name):
    return reverse("conventions:act", args=[convention.pk, name])


def read(convention, **typed):
    """Return what a page posts: which submission its reader saw, and what they typed."""
    return {"lu": convention.submission, **typed}


def another(world, **fields):
    """An agreement of another student of the same centre, ready to submit."""
    student = fields.get("student") or StudentFactory()
    programme, year = world.enrolment.programme, {}
    if "start" in fields:
        fields["end"] = fields["start"] + timedelta(weeks=4)
        year["academic_year"] = programme.institution.academic_year(fields["start"])
    enrolment = EnrolmentFactory(student=student, programme=programme, **year)
    return ConventionFactory(
        **{"complete": True, "student": student, "enrolment": enrolment, "teacher": world.teacher, **fields}
    )


def submitted(world, **fields):
    convention = another(world, **fields)
    is_late = convention.start < timezone.localdate()
    why = "Les dates ont été avancées." if is_late else ""
    return workflow.act(convention.pk, "submit", by=convention.student.user, comment=why)
