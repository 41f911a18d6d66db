"""Foreign data wrappers, servers, user mappings and foreign tables; no password gets anywhere."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.support.both_ways import OFFLINE, both_ways, from_nothing, read

from migplan.core.ids import ObjectId
from migplan.core.model import Unmodelled
from migplan.kinds.user_mapping import UserMapping
from migplan.planning.diff import diff
from migplan.planning.plan import draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FDW = "CREATE EXTENSION postgres_fdw;"
ALL = """
CREATE EXTENSION postgres_fdw; CREATE SCHEMA s;
CREATE FOREIGN DATA WRAPPER w HANDLER postgres_fdw_handler VALIDATOR postgres_fdw_validator;
CREATE FOREIGN DATA WRAPPER "W w" OPTIONS (debug 'it''s', mode 'x'); GRANT USAGE ON FOREIGN DATA WRAPPER w TO PUBLIC;
COMMENT ON FOREIGN DATA WRAPPER w IS 'w';
CREATE SERVER a TYPE 'pg' VERSION '1' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h', dbname 'd''d');
CREATE SERVER "B b" FOREIGN DATA WRAPPER "W w"; COMMENT ON SERVER a IS 'a';
GRANT USAGE ON FOREIGN SERVER a TO pg_monitor WITH GRANT OPTION;
CREATE USER MAPPING FOR PUBLIC SERVER a; CREATE USER MAPPING FOR pg_monitor SERVER a OPTIONS (user 'u', password 'p');
CREATE TABLE parent (id int CHECK (id > 0)); CREATE TABLE parted (id int, t text) PARTITION BY LIST (id);
CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FOREIGN TABLE s.t (
  id int OPTIONS (column_name 'ID') NOT NULL, "B b" text COLLATE "C" DEFAULT 'x', p positive, n int DEFAULT f(),
  g int GENERATED ALWAYS AS (1) STORED, CONSTRAINT positive CHECK (id > 0)
) SERVER a OPTIONS (schema_name 's', table_name 't');
ALTER FOREIGN TABLE s.t ALTER COLUMN id SET STATISTICS 7; GRANT SELECT ON s.t TO PUBLIC; GRANT UPDATE (id) ON s.t TO PUBLIC;
COMMENT ON FOREIGN TABLE s.t IS 't'; COMMENT ON COLUMN s.t.id IS 'id';
COMMENT ON CONSTRAINT positive ON s.t IS 'c';
CREATE FOREIGN TABLE child (more int) INHERITS (parent) SERVER a;
CREATE FOREIGN TABLE one PARTITION OF parted FOR VALUES IN (1) SERVER a OPTIONS (table_name 'one');
CREATE FOREIGN TABLE empty () SERVER "B b"; CREATE VIEW v AS SELECT id FROM s.t;
"""
IN_PLACE = (
    ("CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN DATA WRAPPER w VALIDATOR postgres_fdw_validator"),
    ("CREATE FOREIGN DATA WRAPPER w OPTIONS (a '1', b '2')", "CREATE FOREIGN DATA WRAPPER w OPTIONS (b '3', c '4')"),
    (
        "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw",
        "CREATE SERVER s VERSION '2' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h')",
    ),
    (
        "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw; CREATE USER MAPPING FOR PUBLIC SERVER s",
        "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw; CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (user 'x')",
    ),
)
SERVERS = FDW + "CREATE SERVER a FOREIGN DATA WRAPPER postgres_fdw; CREATE SERVER b FOREIGN DATA WRAPPER postgres_fdw;"
TABLES = SERVERS + "CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE q (id int);"
TABLE_CHANGES = (
    ("CREATE FOREIGN TABLE t (id int) SERVER a", "CREATE FOREIGN TABLE t (id int) SERVER b"),
    (
        "CREATE FOREIGN TABLE t (id int) SERVER a OPTIONS (table_name 'x')",
        "CREATE FOREIGN TABLE t (id bigint NOT NULL, b text DEFAULT 'x') SERVER a OPTIONS (table_name 'y')",
    ),
    (
        "CREATE FOREIGN TABLE t (id int OPTIONS (column_name 'a')) SERVER a",
        "CREATE FOREIGN TABLE t (id int OPTIONS (column_name 'b'), CHECK (id > 0)) SERVER a",
    ),
    (
        "CREATE FOREIGN TABLE t PARTITION OF p FOR VALUES IN (1) SERVER a",
        "CREATE FOREIGN TABLE t PARTITION OF p FOR VALUES IN (2) SERVER a",
    ),
    (
        "CREATE FOREIGN TABLE t PARTITION OF p FOR VALUES IN (1) SERVER a",
        "CREATE FOREIGN TABLE t (id int) INHERITS (q) SERVER a",
    ),
    ("CREATE FOREIGN TABLE t (id int) SERVER a", "CREATE TABLE t (id int)"),
)


def test_every_attribute(make_db: Callable[[str], str]) -> None:
    from_nothing(make_db, ALL)


@pytest.mark.parametrize(("old", "new"), IN_PLACE)
def test_altered_in_place(make_db: Callable[[str], str], old: str, new: str) -> None:
    ran = both_ways(make_db, FDW + old, FDW + new)
    assert all(s.startswith("ALTER") for s in (*ran.up, *ran.down))


def test_another_type_of_server_rebuilds_what_hangs_on_it(make_db: Callable[[str], str]) -> None:
    rest = "CREATE USER MAPPING FOR PUBLIC SERVER s; CREATE FOREIGN TABLE t (id int) SERVER s;"
    server = "CREATE SERVER s {} FOREIGN DATA WRAPPER postgres_fdw;"
    both_ways(make_db, FDW + server.format("TYPE 'x'") + rest, FDW + server.format("") + rest)


@pytest.mark.parametrize(("old", "new"), TABLE_CHANGES)
def test_foreign_table_both_ways(make_db: Callable[[str], str], old: str, new: str) -> None:
    both_ways(make_db, TABLES + old, TABLES + new)


MAPPING = FDW + "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw; CREATE USER MAPPING FOR pg_monitor SERVER s {};"
SECRET = "hunter2"


def test_passwords_are_not_read_compared_or_written(make_db: Callable[[str], str]) -> None:
    live = read(make_db(MAPPING.format(f"OPTIONS (user 'u', password '{SECRET}')")))
    declared = read(make_db(MAPPING.format("OPTIONS (user 'v', password 'placeholder')")))
    assert SECRET not in repr(live)
    steps = draft(live, declared, settings=OFFLINE).steps
    assert [str(s.sql) for step in steps for s in step.up] == [
        "ALTER USER MAPPING FOR pg_monitor SERVER s OPTIONS (SET \"user\" 'v')"
    ]
    assert diff(live, read(make_db(MAPPING.format("OPTIONS (user 'u')"))), OFFLINE) == []


def test_hidden_options_are_named(make_db: Callable[[str], str]) -> None:
    wrapper = "CREATE FOREIGN DATA WRAPPER w OPTIONS (api_key 'x', api_key_id 'y', aws_secret_access_key 'z');"
    catalog = read(make_db(wrapper + MAPPING.format("OPTIONS (password 'x')")))
    assert set(catalog.unmodelled) == {
        Unmodelled("option that may hold a secret", "api_key of foreign data wrapper w"),
        Unmodelled("option that may hold a secret", "aws_secret_access_key of foreign data wrapper w"),
        Unmodelled("option that may hold a secret", "password of user mapping s.pg_monitor"),
    }


def test_dropping_a_mapping_loses_its_password(make_db: Callable[[str], str]) -> None:
    live = read(make_db(MAPPING.format("OPTIONS (password 'x')")))
    server = FDW + "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;"
    (step,) = draft(live, read(make_db(server)), settings=OFFLINE).steps
    assert step.loses == "the password of user mapping s.pg_monitor"


@pytest.fixture
def poor_role(pg_url: str) -> Iterator[str]:
    """A role without any privilege, that may log in."""
    name = f"migplan_test_{secrets.token_hex(4)}"
    with psycopg.connect(pg_url, autocommit=True) as db:
        db.execute(f"CREATE ROLE {name} LOGIN".encode())
    yield name
    with psycopg.connect(pg_url, autocommit=True) as db:
        db.execute(f"DROP ROLE {name}".encode())


def test_a_mapping_that_may_not_be_read_is_left_alone_and_named(make_db: Callable[[str], str], poor_role: str) -> None:
    url = make_db(MAPPING.format("OPTIONS (user 'u')"))
    live = read(make_conninfo(url, user=poor_role))
    mapping = live.get(ObjectId("user_mapping", ("s", "pg_monitor")), UserMapping)
    assert mapping is not None
    assert mapping.options is None
    assert diff(live, read(make_db(MAPPING.format("OPTIONS (user 'v')"))), OFFLINE) == []
    assert Unmodelled("options that this role may not read", "user mapping s.pg_monitor") in live.unmodelled
