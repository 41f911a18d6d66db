"""What isn't needed isn't imported: most of a short command's time is imports."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"jinja2", "networkx", "psycopg", "pydantic", "rich", "sqlglot", "typer"}


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("from migplan.cli.main import run; run(['--help'])", set[str]()),
        ("from migplan.cli.main import run; run(['--version'])", set[str]()),
        ("import migplan.cli.inputs", {"psycopg"}),
        ("import migplan.report.diff_text", set[str]()),
    ],
)
def test_only_what_is_needed_is_imported(code: str, allowed: set[str]) -> None:
    assert _imported(code) & HEAVY == allowed


def test_a_cached_declaration_needs_no_lexer() -> None:
    loading = {f"migplan.source.{name}" for name in ("declaration", "lexer", "load", "psqlfile", "servers", "split")}
    assert not _imported("import migplan.cli.inputs") & loading


def _imported(code: str) -> set[str]:
    """The modules that are there after the code, in a new process."""
    command = [sys.executable, "-c", f"{code}\nimport json, sys; print(json.dumps(list(sys.modules)))"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return set(json.loads(printed.splitlines()[-1]))
