"""A backfill gives way to a replica that falls behind, also when its replay stands still altogether."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.conftest import databases
from tests.execute.conftest import NEW, OLD
from tests.support.live import Heard, large, order
from tests.support.servers import own_pair

from migplan.execute.apply import apply
from migplan.execute.backfills.backfill_job import Pace
from migplan.execute.beforehand.preflight import preflight
from migplan.execute.journey import stops
from migplan.planfile.locks import PlanLocks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.pg(18)
def test_a_backfill_waits_for_its_replica(pg_major: int, tmp_path: Path) -> None:
    with own_pair(pg_major) as (primary, replica), databases(primary.url) as make:
        found = large(make, tmp_path, OLD, NEW)
        apply(found.folder, order(found.live), stops(found.plan)[1])
        heard, ran = Heard(), list[object]()
        with (
            psycopg.connect(replica.url, autocommit=True) as behind,
            psycopg.connect(found.live, autocommit=True) as db,
        ):
            behind.execute("SELECT pg_wal_replay_pause()")
            pace = order(found.live, heard, pace=Pace(rows=100, max_lag=0.3, lock_timeout=500))
            run = threading.Thread(target=lambda: ran.append(apply(found.folder, pace)))
            with psycopg.connect(found.live) as held:
                held.execute("SELECT FROM item WHERE id = 1 FOR UPDATE")
                run.start()
                while not any("s behind" in said for said in heard.said):
                    assert run.is_alive(), heard.said
                    time.sleep(0.05)
            noted = [c.what for c in preflight(db, PlanLocks(found.plan), found.plan.steps, Pace(max_lag=-1.0))]
            assert any("the replica walreceiver (streaming) is" in what for what in noted)
            assert ran == []
            behind.execute("SELECT pg_wal_replay_resume()")
            run.join(timeout=30)
        assert len(ran) == 1
