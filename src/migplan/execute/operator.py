"""One operator at a time: a session's advisory lock, held on a connection of its own for as long as a run lasts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterable
from typing import Final

import psycopg

from migplan.core.errors import ExecutionError, TargetError
from migplan.core.sql import Sql, join, literal, sql
from migplan.execute.failures.interrupts import heeding_signals, watched
from migplan.execute.failures.retry import lost
from migplan.execute.failures.silence import severed_after
from migplan.execute.ledger.ledger import FencedError, installed
from migplan.source.connect import Connection, connect, describe, redact

LOCK_KEY: Final = 7_163_948_001
WORK_KEY: Final = 7_163_948_003
"""Held, shared, by every session that changes the database for a run: an operator who comes later ends them first."""
_LEFT_FOR: Final = 60.0
_SETTINGS: Final = (
    (14, "statement_timeout", "0"),
    (14, "lock_timeout", "0"),
    (14, "idle_in_transaction_session_timeout", "0"),
    (14, "idle_session_timeout", "0"),
    (17, "transaction_timeout", "0"),
    (14, "client_min_messages", "warning"),
    (14, "row_security", "off"),
    (14, "default_transaction_isolation", "read committed"),
)
"""By the first version that knows them: no default of the role or database is to end a session that waits. What a
policy would hide from the role is an error: rows left out of a fill, a copy or a count are lost."""
_READABLE: Final = Sql("set_config('datestyle', 'ISO', false)")
"""Whatever order of day and month is the database's own."""
_ALIVE: Final = (
    (14, "tcp_keepalives_idle", "30"),
    (14, "tcp_keepalives_interval", "10"),
    (14, "tcp_keepalives_count", "3"),
    (14, "tcp_user_timeout", "60s"),
    (14, "client_connection_check_interval", "10s"),
)
"""So that the server ends what it does for an operator whose machine is gone, and frees the lock."""
_DURABLE: Final = Sql(
    "CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'local', false) END"
)
"""What the operator was told has happened must still have happened after a crash."""
_FOREIGN: Final = (
    "Another role made the ledger. It, or a superuser, lets this one in: GRANT USAGE ON SCHEMA migplan TO …; GRANT ALL"
    " ON ALL TABLES IN SCHEMA migplan TO …; GRANT ALL ON ALL SEQUENCES IN SCHEMA migplan TO …"
)
_ANSWERS_IN: Final = 30.0
"""Seconds that a server which lets somebody in has for the first answer."""
_HOLDER: Final = """
SELECT a.pid, a.usename, a.application_name, a.client_addr, a.backend_start
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::bigint << 32 | l.objid::bigint) = %s
"""


def open_session(target: str, what: str, *, besides: Sql = _READABLE) -> Connection:
    """A connection that no default of the role or database ends early; ``what`` it is for shows in pg_stat_activity.
    ``besides`` is what else is selected, in the same message: over a network each is worth its milliseconds.

    Raises ``TargetError`` where it can't be had.
    """
    connection = watched(connect(target))
    try:
        with severed_after(_ANSWERS_IN, connection):
            _prepare(connection, what, besides)
    except psycopg.OperationalError as failure:
        connection.close()
        raise TargetError(
            f"can't connect to the target ({describe(target)}): {redact(' '.join(str(failure).split()))}",
            hint="Run the same command again when the server answers.",
        ) from failure
    return connection


def _prepare(connection: Connection, what: str, besides: Sql) -> None:
    try:
        _set(connection, what, (*_SETTINGS, *_ALIVE), besides)
    except psycopg.DataError:  # servers on some systems know no other value than 0 for what keeps connections alive
        _set(connection, what, _SETTINGS, besides)


def _set(connection: Connection, what: str, settings: Iterable[tuple[int, str, str]], besides: Sql) -> None:
    major = connection.info.server_version // 10000
    own = ("application_name", f"migplan {what}"[:63])
    pairs = [own, *((name, value) for since, name, value in settings if major >= since)]
    made = [sql("set_config({}, {}, false)", literal(name), literal(value)) for name, value in pairs]
    made += [_DURABLE, besides]
    connection.execute(sql("SELECT {}", join(", ", made)).encode())


def open_worker(target: str, what: str) -> Connection:
    """A session that changes the database, known as such to whoever takes over."""
    return open_session(target, what, besides=sql("pg_advisory_lock_shared({})", WORK_KEY))


@contextlib.contextmanager
def sole_operator(target: str, what: str) -> Generator[Connection]:
    """The connection that holds the lock: the run lives as long as it does.

    Raises ``ExecutionError``, with who holds the lock since when, where there is another operator; and for what the
    server refuses beside the plan's own statements.
    """
    with heeding_signals(), contextlib.closing(open_session(target, what)) as desk:
        row = desk.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,)).fetchone()
        if row is None or not row[0]:
            raise ExecutionError(
                f"another operator works on this database: {_holder(desk)}",
                hint="Wait until that run has ended; 'migplan status' shows it. Where its process is gone, and a proxy"
                f" or the network keeps its session open: {_freeing(desk)} frees the lock.",
            )
        try:
            end_leftovers(desk)
            yield desk
        except psycopg.Error as error:
            raise (_fenced(error) if desk.closed or lost(error) else _stopped("the run can't go on", error)) from error


def end_leftovers(desk: Connection) -> None:
    """End what the server still does for a run that is dead: its client was killed, or cut off by the network.

    The server would notice only with its next answer, and could commit what the ledger doesn't expect any more.
    Raises ``ExecutionError``, with who it is, where that can't be ended.
    """
    end = time.monotonic() + _LEFT_FOR
    while found := desk.execute(_HOLDER, (WORK_KEY,)).fetchall():
        if time.monotonic() > end:
            raise ExecutionError(
                f"a session of an earlier run still works on this database: pid {found[0][0]}, {found[0][2]}",
                hint=f"Let its owner or a superuser end it: SELECT pg_terminate_backend({found[0][0]}).",
            )
        for pid, *_ in found:
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
                desk.execute("SELECT pg_terminate_backend(%s)", (pid,))
        time.sleep(0.05)


def left_at_work(connection: Connection) -> list[tuple[int, str]]:
    """Sessions that change the database for a run, whoever's: pid and what they call themselves."""
    return [(int(row[0]), str(row[2])) for row in connection.execute(_HOLDER, (WORK_KEY,)).fetchall()]


def still_held(desk: Connection) -> None:
    """Raises ``FencedError`` where the lock's connection is gone, and the lock with it."""
    with held():
        desk.execute("SELECT 1")


@contextlib.contextmanager
def held() -> Generator[None]:
    """What the desk is asked tells whether the lock is held. Raises ``FencedError`` where its connection is gone,
    ``ExecutionError`` where the server refuses what the ledger needs: it has no room, say."""
    try:
        yield
    except psycopg.Error as error:
        raise (_fenced(error) if lost(error) else _stopped("the ledger can't be written", error)) from error


def _stopped(what: str, error: psycopg.Error) -> ExecutionError:
    said = error.diag.message_primary or " ".join(str(error).split())
    foreign = isinstance(error, psycopg.errors.InsufficientPrivilege) and "migplan" in said
    return ExecutionError(
        f"{what}: {said} [{error.sqlstate or 'no SQLSTATE'}]",
        hint=_FOREIGN if foreign else "Mend the cause and run the same command again: it continues.",
    )


def _fenced(error: psycopg.Error) -> FencedError:
    return FencedError(
        f"the connection that holds the operator's lock is gone: {' '.join(str(error).split())}",
        hint="Nothing runs without it. Run the same command again when the server answers: it continues.",
    )


def holder(connection: Connection) -> str | None:
    """Who works on the database right now, if anybody does."""
    return _holder(connection) if connection.execute(_HOLDER, (LOCK_KEY,)).fetchone() else None


def _freeing(connection: Connection) -> str:
    """What ends the session that holds the operator's lock."""
    row = connection.execute(_HOLDER, (LOCK_KEY,)).fetchone()
    return f"SELECT pg_terminate_backend({'…' if row is None else row[0]})"


def _holder(connection: Connection) -> str:
    row = connection.execute(_HOLDER, (LOCK_KEY,)).fetchone()
    if row is None:
        return "it has just ended"
    pid, user, application, address, since = row
    named = ""
    if installed(connection):
        run = connection.execute(
            "SELECT operator, plan, direction, started FROM migplan.run WHERE outcome = 'running'"
            " ORDER BY id DESC LIMIT 1"
        ).fetchone()
        named = f"; {run[0]} runs {run[1]} ({run[2]}) since {run[3]:%Y-%m-%d %H:%M:%S %Z}" if run else ""
    return f"pid {pid}, user {user}, {application}, from {address or 'a local socket'} since {since:%H:%M:%S}{named}"
