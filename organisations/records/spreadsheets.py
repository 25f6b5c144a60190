"""What a spreadsheet does to what people type, undone where that is certain.

A number loses its first zero, gains a decimal, is written with a power of ten; a code becomes a date; a text keeps the
apostrophe or the formula that protected it; an error takes the place of the value.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

FORMULA = re.compile(r'="([^"]*)"')
ERRORS = re.compile(
    r"#(?:N/?A|REF|VALUE|VALEUR|NAME|NOM|DIV/0|NUM|NOMBRE|NULL|NUL|SPILL|CALC|FIELD)[!?]?|#{3,}|Err:\d{3}",
    re.IGNORECASE,
)
DECIMAL = re.compile(r"(\d+)[.,]0{1,2}")
SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?E([+-]?)(\d{1,3})", re.IGNORECASE)
GROUPED = re.compile(
    r"\d{1,3}(?:[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}'’]\d{3})+|\d{1,3}(?:[.,]\d{3}){2,}"
)
MONTH = r"(?:jan|f[eé]v|feb|mar|avr|apr|mai|may|jui|jun|jul|ao[uû]|aug|sep|oct|nov|d[eé]c)[a-zéû]*\.?"
DATED = re.compile(
    rf"\d{{1,2}}[- ]{MONTH}(?:[- ]\d{{2,4}})?|{MONTH}[- ]\d{{2,4}}"
    r"|\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{4}-\d\d-\d\d(?:[T ].*)?",
    re.IGNORECASE,
)


class SpoiledError(ValueError):
    """A spreadsheet changed a number, and what it was is lost; the text says so."""


def unwrapped(cell: str) -> str:
    """Return the value of a cell without what protected it from a spreadsheet: ="0123" or '0123."""
    if formula := FORMULA.fullmatch(cell):
        return formula[1]
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1].isdigit() else cell


def is_error(cell: str) -> bool:
    """Whether a cell holds the error of a spreadsheet, such as #N/A or #####, instead of a value."""
    return bool(ERRORS.fullmatch(cell))


def undone(text: str) -> tuple[str, bool]:
    """Return a number as it was before a spreadsheet, and whether it had changed it. Raises SpoiledError."""
    text = text.strip()
    if whole := DECIMAL.fullmatch(text):
        return whole[1], True
    if GROUPED.fullmatch(text):
        return re.sub(r"\D", "", text), True
    if power := SCIENTIFIC.fullmatch(text):
        first, decimals, sign, exponent = power[1], power[2] or "", power[3], int(power[4])
        if not (decimals or sign):
            return text, False  # « 1E5 » is a code as well
        # Every digit is there: as many decimals as the power of ten moves.
        if sign != "-" and len(decimals) == exponent:
            return first + decimals, True
        raise SpoiledError(
            _("votre tableur a transformé ce numéro (« %(text)s ») : mettez la colonne au format texte.")
            % {"text": text}
        )
    return text, False


def identifier(text: str) -> tuple[str, bool]:
    """Return an identifier as it was before a spreadsheet, and whether it had changed it. Raises SpoiledError."""
    if DATED.fullmatch(text):
        raise SpoiledError(
            _(
                "votre tableur a transformé ce numéro en date (« %(text)s ») : mettez la colonne au format texte."
            )
            % {"text": text}
        )
    return undone(text)
