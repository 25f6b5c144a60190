"""What earlier releases froze, in today's shape: versions 1 and 2 had words where there are now choices.

What is here is as it was then, and follows nothing: neither the labels of today nor their translations.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from django.utils import translation
from django_countries import Countries, countries

from accounts.models import Student
from conventions.documents.choices import NOTHING, Choice
from conventions.models.columns import KEPT_IN

Context = dict[str, Any]
SHAPE = 3

# What the program's own choices were called, by part and name in the context of an agreement, and their codes.
CODES: dict[tuple[str, str], dict[str, str]] = {
    ("programme", "level"): {
        "Licence 1": "L1",
        "Licence 2": "L2",
        "Licence 3": "L3",
        "Master 1": "M1",
        "Master 2": "M2",
        "BUT 1": "BUT1",
        "BUT 2": "BUT2",
        "BUT 3": "BUT3",
        "Doctorat": "D",
        "Autre": "other",
    },
    ("programme", "language"): {"Français": "fr", "Français, suivi d’une traduction en anglais": "en"},
    ("organisation", "siret_exemption"): {
        "Établi à l’étranger": "abroad",
        "Nouvelle-Calédonie ou Polynésie française (RIDET, TAHITI)": "own_register",
        "Association sans salarié (numéro RNA)": "association",
        "Immatriculation en cours": "pending",
    },
    ("stage", "working_time"): {"Temps plein": "full", "Temps partiel": "part"},
    ("gratification", "unit"): {
        "par heure": "hour",
        "par jour": "day",
        "par semaine": "week",
        "par mois": "month",
        "pour tout le stage": "total",
    },
    ("gratification", "payment_frequency"): {
        "Chaque mois": "monthly",
        "En une fois, à la fin du stage": "end",
    },
    ("abroad", "travel_zone"): {
        "Verte : vigilance normale": "green",
        "Jaune : vigilance renforcée": "yellow",
        "Orange : déconseillée sauf raison impérative": "orange",
        "Rouge : formellement déconseillée": "red",
    },
    # The lists that a university writes: it alone knew their codes.
    ("student", "insured_status"): {},
    ("programme", "stage_type"): {},
    ("organisation", "legal_form"): {},
    ("organisation", "naf"): {},
    ("organisation", "headcount"): {},
    ("stage", "theme"): {},
    ("stage", "origin"): {},
    ("stage", "work_nature"): {},
    ("stage", "validation_mode"): {},
    ("gratification", "payment_mode"): {},
}
CIVILITIES = {"Mme": "mme", "M.": "m"}
# What nobody was asked in version 1, by part, besides the columns that are kept as they are.
SINCE_VERSION_2 = {
    "student": ("guardian",),
    "stage": ("leave_hours", "work_periods"),
    "gratification": ("payment_frequency", "branch_minimum"),
}
# Nor in version 3.
SINCE_VERSION_4 = {"student": (*Student.OTHER_NAMES, "sex"), "gratification": ("payments",)}
# What each part holds today, and may have lacked.
ASKED = {
    part: (*SINCE_VERSION_2.get(part, ()), *SINCE_VERSION_4.get(part, ()), *names)
    for part, names in KEPT_IN.items()
}
AVENANT_KINDS = {
    "Prolongation du stage": "extension",
    "Report du stage": "postponement",
    "Interruption ou absences": "suspension",
    "Temps de présence et congés": "hours",
    "Gratification et avantages": "gratification",
    "Sujet et missions": "subject",
    "Lieu ou service d’accueil": "place",
    "Tuteur professionnel": "tutor",
    "Signataire de l’organisme": "signatory",
    "Enseignant référent": "teacher",
    "Fin du stage avant son terme": "termination",
    "Autre changement": "other",
}


def read(stored: Context) -> Context:
    """Return the frozen context of an agreement or of another document in today's shape; done twice, the same.

    What was not asked when it was frozen is not in it.
    """
    if "version" in stored:
        return _agreement(stored)
    return {name: READ[name](part) if name in READ else part for name, part in stored.items()}


def _agreement(stored: Context) -> Context:
    if stored["version"] >= SHAPE:
        return stored
    found = {name: dict(part) if isinstance(part, dict) else part for name, part in stored.items()}
    found["version"] = SHAPE
    for (part, name), codes in CODES.items():
        if name in found.get(part, ()):
            found[part][name] = _choice(found[part][name], codes)
    found["service"]["country"] = _country(found["service"]["country"])
    for name in ("tutor", "signatory"):
        found[name].update(_person(found[name]["name"]))
    money = found["gratification"]
    money["currency"] = {"code": money.pop("currency_code"), "label": money["currency"]}
    found["stage"]["interruptions"] = list(map(_interruption, found["stage"]["interruptions"]))
    found["differences"] = list(map(_difference, found["differences"]))
    return found


def _avenant(decided: Context) -> Context:
    return {**decided, "kinds": [_choice(kind, AVENANT_KINDS) for kind in decided["kinds"]]}


def _certificate(done: Context) -> Context:
    return {**done, "currency": _choice(done["currency"], {"€": "EUR"})}


def completed(agreement: Context) -> Context:
    """Return an agreement with every part and every answer of today's: empty where nobody was asked."""
    # A part that is empty as a whole was not asked as a whole.
    parts = {
        name: (part := agreement.get(name, {})) and {**dict.fromkeys(asked, ""), **part}
        for name, asked in ASKED.items()
    }
    return {**agreement, **parts}


# How each part of a document is read; what else it holds never had another shape.
READ = {
    "agreement": _agreement,
    "before": _agreement,
    "after": _agreement,
    "avenant": _avenant,
    "certificate": _certificate,
}


def _choice(words: str | Choice, codes: dict[str, str]) -> Choice:
    """Return a choice; without a code when nothing says which it was."""
    return {"code": codes.get(words, ""), "label": words} if isinstance(words, str) else words


class EarlierCountries(Countries):
    """Countries as they were named before ours had their official names."""

    override: ClassVar[dict[str, str]] = {}


@cache
def _countries() -> dict[str, str]:
    """Return the codes of countries by every French name that a document may hold."""
    with translation.override("fr"):
        return {each.name: each.code for named in (countries, EarlierCountries()) for each in named}


def _country(name: str) -> Choice:
    return {"code": _countries().get(name, ""), "label": name} if name else NOTHING


def _person(name: str) -> Context:
    """Return a person's civility apart from their name."""
    for civility, code in CIVILITIES.items():
        if name.startswith(f"{civility} "):
            return {"civility": {"code": code, "label": civility}, "name": name.removeprefix(f"{civility} ")}
    return {"civility": NOTHING, "name": name}


def _interruption(period: list[str]) -> list[str]:
    """Return a period with its kind: version 1 knew one and did not write it."""
    return period if len(period) > 2 else [*period, "interruption"]


def _difference(one: Context) -> Context:
    if one["field"] != "student_country":
        return one
    return {**one, "before": _country(one["before"]), "after": _country(one["after"])}
