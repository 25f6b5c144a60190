"""Files as people send them, and as somebody who means harm would."""

import io
import zipfile
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image


def saved(pdf, **options):
    output = io.BytesIO()
    pdf.save(output, **options)
    return output.getvalue()


def blank(pages=1):
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page()
    return pdf


def pdf(**root):
    """A PDF of one page, with entries of its catalogue."""
    made = blank()
    for key, value in root.items():
        made.Root[f"/{key}"] = value
    return saved(made)


def with_annotation(**entries):
    made = blank()
    annotation = Dictionary(Type=Name.Annot, Rect=[0, 0, 9, 9], **entries)
    annotation = made.make_indirect(annotation)
    made.pages[0].obj.Annots = Array([annotation])
    made.Root.AcroForm = Dictionary(Fields=Array([annotation]))
    return saved(made)


def with_file():
    made = blank()
    made.attachments["virus.exe"] = b"MZ"
    return saved(made)


def with_content(data, **entries):
    made = blank()
    stream = Stream(made, data)
    for key, value in entries.items():
        stream[f"/{key}"] = value
    made.pages[0].obj.Contents = made.make_indirect(stream)
    return saved(made, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def bomb(*inner):
    """Some hundred bytes that unpack to two hundred megabytes."""
    packed = zlib.compress(zlib.compress(b"\0" * 200_000_000, 1))
    return with_content(packed, Filter=Array([Name.FlateDecode, Name.FlateDecode, *inner]))


def packed_objects(size=0):
    """A PDF that keeps its objects packed, with as many spaces after them."""
    packed = zlib.compress(b"1 0 <</Type/Catalog/Pages 2 0 R>>" + b" " * size, 1)
    rows, content = [(0, 0, 255), (2, 4, 0)], b"%PDF-1.5\n"
    for thing in (
        b"2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n",
        b"4 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj\n"
        % (len(packed), packed),
        b"",
    ):
        rows.append((1, len(content), 0))
        content += thing
    table = b"".join(bytes([kind]) + place.to_bytes(4, "big") + bytes([rank]) for kind, place, rank in rows)
    return content + (
        b"5 0 obj<</Type/XRef/Size 6/W[1 4 1]/Root 1 0 R/Length %d>>stream\n%s\nendstream endobj\n"
        b"startxref\n%d\n%%%%EOF\n"
    ) % (len(table), table, len(content))


def photo(kind="JPEG", size=(40, 30), mode="RGB", colour="teal", **options):
    output = io.BytesIO()
    Image.new(mode, size, colour).save(output, kind, **options)
    return output.getvalue()


def packed(name="word/document.xml", size=1000):
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"\0" * size)
    return output.getvalue()


JAVASCRIPT = Dictionary(S=Name.JavaScript, JS="app.alert(100)")
