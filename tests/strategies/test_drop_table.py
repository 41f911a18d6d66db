"""A table's foreign keys go before it, and come after it, each on its own: it locks the table that it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.windows import Shape, plan, there_and_back

if TYPE_CHECKING:
    from tests.conftest import MakeDb

KEPT = "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE r (id int{});"
GONE = "CREATE TABLE q (id int PRIMARY KEY REFERENCES t, up int REFERENCES q); CREATE INDEX q_up ON q (up);"
ROWS = "INSERT INTO t SELECT generate_series(1, 9); INSERT INTO q SELECT id, id FROM t"
AX = "ACCESS EXCLUSIVE"


def test_foreign_keys_first_after_the_deploy(make_db: MakeDb) -> None:
    before = KEPT.format("") + GONE + "ALTER TABLE r ADD CONSTRAINT to_q FOREIGN KEY (id) REFERENCES q;"
    found = plan(make_db, before, KEPT.format(""), rows=ROWS)
    steps = ["drop:q.q_id_fkey", "drop:q.q_up_fkey", "drop:r.to_q", "drop:q"]
    assert found.shapes == [Shape("1 contract", step, AX) for step in steps]
    assert all(found.step(step).deploy == "doesn't use table public.q" for step in steps)
    assert [len(segment.steps) for segment in found.draft.segments] == [1, 1, 1, 1]
    there_and_back(found)


def test_foreign_key_between_tables_that_stay_goes_at_once(make_db: MakeDb) -> None:
    found = plan(make_db, KEPT.format(" REFERENCES t"), KEPT.format(""), rows="INSERT INTO t VALUES (1)")
    assert found.shapes == [Shape("0 expand", "drop:r.r_id_fkey", AX)]
    there_and_back(found)


def test_foreign_keys_of_a_new_table_lock_one_table_at_a_time(make_db: MakeDb) -> None:
    before = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);"
    new = "CREATE TABLE n (id int PRIMARY KEY REFERENCES a, b int REFERENCES b);"
    found = plan(make_db, before, before + new, rows="INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)")
    names = [[step.object.name for step in segment.steps] for segment in found.draft.segments]
    assert names == [["public.n", "public.n.n_b_fkey"], ["public.n.n_id_fkey"]]
    up = "".join(file.up for file in found.files)
    assert "lock: SHARE ROW EXCLUSIVE on public.a for a moment;" in up
    there_and_back(found)
