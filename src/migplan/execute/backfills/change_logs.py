"""Change logs at a checkpoint: they grow as long as it lasts, so that a run which waits there replays them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import psycopg

from migplan.core.records import record
from migplan.execute.backfills.backfill_job import Job
from migplan.execute.backfills.backfills import finish
from migplan.execute.backfills.batch_work import BatchWork
from migplan.execute.failures.failures import details, primary
from migplan.execute.ledger.ledger import Direction
from migplan.planfile.model import BatchesModel, PlanModel
from migplan.source.connect import Connection


@record
class WaitingLog:
    """A log on the live database, and the step that replays it on the way back or there."""

    step: str
    direction: Direction
    batches: BatchesModel


def logs(connection: Connection) -> list[tuple[str, str]]:
    """Every change log on a database, with its size in words."""
    return [(str(name), str(size)) for name, size in connection.execute(LOGS.encode()).fetchall()]


def waiting_logs(connection: Connection, plan: PlanModel) -> list[WaitingLog]:
    """The plan's logs in which changes wait. At the end of a window the form that they keep up is filled."""
    found = {log.batches.relation: log for log in _replays(plan)}
    return [log for log in found.values() if _left(connection, log.batches)]


def _replays(plan: PlanModel) -> Iterator[WaitingLog]:
    for step in plan.steps:
        if step.batches is not None and step.batches.left is not None:
            yield WaitingLog(step.id, "up", step.batches)
        if step.down.batches is not None and step.down.batches.left is not None:
            yield WaitingLog(step.id, "down", step.down.batches)


def _left(connection: Connection, batches: BatchesModel) -> int:
    there = connection.execute("SELECT to_regclass(%s)", (batches.relation,)).fetchone()
    if there is None or there[0] is None or batches.left is None:
        return 0
    row = connection.execute(batches.left.encode()).fetchone()
    return int(row[0]) if row else 0


def replay(log: WaitingLog, job: Callable[[str, Direction, BatchWork], Job]) -> None:
    """Replay it down to nothing; whoever replays it next begins anew.

    Rows that a key of the other form refuses wait on: before its checkpoint, the application may write them.
    """
    asked = job(log.step, log.direction, BatchWork.of(log.batches))
    try:
        finish(asked)
    except (psycopg.errors.UniqueViolation, psycopg.errors.ExclusionViolation) as error:
        asked.say(f"{primary(error)}; they wait in the log, and have to be mended before the plan goes on")
        for said in details(error, ()):
            asked.say(said)
    asked.run.ledger.forget_backfill(log.step, log.direction)


LOGS: Final = """
SELECT c.oid::regclass::text, pg_size_pretty(pg_total_relation_size(c.oid))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname LIKE '~%' AND c.relname LIKE '~%~log' ORDER BY 1
"""
"""Every change log on a database, with its size."""
