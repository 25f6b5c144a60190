"""The papers of the project say what is true: version, targets of make, links, forms, licence."""

import os
import re
import shutil
import subprocess
import tomllib

import pytest
import yaml
from django.conf import settings

ROOT = settings.BASE_DIR
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")]
FORMS = [path for path in ROOT.glob(".github/ISSUE_TEMPLATE/*.yml") if path.name != "config.yml"]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def named(path):
    return str(path.relative_to(ROOT))


def test_the_changelog_tells_of_the_version_of_the_project():
    released = re.findall(
        r"^## (\d+\.\d+\.\d+) – \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert released[0] == PROJECT["version"]
    assert released == sorted(released, key=lambda version: [*map(int, version.split("."))], reverse=True)


def test_the_licence_is_named_alike_everywhere():
    assert f"SPDX-License-Identifier: {PROJECT['license']}\n" in (ROOT / "LICENSE").read_text()
    for path in PROJECT["license-files"]:
        assert PROJECT["license"] in (ROOT / path).read_text()
        assert f"!{path}" in (ROOT / ".dockerignore").read_text().splitlines(), "the image holds it"


def test_the_notice_names_each_list_of_facts():
    said = (ROOT / "NOTICE").read_text()
    lists = {path for path in ROOT.glob("*/data/*") if path.is_dir() or path.suffix == ".csv"}
    assert {path.name for path in lists if path.name not in said} == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_pages_name_targets_and_files_that_exist(page):
    text = page.read_text()
    asked = re.findall(r"`(?:[A-Z]+=\S+ )?make ([a-z-]+)`|^make ([a-z-]+)(?:  +#|$)", text, re.MULTILINE)
    assert {name for names in asked for name in names if name} <= TARGETS
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_a_python_that_is_too_old_is_said_before_anything_is_installed(tmp_path):
    for name in ("Makefile", "packages.txt", "requirements-demo.txt"):
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "bin" / "python3"
    old.parent.mkdir()
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.10.12\nexit 1\n')
    old.chmod(0o755)
    asked = subprocess.run(
        ["make", ".venv/demo"],
        cwd=tmp_path,
        env={"PATH": f"{old.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert asked.returncode != 0
    assert "needs Python 3.11 or later; python3 is Python 3.10.12" in asked.stderr
    assert not (tmp_path / ".venv").exists()
    assert PROJECT["requires-python"] == ">=3.11"


def test_the_commit_hook_is_a_target_of_make():
    [repository] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    [hook] = repository["hooks"]
    assert repository["repo"] == "local", "the lock's own tools, no other version of them"
    assert hook["language"] == "system"
    program, target = hook["entry"].split()
    assert program == "make"
    assert target in TARGETS


@pytest.mark.parametrize("form", FORMS, ids=named)
def test_each_form_can_be_filled(form):
    read = yaml.safe_load(form.read_text())
    assert read["name"]
    assert read["description"]
    fields = [field for field in read["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)
