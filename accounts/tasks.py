"""What Celery discovers in this app."""

from accounts.mail.outbox import send_message, sweep_messages
from accounts.once import forget_creations
from accounts.sign_in.session import clear_sessions

__all__ = ["clear_sessions", "forget_creations", "send_message", "sweep_messages"]
