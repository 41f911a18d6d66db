"""Fixtures for tests against real servers: ``pg_url`` and ``make_db``.

A test that takes one of them runs once for each major version of ``--pg 14,18`` (or ``MIGPLAN_TEST_PG``).
``@pytest.mark.pg(16, 17)`` names a test's versions itself; ``@pytest.mark.pg(min=15)`` bounds them. Tests of what versions
don't do differently run on one of two versions, some on this one, some on that: see ``ONE_SERVER``.
"""

from __future__ import annotations

import os
import secrets
import signal
import zlib
from contextlib import contextmanager, suppress
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.support import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

HERE = Path(__file__).parent
DATABASE_PREFIX = "migplan_test_"
ONE_SERVER = frozenset({"cli", "cli_errors", "findings", "lint", "renames", "report", "squawk", "strategies"})
"""Directories whose tests run on one of two servers, but for those marked ``everywhere`` and those that ask for the
version."""


class MakeDb(Protocol):
    """Makes a database, runs the SQL given in it and returns its URL."""

    def __call__(self, script: str = "") -> str: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    default = os.environ.get("MIGPLAN_TEST_PG", "14,18")
    parser.addoption("--pg", default=default, metavar="MAJORS", help=f"PostgreSQL versions (now {default})")


def pytest_configure(config: pytest.Config) -> None:
    # A shell ignores SIGINT in what it starts in the background, nohup ignores SIGHUP, and so would all that the tests
    # start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.addinivalue_line("markers", "pg(*majors, min=14, max=18): the PostgreSQL versions a test runs on")
    config.addinivalue_line("markers", "everywhere: a test runs on every server of the run")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "pg_major" in metafunc.fixturenames:
        chosen = [int(major) for major in str(metafunc.config.getoption("--pg")).split(",")]
        majors = _majors(chosen, metafunc.definition.get_closest_marker("pg"))
        metafunc.parametrize("pg_major", majors, ids=[f"pg{major}" for major in majors], scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a test out where another server of this run has it."""
    chosen = [int(major) for major in str(config.getoption("--pg")).split(",")]
    left = [item for item in items if item.path.parent.name in ONE_SERVER and not _runs(item, chosen)]
    gone = set(left)
    items[:] = [item for item in items if item not in gone]
    config.hook.pytest_deselected(items=left)


def _runs(item: pytest.Item, chosen: Sequence[int]) -> bool:
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return True
    major = item.callspec.params.get("pg_major")
    own = item.get_closest_marker("pg") or item.get_closest_marker("everywhere")
    function = cast("Callable[..., object]", item.function)  # pyright: ignore[reportUnknownMemberType]
    if not isinstance(major, int) or own is not None or "pg_major" in signature(function).parameters:
        return True
    test = f"{item.path.relative_to(HERE)} {item.name.replace(f'pg{major}', 'pg')}"
    return runs_on(test, major, chosen)


def runs_on(test: str, major: int, chosen: Sequence[int]) -> bool:
    """Whether a test that one server is enough for runs on this one of two; a hash of its name says so. Where more are
    asked for, every test runs on all of them."""
    return len(chosen) > 2 or major == chosen[zlib.crc32(test.encode()) % len(chosen)]


def _majors(chosen: list[int], mark: pytest.Mark | None) -> list[int]:
    """The chosen versions that the mark allows; where it allows none of them, the nearest one that it does."""
    if mark is None:
        return chosen
    if mark.args:
        return list(mark.args)
    low, high = mark.kwargs.get("min", servers.MAJORS[0]), mark.kwargs.get("max", servers.MAJORS[-1])
    return [major for major in chosen if low <= major <= high] or [low if "min" in mark.kwargs else high]


@pytest.fixture(scope="session")
def pg_url(pg_major: int) -> str:
    """The URL of database ``postgres``, as superuser, on a running server."""
    url = servers.server(pg_major)
    _drop_abandoned(url)
    return url


@pytest.fixture
def make_db(pg_url: str) -> Iterator[MakeDb]:
    """Makes databases, each of its own name and empty but for the script; they go when the test ends."""
    with databases(pg_url) as make:
        yield make


@contextmanager
def databases(pg_url: str) -> Generator[MakeDb]:
    """What the fixture ``make_db`` gives, for less than a test; the databases go at the end."""
    names: list[str] = []

    def make(script: str = "") -> str:
        name = f"{DATABASE_PREFIX}{os.getpid()}_{secrets.token_hex(4)}"
        with psycopg.connect(pg_url, autocommit=True) as db:
            db.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template1").format(sql.Identifier(name)))
        names.append(name)
        url = database_url(pg_url, name)
        if script:
            with psycopg.connect(url, autocommit=True) as db:
                db.execute(script.encode())
        return url

    try:
        yield make
    finally:
        _drop(pg_url, names)


def database_url(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    parts = conninfo_to_dict(url)
    return f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{name}"


def _drop(url: str, names: list[str]) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        for name in names:
            db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _drop_abandoned(url: str) -> None:
    """Drop the databases of test runs that were killed; their names bear the process id."""
    with psycopg.connect(url) as db:
        rows = db.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [rf"^{DATABASE_PREFIX}\d+_"]).fetchall()
    pids = {name: int(name.removeprefix(DATABASE_PREFIX).split("_")[0]) for (name,) in rows}
    with suppress(psycopg.Error):  # another worker may be dropping the same ones
        _drop(url, [name for name, pid in pids.items() if not _alive(pid)])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
