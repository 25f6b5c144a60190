"""What the first page of an avenant asks: what changes, why, from when."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conventions.models import Avenant, AvenantKind, Convention
from organisations.conditions import Block
from organisations.fields import DateField
from organisations.forms import RemarkedForm, say_what_to_do
from organisations.shared import SharedForm

# What each kind opens.
OPENS: dict[str, str | Promise] = {
    AvenantKind.EXTENSION: gettext_lazy(
        "Une fin plus tardive, avec les heures et la gratification recalculées."
    ),
    AvenantKind.POSTPONEMENT: gettext_lazy(
        "D’autres dates, sans heures de plus ; le début seulement s’il n’est pas passé."
    ),
    AvenantKind.SUSPENSION: gettext_lazy("Des jours sans présence : maladie, fermeture, examens."),
    AvenantKind.HOURS: gettext_lazy(
        "Les heures par semaine, les jours, les horaires, les congés, le télétravail."
    ),
    AvenantKind.GRATIFICATION: gettext_lazy("Le montant, son versement, les avantages offerts."),
    AvenantKind.SUBJECT: gettext_lazy("Le sujet, les tâches, les compétences, la confidentialité."),
    AvenantKind.PLACE: gettext_lazy("Un autre service ou une autre adresse du même organisme."),
    AvenantKind.TUTOR: gettext_lazy("La personne de l’organisme qui encadre le stage."),
    AvenantKind.SIGNATORY: gettext_lazy(
        "La personne qui engage l’organisme ; celle d’avant signe l’avenant."
    ),
    AvenantKind.TEACHER: gettext_lazy(
        "La personne de l’université qui suit le stage ; celle d’avant signe l’avenant."
    ),
    AvenantKind.IDENTITY: gettext_lazy(
        "Un nom, un prénom ou une date de naissance que la convention dit mal."
    ),
    AvenantKind.TERMINATION: gettext_lazy("Le dernier jour du stage ; rien d’autre ne change alors."),
    AvenantKind.OTHER: gettext_lazy("Une clause en toutes lettres, que les autres choix ne couvrent pas."),
}
# A stage is ended, prolonged or postponed, and not two of these at once.
ONE_OF = (AvenantKind.EXTENSION, AvenantKind.POSTPONEMENT, AvenantKind.TERMINATION)


class KindsWidget(forms.CheckboxSelectMultiple):
    """One box a kind, with what it opens."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().create_option(name, value, *args, **kwargs), "help": OPENS[value]}


class PurposeForm(SharedForm, RemarkedForm, forms.ModelForm[Avenant]):
    """The kinds of an avenant, its reason, the day it takes effect, a free clause."""

    use_required_attribute = False
    sometimes_required = frozenset({"other"})
    blocks = {"other": Block(f"kinds={AvenantKind.OTHER.value}", ("other",))}
    reasons = {
        "effective_on": gettext_lazy(
            "Un avenant est signé par les mêmes parties avant de prendre effet ; aucun n’est rétroactif."
        ),
    }
    kinds = forms.MultipleChoiceField(
        label=Avenant._meta.get_field("kinds").verbose_name,
        help_text=gettext_lazy("Cochez tout ce que l’avenant change : vous ne remplirez que cela ensuite."),
        choices=AvenantKind.choices,
        widget=KindsWidget(attrs={"class": "described"}),
        error_messages={"required": gettext_lazy("Cochez ce qui change.")},
    )
    effective_on = DateField(
        label=Avenant._meta.get_field("effective_on").verbose_name,
        help_text=Avenant._meta.get_field("effective_on").help_text,
        required=False,
    )

    class Meta:
        model = Avenant
        fields = ["kinds", "other", "reason", "effective_on"]
        widgets = {
            "reason": forms.Textarea(attrs={"rows": 3}),
            "other": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, convention: Convention, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.convention = convention
        say_what_to_do(self)

    def clean_kinds(self) -> list[str]:
        """Refuse two ways to move the end; an early end goes with nothing else."""
        kinds = [kind for kind in AvenantKind.values if kind in self.cleaned_data["kinds"]]
        if len([kind for kind in kinds if kind in ONE_OF]) > 1:
            raise forms.ValidationError(
                _(
                    "Prolonger, reporter, finir avant le terme : choisissez une seule de ces trois possibilités."
                )
            )
        if AvenantKind.TERMINATION in kinds and set(kinds) - {AvenantKind.TERMINATION, AvenantKind.OTHER}:
            raise forms.ValidationError(
                _("La fin du stage avant son terme ne va pas avec un autre changement.")
            )
        return kinds

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kinds, day = cleaned.get("kinds", []), cleaned.get("effective_on")
        if AvenantKind.OTHER not in kinds:
            cleaned["other"] = ""
        elif not cleaned.get("other", "").strip():
            self.add_error("other", _("Écrivez la clause telle qu’elle doit figurer dans l’avenant."))
        if AvenantKind.TERMINATION in kinds:
            cleaned["effective_on"] = None  # the last day says it
        elif day and day < timezone.localdate():
            self.add_error("effective_on", _("Cette date est passée : aucun avenant n’est rétroactif."))
        elif day and self.convention.end and day > self.convention.end:
            self.add_error("effective_on", _("Le stage sera terminé ce jour-là."))
        return cleaned
