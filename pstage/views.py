"""Pages that belong to no app: health, theme, style guide, and those of what failed."""

import sys

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.storage import has_no_room
from pstage import specimens
from pstage.middleware import takes_a_file


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
