"""What a person typed survives the end of their session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.core import ratelimit
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

SESSION_KEY = "typed_before_sign_in"
# The session that knew who was typing is gone: each form says whom its page was written for.
WRITER_FIELD = "writer"
LONGEST_KEPT = 200_000
KEPT_SECONDS = 3600


class KeepTypedText(LoginRequiredMiddleware):
    """Ask for sign-in, keeping what was posted so that the page can show it again afterwards.

    Only views marked with ``keeps_typed_text`` are concerned. An autosave gets a 401: its page says to sign in.
    """

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Leave public pages alone: reading the session would cost a query and make them uncacheable."""
        if not getattr(view_func, "login_required", True):
            return None
        if not request.user.is_authenticated:
            if request.headers.get("X-Autosave"):
                message = _(
                    "Votre session a expiré. Votre texte est gardé ici : connectez-vous dans un autre onglet."
                )
                return JsonResponse({"message": message}, status=401)
            if request.method == "POST" and getattr(view_func, "keeps_typed_text", False):
                keep_typed_text(request)
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseRedirect:
        """Come back after the sign-in to the page itself, or to the one whose button was pressed."""
        if request.method == "POST" and not getattr(view_func, "keeps_typed_text", False):
            pressed_on = request.headers.get("Referer", "")
            is_ours = url_has_allowed_host_and_scheme(pressed_on, request.get_host())
            return redirect_to_login(urlsplit(pressed_on).path if is_ours else resolve_url("home"))
        return super().handle_no_permission(request, view_func)


def keep_typed_text(request: HttpRequest) -> None:
    """Store what was posted in the anonymous session, which the sign-in carries over."""
    typed = request.POST.urlencode()
    # Anybody may post here: without a limit they would fill the cache.
    if len(typed) <= LONGEST_KEPT and ratelimit.consume(request, action="keep_typed_text"):
        writer = request.POST.get(WRITER_FIELD, "")
        request.session[SESSION_KEY] = {"path": request.path, "typed": typed, "writer": writer}
        request.session.set_expiry(KEPT_SECONDS)


def keeps_typed_text(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view whose posted text must survive a sign-in."""
    vars(view)["keeps_typed_text"] = True
    return view


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a page has to show of its form: what is posted now, or was before the sign-in; else None."""
    return request.POST if request.method == "POST" else take_typed_text(request)


def take_typed_text(request: HttpRequest) -> QueryDict | None:
    """Return, once, what was posted to this address before the sign-in, if the same person posted it."""
    kept = request.session.get(SESSION_KEY)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[SESSION_KEY]
    request.session.set_expiry(None)
    return QueryDict(kept["typed"]) if kept.get("writer") == str(request.user.pk) else None
