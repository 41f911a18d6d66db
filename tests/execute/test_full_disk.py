"""The ledger has no room for a row: the run stops and says why; with room, the same command continues."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.conftest import databases
from tests.execute.conftest import NEW, OLD
from tests.support.live import Heard, back_to, large, state, to_the_end
from tests.support.servers import give, own_server

from migplan.core.errors import ExecutionError
from migplan.execute.ledger.ledger import FencedError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.support.live import State
    from tests.support.migrations import Migration

pytestmark = pytest.mark.pg(18)
LARGEST_FILE = 2 * 1024**2
FILL = {
    "run": "(plan, direction, goal, operator, host, outcome) SELECT '', 'up', '', '', '', 'reached'",
    "attempt": "(run, unit, steps, number) SELECT 0, '', '{}', 0",
    "step": "(plan, step, state, run) SELECT 'filler', g, 'applied', 0",
    "backfill": "(plan, step, direction, part) SELECT 'filler', g, 'up', 0",
}
"""Rows that take the table to the limit; the statement fails there, so that nobody sees them."""
FIRST_WRITTEN_IN = {"run": 0, "attempt": 1, "step": 1, "backfill": 5}
"""Before any unit, or in the unit of that number."""


class Filling(Heard):
    """Has something happen when a certain unit begins."""

    def __init__(self, number: int, fill: Callable[[], None]) -> None:
        super().__init__()
        self._number, self._fill = number, fill

    def unit(self, unit: object, title: str) -> None:
        self.units.append(title)
        if len(self.units) == self._number:
            self._fill()


def test_a_table_of_the_ledger_cannot_grow(pg_major: int, tmp_path: Path) -> None:
    """Every file of the server has a limit, and one table after the other is at it."""
    with (
        own_server(pg_major, {"autovacuum": "off"}, LARGEST_FILE) as server,
        databases(server.url) as make,
    ):
        migration = large(make, tmp_path, OLD, NEW)
        wanted = whole(migration)
        for table, number in FIRST_WRITTEN_IN.items():
            heard = Filling(max(number, 1), lambda table=table: fill(migration.live, table))
            if number == 0:
                fill(migration.live, table)
            expect_stopped(migration, heard)
            assert len(heard.units) == number
            with psycopg.connect(migration.live, autocommit=True) as db:
                db.execute(f"VACUUM migplan.{table}".encode())
            expect_continued(migration, wanted)


def test_the_ledgers_tablespace_is_full(pg_major: int, tmp_path: Path) -> None:
    with (
        own_server(pg_major, {"autovacuum": "off"}) as server,
        small_disk(server.cluster.home / "small", 8 * 1024**2) as disk,
        databases(server.url) as make,
    ):
        migration = large(make, tmp_path, OLD, NEW)
        wanted = whole(migration)
        with psycopg.connect(server.url, autocommit=True) as db:
            db.execute(f"CREATE TABLESPACE small LOCATION '{disk}'".encode())
        with psycopg.connect(migration.live, autocommit=True) as db:
            for table in FILL:  # a page takes but one row, so that the next one needs room
                db.execute(f"ALTER TABLE migplan.{table} SET (fillfactor = 10)".encode())
                db.execute(f"ALTER TABLE migplan.{table} SET TABLESPACE small".encode())
                db.execute(f"VACUUM FULL migplan.{table}".encode())
        ballast = disk.parent / "ballast"
        for number in (1, 4):
            expect_stopped(migration, Filling(number, lambda: take_all(ballast)))
            ballast.unlink()
            expect_continued(migration, wanted)
        back_to(migration.folder, migration.live)
        with psycopg.connect(migration.live, autocommit=True) as db:
            db.execute("DROP SCHEMA migplan CASCADE")
        with psycopg.connect(server.url, autocommit=True) as db:
            db.execute("DROP TABLESPACE small")


def whole(migration: Migration) -> State:
    """What an undisturbed run leads to; it is led back."""
    to_the_end(migration.folder, migration.live)
    wanted = state(migration.live)
    back_to(migration.folder, migration.live)
    return wanted


def expect_stopped(migration: Migration, heard: Heard) -> None:
    with pytest.raises(ExecutionError, match=r"could not (extend|write)") as stopped:
        to_the_end(migration.folder, migration.live, heard)
    assert not isinstance(stopped.value, FencedError)
    assert "the same command" in str(stopped.value.hint)


def expect_continued(migration: Migration, wanted: State) -> None:
    to_the_end(migration.folder, migration.live)
    assert state(migration.live).schema == wanted.schema
    back_to(migration.folder, migration.live)


def fill(url: str, table: str) -> None:
    """Take a table to the limit of its file."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("SET session_replication_role = replica; SET work_mem = '64MB'")
        with pytest.raises(psycopg.Error, match="could not extend"):
            db.execute(f"INSERT INTO migplan.{table} {FILL[table]} FROM generate_series(1, 200000) g".encode())


@contextlib.contextmanager
def small_disk(path: Path, size: int) -> Generator[Path]:
    """A file system of that many bytes; skips the test, and says why, where none can be mounted."""
    path.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], capture_output=True, text=True, check=False
    )
    if not done or done.returncode:
        pytest.skip(f"no small file system can be mounted here: {done.stderr if done else 'there is no mount'}")
    try:
        data = path / "data"
        data.mkdir()
        give(data)
        yield data
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=False)


def take_all(ballast: Path) -> None:
    """Leave no room beside it."""
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
