"""The layout that docs/architecture.md promises: things are found by listing packages, and files stay small."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from migplan.kinds.registry import kinds
from migplan.strategies.base import Strategy
from migplan.strategies.registry import strategies

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = sorted((ROOT / "src" / "migplan").rglob("*.py"))
LONGEST: Final = 400
PRINTING: Final = ("cli", "orm", "report")


def _name(path: Path) -> str:
    return path.relative_to(ROOT / "src" / "migplan").as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _subclasses(package: str, base: str) -> Iterable[str]:
    """The names that the package's modules give to what derives from ``base`` (``Kind[Index]`` too)."""
    for path in sorted((ROOT / "src" / "migplan" / package).rglob("*.py")):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ClassDef) and any(_base_name(b) == base for b in node.bases):
                yield node.name


def _base_name(node: ast.expr) -> str:
    inner = node.value if isinstance(node, ast.Subscript) else node
    return inner.id if isinstance(inner, ast.Name) else ""


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_module_is_about_one_idea(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= LONGEST, f"{_name(path)} has {len(lines)} lines"
    assert not lines or path.name == "__init__.py" or ast.get_docstring(_tree(path)), f"{_name(path)} has no docstring"


def _prints(path: Path) -> list[int]:
    calls = (n for n in ast.walk(_tree(path)) if isinstance(n, ast.Call))
    return [c.lineno for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


@pytest.mark.parametrize("path", [p for p in SOURCES if not _name(p).startswith(PRINTING)], ids=_name)
def test_only_commands_and_reports_print(path: Path) -> None:
    assert _prints(path) == []


@pytest.mark.parametrize("path", [p for p in SOURCES if p.stem != "records"], ids=_name)
def test_what_is_frozen_is_a_record(path: Path) -> None:
    """A frozen dataclass costs 0.6 ms at every start, and can't be a record's base."""
    assert "@dataclass(frozen" not in path.read_text(), f"{_name(path)}: use migplan.core.records.record"


def test_every_strategy_is_registered() -> None:
    registered = {type(s).__name__ for s in strategies()}
    assert set(_subclasses("strategies", Strategy.__name__)) <= registered


def test_every_kind_and_strategy_is_documented() -> None:
    coverage = (ROOT / "docs" / "coverage.md").read_text()
    assert [s.name for s in strategies() if f"| `{s.name}` |" not in coverage] == []
    assert [k for k in kinds() if f"| {k.replace('_', ' ')} |" not in coverage] == []


def test_every_kind_is_read_from_a_module_of_its_own_package() -> None:
    declared = set(_subclasses("kinds", "Kind"))
    registered = {base.__name__ for kind in kinds().values() for base in type(kind).__mro__}
    assert declared <= registered


@pytest.mark.parametrize("path", [p for p in SOURCES if _name(p).startswith("execute/")], ids=_name)
def test_a_clock_that_jumps_moves_no_run(path: Path) -> None:
    """Deadlines and pauses go by the monotonic clock; calendar time is the server's."""
    called = [ast.unparse(n.func) for n in ast.walk(_tree(path)) if isinstance(n, ast.Call)]
    assert {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow"}.isdisjoint(called)


def test_the_oldest_libraries_are_those_that_are_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = (ROOT / "tests" / "oldest.txt").read_text().splitlines()
    oldest = [re.sub(r"(\[.*\])?>=", "==", d) for d in project["dependencies"]]
    assert oldest == pinned
