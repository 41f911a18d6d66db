"""Where the plans on a database stand, by its ledger."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import Final

from migplan.core.errors import ExecutionError
from migplan.core.records import record
from migplan.execute.journey import Stop, position, stops
from migplan.execute.ledger import Ledger, installed, plan_id
from migplan.planfile.model import PlanModel
from migplan.source.connect import Connection

_WITH_FOLDER: Final = 2
"""The ledger's version since which it knows where a plan lies."""


@record
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
    folder: str | None

    @property
    def unfinished(self) -> bool:
        """Whether it stands between its first step and its last."""
        return 0 < self.applied < self.steps or self.outcome in ("running", "failed", "interrupted")

    @property
    def path(self) -> str:
        """Its folder for a command line."""
        return shlex.quote(self.folder) if self.folder else "PLAN"


@record
class FillStanding:
    """One backfill: rows so far, its rate, whether it has ended."""

    step: str
    rows: int
    changed: int
    rate: int
    finished: bool


def plans(connection: Connection) -> list[PlanStanding]:
    """Every plan that ever ran here, the oldest first."""
    version = installed(connection)
    if not version:
        return []
    rows = connection.execute(
        "SELECT id, name, steps, steps_applied, checkpoints, checkpoints_confirmed, paused, direction, operator,"
        " started, outcome, error FROM migplan.plan_progress ORDER BY id"
    ).fetchall()
    known = connection.execute("SELECT id, folder FROM migplan.plan").fetchall() if version >= _WITH_FOLDER else []
    folders: dict[str, str | None] = dict(known)
    return [PlanStanding(*row, folder=folders.get(row[0])) for row in rows]


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
