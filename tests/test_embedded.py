"""The embedded services and the demo: what they serve, and that nothing outlives whoever started them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from pstage import embedded

SOURCES = ["accounts", "conventions", "organisations", "pstage", "static", "templates"]
LONGEST = 60  # seconds given to a process to end, when it should


@pytest.fixture
def folder():
    """A data folder, under var/ because pytest's own folders are closed to PostgreSQL's account."""
    embedded.VAR.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=embedded.VAR, prefix="test-embedded-") as name:
        yield Path(name)


@pytest.fixture
def no_servers(monkeypatch):
    """Forget the servers this test run uses."""
    for variable in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(variable, raising=False)


def alone():
    """Return our environment without what the test run put there."""
    ours = {"DATABASE_URL", "REDIS_URL", "PSTAGE_ENVIRONMENT", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in ours}


@contextmanager
def run(*command, cwd=embedded.BASE_DIR, **environment):
    """Run Python in a process of its own, killed at the latest when the block ends."""
    with subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env=alone() | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def family(process):
    """Return every process under this one."""
    return psutil.Process(process.pid).children(recursive=True)


def command(process):
    """Return the command line of a process, empty if it has ended: connections to PostgreSQL come and go."""
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


def eventually(answer):
    """Return what ``answer()`` gives once it gives something, or its last word when that takes too long."""
    deadline = time.monotonic() + LONGEST
    while not (given := answer()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return given


def assert_gone(processes):
    _gone, left = psutil.wait_procs(processes, timeout=LONGEST)
    for process in left:
        process.kill()
    assert left == []


HOLD_SERVICES = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the runner of the tests may ignore it, and we inherit that
from pathlib import Path
from pstage.embedded import services
with services(Path(sys.argv[1]), durable=False) as started:
    print(started.urls["DATABASE_URL"], started.urls["REDIS_URL"], flush=True)
    sys.stdin.readline()
"""


class TestServices:
    @pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
    def test_they_serve_and_do_not_outlive_a_killed_parent(self, folder, death):
        for _start in range(2):  # the second finds what the first left, data included
            with run("-c", HOLD_SERVICES, folder, PSTAGE_ENVIRONMENT="test") as parent:
                database, redis = parent.stdout.readline().split()
                with psycopg.connect(database, autocommit=True) as connection:
                    connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
                    connection.execute("INSERT INTO starts DEFAULT VALUES")
                    [starts] = connection.execute("SELECT count(*) FROM starts").fetchone()
                with Redis.from_url(redis) as client:
                    assert client.ping()
                servers = family(parent)
                assert {"postgres", "redis-server"} <= {server.name() for server in servers}
                parent.send_signal(death)
                assert parent.wait(LONGEST) == -death
                assert_gone(servers)
        assert starts == 2

    def test_only_its_owner_opens_redis(self, folder, no_servers):
        with embedded.services(folder) as started:
            open_to_all = re.sub(":[^:@]+@", "", started.urls["REDIS_URL"])
            with (
                Redis.from_url(open_to_all) as client,
                pytest.raises(AuthenticationError, match="authenticated"),
            ):
                client.ping()

    def test_they_use_the_servers_of_the_environment(self, folder, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/pstage")
        monkeypatch.setenv("REDIS_URL", "redis://redis.example/0")
        with embedded.services(folder) as started:
            assert started.urls["DATABASE_URL"] == "postgresql://db.example/pstage"
            assert started.urls["REDIS_URL"] == "redis://redis.example/0"
            assert started.children == []

    def test_one_variable_is_enough_to_start_only_the_other(self, folder, no_servers, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/pstage")
        with embedded.services(folder) as started:
            assert [child.name for child in started.children] == ["Redis"]

    @pytest.mark.parametrize("environment", ["production", None])
    def test_never_in_production(self, folder, monkeypatch, environment):
        monkeypatch.delenv("PSTAGE_ENVIRONMENT")
        if environment:
            monkeypatch.setenv("PSTAGE_ENVIRONMENT", environment)
        with pytest.raises(embedded.EmbeddedError, match="not production"), embedded.services(folder):
            pass

    def test_one_run_at_a_time_uses_a_folder(self, folder, no_servers):
        lock = embedded.take(folder)
        with pytest.raises(embedded.FolderInUseError), embedded.services(folder):
            pass
        os.close(lock)

    def test_an_unclean_stop_is_forgiven(self, folder, no_servers):
        with embedded.services(folder):
            pass
        # The number of a dead server's process may since have been given to another, such as this one.
        (folder / "postgresql" / "postmaster.pid").write_text(f"{os.getpid()}\n")
        (folder / "postgresql.new").mkdir()
        with (
            embedded.services(folder) as started,
            psycopg.connect(started.urls["DATABASE_URL"]) as connection,
        ):
            assert connection.execute("SELECT 1").fetchone() == (1,)

    def test_a_long_path_is_no_obstacle(self, folder, no_servers):
        with embedded.services(folder / ("long-" * 25)) as started:
            psycopg.connect(started.urls["DATABASE_URL"]).close()


class TestReset:
    def test_it_removes_what_the_demo_kept(self, folder, no_servers, monkeypatch):
        monkeypatch.setattr(embedded, "DEMO", folder / "demo")
        with embedded.services(embedded.DEMO):
            with pytest.raises(embedded.FolderInUseError, match="stop it first"):
                embedded.reset()
            assert (embedded.DEMO / "postgresql").exists()
        embedded.reset()
        assert not embedded.DEMO.exists()


class TestRunning:
    def test_the_end_of_its_log_explains_why_a_program_ended(self, tmp_path):
        command = ["sh", "-c", "echo out of cheese; exit 3"]
        with embedded.running("The kitchen", command, log=tmp_path / "log") as child:
            child.process.wait(LONGEST)
            with pytest.raises(embedded.EmbeddedError, match=r"(?s)The kitchen stopped.*out of cheese"):
                child.require_alive()

    def test_what_a_program_started_ends_with_it(self, tmp_path):
        command = ["sh", "-c", "sleep 1000 & echo ready; sleep 1000"]
        with embedded.running("sh", command, log=tmp_path / "log") as child:
            embedded.wait_until(lambda: "ready" in (tmp_path / "log").read_text(), child)
            processes = [psutil.Process(child.process.pid), *family(child.process)]
        assert len(processes) >= 2
        assert_gone(processes)


@pytest.fixture(scope="module")
def home():
    """A copy of the project: a demo of its own, whose data is nobody's."""
    embedded.VAR.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=embedded.VAR, prefix="test-demo-") as name:
        for source in SOURCES:
            shutil.copytree(embedded.BASE_DIR / source, Path(name) / source)
        yield Path(name)


@contextmanager
def started(home, *arguments):
    """Run a demo until it serves; yield it, its address, what it printed and the processes under it."""
    port = str(embedded.free_port())
    with run("-m", "pstage.embedded", *arguments, cwd=home, PORT=port) as demo:
        printed = []
        for line in demo.stdout:
            printed.append(line)
            if address := re.search(r"http://127\.0\.0\.1:\d+/", line):
                break
        else:
            pytest.fail("".join(printed))
        yield demo, address[0], "".join(printed), family(demo)


class TestWorker:
    def test_what_it_forks_does_not_outlive_it_when_it_is_killed(self, folder, no_servers, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/pstage")  # no task will run
        command, log = [sys.executable, "-m", "celery", *embedded.WORKER.split()], folder / "worker.log"

        def ready():
            said = log.read_text()
            return "beat: Starting" in said and " ready." in said

        with (
            embedded.services(folder) as started,
            embedded.running("The worker", command, log=log, environment=os.environ | started.urls) as worker,
        ):
            embedded.wait_until(ready, worker)
            forked = family(worker.process)
            assert len(forked) == 3, "beat and a pool of two"
            worker.process.kill()
            assert_gone(forked)


class TestDemo:
    @pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
    def test_it_serves_then_leaves_nothing_behind(self, home, stop):
        with started(home) as (demo, address, printed, processes):
            assert printed.count("@") >= 5, "one account per role"
            with urllib.request.urlopen(address) as page:
                assert page.status == 200
                assert "csrfmiddlewaretoken" in page.read().decode()
            names = " ".join(map(command, processes))
            assert [part for part in ("postgres", "redis", "celery", "gunicorn") if part not in names] == []
            kept = home / "var" / "demo" / "env"
            assert kept.stat().st_mode & 0o777 == 0o600
            reached = dict(line.split("=", 1) for line in kept.read_text().splitlines())
            wrong = home / "var" / "students.csv"
            wrong.write_text("zone\n")
            reached["DJANGO_SETTINGS_MODULE"] = "pstage.settings"
            with run("-m", "django", "import_students", wrong, cwd=home, **reached) as asked:
                assert "Il manque les colonnes" in asked.stdout.read()
            demo.send_signal(stop)
            assert demo.wait(LONGEST) == 0
            assert_gone(processes)

    def test_killed_outright_it_leaves_nothing_behind_either(self, home):
        with started(home) as (demo, _address, _printed, processes):
            demo.kill()
            assert_gone(processes)

    def test_a_program_that_dies_is_named_and_ends_all(self, home):
        with started(home) as (demo, _address, _printed, processes):
            next(process for process in processes if "celery" in process.cmdline()).kill()
            assert "The worker stopped" in demo.stdout.read()
            assert demo.wait(LONGEST) == 1
            assert_gone(processes)

    def test_a_real_database_is_never_reset(self, home):
        database = "postgresql://db.example/pstage"
        with run("-m", "pstage.embedded", "--reset", cwd=home, DATABASE_URL=database) as demo:
            assert "Empty that database yourself" in demo.stdout.read()
            assert demo.wait(LONGEST) == 1

    def test_a_port_that_is_taken_is_said(self, home):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with run("-m", "pstage.embedded", cwd=home, PORT=str(port)) as demo:
                said = demo.stdout.read()
        assert f"Port {port} cannot be used" in said
        assert f"PORT={port + 1}" in said


class TestDevelopment:
    def test_pages_and_worker_follow_what_is_written_and_errors_are_shown(self, home):
        (home / "var" / "demo").mkdir(parents=True, exist_ok=True)
        (home / "var" / "run").symlink_to("demo")  # a world that the demo has built already, to be quick
        with started(home, "--run") as (server, address, _printed, _processes):

            def worker():
                named = [process for process in family(server) if "celery" in process.cmdline()]
                return min((process.pid for process in named), default=None)

            def page():
                try:
                    with urllib.request.urlopen(f"{address}panne/") as answer:
                        return answer.read().decode()
                except urllib.error.HTTPError as error:
                    return error.read().decode()
                except OSError:  # it starts again
                    return ""

            assert "DEBUG = True" in page(), "Django's own page of an address that does not exist"
            first = eventually(worker)
            urls = home / "pstage" / "urls.py"

            def write(line):
                with urls.open("a") as source:
                    source.write(f"\n{line}\n")

            def followed():
                answer = page()
                if answer and "division by zero" not in answer:
                    write("")  # Django takes what is written before its first look at the files for no change
                return "division by zero" in answer

            write("urlpatterns += [path('panne/', login_not_required(lambda request: 1 / 0))]")
            assert eventually(followed)
            assert eventually(lambda: worker() not in (None, first))
            processes = family(server)
            server.send_signal(signal.SIGINT)
            assert server.wait(LONGEST) == 0
            assert_gone(processes)
