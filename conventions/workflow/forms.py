"""What an action asks before it is done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from organisations.fields import DateField


class ActionForm(forms.Form):
    """What an action asks before it is done: a reason or message, a date; each only when it does."""

    use_required_attribute = False
    comment = forms.CharField(
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Indiquez la raison : elle sera notée dans le journal.")},
    )
    ended_on = DateField(
        label=gettext_lazy("Dernier jour du stage"),
        error_messages={"required": gettext_lazy("Indiquez le dernier jour du stage.")},
    )

    def __init__(
        self,
        *args: Any,
        comment_label: str | Promise = "",
        comment_required: bool = False,
        comment_only_if_required: bool = False,
        asks_last_day: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if comment_label and (comment_required or not comment_only_if_required):
            self.fields["comment"].label = str(comment_label)
            self.fields["comment"].required = comment_required
        else:
            del self.fields["comment"]
        if not asks_last_day:
            del self.fields["ended_on"]
