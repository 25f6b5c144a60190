"""Pictures that people send, drawn again as they are seen, then compared with what was sent."""

from __future__ import annotations

import hashlib
import io
import zlib

import pikepdf
import pillow_heif
from pikepdf import Dictionary, Name, Pdf, Stream
from PIL import Image, ImageChops, ImageOps, ImageStat, UnidentifiedImageError

from accounts.pictures import as_seen, extremes
from conventions.attachments.limits import Limits, NotTakenError
from conventions.attachments.magic import decoders

# A4 at 300 dpi, and some margin: what is larger is made smaller, more so while it is too heavy to store.
LONGEST_SIDES = (4000, 3000, 2200, 1600)
JPEG_QUALITY = 90
# Decoded at a fraction of their size: a telephone's 200 million pixels cost no more than 25.
MORE_PIXELS_OF_A_JPEG = 4
# What JPEG may change, in shades out of 255: on average, and in the mean of any square of 8 pixels.
MEAN_DIFFERENCE = 12.0
SQUARE, SQUARE_DIFFERENCE = 8, 24
# Enough to tell a picture from a blank one: shades of whole pictures, then of what was sent.
SMALL = (128, 128)
FEWEST_SHADES, ALMOST_ONE_SHADE = 8, 16
# The longest side of an A4 page, in points.
PAGE_SIDE = 842

# Our own limit, which says what to do, comes first.
Image.MAX_IMAGE_PIXELS = None
pillow_heif.register_heif_opener()
# Each thread reserves memory that the process does not have.
pillow_heif.options.DECODE_THREADS = 1

LOSSLESS = {"PNG", "TIFF"}
# They hold pictures of so many kinds that no reader knows them all.
MANY_WAYS = {"TIFF", "HEIF"}


def redraw(content: bytes, limits: Limits) -> tuple[str, bytes]:
    """Draw a picture again: its first one, or each page of a fax or a scan, and nothing else of the file."""
    try:
        image = opened(content, limits)
    except UnidentifiedImageError as error:
        raise NotTakenError("picture_unread" if decoders(content)[0] in MANY_WAYS else "damaged") from error
    pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    kinds = ("PNG", "JPEG") if image.format in LOSSLESS else ("JPEG",)
    if pages > limits.pages:
        raise NotTakenError("pages")
    if pages > 1:
        return "application/pdf", bound(content, pages, limits)
    for side in LONGEST_SIDES:
        drawn = page(content, 0, limits, side)
        for kind in kinds:
            stored = encoded(drawn, kind)
            if len(stored) <= limits.stored:
                if not alike(drawn, Image.open(io.BytesIO(stored), formats=[kind]), exactly=kind == "PNG"):
                    raise NotTakenError("differs")
                return Image.MIME[kind], stored
    raise NotTakenError("complex")


def opened(content: bytes, limits: Limits, number: int = 0) -> Image.Image:
    """Open a page of a picture, its pixels still packed, unless they are too many."""
    image = Image.open(io.BytesIO(content), formats=decoders(content))
    if number:
        image.seek(number)
    most = limits.pixels * (MORE_PIXELS_OF_A_JPEG if image.format in {"JPEG", "MPO"} else 1)
    if image.width * image.height > most:
        raise NotTakenError("pixels")
    return image


def page(content: bytes, number: int, limits: Limits, side: int) -> Image.Image:
    """Return one page as it is seen, compared with a second reading of what was sent."""
    drawn = as_seen(opened(content, limits, number), side)
    if not resembles(opened(content, limits, number), drawn):
        raise NotTakenError("differs")
    return drawn


def encoded(drawn: Image.Image, kind: str) -> bytes:
    output = io.BytesIO()
    if kind == "PNG":
        drawn.save(output, "PNG")
    else:
        drawn.save(output, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return output.getvalue()


def bound(content: bytes, pages: int, limits: Limits) -> bytes:
    """Return a PDF of all the pages of a file, each compared once it is packed, then once it is stored."""
    for side in LONGEST_SIDES:
        pdf = pikepdf.new()
        packed = [add_page(pdf, page(content, number, limits, side)) for number in range(pages)]
        output = io.BytesIO()
        pdf.save(output)
        stored = output.getvalue()
        if len(stored) <= limits.stored:
            kept = pikepdf.open(io.BytesIO(stored))
            found = [image.read_raw_bytes() for one in kept.pages for image in one.get_images().values()]
            if [hashlib.sha256(data).digest() for data in found] != packed:
                raise NotTakenError("differs")
            return stored
    raise NotTakenError("complex")


def add_page(pdf: Pdf, drawn: Image.Image) -> bytes:
    """Add a page that a picture fills: in black and white without loss, otherwise as JPEG. Return its digest."""
    if drawn.mode == "L" and not any(drawn.histogram()[1:255]):
        bare = drawn.convert("1", dither=Image.Dither.NONE)
        data, packing, bits = zlib.compress(bare.tobytes()), Name.FlateDecode, 1
        read = Image.frombytes("1", drawn.size, zlib.decompress(data))
    else:
        data, packing, bits = encoded(drawn, "JPEG"), Name.DCTDecode, 8
        read = Image.open(io.BytesIO(data), formats=["JPEG"])
    if not alike(drawn, read, exactly=bits == 1):
        raise NotTakenError("differs")
    image = Stream(
        pdf,
        data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=drawn.width,
        Height=drawn.height,
        ColorSpace=Name.DeviceRGB if drawn.mode == "RGB" else Name.DeviceGray,
        BitsPerComponent=bits,
        Filter=packing,
    )
    points = PAGE_SIDE / max(drawn.size)
    width, height = (round(side * points, 2) for side in drawn.size)
    added = pdf.add_blank_page(page_size=(width, height))
    added.obj.Resources = Dictionary(XObject=Dictionary(Scan=pdf.make_indirect(image)))
    added.obj.Contents = pdf.make_indirect(Stream(pdf, f"q {width} 0 0 {height} 0 0 cm /Scan Do Q".encode()))
    return hashlib.sha256(data).digest()


def alike(drawn: Image.Image, stored: Image.Image, *, exactly: bool) -> bool:
    """Compare what is stored with what was drawn, pixel by pixel; JPEG may change each a little, no square of them."""
    if stored.size != drawn.size:
        return False
    difference = ImageChops.difference(drawn, stored.convert(drawn.mode))
    if exactly:
        return difference.getbbox() is None
    if max(ImageStat.Stat(difference).mean) > MEAN_DIFFERENCE:
        return False
    squares = ImageChops.difference(drawn.reduce(SQUARE), stored.convert(drawn.mode).reduce(SQUARE))
    return max(ImageStat.Stat(squares).extrema, key=lambda band: band[1])[1] <= SQUARE_DIFFERENCE


def resembles(sent: Image.Image, drawn: Image.Image) -> bool:
    """Compare what was drawn with the shades of what was sent, read in another way and much smaller.

    A conversion that loses them makes a picture all white or all black, which nobody would notice.
    """
    if sent.has_transparency_data or sent.info.get("icc_profile") or sent.mode in {"LAB", "HSV"}:
        return True
    is_deep = sent.mode == "F" or sent.mode.startswith("I")
    if sent.mode in {"1", "P", "PA"}:
        sent = sent.convert("L")
    elif sent.mode.startswith("I;"):
        sent = sent.convert("I")
    sent.draft(None, SMALL)
    small = ImageOps.exif_transpose(sent.resize(SMALL, Image.Resampling.BOX))
    seen = drawn.convert("L").resize(SMALL, Image.Resampling.BOX)
    if is_deep:
        return shades_alike(small.convert("F"), seen.convert("F"))
    return mean_difference(small.convert("L"), seen) <= MEAN_DIFFERENCE


def shades_alike(sent: Image.Image, seen: Image.Image) -> bool:
    """Whether two pictures have the same shades, each from its darkest to its lightest, or the other way round."""
    lowest, highest = extremes(sent)
    darkest, lightest = extremes(seen)
    if lightest - darkest < FEWEST_SHADES:  # of one shade: as a blank page is
        return highest - lowest <= max(abs(lowest), abs(highest)) / ALMOST_ONE_SHADE
    if highest == lowest:
        return False
    first = sent.point(lambda shade: shade * (255 / (highest - lowest)) + -lowest * 255 / (highest - lowest))
    second = seen.point(
        lambda shade: shade * (255 / (lightest - darkest)) + -darkest * 255 / (lightest - darkest)
    )
    one, other = first.convert("L"), second.convert("L")
    return min(mean_difference(one, other), mean_difference(ImageOps.invert(one), other)) <= MEAN_DIFFERENCE


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    return float(ImageStat.Stat(ImageChops.difference(one, other)).mean[0])
