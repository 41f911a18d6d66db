"""When a failed statement may be tried again, and after what time."""

from __future__ import annotations

import random
import time
from typing import Final

import psycopg

from migplan.core.records import record

_AGAIN: Final = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.ObjectInUse,
)
_GONE: Final = ("57P01", "57P02", "57P03", "57P05")
"""admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout."""
_FIRST, _LONGEST = 0.5, 30.0


@record
class Patience:
    """How long a unit is tried for, in seconds; the lock timeout of each try is in the plan's SQL."""

    deadline: float = 600.0


class Tries:
    """The tries of one unit: jittered back-off between them, a deadline for all of them, each with its timeout."""

    def __init__(self, patience: Patience) -> None:
        self._end = time.monotonic() + patience.deadline
        self.number = 1

    def again(self, error: psycopg.Error) -> float | None:
        """Seconds until the next try; None where the error is final or the deadline would pass."""
        if not may_pass(error):
            return None
        pause = min(_LONGEST, _FIRST * 2 ** (self.number - 1)) * random.uniform(0.5, 1.0)
        if time.monotonic() + pause > self._end:
            return None
        self.number += 1
        return pause


def may_pass(error: psycopg.Error) -> bool:
    """Whether the same statement may succeed a little later: a lock, a deadlock, a serialization failure."""
    return isinstance(error, _AGAIN)


def ended_a_wait(error: psycopg.Error) -> bool:
    """Whether who was in the way has to do with it; where a lock came after all, another error isn't its holder's."""
    return may_pass(error) or lost(error) or isinstance(error, psycopg.errors.QueryCanceled)


def lost(error: psycopg.Error) -> bool:
    """Whether a connection is gone: by the network, a restart, pg_terminate_backend."""
    state = error.sqlstate
    return isinstance(error, psycopg.OperationalError) and (state is None or state[:2] == "08" or state in _GONE)
