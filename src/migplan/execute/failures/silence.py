"""Connections that hang: the server has answered, or never got what it was asked, and nothing arrives any more.

A pooler, a proxy or a firewall does that without closing anything, and no timeout of TCP notices where it answers for
the other end. So it is asked, on another connection, what the server knows of a session that is waited for.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Final

import psycopg

from migplan.source.connect import Connection, backend_pid

SILENT_FOR: Final = 15.0
GIVEN_UP: Final = 600.0
"""Seconds after which who waits for a server that answers nobody is broken off: there may be no one for a Ctrl-C."""
_STATES: Final = """
SELECT asked.pid, a.state_change FROM unnest(%s::integer[]) AS asked(pid) LEFT JOIN pg_stat_activity a USING (pid)
WHERE a.pid IS NULL OR a.state LIKE 'idle%%'
"""


def sever(connection: Connection) -> None:
    """Break a connection off, whoever waits for it in another thread: that one learns that it is lost."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def severed_after(seconds: float, connection: Connection) -> Generator[None]:
    """What is asked on the connection in the block has an answer in that time, or the connection is lost."""
    timer = threading.Timer(seconds, sever, (connection,))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Silence:
    """Watches a run's connections; ``say`` tells the operator what was broken off."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._watched: list[tuple[int, Connection]] = []
        self._guard = threading.Lock()
        self._since: dict[int, tuple[datetime | None, float]] = {}
        self._deaf_since: float | None = None
        self._told = False

    def watch(self, connection: Connection) -> int:
        """Watch one more that is idle, until it is closed. Its process on the server, 0 where the connection is lost
        already: whoever uses it next learns that."""
        try:
            pid = backend_pid(connection)
        except psycopg.Error:
            return 0
        with self._guard:
            self._watched = [(p, c) for p, c in self._watched if not c.closed] + [(pid, connection)]
        return pid

    def heard(self) -> None:
        """The server has answered somebody."""
        if self._told:
            self._say("the server answers again")
        self._deaf_since, self._told = None, False

    def refused(self) -> None:
        """Somebody has refused a connection: the server, or the network that knows no way to it. No silence, then."""
        self._deaf_since = None

    def unheard(self, since: float) -> None:
        """Nobody who asks on another connection has had an answer for all that time, and no connection was refused."""
        self._deaf_since = since if self._deaf_since is None else self._deaf_since
        with self._guard:
            watched = [c for _, c in self._watched if not c.closed]
        waiting = any(map(waits, watched))
        gone = time.monotonic() - self._deaf_since
        if waiting and not self._told:
            self._told = True
            self._say(
                f"nothing has come from the server for {gone:.0f} s, on no connection: waiting for it. Ctrl-C ends the"
                " run, and the same command continues once the server answers"
            )
        if gone > GIVEN_UP and waiting:
            self._say(f"nothing has come from the server for {gone:.0f} s: giving up")
            for connection in watched:  # those that are idle as well: what is to be said on them would wait as long
                sever(connection)

    def look(self, connection: Connection) -> None:
        """Break off those that have waited too long for a session with nothing to do. Raises what the server says."""
        with self._guard:
            waiting = {p: c for p, c in self._watched if not c.closed and waits(c)}
        found = connection.execute(_STATES, (list(waiting),)).fetchall() if waiting else []
        now, before = time.monotonic(), self._since
        self._since = {
            pid: before[pid] if pid in before and before[pid][0] == idle_since else (idle_since, now)
            for pid, idle_since in found
        }
        for pid, (_, since) in self._since.items():
            if now - since > SILENT_FOR:
                self._say(f"nothing arrives from the server's pid {pid}, which has nothing left to do: breaking it off")
                sever(waiting[pid])


def waits(connection: Connection) -> bool:
    """Whether the server was asked something, and hasn't answered yet."""
    return connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE
