"""Change the law and the calendar in one place at a time: a test must notice. `make mutants`; docs/mutants.md.

Each mutant is a syntax tree compiled in a forked process, which then runs the tests of these pure modules. Texts,
column names and annotations are left alone. Names of files on the command line limit the run to them.
"""

import ast
import importlib
import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [
    "accounts/limits.py",
    "conventions/calendar.py",
    *sorted(str(one.relative_to(ROOT)) for one in ROOT.glob("conventions/law/*.py")),
]
LAW = "tests/conventions/law"
# The tests most likely to notice come first; all of them follow when they do not.
FIRST = {
    "calendar": ["tests/conventions/test_calendar.py"],
    "eligibility": [f"{LAW}/test_eligibility.py"],
    "duration": [f"{LAW}/test_duration.py"],
    "gratification": [f"{LAW}/test_gratification.py"],
    "supervision": [f"{LAW}/test_supervision.py"],
    "working_time": [f"{LAW}/test_time.py"],
    "minors": [f"{LAW}/test_time.py"],
    "protection": [f"{LAW}/test_protection.py"],
    "signatures": [f"{LAW}/test_protection.py"],
    "abroad": [f"{LAW}/test_protection.py"],
    "avenants": [f"{LAW}/test_avenants.py"],
    "case": [f"{LAW}/test_gratification.py", f"{LAW}/test_duration.py"],
}
EVERYTHING = [LAW, "tests/conventions/test_calendar.py"]
SECONDS = 120  # an endless loop is noticed
MEMORY = 2 << 30
ACCEPTED = ROOT / "docs" / "mutants.md"
RESULTS = ROOT / "var" / "mutants.json"

COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
}
NAMES = {
    "BLOCK": "WARN",
    "WARN": "INFORM",
    "INFORM": "BLOCK",
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "ROUND_HALF_UP": "ROUND_DOWN",
    "ROUND_DOWN": "ROUND_HALF_UP",
}
PLAIN_CONDITIONS = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Constant)


@dataclass(frozen=True)
class Mutant:
    """One change of one file: ``apply`` makes it in the tree it was found in."""

    path: str
    line: int
    place: str
    before: str
    after: str
    apply: Callable[[], None]

    @property
    def key(self) -> str:
        return f"{self.path} {self.place}: `{self.before}` → `{self.after}`"


def around(before: str, after: str) -> tuple[str, str]:
    """Cut two texts to what surrounds their difference."""
    before, after = (" ".join(text.split()) for text in (before, after))
    differ = (place for place, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
    start = max(next(differ, min(len(before), len(after))) - 45, 0)
    return before[start : start + 90], after[start : start + 90]


class Finder:
    """Finds the mutants of a tree, in the order of the text."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.path, self.tree = path, tree
        self.mutants: list[Mutant] = []
        self.names: list[str] = []
        self.statement: ast.AST = tree
        for child in tree.body:
            self.visit(child, tree)

    def replace(self, parent: ast.AST, name: str, index: int | None, node: ast.AST, new: ast.AST) -> None:
        """Remember that one node may take the place of another, and how that reads."""
        ast.copy_location(new, node)
        ast.fix_missing_locations(new)

        def put(one: ast.AST) -> None:
            if index is None:
                setattr(parent, name, one)
            else:
                getattr(parent, name)[index] = one

        before = self.told(node)
        put(new)
        after = self.told(new)
        put(node)
        place = ".".join(self.names) or "module"
        line = getattr(node, "lineno", 0)
        self.mutants.append(Mutant(self.path, line, place, *around(before, after), lambda: put(new)))

    def told(self, node: ast.AST) -> str:
        if isinstance(node, ast.stmt):
            return ast.unparse(node).splitlines()[0]
        return self.header(self.statement) if isinstance(self.statement, ast.stmt) else ast.unparse(node)

    @staticmethod
    def header(statement: ast.stmt) -> str:
        if isinstance(statement, ast.If | ast.While):
            return f"if {ast.unparse(statement.test)}"
        if isinstance(statement, ast.For):
            return f"for {ast.unparse(statement.target)} in {ast.unparse(statement.iter)}"
        return ast.unparse(statement)

    def visit(self, node: ast.AST, parent: ast.AST) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert):
            return
        named = isinstance(node, ast.FunctionDef | ast.ClassDef)
        if named:
            self.names.append(node.name)
        outer = self.statement
        if isinstance(node, ast.stmt) and not named:
            self.statement = node
        for name, index, one in places(node):
            self.child(node, name, index, one)
        self.statement = outer
        if named:
            self.names.pop()

    def child(self, parent: ast.AST, name: str, index: int | None, node: ast.AST) -> None:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"_", "gettext_noop"}
        ):
            return
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return
        outer = self.statement
        if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef | ast.ClassDef):
            self.statement = node
        for new in self.variants(parent, name, node):
            self.replace(parent, name, index, node, new)
        self.statement = outer
        self.visit(node, parent)

    def variants(self, parent: ast.AST, name: str, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what may stand in the place of a node."""
        is_condition = (
            name == "test" or (name == "ifs") or (isinstance(parent, ast.BoolOp) and name == "values")
        )
        if is_condition and not isinstance(node, PLAIN_CONDITIONS):
            yield ast.UnaryOp(ast.Not(), node)
        match node:
            case ast.expr():
                yield from other_operators(node)
                yield from other_values(node)
            case ast.stmt():
                yield from other_statements(node)


def places(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    """Yield the nodes under a node, each with its field and its index there; what only types say is left out."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "type_params"}:
            continue
        if isinstance(value, ast.AST):
            yield name, None, value
        elif isinstance(value, list):
            yield from ((name, index, one) for index, one in enumerate(value) if isinstance(one, ast.AST))


def other_operators(node: ast.expr) -> Iterator[ast.expr]:
    """Yield an expression with another operator, or without it."""
    match node:
        case ast.Compare(left, ops, comparators):
            for place, operator in enumerate(ops):
                for other in COMPARISONS[type(operator)]:
                    yield ast.Compare(left, [*ops[:place], other(), *ops[place + 1 :]], comparators)
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
            yield ast.BinOp(left, OPERATORS[type(operator)](), right)


def other_values(node: ast.expr) -> Iterator[ast.expr]:
    """Yield another constant, another name, the other branch."""
    match node:
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield ast.Constant(value + 1)
            if value:
                yield ast.Constant(value - 1)
        case ast.Call(ast.Name("Decimal") as name_of, [ast.Constant(str(value))]):
            yield ast.Call(name_of, [ast.Constant(str(Decimal(value) * 2))], [])
            yield ast.Call(name_of, [ast.Constant("0")], [])
        case ast.Name(id) if id in NAMES and isinstance(node.ctx, ast.Load):
            yield ast.Name(NAMES[id], ast.Load())
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)


def other_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield what may stand in the place of a statement: another operator, nothing done, nothing returned."""
    match node:
        case ast.AugAssign(target, operator, value) if type(operator) in OPERATORS:
            yield ast.AugAssign(target, OPERATORS[type(operator)](), value)
        case (
            ast.Return(None)
            | ast.Continue()
            | ast.Break()
            | ast.Expr(ast.Yield() | ast.YieldFrom() | ast.Call())
        ):
            yield ast.Pass()
        case ast.Return(value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield ast.Return(ast.Constant(None))


def mutants(path: str) -> tuple[ast.Module, list[Mutant]]:
    tree = ast.parse((ROOT / path).read_text())
    found, seen = Finder(path, tree).mutants, Counter()
    for number, mutant in enumerate(found):
        seen[mutant.key] += 1
        if (again := seen[mutant.key]) > 1:
            found[number] = replace(mutant, place=f"{mutant.place} ({again})")
    return tree, found


class Loader(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a tree of ours instead of its file."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        parts = Path(path).with_suffix("").parts
        self.is_init = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_init else parts)
        self.path, self.tree = str(ROOT / path), tree

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        return importlib.util.spec_from_loader(name, self, origin=self.path, is_package=self.is_init)

    def is_package(self, name):
        return self.is_init

    def get_source(self, name):
        return None

    def create_module(self, spec):
        if self.is_init:
            spec.submodule_search_locations = [str(Path(self.path).parent)]

    def exec_module(self, module):
        exec(compile(self.tree, self.path, "exec"), module.__dict__)


def run_tests(files: list[str]) -> int:
    import pytest

    quiet = [
        "-q",
        "-x",
        "--tb=no",
        "--noconftest",
        "-c",
        os.devnull,
        "-p",
        "no:cacheprovider",
        "-p",
        "no:unraisableexception",
    ]
    return pytest.main([*quiet, f"--rootdir={ROOT}", *files])


def judged(path: str, number: int | None) -> int:
    """Run in a process of its own: 0 when no test notices. Without a number, nothing is changed."""
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    tree, found = mutants(path)
    if number is not None:
        found[number].apply()
    sys.meta_path.insert(0, Loader(path, tree))
    first = FIRST.get(Path(path).stem, [])
    return (first and run_tests(first)) or run_tests(EVERYTHING)


def fork(path: str, number: int | None) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        code = int(judged(path, number))
    except BaseException:  # whatever a mutant breaks, it is noticed
        code = 1
    finally:
        os._exit(code)


def main() -> int:
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path.insert(0, str(ROOT))
    import hypothesis

    for name in ("dateutil.easter", "hypothesis.strategies", "pytest"):
        importlib.import_module(name)  # once for all the children

    hypothesis.settings.register_profile(
        "mutants",
        derandomize=True,
        deadline=None,
        database=None,
        max_examples=40,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutants")
    again = "--survivors" in sys.argv
    wanted = [one for one in sys.argv[1:] if not one.startswith("--")] or SOURCES
    known = set(json.loads(RESULTS.read_text())["survivors"]) if again else set()
    started = time.monotonic()
    _pid, status = os.waitpid(fork(wanted[0], None), 0)
    if status:
        print("The tests fail without any mutant.")
        return 2
    work = [
        (path, number, mutant)
        for path in wanted
        for number, mutant in enumerate(mutants(path)[1])
        if not again or mutant.key in known
    ]
    print(f"{len(work)} mutants; the tests take {time.monotonic() - started:.0f} s.", flush=True)
    survivors: list[Mutant] = []
    totals, killed = Counter(path for path, _number, _mutant in work), Counter()
    running: dict[int, tuple[str, Mutant]] = {}
    while work or running:
        while work and len(running) < (os.cpu_count() or 1):
            path, number, mutant = work.pop(0)
            running[fork(path, number)] = (path, mutant)
        pid, status = os.wait()
        path, mutant = running.pop(pid)
        if status:
            killed[path] += 1
        else:
            survivors.append(mutant)
            print(f"{mutant.line:4} {mutant.key}", flush=True)
    for path in totals:
        print(f"{path}: {killed[path]} of {totals[path]}, {100 * killed[path] / totals[path]:.1f} %")
    total, dead = sum(totals.values()), sum(killed.values())
    print(
        f"{dead} of {total} killed, {100 * dead / max(total, 1):.1f} %, in {time.monotonic() - started:.0f} s"
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"survivors": sorted(mutant.key for mutant in survivors)}, indent=1))
    accepted = ACCEPTED.read_text() if ACCEPTED.exists() else ""
    new = [mutant for mutant in survivors if mutant.key not in accepted]
    for mutant in new:
        print(f"New: {mutant.path}:{mutant.line} {mutant.key}")
    return bool(new)


if __name__ == "__main__":
    sys.exit(main())
