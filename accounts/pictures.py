"""A picture as people see it, whatever its depth and its mode: upright, 8 bits a shade. Pillow, nothing else."""

from __future__ import annotations

import io
import math
from typing import cast

from PIL import Image, ImageCms, ImageMath, ImageOps

# What a palette or single bits cannot do is to be made smaller: they are drawn first.
DRAWN_FIRST = {"1": "L", "P": "RGB", "PA": "RGBA"}
WIDEST_SHADE = 65_535
BITS, PHOTOMETRIC, ZERO_IS_WHITE = 258, 262, 0


def as_seen(image: Image.Image, longest_side: int) -> Image.Image:
    """Return an opened picture on white, in grey (L) or in colour (RGB), its sides at most so many pixels long.

    Raises what ``in_8_bits`` raises.
    """
    image = in_8_bits(image, longest_side)
    if image.mode != "RGBA":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def in_8_bits(image: Image.Image, longest_side: int) -> Image.Image:
    """Return an opened picture, in grey (L) or in colour (RGB), with its transparency (RGBA) if it has any.

    Raises what Pillow raises for a damaged one, ValueError for one that no screen shows.
    """
    profile, transparency = image.info.get("icc_profile"), image.info.get("transparency")
    is_deep = image.mode == "F" or image.mode.startswith("I")
    # Read before it is made smaller: averages go beyond the shades that they are made of.
    ends = _ends(image) if is_deep else (0, 255)
    if image.mode.startswith("I;"):
        image = image.convert("I")
    elif image.mode in DRAWN_FIRST:
        image = image.convert("RGBA" if image.has_transparency_data else DRAWN_FIRST[image.mode])
    if (smaller := longest_side / max(image.size)) < 1:
        # A JPEG is read at a fraction of its size: the whole would not fit in memory.
        image.draft(None, (int(image.width * smaller), int(image.height * smaller)))
        image.thumbnail((longest_side, longest_side))
    image = ImageOps.exif_transpose(image)
    if is_deep:
        return _on_screen(image, ends, transparency)
    if image.has_transparency_data:
        return _bare(image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA"))
    if image.mode == "L":
        return _bare(image)
    return _bare(_in_common_colours(image, profile))


def _bare(image: Image.Image) -> Image.Image:
    """Return the pixels alone, nothing else of the file."""
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    return bare


def _ends(image: Image.Image) -> tuple[float, float]:
    """Return the shades that are black and white in a picture of more than 8 bits, in this order."""
    tags = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16"):
        bits = tags.get(BITS, 16)  # scanners put 12 bits there too
        first, last = 0.0, 2.0 ** (bits[0] if isinstance(bits, tuple) else bits) - 1
    else:
        first, last = _range(image)
    return (last, first) if tags.get(PHOTOMETRIC) == ZERO_IS_WHITE else (first, last)


def extremes(image: Image.Image) -> tuple[float, float]:
    """Return the darkest and the lightest shade of a picture in grey."""
    return cast("tuple[float, float]", image.getextrema())


def _range(image: Image.Image) -> tuple[float, float]:
    """Return the shades of a picture that does not say which are black and white: up to 1, 255 or 65,535, or its own."""
    lowest, highest = extremes(image)
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise ValueError("Shades that are no numbers.")
    if lowest < 0 or highest > WIDEST_SHADE:
        return (lowest, highest) if lowest < highest else (lowest - 1, highest)
    if image.mode == "F" and highest <= 1:
        return 0, 1
    return 0, 255 if highest <= 255 else WIDEST_SHADE


def _on_screen(image: Image.Image, ends: tuple[float, float], transparency: object) -> Image.Image:
    """Bring shades of 16 or 32 bits, or decimal ones, to 8 bits: cut off at 255, they would all be white."""
    scale = 255 / (ends[1] - ends[0])
    nearest = 0.5 - ends[0] * scale
    seen = image.convert("F").point(lambda shade: shade * scale + nearest).convert("L")
    if isinstance(transparency, int):
        mask = ImageMath.lambda_eval(lambda shade: (shade["whole"] == transparency) * 255, whole=image)
        seen.paste(255, mask=mask.convert("L"))
    return seen


def _in_common_colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture in the colours of a screen: by its own profile when it has one that can be read."""
    common = ImageCms.createProfile("sRGB")
    if image.mode == "LAB":
        lab = ImageCms.buildTransform(ImageCms.createProfile("LAB"), common, "LAB", "RGB")
        return ImageCms.applyTransform(image, lab) or image
    if profile and image.mode in {"RGB", "CMYK"}:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(image, own, common, outputMode="RGB") or image
        except (ImageCms.PyCMSError, OSError):  # a profile of another kind of picture, or damaged
            pass
    return image.convert("RGB")
