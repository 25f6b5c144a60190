"""PDFs that people send: what acts in them refused, the rest written again, or kept as it is when it is signed."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String

from conventions.attachments.limits import (
    MEBIBYTE,
    MOST_REVISIONS,
    MOST_UNPACKED,
    MOST_UNPACKED_IN_ALL,
    Limits,
    NotTakenError,
)

if TYPE_CHECKING:
    from conventions.attachments.seals import Seal

BEGINNING = b"%PDF-"
# Where readers look for the beginning: some web sites and mailers put lines of their own before it.
LATEST_BEGINNING = 1024
# What is another file, whatever it holds further on.
OTHER_FILES = (b"PK\x03\x04", b"MZ", b"\x7fELF", b"Rar!", b"7z\xbc\xaf", b"GIF8", b"\xd0\xcf\x11\xe0")

# What a page is, and nothing that acts: neither names (scripts, files), nor actions, nor metadata.
KEPT_IN_CATALOGUE = {
    "/Type", "/Version", "/Extensions", "/Pages", "/PageLabels", "/PageLayout", "/Lang", "/MarkInfo",
    "/StructTreeRoot", "/OCProperties", "/AcroForm", "/OutputIntents", "/Outlines", "/Dests",
}  # fmt: skip
KEPT_IN_TRAILER = {"/Root", "/ID", "/Size"}
ACTIVE_KEYS = {
    "/JS", "/JavaScript", "/AA", "/XFA", "/EmbeddedFiles", "/EF", "/RF", "/Collection", "/Renditions",
    "/RichMediaContent", "/RichMediaSettings", "/RichMediaExecute", "/3DD", "/Movie", "/Encrypt",
}  # fmt: skip
ACTIVE_ACTIONS = {
    "/JavaScript", "/Launch", "/GoToR", "/GoToE", "/GoToDp", "/GoTo3DView", "/SubmitForm", "/ResetForm",
    "/ImportData", "/Rendition", "/RichMediaExecute", "/Movie", "/Sound", "/Trans", "/Hide", "/SetOCGState",
}  # fmt: skip
ACTIVE_ANNOTATIONS = {"/RichMedia", "/3D", "/Movie", "/Sound", "/Screen", "/FileAttachment", "/TrapNet"}
# Written somewhere in the bytes that are kept, even where no reader of today looks.
ACTIVE_BYTES = re.compile(
    rb"/(JavaScript|Launch|SubmitForm|ImportData|EmbeddedFiles?|RichMedia|GoToE|GoToR|XFA)(?![A-Za-z0-9])"
)
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
PLACE = re.compile(rb"startxref\s+\d+")
END = re.compile(rb"startxref\s+\d+\s+%%EOF")
# What a signature vouches for: never packed, since it says where in the file it begins and ends.
BYTES_SIGNED = b"/ByteRange"
# How qpdf begins to say that an object is not written as it should.
UNREAD = "(object "
# Where a link may lead; an address without a scheme is taken for a page.
LINKS = {"http", "https", "mailto", "tel"}
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# What unpacks to more than it takes. Images are counted by their pixels.
PACKINGS = {
    "/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL", "/ASCIIHexDecode", "/AHx",
    "/ASCII85Decode", "/A85",
}  # fmt: skip
# The objects of a large file, unpacked; they hold no picture.
MOST_OBJECTS = 16 * MEBIBYTE
# What pikepdf raises of a file whose objects are not those it should have.
NOT_AS_WRITTEN = (pikepdf.PdfError, AttributeError, LookupError, TypeError, ValueError)
# How a file is written, without what its streams hold.
STREAM = re.compile(rb"\bstream\r?\n.*?\bendstream\b", re.DOTALL)
DEFINITION = re.compile(rb"(?<!\d)(\d+)\s+\d+\s+obj\b")
REFERENCE = re.compile(rb"(?<![\w.])(\d+)\s+\d+\s+R(?!\w)")
TABLE = re.compile(rb"(?<![a-z])xref\s+\d+\s+\d+|\d+\s+\d+\s+obj\b(?=[^>]{0,400}/Type\s*/XRef)")
LINEARIZED = re.compile(rb"/Linearized\b")


def beginning(content: bytes) -> int | None:
    """Return where a PDF begins; None when this is no PDF."""
    found = content.find(BEGINNING, 0, LATEST_BEGINNING)
    return None if found < 0 or (found and content.startswith(OTHER_FILES)) else found


def take(content: bytes, limits: Limits) -> tuple[bytes, list[Seal]]:
    """Return what is stored of a PDF, and the electronic signatures found in it.

    Read as it is; else from the table of its objects, when only its end is wrong; else as readers mend it, by making
    that table again, if nothing is lost.
    """
    start = beginning(content) or 0
    read = content[start:]
    for attempt, mend in ((read, False), (with_an_end(read), False), (PLACE.sub(b"startxref 0", read), True)):
        try:
            return _take(content, attempt, limits, mend=mend)
        except pikepdf.DataDecodingError as error:
            raise NotTakenError("complex") from error
        except NOT_AS_WRITTEN:
            continue
    raise NotTakenError("damaged")


def _take(content: bytes, read: bytes, limits: Limits, *, mend: bool) -> tuple[bytes, list[Seal]]:
    if mend and has_lost_something(read):
        raise NotTakenError("damaged")
    pdf = opened(read, mend=mend)
    if not pdf.pages:
        raise pikepdf.PdfError("No page was found.")
    if len(pdf.pages) > limits.pages:
        raise NotTakenError("pages")
    is_signed = BYTES_SIGNED in content
    try:
        examine(pdf, limits.pixels)
    except NotTakenError as refusal:
        raise NotTakenError(
            "sealed_active" if is_signed and str(refusal) == "active" else str(refusal)
        ) from None
    # qpdf takes what it cannot read for nothing: a page would lose its content.
    if not mend and any(UNREAD in warning for warning in pdf.get_warnings()):
        raise pikepdf.PdfError("Something in it was not read.")
    if is_signed and (found := sealed(content, limits, is_sound=content == read and not mend)):
        return content, found
    return rewritten(pdf, read, mend=mend), []


def with_an_end(content: bytes) -> bytes:
    """Return a file whose end says where the last table of its objects is; as it was when that cannot be told."""
    tables = list(TABLE.finditer(content))
    if not tables or LINEARIZED.search(content, 0, LATEST_BEGINNING):
        return content
    return content + b"\nstartxref\n%d\n%%%%EOF\n" % tables[-1].start()


def has_lost_something(content: bytes) -> bool:
    """Whether a file refers to objects it no longer holds, or stops before its end: mended, it would lose them in silence."""
    written = STREAM.sub(b" ", content)
    for packed in packed_objects(content):
        written = packed + written
    last = max((found.start() for found in DEFINITION.finditer(written)), default=0)
    _before, ends, after = written[last:].rpartition(b"endobj")
    has_its_end = (
        b"startxref" in after or re.search(rb"trailer\b.*>>", after, re.DOTALL) or b"/XRef" in _before
    )
    return (
        not ends
        or not has_its_end
        or set(REFERENCE.findall(written)) - set(DEFINITION.findall(written)) != set()
    )


def sealed(content: bytes, limits: Limits, *, is_sound: bool) -> list[Seal]:
    """Return the signatures of a PDF that may be kept byte for byte: nothing acts in it, nor in its earlier revisions.

    None are found when it only looks signed. Refused when it cannot be kept: to write it again would break them.
    """
    from conventions.attachments import seals  # a second to load, which few files need

    try:
        found = seals.read(content) if is_sound else None
    except Exception as error:  # what pyHanko raises of a file made to mislead it is not listed
        raise NotTakenError("sealed_unread") from error
    if found is None:
        raise NotTakenError("sealed_unread")
    if not found:
        return []
    ends = [end.end() for end in END.finditer(content)]
    if not ends or content[ends[-1] :].strip(b"\0\r\n\t ") or len(ends) > MOST_REVISIONS:
        raise NotTakenError("sealed_active")
    plain = ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), content)
    if ACTIVE_BYTES.search(content) or ACTIVE_BYTES.search(plain):
        raise NotTakenError("sealed_active")
    for end in ends[:-1]:
        examine_revision(content[:end], limits)
    return found


def examine_revision(content: bytes, limits: Limits) -> None:
    """Refuse what acts in an earlier state of a signed file: readers offer to open what was signed."""
    try:
        examine(opened(content, mend=True), limits.pixels)
    except pikepdf.PdfError:  # no state of its own: the first part of a file made to be read on the web
        return
    except NotTakenError as refusal:
        raise NotTakenError("sealed_active" if str(refusal) == "active" else str(refusal)) from None


def opened(content: bytes, *, mend: bool) -> Pdf:
    """Read a PDF that asks no password, within what it may unpack to; one protected against changes is read as well."""
    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=MOST_UNPACKED,
        run_length_max_memory=MOST_UNPACKED,
        png_max_memory=MOST_UNPACKED,
        tiff_max_memory=MOST_UNPACKED,
        doc_max_warnings=100,
    )
    try:
        return pikepdf.open(io.BytesIO(content), attempt_recovery=mend)
    except pikepdf.PasswordError as error:
        raise NotTakenError("encrypted") from error
    except pikepdf.PdfError as error:
        if "encrypt" in str(error):  # by a certificate, or in a way that qpdf does not know
            raise NotTakenError("encrypted") from error
        raise


def rewritten(pdf: Pdf, content: bytes, *, mend: bool) -> bytes:
    """Write a PDF again with its pages and what they refer to, then compare them with those that were sent."""
    for kept, part in ((KEPT_IN_CATALOGUE, pdf.Root), (KEPT_IN_TRAILER, pdf.trailer)):
        for key in set(part.keys()) - kept:
            if key != "/Encrypt":
                del part[key]
    output = io.BytesIO()
    pdf.save(
        output, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True, encryption=False
    )
    stored = output.getvalue()
    if not same_pages(opened(content, mend=mend), opened(stored, mend=False)):
        raise NotTakenError("differs")
    return stored


def examine(pdf: Pdf, most_pixels: int) -> None:
    """Refuse a PDF that acts, that holds an image too large, or that unpacks to more than is borne."""
    unpacked = 0
    for holder in everything(pdf):
        if acts(holder):
            raise NotTakenError("active")
        if isinstance(holder, Stream):
            if int(holder.get("/Width", 0)) * int(holder.get("/Height", 0)) > most_pixels:
                raise NotTakenError("pixels_in_pdf")
            unpacked += unpacked_size(holder)
            if unpacked > MOST_UNPACKED_IN_ALL:
                raise NotTakenError("complex")


def everything(pdf: Pdf) -> Iterator[Dictionary | Stream]:
    """Yield each dictionary and stream of a PDF, however deep, those nothing refers to included."""
    left: list[object] = [pdf.trailer, *pdf.objects]
    while left:
        found = left.pop()
        if isinstance(found, Array):
            values = list(found)
        elif isinstance(found, (Dictionary, Stream)):
            yield found
            values = [value for _key, value in found.items()]
        else:
            continue
        # What is only referred to has its own place among the objects of the file.
        left.extend(value for value in values if isinstance(value, Object) and not value.is_indirect)


def acts(holder: Dictionary | Stream) -> bool:
    """Whether a dictionary holds what a reader would run, play, open or send; or content kept in another file."""
    keys = set(holder.keys())
    if keys & (ACTIVE_KEYS - {"/Encrypt"} if "/Root" in keys else ACTIVE_KEYS) or (
        isinstance(holder, Stream) and keys & {"/F", "/FFilter"}
    ):
        return True
    if str(holder.get("/S")) in ACTIVE_ACTIONS or str(holder.get("/Subtype")) in ACTIVE_ANNOTATIONS:
        return True
    address = holder.get("/URI")
    if isinstance(address, String) and reaches_out(str(address)):
        return True
    opened = holder.get("/OpenAction")
    return isinstance(opened, Dictionary) and opened.get("/S") != Name.GoTo


def reaches_out(address: str) -> bool:
    """Whether a link leads elsewhere than to a page, a mailbox or a telephone: a script, a disk, a network share."""
    address = "".join(address.split())
    scheme = SCHEME.match(address)
    return scheme[1].lower() not in LINKS if scheme else address.startswith(("\\\\", "//"))


def unpacked_size(stream: Stream) -> int:
    """Return how many bytes a stream takes once unpacked; raise when it is too many, or cannot be."""
    return len(unpacked(stream)) if packings_of(stream)[0] else 0


def packings_of(stream: Stream) -> tuple[list[str], list[str]]:
    """Return the filters of a stream that pack it, then those that code a picture."""
    filters = stream.get("/Filter", Array())
    names = [str(name) for name in filters] if isinstance(filters, Array) else [str(filters)]
    packings = list(takewhile(PACKINGS.__contains__, names))
    return packings, names[len(packings) :]


def unpacked(stream: Stream) -> memoryview:
    """Return what a stream holds without what packs it: a picture stays as it is coded."""
    packings, coded = packings_of(stream)
    if not packings:
        return memoryview(stream.get_raw_stream_buffer())
    if coded:  # a picture that was packed as well: what is around it counts
        scratch = Pdf.new()  # a stream lives as long as its file
        packed = stream.read_raw_bytes()
        stream = Stream(scratch, packed, Filter=Array(map(Name, packings)))
    return memoryview(stream.get_stream_buffer(pikepdf.StreamDecodeLevel.generalized))


def packed_objects(content: bytes) -> Iterator[bytes]:
    """Yield what the streams of objects of a damaged file hold, as if each object was written in it."""
    for found in re.finditer(rb"/Type\s*/ObjStm\b.*?\bstream\r?\n(.*?)\s*\bendstream\b", content, re.DOTALL):
        unpacker = zlib.decompressobj()
        try:
            text = unpacker.decompress(found[1], MOST_OBJECTS)
        except zlib.error:
            continue
        numbers = re.match(rb"[\d\s]*", text)
        pairs = numbers[0].split() if numbers else []
        yield b" ".join(b"%s 0 obj" % number for number in pairs[::2]) + text


def same_pages(sent: Pdf, stored: Pdf) -> bool:
    """Whether two files have the same pages, down to each byte of what they refer to."""
    if len(sent.pages) != len(stored.pages):
        return False
    left: list[tuple[object, object]] = [
        (one.obj, other.obj) for one, other in zip(sent.pages, stored.pages, strict=True)
    ]
    seen = set()
    while left:
        one, other = left.pop()
        if isinstance(one, Object) and isinstance(other, Object) and one.is_indirect:
            if (one.objgen, other.objgen) in seen:
                continue
            seen.add((one.objgen, other.objgen))
        parts = parts_alike(one, other)
        if parts is None:
            return False
        left += parts
    return True


def parts_alike(one: object, other: object) -> list[tuple[object, object]] | None:
    """Return what is left to compare of two values; None when they already differ."""
    if isinstance(one, Stream):
        if not isinstance(other, Stream) or unpacked(one) != unpacked(other):
            return None
        return entries_alike(one, other, {"/Length", "/Filter", "/DecodeParms"})
    if isinstance(one, Dictionary):
        return entries_alike(one, other, set()) if isinstance(other, Dictionary) else None
    if isinstance(one, Array):
        if not isinstance(other, Array) or len(one) != len(other):
            return None
        return list(zip(one, other, strict=True))
    return [] if one == other else None


def entries_alike(
    one: Dictionary | Stream, other: Dictionary | Stream, but: set[str]
) -> list[tuple[object, object]] | None:
    ours, theirs = (
        {key: value for key, value in holder.items() if key not in but} for holder in (one, other)
    )
    if ours.keys() != theirs.keys():
        return None
    return [(value, theirs[key]) for key, value in ours.items()]
