"""What the staff of a centre keeps beside an agreement: its notes, and what each of them has read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from conventions.models.convention import Convention


class Note(models.Model):
    """What a manager writes of an agreement for their colleagues; neither its student nor its teacher reads it."""

    convention = models.ForeignKey(
        Convention, on_delete=models.CASCADE, related_name="notes", verbose_name=_("convention de stage")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("Par"),
    )
    text = models.TextField(_("Note interne"), max_length=2_000)
    search_key = models.TextField(editable=False)
    at = models.DateTimeField(_("Le"), auto_now_add=True)

    class Meta:
        verbose_name = _("note interne")
        verbose_name_plural = _("notes internes")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.text[:60]


class Seen(models.Model):
    """What somebody has read of an agreement: which submission, and what it said, as ``documents`` writes it.

    ``before`` is what the one they read earlier said: the page tells what changed for as long as this one stands.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("Par")
    )
    convention = models.ForeignKey(
        Convention, on_delete=models.CASCADE, related_name="seen", verbose_name=_("convention de stage")
    )
    at = models.DateTimeField(_("Le"))
    submission = models.DateTimeField(_("Soumission lue"))
    said = models.JSONField(_("Ce qui y était écrit"), default=dict)
    before = models.JSONField(_("Ce qui était écrit avant"), default=dict)
    before_at = models.DateTimeField(_("Lecture précédente"), null=True)

    class Meta:
        verbose_name = _("lecture")
        verbose_name_plural = _("lectures")
        constraints = [models.UniqueConstraint("user", "convention", name="seen_once")]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M}"
