"""The frozen context: plain data, in French."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from conventions import documents
from conventions.models import Convention, Interruption
from tests.conventions import specimen
from tests.conventions.documents.reading import loaded, printed


def test_the_context_is_plain_data_and_costs_three_queries(world):
    convention = world.draft()
    Interruption.objects.create(
        convention=convention, start=convention.start, end=convention.start + timedelta(days=1)
    )
    convention = loaded(convention)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        context = documents.agreement(convention)
    assert json.loads(json.dumps(context)) == context
    assert len(queries) <= 3
    assert context["version"] == documents.context.VERSION
    assert context["stage"]["start"] == convention.start.isoformat()
    assert context["stage"]["weekly_hours"] == "35"
    assert context["gratification"]["amount"] == "4.5"
    assert context["stage"]["interruptions"] == [
        [convention.start.isoformat(), (convention.start + timedelta(days=1)).isoformat(), "interruption"]
    ]


def test_a_draft_just_begun_has_a_context_too(world):
    context = documents.agreement(
        Convention.objects.create(student=world.student, institution=world.student.institution)
    )
    assert [section.key for section in documents.sections(context)]
    assert documents.render_pdf({**context, "logo": ""}, draft=True).startswith(b"%PDF-")


def test_countries_and_choices_are_frozen_in_french():
    with translation.override("en"):
        context = documents.agreement(specimen.abroad())
    assert context["service"]["country"] == {"code": "DE", "label": "Allemagne"}
    assert context["organisation"]["address"][-1] == "Allemagne"
    assert context["gratification"]["unit"] == {"code": "month", "label": "par mois"}


def test_hours_are_worth_days_and_months():
    stage = documents.agreement(specimen.specimen(hours_computed=Decimal("308.5")))["stage"]
    assert (stage["hours"], stage["days"], stage["months"]) == ("308.5", "44.1", "2")


@pytest.mark.parametrize(
    ("born", "minor"), [(date(2008, 1, 12), False), (date(2008, 1, 13), True), (None, False)]
)
def test_a_minor_on_the_day_it_is_signed_needs_a_legal_representative(born, minor):
    """It is validated, and signed from then on, three weeks before the stage."""
    convention = specimen.specimen()
    convention.student.birth_date = born
    assert documents.agreement(convention)["student"]["is_minor"] is minor
    assert ("représentant légal" in printed(convention)) is minor


def test_signatures_follow_the_order_of_the_centre():
    order = ["host", "university", "student", "teacher", "tutor"]
    circuit = documents.agreement(specimen.specimen(signature_order=order))["circuit"]
    assert [turn["party"] for turn in circuit] == order
    assert circuit[0]["name"] == "Sophie Marchand"
    assert circuit[1]["quality"] == "directeur de l’UFR des sciences"
