"""Activity codes: NAF rév. 2 gives way to NAF 2025 on 1 January 2027 (décret 2025-736)."""

import re
from datetime import date

from organisations.models import NafCode

REV2_LAST_DAY = date(2026, 12, 31)
_TYPED = re.compile(r"\s*(\d{2})\s?\.?\s?(\d{2})\s?([A-Za-z])\b")


def version_in_force(day: date) -> NafCode.Version:
    return NafCode.Version.REV2 if day <= REV2_LAST_DAY else NafCode.Version.NAF2025


def find(text: str, day: date, version: str = "") -> NafCode | None:
    """Return the code typed as ``86.10Z`` or ``8610Z``, in a version when it is known, else in the one in force."""
    typed = _TYPED.match(text)
    if typed is None:
        return None
    code = f"{typed[1]}.{typed[2]}{typed[3].upper()}"
    found = {naf.version: naf for naf in NafCode.objects.filter(code=code)}
    return found.get(version) or found.get(version_in_force(day)) or next(iter(found.values()), None)
