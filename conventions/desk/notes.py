"""What managers write of an agreement for their colleagues: never read, found or listed by anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat, JSONObject, Left
from django.utils.translation import gettext_lazy

from accounts.folding import fold
from conventions.models import Convention, Note
from organisations.directory import contains_words

if TYPE_CHECKING:
    from accounts.models import User
    from organisations.models.roles import Roles

SHOWN_IN_LIST = 60  # characters


class NoteForm(forms.ModelForm[Note]):
    use_required_attribute = False

    class Meta:
        model = Note
        fields = ("text",)
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "text": gettext_lazy(
                "Seuls les gestionnaires du centre la lisent ; elle disparaît avec la convention."
            )
        }
        error_messages = {
            "text": {
                "required": gettext_lazy("Écrivez la note."),
                "max_length": gettext_lazy("Écrivez 2 000 caractères au plus."),
            }
        }


@transaction.atomic
def add(convention_id: int, text: str, *, by: User) -> Note:
    """Write a note; sent twice, it is one. Raises Convention.DoesNotExist when the agreement has been anonymised."""
    convention = Convention.objects.filter(purged_at=None).locked(convention_id)
    last = convention.notes.first()
    if last is not None and (last.text, last.author_id) == (text, by.pk):
        return last
    return Note.objects.create(convention=convention, author=by, text=text, search_key=fold(text))


# The notes of an agreement, the last first, read with it: « noted ».
NOTED = ArraySubquery(
    Note.objects.filter(convention=OuterRef("pk")).values(
        found=JSONObject(
            text="text", at="at", author=Concat("author__first_name", Value(" "), "author__last_name")
        )
    )
)


@dataclass(frozen=True)
class Noted:
    """One note, as the page of its agreement shows it."""

    text: str
    at: datetime
    author: str


def of(convention: Convention) -> list[Noted]:
    """Return the notes of an agreement that was read with ``NOTED``."""
    return [
        Noted(one["text"], datetime.fromisoformat(one["at"]), one["author"].strip())
        for one in vars(convention)["noted"]
    ]


def kept_by(roles: Roles) -> Q:
    """Return the agreements whose notes somebody reads, as ``permissions.decides`` says it of one."""
    handled = Q(centre__in=roles.centre_ids, purged_at=None)
    return handled & ~Q(student=roles.student_id) if roles.student_id else handled


# How the last note of an agreement begins; one character more than is shown tells that there are others.
BEGINNING = Subquery(
    Note.objects.filter(convention=OuterRef("pk")).values(beginning=Left(F("text"), SHOWN_IN_LIST + 1))[:1]
)


def shortened(beginning: str | None) -> str:
    """Return what a list shows of a note."""
    text = " ".join((beginning or "").split())
    return f"{text[:SHOWN_IN_LIST]}…" if len(text) > SHOWN_IN_LIST else text


def saying(words: str) -> Exists:
    """Return the condition that one of the notes of an agreement contains every word."""
    return Exists(Note.objects.filter(contains_words("search_key", words), convention=OuterRef("pk")))
