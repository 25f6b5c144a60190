"""What else a record of the directory serves: told before it is corrected, wherever it is corrected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Model

from organisations.models.following import agreements_relying_on

# What a page posts beside the fields of a record: what it told of what the record serves.
TOLD = "told"
OTHERS = "others"


@dataclass(frozen=True)
class Reliance:
    """What changes with a record besides what one corrects it for.

    ``roles`` are the other columns of the agreement at hand that name it, with their labels. ``others`` is how many
    other agreements may still change: their number is all that is told of them, the reader may not see them.
    """

    roles: dict[str, str] = field(default_factory=dict)
    others: int = 0

    def __bool__(self) -> bool:
        return bool(self.told)

    @property
    def told(self) -> str:
        """What a page that shows this tells, as it posts it."""
        return " ".join([*self.roles, *([OTHERS] if self.others else [])])

    @property
    def labels(self) -> str:
        return ", ".join(label.lower() for label in self.roles.values())

    def is_news(self, told: str) -> bool:
        """Whether something here was not told by a page that posts this; how many others is no news."""
        return not set(self.told.split()) <= set(told.split())


def numbers(table: type[Model], keys: Collection[int], besides: Model | None = None) -> Counter[int]:
    """Return how many agreements may still change with each of some records, ``besides`` one."""
    found: Counter[int] = Counter()
    for agreements, by_record in agreements_relying_on(table, keys):
        known = {besides.pk} if isinstance(besides, agreements) else set()
        found.update({key: len(set(pks) - known) for key, pks in by_record.items()})
    return found


def reliance_of(record: Model, agreement: Model | None = None, column: str = "") -> Reliance:
    """Return what else a record serves than the ``column`` of the ``agreement`` from which it is corrected, if any."""
    others = numbers(type(record), [record.pk], agreement)[record.pk]
    if agreement is None:
        return Reliance(others=others)
    roles = {
        one.name: str(one.verbose_name)
        for one in agreement._meta.concrete_fields
        if one.related_model is type(record)
        and one.name != column
        and getattr(agreement, one.attname) == record.pk
    }
    return Reliance(roles, others)
