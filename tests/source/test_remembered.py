"""What was read before counts as read as long as nothing in the catalogs has changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from migplan.cli.main import run
from migplan.kinds.registry import kinds
from migplan.source.connect import connect
from migplan.source.reading import references, unmodelled
from migplan.source.reading.catalog_state import LEFT_OUT, catalog_state
from migplan.source.reading.introspect import Scope, snapshot
from migplan.source.reading.live import introspect_live
from migplan.source.reading.remembered import Memory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

    from migplan.core.model import Catalog

STATEMENTS = """
CREATE SCHEMA shop
CREATE TYPE shop.mood AS ENUM ('sad')
ALTER TYPE shop.mood ADD VALUE 'ok'
CREATE DOMAIN shop.name AS text
ALTER DOMAIN shop.name SET DEFAULT 'x'
CREATE TYPE shop.pair AS (a int)
ALTER TYPE shop.pair ADD ATTRIBUTE b int
CREATE TABLE shop.item (id int, name text)
ALTER TABLE shop.item ALTER id SET DEFAULT 1
ALTER TABLE shop.item ALTER id SET DEFAULT 2
ALTER TABLE shop.item ALTER id SET NOT NULL
ALTER TABLE shop.item ALTER name SET STORAGE MAIN
ALTER TABLE shop.item ALTER name SET STATISTICS 7
ALTER TABLE shop.item ADD CHECK (id > 0) NOT VALID
ALTER TABLE shop.item VALIDATE CONSTRAINT item_id_check
ALTER TABLE shop.item ADD PRIMARY KEY (id)
ALTER TABLE shop.item REPLICA IDENTITY FULL
ALTER TABLE shop.item CLUSTER ON item_pkey
ALTER TABLE shop.item SET (fillfactor = 70)
CREATE INDEX by_name ON shop.item (name)
ALTER INDEX shop.by_name SET (fillfactor = 60)
CREATE STATISTICS shop.both ON id, name FROM shop.item
ALTER STATISTICS shop.both SET STATISTICS 9
CREATE VIEW shop.names AS SELECT name FROM shop.item
CREATE OR REPLACE VIEW shop.names AS SELECT name FROM shop.item WHERE id > 1
ALTER VIEW shop.names SET (security_barrier)
CREATE MATERIALIZED VIEW shop.seen AS SELECT 1 AS one WITH NO DATA
REFRESH MATERIALIZED VIEW shop.seen
CREATE RULE none AS ON DELETE TO shop.item DO INSTEAD NOTHING
CREATE FUNCTION shop.one() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION shop.one() RETURNS int LANGUAGE sql AS 'SELECT 2'
ALTER FUNCTION shop.one() SET work_mem = '1MB'
CREATE FUNCTION shop.fired() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
CREATE TRIGGER fired AFTER INSERT ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.fired()
ALTER TABLE shop.item DISABLE TRIGGER fired
CREATE AGGREGATE shop.total (int) (SFUNC = int4pl, STYPE = int)
CREATE OPERATOR shop.### (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int)
CREATE OPERATOR FAMILY shop.family USING btree
CREATE OPERATOR CLASS shop.class FOR TYPE int USING btree FAMILY shop.family AS OPERATOR 1 <
CREATE TYPE shop.span AS RANGE (SUBTYPE = int)
CREATE COLLATION shop.plain (LOCALE = 'C')
CREATE TEXT SEARCH DICTIONARY shop.words (TEMPLATE = simple)
CREATE TEXT SEARCH CONFIGURATION shop.search (PARSER = default)
ALTER TEXT SEARCH CONFIGURATION shop.search ADD MAPPING FOR word WITH shop.words
CREATE SEQUENCE shop.numbers
ALTER SEQUENCE shop.numbers INCREMENT 2
ALTER SEQUENCE shop.numbers OWNED BY shop.item.id
ALTER TABLE shop.item ENABLE ROW LEVEL SECURITY
CREATE POLICY mine ON shop.item USING (id > 3)
ALTER POLICY mine ON shop.item USING (id > 4)
GRANT SELECT ON shop.item TO PUBLIC
REVOKE SELECT ON shop.item FROM PUBLIC
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC
COMMENT ON COLUMN shop.item.id IS 'a number'
COMMENT ON COLUMN shop.item.id IS 'the number'
CREATE TABLE shop.part (id int) PARTITION BY RANGE (id)
CREATE TABLE shop.part_1 PARTITION OF shop.part FOR VALUES FROM (1) TO (2)
ALTER TABLE shop.part DETACH PARTITION shop.part_1
CREATE TABLE shop.heir () INHERITS (shop.item)
CREATE PUBLICATION remembered FOR TABLE shop.item
CREATE FOREIGN DATA WRAPPER remembered
CREATE SERVER remembered FOREIGN DATA WRAPPER remembered
ALTER SERVER remembered OPTIONS (host 'here')
CREATE USER MAPPING FOR PUBLIC SERVER remembered OPTIONS (user 'me')
ALTER USER MAPPING FOR PUBLIC SERVER remembered OPTIONS (SET user 'you')
CREATE FOREIGN TABLE shop.far (a int) SERVER remembered
CREATE EVENT TRIGGER remembered ON ddl_command_end WHEN TAG IN ('CREATE SERVER') EXECUTE FUNCTION shop.none()
CREATE CAST (shop.pair AS int) WITH INOUT
""".strip().splitlines()
OTHERS = 20
"""Attempts, for other tests make roles on the same server meanwhile, which count."""
EVENT_FUNCTION = "CREATE FUNCTION shop.none() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"


def test_every_change_is_a_state_of_its_own(make_db: MakeDb) -> None:
    with connect(make_db()) as connection:
        states = [_state(connection)]
        for statement in STATEMENTS:
            if statement.startswith("CREATE EVENT"):
                connection.execute(EVENT_FUNCTION)
                states.append(_state(connection))
            connection.execute(statement)
            assert _state(connection) not in states, statement
            states.append(_state(connection))
        assert any(_stays(connection) for _ in range(OTHERS))


def test_every_catalog_that_objects_are_read_from_counts(make_db: MakeDb, pg_major: int) -> None:
    queries = [
        *(kind.query(pg_major) for kind in kinds().values() if pg_major >= kind.since),
        *(text for place_and_query in unmodelled.queries() for text in place_and_query),
        references.query(pg_major),
    ]
    named = set(re.findall(r"\bpg_[a-z_]+\b", " ".join(queries)))
    with psycopg.connect(make_db()) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'"
        ).fetchall()
    read = named & {name for (name,) in tables}
    assert {"pg_class", "pg_attribute", "pg_policy"} <= read
    assert not (read & LEFT_OUT) - {"pg_database"}, "its own row is hashed"


@pytest.mark.pg(18)
def test_a_second_reading_is_out_of_the_memory_with_sizes_of_now(
    make_db: MakeDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    url = make_db("CREATE TABLE item (id int PRIMARY KEY, name text DEFAULT 'x'); CREATE VIEW ids AS TABLE item")
    with connect(url) as connection:
        memory = Memory()
        first = memory.of(connection, Scope())
        memory.keep()
        connection.execute("INSERT INTO item SELECT generate_series(1, 500)")
        connection.execute("ANALYZE item")
        second = next(found for _ in range(OTHERS) if (found := _recalled(connection)) is not None)
        assert second.objects == first.objects
        assert second == introspect_live(connection, Scope())
        assert second.sizes != first.sizes
        connection.execute("ALTER TABLE item ADD COLUMN price int")
        assert Memory().of(connection, Scope()) == introspect_live(connection, Scope())
        assert Memory().of(connection, Scope(frozenset({"other"}))).objects == {}


@pytest.mark.pg(14)
def test_diff_sees_what_changed_since_it_looked(
    make_db: MakeDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    declared = tmp_path / "declared.sql"
    declared.write_text("CREATE TABLE item (id int PRIMARY KEY);")
    url = make_db(declared.read_text())
    arguments = ["diff", "--target", url, "--schema", str(declared), "--exit-code"]
    assert [run(arguments) for _ in range(2)] == [0, 0]
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE item ADD COLUMN surname text")
    capsys.readouterr()
    assert run(arguments) == 2
    assert "surname" in capsys.readouterr().out


def _stays(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    before = _state(connection)
    for statement in ("ANALYZE shop.item", "TRUNCATE shop.item", "VACUUM (FREEZE) shop.item"):
        connection.execute(statement)
    return _state(connection) == before


def _recalled(connection: psycopg.Connection[tuple[object, ...]]) -> Catalog | None:
    """What the memory holds, or None where it had to be read once more, and is kept now."""
    memory = Memory()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("migplan.source.reading.remembered.introspect_live", _read_anew)
        try:
            return memory.of(connection, Scope())
        except ReadAnew:
            pass
    memory.of(connection, Scope())
    memory.keep()
    return None


class ReadAnew(Exception):
    """The memory wasn't enough."""


def _read_anew(*_: object, **__: object) -> None:
    raise ReadAnew


def _state(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    with snapshot(connection):
        return catalog_state(connection)
