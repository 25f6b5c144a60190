"""Establishments as the two public company registers describe them, whichever answers.

« Recherche d’entreprises » needs no key and is asked first; INSEE's own service follows, when it has a key,
if the first does not answer or hides the record. Answers are remembered a day.
"""

from __future__ import annotations

import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache as once
from hashlib import sha256
from itertools import zip_longest
from typing import Any, ClassVar
from zlib import crc32

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _
from django_countries import countries

from accounts.folding import fold
from organisations.fields import compact, is_withheld, one_line
from organisations.models.host import Organisation, validate_siret
from organisations.models.nomenclature import NafCode
from organisations.register.remote import NoAnswer, RemoteService, recall, remember

logger = logging.getLogger(__name__)

MOST_RESULTS = 10
SHORTEST_TEXT = 3  # the first service refuses less
LONGEST_TEXT = 200
FOUND_FOR = 24 * 3600  # seconds
NOT_FOUND_FOR = 600

# Longer prefixes of postal codes first: two islands have one inside Guadeloupe's.
TERRITORIES = {
    "97133": "BL",
    "97150": "MF",
    "971": "GP",
    "972": "MQ",
    "973": "GF",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "980": "MC",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
# INSEE's names of countries, folded, where ours are different.
INSEE_COUNTRIES = {
    "coree": "KR",
    "coree republique de": "KR",
    "etats unis": "US",
    "irlande ou eire": "IE",
    "macedoine du nord": "MK",
    "tcheque republique": "CZ",
    "tchequie": "CZ",
    "vatican": "VA",
}


Source = Organisation.Register


class Unavailable(Exception):
    """No register answered; the text is for the user."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Les registres publics des entreprises ne répondent pas en ce moment. "
                "Remplissez le formulaire vous-même, ou réessayez dans quelques minutes."
            )
        )


@dataclass(frozen=True)
class Establishment:
    """An establishment (établissement), whichever register describes it; texts are empty when unknown."""

    siret: str
    name: str  # legal name, or first and last name of a sole trader
    acronym: str
    trade_names: tuple[str, ...]  # without the legal name
    legal_form: str  # INSEE's second level, two digits
    naf: str  # like 86.10Z
    naf_version: str  # a NafCode.Version, when the register says it
    headcount_band: str  # INSEE's code, NN when it has none
    street: str
    address_extra: str
    postal_code: str
    city: str
    country: str  # two letters; empty for a foreign country we do not recognise
    is_open: bool
    closed_on: date | None
    is_hidden: bool  # its name or its address is not public
    source: str


# A deployment that changes the shape of an establishment, or its module, forgets those remembered before: they are
# pickled.
SHAPE = crc32(" ".join([__name__, *(field.name for field in fields(Establishment))]).encode())


def search(text: str) -> list[Establishment]:
    """Return at most ten establishments that match a name, a place, a SIREN or a SIRET. Raises Unavailable."""
    text = _text(text, LONGEST_TEXT)
    digits = compact(text)
    if re.fullmatch("[0-9]{14}", digits):
        found = get(digits)
        return [found] if found else []
    if len(text) < SHORTEST_TEXT:
        return []
    is_number = bool(re.fullmatch("[0-9]{9,13}", digits))
    question = digits if is_number else text.casefold()
    key = f"sirene:{SHAPE}:search:{sha256(question.encode()).hexdigest()}"
    known: tuple[Establishment, ...] | None = recall(key)
    if known is not None:
        return list(known)
    register, candidates = _candidates(text, digits[:9] if is_number else "")
    matching = (each for each in candidates if not is_number or each.siret.startswith(digits))
    results = list({each.siret: each for each in matching}.values())[:MOST_RESULTS]
    remember(key, tuple(results), FOUND_FOR if results else NOT_FOUND_FOR)
    for result in results:
        remember(_key(register.source, result.siret), (result,), FOUND_FOR)
    return results


def _candidates(text: str, siren: str) -> tuple[Register, Iterable[Establishment]]:
    """Return the first register that answers, and what it says of a company or of a name. Raises Unavailable."""
    for register in _registers():
        try:
            return register, register.of_company(siren) if siren else register.named(text)
        except NoAnswer:
            continue
    raise Unavailable


def get(siret: str) -> Establishment | None:
    """Return the establishment that has this SIRET, None when there is none. Raises Unavailable."""
    if not _is_siret(siret):
        return None
    best = remembered(siret)
    if best and not best.is_hidden:
        return best
    answered = best is not None
    for register in _registers():
        try:
            found = _recalled_or_asked(register, siret)
        except NoAnswer:
            continue
        answered = True
        if best is None or (found and not found.is_hidden):
            best = found
        if best is None or not best.is_hidden:
            break
    if not answered:
        raise Unavailable
    return best


def remembered(siret: str) -> Establishment | None:
    """Return the establishment if we have seen it lately, without asking any register."""
    known = [each for source in Source for each in recall(_key(source, siret)) or ()]
    return min(known, key=lambda each: each.is_hidden, default=None)


def _key(source: str, siret: str) -> str:
    return f"sirene:{SHAPE}:{source}:{siret}"


def _recalled_or_asked(register: Register, siret: str) -> Establishment | None:
    key = _key(register.source, siret)
    known: tuple[Establishment, ...] | None = recall(key)
    if known is None:
        found = register.of_siret(siret)
        known = (found,) if found else ()
        remember(key, known, FOUND_FOR if found else NOT_FOUND_FOR)
    return known[0] if known else None


class Register(ABC):
    """A public register. Its methods raise NoAnswer."""

    source: ClassVar[Source]

    @abstractmethod
    def named(self, text: str) -> list[Establishment]:
        """Return the establishments that a text describes, best first."""

    @abstractmethod
    def of_company(self, siren: str) -> list[Establishment]:
        """Return establishments of a company."""

    @abstractmethod
    def of_siret(self, siret: str) -> Establishment | None:
        """Return one establishment."""


def _registers() -> list[Register]:
    return [Entreprises(), Insee()] if settings.INSEE_API_KEY else [Entreprises()]


class Entreprises(Register):
    """« Recherche d’entreprises »: companies, each with its establishments that match the question."""

    source = Source.ENTREPRISES
    service = RemoteService("entreprises", requests=7, period=1)

    def named(self, text: str) -> list[Establishment]:
        return self._ask(text)

    def of_company(self, siren: str) -> list[Establishment]:
        return self._ask(siren)

    def of_siret(self, siret: str) -> Establishment | None:
        return next((each for each in self._ask(siret) if each.siret == siret), None)

    def _ask(self, question: str) -> list[Establishment]:
        _status, answer = self.service.ask(
            f"{settings.COMPANY_SEARCH_URL}/search",
            params={"q": question, "page": "1", "per_page": str(MOST_RESULTS)},
        )
        companies = _list_of(answer, "results", self.source)
        # The best of each company, then the second best: a chain of shops leaves room to others.
        by_rank = zip_longest(*(self._establishments(company) for company in companies))
        return [establishment for rank in by_rank for establishment in rank if establishment]

    def _establishments(self, company: Any) -> list[Establishment]:
        company = _object(company)
        places = company.get("matching_etablissements")
        found = [self._establishment(company, place) for place in places] if isinstance(places, list) else []
        return [each for each in found or [self._establishment(company, company.get("siege"))] if each]

    def _establishment(self, company: Mapping[str, Any], place: Any) -> Establishment | None:
        place = _object(place)
        # The full name of a sole trader carries trade names and acronym between brackets.
        name = _first(company.get("nom_raison_sociale")) or re.sub(
            r"(\s*\([^()]*\))+$", "", _first(company.get("nom_complet"))
        )
        postal_code = _text(place.get("code_postal"))
        city = _first(place.get("libelle_commune"), place.get("libelle_commune_etranger"))
        signs = place.get("liste_enseignes")
        return _establishment(
            self.source,
            siret=place.get("siret"),
            diffusion=(company.get("statut_diffusion"), place.get("statut_diffusion_etablissement")),
            name=name,
            acronym=_first(company.get("sigle")),
            trade_names=[*(signs if isinstance(signs, list) else []), place.get("nom_commercial")],
            legal_form=company.get("nature_juridique"),
            naf=_first(place.get("activite_principale"), company.get("activite_principale")),
            naf_version="",
            headcount_band=place.get("tranche_effectif_salarie"),
            street=_street(_text(place.get("adresse"), 400), postal_code, city),
            address_extra="",
            postal_code=postal_code,
            city=city,
            foreign_country=_first(place.get("libelle_pays_etranger")),
            is_open=place.get("etat_administratif") != "F" and company.get("etat_administratif") != "C",
            closed_on=place.get("date_fermeture"),
        )


class Insee(Register):
    """INSEE's Sirene: establishments, each with its company and its history."""

    source = Source.INSEE
    service = RemoteService("insee", requests=30, period=60)
    NOT_PUBLIC = 403
    UNKNOWN = 404

    def named(self, text: str) -> list[Establishment]:
        return self._ask('denominationUniteLegale:"{}"'.format(re.sub(r'["\\]', " ", text)))

    def of_company(self, siren: str) -> list[Establishment]:
        return self._ask(f"siren:{siren}")

    def of_siret(self, siret: str) -> Establishment | None:
        status, answer = self.service.ask(
            f"{settings.INSEE_URL}/siret/{siret}",
            headers=self._headers(),
            expected=(200, self.NOT_PUBLIC, self.UNKNOWN),
        )
        if status == self.NOT_PUBLIC:
            return self._establishment({"siret": siret, "statutDiffusionEtablissement": "N"})
        if status == self.UNKNOWN:
            return None
        found = self._establishment(_object(answer).get("etablissement"))
        if not found or found.siret != siret:
            logger.warning("%s: an answer without its establishment", self.source.value)
            raise NoAnswer(siret)
        return found

    def _ask(self, question: str) -> list[Establishment]:
        status, answer = self.service.ask(
            f"{settings.INSEE_URL}/siret",
            params={"q": question, "nombre": str(MOST_RESULTS)},
            headers=self._headers(),
            expected=(200, self.UNKNOWN),
        )
        if status == self.UNKNOWN:
            return []
        found = (self._establishment(record) for record in _list_of(answer, "etablissements", self.source))
        return [establishment for establishment in found if establishment]

    def _headers(self) -> dict[str, str]:
        return {"X-INSEE-Api-Key-Integration": settings.INSEE_API_KEY}

    def _establishment(self, record: Any) -> Establishment | None:
        record = _object(record)
        company = _object(record.get("uniteLegale"))
        address = _object(record.get("adresseEtablissement"))
        periods = record.get("periodesEtablissement")
        period = next(map(_object, filter(_is_current, periods if isinstance(periods, list) else [])), {})
        is_closed = period.get("etatAdministratifEtablissement") == "F"
        holder, level = (
            (period, "Etablissement")
            if period.get("activitePrincipaleEtablissement")
            else (company, "UniteLegale")
        )
        return _establishment(
            self.source,
            siret=record.get("siret"),
            diffusion=(record.get("statutDiffusionEtablissement"), company.get("statutDiffusionUniteLegale")),
            name=_first(company.get("denominationUniteLegale"))
            or _joined(
                _first(company.get("prenomUsuelUniteLegale"), company.get("prenom1UniteLegale")),
                _first(company.get("nomUsageUniteLegale"), company.get("nomUniteLegale")),
            ),
            acronym=_first(company.get("sigleUniteLegale")),
            trade_names=[
                *(period.get(f"enseigne{rank}Etablissement") for rank in (1, 2, 3)),
                period.get("denominationUsuelleEtablissement"),
                *(company.get(f"denominationUsuelle{rank}UniteLegale") for rank in (1, 2, 3)),
            ],
            legal_form=company.get("categorieJuridiqueUniteLegale"),
            naf=holder.get(f"activitePrincipale{level}"),
            naf_version=holder.get(f"nomenclatureActivitePrincipale{level}"),
            headcount_band=record.get("trancheEffectifsEtablissement"),
            street=_joined(
                *(
                    _text(address.get(f"{part}Etablissement"))
                    for part in ("numeroVoie", "indiceRepetition", "typeVoie", "libelleVoie")
                )
            ),
            address_extra=_joined(
                _text(address.get("complementAdresseEtablissement")),
                _text(address.get("distributionSpecialeEtablissement")),
            ),
            postal_code=_text(address.get("codePostalEtablissement")),
            city=_first(
                address.get("libelleCommuneEtablissement"), address.get("libelleCommuneEtrangerEtablissement")
            ),
            foreign_country=_first(address.get("libellePaysEtrangerEtablissement")),
            is_open=not is_closed and company.get("etatAdministratifUniteLegale") != "C",
            closed_on=period.get("dateDebut") if is_closed else None,
        )


def _is_current(period: Any) -> bool:
    return isinstance(period, dict) and period.get("dateFin") is None


def _establishment(
    source: Source,
    *,
    siret: Any,
    diffusion: Iterable[Any],
    name: str,
    acronym: str,
    trade_names: Iterable[Any],
    legal_form: Any,
    naf: Any,
    naf_version: Any,
    headcount_band: Any,
    street: str,
    address_extra: str,
    postal_code: str,
    city: str,
    foreign_country: str,
    is_open: bool,
    closed_on: Any,
) -> Establishment | None:
    """Return the establishment in our own terms, None without a valid SIRET."""
    if not _is_siret(siret):
        return None
    shown = [name, street, address_extra, postal_code, city]
    is_hidden = any(map(is_withheld, filter(None, shown))) or any(
        status not in {"", "O"} for status in map(_text, diffusion)
    )
    name, street, address_extra, postal_code, city = ("" if is_withheld(text) else text for text in shown)
    naf = _matching(naf, r"[0-9]{2}\.[0-9]{2}[A-Z]")
    return Establishment(
        siret=siret,
        name=name[:200].strip(),
        acronym="" if is_withheld(acronym) else acronym[:40].strip(),
        trade_names=_distinct(trade_names, other_than=name),
        legal_form=_matching(legal_form, "[0-9]{4}")[:2],
        naf=naf,
        naf_version=_naf_version(naf_version) if naf else "",
        headcount_band=_matching(headcount_band, "[0-9]{2}|NN"),
        street=street[:200].strip(),
        address_extra=address_extra[:200].strip(),
        postal_code=postal_code[:12].strip(),
        city=city[:120].strip(),
        country=_country(postal_code, foreign_country),
        is_open=is_open,
        closed_on=None if is_open else _date(closed_on),
        is_hidden=is_hidden,
        source=source.value,
    )


def _is_siret(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{14}", value):
        return False
    try:
        validate_siret(value)
    except ValidationError:
        return False
    return True


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list_of(answer: Any, name: str, source: Source) -> list[Any]:
    """Return the list that an answer must hold. Raises NoAnswer."""
    found = _object(answer).get(name)
    if not isinstance(found, list):
        logger.warning("%s: an answer without its %s", source.value, name)
        raise NoAnswer(name)
    return found


def _text(value: Any, longest: int = 200) -> str:
    """Return a text as we keep it, on one line; empty for anything but a text."""
    if not isinstance(value, str):
        return ""
    # JSON can hold halves of characters, which no database takes.
    return one_line(value.encode(errors="ignore").decode())[:longest].strip()


def _first(*values: Any) -> str:
    return next(filter(None, map(_text, values)), "")


def _joined(*texts: str) -> str:
    return " ".join(filter(None, texts))


def _matching(value: Any, pattern: str) -> str:
    text = _text(value)
    return text if re.fullmatch(pattern, text) else ""


def _distinct(names: Iterable[Any], *, other_than: str) -> tuple[str, ...]:
    by_key = {fold(name): name for name in map(_text, names) if name and not is_withheld(name)}
    by_key.pop(fold(other_than), None)
    return tuple(by_key.values())


def _street(address: str, postal_code: str, city: str) -> str:
    """Return an address without its end, the postal code and the city."""
    if postal_code and postal_code in address:
        address = address.rpartition(postal_code)[0]
    return address.removesuffix(city).rstrip(" ,")


def _naf_version(nomenclature: Any) -> str:
    """Return the NafCode.Version of a nomenclature, as INSEE names it: NAFRev2, NAF2025 or NAF25."""
    name = _text(nomenclature).casefold()
    if name == "nafrev2":
        return NafCode.Version.REV2.value
    return NafCode.Version.NAF2025.value if re.fullmatch(r"naf(rev)?(20)?25", name) else ""


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(_text(value))
    except ValueError:
        return None


def _country(postal_code: str, foreign: str) -> str:
    if foreign:
        return _countries().get(fold(foreign), "")
    return next((code for prefix, code in TERRITORIES.items() if postal_code.startswith(prefix)), "FR")


@once
def _countries() -> dict[str, str]:
    """Return the codes of countries by folded French name."""
    with translation.override("fr"):
        return {fold(country.name): country.code for country in countries} | INSEE_COUNTRIES
