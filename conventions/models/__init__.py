"""What is agreed: the agreement, its schedule, its journal, its circuit and its documents."""

from conventions.models.circuit import Signer, Turn, signers
from conventions.models.convention import Convention, NumberCounter, Status
from conventions.models.document import Document
from conventions.models.journal import Event, Remark
from conventions.models.nomenclature import HealthInsuranceFund, HourlyCeiling, Term
from conventions.models.schedule import Interruption, WorkPeriod

__all__ = [
    "Convention",
    "Document",
    "Event",
    "HealthInsuranceFund",
    "HourlyCeiling",
    "Interruption",
    "NumberCounter",
    "Remark",
    "Signer",
    "Status",
    "Term",
    "Turn",
    "WorkPeriod",
    "signers",
]
