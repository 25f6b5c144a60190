"""The columns of a file of hosts: one establishment a line."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

COLUMNS = {
    "name": gettext_lazy("raison sociale (obligatoire)"),
    "siret": gettext_lazy("numéro SIRET ; dans un tableur, mettez d’abord la colonne au format texte"),
    "siret_exemption": gettext_lazy(
        "en France, pourquoi il n’y a pas de SIRET : association, ou pending (immatriculation en cours)"
    ),
    "local_identifier": gettext_lazy("autre identifiant : numéro RNA, RIDET, TAHITI, de TVA ou LEI"),
    "trade_name": gettext_lazy("enseigne ou nom commercial"),
    "acronym": gettext_lazy("sigle"),
    "legal_form": gettext_lazy("forme juridique, par son code INSEE : 57 ou 5710 pour une SAS (obligatoire)"),
    "naf": gettext_lazy("code NAF (APE) de 2008 ou de 2025, comme 86.10Z"),
    "activity": gettext_lazy("activité principale ; obligatoire sans code NAF"),
    "headcount_band": gettext_lazy("tranche d’effectif, par son code INSEE : 12 pour 20 à 49 salariés"),
    "headcount": gettext_lazy("effectif en nombre de personnes ; obligatoire sans tranche"),
    "street": gettext_lazy("numéro et voie (obligatoire)"),
    "address_extra": gettext_lazy("bâtiment, résidence"),
    "postal_code": gettext_lazy("code postal ; obligatoire en France"),
    "city": gettext_lazy("commune (obligatoire)"),
    "country": gettext_lazy("pays, par son code ISO 3166-1 : FR, DE… ; FR si la cellule est vide"),
    "phone": gettext_lazy("téléphone (obligatoire)"),
    "email": gettext_lazy("adresse électronique"),
    "website": gettext_lazy("site web"),
}
REQUIRED = ("name", "siret", "legal_form", "street", "city", "phone")
