"""Searching among a million hosts, through the page that students use: times, plans, memory, and how often one is found.

It keeps its database in var/bench-directory: the million is made once, in some four minutes.
"""

import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from random import Random
from unittest import mock

import django

from pstage import embedded

HOSTS, CONTACTS = 1_000_000, 300_000
FOLDER = embedded.VAR / "bench-directory"
PLANS = FOLDER / "plans.txt"
SEED = 7
OF_EACH_KIND = 120  # queries
WARM_UP = 20  # more, not counted: one connection of a web server lives long
NOISY = 60  # searches of each kind of noise
FIRST = 5
GOALS = {"one mistake": 150, "whole page, mistake": 150}  # ms
GOAL = 50  # ms, the other kinds
PARTS = ["search", "agreement", "offers", "drawing", "all SQL"]  # of an answer; SQL is inside the others
MILLISECONDS = 1000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FORMS = ["SARL", "SAS", "SA", "EURL", "Société"]


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "pstage.settings"
    os.environ["PSTAGE_ENVIRONMENT"] = "development"
    os.environ.pop("DATABASE_URL", None)  # never fill somebody's database with invented hosts
    with embedded.services(FOLDER, durable=False) as servers:
        os.environ |= servers.urls
        django.setup()
        prepare()
        random = Random(SEED)
        page = Page()
        times(page, random)
        recall(random)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"\npeak memory of this process: {peak:.0f} MB")


def prepare() -> None:
    """Bring the database up to date: the demo world, and the million when it is not there."""
    from django.core.management import call_command

    from organisations.models import Organisation

    call_command("migrate", verbosity=0)
    call_command("load_nomenclatures", verbosity=0)
    call_command("demo", stdout=sys.stderr)
    call_command("collectstatic", interactive=False, verbosity=0)
    if Organisation.objects.count() < HOSTS:
        start = time.perf_counter()
        command = [sys.executable, "manage.py", "seed", f"--organisations={HOSTS}", f"--contacts={CONTACTS}"]
        subprocess.run(command, check=True, cwd=embedded.BASE_DIR)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{'seed':<22}{time.perf_counter() - start:>6.0f} s, peak memory {peak:.0f} MB   (goal: 600 s)")


class Page:
    """The page where the demo's student looks for a host, and what each part of an answer took."""

    def __init__(self) -> None:
        from django.test import Client
        from django.urls import reverse

        from accounts.demo import ACCOUNTS
        from accounts.models import User
        from conventions.models import Convention, Status

        self.user = User.objects.get(email=ACCOUNTS[0].email)
        draft = Convention.objects.get(student__user=self.user, status=Status.DRAFT)
        self.client = Client(SERVER_NAME="127.0.0.1")
        self.client.force_login(self.user)
        self.address = reverse("conventions:step", args=[draft.pk, "etablissement"])

    def get(self, query: str, **headers: str) -> dict[str, float]:
        """Ask for the page of a search; return milliseconds: in all, and what each part took."""
        from django.db import connection
        from django.template.backends.django import Template

        from conventions.views import choices, wizard
        from organisations import directory

        spent = defaultdict(float)

        def timed(part, function):
            def call(*args, **kwargs):
                start = time.perf_counter()
                try:
                    return function(*args, **kwargs)
                finally:
                    spent[part] += (time.perf_counter() - start) * MILLISECONDS

            return call

        def timed_sql(execute, sql, params, many, context):
            return timed("all SQL", execute)(sql, params, many, context)

        with (
            mock.patch.object(directory, "search", timed("search", directory.search)),
            mock.patch.object(wizard, "load", timed("agreement", wizard.load)),
            mock.patch.object(choices, "being_filled", timed("agreement", choices.being_filled)),
            mock.patch.object(choices, "offers", timed("offers", choices.offers)),
            mock.patch.object(Template, "render", timed("drawing", Template.render)),
            connection.execute_wrapper(timed_sql),
        ):
            start = time.perf_counter()
            response = self.client.get(self.address, {"q": query}, headers=headers)
            spent["all"] = (time.perf_counter() - start) * MILLISECONDS
        assert response.status_code == 200, query
        return spent

    def results(self, query: str) -> dict[str, float]:
        return self.get(query, **{"HX-Request": "true"})


def records(random: Random, count: int):
    """Return some hosts that students may find, drawn at random by primary key."""
    from django.db.models import Max, Min

    from organisations.models import Organisation

    hosts = Organisation.objects.filter(is_private=False, merged_into=None)
    ends = Organisation.objects.aggregate(first=Min("pk"), last=Max("pk"))
    found = []
    while len(found) < count:
        keys = random.sample(range(ends["first"], ends["last"] + 1), count)
        found += sorted(hosts.filter(pk__in=keys), key=lambda host: keys.index(host.pk))
    return found[:count]


def town(host) -> str:
    """Return a town as people write it: without the number of its district."""
    return re.sub(r" \d+$", "", host.city).title()


def queries(random: Random):
    """Yield (kind, searches) as people type them, from known hosts."""
    count = OF_EACH_KIND + WARM_UP
    hosts = iter(records(random, count * 8))

    def some(write):
        return [write(next(hosts)) for _ in range(count)]

    def cut(host):
        return host.name[: random.randint(2, max(2, len(host.name)))]

    def first_letters(host):
        return " ".join(word[: random.randint(2, 4)] for word in f"{host.name} {town(host)}".split())

    yield "whole name", some(lambda host: host.name)
    yield "name being typed", some(cut)
    yield "name and town", some(lambda host: f"{host.name} {town(host)}")
    yield "first letters, town", some(first_letters)
    with_siret = [host for host in records(random, count * 2) if host.siret][:count]
    yield "SIRET", [host.siret for host in with_siret]
    yield "SIREN", [host.siret[:9] for host in with_siret]
    yield "one mistake", some(lambda host: mistyped(random, f"{host.name} {town(host)}"))


def longer_word(random: Random, words: list[str]) -> int:
    """Return the rank of a word where a mistake can be made and corrected."""
    return random.choice(
        [rank for rank, word in enumerate(words) if len(word) >= 4 and word.isalpha()] or [0]
    )


def mistyped(random: Random, text: str) -> str:
    """Return a text with one letter of one of its longer words missing, too many, another, or swapped with the next."""
    words = text.split()
    rank = longer_word(random, words)
    word, letter = words[rank], random.choice(LETTERS)
    place = random.randrange(len(word) - 1)
    words[rank] = random.choice(
        [
            word[:place] + word[place + 1 :],
            word[:place] + letter + word[place:],
            word[:place] + letter + word[place + 1 :],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        ]
    )
    return " ".join(words)


def times(page: Page, random: Random) -> None:
    """Print what searches cost through the page, and where; write the plans of some."""
    print(f"\n{'search, results only':<22}{'p50':>8}{'p95':>8}{'max':>8}{'goal':>6}", end="")
    print(
        "".join(f"{part:>11}" for part in PARTS), f"  (ms; {OF_EACH_KIND} of each kind; the parts are means)"
    )
    plans = []
    for kind, asked in queries(random):
        for query in asked[:WARM_UP]:
            page.results(query)
        asked = asked[WARM_UP:]
        spent = [page.results(query) for query in asked]
        show(kind, spent)
        slowest = max(zip(spent, asked, strict=True), key=lambda pair: pair[0]["all"])[1]
        plans += [plan(kind, asked[0]), plan(f"{kind}, the slowest", slowest)]
    for _ in range(WARM_UP):
        page.get(asked[0])
    show("whole page, mistake", [page.get(query) for query in asked])
    PLANS.write_text("\n\n".join(plans), encoding="utf-8")
    print(
        f"The plans (EXPLAIN ANALYZE, BUFFERS) of one search of each kind and of the slowest are in {PLANS}."
    )


def show(kind: str, spent: list[dict[str, float]]) -> None:
    whole = [one["all"] for one in spent]
    figures = [statistics.median(whole), statistics.quantiles(whole, n=20)[-1], max(whole)]
    means = [statistics.mean(one[part] for one in spent) for part in PARTS]
    print(f"{kind:<22}{''.join(f'{one:>8.1f}' for one in figures)}{GOALS.get(kind, GOAL):>6}", end="")
    print("".join(f"{one:>11.1f}" for one in means))


def plan(kind: str, query: str) -> str:
    """Return what PostgreSQL did for a search: each of its queries and its plan."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from accounts.demo import ACCOUNTS
    from accounts.models import User
    from organisations import directory
    from organisations.models import Organisation

    user = User.objects.get(email=ACCOUNTS[0].email)
    with CaptureQueriesContext(connection) as captured:
        directory.search(Organisation.objects.visible_to(user), query)
    lines = [f"== {kind}: {query}"]
    for one in captured.captured_queries:
        if "organisations_" not in one["sql"]:
            continue
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + one["sql"])
            lines += ["", one["sql"], *(line for (line,) in cursor.fetchall())]
    return "\n".join(lines)


def recall(random: Random) -> None:
    """Print how often a known host is among the first found, by kind of noise."""
    from accounts.demo import ACCOUNTS
    from accounts.models import User
    from organisations import directory
    from organisations.models import Organisation

    user = User.objects.get(email=ACCOUNTS[0].email)
    print(f"\n{'searches with noise':<30}{'asked':>7}{f'in first {FIRST}':>12}{'rate':>8}   (goal: 95 %)")
    asked = kept = 0
    for kind, write in NOISES.items():
        found, missed = 0, []
        for host, query in noisy(random, write):
            results = directory.search(Organisation.objects.visible_to(user), query, limit=FIRST)
            if host.pk in {one.pk for one in results}:
                found += 1
            else:
                missed.append(f"{query} ≠ {host.name}, {host.city}")
        print(f"{kind:<30}{NOISY:>7}{found:>12}{found / NOISY:>8.1%}")
        for line in missed:
            print(f"    missed: {line}")
        asked, kept = asked + NOISY, kept + found
    print(f"{'all':<30}{asked:>7}{kept:>12}{kept / asked:>8.1%}")


def noisy(random: Random, write):
    """Return hosts that alone have their name in their town, each with what somebody types for it."""
    from organisations.models import Organisation

    asked = []
    while len(asked) < NOISY:
        for host in records(random, NOISY):
            query = write(random, host)
            namesakes = Organisation.objects.filter(name=host.name, city__startswith=town(host).upper())
            if query and namesakes.count() == 1:
                asked.append((host, query))
    return asked[:NOISY]


def without_accents(random: Random, host) -> str:
    from accounts.folding import fold

    plain = fold(host.name)
    return f"{plain} {town(host)}".upper() if plain != host.name.lower() else ""


def swapped(random: Random, host) -> str:
    """Two letters swapped in one word of the name or of the town."""
    words = f"{host.name} {town(host)}".split()
    rank = longer_word(random, words)
    word = words[rank]
    place = random.randrange(len(word) - 1)
    words[rank] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return " ".join(words) if words[rank].lower() != word.lower() else ""


def reordered(random: Random, host) -> str:
    words = f"{host.name} {town(host)}".split()
    random.shuffle(words)
    return " ".join(words) if words != f"{host.name} {town(host)}".split() else ""


def legal_form(random: Random, host) -> str:
    """The legal form left out when the name has one, added before or after it when it has none."""
    from organisations import words

    first, _, rest = host.name.partition(" ")
    if first.lower() in words.LEGAL_FORMS and rest:
        return f"{rest} {town(host)}"
    form = random.choice(FORMS)
    return random.choice([f"{form} {host.name} {town(host)}", f"{host.name} {form} {town(host)}"])


def acronym(random: Random, host) -> str:
    """The initials of a name of three words that tell something, beside those of its town."""
    from organisations import words

    of_town = set(words.telling(town(host)))
    spelled = [word for word in words.spelled_out(words.telling(host.name)) if word not in of_town]
    return f"{''.join(word[0] for word in spelled).upper()} {town(host)}" if len(spelled) >= 3 else ""


NOISES = {
    "accents dropped, capitals": without_accents,
    "two letters swapped": swapped,
    "words in another order": reordered,
    "legal form added or left out": legal_form,
    "acronym and town": acronym,
}


if __name__ == "__main__":
    main()
