"""Locks on several tables: no application is in a deadlock with them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psycopg

from migplan.core.ids import ObjectId
from migplan.core.settings import Settings
from migplan.strategies.patient_lock import lock_patiently

if TYPE_CHECKING:
    from tests.conftest import MakeDb

TABLES = (
    "CREATE TABLE item (id int PRIMARY KEY); CREATE TABLE sale (item int REFERENCES item); INSERT INTO item VALUES (1);"
)
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'item'::regclass"


def test_who_queues_for_one_and_holds_another_goes_on(make_db: MakeDb) -> None:
    """A report keeps the first table for most of a second. An application that has written the other one queues up
    behind the lock: once the report has ended, they wait for each other."""
    url = make_db(TABLES)
    tables = [ObjectId("table", ("public", name)) for name in ("item", "sale")]
    with (
        psycopg.connect(url) as report,
        psycopg.connect(url) as ours,
        psycopg.connect(url) as application,
        psycopg.connect(url, autocommit=True) as looking,
    ):
        report.execute("SELECT FROM item")
        application.execute("LOCK TABLE sale IN ROW EXCLUSIVE MODE")
        statements = [s.sql for s in lock_patiently(tables, Settings(lock_timeout=2000))]
        locking = threading.Thread(target=lambda: [ours.execute(s.encode()) for s in statements])
        locking.start()
        _until(looking, 1)
        writing = threading.Thread(target=lambda: _write(application, said))
        said = list[str]()
        writing.start()
        _until(looking, 2)
        time.sleep(0.7)
        report.commit()
        writing.join()
        assert said == ["written"]
        locking.join()
        held = looking.execute(
            "SELECT count(*) FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock'"
        ).fetchone()
        assert held is not None
        assert held[0] >= len(tables)
        ours.rollback()


def _write(application: psycopg.Connection[tuple[object, ...]], said: list[str]) -> None:
    try:
        application.execute("INSERT INTO sale VALUES (1)")
        application.commit()
        said.append("written")
    except psycopg.errors.DeadlockDetected as error:
        said.append(str(error))


def _until(looking: psycopg.Connection[tuple[object, ...]], waiting: int) -> None:
    while looking.execute(WAITING).fetchone() != (waiting,):
        time.sleep(0.02)
