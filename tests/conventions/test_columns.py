"""The table of the columns of an agreement holds each of them, and agrees with the model."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from django.db.models import BooleanField

from conventions import documents
from conventions.models import Convention, columns
from conventions.models.columns import ALWAYS, COLUMNS, KEPT, NEVER, NO_ROW, SOMETIMES
from conventions.models.schedule import PERIODS
from conventions.writing.steps import STEPS_OF_AVENANTS
from tests.conventions import specimen

ROOT = Path(__file__).parents[2]
FIELDS = {field.name: field for field in Convention._meta.concrete_fields}
# A list this long of nothing but columns is a part of the table.
LONGEST = 3
# The model is what the table speaks of; its page of administration hides what is for machines.
MAY_LIST = {"conventions/admin.py"}


def test_each_column_and_each_list_of_periods_is_in_the_table_once():
    assert Counter(column.name for column in COLUMNS) == Counter([*FIELDS, *PERIODS])
    assert {column.name for column in COLUMNS if column.is_list} == PERIODS.keys()


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_what_the_table_says_of_a_column_fits_the_model(column):
    assert not (column.step and column.computed)
    assert bool(column.section) == (column.step == columns.CONTENT)
    assert bool(column.step) or column.required is NEVER
    assert bool(column.step) or not column.kinds, (
        "an avenant changes what a step asks, and what follows from it"
    )
    if column.is_list:
        return
    field = FIELDS[column.name]
    assert field.editable or not column.step, "a step fills what a form may hold"
    if column.step and not (isinstance(field, BooleanField) and not field.choices):
        assert field.blank == (column.required is not ALWAYS)
    assert (column.required is SOMETIMES) <= field.blank
    assert (column.erased is NO_ROW) == bool(field.related_model and column.erased is not KEPT)
    if column.erased in (None, NO_ROW):
        assert field.null


def test_each_step_is_in_the_table():
    assert {column.step for column in COLUMNS} - {""} == {step.slug for step in STEPS_OF_AVENANTS}


def test_what_is_shown_as_it_is_is_kept_as_it_is():
    assert all(column.part for column in COLUMNS if column.shown)
    context = documents.agreement(specimen.abroad())
    shown = {section.key: {row.field for row in section.rows} for section in documents.sections(context)}
    for column in COLUMNS:
        assert not column.shown or column.name in shown[column.shown]


@pytest.mark.parametrize(
    "column", [column for column in COLUMNS if column.part], ids=lambda column: column.name
)
def test_what_was_agreed_before_a_column_was_added_is_still_read(column):
    context = documents.agreement(specimen.abroad())
    del context[column.part][column.name]
    assert documents.sections(context)


def lists_of_columns(tree):
    """Yield the lines of lists of nothing but columns of an agreement."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)) and len(node.elts) > LONGEST:
            names = {one.value for one in node.elts if isinstance(one, ast.Constant)}
            if len(names) == len(node.elts) and names <= columns.NAMED.keys():
                yield node.lineno


def test_no_other_module_lists_columns_of_an_agreement():
    modules = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in (ROOT / "conventions").rglob("*.py")
        if not {"migrations", "models"} & set(path.parts)
    }
    found = {name: list(lists_of_columns(tree)) for name, tree in modules.items()}
    assert {name for name, lines in found.items() if lines} == MAY_LIST, found


def test_another_list_would_be_seen():
    assert list(lists_of_columns(ast.parse("COVER = ('insurer', 'insurance_policy', 'start', 'end')"))) == [1]
