"""A live database and a plan for it, run by ``migplan apply``; what the database holds, to compare after every path."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from tests.support import dumps
from tests.support.migrations import Migration, proved

from migplan.execute.apply import apply, rollback
from migplan.execute.backfills.backfill_job import Pace
from migplan.execute.failures.retry import Patience
from migplan.execute.journey import stop_named
from migplan.execute.manner import Manner
from migplan.execute.order import Order, Permissions, Reached

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from migplan.execute.order import Intent
    from migplan.planfile.folder import PlanFolder
    from migplan.planfile.units import Unit

LARGE = "[planning]\nsmall_table_rows = 0\nbatch_rows = 100\nlock_timeout = 500\n"
ALL_ALLOWED = Permissions(data_loss=True, irreversible=True)
_TABLES = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'migplan') ORDER BY 1
"""


@dataclass(frozen=True)
class State:
    """Schema and rows of a database, without the ledger."""

    schema: Counter[str]
    rows: dict[str, Counter[str]]


def state(url: str) -> State:
    """What the database holds: pg_dump's statements, and the rows of every table as JSON, in no order."""
    rows: dict[str, Counter[str]] = {}
    with psycopg.connect(url, autocommit=True) as db:
        for (table,) in db.execute(_TABLES).fetchall():
            found = db.execute(sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.SQL(table))).fetchall()
            rows[table] = Counter(json.dumps(row, sort_keys=True) for (row,) in found)
    return State(dumps.schema(url, "--exclude-schema=migplan"), rows)


def expect_same(found: State, wanted: State) -> None:
    """Fails with what differs."""
    assert dumps.difference(found.schema, wanted.schema) == []
    assert found.rows.keys() == wanted.rows.keys()
    for table, rows in wanted.rows.items():
        assert (table, found.rows[table] - rows, rows - found.rows[table]) == (table, Counter(), Counter())


@dataclass
class Heard:
    """Everything that a run told its operator."""

    said: list[str] = field(default_factory=list[str])
    units: list[str] = field(default_factory=list[str])

    def say(self, message: str) -> None:
        """Keep it."""
        self.said.append(message)

    def unit(self, unit: Unit, title: str) -> None:
        """Keep its name; every step is told by its title."""
        assert title or not unit.steps
        self.units.append(unit.name)

    def progress(self, what: str, share: float) -> None:
        """Shares are shares."""
        assert 0 <= share <= 1


def agreed(intent: Intent) -> None:
    """An operator who wants everything."""


def order(
    url: str,
    heard: Heard | None = None,
    *,
    permissions: Permissions = ALL_ALLOWED,
    deadline: float = 30.0,
    pace: Pace | None = None,
    kill_older_than: float | None = None,
    agree: Callable[[Intent], None] = agreed,
) -> Order:
    """A run on that database in which everything is allowed."""
    manner = Manner(Patience(deadline), pace or Pace(rows=100, lock_timeout=500), kill_older_than)
    return Order(url, manner, heard or Heard(), agree, permissions)


def to_the_end(folder: PlanFolder, url: str, heard: Heard | None = None, pace: Pace | None = None) -> Reached:
    """Apply it all; the application is deployed in between by assertion."""
    permissions = Permissions(data_loss=True, irreversible=True, assume_deployed=True)
    return apply(folder, order(url, heard, permissions=permissions, pace=pace))


def back_to(
    folder: PlanFolder, url: str, boundary: str = "start", heard: Heard | None = None, pace: Pace | None = None
) -> Reached:
    """Lead back to a boundary."""
    return rollback(folder, order(url, heard, pace=pace), stop_named(folder.plan, boundary))


def copy_of(url: str, name: str) -> str:
    """Another database that is a copy of this one, which nobody may be connected to; an old one of the name goes."""
    with psycopg.connect(url) as db:
        source = str(db.info.dbname)
    with psycopg.connect(_maintenance(url), autocommit=True) as db:
        db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (source,))
        db.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source)))
    return url.rpartition("/")[0] + "/" + name


def drop(url: str) -> None:
    """Drop the database, whoever is connected."""
    name = url.rpartition("/")[2]
    with psycopg.connect(_maintenance(url), autocommit=True) as db:
        db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _maintenance(url: str) -> str:
    return url.rpartition("/")[0] + "/postgres"


def large(make_db: Callable[[str], str], path: Path, old: str, new: str) -> Migration:
    """A plan whose tables all count as large, proved."""
    return proved(make_db, path, old, new, config=LARGE)
