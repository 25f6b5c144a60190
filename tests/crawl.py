"""Every page that somebody reaches by links, from the home page on, and what is wrong in it."""

import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from accounts.models import User

MOST_PAGES = 400
# The same for everybody: a stranger reads them all.
FOR_A_STRANGER = {"demo_mail"}
LABELLED = {"input", "select", "textarea"}
NEEDS_NO_LABEL = {"hidden", "submit", "button"}


class Page(HTMLParser):
    """What a page says of itself, and where it leads."""

    def __init__(self, html):
        super().__init__()
        self.links, self.ids, self.labels, self.inputs = [], [], set(), []
        self.faults, self.headings, self.lang, self.title = [], 0, "", ""
        self.is_title, self.label_depth = False, 0
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attrs = dict(attributes)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        self.refuse_inline(tag, attrs)
        self.follow(tag, attrs)
        match tag:
            case "html":
                self.lang = attrs.get("lang", "")
            case "h1":
                self.headings += 1
            case "title":
                self.is_title = True
            case "label":
                self.label_depth += 1
                self.labels.add(attrs.get("for"))
        if tag in LABELLED and attrs.get("type") not in NEEDS_NO_LABEL:
            named = self.label_depth or "aria-label" in attrs or "aria-labelledby" in attrs
            self.inputs.append(None if named else attrs.get("id", self.get_starttag_text()[:120]))

    def refuse_inline(self, tag, attrs):
        """Note each style and script that the page holds itself: its policy refuses them."""
        if attrs.get("style") or any(name.startswith("on") for name in attrs):
            self.faults.append(f"inline: {self.get_starttag_text()[:120]}")
        if tag == "style" or (tag == "script" and "src" not in attrs):
            self.faults.append(f"inline {tag}")

    def follow(self, tag, attrs):
        """Note where a link or a form that changes nothing leads."""
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        if tag == "form" and attrs.get("method", "get").lower() == "get" and attrs.get("action"):
            self.links.append(attrs["action"])

    def handle_endtag(self, tag):
        if tag == "title":
            self.is_title = False
        if tag == "label":
            self.label_depth -= 1

    def handle_data(self, data):
        if self.is_title:
            self.title += data

    def complaints(self, html):
        yield from self.faults
        if self.headings != 1:
            yield f"{self.headings} h1"
        if not self.title.strip() or self.title.strip().startswith("–"):
            yield f"title: {self.title!r}"
        if self.lang != "fr":
            yield f"lang: {self.lang!r}"
        yield from (f"id twice: {name}" for name, count in Counter(self.ids).items() if count > 1)
        yield from (f"no label: {name}" for name in self.inputs if name and name not in self.labels)
        yield from (f"template: {leftover}" for leftover in re.findall(r"\{\{|\{%|\{#", html))
        for link in self.links:
            if link.startswith("#") and len(link) > 1 and link[1:] not in self.ids:
                yield f"leads nowhere: {link}"


def crawl(client, but=()):
    """Return one address of each page reached, by its name and what it varies on, and what is wrong, as lines.

    ``but`` names the pages that are left to another crawl.
    """
    waiting, seen, visited, complaints = ["/"], set(), {}, []
    while waiting:
        address = waiting.pop(0)
        path = urlsplit(address)
        try:
            match = resolve(path.path)
        except Resolver404:
            complaints.append(f"{address}: no such page")
            continue
        # One page of each kind for one agreement, whatever its query; the list's own filters are many.
        key = (path.path, bool(path.query))
        if key in seen or match.view_name.startswith("admin:") or match.view_name in but:
            continue
        seen.add(key)
        answer = client.get(address, follow=True)
        answer.close()
        kind = match.kwargs.get("slug") or match.kwargs.get("action") or ""
        visited.setdefault((match.view_name, kind), address)
        if answer.status_code != 200:
            complaints.append(f"{address}: {answer.status_code}")
            continue
        if not answer["Content-Type"].startswith("text/html"):
            continue
        html = answer.content.decode()
        page = Page(html)
        complaints += [f"{address}: {complaint}" for complaint in page.complaints(html)]
        for link in page.links:
            target = urlsplit(urljoin(address, link))
            if not target.netloc and not target.scheme and not target.path.startswith("/static/"):
                waiting.append(target._replace(fragment="").geturl())
        assert len(seen) < MOST_PAGES
    return visited, complaints


@cache
def reached_by(email):
    """Crawl as somebody, once a run: every copy of the demo world is the same. No e-mail: a stranger."""
    client = Client()
    if not email:
        return crawl(client)
    client.force_login(User.objects.get(email=email))
    return crawl(client, but=FOR_A_STRANGER)
