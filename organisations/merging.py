"""Two records of one host made one, and apart again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

from accounts.models import User
from accounts.refusals import Refused
from organisations import directory
from organisations.models import AgreementsMixin, Merge, Organisation, Resemblance
from organisations.models.following import followers

Done = TypeVar("Done")
Moved = dict[type[Model], list[int]]
# A merge gives way to whoever fills an agreement of one of the hosts, and tries again: it never makes them fail.
# It waits less than PostgreSQL before it looks for deadlocks (1 s), and for nothing once it holds the hosts.
PATIENCE = "400ms"
ATTEMPTS = 6


def merge(kept_id: int, dropped_id: int, *, by: User) -> Merge:
    """Put on one host all that points at another, which is then found under its old names.

    What a validated agreement printed stays as it is: only the record it points at changes. Raises Refused.
    """
    return _given_time(lambda: _merge(kept_id, dropped_id, by))


def undo(merge_id: int, *, by: User) -> Merge:
    """Separate two hosts again, each with what it had; what came since stays where it is. Raises Refused."""
    return _given_time(lambda: _undo(merge_id, by))


def obstacle(kept: Organisation, dropped: Organisation) -> str:
    """Return why the second of two records cannot be merged into the first; nothing when it can."""
    if kept.merged_into_id or dropped.merged_into_id:
        return _("Une de ces fiches a déjà été fusionnée.")
    if dropped.siret and not kept.siret:
        return _("Gardez la fiche qui a un numéro SIRET.")
    if dropped.is_private and not kept.is_private:
        return _(
            "Le registre public cache l’autre fiche : gardez-la, "
            "ou indiquez d’abord la diffusion partielle sur celle que vous gardez."
        )
    return ""


def _given_time(change: Callable[[], Done]) -> Done:
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                return change()
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            time.sleep(0.1 * attempt)
    raise Refused(
        _("Quelqu’un remplit une convention chez cet organisme : réessayez dans un instant."), "busy"
    )


def _locked(*keys: int) -> dict[int, Organisation]:
    """Return hosts locked against whatever would begin to point at them meanwhile."""
    return {
        host.pk: host for host in Organisation.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    }


def _merge(kept_id: int, dropped_id: int, by: User) -> Merge:
    hosts = _locked(kept_id, dropped_id)
    if len(hosts) < 2:
        raise Refused(_("Une de ces fiches n’existe plus."), "gone")
    kept, dropped = hosts[kept_id], hosts[dropped_id]
    if reason := obstacle(kept, dropped):
        raise Refused(reason, "not_mergeable")
    pairs = Resemblance.objects.open().filter(Q(first=dropped) | Q(second=dropped))
    alike = {key for pair in pairs.values_list("first", "second") for key in pair}
    directory.note_pairs(kept, alike - {dropped_id})
    known = {kept.name, *kept.other_names()} - _brought(kept)
    done = Merge.objects.create(
        kept=kept,
        dropped=dropped,
        # Locked too: somebody may have chosen one of them before it was merged, and not said so yet.
        absorbed=_taken(dropped.absorbed.all()),
        names=[name for name in [dropped.name, *dropped.other_names()] if name not in known],
        by=by,
        moved={table._meta.label_lower: _taken(_of(dropped, table)) for table in followers()},
    )
    Organisation.objects.filter(pk__in=[dropped_id, *done.absorbed]).update(merged_into=kept)
    _move({table: done.followed(table) for table in followers()}, dropped, kept)
    kept.former_names += [name for name in done.names if name not in kept.former_names]
    kept.save(update_fields=["former_names"])
    return done


def _undo(merge_id: int, by: User) -> Merge:
    done = Merge.objects.select_for_update().get(pk=merge_id)
    if done.undone_at:
        raise Refused(_("Cette fusion a déjà été défaite."), "already_undone")
    hosts = _locked(done.kept_id, done.dropped_id)
    kept, dropped = hosts[done.kept_id], hosts[done.dropped_id]
    if kept.merged_into_id:
        raise Refused(
            _("La fiche gardée a été fusionnée depuis : défaites d’abord cette autre fusion."), "merged_since"
        )
    done.undone_by, done.undone_at = by, timezone.now()
    done.save(update_fields=["undone_by", "undone_at"])
    Organisation.objects.filter(pk=dropped.pk).update(merged_into=None)
    Organisation.objects.filter(pk__in=done.absorbed, merged_into=kept).update(merged_into=dropped)
    going: Moved = {}
    for table, takes in followers().items():
        theirs = _of(kept, table).filter(pk__in=done.followed(table))
        # An agreement that has since chosen a service or somebody of the host kept is one of its own.
        for column, taken in takes.items():
            own = Q(**{f"{column}__organisation": kept}) & ~Q(**{f"{column}__in": going[taken]})
            theirs = theirs.exclude(pk__in=_of(kept, table).filter(own).values("pk"))
        going[table] = _taken(theirs)
    _leave_copies(going, kept)
    _move(going, kept, dropped)
    gone = set(done.names) - _brought(kept)
    kept.former_names = [name for name in kept.former_names if name not in gone]
    kept.save(update_fields=["former_names"])
    return done


def _brought(kept: Organisation) -> set[str]:
    """Return the names a host has from those merged into it."""
    merges = kept.merges.filter(undone_at=None)
    return {name for names in merges.values_list("names", flat=True) for name in names}


def _taken(rows: QuerySet[Any]) -> list[int]:
    """Return rows by primary key, locked; when somebody else holds one of them, the whole merge gives way."""
    locked = rows.order_by("pk").select_for_update(of=("self",), nowait=True)
    return list(locked.values_list("pk", flat=True))


def _of(host: Organisation, table: type[Model]) -> QuerySet[Any]:
    return table._default_manager.filter(organisation=host)


def _move(going: Moved, source: Organisation, target: Organisation) -> None:
    for table, keys in going.items():
        _of(source, table).filter(pk__in=keys).update(organisation=target)
    for table, keys in going.items():
        moved = _of(target, table).filter(pk__in=keys)
        if isinstance(moved, AgreementsMixin):
            moved.refresh_search()


def _leave_copies(going: Moved, kept: Organisation) -> None:
    """Leave with the agreements that stay a copy of the services and people that go; frozen ones keep what they have."""
    copies: dict[tuple[type[Model], int], Any] = {}
    for table, takes in followers().items():
        staying = _of(kept, table).exclude(pk__in=going[table])
        changing = staying.unfrozen() if isinstance(staying, AgreementsMixin) else staying
        for column, taken in takes.items():
            used = staying.filter(**{f"{column}__in": going[taken]}).values_list(column, flat=True)
            for row in _of(kept, taken).filter(pk__in=used):
                original = row.pk
                if (taken, original) not in copies:
                    row.pk, row._state.adding = None, True
                    row.save()
                    copies[taken, original] = row
                concerned = _taken(changing.filter(**{column: original}))
                staying.filter(pk__in=concerned).update(**{column: copies[taken, original]})
