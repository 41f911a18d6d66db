"""Runs that are ended from outside: nothing half-written, no scratch database left, a sentence."""

from __future__ import annotations

import signal
import subprocess
import time
import zlib
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command import Command

pytestmark = pytest.mark.pg(18)

SCRATCH = """
SELECT datname FROM pg_database WHERE datname ^@ 'migplan_shadow_' AND shobj_description(oid, 'pg_database') ~ %s
"""


def scratch_databases(url: str, pid: int) -> list[str]:
    """Those that this process made, by their mark."""
    with psycopg.connect(url, autocommit=True) as db:
        return [name for (name,) in db.execute(SCRATCH, [f'"pid": {pid}\\D']).fetchall()]


def asleep(url: str, pid: int, seconds: float = 60) -> bool:
    """Whether the server sleeps in a scratch database of this process, sooner or later."""
    deadline = time.monotonic() + seconds
    with psycopg.connect(url, autocommit=True) as db:
        while time.monotonic() < deadline:
            names = scratch_databases(url, pid)
            query = "SELECT FROM pg_stat_activity WHERE datname = ANY(%s) AND wait_event = 'PgSleep'"
            if db.execute(query, [names]).fetchone() is not None:
                return True
            time.sleep(0.05)
    return False


@pytest.fixture(params=["loading", "proof"])
def stuck(request: pytest.FixtureRequest, migplan: Command, live: str) -> Iterator[subprocess.Popen[str]]:
    """A run in the middle of loading the declaration, or of the proof; it stays there."""
    schema = migplan.write("s.sql", sleeping(migplan))
    what = ("--target", live, "--schema", schema)
    if request.param == "proof":
        assert migplan("diff", *what).status == 0
    with (
        psycopg.connect(live, autocommit=True, application_name=hold(migplan)),
        migplan.start("plan", *what, "--out", "plan") as process,
    ):
        try:
            assert asleep(live, process.pid)
            yield process
        finally:
            process.kill()


def hold(migplan: Command) -> str:
    """The name of the session that holds this test's runs back."""
    return f"hold {zlib.crc32(str(migplan.folder).encode())}"


def sleeping(migplan: Command) -> str:
    """A declaration that sleeps while that session is there, in whatever database it is loaded."""
    return (
        "CREATE MATERIALIZED VIEW m AS SELECT pg_sleep(60)::text AS slept FROM pg_stat_activity "
        f"WHERE application_name = '{hold(migplan)}';\n"
    )


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 130, "error: interrupted"),
        (signal.SIGTERM, 143, "error: terminated"),
        (signal.SIGHUP, 129, "error: terminated"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_run_that_is_asked_to_end(
    migplan: Command, live: str, stuck: subprocess.Popen[str], number: signal.Signals, status: int, said: str
) -> None:
    stuck.send_signal(number)
    out, err = stuck.communicate(timeout=20)
    assert (stuck.returncode, out) == (status, ""), err
    assert err.startswith(said)
    assert "Traceback" not in err
    assert scratch_databases(live, stuck.pid) == []
    assert migplan.left() == ["s.sql"]


def test_what_a_killed_run_leaves_is_swept_by_the_next(
    migplan: Command, live: str, wanted: str, stuck: subprocess.Popen[str]
) -> None:
    stuck.kill()
    stuck.communicate()
    left = scratch_databases(live, stuck.pid)
    assert left
    with psycopg.connect(live, autocommit=True) as db:
        for name in left:  # the server notices the end of a client when its sleep is over
            db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    for _ in range(20):
        assert migplan("diff", "--target", live, "--schema", wanted, "--config", no_cache(migplan)).status == 0
        if not scratch_databases(live, stuck.pid):
            break
    assert scratch_databases(live, stuck.pid) == []
    assert "plan" not in migplan.left()


def no_cache(migplan: Command) -> str:
    """Another configuration each time, so that the declaration is loaded."""
    return migplan.write("migplan.toml", f'[manage]\nignore = ["table x{time.monotonic_ns()}"]\n')


def test_a_server_that_goes_away(live: str, stuck: subprocess.Popen[str]) -> None:
    with psycopg.connect(live, autocommit=True) as db:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s)"
        db.execute(query, [scratch_databases(live, stuck.pid)])
    out, err = stuck.communicate(timeout=20)
    assert (stuck.returncode, out) == (1, "")
    assert err.startswith("error: the s")
    assert "Traceback" not in err
    assert scratch_databases(live, stuck.pid) == []
