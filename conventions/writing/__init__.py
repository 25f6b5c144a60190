"""How an agreement and its avenants are written: their steps, drafts, changes and remarks."""
