"""What Celery discovers in this app."""

from conventions.documents import check_documents, make_document, sweep_documents
from conventions.follow_up.reminders import remind_certificates
from conventions.retention.purging import purge_agreements, report_retention
from conventions.workflow.avenants import apply_due_avenants

__all__ = [
    "apply_due_avenants",
    "check_documents",
    "make_document",
    "purge_agreements",
    "remind_certificates",
    "report_retention",
    "sweep_documents",
]
