"""What is in the way of a run is said before it begins; what would let it wait in vain stops it."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.servers import own_server

from migplan.execute.backfills.backfill_job import Pace
from migplan.execute.beforehand.preflight import Concern, preflight, wraparound
from migplan.planfile.locks import PlanLocks

if TYPE_CHECKING:
    from tests.execute.conftest import Shop

pytestmark = pytest.mark.pg(18)


@pytest.fixture(autouse=True)
def all_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction is long from its beginning."""
    monkeypatch.setattr("migplan.execute.beforehand.preflight.LONG", 0.0)


def test_what_is_in_the_way(shop: Shop) -> None:
    quiet = shop.command("apply")
    assert ("NOTE" in quiet.out, quiet.status) == (False, 3)
    shop.execute("INSERT INTO other SELECT 1; CREATE TABLE apart (id int)")
    with contextlib.suppress(psycopg.errors.UniqueViolation):
        shop.execute("CREATE UNIQUE INDEX CONCURRENTLY bad ON item (junk)")
    with psycopg.connect(shop.url, application_name="report") as report, psycopg.connect(shop.url) as apart:
        report.execute("SELECT count(*) FROM item")
        apart.execute("SELECT count(*) FROM apart")
        shop.execute("BEGIN; INSERT INTO apart SELECT 1; PREPARE TRANSACTION 'aside'")
        said = shop.command("apply", "--allow-drift", "*bad").out
        pid = report.info.backend_pid
        assert f"pid {pid} (postgres, report, idle in transaction) has a transaction open for" in said
        assert "with locks on public.item" in said
        assert f"pid {apart.info.backend_pid} (postgres, unnamed, idle in transaction) has a transaction open" in said
        assert said.count("with locks on") == 1
        assert "the prepared transaction 'aside' of postgres is" in said
        assert "the index bad of public.item is invalid" in said
    shop.execute("ROLLBACK PREPARED 'aside'")


def test_a_prepared_transaction_on_a_table_of_the_plan_stops_it(shop: Shop) -> None:
    shop.execute("BEGIN; DELETE FROM item WHERE id = 1; PREPARE TRANSACTION 'it''s there'")
    try:
        stopped = shop.command("apply", "--yes")
        assert (stopped.status, shop.execute("SELECT count(*) FROM migplan.run")) == (3, [(0,)])
        assert "ROLLBACK PREPARED 'it''s there'" in stopped.err
        tried = shop.command("apply", "--yes", "--despite-preflight", "--lock-deadline", "0")
        assert (tried.status, 'waited for the prepared transaction "it\'s there"' in tried.err) == (1, True)
    finally:
        shop.execute("ROLLBACK PREPARED 'it''s there'")
    assert shop.command("apply", "--yes").status == 0


def test_a_table_that_has_outgrown_the_plan_stops_it(shop: Shop) -> None:
    shop.execute("INSERT INTO other SELECT generate_series(1, 11); ANALYZE other")
    stopped = shop.command("apply", "--yes", "--assume-deployed", "--allow-data-loss")
    assert (stopped.status, shop.execute("SELECT count(*) FROM migplan.run")) == (3, [(0,)])
    assert "table public.other has 11 rows by now, and had no row when the plan was made" in stopped.err
    shop.execute("DELETE FROM other; ANALYZE other")
    assert shop.command("apply", "--yes", "--assume-deployed", "--allow-data-loss").status == 0


def test_connections_and_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = shop.migration.plan
    monkeypatch.setattr("migplan.execute.beforehand.disk._WORTH_A_WORD", 1)
    with psycopg.connect(shop.url, autocommit=True) as db:
        found = preflight(db, PlanLocks(plan), plan.steps, Pace(workers=500))
        assert ["503 are needed" in c.what for c in found if c.stops] == [True]
        assert not any("on the server" in c.help for c in found), "this machine's disk can be seen"
        monkeypatch.setattr("migplan.execute.beforehand.disk._is_here", _elsewhere)
        found = preflight(db, PlanLocks(plan), plan.steps, Pace())
        assert any("look at it on the server" in c.help for c in found)
        db.execute("CREATE ROLE migplan_test_blind; SET ROLE migplan_test_blind")
        found = preflight(db, PlanLocks(plan), plan.steps, Pace())
        db.execute("RESET ROLE; DROP ROLE migplan_test_blind")
    assert any("GRANT pg_monitor" in c.help for c in found)
    assert any("the data directory" in c.what for c in found)


def test_a_vacuum_to_prevent_wraparound_stops_what_needs_its_table() -> None:
    eager = {"autovacuum_naptime": "1s", "autovacuum_freeze_max_age": "100000", "vacuum_freeze_min_age": "0"}
    with own_server(18, eager) as server, psycopg.connect(server.url, autocommit=True) as db:
        db.execute(OLD_TABLE)
        db.execute("CALL burn(100100)")
        found = list[Concern]()
        end = time.monotonic() + 30
        while not found and time.monotonic() < end:
            time.sleep(0.1)
            found = list(wraparound(db, ["public.item"]))
        assert [c.stops for c in found] == [True]
        assert "autovacuum works on public.item to prevent wraparound (pid" in found[0].what
        assert [c.stops for c in wraparound(db, [])] == [False]


OLD_TABLE = """
CREATE TABLE item (id int, t text) WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
INSERT INTO item SELECT g, repeat('x', 200) FROM generate_series(1, 60000) g;
CREATE PROCEDURE burn(n int) LANGUAGE plpgsql AS $$
BEGIN FOR i IN 1..n LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$;
"""


def _elsewhere(pid: int) -> bool:
    return False
