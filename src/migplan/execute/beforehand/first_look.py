"""The live side as it is when a run begins, read while the plan's files are taken apart and tables are measured."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final

import psycopg

from migplan.core.errors import MigplanError
from migplan.execute.beforehand.drift import Sight, managed, sight
from migplan.planfile.model import PlanModel
from migplan.source.reading.ahead import LiveReading

_NEW_FOR: Final = 2.0
"""Seconds. Whoever is asked for an agreement takes longer to give it, and is told of what has changed meanwhile."""


class FirstLook:
    """A reading on a connection of its own, for a caller who holds the operator's lock. Closes what nobody took."""

    def __init__(self, target: str, plan: PlanModel) -> None:
        self._target = target
        self._plan = plan
        self._began = 0.0
        self._reading: LiveReading | None = None
        self._sight: Future[Sight] = Future()

    def __enter__(self) -> FirstLook:
        return self

    def __exit__(self, *_: object) -> None:
        self._give_up()

    def begin(self) -> None:
        """Read from now on."""
        self._began = time.monotonic()
        self._reading = LiveReading(self._target, managed(self._plan))
        self._sight = self._reading.then(lambda live: sight(self._plan, live))

    def backends(self) -> Sequence[int]:
        """The process ids of the sessions that read: their transactions end before a step begins."""
        found = self._reading.backend() if self._reading else None
        return () if found is None else (found,)

    def take(self) -> Sight | None:
        """What was read, once; None where that is too long ago, or didn't succeed: whoever asks reads it then."""
        if time.monotonic() - self._began > _NEW_FOR:
            self._give_up()
        reading, self._reading = self._reading, None
        with contextlib.suppress(MigplanError, psycopg.Error):
            if reading is not None:
                connection, _ = reading.result()
                connection.close()
                return self._sight.result()
        return None

    def _give_up(self) -> None:
        if self._reading is not None:
            self._reading.let_go()
            self._reading = None
