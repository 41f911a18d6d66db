"""Backfills on the live database: every row of a table, by one worker or by several over ranges of its key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from typing import Final

from migplan.core.errors import ExecutionError
from migplan.core.wording import counted
from migplan.execute.backfills.backfill_job import Job, Shared
from migplan.execute.backfills.batches import Worker
from migplan.execute.backfills.keys import Keys
from migplan.execute.failures.silence import sever
from migplan.execute.ledger.ledger import Position
from migplan.execute.operator import open_worker

_LAST_BATCH: Final = 5.0
"""Seconds for which a run that ends waits for the batches that are under way."""


def finish(job: Job) -> None:
    """Do all batches, then count what is left for another pass.

    Raises ``ExecutionError`` where a fill's rows still need it after that: somebody writes what it takes back.
    """
    work, left = job.work, 0
    for _ in range(work.passes):
        _pass(job)
        left = _left(job)
        if left <= work.enough:
            return
        if work.must is not None:
            need = "needs" if left == 1 else "need"
            job.say(f"{counted(left, 'row')} of {work.relation} still {need} filling; once more")
        job.run.ledger.forget_backfill(job.step, job.run.direction)
    if work.must is None:
        job.say(f"{left} changes still wait in {work.relation}: they come faster than they are replayed")
        return
    raise ExecutionError(
        f"{left} rows of {work.relation} still need filling after {work.passes} passes", hint=work.must
    )


def _pass(job: Job) -> None:
    if not job.run.ledger.positions(job.step, job.run.direction):
        job.run.ledger.begin_backfill(job.step, job.run.direction, job.work.first)
    _share_out(job)
    parts = job.run.ledger.positions(job.step, job.run.direction)
    todo = [p for p in parts if not p.finished]
    workers = max(1, min(job.pace.workers, len(todo)))
    shared = Shared(_estimated_rows(job), sum(p.rows for p in parts), workers)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        tasks = [pool.submit(_part, job, part, shared) for part in todo]
        try:
            for task in as_completed(tasks):
                task.result()
        except BaseException:
            shared.stop.set()
            wait(tasks, timeout=_LAST_BATCH)
            for connection in shared.connections:
                sever(connection)
            raise


def _part(job: Job, part: Position, shared: Shared) -> None:
    connection = open_worker(job.target, f"backfill of {job.work.relation}")
    job.heed(connection)
    shared.connections.append(connection)
    try:
        Worker(job, connection, part, shared).work()
    finally:
        connection.close()


def _left(job: Job) -> int:
    if job.work.left is None:
        return 0
    row = job.run.ledger.connection.execute(job.work.left.encode()).fetchone()
    return int(row[0]) if row else 0


def _estimated_rows(job: Job) -> int:
    """About how many rows the table has."""
    row = job.run.ledger.connection.execute(
        "SELECT greatest(sum(c.reltuples), 0)::bigint FROM pg_class c WHERE c.oid = to_regclass(%(t)s)"
        " OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass(%(t)s)) WHERE isleaf)",
        {"t": job.work.relation},
    ).fetchone()
    return int(row[0]) if row else 0


def _share_out(job: Job) -> None:
    """Cut what is left where more workers are wanted than parts are left, also of a backfill that fewer have begun.

    Only the part that had no end has none afterwards, so that new rows are in it."""
    left = [part for part in job.run.ledger.positions(job.step, job.run.direction) if not part.finished]
    if not job.work.key or job.work.alone or len(left) >= job.pace.workers:
        return
    connection = job.run.ledger.connection
    keys = Keys.of(connection, job.work)
    found = [keys.some(connection, part.position, part.upper) for part in left]
    total, seen = sum(map(len, found)), 0
    places = [total * n // job.pace.workers for n in range(1, job.pace.workers)] if total > job.pace.workers else []
    for part, sample in zip(left, found, strict=True):
        cuts = [tuple(sample[at - seen]) for at in places if seen < at < seen + len(sample)]
        bounds = [c for c in dict.fromkeys(cuts) if c != part.upper]
        job.run.ledger.cut_backfill(job.step, job.run.direction, part, bounds)
        seen += len(sample)
