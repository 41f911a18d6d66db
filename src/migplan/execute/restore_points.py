"""Where a point-in-time recovery may lead back to: named in the WAL before each window, its LSN and time kept."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import psycopg

from migplan.core.records import record
from migplan.execute.ledger.this_run import ThisRun
from migplan.source.connect import Connection

_MAY: Final = (
    "SELECT has_function_privilege('pg_catalog.pg_create_restore_point(text)', 'EXECUTE')"
    " AND current_setting('wal_level') <> 'minimal'"
)
_LONGEST: Final = 63
"""pg_create_restore_point takes no longer names."""


@record
class RestorePoint:
    """A place in the WAL. ``name`` is None where the role may not name one: then LSN and time are the target."""

    name: str | None
    lsn: str
    at: datetime

    def __str__(self) -> str:
        named = f"restore point {self.name!r}" if self.name else "no restore point (the role may not make one)"
        return f"{named}: LSN {self.lsn}, {self.at:%Y-%m-%d %H:%M:%S.%f %Z}"


def mark_window(desk: Connection, run: ThisRun, window: int) -> RestorePoint:
    """Name this moment in the WAL where the role may, and write it into the ledger."""
    plan = run.ledger.plan
    name = f"migplan run {run.number} before w{window} {plan.partition(' ')[2]}"[:_LONGEST] if _may(desk) else None
    lsn = _named(desk, name) if name else None
    if lsn is None:
        name = None
    row = desk.execute("SELECT coalesce(%s, pg_current_wal_lsn()::text), clock_timestamp()", (lsn,)).fetchone()
    assert row is not None
    point = RestorePoint(name, str(row[0]), row[1])
    desk.execute(
        "INSERT INTO migplan.restore_point (plan, run, before_window, name, lsn, at) VALUES (%s, %s, %s, %s, %s, %s)",
        (plan, run.number, window, point.name, point.lsn, point.at),
    )
    return point


def _may(desk: Connection) -> bool:
    return desk.execute(_MAY).fetchone() == (True,)


def _named(desk: Connection, name: str) -> str | None:
    try:
        row = desk.execute("SELECT pg_create_restore_point(%s)::text", (name,)).fetchone()
    except psycopg.errors.Error as error:
        if isinstance(error, psycopg.OperationalError) and desk.closed:
            raise
        return None
    return str(row[0]) if row else None
