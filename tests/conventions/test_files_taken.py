"""What is stored is what was sent: a table of files, each compared pixel by pixel or byte by byte with what was sent.

Each is made here, as the programs that people have make it; what cannot be kept is in ``test_uploads``.
"""

import io
import re
import struct
import zlib

import pikepdf
import pillow_heif
import pytest
from django.core.files.base import ContentFile
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageOps, ImageStat
from pyhanko.pdf_utils import generic
from pyhanko.sign import fields

from accounts.refusals import Refused
from conventions.attachments import pdfs, uploads
from tests import files, signed

pillow_heif.register_heif_opener()
# What JPEG changes of a drawing, in shades: on average, then at most in the mean of a square of 8 pixels.
MEAN, SQUARE = 3, 10


def clean(content, name="photo.jpg"):
    return uploads.clean(ContentFile(content, name))


def scene(size=(240, 160)):
    """Colours, a gradient, text: what a photograph of a certificate is made of."""
    image = Image.merge(
        "RGB", [Image.linear_gradient("L").rotate(turn).resize(size) for turn in (0, 90, 180)]
    )
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 90, 70), fill="white")
    draw.text((26, 30), "ATTESTATION", fill="black")
    draw.ellipse((120, 60, 200, 140), fill="crimson")
    return image


def grey():
    return scene().convert("L")


def packed(image, kind, **options):
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def png(bits, colour, rows, size, *, chunks=b""):
    """A PNG written by hand: Pillow writes no colours of 16 bits."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def on_16_bits(image, colour):
    """The same picture, each shade written on two bytes."""
    data, row = image.tobytes(), image.width * len(image.getbands())
    rows = [
        b"".join(bytes([shade, shade]) for shade in data[start : start + row])
        for start in range(0, len(data), row)
    ]
    return png(16, colour, rows, image.size)


def tiff_of_16_bits(bits=16, *, is_inverted=False, order="<"):
    """A TIFF of shades on 16 bits, as scanners of films and X-rays make them."""
    image = grey()
    most = 2**bits - 1
    shades = [255 - shade if is_inverted else shade for shade in image.tobytes()]
    data = struct.pack(f"{order}{len(shades)}H", *(round(shade * most / 255) for shade in shades))
    tags = [
        (256, 4, image.width), (257, 4, image.height), (258, 3, 16), (259, 3, 1),
        (262, 3, 0 if is_inverted else 1), (273, 4, 8), (277, 3, 1), (278, 4, image.height), (279, 4, len(data)),
    ]  # fmt: skip
    written = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(data)) + data
    written += struct.pack(f"{order}H", len(tags))
    for tag, kind, value in tags:
        packed_value = struct.pack(f"{order}H2x" if kind == 3 else f"{order}I", value)
        written += struct.pack(f"{order}HHI", tag, kind, 1) + packed_value
    return written + struct.pack(f"{order}I", 0)


def decimal(first, last):
    return packed(grey().convert("F").point(lambda shade: shade * ((last - first) / 255) + first), "TIFF")


def on_white(image):
    seen = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")


def transparent():
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def palette(*, see_through=False):
    image = scene().quantize(64)
    if see_through:
        image.info["transparency"] = 3
    return image


def turned(content_kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return packed(scene(), content_kind, exif=exif)


def profiled():
    """Colours of a telephone or a press: written otherwise, seen alike."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    return packed(scene(), "PNG", icc_profile=lab.tobytes())


SAME = scene()
PICTURES = {
    # how it was made: the file, the picture that people saw, whether each pixel is kept
    "JPEG": (packed(SAME, "JPEG", quality=95), SAME, False),
    "progressive JPEG": (packed(SAME, "JPEG", quality=95, progressive=True), SAME, False),
    "JPEG in grey": (packed(grey(), "JPEG", quality=95), grey(), False),
    "JPEG of four inks": (packed(SAME.convert("CMYK"), "JPEG", quality=95), SAME, False),
    "JPEG turned right": (turned("JPEG", 6), SAME.rotate(-90, expand=True), False),
    "JPEG upside down": (turned("JPEG", 3), SAME.rotate(180), False),
    "JPEG in a mirror": (turned("JPEG", 2), SAME.transpose(Image.Transpose.FLIP_LEFT_RIGHT), False),
    "two pictures in a JPEG": (packed(SAME, "MPO", quality=95), SAME, False),
    "PNG": (packed(SAME, "PNG"), SAME, True),
    "PNG turned right": (turned("PNG", 6), SAME.rotate(-90, expand=True), True),
    "PNG in grey": (packed(grey(), "PNG"), grey(), True),
    "PNG of one bit": (packed(SAME.convert("1"), "PNG"), SAME.convert("1"), True),
    "PNG of 4 bits": (packed(SAME.quantize(16), "PNG", bits=4), SAME.quantize(16), True),
    "PNG with a palette": (packed(palette(), "PNG"), palette(), True),
    "PNG with a palette, see-through": (
        packed(palette(see_through=True), "PNG", transparency=3), on_white(palette(see_through=True)), True,
    ),
    "PNG see-through": (packed(transparent(), "PNG"), on_white(transparent()), True),
    "PNG in grey, see-through": (packed(transparent().convert("LA"), "PNG"), on_white(transparent().convert("LA")), True),
    "PNG with one colour see-through": (
        packed(SAME, "PNG", transparency=SAME.getpixel((25, 25))),
        on_white(SAME), True,
    ),
    "PNG of 16 bits in grey": (on_16_bits(grey(), 0), grey(), True),
    "PNG of 16 bits in colour": (on_16_bits(SAME, 2), SAME, True),
    "PNG of 16 bits in grey, see-through": (
        on_16_bits(transparent().convert("LA"), 4), on_white(transparent().convert("LA")), True,
    ),
    "PNG of 16 bits in colour, see-through": (on_16_bits(transparent(), 6), on_white(transparent()), True),
    "PNG with a profile": (profiled(), SAME, True),
    "WebP": (packed(SAME, "WEBP", quality=95), SAME, False),
    "WebP without loss": (packed(SAME, "WEBP", lossless=True), SAME, False),
    "WebP see-through": (packed(transparent(), "WEBP", lossless=True, exact=True), on_white(transparent()), False),
    "HEIC": (packed(SAME, "HEIF", quality=95), SAME, False),
    "HEIC see-through": (packed(transparent(), "HEIF", quality=100), on_white(transparent()), False),
    "HEIC in grey": (packed(grey(), "HEIF", quality=95), grey(), False),
    "AVIF": (packed(SAME, "AVIF", quality=95), SAME, False),
    "TIFF": (packed(SAME, "TIFF"), SAME, True),
    "TIFF packed by LZW": (packed(SAME, "TIFF", compression="tiff_lzw"), SAME, True),
    "TIFF packed by deflate": (packed(SAME, "TIFF", compression="tiff_adobe_deflate"), SAME, True),
    "TIFF that holds a JPEG": (packed(SAME, "TIFF", compression="jpeg", quality=95), SAME, False),
    "TIFF of a fax": (packed(SAME.convert("1"), "TIFF", compression="group4"), SAME.convert("1"), True),
    "TIFF of four inks": (packed(SAME.convert("CMYK"), "TIFF"), SAME, True),
    "TIFF with a palette": (packed(palette(), "TIFF"), palette(), True),
    "TIFF see-through": (packed(transparent(), "TIFF"), on_white(transparent()), True),
    "TIFF in grey, see-through": (packed(transparent().convert("LA"), "TIFF"), on_white(transparent().convert("LA")), True),
    "TIFF of 16 bits": (tiff_of_16_bits(), grey(), True),
    "TIFF of 16 bits, the other order": (tiff_of_16_bits(order=">"), grey(), True),
    "TIFF of 16 bits whose zero is white": (tiff_of_16_bits(is_inverted=True), grey(), True),
    "TIFF of 32 bits": (packed(grey().convert("I").point(lambda shade: shade * 257), "TIFF"), grey(), True),
    "TIFF of decimals up to 1": (decimal(0, 1), grey(), True),
    "TIFF of decimals up to 255": (decimal(0, 255), grey(), True),
    "TIFF of decimals up to 65,535": (decimal(0, 65_535), grey(), True),
    "TIFF of decimals around 0": (decimal(-40, 40), ImageOps.autocontrast(grey()), True),
}  # fmt: skip


def alike(stored, seen, *, exactly):
    """Compare two pictures pixel by pixel."""
    assert stored.size == seen.size
    one, other = stored.convert("RGB"), seen.convert("RGB")
    difference = ImageChops.difference(one, other)
    if exactly:  # one shade of 256 for what had more of them
        assert max(band[1] for band in difference.getextrema()) <= 1
        return
    assert max(ImageStat.Stat(difference).mean) <= MEAN
    squares = ImageChops.difference(one.reduce(8), other.reduce(8))
    assert max(band[1] for band in squares.getextrema()) <= SQUARE


@pytest.mark.parametrize("made", PICTURES)
def test_a_picture_comes_out_as_it_was_sent(made):
    content, seen, exactly = PICTURES[made]
    sent = clean(content)
    assert sent.content_type in {"image/png", "image/jpeg"}
    alike(Image.open(io.BytesIO(sent.content)), seen, exactly=exactly and sent.content_type == "image/png")
    if exactly:
        assert sent.content_type == "image/png", "nothing is lost of what came without loss"
    assert sent.signatures == []


class TestLarge:
    """Larger than what is stored: made smaller here, by nobody else."""

    def test_a_photograph_of_200_million_pixels(self):
        content = packed(scene((16_320, 12_240)), "JPEG", quality=30)
        stored = Image.open(io.BytesIO(clean(content).content))
        assert stored.size == (4000, 3000)
        alike(stored, scene((16_320, 12_240)).resize((4000, 3000)), exactly=False)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
    def test_a_picture_over_10_mb(self, settings, kind):
        noise = Image.effect_noise((3900, 2900), 90).convert("RGB")
        image = Image.blend(noise, scene((3900, 2900)), 0.7)
        content = packed(image, kind, **({"quality": 100, "subsampling": 0} if kind == "JPEG" else {}))
        assert settings.UPLOAD_MAX_SIZE < len(content) < settings.PICTURE_MAX_SIZE
        sent = clean(content)
        stored = Image.open(io.BytesIO(sent.content))
        assert len(sent.content) <= settings.UPLOAD_MAX_SIZE
        assert sent.content_type == "image/jpeg"
        alike(stored.resize((390, 290)), image.resize((390, 290)), exactly=False)

    def test_a_heic_of_48_million_pixels(self):
        image = scene((8064, 6048))
        stored = Image.open(io.BytesIO(clean(packed(image, "HEIF", quality=50)).content))
        assert stored.size == (4000, 3000)
        alike(stored, image.resize((4000, 3000)), exactly=False)

    def test_text_of_one_bit_stays_legible(self):
        """Made smaller by averages: every other line of a letter would be lost otherwise."""
        lines = Image.new("1", (8000, 6000), 1)
        draw = ImageDraw.Draw(lines)
        for row in range(0, 6000, 40):
            draw.line((0, row, 8000, row), fill=0, width=1)
        stored = Image.open(io.BytesIO(clean(packed(lines, "PNG")).content)).convert("L")
        shades = [stored.getpixel((2000, row)) for row in range(stored.height)]
        assert sum(shade < 200 for shade in shades) >= 6000 // 40

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"\xff\xd8\xff" + bytes(51 * 1024 * 1024), "dépasse 50 Mo"),
            (packed(Image.new("1", (9000, 9000)), "PNG"), "est trop grande"),
            (packed(Image.new("1", (9000, 9000)), "TIFF", compression="group4"), "est trop grande"),
            (packed(SAME, "JPEG")[:2000], "est incomplet ou abîmé"),
            (packed(SAME, "TIFF")[:9000], "incomplet ou abîmé"),
            (packed(SAME, "HEIF")[:900], "incomplet ou abîmé|ne savons pas lire"),
        ],
        ids=["51 MB", "PNG too large", "TIFF too large", "half a JPEG", "half a TIFF", "half a HEIC"],
    )
    def test_who_photographed_a_paper_is_not_told_to_photograph_it(self, content, words):
        with pytest.raises(Refused) as refusal:
            clean(content)
        said = str(refusal.value).replace("\N{NO-BREAK SPACE}", " ")
        assert re.search(words, said)
        assert re.search(r" : \w", said), "what to do"
        assert "photographiez" not in said
        assert "imprimez" not in said

    def test_shades_that_a_screen_cannot_show_are_refused(self):
        """A hundred of 65,536 shades: all black."""
        dark = grey().convert("I").point(lambda shade: shade * 0.4).convert("I;16")
        with pytest.raises(Refused, match="telle que vous la voyez"):
            clean(packed(dark, "PNG"))


class TestPages:
    """A file of several pages becomes a PDF that has them all."""

    @pytest.mark.parametrize("mode", ["RGB", "L", "1", "CMYK", "P"])
    def test_all_of_them_in_their_order(self, mode):
        pages = [scene((200 + 40 * number, 160)) for number in range(4)]
        pages = [page.quantize(64, dither=0) if mode == "P" else page.convert(mode) for page in pages]
        content = packed(pages[0], "TIFF", save_all=True, append_images=pages[1:])
        sent = clean(content, "scan.tif")
        assert (sent.content_type, sent.extension) == ("application/pdf", ".pdf")
        with pikepdf.open(io.BytesIO(sent.content)) as stored:
            assert len(stored.pages) == 4
            for seen, page in zip(pages, stored.pages, strict=True):
                [image] = page.get_images().values()
                alike(pikepdf.PdfImage(image).as_pil_image(), seen.convert("RGB"), exactly=mode == "1")
                _left, _bottom, width, height = map(float, page.mediabox)
                assert width / height == pytest.approx(seen.width / seen.height, rel=0.01)

    def test_pages_of_different_depths(self):
        pages = [SAME, grey(), transparent()]
        content = packed(pages[0], "TIFF", save_all=True, append_images=pages[1:])
        with pikepdf.open(io.BytesIO(clean(content).content)) as stored:
            for seen, page in zip([*pages[:2], on_white(pages[2])], stored.pages, strict=True):
                [image] = page.get_images().values()
                alike(pikepdf.PdfImage(image).as_pil_image(), seen, exactly=False)

    def test_no_more_than_a_pdf_may_have(self):
        page = Image.new("1", (20, 20), 1)
        content = packed(page, "TIFF", save_all=True, append_images=[page] * 50)
        with pytest.raises(Refused, match="plus de 50 pages"):
            clean(content)

    def test_one_damaged_page_refuses_the_file(self):
        content = packed(SAME, "TIFF", save_all=True, append_images=[SAME], compression="tiff_lzw")
        offset = content.rindex(b"\x80")
        with pytest.raises(Refused):
            clean(content[: offset - 4000])


def document(pages=3, **options):
    """A PDF with text, a picture and a link on each page."""
    made = files.blank(pages)
    image = made.make_stream(
        packed(SAME, "JPEG"), Type=Name.XObject, Subtype=Name.Image, Width=240, Height=160,
        ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.DCTDecode,
    )  # fmt: skip
    font = made.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    for number, page in enumerate(made.pages):
        page.obj.Resources = Dictionary(XObject=Dictionary(Im=image), Font=Dictionary(F1=font))
        page.obj.Contents = made.make_stream(
            f"BT /F1 12 Tf 72 720 Td (Attestation, page {number}) Tj ET q 240 0 0 160 72 72 cm /Im Do Q ".encode()
            * 9
        )
        link = Dictionary(
            Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9],
            A=Dictionary(S=Name.URI, URI=String("https://maif.fr")),
        )  # fmt: skip
        page.obj.Annots = Array([made.make_indirect(link)])
    return files.saved(made, **options)


def protected(**options):
    return document(encryption=pikepdf.Encryption(owner="assureur", user="", **options))


LOOSE = pikepdf.ObjectStreamMode.disable
PACKED = pikepdf.ObjectStreamMode.generate
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n"
PLAIN = document(object_stream_mode=LOOSE)
TIGHT = document(object_stream_mode=PACKED)


def elsewhere(content):
    return re.sub(rb"startxref\s+\d+", b"startxref\n7", content)


PDFS = {
    "plain": PLAIN,
    "packed": TIGHT,
    "made to be read on the web": document(linearize=True),
    "protected against changes, AES 256": protected(),
    "protected against changes, AES 128": protected(R=4),
    "protected against changes, RC4": protected(R=3, aes=False, metadata=False),
    "protected against copies": protected(allow=pikepdf.Permissions(extract=False, print_highres=False)),
    "protected and packed": document(
        encryption=pikepdf.Encryption(owner="a", user=""), object_stream_mode=PACKED
    ),
    "after the headers of a web server": HEADERS + PLAIN,
    "after an empty line": b"\r\n" + PLAIN,
    "after the mark of a text": b"\xef\xbb\xbf" + TIGHT,
    "after HTML": b"<!doctype html><script>alert(1)</script>" + PLAIN,
    "its end says a wrong place": elsewhere(PLAIN),
    "its end says a wrong place, packed": elsewhere(TIGHT),
    "its end says a wrong place, for the web": elsewhere(document(linearize=True)),
    "its end says a place too far": re.sub(rb"startxref\s+\d+", b"startxref\n999999", PLAIN),
    "without %%EOF": PLAIN.rsplit(b"%%EOF", 1)[0],
    "without %%EOF, packed": TIGHT.rsplit(b"%%EOF", 1)[0],
    "without startxref": PLAIN.rsplit(b"startxref", 1)[0],
    "without startxref, packed": TIGHT.rsplit(b"startxref", 1)[0],
    "its table is shifted": PLAIN.replace(b"%PDF-1.", b"%PDF-1.", 1).replace(b"xref\n0 ", b"xref\n1 ", 1),
    "the lengths of its texts are wrong": re.sub(
        rb"/Length \d+ (?=/Filter /FlateDecode|>>)", b"/Length 7 ", PLAIN
    ),
    "lines added within": PLAIN.replace(b"endobj", b"endobj\n% a line\n", 2),
    "zeros after its end": PLAIN + bytes(2000),
    "a mail after its end": PLAIN + b"\r\n--boundary--\r\n",
    "protected, and its end says a wrong place": elsewhere(protected()),
    "protected, after headers": HEADERS + protected(),
}


def contents(pdf):
    """What the pages of a PDF show: their texts, their pictures as they are coded, their links."""
    return [
        (
            page.obj.Contents.read_bytes(),
            [image.read_raw_bytes().rstrip() for image in page.get_images().values()],
            [str(link.A.URI) for link in page.obj.Annots if "/A" in link],
            [float(side) for side in page.mediabox],
        )
        for page in pdf.pages
    ]


@pytest.mark.parametrize("made", PDFS)
def test_a_pdf_that_readers_open_comes_out_with_the_same_pages(made):
    sent = clean(PDFS[made], "attestation.pdf")
    assert sent.content_type == "application/pdf"
    assert sent.content.startswith(b"%PDF-")
    assert sent.signatures == []
    with pikepdf.open(io.BytesIO(sent.content), attempt_recovery=False) as stored:
        assert not stored.is_encrypted
        with pikepdf.open(io.BytesIO(PLAIN)) as original:
            assert contents(stored) == contents(original)
    for other in (HEADERS, b"<script>", b"--boundary"):
        assert other not in sent.content


@pytest.mark.parametrize("made", ["plain", "packed"])
@pytest.mark.parametrize("part", [0.2, 0.4, 0.6, 0.8, 0.9])
def test_a_pdf_cut_short_is_refused_never_kept_without_its_last_pages(made, part):
    content = PDFS[made]
    with pytest.raises(Refused, match="incomplet ou abîmé"):
        clean(content[: int(len(content) * part)])


def test_a_page_that_changes_while_it_is_written_again_is_refused():
    for change in (
        lambda pdf: pdf.pages.remove(p=2),
        lambda pdf: pdf.pages[1].obj.__setitem__("/Rotate", 90),
        lambda pdf: pdf.pages[1].obj.Contents.write(b"BT ET"),
        lambda pdf: pdf.pages[1].obj.Annots.append(Dictionary()),
        lambda pdf: pdf.pages[1].obj.Resources.XObject.Im.write(b"x"),
        lambda pdf: pdf.pages[0].obj.__delitem__("/Annots"),
    ):
        sent, stored = (pikepdf.open(io.BytesIO(PLAIN)) for _ in range(2))
        assert pdfs.same_pages(sent, stored)
        change(stored)
        assert not pdfs.same_pages(sent, stored)


ONE = signed.sign(PLAIN)
TWO = signed.sign(ONE, "Visible", name="Paul Roy", organisation="Université de Valmont")


class TestSigned:
    """Kept byte for byte, with what its signatures say."""

    @pytest.mark.parametrize(
        "base",
        [PLAIN, TIGHT, document(linearize=True)],
        ids=["plain", "packed", "for the web"],
    )
    def test_its_bytes_are_kept_and_its_signature_is_read(self, base):
        content = signed.sign(base)
        sent = clean(content, "convention.pdf")
        assert sent.content == content
        [seal] = sent.signatures
        assert (seal["signer"], seal["organisation"]) == ("Hélène Ferrand", "Ateliers du Bocage")
        assert (seal["issuer"], seal["kind"], seal["state"]) == ("Hélène Ferrand", "signature", "whole")
        assert seal["at"]

    def test_each_one_in_its_order(self):
        sent = clean(TWO)
        assert sent.content == TWO
        assert [(one["signer"], one["state"]) for one in sent.signatures] == [
            ("Hélène Ferrand", "earlier"),
            ("Paul Roy", "whole"),
        ]

    def test_protected_against_changes_as_well(self):
        content = signed.sign(protected(), password="")
        sent = clean(content)
        assert sent.content == content
        assert [one["state"] for one in sent.signatures] == ["whole"]

    def test_changed_within(self):
        content = ONE.replace(b"Attestation", b"Attestatiom").replace(
            b"/MediaBox [ 0 0 612", b"/MediaBox [ 0 0 613", 1
        )
        assert content != ONE
        sent = clean(content)
        assert sent.content == content
        assert [one["state"] for one in sent.signatures] == ["altered"]

    def test_a_page_turned_afterwards(self):
        """What pdfsig calls valid."""

        def turn(writer):
            page = writer.root["/Pages"]["/Kids"][0]
            page["/Rotate"] = generic.NumberObject(90)
            writer.update_container(page)

        sent = clean(signed.amended(ONE, turn))
        assert [one["state"] for one in sent.signatures] == ["altered"]

    def test_written_again_by_another_program(self):
        with pikepdf.open(io.BytesIO(ONE)) as pdf:
            content = files.saved(pdf)
        sent = clean(content)
        assert (sent.content, [one["state"] for one in sent.signatures]) == (content, ["altered"])

    def test_a_place_to_sign_is_no_signature(self):
        def add(writer):
            fields.append_signature_field(writer, fields.SigFieldSpec("Tuteur"))

        sent = clean(signed.amended(PLAIN, add))
        assert sent.signatures == []
        assert contents(pikepdf.open(io.BytesIO(sent.content))) == contents(pikepdf.open(io.BytesIO(PLAIN)))

    def test_what_a_certificate_says_cannot_deceive(self):
        content = signed.sign(PLAIN, name="Paul\u202eyoR\n" + "é" * 20, organisation="\u200bx")
        [seal] = clean(content).signatures
        assert seal["signer"].startswith("Paul yoR é")
        assert seal["organisation"] == "x"

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (signed.sign(files.pdf(OpenAction=files.JAVASCRIPT)), "briserait ses signatures"),
            (signed.sign(files.with_file()), "briserait ses signatures"),
            (signed.sign(files.pdf(OpenAction=Dictionary(S=Name.Launch, F="calc.exe"))), "briserait"),
            (
                signed.sign(files.with_annotation(Subtype=Name.Widget, A=Dictionary(S=Name.SubmitForm, F="https://x"))),
                "briserait",
            ),
            (signed.sign(files.with_annotation(Subtype=Name.Link, A=Dictionary(S=Name.GoToR, F="//x/y"))), "briserait"),
            (ONE + b"<script>alert(1)</script>", "briserait"),
            (ONE + files.packed(), "briserait"),
            (HEADERS + ONE, "corriger les briserait"),
            (elsewhere(ONE), "corriger les briserait"),
            (ONE.rsplit(b"startxref", 1)[0], "corriger les briserait"),
            (signed.sign(files.saved(files.blank(51))), "plus de 50 pages"),
        ],
        ids=[
            "a program", "a file", "a launch", "a form sent", "another file", "HTML after it", "an archive after it",
            "after headers", "a wrong end", "no end", "51 pages",
        ],
    )  # fmt: skip
    def test_what_acts_is_refused_never_written_again(self, content, words):
        with pytest.raises(Refused) as refusal:
            clean(content)
        said = str(refusal.value).replace("\N{NO-BREAK SPACE}", " ")
        assert words in said
        assert re.search(r" : \w", said), "what to do"

    def test_a_program_in_what_was_signed_and_no_longer_in_the_file(self):
        """A reader that opens what was signed would run it."""

        def forget(writer):
            del writer.root["/OpenAction"]
            writer.update_root()

        hidden = signed.amended(signed.sign(files.saved(acting(), object_stream_mode=PACKED)), forget)
        with pytest.raises(Refused, match="briserait ses signatures"):
            clean(hidden)


def acting():
    made = files.blank()
    made.Root.OpenAction = made.make_indirect(Dictionary(S=Name.JavaScript, JS="app.alert(1)"))
    return made
