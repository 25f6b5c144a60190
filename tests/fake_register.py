"""The two public company registers, imitated on this machine: their addresses, their answers, their bad days.

    with FakeRegister() as register:
        register.add("13002526500013", "EXEMPLE SA", city="CAEN")
        settings.COMPANY_SEARCH_URL = register.company_search_url

Each service answers from one directory, unless told to misbehave: ``register.insee.behaves(status(500))``.
"""

import http.server
import json
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

HIDDEN = "[NON-DIFFUSIBLE]"
ND = "[ND]"


@dataclass
class Entry:
    """One establishment of the directory."""

    siret: str
    name: str = ""
    first_name: str = ""  # with last_name: a sole trader, who has no name of company
    last_name: str = ""
    acronym: str | None = None
    sign: str | None = None
    trade_name: str | None = None
    legal_form: str = "5710"
    naf: str = "62.01Z"
    headcount_band: str | None = "12"
    number: str = "1"
    way_type: str = "RUE"
    way: str = "DES LILAS"
    extra: str | None = None
    postal_code: str = "14000"
    city: str = "CAEN"
    foreign_country: str | None = None
    closed_on: str | None = None  # ISO date
    is_hidden: bool = False

    @property
    def full_name(self) -> str:
        brackets = "".join(f" ({text})" for text in (self.trade_name, self.acronym) if text)
        return (self.name or f"{self.first_name} {self.last_name}") + brackets

    @property
    def street(self) -> str:
        return " ".join(filter(None, (self.extra, self.number, self.way_type, self.way)))

    def for_company_search(self) -> dict:
        """Return the result of « Recherche d’entreprises » about this establishment."""
        hidden, state = self.is_hidden, "F" if self.closed_on else "A"
        place = {
            "siret": self.siret,
            "adresse": HIDDEN if hidden else f"{self.street} {self.postal_code} {self.city}",
            "code_postal": HIDDEN if hidden else self.postal_code,
            "libelle_commune": self.city,
            "activite_principale": self.naf,
            "etat_administratif": state,
            "date_fermeture": self.closed_on,
            "liste_enseignes": [self.sign] if self.sign else None,
            "nom_commercial": self.trade_name,
            "tranche_effectif_salarie": self.headcount_band,
            "libelle_pays_etranger": self.foreign_country,
        }
        diffusion = "P" if hidden else "O"
        return {
            "siren": self.siret[:9],
            "nom_complet": HIDDEN if hidden else self.full_name,
            "nom_raison_sociale": HIDDEN if hidden else self.name or None,
            "sigle": HIDDEN if hidden else self.acronym,
            "nombre_etablissements": 1,
            "nombre_etablissements_ouverts": 0 if self.closed_on else 1,
            "siege": place,
            "activite_principale": self.naf,
            "nature_juridique": self.legal_form,
            "tranche_effectif_salarie": self.headcount_band,
            "etat_administratif": "A",
            "statut_diffusion": diffusion,
            "matching_etablissements": [
                {**place, "est_siege": True, "statut_diffusion_etablissement": diffusion}
            ],
        }

    def for_insee(self) -> dict:
        """Return INSEE's record of this establishment."""

        def shown(text: str | None) -> str | None:
            return ND if self.is_hidden else text or None

        diffusion = "P" if self.is_hidden else "O"
        earlier = {"dateFin": "2016-12-31", "dateDebut": "2010-01-01", "etatAdministratifEtablissement": "A"}
        current = {
            "dateFin": None,
            "dateDebut": self.closed_on or "2017-01-01",
            "etatAdministratifEtablissement": "F" if self.closed_on else "A",
            "enseigne1Etablissement": self.sign,
            "denominationUsuelleEtablissement": self.trade_name,
            "activitePrincipaleEtablissement": self.naf,
            "nomenclatureActivitePrincipaleEtablissement": "NAFRev2",
        }
        return {
            "siren": self.siret[:9],
            "nic": self.siret[9:],
            "siret": self.siret,
            "statutDiffusionEtablissement": diffusion,
            "trancheEffectifsEtablissement": self.headcount_band,
            "etablissementSiege": True,
            "uniteLegale": {
                "denominationUniteLegale": shown(self.name),
                "nomUniteLegale": shown(self.last_name),
                "prenomUsuelUniteLegale": shown(self.first_name),
                "sigleUniteLegale": shown(self.acronym),
                "categorieJuridiqueUniteLegale": self.legal_form,
                "activitePrincipaleUniteLegale": self.naf,
                "nomenclatureActivitePrincipaleUniteLegale": "NAFRev2",
                "trancheEffectifsUniteLegale": self.headcount_band,
                "etatAdministratifUniteLegale": "A",
            },
            "adresseEtablissement": {
                "numeroVoieEtablissement": shown(self.number),
                "typeVoieEtablissement": shown(self.way_type),
                "libelleVoieEtablissement": shown(self.way),
                "complementAdresseEtablissement": shown(self.extra),
                "codePostalEtablissement": shown(self.postal_code),
                "libelleCommuneEtablissement": self.city,
                "libellePaysEtrangerEtablissement": self.foreign_country,
            },
            "periodesEtablissement": [earlier, current],
        }

    def matches(self, text: str) -> bool:
        """Tell whether each word of a question is somewhere in the entry."""
        known = " ".join(filter(None, (self.siret, self.full_name, self.sign, self.city))).casefold()
        return all(word in known for word in text.casefold().split())


@dataclass(frozen=True)
class Request:
    """A request that a service got."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


Behaviour = Callable[["Handler"], None]


def status(code: int, **headers: str) -> Behaviour:
    """Answer with this status and no JSON; ``Retry_After="3"`` is a header."""
    return lambda handler: handler.answer(
        b"<html><h1>No</h1></html>",
        code,
        {"Content-Type": "text/html"} | {name.replace("_", "-"): value for name, value in headers.items()},
    )


def body(content: bytes) -> Behaviour:
    """Answer 200 with these bytes."""
    return lambda handler: handler.answer(content)


def slow(seconds: float) -> Behaviour:
    """Answer rightly, late."""

    def behave(handler: "Handler") -> None:
        handler.fake.wait(seconds)
        handler.answer_rightly()

    return behave


def dropped(handler: "Handler") -> None:
    """Close the connection without a word."""
    handler.close_connection = True


def dripping(handler: "Handler") -> None:
    """Answer a byte at a time, until the client leaves or the register closes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    drip(handler, b" ")


def dripping_headers(handler: "Handler") -> None:
    """Never end the headers."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    drip(handler, b"x")


def drip(handler: "Handler", byte: bytes) -> None:
    while not handler.fake.wait(0.2):
        handler.wfile.write(byte)


@dataclass
class FakeService:
    """One of the two services: the requests it got, and how it behaves."""

    requests: list[Request] = field(default_factory=list)
    usual: Behaviour | None = None
    next_ones: list[Behaviour] = field(default_factory=list)

    def behaves(self, behaviour: Behaviour | None) -> None:
        """Behave so from now on; None: rightly."""
        self.usual = behaviour

    def behaves_once(self, *behaviours: Behaviour) -> None:
        """Behave so for the next requests, one each."""
        self.next_ones += behaviours

    @property
    def behaviour(self) -> Behaviour | None:
        return self.next_ones.pop(0) if self.next_ones else self.usual


class FakeRegister:
    """Both services on one port of 127.0.0.1, from ``with`` to its end."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.company_search, self.insee = FakeService(), FakeService()
        self._closing = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> "FakeRegister":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, siret: str, name: str = "", **details: object) -> Entry:
        """Put an establishment in the directory; ``details`` are the fields of Entry."""
        self.entries[siret] = Entry(siret, name, **details)
        return self.entries[siret]

    def wait(self, seconds: float) -> bool:
        """Wait; True when the register closes meanwhile."""
        return self._closing.wait(seconds)

    @property
    def company_search_url(self) -> str:
        return self._url("entreprises")

    @property
    def insee_url(self) -> str:
        return self._url("insee")

    def _url(self, service: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{service}"


class Handler(http.server.BaseHTTPRequestHandler):
    """Reads a request, notes it, and answers as its service behaves."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body leave in two writes
    timeout = 5  # an idle connection does not keep a thread

    @property
    def fake(self) -> FakeRegister:
        return self.server.fake

    def log_message(self, *arguments: object) -> None:
        """Keep the output of the tests to the tests."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        _, service, *self.steps = address.path.split("/")
        self.question = {name: values[0] for name, values in parse_qs(address.query).items()}
        self.rightly, asked = {
            "entreprises": (self.search_companies, self.fake.company_search),
            "insee": (self.ask_insee, self.fake.insee),
        }[service]
        asked.requests.append(Request("/" + "/".join(self.steps), self.question, dict(self.headers)))
        with suppress(ConnectionError):  # a client may leave
            (asked.behaviour or Handler.answer_rightly)(self)

    def answer_rightly(self) -> None:
        code, content = self.rightly()
        self.answer(json.dumps(content).encode(), code)

    def answer(self, content: bytes, code: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def search_companies(self) -> tuple[int, dict]:
        text = self.question.get("q", "")
        if self.steps != ["search"]:
            return 404, {"erreur": "Ressource non trouvée."}
        if len(text) < 3:
            return 400, {"erreur": "3 caractères minimum pour les termes de la requête"}
        found = [entry.for_company_search() for entry in self.fake.entries.values() if entry.matches(text)]
        page = found[: int(self.question["per_page"])]
        return 200, {
            "results": page,
            "total_results": len(found),
            "page": 1,
            "per_page": 10,
            "total_pages": 1,
        }

    def ask_insee(self) -> tuple[int, dict]:
        if not self.headers.get("X-INSEE-Api-Key-Integration"):
            return 401, {"header": {"statut": 401, "message": "Jeton absent ou invalide"}}
        entries = list(self.fake.entries.values())
        unknown = 404, {"header": {"statut": 404, "message": "Aucun élément trouvé"}}
        ok = {"statut": 200, "message": "OK"}
        if len(self.steps) == 2:
            entry = self.fake.entries.get(self.steps[1])
            return (200, {"header": ok, "etablissement": entry.for_insee()}) if entry else unknown
        name = re.fullmatch('denominationUniteLegale:"([^"]*)"', self.question["q"])
        siren = re.fullmatch("siren:([0-9]{9})", self.question["q"])
        if name:
            found = [entry for entry in entries if name[1].casefold() in entry.name.casefold()]
        elif siren:
            found = [entry for entry in entries if entry.siret.startswith(siren[1])]
        else:
            return 400, {"header": {"statut": 400, "message": "Erreur de syntaxe dans le paramètre q="}}
        page = [entry.for_insee() for entry in found[: int(self.question["nombre"])]]
        return (200, {"header": ok, "etablissements": page}) if page else unknown
