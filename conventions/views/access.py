"""Which agreement or avenant a request is about, for whoever may see it or fill it."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.session import signed_in
from conventions import permissions
from conventions.models import Convention
from conventions.models.attachment import PAPERS
from conventions.models.circuit import WITH_AUTHORS
from conventions.writing import changes, steps


def visible(request: HttpRequest, pk: int) -> Convention:
    """Return an agreement this person may see, or raise 404: the rest does not exist."""
    agreements = Convention.objects.visible_to(signed_in(request)).for_detail()
    return get_object_or_404(
        agreements.prefetch_related("interruptions", "work_periods", WITH_AUTHORS, PAPERS),
        pk=pk,
    )


def locked(request: HttpRequest, pk: int, avenant: int | None = None) -> Convention:
    """Return an agreement that this person may see, locked: nobody sends it back while a remark is written."""
    agreements = Convention.objects.visible_to(signed_in(request)).select_for_update(of=("self",))
    convention = get_object_or_404(agreements, pk=pk)
    return convention if avenant is None else shown(convention, avenant, is_locked=True)


def shown(convention: Convention, avenant: int, *, is_locked: bool = False) -> Convention:
    """Return what an avenant makes of its agreement."""
    its = convention.avenants.select_for_update() if is_locked else convention.avenants
    return changes.proposed(get_object_or_404(its, pk=avenant), convention)


def load(request: HttpRequest, pk: int, avenant: int | None = None) -> Convention:
    """Return an agreement that this person fills, locked while they post; 404 when it is not theirs to fill.

    With an ``avenant``, return what it makes of the agreement, the avenant locked as well.
    """
    user = signed_in(request)
    agreements = Convention.objects.visible_to(user)
    if request.method == "POST":
        # Lock, then look: a query that waited for its lock would join the rows of before the wait.
        get_object_or_404(agreements.select_for_update(), pk=pk)
    convention = get_object_or_404(agreements.for_detail().prefetch_related(*steps.PERIODS), pk=pk)
    if avenant is not None:
        convention = shown(convention, avenant, is_locked=request.method == "POST")
    if not permissions.fills(user, convention):
        raise Http404
    return convention


def being_filled(request: HttpRequest, pk: int, avenant: int | None = None) -> Convention:
    """Return an agreement that this person may fill now, with what a search for hosts or teachers needs of it."""
    user = signed_in(request)
    agreements = Convention.objects.visible_to(user).select_related("institution", "centre")
    convention = get_object_or_404(agreements, pk=pk)
    if avenant is not None:
        convention = shown(convention, avenant)
    if not permissions.may_edit(user, convention):
        raise Http404
    return convention
