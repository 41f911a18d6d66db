"""What the tests of runs share: a small live database with a plan, and the command line in this process."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.conftest import databases
from tests.support.live import State, large, state

from migplan.cli.main import run
from migplan.planfile.folder import read_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def planned(pg_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Migration, State]]:
    """The plan, made once, and what the database holds before it."""
    with databases(pg_url) as make:
        found = large(make, tmp_path_factory.mktemp("planned"), OLD, NEW)
        yield found, state(found.live)


@pytest.fixture
def shop(
    planned: tuple[Migration, State],
    make_db: MakeDb,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shop:
    """A plan with two windows over one table with rows, in a folder of its own, for a database of its own."""
    monkeypatch.chdir(tmp_path)
    made, before = planned
    for file in (made.declared, made.config):
        shutil.copy(file, tmp_path)
    shutil.copytree(made.folder.path, tmp_path / "plan")
    migration = replace(
        made,
        live=make_db(OLD),
        declared=tmp_path / made.declared.name,
        config=tmp_path / made.config.name,
        folder=read_folder(tmp_path / "plan"),
    )
    return Shop(migration, before, capsys)
