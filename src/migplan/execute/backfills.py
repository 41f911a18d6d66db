"""Backfills on the live database: every row of a table, by one worker or by several over ranges of its key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final

from migplan.core.errors import ExecutionError
from migplan.core.sql import deparsed, ident, join, sql
from migplan.execute.backfill_job import Job, Shared
from migplan.execute.batch_work import BatchWork
from migplan.execute.batches import Worker
from migplan.execute.ledger import Position
from migplan.execute.operator import open_worker
from migplan.source.connect import Connection

_SAMPLE_PAGES: Final = 400


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
            job.say(f"{left} rows of {work.relation} still need filling; once more")
        job.ledger.forget_backfill(job.step, job.direction)
    if work.must is None:
        job.say(f"{left} changes still wait in {work.relation}: they come faster than they are replayed")
        return
    raise ExecutionError(
        f"{left} rows of {work.relation} still need filling after {work.passes} passes", hint=work.must
    )


def _pass(job: Job) -> None:
    parts = job.ledger.positions(job.step, job.direction)
    if not parts:
        job.ledger.begin_backfill(job.step, job.direction, _bounds(job), job.work.first)
        parts = job.ledger.positions(job.step, job.direction)
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
            raise


def _part(job: Job, part: Position, shared: Shared) -> None:
    connection = open_worker(job.target, f"backfill of {job.work.relation}")
    try:
        Worker(job, connection, part, shared).work()
    finally:
        connection.close()


def _left(job: Job) -> int:
    if job.work.left is None:
        return 0
    row = job.ledger.connection.execute(job.work.left.encode()).fetchone()
    return int(row[0]) if row else 0


def _estimated_rows(job: Job) -> int:
    """About how many rows the table has."""
    row = job.ledger.connection.execute(
        "SELECT greatest(sum(c.reltuples), 0)::bigint FROM pg_class c WHERE c.oid = to_regclass(%(t)s)"
        " OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass(%(t)s)) WHERE isleaf)",
        {"t": job.work.relation},
    ).fetchone()
    return int(row[0]) if row else 0


def _bounds(job: Job) -> list[list[str] | None]:
    """The last keys of each worker's range; only the last part has no end, so that new rows are in it."""
    if not job.work.key or job.work.alone or job.pace.workers <= 1:
        return [None]
    return [*_quantiles(job.ledger.connection, job.work, job.pace.workers), None]


def _quantiles(connection: Connection, work: BatchWork, parts: int) -> list[list[str]]:
    """Keys that cut the table in parts of about one size, from a sample of its pages."""
    key = join(", ", map(ident, work.key))
    texts = join(", ", (sql("{}::text", ident(c)) for c in work.key))
    share = connection.execute(_SAMPLE_SHARE, {"table": work.relation, "pages": _SAMPLE_PAGES}).fetchone()
    rows = connection.execute(
        sql(
            "SELECT ARRAY[{texts}] FROM (SELECT {key} FROM {table} TABLESAMPLE SYSTEM ({share}) ORDER BY {key}) s",
            texts=texts,
            key=key,
            table=deparsed(work.relation),
            share=deparsed(f"{share[0]:.6f}" if share else "100"),
        ).encode()
    ).fetchall()
    cuts = [rows[len(rows) * n // parts][0] for n in range(1, parts)] if len(rows) > parts else []
    return [cut for at, cut in enumerate(cuts) if at == 0 or cut != cuts[at - 1]]


_SAMPLE_SHARE: Final = """
SELECT least(100, greatest(0.0001, 100.0 * %(pages)s * current_setting('block_size')::int
                                   / greatest(1, sum(pg_relation_size(c.oid)))))::float8
FROM pg_class c WHERE c.oid = to_regclass(%(table)s)
   OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass(%(table)s)) WHERE isleaf)
"""
