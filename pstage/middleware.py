"""What concerns every request, whatever page it asks for."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve

CHUNK = 64 * 1024
# A browser shows our answer only once it has sent everything: we read, and forget, up to this many bytes.
MOST_DRAINED = 128 * settings.MEBIBYTE


class KnownProxyMiddleware:
    """Say what is missing when a proxy that does HTTPS is not told of: redirecting to HTTPS would never end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_unknown = settings.SECURE_SSL_REDIRECT and settings.SECURE_PROXY_SSL_HEADER is None
        if is_unknown and request.headers.get("X-Forwarded-Proto") == "https" and not request.is_secure():
            said = "TRUSTED_PROXY_COUNT: see docs/deployment.md\n"
            return HttpResponse(said, status=503, content_type="text/plain")
        return self.get_response(request)


class PrivateMiddleware:
    """Keep what a person sees out of shared caches, unless its view says how long it may stay there.

    And keep from the browser what no page of ours needs: camera, place, payment.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # Not no-store: a browser would no longer give back, on « Précédent », what was typed without JavaScript.
        response.setdefault("Cache-Control", "private, no-cache")
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response


class ReadAgainMiddleware:
    """Read once more when the connection to the database died under a page: a restart then costs it nothing.

    What was posted is never done twice: its page says that it failed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        lost = isinstance(exception, (OperationalError, InterfaceError))
        if not lost or request.method not in {"GET", "HEAD"} or connection.in_atomic_block:
            return None
        if connection.connection is not None and connection.is_usable():
            return None
        connection.close()
        found = request.resolver_match
        assert found is not None
        answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
        return answer


class BodyLimitMiddleware:
    """Refuse, with a page that says what to do, a body larger than DATA_UPLOAD_MAX_MEMORY_SIZE (413).

    Where a page takes a file, PICTURE_MAX_SIZE comes on top. Django's own limit ends in a bare 400 and does not
    count files.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if takes_a_file(request):
            limit += settings.PICTURE_MAX_SIZE
        stream = request.META.get("wsgi.input")
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            # No length is announced, so Django would see an empty body: read it here, within the limit.
            body = read_all(stream, limit + 1) if request.META.get("wsgi.input_terminated") else b""
            if len(body) > limit:
                return self.refuse(request, stream, MOST_DRAINED)
            request._body = body
            request.META["CONTENT_LENGTH"] = str(len(body))
        else:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
            if length > limit:
                return self.refuse(request, stream, min(length, MOST_DRAINED))
        return self.get_response(request)

    def refuse(self, request: HttpRequest, stream: Any, left: int) -> HttpResponseBase:
        """Read at most ``left`` bytes for nothing, then answer."""
        while left > 0 and (chunk := stream.read(min(CHUNK, left))):
            left -= len(chunk)
        context = {
            "limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            "largest_file": settings.UPLOAD_MAX_SIZE if takes_a_file(request) else None,
            "largest_picture": settings.PICTURE_MAX_SIZE,
        }
        return render(request, "413.html", context, status=413)


def takes_a_file(request: HttpRequest) -> bool:
    """Whether the page at this address takes a file: its view says so."""
    try:
        return getattr(resolve(request.path_info).func, "takes_a_file", False)
    except Resolver404:
        return False


def read_all(stream: Any, most: int) -> bytes:
    """Read a stream to its end, or ``most`` bytes."""
    parts, left = [], most
    while left > 0 and (chunk := stream.read(min(CHUNK, left))):
        parts.append(chunk)
        left -= len(chunk)
    return b"".join(parts)
