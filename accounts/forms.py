"""Sign-in and password forms: allauth's, in our words, without placeholders that vanish as one types."""

from typing import Any

from allauth.account import forms as allauth
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.sign_in import reset


class _OurWords(BaseForm):
    """Give fields our labels and help."""

    labels: dict[str, Any] = {}
    help_texts: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.help_texts.get(name, "")


NEW_PASSWORD_LABELS = {"password1": _("Nouveau mot de passe"), "password2": _("Le même, une seconde fois")}
NEW_PASSWORD_HELP = {
    "password1": _("Au moins 12 caractères. Une phrase que vous seul connaissez est un bon choix."),
}


class SignInForm(_OurWords, allauth.LoginForm):
    labels = {"login": _("Adresse électronique universitaire"), "password": _("Mot de passe")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class ResetPasswordForm(_OurWords, allauth.ResetPasswordForm):
    labels = {"email": _("Adresse électronique universitaire")}

    def clean_email(self) -> str:
        """Look for nobody: the answer must not tell, by its time, who has an account."""
        email: str = self.cleaned_data["email"]
        return email

    def save(self, request: HttpRequest, **options: Any) -> str:
        email: str = self.cleaned_data["email"]
        reset.ask(email)
        return email


class NewPasswordForm(_OurWords, allauth.ResetPasswordKeyForm):
    labels = NEW_PASSWORD_LABELS
    help_texts = NEW_PASSWORD_HELP


class ChangePasswordForm(_OurWords, allauth.ChangePasswordForm):
    labels = {"oldpassword": _("Mot de passe actuel"), **NEW_PASSWORD_LABELS}
    help_texts = NEW_PASSWORD_HELP
