"""Pages that belong to no app: health, theme, style guide, and those of what failed."""

import json
import logging
import sys
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.sign_in.rates import rate_limited
from accounts.storage import has_no_room
from pstage import specimens
from pstage.middleware import takes_a_file

logger = logging.getLogger(__name__)

LARGEST_REPORT = 16 * 1024  # bytes
REPORTED = ("document-uri", "effective-directive", "blocked-uri")
SAID_FOR = timedelta(days=180)


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database does, 503 when it does not; a lost cache is named, and stops no page."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("database\n", status=503, content_type="text/plain")
    cache.set("health", 1, timeout=10)
    answers = cache.get("health") == 1
    return HttpResponse("ok\n" if answers else "ok, cache lost\n", content_type="text/plain")


@csrf_exempt
@login_not_required
@require_POST
@rate_limited("csp_report")
def csp_report(request: HttpRequest) -> HttpResponse:
    """Write in the log what a browser refused on a page of ours; anybody may say so, in few words."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_REPORT:
        return HttpResponse(status=413)
    try:
        told = json.loads(request.body)
    except ValueError:
        return HttpResponse(status=400)
    report = told.get("csp-report") if isinstance(told, dict) else None
    if not isinstance(report, dict):
        return HttpResponse(status=400)
    # What came after « ? » may hold what somebody typed.
    said = [str(report.get(what, ""))[:200].partition("?")[0] for what in REPORTED]
    logger.warning("The policy of content refused, page, directive and address: %r", said)
    return HttpResponse(status=204)


@login_not_required
@require_safe
@cache_control(public=True, max_age=86_400)
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say whom to tell of a fault (RFC 9116)."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    lines = {
        "Contact": settings.SECURITY_CONTACT,
        "Expires": (timezone.now() + SAID_FOR).strftime("%Y-%m-%dT00:00:00Z"),
        "Preferred-Languages": "fr, en",
        "Canonical": f"{settings.SITE_URL}/.well-known/security.txt",
    }
    text = "".join(f"{name}: {value}\n" for name, value in lines.items())
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def theme(request: HttpRequest) -> HttpResponse:
    """Return an institution's accent, a hue in degrees (0–360). Kept for a year: the address says it all."""
    hue = request.GET.get("hue", "")
    if not (hue.isdecimal() and hue.isascii() and len(hue) <= 3 and int(hue) <= 360):
        return HttpResponseNotFound("hue: 0–360\n", content_type="text/plain; charset=utf-8")
    response = HttpResponse(f":root{{--hue:{int(hue)}}}\n", content_type="text/css")
    patch_cache_control(response, public=True, max_age=365 * 24 * 3600, immutable=True)
    return response


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every component once, to staff."""
    if not (request.user.is_authenticated and request.user.is_staff):
        raise PermissionDenied
    return render(request, "styleguide.html", specimens.of_everything())


def too_often(request: HttpRequest) -> HttpResponse:
    """Say what to wait for, in the words of what was asked too often."""
    return render(request, "429.html", {"sends_files": takes_a_file(request)}, status=429)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer 507 when a disk is full, whatever was being written, 500 to anything else; both are reported."""
    if has_no_room(sys.exc_info()[1]):
        return HttpResponse(render_to_string("507.html"), status=507)
    return HttpResponseServerError(render_to_string("500.html"))
