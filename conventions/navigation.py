"""What the header of every page shows: the institution, and where this person may go."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.models import Institution
from organisations.models.roles import roles_of


@dataclass(frozen=True)
class Link:
    """One entry of the main navigation."""

    label: str
    url: str
    current: bool


def navigation(request: HttpRequest) -> dict[str, object]:
    """Add ``institution``, ``nav`` and ``current_user_roles`` to every template, read only where shown."""
    if not hasattr(request, "user"):  # refused before anyone could be recognised: a host that is not ours
        return {"institution": None, "nav": [], "current_user_roles": ""}
    return {
        "institution": SimpleLazyObject(lambda: institution_of(request)),
        "nav": SimpleLazyObject(lambda: links(request)),
        "current_user_roles": SimpleLazyObject(lambda: roles_text(request)),
    }


def institution_of(request: HttpRequest) -> Institution | None:
    """Return the reader's institution; to a stranger, the only one there is, or None."""
    if request.user.is_authenticated and request.user.institution:
        return request.user.institution
    first_two = Institution.objects.all()[:2]
    return first_two[0] if len(first_two) == 1 else None


def links(request: HttpRequest) -> list[Link]:
    """Return where a person may go, from what they are; for a stranger, what needs no account."""
    here = request.resolver_match.view_name if request.resolver_match else ""
    calculator = Link(_("Calculer un stage"), reverse("calculator"), here == "calculator")
    if not request.user.is_authenticated:
        return [calculator]
    roles = roles_of(request.user)
    is_staff = roles.lists_agreements or roles.is_security_officer
    entries = [(_("Accueil") if is_staff else _("Mes conventions"), "home")]
    if roles.lists_agreements:
        entries.append((_("Conventions"), "conventions:list"))
    if roles.keeps_directory:
        entries.append((_("Annuaire"), "organisations:directory"))
    if roles.is_manager:
        entries.append((_("Saisir pour un étudiant"), "conventions:enter"))
    if roles.is_admin:
        entries.append((_("Imports"), "organisations:imports"))
    entries.append((calculator.label, "calculator"))
    if request.user.is_staff:
        entries.append((_("Administration"), "admin:index"))
    if settings.DEMO:
        entries.append((_("Courriels"), "demo_mails"))
    return [Link(label, reverse(name), name == here) for label, name in entries]


def roles_text(request: HttpRequest) -> str:
    """Return what a person is here, in words."""
    roles = roles_of(request.user)
    words = [
        (roles.is_student, _("étudiant")),
        (roles.is_manager, _("gestionnaire")),
        (roles.is_teacher, _("enseignant")),
        (roles.is_security_officer, _("fonctionnaire de sécurité et de défense")),
        (roles.is_admin, _("administrateur")),
    ]
    return ", ".join(word for held, word in words if held).capitalize()
