"""Whether a host takes new trainees: not once it is closed, nor while an institution keeps its students away."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from organisations.models import Ban, Organisation


def refusal(host: Organisation, institution: Institution, *, is_banned: bool) -> str:
    """Return why no student of ``institution`` begins a stage there, and what to do instead; nothing when they may.

    The reason of a ban is for the staff: the student is told whom to ask.
    """
    if not host.is_open:
        since = (
            _("Cet établissement est fermé depuis le %(day)s.")
            % {"day": date_format(host.closed_on, "j F Y")}
            if host.closed_on
            else _("Cet établissement est fermé.")
        )
        way_out = _(
            "Cherchez celui qui l’a remplacé, ou demandez à l’organisme le SIRET du lieu où il travaille."
        )
        return f"{since} {way_out}"
    if is_banned:
        return _(
            "Votre université n’envoie pas d’étudiants dans cet organisme en ce moment. "
            "Choisissez-en un autre, ou écrivez à %(email)s."
        ) % {"email": institution.support_email}
    return ""


def banned(hosts: Iterable[Organisation], institution: Institution | None) -> set[int]:
    """Return which of these hosts the institution sends nobody to for now, by primary key; one query."""
    in_force = Ban.objects.in_force().filter(institution=institution, organisation__in=list(hosts))
    return set(in_force.values_list("organisation", flat=True))


def lift_bans(host: Organisation, institution: Institution | None, *, by: User) -> bool:
    """Let the trainees of an institution go to a host again; tell whether they could not."""
    in_force = host.bans.in_force().filter(institution=institution)
    return bool(in_force.update(lifted_by=by, lifted_at=timezone.now()))
