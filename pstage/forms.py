"""How every form is drawn: what our field template knows besides Django's label, help and errors."""

from typing import Any

from django.forms import BoundField
from django.forms.renderers import TemplatesSetting


class Field(BoundField):
    """A field on a page.

    The form may carry dictionaries keyed by field name: ``remarks`` (lists of remarks pinned to the field,
    with ``answers_remarks = True`` when this reader answers them) and ``reasons`` (why we ask), and ``sometimes_required``,
    the names of the fields that another answer makes required. A unit shown after the input comes from the
    widget attribute ``data-unit``.
    """

    @property
    def remarks(self) -> list[Any]:
        return list(getattr(self.form, "remarks", {}).get(self.name, []))

    @property
    def answers_remarks(self) -> bool:
        return bool(getattr(self.form, "answers_remarks", False))

    @property
    def reason(self) -> str:
        return str(getattr(self.form, "reasons", {}).get(self.name, ""))

    @property
    def is_optional(self) -> bool:
        """Whether the label says « facultatif »: not where another answer makes the field required."""
        return not self.field.required and self.name not in getattr(self.form, "sometimes_required", ())

    @property
    def unit(self) -> str:
        return str(self.field.widget.attrs.get("data-unit", ""))

    @property
    def anchor(self) -> str:
        """The id of the first input, where a link of the error summary leads."""
        return self.id_for_label or f"{self.auto_id}_0"

    @property
    def aria_describedby(self) -> str | None:
        """Add the remarks and the unit to what screen readers say of the input."""
        ids = super().aria_describedby
        if ids is None or not self.auto_id or self.is_hidden:
            return ids
        extra = [f"remark-{remark.pk}" for remark in self.remarks]
        if self.unit:
            extra.insert(0, f"{self.auto_id}_unit")
        return " ".join([*ids.split(), *extra])


class Renderer(TemplatesSetting):
    """Django's renderer with our bound field; see ``templates/django/forms/``."""

    bound_field_class = Field
