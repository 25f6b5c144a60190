"""What the report of an error may say, and how often: it is e-mailed to the administrators, and kept with every mail."""

import logging
import re
import traceback
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.log import AdminEmailHandler
from django.views.debug import SafeExceptionReporterFilter

MOST_REPORTS = 3
REPORTS_SECONDS = 3600


class ReportFilter(SafeExceptionReporterFilter):
    """Hides the addresses of servers, which carry their passwords, and what people typed."""

    hidden_settings = re.compile(
        rf"{SafeExceptionReporterFilter.hidden_settings.pattern}|_URL$|LOCATION", re.IGNORECASE
    )

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(request.POST, self.cleansed_substitute) if request else {}


# What opens an account, in an address: the link of a forgotten password, the answer of the single sign-on.
PERSONAL = re.compile(r"(/oubli/)[^/\s?'\"]+|\b(code|state)(\W{1,5})[^&\s'\"]+")


class ReportHandler(AdminEmailHandler):
    """Sends the report of an error, without what would open somebody's account."""

    def send_mail(self, subject: Any, message: Any, *args: Any, **kwargs: Any) -> None:
        super().send_mail(without_keys(str(subject)), without_keys(str(message)), *args, **kwargs)


def without_keys(text: str) -> str:
    """Return a report in which the keys of addresses read « *** »."""
    return PERSONAL.sub(lambda found: f"{found[1] or found[2] + found[3]}***", text)


class FewOfEach(logging.Filter):
    """Reports the same error a few times an hour: whoever can cause it must not be able to fill a mailbox."""

    def filter(self, record: logging.LogRecord) -> bool:
        what, _error, trace = record.exc_info or (None, None, None)
        frame = traceback.extract_tb(trace, limit=-1)
        place = f"{frame[0].filename}:{frame[0].lineno}" if frame else f"{record.pathname}:{record.lineno}"
        slots = [f"report:{what and what.__name__}:{place}:{slot}" for slot in range(MOST_REPORTS)]
        return any(cache.add(slot, 1, REPORTS_SECONDS) for slot in slots)
