"""Many quick steps go out in few messages; what one of them meets is met as if each had been run alone."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.conftest import databases
from tests.support.live import Heard, back_to, large, state, to_the_end

from migplan.core.errors import ExecutionError
from migplan.execute.ledger.ledger import FencedError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.conftest import MakeDb
    from tests.support.migrations import Migration

TABLES = 70
OLD = "".join(f"CREATE TABLE t{n:02} (id int PRIMARY KEY);" for n in range(TABLES))
NEW = OLD.replace("PRIMARY KEY)", "PRIMARY KEY, note text)")
ATTEMPTS = """
SELECT steps[1], array_agg(outcome ORDER BY id), array_agg(number ORDER BY id), max(sqlstate)
FROM migplan.attempt GROUP BY 1 ORDER BY 1
"""
APPLIED = "SELECT step FROM migplan.step WHERE state = 'applied' ORDER BY 1"
MARK = "40"
"""The table in whose place something happens, in the middle of the first message."""

pytestmark = pytest.mark.pg(18)


@pytest.fixture(scope="module")
def planned_once(pg_url: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Migration]:
    """The plan, whose steps are a transaction each."""
    with databases(pg_url) as make:
        yield large(make, tmp_path_factory.mktemp("many"), OLD, NEW)


@pytest.fixture
def many(planned_once: Migration, make_db: MakeDb) -> Migration:
    """The plan, for a database of its own."""
    return replace(planned_once, live=make_db(OLD))


def _rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as db:
        return db.execute(query.encode()).fetchall()


def _attempts(url: str) -> dict[str, tuple[list[str], list[int], str | None]]:
    found = _rows(url, ATTEMPTS)
    return {str(step): (outcomes, numbers, code) for step, outcomes, numbers, code in found}


@contextlib.contextmanager
def _in_the_way(url: str) -> Generator[psycopg.Connection[tuple[object, ...]]]:
    """A reader of the marked table whose transaction stays open."""
    with psycopg.connect(url) as db:
        db.execute(f"SELECT FROM t{MARK}".encode())
        yield db


def _until_waiting(url: str) -> int:
    """The pid of the run's session, once it waits for the marked table."""
    query = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = to_regclass(%s)"
    with psycopg.connect(url, autocommit=True) as db:
        while (row := db.execute(query, (f"t{MARK}",)).fetchone()) is None:
            time.sleep(0.01)
        return int(row[0])


def _until_waiting_and(then: Callable[[], None], run: Callable[[], object], url: str) -> None:
    """Runs, and does the other thing once the run waits."""

    def do() -> None:
        _until_waiting(url)
        then()

    thread = threading.Thread(target=do)
    thread.start()
    try:
        run()
    finally:
        thread.join()


def test_each_is_in_the_ledger_and_back(many: Migration) -> None:
    before, heard = state(many.live), Heard()
    to_the_end(many.folder, many.live, heard)
    assert len(heard.units) == len(set(heard.units)) == TABLES
    assert many.second() == ([], [])
    assert set(map(str, _attempts(many.live).values())) == {"(['done'], [1], None)"}
    assert len(_rows(many.live, APPLIED)) == TABLES
    transactions = "SELECT count(DISTINCT xmin::text), count(*) FROM migplan.step"
    assert _rows(many.live, transactions) == [(TABLES, TABLES)]
    back_to(many.folder, many.live, heard=heard)
    assert state(many.live).schema == before.schema
    assert len(heard.units) == len(set(heard.units)) == 2 * TABLES
    assert set(map(str, _attempts(many.live).values())) == {"(['done', 'done'], [1, 1], None)"}
    assert _rows(many.live, APPLIED) == []


def test_a_lock_that_comes_late(many: Migration) -> None:
    def waits_for(run: Callable[[], object], failed: int) -> None:
        with _in_the_way(many.live) as blocker:

            def leave() -> None:
                while len(_rows(many.live, "SELECT FROM migplan.attempt WHERE outcome = 'failed'")) < failed:
                    time.sleep(0.02)
                blocker.commit()

            _until_waiting_and(leave, run, many.live)

    waits_for(lambda: to_the_end(many.folder, many.live), 1)
    assert many.second() == ([], [])
    waited = {step: found for step, found in _attempts(many.live).items() if found[0] != ["done"]}
    ((step, (outcomes, numbers, code)),) = waited.items()
    assert step.endswith(f"t{MARK}.note")
    assert Counter(outcomes)["done"] == 1
    assert outcomes[0] == "failed"
    assert numbers == sorted(numbers)
    assert code == "55P03"
    waits_for(lambda: back_to(many.folder, many.live), Counter(outcomes)["failed"] + 1)
    assert _rows(many.live, APPLIED) == []
    assert _attempts(many.live)[step][0][len(outcomes)] == "failed"


def test_an_error_ends_the_run_and_it_goes_on_behind_it(many: Migration) -> None:
    refusing = f"""
CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE '%t{MARK}%') THEN
    RAISE EXCEPTION 'not this one' USING ERRCODE = 'division_by_zero';
  END IF;
END $$;
CREATE EVENT TRIGGER no ON ddl_command_end EXECUTE FUNCTION no();
"""
    with psycopg.connect(many.live, autocommit=True) as db:
        db.execute(refusing.encode())
    heard = Heard()
    with pytest.raises(ExecutionError, match=r"w0_1_expand.up.sql:\d+:\d+.*not this one"):
        to_the_end(many.folder, many.live, heard)
    done = len(_rows(many.live, APPLIED))
    assert 0 < done < TABLES
    assert len(_rows(many.live, "SELECT FROM pg_attribute WHERE attname = 'note'")) == done
    with psycopg.connect(many.live, autocommit=True) as db:
        db.execute(b"DROP EVENT TRIGGER no; DROP FUNCTION no()")
    to_the_end(many.folder, many.live)
    assert many.second() == ([], [])


def test_a_connection_that_breaks(many: Migration) -> None:
    heard = Heard()
    with _in_the_way(many.live) as blocker:

        def cut() -> None:
            _rows(many.live, f"SELECT pg_terminate_backend({_until_waiting(many.live)})")
            blocker.commit()

        _until_waiting_and(cut, lambda: to_the_end(many.folder, many.live, heard), many.live)
    assert any("the connection was lost" in said for said in heard.said)
    assert many.second() == ([], [])
    assert len(_rows(many.live, APPLIED)) == TABLES


def test_a_run_that_was_taken_over_does_nothing_more(many: Migration) -> None:
    with _in_the_way(many.live) as blocker:

        def take_over() -> None:
            _rows(many.live, "UPDATE migplan.run SET outcome = 'interrupted' RETURNING 1")
            blocker.commit()

        with pytest.raises(FencedError, match="another operator has taken over"):
            _until_waiting_and(take_over, lambda: to_the_end(many.folder, many.live), many.live)
    done = len(_rows(many.live, APPLIED))
    assert done == len(_rows(many.live, "SELECT FROM pg_attribute WHERE attname = 'note' AND attnum > 0"))
    assert 0 < done < TABLES
