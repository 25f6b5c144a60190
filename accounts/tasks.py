"""What Celery discovers in this app."""

from accounts.mail.outbox import send_message, sweep_messages

__all__ = ["send_message", "sweep_messages"]
