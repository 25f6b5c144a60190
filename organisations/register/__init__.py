"""The public registers of companies, and what they say of our hosts."""
