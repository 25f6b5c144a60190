"""The shared directory of hosts: how one is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import BooleanField, Count, F, Func, Q, QuerySet, Value

from accounts.folding import fold
from organisations.fields import compact
from organisations.models import Organisation

LONGEST_SEARCH = 200  # characters; nobody types more, and each word costs a condition
INDEXED_LETTERS = 3  # a trigram index looks up this many letters inside a word, fewer only at its start


@dataclass(frozen=True)
class Found:
    """The hosts that match a search, the best first; iterates over them."""

    organisations: list[Organisation]
    has_more: bool = False  # more match than the limit: the person should add a word or the town
    is_approximate: bool = False  # nothing matched what was typed: these have a similar name

    def __iter__(self) -> Iterator[Organisation]:
        return iter(self.organisations)

    def __len__(self) -> int:
        return len(self.organisations)


def search(text: str, limit: int = 20) -> Found:
    """Return at most ``limit`` hosts by name and town, or by SIRET or its first digits from the SIREN on.

    Words come in any order, case and accents do not matter, ``%`` stands for any characters. Each host
    carries ``agreements``, the number of its agreements ever validated.
    """
    digits = compact(text)
    if re.fullmatch(r"[0-9]{9,14}", digits):
        return _take(Organisation.objects.filter(siret__startswith=digits), ["siret"], limit)
    key = fold(text[:LONGEST_SEARCH])
    if not key:
        return Found([])
    matching = Organisation.objects.filter(contains_words("search_key", text))
    begins_so = like("search_key", f"{key.split()[0]}%").desc()
    found = _take(matching, [begins_so, "search_key", "pk"], limit)
    if found.organisations or "%" in text:
        return found
    similar = Organisation.objects.filter(search_key__trigram_word_similar=key)
    best = TrigramWordSimilarity(key, "search_key").desc()
    return _take(similar, [best, "search_key", "pk"], limit, is_approximate=True)


def find_by_siret(text: str) -> Organisation | None:
    """Return the host that has this SIRET, typed with or without spaces."""
    return Organisation.objects.filter(siret=compact(text)).first() if compact(text) else None


def contains_words(field: str, text: str) -> Q:
    """Return the condition that a folded ``field`` contains every word of ``text``, which may use ``%``.

    Words of one or two letters only match at the start of a word. Without any word, nothing matches.
    """
    words = [re.sub("%+", "%", word) for word in fold(text[:LONGEST_SEARCH]).split() if word.strip("%")]
    condition = Q() if words else Q(pk__in=[])
    for word in words:
        if len(word) < INDEXED_LETTERS and "%" not in word:
            condition &= Q(like(field, f"{word}%")) | Q(like(field, f"% {word}%"))
        else:
            condition &= Q(like(field, f"%{word}%"))
    return condition


def like(field: str, pattern: str) -> Func:
    """Return ``field LIKE pattern``. Folded text holds neither ``_`` nor ``\\``: only ``%`` has a meaning."""
    return Func(
        F(field),
        Value(pattern),
        template="(%(expressions)s)",
        arg_joiner=" LIKE ",
        output_field=BooleanField(),
    )


def _take(
    matching: QuerySet[Organisation], order: list[Any], limit: int, *, is_approximate: bool = False
) -> Found:
    # Two queries: the agreements are counted only for the hosts that will be shown.
    keys = list(matching.order_by(*order).values_list("pk", flat=True)[: limit + 1])
    validated = Count("conventions", filter=Q(conventions__validated_at__isnull=False))
    hosts = (
        Organisation.objects.select_related("naf_code").annotate(agreements=validated).in_bulk(keys[:limit])
    )
    return Found(
        [hosts[key] for key in keys[:limit] if key in hosts], len(keys) > limit, is_approximate and bool(keys)
    )
