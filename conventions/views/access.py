"""Which agreement or avenant a request is about, for whoever may see it or fill it."""

from __future__ import annotations

from typing import overload

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.sign_in.session import signed_in
from conventions import permissions
from conventions.desk import notes
from conventions.models import Amended, Avenant, Convention
from conventions.models.attachment import WITH_PEOPLE
from conventions.models.circuit import WITH_AUTHORS
from conventions.models.convention import ConventionQuerySet
from conventions.models.schedule import PERIODS
from conventions.writing import changes


def visible(request: HttpRequest, pk: int) -> Convention:
    """Return an agreement this person may see, or raise 404: the rest does not exist."""
    agreements = Convention.objects.visible_to(signed_in(request)).for_detail().annotate(noted=notes.NOTED)
    return get_object_or_404(
        agreements.prefetch_related(*PERIODS, WITH_AUTHORS, WITH_PEOPLE),
        pk=pk,
    )


def locked(request: HttpRequest, pk: int, avenant: int | None = None) -> Convention:
    """Return an agreement that this person may see, locked: nobody sends it back while a remark is written."""
    convention = read(Convention.objects.visible_to(signed_in(request)), pk, is_locked=True)
    return convention if avenant is None else shown(convention, avenant, is_locked=True)


def read(agreements: ConventionQuerySet, pk: int, *, is_locked: bool) -> Convention:
    """Return one of some agreements, or raise 404."""
    try:
        return agreements.locked(pk) if is_locked else agreements.get(pk=pk)
    except Convention.DoesNotExist as absent:
        raise Http404 from absent


def shown(convention: Convention, avenant: int, *, is_locked: bool = False) -> Amended:
    """Return what an avenant makes of its agreement."""
    try:
        its = convention.avenants.select_related("created_by")
        return changes.proposed(its.locked(avenant) if is_locked else its.get(pk=avenant), convention)
    except Avenant.DoesNotExist as absent:
        raise Http404 from absent


@overload
def load(request: HttpRequest, pk: int, avenant: int) -> Amended: ...
@overload
def load(
    request: HttpRequest, pk: int, avenant: int | None = None, *, corrects: bool = False
) -> Convention: ...
def load(request: HttpRequest, pk: int, avenant: int | None = None, *, corrects: bool = False) -> Convention:
    """Return an agreement that this person fills, locked while they post; 404 when it is not theirs to fill.

    With an ``avenant``, return what it makes of the agreement, the avenant locked as well. A manager who ``corrects`` it
    themselves fills what is submitted.
    """
    user, is_locked = signed_in(request), request.method == "POST"
    agreements = Convention.objects.visible_to(user).for_detail().prefetch_related(*PERIODS)
    if avenant is not None:
        agreements = agreements.prefetch_related("turns")  # the law of an avenant asks when all had signed
    convention = read(agreements, pk, is_locked=is_locked)
    if avenant is not None:
        convention = shown(convention, avenant, is_locked=is_locked)
    convention.is_being_corrected = corrects
    if not permissions.fills(user, convention):
        raise Http404
    return convention


def being_filled(
    request: HttpRequest, pk: int, avenant: int | None = None, *, corrects: bool = False
) -> Convention:
    """Return an agreement that this person may fill now, with what a search for hosts or teachers needs of it."""
    user = signed_in(request)
    agreements = Convention.objects.visible_to(user).select_related("institution", "centre")
    convention = get_object_or_404(agreements, pk=pk)
    if avenant is not None:
        convention = shown(convention, avenant)
    convention.is_being_corrected = corrects
    if not permissions.may_edit(user, convention):
        raise Http404
    return convention
