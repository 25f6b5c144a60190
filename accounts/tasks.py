"""What Celery discovers in this app."""

from accounts.mail.outbox import send_message, sweep_messages
from accounts.sign_in.session import clear_sessions

__all__ = ["clear_sessions", "send_message", "sweep_messages"]
