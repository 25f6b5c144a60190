"""What is agreed: the agreement, its schedule, its journal, its circuit, its documents and what is joined to it."""

from conventions.models.amended import Amended
from conventions.models.attachment import Attachment
from conventions.models.avenant import Avenant, AvenantStatus
from conventions.models.circuit import Signer, Turn, signers
from conventions.models.columns import AvenantKind
from conventions.models.completion import Completion
from conventions.models.convention import Convention, NumberCounter
from conventions.models.copies import refresh_copies
from conventions.models.desk import Note, Seen
from conventions.models.document import Document
from conventions.models.journal import Event, Remark
from conventions.models.nomenclature import HealthInsuranceFund, HourlyCeiling, Term
from conventions.models.schedule import Interruption, WorkPeriod
from conventions.models.status import Status

__all__ = [
    "Amended",
    "Attachment",
    "Avenant",
    "AvenantKind",
    "AvenantStatus",
    "Completion",
    "Convention",
    "Document",
    "Event",
    "HealthInsuranceFund",
    "HourlyCeiling",
    "Interruption",
    "Note",
    "NumberCounter",
    "Remark",
    "Seen",
    "Signer",
    "Status",
    "Term",
    "Turn",
    "WorkPeriod",
    "refresh_copies",
    "signers",
]
