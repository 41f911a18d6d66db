"""Every half-state that a failure leaves is named, with the command that helps, and that command helps."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.live import order

from migplan.core.errors import MigplanError
from migplan.execute.apply import apply
from migplan.execute.failures.leftovers import leftovers

if TYPE_CHECKING:
    from tests.conftest import MakeDb
    from tests.execute.conftest import Shop

HALF = """
CREATE TABLE twice (id int, kind text);
INSERT INTO twice VALUES (1, 'a'), (1, 'b');
CREATE INDEX twice_kind ON twice (kind);
CREATE TABLE whole (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF whole FOR VALUES FROM (1) TO (9);
CREATE INDEX whole_id ON ONLY whole (id);
CREATE TABLE "~old~gone" ("~a~new" int, CONSTRAINT plain CHECK (true));
ALTER TABLE twice ADD CONSTRAINT "~twice~nn" CHECK (kind IS NOT NULL) NOT VALID;
ALTER TABLE twice ADD CONSTRAINT somebodys CHECK (kind <> '') NOT VALID;
CREATE TYPE "~mood~old" AS ENUM ('x');
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "~migplan_sync" BEFORE INSERT ON twice FOR EACH ROW EXECUTE FUNCTION nothing();
"""


def interrupt(url: str, statement: str, holding: str) -> None:
    """Begin a statement outside of transactions that has to wait for ``holding``, and cancel it there."""

    def run() -> None:
        with psycopg.connect(url, autocommit=True) as db, contextlib.suppress(psycopg.errors.QueryCanceled):
            db.execute(statement.encode())

    with psycopg.connect(url) as held, psycopg.connect(url, autocommit=True) as db:
        held.execute(holding.encode())
        thread = threading.Thread(target=run)
        thread.start()
        while not db.execute(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))",
            (held.info.backend_pid,),
        ).fetchall():
            time.sleep(0.02)
        thread.join()


def test_what_no_plan_owns(make_db: MakeDb) -> None:
    url = make_db(HALF)
    interrupt(
        url, "CREATE UNIQUE INDEX CONCURRENTLY twice_id ON twice (kind)", "LOCK TABLE twice IN ROW EXCLUSIVE MODE"
    )
    interrupt(url, "REINDEX INDEX CONCURRENTLY twice_kind", "LOCK TABLE twice IN ROW EXCLUSIVE MODE")
    interrupt(url, "ALTER TABLE whole DETACH PARTITION part CONCURRENTLY", "SELECT FROM whole")
    with psycopg.connect(url, autocommit=True) as db:
        found = leftovers(db)
        said = "\n".join(x.what for x in found)
        assert "the index twice_id is invalid: a concurrent build" in said
        assert "the index twice_kind_ccnew is invalid: a copy that REINDEX CONCURRENTLY did not finish" in said
        assert "the index whole_id of the partitioned table whole is not complete" in said
        assert "the partition part is half detached from whole" in said
        assert 'the trigger "~migplan_sync" keeps columns of twice in step' in said
        assert 'the constraint "~twice~nn" of twice is not validated yet' in said
        assert 'the column "~a~new" of "~old~gone" waits' in said
        assert '"~old~gone" is a tombstone' in said
        assert 'the type "~mood~old" waits' in said
        assert "somebodys" not in said
        assert not any(x.expected for x in found)
        for x in found:
            remedy = re.search(r"(?:then|or) ((?:DROP|ALTER) .*?)(?:, together.*)?$", x.help)
            if remedy:
                db.execute(remedy[1].encode())
        left = [x.what for x in leftovers(db)]
    assert left == ['"~old~gone" is a tombstone, or waits for its swap']


@pytest.mark.pg(18)
def test_what_a_plan_owns(shop: Shop) -> None:
    assert shop.command("apply", "--yes", "--through", "w0_1_expand").status == 0
    between = shop.command("doctor")
    assert between.status == 0
    assert (
        f'"~migplan_sync" keeps columns of item in step\n  -> it belongs to {shop.migration.plan.created}'
        in between.out
    )
    with psycopg.connect(shop.url) as held:
        held.execute("SELECT FROM item WHERE id = 1 FOR UPDATE")
        stopped = threading.Thread(target=_stopped, args=(shop,))
        stopped.start()
        while stopped.is_alive() and not shop.execute(_FILLING):
            time.sleep(0.02)
        shop.execute(_END)
        stopped.join()
    said = shop.command("doctor")
    assert said.status == 2
    assert "was interrupted (" in said.out
    here = f"{shop.plan} --target {shop.url}"
    assert f"migplan apply {here} continues; migplan rollback {here} leads back" in said.out
    status = shop.command("status").out
    assert status.count(", interrupted\n") == status.count(f"\n  next: migplan apply {here}\n") == 1
    shop.execute(
        "UPDATE migplan.run SET outcome = 'failed', error = 'stopped by the operator' WHERE outcome <> 'reached'"
    )
    assert "was stopped by the operator (" in shop.command("doctor").out
    assert "the backfill fill:table:public.item:copy stopped after 0 rows" in said.out
    assert shop.command("apply", "--yes").status == 0
    assert shop.command("doctor").status == 0


_HERE = "FROM pg_stat_activity WHERE datname = current_database()"
_FILLING = f"SELECT 1 {_HERE} AND application_name LIKE 'migplan backfill%' AND wait_event_type = 'Lock'"
_END = f"SELECT pg_terminate_backend(pid) {_HERE} AND application_name LIKE 'migplan apply%'"


def _stopped(shop: Shop) -> None:
    with contextlib.suppress(MigplanError):
        apply(shop.migration.folder, order(shop.url))
