"""A batch that meets an application's row lock lets go of its own before PostgreSQL looks for a deadlock."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.live import LARGE, to_the_end
from tests.support.migrations import proved, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

OLD = """
CREATE TABLE item (id int PRIMARY KEY, n int);
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.8); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE UPDATE ON item FOR EACH ROW WHEN (OLD.id = 4) EXECUTE FUNCTION slow();
"""
ROWS = "INSERT INTO item SELECT g, g FROM generate_series(1, 9) g; ANALYZE;"
SLEEPS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database())"


@pytest.mark.pg(14, 18)
def test_an_application_that_writes_backwards_is_no_victim(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, OLD + ROWS, OLD.replace("n int", "n bigint"), config=LARGE.replace("500", "2000"))
    with (
        psycopg.connect(found.live) as application,
        psycopg.connect(found.live, autocommit=True) as watch,
        ThreadPoolExecutor() as pool,
    ):
        runs = pool.submit(to_the_end, found.folder, found.live)
        for _ in range(20_000):
            if watch.execute(SLEEPS).fetchone() == (True,):
                break
            time.sleep(0.001)
        application.execute("UPDATE item SET n = 50 WHERE id = 5")
        application.execute("UPDATE item SET n = 30 WHERE id = 3")
        application.commit()
        runs.result()
    assert run(found.live, "SELECT n FROM item WHERE id IN (3, 5) ORDER BY id") == [(30,), (50,)]


@pytest.mark.pg(18)
def test_rows_that_take_long_are_filled_all_the_same(make_db: MakeDb, tmp_path: Path) -> None:
    slow = OLD.replace("pg_sleep(0.8)", "pg_sleep(0.012)").replace("WHEN (OLD.id = 4) ", "")
    rows = ROWS.replace(" 9)", " 110)")
    found = proved(make_db, tmp_path, slow + rows, slow.replace("n int", "n bigint"), config=LARGE)
    to_the_end(found.folder, found.live)
    assert run(found.live, "SELECT count(*) FROM item WHERE n = id") == [(110,)]
