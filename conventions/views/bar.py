"""What may be done, as pages offer it: at their foot, beside the signatures, where a student follows an agreement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.urls import reverse
from django.utils.functional import Promise

from conventions.models import Convention
from conventions.standing.buttons import Button
from conventions.workflow import Action, Option, Page


def address(action: Action, convention: Convention) -> str:
    """Return where an action on an agreement, or on the avenant it shows, is asked for."""
    avenant = convention.avenant
    if action.done_at:
        return action.done_at(convention)
    if avenant is None:
        return reverse("conventions:act", args=[convention.pk, action.name])
    return reverse("conventions:avenant_act", args=[convention.pk, avenant.pk, action.name])


def button_of(option: Option) -> Button:
    """Return the button of an option: it acts at once, or leads to the page that asks first."""
    action, convention = option.action, option.request.convention
    read = f"?lu={convention.acted_on.submission}" if action.needs_page and not action.done_at else ""
    return Button(
        action.label,
        address(action, convention) + read,
        acts=not action.needs_page,
        is_primary=action.is_primary or (action.sends_remarks and bool(option.request.open_remarks)),
        is_destructive=action.is_destructive,
    )


def at_the_foot(options: Iterable[Option]) -> list[Button]:
    """Return what the foot of a page offers: nothing that would be refused."""
    return [button_of(option) for option in options if option.is_offered]


def beside_the_signatures(options: Iterable[Option]) -> list[Button]:
    return [
        button_of(option) for option in options if option.action.page is Page.CIRCUIT and option.is_possible
    ]


def at_hand(options: Iterable[Option]) -> list[Button]:
    """Return what is done at once from where a student follows an agreement, its warning read there."""
    return [
        Button(
            option.action.label,
            address(option.action, option.request.convention),
            acts=True,
            warning=option.action.warning,
        )
        for option in options
        if option.action.page is Page.NEXT and option.is_possible
    ]


def hint(options: Iterable[Option], held: Mapping[str, str | Promise]) -> str:
    """Return what to know before pressing what is expected, or else what holds it.

    ``held`` says it in other words than the refusal's own, by code; "" for what the page says already.
    """
    expected = [option for option in options if option.action.is_primary and option.is_theirs]
    said = ""
    for option in expected:
        if (refusal := option.refusal) is None:
            return str(option.action.hint)
        said = str(held.get(refusal.code, refusal))
    return said
