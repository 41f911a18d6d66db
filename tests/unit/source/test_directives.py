"""Directives are bound to the statement, column or constraint they stand beside."""

from __future__ import annotations

import pytest

from migplan.core.errors import DirectiveError
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.source.text.directives import check_targets, read_directives
from migplan.source.text.files import SourceText
from migplan.source.text.psqlfile import read_file


def read(sql: str) -> list[tuple[str, str, str]]:
    directives = read_directives([read_file(SourceText("f.sql", sql))])
    return [(d.name, d.argument, str(d.target)) for d in directives.items]


def test_inside_a_table() -> None:
    sql = """
    -- migplan: renamed-from people
    CREATE TABLE app.users (  -- migplan: keep-old
      id int, -- migplan: renamed-from uid
      -- migplan: backfill lower(name)
      -- migplan: reverse upper(email)
      email text NOT NULL DEFAULT 'a,b' CHECK (length(email) IN (3, 4)),
      state text
        NOT NULL, -- migplan: using state::text
      -- an ordinary comment
      CONSTRAINT positive CHECK (id > 0), -- migplan: renamed-from y
      n numeric(10,2)  -- migplan: backup table
    );  -- migplan: allow drop-table "because"
    """
    assert read(sql) == [
        ("renamed-from", "people", "table app.users"),
        ("keep-old", "", "table app.users"),
        ("renamed-from", "uid", "column app.users.id"),
        ("backfill", "lower(name)", "column app.users.email"),
        ("reverse", "upper(email)", "column app.users.email"),
        ("using", "state::text", "column app.users.state"),
        ("renamed-from", "y", "constraint app.users.positive"),
        ("backup", "table", "column app.users.n"),
        ("allow", 'drop-table "because"', "table app.users"),
    ]


def test_inside_the_second_statement_of_a_line() -> None:
    sql = """
    CREATE TABLE a (x int); CREATE TABLE b (y int, -- migplan: renamed-from z
      n int); -- migplan: keep-old
    """
    assert read(sql) == [("renamed-from", "z", "column public.b.y"), ("keep-old", "", "table public.b")]


@pytest.mark.parametrize(
    ("statement", "target"),
    [
        ("CREATE UNLOGGED TABLE IF NOT EXISTS t (a int)", "table public.t"),
        ('CREATE UNIQUE INDEX CONCURRENTLY "I" ON ONLY app.t (x)', 'index app."I"'),
        ("ALTER TABLE ONLY app.t ADD COLUMN IF NOT EXISTS c int", "column app.t.c"),
        ("ALTER TABLE app.t ADD CONSTRAINT k UNIQUE (a, b)", "constraint app.t.k"),
        ("ALTER TABLE app.t ADD c int, ADD d int", "table app.t"),
        ("ALTER TABLE app.t ALTER COLUMN c SET NOT NULL", "column app.t.c"),
        ("CREATE TYPE st AS ENUM ('a')", "enum public.st"),
        ("CREATE TYPE app.r AS RANGE (subtype = int4)", "range app.r"),
        ("CREATE TYPE app.c AS (a int)", "composite_type app.c".replace("_", " ")),
        ("CREATE OR REPLACE RECURSIVE VIEW v (a) AS SELECT 1", "view public.v"),
        ("CREATE MATERIALIZED VIEW m AS SELECT 1", "materialized view public.m"),
        (
            "CREATE CONSTRAINT TRIGGER g AFTER INSERT OR UPDATE OF a ON app.t FOR EACH ROW EXECUTE FUNCTION f()",
            "trigger app.t.g",
        ),
        ("CREATE POLICY p ON t AS PERMISSIVE FOR SELECT TO public USING (true)", "policy public.t.p"),
        ("CREATE RULE r AS ON INSERT TO app.v DO INSTEAD NOTHING", "rule app.v.r"),
        ("CREATE SCHEMA IF NOT EXISTS app", "schema app"),
        ("CREATE SCHEMA AUTHORIZATION bob", "schema bob"),
        ("CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public", "extension hstore"),
        ("CREATE FOREIGN TABLE app.f (a int) SERVER s", "foreign table app.f"),
        ("CREATE DOMAIN d AS text", "domain public.d"),
        ("COMMENT ON COLUMN app.t.c IS 'x'", "column app.t.c"),
    ],
)
def test_statements(statement: str, target: str) -> None:
    assert read(f"-- migplan: bake\n{statement};") == [("bake", "", target)]
    assert read(f"{statement}; -- migplan: bake\nSELECT pg_catalog.setval('s', 1);") == [("bake", "", target)]


@pytest.mark.parametrize(
    ("sql", "place", "message"),
    [
        ("-- migplan: frob x\nCREATE TABLE a();", "f.sql:1:1", "unknown directive 'frob'"),
        ("-- migplan:\nCREATE TABLE a();", "f.sql:1:1", "unknown directive ''"),
        ("CREATE TABLE a(\n x int -- migplan: renamed-from\n);", "f.sql:2:8", "malformed"),
        ("-- migplan: values a, b => c\nCREATE TABLE a();", "f.sql:1:1", "malformed"),
        ("-- migplan: allow drop-table\nCREATE TABLE a();", "f.sql:1:1", "malformed"),
        ("/* migplan: bake */ CREATE TABLE a();", "f.sql:1:1", "line comments"),
        ("CREATE TABLE a();\n-- migplan: bake\n", "f.sql:2:1", "beside nothing"),
        ("-- migplan: bake", "f.sql:1:1", "beside nothing"),
        ("CREATE TABLE a(\n x int,\n -- migplan: bake\n CHECK (x > 0)\n);", "f.sql:3:2", "beside nothing"),
        ("-- migplan: bake\nGRANT SELECT ON x TO y;", "f.sql:1:1", "beside nothing"),
    ],
)
def test_errors_have_their_place(sql: str, place: str, message: str) -> None:
    with pytest.raises(DirectiveError, match=message) as error:
        read(sql)
    assert error.value.place == place


def test_strings_hold_no_directives() -> None:
    assert read("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n-- migplan: frob\nSELECT 1 $$;") == []


def catalog(*ids: ObjectId) -> Catalog:
    return Catalog(server_version=180000, objects={id: DbObject(id=id) for id in ids}, uses={})


def test_targets_are_found_in_the_catalog() -> None:
    directives = read_directives(
        [
            read_file(
                SourceText(
                    "f.sql",
                    "CREATE FUNCTION f(a int DEFAULT 1, b text) RETURNS int RETURN 1; -- migplan: phase contract\n"
                    "ALTER TYPE st ADD VALUE 'x'; -- migplan: values a => b",
                )
            )
        ]
    )
    function = ObjectId("function", ("public", "f", "integer, text"))
    enum = ObjectId("enum", ("public", "st"))
    other = ObjectId("function", ("public", "f", "integer"))
    assert [d.target for d in check_targets(directives, catalog(function, other, enum)).items] == [function, enum]
    with pytest.raises(DirectiveError, match="doesn't hold") as error:
        check_targets(directives, catalog(enum))
    assert error.value.place == "f.sql:1:66"


def test_an_ambiguous_target_is_an_error() -> None:
    file = read_file(SourceText("f.sql", "-- migplan: phase expand\nCREATE FUNCTION f(a state) RETURNS int RETURN 1;"))
    twins = [ObjectId("function", ("public", "f", f"{schema}.state")) for schema in ("a", "b")]
    with pytest.raises(DirectiveError, match="may speak of any of"):
        check_targets(read_directives([file]), catalog(*twins))


@pytest.mark.parametrize(
    ("directive", "id"),
    [
        ("backfill 1", ObjectId("table", ("public", "t"))),
        ("values a => b", ObjectId("table", ("public", "t"))),
        ("phase contract", ObjectId("table", ("public", "t"))),
        ("column-order", ObjectId("view", ("public", "t"))),
    ],
)
def test_what_says_nothing_of_its_target_is_an_error(directive: str, id: ObjectId) -> None:
    directives = read_directives([read_file(SourceText("f.sql", f"-- migplan: {directive}\nCREATE TABLE t (a int);"))])
    with pytest.raises(DirectiveError, match=f"says nothing of {id}") as error:
        check_targets(directives, catalog(id))
    assert error.value.place == "f.sql:1:1"
