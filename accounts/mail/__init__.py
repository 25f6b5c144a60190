"""Mails: written in the transaction of their cause, sent after it."""
