"""Enums: labels added in place, everything else by way of a new type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.both_ways import OFFLINE, both_ways, from_nothing

from migplan.core.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import MakeDb

ONLINE = Settings()
BOTH = pytest.mark.parametrize("settings", [OFFLINE, ONLINE], ids=["offline", "online"])


def test_every_attribute_is_created_and_dropped(make_db: MakeDb) -> None:
    from_nothing(
        make_db,
        r"""
        CREATE TYPE mood AS ENUM ('a', 'it''s', 'b\c', 'Ü');
        ALTER TYPE mood ADD VALUE '0' BEFORE 'a';
        CREATE TYPE "Empty" AS ENUM ();
        CREATE TABLE t (m mood DEFAULT 'a', ms mood[]);
        COMMENT ON TYPE mood IS 'how one feels';
        REVOKE USAGE ON TYPE mood FROM PUBLIC;
        """,
    )


def test_labels_are_added_in_their_places(make_db: MakeDb) -> None:
    run = both_ways(make_db, "CREATE TYPE e AS ENUM ('b', 'e')", "CREATE TYPE e AS ENUM ('a', 'b', 'c', 'd', 'e', 'f')")
    assert run.up == (
        "ALTER TYPE public.e ADD VALUE 'a' BEFORE 'b'",
        "ALTER TYPE public.e ADD VALUE 'c' AFTER 'b'",
        "ALTER TYPE public.e ADD VALUE 'd' AFTER 'c'",
        "ALTER TYPE public.e ADD VALUE 'f' AFTER 'e'",
    )


def test_an_empty_enum_is_filled(make_db: MakeDb) -> None:
    both_ways(make_db, "CREATE TYPE e AS ENUM ()", "CREATE TYPE e AS ENUM ('a', 'b')")


@BOTH
def test_a_new_label_is_there_before_it_is_used(make_db: MakeDb, settings: Settings) -> None:
    table = "CREATE TABLE t (v e DEFAULT '{0}' CHECK (v <> '{0}')); CREATE INDEX i ON t (v) WHERE v = '{0}';"
    view = "CREATE VIEW w AS SELECT v = '{0}' AS is_it FROM t;"
    function = "CREATE FUNCTION f(p e DEFAULT '{0}') RETURNS e LANGUAGE sql AS 'SELECT p';"
    users = table + view + function
    both_ways(
        make_db,
        "CREATE TYPE e AS ENUM ('x', 'y');" + users.format("x"),
        "CREATE TYPE e AS ENUM ('x', 'y', 'z');" + users.format("z"),
        settings=settings,
    )


USERS = """
CREATE TABLE t (v e DEFAULT 'a' NOT NULL, vs e[], g int GENERATED ALWAYS AS (CASE WHEN vs IS NULL THEN 1 END) STORED);
CREATE INDEX i ON t (v) WHERE v = 'a';
CREATE VIEW w AS SELECT v FROM t WHERE v = 'a';
CREATE MATERIALIZED VIEW m AS SELECT v, count(*) FROM t GROUP BY v;
CREATE UNIQUE INDEX mi ON m (v);
CREATE FUNCTION f(e) RETURNS e LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION h() RETURNS SETOF e LANGUAGE sql BEGIN ATOMIC SELECT v FROM t; END;
CREATE DOMAIN d AS e CHECK (VALUE <> 'a');
CREATE TYPE c AS (x e, y d);
CREATE TABLE u (c c[], d d);
COMMENT ON TYPE e IS 'kept';
"""


@BOTH
@pytest.mark.parametrize("labels", ["'a', 'b'", "'c', 'b', 'a'", "'a', 'b', 'd'"], ids=["less", "reordered", "swapped"])
def test_another_list_of_labels_makes_a_new_type(make_db: MakeDb, labels: str, settings: Settings) -> None:
    both_ways(
        make_db,
        "CREATE TYPE e AS ENUM ('a', 'b', 'c');" + USERS,
        f"CREATE TYPE e AS ENUM ({labels});" + USERS,
        settings=settings,
    )


def test_rows_survive_the_new_type(make_db: MakeDb) -> None:
    """The rows' values are those of the new type, wherever they are stored."""
    rows = "INSERT INTO t VALUES ('b', '{a,b}'); INSERT INTO u VALUES ('{\"(a,b)\"}', 'b');"
    old = make_db("CREATE TYPE e AS ENUM ('a', 'b', 'c');" + USERS + rows)
    run = both_ways(
        lambda script: old if "INSERT" in script else make_db(script),
        "CREATE TYPE e AS ENUM ('a', 'b', 'c');" + USERS + rows,
        "CREATE TYPE e AS ENUM ('a', 'b');" + USERS,
    )
    assert run.up
    with psycopg.connect(old) as db:
        found = db.execute("SELECT v::text, vs::text, c::text, d::text FROM t, u").fetchall()
    assert found == [("b", "{a,b}", '{"(a,b)"}', "b")]


@BOTH
def test_another_enum_takes_its_place(make_db: MakeDb, settings: Settings) -> None:
    table = "CREATE TABLE t (v {} DEFAULT 'x'); INSERT INTO t VALUES ('y');"
    both_ways(
        make_db,
        "CREATE TYPE one AS ENUM ('x', 'y');" + table.format("one"),
        "CREATE TYPE two AS ENUM ('x', 'y', 'z');" + table.format("two"),
        settings=settings,
    )
