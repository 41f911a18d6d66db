"""Types that are widened: metadata only, before any deploy, whatever stands on the column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.migrations import Migration, proved, run
from tests.support.windows import Shape, plan, there_and_back

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

AX, SUE = "ACCESS EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"
LARGE = "[planning]\nsmall_table_rows = 0\n"
ROWS = "INSERT INTO t SELECT g, g FROM generate_series(1, 100) g;"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("varchar(20)", "varchar(40)"),
        ("varchar(20)", "text"),
        ("numeric(8,2)", "numeric(12,2)"),
        ("numeric(8,2)", "numeric"),
    ],
)
def test_reads_and_writes_no_row(make_db: MakeDb, old: str, new: str) -> None:
    table = "CREATE TABLE t (id int PRIMARY KEY, a {} UNIQUE);"
    found = plan(make_db, table.format(old), table.format(new), rows=ROWS)
    assert found.shapes == [Shape("0 expand", "widen:t.a", AX)]
    step = found.step("widen:t.a")
    assert (step.rewrite, step.scan) == (False, False)
    there_and_back(found)


def test_a_check_is_validated_afterwards(make_db: MakeDb, tmp_path: Path) -> None:
    table = (
        "CREATE TABLE t (id int PRIMARY KEY, a varchar({}) CONSTRAINT c CHECK (a <> ''));"
        " COMMENT ON CONSTRAINT c ON t IS 'never empty';"
    )
    found = proved(make_db, tmp_path, table.format(20) + ROWS + "ANALYZE;", table.format(40), config=LARGE)
    steps = {s.id: (s.phase, s.lock, s.scan) for s in found.plan.steps if s.strategy == "widen_type"}
    assert steps == {
        "widen:column:public.t.a": ("expand", AX, False),
        "validate:constraint:public.t.c": ("migrate", SUE, True),
    }
    assert found.plan.checkpoints == []
    found.both_ways()


TRIGGER = "CREATE TRIGGER g BEFORE UPDATE OF {0} ON t FOR EACH ROW WHEN (NEW.{0} <> '') EXECUTE FUNCTION f();"
STANDS_ON_IT = {
    "nothing": "",
    "a check": "ALTER TABLE t ADD CONSTRAINT c CHECK ({0} <> '');",
    "all sorts": (
        "ALTER TABLE t ALTER {0} SET DEFAULT 'x', ADD CONSTRAINT c CHECK ({0} <> ''), ADD CONSTRAINT u UNIQUE ({0});"
        f"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; {TRIGGER}"
        "CREATE POLICY p ON t USING ({0} <> ''); CREATE VIEW v AS SELECT id, length({0}) AS q, z FROM t;"
        "COMMENT ON VIEW v IS 'as it was'; CREATE VIEW w AS SELECT {0} AS shown FROM t;"
    ),
}


@pytest.mark.parametrize("stands", STANDS_ON_IT)
def test_a_renamed_column_is_widened_before_any_deploy(make_db: MakeDb, tmp_path: Path, stands: str) -> None:
    table = "CREATE TABLE t (id int PRIMARY KEY,\n{} numeric{},\n{} varchar({}) NOT NULL\n);"
    old = table.format("y", "", "a", 20) + STANDS_ON_IT[stands].format("a").replace(" z ", " y AS z ")
    new = table.format("-- migplan: renamed-from y\n z", "", "-- migplan: renamed-from a\n b", 40)
    found = proved(
        make_db,
        tmp_path,
        old + ROWS.replace("g, g", "g, 1, g") + "ANALYZE;",
        new + STANDS_ON_IT[stands].format("b"),
        config=LARGE,
    )
    (step,) = [s for s in found.plan.steps if s.id == "widen:table:public.t:renamed"]
    assert (step.rewrite, step.scan, len(found.plan.checkpoints)) == (False, False, 1)
    found.both_ways(lambda window: _writes_longer(found, window))


def _writes_longer(found: Migration, window: int) -> None:
    longer = "longer than it was to be"
    run(found.live, f"UPDATE t SET b = '{longer}' WHERE id = 1")
    assert run(found.live, f"SELECT {'a' if window == 0 else 'b'} FROM t WHERE id = 1") == [(longer,)]
    run(found.live, "UPDATE t SET b = '1' WHERE id = 1")


RENAMED_TOO = {
    "wider": ("varchar(20)", "varchar(40)"),
    "no longer required": ("varchar(40) NOT NULL", "varchar(40)"),
    "wider with a default": (
        "varchar(20) DEFAULT 'x' CONSTRAINT c CHECK (a <> '')",
        "varchar(40) DEFAULT 'x' CONSTRAINT c CHECK (b <> '')",
    ),
}


@pytest.mark.parametrize("change", RENAMED_TOO)
def test_a_renamed_column_of_a_renamed_table(make_db: MakeDb, tmp_path: Path, change: str) -> None:
    was, becomes = RENAMED_TOO[change]
    old = f"CREATE TABLE t (id int PRIMARY KEY, a {was});" + ROWS + "ANALYZE;"
    new = "-- migplan: renamed-from t\nCREATE TABLE s (id int CONSTRAINT t_pkey PRIMARY KEY,\n b {} {}\n);"
    found = proved(make_db, tmp_path, old, new.format(becomes, "-- migplan: renamed-from a"), config=LARGE)
    widened = [s.phase for s in found.plan.steps if s.id == "widen:table:public.s:renamed"]
    assert widened == (["expand"] if change.startswith("wider") else [])
    found.both_ways()


def test_a_view_on_a_renamed_column_comes_along(make_db: MakeDb, tmp_path: Path) -> None:
    old = "CREATE TABLE t (id int PRIMARY KEY, a varchar(20)); CREATE VIEW v AS SELECT a FROM t;" + ROWS + "ANALYZE;"
    new = "CREATE TABLE t (id int PRIMARY KEY,\n b varchar(40) -- migplan: renamed-from a\n);"
    found = proved(make_db, tmp_path, old, new + " CREATE VIEW v AS SELECT b AS a FROM t;", config=LARGE)
    found.both_ways()


def test_a_view_on_the_column_comes_along(make_db: MakeDb, tmp_path: Path) -> None:
    table = "CREATE TABLE t (id int PRIMARY KEY, a varchar({}) CHECK (a <> '')); CREATE VIEW v AS SELECT a FROM t;"
    found = proved(make_db, tmp_path, table.format(20) + ROWS + "ANALYZE;", table.format(40), config=LARGE)
    assert found.plan.checkpoints == []
    found.both_ways()


def test_a_small_tables_check_is_read_at_once(make_db: MakeDb, tmp_path: Path) -> None:
    table = "CREATE TABLE t (id int PRIMARY KEY, a varchar({}) CONSTRAINT c CHECK (a <> ''));"
    found = proved(make_db, tmp_path, table.format(20) + ROWS + "ANALYZE;", table.format(40))
    assert [(s.id, s.scan) for s in found.plan.steps] == [("widen:column:public.t.a", True)]
    found.both_ways()


def test_partitions_follow(make_db: MakeDb, tmp_path: Path) -> None:
    table = (
        "CREATE TABLE t (id int, a varchar({}) CONSTRAINT c CHECK (a <> '')) PARTITION BY RANGE (id);"
        " CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (1000);"
    )
    found = proved(make_db, tmp_path, table.format(20) + ROWS + "ANALYZE;", table.format(40), config=LARGE)
    assert found.plan.checkpoints == []
    found.both_ways()


def test_not_null_in_the_same_plan_still_waits(make_db: MakeDb, tmp_path: Path) -> None:
    table = "CREATE TABLE t (id int PRIMARY KEY, a varchar({}){});"
    old, new = table.format(20, "") + ROWS + "ANALYZE;", table.format(40, " NOT NULL")
    found = proved(make_db, tmp_path, old, new, config=LARGE)
    assert {s.id: s.window for s in found.plan.steps}["tighten:column:public.t.a"] == 1
    found.both_ways()


def test_the_way_back_stops_instead_of_cutting(make_db: MakeDb, tmp_path: Path) -> None:
    table = "CREATE TABLE t (id int PRIMARY KEY, a varchar({}));"
    found = proved(make_db, tmp_path, table.format(20) + ROWS + "ANALYZE;", table.format(40), config=LARGE)
    found.run(0)
    with psycopg.connect(found.live, autocommit=True) as db:
        db.execute("INSERT INTO t VALUES (1000, repeat('x', 40))")
        with pytest.raises(psycopg.errors.StringDataRightTruncation):
            db.execute(found.folder.files["w0_1_expand.down.sql"].encode())
