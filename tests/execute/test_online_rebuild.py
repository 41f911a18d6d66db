"""``migplan apply`` is killed in the middle of copying a table; whoever runs it again goes on from there, and back."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.live import back_to, expect_same, large, order, state, to_the_end

from migplan.execute.apply import apply
from migplan.execute.journey import stop_named

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb
    from tests.support.migrations import Migration

OLD = """
CREATE TABLE item (id int PRIMARY KEY, kind text NOT NULL, price numeric);
CREATE INDEX item_kind ON item (kind);
CREATE TABLE part (item int REFERENCES item, name text);
INSERT INTO item SELECT g, 'k' || g % 7, g FROM generate_series(1, 3000) g;
INSERT INTO part SELECT g, 'p' FROM generate_series(1, 500) g;
ANALYZE;
"""
NEW = """
CREATE TABLE item (id int PRIMARY KEY, kind text NOT NULL, price numeric) PARTITION BY RANGE (id);
CREATE TABLE item_few PARTITION OF item FOR VALUES FROM (MINVALUE) TO (1000);
CREATE TABLE item_many PARTITION OF item DEFAULT;
CREATE INDEX item_kind ON item (kind);
CREATE TABLE part (item int REFERENCES item, name text);
"""


@pytest.mark.pg(18)
def test_killed_in_the_middle_of_the_copy(make_db: MakeDb, tmp_path: Path) -> None:
    found = large(make_db, tmp_path, OLD, NEW)
    first = state(found.live)
    apply(found.folder, order(found.live), stop_named(found.plan, "w0_1_expand"))
    with psycopg.connect(found.live) as in_the_way:
        in_the_way.execute("INSERT INTO \"~public~new\".item VALUES (2500, 'k', 0)")
        _kill_when_it_waits(found)
        in_the_way.rollback()
    with psycopg.connect(found.live) as db:
        (copied,) = db.execute('SELECT count(*) FROM "~public~new".item').fetchone() or (0,)
        assert 0 < int(copied) < 2500
        db.execute("UPDATE item SET kind = 'late' WHERE id = 600")
        db.execute("DELETE FROM item WHERE id = 999")
    to_the_end(found.folder, found.live)
    assert found.second() == ([], [])
    back_to(found.folder, found.live)
    with psycopg.connect(found.live) as db:
        assert db.execute("DELETE FROM item WHERE kind = 'late' RETURNING id").fetchall() == [(600,)]
        db.execute("INSERT INTO item VALUES (600, 'k5', 600), (999, 'k5', 999)")
    expect_same(state(found.live), first)


def _kill_when_it_waits(found: Migration) -> None:
    child = os.fork()
    if child == 0:
        to_the_end(found.folder, found.live)
        os._exit(0)
    with psycopg.connect(found.live, autocommit=True) as db:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not db.execute(_WAITING).fetchall():
            time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    with psycopg.connect(found.live, autocommit=True) as db:
        assert db.execute(_WAITING.replace("SELECT 1", "SELECT pg_terminate_backend(pid)")).fetchall() == [(True,)]


_WAITING = """
SELECT 1 FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%batch AS MATERIALIZED%'
"""
