"""The shared directory of hosts: how one is found, and which two may be one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, Count, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.folding import fold
from accounts.models import User
from organisations import words
from organisations.fields import compact
from organisations.models import Organisation, Resemblance, Word
from organisations.models.following import agreements
from organisations.models.host import OrganisationQuerySet, lexemes

LONGEST_SEARCH = 200  # characters; nobody types more, and each word costs a condition
MOST_WORDS = 10
DIGITS = 14  # of a SIRET
INDEXED_LETTERS = 3  # a trigram index looks up this many letters inside a word, fewer only at its start
# Of all that match, how many are put in order: a word that thousands have needs another one beside it,
# unless it is the whole name.
CANDIDATES = 200
# A word mistyped more than once is compared with those that look like it, the nearest only.
NEAREST = 3
SHORTEST_COMPARED = 5
# Names that look so much alike, in one town, may be one host.
ALIKE = 0.6


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


def search(hosts: OrganisationQuerySet, text: str, limit: int = 20) -> Found:
    """Return at most ``limit`` of ``hosts`` by any of their names and town, or by SIRET from the SIREN on.

    Words come in any order, by their first letters; case, accents, legal forms and linking words do not
    matter, an acronym finds what it stands for, ``%`` stands for any characters. When nothing matches,
    typing mistakes are corrected. Each host carries ``agreements``, how many were ever validated.
    """
    digits = compact(text)
    if re.fullmatch(r"[0-9]{9,14}", digits):
        return _numbered(hosts, digits, limit)
    text = text[:LONGEST_SEARCH]
    if "%" in text:
        key = fold(text)
        begins_so = like("search_key", f"{key.split()[0]}%").desc() if key else "pk"
        matching = _among(hosts.filter(contains_words("search_key", text)))
        return _take(matching, [begins_so, "search_key", "pk"], limit)
    return _worded(hosts, text, limit)


def _numbered(hosts: OrganisationQuerySet, digits: str, limit: int) -> Found:
    """Return the hosts whose SIRET is, or begins with, these digits; a record merged leads to the one kept."""
    if len(digits) == DIGITS and (kept := find_by_siret(digits)):
        return _take(hosts.filter(pk=kept.pk), ["pk"], limit)
    # Between two numbers, not LIKE: an index serves it however the query is prepared.
    first, last = digits.ljust(DIGITS, "0"), digits.ljust(DIGITS, "9")
    return _take(hosts.filter(siret__gte=first, siret__lte=last), ["siret"], limit)


def _worded(hosts: OrganisationQuerySet, text: str, limit: int) -> Found:
    """Return the hosts that words tell, as they are typed, else begun with, else mistyped."""
    typed = words.telling(text)[:MOST_WORDS]
    if not typed:
        return Found([])
    last_begun = _all([*map(_whole, typed[:-1]), _begun(typed[-1])])
    found = _ranked(hosts, text, typed, [_named(typed), _all(map(_whole, typed)), last_begun], limit)
    if not found and len(typed) > 1:
        found = _ranked(hosts, text, typed, [_all(map(_begun, typed))], limit)
    for queries in () if found else _corrections(typed):
        found = _ranked(hosts, text, typed, queries, limit, is_approximate=True)
        if found:
            break
    return found


def _ranked(
    hosts: OrganisationQuerySet,
    text: str,
    typed: list[str],
    queries: list[str],
    limit: int,
    *,
    is_approximate: bool = False,
) -> Found:
    """Return what matches one of some text queries: the whole name first, then whole words, beginnings, open hosts,
    the likest name."""
    order = [
        matches(_named(typed)).desc(),
        matches(_all(map(_whole, typed))).desc(),
        like("search_key", f"{fold(text)}%").desc(),
        F("is_open").desc(),
        TrigramSimilarity("search_key", fold(text)).desc(),
        "pk",
    ]
    matching = _among(*(hosts.filter(matches(query)) for query in queries))
    return _take(matching, order, limit, is_approximate=is_approximate)


def _among(*matching: OrganisationQuerySet) -> QuerySet[Organisation]:
    """Return the candidates among hosts that match: what the first query finds, then the next, until they are enough.

    PostgreSQL runs each query no further than needed, but plans it (MATERIALIZED) as if all its rows were read:
    otherwise it reads the table from its start, hoping to meet enough of them soon.
    """
    try:
        parts = [hosts.order_by().values("pk").query.sql_with_params() for hosts in matching]
    except EmptyResultSet:
        return Organisation.objects.none()
    tables = ", ".join(f"found_{rank} AS MATERIALIZED ({sql})" for rank, (sql, _) in enumerate(parts))
    union = " UNION ALL ".join(f"SELECT pk FROM found_{rank}" for rank in range(len(parts)))  # noqa: S608
    keys = RawSQL(  # noqa: S611  made of our own queries
        f"WITH {tables} SELECT pk FROM ({union}) found LIMIT {CANDIDATES}",  # noqa: S608
        [value for _, values in parts for value in values],
    )
    return Organisation.objects.filter(pk__in=keys)


def _corrections(typed: list[str]) -> Iterator[list[str]]:
    """Yield text queries for what may have been meant, the nearest first.

    One mistake in a word, words that look like one that nobody has, then one word too many.
    """
    meant = {word: _begun(word) for word in typed}
    alike = _one_mistake_away(typed)
    for word, others in alike.items():
        meant[word] = _any([meant[word], *map(_quoted, others)])
    yield [_all(meant.values())]
    unknown = [word for word, others in alike.items() if word not in others]
    for word in unknown:
        if len(word) >= SHORTEST_COMPARED:
            meant[word] = _any([meant[word], *map(_quoted, _looking_like(word))])
    if unknown:
        yield [_all(meant.values())]
    if len(typed) > 1:
        # A word that some host has is taken as it is: its beginnings would be read for each word left out.
        taken = {word: meant[word] if word in unknown else _whole(word) for word in typed}
        least_known_first = sorted(typed, key=lambda word: word not in unknown)
        yield [_all(taken[word] for word in typed if word != left_out) for left_out in least_known_first]


def _one_mistake_away(typed: list[str]) -> dict[str, list[str]]:
    """Return the words of the directory that each typed word may be: itself, or one mistake apart; one query."""
    correctable = [word for word in typed if words.may_be_corrected(word)]
    shortened = {short for word in correctable for short in words.shortened(word)}
    known = list(Word.objects.filter(shortened__overlap=sorted(shortened)).values_list("word", flat=True))
    return {
        word: [other for other in known if other == word or words.is_one_mistake(word, other)]
        for word in correctable
    }


def _looking_like(word: str) -> list[str]:
    likeness = TrigramSimilarity("word", word)
    alike = Word.objects.filter(word__trigram_similar=word).order_by(likeness.desc(), "word")
    return list(alike.values_list("word", flat=True)[:NEAREST])


def _quoted(word: str) -> str:
    return f"'{word}'"  # a folded word holds no quotation mark and no backslash


def _begun(word: str) -> str:
    """Return the text query for a word of which the first letters are typed, or an abbreviation."""
    few = len(word) <= words.INDEXED_BEGINNINGS
    begins = _quoted(words.beginning(word)) if few else f"{_quoted(word)}:*"
    return _any([begins, *_meanings(word)])


def _whole(word: str) -> str:
    return _any([_quoted(word), *_meanings(word)])


def _named(typed: list[str]) -> str:
    """Return the text query for hosts of which the whole name is typed, with the town or what else before or after."""
    parts = [(typed[:rank], typed[rank:]) for rank in range(1, len(typed) + 1)]
    parts += [(typed[rank:], typed[:rank]) for rank in range(1, len(typed))]
    return _any(_all([_quoted(words.entire(name)), *map(_whole, rest)]) for name, rest in parts)


def _meanings(word: str) -> list[str]:
    meaning = words.MEANING_OF.get(word)
    return [_all(map(_quoted, meaning))] if meaning else []


def _all(queries: Iterable[str]) -> str:
    return f"({' & '.join(queries)})"


def _any(queries: Iterable[str]) -> str:
    return f"({' | '.join(queries)})"


def matches(query: str) -> Func:
    """Return the condition that a host's words match a text query (``tsquery``), through their index."""
    return Func(
        lexemes(),
        Value(query),
        template="(%(expressions)s::tsquery)",
        arg_joiner=" @@ ",
        output_field=BooleanField(),
    )


def described(keys: Iterable[int]) -> dict[int, Organisation]:
    """Return hosts by primary key, each with ``agreements``, how many were ever validated; one query."""
    number: Combinable = Value(0)
    for table, is_validated in agreements().items():
        there = table._default_manager.filter(is_validated, organisation=OuterRef("pk")).order_by()
        counted = there.values("organisation").annotate(number=Count("pk")).values("number")
        number += Coalesce(Subquery(counted), 0)
    hosts = Organisation.objects.select_related("legal_form", "naf_code", "headcount_band", "created_by")
    found: dict[int, Any] = hosts.annotate(agreements=number).in_bulk(list(keys))
    return found


def agreements_at(host: Organisation) -> tuple[int, int]:
    """Return how many agreements a host has, and how many of them were ever validated; one query a table."""
    counts = [
        table._default_manager.filter(organisation=host).aggregate(
            all=Count("pk"), validated=Count("pk", filter=is_validated)
        )
        for table, is_validated in agreements().items()
    ]
    return sum(count["all"] for count in counts), sum(count["validated"] for count in counts)


def find_by_siret(text: str) -> Organisation | None:
    """Return the host that has this SIRET, typed with or without spaces; the one it was merged into, if it was."""
    number = compact(text)
    found = (
        Organisation.objects.select_related("merged_into").filter(siret=number).first() if number else None
    )
    return found and (found.merged_into or found)


def similar(host: Organisation, limit: int = 5) -> list[Organisation]:
    """Return the hosts that may be ``host``, recorded or not: in its town, by a name like its own.

    Two establishments with a SIRET each are two.
    """
    typed = words.telling(host.name)[:MOST_WORDS]
    town, code = words.folded(host.city), words.folded(host.postal_code)
    if not (typed and town):
        return []
    place = _any(_all(map(_quoted, part)) for part in (town, code) if part)
    others = Organisation.objects.filter(merged_into=None, country=host.country).exclude(pk=host.pk)
    if host.siret:
        others = others.filter(siret=None)
    same = Q(likeness__gte=ALIKE)
    if len(words.spelled_out(typed)) > 1:
        same |= Q(matches(_all(map(_whole, typed))))
    if host.local_identifier:
        same |= Q(local_identifier=host.local_identifier)
    name = _any([_all(map(_begun, typed)), *chain.from_iterable(_corrections(typed))])
    return list(
        others.filter(matches(_all([name, place])))
        .annotate(likeness=TrigramSimilarity("search_key", fold(f"{host.name} {host.city}")))
        .filter(same)
        .order_by("-likeness", "pk")[:limit]
    )


def note_resemblances(host: Organisation) -> None:
    """Record which hosts may be this one, for the staff to judge; what they judged once stays judged."""
    note_pairs(host, {other.pk for other in similar(host)})


def resembling(hosts: Iterable[Organisation]) -> dict[int, list[Organisation]]:
    """Return what each of these hosts was found to resemble and nobody has judged yet; one query."""
    found: dict[int, list[Organisation]] = {host.pk: [] for host in hosts}
    pairs = Resemblance.objects.open().filter(Q(first__in=found) | Q(second__in=found))
    for pair in pairs.select_related("first", "second").order_by("-found_at", "pk"):
        for host, other in ((pair.first, pair.second), (pair.second, pair.first)):
            if host.pk in found:
                found[host.pk].append(other)
    return found


def verify(host: Organisation, *, by: User) -> None:
    """Note that the staff has looked at a record, and found it right."""
    host.is_verified, host.verified_by, host.verified_at = True, by, timezone.now()
    host.save(update_fields=["is_verified", "verified_by", "verified_at"])


def dismiss(pair: Resemblance, *, by: User) -> None:
    """Note that two records are of two hosts; whoever said it first stays named."""
    open_one = Resemblance.objects.filter(pk=pair.pk, dismissed_at=None)
    open_one.update(dismissed_by=by, dismissed_at=timezone.now())


def note_pairs(host: Organisation, others: Iterable[int]) -> None:
    """Record that others may be ``host``, by primary key; itself is left out."""
    Resemblance.objects.bulk_create(
        [
            Resemblance(first_id=min(host.pk, other), second_id=max(host.pk, other))
            for other in sorted(set(others) - {host.pk})
        ],
        ignore_conflicts=True,
    )


def contains_words(field: str, text: str) -> Q:
    """Return the condition that a folded ``field`` contains every word of ``text``, which may use ``%``.

    Words of one or two letters only match at the start of a word. Without any word, nothing matches.
    """
    typed = [re.sub("%+", "%", word) for word in fold(text[:LONGEST_SEARCH]).split() if word.strip("%")]
    condition = Q() if typed else Q(pk__in=[])
    for word in typed:
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
    hosts = described(keys[:limit])
    return Found(
        [hosts[key] for key in keys[:limit] if key in hosts], len(keys) > limit, is_approximate and bool(keys)
    )
