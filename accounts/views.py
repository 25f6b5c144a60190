"""Sign-in pages, and the e-mails of the demo."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView, PasswordResetFromKeyView, logout
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from accounts.demo import ACCOUNTS
from accounts.models import Institution, Message, User
from accounts.sign_in import devices
from accounts.sign_in.adapters import UNKNOWN_IDENTITY

logger = logging.getLogger(__name__)

MAILS_PER_PAGE = 50
View = Callable[..., HttpResponseBase]


def single_sign_on() -> dict[str, str] | None:
    """Return the name and address of the institution's single sign-on, or None when there is none."""
    for app in settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", []):
        return {"name": app["name"], "url": reverse("openid_connect_login", args=[app["provider_id"]])}
    return None


def posts_to_the_sso(view: View) -> View:
    """Let the page's form be redirected to the provider, and on to wherever the provider hands over.

    Browsers apply ``form-action`` to every hop that follows a form, and which hops a university's SSO takes is
    its own business.
    """
    return csp_update({"form-action": ["https:"]})(view) if settings.SOCIALACCOUNT_PROVIDERS else view


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """Single sign-on first, then e-mail and password."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = posts_to_the_sso(super().dispatch)(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        devices.remember(response, form.cleaned_data["login"])
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            sso=single_sign_on(), demo_accounts=ACCOUNTS if settings.DEMO else (), **kwargs
        )


@method_decorator(login_not_required, name="dispatch")
class NewPassword(PasswordResetFromKeyView):
    """Choose a password by the link of a mail: whoever has it may then sign in, however many guesses others made."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        devices.remember(response, self.reset_user.email)
        return response


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """End the session; on a shared computer, the next person finds neither pages nor text in the browser."""
    answer: HttpResponseBase = logout(request)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def survives_the_provider(view: View) -> View:
    """Answer with a page, not a crash, when the provider does not answer us."""

    @wraps(view)
    def careful(request: HttpRequest, provider_id: str) -> HttpResponseBase:
        try:
            return posts_to_the_sso(view)(request, provider_id)
        except RequestException as error:
            logger.warning("The single sign-on does not answer: %s", error)
            return render(request, "socialaccount/authentication_error.html", status=503)

    return login_not_required(careful)


sso_login = survives_the_provider(openid_connect.login)
sso_callback = survives_the_provider(openid_connect.callback)


@login_not_required
@never_cache
@require_safe
def unknown_identity(request: HttpRequest) -> HttpResponse:
    """Say that the university's records do not know this person, and whom to contact."""
    email = request.session.get(UNKNOWN_IDENTITY, "")
    return render(request, "accounts/unknown_identity.html", {"email": email}, status=403)


def only_in_the_demo(view: View) -> View:
    """Open a view to everybody in the demo; elsewhere it does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return login_not_required(guarded)


@only_in_the_demo
@require_POST
def demo_enter(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the people of the demo, by a button of the sign-in page."""
    listed = {account.email for account in ACCOUNTS} & {request.POST.get("email", "")}
    user = get_object_or_404(User, email__in=listed, is_active=True)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect(get_next_redirect_url(request) or settings.LOGIN_REDIRECT_URL)


@only_in_the_demo
@require_safe
def demo_mails(request: HttpRequest) -> HttpResponse:
    """List the e-mails « sent », the newest first; ``destinataire`` filters."""
    recipient = request.GET.get("destinataire", "").strip()
    messages = Message.objects.filter(recipient__icontains=recipient).defer("text", "html")
    page = Paginator(messages, MAILS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/demo_mails.html", {"page": page, "recipient": recipient})


@only_in_the_demo
@require_safe
def demo_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one e-mail as its reader gets it in plain text, links included."""
    return render(request, "accounts/demo_mail.html", {"mail": get_object_or_404(Message, pk=pk)})


@login_not_required
@require_safe
@cache_control(public=True, max_age=86_400)
def institution_logo(request: HttpRequest, pk: int) -> FileResponse:
    """The logo shown in the header, before the sign-in too."""
    institution = get_object_or_404(Institution.objects.exclude(logo=""), pk=pk)
    return FileResponse(institution.logo.open())
