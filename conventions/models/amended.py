"""What an avenant makes of an agreement, while it is written, judged, signed: an agreement that is never stored."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NoReturn

from django.utils.translation import gettext_lazy as _

from conventions.models.avenant import Avenant
from conventions.models.convention import Convention
from conventions.models.nomenclature import Term


class Amended(Convention):
    """An agreement as ``avenant`` makes it, beside ``before``, the one in force: filled and judged like any other."""

    avenant: Avenant
    before: Convention
    # The lists of periods that are not those of before, by name.
    other_periods: dict[str, list[Any]]

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("convention de stage")
        verbose_name_plural = _("conventions de stage")

    @classmethod
    def of(cls, before: Convention, avenant: Avenant) -> Amended:
        """Return a copy of an agreement, with all that was read of it, where an avenant may write."""
        after = cls.__new__(cls)
        after.__dict__.update(before.__getstate__())
        after.before, after.avenant, after.other_periods = before, avenant, {}
        return after

    def periods(self, name: str) -> list[Any]:
        return self.other_periods[name] if name in self.other_periods else self.before.periods(name)

    def load_terms(self, *others: Convention, offered: Collection[str] = ()) -> list[Term]:
        """Fetch those of both sides."""
        return super().load_terms(self.before, *others, offered=offered)

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: what differs is recorded in the avenant, and the agreement takes it when the avenant takes effect."""
        raise TypeError("What an avenant makes of an agreement is never saved.")
