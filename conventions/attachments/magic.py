"""What a file is, told by its first bytes."""

# As many bytes as tell.
ENOUGH = 16
# What a file begins with, and which decoders may read it.
BEGINNINGS: dict[bytes, list[str]] = {
    b"\x89PNG\r\n\x1a\n": ["PNG"],
    b"\xff\xd8\xff": ["JPEG"],
    **{key: ["TIFF"] for key in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")},
}
BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}


def decoders(content: bytes) -> list[str]:
    """Return what may read a picture, told by its first bytes; none for anything else."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return ["WEBP"]
    if content[4:8] == b"ftyp" and content[8:12] in BRANDS:
        return ["HEIF", "AVIF"]
    return next((kinds for begins, kinds in BEGINNINGS.items() if content.startswith(begins)), [])
