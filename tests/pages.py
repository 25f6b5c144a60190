"""Pages as a test opens and reads them."""

import re

from django.test import Client


def browser(user, **options):
    """Return a client in which ``user`` is signed in."""
    client = Client(**options)
    client.force_login(user)
    return client


def text_of(answer):
    """Return the words of a page, tags and repeated spaces apart."""
    page = re.sub(r"<(script|style|svg).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&#x27;", "'").replace("&nbsp;", " ").split())
