"""Rows of one table stored in another one: PostgreSQL rewrites none of them, and a second column would miss in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import read
from tests.support.plans import CAREFUL

from migplan.core.settings import Settings
from migplan.planning.plan import draft

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLE, WIDER = "CREATE TABLE t (id int PRIMARY KEY, n int);", "CREATE TABLE t (id int PRIMARY KEY, n bigint);"
FILLED = "CREATE TABLE t (id int PRIMARY KEY, n int, m int DEFAULT 3);"
ENUM = "CREATE TYPE e AS ENUM ({}); CREATE TABLE t (id int PRIMARY KEY, n e);"
HOLDER = "CREATE TABLE w (k int PRIMARY KEY, r t);"
NESTED = "CREATE TYPE c AS (x t[]); CREATE TABLE w (k int PRIMARY KEY, r c[]);"
STORED = "CREATE MATERIALIZED VIEW w AS SELECT t AS r FROM t;"
READS = "CREATE MATERIALIZED VIEW w AS SELECT id FROM t; CREATE FUNCTION f(t) RETURNS int LANGUAGE sql AS 'SELECT 1';"
PARTITIONED = TABLE.replace(");", ") PARTITION BY RANGE (id); CREATE TABLE p PARTITION OF t DEFAULT;")
HELD = "INSERT INTO w VALUES (1, ROW(1, NULL)::t);"
ROWS = "INSERT INTO t VALUES (1, NULL);"


@pytest.mark.parametrize("settings", [Settings(), CAREFUL], ids=["small", "large"])
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (TABLE + HOLDER, WIDER + HOLDER, "column public.w.r stores rows of table public.t, so that"),
        (TABLE + NESTED, WIDER + NESTED, "PostgreSQL doesn't change the type of column public.t.n"),
        (TABLE + STORED, FILLED + STORED, "PostgreSQL doesn't add column public.t.m with a value for every row"),
        (ENUM.format("'a', 'b'") + HOLDER, ENUM.format("'b'") + HOLDER, "doesn't let column public.t.n go over"),
        (
            TABLE + HOLDER + HELD,
            PARTITIONED + HOLDER,
            "column public.w.r stores rows of table public.t, which has to be",
        ),
        (FILLED + STORED, TABLE + STORED, "PostgreSQL wouldn't add column public.t.m with a value for every row"),
    ],
    ids=["column", "nested", "added", "enum", "made-anew", "dropped"],
)
def test_blocked(make_db: MakeDb, settings: Settings, old: str, new: str, said: str) -> None:
    found = draft(read(make_db(old + ROWS)), read(make_db(new)), settings=settings)
    assert said in " ".join(found.blocked)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (TABLE + HOLDER, WIDER, "give column public.w.r another type in a plan before"),
        (TABLE, WIDER + HOLDER, "leave column public.w.r to the next plan"),
    ],
    ids=["goes", "comes"],
)
def test_advice_where_the_holder_goes_or_comes(make_db: MakeDb, old: str, new: str, said: str) -> None:
    holder = "CREATE TABLE w (k int PRIMARY KEY);"
    old, new = (sql if "TABLE w" in sql else sql + holder for sql in (old, new))
    assert said in " ".join(draft(read(make_db(old)), read(make_db(new))).blocked)


def test_what_only_reads_the_table_is_no_obstacle(make_db: MakeDb) -> None:
    assert not draft(read(make_db(TABLE + READS)), read(make_db(WIDER + READS))).blocked
