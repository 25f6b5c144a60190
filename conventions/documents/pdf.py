"""HTML to PDF/UA, with the text that never changes laid out and painted once per process.

Two thirds of a printed agreement are its articles: the same words in every agreement of a kind. WeasyPrint
cannot keep what it has painted, so this module, and no other, reaches inside it: the boxes of a page, the
operators that paint them, the glyphs they use. Tests compare what it makes with a plain print.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pydyf
import weasyprint
from django.template import Engine
from weasyprint.formatting_structure.boxes import Box
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

VARIANT = "pdf/ua-1"
PARAGRAPHS = {"h2", "h3", "p"}


# The stylesheet of every document, and the one that the short ones add.
AGREEMENT = ("agreement.css",)
SHEET = (*AGREEMENT, "sheet.css")
MARK = (*AGREEMENT, "mark.css")


class Source(weasyprint.HTML):
    """A document with our stylesheets alone: matching all that browsers know costs a tenth of a print."""

    sheets: tuple[str, ...] = AGREEMENT

    def _ua_stylesheets(self, forms: bool = False) -> list[weasyprint.CSS]:
        return [_stylesheet(name) for name in self.sheets]


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=len({*SHEET, *MARK}))
def _stylesheet(name: str) -> weasyprint.CSS:
    source = Engine.get_default().get_template(f"conventions/pdf/{name}").source
    return weasyprint.CSS(string=source, font_config=_fonts())


def lay_out(html: str, sheets: tuple[str, ...] = AGREEMENT) -> weasyprint.Document:
    """Lay out pages. Nothing is fetched, neither from the network nor from the disk."""
    source = Source(string=html, url_fetcher=URLFetcher(allowed_protocols=["data"]))
    source.sheets = sheets
    return source.render(font_config=_fonts(), pdf_variant=VARIANT)


@dataclass(frozen=True)
class Block:
    """What a text that never changes is on one page: plain data, that any document can take."""

    lang: str
    height: float  # in CSS pixels
    content: bytes  # the compressed operators that paint it
    glyphs: dict[int, tuple[dict[int, int], dict[int, str]]]  # by font: their widths, the text they stand for
    states: dict[str, Any]
    bookmarks: list[Any]
    paragraphs: list[tuple[str, list[int]]]  # what screen readers follow: a tag, the numbers of its operators

    @property
    def place(self) -> str:
        """Return the HTML that keeps room for it, at the top of a page."""
        return f'<div class="place" style="height: {self.height}px"></div>'

    @property
    def marks(self) -> int:
        return sum(len(numbers) for _tag, numbers in self.paragraphs)


def keep(html: str, lang: str) -> list[Block]:
    """Lay out and paint a text that starts on a page of its own; return one block per page."""
    document = lay_out(f'<!doctype html><html lang="{lang}"><title>-</title>{html}')
    painted = document.copy([_Painted(page) for page in document.pages])
    painted.write_pdf(pdf_variant=VARIANT)
    return [page.block(lang) for page in painted.pages]


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
        self.marks = {box: mark["mcid"] for box, mark in stream._tags.items()}
        self.states = dict(stream._resources["ExtGState"])
        self.glyphs = {key: (dict(font.widths), dict(font.to_unicode)) for key, font in stream._fonts.items()}

    def block(self, lang: str) -> Block:
        body = _body(self)
        bottom = max(box.position_y + box.margin_height() for box in body.children)
        return Block(
            lang,
            bottom - body.position_y,
            self.content,
            self.glyphs,
            self.states,
            self.bookmarks,
            list(self.paragraphs(body)),
        )

    def paragraphs(self, body: Box) -> Iterator[tuple[str, list[int]]]:
        """Yield the headings and paragraphs in the order they are read, one cut by a column counting once."""
        numbers: dict[Any, list[int]] = {}
        for box in body.descendants():
            if box.element_tag in PARAGRAPHS:
                lines = (mark for mark in box.descendants() if mark in self.marks)
                numbers.setdefault(box.element, []).extend(self.marks.pop(line) for line in lines)
        assert not self.marks
        return ((element.tag.upper(), found) for element, found in numbers.items())


class _Filled(weasyprint.Page):
    """A page with a block in the place kept for it."""

    def __init__(self, page: weasyprint.Page, block: Block) -> None:
        super().__init__(page._page_box)
        self.block = block
        self.bookmarks: list[Any] = [*block.bookmarks, *self.bookmarks]

    def paint(self, stream: Any, scale: float = 1) -> None:
        stream._resources["ExtGState"].update(self.block.states)
        for key, (widths, to_unicode) in self.block.glyphs.items():
            # The first page, painted before, uses every font of the articles.
            stream._fonts[key].widths.update(widths)
            stream._fonts[key].to_unicode.update(to_unicode)
        # The page numbers its own operators after those of the block.
        taken = range(self.block.marks)
        stream._tags.update(dict.fromkeys(taken))
        super().paint(stream, scale)
        for number in taken:
            del stream._tags[number]


def write(html: str, blocks: list[Block]) -> bytes:
    """Print HTML whose places are, in order, those of ``blocks``; the same input gives the same bytes.

    Raises ValueError when a block finds no place, or a place no block.
    """
    document = lay_out(html)
    places = [
        number
        for number, page in enumerate(document.pages)
        for box in _body(page).children
        if box.element.get("class") == "place"
    ]
    for number, block in zip(places, blocks, strict=True):
        document.pages[number] = _Filled(document.pages[number], block)
    return bytes(document.write_pdf(pdf_variant=VARIANT, finisher=_add_blocks))


def write_sheet(html: str) -> bytes:
    """Print a short document; what is in an ``article`` is in English."""
    return bytes(lay_out(html, SHEET).write_pdf(pdf_variant=VARIANT, finisher=_say_english))


def write_mark(html: str) -> bytes:
    """Print a page that is laid over others: it has no structure of its own."""
    source = Source(string=html, url_fetcher=URLFetcher(allowed_protocols=["data"]))
    source.sheets = MARK
    return bytes(source.render(font_config=_fonts()).write_pdf())


def _say_english(_document: weasyprint.Document, pdf: pydyf.PDF) -> None:
    """Name the language of each English text in the structure: WeasyPrint does it of the whole document alone."""
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.get("S") == "/Art":
            item["Lang"] = pydyf.String("en")


def _add_blocks(document: weasyprint.Document, pdf: pydyf.PDF) -> None:
    """Put the operators of each block before those of its page, and its paragraphs in the structure."""
    root = next(
        item
        for item in pdf.objects
        if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/StructTreeRoot"
    )
    by_page = _object(pdf, root["ParentTree"])["Nums"]
    for index, (page, number) in enumerate(zip(document.pages, pdf.pages["Kids"][::3], strict=True)):
        if isinstance(page, _Filled):
            block, sheet = page.block, pdf.objects[number]
            content = pydyf.Stream([block.content], {"Filter": "/FlateDecode"})
            pdf.add_object(content)
            sheet["Contents"] = pydyf.Array([content.reference, sheet["Contents"]])
            marked = _add_paragraphs(pdf, sheet, block)
            by_page[2 * index + 1][:0] = [marked[mark] for mark in range(block.marks)]


def _object(pdf: pydyf.PDF, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _add_paragraphs(pdf: pydyf.PDF, sheet: Any, block: Block) -> dict[int, bytes]:
    """Add the paragraphs of a block under the empty element of its place; return who holds each operator."""
    place = next(
        item
        for item in pdf.objects
        if isinstance(item, pydyf.Dictionary)
        and item.get("S") == "/Div"
        and item["Pg"] == sheet.reference
        and not item["K"]
    )
    place["Lang"] = pydyf.String(block.lang)
    holders = {}
    for tag, numbers in block.paragraphs:
        element = pydyf.Dictionary(
            {
                "Type": "/StructElem",
                "S": f"/{tag}",
                "K": pydyf.Array(numbers),
                "Pg": sheet.reference,
                "P": place.reference,
            }
        )
        pdf.add_object(element)
        place["K"].append(element.reference)
        holders.update(dict.fromkeys(numbers, element.reference))
    return holders
