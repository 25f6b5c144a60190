"""Logos, drawn again on arrival: a small PNG, whatever was sent; what is no picture of pixels is refused."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models
from django.db.models.fields.files import ImageFieldFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image

from accounts.pictures import in_8_bits

if TYPE_CHECKING:
    from django.core.files import File

# Neither EPS, which is a program, nor SVG, which is a page.
KINDS = ["PNG", "JPEG", "WEBP", "GIF"]
MOST_MEGAPIXELS = 16
# Twice what a header or a letterhead shows.
LARGEST = (1200, 600)


def redrawn(content: bytes) -> bytes:
    """Return a logo as a PNG of at most 1200 × 600 pixels, its transparency kept. Raises ValidationError."""
    try:
        picture: Image.Image = Image.open(io.BytesIO(content), formats=KINDS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_large() from error
    except Exception as error:  # each decoder has errors of its own
        raise ValidationError(
            _(
                "Ce fichier n’est pas une image PNG, JPEG, WebP ou GIF : exportez le logo en PNG, puis envoyez-le."
            ),
            "not_a_picture",
        ) from error
    if picture.width * picture.height > MOST_MEGAPIXELS * 1_000_000:
        raise too_large()
    try:
        if not is_whole(content, picture.format or ""):
            raise ValueError("cut short")
        small = in_8_bits(picture, max(LARGEST))
        small.thumbnail(LARGEST)
        output = io.BytesIO()
        small.save(output, "PNG", optimize=True)
    except Exception as error:  # cut short, or made to mislead a decoder
        raise ValidationError(
            _("Ce fichier est incomplet ou abîmé : ouvrez-le pour le vérifier, puis enregistrez-le en PNG."),
            "damaged",
        ) from error
    return output.getvalue()


def is_whole(content: bytes, kind: str) -> bool:
    """Whether a picture has its end: WeasyPrint has Pillow paint in grey, everywhere, what is missing."""
    if kind == "PNG":
        return b"IEND" in content
    if kind == "JPEG":
        return content.rfind(b"\xff\xd9") > content.rfind(b"\xff\xda")
    return True


def too_large() -> ValidationError:
    return ValidationError(
        _("Ce logo est trop grand, %(most)s millions de pixels au plus : réduisez-le, puis envoyez-le.")
        % {"most": MOST_MEGAPIXELS},
        "too_large",
    )


class LogoFormField(forms.FileField):
    """What the form of an institution takes for its logo."""

    default_error_messages = {"invalid": gettext_lazy("Choisissez une image.")}

    def to_python(self, data: Any) -> Any:
        sent = super().to_python(data)
        return ContentFile(redrawn(sent.read()), "logo.png") if sent else sent

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "accept": "image/png,image/jpeg,image/webp,image/gif"}


class LogoFile(ImageFieldFile):
    """A stored logo, whose digest is kept beside it: what stores it never forgets it."""

    def save(self, name: str, content: File[Any], save: bool = True) -> None:
        content.seek(0)
        vars(self.instance)["logo_sha256"] = hashlib.sha256(content.read()).hexdigest()
        content.seek(0)
        super().save(name, content, save)


class LogoField(models.ImageField):
    """The logo of an institution: drawn again by the form, checked each night by ``logo_sha256``."""

    attr_class = LogoFile

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": LogoFormField, **options})

    def pre_save(self, instance: models.Model, add: bool) -> Any:
        logo = super().pre_save(instance, add)
        if not logo:
            vars(instance)["logo_sha256"] = ""
        return logo
