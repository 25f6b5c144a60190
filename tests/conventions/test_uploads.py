"""What people send: refused with what to do, or written again without what could harm."""

import io
import re
import subprocess
import zlib
from threading import Lock

import pikepdf
import pytest
from django.core.files.base import ContentFile
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

from accounts.refusals import Refused
from conventions.attachments import uploads
from tests import files
from tests.files import JAVASCRIPT

HTML = b"<!doctype html><script>alert(document.cookie)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def clean(content, name="attestation.pdf"):
    return uploads.clean(ContentFile(content, name))


def several_ways_of_javascript():
    yield "when opened", files.pdf(OpenAction=JAVASCRIPT)
    yield "after a plain GoTo", files.pdf(OpenAction=Dictionary(S=Name.GoTo, D=Array([]), Next=JAVASCRIPT))
    yield (
        "in an array of what follows",
        files.pdf(
            OpenAction=Dictionary(S=Name.GoTo, D=Array([]), Next=Array([Dictionary(S=Name.URI), JAVASCRIPT]))
        ),
    )
    yield "when closed", files.pdf(AA=Dictionary(WC=JAVASCRIPT))
    yield "by name", files.pdf(Names=Dictionary(JavaScript=Dictionary(Names=Array(["go", JAVASCRIPT]))))
    yield "in a link", files.with_annotation(Subtype=Name.Link, A=JAVASCRIPT)
    yield "in a field", files.with_annotation(Subtype=Name.Widget, FT=Name.Tx, AA=Dictionary(K=JAVASCRIPT))
    yield (
        "in an outline",
        files.pdf(Outlines=Dictionary(First=Dictionary(Title=String("x"), A=JAVASCRIPT), Count=1)),
    )
    # The name is written with an escape, as no honest program does; each object stays where it was.
    written = files.pdf(OpenAction=JAVASCRIPT).replace(b"100", b"1")
    yield "under another spelling", written.replace(b"/JavaScript", b"/J#61vaScript")
    packed = files.blank()
    packed.Root.OpenAction = packed.make_indirect(Dictionary(S=Name.JavaScript, JS="app.alert(1)"))
    yield "in a packed object", files.saved(packed, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    # A later revision of the file no longer refers to it: a reader may still find it.
    lost = files.pdf(Lost=Dictionary(Hidden=JAVASCRIPT))
    yield "referred to by nothing a page needs", lost


ACTIVE = {
    **{f"JavaScript {way}": content for way, content in several_ways_of_javascript()},
    "a program to launch": files.pdf(OpenAction=Dictionary(S=Name.Launch, F="calc.exe")),
    "a form sent elsewhere": files.with_annotation(
        Subtype=Name.Widget, A=Dictionary(S=Name.SubmitForm, F="https://mal.example")
    ),
    "another file opened": files.pdf(OpenAction=Dictionary(S=Name.GoToR, F="//mal.example/x.pdf")),
    "an address opened by itself": files.pdf(OpenAction=Dictionary(S=Name.URI, URI="https://mal.example")),
    **{
        f"a link to {address}": files.with_annotation(
            Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String(address))
        )
        for address in ("javascript:alert(1)", "Java\nScript:x", "file:///C:/calc.exe", "\\\\mal.example\\x")
    },
    "an embedded file": files.with_file(),
    "a file pinned on a page": files.with_annotation(Subtype=Name.FileAttachment, FS=Dictionary(F="x")),
    "rich media": files.with_annotation(Subtype=Name.RichMedia, RichMediaContent=Dictionary()),
    "a screen": files.with_annotation(Subtype=Name.Screen),
    "an XFA form": files.pdf(AcroForm=Dictionary(Fields=Array([]), XFA=String("<xdp/>"))),
    "a portfolio": files.pdf(Collection=Dictionary()),
    "content kept in another file": files.with_content(b"", F=String("//mal.example/x")),
}
ENCRYPTED = {
    "with a password": files.saved(files.blank(), encryption=pikepdf.Encryption(owner="a", user="b")),
    "with an old password": files.saved(
        files.blank(), encryption=pikepdf.Encryption(owner="a", user="b", R=3, aes=False, metadata=False)
    ),
    "by a certificate": files.pdf().replace(
        b"trailer <<", b"trailer << /Encrypt << /Filter /Adobe.PubSec /V 4 >>"
    ),
}
NOT_TAKEN = {
    "HTML named .pdf": HTML,
    "a PDF too far in": HTML + bytes(1024) + files.pdf(),
    "a PDF in an archive": b"PK\x03\x04" + files.pdf(),
    "a PDF in a program": b"MZ" + files.pdf(),
    "SVG": SVG,
    "SVG after a prologue": b'<?xml version="1.0"?>' + SVG,
    "a zip": files.packed("bombe.txt", 50_000_000),
    "a docx": files.packed(),
    "a GIF": files.photo("GIF"),
    "text": "Attestation d’assurance".encode(),
    "a program": b"MZ\x90\x00" + bytes(100),
}
DAMAGED = {
    "half a PDF": files.pdf()[:300],
    "a PDF without its end": files.pdf()[:-40],
    "a PDF in name": b"%PDF-1.7\n",
    "a PDF that is HTML": b"%PDF-1.7\n" + HTML,
    "a PDF without a page": files.saved(files.blank(0)),
    "half a photograph": files.photo()[:200],
    "half a PNG": files.photo("PNG", (500, 500))[:-30],
    "a JPEG in name": b"\xff\xd8\xff" + HTML,
}


def refusals():
    for name, content in ACTIVE.items():
        yield pytest.param(content, "contient un programme", id=name)
    for name, content in ENCRYPTED.items():
        yield pytest.param(content, "est protégé", id=f"protected {name}")
    for name, content in NOT_TAKEN.items():
        yield pytest.param(content, "n’est ni un PDF, ni une image", id=name)
    for name, content in DAMAGED.items():
        yield pytest.param(content, "est incomplet ou abîmé", id=name)
    yield pytest.param(b"", "est vide", id="empty")
    yield pytest.param(b"%PDF-1.7\n" + bytes(11_000_000), "dépasse 10 Mo", id="11 MB")
    yield pytest.param(files.photo("PNG", (10_000, 10_000), "1", 0), "est trop grande", id="10,000 pixels")
    yield pytest.param(files.saved(files.blank(51)), "plus de 50 pages", id="51 pages")
    yield pytest.param(files.bomb(), "trop lourd à lire", id="a bomb in a PDF")
    yield pytest.param(files.bomb(Name.DCTDecode), "trop lourd à lire", id="a bomb around a picture")
    yield pytest.param(files.packed_objects(200_000_000), "incomplet ou abîmé", id="a bomb of objects")
    yield pytest.param(b"\0\0\0\x18ftypheic" + bytes(40), "ne savons pas lire", id="HEIC in name")
    yield pytest.param(b"II*\0\x08\0\0\0" + bytes(40), "ne savons pas lire", id="TIFF in name")
    yield pytest.param(
        files.with_content(b"x", Subtype=Name.Image, Width=10_000, Height=10_000),
        "est trop grande",
        id="10,000 pixels in a PDF",
    )


@pytest.mark.parametrize(("content", "words"), list(refusals()))
@pytest.mark.parametrize("name", ["attestation.pdf", "photo.jpg"])
def test_what_is_refused_says_what_to_do(content, words, name):
    """Whatever its name says."""
    with pytest.raises(Refused) as refusal:
        clean(content, name)
    said = str(refusal.value).replace("\N{NO-BREAK SPACE}", " ")
    assert words in said
    assert re.search(r" : \w", said), "what to do"


def test_the_files_that_are_refused_would_pass_without_what_is_wrong_with_them():
    """Else the table above would prove nothing."""
    for content in (
        files.pdf(),
        files.pdf(OpenAction=Dictionary(S=Name.GoTo, D=Array([]))),
        files.pdf(OpenAction=Array([])),
        files.with_annotation(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI="https://assureur.example")),
        files.with_annotation(Subtype=Name.Widget, FT=Name.Tx),
        *(
            files.with_annotation(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String(address)))
            for address in (
                "https://maif.fr",
                "mailto:a@maif.fr",
                "tel:+33",
                "www.maif.fr",
                "maif.fr/a?b=c:d",
            )
        ),
        files.with_content(b"x"),
        files.with_content(zlib.compress(files.photo()), Filter=Array([Name.FlateDecode, Name.DCTDecode])),
        files.with_content(files.photo(), Filter=Name.DCTDecode),
        files.saved(files.blank(50)),
        files.packed_objects(1_000),
        files.photo("PNG", (7_000, 8_000), "1", 0),
    ):
        assert clean(content).content


class TestPdf:
    def test_what_is_stored_is_a_pdf_with_the_same_pages(self):
        sent = clean(files.saved(files.blank(3)), "photo.jpg")
        assert (sent.content_type, sent.extension) == ("application/pdf", ".pdf")
        assert sent.content.startswith(b"%PDF-")
        assert len(pikepdf.open(io.BytesIO(sent.content)).pages) == 3

    @pytest.mark.parametrize(
        "addition", [HTML, files.packed(), b"\n%" + HTML], ids=["HTML", "zip", "comment"]
    )
    def test_what_follows_its_end_or_hides_in_it_is_left_out(self, addition):
        """A file that is a PDF for us and something else for another program."""
        hidden = files.pdf().replace(b"startxref", b"%" + HTML + b"\nstartxref")
        for polyglot in (files.pdf() + addition, hidden):
            stored = clean(polyglot).content
            assert HTML not in stored
            assert b"PK\x03\x04" not in stored
            assert stored.rstrip().endswith(b"%%EOF")

    def test_what_no_page_refers_to_is_left_out(self):
        made = files.blank()
        made.Root.Names = Dictionary(Dests=Dictionary(Names=Array([String("secret-name"), Array([])])))
        made.Root.Perso = made.make_indirect(Dictionary(Note=String("secret-note")))
        made.docinfo.Author = String("secret-author")
        with made.open_metadata() as metadata:
            metadata["dc:creator"] = ["secret-metadata"]
        made.trailer.Extra = Dictionary(Note=String("secret-trailer"))
        before = files.saved(
            made, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable
        )
        assert before.count(b"secret-") >= 4
        stored = pikepdf.open(io.BytesIO(clean(before).content))
        after = files.saved(stored, qdf=True)
        assert b"secret" not in after

    def test_what_is_stored_is_taken_again(self):
        once = clean(files.saved(files.blank(2))).content
        assert clean(once).content_type == "application/pdf"


class TestImage:
    @pytest.mark.parametrize(
        ("kind", "content_type", "extension"),
        [
            ("JPEG", "image/jpeg", ".jpg"),
            ("PNG", "image/png", ".png"),
            ("WEBP", "image/jpeg", ".jpg"),
            ("MPO", "image/jpeg", ".jpg"),
        ],
    )
    def test_each_kind_taken(self, kind, content_type, extension):
        sent = clean(files.photo(kind), "x.exe")
        image = Image.open(io.BytesIO(sent.content))
        assert (sent.content_type, sent.extension, image.size) == (content_type, extension, (40, 30))
        assert Image.MIME[image.format] == content_type

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_where_and_by_whom_it_was_taken_is_left_out(self, kind):
        exif = Image.Exif()
        exif[0x010F] = "secret-maker"
        exif.get_ifd(0x8825)[1] = "N"
        options = {"exif": exif}
        sent = files.photo(kind, **options)
        assert b"secret-maker" in sent
        stored = clean(sent).content
        assert b"secret" not in stored
        assert not Image.open(io.BytesIO(stored)).getexif()

    def test_it_is_turned_upright(self):
        exif = Image.Exif()
        exif[0x0112] = 6
        assert Image.open(io.BytesIO(clean(files.photo(exif=exif)).content)).size == (30, 40)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    def test_what_follows_it_is_left_out(self, kind):
        stored = clean(files.photo(kind) + HTML + files.packed()).content
        assert b"script" not in stored
        assert b"PK\x03\x04" not in stored

    def test_comments_are_left_out(self):
        sent = files.photo(comment=HTML)
        assert HTML in sent
        assert HTML not in clean(sent).content

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_only_its_first_picture_stays(self, kind):
        frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
        output = io.BytesIO()
        frames[0].save(output, kind, save_all=True, append_images=frames[1:])
        image = Image.open(io.BytesIO(clean(output.getvalue()).content))
        assert getattr(image, "n_frames", 1) == 1
        red, _green, blue = image.convert("RGB").getpixel((5, 5))
        assert red > 200 > 50 > blue

    def test_what_is_transparent_becomes_white(self):
        stored = clean(files.photo("PNG", mode="RGBA", colour=(0, 0, 0, 0))).content
        assert Image.open(io.BytesIO(stored)).convert("RGB").getpixel((5, 5)) == (255, 255, 255)

    def test_a_large_photograph_is_made_smaller(self):
        assert Image.open(io.BytesIO(clean(files.photo(size=(6000, 3000))).content)).size == (4000, 2000)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("attestation.pdf", "attestation.pdf"),
        ("Attestation d’assurance 2026.pdf", "Attestation d’assurance 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ines\\photo.jpg", "photo.jpg"),
        ("a\r\nSet-Cookie: b.pdf", "aSet-Cookie: b.pdf"),
        ("nul\0.pdf", "nul.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066\u200b.pdf", "pdf"),
        ("\u202e", "fichier"),
        ("", "fichier"),
        ("é" * 300 + ".pdf", "é" * 91 + "…" + "éééé.pdf"),
    ],
)
def test_a_name_is_shown_without_what_deceives(name, shown):
    assert uploads.harmless_name(name) == shown
    assert len(shown) <= uploads.LONGEST_NAME


@pytest.mark.parametrize("returncode", [-9, -11, -24])
def test_a_reader_that_breaks_refuses_the_file(monkeypatch, returncode):
    done = subprocess.CompletedProcess([], returncode, b"", b"")
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: done)
    with pytest.raises(Refused, match="trop lourd"):
        clean(files.pdf())


def test_a_reader_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(uploads, "MOST_SECONDS", 0.001)
    with pytest.raises(Refused, match="trop lourd"):
        clean(files.pdf())


def test_files_wait_for_one_another_and_not_for_ever(monkeypatch):
    monkeypatch.setattr(uploads, "READER", Lock())
    monkeypatch.setattr(uploads, "MOST_WAIT", 0.1)
    with uploads.READER, pytest.raises(Refused, match="en même temps"):
        clean(files.pdf())


def test_a_file_refused_lets_the_next_one_in(monkeypatch):
    monkeypatch.setattr(uploads, "READER", Lock())
    for _time in range(2):
        with pytest.raises(Refused, match="abîmé"):
            clean(b"%PDF-1.7")
    assert clean(files.pdf()).content_type == "application/pdf"


def test_a_reader_that_is_not_installed_is_our_fault(monkeypatch, tmp_path):
    broken = tmp_path / "intake.py"
    broken.write_text("import nothing_like_it")
    monkeypatch.setattr(uploads, "INTAKE", broken)
    with pytest.raises(subprocess.CalledProcessError):
        clean(files.pdf())


def test_the_reader_knows_no_secret(monkeypatch, tmp_path):
    spy = tmp_path / "intake.py"
    spy.write_text("import os, sys\nsys.stdout.write('application/pdf\\n' + ' '.join(os.environ))")
    monkeypatch.setattr(uploads, "INTAKE", spy)
    monkeypatch.setenv("SECRET_KEY", "x")
    assert b"SECRET_KEY" not in clean(files.pdf()).content
