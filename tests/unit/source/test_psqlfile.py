"""What pg_dump and psql write around a schema is understood, and what is no schema is refused with its place."""

from __future__ import annotations

import pytest

from migplan.core.errors import SourceError
from migplan.source.text.files import SourceText
from migplan.source.text.psqlfile import PsqlFile, ReadingRules, read_file

DUMP = r"""
--
-- PostgreSQL database dump
--
\restrict 4jk
SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
SET default_tablespace = '';
SET default_table_access_method = heap;
COMMENT ON EXTENSION hstore IS 'x';
CREATE TABLE public.t (id integer);
ALTER TABLE public.t OWNER TO somebody;
SELECT pg_catalog.setval('public.s', 1, true);
GRANT SELECT ON TABLE public.t TO reader, PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA public GRANT SELECT ON TABLES TO "Reader";
CREATE POLICY p ON public.t TO reader, CURRENT_USER USING (true);
\unrestrict 4jk
"""


def read(sql: str, **rules: bool) -> PsqlFile:
    return read_file(SourceText("f.sql", sql), ReadingRules(**rules))


def loaded(sql: str, **rules: bool) -> list[str]:
    return [x.text for x in read(sql, **rules).loadables]


def test_a_dump_is_understood() -> None:
    file = read(DUMP)
    assert [x.statement.words[:2] for x in file.loadables] == [
        ("COMMENT", "ON"),
        ("CREATE", "TABLE"),
        ("GRANT", "SELECT"),
        ("ALTER", "DEFAULT"),
        ("CREATE", "POLICY"),
    ]
    assert set(file.roles) == {"reader", "boss", "Reader"}
    assert file.roles["reader"] == "f.sql:15:1"
    table = file.loadables[1]
    assert [s.words[1] for s in table.session.settings] == [
        "PG_CATALOG",
        "DEFAULT_TABLESPACE",
        "DEFAULT_TABLE_ACCESS_METHOD",
    ]
    assert table.session.schema == ""


def test_owners_are_loaded_where_they_are_managed() -> None:
    file = read("ALTER TABLE t OWNER TO somebody; ALTER FUNCTION f(int) OWNER TO CURRENT_USER;", owners=True)
    assert len(file.loadables) == 2
    assert file.roles == {"somebody": "f.sql:1:1"}


def test_grants_are_left_out_where_they_are_not_managed() -> None:
    file = read("GRANT SELECT ON t TO a; REVOKE ALL ON t FROM a;", grants=False)
    assert not file.loadables
    assert not file.roles


def test_settings_hold_for_the_rest_of_their_file_and_local_ones_until_commit() -> None:
    file = read(
        "SET search_path TO app, public; BEGIN; SET LOCAL default_tablespace = 'x'; CREATE TABLE a (); COMMIT;"
        "CREATE TABLE b (); RESET ALL; CREATE TABLE c ();"
    )
    a, b, c = file.loadables
    assert [len(x.session.settings) for x in (a, b, c)] == [2, 1, 0]
    assert [x.session.schema for x in (a, b, c)] == ["app", "app", "public"]
    assert file.search_paths == {"app", "public"}


@pytest.mark.parametrize(
    ("setting", "schema"),
    [
        ("SET search_path = app", "app"),
        ('SET SESSION search_path TO "App", public', "App"),
        ("SET search_path = '$user', 'app'", "app"),
        ("SET search_path TO DEFAULT", "public"),
        ("SET SCHEMA 'app'", "app"),
        ("SELECT pg_catalog.set_config('search_path', 'app, public', false)", "app"),
        ("SELECT pg_catalog.set_config('search_path', '', false)", ""),
        ("SET search_path = pg_catalog, app", "app"),
    ],
)
def test_the_search_path_says_where_names_are_created(setting: str, schema: str) -> None:
    assert read(f"{setting}; CREATE TABLE t ();").loadables[0].session.schema == schema


def test_indexes_are_loaded_without_concurrently() -> None:
    text = "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)"
    assert loaded(f"{text};") == [text.replace("CONCURRENTLY", " " * 12)]


def test_drops_at_the_head_of_a_dump_are_marked() -> None:
    file = read("SET a.b = 1; ALTER TABLE ONLY t DROP CONSTRAINT c; DROP TABLE t; CREATE TABLE t (); DROP TABLE u;")
    assert [x.prelude for x in file.loadables] == [True, True, False, False]


def test_roles_are_known_by_name_only() -> None:
    file = read("CREATE ROLE a; CREATE USER b LOGIN; ALTER ROLE a SUPERUSER; DROP ROLE c; GRANT a TO b;")
    assert not file.loadables
    assert set(file.created_roles) == {"a", "b"}
    assert len(file.notes) == 3


def test_user_mappings_are_no_users() -> None:
    file = read("CREATE USER MAPPING FOR bob SERVER s; DROP USER MAPPING IF EXISTS FOR bob SERVER s;")
    assert len(file.loadables) == 2
    assert set(file.roles) == {"bob"}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "TRUNCATE t",
        "COPY t FROM '/x'",
        "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
        "WITH a AS (DELETE FROM t RETURNING *) SELECT 1 FROM a",
        "SELECT create_everything()",
        "CALL p()",
        "DO $$ BEGIN INSERT INTO t VALUES (1); END $$",
        "DO $$ BEGIN UPDATE t SET a = 1; END $$",
    ],
)
def test_data_is_refused_unless_the_file_is_marked(statement: str) -> None:
    with pytest.raises(SourceError) as error:
        read(f"\n  {statement};")
    assert error.value.place == "f.sql:2:3"
    assert "reference-data" in (error.value.hint or "")
    marked = read(f"-- migplan: reference-data\n{statement};\nCREATE TABLE t ();")
    assert [x.text for x in marked.loadables] == ["CREATE TABLE t ()"]
    assert "not handled" in str(marked.notes[0])


def test_what_other_tools_say_of_their_migrations_is_no_data() -> None:
    """The end of Rails' and Ecto's structure.sql and of dbmate's schema.sql, which are generated and nobody's to edit."""
    file = read(
        """
        SET search_path TO "$user", public;
        INSERT INTO "schema_migrations" (version) VALUES ('20260102030405'), ('20260101000000');
        INSERT INTO public."schema_migrations" (version) VALUES (20260102030405);
        """
    )
    assert not file.loadables
    assert not file.notes


@pytest.mark.parametrize(
    "statement",
    [
        "\\connect other",
        "\\i other.sql",
        "ROLLBACK",
        "SAVEPOINT a",
        "CREATE DATABASE d",
        "CREATE TABLESPACE x LOCATION '/x'",
        "CREATE TEMP TABLE t (a int)",
        "CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 1",
        "DROP OWNED BY a",
        "REASSIGN OWNED BY a TO b",
        "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y",
        "DO $$ BEGIN EXECUTE 'CREATE DATABASE d'; END $$",
    ],
)
def test_what_no_schema_can_hold_is_refused(statement: str) -> None:
    with pytest.raises(SourceError) as error:
        read(f"SELECT pg_catalog.setval('s', 1);\n{statement}\n;")
    assert error.value.place == "f.sql:2:1"


@pytest.mark.parametrize(
    "statement",
    [
        "VACUUM t",
        "ANALYZE",
        "CLUSTER",
        "REFRESH MATERIALIZED VIEW m",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
        "ALTER DATABASE d SET a = 1",
        "COMMENT ON DATABASE d IS 'x'",
        "GRANT CONNECT ON DATABASE d TO a",
        "SECURITY LABEL ON TABLE t IS 'x'",
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'a') THEN CREATE ROLE a; END IF; END $$",
    ],
)
def test_what_is_left_alone_is_noted(statement: str) -> None:
    file = read(f"{statement};")
    assert not file.loadables
    assert file.notes[0].place == "f.sql:1:1"


def test_blocks_without_data_are_loaded() -> None:
    block = (
        "DO $$ BEGIN CREATE TYPE a AS ENUM ('x');"
        " CREATE TABLE t (b int REFERENCES u ON UPDATE SET NULL ON DELETE CASCADE);"
        " CREATE TRIGGER g BEFORE INSERT OR UPDATE ON t EXECUTE FUNCTION f();"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    assert loaded(f"{block};") == [block]


def test_set_up_files_may_hold_data() -> None:
    assert len(loaded("INSERT INTO t VALUES (1); SELECT f();", data=True)) == 2


@pytest.mark.parametrize("statement", ["CLUSTER t USING i", "CLUSTER VERBOSE i ON t"])
def test_a_table_is_declared_to_be_sorted_by_an_index(statement: str) -> None:
    assert [loadable.text for loadable in read(f"{statement};").loadables] == [statement]
