"""Figures of the main pages, printed as tables: server time, queries, requests per second beside an empty view.

``make bench`` starts it on servers of its own, with the demo world and a manager's 400 agreements of June.
"""

import os
import re
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager

import django
from django.conf import settings

from pstage import embedded
from pstage.probe import healthy

RUNS = 60
AGREEMENTS = 400
WRK = ["wrk", "--threads", "1", "--connections", "16", "--duration", "8s"]


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
    os.environ["PSTAGE_ENVIRONMENT"] = "development"
    with embedded.services(embedded.VAR / "bench", durable=False) as servers:
        os.environ |= servers.urls
        os.environ["MEDIA_ROOT"] = str(embedded.VAR / "bench" / "media")
        django.setup()
        prepare()
        server_time()
        requests_per_second()


def prepare() -> None:
    """Bring the data up to date: the demo world, and many agreements to treat."""
    from django.core.management import call_command

    from conventions.models import Convention

    call_command("migrate", verbosity=0)
    call_command("load_nomenclatures", stdout=sys.stderr)
    call_command("demo", stdout=sys.stderr)
    call_command("collectstatic", interactive=False, verbosity=0)
    submitted = Convention.objects.filter(organisation__name="Laboratoires Vauquelin", status="submitted")
    model = submitted.earliest("created_at")
    if Convention.objects.filter(centre=model.centre).count() < AGREEMENTS:
        rows = []
        for rank in range(AGREEMENTS):
            row = Convention.objects.get(pk=model.pk)
            row.pk, row.number = None, f"2020-{rank:06d}"
            rows.append(row)
        Convention.objects.bulk_create(rows)


def pages():
    """Yield (label, account, address) of the ten main pages."""
    from django.urls import reverse

    from accounts.demo import ACCOUNTS
    from conventions.models import Convention, Status

    student, manager = ACCOUNTS[0].email, ACCOUNTS[1].email
    draft = Convention.objects.get(student__user__email=student, status=Status.DRAFT)
    returned = Convention.objects.get(student__user__email=student, status=Status.RETURNED)
    submitted = Convention.objects.filter(
        status=Status.SUBMITTED, organisation__name="Laboratoires Vauquelin"
    )[0]
    validated = Convention.objects.filter(status=Status.VALIDATED, centre=submitted.centre)[0]
    yield "Accueil de l’étudiant", student, reverse("home")
    yield "Étape Élève", student, reverse("conventions:step", args=[draft.pk, "eleve"])
    yield (
        "Étape Établissement, recherche",
        student,
        reverse("conventions:step", args=[draft.pk, "etablissement"]) + "?q=lab",
    )
    yield "Étape Contenu, avec remarques", student, reverse("conventions:step", args=[returned.pk, "contenu"])
    yield "Récapitulatif", student, reverse("conventions:step", args=[returned.pk, "recapitulatif"])
    yield "Suite (numéro, circuit)", student, reverse("conventions:next", args=[returned.pk])
    yield "Accueil du gestionnaire", manager, reverse("home")
    yield "Liste du gestionnaire", manager, reverse("conventions:list")
    yield "Convention à valider", manager, reverse("conventions:detail", args=[submitted.pk])
    yield "Convention validée", manager, reverse("conventions:detail", args=[validated.pk])


def client_of(email):
    from django.test import Client

    from accounts.models import User

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(email=email))
    return client


def server_time() -> None:
    """Print median and 95th percentile of the time spent in Django, and the number of queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    print(f"\n{'page':<32} {'médiane':>9} {'p95':>9} {'requêtes':>9}   ({RUNS} passages)")
    for label, email, address in pages():
        client = client_of(email)
        assert client.get(address).status_code == 200, address
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            client.get(address)
            times.append((time.perf_counter() - start) * 1000)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"{label:<32} {statistics.median(times):>6.1f} ms {p95:>6.1f} ms {len(queries):>9}")


@contextmanager
def web_server():
    """Serve the site as the demo does, and yield its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        *embedded.WEB.split(),
        "--bind",
        f"127.0.0.1:{port}",
        "pstage.wsgi",
    ]
    pool = os.environ | {"DATABASE_POOL_SIZE": str(embedded.WEB_THREADS)}
    server = subprocess.Popen(command, env=pool, stderr=subprocess.DEVNULL)
    try:
        while not healthy(port):
            if server.poll() is not None:
                raise SystemExit("The web server ended by itself.")
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


def requests_per_second() -> None:
    """Print how many times a second the server answers, as a ratio to an empty view in the same run."""
    wanted = {"Accueil de l’étudiant", "Liste du gestionnaire"}
    with web_server() as port:
        empty = rate(f"http://127.0.0.1:{port}/vide/")
        print(f"\n{'page':<32} {'requêtes/s':>11} {'rapport':>9}   (objectif : 0,25)")
        print(f"{'Vue vide':<32} {empty:>11.0f} {1:>9.2f}")
        for label, email, address in pages():
            if label not in wanted:
                continue
            cookie = client_of(email).cookies[settings.SESSION_COOKIE_NAME].value
            measured = rate(f"http://127.0.0.1:{port}{address}", cookie)
            print(f"{label:<32} {measured:>11.0f} {measured / empty:>9.2f}")


def rate(address: str, session: str = "") -> float:
    header = ["--header", f"Cookie: {settings.SESSION_COOKIE_NAME}={session}"] if session else []
    report = subprocess.run([*WRK, *header, address], check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in report, report
    return float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1])


if __name__ == "__main__":
    main()
