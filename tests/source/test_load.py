"""Declared statements are loaded in any order, and real errors come with their place."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from migplan.core.errors import ShadowError, SourceError
from migplan.source.connect import connect
from migplan.source.shadow.load import load
from migplan.source.text.files import SourceText
from migplan.source.text.psqlfile import read_file

if TYPE_CHECKING:
    from tests.conftest import MakeDb

    from migplan.source.text.psqlfile import Note


def load_into(url: str, *files: str) -> list[Note]:
    read = [read_file(SourceText(f"f{i}.sql", text)) for i, text in enumerate(files, 1)]
    with contextlib.closing(connect(url)) as connection:
        return load(connection, read)


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(connect(url)) as connection:
        return connection.execute(query.encode()).fetchall()


def test_statements_run_in_any_order_across_files(make_db: MakeDb) -> None:
    url = make_db()
    load_into(
        url,
        """
        GRANT SELECT ON ALL TABLES IN SCHEMA app TO PUBLIC;
        COMMENT ON VIEW app.v IS 'x';
        CREATE VIEW app.v AS SELECT id, app.twice(id) FROM app.child;
        CREATE TABLE app.child (id int REFERENCES app.parent, s app.state DEFAULT 'new');
        """,
        """
        CREATE TRIGGER t BEFORE INSERT ON app.parent EXECUTE FUNCTION app.f();
        CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        ALTER TYPE app.state ADD VALUE 'new';
        CREATE TYPE app.state AS ENUM ('old');
        CREATE FUNCTION app.twice(a int) RETURNS int LANGUAGE sql AS 'SELECT app.half(a) * 4';
        CREATE TABLE app.parent (id int PRIMARY KEY);
        CREATE SCHEMA app;
        """,
    )
    query = "SELECT count(*) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'v')"
    assert ask(url, query) == [(3,)]
    assert ask(url, "SELECT has_table_privilege('pg_monitor', 'app.v', 'SELECT')") == [(True,)]


def test_each_file_starts_with_a_fresh_session(make_db: MakeDb) -> None:
    url = make_db("CREATE SCHEMA app")
    load_into(
        url,
        "SET search_path = app; SET default_tablespace = ''; CREATE TABLE a ();",
        "CREATE TABLE b ();",
        "BEGIN; SET LOCAL search_path = app; CREATE TABLE c (d e); COMMIT;"
        "CREATE DOMAIN app.e AS int; CREATE TABLE d ();",
    )
    query = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE tablename ~ '^[a-d]$' ORDER BY tablename"
    assert [name for (name,) in ask(url, query)] == ["app.a", "public.b", "app.c", "public.d"]


def test_settings_of_the_role_do_not_matter(make_db: MakeDb) -> None:
    url = make_db("CREATE SCHEMA other")
    with contextlib.closing(connect(url)) as connection:
        connection.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = other', current_database()); END $$"
        )
    load_into(url, "CREATE TABLE t ();")
    assert ask(url, "SELECT schemaname::text FROM pg_tables WHERE tablename = 't'") == [("public",)]


def test_a_dump_with_clean_drops_nothing_that_is_declared(make_db: MakeDb) -> None:
    url = make_db()
    load_into(
        url,
        """
        ALTER TABLE ONLY public.t DROP CONSTRAINT t_pkey;
        DROP TABLE public.t;
        DROP FUNCTION IF EXISTS public.f();
        CREATE TABLE public.t (a int NOT NULL);
        ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (a);
        """,
    )
    assert ask(url, "SELECT conname::text FROM pg_constraint WHERE conname = 't_pkey'") == [("t_pkey",)]


def test_what_refuses_company_runs_alone(make_db: MakeDb) -> None:
    url = make_db()
    load_into(
        url,
        """
        CREATE TABLE t (a int);
        CREATE INDEX CONCURRENTLY i ON t (a);
        DO $$ BEGIN CREATE TABLE u (a int); COMMIT; END $$;
        CREATE TABLE w (a int);
        """,
    )
    assert ask(url, "SELECT count(*) FROM pg_class WHERE relname IN ('t', 'i', 'u', 'w')") == [(4,)]


def test_event_triggers_wait_for_everything_else(make_db: MakeDb) -> None:
    url = make_db()
    load_into(
        url,
        """
        CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
        CREATE EVENT TRIGGER et ON ddl_command_start EXECUTE FUNCTION refuse();
        CREATE TABLE t ();
        """,
    )
    assert ask(url, "SELECT evtname::text FROM pg_event_trigger") == [("et",)]


@pytest.mark.parametrize(
    ("files", "place", "message"),
    [
        (["CREATE TABLE a (\n  b int,\n  c txet\n);"], "f1.sql:3:5", 'type "txet" does not exist'),
        (["CREATE TABLE a (b int);\n\nCREATE TABLEE b ();"], "f1.sql:3:8", "syntax error"),
        (["CREATE TABLE é (b int);", "-- ü\nCREATE VIEW v AS\n SELECT 'ß', x FROM é;"], "f2.sql:3:14", '"x" does not'),
        (["CREATE VIEW v AS SELECT * FROM a;", "CREATE TABLE a (b c);"], "f2.sql:1:19", 'type "c" does not exist'),
        (["CREATE TABLE a (); CREATE TABLE a ();"], "f1.sql:1:20", "already exists"),
        (["CREATE VIEW v AS SELECT * FROM w; CREATE TABLE t (a int CHECK (1));"], "f1.sql:1:64", "must be type bool"),
        (["SET no_such_setting = 1; CREATE TABLE a ();"], "f1.sql:1:1", "unrecognized configuration parameter"),
    ],
)
def test_the_real_error_has_its_place(make_db: MakeDb, files: list[str], place: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as error:
        load_into(make_db(), *files)
    assert error.value.place == place


def test_what_is_created_twice_is_named_with_both_places(make_db: MakeDb) -> None:
    with pytest.raises(SourceError, match="already exists") as error:
        load_into(make_db(), "CREATE TABLE a (id serial);", "\nCREATE TABLE public.a (id serial, b int);")
    assert error.value.place == "f2.sql:2:1"
    assert error.value.hint == "It is created at f1.sql:1:1 as well: keep one of the two."


def test_the_line_is_shown(make_db: MakeDb) -> None:
    with pytest.raises(SourceError) as error:
        load_into(make_db(), "CREATE TABLE a (\n  b int,\n  c txet\n);")
    assert str(error.value) == 'f1.sql:3:5: type "txet" does not exist\n      c txet\n        ^'


def test_an_extension_that_the_server_lacks_names_the_ways_out(make_db: MakeDb) -> None:
    with pytest.raises(ShadowError, match="no_such_extension") as error:
        load_into(make_db(), "CREATE EXTENSION no_such_extension;")
    assert error.value.place == "f1.sql:1:1"
    assert "[shadow] url" in (error.value.hint or "")
    assert "CREATEDB" in (error.value.hint or "")


def test_many_failures_end_in_one_error(make_db: MakeDb) -> None:
    """Chains of views in reverse order need one round each, and still come to an end."""
    views = [f"CREATE VIEW v{i} AS SELECT * FROM v{i + 1};" for i in range(30)]
    url = make_db()
    load_into(url, "\n".join([*views, "CREATE TABLE v30 (a int);"]))
    assert ask(url, "SELECT count(*) FROM pg_views WHERE viewname ~ '^v[0-9]+$'") == [(30,)]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("LANGUAGE plpgsql AS $$\nBEGIN\n  RETRUN 1;\nEND\n$$", r"f2\.sql:4:3: .*RETRUN"),
        ("LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN (SELECT 1 FORM t);\nEND\n$$", r"f2\.sql:4:25: .*syntax error"),
        ("LANGUAGE plpgsql AS '\nBEGIN\n  PERFORM ''x''; RETRUN 1;\nEND\n'", r"f2\.sql:4:18: .*RETRUN"),
        ("LANGUAGE sql AS $$\n  SELEC 1\n$$", r"f2\.sql:3:3: .*SELEC"),
    ],
)
def test_a_syntax_error_in_a_body_has_its_place(make_db: MakeDb, body: str, place: str) -> None:
    with pytest.raises(SourceError, match=place):
        load_into(make_db(), "CREATE TABLE t ();", f"CREATE FUNCTION f() RETURNS int\n{body};")


@pytest.mark.pg(14)
def test_bodies_may_name_what_is_not_there(make_db: MakeDb) -> None:
    """14 to 16 call the type of a column that isn't found a syntax error."""
    load_into(
        make_db(),
        """
        CREATE FUNCTION a() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM missing';
        CREATE FUNCTION b() RETURNS int LANGUAGE plpgsql AS 'DECLARE x missing%ROWTYPE; BEGIN RETURN x.id; END';
        CREATE FUNCTION c() RETURNS int LANGUAGE plpgsql AS 'DECLARE x missing.id %type; BEGIN RETURN x; END';
        """,
    )
