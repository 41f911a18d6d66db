"""Where the plans on a database stand, by its ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString

from migplan.core.errors import ExecutionError
from migplan.core.next_command import next_command
from migplan.core.records import record
from migplan.core.wording import counted
from migplan.execute.journey import Stop, position, stops
from migplan.execute.ledger.ledger import STOPPED, Ledger, installed, plan_id
from migplan.planfile.model import PlanModel
from migplan.source.connect import Connection

_WITH_FOLDER, _WITH_WAITING = 2, 4
"""The ledger's versions since which it knows where a plan lies, and which checkpoint it waits for."""


@record
class PlanStanding:
    """One plan: how many of its steps are applied, its checkpoints, its last run. ``said`` are options with which its
    commands mean the same database."""

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
    waits_for: int | None
    said: str = ""

    @property
    def unfinished(self) -> bool:
        """Whether it stands between its first step and its last."""
        return 0 < self.applied < self.steps or self.outcome in ("running", "failed", "interrupted")

    def ended(self, *, at_work: bool) -> str | None:
        """How its last run ended; ``at_work`` says whether anybody works on the database."""
        if self.error == STOPPED:
            return STOPPED
        return "interrupted" if self.outcome == "running" and not at_work else self.outcome

    @property
    def onward(self) -> str:
        """The command that continues its last run, or goes on from where that ended."""
        unfinished = self.direction == "down" and self.outcome != "reached"
        if self.waits_for is not None:
            return self._command("confirm", self.waits_for)
        return self.back if unfinished else self._command("apply")

    @property
    def back(self) -> str:
        """The command that leads back."""
        return self._command("rollback")

    @property
    def again(self) -> str:
        """The command that ends its pause."""
        return self._command("resume")

    @property
    def next(self) -> str | None:
        """The command to go on with; None where nothing is left to be done."""
        if self.paused:
            return self.again
        ended = self.outcome == "reached" and (self.direction == "down" or self.applied == self.steps)
        return None if ended else self.onward

    def _command(self, verb: str, *rest: object) -> str:
        return next_command(verb, self.folder or "PLAN", *rest, self.said)


@record
class FillStanding:
    """One backfill: rows so far, its rate, whether it has ended."""

    step: str
    rows: int
    changed: int
    rate: int
    finished: bool


def plans(connection: Connection, said: str = "") -> list[PlanStanding]:
    """Every plan that ever ran here, the oldest first; ``said`` is what its commands need."""
    version = installed(connection)
    if not version:
        return []
    rows = connection.execute(
        "SELECT id, name, steps, steps_applied, checkpoints, checkpoints_confirmed, paused, direction, operator,"
        " started, outcome, error FROM migplan.plan_progress ORDER BY id"
    ).fetchall()
    folders = _of_plans(connection, "SELECT id, folder FROM migplan.plan") if version >= _WITH_FOLDER else {}
    waiting = (
        _of_plans(connection, "SELECT id, waits_for_checkpoint FROM migplan.plan_progress")
        if version >= _WITH_WAITING
        else {}
    )
    return [PlanStanding(*row, folder=folders.get(row[0]), waits_for=waiting.get(row[0]), said=said) for row in rows]


def _of_plans(connection: Connection, query: LiteralString) -> dict[str, Any]:
    return dict(connection.execute(query).fetchall())


def refuse_begun(plan: PlanModel, connection: Connection) -> None:
    """A plan is proved from its start. Raises ``ExecutionError`` where some of it has run on this database."""
    begun = Ledger(connection, plan_id(plan)).steps() if installed(connection) else {}
    if begun:
        have = "has" if len(begun) == 1 else "have"
        raise ExecutionError(
            f"{len(begun)} of the plan's {counted(len(plan.steps), 'step')} {have} run on this database: it is no"
            " longer where the plan starts",
            hint="migplan drift says what differs from what was proved. To prove the plan again, lead it back first"
            " (migplan rollback) or name a database at its start (--target); or plan anew from where this one is.",
        )


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
