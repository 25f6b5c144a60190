"""The PDF for everyone: tags, language, title, fonts, and the order in which it is read."""

import pytest

from conventions import documents
from conventions.documents import pdf as pdf_module
from tests.conventions import specimen
from tests.conventions.documents.reading import read, structure, words


def test_the_pdf_is_tagged_for_screen_readers(usual):
    pdf = read(usual)
    catalog = pdf.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "fr"
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title == "Convention de stage 2026-000123 – Anaïs Le Guennec"
    assert b"pdfuaid:part" in catalog["/Metadata"].get_data()
    assert [item.title for item in pdf.outline if not isinstance(item, list)] == ["Convention de stage"]
    kinds = {element["/S"] for element in structure(pdf)}
    assert {"/Document", "/H1", "/H2", "/H3", "/P"} <= kinds


def test_every_font_is_embedded(usual):
    fonts = [font.get_object() for page in read(usual).pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert "/FontFile2" in descriptor or "/FontFile3" in descriptor


def test_the_english_part_says_its_language():
    pdf = read(documents.render_pdf(documents.printable(specimen.abroad()), draft=False))
    english = {item.raw_get("/Pg").idnum for item in structure(pdf) if item.get("/Lang") == "en"}
    assert english == {page.indirect_reference.idnum for page in pdf.pages[-2:]}


# The articles are painted once


@pytest.mark.parametrize("draft", [False, True])
@pytest.mark.parametrize("convention", [specimen.specimen, specimen.abroad, specimen.public, specimen.short])
def test_articles_painted_once_print_as_if_painted_each_time(convention, draft):
    """Same words on the same pages, same headings in the same order, same bookmarks."""
    context = documents.printable(convention())
    kept = read(documents.render_pdf(context, draft=draft))
    plain = read(
        pdf_module.lay_out(documents.render_html(context, draft=draft)).write_pdf(pdf_variant="pdf/ua-1")
    )
    for page, expected in zip(kept.pages, plain.pages, strict=True):
        assert sorted(words(page.extract_text()).split()) == sorted(words(expected.extract_text()).split())
    assert headings(kept) == headings(plain)
    assert [item.title for item in flat(kept.outline)] == [item.title for item in flat(plain.outline)]


def headings(pdf):
    return [item["/S"] for item in structure(pdf) if item["/S"] in {"/H1", "/H2", "/H3"}]


@pytest.mark.parametrize("convention", [specimen.specimen, specimen.abroad])
def test_every_word_is_in_the_structure_once(convention):
    """What a screen reader follows: each marked piece of a page has one element, which names it back."""
    pdf = read(documents.render_pdf(documents.printable(convention()), draft=True))
    tree = pdf.trailer["/Root"]["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    named = {}
    for element in structure(pdf):
        kids = element["/K"] if isinstance(element["/K"], list) else [element["/K"]]
        for kid in kids:
            if isinstance(kid, int):
                key = element.raw_get("/Pg").idnum, int(kid)
                assert key not in named
                named[key] = element.indirect_reference.idnum
    for number, page in enumerate(pdf.pages):
        marked = [
            operands[1]["/MCID"]
            for operands, operator in page.get_contents().operations
            if operator == b"BDC" and "/MCID" in operands[1]
        ]
        holders = tree[2 * number + 1]
        assert sorted(marked) == list(range(len(holders)))
        for mark, holder in enumerate(holders):
            # Margin boxes are marked too, and are no part of what is read.
            assert named.get((page.indirect_reference.idnum, mark), holder.idnum) == holder.idnum


def flat(outline):
    for item in outline:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item
