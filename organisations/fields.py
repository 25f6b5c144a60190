"""What people type, places and companies above all, put in one form before it is judged."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
    is_valid_number,
)

from organisations.models.host import FRENCH_COUNTRIES, validate_siret

MONACO = "MC"
# What a register, or an export of it, puts in the place of a value that it does not give.
WITHHELD = re.compile(
    r"\[\s*N\W?(?:D|C|R|A|P)\W?\s*\]|\[?\bnon[\s_-]+(?:diffus|communiqu|renseign)\w*\]?"
    r"|\[\s*(?:masqu|confidentiel|anonym|priv)\w*\s*\]",
    re.IGNORECASE,
)
NO_LETTER = re.compile(r"[\W_]+|[X*]{3,}", re.IGNORECASE)
NO_VALUE = re.compile(
    r"N[./]?(?:D|C|A|R)\.?|null|none|nan|undefined|n[ée]ant|inconnue?|sans objet", re.IGNORECASE
)
# People dial the same ten digits between these territories, but each has an international code of its own.
DIALLED_ALIKE = ("FR", "GP", "GF", "MQ", "RE", "YT")
# Control characters but the line break and the tabulation, marks of direction, line and paragraph separators, spaces
# without width. Not the joiners: some scripts and emoji need them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]"
)


def without_invisible(typed: str) -> str:
    """Return a text without the invisible characters that break a PDF's text, or turn it around to mislead."""
    return INVISIBLE.sub("", typed.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(typed: str) -> str:
    """Return a text on one line, as it looks: a break would cut the subject of an e-mail."""
    return " ".join(without_invisible(" ".join(typed.split())).split())


def is_withheld(text: str) -> bool:
    """Whether a text says that its value is not given, as « [ND] » in the register of companies: it names nothing."""
    return bool(WITHHELD.search(text) or NO_LETTER.fullmatch(text.strip()))


def is_no_value(text: str) -> bool:
    """Whether an optional value says that there is none: « [ND] », « NULL », « néant ». A name may be « NC »."""
    return is_withheld(text) or bool(NO_VALUE.fullmatch(text.strip()))


def compact(text: str) -> str:
    """Return only the letters and digits of ``text``: no space, visible or not, no dot, no hyphen."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))


def clean_postal_code(text: str, country: str) -> str:
    """Return a postal code as stored: five digits in France, overseas and in Monaco, as typed elsewhere.

    CEDEX codes are accepted, so the code is not looked up among the communes. Raises ValidationError.
    """
    if country not in FRENCH_COUNTRIES | {MONACO}:
        return " ".join(text.split())
    code = compact(text)
    if not re.fullmatch(r"[0-9]{5}", code):
        raise ValidationError(_("Un code postal français a 5 chiffres, comme 14000."), "postal_code")
    if code.startswith("980") != (country == MONACO):
        raise ValidationError(
            _("Ce code postal et ce pays ne vont pas ensemble : vérifiez-les."), "postal_code"
        )
    return code


def clean_phone(text: str, country: str) -> str:
    """Return a telephone number as ``+33 2 31 00 00 00``, read as dialled from ``country`` (two letters).

    A number of the right length is accepted even in a range the library does not know yet.
    Raises ValidationError.
    """
    if not text:
        return ""
    regions = (country, *(DIALLED_ALIKE if country in DIALLED_ALIKE else ()))
    known = (number for region in regions if (number := dial(text, region)) and is_valid_number(number))
    if number := next(known, None) or dial(text, country):
        return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    raise ValidationError(
        _(
            "Ce numéro de téléphone est incomplet, ou ne convient pas au pays choisi. "
            "Pour un numéro d’un autre pays, commencez par + et l’indicatif, comme +33 2 31 00 00 00."
        ),
        "phone",
    )


def dial(text: str, region: str) -> PhoneNumber | None:
    """Return the number of a possible length that ``text`` dials from a region, if any."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return number if possible else None


class SiretField(forms.CharField):
    """A SIRET as people paste it: with spaces, dots or invisible characters."""

    default_validators = [validate_siret]

    def __init__(self, *, max_length: int | None = None, **kwargs: Any) -> None:
        # No limit on the input: a browser would cut a number pasted with its spaces.
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return (compact(text) or self.empty_value) if text else text

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"inputmode": "numeric", "autocomplete": "off"}


class WebsiteField(forms.URLField):
    """A web address; ``exemple.fr`` is enough."""

    default_validators = [URLValidator(schemes=["http", "https"])]

    def __init__(self, **kwargs: Any) -> None:
        # Not type="url": a browser would refuse an address without its scheme.
        kwargs["widget"] = forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"})
        super().__init__(assume_scheme="https", **kwargs)


class DateField(forms.DateField):
    """A date from the browser's own picker, or typed as JJ/MM/AAAA."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"input_formats": ["%Y-%m-%d", "%d/%m/%Y"], **options})


class DecimalField(forms.DecimalField):
    """A decimal typed with a comma or a point, as ``99,99`` or ``99.99``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"localize": True, **options})
        self.widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        self.widget.is_localized = True

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = "".join(value.split()).replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        """Show « 35 » rather than « 35,00 », and « 4,50 » as it is."""
        return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value

    def run_validators(self, value: Any) -> None:
        """Say the limits that a number passes as the reader writes them: « 0,01 »."""
        try:
            super().run_validators(value)
        except ValidationError as failed:
            for error in failed.error_list:
                limit = (error.params or {}).get("limit_value")
                if isinstance(limit, Decimal):
                    shown = number_format(f"{limit.normalize():f}", use_l10n=True)
                    error.params = {**(error.params or {}), "limit_value": shown}
            raise


# « 35 », « 35,5 », « 35h », « 35 heures », then « 17h30 », « 3 h 05 min », « 7:30 », then « 45 min »; spaces apart.
HOURS = re.compile(r"(\d+(?:\.\d+)?)(?:h|hs|hrs?|heures?|hours?)?")
HOURS_AND_MINUTES = re.compile(r"(\d+)(?:h|:|hrs?|heures?|hours?)([0-5]?\d)(?:m|mn|min|minutes?|')?")
MINUTES = re.compile(r"(\d+)(?:m|mn|min|minutes?)")
# What people add, and the label says already.
EVERY = re.compile(r"(?:/|par|by|a|per)(?:semaine|sem|s|week|jour|j|day|mois|month)\.?$")


class HoursField(DecimalField):
    """A number of hours as people write it, in hours and hundredths: « 17h30 » is 17,5 and « 45 min » 0,75."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            text = EVERY.sub("", "".join(value.split()).lower().replace(",", "."))
            value = self.in_hours(text) or value
        return super().to_python(value)

    def in_hours(self, text: str) -> str:
        """Return what a text says in hours, nothing when it is no duration."""
        if found := HOURS.fullmatch(text):
            return found[1]
        minutes = Decimal(0)
        if found := HOURS_AND_MINUTES.fullmatch(text):
            minutes = Decimal(found[1]) * 60 + Decimal(found[2])
        elif found := MINUTES.fullmatch(text):
            minutes = Decimal(found[1])
        else:
            return ""
        hundredths = Decimal(1).scaleb(-(2 if self.decimal_places is None else self.decimal_places))
        return str((minutes / 60).quantize(hundredths, ROUND_HALF_UP))


class WholeNumberField(forms.IntegerField):
    """A whole number, with or without spaces between its thousands."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        return super().to_python("".join(value.split()) if isinstance(value, str) else value)


class TimeField(forms.TimeField):
    """A time from the browser's own picker, or typed as 9:30, 9h30 or 9h."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"input_formats": ["%H:%M", "%H:%M:%S", "%Hh%M", "%Hh"], **options})

    def to_python(self, value: Any) -> Any:
        return super().to_python("".join(value.split()).lower() if isinstance(value, str) else value)
