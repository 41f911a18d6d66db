"""What the tests of runs share: a small live database with a plan, and the command line in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.live import State, large, state

from migplan.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import MakeDb
    from tests.support.migrations import Migration

OLD = """
CREATE TABLE item (id int PRIMARY KEY, name text, junk text);
CREATE INDEX item_junk ON item (junk);
INSERT INTO item SELECT g, 'n' || g, 'j' FROM generate_series(1, 250) g;
CREATE TABLE other (id int PRIMARY KEY);
ANALYZE;
"""
NEW = """
CREATE TABLE item (
  id int PRIMARY KEY,
  -- migplan: renamed-from name
  title text,
  size int
);
CREATE INDEX item_size ON item (size);
CREATE TABLE other (id int PRIMARY KEY, label text CHECK (label <> ''));
"""


@dataclass(frozen=True)
class Said:
    """What one command printed, and its exit status."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Shop:
    """One live database and its plan; ``command`` runs migplan on them."""

    migration: Migration
    before: State
    capture: pytest.CaptureFixture[str]

    @property
    def url(self) -> str:
        """The live database."""
        return self.migration.live

    @property
    def plan(self) -> str:
        """The plan's folder."""
        return str(self.migration.folder.path)

    def command(self, verb: str, *arguments: str) -> Said:
        """``migplan VERB PLAN … --target URL``."""
        named = [] if verb in ("status", "doctor") else [self.plan]
        where = [] if verb == "approve" else ["--target", self.url]
        status = run([verb, *named, *arguments, *where])
        said = self.capture.readouterr()
        assert "Traceback" not in said.err
        return Said(status, said.out, said.err)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """One statement of somebody else."""
        with psycopg.connect(self.url, autocommit=True) as db:
            cursor = db.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def shop(make_db: MakeDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    """A plan with two windows over one table with rows."""
    monkeypatch.chdir(tmp_path)
    return _shop(make_db, tmp_path, capsys)


def _shop(make_db: Callable[[str], str], path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    migration = large(make_db, path, OLD, NEW)
    return Shop(migration, state(migration.live), capsys)
