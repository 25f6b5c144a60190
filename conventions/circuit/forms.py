"""What is asked when signatures on paper are recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from organisations.fields import DateField


class SignaturesForm(forms.Form):
    """The day each party signed on paper, those who have not signed left empty.

    It has a field for each party that its reader may speak of, signed or not: a page that is out of date must be told so.
    """

    use_required_attribute = False

    def __init__(self, *args: Any, parties: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parties = list(parties)
        for party, label in parties.items():
            self.fields[party] = DateField(label=label, required=False)
        self.sometimes_required = parties.keys()

    @property
    def dates(self) -> dict[str, date]:
        """Return what was typed and could be read, by party."""
        typed = self.cleaned_data if self.is_valid() or self.is_bound else {}
        return {party: typed[party] for party in self.parties if typed.get(party)}
