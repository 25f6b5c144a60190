"""A choice as it is frozen, a code beside its words, and how it is said to a reader of any language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django_countries import countries

from accounts.models import Student
from conventions.models import Avenant, AvenantKind, Convention
from organisations.models import Contact, Organisation, Party, Programme

Choice = dict[str, str]
NOTHING: Choice = {"code": "", "label": ""}
EURO: Choice = {"code": "EUR", "label": "€"}


def chosen(row: models.Model | None, name: str) -> Choice:
    """Return what a column says among the choices of the program, in the active language."""
    code = getattr(row, name, "")
    return {"code": code, "label": str(getattr(row, f"get_{name}_display")())} if code else NOTHING


def entry_choice(entry: Any) -> Choice:
    """Return an entry of a list kept in the database: whatever has a code."""
    return NOTHING if entry is None else {"code": entry.code, "label": str(entry)}


def country(value: Any) -> Choice:
    """Return a country for its code, or for the value of a column."""
    return {"code": str(value), "label": str(countries.name(str(value)))} if value else NOTHING


def kinds_of(avenant: Avenant) -> list[Choice]:
    """Return what an avenant is about, in the order of the list."""
    return [{"code": str(kind), "label": str(kind.label)} for kind in AvenantKind if kind in avenant.kinds]


def is_choice(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == NOTHING.keys()


def of(choices: type[models.TextChoices]) -> Callable[[str], str]:
    """Return what says the codes of the program today; nothing of one that is no longer there."""
    return lambda code: str(choices(code).label) if code in choices else ""


# What says a code in another language than French, by part and name in the context of an agreement. The lists that
# a university writes are in its own words alone.
SAID: dict[tuple[str, str], Callable[[str], str]] = {
    ("programme", "level"): of(Programme.Level),
    ("programme", "language"): of(Convention.Language),
    ("organisation", "siret_exemption"): of(Organisation.SiretExemption),
    ("service", "country"): countries.name,
    ("tutor", "civility"): of(Contact.Civility),
    ("signatory", "civility"): of(Contact.Civility),
    ("stage", "working_time"): of(Convention.WorkingTime),
    ("gratification", "unit"): of(Convention.AmountUnit),
    ("gratification", "payment_frequency"): of(Convention.PaymentFrequency),
    ("abroad", "travel_zone"): of(Convention.TravelZone),
}


def wording(choice: Choice, said: Callable[[str], str] | None = None) -> str:
    """Return the words that were frozen to who reads French, those of the code today to others."""
    if said is None or not choice["code"] or (translation.get_language() or "").startswith("fr"):
        return choice["label"]
    return said(choice["code"]) or choice["label"]


def kind_of_avenant(choice: Choice) -> str:
    return wording(choice, of(AvenantKind))


def currency(choice: Choice) -> str:
    """Return « € », or how another currency is called in French, and its code elsewhere."""
    return "€" if choice["code"] == "EUR" else wording(choice, str)


BY_SEX: dict[str, Promise] = {
    Student.Sex.FEMALE: gettext_lazy("L’étudiante"),
    Student.Sex.MALE: gettext_lazy("L’étudiant"),
}


def party(signer: dict[str, str], sex: str = "") -> str:
    """Return in whose name somebody of a circuit signs; ``sex`` is that of the student, where it is known."""
    if signer["party"] == Party.STUDENT and sex in BY_SEX:
        return str(BY_SEX[sex])
    return wording({"code": signer["party"], "label": signer["label"]}, of(Party))
