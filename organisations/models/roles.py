"""What a person is here: a union of roles, read from the rows that point at them."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery

from accounts.models import Student, User
from organisations.models.university import Manager, SecurityOfficer, Teacher


@dataclass(frozen=True)
class Roles:
    """The roles of one person, several at once for some; empty for a stranger."""

    student_id: int | None = None
    centre_ids: frozenset[int] = frozenset()
    teacher_ids: frozenset[int] = frozenset()
    is_admin: bool = False
    secured_ids: frozenset[int] = frozenset()  # institutions whose departures they allow

    @property
    def is_student(self) -> bool:
        return self.student_id is not None

    @property
    def is_manager(self) -> bool:
        return bool(self.centre_ids)

    @property
    def is_teacher(self) -> bool:
        return bool(self.teacher_ids)

    @property
    def is_security_officer(self) -> bool:
        return bool(self.secured_ids)

    @property
    def is_known(self) -> bool:
        """Has something to do here with the agreements themselves."""
        return self.is_student or self.is_manager or self.is_teacher or self.is_security_officer

    @property
    def lists_agreements(self) -> bool:
        """Has a list of the agreements they manage, follow or administer."""
        return self.is_manager or self.is_teacher or self.is_admin

    @property
    def keeps_directory(self) -> bool:
        """May correct, verify, merge and ban the hosts that all agreements share."""
        return self.is_manager or self.is_admin


def roles_of(user: User | AnonymousUser) -> Roles:
    """Return the roles of ``user``: one query, kept on the instance; none for a closed account."""
    if not user.is_authenticated or not user.is_active:
        return Roles()
    known: Roles | None = vars(user).get("_roles")
    if known is None:
        known = vars(user)["_roles"] = _read(user)
    return known


def _read(user: User) -> Roles:
    own = {"user": OuterRef("pk")}
    student_id, centre_ids, teacher_ids, secured_ids = (
        User.objects.filter(pk=user.pk)
        .values_list(
            Subquery(Student.objects.filter(**own).values("pk")),
            ArraySubquery(Manager.objects.filter(**own).values("centre")),
            ArraySubquery(Teacher.objects.filter(**own).values("pk")),
            ArraySubquery(SecurityOfficer.objects.filter(**own).values("institution")),
        )
        .get()
    )
    return Roles(
        student_id,
        frozenset(centre_ids),
        frozenset(teacher_ids),
        user.is_superuser,
        frozenset(secured_ids),
    )
