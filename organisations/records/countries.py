"""Countries as files name them: by a code of ISO or of INSEE, or in words."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from django.utils import translation
from django_countries import countries

from accounts.folding import fold
from organisations.countries import IN_FRANCE
from organisations.records.spreadsheets import undone
from organisations.register import sirene

INSEE = Path(__file__).parent.parent / "data" / "insee_countries.csv"
# What people write, folded, where neither our list nor INSEE's has it.
ALIASES = {
    "france metropolitaine": "FR",
    "republique francaise": "FR",
    "guyane": "GF",
    "guyane francaise": "GF",
    "reunion": "RE",
    "la reunion": "RE",
    "angleterre": "GB",
    "ecosse": "GB",
    "pays de galles": "GB",
    "grande bretagne": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "uk": "GB",
    "usa": "US",
    "etats unis d amerique": "US",
    "united states": "US",
    "hollande": "NL",
    "holland": "NL",
    "republique tcheque": "CZ",
    "czech republic": "CZ",
    "republique de coree": "KR",
    "coree du sud": "KR",
    "south korea": "KR",
    "viet nam": "VN",
    "vietnam": "VN",
    "russie": "RU",
    "russia": "RU",
    "syrie": "SY",
    "iran": "IR",
    "laos": "LA",
    "moldavie": "MD",
    "bolivie": "BO",
    "venezuela": "VE",
    "tanzanie": "TZ",
    "taiwan": "TW",
    "palestine": "PS",
    "cote d ivoire": "CI",
    "ivory coast": "CI",
    "cap vert": "CV",
    "swaziland": "SZ",
    "turquie": "TR",
    "turkey": "TR",
    "burkina": "BF",
    "centrafrique": "CF",
    "rdc": "CD",
    "congo kinshasa": "CD",
    "republique democratique du congo": "CD",
    "congo brazzaville": "CG",
    "republique du congo": "CG",
    "irlande du sud": "IE",
    "emirats arabes unis": "AE",
    "saint marin": "SM",
    "bielorussie": "BY",
    "birmanie": "MM",
    "kirghizistan": "KG",
    "trinidad et tobago": "TT",
    "saint siege": "VA",
    "republique de macedoine du nord": "MK",
    "salomon": "SB",
    "palestine etat de": "PS",
    "reunion la": "RE",
    "saint martin antilles francaises": "MF",
    "saint martin royaume des pays bas": "SX",
    "eswatini republique d": "SZ",
    "micronesie etats federes de": "FM",
}


def country(text: str) -> str:
    """Return a country by its two letters, as a cell names it; empty when that is not certain."""
    text, _was_spoiled = undone(text)
    code = "".join(text.split()).upper()
    if code.isdecimal():
        return by_number(code)
    if len(code) in (2, 3) and code.isascii() and code.isalpha() and (found := countries.alpha2(code)):
        return found
    return by_name().get(fold(text), "")


def by_number(code: str) -> str:
    """Return a country by INSEE's five digits; by three, only when ISO's own three do not say another one."""
    if len(code) == 5:
        return insee().get(code, "")
    meant = {insee().get(f"99{code.zfill(3)}", ""), countries.alpha2(code.zfill(3))} - {""}
    return meant.pop() if len(meant) == 1 and len(code) <= 3 else ""


@cache
def insee() -> dict[str, str]:
    with INSEE.open() as file:
        return {row["code"]: row["country"] for row in csv.DictReader(file)}


@cache
def by_name() -> dict[str, str]:
    """Return the codes of countries by folded name, in French and in English; two of one name are neither."""
    named: dict[str, set[str]] = {}
    for language in ("fr", "en"):
        with translation.override(language):
            for each in countries:
                for name in (each.name, each.name.removesuffix(IN_FRANCE)):
                    named.setdefault(fold(name), set()).add(each.code)
    certain = {name: codes.pop() for name, codes in named.items() if len(codes) == 1}
    return certain | sirene.INSEE_COUNTRIES | ALIASES
