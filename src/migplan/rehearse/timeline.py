"""What happened when: the baseline, every unit of the plan, every deploy, each with the WAL that was written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from migplan.planfile.units import Unit
from migplan.source.connect import Connection

PeriodKind = Literal["baseline", "step", "deploy"]


@dataclass
class Period:
    """``began`` and ``ended`` as ``time.monotonic`` counts; ``wal`` in bytes, the applications' share included."""

    kind: PeriodKind
    name: str
    title: str
    steps: Sequence[str]
    began: float
    ended: float
    wal: int


class Timeline:
    """A :class:`migplan.execute.units.runner.Teller`; ``watch`` is a connection of its own."""

    def __init__(self, watch: Connection) -> None:
        self._watch = watch
        self._open: Period | None = None
        self._lsn = 0
        self.periods: list[Period] = []
        self.said: list[str] = []

    def begin(self, kind: PeriodKind, name: str, title: str, steps: Sequence[str] = ()) -> None:
        """End the period that is under way, and begin another one."""
        self.end()
        self._lsn = self._written()
        self._open = Period(kind, name, title, steps, time.monotonic(), 0.0, 0)

    def end(self) -> None:
        """End the period that is under way."""
        if self._open is not None:
            self._open.ended = time.monotonic()
            self._open.wal = self._written() - self._lsn
            self.periods.append(self._open)
            self._open = None

    def say(self, message: str) -> None:
        """What the operator would be told: retries, waits."""
        self.said.append(message)

    def unit(self, unit: Unit, title: str) -> None:
        """A unit of the plan begins."""
        self.begin("step", unit.name, title, unit.steps)

    def progress(self, what: str, share: float) -> None:
        """Nobody watches a rehearsal's bars."""

    def _written(self) -> int:
        row = self._watch.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint").fetchone()
        return int(row[0]) if row else 0
