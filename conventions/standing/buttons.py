"""Something that this person may do now, as pages show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Button:
    """A form that acts at once, or a link to a page that asks first."""

    label: str | Promise
    url: str
    acts: bool
    is_primary: bool = False
    is_destructive: bool = False
    warning: str | Promise = ""  # said before it acts at once


def in_order(buttons: Iterable[Button]) -> list[Button]:
    """Return the least usual first and what is expected last."""
    return sorted(buttons, key=lambda button: (button.is_primary, not button.is_destructive))
