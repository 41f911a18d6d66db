"""Measure plans at work on a database: backfills, copies, what SYNC costs an application, many small steps, memory.

    python -m bench.live [--url URL] [--rows 1000000] [--steps 1000] [--rounds 3] [--only fill copy sync steps memory]

``URL`` leads as superuser to a database of the server to measure on; without it a server is started, which writes its
WAL out as live ones do. Databases of its own are made there and dropped.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from bench.measure import Taken, command
from bench.run import MEGABYTE, MIGPLAN
from psycopg.conninfo import make_conninfo
from tests.support.servers import client, own_server

LIVE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_wal_size": "8GB", "autovacuum": "off"}
"""Of the tests' servers' settings, those that a live server has otherwise. Autovacuum would come at random times."""
TABLE = """
CREATE TABLE item (id bigint PRIMARY KEY, name text NOT NULL, amount int NOT NULL, seen timestamptz NOT NULL,
                   note text NOT NULL);
INSERT INTO item SELECT g, 'name ' || g, g % 1000, now(), repeat('x', 60) FROM generate_series(1, {rows}) g;
"""
RENAMED = """
CREATE TABLE item (
  id bigint PRIMARY KEY,
  full_name text NOT NULL, -- migplan: renamed-from name
  amount int NOT NULL,
  seen timestamptz NOT NULL,
  note text NOT NULL
);
"""
TWIN = RENAMED.replace("item", "twin").replace(
    "full_name text NOT NULL, -- migplan: renamed-from name", "name text NOT NULL,"
)
PARTITIONED = (
    TABLE.partition("INSERT")[0].strip().removesuffix(";")
    + """ PARTITION BY RANGE (id);
CREATE TABLE item_few PARTITION OF item FOR VALUES FROM (MINVALUE) TO ({half});
CREATE TABLE item_many PARTITION OF item FOR VALUES FROM ({half}) TO (MAXVALUE);
"""
)
UPDATES = {
    "plain": "UPDATE twin SET amount = amount + 1 WHERE id = %s",
    "other": "UPDATE item SET amount = amount + 1 WHERE id = %s",
    "own": "UPDATE item SET name = name || '.' WHERE id = %s",
}
PARTS = ("fill", "copy", "sync", "steps", "memory")
CONFIG = "[planning]\nsmall_table_rows = 0\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and print one line a measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.live", description="Measure migplan's runs of plans.")
    parser.add_argument("--url", help="a database of the server to measure on, as superuser")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=PARTS, choices=PARTS)
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        url = options.url or stack.enter_context(own_server(18, LIVE)).url
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if "fill" in options.only:
            for workers in (1, 2):
                _backfill(url, folder / f"fill{workers}", options.rows, options.rounds, workers)
        if "copy" in options.only:
            for workers in (1, 2):
                _copy(url, folder / f"copy{workers}", options.rows, options.rounds, workers)
        if "sync" in options.only:
            _sync(url, folder / "sync", options.rounds)
        if "steps" in options.only:
            _steps(url, folder / "steps", options.steps, options.rounds)
        if "memory" in options.only:
            _memory(url, folder / "memory", options.rows)


def _backfill(url: str, folder: Path, rows: int, rounds: int, workers: int) -> None:
    """Rows a second of a backfill against one UPDATE of the same column, and how long it locks rows."""
    single, whole, alone, longest = list[float](), list[float](), list[float](), list[float]()
    for number in range(rounds):
        with _planned(url, folder / str(number), TABLE.format(rows=rows), RENAMED) as (live, plan):
            _apply(live, plan, "--through", "w0_1_expand")
            _settle(live)
            single.append(rows / _one_update(live))
            _settle(live, "VACUUM FULL item")
            _settle(live, "VACUUM item")
            with _watch(live) as seen:
                whole.append(rows / _apply(live, plan, "--workers", str(workers)).wall)
            alone.append(rows / _filling(live, "fill"))
            longest.append(max(seen, default=0.0))
    base, by = statistics.median(single), _by(rows, workers)
    print(f"backfill of {by}, to one UPDATE: {statistics.median(alone) / base:.2f} (at least 0.8; {base:,.0f} rows a")
    print(f"  second by the UPDATE); with all that the command does beside it: {statistics.median(whole) / base:.2f}")
    print(f"  longest transaction that held row locks: {max(longest):.2f} s (at most 1)")


def _one_update(live: str) -> float:
    with psycopg.connect(live) as db:
        db.execute("SET LOCAL migplan.sync = 'off'")
        began = time.perf_counter()
        db.execute("UPDATE item SET full_name = name WHERE full_name IS DISTINCT FROM name")
        took = time.perf_counter() - began
        db.rollback()
    return took


def _by(rows: int, workers: int) -> str:
    return f"{rows:,} rows by {workers} worker{'s' * (workers > 1)}"


def _filling(live: str, verb: str) -> float:
    """The seconds from the first batch of that step to the last, by the ledger."""
    with psycopg.connect(live) as db:
        row = db.execute(
            "SELECT extract(epoch FROM max(updated) - min(started))::float8 FROM migplan.backfill WHERE step LIKE %s",
            (f"{verb}:%",),
        ).fetchone()
        assert row is not None
        return float(row[0])


def _copy(url: str, folder: Path, rows: int, rounds: int, workers: int) -> None:
    """Rows a second of a table's copying into its declared form against one INSERT … SELECT, both with its key."""
    single, batches, longest = list[float](), list[float](), list[float]()
    new = PARTITIONED.format(half=rows // 2)
    for number in range(rounds):
        with _planned(url, folder / str(number), TABLE.format(rows=rows), new) as (live, plan):
            _apply(live, plan, "--through", "w0_1_expand")
            _settle(live)
            single.append(rows / _one_insert(live))
            _settle(live, 'VACUUM FULL "~public~new".item')
            with _watch(live) as seen:
                _apply(live, plan, "--workers", str(workers))
            batches.append(rows / _filling(live, "copy"))
            longest.append(max(seen, default=0.0))
    base = statistics.median(single)
    print(
        f"copy of {_by(rows, workers)}, to one INSERT … SELECT: {statistics.median(batches) / base:.2f} (at least 0.5;"
    )
    print(f"  {base:,.0f} rows a second by that); longest transaction that wrote: {max(longest):.2f} s (at most 1)")


def _one_insert(live: str) -> float:
    with psycopg.connect(live) as db:
        began = time.perf_counter()
        db.execute('INSERT INTO "~public~new".item SELECT * FROM item')
        took = time.perf_counter() - began
        db.rollback()
    return took


def _sync(url: str, folder: Path, rounds: int) -> None:
    """What the trigger costs an application's single-row updates, by turns with a table of the same rows without it."""
    twin = TABLE.format(rows=20_000).replace("item", "twin")
    with _planned(url, folder / "0", TABLE.format(rows=20_000) + twin, RENAMED + TWIN) as (live, plan):
        _apply(live, plan)
        taken: dict[str, list[float]] = {"plain": [], "other": [], "own": []}
        for _ in range(5 * rounds):
            for name, statement in UPDATES.items():
                taken[name].append(_updates(live, statement))
    plain, other, own = (statistics.median(taken[name]) for name in UPDATES)
    print(f"updates under SYNC, of another column: {plain / other:.2f} times as long; of the column itself:")
    print(f"  {plain / own:.2f} ({plain:,.0f} a second without)")


def _steps(url: str, folder: Path, steps: int, rounds: int) -> None:
    """An apply of many trivial steps, each a transaction, against psql with the same files."""
    old = "\n".join(f"CREATE TABLE t{n} (id int PRIMARY KEY);" for n in range(steps))
    new = old.replace("PRIMARY KEY)", "PRIMARY KEY, note text)")
    ours, theirs = list[float](), list[float]()
    with _planned(url, folder / "0", old, new) as (live, plan):
        ups, downs = sorted(plan.glob("*.up.sql")), sorted(plan.glob("*.down.sql"), reverse=True)
        for _ in range(rounds):
            _settle(live, "VACUUM")
            theirs.append(_psql(live, ups))
            _psql(live, downs)
            _settle(live, "VACUUM")
            ours.append(_apply(live, plan).wall)
            command(MIGPLAN, "rollback", plan, "--target", live, "--yes")
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"apply of {steps:,} trivial steps to psql with the same files: {ratio:.2f} (at most 1.5;"
        f" {statistics.median(ours):.2f} to {statistics.median(theirs):.2f} s)"
    )


def _psql(live: str, files: Sequence[Path]) -> float:
    words = [word for file in files for word in ("-f", str(file))]
    return command(client("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", live, *words).wall


def _memory(url: str, folder: Path, rows: int) -> None:
    """The peak of an apply that fills a table, and of one that fills a table of ten times as many rows."""
    peaks: list[int] = []
    for size in (rows // 10, rows):
        with _planned(url, folder / str(size), TABLE.format(rows=size), RENAMED) as (live, plan):
            peaks.append(_apply(live, plan, "--workers", "2").memory)
    print(
        f"memory of an apply that fills {rows:,} rows to one that fills {rows // 10:,}: {peaks[1] / peaks[0]:.2f}"
        f" (about 1; {peaks[1] / MEGABYTE:.0f} MB)"
    )


@contextmanager
def _planned(url: str, folder: Path, old: str, new: str) -> Generator[tuple[str, Path]]:
    """A database with the old schema and its rows, and a plan for the new one."""
    folder.mkdir(parents=True)
    declared, config, plan = folder / "schema.sql", folder / "migplan.toml", folder / "plan"
    declared.write_text(new)
    config.write_text(CONFIG)
    name = f"migplan_bench_{folder.parent.name}_{folder.name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        live = make_conninfo(url, dbname=name)
        try:
            with psycopg.connect(live, autocommit=True) as db:
                db.execute(old.encode())
                db.execute("VACUUM ANALYZE")
            made = ("--schema", declared, "--config", config, "--out", plan)
            command(MIGPLAN, "plan", "--target", live, *made)
            yield live, plan
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _apply(live: str, plan: Path, *more: str) -> Taken:
    config = plan.with_name("migplan.toml")
    return command(MIGPLAN, "apply", plan, "--target", live, "--config", config, "--yes", *more)


def _settle(live: str, statement: str = "CHECKPOINT") -> None:
    """Every measure begins with a table without dead rows, and with clean buffers."""
    with psycopg.connect(live, autocommit=True) as db:
        db.execute(statement.encode())
        db.execute("CHECKPOINT")


@contextmanager
def _watch(live: str) -> Generator[list[float]]:
    """The ages of transactions of backfills that have written, looked at fifty times a second."""
    ages, done = list[float](), threading.Event()

    def look() -> None:
        with psycopg.connect(live, autocommit=True) as db:
            while not done.wait(0.02):
                ages.extend(age for (age,) in db.execute(_AGES).fetchall())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield ages
    finally:
        done.set()
        thread.join()


_AGES = """
SELECT extract(epoch FROM clock_timestamp() - xact_start)::float8 FROM pg_stat_activity
WHERE application_name LIKE 'migplan backfill%' AND xact_start IS NOT NULL AND backend_xid IS NOT NULL
"""


def _updates(live: str, statement: str, seconds: float = 0.5) -> float:
    """Updates a second of one session, of one row each."""
    with psycopg.connect(live, autocommit=True) as db:
        begin = time.perf_counter()
        done = 0
        while time.perf_counter() - begin < seconds:
            db.execute(statement.encode(), (1 + done * 7919 % 20_000,), prepare=True)
            done += 1
        return done / (time.perf_counter() - begin)


if __name__ == "__main__":
    main(sys.argv[1:])
