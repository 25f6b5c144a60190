"""The programmes of an institution, as files name them."""

from __future__ import annotations

from contextlib import suppress

from django.utils.translation import gettext as _

from accounts.models import Institution
from organisations.records.spreadsheets import SpoiledError, undone
from organisations.records.tables import LineError

Enrolled = tuple[int, int]  # programme, first calendar year


class Programmes:
    """Finds a programme by its code and its version."""

    def __init__(self, institution: Institution) -> None:
        self.by_code: dict[str, dict[str, int]] = {}
        for code, version, pk in institution.programmes.values_list("code", "version", "pk"):
            self.by_code.setdefault(code, {})[version] = pk

    def find(self, code: str, version: str) -> int:
        """Return the programme of a code; its version may be left out when it has only one. Raises LineError."""
        versions = self.by_code.get(code) or self.by_code.get(unspoiled(code), {})
        if version in versions:
            return versions[version]
        if len(versions) == 1 and not version:
            return next(iter(versions.values()))
        # « 026 » and « 26.0 » are « 26 »: a spreadsheet drops zeros and adds decimals.
        same = [pk for known, pk in versions.items() if version and shortest(known) == shortest(version)]
        if len(same) == 1:
            return same[0]
        raise LineError(
            _("l’étape %(code)s a plusieurs versions : précisez programme_version.") % {"code": code}
            if versions and not version
            else _("l’étape %(code)s %(version)s n’existe pas.") % {"code": code, "version": version}
        )


def unspoiled(code: str) -> str:
    """Return a code as it was before a spreadsheet, as far as one can tell."""
    with suppress(SpoiledError):
        return undone(code)[0]
    return code


def shortest(version: str) -> str:
    return unspoiled(version).lstrip("0")
