"""The intake: from a file that somebody sends to bytes that are safe to store and to give back."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.refusals import Refused
from conventions.attachments import magic
from conventions.attachments.limits import NotTakenError

if TYPE_CHECKING:
    from django.core.files.base import File

INTAKE = Path(__file__).with_name("intake.py")
MOST_PAGES = 50
# Twice the photograph of a good telephone; four times as many in a JPEG, which is read smaller.
MOST_PIXELS = 60_000_000
MOST_SECONDS = 20
# Each may take a gibibyte: the threads of a process wait for one another, and not long.
READER = Lock()
MOST_WAIT = 3
LONGEST_NAME = 100
EXTENSIONS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
# By type for a telephone, which offers to photograph, and by extension for a computer that does not know the type.
ACCEPT = (
    "application/pdf,image/jpeg,image/png,image/webp,image/heic,image/heif,image/tiff,.heic,.heif,.tif,.tiff"
)
# What is told in other words of a picture.
OF_A_PICTURE = {"large", "damaged", "complex", "differs"}

REFUSALS = {
    "empty": gettext_noop("Ce fichier est vide : choisissez-en un autre."),
    "busy": gettext_noop(
        "Trop de fichiers arrivent en même temps : envoyez le vôtre à nouveau dans une minute."
    ),
    "large": gettext_noop(
        "Ce fichier dépasse %(size)s Mo : n’envoyez que les pages demandées, numérisez-le en qualité moyenne, ou "
        "photographiez le document."
    ),
    "picture_large": gettext_noop(
        "Cette image dépasse %(picture)s Mo : choisissez une qualité moyenne dans l’appareil ou le logiciel qui l’a "
        "faite, puis envoyez-la à nouveau."
    ),
    "unknown": gettext_noop(
        "Ce fichier n’est ni un PDF, ni une image JPEG, PNG, WebP, HEIC ou TIFF : ouvrez-le, exportez-le en PDF, puis "
        "envoyez ce PDF."
    ),
    "pixels": gettext_noop(
        "Cette image est trop grande, %(pixels)s millions de pixels au plus : réduisez-la, ou enregistrez-la en JPEG."
    ),
    "pixels_in_pdf": gettext_noop(
        "Une image de ce PDF est trop grande, %(pixels)s millions de pixels au plus : numérisez le document à 300 points "
        "par pouce, ou photographiez-le."
    ),
    "pages": gettext_noop("Ce fichier a plus de %(pages)s pages : n’envoyez que celles qui sont demandées."),
    "encrypted": gettext_noop(
        "Ce PDF est protégé par un mot de passe : ouvrez-le, imprimez-le dans un nouveau PDF, puis envoyez celui-ci."
    ),
    "active": gettext_noop(
        "Ce PDF contient un programme, des fichiers joints ou un formulaire actif : imprimez-le dans un nouveau "
        "PDF, puis envoyez celui-ci."
    ),
    "sealed_active": gettext_noop(
        "Ce PDF signé contient un programme, des fichiers joints ou un formulaire actif, et les retirer briserait ses "
        "signatures : demandez à qui l’a signé un PDF sans ces éléments, ou imprimez-le dans un nouveau PDF, qui ne "
        "portera plus les signatures."
    ),
    "sealed_unread": gettext_noop(
        "Ce PDF porte des signatures électroniques, mais il est abîmé ou d’une sorte que nous ne savons pas lire, et le "
        "corriger les briserait : demandez-en un nouvel exemplaire à qui l’a signé, ou imprimez-le dans un nouveau PDF, "
        "qui ne les portera plus."
    ),
    "damaged": gettext_noop(
        "Ce fichier est incomplet ou abîmé : ouvrez-le pour le vérifier, enregistrez-le à nouveau, ou photographiez "
        "le document."
    ),
    "picture_damaged": gettext_noop(
        "Ce fichier d’image est incomplet ou abîmé : ouvrez-le pour le vérifier, puis envoyez-le à nouveau, ou "
        "reprenez la photo."
    ),
    "picture_unread": gettext_noop(
        "Cette image est enregistrée d’une façon que nous ne savons pas lire : enregistrez-la en JPEG ou en PNG, puis "
        "envoyez ce fichier."
    ),
    "complex": gettext_noop(
        "Ce fichier est trop lourd à lire : imprimez-le dans un nouveau PDF, ou photographiez le document."
    ),
    "picture_complex": gettext_noop(
        "Cette image est trop lourde à lire : réduisez-la, ou enregistrez-la en JPEG, puis envoyez-la à nouveau."
    ),
    "differs": gettext_noop(
        "Ce PDF ne peut pas être enregistré tel que vous l’avez envoyé : imprimez-le dans un nouveau PDF, puis envoyez "
        "celui-ci."
    ),
    "picture_differs": gettext_noop(
        "Cette image ne peut pas être enregistrée telle que vous la voyez : enregistrez-la en JPEG ou en PNG, puis "
        "envoyez ce fichier."
    ),
}


@dataclass(frozen=True)
class Clean:
    """What is stored: content written again by us, its type, the extension that goes with it, a name to show."""

    content: bytes
    content_type: str
    extension: str
    name: str
    signatures: list[dict[str, str]] = field(default_factory=list)


def clean(file: File[Any]) -> Clean:
    """Return a PDF or an image written again without anything that acts or tells more than it shows.

    A PDF that carries electronic signatures is kept as it is, once it is known that nothing acts in it. The type of a
    file is told by its content, never by its name. Raises Refused.
    """
    if not file.size:
        raise refused("empty")
    file.seek(0)
    is_picture = bool(magic.decoders(file.read(magic.ENOUGH)))
    try:
        if file.size > (settings.PICTURE_MAX_SIZE if is_picture else settings.UPLOAD_MAX_SIZE):
            raise NotTakenError("large")
        kind, content, signatures = apart(file)
    except NotTakenError as reason:
        word = str(reason)
        raise refused(f"picture_{word}" if is_picture and word in OF_A_PICTURE else word) from None
    return Clean(content, kind, EXTENSIONS[kind], harmless_name(file.name or ""), signatures)


def apart(file: File[Any]) -> tuple[str, bytes, list[dict[str, str]]]:
    """Return the type, the content to store and the signatures of a file, read in a process of its own."""
    file.seek(0)
    if not READER.acquire(timeout=MOST_WAIT):
        raise NotTakenError("busy")
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-IB",
                INTAKE,
                str(MOST_PAGES),
                str(MOST_PIXELS),
                str(settings.UPLOAD_MAX_SIZE),
            ],
            input=file.read(),
            capture_output=True,
            timeout=MOST_SECONDS,
            env={},
        )
    except subprocess.TimeoutExpired as error:
        raise NotTakenError("complex") from error
    finally:
        READER.release()
    if done.returncode < 0:  # stopped by a limit, or broken by the file
        raise NotTakenError("complex")
    done.check_returncode()
    line, _newline, content = done.stdout.partition(b"\n")
    kind, _space, signatures = line.decode().partition(" ")
    if kind not in EXTENSIONS:
        raise NotTakenError(kind)
    return kind, content, json.loads(signatures or "[]")


def refused(reason: str) -> Refused:
    """Return what to raise for a file that cannot be stored; its text says what to do."""
    return Refused(_(REFUSALS[reason]) % sizes(), reason)


def sizes() -> dict[str, int]:
    return {
        "size": settings.UPLOAD_MAX_SIZE // settings.MEBIBYTE,
        "picture": settings.PICTURE_MAX_SIZE // settings.MEBIBYTE,
        "pages": MOST_PAGES,
        "pixels": MOST_PIXELS // 1_000_000,
    }


def what_is_taken() -> str:
    return (
        _("PDF, %(size)s Mo au plus, ou photo (JPEG, PNG, WebP, HEIC ou TIFF), %(picture)s Mo au plus.")
        % sizes()
    )


def takes_a_file(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that a file may be sent to: any other refuses a body that large."""
    vars(view)["takes_a_file"] = True
    return view


def harmless_name(name: str) -> str:
    """Return the name of a file as a page may show it: without path, control or direction characters, not too long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(
        character
        for character in last
        if unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    ).strip(" .")
    if not shown:
        return "fichier"
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 9]}…{shown[-8:]}"
