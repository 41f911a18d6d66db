"""Attaching and detaching partitions: the check first, so that nobody waits for a scan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import read
from tests.support.migrations import migration, run
from tests.support.plans import CAREFUL
from tests.support.windows import Shape, plan, psql, query, there_and_back

from migplan.planning.plan import draft

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

    from migplan.core.settings import Settings

pytestmark = pytest.mark.everywhere

PARENT = """
CREATE TABLE p (id int, d date) PARTITION BY RANGE (d); CREATE INDEX p_d ON p (d);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
"""
DEFAULT = "CREATE TABLE others PARTITION OF p DEFAULT;"
ALONE = "CREATE TABLE p2 (id int, d date); CREATE INDEX p2_d_idx ON p2 (d);"
ATTACHED = "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');"
ROWS = "INSERT INTO p2 SELECT g, '2021-02-01' FROM generate_series(1, 100) g;"
OTHER_ROWS = "INSERT INTO p SELECT g, '2030-02-01' FROM generate_series(1, 100) g;"

AX, SUE = "ACCESS EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"
GUARDED = [Shape("0 migrate", "guard:p2", AX), Shape("0 migrate", "prove:p2", SUE)]


def test_check_is_validated_before_the_attachment(make_db: MakeDb) -> None:
    found = plan(make_db, PARENT + ALONE, PARENT + ATTACHED, rows=ROWS)
    assert found.shapes == [
        *GUARDED,
        Shape("0 migrate", "attach:p2", AX),
        Shape("0 migrate", "alter:p2_d_idx", AX),
    ]
    assert not found.step("attach:p2").scan
    there_and_back(found)


def test_index_that_the_parent_asks_for_is_built_first(make_db: MakeDb) -> None:
    found = plan(make_db, PARENT + "CREATE TABLE p2 (id int, d date);", PARENT + ATTACHED, rows=ROWS)
    assert [s.step for s in found.shapes] == [
        "create:p2_d_idx",
        "guard:p2",
        "prove:p2",
        "attach:p2",
        "create:p2_d_idx:2",
    ]
    there_and_back(found)


def test_large_default_partition_refuses_the_rows_first(make_db: MakeDb) -> None:
    found = plan(make_db, PARENT + DEFAULT + ALONE, PARENT + DEFAULT + ATTACHED, rows=ROWS + OTHER_ROWS)
    assert found.shapes == [
        Shape("1 contract", "guard:others", AX),
        Shape("1 contract", "prove:others", SUE),
        Shape("1 contract", "guard:p2", AX),
        Shape("1 contract", "prove:p2", SUE),
        Shape("1 contract", "attach:p2", AX),
        Shape("1 contract", "alter:p2_d_idx", AX),
    ]
    assert found.step("guard:others").deploy == "writes no rows of table public.p2 into table public.others"
    there_and_back(found)


NEXT = "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');"


def test_new_partitions_beside_a_large_default_one(make_db: MakeDb) -> None:
    found = plan(make_db, PARENT + DEFAULT, PARENT + DEFAULT + ATTACHED + NEXT, rows=OTHER_ROWS)
    hung = [f"create:{table}:2" for table in ("p2", "p3")]
    assert [(s.place, s.step) for s in found.shapes if s.place.startswith("1")] == [
        ("1 contract", "guard:others"),
        ("1 contract", "prove:others"),
        ("1 contract", "create:p2:2"),
        ("1 contract", "create:p2_d_idx:2"),
        ("1 contract", "create:p3:2"),
        ("1 contract", "create:p3_d_idx:2"),
        ("1 contract", "unguard:others"),
    ]
    for step in hung:
        assert not found.step(step).new_objects
    assert found.step("guard:others").deploy is not None
    there_and_back(found)


@pytest.mark.parametrize("analyzed", ["", "ANALYZE;"])
def test_rows_of_a_default_partition_that_belong_to_a_new_one(make_db: MakeDb, tmp_path: Path, analyzed: str) -> None:
    stray = "INSERT INTO p VALUES (1, '2021-05-05'), (2, '2021-06-06');" + analyzed
    found = migration(make_db, tmp_path, PARENT + DEFAULT + stray, PARENT + DEFAULT + ATTACHED)
    *earlier, last = range(len(found.plan.windows))
    assert len(earlier) == (0 if analyzed else 1)
    assert found.plan.proof.status == "proved"
    for number in earlier:
        found.run(number)
    with pytest.raises(AssertionError, match=r"belong into table public\.p2: move them out of it first \(2 rows\)"):
        found.run(last)
    run(found.live, "DELETE FROM p WHERE id < 3 RETURNING 1")
    found.run(last)
    assert found.second() == ([], [])


def test_hash_partitions_are_attached_directly(make_db: MakeDb) -> None:
    parent = """
      CREATE TABLE h (id int) PARTITION BY HASH (id);
      CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE h1 (id int);
    """
    attached = parent + "ALTER TABLE h ATTACH PARTITION h1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
    rows = (
        "INSERT INTO h1 SELECT g FROM generate_series(1, 100) g WHERE satisfies_hash_partition('h'::regclass, 2, 1, g)"
    )
    found = plan(make_db, parent, attached, rows=rows)
    assert found.shapes == [Shape("0 expand", "attach:h1", AX)]
    assert found.step("attach:h1").scan
    there_and_back(found)


def test_other_bounds_in_one_transaction(make_db: MakeDb) -> None:
    wider = ATTACHED.replace("2022", "2023")
    found = plan(make_db, PARENT + ATTACHED, PARENT + wider, rows=ROWS)
    assert found.shapes == [Shape("0 expand", "attach:p2", AX)]
    there_and_back(found)


def test_table_that_becomes_the_partition_of_a_new_one_keeps_its_key(make_db: MakeDb) -> None:
    parent = "CREATE TABLE q (id int NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);"
    alone = "CREATE TABLE q1 (id int NOT NULL, PRIMARY KEY (id));"
    attached = parent + alone + "ALTER TABLE q ATTACH PARTITION q1 FOR VALUES FROM (1) TO (1000);"
    found = plan(make_db, alone, attached, rows="INSERT INTO q1 SELECT generate_series(1, 100)")
    assert [s.step for s in found.shapes][-2:] == ["attach:q1", "alter:q1.q1_pkey"]
    there_and_back(found)


def test_detached_while_queries_go_on(make_db: MakeDb) -> None:
    found = plan(make_db, PARENT + ATTACHED, PARENT + ALONE, rows=ROWS)
    assert found.shapes[-5:] == [
        Shape("1 contract", "guard:p2", AX),
        Shape("1 contract", "prove:p2", SUE),
        Shape("1 contract", "detach:p2", SUE),
        Shape("1 contract", "again:table:public.p2", "NONE"),
        Shape("1 contract", "unguard:p2", AX),
    ]
    there_and_back(found)


def test_partition_is_detached_before_it_is_dropped(make_db: MakeDb) -> None:
    found = plan(make_db, PARENT + ATTACHED, PARENT, rows=OTHER_ROWS.replace("2030", "2020"))
    assert found.shapes[-2:] == [Shape("1 contract", "detach:p2", SUE), Shape("1 contract", "drop:p2", AX)]
    assert found.step("drop:p2").loses == "the rows of table public.p2"
    there_and_back(found)


def test_beside_a_default_partition_detaching_locks(make_db: MakeDb) -> None:
    found = plan(make_db, PARENT + DEFAULT + ATTACHED, PARENT + DEFAULT + ALONE, rows=ROWS)
    assert found.shapes[-1] == Shape("1 contract", "detach:p2", AX)
    there_and_back(found)


def test_column_of_the_parent_waits_for_the_detachment(make_db: MakeDb) -> None:
    wider = PARENT.replace("d date", "d date, more text")
    found = plan(make_db, PARENT + ATTACHED, wider + ALONE, rows=ROWS)
    assert Shape("1 contract", "create:p.more", AX) in found.shapes
    there_and_back(found)


def test_not_null_takes_the_name_that_its_parent_gives(make_db: MakeDb) -> None:
    parent = PARENT.replace("id int", "id int NOT NULL")
    alone = "CREATE TABLE p2 (id int NOT NULL, d date); CREATE INDEX p2_d_idx ON p2 (d);"
    there_and_back(plan(make_db, parent + alone, parent + ATTACHED, rows=ROWS))
    there_and_back(plan(make_db, parent + ATTACHED, parent + alone, rows=ROWS))


def test_partitions_are_replaced_in_one_transaction(make_db: MakeDb) -> None:
    """No row is refused in between."""
    live = PARENT + "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');"
    merged = (
        "CREATE TABLE p (id int, d date) PARTITION BY RANGE (d); CREATE INDEX p_d ON p (d);"
        "CREATE TABLE p12 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2022-01-01');"
    )
    found = plan(make_db, live, merged, rows="INSERT INTO p VALUES (1, '2020-02-01'), (2, '2021-02-01')")
    together = [[str(u.sql) for step in segment.steps for u in step.up] for segment in found.draft.segments]
    (attaching,) = [
        statements for statements in together if any("ATTACH PARTITION public.p12 " in s for s in statements)
    ]
    assert len([s for s in attaching if "DETACH PARTITION" in s]) == 2
    for file in found.files:
        psql(found.live, file.up)
    assert query(found.live, "SELECT count(*) FROM p12") == [(2,)]


@pytest.mark.parametrize("settings", [CAREFUL, replace(CAREFUL, offline=True)], ids=["online", "offline"])
@pytest.mark.parametrize("left", ["", "CREATE TABLE p1 (id int NOT NULL);"], ids=["dropped", "detached"])
def test_references_to_a_partition_that_leaves_are_counted(make_db: MakeDb, settings: Settings, left: str) -> None:
    parent = "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id);"
    parent += "CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);"
    rows = "INSERT INTO p VALUES (1), (2); INSERT INTO r VALUES (1), (2);"
    refers = "CREATE TABLE r (p_id int REFERENCES p);"
    old = parent + "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);" + refers
    found = plan(make_db, old, parent + refers + left, rows=rows, settings=settings)
    up = "".join(file.up for file in found.files)
    with pytest.raises(
        AssertionError,
        match=r"rows of table public.r refer by .* to rows of table public.p1, which leaves \(1 rows\)",
    ):
        psql(found.live, up)


def test_required_column_of_a_table_with_rows_that_joins_blocks_the_plan(make_db: MakeDb) -> None:
    parent, rows = "CREATE TABLE p (id int, a int NOT NULL) PARTITION BY LIST (id);", "INSERT INTO q VALUES (1);"
    old, new = (
        make_db(parent + "CREATE TABLE q (id int);" + rows),
        make_db(parent + "CREATE TABLE q PARTITION OF p DEFAULT;"),
    )
    (reason,) = draft(read(old), read(new), settings=CAREFUL).blocked
    assert "column public.q.a is NOT NULL without a default, and table public.q, which joins a parent" in reason
