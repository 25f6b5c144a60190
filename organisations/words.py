"""The words by which a host is found: its names without legal forms, abbreviations beside what they mean.

A host's words are indexed whole, with their first letters beside them; what somebody types is looked up by the first
letters of each word.
"""

from __future__ import annotations

from collections.abc import Iterable

from accounts.folding import fold

# They say what a company is in law, never which one it is.
LEGAL_FORMS = frozenset(
    [
        "sa",
        "sas",
        "sasu",
        "sarl",
        "eurl",
        "snc",
        "scs",
        "sca",
        "sci",
        "scp",
        "scm",
        "scop",
        "scic",
        "selarl",
        "selas",
        "selafa",
        "earl",
        "gaec",
        "gie",
        "geie",
        "gip",
        "societe",
        "ste",
        "anonyme",
        "simplifiee",
        "epic",
        "epa",
        "epci",
        "ltd",
        "limited",
        "llc",
        "inc",
        "gmbh",
        "ag",
        "bv",
        "nv",
        "plc",
        "spa",
        "srl",
    ]
)
LINKING = frozenset(
    ["a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "of", "the", "und", "y"]
)
# Written one way or the other: each finds the other.
MEANINGS = {
    "ars": "agence regionale sante",
    "asso": "association",
    "assoc": "association",
    "bat": "batiment",
    "bts": "batiments",
    "caf": "caisse allocations familiales",
    "cc": "communaute communes",
    "cci": "chambre commerce industrie",
    "cg": "conseil general",
    "ch": "centre hospitalier",
    "chr": "centre hospitalier regional",
    "chru": "centre hospitalier regional universitaire",
    "chs": "centre hospitalier specialise",
    "chu": "centre hospitalier universitaire",
    "cie": "compagnie",
    "clg": "college",
    "cma": "chambre metiers artisanat",
    "cnrs": "centre national recherche scientifique",
    "cpam": "caisse primaire assurance maladie",
    "dept": "departement",
    "dpt": "departement",
    "ecl": "ecole",
    "ehpad": "etablissement hebergement personnes agees dependantes",
    "etab": "etablissement",
    "ets": "etablissements",
    "fac": "faculte",
    "fd": "federation",
    "fed": "federation",
    "fr": "freres",
    "ght": "groupement hospitalier territoire",
    "gpe": "groupe",
    "grpe": "groupe",
    "hop": "hopital",
    "imm": "immobilier",
    "inrae": "institut national recherche agriculture alimentation environnement",
    "inserm": "institut national sante recherche medicale",
    "inst": "institut",
    "labo": "laboratoire",
    "lyc": "lycee",
    "mfr": "maison familiale rurale",
    "mjc": "maison jeunes culture",
    "phie": "pharmacie",
    "sdis": "service departemental incendie secours",
    "st": "saint",
    "univ": "universite",
}
MEANING_OF = {short: tuple(long.split()) for short, long in MEANINGS.items()}
SHORTEST_INITIALS = 2
# Tens of thousands of words begin with the same few letters: those are indexed as if they were words.
INDEXED_BEGINNINGS = 3
LONGEST_WORD, LONGEST_NAME = 100, 400  # characters; a lexeme holds 2,046 bytes
# Shorter words are as near to one another as to what was meant.
SHORTEST_CORRECTED, LONGEST_CORRECTED = 4, 40


def folded(text: str) -> list[str]:
    """Return the words of ``text`` without case, accents, punctuation nor ``%``."""
    return [word[:LONGEST_WORD] for word in fold(text).replace("%", " ").split()]


def telling(text: str) -> list[str]:
    """Return the folded words of ``text`` that tell hosts apart; all of them when none does."""
    words = list(dict.fromkeys(folded(text)))
    return [word for word in words if word not in LEGAL_FORMS and word not in LINKING] or words


def spelled_out(words: Iterable[str]) -> list[str]:
    """Return words with each abbreviation replaced by what it means."""
    return [long for word in words for long in MEANING_OF.get(word, (word,))]


def entire(words: Iterable[str]) -> str:
    """Return what stands among a host's words for one of its names, whole: telling words, spelled out, in order.

    Whoever types exactly that finds the host before the thousands that have the same words among others.
    """
    return f"={'-'.join(spelled_out(words))}"[:LONGEST_NAME]


def beginning(letters: str) -> str:
    """Return what stands among a host's words for all those that begin with a few letters."""
    return f"~{letters}"


def indexed(names: Iterable[str], *others: str) -> str:
    """Return all that finds a host, space between, without repetition.

    The words of its names, spelled out, their initials, ``others``; then each name whole, and the first letters of
    each word.
    """
    found: list[str] = []
    whole: list[str] = []
    for name in names:
        words = telling(name)
        spelled = spelled_out(words)
        found += [*folded(name), *words, *spelled]
        if len(spelled) >= SHORTEST_INITIALS:
            found.append("".join(word[0] for word in spelled))
        if words:
            whole.append(entire(words))
    for other in others:
        words = folded(other)
        found += [*words, *spelled_out(words)]
    letters = [
        beginning(word[:length])
        for length in range(1, INDEXED_BEGINNINGS + 1)
        for word in found
        if len(word) >= length
    ]
    return " ".join(dict.fromkeys([*found, *whole, *letters]))


def corrected(keys: Iterable[str]) -> set[str]:
    """Return the words among a host's that a typing mistake can be corrected to: long enough, without figures."""
    return {word for key in keys for word in key.split() if may_be_corrected(word)}


def may_be_corrected(word: str) -> bool:
    return SHORTEST_CORRECTED <= len(word) <= LONGEST_CORRECTED and word.isalpha()


def shortened(word: str) -> list[str]:
    """Return ``word`` and what is left of it without any one letter, in order.

    Two words one mistake apart (a letter too many, too few, another, two swapped) have one of these in common:
    the symmetric delete method.
    """
    return sorted({word, *(word[:rank] + word[rank + 1 :] for rank in range(len(word)))})


def is_one_mistake(typed: str, meant: str) -> bool:
    """Whether two words differ by one letter too many, too few, another, or two neighbours swapped."""
    start = next((rank for rank, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), None)
    if start is None:
        return abs(len(typed) - len(meant)) == 1
    rest, goal = typed[start:], meant[start:]
    return (
        rest[1:] == goal
        or rest == goal[1:]
        or rest[1:] == goal[1:]
        or (rest[1::-1] == goal[:2] and rest[2:] == goal[2:])
    )
