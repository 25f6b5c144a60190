"""What a test reads of a document."""

import io

from pypdf import PdfReader

from conventions import documents
from conventions.models import Convention


def loaded(convention):
    return Convention.objects.for_detail().get(pk=convention.pk)


def words(text):
    """Return a text as its words: a PDF breaks lines where it likes."""
    return " ".join(text.replace("\u00ad", "").split())


def read(pdf):
    return PdfReader(io.BytesIO(pdf))


def text_of(pdf):
    return words(" ".join(page.extract_text() for page in read(pdf).pages))


def stored(document):
    with document.file.open() as file:
        return file.read()


def printed(convention, *, draft=False):
    return text_of(documents.render_pdf(documents.printable(convention), draft=draft))


def articles(convention):
    return words(documents.render_html(documents.printable(convention), draft=False))


def structure(pdf):
    """Yield the elements of the structure in the order they are read."""

    def walk(element):
        element = element.get_object()
        if isinstance(element, list):
            for child in element:
                yield from walk(child)
        elif isinstance(element, dict):
            if "/S" in element:
                yield element
            yield from walk(element["/K"]) if "/K" in element else ()

    return walk(pdf.trailer["/Root"]["/StructTreeRoot"]["/K"])


def cover(one, other):
    apart = abs(one.position_y + one.baseline - other.position_y - other.baseline)
    overlap = min(one.position_x + one.width, other.position_x + other.width) - max(
        one.position_x, other.position_x
    )
    return overlap > 1 and apart < 4  # CSS pixels: less than half a small line
