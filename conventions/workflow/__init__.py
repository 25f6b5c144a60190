"""How an agreement, or an avenant, moves from one status to the next: both tables, and what carries them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conventions.workflow import avenants
from conventions.workflow.agreements import ACTIONS, act
from conventions.workflow.correcting import correcting
from conventions.workflow.engine import Action, Option, Page, Request, move

if TYPE_CHECKING:
    from accounts.models import User
    from conventions.models import Avenant, Convention

__all__ = [
    "ACTIONS",
    "Action",
    "Option",
    "Page",
    "Request",
    "act",
    "actions_of",
    "correcting",
    "do",
    "move",
    "options",
    "options_of",
]


def actions_of(convention: Convention) -> dict[str, Action]:
    """Return the table of an agreement, or of the avenant it shows."""
    return ACTIONS if convention.avenant is None else avenants.ACTIONS


def options(convention: Convention, by: User) -> list[Option]:
    """Return each action with the refusal that ``by`` would meet now, by the guards that ``act`` runs."""
    return options_of(Request(convention, by))


def options_of(request: Request) -> list[Option]:
    """The same for a page that reads the law and the remarks too, once for all."""
    return [Option(action, request) for action in actions_of(request.convention).values()]


def do(convention: Convention, name: str, *, by: User, **typed: Any) -> Convention | Avenant:
    """Do one action on an agreement, or on the avenant it shows, read again under lock; return what was acted on."""
    if convention.avenant is None:
        return act(convention.pk, name, by=by, **typed)
    return avenants.act(convention.avenant.pk, name, by=by, **typed)
