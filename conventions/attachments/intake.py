"""Read a stranger's file, and write it again harmless: a program that ``uploads`` runs in a process of its own.

The file on its standard input may be made to exhaust memory or time, or to break a decoder: here it can only stop
this process, which has no database, no secret and little of either. The first line of its output is the content
type of what follows, or the reason of a refusal.
"""

import io
import re
import resource
import sys
from collections.abc import Callable, Iterator
from itertools import takewhile

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String
from PIL import Image, ImageOps

MEBIBYTE = 1024 * 1024
MOST_MEMORY = 1024 * MEBIBYTE
MOST_SECONDS = 15
# One page scanned in colour at 600 dpi takes 100 MiB once unpacked; a whole file, some such pages.
MOST_UNPACKED = 150 * MEBIBYTE
MOST_UNPACKED_IN_ALL = 600 * MEBIBYTE
# A4 at 300 dpi, and some margin: what is larger is made smaller.
LONGEST_SIDE = 4000
JPEG_QUALITY = 85

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
# Where a link may lead; an address without a scheme is taken for a page.
LINKS = {"http", "https", "mailto", "tel"}
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# What unpacks to more than it takes. Images are counted by their pixels.
PACKINGS = {
    "/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL", "/ASCIIHexDecode", "/AHx",
    "/ASCII85Decode", "/A85",
}  # fmt: skip


class NotTakenError(Exception):
    """The file cannot be taken; its text is a key of ``uploads.REFUSALS``."""


def read(content: bytes, most_pages: int, most_pixels: int) -> tuple[str, bytes]:
    """Return the content type, told by the content alone, and the content written again."""
    if content.startswith(b"%PDF-"):
        return "application/pdf", rewrite_pdf(content, most_pages, most_pixels)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", redraw(content, "PNG", most_pixels)
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", redraw(content, "JPEG", most_pixels)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/jpeg", redraw(content, "WEBP", most_pixels)
    if content[4:8] == b"ftyp" and content[8:12] in {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"}:
        raise NotTakenError("heic")
    raise NotTakenError("unknown")


def redraw(content: bytes, kind: str, most_pixels: int) -> bytes:
    """Draw an image again, upright and on white; only its first picture, nothing else of the file remains."""
    image: Image.Image = Image.open(io.BytesIO(content), formats=[kind])
    if image.width * image.height > most_pixels:
        raise NotTakenError("pixels")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    drawn = Image.new("RGB", image.size)
    drawn.paste(image.convert("RGB"))
    output = io.BytesIO()
    if kind == "PNG":
        drawn.save(output, "PNG")
    else:
        drawn.save(output, "JPEG", quality=JPEG_QUALITY)
    return output.getvalue()


def rewrite_pdf(content: bytes, most_pages: int, most_pixels: int) -> bytes:
    """Write a PDF again with its pages and what they refer to, if nothing in it acts."""
    pdf = opened(content)
    if not pdf.pages:
        raise NotTakenError("damaged")
    if len(pdf.pages) > most_pages:
        raise NotTakenError("pages")
    examine(pdf, most_pixels)
    for kept, part in ((KEPT_IN_CATALOGUE, pdf.Root), (KEPT_IN_TRAILER, pdf.trailer)):
        for key in set(part.keys()) - kept:
            del part[key]
    output = io.BytesIO()
    pdf.save(output, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True)
    return output.getvalue()


def opened(content: bytes) -> Pdf:
    """Read a PDF as it is, neither mended nor decrypted, within what it may unpack to."""
    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=MOST_UNPACKED,
        run_length_max_memory=MOST_UNPACKED,
        png_max_memory=MOST_UNPACKED,
        tiff_max_memory=MOST_UNPACKED,
        doc_max_warnings=100,
    )
    try:
        pdf = pikepdf.open(io.BytesIO(content), attempt_recovery=False)
    except pikepdf.PasswordError as error:
        raise NotTakenError("encrypted") from error
    if pdf.is_encrypted:
        raise NotTakenError("encrypted")
    return pdf


def examine(pdf: Pdf, most_pixels: int) -> None:
    """Refuse a PDF that acts, that holds an image too large, or that unpacks to more than is borne."""
    unpacked = 0
    for holder in everything(pdf):
        if acts(holder):
            raise NotTakenError("active")
        if isinstance(holder, Stream):
            if int(holder.get("/Width", 0)) * int(holder.get("/Height", 0)) > most_pixels:
                raise NotTakenError("pixels")
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
    if keys & ACTIVE_KEYS or (isinstance(holder, Stream) and keys & {"/F", "/FFilter"}):
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
    filters = stream.get("/Filter", Array())
    names = [str(name) for name in filters] if isinstance(filters, Array) else [str(filters)]
    packings = list(takewhile(PACKINGS.__contains__, names))
    if not packings:
        return 0
    if len(packings) < len(names):  # a picture that was packed as well: what is around it counts
        scratch = Pdf.new()  # a stream lives as long as its file
        packed = stream.read_raw_bytes()
        stream = Stream(scratch, packed, Filter=Array(map(Name, packings)))
    return len(stream.get_stream_buffer(pikepdf.StreamDecodeLevel.generalized))


def answer(read: Callable[[], tuple[str, bytes]]) -> bytes:
    """Return what ``uploads`` reads: one line, then the content if there is any."""
    try:
        kind, content = read()
    except NotTakenError as refusal:
        return f"{refusal}\n".encode()
    except (MemoryError, RuntimeError, pikepdf.DataDecodingError):  # what was to be unpacked exceeds a limit
        return b"complex\n"
    except Exception:  # whatever a hostile file breaks, it is not taken
        return b"damaged\n"
    return f"{kind}\n".encode() + content


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    given = sys.stdin.buffer.read()
    sys.stdout.buffer.write(answer(lambda: read(given, *map(int, sys.argv[1:]))))
