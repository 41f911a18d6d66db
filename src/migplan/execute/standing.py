"""Where the plans on a database stand, by its ledger; what a failure left behind, by its catalogs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migplan.core.errors import ExecutionError
from migplan.execute.journey import Stop, position, stops
from migplan.execute.ledger import Ledger, installed, plan_id
from migplan.execute.operator import holder
from migplan.planfile.model import PlanModel
from migplan.source.connect import Connection


@dataclass(frozen=True, slots=True)
class PlanStanding:
    """One plan: how many of its steps are applied, its checkpoints, its last run."""

    id: str
    name: str
    steps: int
    applied: int
    checkpoints: int
    confirmed: int
    paused: bool
    direction: str | None
    operator: str | None
    started: datetime | None
    outcome: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class FillStanding:
    """One backfill: rows so far, its rate, whether it has ended."""

    step: str
    rows: int
    changed: int
    rate: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Leftover:
    """What is there and should not stay, whose it is, and the command that helps."""

    what: str
    help: str


def plans(connection: Connection) -> list[PlanStanding]:
    """Every plan that ever ran here, the oldest first."""
    if not installed(connection):
        return []
    rows = connection.execute(
        "SELECT id, name, steps, steps_applied, checkpoints, checkpoints_confirmed, paused, direction, operator,"
        " started, outcome, error FROM migplan.plan_progress ORDER BY id"
    ).fetchall()
    return [PlanStanding(*row) for row in rows]


def boundary_of(plan: PlanModel, connection: Connection) -> Stop:
    """The last boundary that the plan has passed on this database; the start where it never ran. Writes nothing.

    Raises ``ExecutionError`` between two boundaries, where nothing says what should be there.
    """
    known = stops(plan)
    if not installed(connection):
        return known[0]
    here = position(plan, Ledger(connection, plan_id(plan)).steps())
    if here.within is not None:
        raise ExecutionError(
            f"the plan stands in the middle of {here.within.up}",
            hint="Run migplan apply or rollback to a boundary first, or name one with --at.",
        )
    return known[here.done]


def fills(connection: Connection, plan: str) -> list[FillStanding]:
    """The backfills of a plan."""
    rows = connection.execute(
        "SELECT step, rows_read::bigint, rows_changed::bigint, rows_per_second::bigint, finished"
        " FROM migplan.backfill_progress WHERE plan = %s ORDER BY started",
        (plan,),
    ).fetchall()
    return [FillStanding(*row) for row in rows]


def leftovers(connection: Connection) -> list[Leftover]:
    """What an interrupted run left; empty where all is as it should be."""
    return list(_leftovers(connection))


def _leftovers(connection: Connection) -> Iterator[Leftover]:
    working = holder(connection)
    known = plans(connection)
    if working is not None:
        yield Leftover(f"an operator works right now: {working}", "wait for the end of that run")
    for plan in known:
        if plan.outcome in ("running", "interrupted") and working is None:
            verb = "apply" if plan.direction == "up" else "rollback"
            yield Leftover(
                f"the plan {plan.id}: a run by {plan.operator} was interrupted ({plan.applied} of {plan.steps} steps"
                " are applied)",
                f"'migplan {verb}' on its folder continues; 'migplan rollback' leads back",
            )
        elif plan.outcome == "failed":
            yield Leftover(
                f"the plan {plan.id}: its last run failed: {plan.error}",
                "mend the cause and run the same command again; or 'migplan rollback' on its folder",
            )
        if plan.paused:
            yield Leftover(f"the plan {plan.id} is paused", "'migplan resume' on its folder")
    unfinished = any(0 < p.applied < p.steps or p.outcome in ("failed", "interrupted") for p in known)
    owner = "a plan that isn't at its end" if unfinished else "no plan that the ledger knows"
    for query, what, help in _CATALOGS:
        for (name,) in connection.execute(query.encode()).fetchall():
            yield Leftover(what.format(name), help.format(name, owner=owner))


_CATALOGS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND c.relkind = 'i' AND "
        "n.nspname !~ '^pg_' AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_create_index p"
        " WHERE p.index_relid = i.indexrelid)",
        "the index {} is invalid: a concurrent build was interrupted",
        "run the plan again (it drops and builds it), or DROP INDEX CONCURRENTLY {}",
    ),
    (
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhdetachpending",
        "the partition {} is half detached",
        "run the plan again, or ALTER TABLE … DETACH PARTITION {} FINALIZE",
    ),
    (
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = '~migplan_sync' AND NOT tgisinternal"
        " AND tgparentid = 0",
        "a trigger keeps two columns of {} in step",
        "it belongs to {owner}: go on with the plan or lead it back; don't drop the trigger before the column",
    ),
    (
        "SELECT conrelid::regclass::text || '.' || conname FROM pg_constraint WHERE NOT convalidated"
        " AND conname LIKE '~%'",
        "the constraint {} is not validated yet",
        "it belongs to {owner}: go on with the plan or lead it back",
    ),
)
