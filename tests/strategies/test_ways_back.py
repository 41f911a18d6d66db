"""What a plan loosens comes back under traffic as well: no way back reads a large table under a lock that is felt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.migrations import proved, psql, run
from tests.support.plans import CAREFUL
from tests.support.windows import plan, there_and_back

from migplan.core.steps import Down, LockMode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

LARGE = "[planning]\nsmall_table_rows = 0\n"
OLD = """
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE gone (id int PRIMARY KEY);
CREATE TABLE t (
  id int CONSTRAINT pk PRIMARY KEY, a int CHECK (a > 0) CONSTRAINT most CHECK (a < 1000), z text NOT NULL,
  p int REFERENCES p, g int REFERENCES gone, u int, k int NOT NULL, CONSTRAINT u UNIQUE (u) INCLUDE (a)
);
COMMENT ON CONSTRAINT most ON t IS 'three digits';
INSERT INTO p SELECT g FROM generate_series(1, 100) g;
INSERT INTO t SELECT g, g, 'x', g, NULL, g, g FROM generate_series(1, 100) g;
ANALYZE;
"""
NEW = """
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (id int, a int, z text, p int, g int, u int, k int DEFAULT 1);
"""


@pytest.mark.everywhere
def test_reads_nothing_under_lock(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, OLD, NEW, config=LARGE)
    back = [s for step in found.inputs.draft().steps if isinstance(step.down, Down) for s in step.down.statements]
    assert [s.sql for s in back if s.scan and s.lock > LockMode.SHARE_UPDATE_EXCLUSIVE] == []
    assert len([s for s in back if s.scan]) == 9
    found.both_ways()


def test_a_dropped_columns_not_null(make_db: MakeDb) -> None:
    old, new = "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL);", "CREATE TABLE t (id int PRIMARY KEY);"
    rows = "INSERT INTO t SELECT g, g FROM generate_series(1, 100) g"
    found = plan(make_db, old, new, rows=rows, settings=replace(CAREFUL, backup="table"))
    assert "again:column:public.t.a" in [s.step for s in found.shapes]
    there_and_back(found)


def test_rows_that_dont_comply_stop_it_before_it_changes_anything(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, OLD, NEW, config=LARGE)
    found.run(0)
    run(found.live, "INSERT INTO t (id, a, z, k) VALUES (101, -1, 'x', 1)")
    with pytest.raises(AssertionError, match="violate constraint"):
        psql(found.live, found.folder.files[found.phases[0].down])
    assert run(found.live, "SELECT FROM pg_constraint WHERE conname = 't_a_check'") == []
