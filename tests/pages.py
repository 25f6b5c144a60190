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
        self.all, self.form, self.select, self.area, self.is_template = {}, {}, "", None, False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attrs = dict(attributes)
        if tag == "form":
            self.form = self.all.setdefault(attrs.get("id", f"form-{len(self.all)}"), {})
        elif tag == "template":
            self.is_template = True
        elif not self.is_template and "disabled" not in attrs:
            fields = self.all.setdefault(attrs["form"], {}) if "form" in attrs else self.form
            self.read(tag, attrs, fields)

    def read(self, tag, attrs, fields):
        name, kind, value = attrs.get("name", ""), attrs.get("type", "text"), attrs.get("value") or ""
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select and (self.select not in fields or "selected" in attrs):
            fields[self.select] = [value]  # the first, when none is chosen
        elif tag == "textarea":
            self.area = fields.setdefault(name, [""])
        elif tag == "input" and kind in {"checkbox", "radio"}:
            if "checked" in attrs:
                fields.setdefault(name, []).append(attrs.get("value", "on"))
        elif tag == "input" and name and kind not in {"submit", "button", "file"}:
            fields.setdefault(name, []).append(value)

    def handle_endtag(self, tag):
        self.area = None if tag == "textarea" else self.area
        self.select = "" if tag == "select" else self.select
        self.is_template = self.is_template and tag != "template"

    def handle_data(self, data):
        if self.area is not None:
            self.area[0] += data


def fields_in(html, form=""):
    """Return what a browser would post of a form of a page, its longest or that of an id, by name: a text, or several."""
    found = Forms(html).all
    fields = found[form] if form else max(found.values(), key=len)
    return {
        name: values[0].removeprefix("\n") if len(values) == 1 else values for name, values in fields.items()
    }
