"""The institution's logo: drawn again on arrival, served to everyone from the media store."""

import hashlib
import io
import struct
import zlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import modelform_factory
from django.urls import reverse
from PIL import Image, ImageChops

from accounts.models import Institution
from tests import files
from tests.factories import InstitutionFactory, StudentFactory

pytestmark = pytest.mark.django_db


def test_the_logo_is_served_and_shown(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    path = tmp_path / "logo.png"
    Image.new("RGB", (8, 8), "teal").save(path)
    institution = InstitutionFactory()
    institution.logo.save("logo.png", ContentFile(path.read_bytes()))
    address = reverse("institution_logo", args=[institution.pk])
    answer = client.get(address)
    assert answer["Content-Type"] == "image/png"
    assert b"".join(answer.streaming_content) == path.read_bytes()
    client.force_login(StudentFactory().user)
    assert address in client.get(reverse("account_change_password")).content.decode()


FORM = modelform_factory(Institution, fields=["logo"])


def send(institution, content, name="logo.png"):
    form = FORM({}, {"logo": SimpleUploadedFile(name, content)}, instance=institution)
    return form, form.is_valid()


@pytest.fixture
def institution(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return InstitutionFactory()


def drawing(mode="RGBA", size=(300, 100)):
    image = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGBA", [image, image.rotate(180), Image.new("L", size, 90), image])
    return image.convert(mode)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "RGBA"),
        ("PNG", "RGB"),
        ("PNG", "LA"),
        ("PNG", "L"),
        ("WEBP", "RGBA"),
        ("GIF", "L"),
        ("TGA", "RGB"),
    ],
)
def test_a_logo_is_stored_as_a_png_of_the_same_pixels(institution, kind, mode):
    image = drawing(mode)
    output = io.BytesIO()
    image.save(output, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    form, is_valid = send(institution, output.getvalue(), "Mon logo.SVG")
    assert is_valid == (kind != "TGA")
    if not is_valid:
        return
    form.save()
    institution.refresh_from_db()
    with institution.logo.open() as file:
        content = file.read()
    assert institution.logo.name.endswith(".png")
    assert institution.logo_sha256 == hashlib.sha256(content).hexdigest()
    stored = Image.open(io.BytesIO(content))
    assert stored.format == "PNG"
    difference = ImageChops.difference(stored.convert("RGBA"), image.convert("RGBA"))
    assert max(band[1] for band in difference.getextrema()) <= 1


def test_a_large_one_is_made_smaller_and_tells_nothing_else(institution):
    content = files.photo("PNG", (4000, 3000), pnginfo=None) + b"<script>secret</script>"
    form, _is_valid = send(institution, content)
    form.save()
    with institution.logo.open() as file:
        stored = file.read()
    assert Image.open(io.BytesIO(stored)).size == (800, 600)
    assert b"secret" not in stored


def noise(kind):
    output = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(output, kind)
    return output.getvalue()


def bomb():
    """A hundred kilobytes that say 12,000 × 12,000 pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 12_000, 12_000, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99_999)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "n’est pas une image"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "n’est pas une image"),
        (files.pdf(), "n’est pas une image"),
        (files.photo("TIFF"), "n’est pas une image"),
        (b"PNG", "n’est pas une image"),
        (files.photo("PNG", (12_000, 12_000), "1", 0), "est trop grand"),
        (bomb(), "est trop grand"),
        (noise("PNG")[:9000], "incomplet ou abîmé"),
        (noise("JPEG")[:9000], "incomplet ou abîmé"),
    ],
    ids=["EPS", "SVG", "PDF", "TIFF", "no picture", "12,000 pixels", "a bomb", "half a PNG", "half a JPEG"],
)
@pytest.mark.parametrize("name", ["logo.png", "logo.eps"])
def test_what_is_no_small_picture_is_refused_with_what_to_do(institution, content, words, name):
    form, is_valid = send(institution, content, name)
    assert not is_valid
    [said] = form.errors["logo"]
    assert words in said
    assert "\N{NO-BREAK SPACE}: " in said
    institution.refresh_from_db()
    assert not institution.logo


def test_one_stays_when_the_form_is_sent_without_another(institution):
    send(institution, files.photo("PNG"))[0].save()
    before = (institution.logo.name, institution.logo_sha256)
    form = FORM({}, {}, instance=institution)
    assert form.is_valid()
    form.save()
    assert (institution.logo.name, institution.logo_sha256) == before
    form = FORM({"logo-clear": "on"}, {}, instance=institution)
    assert form.is_valid()
    form.save()
    assert (institution.logo.name, institution.logo_sha256) == ("", "")
