"""How an agreement, or an avenant, moves from one status to the next: both tables, and what carries them out."""

from conventions.workflow.agreements import ACTIONS, act, available
from conventions.workflow.engine import move

__all__ = ["ACTIONS", "act", "available", "move"]
