"""The row of the directory that a step chooses, which another tab or person may have chosen meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from conventions.models import Convention
from organisations.shared import SharedForm

# What a page posts as its choice when it chooses the record that it is about to create.
CREATED = "created"


class ChoiceForm(SharedForm, forms.Form):
    """What is chosen: a primary key, or ``CREATED``.

    Its page posts ``shown-choice``, what was chosen when it was drawn. It is in error, with ``moved``, while something
    else has been chosen since and nobody has said which of both stays.
    """

    posts_shown = "shown-choice"
    choice = forms.CharField(required=False, widget=forms.RadioSelect)

    def __init__(
        self,
        convention: Convention,
        column: str,
        data: Mapping[str, Any] | None = None,
        mine: object = None,
    ) -> None:
        """``mine`` is chosen whatever ``data`` says: by who presses « Créer », the record that it makes."""
        self.instance, self.column = convention, column
        self.stored = getattr(convention, column)
        posted = QueryDict(mutable=True)
        posted.update(data or {})
        if mine is not None:
            posted["choice"] = str(mine)
        super().__init__(None if data is None else posted)
        if self.stored is not None:
            radios = self.fields["choice"].widget
            assert isinstance(radios, forms.RadioSelect)
            radios.choices = [(self.stored.pk, str(self.stored))]

    def stored_values(self) -> dict[str, Any]:
        return {"choice": self.stored and self.stored.pk}

    def is_left_alone(self, mine: list[str], before: list[str]) -> bool:
        """Never: sending such a page chooses what is ticked there, even if it was ticked already."""
        return False

    @property
    def choice_made(self) -> str:
        """What stays, once decided."""
        return str(self.cleaned_data["choice"])

    @property
    def takes_theirs(self) -> bool:
        """Whether what is stored stays."""
        return self.stored is not None and self.choice_made == str(self.stored.pk)
