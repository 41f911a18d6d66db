"""A large materialized view is built aside with its indexes and swapped in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.windows import Shape, plan, query, there_and_back

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLE = "CREATE TABLE t (id int PRIMARY KEY, a int, b text);"
VIEW = """
CREATE MATERIALIZED VIEW m AS SELECT {} FROM t; GRANT SELECT ON m TO PUBLIC; COMMENT ON MATERIALIZED VIEW m IS 'm';
CREATE UNIQUE INDEX m_id ON m (id); CREATE INDEX m_a ON m (a); COMMENT ON INDEX m_a IS 'a';
ALTER MATERIALIZED VIEW m CLUSTER ON m_a; ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 200;
CREATE VIEW v AS SELECT id FROM m; COMMENT ON VIEW v IS 'v'; GRANT SELECT ON v TO pg_monitor;
"""
ROWS = "INSERT INTO t SELECT g, g, g FROM generate_series(1, 100) g; REFRESH MATERIALIZED VIEW m"
AX = "ACCESS EXCLUSIVE"


def _shapes(place: str) -> list[Shape]:
    return [
        Shape(place, "build:m", "ACCESS SHARE"),
        Shape(place, "drop:v", AX),
        Shape(place, "swap:m", AX),
        Shape(place, "create:v", "ACCESS SHARE"),
        Shape(place, "retire:m", AX),
    ]


def test_other_query(make_db: MakeDb) -> None:
    found = plan(make_db, TABLE + VIEW.format("id, a"), TABLE + VIEW.format("id, a + 1 AS a"), rows=ROWS)
    assert found.shapes == _shapes("0 migrate")
    (swapping,) = [s for s in found.draft.segments if found.step("swap:m") in s.steps]
    assert [s.id.split(":")[0] for s in swapping.steps] == ["drop", "swap", "create"]
    there_and_back(found)
    assert query(found.live, "SELECT count(*) FROM m JOIN t USING (id, a)") == [(100,)]


def test_another_column(make_db: MakeDb) -> None:
    found = plan(make_db, TABLE + VIEW.format("id, a"), TABLE + VIEW.format("id, a, b"), rows=ROWS)
    assert found.shapes == _shapes("0 migrate")
    there_and_back(found)


def test_column_that_vanishes_waits_for_the_deploy(make_db: MakeDb) -> None:
    found = plan(make_db, TABLE + VIEW.format("id, a, b"), TABLE + VIEW.format("id, a"), rows=ROWS)
    assert found.shapes == _shapes("1 contract")
    there_and_back(found)


def test_reads_a_new_table_instead_of_the_old(make_db: MakeDb) -> None:
    old, new = "CREATE TABLE gone (id int, a int);", "CREATE TABLE come (id int, a int);"
    before = TABLE + old + VIEW.format("id, a").replace("FROM t;", "FROM gone;")
    after = TABLE + new + VIEW.format("id, a").replace("FROM t;", "FROM come;")
    found = plan(make_db, before, after, rows="INSERT INTO gone VALUES (1, 1); REFRESH MATERIALIZED VIEW m")
    assert [s.step for s in found.shapes][-1] == "drop:gone"
    there_and_back(found)


def test_its_other_indexes_change_at_the_same_time(make_db: MakeDb) -> None:
    before = TABLE + VIEW.format("id, a") + "CREATE INDEX gone ON m (id, a);"
    after = TABLE + VIEW.format("id, a + 1 AS a").replace("m (a)", "m (a DESC)") + "CREATE INDEX come ON m (id);"
    found = plan(make_db, before, after, rows=ROWS)
    there_and_back(found)
