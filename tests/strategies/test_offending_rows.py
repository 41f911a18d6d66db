"""Rows that a new constraint or unique index would meet are counted, of small tables as well, and no others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.plans import CAREFUL
from tests.support.windows import plan, psql

if TYPE_CHECKING:
    from tests.conftest import MakeDb

    from migplan.core.settings import Settings

TABLES = """
CREATE TABLE r (id int PRIMARY KEY, n int);
CREATE TABLE r_heir () INHERITS (r);
CREATE TABLE t (id int PRIMARY KEY, n int, w text);
CREATE TABLE t_heir () INHERITS (t);
"""
ROWS = """
INSERT INTO r VALUES (1, 1);
INSERT INTO r_heir VALUES (2, 2);
INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'A'), (3, 2, NULL), (4, NULL, NULL);
INSERT INTO t_heir VALUES (1, 1, 'a'), (2, 7, 'b'), (3, 7, 'b'), (4, 2, 'B');
"""
ADDED = {
    "key": ("ALTER TABLE t ADD CONSTRAINT k UNIQUE (n);", r"k would be violated .* \(1 rows\)"),
    "index": ("CREATE UNIQUE INDEX i ON t ((n + id), lower(w)) WHERE n > 0;", None),
    "expression": ("CREATE UNIQUE INDEX i ON t (lower(w)) WHERE n > 0;", r"i would be violated .* \(1 rows\)"),
    "check": ("ALTER TABLE t ADD CONSTRAINT c CHECK (n < 5);", r"rows of table public.t violate .* \(2 rows\)"),
    "own check": ("ALTER TABLE t ADD CONSTRAINT c CHECK (n < 5) NO INHERIT;", None),
    "reference": ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES r;", r"no counterpart .* \(2 rows\)"),
}
SETTINGS = {"large": replace(CAREFUL, small_rows=0), "small": CAREFUL, "offline": replace(CAREFUL, offline=True)}


@pytest.mark.parametrize(("added", "said"), ADDED.values(), ids=ADDED)
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_rows_in_the_way_are_counted(make_db: MakeDb, settings: Settings, added: str, said: str | None) -> None:
    found = plan(make_db, TABLES, TABLES + added, rows=ROWS, settings=settings)
    up = "".join(file.up for file in found.files)
    if said is None:
        psql(found.live, up)
        return
    with pytest.raises(AssertionError, match=said):
        psql(found.live, up)


TEMPORAL = """
CREATE EXTENSION btree_gist;
CREATE TABLE r (id int, "R" int4range, PRIMARY KEY (id, "R" WITHOUT OVERLAPS));
CREATE TABLE t (id int, p int4range);
"""
PERIODS = """
INSERT INTO r VALUES (1, '[1,5)'), (1, '[5,9)'), (2, '[1,3)'), (2, '[4,9)');
INSERT INTO t VALUES (1, '[2,7)'), (1, NULL), (NULL, '[1,2)'), (2, '[4,9)');
INSERT INTO t VALUES (1, '[2,10)'), (2, '[1,9)'), (2, 'empty'), (3, '[1,2)');
"""


@pytest.mark.pg(min=18)
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_periods_that_are_covered_by_none_are_counted(make_db: MakeDb, settings: Settings) -> None:
    added = 'ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (id, PERIOD p) REFERENCES r (id, PERIOD "R");'
    found = plan(make_db, TEMPORAL, TEMPORAL + added, rows=PERIODS, settings=settings)
    up = "".join(file.up for file in found.files)
    with pytest.raises(AssertionError, match=r"no counterpart .* \(4 rows\)"):
        psql(found.live, up)
    psql(found.live, "DELETE FROM t WHERE id = 3 OR p IN ('[2,10)', '[1,9)', 'empty')")
    psql(found.live, up)


TARGET = "CREATE TABLE r (id int PRIMARY KEY);"
ALONE = "CREATE TABLE x (a int, n int);"
JOINING = {
    "range": (
        "CREATE TABLE p (a int, n int) PARTITION BY RANGE (a);" + ALONE,
        "ALTER TABLE p ATTACH PARTITION x FOR VALUES FROM (1) TO (2);",
        r"rows of table public\.x are outside of the bounds that it gets \(2 rows\)",
    ),
    "hash": (
        "CREATE TABLE p (a int, n int) PARTITION BY HASH (a, (n + 1));" + ALONE,
        "ALTER TABLE p ATTACH PARTITION x FOR VALUES WITH (MODULUS 3, REMAINDER 0);",
        r"rows of table public\.x are outside of the bounds that it gets \(\d rows\)",
    ),
    "key": (
        "CREATE TABLE p (a int, n int REFERENCES r) PARTITION BY RANGE (a);" + ALONE,
        "ALTER TABLE p ATTACH PARTITION x FOR VALUES FROM (0) TO (9);",
        r"rows of table public\.x have no counterpart for constraint public\.[px]\.p_n_fkey.* \(1 rows\)",
    ),
    "default": (
        "CREATE TABLE p (a int, n int) PARTITION BY LIST (a); CREATE TABLE x PARTITION OF p DEFAULT;"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (7);",
        "ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (3, 7);",
        r"rows of table public\.x belong into table public\.p1: move them out of it first \(1 rows\)",
    ),
}


@pytest.mark.parametrize(("tables", "joined", "said"), JOINING.values(), ids=JOINING)
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_rows_in_the_way_of_attaching_are_counted(
    make_db: MakeDb, settings: Settings, tables: str, joined: str, said: str
) -> None:
    tables, rows = TARGET + tables, "INSERT INTO r VALUES (1), (2); INSERT INTO x VALUES (1, 1), (3, 3), (4, NULL)"
    found = plan(make_db, tables, tables + joined, rows=rows, settings=settings)
    with pytest.raises(AssertionError, match=said):
        psql(found.live, "".join(file.up for file in found.files))
