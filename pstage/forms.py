"""How every form is drawn: what our field template knows besides Django's label, help and errors."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, TypeGuard

from django.forms import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.functional import Promise


class HasRemarks(Protocol):
    """A form with remarks pinned on its fields."""

    remarks: Mapping[str, Sequence[Any]]


class HasAnswers(Protocol):
    """A form that says whether its reader answers the remarks."""

    answers_remarks: bool


class HasReasons(Protocol):
    """A form that says why it asks for some of its fields."""

    reasons: Mapping[str, str | Promise]


class HasSometimesRequired(Protocol):
    """A form some fields of which another answer makes required."""

    sometimes_required: Collection[str]


class HasMoved(Protocol):
    """A form on a row that others may save meanwhile."""

    moved: Mapping[str, Any]


# Ten times as fast as ``isinstance`` of a protocol: a page asks it of each of its fields.
def has_remarks(form: object) -> TypeGuard[HasRemarks]:
    return hasattr(form, "remarks")


def has_moved(form: object) -> TypeGuard[HasMoved]:
    return hasattr(form, "moved")


def has_answers(form: object) -> TypeGuard[HasAnswers]:
    return hasattr(form, "answers_remarks")


def has_reasons(form: object) -> TypeGuard[HasReasons]:
    return hasattr(form, "reasons")


def has_sometimes_required(form: object) -> TypeGuard[HasSometimesRequired]:
    return hasattr(form, "sometimes_required")


class Field(BoundField):
    """A field on a page.

    The form may carry dictionaries keyed by field name: ``remarks`` (lists of remarks pinned to the field,
    with ``answers_remarks = True`` when this reader answers them) and ``reasons`` (why we ask), and ``sometimes_required``,
    the names of the fields that another answer makes required. A unit shown after the input comes from the
    widget attribute ``data-unit``.
    """

    @property
    def moved(self) -> Any:
        """What waits for a decision, because it was changed elsewhere too."""
        return self.form.moved.get(self.name) if has_moved(self.form) else None

    @property
    def remarks(self) -> list[Any]:
        return list(self.form.remarks.get(self.name, ())) if has_remarks(self.form) else []

    @property
    def answers_remarks(self) -> bool:
        return has_answers(self.form) and self.form.answers_remarks

    @property
    def reason(self) -> str:
        return str(self.form.reasons.get(self.name, "")) if has_reasons(self.form) else ""

    @property
    def is_optional(self) -> bool:
        """Whether the label says « facultatif »: not where another answer makes the field required."""
        if self.field.required:
            return False
        return not (has_sometimes_required(self.form) and self.name in self.form.sometimes_required)

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
