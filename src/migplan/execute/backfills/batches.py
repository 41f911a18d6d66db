"""One worker of a backfill: short transactions along the key, each with its position in it, so that a killed run goes
on at the very row; as many rows at a time as half a second takes, fewer where somebody has to wait.

An application that writes several rows in another order than the key's may wait for a batch that waits for it.
PostgreSQL looks for such a deadlock once somebody has waited for a second (manual: deadlock_timeout), and ends the
transaction of who looks first. So no batch holds rows for that long, and each gives up first.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import psycopg

from migplan.core.sql import Sql, sql
from migplan.core.steps import WITHIN
from migplan.execute.backfills.backfill_job import Job, Shared
from migplan.execute.backfills.keys import Keys, escaped
from migplan.execute.backfills.replicas import Replicas
from migplan.execute.ledger.fence import Batch, settle_batch
from migplan.execute.ledger.ledger import Position
from migplan.source.connect import Connection

TARGET_SECONDS: Final = 0.5
FEWEST, MOST = 100, 200_000
_FIRST: Final = 1_000
"""Rows of the first batch at most: nobody knows yet how long they take."""
_PAGES_FEWEST, _PAGES_MOST = 8, 20_000
_LOOK_EVERY: Final = 0.5
_HOLDS: Final = 0.9
"""Seconds after which a batch is given up, before an application that waits for its rows looks for a deadlock."""
_WAITS: Final = 400
"""Milliseconds that it waits for a lock at most."""


class Worker:
    """One part of a backfill, on a connection of its own."""

    def __init__(self, job: Job, connection: Connection, part: Position, shared: Shared) -> None:
        self._job = job
        self._connection = connection
        self._part = part
        self._shared = shared
        work = job.work
        self._keyed = bool(work.key)
        self._keys = Keys.of(connection, work)
        self._size = min(job.pace.rows, _FIRST) if self._keyed else _PAGES_FEWEST * 16
        self._otherwise = False
        self._looked = 0.0
        self._began = 0.0
        self._waits = min(job.pace.lock_timeout, _WAITS) if job.work.is_felt else job.pace.lock_timeout
        self._holds = _HOLDS if job.work.is_felt else 0.0
        self._replicas = Replicas()

    def work(self) -> None:
        """Batch after batch to the part's end. Raises what the server says, ``FencedError`` where taken over."""
        while not self._shared.stop.is_set():
            self._give_way()
            self._began = time.monotonic()
            try:
                done = self._batch() if self._keyed else self._pages()
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
                self._connection.rollback()
                self._take_fewer()
                self._job.say(f"a batch gives way: {error.diag.message_primary}")
                time.sleep(TARGET_SECONDS)
                continue
            except psycopg.errors.QueryCanceled:
                if not self._holds or time.monotonic() - self._began < self._holds / 2:
                    raise  # somebody else cancelled it
                self._connection.rollback()
                if not self._take_fewer():
                    self._holds *= 2  # these rows take as long as they take
                continue
            except (psycopg.errors.UniqueViolation, psycopg.errors.ExclusionViolation):
                self._connection.rollback()
                if not (self._turn() or self._widen()):
                    raise
                continue
            self._otherwise = False
            if done:
                return
            self._steer(time.monotonic() - self._began)

    def _batch(self) -> bool:
        """One batch along the key: where it ends is looked up first, so that the rows are found by range; True when
        it was the last."""
        connection, position, upper = self._connection, self._part.position, self._part.upper
        self._begin()
        ahead = self._keys.between(position, upper)
        given = [*(position or ()), *(upper or ())]
        row = connection.execute(self._keys.end_of(ahead).encode(), [*given, self._size - 1]).fetchone()
        last = None if row is None else tuple(row[0])
        upto = last or upper
        changed = self._work(self._keys.between(position, upto), [*(position or ()), *(upto or ())])
        read = self._size if last is not None else self._count(ahead, given)
        return self._settle(last, read, changed, done=last is None)

    def _pages(self) -> bool:
        """One batch along the table's pages; rows that come meanwhile are the application's, which writes both."""
        page = int(self._part.position[0]) if self._part.position else 0
        self._begin()
        pages = self._pages_of_all()
        within = Sql("ctid >= format('(%%s,0)', %s::bigint)::tid AND ctid < format('(%%s,0)', %s::bigint)::tid")
        changed = self._work(within, [str(page), str(page + self._size)])
        end = page + self._size
        share = min(end, pages) / pages if pages else 1.0
        return self._settle((str(end),), changed, changed, done=end > pages, share=share)

    def _begin(self) -> None:
        self._connection.execute("BEGIN")
        settings = {
            "lock_timeout": f"{self._waits}ms",
            "statement_timeout": self._left(),
            "enable_seqscan": "off",  # a range of the key, however the planner's estimates are
            **self._job.work.settings,
        }
        self._connection.execute(
            "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS s (name, value)",
            (list(settings), list(settings.values())),
        )

    def _left(self) -> str:
        """How long the batch may still take, as a setting; 0 is for ever."""
        if not self._holds:
            return "0"
        return f"{max(1, int(1000 * (self._began + self._holds - time.monotonic())))}ms"

    def _count(self, within: Sql, given: Sequence[str]) -> int:
        counting = sql("SELECT count(*) FROM {} WHERE {}", self._keys.table, within)
        row = self._connection.execute(counting.encode(), given).fetchone()
        return int(row[0]) if row else 0

    def _work(self, within: Sql, given: Sequence[str]) -> int:
        """The work on one batch; how many rows it wrote."""
        changed = 0
        work = self._job.work
        for number, statement in enumerate(work.otherwise if self._otherwise else work.statements):
            text = escaped(statement)
            times = text.count(WITHIN)
            if number and self._holds:
                self._connection.execute("SELECT set_config('statement_timeout', %s, true)", (self._left(),))
            result = self._connection.execute(text.replace(WITHIN, within).encode(), list(given) * times)
            if result.description is None:  # what returns rows has only locked them
                changed = max(changed, result.rowcount)
        return changed

    def _pages_of_all(self) -> int:
        row = self._connection.execute(
            "SELECT pg_relation_size(to_regclass(%s)) / current_setting('block_size')::bigint",
            (self._job.work.relation,),
        ).fetchone()
        return int(row[0]) if row else 0

    def _turn(self) -> bool:
        """Do this batch the other way; False where there is none, or it was done so already."""
        turned = not self._otherwise and bool(self._job.work.otherwise)
        self._otherwise = turned
        return turned

    def _widen(self) -> bool:
        """Take more rows together: a value that one row gives up for another may be further behind. False where that
        were all rows already."""
        whole = self._part.position is None and self._size > self._pages_of_all()
        if whole or not self._job.work.alone:
            return False
        self._part, self._size = replace(self._part, position=None), self._size * 4
        return True

    def _settle(
        self,
        position: tuple[str, ...] | None,
        read: int,
        changed: int,
        *,
        done: bool,
        share: float | None = None,
    ) -> bool:
        """Write the position down in the batch's transaction, and commit."""
        reached = position or self._part.position
        seconds = time.monotonic() - self._began
        batch = Batch(self._part.part, reached, read, changed, done, seconds)
        settle_batch(self._connection, self._job.run, self._job.step, batch)
        self._part = replace(self._part, position=reached)
        self._job.show(self._shared.add(read, changed, share, seconds))
        return done

    def _take_fewer(self) -> bool:
        """Half as many rows at a time; False where they were the fewest."""
        before, fewest = self._size, FEWEST if self._keyed else _PAGES_FEWEST
        self._size = max(fewest, before // 2)
        return self._size < before

    def _steer(self, took: float) -> None:
        fewest, most = (FEWEST, MOST) if self._keyed else (_PAGES_FEWEST, _PAGES_MOST)
        wanted = self._size * TARGET_SECONDS / max(took, 0.001)
        self._size = int(max(fewest, min(most, wanted, self._size * 2)))

    def _give_way(self) -> None:
        """Wait while replicas lag, while sessions wait for us, while a pause was asked for."""
        if time.monotonic() - self._looked < _LOOK_EVERY:
            return
        said = False
        while not self._shared.stop.is_set():
            self._job.fenced()
            reason = self._reason_to_wait()
            self._looked = time.monotonic()
            if reason is None:
                return
            if not said:
                self._job.say(f"the backfill of {self._job.work.relation} waits: {reason}")
            said = True
            time.sleep(_LOOK_EVERY)

    def _reason_to_wait(self) -> str | None:
        row = self._connection.execute(_LOOK, (self._job.run.ledger.plan,)).fetchone()
        assert row is not None
        paused_by, waiting = row
        if paused_by is not None:
            return f"{paused_by} paused it ('migplan resume' goes on)"
        limit = self._job.pace.max_lag
        lag = None if limit is None else self._replicas.behind(self._connection)
        if limit is not None and lag is not None and lag > limit:
            return f"a replica is {lag:.0f} s behind"
        if waiting:
            self._take_fewer()
        return None


_LOOK: Final = """
SELECT (SELECT paused_by FROM migplan.plan WHERE id = %s AND paused_at IS NOT NULL),
       EXISTS (SELECT 1 FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))
"""
