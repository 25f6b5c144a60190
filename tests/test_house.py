"""The rules of the house that can be read in the code itself; no database."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A view reads the request, calls one function of a room, answers: the room writes. Add a door here with its app.
VIEWS = ("accounts/views.py", "organisations/views", "conventions/views")

WRITES = {
    "save",
    "create",
    "delete",
    "update",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
}
RAW = {"execute", "executemany"}
# To save a form is to call one function: it was given all that it writes.
FORMS = {"form"}


def modules(*rooms: str) -> list[Path]:
    """Return the modules of these files and folders."""
    found = [
        path
        for room in rooms
        for path in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))
    ]
    assert found
    return sorted(found)


def writes(source: str) -> Iterator[str]:
    """Yield where a module writes to the database, line and call.

    A function of another module is no write, whatever its name, nor is the update of a dictionary, which takes one.
    """
    tree = ast.parse(source)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if not alias.name[0].isupper()
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name, receiver = node.func.attr, ast.unparse(node.func.value)
        if (
            name in WRITES | RAW
            and receiver not in imported
            and not (name == "save" and receiver in FORMS)
            and not (name == "update" and node.args)
        ):
            yield f"{node.lineno}: {receiver}.{name}"


@pytest.mark.parametrize("path", modules(*VIEWS), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_write_to_the_database_in_a_view(path):
    assert list(writes(path.read_text())) == []


@pytest.mark.parametrize(
    "line",
    [
        "pair.save(update_fields=['dismissed_at'])",
        "host.bans.in_force().update(lifted_by=user)",
        "Convention.objects.filter(pk=pk).update(**form.cleaned_data)",
        "from conventions.models import Event; Event.objects.create(at=now)",
        "convention.delete()",
        "convention.remarks.create(text='')",
        "from conventions.models import Remark; Remark.objects.create(text='')",
        "Word.objects.bulk_create(words)",
        "cursor.execute(sql)",
        "for row in rows: row.save()",
    ],
)
def test_a_write_is_seen(line):
    assert len(list(writes(line))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "saved = form.save()",
        "from organisations import drafts; drafts.create(student, by=user)",
        "from django.core.cache import cache; cache.delete(key)",
        "address.update({'q': query})",
    ],
)
def test_a_function_of_a_room_is_no_write(line):
    assert list(writes(line)) == []


def test_the_hours_of_two_months_stand_in_one_place():
    said = [
        str(path.relative_to(ROOT))
        for path in modules("accounts", "organisations", "conventions")
        if path.parent.name != "migrations"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in {308, "308"}
    ]
    assert said == ["accounts/limits.py"]
