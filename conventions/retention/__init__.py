"""How long agreements are kept, and what is left of them afterwards."""
