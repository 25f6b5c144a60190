"""What is asked at the end of a stage."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from conventions.models import Completion
from organisations.fields import DateField, DecimalField, HoursField
from organisations.forms import say_what_to_do
from organisations.shared import SharedForm


class CompletionForm(SharedForm, forms.ModelForm[Completion]):
    """What a host declared of a stage that ends; whoever records it says that it was declared, not planned."""

    use_required_attribute = False
    confirmed = forms.BooleanField(
        label=gettext_lazy("L’organisme m’a déclaré ces valeurs : ce ne sont pas seulement celles du plan"),
        error_messages={
            "required": gettext_lazy(
                "Demandez ces valeurs à l’organisme, puis cochez cette case : l’attestation les reprend."
            )
        },
    )

    class Meta:
        model = Completion
        fields = [
            "start",
            "end",
            "hours",
            "leave_hours",
            "amount_paid",
            "declared_by",
            "declared_function",
            "declared_on",
        ]
        field_classes = {
            "start": DateField,
            "end": DateField,
            "declared_on": DateField,
            "hours": HoursField,
            "leave_hours": HoursField,
            "amount_paid": DecimalField,
        }

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, unit in (("hours", "h"), ("leave_hours", "h"), ("amount_paid", currency)):
            self.fields[name].widget.attrs["data-unit"] = unit
        say_what_to_do(self)
