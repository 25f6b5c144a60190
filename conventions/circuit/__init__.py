"""Who approves and signs, in which order."""
