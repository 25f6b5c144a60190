"""The SMTP backend that the outbox delivers through."""

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend


class Connection(smtplib.SMTP):
    """Remembers what the server answered to the last message: it links our journal and the server's."""

    answer = ""

    def data(self, msg: Any) -> tuple[int, bytes]:
        code, text = super().data(msg)
        self.answer = f"{code} {text.decode(errors='replace')}"
        return code, text


class TlsConnection(Connection, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class DeliveryBackend(EmailBackend):
    """Django's SMTP backend, with the server's answer to the last message in ``answer``."""

    answer = ""

    @property
    def connection_class(self) -> type[Connection]:
        return TlsConnection if self.use_ssl else Connection

    def close(self) -> None:
        if isinstance(self.connection, Connection):
            self.answer = self.connection.answer
        super().close()
