from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Personnes et comptes")

    def ready(self) -> None:
        """Whatever sends the mails must know who writes the personal ones; the checks register themselves."""
        import_module("accounts.sign_in.reset")
        import_module("accounts.checks")


class AdminConfig(admin.AdminConfig):
    """Django's administration, on a site of ours."""

    default = False
    default_site = "accounts.site.AdminSite"
