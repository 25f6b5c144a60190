"""The accounts that one may enter in the demo, by one click; they exist nowhere else."""

from typing import NamedTuple

from django.utils.translation import gettext_noop as _

DOMAIN = "univ-bocage.example"


class Account(NamedTuple):
    """One account of the demo: what it is there, and its address."""

    role: str
    email: str


ACCOUNTS = (
    Account(_("Étudiante"), f"ines.marchand@{DOMAIN}"),
    Account(_("Gestionnaire (UFR des Sciences)"), f"nathalie.rousseau@{DOMAIN}"),
    Account(_("Gestionnaire (UFR des Langues)"), f"karim.benali@{DOMAIN}"),
    Account(_("Enseignant référent"), f"paul.lemoine@{DOMAIN}"),
    Account(_("Enseignante et gestionnaire"), f"sophie.garnier@{DOMAIN}"),
    Account(_("Fonctionnaire de sécurité et de défense"), f"odile.renard@{DOMAIN}"),
    Account(_("Administrateur"), f"admin@{DOMAIN}"),
)
