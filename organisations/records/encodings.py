"""In which encoding a file was written, as far as its bytes tell, and which texts look damaged by a wrong one.

UTF-8 and UTF-16 show by themselves. The encodings of one byte a letter accept anything: each is tried, and the one in
which the letters are those of French, where a word has them, is kept; when two do as well, a person chooses.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from math import log
from unicodedata import combining, normalize

import charset_normalizer

# Of one byte a letter, the likeliest first: the order of the samples, and of equal guesses.
LEGACY = {
    "cp1252": "Windows (cp1252)",
    "mac_roman": "Mac (MacRoman)",
    "cp850": "MS-DOS (cp850)",
    "cp437": "MS-DOS (cp437)",
    "iso8859_15": "ISO-8859-15",
    "cp1250": "Windows, Europe centrale (cp1250)",
}
LIKELY = {"cp1252": 1, "mac_roman": 0.25, "cp850": 0.25, "cp437": 0.1, "iso8859_15": 0.5, "cp1250": 0.1}
MIXED = "mixed"  # some lines are UTF-8, others are not
UNICODE = {"utf_8": "UTF-8", "utf_16_le": "UTF-16", "utf_16_be": "UTF-16", "utf_32": "UTF-32"}
NAMES = UNICODE | LEGACY | {MIXED: "UTF-8, Windows (cp1252)"}
MARKS = {  # the longest first: UTF-32 begins as UTF-16 does
    codecs.BOM_UTF32_LE: "utf_32",
    codecs.BOM_UTF32_BE: "utf_32",
    codecs.BOM_UTF8: "utf_8",
    codecs.BOM_UTF16_LE: "utf_16_le",
    codecs.BOM_UTF16_BE: "utf_16_be",
}
# How often a letter of French that ASCII lacks is this one, out of a thousand; others are rare.
FREQUENT = {
    "é": 560, "è": 120, "à": 90, "ê": 45, "ç": 30, "â": 18, "î": 20, "ô": 25, "û": 12, "ù": 10, "ë": 12, "ï": 12,
    "œ": 12, "ü": 6, "ö": 5, "ä": 3, "ñ": 3, "á": 2, "í": 2, "ó": 2, "ú": 1, "ã": 1, "å": 1, "ø": 1, "ß": 1, "æ": 1,
    "ÿ": 1, "š": 1, "ž": 1, "ł": 1, "ń": 1, "ć": 1, "č": 1,
}  # fmt: skip
SIGNS = {
    "’": 60,
    "\N{NO-BREAK SPACE}": 60,
    "°": 20,
    "€": 10,
    "«": 10,
    "»": 10,
    "–": 15,
    "…": 5,
    "“": 3,
    "”": 3,
}
RARE, OUT_OF_PLACE, CONTROL = log(2e-4), log(1e-5), log(1e-6)
VOWELS = frozenset("aeiouy")
SURE = log(15)  # how much likelier the best guess must be
REPAIRED = 7.0  # how much better a text reads than the one it replaces, to be the right one of the two
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
WORD = re.compile(r"[^\W\d_]+")
OTHER_SIGN = re.compile(r"[^\x00-\x7f\w]|(?!\s)[\x00-\x1f\x7f]")
OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]")
# What a letter in UTF-8 becomes when its bytes are read one by one, of which the last may have become a space.
MOJIBAKE = re.compile(r"[ÂÃÅâ├√Γ┬ð][^\x00-\x7f]")
LOST_END = "Ã(?=[ ]|$)|ï¿½|â€"
LOST = "\N{REPLACEMENT CHARACTER}"
MENDED = re.compile("[\u00a0-\u017f\u2010-\u203a\u20ac]+")
READ_AS = ("cp1252", "latin_1", "mac_roman", "cp850", "cp437")
# A sign where a letter was: a lost one, a control, a question mark or a sign of printing inside a word.
DAMAGE = re.compile(
    f"{LOST}|{CONTROLS.pattern}|{LOST_END}"
    r"|(?<=[^\W\d_])\?+(?=[^\W\d_])|(?<=[^\W\d_])[‚„†‡‰ƒ¤¥§©®±¶∂≈∞π≥≤║╗╝╔╚═├┬√Θ](?=[^\W\d_]|$)"
)
LETTERS_MEASURED = 20_000  # beyond, more of a file says nothing more of its encoding


@dataclass(frozen=True)
class Guess:
    """What a file may be: its encoding, and the texts that tell it from the others."""

    encoding: str
    samples: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return NAMES[self.encoding]


class BinaryFileError(Exception):
    """The bytes are no text."""


def guesses(content: bytes) -> list[Guess]:
    """Return the encodings a text may have, best first; a single one when it is certain. Raises BinaryFileError."""
    encoding = by_its_mark(content) or without_mark(content)
    if encoding:
        return [Guess(encoding)]
    if b"\0" in content:
        raise BinaryFileError
    try:
        content.decode("utf_8")
    except UnicodeDecodeError:
        return legacy(content)
    return [Guess("utf_8")]


def by_its_mark(content: bytes) -> str:
    return next((encoding for mark, encoding in MARKS.items() if content.startswith(mark)), "")


def without_mark(content: bytes) -> str:
    """Return UTF-16 when every other byte of most of the file is zero, as it is for letters of Europe."""
    head = content[:4_000]
    if len(head) < 4 or len(content) % 2:
        return ""
    half = len(head) // 2
    first, second = head[::2].count(0), head[1::2].count(0)
    if second > 0.7 * half and not first:
        return "utf_16_le"
    return "utf_16_be" if first > 0.7 * half and not second else ""


def legacy(content: bytes) -> list[Guess]:
    """Return what a text that is not UTF-8 may be, best first; one alone when the others are much less likely."""
    spoken = [line for line in content.splitlines() if not line.isascii()]
    if is_mixed(spoken):
        return [
            Guess(MIXED, samples(content, MIXED)),
            *(Guess(name, samples(content, name)) for name in LEGACY),
        ]
    measured, size = [], 0
    for line in spoken:
        measured.append(line)
        size += sum(byte > 0x7F for byte in line)
        if size > LETTERS_MEASURED:
            break
    sample = b"\n".join(measured)
    liking = liked(sample)
    scores = {name: score(read(sample, name)) + log(LIKELY[name]) + liking.get(name, 0.0) for name in LEGACY}
    ranked = sorted(LEGACY, key=scores.__getitem__, reverse=True)
    best = read(content, ranked[0])
    likely = [name for name in ranked if scores[name] > scores[ranked[0]] - SURE]
    others = [name for name in likely[1:] if read(content, name) != best]
    if not others:
        return [Guess(ranked[0])]
    return [Guess(name, samples(content, name)) for name in [ranked[0], *others]]


def liked(sample: bytes) -> dict[str, float]:
    """Return what a detector prefers, as a slight weight: it knows many languages and little of short names."""
    found = charset_normalizer.from_bytes(sample, cp_isolation=list(LEGACY), threshold=0.5).best()
    return {found.encoding: log(2)} if found else {}


def is_mixed(lines: list[bytes]) -> bool:
    """Whether some lines are UTF-8 and others are not: two exports, put one after the other."""
    utf8 = sum(is_utf8(line) for line in lines)
    return 0 < utf8 < len(lines) and utf8 >= 0.1 * len(lines)


def is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf_8")
    except UnicodeDecodeError:
        return False
    return True


def read(content: bytes, encoding: str) -> str:
    """Return a text in an encoding; a byte that it lacks becomes a control character, which shows the damage."""
    mark = next((mark for mark, name in MARKS.items() if name == encoding and content.startswith(mark)), b"")
    content = content.removeprefix(mark) if encoding != "utf_32" else content
    if encoding == MIXED:
        parts = content.splitlines(keepends=True)
        return "".join(read(part, "utf_8" if is_utf8(part) else "cp1252") for part in parts)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        if encoding in UNICODE:
            return content.decode(encoding, "replace")
        return "".join(one_byte(byte, encoding) for byte in content)


def one_byte(byte: int, encoding: str) -> str:
    try:
        return bytes([byte]).decode(encoding)
    except UnicodeDecodeError:
        return chr(byte)


def score(text: str) -> float:
    """Return how much a text looks like French, as the logarithm of a likelihood: only what ASCII lacks counts."""
    of_words = sum(score_of_word(word[0]) for word in WORD.finditer(text) if not word[0].isascii())
    return of_words + sum(
        score_of_sign(sign[0], text[sign.start() - 1 : sign.start()], text[sign.end() : sign.end() + 1])
        for sign in OTHER_SIGN.finditer(text)
    )


def score_of_word(word: str) -> float:
    """Judge the letters of a word; a capital amid small letters (« ZoÈ »), or the contrary, is out of place."""
    known = [letter for letter in word if letter.isascii()]
    small = any(letter.islower() for letter in known)
    capitals = len(known) > 1 and not small
    total = 0.0
    for position, letter in enumerate(word):
        if letter.isascii():
            continue
        if (letter.isupper() and position and small) or (letter.islower() and capitals):
            total += OUT_OF_PLACE
        else:
            total += score_of_letter(letter.lower(), word[position - 1 : position], word[position + 1 :])
    return total


def score_of_letter(letter: str, before: str, after: str) -> float:
    """Judge a small letter between others: French has « à » and « ù » at the end, a diaeresis after a vowel."""
    vowel = before.lower() in VOWELS if before else False
    if (letter in "àù" and after) or (letter == "â" and vowel):
        return RARE
    frequency = FREQUENT.get(letter, 0) * (4 if letter in "ëï" and vowel else 1)
    return log(frequency / 1_000) if frequency else RARE


def score_of_sign(sign: str, before: str, after: str) -> float:
    """Judge what is no letter, by what stands on each side."""
    if CONTROLS.match(sign):
        return CONTROL
    beside_word = before.isalpha() or after.isalpha()
    inside_word = before.isalpha() and after.isalpha()
    frequency = SIGNS.get(sign)
    if frequency is None:
        return OUT_OF_PLACE if beside_word else RARE
    return OUT_OF_PLACE if inside_word and sign != "’" else log(frequency / 1_000)


def samples(content: bytes, encoding: str, most: int = 5) -> tuple[str, ...]:
    """Return the first words that have letters outside ASCII, as an encoding reads them."""
    found: dict[str, None] = {}
    for line in content.splitlines():
        if not line.isascii():
            for cell in re.split(r"[;,\t|]", read(line, encoding)):
                if not cell.isascii():
                    found.setdefault(cell.strip(' "'), None)
                if len(found) == most:
                    return tuple(found)
    return tuple(found)


def mend(text: str) -> str:
    """Return a text that was UTF-8 read as something else (« ZoÃ© ») as it was before; any other as it is."""
    if text.isascii() or not MOJIBAKE.search(text):
        return text
    for encoding in READ_AS:
        try:
            before = b"".join(bytes_of(letter, encoding) for letter in text).decode("utf_8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        unusual = "".join(letter for letter in before if not letter.isascii())
        if len(before) < len(text) and MENDED.fullmatch(unusual):
            return before
    return text


def bytes_of(letter: str, encoding: str) -> bytes:
    try:
        return letter.encode(encoding)
    except UnicodeEncodeError:
        return letter.encode("latin_1")


def is_damaged(text: str) -> bool:
    """Whether a text shows that letters were lost, or read in a wrong encoding."""
    return bool(DAMAGE.search(text)) or mend(text) != text


def is_worse(after: str, before: str) -> bool:
    """Whether a text is a damaged form of another one: misread, or without the letters that ASCII lacks."""
    if after == before or not before or is_damaged(before):
        return False
    if is_damaged(after):
        return True
    if before.isascii():
        return False
    return is_lossy(after, before) or (misread(before, after) and score(after) < score(before) + REPAIRED)


def is_lossy(after: str, before: str) -> bool:
    """Whether a text is another one of which each letter outside ASCII was stripped, replaced or dropped."""
    whole, left = before.casefold(), after.casefold()
    plain = "".join(letter for letter in normalize("NFKD", whole) if not combining(letter))
    forms = {plain, *(OUTSIDE_ASCII.sub(instead, whole) for instead in ("", "?", "_", "-", " ", "."))}
    return left in forms or " ".join(left.split()) in forms


def misread(text: str, other: str) -> bool:
    """Whether one text is the other, written in an encoding and read in another one."""
    if len(text) == len(other):
        for written in LEGACY:
            try:
                content = text.encode(written)
            except UnicodeEncodeError:
                continue
            if any(read(content, name) == other for name in LEGACY):
                return True
    return any(read(text.encode(), name) == other for name in LEGACY)
