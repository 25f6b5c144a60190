"""The intake: from a file that somebody sends to bytes that are safe to store and to give back."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.refusals import Refused

if TYPE_CHECKING:
    from django.core.files.base import File

INTAKE = Path(__file__).with_name("intake.py")
MOST_PAGES = 50
# Twice the photograph of a good telephone.
MOST_PIXELS = 60_000_000
MOST_SECONDS = 20
# Each may take a gibibyte: the threads of a process wait for one another, and not long.
READER = Lock()
MOST_WAIT = 3
LONGEST_NAME = 100
EXTENSIONS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
# What a telephone offers to photograph, and an iPhone to convert: it keeps HEIC when a page accepts any image.
ACCEPT = "application/pdf,image/jpeg,image/png,image/webp"

REFUSALS = {
    "empty": gettext_noop("Ce fichier est vide : choisissez-en un autre."),
    "busy": gettext_noop(
        "Trop de fichiers arrivent en même temps : envoyez le vôtre à nouveau dans une minute."
    ),
    "large": gettext_noop(
        "Ce fichier dépasse %(size)s Mo : photographiez le document, ou numérisez-le en qualité moyenne."
    ),
    "unknown": gettext_noop(
        "Ce fichier n’est ni un PDF, ni une image JPEG, PNG ou WebP : enregistrez-le en PDF, ou photographiez-le."
    ),
    "heic": gettext_noop(
        "Cette photo est au format HEIC : convertissez-la en JPEG, ou envoyez une capture d’écran ou un PDF."
    ),
    "pixels": gettext_noop(
        "Cette image est trop grande, %(pixels)s millions de pixels au plus : réduisez-la, ou photographiez le document."
    ),
    "pages": gettext_noop("Ce PDF a plus de %(pages)s pages : n’envoyez que celles qui sont demandées."),
    "encrypted": gettext_noop(
        "Ce PDF est protégé : ouvrez-le, imprimez-le dans un nouveau PDF, puis envoyez celui-ci."
    ),
    "active": gettext_noop(
        "Ce PDF contient un programme, des fichiers joints ou un formulaire actif : imprimez-le dans un nouveau "
        "PDF, puis envoyez celui-ci."
    ),
    "damaged": gettext_noop(
        "Ce fichier est incomplet ou abîmé : ouvrez-le pour le vérifier, enregistrez-le à nouveau, ou photographiez "
        "le document."
    ),
    "complex": gettext_noop(
        "Ce fichier est trop lourd à lire : imprimez-le dans un nouveau PDF, ou photographiez le document."
    ),
}


@dataclass(frozen=True)
class Clean:
    """What is stored: content written again by us, its type, the extension that goes with it, a name to show."""

    content: bytes
    content_type: str
    extension: str
    name: str


def clean(file: File[Any]) -> Clean:
    """Return a PDF or an image written again without anything that acts or tells more than it shows.

    Its type is told by its content, never by its name. Raises Refused.
    """
    if not file.size:
        raise refused("empty")
    if file.size > settings.UPLOAD_MAX_SIZE:
        raise refused("large")
    file.seek(0)
    if not READER.acquire(timeout=MOST_WAIT):
        raise refused("busy")
    try:
        done = subprocess.run(
            [sys.executable, "-I", INTAKE, str(MOST_PAGES), str(MOST_PIXELS)],
            input=file.read(),
            capture_output=True,
            timeout=MOST_SECONDS,
            env={},
        )
    except subprocess.TimeoutExpired as error:
        raise refused("complex") from error
    finally:
        READER.release()
    if done.returncode < 0:  # stopped by a limit, or broken by the file
        raise refused("complex")
    done.check_returncode()
    word, _newline, content = done.stdout.partition(b"\n")
    kind = word.decode()
    if kind not in EXTENSIONS:
        raise refused(kind)
    return Clean(content, kind, EXTENSIONS[kind], harmless_name(file.name or ""))


def refused(reason: str) -> Refused:
    """Return what to raise for a file that cannot be stored; its text says what to do."""
    limits = {
        "size": settings.UPLOAD_MAX_SIZE // settings.MEBIBYTE,
        "pages": MOST_PAGES,
        "pixels": MOST_PIXELS // 1_000_000,
    }
    return Refused(_(REFUSALS[reason]) % limits, reason)


def what_is_taken() -> str:
    return _("PDF ou photo (JPEG, PNG ou WebP), %(size)s Mo au plus.") % {
        "size": settings.UPLOAD_MAX_SIZE // settings.MEBIBYTE
    }


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
