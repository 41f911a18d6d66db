"""Catalogs that one connection reads again and again: as those that are read by a new one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from migplan.source.connect import connect
from migplan.source.reading.introspect import introspect

if TYPE_CHECKING:
    from tests.conftest import MakeDb

SCRIPT = """
CREATE TYPE mood AS ENUM ('ok');
CREATE TABLE t (id int PRIMARY KEY, mood mood DEFAULT 'ok', CHECK (id > 0));
CREATE VIEW v AS SELECT id FROM t;
COMMENT ON TABLE t IS 'told';
"""


def test_reading_again_sees_what_changed(make_db: MakeDb) -> None:
    url = make_db()
    with contextlib.closing(connect(url)) as connection:
        for change in ("", SCRIPT, "DROP VIEW v; ALTER TABLE t ADD n int; ANALYZE", "DISCARD ALL", "CREATE SCHEMA s"):
            connection.execute(change.encode())
            found = introspect(connection, again=True)
            kept = connection.execute("SELECT count(*) FROM pg_prepared_statements WHERE generic_plans > 0").fetchone()
            with contextlib.closing(connect(url)) as new:
                assert found == introspect(new), change
            assert kept is not None
            assert kept[0] > 10, change
