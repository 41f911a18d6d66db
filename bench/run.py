"""Measure reading, diffing and starting against pg_dump, psql and Python, as ratios in one run.

    python bench/run.py URL [--tables 1000] [--rounds 5] [--large]

``URL`` is a server's database as superuser; databases of its own are made there and dropped. Rounds are interleaved and
medians compared, because machines are noisy.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from schemas import schema

MIGPLAN = str(Path(sys.executable).parent / "migplan")


def main() -> None:
    """Run, and print one line a ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="also ten times as many tables")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = _Measured(options.url, options.tables, Path(folder))
        small.rounds(options.rounds)
        _print("reading the live schema, to pg_dump -s", small.median("read"), small.median("pg_dump"), 1.0)
        _print("migplan diff, declaration cached, to pg_dump -s", small.median("diff"), small.median("pg_dump"), 2.0)
        first, load, again = small.median("first"), small.median("psql"), small.median("diff")
        _print("migplan diff, first time, to psql's load and that", first, 1.3 * load + again, 1.0)
        _print("migplan --help, to python -c pass", small.median("help"), small.median("python"), 5.0)
        if options.large:
            large = _Measured(options.url, 10 * options.tables, Path(folder))
            large.rounds(1)
            _print("migplan diff of ten times as many tables", large.median("diff"), small.median("diff"), 12.0)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"largest process: {memory:.0f} MB")


def _print(what: str, value: float, base: float, limit: float) -> None:
    ratio = value / base
    print(f"{what}: {ratio:.2f} (at most {limit}; {value:.2f} s to {base:.2f} s){'' if ratio <= limit else '  MISSED'}")


class _Measured:
    """One size of schema, and the times of every command, in seconds."""

    def __init__(self, url: str, tables: int, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._live = self._database(f"migplan_bench_{tables}")
        self._loaded = folder / f"live_{tables}.sql"
        self._loaded.write_text(schema(tables))
        self._psql(self._live, self._loaded)
        self._declared = folder / f"declared_{tables}.sql"
        self._declared.write_text(schema(tables, changed=True))
        self._times: dict[str, list[float]] = {}

    def rounds(self, number: int) -> None:
        """Run every command so often, in turns."""
        for _ in range(number):
            self._time("pg_dump", lambda: _run("pg_dump", "-s", "-f", os.devnull, self._live))
            self._time("read", self._read)
            self._clear_cache()
            self._time("first", self._diff)
            self._time("diff", self._diff)
            target = self._database("migplan_bench_load")
            self._time("psql", lambda url=target: self._psql(url, self._declared))
            self._time("help", lambda: _run(MIGPLAN, "--help"))
            self._time("python", lambda: _run(sys.executable, "-c", "pass"))

    def median(self, name: str) -> float:
        """Of all rounds."""
        return statistics.median(self._times[name])

    def _time(self, name: str, action: Callable[[], None]) -> None:
        start = time.perf_counter()
        action()
        self._times.setdefault(name, []).append(time.perf_counter() - start)

    def _read(self) -> None:
        from migplan.source.introspect import introspect

        with psycopg.connect(self._live) as connection:
            introspect(connection)

    def _diff(self) -> None:
        _run(MIGPLAN, "diff", "--target", self._live, "--schema", str(self._declared), cache=self._folder / "cache")

    def _clear_cache(self) -> None:
        shutil.rmtree(self._folder / "cache", ignore_errors=True)

    def _psql(self, url: str, file: Path) -> None:
        _run("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", str(file))

    def _database(self, name: str) -> str:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        return make_conninfo(self._url, dbname=name)


def _run(*command: str, cache: Path | None = None) -> None:
    environment = os.environ | ({"XDG_CACHE_HOME": str(cache)} if cache else {})
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)


if __name__ == "__main__":
    main()
