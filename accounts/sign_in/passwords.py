"""Passwords that are guessed first: common words, in French too, what is repeated, what runs along a keyboard."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User

# What must be left of a password without what everybody thinks of.
LEAST_LEFT = 4
LEAST_DIFFERENT = 5
SHORTEST_RUN = 4
ROWS = (
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "12345678901234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "1a2z3e4r5t6y7u8i9o0p",
    "aqwzsxedcrfvtgbyhnujm",
    "qazwsxedcrfvtgbyhnujmik",
)
# What stands for a letter, and is guessed as the letter.
LETTERS = str.maketrans("0134578@$!€", "oieastbasie")
WORDS = frozenset(Path(__file__).with_name("common_words.txt").read_text(encoding="utf-8").split())
LONGEST_FIRST = re.compile("|".join(sorted((word for word in WORDS if len(word) > 2), key=len, reverse=True)))


class GuessableValidator:
    """Refuses what holds nothing but common words, figures, repetitions and runs along a keyboard."""

    def validate(self, password: str, user: User | None = None) -> None:
        if is_guessable(password):
            raise ValidationError(
                _(
                    "Ce mot de passe se devine : il n’est fait que de mots courants, de répétitions ou de suites de touches."
                ),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return _("Ni mot courant suivi de chiffres, ni répétition, ni suite de touches.")


def is_guessable(password: str) -> bool:
    letters = unicodedata.normalize("NFKD", password.casefold())
    typed = "".join(
        letter for letter in letters if not letter.isspace() and not unicodedata.combining(letter)
    )
    if len(set(typed)) < LEAST_DIFFERENT or re.fullmatch(r"(.{1,8}?)\1+(.{0,4})", typed):
        return True
    return any(is_common(text) for text in (typed, typed.translate(LETTERS)))


def is_common(text: str) -> bool:
    """Tell whether little is left of a text once common words, figures and runs are taken away."""
    letters = re.sub(r"[^a-z]", "", text)
    if letters in _common() or text in _common():
        return True
    left = re.sub(r"[^a-z]", "", LONGEST_FIRST.sub(" ", without_runs(text)))
    return len(left) < LEAST_LEFT


def without_runs(text: str) -> str:
    """Return a text without what follows a row of a keyboard, the alphabet or the figures, either way."""
    kept, start = "", 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _is_run(text[start : end + 1]):
            end += 1
        kept += text[start:end] if end - start < SHORTEST_RUN else " "
        start = end
    return kept


def _is_run(text: str) -> bool:
    return any(text in row or text in row[::-1] for row in ROWS)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """Return Django's twenty thousand, and our words."""
    return WORDS | frozenset(CommonPasswordValidator().passwords)
