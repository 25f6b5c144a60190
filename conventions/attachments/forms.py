"""What is asked of a file that somebody joins, of the scan of what was signed, and of a refusal."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusals import Refused
from conventions.attachments import uploads
from conventions.circuit.forms import SignaturesForm
from conventions.models import Attachment
from organisations.conditions import Block, ConditionalForm
from organisations.fields import DateField
from organisations.forms import say_what_to_do


def made_safe(file: UploadedFile[bytes]) -> uploads.Clean:
    """Return what may be stored of a file that was sent. Raises ValidationError."""
    try:
        return uploads.clean(file)
    except Refused as refusal:
        raise forms.ValidationError(str(refusal)) from refusal


class AttachmentForm(ConditionalForm, forms.ModelForm[Attachment]):
    """An attachment to join to an agreement; ``cleaned_data["upload"]`` is its content, made safe."""

    use_required_attribute = False
    sometimes_required = ("title", "valid_from", "valid_until")
    keeps_hidden = False
    blocks = {
        "title": Block(f"kind={Attachment.Kind.OTHER.value}", ("title",)),
        "validity": Block("kind", ("valid_from", "valid_until")),
    }
    upload = forms.FileField(
        label=gettext_lazy("Fichier"),
        widget=forms.FileInput(attrs={"accept": uploads.ACCEPT}),
        error_messages={
            "required": gettext_lazy("Choisissez un fichier."),
            "empty": gettext_lazy("Ce fichier est vide : choisissez-en un autre."),
        },
    )

    class Meta:
        model = Attachment
        fields = ["kind", "title", "valid_from", "valid_until"]
        field_classes = {"valid_from": DateField, "valid_until": DateField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["upload"].help_text = uploads.what_is_taken()
        # The signed agreement arrives with its signatures.
        kinds = [kind for kind in Attachment.Kind if kind != Attachment.Kind.SIGNED_AGREEMENT]
        cast(forms.ChoiceField, self.fields["kind"]).choices = [
            ("", _("Choisissez")),
            *((kind.value, kind.label) for kind in kinds),
        ]
        say_what_to_do(self)

    def clean_upload(self) -> uploads.Clean:
        return made_safe(self.cleaned_data["upload"])

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        untitled = not cleaned.get("title") and "title" not in self.errors
        if cleaned.get("kind") == Attachment.Kind.OTHER and untitled:
            self.add_error("title", _("Dites ce qu’est cette pièce."))
        self.check_validity(cleaned)
        return cleaned

    def check_validity(self, cleaned: dict[str, Any]) -> None:
        """Ask for the days that an insurance covers; refuse those that do not follow each other."""
        if cleaned.get("kind") == Attachment.Kind.CIVIL_LIABILITY:
            for name in ("valid_from", "valid_until"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Recopiez cette date de l’attestation."))
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("La fin de validité doit suivre son début."))


class SignedCopyForm(SignaturesForm):
    """The scan of what the parties signed; ``cleaned_data["upload"]`` is its content, made safe.

    With a date for each party whose signature is not recorded yet, as it is read there.
    """

    upload = forms.FileField(
        label=gettext_lazy("Copie signée"),
        widget=forms.FileInput(attrs={"accept": uploads.ACCEPT}),
        error_messages={
            "required": gettext_lazy("Choisissez un fichier."),
            "empty": gettext_lazy("Ce fichier est vide : choisissez-en un autre."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["upload"].help_text = uploads.what_is_taken()

    def clean_upload(self) -> uploads.Clean:
        return made_safe(self.cleaned_data["upload"])


class RefusalForm(forms.Form):
    """Why an attachment is refused."""

    use_required_attribute = False
    reason = forms.CharField(
        label=gettext_lazy("Raison du refus"),
        help_text=gettext_lazy(
            "L’étudiant la reçoit par courriel : dites-lui quelle pièce envoyer à la place."
        ),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Dites pourquoi la pièce est refusée.")},
    )
