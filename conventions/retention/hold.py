"""An agreement kept longer than the others."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from conventions import permissions
from conventions.models import Convention, journal

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def keep_longer(convention_id: int, reason: str, until: date | None, *, by: User) -> None:
    """Keep an agreement until a day, longer than the others, or no longer: an accident, a dispute.

    Raises Refused when it is not theirs to keep, or anonymised meanwhile.
    """
    # A purge under way is waited for, or waits.
    convention = Convention.objects.locked(convention_id)
    if not permissions.may_hold(by, convention):
        raise Refused(_("Vous n’avez pas le droit de faire cela sur cette convention."), "not_allowed")
    convention.hold_reason, convention.hold_until = reason, until
    convention.save(update_fields=["hold_reason", "hold_until"])
    with translation.override("fr"):
        # The journal is read by the student too: when, and not why.
        journal.record(convention, "hold", by=by, comment=kept(until))


def kept(until: date | None) -> str:
    """Return until when an agreement is kept, in words; nothing when it is as the others."""
    if until is None:
        return ""
    return _("Gardée jusqu’au %(day)s.") % {"day": date_format(until, "SHORT_DATE_FORMAT")}
