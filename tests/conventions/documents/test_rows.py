"""What a page shows of a context: its sections and rows, in the language of the reader."""

from datetime import date

import pytest
from django.utils import translation

from conventions import documents
from conventions.models import Convention
from conventions.writing import steps
from tests.conventions import specimen


def test_every_row_names_a_column_and_every_section_a_step():
    columns = {field.name for field in Convention._meta.get_fields()}
    slugs = {step.slug for step in steps.STEPS} | {""}
    for section in documents.sections(documents.agreement(specimen.specimen())):
        assert section.step in slugs
        for row in section.rows:
            assert row.field in columns | {""}
            assert row.label


def test_every_column_a_step_asks_for_is_shown():
    """A remark can be pinned on whatever the student filled, or on the row that sums it up."""
    summed_up = {
        "student_address_extra", "student_postal_code", "student_city", "student_country",
        "working_time", "working_days", "works_at_night", "works_on_sunday", "works_on_holidays",
        "works_on_whit_monday", "works_remotely", "amount", "amount_unit", "currency", "day_ends_at",
        "previous_end", "previous_left_early", "regulated_work_declared", "restricted_area_authorised",
        "insurance_policy", "insurance_start", "insurance_end",
    }  # fmt: skip
    shown = {
        row.field
        # A minor has a legal representative, a stage abroad questions of its own.
        for agreement in (specimen.specimen(), specimen.short(), specimen.abroad())
        for section in documents.sections(documents.agreement(agreement))
        for row in section.rows
    }
    asked = {name for step in steps.STEPS for name in step.fields}
    assert asked - shown == summed_up & asked


@pytest.mark.parametrize(
    ("language", "amount", "start", "yes"),
    [
        ("fr", "4,50 € par heure", "lundi 2 février 2026", "Oui"),
        ("en", "4.50 € per hour", "Monday 2 February 2026", None),
    ],
)
def test_values_are_written_in_the_language_of_the_reader(language, amount, start, yes):
    context = documents.agreement(specimen.specimen(is_confidential=True))
    with translation.override(language):
        values = {row.field: row.value for section in documents.sections(context) for row in section.rows}
    assert values["is_paid"] == amount
    assert values["start"] == start
    if yes:
        assert values["is_confidential"] == yes


def test_the_first_of_the_month_is_written_as_french_wants():
    context = documents.agreement(specimen.specimen(start=date(2026, 3, 1)))
    assert "dimanche 1er mars 2026" in [
        row.value for section in documents.sections(context) for row in section.rows
    ]


def test_working_days_are_written_as_a_range():
    def week(days):
        context = documents.agreement(specimen.specimen(working_days=days))
        return next(
            row.value
            for section in documents.sections(context)
            for row in section.rows
            if row.field == "weekly_hours"
        )

    assert week([0, 1, 2, 3, 4]).endswith("du lundi au vendredi")
    assert week([3, 0]).endswith("lundi, jeudi")
