"""Keys of large tables come out of indexes that were built concurrently, partition by partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.plans import CAREFUL
from tests.support.windows import Shape, plan, query, there_and_back

from migplan.core.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLE = "CREATE TABLE t (id int NOT NULL, a int NOT NULL, b text);"
ROWS = "INSERT INTO t SELECT g, g, g FROM generate_series(1, 100) g;"
PARTS = """
CREATE TABLE p (id int NOT NULL, d date NOT NULL, t int) PARTITION BY RANGE (d);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY LIST (id);
CREATE TABLE p11 PARTITION OF p1 DEFAULT;
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
"""
PART_ROWS = """
INSERT INTO p SELECT g, '2020-02-01', g FROM generate_series(1, 100) g;
INSERT INTO p SELECT g, '2021-02-01', g FROM generate_series(1, 100) g;
"""
AX, SUE, SRX = "ACCESS EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE ROW EXCLUSIVE"


@pytest.mark.parametrize("key", ["PRIMARY KEY (id)", "UNIQUE (a) INCLUDE (b)", "UNIQUE (a, id) DEFERRABLE"])
def test_added_out_of_an_index(make_db: MakeDb, key: str) -> None:
    named = f"ALTER TABLE t ADD CONSTRAINT k {key}; COMMENT ON CONSTRAINT k ON t IS 'k';"
    found = plan(make_db, TABLE, TABLE + named, rows=ROWS)
    assert found.shapes == [Shape("1 contract", "build:t.k", SUE), Shape("1 contract", "create:t.k", AX)]
    assert not found.step("create:t.k").scan
    (assertion,) = found.step("build:t.k").asserts
    assert query(found.live, assertion.count) == [(0,)]
    there_and_back(found)


@pytest.mark.pg(min=15)
def test_nulls_that_are_not_distinct_count_as_duplicates(make_db: MakeDb) -> None:
    found = plan(make_db, TABLE, TABLE + "ALTER TABLE t ADD CONSTRAINT k UNIQUE NULLS NOT DISTINCT (b)", rows=ROWS)
    (assertion,) = found.step("build:t.k").asserts
    query(found.live, "WITH x AS (INSERT INTO t VALUES (1, 1), (2, 2) RETURNING 1) SELECT * FROM x")
    assert query(found.live, assertion.count) == [(1,)]


@pytest.mark.parametrize("key", ["PRIMARY KEY (id, d)", "UNIQUE (id, d)"])
def test_partitions_first_then_the_whole(make_db: MakeDb, key: str) -> None:
    found = plan(make_db, PARTS, PARTS + f"ALTER TABLE p ADD CONSTRAINT k {key}", rows=PART_ROWS)
    suffix = "pkey" if "PRIMARY" in key else "id_d_key"
    assert found.shapes == [
        Shape("1 contract", f"build:p11.p11_{suffix}", SUE),
        Shape("1 contract", f"create:p11.p11_{suffix}", AX),
        Shape("1 contract", f"create:p1.p1_{suffix}", AX),
        Shape("1 contract", f"create:p11.p11_{suffix}:2", AX),
        Shape("1 contract", f"build:p2.p2_{suffix}", SUE),
        Shape("1 contract", f"create:p2.p2_{suffix}", AX),
        Shape("1 contract", "create:p.k", AX),
        Shape("1 contract", f"create:p1.p1_{suffix}:2", AX),
        Shape("1 contract", f"create:p2.p2_{suffix}:2", AX),
    ]
    assert [s.id for s in found.draft.steps if s.scan and s.lock.name == "ACCESS_EXCLUSIVE"] == []
    there_and_back(found)


def test_other_columns_in_one_transaction(make_db: MakeDb) -> None:
    keys = "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY ({}), ADD CONSTRAINT u UNIQUE ({}); COMMENT ON CONSTRAINT k ON t IS 'k';"
    found = plan(make_db, TABLE + keys.format("id, a", "b"), TABLE + keys.format("id", "b, a"), rows=ROWS)
    assert [s for s in found.shapes if s.step.endswith("t.k")] == [
        Shape("1 contract", "build:t.k", SUE),
        Shape("1 contract", "drop:t.k", AX),
        Shape("1 contract", "create:t.k", AX),
        Shape("1 contract", "again:t.k", "NONE"),
    ]
    together = [[s.id for s in segment.steps] for segment in found.draft.segments]
    assert [f"{verb}:constraint:public.t.k" for verb in ("drop", "create", "again")] in together
    there_and_back(found)


def test_foreign_key_on_a_key_that_changes_is_carried(make_db: MakeDb) -> None:
    old = TABLE + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (id); CREATE TABLE r (id int REFERENCES t (id));"
    new = old.replace("UNIQUE (id)", "UNIQUE (id) INCLUDE (a)")
    found = plan(make_db, old, new, rows=ROWS + "INSERT INTO r VALUES (1)")
    assert "build:t.u" in [s.step for s in found.shapes]
    there_and_back(found)


@pytest.mark.parametrize("rows", [ROWS, ""], ids=["large", "empty"])
def test_replica_identity_stays_with_a_key_that_changes(make_db: MakeDb, rows: str) -> None:
    keys = "ALTER TABLE t ADD CONSTRAINT u UNIQUE ({}); ALTER TABLE t REPLICA IDENTITY USING INDEX u;"
    there_and_back(plan(make_db, TABLE + keys.format("id"), TABLE + keys.format("id, a"), rows=rows))


@pytest.mark.parametrize("rows", [ROWS, ""], ids=["large", "empty"])
def test_replica_identity_stays_with_an_index_that_changes(make_db: MakeDb, rows: str) -> None:
    index = "CREATE UNIQUE INDEX u ON t ({}); ALTER TABLE t REPLICA IDENTITY USING INDEX u;"
    there_and_back(plan(make_db, TABLE + index.format("id"), TABLE + index.format("id, a"), rows=rows))


@pytest.mark.pg(14, 17)
def test_foreign_key_of_partitions_one_by_one(make_db: MakeDb) -> None:
    target = TABLE + "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id);"
    found = plan(
        make_db,
        target + PARTS,
        target + PARTS + "ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (t) REFERENCES t",
        rows=ROWS + PART_ROWS,
    )
    assert found.shapes == [
        Shape("1 contract", "partition:p11.k", SRX),
        Shape("1 contract", "validate:p11.k", SUE),
        Shape("1 contract", "partition:p2.k", SRX),
        Shape("1 contract", "validate:p2.k", SUE),
        Shape("1 contract", "create:p.k", SRX),
    ]
    assert not found.step("create:p.k").scan
    there_and_back(found)


@pytest.mark.pg(min=18)
def test_foreign_key_of_a_partitioned_table_at_once(make_db: MakeDb) -> None:
    target = TABLE + "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id);"
    new = target + PARTS + "ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (t) REFERENCES t"
    found = plan(make_db, target + PARTS, new, rows=ROWS + PART_ROWS)
    assert found.shapes == [Shape("1 contract", "create:p.k", SRX), Shape("1 contract", "validate:p.k", SUE)]
    there_and_back(found)


def test_a_small_tables_key_goes_once_another_over_its_columns_has_come(make_db: MakeDb) -> None:
    old = TABLE + "ALTER TABLE t ADD CONSTRAINT old UNIQUE (id, a);"
    found = plan(make_db, old, TABLE + "ALTER TABLE t ADD CONSTRAINT z PRIMARY KEY (a, id);", settings=Settings())
    assert [s.step for s in found.shapes] == ["create:t.z", "drop:t.old"]
    there_and_back(found)


@pytest.mark.parametrize("large", [False, True])
def test_a_primary_key_under_another_name_takes_its_place_in_one_transaction(make_db: MakeDb, large: bool) -> None:
    """A table has room for one: the former goes first, and no moment is without it."""
    old = TABLE + "ALTER TABLE t ADD CONSTRAINT z PRIMARY KEY (id); CREATE VIEW v AS SELECT id, a FROM t GROUP BY id;"
    found = plan(
        make_db, old, old.replace("z PRIMARY", "k PRIMARY"), rows=ROWS, settings=CAREFUL if large else Settings()
    )
    steps = [s.step for s in found.shapes]
    assert steps.index("drop:t.z") < steps.index("create:t.k")
    assert found.step("drop:t.z").together == found.step("create:t.k").together is not None
    there_and_back(found)


def test_a_checkpoint_speaks_of_the_key_and_not_of_the_index_in_its_place(make_db: MakeDb) -> None:
    old = "CREATE TABLE m (a int, b int, c int, PRIMARY KEY (a, b, c));"
    found = plan(make_db, old, "CREATE TABLE m (a int NOT NULL, b int NOT NULL);")
    (sentence,) = {s.deploy for s in found.draft.steps if s.deploy and "index" in s.title}
    assert sentence == "doesn't rely on constraint public.m.m_pkey (ON CONFLICT, duplicate-key errors)"
    there_and_back(found)


def test_a_table_that_a_foreign_key_turns_to_is_there_before_the_deploy(make_db: MakeDb) -> None:
    old = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE r (a int CONSTRAINT f REFERENCES a);"
    found = plan(make_db, old, old.replace("TABLE a", "TABLE b").replace("REFERENCES a", "REFERENCES b"))
    assert [s.place for s in found.shapes if s.step == "create:b"] == ["0 expand"]
    there_and_back(found)


def test_a_unique_key_goes_once_the_primary_key_over_its_column_has_come(make_db: MakeDb) -> None:
    found = plan(
        make_db,
        "CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE);",
        "CREATE TABLE t (id int UNIQUE, u int PRIMARY KEY);",
    )
    order = [s.step for s in found.shapes]
    assert order.index("create:t.t_pkey") < order.index("drop:t.t_u_key")
    there_and_back(found)
