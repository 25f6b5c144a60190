"""What is asked to keep an agreement longer, and to anonymise those that are due."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conventions.models import Convention
from organisations.fields import DateField, WholeNumberField


class HoldForm(forms.ModelForm[Convention]):
    """Why an agreement is kept longer than the others, and until when; both empty, it is not."""

    use_required_attribute = False

    class Meta:
        model = Convention
        fields = ["hold_reason", "hold_until"]
        field_classes = {"hold_until": DateField}

    def clean_hold_until(self) -> date | None:
        until: date | None = self.cleaned_data["hold_until"]
        if until and until <= timezone.localdate():
            raise ValidationError(_("Choisissez un jour à venir."), "past")
        return until


class PurgeForm(forms.Form):
    """The number of agreements that will be anonymised, typed by whoever asks for it."""

    use_required_attribute = False
    confirmation = WholeNumberField(
        error_messages={"required": gettext_lazy("Écrivez le nombre de conventions à anonymiser.")}
    )

    def __init__(self, *args: Any, count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = count
        self.fields["confirmation"].label = _(
            "Pour confirmer, écrivez le nombre de conventions : %(count)s"
        ) % {"count": count}

    def clean_confirmation(self) -> int:
        typed: int = self.cleaned_data["confirmation"]
        if typed != self.count or not self.count:
            raise ValidationError(
                _("Ce n’est pas le nombre de conventions à anonymiser : relisez la liste."), "count"
            )
        return typed
