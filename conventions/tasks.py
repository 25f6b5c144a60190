"""What Celery discovers in this app."""

from conventions.documents import make_document, sweep_documents

__all__ = ["make_document", "sweep_documents"]
