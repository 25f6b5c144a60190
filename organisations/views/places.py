"""Fragments that help to fill a form about places."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from organisations.fields import compact
from organisations.models import Commune


@require_safe
def communes(request: HttpRequest) -> HttpResponse:
    """Answer the communes of a postal code as options; an unknown code has none.

    The code comes as ``code_postal``, or under the name of the form field that asks.
    """
    names = (name for name in request.GET if name == "code_postal" or name.endswith("postal_code"))
    typed = request.GET.get(next(names, ""), "")
    found = Commune.objects.filter(postal_code=compact(typed)).values_list("name", flat=True)
    return render(request, "organisations/communes.html", {"communes": found})
