"""The ledger: what ran on this database, kept in the database itself, in the schema ``migplan``.

A step that fits in a transaction is written down in that same transaction, so that it has happened exactly when the
ledger says so. Before and after a step that doesn't, ``commands`` counts those of its statements that ended.
"""

from __future__ import annotations

import getpass
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import psycopg

from migplan.core.errors import ExecutionError, TargetError
from migplan.core.records import record
from migplan.execute.ledger.ledger_schema import VERSIONS
from migplan.planfile.model import PlanModel
from migplan.source.connect import Connection

Direction = Literal["up", "down"]
_CHANGES_LOCK: Final = 7_163_948_002
"""Two that install the ledger at once wait for each other."""


STOPPED: Final = "stopped by the operator"
"""The error of a run that ended by Ctrl-C."""


class FencedError(ExecutionError):
    """Another operator took over: this run must not touch the database any more."""


@record
class StepState:
    """Where a step stands; ``commands`` counts the ended statements of one that is under way."""

    state: Literal["applying", "applied", "undoing"]
    commands: int


@record
class Position:
    """Where one part of a backfill stands: the last key that was done, as text, and the last of its range."""

    part: int
    upper: tuple[str, ...] | None
    position: tuple[str, ...] | None
    rows: int
    finished: bool


def plan_id(plan: PlanModel) -> str:
    """What a plan is called in the ledger; it stays when the plan is edited and sealed again."""
    return f"{plan.created} {plan.name}"


def operator_name() -> str:
    """Who works: ``user@host``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def installed(connection: Connection) -> int:
    """The ledger's version in this database, 0 where there is none. Raises ``TargetError`` for a newer one."""
    row = connection.execute("SELECT to_regclass('migplan.version')").fetchone()
    if row is None or row[0] is None:
        return 0
    found = connection.execute("SELECT coalesce(max(number), 0) FROM migplan.version").fetchone()
    version = int(found[0]) if found else 0
    if version > len(VERSIONS):
        raise TargetError(
            f"the ledger in this database is of version {version}, this migplan knows {len(VERSIONS)}",
            hint="Use the newer migplan.",
        )
    return version


def install(connection: Connection) -> None:
    """Create the ledger, or upgrade it. Raises ``TargetError`` where the role may not."""
    if installed(connection) == len(VERSIONS):
        return
    try:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_CHANGES_LOCK,))
            _upgrade(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise TargetError(
            f"can't write the ledger, the schema migplan: {error.diag.message_primary}",
            hint="Grant CREATE on the database, or create the schema migplan for this role.",
        ) from error


def _upgrade(connection: Connection) -> None:
    if connection.execute("SELECT to_regnamespace('migplan')").fetchone() == (None,):
        connection.execute("CREATE SCHEMA migplan")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migplan.version (number integer PRIMARY KEY,"
        " installed timestamptz NOT NULL DEFAULT clock_timestamp())"
    )
    for number, script in list(enumerate(VERSIONS, 1))[installed(connection) :]:
        connection.execute(script)
        connection.execute("INSERT INTO migplan.version (number) VALUES (%s)", (number,))


@record(slots=False)
class Ledger:
    """One plan's part of the ledger, over one connection that commits each statement by itself."""

    connection: Connection
    plan: str

    @classmethod
    def of(cls, connection: Connection, plan: PlanModel, folder: Path) -> Ledger:
        """The plan's ledger, the plan registered in it, with the folder that was named last."""
        ledger = cls(connection, plan_id(plan))
        before = [
            sum(len(p.steps) for w in plan.windows if w.number <= c.after for p in w.phases) for c in plan.checkpoints
        ]
        row = connection.execute(
            "INSERT INTO migplan.plan (id, name, digest, made, steps, checkpoints, folder, steps_before)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
            " folder = excluded.folder, steps_before = excluded.steps_before RETURNING digest",
            (ledger.plan, plan.name, plan.digest, plan.created, len(plan.steps), len(before), str(folder), before),
        ).fetchone()
        if row is not None and row[0] != plan.digest:
            connection.execute(
                "UPDATE migplan.plan SET digest = %s, steps = %s WHERE id = %s",
                (plan.digest, len(plan.steps), ledger.plan),
            )
            ledger.event("resealed", f"the plan was edited and proved again: {plan.digest[:12]}")
        return ledger

    def event(self, kind: str, message: str, run: int | None = None) -> None:
        """Write down that something happened."""
        self.connection.execute(
            "INSERT INTO migplan.event (plan, run, kind, message) VALUES (%s, %s, %s, %s)",
            (self.plan, run, kind, message),
        )

    def last_event(self, *kinds: str) -> str | None:
        """The kind of the last event that is of one of these kinds."""
        row = self.connection.execute(
            "SELECT kind FROM migplan.event WHERE plan = %s AND kind = ANY(%s) ORDER BY id DESC LIMIT 1",
            (self.plan, list(kinds)),
        ).fetchone()
        return str(row[0]) if row else None

    def begin_run(self, direction: Direction, goal: str, stage: str | None = None) -> int:
        """Open a run; whatever was open before was interrupted, since its operator's lock is gone."""
        self.connection.execute(
            "UPDATE migplan.run SET outcome = 'interrupted', ended = heartbeat WHERE outcome = 'running'"
        )
        row = self.connection.execute(
            "INSERT INTO migplan.run (plan, direction, goal, operator, host, stage) VALUES (%s, %s, %s, %s, %s, %s)"
            " RETURNING id",
            (self.plan, direction, goal, operator_name(), socket.gethostname(), stage),
        ).fetchone()
        assert row is not None
        return int(row[0])

    def end_run(self, run: int, error: str | None = None) -> None:
        """Close a run that still is ours."""
        self.connection.execute(
            "UPDATE migplan.run SET outcome = %s, ended = clock_timestamp(), error = %s"
            " WHERE id = %s AND outcome = 'running'",
            ("failed" if error else "reached", error, run),
        )

    def unfinished_way_back(self) -> str | None:
        """The boundary to which the last run was to lead back, where it didn't end there."""
        row = self.connection.execute(
            "SELECT direction, outcome, goal FROM migplan.run WHERE plan = %s ORDER BY id DESC LIMIT 1", (self.plan,)
        ).fetchone()
        return str(row[2]) if row is not None and row[0] == "down" and row[1] != "reached" else None

    def steps(self) -> dict[str, StepState]:
        """Where each step of the plan stands; those that never ran, or were undone, are not in it."""
        rows = self.connection.execute(
            "SELECT step, state, commands FROM migplan.step WHERE plan = %s", (self.plan,)
        ).fetchall()
        return {step: StepState(state, commands) for step, state, commands in rows}

    def begin_attempt(self, run: int, unit: str, steps: Sequence[str], number: int) -> int:
        """Write down that a unit is tried: at the latest, that is on disk when something of the unit itself is."""
        row = self.connection.execute(
            "WITH lazily AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"
            " INSERT INTO migplan.attempt (run, unit, steps, number) SELECT %s, %s, %s, %s FROM lazily RETURNING id",
            (run, unit, list(steps), number),
        ).fetchone()
        assert row is not None
        return int(row[0])

    def fail_attempt(self, attempt: int, error: str, sqlstate: str | None, blocked_by: str | None) -> None:
        """Write down why a try ended."""
        self.connection.execute(
            "UPDATE migplan.attempt SET ended = clock_timestamp(), outcome = 'failed', error = %s, sqlstate = %s,"
            " blocked_by = %s WHERE id = %s AND outcome = 'running'",
            (error, sqlstate, blocked_by, attempt),
        )

    def confirmed(self) -> dict[int, str]:
        """The confirmed checkpoints and by whom."""
        rows = self.connection.execute(
            "SELECT number, confirmed_by FROM migplan.checkpoint WHERE plan = %s", (self.plan,)
        ).fetchall()
        return {int(number): str(by) for number, by in rows}

    def confirm(self, number: int, by: str) -> None:
        """Write down that the application that a checkpoint asks for is deployed."""
        self.connection.execute(
            "INSERT INTO migplan.checkpoint (plan, number, confirmed_by) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (self.plan, number, by),
        )
        self.event("confirmed", f"checkpoint {number} by {by}")

    def unconfirm(self, above: int) -> None:
        """Forget the checkpoints that lie behind window ``above``: a way back leads before them."""
        self.connection.execute("DELETE FROM migplan.checkpoint WHERE plan = %s AND number > %s", (self.plan, above))

    def pause(self, by: str | None) -> bool:
        """Ask for a pause in somebody's name, or end it with None; False where the ledger doesn't know the plan."""
        done = self.connection.execute(
            "UPDATE migplan.plan SET paused_by = %s, paused_at = CASE WHEN %s THEN clock_timestamp() END WHERE id = %s",
            (by, by is not None, self.plan),
        )
        return done.rowcount == 1

    def positions(self, step: str, direction: Direction) -> list[Position]:
        """The parts of a backfill, in order; none where it has not begun."""
        rows = self.connection.execute(
            "SELECT part, upper_bound, position, rows_read, finished IS NOT NULL FROM migplan.backfill"
            " WHERE plan = %s AND step = %s AND direction = %s ORDER BY part",
            (self.plan, step, direction),
        ).fetchall()
        return [
            Position(part, upper and tuple(upper), position and tuple(position), rows_read, done)
            for part, upper, position, rows_read, done in rows
        ]

    def begin_backfill(self, step: str, direction: Direction, first: Sequence[str] = ()) -> None:
        """Open a backfill as one part, from the table's one end to the other; ``first`` runs with it."""
        with self.connection.transaction():
            for statement in first:
                self.connection.execute(statement.encode())
            self.forget_backfill(step, direction)
            self.connection.execute(
                "INSERT INTO migplan.backfill (plan, step, direction, part) VALUES (%s, %s, %s, 0)",
                (self.plan, step, direction),
            )

    def cut_backfill(self, step: str, direction: Direction, part: Position, cuts: Sequence[tuple[str, ...]]) -> None:
        """Make several parts of what is left of one that nobody works on: ``cuts`` are the last keys of all but the
        last."""
        with self.connection.transaction():
            for cut, upper in zip(cuts, [*cuts[1:], part.upper], strict=True):
                self.connection.execute(
                    "INSERT INTO migplan.backfill (plan, step, direction, part, upper_bound, position)"
                    " SELECT plan, step, direction, max(part) + 1, %s, %s FROM migplan.backfill"
                    " WHERE plan = %s AND step = %s AND direction = %s GROUP BY plan, step, direction",
                    (upper and list(upper), list(cut), self.plan, step, direction),
                )
            if cuts:
                self.connection.execute(
                    "UPDATE migplan.backfill SET upper_bound = %s"
                    " WHERE plan = %s AND step = %s AND direction = %s AND part = %s",
                    (list(cuts[0]), self.plan, step, direction, part.part),
                )

    def forget_backfill(self, step: str, direction: Direction) -> None:
        """A backfill that begins anew, or whose step was led back."""
        self.connection.execute(
            "DELETE FROM migplan.backfill WHERE plan = %s AND step = %s AND direction = %s",
            (self.plan, step, direction),
        )
