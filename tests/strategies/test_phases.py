"""The plan's form on large tables, row by row: which side of the deploy a change stands on, and the locks it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.support.windows import Shape, plan, query, there_and_back

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLE = "CREATE TABLE t (id int PRIMARY KEY, a int, b text);"
CHILD = "CREATE TABLE r (id int PRIMARY KEY, t int);"
ROWS = "INSERT INTO t SELECT g, g, g FROM generate_series(1, 100) g;"
AX, SUE, SRX, S, NONE = "ACCESS EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE ROW EXCLUSIVE", "SHARE", "NONE"


class Row(NamedTuple):
    """From one declaration to another; shapes as ``place step lock``."""

    old: str
    new: str
    shapes: tuple[tuple[str, str, str], ...]


def _function(arguments: str, returns: str, body: str) -> str:
    return f"CREATE FUNCTION f({arguments}) RETURNS {returns} LANGUAGE sql AS $$ SELECT {body} $$;"


ROWS_OF_THE_TABLE = {
    "function: other arguments": Row(
        _function("int", "int", "1"),
        _function("text", "int", "1"),
        (("0 expand", "create:f(text)", NONE), ("1 contract", "drop:f(integer)", NONE)),
    ),
    "function: another argument with a default, which makes calls ambiguous": Row(
        _function("a int", "int", "1"),
        _function("a int, b int DEFAULT 0", "int", "1"),
        (("0 expand", "drop:f(integer)", NONE), ("0 expand", "create:f(integer, integer)", NONE)),
    ),
    "function: other result": Row(
        _function("int", "int", "1"),
        _function("int", "text", "'1'"),
        (("1 contract", "drop:f(integer)", NONE), ("1 contract", "create:f(integer)", NONE)),
    ),
    "function: other body": Row(
        _function("int", "int", "1"), _function("int", "int", "2"), (("0 expand", "alter:f(integer)", NONE),)
    ),
    "grants": Row(
        "GRANT SELECT, UPDATE ON t TO pg_monitor;",
        "GRANT SELECT, INSERT ON t TO pg_monitor;",
        (("0 expand", "grant:t", "ACCESS SHARE"), ("1 contract", "revoke:t", "ACCESS SHARE")),
    ),
    "default: set": Row("", "ALTER TABLE t ALTER a SET DEFAULT 3;", (("0 expand", "create:t.a", AX),)),
    "default: change": Row(
        "ALTER TABLE t ALTER a SET DEFAULT 3;", "ALTER TABLE t ALTER a SET DEFAULT 4;", (("0 expand", "alter:t.a", AX),)
    ),
    "default: drop": Row("ALTER TABLE t ALTER a SET DEFAULT 3;", "", (("1 contract", "drop:t.a", AX),)),
    "index: over a column that comes instead of one that goes": Row(
        "ALTER TABLE t ADD c int; CREATE INDEX i ON t (a);",
        "ALTER TABLE t ADD c int, DROP a; CREATE INDEX i ON t (c);",
        (
            ("0 migrate", "build:i", SUE),
            ("0 migrate", "swap:i", SUE),
            ("1 contract", "drop:i", SUE),
            ("1 contract", "drop:t.a", AX),
        ),
    ),
    "unique index: over fewer columns": Row(
        "CREATE UNIQUE INDEX i ON t (a, b);",
        "CREATE UNIQUE INDEX i ON t (a);",
        (("1 contract", "build:i", SUE), ("1 contract", "swap:i", SUE), ("1 contract", "drop:i", SUE)),
    ),
    "unique index: over more columns": Row(
        "CREATE UNIQUE INDEX i ON t (a);",
        "CREATE UNIQUE INDEX i ON t (a, b);",
        (("0 migrate", "build:i", SUE), ("0 migrate", "swap:i", SUE), ("1 contract", "drop:i", SUE)),
    ),
    "unique index: of more rows": Row(
        "CREATE UNIQUE INDEX i ON t (a) WHERE id > 3;",
        "CREATE UNIQUE INDEX i ON t (a);",
        (("1 contract", "build:i", SUE), ("1 contract", "swap:i", SUE), ("1 contract", "drop:i", SUE)),
    ),
    "check: add": Row(
        "",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
        (("1 contract", "create:t.c", AX), ("1 contract", "validate:t.c", SUE)),
    ),
    "check: drop": Row(
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
        "",
        (("0 expand", "again:constraint:public.t.c", NONE), ("0 expand", "drop:t.c", AX)),
    ),
    "key: drop": Row(
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);",
        "",
        (("1 contract", "drop:t.u", AX), ("1 contract", "again:constraint:public.t.u", NONE)),
    ),
    "exclusion: add": Row(
        "",
        "ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING btree (a WITH =);",
        (
            ("0 expand", "stage:t:new", NONE),
            ("0 expand", "log:t:new", SRX),
            ("0 migrate", "copy:t:new", "ACCESS SHARE"),
            ("1 migrate", "replay:t:new", "ACCESS SHARE"),
            ("1 migrate", "compare:t:new", NONE),
            ("1 contract", "lock:t", AX),
            ("1 contract", "swap:t", AX),
            ("1 contract", "unlock:t", NONE),
            ("1 contract", "retire:table:public.t:old", NONE),
            ("1 contract", "retire:table:public.t:old", NONE),
            ("1 contract", "retire:table:public.t:old", NONE),
            ("1 contract", "retire:table:public.t:old", AX),
            ("1 contract", "retire:table:public.t:old", NONE),
        ),
    ),
    "exclusion: drop": Row(
        "ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING btree (a WITH =);", "", (("0 expand", "drop:t.e", AX),)
    ),
    "foreign key: add": Row(
        CHILD,
        CHILD + "ALTER TABLE r ADD CONSTRAINT f FOREIGN KEY (t) REFERENCES t;",
        (("1 contract", "create:r.f", SRX), ("1 contract", "validate:r.f", SUE)),
    ),
    "index: add": Row("", "CREATE INDEX i ON t (a);", (("0 migrate", "create:i", SUE),)),
    "index: drop": Row("CREATE INDEX i ON t (a);", "", (("1 contract", "drop:i", SUE),)),
    "composite type: another attribute": Row(
        "CREATE TYPE c AS (a int);", "CREATE TYPE c AS (a int, b text);", (("1 contract", "alter:c", AX),)
    ),
    "comment": Row("", "COMMENT ON TABLE t IS 'x';", (("0 expand", "comment:t", SUE),)),
    "statistics target": Row("", "ALTER TABLE t ALTER a SET STATISTICS 200;", (("0 expand", "alter:t.a", SUE),)),
    "storage parameter": Row("", "ALTER TABLE t SET (fillfactor = 80);", (("0 expand", "alter:t", SUE),)),
    "statistics object": Row("", "CREATE STATISTICS st ON a, b FROM t;", (("0 expand", "create:st", SUE),)),
}


@pytest.mark.parametrize("row", ROWS_OF_THE_TABLE)
def test_phases_and_locks(make_db: MakeDb, row: str) -> None:
    old, new, shapes = ROWS_OF_THE_TABLE[row]
    filled = ROWS + ("INSERT INTO r SELECT id, id FROM t;" if "TABLE r" in old else "")
    found = plan(make_db, TABLE + old, TABLE + new, rows=filled)
    assert found.shapes == [Shape(*shape) for shape in shapes]
    there_and_back(found)


def test_column_is_made_optional_before_it_goes(make_db: MakeDb) -> None:
    old = TABLE.replace("a int", "a int NOT NULL")
    found = plan(make_db, old, TABLE.replace(" a int,", ""), rows="INSERT INTO t VALUES (1, 1, 'x')")
    shapes = [s for s in found.shapes if not s.step.startswith("again:")]
    assert shapes == [Shape("0 expand", "loosen:t.a", AX), Shape("1 contract", "drop:t.a", AX)]
    assert found.step("drop:t.a").loses is not None


def test_orphans_are_counted_first(make_db: MakeDb) -> None:
    key = "ALTER TABLE r ADD CONSTRAINT f FOREIGN KEY (t) REFERENCES t;"
    found = plan(
        make_db, TABLE + CHILD, TABLE + CHILD + key, rows=ROWS + "INSERT INTO r VALUES (1, 1), (2, 777), (3, NULL)"
    )
    (assertion,) = found.step("create:r.f").asserts
    assert query(found.live, assertion.count) == [(1,)]
