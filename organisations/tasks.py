"""What Celery discovers in this app."""

from organisations.records.journal import forget_imports
from organisations.register.refreshing import compare_hosts, examine_host, refresh_hosts
from organisations.retention import anonymise_contacts

__all__ = ["anonymise_contacts", "compare_hosts", "examine_host", "forget_imports", "refresh_hosts"]
