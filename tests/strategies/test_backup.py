"""What a drop would lose is kept, and the way back brings it back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import read
from tests.support.plans import CAREFUL
from tests.support.windows import Shape, plan, psql, query, there_and_back

from migplan.core.ids import ObjectId
from migplan.planning.plan import draft

if TYPE_CHECKING:
    from tests.conftest import MakeDb

    from migplan.core.settings import Settings

BACKUP = replace(CAREFUL, backup="table")
OFFLINE = replace(BACKUP, offline=True)
KEEP_OLD = replace(CAREFUL, keep_old=True)

NARROW = "CREATE TABLE t (id int PRIMARY KEY, b text);"
ROWS = "INSERT INTO t SELECT g, g, g FROM generate_series(1, 100) g;"
GUARDED = """
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL CHECK (a > 0) REFERENCES t, b text); CREATE INDEX i ON t (a);
"""
OLD_TABLE = """
CREATE TABLE q (id serial PRIMARY KEY, a int REFERENCES t, b text UNIQUE, CHECK (a > 0)); CREATE INDEX q_a ON q (a);
COMMENT ON TABLE q IS 'q'; GRANT SELECT ON q TO pg_monitor; CREATE VIEW v AS SELECT * FROM q;
ALTER TABLE q ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON q USING (true);
"""
EQUAL = "INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, 'x')"
OLD_ROWS = "INSERT INTO t SELECT g, g FROM generate_series(1, 100) g; INSERT INTO q SELECT id, id, id FROM t;"


@pytest.mark.parametrize("settings", [BACKUP, OFFLINE], ids=["online", "offline"])
def test_values_of_a_column_come_back(make_db: MakeDb, settings: Settings) -> None:
    found = plan(make_db, GUARDED, NARROW, rows=ROWS, settings=settings)
    assert [s.step for s in found.shapes][-2:] == ["backup:t.a", "drop:t.a"]
    assert found.step("drop:t.a").loses is None
    before = query(found.live, "SELECT id, a, b FROM t ORDER BY id")
    there_and_back(found)
    assert query(found.live, "SELECT id, a, b FROM t ORDER BY id") == before


def test_directive_beside_the_table_asks_for_it(make_db: MakeDb) -> None:
    directive = (ObjectId("table", ("public", "t")), "backup", "table")
    found = plan(make_db, GUARDED, NARROW, rows=ROWS, directives=[directive])
    assert "backup:t.a" in [s.step for s in found.shapes]
    there_and_back(found)


def test_null_that_a_default_would_fill_comes_back(make_db: MakeDb) -> None:
    wide = "CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 7, b text);"
    found = plan(make_db, wide, NARROW, rows="INSERT INTO t VALUES (1, NULL, 'x'), (2, 7, 'y')", settings=BACKUP)
    there_and_back(found)
    assert query(found.live, "SELECT a FROM t ORDER BY id") == [(None,), (7,)]


def test_values_of_a_type_that_goes_as_well(make_db: MakeDb) -> None:
    wide = "CREATE TYPE e AS ENUM ('x', 'y'); CREATE TABLE t (id int PRIMARY KEY, a e, b text);"
    found = plan(make_db, wide, NARROW, rows="INSERT INTO t VALUES (1, 'x'), (2, 'y')", settings=BACKUP)
    there_and_back(found)
    assert query(found.live, "SELECT a::text FROM t ORDER BY id") == [("x",), ("y",)]


def test_without_a_key_rows_are_recognised_whole(make_db: MakeDb) -> None:
    before, after = "CREATE TABLE t (a int, b text, c int DEFAULT 7);", "CREATE TABLE t (b text);"
    rows = "INSERT INTO t SELECT g, g / 3, nullif(g % 2, 0) FROM generate_series(1, 9) g"
    found = plan(make_db, before, after, rows=rows, settings=BACKUP)
    assert [s.step for s in found.shapes] == ["backup:t.a", "drop:t.a", "drop:t.c"]
    assert found.step("drop:t.c").loses is None
    live = query(found.live, "SELECT a, b, c FROM t ORDER BY a")
    there_and_back(found)
    assert query(found.live, "SELECT a, b, c FROM t ORDER BY a") == live


def test_values_come_back_to_as_many_equal_rows_as_there_are(make_db: MakeDb) -> None:
    found = plan(make_db, "CREATE TABLE t (a int, b text);", "CREATE TABLE t (b text);", settings=BACKUP, rows=EQUAL)
    for file in found.files:
        psql(found.live, file.up)
    query(found.live, "INSERT INTO t VALUES ('x'), ('y') RETURNING 1")
    for file in reversed(found.files):
        psql(found.live, file.down)
    assert query(found.live, "SELECT b, count(*), sum(a) FROM t GROUP BY b ORDER BY b") == [("x", 4, 6), ("y", 1, None)]


def test_rows_whose_columns_change_their_type_are_not_recognised(make_db: MakeDb) -> None:
    before, after = "CREATE TABLE t (id int, a int);", "CREATE TABLE t (id bigint);"
    live = make_db(before + "INSERT INTO t VALUES (1, 1)")
    drafted = draft(read(live), read(make_db(after)), settings=BACKUP)
    assert drafted.blocked == (
        "nothing tells the rows of table public.t apart that stays as it is: the values of column public.t.a can't be "
        "backed up",
    )


@pytest.mark.parametrize("settings", [BACKUP, OFFLINE], ids=["online", "offline"])
def test_table_moves_aside_with_its_rows(make_db: MakeDb, settings: Settings) -> None:
    found = plan(make_db, NARROW + OLD_TABLE, NARROW, rows=OLD_ROWS, settings=settings)
    assert found.shapes[-1].step == "retire:q"
    there_and_back(found)
    assert query(found.live, "SELECT count(*) FROM v JOIN t USING (id, b)") == [(100,)]


def test_kept_table_goes_behind_another_checkpoint(make_db: MakeDb) -> None:
    found = plan(make_db, NARROW + OLD_TABLE, NARROW, rows=OLD_ROWS, settings=KEEP_OLD)
    assert found.shapes[-2:] == [
        Shape("1 contract", "retire:q", "ACCESS EXCLUSIVE"),
        Shape("2 contract", "drop:q", "ACCESS EXCLUSIVE"),
    ]
    (after,) = found.step("drop:q").after
    assert after.contract == "has proved itself without table public.q: its rows go now"
    there_and_back(found)


@pytest.mark.parametrize("settings", [BACKUP, KEEP_OLD], ids=["backup", "kept"])
@pytest.mark.parametrize("new", ["CREATE VIEW q AS SELECT 1 AS a", "CREATE SEQUENCE q"], ids=["view", "sequence"])
def test_name_of_the_table_is_free_at_once(make_db: MakeDb, settings: Settings, new: str) -> None:
    found = plan(make_db, NARROW + OLD_TABLE, NARROW + new, rows=OLD_ROWS, settings=settings)
    there_and_back(found)


def test_empty_table_just_goes(make_db: MakeDb) -> None:
    found = plan(make_db, NARROW + OLD_TABLE, NARROW, settings=BACKUP)
    assert "drop:q" in [s.step for s in found.shapes]


def test_copied_table_goes_in_the_transaction_that_copies_it(make_db: MakeDb) -> None:
    """Whoever leads back from in between would write its rows twice."""
    new = "CREATE SEQUENCE s; CREATE TABLE q (id int DEFAULT nextval('s') PRIMARY KEY, a timestamp);"
    old = "CREATE TABLE q (key text PRIMARY KEY, a bigint); CREATE SEQUENCE s;"
    old += " CREATE TABLE t (id int DEFAULT nextval('s') PRIMARY KEY);"
    owned = "ALTER SEQUENCE s OWNED BY {}.id;"
    found = plan(
        make_db,
        old + owned.format("t"),
        new + owned.format("q"),
        rows="INSERT INTO t VALUES (1), (2); INSERT INTO q VALUES ('a', 1);",
        settings=replace(BACKUP, small_rows=0),
    )
    together = found.step("backup:t").together
    assert together is not None
    assert found.step("drop:t").together == together
