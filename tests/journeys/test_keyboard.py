"""Without a mouse, and without JavaScript."""

from tests.journeys import filling
from tests.journeys.person import KeyboardPerson


def test_the_whole_creation_by_keyboard_alone(people):
    student = people("ines.marchand", who=KeyboardPerson)
    filling.everything(student)
    filling.submits(student)


def test_the_whole_creation_without_javascript(people):
    student = people("ines.marchand", scripts=False)
    filling.everything(student)
    filling.submits(student)
