"""Who may sign in: people we already know, by password or through their institution's single sign-on."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext_lazy as _

from accounts.folding import fold
from accounts.models import Institution, User
from accounts.sign_in import devices

logger = logging.getLogger(__name__)

# Where the page about an unknown identity finds what the provider called it.
UNKNOWN_IDENTITY = "unknown_identity"


class AccountAdapter(DefaultAccountAdapter):
    """Local accounts: no sign-up, and mails that leave through the outbox."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("L’adresse ou le mot de passe ne correspond pas. Vérifiez les deux."),
        "too_many_login_attempts": _(
            "Trop de tentatives. Attendez cinq minutes, ou demandez un nouveau mot de passe : le lien reçu ouvre toujours."
        ),
        "enter_current_password": _("Ce n’est pas votre mot de passe actuel."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """An address nobody can read (``https://[::1``) leads nowhere safe: allauth would crash on it."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count guesses by account, in any spelling the database takes for the same, and by who makes them.

        A browser that the owner signed in from counts apart, and so does each address: whoever guesses closes the
        door to themselves. allauth adds the host, of which they choose the port and the case.
        """
        email = credentials.get("email", "")
        return f"{fold(email)} {devices.known(request, email) or self.get_client_ip(request)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Limit the guesses of one account from all addresses together; its owner's browsers are not concerned."""
        super().pre_authenticate(request, **credentials)
        email = credentials.get("email", "")
        self._from_afar = None
        if not devices.known(request, email):
            self._from_afar = ratelimit.consume(
                request, app="allauth.account", action="login_from_afar", key=fold(email)
            )
            if not self._from_afar:
                raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        if self._from_afar:
            self._from_afar.rollback()

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return resolve_url(settings.LOGIN_REDIRECT_URL)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Single sign-on: an identity is matched to a known person by e-mail once, then by its identifier."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let a known, active person in; anyone else gets a page that says whom to contact."""
        sociallogin.state["process"] = AuthProcess.LOGIN
        user = sociallogin.user if sociallogin.is_existing else match(sociallogin.account)
        if user is None or not user.is_active:
            logger.warning("Nobody to let in at single sign-on for the identity %s", sociallogin.account.uid)
            request.session[UNKNOWN_IDENTITY] = claims_of(sociallogin.account).get("email", "")
            raise ImmediateHttpResponse(redirect("unknown_identity"))
        if not sociallogin.is_existing:
            sociallogin.connect(request, user)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Leave a trace for whoever has to find out why nobody signs in any more."""
        logger.warning("Single sign-on failed: %s %r", error, exception)


def claims_of(account: SocialAccount) -> dict[str, Any]:
    """Return what the provider says of a person."""
    claims: dict[str, Any] = account.get_provider_account().get_user_data() or {}
    return claims


def match(account: SocialAccount) -> User | None:
    """Return the person whose address the provider vouches for, or None.

    An address the provider does not say is verified proves nothing, unless it is known to be the university's own.
    Nor does an address whose owner already has another identity there: universities give old addresses to new
    people. No address alone opens an administrator's account, nor one of an institution the provider is not of.
    """
    claims = claims_of(account)
    if not claims.get("email"):
        return None
    if str(claims.get("email_verified", settings.OIDC_TRUST_EMAIL)).lower() != "true":
        logger.warning("The single sign-on does not say that this address is verified: see OIDC_TRUST_EMAIL.")
        return None
    institution = institution_of_the_provider()
    if institution is None:
        return None
    people = User.objects.with_email(claims["email"])
    user = people.filter(institution=institution, is_staff=False, is_superuser=False).first()
    if user is None or SocialAccount.objects.filter(user=user, provider=account.provider).exists():
        return None
    return user


def institution_of_the_provider() -> Institution | None:
    """Return the institution whose people the single sign-on knows: the one the settings name, or the only one."""
    name = settings.OIDC_INSTITUTION
    named = Q(short_name=name) | (Q(pk=name) if name.isdecimal() else Q())
    found = list(Institution.objects.filter(named if name else Q())[:2])
    if len(found) == 1:
        return found[0]
    logger.error("Single sign-on matches nobody: OIDC_INSTITUTION (%r) must name one institution.", name)
    return None
