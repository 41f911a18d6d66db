"""Who stands in the way of a session, and since when; looked at from another connection while the session waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import psycopg

from migplan.execute.operator import open_session
from migplan.source.connect import Connection

_EVERY: Final = 0.3
_BLOCKERS: Final = """
SELECT a.pid, coalesce(a.usename, a.backend_type), coalesce(nullif(a.application_name, ''), a.backend_type), a.state,
       extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start))::float8,
       left(regexp_replace(a.query, '\\s+', ' ', 'g'), 80), a.backend_type = 'client backend'
FROM unnest(pg_blocking_pids(%s)) AS blocking(pid) JOIN pg_stat_activity a USING (pid) ORDER BY 5 DESC
"""
_INDEX_BUILD: Final = """
SELECT phase, CASE WHEN blocks_total > 0 THEN blocks_done::float8 / blocks_total
                   WHEN tuples_total > 0 THEN tuples_done::float8 / tuples_total END
FROM pg_stat_progress_create_index WHERE pid = %s
"""


@dataclass(frozen=True, slots=True)
class Blocker:
    """One session in the way; ``age`` of its transaction in seconds."""

    pid: int
    user: str
    application: str
    state: str | None
    age: float
    query: str
    is_client: bool

    def __str__(self) -> str:
        doing = f"{self.state or 'working'} for {self.age:.0f} s: {self.query}"
        return f"pid {self.pid} ({self.user}, {self.application}, {doing})"


def blockers_of(connection: Connection, pid: int) -> list[Blocker]:
    """The sessions that the session ``pid`` waits for, the oldest transaction first."""
    return [Blocker(*row) for row in connection.execute(_BLOCKERS, (pid,)).fetchall()]


class Lookout:
    """A thread that looks at one session: what it waits for, how far an index build is; ends blockers where told to."""

    def __init__(
        self,
        target: str,
        pid: int,
        *,
        say: Callable[[str], None],
        progress: Callable[[str, float], None],
        kill_older_than: float | None = None,
    ) -> None:
        self._target = target
        self._pid = pid
        self._say = say
        self._progress = progress
        self._kill_older_than = kill_older_than
        self._stop = threading.Event()
        self._seen: list[Blocker] = []
        self._thread = threading.Thread(target=self._look, name="migplan lookout", daemon=True)

    def __enter__(self) -> Lookout:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def watch(self, pid: int) -> None:
        """Look at another session from here on: the one that took a lost connection's place."""
        self._pid = pid

    def blockers(self) -> list[Blocker]:
        """Who was in the way when it was last looked; forgotten once asked."""
        seen, self._seen = self._seen, []
        return seen

    def _look(self) -> None:
        connection: Connection | None = None
        said: set[int] = set()
        while not self._stop.wait(_EVERY):
            try:
                connection = connection or open_session(self._target, "lookout")
                found = blockers_of(connection, self._pid)
                if found:
                    self._seen = found
                for blocker in found:
                    if blocker.pid not in said:
                        self._say(f"waiting for {blocker}")
                    self._end(connection, blocker)
                said = {b.pid for b in found}
                for phase, share in connection.execute(_INDEX_BUILD, (self._pid,)).fetchall():
                    self._progress(str(phase), float(share or 0))
            except psycopg.Error:
                connection = None  # it is only a view: the next look tries again
            except Exception:  # whatever the target says meanwhile is said by the work itself
                connection = None
        if connection is not None:
            connection.close()

    def _end(self, connection: Connection, blocker: Blocker) -> None:
        limit = self._kill_older_than
        if limit is None or blocker.age < limit or not blocker.is_client:
            return
        connection.execute("SELECT pg_terminate_backend(%s)", (blocker.pid,))
        self._say(f"ended {blocker}, as --kill-blockers asks")
