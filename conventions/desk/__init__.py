"""The lists of agreements that people work from."""
