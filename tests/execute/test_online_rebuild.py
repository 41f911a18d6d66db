"""Tables that are copied by ``migplan apply``: killed in the middle, paused, by several workers; whoever runs it again
goes on from there, and back."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.killing import Killer
from tests.support.live import LARGE, Heard, back_to, copy_of, drop, expect_same, large, order, state, to_the_end
from tests.support.migrations import proved, psql

from migplan.core.errors import ExecutionError
from migplan.execute.apply import apply, confirm
from migplan.execute.backfills import batches
from migplan.execute.backfills.backfill_job import Pace
from migplan.execute.backfills.change_logs import logs
from migplan.execute.failures.leftovers import leftovers
from migplan.execute.journey import stop_named
from migplan.execute.ledger.ledger import Ledger, plan_id
from migplan.execute.order import Reached

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb
    from tests.support.migrations import Migration

    from migplan.planfile.units import Unit

OLD = """
CREATE TABLE item (id int PRIMARY KEY, kind text NOT NULL, price numeric);
CREATE INDEX item_kind ON item (kind);
CREATE TABLE part (item int REFERENCES item, name text);
INSERT INTO item SELECT g, 'k' || g % 7, g FROM generate_series(1, 3000) g;
INSERT INTO part SELECT g, 'p' FROM generate_series(1, 500) g;
ANALYZE;
"""
NEW = """
CREATE TABLE item (id int PRIMARY KEY, kind text NOT NULL, price numeric) PARTITION BY RANGE (id);
CREATE TABLE item_few PARTITION OF item FOR VALUES FROM (MINVALUE) TO (1000);
CREATE TABLE item_many PARTITION OF item DEFAULT;
CREATE INDEX item_kind ON item (kind);
CREATE TABLE part (item int REFERENCES item, name text);
"""

SHELF = """
CREATE UNLOGGED TABLE item (
  shelf text COLLATE "C", id uuid, place int NOT NULL UNIQUE, PRIMARY KEY (shelf, id)
);
INSERT INTO item SELECT chr(65 + g % 50) || '%', md5(g::text)::uuid, g FROM generate_series(1, {rows}) g;
ANALYZE;
"""
SHELVES = SHELF.partition("INSERT")[0].replace("UNLOGGED ", "")
TURNED = "UPDATE item SET place = -place; UPDATE item SET place = {rows} + 1 + place;"
"""Every value of the unique column goes from one row to another, which stands far away in the log."""


@dataclass
class Turning(Heard):
    """An application that turns round what is in the table while it is copied, and again before its log is replayed."""

    url: str = ""
    turned: set[str] = field(default_factory=set[str])

    def unit(self, unit: Unit, title: str) -> None:
        """A step begins."""
        super().unit(unit, title)
        if unit.steps[0].startswith("replay:"):
            self._turn("replay")

    def progress(self, what: str, share: float) -> None:
        """A batch has been copied."""
        super().progress(what, share)
        if what.startswith("copy:"):
            self._turn("copy")

    def _turn(self, when: str) -> None:
        if when not in self.turned:
            self.turned.add(when)
            psql(self.url, TURNED.format(rows=3000))


@pytest.mark.pg(18)
def test_by_two_workers_and_with_a_pause(make_db: MakeDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_PAGES_FEWEST", 1)
    found = large(make_db, tmp_path, SHELF.format(rows=3000), SHELVES)
    pace = Pace(rows=100, workers=2)
    apply(found.folder, order(found.live, pace=pace), stop_named(found.plan, "w0_1_expand"))
    psql(found.live, "ANALYZE item")
    heard, ran = Turning(url=found.live), list[object]()
    run = threading.Thread(target=lambda: ran.append(apply(found.folder, order(found.live, heard, pace=pace))))
    with psycopg.connect(found.live, autocommit=True) as db:
        ledger = Ledger(db, plan_id(found.plan))
        ledger.pause("somebody")
        run.start()
        while not any("the backfill of public.item waits: somebody paused it" in said for said in heard.said):
            assert run.is_alive(), heard.said
            time.sleep(0.05)
        ledger.pause(None)
        run.join(timeout=60)
        assert len(ran) == 1
        parts = db.execute(
            "SELECT step, count(*)::int, sum(rows_read)::int, sum(batches) > 6 FROM migplan.backfill"
            " GROUP BY step ORDER BY step"
        ).fetchall()
        assert parts[0] == ("copy:table:public.item:new", 2, 3000, True)
        assert parts[1][:2] == ("replay:table:public.item:new", 1)
        first = db.execute("SELECT place FROM item WHERE id = md5('1')::uuid").fetchone()
        assert first == (1,)
        assert heard.turned == {"copy", "replay"}
    assert found.second() == ([], [])


def test_values_that_change_their_rows_by_psql(make_db: MakeDb, tmp_path: Path) -> None:
    rows = 20_000
    found = large(make_db, tmp_path, SHELF.format(rows=rows), SHELVES)
    files = "".join(found.folder.files[phase.up] for phase in found.phases)
    copied, mark, rest = files.partition("-- migplan:step replay:")
    psql(found.live, copied)
    psql(found.live, TURNED.format(rows=rows))
    psql(found.live, mark + rest)
    with psycopg.connect(found.live) as db:
        row = db.execute("SELECT place FROM item WHERE id = md5('1')::uuid").fetchone()
        assert row == (rows,)
    assert found.second() == ([], [])


KEYED = """
CREATE TABLE item (id int PRIMARY KEY, kind text NOT NULL, price int);
INSERT INTO item SELECT g, 'k' || g % 7, g FROM generate_series(1, 300) g;
ANALYZE;
"""
KEYED_BY_KIND = """
CREATE TABLE item (id int, kind text NOT NULL, price int, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
CREATE TABLE item_any PARTITION OF item DEFAULT;
"""


@pytest.mark.pg(18)
def test_logs_are_replayed_while_the_plan_waits(make_db: MakeDb, tmp_path: Path) -> None:
    """What piles up at a checkpoint is neither replayed in the swap's transaction, nor kept for ever."""
    found = proved(make_db, tmp_path, KEYED, KEYED_BY_KIND, config=LARGE + "keep_old = true\n")
    with psycopg.connect(found.live, autocommit=True) as db:
        for number, label in ((1, "new"), (2, "old")):
            waiting = apply(found.folder, order(found.live)).checkpoint
            assert waiting is not None
            assert waiting.number == number
            db.execute("UPDATE item SET price = -price WHERE id <= 10")
            found_there = [x for x in leftovers(db) if f'the change log "~public~{label}"."~item~log" grows' in x.what]
            assert [x.expected for x in found_there] == [True]
            assert logs(db)[0][0] == f'"~public~{label}"."~item~log"'
            assert apply(found.folder, order(found.live)) == Reached(
                stop_named(found.plan, f"w{number - 1}"), waiting, 0
            )
            kept = (
                f'SELECT (SELECT count(*) FROM "~public~{label}"."~item~log"), sum(price) FROM "~public~{label}".item'
            )
            assert db.execute(kept.encode()).fetchone() == db.execute("SELECT 0, sum(price) FROM item").fetchone()
            confirm(found.folder, db, number, "somebody")
    to_the_end(found.folder, found.live)
    assert found.second() == ([], [])


@dataclass
class Counting(Heard):
    """Looks after each batch how many parts its backfill has."""

    url: str = ""
    parts: dict[str, int] = field(default_factory=dict[str, int])

    def progress(self, what: str, share: float) -> None:
        """A batch has been written."""
        super().progress(what, share)
        with psycopg.connect(self.url) as db:
            self.parts.update(
                db.execute(
                    "SELECT step || ' ' || direction, count(*)::int FROM migplan.backfill GROUP BY step, direction"
                ).fetchall()
            )


@pytest.mark.pg(18)
def test_killed_in_the_middle_of_the_copy(make_db: MakeDb, tmp_path: Path) -> None:
    found = large(make_db, tmp_path, OLD, NEW)
    first = state(found.live)
    apply(found.folder, order(found.live), stop_named(found.plan, "w0_1_expand"))
    with psycopg.connect(found.live) as in_the_way:
        in_the_way.execute("INSERT INTO \"~public~new\".item VALUES (2500, 'k', 0)")
        _kill_when_it_waits(found)
        in_the_way.rollback()
    with psycopg.connect(found.live) as db:
        (copied,) = db.execute('SELECT count(*) FROM "~public~new".item').fetchone() or (0,)
        assert 0 < int(copied) < 2500
        db.execute("UPDATE item SET kind = 'late' WHERE id = 600")
        db.execute("DELETE FROM item WHERE id = 999")
    heard, several = Counting(url=found.live), Pace(rows=100, workers=3)
    to_the_end(found.folder, found.live, heard, several)
    assert found.second() == ([], [])
    back_to(found.folder, found.live, heard=heard, pace=several)
    parts = {what: count for what, count in heard.parts.items() if "copy:" in what}
    assert parts == {"copy:table:public.item:new up": 3, "retire:copy:table:public.item:old down": 3}
    with psycopg.connect(found.live) as db:
        assert db.execute("DELETE FROM item WHERE kind = 'late' RETURNING id").fetchall() == [(600,)]
        db.execute("INSERT INTO item VALUES (600, 'k5', 600), (999, 'k5', 999)")
    expect_same(state(found.live), first)


BOTH = """
CREATE TABLE day (day date PRIMARY KEY, note text);
CREATE INDEX day_note ON day (note);
CREATE TABLE seen (id int GENERATED ALWAYS AS IDENTITY, day date REFERENCES day, PRIMARY KEY (id, day));
CREATE INDEX seen_day ON seen (day);
CREATE VIEW days AS SELECT day, count(*) AS times FROM seen GROUP BY day;
"""
BOTH_DAYS = """
INSERT INTO day SELECT date '2026-01-01' + g, 'n' FROM generate_series(0, 99) g;
INSERT INTO seen (day) SELECT date '2026-01-01' + g % 100 FROM generate_series(1, 300) g;
ANALYZE;
"""
BOTH_PARTITIONED = (
    BOTH.replace("note text)", "note text) PARTITION BY RANGE (day)").replace("day))", "day)) PARTITION BY HASH (id)")
    + """
-- migplan: existing-rows
CREATE TABLE day_past PARTITION OF day FOR VALUES FROM (MINVALUE) TO ('2027-01-01');
CREATE TABLE day_next PARTITION OF day FOR VALUES FROM ('2027-01-01') TO (MAXVALUE);
CREATE TABLE seen_0 PARTITION OF seen FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE seen_1 PARTITION OF seen FOR VALUES WITH (MODULUS 2, REMAINDER 1);
"""
)


@pytest.mark.pg(18)
def test_back_from_wherever_it_was_killed(make_db: MakeDb, tmp_path: Path) -> None:
    """One table is copied, the one that it refers to becomes a partition: whenever it ends, all of both is there."""
    found = large(make_db, tmp_path, BOTH + BOTH_DAYS, BOTH_PARTITIONED)
    first = state(found.live)
    name = found.live.rpartition("/")[2] + "_b"
    with Killer(found.folder.path, once=True) as killer, Killer(found.folder.path) as leading_back:
        while (place := killer.run(found.live, "up")) is not None:
            if len(killer.places) % 2:
                continue
            copy = copy_of(found.live, name)
            try:
                assert leading_back.run(copy, "down", kill=False) is None
                expect_same(state(copy), first)
            except AssertionError as error:
                raise AssertionError(f"after {place}") from error
            finally:
                drop(copy)
        assert len(killer.places) > 10
    assert found.second() == ([], [])
    back_to(found.folder, found.live, "w0_1_expand")
    to_the_end(found.folder, found.live)
    assert found.second() == ([], [])


def _kill_when_it_waits(found: Migration) -> None:
    child = os.fork()
    if child == 0:
        to_the_end(found.folder, found.live)
        os._exit(0)
    with psycopg.connect(found.live, autocommit=True) as db:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not db.execute(_WAITING).fetchall():
            time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    with psycopg.connect(found.live, autocommit=True) as db:
        assert db.execute(_WAITING.replace("SELECT 1", "SELECT pg_terminate_backend(pid)")).fetchall() == [(True,)]


_WAITING = """
SELECT 1 FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO "~public~new"%'
"""


BOOKED = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE booking (id int PRIMARY KEY, room int, hours int4range NOT NULL{more});
"""
BOOKINGS = "INSERT INTO booking SELECT g, g % 7, int4range(g, g + 1) FROM generate_series(1, 3000) g; ANALYZE;"


@pytest.mark.parametrize("config", [LARGE, ""], ids=["built a second time", "in place"])
def test_rows_that_exclude_each_other_are_named(make_db: MakeDb, tmp_path: Path, config: str) -> None:
    """Before the checkpoint the application may write them; behind it, the plan waits until either is mended."""
    new = BOOKED.format(more=", CONSTRAINT apart EXCLUDE USING gist (room WITH =, hours WITH &&)")
    found = proved(make_db, tmp_path, BOOKED.format(more="") + BOOKINGS, new, config=config)
    psql(found.live, "UPDATE booking SET room = 1, hours = '[8,9)' WHERE id = 2000")
    heard = Heard()
    for _ in range(2):
        reached = apply(found.folder, order(found.live, heard))
        assert reached.checkpoint is not None
    conflict = "conflict with each other by exclusion constraint apart"
    waits = f"rows of table public.booking, in its new form, {conflict}; they wait in the log"
    assert any(said.startswith(waits) for said in heard.said) == bool(config), heard.said
    with psycopg.connect(found.live, autocommit=True) as db:
        confirm(found.folder, db, 1, "test")
    heard = Heard()
    with pytest.raises(ExecutionError, match=rf"rows of table public\.booking[^:]* {conflict} \[23P01\]"):
        apply(found.folder, order(found.live, heard))
    assert [said for said in heard.said if "(room, hours)=(1, [8,9)) conflicts with" in said]
    psql(found.live, "UPDATE booking SET room = 99 WHERE id = 8")
    apply(found.folder, order(found.live))
    assert found.second() == ([], [])
