"""The site's addresses, and an empty view behind the same middleware."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import include, path

from pstage.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]


@login_not_required
def empty(request):
    return HttpResponse("")


urlpatterns = [path("vide/", empty, name="empty"), path("", include("pstage.urls"))]
