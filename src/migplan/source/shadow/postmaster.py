"""A PostgreSQL server as a child process: its cluster made, its start awaited, its end without ceremony."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from migplan.core.errors import ShadowError
from migplan.source.shadow.account import Account

PORT: Final = 5432
SOCKET: Final = f".s.PGSQL.{PORT}"

Settings = tuple[tuple[str, str], ...]

_SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "100",
    "max_locks_per_transaction": "1024",  # a declaration of thousands of tables is loaded in one transaction
    "autovacuum": "off",  # its locks would show among the measured ones
    "jit": "off",
    "timezone": "UTC",
}
LIKE_LIVE: Final = (
    ("wal_level", "replica"),
    ("full_page_writes", "on"),
    ("autovacuum", "on"),
    ("shared_buffers", "256MB"),
    ("max_connections", "200"),
)
"""Settings of a server on which what is written, and what stands in the way, is to be as on a live one."""
_INITDB: Final = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
_PATIENCE: Final = 60
"""Seconds for a program to end, and for a server to get ready."""
_HINT: Final = "Name a shadow database, or install a PostgreSQL server of the target's version."


@contextmanager
def running(binaries: Path, home: Path, account: Account, settings: Settings = ()) -> Generator[None]:
    """A server with a fresh cluster in ``home/data``, its socket in ``home``; ``settings`` overrule the usual ones.

    Raises ``ShadowError`` with what initdb or the server said when it doesn't get ready.
    """
    _initialise(binaries, home, account)
    with tempfile.TemporaryFile() as log:
        process = _launch(binaries, home, account, log, settings)
        try:
            _await_ready(process, home, log)
            yield
        finally:
            _quit(process)


def run(command: Sequence[str | Path], account: Account, cwd: Path) -> tuple[int, str]:
    """Run a program as the account; its exit code and what it said.

    Raises ``ShadowError`` when it can't run or takes a minute.
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            cwd=cwd,
            env=_environment(),
            timeout=_PATIENCE,
            user=account.user,
            group=account.group,
            extra_groups=account.extra_groups,
        )
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise ShadowError(f"can't run {command[0]}: {failure}", hint=_HINT) from failure
    return done.returncode, done.stdout


def _initialise(binaries: Path, home: Path, account: Account) -> None:
    code, output = run([binaries / "initdb", *_INITDB, "--pgdata", home / "data"], account, home)
    if code:
        raise ShadowError(f"{binaries / 'initdb'} failed: {_last_lines(output)}", hint=_HINT)


def _launch(binaries: Path, home: Path, account: Account, log: IO[bytes], given: Settings) -> subprocess.Popen[bytes]:
    settings = [word for name, value in {**_SETTINGS, **dict(given)}.items() for word in ("-c", f"{name}={value}")]
    command = [binaries / "postgres", "-D", home / "data", "-k", home, "-p", str(PORT), *settings]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for migplan alone
            user=account.user,
            group=account.group,
            extra_groups=account.extra_groups,
        )
    except OSError as failure:
        raise ShadowError(f"can't run {command[0]}: {failure}", hint=_HINT) from failure


def _await_ready(process: subprocess.Popen[bytes], home: Path, log: IO[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not _is_ready(home):
        if process.poll() is not None or time.monotonic() > deadline:
            log.seek(0)
            said = _last_lines(log.read().decode(errors="replace"))
            raise ShadowError(f"the shadow's PostgreSQL didn't start: {said}", hint=_HINT)
        time.sleep(0.01)


def _is_ready(home: Path) -> bool:
    """Whether the server takes connections: the eighth line of its pid file says so, to ``pg_ctl --wait`` as well."""
    try:
        lines = (home / "data/postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


def _quit(process: subprocess.Popen[bytes]) -> None:
    """End the server without the checkpoint of an orderly shutdown: its data goes too."""
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment() -> dict[str, str]:
    """This process's, without what libpq's variables would tell a server, and with messages in English."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-5:])
