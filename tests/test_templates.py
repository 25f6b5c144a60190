"""How a template is written: short lines, and partials that know only what they are given."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR, "templates")
# The articles of the printed documents, whose texts are the law's own.
PRINTED = TEMPLATES / "conventions" / "pdf"
LONGEST_LINE = 160
INCLUDE = re.compile(r"{%\s*include\b(?P<what>.*?)%}", re.DOTALL)
OWN_PART = re.compile(r"{%\s*partialdef\s+[\w-]+(?P<inline>\s+inline)?\s*%}")


def templates(kind="*"):
    found = sorted(path for path in TEMPLATES.rglob(kind) if path.is_file() and PRINTED not in path.parents)
    return [pytest.param(path, id=str(path.relative_to(TEMPLATES))) for path in found]


@pytest.mark.parametrize("path", templates("*.html"))
def test_no_line_is_longer_than_a_reviewer_reads(path):
    """Not the mails in plain text: there, a line is a paragraph, as its reader's window wraps it."""
    lines = enumerate(path.read_text().splitlines(), start=1)
    assert [number for number, line in lines if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("path", templates())
def test_a_partial_is_given_what_it_uses(path):
    """``only``: what a page happens to hold never reaches a partial that did not ask for it."""
    included = [match["what"] for match in INCLUDE.finditer(path.read_text())]
    assert [what for what in included if what.split()[-1] != "only"] == []


@pytest.mark.parametrize("path", templates())
def test_a_part_of_a_page_is_shown_where_it_is_written(path):
    """A ``partialdef`` is a page's own passage, that a view also answers alone: it is no partial for others."""
    text = path.read_text()
    assert all(match["inline"] for match in OWN_PART.finditer(text))
    assert not re.search(r"{%\s*partial\s|{%\s*include\s+[\"'][^\"']*#", text)
