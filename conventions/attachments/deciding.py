"""What happens to the attachments joined to an agreement: sent, taken back, accepted or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.refusals import Refused
from accounts.storage import rows_and_files
from conventions import notices, permissions
from conventions.attachments.uploads import Clean
from conventions.models import Attachment, Convention
from conventions.models.attachment import COPIES_TO_CHECK

if TYPE_CHECKING:
    from accounts.models import User


# Attachments of one agreement that nobody has looked at yet: more would only fill the disk.
MOST_WAITING = 20


@rows_and_files()
def attach(attachment: Attachment, sent: Clean, *, by: User) -> Attachment:
    """Store a file, made safe, under a name of our own. Raises Refused when the agreement takes no more."""
    # Lock, then look: reading the file has taken a while.
    convention = Convention.objects.locked(attachment.convention_id)
    if not permissions.may_attach(by, convention):
        raise Refused(_("Cette convention ne reçoit plus de pièce."), "not_allowed")
    if convention.attachments.filter(decision=Attachment.Decision.WAITING).count() >= MOST_WAITING:
        raise Refused(
            _("%(count)s pièces attendent déjà qu’un gestionnaire les vérifie : supprimez-en une d’abord.")
            % {"count": MOST_WAITING},
            "too_many_waiting",
        )
    attachment.name = sent.name
    attachment.content_type = sent.content_type
    attachment.size = len(sent.content)
    attachment.sha256 = hashlib.sha256(sent.content).hexdigest()
    attachment.signatures = sent.signatures
    attachment.uploaded_by = by
    attachment.file.save(f"piece{sent.extension}", ContentFile(sent.content), save=False)
    attachment.save(force_insert=True)
    return attachment


@rows_and_files()
def attach_signed_copy(
    convention: Convention, sent: Clean, *, by: User, dates: Mapping[str, date] | None = None
) -> Attachment:
    """Store the scan of what was signed; the one a manager joins needs nobody else's look.

    ``dates`` are those that its student reads beside signatures not recorded yet, by party: they count once a manager
    has accepted it.
    """
    # Lock, then look: a signature may have been taken back while the file was read.
    Convention.objects.locked(convention.pk)
    convention.acted_on.refresh_from_db(fields=["status"])
    if not permissions.may_attach_signed_copy(by, convention):
        raise Refused(
            _("La copie signée se joint une fois toutes les signatures enregistrées."), "not_signed"
        )
    attachment = Attachment(
        convention_id=convention.pk,
        avenant=convention.avenant,
        kind=Attachment.Kind.SIGNED_AGREEMENT,
        dates={party: day.isoformat() for party, day in (dates or {}).items()},
    )
    attach(attachment, sent, by=by)
    if permissions.decides(by, convention):
        accept(attachment.pk, by=by)
    return attachment


def discard(attachments: Iterable[Attachment]) -> None:
    """Delete attachments, their files once the transaction is committed; the database refuses it of a decided one."""
    for attachment in attachments:
        file = attachment.file
        attachment.delete()
        transaction.on_commit(partial(file.storage.delete, str(file.name)))


@transaction.atomic
def take_back(pk: int, *, by: User) -> bool:
    """Delete an attachment nobody has decided on; return whether it was still waiting. Raises Refused."""
    attachment = locked(pk)
    if not permissions.may_attach(by, attachment.convention):
        raise Refused(_("Cette convention ne reçoit plus de pièce."), "not_allowed")
    if attachment.is_waiting:
        discard([attachment])
        return True
    return False


@transaction.atomic
def accept(pk: int, *, by: User) -> bool:
    """Accept an attachment; return whether it was still waiting."""
    return _decide(pk, Attachment.Decision.ACCEPTED, by=by) is not None


@transaction.atomic
def refuse(pk: int, reason: str, *, by: User) -> bool:
    """Refuse an attachment and tell the student why; return whether it was still waiting."""
    attachment = _decide(pk, Attachment.Decision.REFUSED, reason, by=by)
    if attachment:
        notices.announce_refusal(attachment)
    return attachment is not None


def refuse_replaced(convention: Convention, *, by: User) -> None:
    """Refuse the scans that wait of an agreement, or of the avenant shown, that is taken back: that mail says it already."""
    with translation.override("fr"):
        reason = (
            _("L’avenant a été repris pour être corrigé : cette copie est celle de la version remplacée.")
            if convention.avenant
            else _(
                "La convention a été reprise pour être corrigée : cette copie est celle de la version remplacée."
            )
        )
    convention.attachments.filter(COPIES_TO_CHECK, avenant=convention.avenant).update(
        decision=Attachment.Decision.REFUSED, reason=reason, decided_by=by, decided_at=timezone.now()
    )


def locked(pk: int) -> Attachment:
    """Return an attachment, locked after its agreement, as a validation does, which reads what is accepted."""
    convention = Convention.objects.locked(
        Attachment.objects.values_list("convention_id", flat=True).get(pk=pk)
    )
    attachment = Attachment.objects.select_for_update(of=("self",)).get(pk=pk)
    attachment.convention = convention
    return attachment


def _decide(pk: int, decision: Attachment.Decision, reason: str = "", *, by: User) -> Attachment | None:
    attachment = locked(pk)
    if not attachment.is_waiting:
        return None
    attachment.decision, attachment.reason = decision, reason
    attachment.decided_by, attachment.decided_at = by, timezone.now()
    attachment.save(update_fields=["decision", "reason", "decided_by", "decided_at"])
    return attachment
