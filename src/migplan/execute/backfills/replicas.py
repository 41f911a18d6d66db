"""How far behind the replicas are, in seconds."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from migplan.source.connect import Connection

_AT: Final = """
SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint,
       min(pg_wal_lsn_diff(replay_lsn, '0/0'))::bigint, extract(epoch FROM max(replay_lag))::float8
FROM pg_stat_replication WHERE replay_lsn IS NOT NULL
"""
_KEPT: Final = 4_096


class Replicas:
    """The lag of the slowest one, by when this machine saw the primary at the place that the replica is at now.

    pg_stat_replication.replay_lag alone stands still when the replay does: it tells of what was replayed last.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=_KEPT)

    def behind(self, connection: Connection) -> float | None:
        """Seconds, at least; None where there is no replica, or the role doesn't see any."""
        row = connection.execute(_AT).fetchone()
        if row is None or row[1] is None:
            return None
        current, replayed, reported = int(row[0]), int(row[1]), float(row[2] or 0.0)
        now = time.monotonic()
        self._seen.append((now, current))
        while self._seen and self._seen[0][1] <= replayed:
            self._seen.popleft()
        if not self._seen:
            return 0.0
        return max(now - self._seen[0][0], reported)
