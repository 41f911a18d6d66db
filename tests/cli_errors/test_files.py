"""Declared files that can't be taken: the place, the line, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeDb
    from tests.support.command import Command

pytestmark = pytest.mark.pg(18)

WIDGET = """
CREATE TYPE widget;
CREATE FUNCTION widget_in(cstring) RETURNS widget LANGUAGE internal STRICT IMMUTABLE AS 'int4in';
CREATE FUNCTION widget_out(widget) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'int4out';
CREATE TYPE widget (INTERNALLENGTH = 4, INPUT = widget_in, OUTPUT = widget_out, PASSEDBYVALUE, ALIGNMENT = int4);
"""

BAD = {
    "syntax": (
        "CREATE TABLE t (\n  id int,,\n  x text\n);",
        "bad.sql:2:10: syntax error",
        "  id int,,\n             ^",
    ),
    "body": (
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETRUN 1;\nEND\n$$;",
        "bad.sql:3:3: in the body of f: syntax error",
        "  RETRUN 1;\n      ^",
    ),
    "missing object": ("CREATE VIEW v AS\n  SELECT * FROM nothere;", 'bad.sql:2:17: relation "nothere"', "^"),
    "missing type": ("CREATE TABLE t (\r\n  id intt\r\n);", 'bad.sql:2:6: type "intt" does not exist', "  id intt\n"),
    "missing parent": ("CREATE TABLE t (id int REFERENCES nothere);", 'bad.sql:1:1: relation "nothere"', "REFERENCES"),
    "open string": ("CREATE TABLE t (a text DEFAULT 'x);", "bad.sql:1:32: a string is never closed", ""),
    "unknown directive": (
        "CREATE TABLE t (\n  id int -- migplan: renamed NAME\n);",
        "bad.sql:2:10: unknown directive",
        "",
    ),
    "malformed directive": ("CREATE TABLE t (\n  id int -- migplan: backfill\n);", "bad.sql:2:10: malformed", ""),
    "directive beside nothing": ("-- migplan: renamed-from a\n", "bad.sql:1:1: the directive renamed-from stands", ""),
    "copy": ("CREATE TABLE t ();\n\\copy t from 'x'\n", "bad.sql:2:1: the psql command \\copy", ""),
    "include": ("\\i other.sql\n", "bad.sql:1:1: the psql command \\i", ""),
    "variable of psql": ("CREATE TABLE :name ();", "bad.sql:1:14: syntax error", "psql's variables (:name)"),
    "insert": (
        "CREATE TABLE t ();\n  INSERT INTO t DEFAULT VALUES;",
        "bad.sql:2:3: INSERT is not part",
        "reference-data",
    ),
    "data in a block": ("DO $$ BEGIN DELETE FROM t; END $$;", "bad.sql:1:1: a DO block changes data", ""),
    "extension": ("CREATE EXTENSION no_such_extension;", "bad.sql:1:1: the shadow server can't create", "[shadow] url"),
    "role": ("CREATE TABLE t ();\nGRANT SELECT ON t TO migplan_no_such_role;", "bad.sql:2:1: ", "CREATE ROLE"),
    "temporary": ("CREATE TEMP TABLE t ();", "bad.sql:1:1: a temporary object", ""),
    "latin 1": (b"CREATE TABLE t ();\n-- \xe9\n", "bad.sql:2: the file is not UTF-8", ""),
    "utf 16": ("CREATE TABLE t ();".encode("utf-16"), "bad.sql:1: the file holds a zero byte", ""),
    "archive": (b"PGDMP\x01\x0e", "bad.sql: this is an archive of pg_dump", "pg_restore -s"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file(migplan: Command, live: str, name: str) -> None:
    content, place, shown = BAD[name]
    migplan.write("schemas/a.sql", "CREATE TABLE a (id int);")
    migplan.write("schemas/bad.sql", content)
    before = migplan.left()
    ended = migplan("plan", "--target", live, "--schema", "schemas")
    assert ended.status == 1
    assert ended.out == ""
    assert ended.err.startswith(f"error: schemas/{place}"), ended.err
    assert shown in ended.err
    assert migplan.left() == before


def test_a_directive_that_matches_nothing(migplan: Command, live: str) -> None:
    migplan.write(
        "s.sql", "CREATE TABLE users (\n  id int PRIMARY KEY,\n  -- migplan: renamed-from nam\n  title text\n);"
    )
    migplan("diff", "--target", live, "--schema", "s.sql").refused("s.sql:3:3", "nam")


def test_a_byte_order_mark_and_windows_lines_are_no_error(migplan: Command, live: str) -> None:
    text = "CREATE TABLE users (\r\n  id int PRIMARY KEY,\r\n  name text\r\n);\r\n"
    migplan.write("s.sql", b"\xef\xbb\xbf" + text.encode())
    assert migplan("diff", "--target", live, "--schema", "s.sql").out == "no difference\n"


def test_no_files(migplan: Command, live: str) -> None:
    (migplan.folder / "empty").mkdir()
    migplan("diff", "--target", live, "--schema", "empty").refused("empty: the folder holds no .sql files")
    migplan("diff", "--target", live, "--schema", "nothere.sql").refused("nothere.sql: there is no such file")
    migplan("diff", "--target", live).refused("schemas: there is no such file or folder", "migplan init")
    migplan("diff", "--target", live, "--schema", live, "--schema", "empty").refused("stands alone")


def test_a_link_that_leads_nowhere(migplan: Command, live: str) -> None:
    migplan.write("schemas/a.sql", "CREATE TABLE a ();")
    (migplan.folder / "schemas/gone.sql").symlink_to("nowhere.sql")
    ended = migplan("diff", "--target", live, "--schema", "schemas")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("error: schemas/gone.sql: can't read the file: No such file")


def test_an_empty_declaration_is_noted(migplan: Command, live: str) -> None:
    migplan.write("schemas/a.sql", "-- nothing yet\n")
    assert "note: the declaration holds nothing" in migplan("diff", "--target", live).err


def test_a_base_type(migplan: Command, make_db: MakeDb) -> None:
    """Neither the live schema nor the declared one can be made in the shadow, but for one that the set-up brings."""
    widget, live = migplan.write("widget.sql", WIDGET), make_db(f"{WIDGET}CREATE TABLE t (a widget)")
    both = migplan.write("both.sql", f"{WIDGET}CREATE TABLE t (a widget, b int)")
    migplan("plan", "--target", live, "--schema", both).refused("hint: base type public.widget isn't modelled")
    ended = migplan("plan", "--target", make_db(""), "--schema", both, "--out", "plan")
    assert ended.status == 3
    assert "base type public.widget is declared and not there" in ended.out + ended.err
    migplan.write("migplan.toml", f'[shadow]\nsetup = ["{widget}"]\n')
    table = migplan.write("table.sql", "CREATE TABLE t (a widget, b int)")
    assert migplan("plan", "--target", live, "--schema", table, "--out", "other").status == 0
