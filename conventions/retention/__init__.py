"""How long agreements are kept, and what a purge leaves of them."""
