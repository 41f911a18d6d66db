"""What an operator does with a plan on a live database, and what stops it."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.live import Heard, back_to, large, order, state, to_the_end
from tests.support.migrations import run as run_sql

from migplan.core.errors import BlockedError, ExecutionError, MigplanError
from migplan.execute.apply import apply
from migplan.execute.failures.blockers import blockers_of
from migplan.execute.journey import stops
from migplan.execute.ledger.ledger import FencedError, install, installed
from migplan.execute.ledger.ledger_schema import VERSIONS
from migplan.execute.ledger.standing import plans
from migplan.execute.operator import sole_operator

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb
    from tests.execute.conftest import Shop

    from migplan.planfile.units import Unit

WORK = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'migplan up %' AND datname = current_database()"
DESK = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'migplan apply %' AND datname = current_database()"


@pytest.mark.pg(18)
def test_from_the_start_to_the_end_and_back(shop: Shop) -> None:
    early = shop.command("confirm", "1")
    assert (early.status, "no plan has run" in early.err) == (1, True)
    first = shop.command("apply", "--yes")
    assert first.status == 0
    assert "Checkpoint 1: deploy the application now" in first.out
    here = f"{shop.plan} 1 --target {shop.url}"
    assert f"\n  next: once the application is deployed, migplan confirm {here}\n" in shop.command("status").out
    assert f": migplan confirm {here} or migplan rollback {shop.plan}" in shop.command("doctor").out
    again = shop.command("apply", "--yes")
    assert (again.status, "nothing to do" in again.out) == (0, True)
    behind = shop.command("apply", "--yes", "--through", "w0_1_expand")
    assert (behind.status, "nothing to do: at w0_2_migrate" in behind.out) == (0, True)
    beyond = shop.command("apply", "--yes", "--through", "w1")
    assert (beyond.status, "nobody has confirmed it" in beyond.err) == (3, True)
    confirmed = shop.command("confirm", "1", "--by", "Ada")
    assert (confirmed.status, "title instead of name" in confirmed.out) == (0, True)
    assert f"\n  next: migplan apply {shop.plan} --target {shop.url}\n" in shop.command("status").out
    lossy = shop.command("apply", "--yes")
    assert (lossy.status, "data would be lost" in lossy.err) == (3, True)
    assert "junk" in lossy.err
    done = shop.command("apply", "--yes", "--allow-data-loss")
    assert (done.status, "The plan is complete" in done.out) == (0, True)
    assert shop.migration.second() == ([], [])
    status = shop.command("status").out
    assert f"{len(shop.migration.plan.steps)} of {len(shop.migration.plan.steps)} steps applied" in status
    assert "1 of 1 checkpoints confirmed" in status
    assert shop.command("doctor").out == "nothing is left behind\n"
    stays = shop.command("rollback", "--yes", "--to", "start")
    assert (stays.status, "not everything comes back" in stays.err) == (3, True)
    pace = ("--workers", "2", "--max-lag", "0")
    led_back = shop.command("rollback", "--yes", "--accept-irreversible", *pace)
    assert (led_back.status, "back at w0_2_migrate" in led_back.out) == (0, True)
    shop.execute("UPDATE migplan.run SET outcome = 'running' WHERE id = (SELECT max(id) FROM migplan.run)")
    assert "was interrupted" in shop.command("doctor").out
    same = shop.command("rollback", "--yes")
    assert (same.status, "nothing to undo: at w0_2_migrate" in same.out) == (0, True), "a killed run led back to there"
    assert "interrupted" not in shop.command("status").out
    further = shop.command("rollback", "--yes")
    assert (further.status, "back at start" in further.out) == (0, True)
    assert (
        "undo: drop index public.item_junk concurrently  (SHARE UPDATE EXCLUSIVE, reads the table, 250" in led_back.out
    )
    assert state(shop.url).schema == shop.before.schema
    assert shop.command("confirm", "1").status == 1


class Stopping(Heard):
    """Ctrl-C when the second unit begins."""

    def unit(self, unit: Unit, title: str) -> None:
        super().unit(unit, title)
        if len(self.units) == 2:
            raise KeyboardInterrupt


@pytest.mark.pg(18)
def test_forwards_again_in_the_middle_of_the_way_back(shop: Shop) -> None:
    assert shop.command("apply", "--yes").status == 0
    with pytest.raises(KeyboardInterrupt):
        back_to(shop.migration.folder, shop.url, heard=Stopping())
    turned = shop.command("apply", "--yes")
    assert (turned.status, "NOTE: a rollback stopped in the middle of w0_2_migrate.down" in turned.out) == (0, True)


def test_nobody_agreed(shop: Shop) -> None:
    refused = shop.command("apply")
    assert (refused.status, "nobody has agreed" in refused.err) == (3, True)
    assert shop.command("approve", "--by", "Ada").status == 0
    signed = shop.command("apply")
    assert (signed.status, "approved by Ada" in signed.out) == (0, True)


def test_an_edited_plan(shop: Shop) -> None:
    file = shop.migration.folder.path / shop.migration.phases[0].up
    file.write_text(file.read_text() + "\nSELECT 1;\n")
    refused = shop.command("apply", "--yes")
    assert refused.status == 1
    assert "migplan verify" in refused.err
    assert shop.execute("SELECT to_regnamespace('migplan')") == [(None,)]


def test_drift(shop: Shop) -> None:
    shop.execute("ALTER TABLE item ALTER COLUMN junk SET DEFAULT 'x'; CREATE INDEX foreign_one ON item (id, junk)")
    refused = shop.command("apply", "--yes")
    assert refused.status == 3
    assert "default public.item.junk is unexpected" in refused.err
    assert "index public.foreign_one is unexpected" in refused.err
    partly = shop.command("apply", "--yes", "--allow-drift", "default public.item.*")
    assert (partly.status, "public.item.junk" in partly.err) == (3, False)
    allowed = shop.command("apply", "--yes", "--allow-drift", "default public.item.*", "--allow-drift", "*foreign_one")
    assert (allowed.status, "allowed: index public.foreign_one is unexpected" in allowed.out) == (0, True)


def test_drift_while_the_operator_was_asked(shop: Shop) -> None:
    """The live side is read before; who takes his time is told of what has changed since."""

    def slowly(_: object) -> None:
        shop.execute("CREATE INDEX foreign_one ON item (id, junk)")
        time.sleep(2.1)

    with pytest.raises(BlockedError, match=r"index public\.foreign_one is unexpected"):
        apply(shop.migration.folder, order(shop.url, agree=slowly))


def test_back_to_every_boundary(shop: Shop) -> None:
    folder, seen = shop.migration.folder, dict[str, object]()
    for stop in stops(folder.plan):
        permissions = order(shop.url).permissions.__class__(data_loss=True, assume_deployed=True)
        apply(folder, order(shop.url, permissions=permissions), stop)
        seen[stop.name] = state(shop.url).schema
    for stop in reversed(stops(folder.plan)):
        assert back_to(folder, shop.url, stop.name).stop == stop
        assert state(shop.url).schema == seen[stop.name]
    to_the_end(folder, shop.url)
    assert state(shop.url).schema == seen[stops(folder.plan)[-1].name]


@pytest.mark.pg(18)
def test_counted_rows_can_be_seen(make_db: MakeDb, tmp_path: Path) -> None:
    old = "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int, code text);"
    rows = "INSERT INTO a VALUES (1); INSERT INTO b SELECT g, g, 'c' || g / 3 FROM generate_series(1, 4) g;"
    new = old.replace("a int,", "a int REFERENCES a,") + "CREATE INDEX b_a ON b (a);"
    for wanted, shown in ((new, {(2, 2), (3, 3), (4, 4)}), (old.replace("code text", "code text UNIQUE"), {("c0", 2)})):
        folder = tmp_path / str(len(shown))
        folder.mkdir()
        found, heard = large(make_db, folder, old + rows, wanted), Heard()
        with pytest.raises(ExecutionError, match=r"\(\d rows\) \[P0001\]"):
            to_the_end(found.folder, found.live, heard)
        (query,) = [said.removeprefix("to see them: ") for said in heard.said if said.startswith("to see them: ")]
        assert shown <= {row[:2] for row in run_sql(found.live, query)}


class InTheWay(Heard):
    """Locks the table for a second when the first unit begins."""

    def __init__(self, db: psycopg.Connection) -> None:
        super().__init__()
        self._db = db

    def unit(self, unit: Unit, title: str) -> None:
        super().unit(unit, title)
        self._db.execute("LOCK b")
        threading.Timer(1.0, self._db.commit).start()


@pytest.mark.pg(18)
def test_who_held_a_lock_is_not_named_beside_rows_in_the_way(make_db: MakeDb, tmp_path: Path) -> None:
    old = "CREATE TABLE b (id int PRIMARY KEY, code text);"
    rows = "INSERT INTO b SELECT g, 'c' FROM generate_series(1, 4) g;"
    found = large(make_db, tmp_path, old + rows, old.replace("code text", "code text UNIQUE"))
    with psycopg.connect(found.live, application_name="report") as db:
        heard = InTheWay(db)
        with pytest.raises(ExecutionError, match=r"duplicate keys .* \[P0001\]") as failed:
            to_the_end(found.folder, found.live, heard)
    assert any("waiting for pid" in said and "report" in said for said in heard.said)
    assert "report" not in str(failed.value)


def test_the_lookout_is_in_nobodys_way(shop: Shop) -> None:
    with psycopg.connect(shop.url, autocommit=True) as asker, psycopg.connect(shop.url, autocommit=True) as builder:
        asker.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        pid = builder.info.backend_pid
        thread = threading.Thread(target=builder.execute, args=["CREATE INDEX CONCURRENTLY ON item (id)"])
        thread.start()
        try:
            for _ in range(100):
                if asker.execute("SELECT pg_blocking_pids(%s)", [pid]).fetchone() == ([asker.info.backend_pid],):
                    break
                time.sleep(0.1)
            else:
                pytest.fail("the build doesn't wait")
            assert blockers_of(asker, pid) == []
        finally:
            asker.execute("ROLLBACK")
            thread.join()


def test_a_second_operator(shop: Shop) -> None:
    with sole_operator(shop.url, "apply of somebody"):
        refused = shop.command("apply", "--yes")
        assert refused.status == 1
        assert "another operator works on this database: pid" in refused.err
        assert "pg_terminate_backend(" in refused.err
        assert "migplan apply of somebody" in refused.err
        assert "at work: pid" in shop.command("status").out
    assert shop.command("apply", "--yes").status == 0


def test_a_blocker_is_named_and_outlasted(shop: Shop) -> None:
    heard = Heard()
    with psycopg.connect(shop.url, application_name="report") as db:
        pid = db.info.backend_pid
        db.execute("SELECT count(*) FROM item")
        timer = threading.Timer(2.0, db.commit)
        timer.start()
        to_the_end(shop.migration.folder, shop.url, heard)
        timer.join()
    said = "\n".join(heard.said)
    assert f"waiting for pid {pid} (postgres, report, idle in transaction" in said
    assert "trying again in" in said
    tried = shop.execute("SELECT sqlstate, blocked_by FROM migplan.attempt WHERE outcome = 'failed' ORDER BY id")
    assert tried[0][0] == "55P03"
    assert "report" in str(tried[0][1])
    assert "count(*)" not in str(tried)


def test_a_blocker_that_never_leaves(shop: Shop) -> None:
    with contextlib.closing(psycopg.connect(shop.url, application_name="report")) as db:
        db.execute("SELECT count(*) FROM item")
        with pytest.raises(ExecutionError, match=r"lock timeout.*55P03.*report"):
            apply(shop.migration.folder, order(shop.url, deadline=1.0))
        assert "its last run failed" in shop.command("doctor").out
        assert "count(*)" not in str(shop.execute("SELECT error FROM migplan.run"))
        heard = Heard()
        apply(shop.migration.folder, order(shop.url, heard, kill_older_than=0.0))
        assert any("as --kill-blockers asks" in said for said in heard.said)


class Meddling(Heard):
    """Does something to the server when a certain unit begins."""

    def __init__(self, shop: Shop, number: int, statement: str) -> None:
        super().__init__()
        self._shop, self._number, self._statement = shop, number, statement

    def unit(self, unit: object, title: str) -> None:
        self.units.append(title)
        if len(self.units) == self._number:
            self._shop.execute(self._statement)
            time.sleep(0.1)


def test_the_works_connection_is_lost(shop: Shop) -> None:
    wanted = _uninterrupted(shop)
    for number in (1, 2, 3):
        heard = Meddling(shop, number, WORK)
        to_the_end(shop.migration.folder, shop.url, heard)
        assert any("connecting again" in said for said in heard.said)
        assert state(shop.url).schema == wanted
        back_to(shop.migration.folder, shop.url)
    assert state(shop.url).schema == shop.before.schema


def test_the_locks_connection_is_lost(shop: Shop) -> None:
    wanted = _uninterrupted(shop)
    for number in (1, 2, 3):
        heard = Meddling(shop, number, DESK)
        with pytest.raises(FencedError, match="operator's lock is gone"):
            to_the_end(shop.migration.folder, shop.url, heard)
        assert len(heard.units) == number
        assert "was interrupted" in shop.command("doctor").out
    to_the_end(shop.migration.folder, shop.url)
    assert state(shop.url).schema == wanted


def test_a_cancelled_statement(shop: Shop) -> None:
    ended: list[str] = []
    with psycopg.connect(shop.url) as db:
        db.execute("SELECT count(*) FROM item")
        run = threading.Thread(target=lambda: ended.append(_failure(shop)))
        run.start()
        while not shop.execute(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pg_blocking_pids(pid) <> '{}'"
        ):
            time.sleep(0.02)
        run.join()
    assert "[57014]" in ended[0]
    assert apply(shop.migration.folder, order(shop.url)).ran


def test_a_pause(shop: Shop) -> None:
    early = shop.command("pause")
    assert (early.status, "has not run" in early.err) == (1, True)
    apply(shop.migration.folder, order(shop.url), stops(shop.migration.plan)[1])
    assert shop.command("pause").status == 0
    assert "paused" in shop.command("status").out
    assert "is paused" in shop.command("doctor").out
    heard, ran = Heard(), list[object]()
    run = threading.Thread(target=lambda: ran.append(apply(shop.migration.folder, order(shop.url, heard))))
    run.start()
    while not any("paused it" in said for said in heard.said):
        time.sleep(0.05)
    assert ran == []
    assert shop.command("resume").status == 0
    run.join(timeout=30)
    assert len(ran) == 1


def test_what_an_earlier_run_left_at_work_is_ended(shop: Shop) -> None:
    with psycopg.connect(shop.url, autocommit=True) as dead:
        dead.execute("SELECT pg_advisory_lock_shared(7163948003)")
        assert shop.command("apply", "--yes").status == 0
        with pytest.raises(psycopg.OperationalError):
            dead.execute("SELECT 1")


def test_the_ledger_shows_nowhere_and_holds_no_secret(shop: Shop) -> None:
    secret = shop.url.replace("postgres@", "postgres:s3cret-w0rd@")
    to_the_end(shop.migration.folder, secret)
    assert shop.migration.second() == ([], [])
    rows = shop.execute(
        "SELECT string_agg(x::text, ' ') FROM (SELECT p::text FROM migplan.plan p UNION ALL SELECT r::text FROM"
        " migplan.run r UNION ALL SELECT a::text FROM migplan.attempt a UNION ALL SELECT e::text FROM migplan.event e) x"
    )
    assert "s3cret" not in str(rows)
    assert "shop" not in str(rows) or "postgresql://" not in str(rows)


def test_two_install_the_ledger_at_once(make_db: MakeDb) -> None:
    url, failed = make_db(""), list[Exception]()

    def work() -> None:
        try:
            with psycopg.connect(url, autocommit=True) as db:
                install(db)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with psycopg.connect(url, autocommit=True) as db:
        assert installed(db) == len(VERSIONS)


def test_an_older_and_a_newer_ledger(make_db: MakeDb, monkeypatch: pytest.MonkeyPatch) -> None:
    url = make_db("")
    with psycopg.connect(url, autocommit=True) as db:
        with monkeypatch.context() as patched:
            patched.setattr("migplan.execute.ledger.ledger.VERSIONS", VERSIONS[:1])
            install(db)
            add = "INSERT INTO migplan.plan (id, name, digest, made, steps, checkpoints) VALUES ('a b', 'b', '', now(), 2, 0)"
            db.execute(add)
            assert [p.folder for p in plans(db)] == [None]
        assert [p.folder for p in plans(db)] == [None]
        install(db)
        assert [p.name for p in plans(db)] == ["b"]
        later = (*VERSIONS, "ALTER TABLE migplan.event ADD COLUMN weight integer")
        with monkeypatch.context() as patched:
            patched.setattr("migplan.execute.ledger.ledger.VERSIONS", later)
            install(db)
            install(db)
            assert db.execute("SELECT weight FROM migplan.event").fetchall() == []
        with pytest.raises(MigplanError, match=f"of version {len(later)}, this migplan knows {len(VERSIONS)}"):
            install(db)


def _uninterrupted(shop: Shop) -> object:
    to_the_end(shop.migration.folder, shop.url)
    wanted = state(shop.url).schema
    back_to(shop.migration.folder, shop.url)
    return wanted


def _failure(shop: Shop) -> str:
    try:
        apply(shop.migration.folder, order(shop.url, deadline=20))
    except MigplanError as error:
        return str(error)
    return ""
