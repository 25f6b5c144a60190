from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Personnes et comptes")


class AdminConfig(admin.AdminConfig):
    """Django's administration, on a site of ours."""

    default = False
    default_site = "accounts.site.AdminSite"
