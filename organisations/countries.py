"""Names of countries in French, where those of django-countries are not the official ones.

Sources: order of 4 November 1993 on the names of States and capitals, and the recommendation of the commission générale
de terminologie that replaced its list (Journal officiel of 24 September 2008). A name of ours has a context: without
one, « Guyana » would be taken for an English name and come out as « Guyane ».
"""

from django.utils.translation import pgettext_lazy

# France, then what is in France overseas: nobody looks for it among foreign countries.
FRANCE = ["FR", "GP", "MQ", "GF", "RE", "YT", "BL", "MF", "PM", "WF", "PF", "NC", "TF"]
IN_FRANCE = " (France)"

NAMES = {
    "GP": pgettext_lazy("country", "Guadeloupe (France)"),
    "MQ": pgettext_lazy("country", "Martinique (France)"),
    "GF": pgettext_lazy("country", "Guyane (France)"),
    "RE": pgettext_lazy("country", "La Réunion (France)"),
    "YT": pgettext_lazy("country", "Mayotte (France)"),
    "BL": pgettext_lazy("country", "Saint-Barthélemy (France)"),
    "MF": pgettext_lazy("country", "Saint-Martin (France)"),
    "PM": pgettext_lazy("country", "Saint-Pierre-et-Miquelon (France)"),
    "WF": pgettext_lazy("country", "Wallis-et-Futuna (France)"),
    "PF": pgettext_lazy("country", "Polynésie française (France)"),
    "NC": pgettext_lazy("country", "Nouvelle-Calédonie (France)"),
    "TF": pgettext_lazy("country", "Terres australes et antarctiques françaises (France)"),
    "BQ": pgettext_lazy("country", "Bonaire, Saint-Eustache et Saba"),
    "BZ": pgettext_lazy("country", "Belize"),
    "CI": pgettext_lazy("country", "Côte d’Ivoire"),
    "FM": pgettext_lazy("country", "Micronésie"),
    "GS": pgettext_lazy("country", "Géorgie du Sud et îles Sandwich du Sud"),
    "GT": pgettext_lazy("country", "Guatemala"),
    "GY": pgettext_lazy("country", "Guyana"),
    "HM": pgettext_lazy("country", "Îles Heard-et-MacDonald"),
    "IO": pgettext_lazy("country", "Territoire britannique de l’océan Indien"),
    "KG": pgettext_lazy("country", "Kirghizstan"),
    "LR": pgettext_lazy("country", "Liberia"),
    "MH": pgettext_lazy("country", "Îles Marshall"),
    "MK": pgettext_lazy("country", "Macédoine du Nord"),
    "PS": pgettext_lazy("country", "Palestine"),
    "SA": pgettext_lazy("country", "Arabie saoudite"),
    "SB": pgettext_lazy("country", "Îles Salomon"),
    "SJ": pgettext_lazy("country", "Svalbard et île Jan Mayen"),
    "SX": pgettext_lazy("country", "Saint-Martin (Pays-Bas)"),
    "SZ": pgettext_lazy("country", "Eswatini"),
    "TL": pgettext_lazy("country", "Timor oriental"),
    "TT": pgettext_lazy("country", "Trinité-et-Tobago"),
    "US": pgettext_lazy("country", "États-Unis"),
    "VA": pgettext_lazy("country", "Vatican"),
    "VN": pgettext_lazy("country", "Vietnam"),
}
