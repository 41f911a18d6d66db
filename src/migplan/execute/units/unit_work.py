"""One try at one unit: in its transaction or statement by statement, and into the ledger together with it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Final

from migplan.execute.backfills.backfill_job import Job
from migplan.execute.backfills.backfills import finish
from migplan.execute.backfills.batch_work import BatchWork
from migplan.execute.failures.half_done import Verdict, holds_together, recover
from migplan.execute.ledger.fence import mark_command, settle, settle_and_commit
from migplan.execute.ledger.ledger import Direction
from migplan.execute.ledger.this_run import ThisRun
from migplan.execute.operator import still_held
from migplan.execute.units.locks_together import LocksTogether
from migplan.execute.units.work_session import WorkSession
from migplan.planfile.locks import PlanLocks
from migplan.planfile.model import BackfillModel, BatchesModel, PlanModel
from migplan.planfile.units import Command, Unit, is_setting
from migplan.source.connect import Connection

_LOOP: Final = re.compile(r"do\b.*\bcommit\b", re.I | re.S)
"""The block that does in one file what batches do here; what the plan counts has none."""
_LOOK_AT_THE_LOCK_AFTER: Final = 1.0
"""Seconds of a transaction after which the operator's lock may be lost; up to there the ledger's fence will do."""
_QUICK: Final = 0.05
"""Seconds below which a transaction's COMMIT doesn't wait for the disk: waiting would take the most of its time. What
the run says at its end waits for all of them."""


class UnitWork:
    """The work of one run in one direction, on ``session``; ``job`` makes a step's work in batches.

    ``desk`` is the connection that holds the operator's lock. ``undoing`` are the units, by their steps, which were
    interrupted forwards and are led back now.
    """

    def __init__(
        self,
        session: WorkSession,
        desk: Connection,
        run: ThisRun,
        locks: PlanLocks,
        job: Callable[[str, Direction, BatchWork], Job],
        undoing: Mapping[str, Unit],
    ) -> None:
        self._session = session
        self._desk = desk
        self._run = run
        self._job = job
        self._undoing = undoing
        plan = locks.plan
        self._backfills = _backfills(plan, run.direction)
        self._stays = {s.id for s in plan.steps if run.direction == "down" and s.down.irreversible is not None}
        self._together = LocksTogether(locks)
        self._never_happened: set[str] = set()

    def is_plain(self, unit: Unit) -> bool:
        """Whether its transaction is no more than its statements: no locks beforehand, nothing that stays, or that
        was interrupted and has to be looked at."""
        return not self._undoing and self._stays.isdisjoint(unit.steps) and not self._together.of(unit)

    def carry_out(self, unit: Unit, attempt: int) -> None:
        """Do it all, as the ledger's ``attempt``. Raises what the server says, and ``ExecutionError`` of batches."""
        self._complete_forwards(unit)
        for check in (c for c in unit.checks if c.step not in self._never_happened):
            self._session.set(check.settings)
            self._session.execute(check)
        if unit.transactional:
            self._transaction(unit, attempt)
        else:
            self._one_by_one(unit, attempt)

    def is_settled(self, unit: Unit) -> bool:
        """Whether the ledger says that it is done: by a COMMIT that had arrived when the connection was lost."""
        states = self._run.ledger.steps()
        if self._run.direction == "up":
            return bool(unit.steps) and all(s in states and states[s].state == "applied" for s in unit.steps)
        return not any(s in states for s in unit.steps if s not in self._stays)

    def _transaction(self, unit: Unit, attempt: int) -> None:
        work = self._session.connection
        self._session.set(next((c.settings for c in unit.commands), ()))
        began = time.monotonic()
        commands = [c for c in unit.commands if c.step not in self._never_happened]
        settings = list(takewhile(is_setting, commands))
        locked = bool(self._together.of(unit))
        first = len(settings) + (0 if locked else 1)
        try:
            self._session.begin(commands[:first])
            if locked:
                self._together.take(work, unit, settings)
            for command in commands[first:]:
                self._session.execute(command)
            took = time.monotonic() - began
            if took > _LOOK_AT_THE_LOCK_AFTER:
                still_held(self._desk)
            settle_and_commit(work, self._run, attempt, self._changed(unit), lazily=took < _QUICK)
        except BaseException:
            if not work.closed:
                work.rollback()
            raise

    def _changed(self, unit: Unit) -> list[str]:
        """What no way back changes stays applied in the ledger as well."""
        return [s for s in unit.steps if s not in self._stays]

    def _complete_forwards(self, unit: Unit) -> None:
        """Before a way back: what was interrupted outside of a transaction either happened as a whole, or not at all.

        Raises what the server says.
        """
        states = self._run.ledger.steps() if self._undoing else {}
        for step in unit.steps:
            forwards, state = self._undoing.get(step), states.get(step)
            if forwards is None or state is None or state.state != "applying":
                continue
            left = forwards.commands[state.commands :]
            found = [recover(self._session.connection, c.sql) for c in left]
            if state.commands == 0 and found and set(found) == {Verdict.ABSENT}:
                self._never_happened.add(step)

    def _one_by_one(self, unit: Unit, attempt: int) -> None:
        """Statements that no transaction holds together: each recognised where it had begun before."""
        work = self._session.connection
        state = "applying" if self._run.direction == "up" else "undoing"
        step = unit.steps[0] if unit.steps else ""
        known = self._run.ledger.steps().get(step)
        begun = known is not None and known.state != "applied"
        done = known.commands if known is not None and known.state == state else 0
        for number, command in enumerate(unit.commands):
            if number < done or step in self._never_happened:
                continue
            self._session.set(command.settings)
            if holds_together(command.sql):
                with work.transaction():
                    self._session.execute(command)
                    mark_command(work, self._run, unit.steps, state, number + 1)
                continue
            if not begun or recover(work, command.sql) is not Verdict.DONE:
                mark_command(work, self._run, unit.steps, state, number)
                begun = True
                self._outside(command, step)
            mark_command(work, self._run, unit.steps, state, number + 1)
        settle(work, self._run, attempt, self._changed(unit))

    def _outside(self, command: Command, step: str) -> None:
        model = self._backfills.get(step)
        if model is None or not _LOOP.match(command.sql.lstrip()):
            self._session.execute(command)
            return
        finish(self._job(step, self._run.direction, BatchWork.of(model)))


def _backfills(plan: PlanModel, direction: Direction) -> Mapping[str, BackfillModel | BatchesModel]:
    sides = ((s.id, s if direction == "up" else s.down) for s in plan.steps)
    found = {step: side.backfill or side.batches for step, side in sides}
    return {step: model for step, model in found.items() if model is not None}
