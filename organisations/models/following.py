"""What hangs on a host or names its people, in whichever app: read from the foreign keys, so that no list is forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from graphlib import TopologicalSorter
from typing import Any, ClassVar

from django.core import checks
from django.db.models import ForeignKey, ManyToOneRel, Model, Q, QuerySet

from organisations.models.host import Organisation
from organisations.models.upkeep import Merge, Resemblance

# Merges handle these themselves.
KEPT_APART = (Organisation, Merge, Resemblance)


class AgreementsMixin:
    """What the directory asks of a QuerySet of agreements: whoever stores some mixes it in."""

    VALIDATED: ClassVar[Q]  # once, whatever came after
    LAST_DAY: ClassVar[str]  # the column of the last day of the stage

    def unfrozen(self) -> QuerySet[Any]:
        """Return those of which the content may still change."""
        raise NotImplementedError

    def needing_people(self, since: date) -> QuerySet[Any]:
        """Return those that needed the people they name on a day, or after it."""
        raise NotImplementedError

    def of_people(self, users: Collection[int]) -> QuerySet[Any]:
        """Return those of these students, by the primary keys of their accounts."""
        raise NotImplementedError

    def refresh_search(self) -> None:
        """Write again what they repeat of their student and of their host, once either is another one."""
        raise NotImplementedError

    def relying_on(self, table: type[Model], keys: Collection[int]) -> Mapping[int, Collection[int]]:
        """Return those that may still change with each of some records of the directory, by primary key."""
        raise NotImplementedError


def pointing_at(table: type[Model]) -> list[tuple[type[Model], ForeignKey[Any, Any]]]:
    """Return each table that has a foreign key to this one, of any app, with the foreign key."""
    relations = table._meta.get_fields(include_hidden=True)
    return [
        (relation.related_model, relation.field)
        for relation in relations
        if isinstance(relation, ManyToOneRel) and isinstance(relation.field, ForeignKey)
    ]


def followers() -> dict[type[Model], dict[str, type[Model]]]:
    """Return the tables of what follows a host through a merge, and what each takes of another one, by column.

    An agreement takes a service and people: their tables come before its own.
    """
    tables = [table for table, _column in pointing_at(Organisation) if table not in KEPT_APART]
    takes = {
        table: {
            column.name: column.related_model
            for column in table._meta.concrete_fields
            if column.related_model in tables and column.related_model is not table
        }
        for table in tables
    }
    order = TopologicalSorter({table: columns.values() for table, columns in takes.items()}).static_order()
    return {table: takes[table] for table in order}


def agreements() -> dict[type[Model], Q]:
    """Return the tables of agreements, each with what its validated rows have in common."""
    rows = {table: table._default_manager.all() for table in followers()}
    return {table: found.VALIDATED for table, found in rows.items() if isinstance(found, AgreementsMixin)}


def agreements_relying_on(
    table: type[Model], keys: Collection[int]
) -> Iterator[tuple[type[Model], Mapping[int, Collection[int]]]]:
    """Yield each table of agreements, with those that may still change with each of some records of the directory."""
    for agreement in agreements():
        found = agreement._default_manager.all()
        assert isinstance(found, AgreementsMixin)
        yield agreement, found.relying_on(table, keys)


def refresh_people(users: Collection[int]) -> None:
    """Write again what agreements repeat of people whose names changed by other means than ``save()``."""
    for table in agreements() if users else ():
        found = table._default_manager.all()
        assert isinstance(found, AgreementsMixin)
        concerned = found.of_people(users)
        assert isinstance(concerned, AgreementsMixin)
        concerned.refresh_search()


@checks.register(checks.Tags.models)
def check_followers(**_options: Any) -> list[checks.CheckMessage]:
    """Refuse a foreign key to a host that could not follow it through a merge."""
    errors: list[checks.CheckMessage] = []
    for table, column in pointing_at(Organisation):
        if table in KEPT_APART:
            continue
        if column.name != "organisation" or column.unique:
            message = (
                "A foreign key to a host is called organisation, and several rows may name the same host."
            )
            errors.append(checks.Error(message, obj=column, id="organisations.E001"))
        if "follow_merge" not in [trigger.name for trigger in getattr(table._meta, "triggers", [])]:
            message = "What names a host has the trigger follow_merge, or it could stay on a record merged meanwhile."
            errors.append(checks.Error(message, obj=column, id="organisations.E002"))
    return errors
