"""Forms on a row that others may save meanwhile: what they changed is neither overwritten nor hidden."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib.postgres.forms import SplitArrayWidget
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from organisations.conditions import ConditionalForm

# What a page posts beside its fields: the values that it showed, and what one decides of those that moved.
SHOWN = "shown"
DECISION = "decision-"
MINE, THEIRS = "mine", "theirs"
LONGEST_SHOWN = 200_000

# What a browser posts for each field or table, in one order and without what typing never changes.
Texts = dict[str, Any]


@dataclass(frozen=True)
class Moved:
    """A value changed here, and elsewhere too: its ``name`` in the form, ``theirs`` in words, ``version`` of it."""

    name: str
    label: str
    theirs: str
    version: str

    @property
    def decision(self) -> str:
        return f"{DECISION}{self.name}"

    @property
    def mine(self) -> str:
        """What is posted to keep one's own value, of this one seen and no later one."""
        return f"{MINE}-{self.version}"

    @property
    def message(self) -> str:
        return _(
            "Modifié entre-temps dans un autre onglet ou par quelqu’un d’autre : « %(theirs)s ». "
            "Gardez votre réponse ou prenez l’autre."
        ) % {"theirs": self.theirs or _("rien")}


def version_of(texts: Any) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]


def shown_in(data: Mapping[str, Any] | None, name: str = SHOWN) -> Texts:
    """Return what a page says that it showed; nothing of a page that does not say, or not readably."""
    text = (data or {}).get(name, "")
    if not isinstance(text, str) or len(text) > LONGEST_SHOWN:
        return {}
    with suppress(ValueError, RecursionError):
        found = json.loads(text)
        return found if isinstance(found, dict) else {}
    return {}


def decided(data: Mapping[str, Any], moved: Moved) -> str:
    """Return ``MINE`` or ``THEIRS``, what somebody decided of the very value that is stored; nothing else."""
    choice = data.get(moved.decision, "")
    return {moved.mine: MINE, THEIRS: THEIRS}.get(choice, "")


def texts_of(values: Iterable[object]) -> list[str]:
    """Return what was posted for a field, the same whatever the browser does to the ends of lines."""
    found = ("\n".join(str(value).splitlines()).strip() for value in values)
    return [text for text in found if text]


def texts_posted(widget: forms.Widget, data: Any, name: str) -> list[str]:
    """Return what a browser posted for a widget: nothing, one text, or several."""
    value = widget.value_from_datadict(data, MultiValueDict(), name)
    if isinstance(widget, forms.CheckboxInput):
        return ["on"] if value else []
    if isinstance(value, list):
        texts = texts_of("" if one is None else one for one in value)
        return (
            sorted(texts)
            if isinstance(widget, forms.SelectMultiple | forms.CheckboxSelectMultiple)
            else texts
        )
    return texts_of([] if value is None else [value])


def texts_for(field: forms.Field, value: object) -> list[str]:
    """Return what a browser posts for a field that shows ``value`` and is left alone."""
    widget, prepared = field.widget, field.prepare_value(value)
    if isinstance(widget, forms.CheckboxInput):
        return ["on"] if widget.check_test(prepared) else []
    if isinstance(widget, forms.SelectMultiple | forms.CheckboxSelectMultiple):
        return sorted(texts_of(prepared or []))
    text = prepared if isinstance(prepared, list) else widget.format_value(prepared)
    return texts_of(text if isinstance(text, list) else [] if text is None else [text])


def put(data: QueryDict, widget: forms.Widget, name: str, texts: list[str]) -> None:
    """Post other texts for a widget."""
    if isinstance(widget, SplitArrayWidget):
        for place, text in enumerate(texts):
            data[f"{name}_{place}"] = text
    else:
        data.setlist(name, texts)


def in_words(field: forms.Field, value: Any) -> str:
    """Return one posted value as people read it: the label of a choice, a date, else what was typed."""
    if isinstance(field, forms.BooleanField):
        return _("Oui")
    if isinstance(field, forms.DateField):
        with suppress(ValidationError):
            return str(date_format(field.clean(value), "SHORT_DATE_FORMAT"))
    for key, label in getattr(field.widget, "choices", ()):
        group = label if isinstance(label, (list, tuple)) else [(key, label)]
        for code, text in group:
            if str(code) == str(value):
                return str(text)
    return str(value)


class SharedForm(ConditionalForm):
    """A form on a stored row, read again under a lock when it is posted.

    Its page posts ``shown``, the values that it showed: a field left alone keeps what is stored now, one that only this
    page changed is written, one that moved on both sides is refused until somebody says which value stays. A post
    without ``shown`` says it all, as an import or a program does.
    """

    posts_shown = SHOWN  # the hidden field that says what the page showed
    moved: Mapping[str, Moved] = {}
    # What is stored now and was not when the page was drawn, of fields that were left alone: what a browser posts.
    refreshed: Mapping[str, list[str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stored = self.stored_values() if self.is_shared else {}

    @property
    def is_shared(self) -> bool:
        """Whether there is a row that somebody else could have changed."""
        return getattr(self, "instance", None) is not None and self.instance.pk is not None

    def stored_values(self) -> dict[str, Any]:
        """Return what the row holds of each field before anything is typed on it."""
        return forms.model_to_dict(self.instance)

    def stored_is(self, row: Any) -> None:
        """Say what is stored once a draft has taken what it could of this form."""
        self._stored = forms.model_to_dict(row)

    def stored_texts(self) -> Texts:
        return {
            name: texts_for(field, self._stored[name])
            for name, field in self.fields.items()
            if name in self._stored
        }

    @property
    def shown_texts(self) -> Texts:
        """What the page shows of each field: what is stored, but of what still waits for a decision."""
        before = shown_in(self.data, self.posts_shown)
        return {
            name: before[name] if name in self.moved else theirs
            for name, theirs in (self.stored_texts() if self.is_shared else {}).items()
        }

    @property
    def shown(self) -> str:
        """The same as the page posts it, in ``shown``."""
        return json.dumps(self.shown_texts)

    def full_clean(self) -> None:
        if self.is_bound and self.is_shared and (shown := shown_in(self.data, self.posts_shown)):
            self._merge(shown)
        super().full_clean()

    def is_left_alone(self, mine: list[str], before: list[str]) -> bool:
        """Whether what was posted of a field is what the page showed, and nobody's answer."""
        return mine == before

    def _merge(self, shown: Texts) -> None:
        """Take what is stored for each field left alone; find those that moved on both sides."""
        merged = cast("QueryDict", self.data).copy()
        moved, refreshed = {}, {}
        for name, theirs in self.stored_texts().items():
            before = shown.get(name)
            if before is None or before == theirs:
                continue
            field, html_name = self.fields[name], self.add_prefix(name)
            mine = texts_posted(field.widget, merged, html_name)
            conflict = Moved(
                html_name,
                str(self[name].label),
                ", ".join(in_words(field, text) for text in theirs),
                version_of(theirs),
            )
            if self.is_left_alone(mine, before) or decided(merged, conflict) == THEIRS:
                put(merged, field.widget, html_name, theirs)
                refreshed[name] = theirs
            elif mine != theirs and decided(merged, conflict) != MINE:
                moved[name] = conflict
        self.data, self.refreshed = merged, refreshed
        hidden = self.hidden_names()
        self.moved = {name: conflict for name, conflict in moved.items() if name not in hidden}

    def _clean_fields(self) -> None:
        """What moved on both sides never reaches the row."""
        super()._clean_fields()  # type: ignore[misc]  # Django has it, its stubs do not
        for name, conflict in self.moved.items():
            self.errors.pop(name, None)
            self.add_error(name, ValidationError(conflict.message, "moved"))
