"""Where a stage happens (hosts) and where it belongs (the university's structure)."""

from organisations.models.destinations import Destination, RiskLevel
from organisations.models.following import AgreementsMixin
from organisations.models.host import Contact, Organisation, Service, Word
from organisations.models.imports import HeaderMapping, Import, ImportedRow, ImportKind
from organisations.models.nomenclature import Commune, HeadcountBand, LegalForm, NafCode
from organisations.models.university import (
    Centre,
    Enrolment,
    Manager,
    Paper,
    Party,
    Programme,
    SecurityOfficer,
    Teacher,
    Ufr,
)
from organisations.models.upkeep import Ban, Merge, Note, Resemblance

__all__ = [
    "AgreementsMixin",
    "Ban",
    "Centre",
    "Commune",
    "Contact",
    "Destination",
    "Enrolment",
    "HeadcountBand",
    "HeaderMapping",
    "Import",
    "ImportKind",
    "ImportedRow",
    "LegalForm",
    "Manager",
    "Merge",
    "NafCode",
    "Note",
    "Organisation",
    "Paper",
    "Party",
    "Programme",
    "Resemblance",
    "RiskLevel",
    "SecurityOfficer",
    "Service",
    "Teacher",
    "Ufr",
    "Word",
]
