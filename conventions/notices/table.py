"""The table of notices: what happens, who is told, by which mail, how often, and whether they may do without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

from accounts.models import User
from conventions.models import Avenant, Convention, Event, Status, Turn
from conventions.models.circuit import Approver
from organisations.models import Centre, Party

if TYPE_CHECKING:
    from accounts.models import Institution

Recipients = list[User | str]


@dataclass(frozen=True)
class Happening:
    """What people are told of: a line of the journal, an attachment that is refused, a day that comes.

    ``name`` is the table's; ``cause`` names this one for ever, so that nobody is told of it twice.
    """

    name: str
    cause: str
    institution: Institution
    convention: Convention | None = None
    event: Event | None = None
    centre: Centre | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""
    link_label: str | Promise = ""

    @property
    def agreement(self) -> Convention:
        assert self.convention is not None
        return self.convention

    @property
    def line(self) -> Event:
        assert self.event is not None
        return self.event

    @property
    def avenant(self) -> Avenant:
        assert self.line.avenant is not None
        return self.line.avenant


# To whom


def student(told: Happening) -> Recipients:
    return [told.agreement.student.user]


def teacher(told: Happening) -> Recipients:
    """The referent teacher of the agreement in force."""
    named = told.agreement.teacher
    return [named.user] if named else []


def people(told: Happening) -> Recipients:
    return [*student(told), *teacher(told)]


def managers(told: Happening) -> Recipients:
    return managers_of(told.centre or told.agreement.centre)


def managers_of(centre: Centre | None) -> Recipients:
    """Return whom a centre wants told: its mailbox, or each of its active managers."""
    if centre is None:
        return []
    if centre.notified == Centre.Notified.MAILBOX:
        return [centre.mailbox]
    found = centre.managers.filter(user__is_active=True).select_related("user")
    return [manager.user for manager in found] or [centre.mailbox]


def other_side(told: Happening) -> Recipients:
    """A manager checks what a student does alone; nobody is told of what they just did, but a student acted for."""
    return [*managers(told), *teacher(told)] if not acted_for(told) else people(told)


def others(told: Happening) -> Recipients:
    return [person for person in people(told) if person != told.line.actor]


def others_and_managers(told: Happening) -> Recipients:
    """The centre too, when it is not a manager who acts."""
    return [*(managers(told) if told.line.actor in people(told) else []), *others(told)]


def everybody(told: Happening) -> Recipients:
    """Those who follow the stage need its new dates and people, whoever recorded the last signature."""
    return [*people(told), *managers(told)]


def author(told: Happening) -> Recipients:
    """Whoever began an avenant, its student when a manager did."""
    began = told.avenant.created_by
    return [began] if began and began in people(told) else student(told)


def officers(told: Happening) -> Recipients:
    """The security officers of the institution."""
    found = told.institution.security_officers.filter(user__is_active=True).select_related("user")
    return [officer.user for officer in found]


def signed_outside(told: Happening) -> Recipients:
    """Those of the host who had signed what is taken back."""
    signed, agreement = told.line.details["signatures"], told.agreement
    people = {Party.TUTOR: agreement.tutor, Party.HOST: agreement.signatory}
    found = [one for party, one in people.items() if party in signed and one and one.anonymised_at is None]
    return list(dict.fromkeys(one.email for one in found))


def signed_inside(told: Happening) -> Recipients:
    """The teacher, or the student, who sign it or will; the centre, when it had signed for the university.

    Who corrects it has a mail of their own.
    """
    signed = Party.UNIVERSITY in told.line.details["signatures"]
    corrects = author(told) if told.line.avenant else student(told)
    return [
        *(person for person in people(told) if person not in corrects),
        *(managers(told) if signed else []),
    ]


def tutor(told: Happening) -> Recipients:
    named = told.agreement.tutor
    return [named.email] if named and named.anonymised_at is None else []


def administrators(told: Happening) -> Recipients:
    """The institution's own; those of the whole site while it has none."""
    active = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    own = active.filter(institution=told.institution)
    return list(own if own.exists() else active.filter(institution=None))


# When


def always(told: Happening) -> bool:
    return True


def acted_for(told: Happening) -> bool:
    """Somebody else acted than its student."""
    return told.line.actor_id != told.agreement.student.user_id


def approval_asked(told: Happening) -> bool:
    return asked(told, Approver.TEACHER)


def clearance_asked(told: Happening) -> bool:
    return asked(told, Approver.SECURITY)


def asked(told: Happening, approver: Approver) -> bool:
    """Whether somebody approves the agreement, or the avenant, that was submitted."""
    turns = told.agreement.turns.filter(avenant=told.line.avenant_id, purpose=Turn.Purpose.APPROVAL)
    return turns.filter(party=approver).exists()


def approved_again(told: Happening) -> bool:
    return Approver.TEACHER in told.line.details["asked_again"]


def cleared_again(told: Happening) -> bool:
    return Approver.SECURITY in told.line.details["asked_again"]


def numbered(told: Happening) -> bool:
    """A draft that was never submitted was nobody else's."""
    return told.agreement.number is not None


def ranked(told: Happening) -> bool:
    return told.avenant.rank is not None


def signed_by_all(told: Happening) -> bool:
    return told.line.after == Status.SIGNED


def was_signed(told: Happening) -> bool:
    return told.line.before == Status.SIGNED


def still_here(told: Happening) -> bool:
    return told.agreement.student.user.is_active


class Once(Enum):
    """How often one person gets a mail, whatever happens again."""

    EACH_TIME = "each time"
    LATELY = "not again within half an hour"
    ONCE = "once"


@dataclass(frozen=True)
class Notice:
    """One row: when ``event`` happens, ``to`` whom ``template`` goes.

    ``key`` names the mail when it goes once: of an agreement, of an avenant, of a cause. A notice is ``refusable``
    when nothing waits for its reader. Whoever does not sign in gets no link. Once one of the actions ``answers`` is done, it
    is news again.
    """

    event: str
    to: Callable[[Happening], Recipients]
    template: str
    once: Once = Once.EACH_TIME
    refusable: bool = False
    when: Callable[[Happening], bool] = always
    key: str = "{cause}:{template}"
    has_link: bool = True
    answers: tuple[str, ...] = ()

    def key_of(self, told: Happening) -> str:
        """Return what names this mail of a happening, whoever it goes to."""
        return self.key.format(
            cause=told.cause,
            template=self.template,
            convention=told.convention and told.convention.pk,
            avenant=told.event and told.event.avenant_id,
        )


CAUSE = "{cause}"
DECIDED = ("authorise", "forbid")
NOTICES = (
    Notice("submit", managers, "submitted", Once.LATELY),
    Notice("submit", student, "submitted_for_you", when=acted_for),
    Notice("submit", teacher, "teacher_named", Once.ONCE, key="named:{convention}"),
    Notice("submit", teacher, "approval_asked", Once.LATELY, when=approval_asked, answers=("approve",)),
    Notice("submit", officers, "clearance_asked", Once.LATELY, when=clearance_asked, answers=DECIDED),
    Notice("correct", student, "corrected"),
    Notice("correct", teacher, "teacher_named_by_centre", Once.ONCE, key="named:{convention}"),
    Notice("correct", teacher, "approval_asked", when=approved_again),
    Notice("correct", officers, "clearance_asked", when=cleared_again),
    Notice("approve", managers, "approved"),
    Notice("ask_officer", officers, "clearance_asked"),
    Notice("authorise", managers, "departure_authorised"),
    Notice("forbid", managers, "departure_forbidden"),
    Notice("return", student, "returned"),
    Notice("validate", student, "validated"),
    Notice("validate", teacher, "validated_teacher", refusable=True),
    Notice("refuse", student, "refused"),
    Notice("cancel", other_side, "cancelled", when=numbered),
    Notice("terminate", other_side, "terminated", when=numbered),
    Notice("sign", other_side, "signed", refusable=True, when=signed_by_all),
    Notice("unsign", student, "unsigned"),
    Notice("unsign", teacher, "unsigned", when=was_signed),
    Notice("reopen", student, "reopened_yours"),
    Notice("reopen", signed_inside, "reopened"),
    Notice("reopen", signed_outside, "reopened_host", has_link=False),
    Notice("complete", people, "completed", refusable=True),
    Notice("avenant:submit", managers, "avenant_submitted", Once.LATELY),
    Notice("avenant:submit", others, "avenant_proposed", Once.ONCE, refusable=True, key="avenant:{avenant}"),
    Notice("avenant:submit", officers, "clearance_asked", Once.LATELY, when=clearance_asked, answers=DECIDED),
    Notice("avenant:ask_officer", officers, "clearance_asked"),
    Notice("avenant:authorise", managers, "departure_authorised"),
    Notice("avenant:forbid", managers, "departure_forbidden"),
    Notice("avenant:return", author, "avenant_returned"),
    Notice("avenant:validate", others, "avenant_validated"),
    Notice("avenant:reopen", author, "avenant_reopened_yours"),
    Notice("avenant:reopen", signed_inside, "avenant_reopened"),
    Notice("avenant:reopen", signed_outside, "avenant_reopened_host", has_link=False),
    Notice("avenant:refuse", others, "avenant_refused"),
    Notice("avenant:cancel", others_and_managers, "avenant_cancelled", refusable=True, when=ranked),
    Notice("avenant:take_effect", everybody, "avenant_effective", refusable=True),
    Notice("attachment refused", student, "attachment_refused", Once.ONCE, key=CAUSE),
    Notice(
        "stage ends", student, "certificate_student", Once.ONCE, refusable=True, when=still_here, key=CAUSE
    ),
    Notice("stage ends", tutor, "certificate_host", Once.ONCE, refusable=True, key=CAUSE, has_link=False),
    Notice("certificates missing", managers, "certificates_missing", Once.ONCE, refusable=True, key=CAUSE),
    Notice("agreements to purge", administrators, "retention", Once.ONCE, refusable=True, key=CAUSE),
)
