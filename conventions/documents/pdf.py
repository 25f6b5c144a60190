"""HTML to PDF/UA, with the text that never changes laid out and painted once per process.

Two thirds of a printed agreement are its articles: the same words in every agreement of a kind. WeasyPrint
cannot keep what it has laid out, so this module, and no other, reaches inside it: the boxes of a page, the
operators that paint them, the glyphs they use. Tests compare what it makes with a plain print.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pydyf
import weasyprint
from django.template.loader import get_template
from weasyprint.formatting_structure.boxes import Box
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

VARIANT = "pdf/ua-1"


class Source(weasyprint.HTML):
    """A document with one stylesheet, ours: matching all that browsers know costs a tenth of a print."""

    def _ua_stylesheets(self, forms: bool = False) -> list[weasyprint.CSS]:
        return [_stylesheet()]


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=1)
def _stylesheet() -> weasyprint.CSS:
    source = get_template("conventions/pdf/agreement.css").template.source  # type: ignore[attr-defined]
    return weasyprint.CSS(string=source, font_config=_fonts())


def lay_out(html: str) -> weasyprint.Document:
    """Lay out pages. Nothing is fetched, neither from the network nor from the disk."""
    source = Source(string=html, url_fetcher=URLFetcher(allowed_protocols=["data"]))
    return source.render(font_config=_fonts(), pdf_variant=VARIANT)


@dataclass(frozen=True)
class Block:
    """What a text that never changes is on one page."""

    lang: str
    boxes: list[Box]
    height: float  # in CSS pixels
    content: bytes  # the compressed operators that paint it
    tags: dict[Box, Any]  # which operators paint which box, for the structure that screen readers follow
    glyphs: dict[int, tuple[dict[int, int], dict[int, str]]]  # by font: their widths, the text they stand for
    states: dict[str, Any]

    @property
    def place(self) -> str:
        """Return the HTML that keeps room for it, at the top of a page."""
        return f'<div class="place" style="height: {self.height}px"></div>'


def keep(html: str, lang: str) -> list[Block]:
    """Lay out and paint a text that starts on a page of its own; return one block per page."""
    pages = [
        _Painted(page) for page in lay_out(f'<!doctype html><html lang="{lang}"><title>-</title>{html}').pages
    ]
    _document_of(pages).write_pdf(pdf_variant=VARIANT)
    return [page.block(lang) for page in pages]


def _document_of(pages: list[weasyprint.Page]) -> weasyprint.Document:
    return lay_out('<!doctype html><html lang="fr"><title>-</title>').copy(pages)


def _body(page: weasyprint.Page) -> Box:
    # Fixed boxes stand beside the body on every page but theirs.
    return next(box for box in page._page_box.children[0].children if box.element_tag == "body")


class _Painted(weasyprint.Page):
    """A page without its margin boxes, that remembers how it was painted."""

    def __init__(self, page: weasyprint.Page) -> None:
        page._page_box.children = page._page_box.children[:1]
        super().__init__(page._page_box)

    def paint(self, stream: Any, scale: float = 1) -> None:
        super().paint(stream, scale)
        operators = [b"q", *(pydyf._to_bytes(item) for item in stream.stream), b"Q"]
        self.content = zlib.compress(b"\n".join(operators))
        self.tags = dict(stream._tags)
        self.states = dict(stream._resources["ExtGState"])
        self.glyphs = {key: (dict(font.widths), dict(font.to_unicode)) for key, font in stream._fonts.items()}

    def block(self, lang: str) -> Block:
        body = _body(self)
        bottom = max(box.position_y + box.margin_height() for box in body.children)
        height = bottom - body.position_y
        return Block(lang, body.children, height, self.content, self.tags, self.glyphs, self.states)


class _Filled(weasyprint.Page):
    """A page with a block in the place kept for it: its tags and bookmarks are there, its operators come after."""

    def __init__(self, page: weasyprint.Page, place: Box, block: Block) -> None:
        self.place, self.block = place, block
        place.children = block.boxes
        super().__init__(page._page_box)

    def paint(self, stream: Any, scale: float = 1) -> None:
        stream._tags.update(self.block.tags)
        stream._resources["ExtGState"].update(self.block.states)
        for key, (widths, to_unicode) in self.block.glyphs.items():
            # The first page, painted before, uses every font of the articles.
            stream._fonts[key].widths.update(widths)
            stream._fonts[key].to_unicode.update(to_unicode)
        self.place.children = []
        super().paint(stream, scale)
        self.place.children = self.block.boxes


def write(html: str, blocks: list[Block]) -> bytes:
    """Print HTML whose places are, in order, those of ``blocks``; the same input gives the same bytes.

    Raises ValueError when a block finds no place, or a place no block.
    """
    document = lay_out(html)
    places = [
        (number, box)
        for number, page in enumerate(document.pages)
        for box in _body(page).children
        if box.element.get("class") == "place"
    ]
    for (number, place), block in zip(places, blocks, strict=True):
        document.pages[number] = _Filled(document.pages[number], place, block)
    return bytes(document.write_pdf(pdf_variant=VARIANT, finisher=_add_blocks))


def _add_blocks(document: weasyprint.Document, pdf: pydyf.PDF) -> None:
    """Put the operators of the blocks before those of their pages, and say in which language they speak."""
    for page, number in zip(document.pages, pdf.pages["Kids"][::3], strict=True):
        if isinstance(page, _Filled):
            content = pydyf.Stream([page.block.content], {"Filter": "/FlateDecode"})
            pdf.add_object(content)
            sheet = pdf.objects[number]
            sheet["Contents"] = pydyf.Array([content.reference, sheet["Contents"]])
            if page.block.lang != document.metadata.lang:
                for element in pdf.objects:
                    if (
                        isinstance(element, dict)
                        and element.get("S") == "/Div"
                        and element["Pg"] == sheet.reference
                    ):
                        element["Lang"] = pydyf.String(page.block.lang)
