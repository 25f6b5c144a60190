"""The addresses of allauth we use, and ours: sign-up, e-mail and connection pages have none."""

from allauth.account import views as account
from allauth.socialaccount import views as socialaccount
from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path
from django.views.generic import TemplateView

from accounts import views

closed = login_not_required(TemplateView.as_view(template_name="account/signup_closed.html"))
no_password = TemplateView.as_view(template_name="accounts/no_password.html")

urlpatterns = [
    path("compte/connexion/", views.SignIn.as_view(), name="account_login"),
    path("compte/deconnexion/", views.sign_out, name="account_logout"),
    path("compte/creation/", closed, name="account_signup"),
    path("compte/ferme/", account.account_inactive, name="account_inactive"),
    path("compte/inconnu/", views.unknown_identity, name="unknown_identity"),
    path("compte/mot-de-passe/", account.password_change, name="account_change_password"),
    path("compte/mot-de-passe/sans/", no_password, name="account_set_password"),
    path("compte/mot-de-passe/oubli/", account.password_reset, name="account_reset_password"),
    path(
        "compte/mot-de-passe/oubli/envoye/", account.password_reset_done, name="account_reset_password_done"
    ),
    re_path(
        r"^compte/mot-de-passe/oubli/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.NewPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path(
        "compte/mot-de-passe/change/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("compte/sso/annule/", socialaccount.login_cancelled, name="socialaccount_login_cancelled"),
    path("compte/sso/erreur/", socialaccount.login_error, name="socialaccount_login_error"),
    path("compte/<slug:provider_id>/connexion/", views.sso_login, name="openid_connect_login"),
    path("compte/<slug:provider_id>/retour/", views.sso_callback, name="openid_connect_callback"),
    path("logo/<int:pk>/", views.institution_logo, name="institution_logo"),
    path("demo/entrer/", views.demo_enter, name="demo_enter"),
    path("demo/courriels/", views.demo_mails, name="demo_mails"),
    path("demo/courriels/<int:pk>/", views.demo_mail, name="demo_mail"),
]
