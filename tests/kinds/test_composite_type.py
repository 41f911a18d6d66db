"""Composite types: attributes changed in place, or by way of a new type where values are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
        """
        CREATE TABLE t (a int);
        CREATE TYPE c AS (gone int, "B b" varchar(10) COLLATE "C", n numeric(10,2)[]);
        ALTER TYPE c DROP ATTRIBUTE gone;
        CREATE TYPE nothing AS ();
        CREATE TYPE nested AS (c c, cs c[], t t);
        CREATE TABLE u (c c, n nested[]);
        COMMENT ON TYPE c IS 'type';
        COMMENT ON COLUMN c."B b" IS 'attribute';
        REVOKE ALL ON TYPE c FROM PUBLIC;
        """,
    )


@BOTH
def test_attributes_are_appended_in_place(make_db: MakeDb, settings: Settings) -> None:
    table = "CREATE TABLE t (c c); INSERT INTO t VALUES (NULL);"
    users = table + "CREATE FUNCTION f(c) RETURNS int LANGUAGE sql AS 'SELECT 1';"
    run = both_ways(
        make_db,
        "CREATE TYPE c AS (a int);" + users + "CREATE VIEW v AS SELECT (c).a FROM t;",
        "CREATE TYPE c AS (a int, b text[]); COMMENT ON COLUMN c.b IS 'b';"
        + users
        + "CREATE VIEW v AS SELECT (c).a, (c).b FROM t;",
        settings=settings,
    )
    assert run.up[0] == "ALTER TYPE public.c ADD ATTRIBUTE b text[]"


@BOTH
def test_an_attribute_is_dropped_under_a_view(make_db: MakeDb, settings: Settings) -> None:
    table = "CREATE TABLE t (c c); CREATE FUNCTION f(c) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT ($1).a; END;"
    run = both_ways(
        make_db,
        "CREATE TYPE c AS (a int, b text);" + table + "CREATE VIEW v AS SELECT (c).a, (c).b FROM t;",
        "CREATE TYPE c AS (a int);" + table + "CREATE VIEW v AS SELECT (c).a FROM t;",
        settings=settings,
    )
    assert "ALTER TYPE public.c DROP ATTRIBUTE b" in run.up


def test_an_attribute_of_a_type_that_no_table_stores_is_retyped(make_db: MakeDb) -> None:
    function = "CREATE FUNCTION f(c) RETURNS int LANGUAGE sql AS 'SELECT 1';"
    run = both_ways(
        make_db,
        "CREATE TYPE c AS (a int, b text);" + function,
        'CREATE TYPE c AS (a bigint, b text COLLATE "C");' + function,
    )
    assert "ALTER TYPE public.c ALTER ATTRIBUTE a SET DATA TYPE bigint" in run.up


STORED = """
CREATE TYPE n AS (c c, x int);
CREATE DOMAIN d AS c CHECK ((VALUE).a > 0);
CREATE TABLE t (c c, n n, d d);
CREATE VIEW v AS SELECT (c).a FROM t;
INSERT INTO t VALUES ('(1,x)', '("(2,y)",3)', '(2,z)');
"""


@BOTH
@pytest.mark.parametrize(
    "attributes", ["a bigint, b text", "b text, a int", "a int, z int, b text"], ids=["retyped", "moved", "inserted"]
)
def test_what_tables_store_gets_a_new_type(make_db: MakeDb, attributes: str, settings: Settings) -> None:
    rows = "" if attributes.startswith("a bigint") else "TRUNCATE t;"
    both_ways(
        make_db,
        "CREATE TYPE c AS (a int, b text);" + STORED + rows,
        f"CREATE TYPE c AS ({attributes});" + STORED.partition("INSERT")[0],
        settings=settings,
    )


def test_an_attribute_of_a_constrained_domain(make_db: MakeDb) -> None:
    """PostgreSQL refuses to add it to a type that a table stores."""
    domain, table = "CREATE DOMAIN d AS int NOT NULL;", "CREATE TABLE t (c c);"
    both_ways(make_db, domain + "CREATE TYPE c AS (a int);" + table, domain + "CREATE TYPE c AS (a int, b d);" + table)


def test_a_table_takes_its_name(make_db: MakeDb) -> None:
    function = "CREATE FUNCTION f() RETURNS c LANGUAGE sql AS 'SELECT NULL::c';"
    both_ways(make_db, "CREATE TYPE c AS (a int);" + function, "CREATE TABLE c (a int);" + function)
