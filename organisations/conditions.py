"""Questions that another answer calls for: while it does not, what they hold is neither read nor judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django import forms

CONDITION = re.compile(r"([^=!]+)(?:(!?=)(.*))?")


class Block(NamedTuple):
    """Fields of a page, shown while ``condition`` holds: the words of ``static/js/reveal.js``, which hides them."""

    condition: str
    fields: tuple[str, ...]


def holds(condition: str, answers: Callable[[str], list[str]]) -> bool:
    """Tell whether one of the conditions between commas is true of ``answers``, what was posted for a field."""
    for one in condition.split(","):
        found = CONDITION.fullmatch(one.strip())
        assert found, condition
        name, operator, expected = found.groups()
        given = answers(name)
        if given and (not operator or (operator == "=") is not set(given).isdisjoint(expected.split("|"))):
            return True
    return False


class ConditionalForm(forms.BaseForm):
    """A form of which some blocks are hidden. A hidden field keeps the value of its row, or is emptied."""

    instance: Any
    blocks: Mapping[str, Block] = {}
    keeps_hidden = True
    hidden: frozenset[str] = frozenset()  # while it is cleaned

    def answers(self, name: str) -> list[str]:
        """Return what was posted for a field, or what its row says when it is not asked: no value, one or several."""
        field = self.fields.get(name)
        posted = (
            field.widget.value_from_datadict(self.data, {}, self.add_prefix(name))
            if field
            else getattr(self.instance, name)
        )
        values = posted if isinstance(posted, list) else [posted]
        return [str(value) for value in values if value not in (None, "", False)]

    def hidden_names(self) -> frozenset[str]:
        """Return the fields that what was posted does not call for."""
        return frozenset(
            name
            for block in self.blocks.values()
            if not self.fields.keys().isdisjoint(block.fields) and not holds(block.condition, self.answers)
            for name in block.fields
            if name in self.fields
        )

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        """A hidden field says what its row holds, or nothing."""
        if field_name in self.hidden:
            row = forms.model_to_dict(self.instance, [field_name]) if self.keeps_hidden else {}
            return row.get(field_name)
        return super().get_initial_for_field(field, field_name)

    def full_clean(self) -> None:
        """Take the value of the row, or none, for what is hidden; what was typed there waits on the page."""
        self.hidden = self.hidden_names() if self.is_bound else frozenset()
        for name in self.hidden:
            self.fields[name].disabled = True
        super().full_clean()
        for name in self.hidden:
            self.fields[name].disabled = False
            self.errors.pop(name, None)
        self.hidden = frozenset()
