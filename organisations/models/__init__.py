"""Where a stage happens (hosts) and where it belongs (the university's structure)."""

from organisations.models.host import Contact, Organisation, Service
from organisations.models.nomenclature import Commune, HeadcountBand, LegalForm, NafCode
from organisations.models.university import (
    Centre,
    Enrolment,
    Manager,
    Party,
    Programme,
    Teacher,
    Ufr,
)

__all__ = [
    "Centre",
    "Commune",
    "Contact",
    "Enrolment",
    "HeadcountBand",
    "LegalForm",
    "Manager",
    "NafCode",
    "Organisation",
    "Party",
    "Programme",
    "Service",
    "Teacher",
    "Ufr",
]
