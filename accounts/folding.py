"""Text as people search it: no accents, no case, no punctuation."""

import re
import unicodedata

_EXPANSIONS = str.maketrans(
    {
        "œ": "oe",
        "Œ": "oe",
        "æ": "ae",
        "Æ": "ae",
        "ß": "ss",
        "ø": "o",
        "Ø": "o",
        "ł": "l",
        "Ł": "l",
    }
)
_ACRONYM = re.compile(r"\b(?:\w\.){2,}\w?\b\.?")
_NOT_WORD = re.compile(r"[^\w%]+|_+")


def fold(text: str) -> str:
    """Return ``text`` in lower case without accents, punctuation folded to single spaces.

    Dotted acronyms are joined (``C.H.U.`` → ``chu``) and ``%`` is kept, as the wildcard users may type.
    Stored beside names, the result is what lists sort and search on: no database collation is needed.
    """
    joined = _ACRONYM.sub(lambda match: match[0].replace(".", ""), text.translate(_EXPANSIONS))
    decomposed = unicodedata.normalize("NFKD", joined)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(_NOT_WORD.sub(" ", plain.casefold()).split())
