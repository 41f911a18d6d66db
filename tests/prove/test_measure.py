"""Locks, rewrites and scans as the proof measures them, in transactions and outside of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from migplan.planfile.model import MeasuredModel
from migplan.planfile.script import read_script
from migplan.prove.measure import Connections, Measure

if TYPE_CHECKING:
    from tests.conftest import MakeDb

BEFORE = """
CREATE TYPE mood AS ENUM ('sad');
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int, b text, m mood, p int);
CREATE INDEX t_a ON t (a);
ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent NOT VALID;
CREATE TABLE parts (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
CREATE TABLE loose (id int NOT NULL, at date NOT NULL);
CREATE TABLE proved (id int NOT NULL CHECK (id >= 20 AND id < 30), at date NOT NULL);
CREATE MATERIALIZED VIEW mv AS SELECT id, a FROM t;
CREATE UNIQUE INDEX mv_id ON mv (id);
CREATE SCHEMA "Odd"; CREATE TABLE "Odd"."Na;me" (id int);
"""
T, P = "public.t", "public.parent"
AX, SUE, SRX = "ACCESS EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE ROW EXCLUSIVE"
ROW, READ = "ROW EXCLUSIVE", "ACCESS SHARE"


def measured(url: str, script: str) -> MeasuredModel:
    """What one step with this script does."""
    with psycopg.connect(url, autocommit=True) as work, psycopg.connect(url, autocommit=True) as watch:
        measure = Measure(Connections(work, watch))
        for statement in read_script("up.sql", script.replace("BEGIN;", "BEGIN;\n-- migplan:step s\n")):
            measure.execute(statement)
    return measure.results()["s"]


def seen(url: str, sql: str) -> tuple[dict[str, str], bool, bool]:
    """Locks, rewrite, scan of one statement that runs in a transaction."""
    found = measured(url, f"BEGIN;{sql};\nCOMMIT;\n")
    assert not found.unseen
    return found.locks, found.rewrite, found.scan


def seen_alone(url: str, sql: str) -> tuple[dict[str, str], bool, bool]:
    """The same outside of a transaction block."""
    found = measured(url, f"-- migplan:step s\n{sql};\n")
    assert not found.unseen
    return found.locks, found.rewrite, found.scan


Done = tuple[dict[str, str], bool, bool]
"""Locks, rewrite, scan."""
TRANSACTIONAL: dict[str, Done] = {
    "ALTER TABLE t ADD COLUMN c int": ({T: AX}, False, False),
    "ALTER TABLE t ADD COLUMN c timestamptz DEFAULT clock_timestamp()": ({T: AX}, True, True),
    "ALTER TABLE loose ALTER COLUMN id TYPE bigint": ({"public.loose": AX}, True, False),
    "ALTER TABLE t ALTER COLUMN b SET NOT NULL": ({T: AX}, False, True),
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 1)": ({T: AX}, False, True),
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 1) NOT VALID": ({T: AX}, False, False),
    "ALTER TABLE t VALIDATE CONSTRAINT positive": ({T: SUE}, False, True),
    "ALTER TABLE t VALIDATE CONSTRAINT fk": ({T: SUE, P: "ROW SHARE"}, False, True),
    "ALTER TABLE t DROP CONSTRAINT fk": ({T: AX, P: AX}, False, False),
    "ALTER TABLE t ADD FOREIGN KEY (p) REFERENCES parent NOT VALID": ({T: SRX, P: SRX}, False, False),
    "ALTER TABLE t ADD FOREIGN KEY (p) REFERENCES parent": ({T: SRX, P: SRX}, False, True),
    "CREATE INDEX ON t (b)": ({T: "SHARE"}, False, True),
    "CREATE TRIGGER g BEFORE UPDATE ON t EXECUTE FUNCTION suppress_redundant_updates_trigger()": (
        {T: SRX},
        False,
        False,
    ),
    "CREATE TABLE child (id int REFERENCES parent)": ({P: SRX}, False, False),
    "ALTER TABLE t SET UNLOGGED": ({T: AX}, True, True),
    "VALUES (1)": ({}, False, False),
    "UPDATE t SET a = 1": ({T: ROW}, False, False),
    "TRUNCATE part1": ({"public.part1": AX}, True, False),
    "CLUSTER t USING t_a": ({T: AX}, True, True),
    "REINDEX TABLE t": ({T: "SHARE"}, False, True),
    "ALTER TABLE parts ATTACH PARTITION loose FOR VALUES FROM (20) TO (30)": (
        {"public.parts": SUE, "public.loose": AX},
        False,
        True,
    ),
    "ALTER TABLE parts ATTACH PARTITION proved FOR VALUES FROM (20) TO (30)": (
        {"public.parts": SUE, "public.proved": AX},
        False,
        False,
    ),
    "ALTER TABLE parts DETACH PARTITION part1": ({"public.parts": AX, "public.part1": AX}, False, False),
}


@pytest.mark.parametrize("sql", TRANSACTIONAL)
def test_statements_in_a_transaction(make_db: MakeDb, sql: str) -> None:
    assert seen(make_db(BEFORE), sql) == TRANSACTIONAL[sql]


ALONE: dict[str, Done] = {
    "CREATE INDEX CONCURRENTLY i ON t (b)": ({T: SUE}, False, True),
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t USING btree (id)": ({T: SUE}, False, True),
    'CREATE INDEX CONCURRENTLY i ON "Odd"."Na;me" (id)': ({"Odd.Na;me": SUE}, False, True),
    "CREATE INDEX CONCURRENTLY i ON mv (a)": ({"public.mv": SUE}, False, True),
    "DROP INDEX CONCURRENTLY t_a": ({T: SUE}, False, False),
    "DROP INDEX CONCURRENTLY IF EXISTS public.t_a": ({T: SUE}, False, False),
    "REINDEX INDEX CONCURRENTLY t_a": ({T: SUE}, False, True),
    "REINDEX TABLE CONCURRENTLY t": ({T: SUE}, False, True),
    "ALTER TABLE ONLY parts DETACH PARTITION part1 CONCURRENTLY": (
        {"public.parts": SUE, "public.part1": AX},
        False,
        False,
    ),
    "ALTER TYPE mood ADD VALUE 'happy'": ({}, False, False),
    "ALTER TABLE t VALIDATE CONSTRAINT positive": ({T: SUE}, False, True),
    "REFRESH MATERIALIZED VIEW CONCURRENTLY mv": ({"public.mv": "EXCLUSIVE", T: READ}, False, False),
    "DO $$ BEGIN UPDATE t SET a = 1; COMMIT; END $$": ({T: ROW}, False, False),
    "DO $$ BEGIN UPDATE t SET a = 1; END $$": ({T: ROW}, False, False),
    "DO $$ BEGIN IF EXISTS (SELECT FROM t) THEN RAISE 'no'; END IF; END $$": ({T: READ}, False, False),
}


@pytest.mark.parametrize("sql", ALONE)
def test_statements_outside_of_transactions(make_db: MakeDb, sql: str) -> None:
    found = seen_alone(make_db(BEFORE), sql)
    assert found == ALONE[sql]


def test_refresh_rewrites(make_db: MakeDb) -> None:
    locks, rewrite, _ = seen(make_db(BEFORE), "REFRESH MATERIALIZED VIEW mv")
    assert (locks["public.mv"], rewrite) == (AX, True)


def test_new_tables_have_no_locks_that_anyone_feels(make_db: MakeDb) -> None:
    script = "CREATE TABLE n (id int); CREATE INDEX ON n (id); ALTER TABLE n ADD PRIMARY KEY (id)"
    assert seen(make_db(BEFORE), script)[0] == {}


def test_a_step_counts_for_what_it_adds_to_locks_that_are_held(make_db: MakeDb) -> None:
    url = make_db(BEFORE)
    script = (
        "BEGIN;\n-- migplan:step one\nALTER TABLE t ADD COLUMN c int;\n"
        "-- migplan:step two\nCREATE INDEX ON t (c);\nCOMMIT;\n"
    )
    with psycopg.connect(url, autocommit=True) as work, psycopg.connect(url, autocommit=True) as watch:
        measure = Measure(Connections(work, watch))
        for statement in read_script("up.sql", script):
            measure.execute(statement)
    assert {step: found.locks for step, found in measure.results().items()} == {"one": {T: AX}, "two": {}}


def test_failures_leave_no_gate_and_no_transaction(make_db: MakeDb) -> None:
    url = make_db(BEFORE + "CREATE TABLE twice (a int); INSERT INTO twice VALUES (1), (1);")
    with psycopg.connect(url, autocommit=True) as work, psycopg.connect(url, autocommit=True) as watch:
        measure = Measure(Connections(work, watch))
        for sql in (
            "CREATE UNIQUE INDEX CONCURRENTLY i ON twice (a)",
            "CREATE INDEX CONCURRENTLY i ON missing (a)",
            "SELEC",
        ):
            with pytest.raises(psycopg.Error):
                measure.execute(read_script("up.sql", f"-- migplan:step s\n{sql};\n")[0])
            assert work.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            assert only_two_sessions(watch)


def only_two_sessions(watch: psycopg.Connection[Any]) -> bool:
    """Sooner or later: a session ends a moment after its connection was closed."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type ~ 'client'"
    for _ in range(100):
        if watch.execute(query.encode()).fetchone() == (2,):
            return True
        time.sleep(0.05)
    return False
