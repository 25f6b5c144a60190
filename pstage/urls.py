"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from conventions.views import calculator, hosts, lists
from pstage import views

handler429 = "pstage.views.too_often"  # allauth asks for it
handler500 = "pstage.views.failed"

urlpatterns = [
    path("", lists.home, name="home"),
    path("calculer/", calculator.calculator, name="calculator"),
    path("annuaire/<int:pk>/", hosts.host, name="host"),
    path("conventions/", include("conventions.urls")),
    path("", include("organisations.urls")),
    path("", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("sante/", views.health, name="health"),
    path("csp/", views.csp_report, name="csp_report"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("theme.css", views.theme, name="theme"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
]
