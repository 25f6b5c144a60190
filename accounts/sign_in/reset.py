"""Forgotten passwords: a link by mail, made when the mail leaves and kept nowhere."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.mail import outbox
from accounts.models import Message, User


def ask(email: str) -> None:
    """Take a request for any address, known or not, in the same time: who has it is looked up when the mail leaves."""
    with transaction.atomic(), translation.override("fr"):
        outbox.queue_unwritten(Message.FORGOTTEN, email, str(_("Choisissez votre mot de passe")))


@outbox.written_when_sent(Message.FORGOTTEN)
def write(message: Message) -> outbox.Mail | None:
    """Write to the address we know, never the one typed; tell those who only have the single sign-on to use it."""
    people = User.objects.with_email(message.recipient).select_related("institution")
    user = people.filter(is_active=True).first()
    if user is None:
        return None
    message.recipient, message.institution = user.email, user.institution
    if settings.SOCIALACCOUNT_PROVIDERS and not user.has_usable_password():
        template, link, label = "no_password", reverse("account_login"), _("Se connecter")
    else:
        key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
        link = reverse("account_reset_password_from_key", kwargs=key)
        template, label = "password_reset", _("Choisir mon mot de passe")
    context = {
        "institution": user.institution,
        "first_name": user.first_name,
        "link": link,
        "link_label": label,
    }
    return outbox.render_mail(f"accounts/mails/{template}.txt", context)
