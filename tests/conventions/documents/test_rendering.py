"""Nothing typed can break the PDF, nothing is fetched while it is made, the same data give the same bytes."""

import http.server
import itertools
import json
import threading

import pytest
from weasyprint.formatting_structure.boxes import TextBox

from conventions import documents
from conventions.documents import pdf as pdf_module
from conventions.documents import printing
from tests.conventions import specimen
from tests.conventions.documents.reading import cover, printed, read, text_of

HOSTILE = {
    "markup": "<script>alert(1)</script> <img src='http://192.0.2.1/x'> </p></div> {{ x }} {% now 'Y' %} &lt;b&gt;",
    "long word": "anticonstitutionnellement" * 120,
    "right to left": "تدريب في مختبر علم الأحياء الدقيقة\nמעבדה למיקרוביולוגיה",
    "emoji": "Bravo 🎉👩🏽‍🔬 et merci 🙏",
    "controls": "une\ttabulation\x0b et un retour\r\nà la ligne \u202e inversé \u2066 isolé",
    "asian": "東京の研究所でインターンシップ",
    "styles": "</style><style>*{display:none}</style> --> ]]> /* \\",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_any_text_is_printed_as_it_was_typed(text):
    convention = specimen.specimen(missions=text, benefits=text, leave_terms=text, subject=text[:500])
    convention.organisation.name = text[:200]
    convention.student.user.last_name = text[:100]
    pdf = documents.render_pdf(documents.printable(convention), draft=False)
    result = text_of(pdf)
    assert "Article 13" in result
    if text.isascii() and " " in text:
        assert text in result
    assert_nothing_overflows(convention)


def test_a_word_longer_than_a_page_is_cut_and_complete():
    word = "anticonstitutionnellement"
    result = printed(specimen.specimen(missions=word * 120)).replace(" ", "")
    assert result.count(word) >= 119  # one may be on two pages


def test_invisible_characters_are_left_out():
    """They would make the text of the whole document unreadable for a screen reader, or lie to the eye."""
    context = documents.agreement(specimen.specimen(missions="un\x0b\u202e deux\r\ntrois\u2066"))
    assert context["stage"]["missions"] == "un deux\ntrois"


def test_thirty_thousand_characters_are_all_printed():
    sentence = "Le stagiaire mesure, note et compare. "
    text = (sentence * 1000)[:29_990] + " la fin."
    convention = specimen.specimen(missions=text, skills=text, details=text)
    result = printed(convention)
    assert result.count("la fin.") == 3
    assert result.count("mesure, note et compare") >= 3 * (29_990 // len(sentence)) - 3 * 30


def test_thirty_thousand_line_breaks_stay_a_document():
    text = "a\n" * 15_000
    pages = read(
        documents.render_pdf(documents.printable(specimen.specimen(missions=text)), draft=False)
    ).pages
    assert 4 < len(pages) < 400


def assert_nothing_overflows(convention):
    """Every line stays between the margins, and no two lines cover one another."""
    context = documents.printable(convention)
    for page in pdf_module.lay_out(documents.render_html(context, draft=False)).pages:
        box = page._page_box
        right = box.content_box_x() + box.width
        lines = [child for child in box.descendants() if isinstance(child, TextBox) and child.text.strip()]
        for line in lines:
            assert line.position_x + line.width <= right + 1, line.text
        for one, other in itertools.combinations(lines, 2):
            assert not cover(one, other), (one.text, other.text)


def test_nothing_is_fetched_while_rendering(tmp_path):
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        typed = f"<img src='{address}/typed.png'><link rel=attachment href='file://{secret}'>"
        documents.render_pdf(documents.printable(specimen.specimen(missions=typed)), draft=False)
        # Even if our own template asked for it.
        pdf_module.lay_out(
            f"<link rel=stylesheet href='{address}/a.css'><img alt='' src='{address}/a.png'>"
            f"<img alt='' src='file://{secret}'><p style='background: url({address}/b.png)'>x"
        ).write_pdf()
        server.shutdown()
        thread.join()
    assert asked == []


def test_the_same_agreement_gives_the_same_bytes(usual):
    printing._keep.cache_clear()
    context = documents.printable(specimen.specimen())
    cold = documents.render_pdf(context, draft=False)
    documents.render_pdf(documents.printable(specimen.abroad()), draft=False)
    warm = documents.render_pdf(json.loads(json.dumps(context)), draft=False)
    assert cold == warm == usual


def test_a_text_without_its_place_is_refused():
    block = pdf_module.keep("<p>Toujours le même texte.</p>", "fr")
    with pytest.raises(ValueError, match="longer"):
        pdf_module.write('<!doctype html><html lang="fr"><title>-</title><p>Sans place', block)


def test_threads_can_print_at_once(usual):
    results = []

    def work():
        results.append(documents.render_pdf(documents.printable(specimen.specimen()), draft=False))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [usual] * 4
