"""What the ledger says has happened in the database, and nothing of it for a run that was taken over."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from migplan.execute.beforehand.live_sizes import sizes_of
from migplan.execute.ledger.fence import Batch, mark_command, settle, settle_and_commit, settle_batch
from migplan.execute.ledger.ledger import FencedError, Ledger, StepState, install
from migplan.execute.ledger.this_run import ThisRun

if TYPE_CHECKING:
    from tests.conftest import MakeDb

    Connection = psycopg.Connection[tuple[Any, ...]]

PLAN = "INSERT INTO migplan.plan (id, name, digest, made, steps, checkpoints) VALUES ('p', 'p', '', now(), 1, 0)"
THROWS = """
CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 / (NEW.a - NEW.a); RETURN NULL; END $$;
CREATE TABLE t (a int);
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION divide();
"""
DONE = {"s": StepState("applied", 0)}


@contextlib.contextmanager
def begun(url: str) -> Generator[tuple[Connection, Ledger, ThisRun, int]]:
    """A session at work, the ledger on another one, a run and an attempt in it."""
    with psycopg.connect(url, autocommit=True) as desk, psycopg.connect(url, autocommit=True) as work:
        install(desk)
        desk.execute(PLAN)
        ledger = Ledger(desk, "p")
        run = ledger.begin_run("up", "end")
        yield work, ledger, ThisRun(ledger, run, "up"), ledger.begin_attempt(run, "unit", ["s"], 1)


def test_a_step_and_its_transaction_are_one(make_db: MakeDb) -> None:
    with begun(make_db("")) as (work, ledger, run, attempt):
        work.execute("BEGIN; CREATE TABLE made ()")
        settle_and_commit(work, run, attempt, ["s"])
        assert (work.info.transaction_status, ledger.steps()) == (psycopg.pq.TransactionStatus.IDLE, DONE)
        work.execute("BEGIN; DROP TABLE made")
        settle_and_commit(work, replace(run, direction="down"), attempt, ["s"])
        assert ledger.steps() == {}


def test_a_run_taken_over_commits_nothing(make_db: MakeDb) -> None:
    with begun(make_db("")) as (work, ledger, run, attempt):
        work.execute("BEGIN; CREATE TABLE made ()")
        ledger.begin_run("up", "end")
        with pytest.raises(FencedError, match="another operator has taken over"):
            settle_and_commit(work, run, attempt, ["s"])
        work.rollback()
        with pytest.raises(FencedError):
            settle(work, run, attempt, ["s"])
        with pytest.raises(FencedError):
            mark_command(work, run, ["s"], "applying", 1)
        work.execute("BEGIN; CREATE TABLE filled ()")
        with pytest.raises(FencedError):
            settle_batch(work, run, "s", Batch(0, ("7",), 9, 9, done=False))
        work.rollback()
        assert work.execute("SELECT to_regclass('made'), to_regclass('filled')").fetchone() == (None, None)
        assert ledger.steps() == {}


def test_what_fails_at_commit_is_what_failed(make_db: MakeDb) -> None:
    """A deferred trigger that divides by zero is no other operator."""
    with begun(make_db(THROWS)) as (work, ledger, run, attempt):
        work.execute("BEGIN; INSERT INTO t VALUES (1)")
        with pytest.raises(psycopg.errors.DivisionByZero):
            settle_and_commit(work, run, attempt, ["s"])
        assert work.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        assert ledger.steps() == {}


def test_sizes_of_partitioned_tables_are_those_of_their_leaves(make_db: MakeDb) -> None:
    url = make_db(
        "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (a);"
        "CREATE TABLE p3 PARTITION OF p2 FOR VALUES FROM (10) TO (15); CREATE TABLE bare (a int) PARTITION BY LIST (a);"
        "CREATE TABLE empty (a int); CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;"
        "INSERT INTO p SELECT g FROM generate_series(0, 14) g; ANALYZE;"
        "CREATE TABLE uncounted (a int); INSERT INTO uncounted VALUES (1)"
    )
    with psycopg.connect(url, autocommit=True) as db:
        found = sizes_of(db, [f"public.{n}" for n in ("p", "p1", "p2", "bare", "uncounted", "empty", "m", "absent")])
    rows = {name.removeprefix("public."): size.rows for name, size in found.items()}
    assert rows == {"p": 15, "p1": 10, "p2": 5, "uncounted": -1, "empty": 0, "m": 1}
    assert found["public.p"].bytes == found["public.p1"].bytes + found["public.p2"].bytes
