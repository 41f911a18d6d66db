"""Runs units on the live database, each exactly once however often it is tried, and writes them into the ledger."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Final

import psycopg

from migplan.core.errors import ExecutionError, MigplanError
from migplan.execute.at_once import in_messages, run_at_once, takes_moments, takes_moments_back
from migplan.execute.backfill_job import Job, Progress
from migplan.execute.backfills import finish
from migplan.execute.batch_work import BatchWork
from migplan.execute.blockers import Lookout
from migplan.execute.failures import details, failure, primary
from migplan.execute.fence import mark_command, settle, settle_and_commit
from migplan.execute.half_done import Verdict, holds_together, recover
from migplan.execute.ledger import Direction, Ledger
from migplan.execute.locks_together import LocksTogether
from migplan.execute.maintenance import admit
from migplan.execute.manner import Manner, Teller
from migplan.execute.operator import end_leftovers, held, open_worker, still_held
from migplan.execute.retry import Tries, lost
from migplan.planfile.locks import PlanLocks
from migplan.planfile.model import BackfillModel, BatchesModel, PlanModel, StepModel
from migplan.planfile.units import Command, Unit, is_setting
from migplan.source.connect import Connection, redact

_LOOP: Final = re.compile(r"do\b.*\bcommit\b", re.I | re.S)
"""The block that does in one file what batches do here; what the plan counts has none."""
_RECONNECTS: Final = 10
_LOOK_AT_THE_LOCK_AFTER: Final = 1.0
"""Seconds of a transaction after which the operator's lock may be lost; up to there the ledger's fence will do."""
_QUICK: Final = 0.05
"""Seconds below which a transaction's COMMIT doesn't wait for the disk: waiting would take the most of its time. What
the run says at its end waits for all of them."""


class Runner:
    """One run of one plan in one direction.

    ``desk`` is the connection that holds the operator's lock and writes the ledger; the work has its own. ``undoing``
    are the units, by their steps, which were interrupted forwards and are led back now.
    """

    def __init__(
        self,
        target: str,
        plan: PlanModel,
        desk: Connection,
        ledger: Ledger,
        run: int,
        direction: Direction,
        manner: Manner,
        teller: Teller,
        undoing: Mapping[str, Unit] | None = None,
    ) -> None:
        self._target = target
        self._desk = desk
        self._ledger = ledger
        self._run = run
        self._direction: Direction = direction
        self._manner = manner
        self._teller = teller
        self._steps = {s.id: s for s in plan.steps}
        self._titles: Mapping[str, str] = {s.id: s.title if direction == "up" else s.title_back for s in plan.steps}
        self._backfills = _backfills(plan, direction)
        self._stays = {s.id for s in plan.steps if direction == "down" and s.down.irreversible is not None}
        self._work = open_worker(target, f"{direction} {plan.name}")
        self._settings: tuple[str, ...] = ()
        self._undoing = undoing or {}
        locks = PlanLocks(plan)
        self._felt = {s.id: locks.felt(s) for s in plan.steps} if direction == "up" else {}
        self._together = LocksTogether(plan, back=direction == "down")
        self._never_happened: set[str] = set()
        self._lookout = Lookout(
            target,
            self._work.info.backend_pid,
            say=teller.say,
            progress=teller.progress,
            kill_older_than=manner.kill_older_than,
        )

    def __enter__(self) -> Runner:
        self._lookout.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._lookout.__exit__()
        self._work.close()

    def admit(self, unit: Unit) -> None:
        """Forwards, a unit that applications wait for keeps to the maintenance windows; the way back is never late.

        Raises ``BlockedError`` outside of them.
        """
        tables = sorted({t for s in unit.steps for t in self._felt.get(s, ())})
        admit(self._desk, self._manner.maintenance, tables, self._teller.say)

    def run_all(self, units: Sequence[Unit]) -> None:
        """Run units to their ends, one after the other. Raises like :meth:`run`."""
        for together in in_messages(units, self._is_quick):
            if len(together) > 1:
                self._run_together(together)
            else:
                self.run(together[0])

    def _is_quick(self, unit: Unit) -> bool:
        models = self._models(unit)
        if self._direction == "up":
            quick = takes_moments(unit, models)
        else:
            quick = takes_moments_back(unit) and not self._undoing and self._stays.isdisjoint(unit.steps)
        return quick and not self._together.of(unit)

    def _models(self, unit: Unit) -> list[StepModel]:
        return [self._steps[s] for s in unit.steps if s in self._steps]

    def _run_together(self, units: Sequence[Unit]) -> None:
        for unit in units:
            self.admit(unit)
        still_held(self._desk)
        self._set(units[0].commands[0].settings)
        done, error = run_at_once(self._work, self._ledger, self._run, self._direction, units)
        for unit in units[:done]:
            self._tell(unit)
        for number, unit in enumerate(units[done:]):
            if number and error is not None and lost(error) and self._settled(unit):
                self._tell(unit)
            else:
                self.run(unit, error if number == 0 else None)

    def _tell(self, unit: Unit) -> None:
        busy = {c.step for c in unit.commands}
        told = [s for s in unit.steps if s in busy] or unit.steps
        self._teller.unit(unit, "; ".join(self._titles.get(s, s) for s in told))

    def run(self, unit: Unit, met: psycopg.Error | None = None) -> None:
        """Run a unit to its end; ``met`` is what its first try has met already.

        Raises ``ExecutionError`` where it can't be had, with all that is known of why.
        """
        self._tell(unit)
        tries, reconnects = Tries(self._manner.patience), 0
        while True:
            self.admit(unit)
            with held():
                attempt = self._ledger.begin_attempt(self._run, unit.name, unit.steps, tries.number)
            try:
                if met is not None:
                    met, error = None, met
                    raise error
                self._try(unit, attempt)
            except psycopg.Error as error:
                self._note_failure(attempt, error)
                if lost(error):
                    reconnects += 1
                    if reconnects > _RECONNECTS:
                        raise self._failure(unit, error) from error
                    self._reconnect(unit, error)
                    if self._settled(unit):
                        return
                    continue
                pause = tries.again(error)
                if pause is None:
                    raise self._failure(unit, error) from error
                self._teller.say(f"{primary(error)}; trying again in {pause:.1f} s")
                time.sleep(pause)
            except MigplanError as error:
                self._note(attempt, str(error), None, None)
                raise
            else:
                return

    def _try(self, unit: Unit, attempt: int) -> None:
        self._complete_forwards(unit)
        for check in unit.checks:
            self._set(check.settings)
            self._execute(check)
        if unit.transactional:
            self._transaction(unit, attempt)
        else:
            self._one_by_one(unit, attempt)

    def _transaction(self, unit: Unit, attempt: int) -> None:
        self._set(next((c.settings for c in unit.commands), ()))
        began = time.monotonic()
        commands = [c for c in unit.commands if c.step not in self._never_happened]
        settings = list(takewhile(is_setting, commands))
        locked = bool(self._together.of(unit))
        first = len(settings) + (0 if locked else 1)
        try:
            self._begin(commands[:first])
            if locked:
                self._together.take(self._work, unit, settings)
            for command in commands[first:]:
                self._execute(command)
            took = time.monotonic() - began
            if took > _LOOK_AT_THE_LOCK_AFTER:
                still_held(self._desk)
            done = (attempt, self._changed(unit), self._direction)
            settle_and_commit(self._work, self._ledger, self._run, *done, lazily=took < _QUICK)
        except BaseException:
            if not self._work.closed:
                self._work.rollback()
            raise

    def _begin(self, commands: Sequence[Command]) -> None:
        """BEGIN, the settings and the first statement in one message: with thousands of steps a round trip counts."""
        text = ";\n".join(["BEGIN", *(c.sql for c in commands)])
        try:
            self._work.execute(text.encode())
        except psycopg.Error as error:
            error.add_note(commands[-1].place if commands else "")
            raise

    def _changed(self, unit: Unit) -> list[str]:
        """What no way back changes stays applied in the ledger as well."""
        return [s for s in unit.steps if s not in self._stays]

    def _complete_forwards(self, unit: Unit) -> None:
        """Before a way back: what was interrupted outside of a transaction either happened as a whole, or not at all.

        Raises what the server says.
        """
        states = self._ledger.steps() if self._undoing else {}
        for step in unit.steps:
            forwards, state = self._undoing.get(step), states.get(step)
            if forwards is None or state is None or state.state != "applying":
                continue
            left = forwards.commands[state.commands :]
            found = [recover(self._work, c.sql) for c in left]
            if state.commands == 0 and found and set(found) == {Verdict.ABSENT}:
                self._never_happened.add(step)

    def _one_by_one(self, unit: Unit, attempt: int) -> None:
        """Statements that no transaction holds together: each recognised where it had begun before."""
        state = "applying" if self._direction == "up" else "undoing"
        step = unit.steps[0] if unit.steps else ""
        known = self._ledger.steps().get(step)
        begun = known is not None and known.state != "applied"
        done = known.commands if known is not None and known.state == state else 0
        for number, command in enumerate(unit.commands):
            if number < done or step in self._never_happened:
                continue
            self._set(command.settings)
            if holds_together(command.sql):
                with self._work.transaction():
                    self._execute(command)
                    mark_command(self._work, self._ledger, self._run, unit.steps, state, number + 1)
                continue
            if not begun or recover(self._work, command.sql) is not Verdict.DONE:
                mark_command(self._work, self._ledger, self._run, unit.steps, state, number)
                begun = True
                self._outside(command, step)
            mark_command(self._work, self._ledger, self._run, unit.steps, state, number + 1)
        settle(self._work, self._ledger, self._run, attempt, self._changed(unit), self._direction)

    def _outside(self, command: Command, step: str) -> None:
        model = self._backfills.get(step)
        if model is None or not _LOOP.match(command.sql.lstrip()):
            self._execute(command)
            return
        finish(self.job(step, self._direction, BatchWork.of(model)))

    def job(self, step: str, direction: Direction, work: BatchWork) -> Job:
        """A step's work in batches, as this run does it."""
        return Job(
            self._target,
            self._ledger,
            self._run,
            step,
            direction,
            work,
            self._manner.pace,
            fenced=lambda: still_held(self._desk),
            say=self._teller.say,
            show=lambda p: self._show(step, p),
        )

    def _show(self, step: str, progress: Progress) -> None:
        left = "" if progress.left is None else f", about {_span(progress.left)} left"
        self._teller.progress(f"{step}: {progress.changed:,} rows changed{left}", progress.share)

    def _execute(self, command: Command) -> None:
        try:
            self._work.execute(command.sql.encode())
        except psycopg.Error as error:
            error.add_note(command.place)
            raise

    def _set(self, settings: tuple[str, ...]) -> None:
        """The session's settings at that place of the file, where they aren't set yet."""
        if settings != self._settings:
            for setting in settings:
                self._work.execute(setting.encode())
            self._settings = settings

    def _reconnect(self, unit: Unit, error: psycopg.Error) -> None:
        """A new connection for the work; the operator's lock must still be held, or the run ends."""
        self._teller.say(f"the connection was lost ({primary(error)}); connecting again")
        self._work.close()
        self._settings = ()
        still_held(self._desk)
        end_leftovers(self._desk)
        self._work = open_worker(self._target, unit.file)
        self._lookout.watch(self._work.info.backend_pid)

    def _settled(self, unit: Unit) -> bool:
        """Whether the lost connection's COMMIT had arrived."""
        states = self._ledger.steps()
        if self._direction == "up":
            return bool(unit.steps) and all(s in states and states[s].state == "applied" for s in unit.steps)
        return not any(s in states for s in unit.steps if s not in self._stays)

    def _note_failure(self, attempt: int, error: psycopg.Error) -> None:
        blocked = self._lookout.blockers()
        if blocked:
            error.add_note(f"waited for {'; '.join(b.who for b in blocked)}")
        by = "; ".join(b.who for b in blocked) or None
        self._note(attempt, primary(error), error.sqlstate, by)

    def _note(self, attempt: int, said: str, sqlstate: str | None, blocked_by: str | None) -> None:
        """What failed is worth more than that it can't be written down either."""
        with contextlib.suppress(psycopg.Error):
            self._ledger.fail_attempt(attempt, redact(said), sqlstate, blocked_by)

    def _failure(self, unit: Unit, error: psycopg.Error) -> ExecutionError:
        asserted = [a for step in self._models(unit) for a in step.assertions]
        for said in details(error, asserted):
            self._teller.say(said)
        return failure(unit, error, self._direction)


def _backfills(plan: PlanModel, direction: Direction) -> Mapping[str, BackfillModel | BatchesModel]:
    sides = ((s.id, s if direction == "up" else s.down) for s in plan.steps)
    found = {step: side.backfill or side.batches for step, side in sides}
    return {step: model for step, model in found.items() if model is not None}


def _span(seconds: float) -> str:
    """``45 s``, ``3 min``, ``2 h 05 min``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
