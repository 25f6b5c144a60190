"""Who may do what with one agreement, once ``visible_to`` has let them see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, prefetch_related_objects
from django.utils import timezone

from conventions.models import Amended, Attachment, AvenantStatus, Convention, Remark, Status, Turn
from conventions.models.circuit import Approver
from conventions.models.journal import WITH_REMARKS
from conventions.models.status import AGREED
from organisations.models import Contact, Organisation
from organisations.models.roles import roles_of

if TYPE_CHECKING:
    from accounts.models import User


def owns(user: User, convention: Convention) -> bool:
    """The student whose stage it is."""
    return convention.student_id == roles_of(user).student_id


def manages(user: User, convention: Convention) -> bool:
    """A manager of the centre that handles it, until it is anonymised."""
    return convention.centre_id in roles_of(user).centre_ids and not convention.is_purged


def decides(user: User, convention: Convention) -> bool:
    """A manager of the centre; never of their own stage, which a colleague decides on."""
    return manages(user, convention) and not owns(user, convention)


def follows(user: User, convention: Convention) -> bool:
    """The referent teacher named on it; whoever an avenant names follows nothing until it is in effect."""
    agreement = convention.before if isinstance(convention, Amended) else convention
    return agreement.teacher_id in roles_of(user).teacher_ids


def secures(user: User, convention: Convention) -> bool:
    """A security officer of the institution, asked to allow the departure; never their own."""
    return (
        convention.institution_id in roles_of(user).secured_ids
        and not owns(user, convention)
        and any(turn.party == Approver.SECURITY for turn in convention.own_turns)
    )


def owns_or_manages(user: User, convention: Convention) -> bool:
    return owns(user, convention) or manages(user, convention)


def takes_part(user: User, convention: Convention) -> bool:
    """Whoever may propose an avenant: the student, the managers of the centre, the referent teacher."""
    return owns_or_manages(user, convention) or follows(user, convention)


def fills(user: User, convention: Convention) -> bool:
    """Whose the steps are to fill: the student and the managers; of an avenant, the referent teacher too.

    Whoever decides on what was submitted corrects it.
    """
    if convention.is_being_corrected:
        return decides(user, convention)
    return takes_part(user, convention) if convention.avenant else owns_or_manages(user, convention)


def may_edit(user: User, convention: Convention) -> bool:
    """Fill its steps, while it is a draft or sent back."""
    return convention.is_editable and fills(user, convention)


def may_amend(user: User, convention: Convention) -> bool:
    """Propose an avenant: while the stage is agreed and not over (A-07), and no other avenant is open."""
    return (
        convention.status in AGREED
        and takes_part(user, convention)
        and convention.end is not None
        and convention.end >= timezone.localdate()
        and not any(avenant.is_open for avenant in convention.avenants.all())
    )


def may_correct(user: User, convention: Convention, row: Organisation | Contact) -> bool:
    """Correct a host or a person in the directory: a manager, who is told what else it serves; whoever added it, while no
    other student relies on it. A verified host is corrected in the directory only."""
    if isinstance(row, Organisation) and row.is_verified:
        return False
    if manages(user, convention):
        return True
    if row.created_by_id != user.pk:
        return False
    named = Q(tutor=row) | Q(signatory=row) if isinstance(row, Contact) else Q(organisation=row)
    return not Convention.objects.filter(named).exclude(student=convention.student_id).exists()


def keeps_notes(user: User, convention: Convention) -> bool:
    """Write and read what the staff of its centre notes for itself; what changed since they read it too."""
    return decides(user, convention)


def may_remark(user: User, convention: Convention) -> bool:
    """Pin remarks on fields while it waits for a decision."""
    if convention.acted_on.status != Status.SUBMITTED:
        return False
    return decides(user, convention) or (follows(user, convention) and awaits_approval(convention))


def may_delete_remark(user: User, convention: Convention, remark: Remark) -> bool:
    """Take back a remark that is not sent: their own, any of them for whoever decides."""
    return may_remark(user, convention) and (decides(user, convention) or remark.author_id == user.pk)


def may_answer_remarks(user: User, convention: Convention) -> bool:
    return convention.acted_on.is_returned and fills(user, convention)


def may_attach(user: User, convention: Convention) -> bool:
    """Join attachments to it, or take back those nobody has decided on: at any time, unless it can no longer serve."""
    return owns_or_manages(user, convention) and convention.status not in {Status.REFUSED, Status.CANCELLED}


def may_attach_signed_copy(user: User, convention: Convention) -> bool:
    """Join the scan of what all parties signed; its student before, for a manager to record what it shows."""
    subject = convention.acted_on
    if subject.is_signed:
        return owns_or_manages(user, convention)
    return subject.awaits_signatures and owns_or_manages(user, convention) and not decides(user, convention)


def records_all_signatures(user: User, convention: Convention) -> bool:
    """Record what any party signed; a student says it of themselves alone."""
    return decides(user, convention)


def remarks_seen(user: User, convention: Convention) -> list[Remark]:
    """Return the remarks this person reads; one being written stays between managers until it is sent."""
    if convention.acted_on.submitted_at is None:
        return []
    prefetch_related_objects([convention], WITH_REMARKS)
    sees_open = convention.acted_on.is_returned or may_remark(user, convention)
    return [remark for remark in convention.own_remarks if remark.resolved_at or sees_open]


def may_cancel(user: User, convention: Convention) -> bool:
    """The student until it is validated a first time, then a manager, of somebody else's stage."""
    return decides(user, convention) if convention.was_validated else owns(user, convention)


def may_withdraw(user: User, convention: Convention) -> bool:
    """Make what one submitted a draft again; what was validated once is sent back by whoever decides on it."""
    return owns(user, convention) and not convention.was_validated


def may_cancel_avenant(user: User, convention: Convention) -> bool:
    """Give up the avenant shown: whoever may propose one until it is validated a first time, then a manager, of somebody
    else's stage."""
    was_validated = convention.acted_on.was_validated
    return decides(user, convention) if was_validated else may_take_back(user, convention)


def may_withdraw_avenant(user: User, convention: Convention) -> bool:
    """Make the avenant shown a draft again; what was validated once is sent back by whoever decides on it."""
    return may_take_back(user, convention) and not convention.acted_on.was_validated


def may_take_back(user: User, convention: Convention) -> bool:
    """Change the mind of whoever submitted the avenant shown: only they do, and who judges it sends it back."""
    avenant = convention.acted_on
    is_theirs = avenant.status != AvenantStatus.SUBMITTED or avenant.created_by_id in {None, user.pk}
    return is_theirs and takes_part(user, convention)


def may_delete(user: User, convention: Convention) -> bool:
    """A draft never submitted, by its student or whoever began it; anything later is cancelled instead."""
    if convention.status != Status.DRAFT or convention.number is not None:
        return False
    return owns(user, convention) or (manages(user, convention) and convention.created_by_id == user.pk)


def may_preview(user: User, convention: Convention) -> bool:
    """The watermarked draft: staff only."""
    return convention.validated_at is None and manages(user, convention)


def may_hold(user: User, convention: Convention) -> bool:
    """Keep it longer than the others, or no longer: an administrator."""
    return roles_of(user).is_admin and not convention.is_purged


# What is joined that a security officer decides by.
PROVES_DEPARTURE = {Attachment.Kind.VISA, Attachment.Kind.ASSISTANCE}


def may_read(user: User, convention: Convention, attachment: Attachment) -> bool:
    """Read what is joined to an agreement that they see: all of it, or what a departure is decided by."""
    sees_all = takes_part(user, convention) or roles_of(user).is_admin
    return sees_all or attachment.kind in PROVES_DEPARTURE


def sees_journal(user: User, convention: Convention) -> bool:
    return owns_or_manages(user, convention) or roles_of(user).is_admin


def awaits_approval(convention: Convention) -> bool:
    """The referent teacher's approval is asked and not given yet."""
    return any(
        turn.purpose == Turn.Purpose.APPROVAL and turn.party == Approver.TEACHER and turn.done_at is None
        for turn in convention.own_turns
    )
