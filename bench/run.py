"""Measure reading, diffing and starting against pg_dump, psql and Python, as ratios in one run.

    python -m bench.run [--url URL] [--tables 1000] [--rounds 5] [--large] [--plan]

``URL`` leads as superuser to a database of the server to measure on; without it the tests' PostgreSQL 18 is started.
Databases of its own are made there and dropped. Rounds are interleaved and medians compared, for machines are noisy.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from bench.measure import Series, Taken, call, command
from bench.schemas import schema
from psycopg.conninfo import make_conninfo
from tests.support.servers import client, server

from migplan.source.connect import connect
from migplan.source.reading.introspect import introspect

MIGPLAN = Path(sys.executable).with_name("migplan")
LARGE = 10
MEGABYTE = 1024 * 1024


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and print one line a ratio."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measure migplan on generated schemas.")
    parser.add_argument("--url", help="a database of the server to measure on, as superuser")
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="also ten times as many tables")
    parser.add_argument("--plan", action="store_true", help="also a plan, proved")
    options = parser.parse_args(arguments)
    url = options.url or server(18)
    gc.disable()  # as the command does
    with _bench(url, options.tables) as bench:
        for _ in range(options.rounds):
            bench.round()
        if options.plan:
            bench.plan()
    series = bench.series
    print("\n".join(series.table()))
    _print("reading the live schema, to pg_dump -s", series.wall("read"), series.wall("pg_dump"), 1.0)
    _print("diff, declaration cached, to pg_dump -s", series.wall("diff"), series.wall("pg_dump"), 2.0)
    _print("the same behind a change of the database", series.wall("changed diff"), series.wall("pg_dump"), 2.0)
    again = 1.3 * series.wall("psql") + series.wall("diff")
    _print("diff, first time, to 1.3 times loading by psql and the cached one", series.wall("first diff"), again, 1.0)
    _print("--help, to python -c pass", series.wall("help"), series.wall("python"), 5.0)
    if options.large:
        with _bench(url, LARGE * options.tables) as large:
            large.diffs()
        _print(f"diff of {LARGE} times as many tables", large.series.wall("diff"), series.wall("diff"), 12.0)
        memory = max(large.series.memory(name) for name in ("diff", "first diff")) / MEGABYTE
        print(f"memory of that diff: {memory:.0f} MB (below 1024)")


def _print(what: str, value: float, base: float, limit: float) -> None:
    ratio = value / base
    missed = "" if ratio <= limit else "  MISSED"
    print(f"{what}: {ratio:.2f} (at most {limit}; {value:.3f} s to {base:.3f} s){missed}")


@dataclass
class Bench:
    """One size of schema on one server; ``live`` is the database, ``declared`` the file with 1 % changed."""

    url: str
    folder: Path
    live: str
    declared: Path
    series: Series = field(default_factory=Series)

    def round(self) -> None:
        """Every command once."""
        self.series.add("pg_dump", command(client("pg_dump"), "-s", "-f", os.devnull, self.live))
        self.series.add("read", call(self._read))
        self.diffs()
        with _database(self.url, "loaded") as loaded:
            self.series.add("psql", _psql(loaded, self.declared))
        self.series.add("help", command(MIGPLAN, "--help"))
        self.series.add("python", command(sys.executable, "-c", "pass"))

    def diffs(self) -> None:
        """A diff that loads the declaration, one that finds both sides in the cache, and one that has to read again."""
        cache = self.folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        for name in ("first diff", "diff", "changed diff"):
            if name == "changed diff":
                _change(self.live)
            words = (MIGPLAN, "diff", "--target", self.live, "--schema", self.declared)
            self.series.add(name, command(*words, environment={"XDG_CACHE_HOME": str(cache)}))

    def plan(self) -> None:
        """A plan, proved, of the cached declaration."""
        words = (MIGPLAN, "plan", "--target", self.live, "--schema", self.declared, "--out", self.folder / "plan")
        self.series.add("plan", command(*words, environment={"XDG_CACHE_HOME": str(self.folder / "cache")}))

    def _read(self) -> None:
        with connect(self.live) as connection:
            introspect(connection)


@contextmanager
def _bench(url: str, tables: int) -> Generator[Bench]:
    with tempfile.TemporaryDirectory() as name, _database(url, "live") as live:
        folder = Path(name)
        before, declared = folder / "live.sql", folder / "declared.sql"
        before.write_text(schema(tables))
        declared.write_text(schema(tables, changed=True))
        _psql(live, before)
        yield Bench(url, folder, live, declared)


@contextmanager
def _database(url: str, what: str) -> Generator[str]:
    """A new database, dropped at the end."""
    name = f"migplan_bench_{os.getpid()}_{what}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        try:
            yield make_conninfo(url, dbname=name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _change(url: str) -> None:
    """Another comment than before on a table: what was remembered of the database holds no more."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"COMMENT ON TABLE t_1 IS '{time.monotonic_ns()}'".encode())


def _psql(url: str, file: Path) -> Taken:
    return command(client("psql"), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", file)


if __name__ == "__main__":
    main()
