"""What a backfill is to do, and what its workers tell each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from migplan.core.records import record
from migplan.execute.backfills.batch_work import BatchWork
from migplan.execute.ledger.this_run import ThisRun
from migplan.source.connect import Connection


@record
class Pace:
    """What a backfill gives way to. ``max_lag`` is in seconds, of the slowest replica's replay."""

    rows: int = 5_000
    workers: int = 1
    max_lag: float | None = 10.0
    lock_timeout: int = 2_000


@record
class Progress:
    """How far it is: rows read and changed, which ``share`` of the table that is, about how many seconds are left."""

    rows: int
    changed: int
    share: float
    left: float | None


@dataclass
class Shared:
    """What the workers of one backfill tell each other; ``of`` is about how many rows there are. ``worked`` are the
    seconds of them all, without their pauses."""

    of: int
    rows: int
    workers: int = 1
    changed: int = 0
    worked: float = 0.0
    first: float | None = None
    connections: list[Connection] = field(default_factory=list[Connection])
    stop: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def add(self, read: int, changed: int, share: float | None, seconds: float) -> Progress:
        """One more batch; ``share`` of the table where rows don't tell it."""
        with self.guard:
            before = self.rows / self.of if self.of else 0.0
            self.rows += read
            self.changed += changed
            self.worked += seconds
            now = (self.rows / self.of if self.of else 0.0) if share is None else share
            self.first = min(before, now) if self.first is None else self.first
            gone = min(now, 1.0) - self.first
            left = self.worked / self.workers * (1 - min(now, 1.0)) / gone if gone > 0 else None
            return Progress(self.rows, self.changed, min(now, 1.0), left)


@record(slots=False)
class Job:
    """One step's backfill. ``fenced`` raises where the run was taken over, ``heed`` watches a connection for
    silence, ``say`` tells the operator why it waits, ``show`` how far it is."""

    target: str
    run: ThisRun
    step: str
    work: BatchWork
    pace: Pace
    fenced: Callable[[], None]
    heed: Callable[[Connection], None]
    say: Callable[[str], None]
    show: Callable[[Progress], None]
