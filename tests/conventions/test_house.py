"""What the code itself must show: who writes a status, or the journal, who locks, who names a state or an action."""

import ast
import re
from pathlib import Path

import pytest

from conventions.workflow import agreements, avenants

ROOT = Path(__file__).parents[2] / "conventions"
MODULES = [path for path in sorted(ROOT.rglob("*.py")) if "migrations" not in path.parts]
WRITES_A_STATUS = {"workflow/engine.py"}
WRITES_THE_JOURNAL = {"models/journal.py"}
# What writes rows by keyword: a status among them is written.
WRITERS = {"update", "create", "bulk_create", "get_or_create", "update_or_create", "save", "bulk_update"}


def name_of(module):
    return module.relative_to(ROOT).as_posix()


def called(call):
    """Return the last name of what is called: ``update`` of ``rows.update(…)``."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def statuses_written(tree):
    """Yield the lines that give a row a status: assigned, passed to what writes rows, or named to ``setattr``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "status" and isinstance(node.ctx, ast.Store):
            yield node.lineno
        if not isinstance(node, ast.Call):
            continue
        by_name = called(node) in {*WRITERS, "Convention", "Avenant"}
        if by_name and any(keyword.arg == "status" for keyword in node.keywords):
            yield node.lineno
        names = [one.value for one in node.args if isinstance(one, ast.Constant)]
        if called(node) == "setattr" and "status" in names:
            yield node.lineno


def events_written(tree):
    """Yield the lines that make an event, or several."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        text = ast.unparse(node.func)
        if text == "Event" or (called(node) in WRITERS and "Event.objects" in text):
            yield node.lineno
        if called(node) in WRITERS and ".events." in f"{text}.":
            yield node.lineno


def agreements_locked(tree):
    """Yield the lines that lock an agreement or an avenant by themselves."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) == "select_for_update":
            rows = ast.unparse(node.func)
            if any(name in rows for name in ("Convention.", "Avenant.", "convention.avenants", "agreements")):
                yield node.lineno


@pytest.mark.parametrize(
    ("found", "writers"),
    [
        (statuses_written, WRITES_A_STATUS),
        (events_written, WRITES_THE_JOURNAL),
        (agreements_locked, set()),
    ],
    ids=["status", "journal", "lock"],
)
def test_one_writer(found, writers):
    lines = {
        name_of(module): list(found(ast.parse(module.read_text(encoding="utf-8")))) for module in MODULES
    }
    assert {name for name, where in lines.items() if where} == writers, lines
    assert all(len(lines[name]) == 1 for name in writers)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (statuses_written, "avenant.status = 'signed'"),
        (statuses_written, "before, avenant.status = avenant.status, 'signed'"),
        (statuses_written, "Convention.objects.filter(pk=1).update(status='signed')"),
        (statuses_written, "Avenant(status='draft')"),
        (statuses_written, "setattr(convention, 'status', 'signed')"),
        (events_written, "Event(action='submit')"),
        (events_written, "Event.objects.create(action='submit')"),
        (events_written, "Event.objects.bulk_create(found)"),
        (events_written, "convention.events.create(action='submit')"),
        (agreements_locked, "Convention.objects.select_for_update().get(pk=1)"),
        (agreements_locked, "convention.avenants.select_for_update()"),
    ],
)
def test_another_writer_would_be_seen(found, text):
    assert list(found(ast.parse(text)))


VIEWS = [module for module in MODULES if module.parent.name == "views"]
FORMS = [module for module in MODULES if module.name == "forms.py"]
ACTIONS = {*agreements.ACTIONS, *avenants.ACTIONS}


def states_named(tree):
    """Yield the lines that name a state, or compare a status with anything."""
    for node in ast.walk(tree):
        named = isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in {
            "Status",
            "AvenantStatus",
        }
        compared = isinstance(node, ast.Compare) and any(
            isinstance(side, ast.Attribute) and side.attr == "status"
            for side in (node.left, *node.comparators)
        )
        matched = isinstance(node, ast.Match) and ast.unparse(node.subject).endswith("status")
        if named or compared or matched:
            yield node.lineno


def actions_named(tree):
    """Yield the lines that name an action, or compare the name of one with anything."""
    for node in ast.walk(tree):
        named = isinstance(node, ast.Constant) and node.value in ACTIONS
        compared = isinstance(node, ast.Compare) and any(
            isinstance(side, ast.Attribute) and ast.unparse(side).endswith("action.name")
            for side in (node.left, *node.comparators)
        )
        if named or compared:
            yield node.lineno


@pytest.mark.parametrize("found", [states_named, actions_named])
@pytest.mark.parametrize("module", VIEWS + FORMS, ids=name_of)
def test_no_view_nor_form_names_a_state_or_an_action(module, found):
    """What may be done is asked of the workflow; where an agreement stands, of the model or of ``standing``."""
    assert not list(found(ast.parse(module.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (states_named, "convention.status == Status.SIGNED"),
        (states_named, "agreements.filter(status=Status.DRAFT)"),
        (states_named, "avenant.status in FROZEN"),
        (states_named, "'signed' == convention.acted_on.status"),
        (states_named, "match convention.status:\n    case _: pass"),
        (actions_named, "action.name == name"),
        (actions_named, "asked.name == 'submit'"),
        (actions_named, "workflow.ACTIONS['sign']"),
        (actions_named, "workflow.act(pk, 'validate', by=user)"),
    ],
)
def test_a_state_or_an_action_named_would_be_seen(found, text):
    assert list(found(ast.parse(text)))


# In a template, what a status means is decided, and said, in Python; so is what an action does.
COMPARED = re.compile(r"{%[^%]*\bstatus\b\s*(?:[=!]=|in\b|not in\b)|(?:[=!]=)\s*\S*\bstatus\b")
WORD = r"(?:\"[\w-]+\"|'[\w-]+')"
NAMED = re.compile(
    rf"{{%\s*(?:el)?if\b(?:(?!%}}).)*?(?:\b(?:action|option)(?:\.name)?\s*(?:[=!]=|in|not in)\s*{WORD}"
    rf"|\.name\s*[=!]=\s*{WORD}|\bin\s+{WORD}|{WORD}\s*[=!]=\s*(?:[\w.]+\.)?(?:name|action)\b)"
)
# An action looked up by its name among what is possible, or named in an address.
LOOKED_UP = re.compile(
    r"\b(?:actions|options)\.\w+|{%\s*url\s+[\"']conventions:(?:avenant_)?act[\"'][^%]*?[\"']\w+[\"']\s*%}"
)


@pytest.mark.parametrize("pattern", [COMPARED, NAMED, LOOKED_UP], ids=["status", "action", "address"])
def test_no_template_names_a_state_or_an_action(pattern):
    templates = ROOT.parent / "templates"
    found = [
        f"{path.relative_to(templates)}:{number}"
        for path in sorted(templates.rglob("*.html"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not found


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (COMPARED, '{% if convention.status == "signed" %}'),
        (COMPARED, '{% elif avenant.status != "draft" %}'),
        (COMPARED, '{% if "signed" == convention.status %}'),
        (COMPARED, "{% if convention.status in closed %}"),
        (NAMED, '{% if action.name == "sign" %}'),
        (NAMED, '{% if "sign" == action %}'),
        (LOOKED_UP, "{% if actions.withdraw %}"),
        (LOOKED_UP, "{% url 'conventions:act' convention.pk 'submit' %}"),
    ],
)
def test_a_state_or_an_action_in_a_template_would_be_seen(pattern, text):
    assert pattern.search(text)
    assert not pattern.search('<p role="status">{% if is_signed %}{{ status }}{% endif %}</p>')
    assert not pattern.search("{% url 'conventions:act' convention.pk action.name %}")
