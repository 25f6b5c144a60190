"""Pages as a test opens and reads them."""

import re
from html.parser import HTMLParser

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


class Forms(HTMLParser):
    """What a browser posts of each form of a page that is left as it is."""

    def __init__(self, html):
        super().__init__()
        self.all, self.select, self.area, self.is_template = [], "", "", False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attrs = dict(attributes)
        if tag == "form":
            self.all.append({})
        elif tag == "template":
            self.is_template = True
        elif self.all and not self.is_template and "disabled" not in attrs:
            self.read(tag, attrs)

    def read(self, tag, attrs):
        name, kind, value = attrs.get("name", ""), attrs.get("type", "text"), attrs.get("value") or ""
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select and (self.select not in self.all[-1] or "selected" in attrs):
            self.all[-1][self.select] = [value]  # the first, when none is chosen
        elif tag == "textarea":
            self.area = name
            self.all[-1][name] = [""]
        elif tag == "input" and kind in {"checkbox", "radio"}:
            if "checked" in attrs:
                self.all[-1].setdefault(name, []).append(attrs.get("value", "on"))
        elif tag == "input" and name and kind not in {"submit", "button", "file"}:
            self.all[-1].setdefault(name, []).append(value)

    def handle_endtag(self, tag):
        self.area = "" if tag == "textarea" else self.area
        self.select = "" if tag == "select" else self.select
        self.is_template = self.is_template and tag != "template"

    def handle_data(self, data):
        if self.area:
            self.all[-1][self.area][0] += data


def fields_in(html):
    """Return what a browser would post of the longest form of a page, by name: a text, or several."""
    longest = max(Forms(html).all, key=len)
    return {
        name: values[0].removeprefix("\n") if len(values) == 1 else values for name, values in longest.items()
    }
