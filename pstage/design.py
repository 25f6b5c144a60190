"""Template tags of the design system, loaded in every template: assets, icons, badges, notes, diffs, initials."""

from functools import lru_cache

import lucide
from django.template import Library
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django_htmx.jinja import htmx_script

register = Library()

TONE_ICONS = {
    "": "circle-dashed",
    "ok": "circle-check",
    "wait": "clock",
    "stop": "circle-alert",
    "info": "info",
    "accent": "circle-dot",
}


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str) -> SafeString:
    """Return a Lucide icon as inline SVG, hidden from screen readers: the text beside it speaks."""
    # The package re-serialises XML at each call; a list of fifty rows needs hundreds of icons.
    # simple_tag marks strings as safe: the concatenation makes them plain again for the XML writer.
    svg = lucide._render_icon("" + name, 20, **{"class": "icon", "aria-hidden": "true"})
    return mark_safe("".join(line.strip() for line in svg.splitlines()))  # noqa: S308  our own icon set


@register.simple_tag
@lru_cache(maxsize=1)
def assets() -> SafeString:
    """Return the links and scripts of every page; their addresses never change while the process lives."""
    sheets = ("reset", "tokens", "base", "layout", "components", "forms", "pages")
    return format_html(
        '<link rel="icon" href="{}" type="image/svg+xml">{}<link rel="stylesheet" href="{}" media="print">{}{}',
        static("img/favicon.svg"),
        format_html_join(
            "", '<link rel="stylesheet" href="{}">', ((static(f"css/{sheet}.css"),) for sheet in sheets)
        ),
        static("css/print.css"),
        htmx_script(),
        format_html_join(
            "",
            '<script type="module" src="{}"></script>',
            ((static(f"js/{name}.js"),) for name in ("focus", "autosave")),
        ),
    )


@register.simple_tag
def badge(tone: str, label: object, icon_name: str = "") -> SafeString:
    """Return a status badge; ``tone`` is a key of ``TONE_ICONS`` (empty: neutral)."""
    return format_html('<span class="badge {}">{}{}</span>', tone, icon(icon_name or TONE_ICONS[tone]), label)


@register.simple_block_tag
def note(content: SafeString, tone: str = "info", title: object = "", role: str = "") -> SafeString:
    """Frame its content as a note; ``role`` (``alert`` or ``status``) only when it appears by itself."""
    return format_html(
        '<div class="note {}"{}>{}<div class="note-body">{}{}</div></div>',
        tone,
        format_html(' role="{}"', role) if role else "",
        icon("triangle-alert" if tone == "wait" else TONE_ICONS[tone]),
        format_html("<strong>{}</strong>", title) if title else "",
        content,
    )


@register.simple_tag
def diff(before: object, after: object) -> SafeString:
    """Return both values of something that changed, readable without colour or strike-through."""
    return format_html(
        '<span class="diff"><del><span class="sr">{} </span>{}</del> '
        '<ins><span class="sr">{} </span>{}</ins></span>',
        _("Avant :"),
        before or _("(vide)"),
        _("Après :"),
        after or _("(vide)"),
    )


@register.filter
def initials(name: object) -> str:
    """Return two capitals: ``Inès Marchand`` → ``IM``, ``Université de Caen`` → ``UC``, ``INSA`` → ``IN``."""
    words = [word for word in str(name).replace("-", " ").replace("’", " ").split() if word[0].isupper()]
    if not words:
        return str(name)[:2].upper()
    return words[0][:2].upper() if len(words) == 1 else words[0][0] + words[-1][0]
