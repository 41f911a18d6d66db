"""Who stands in the way of a session, and since when; looked at from another connection while the session waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import psycopg

from migplan.core.errors import MigplanError
from migplan.core.records import record
from migplan.execute.failures import silence
from migplan.execute.failures.interrupts import answers_nothing
from migplan.execute.failures.silence import Silence, severed_after
from migplan.execute.operator import open_session
from migplan.source.connect import Connection

_EVERY: Final = 0.3
_BLOCKERS: Final = """
SELECT a.pid, coalesce(a.usename, a.backend_type), coalesce(nullif(a.application_name, ''), a.backend_type),
       coalesce(a.state, 'working'),
       extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start))::float8,
       left(regexp_replace(a.query, '\\s+', ' ', 'g'), 80), a.backend_type = 'client backend'
FROM unnest(pg_blocking_pids(%(pid)s)) AS blocking(pid) JOIN pg_stat_activity a USING (pid)
WHERE a.pid <> pg_backend_pid()
UNION ALL
SELECT DISTINCT 0, p.owner::text, p.gid, 'prepared', extract(epoch FROM clock_timestamp() - p.prepared)::float8,
       '', false
FROM pg_prepared_xacts p WHERE 0 = ANY(pg_blocking_pids(%(pid)s)) AND p.database = current_database()
ORDER BY 5 DESC
"""
_INDEX_BUILD: Final = """
SELECT phase, CASE WHEN blocks_total > 0 THEN blocks_done::float8 / blocks_total
                   WHEN tuples_total > 0 THEN tuples_done::float8 / tuples_total END
FROM pg_stat_progress_create_index WHERE pid = %s
"""


@record
class Blocker:
    """One session in the way; ``age`` of its transaction in seconds."""

    pid: int
    user: str
    application: str
    state: str
    age: float
    query: str
    is_client: bool

    @property
    def who(self) -> str:
        """Without the query, which may hold an application's data."""
        if self.pid == 0:
            return f"the prepared transaction {self.application!r} of {self.user}, {self.age:.0f} s old"
        return f"pid {self.pid} ({self.user}, {self.application}, {self.state} for {self.age:.0f} s)"

    def __str__(self) -> str:
        return f"{self.who}: {self.query}" if self.query else self.who


def blockers_of(connection: Connection, pid: int) -> list[Blocker]:
    """The sessions that the session ``pid`` waits for, the oldest transaction first.

    Whoever asks isn't one: a concurrent build waits for every snapshot, and asking takes one for a moment.
    """
    return [Blocker(*row) for row in connection.execute(_BLOCKERS, {"pid": pid}).fetchall()]


class Lookout:
    """A thread that looks at one session: what it waits for, how far an index build is; ends blockers where told to."""

    def __init__(
        self,
        target: str,
        session: Connection,
        *,
        say: Callable[[str], None],
        progress: Callable[[str, float], None],
        kill_older_than: float | None = None,
    ) -> None:
        self._target = target
        self._say = say
        self._silence = Silence(say)
        self.watch(session)
        self._progress = progress
        self._kill_older_than = kill_older_than
        self._stop = threading.Event()
        self._seen: list[Blocker] = []
        self._said: set[tuple[int, str]] = set()
        self._refused: set[int] = set()
        self._thread = threading.Thread(target=self._look, name="migplan lookout", daemon=True)

    def __enter__(self) -> Lookout:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=0.5 if answers_nothing() else 5)

    def watch(self, session: Connection) -> None:
        """Look at another session from here on: the one that took a lost connection's place."""
        self._pid = self._silence.watch(session)

    def heed(self, connection: Connection) -> None:
        """Break this one off, too, where nothing arrives on it any more."""
        self._silence.watch(connection)

    def blockers(self) -> list[Blocker]:
        """Who was in the way when it was last looked; forgotten once asked."""
        seen, self._seen = self._seen, []
        return seen

    def _look(self) -> None:
        connection: Connection | None = None
        while not self._stop.wait(_EVERY):
            began = time.monotonic()
            try:
                connection = connection or open_session(self._target, "lookout")
                with severed_after(silence.SILENT_FOR, connection):
                    self._look_once(connection)
                self._silence.heard()
            except (psycopg.Error, MigplanError):  # it is only a view: the next look tries again
                if connection is not None:
                    connection.close()
                connection = None
                if time.monotonic() - began < silence.SILENT_FOR:
                    self._silence.refused()
                else:
                    self._silence.unheard(began)
        if connection is not None:
            connection.close()

    def _look_once(self, connection: Connection) -> None:
        found = blockers_of(connection, self._pid)
        if found:
            self._seen = found
        for blocker in found:
            if (blocker.pid, blocker.application) not in self._said:
                self._say(f"waiting for {blocker}")
            self._end(connection, blocker)
        self._said = {(b.pid, b.application) for b in found}
        self._silence.look(connection)
        for phase, share in connection.execute(_INDEX_BUILD, (self._pid,)).fetchall():
            self._progress(str(phase), float(share or 0))

    def _end(self, connection: Connection, blocker: Blocker) -> None:
        limit = self._kill_older_than
        if limit is None or blocker.age < limit or not blocker.is_client:
            return
        try:
            connection.execute("SELECT pg_terminate_backend(%s)", (blocker.pid,))
        except psycopg.errors.InsufficientPrivilege as error:
            if blocker.pid not in self._refused:
                self._say(f"can't end {blocker.who}: {error.diag.message_primary}")
            self._refused.add(blocker.pid)
            return
        self._say(f"ended {blocker}, as --kill-blockers asks")
