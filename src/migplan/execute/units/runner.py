"""Runs units on the live database, each to its end, however often it has to be tried."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import psycopg

from migplan.core.errors import ExecutionError, MigplanError
from migplan.execute.backfills.backfill_job import Job, Progress
from migplan.execute.backfills.batch_work import BatchWork
from migplan.execute.beforehand.maintenance import admit
from migplan.execute.failures.blockers import Lookout
from migplan.execute.failures.failures import details, failure, primary
from migplan.execute.failures.interrupts import asked_to_end
from migplan.execute.failures.retry import Tries, ended_a_wait, lost
from migplan.execute.ledger.ledger import Direction
from migplan.execute.ledger.this_run import ThisRun
from migplan.execute.manner import Manner, Teller
from migplan.execute.operator import end_leftovers, held, still_held
from migplan.execute.units.at_once import in_messages, run_at_once, takes_moments, takes_moments_back
from migplan.execute.units.unit_work import UnitWork
from migplan.execute.units.work_session import WorkSession
from migplan.planfile.locks import PlanLocks
from migplan.planfile.model import StepModel
from migplan.planfile.units import Unit
from migplan.source.connect import Connection, redact

_RECONNECTS: Final = 10
_CALM: Final = 60.0
"""Seconds after which a connection that is lost again is no longer the same trouble."""


class Runner:
    """One run of one plan in one direction.

    ``desk`` is the connection that holds the operator's lock and writes the ledger; the work has its own session.
    ``undoing`` are the units, by their steps, which were interrupted forwards and are led back now.
    """

    def __init__(
        self,
        target: str,
        locks: PlanLocks,
        desk: Connection,
        run: ThisRun,
        manner: Manner,
        teller: Teller,
        undoing: Mapping[str, Unit] | None = None,
    ) -> None:
        self._target = target
        self._desk = desk
        self._run = run
        self._manner = manner
        self._teller = teller
        plan = locks.plan
        self._steps = {s.id: s for s in plan.steps}
        self._titles: Mapping[str, str] = {s.id: s.title if run.direction == "up" else s.title_back for s in plan.steps}
        self._session = WorkSession(target, f"{run.direction} {plan.name}")
        self._work = UnitWork(self._session, desk, run, locks, self.job, undoing or {})
        self._locks = locks
        self._lookout = Lookout(
            target,
            self._session.connection,
            say=teller.say,
            progress=teller.progress,
            kill_older_than=manner.kill_older_than,
        )
        self._lookout.heed(desk)

    def __enter__(self) -> Runner:
        self._lookout.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._lookout.__exit__()
        self._session.close()

    def admit(self, unit: Unit) -> None:
        """Forwards, a unit that applications wait for keeps to the maintenance windows; the way back is never late.

        Raises ``BlockedError`` outside of them.
        """
        if self._run.direction == "up" and self._manner.maintenance.windows:
            tables = sorted({t for step in self._models(unit) for t in self._locks.felt(step)})
            admit(self._desk, self._manner.maintenance, tables, self._teller.say)

    def run_all(self, units: Sequence[Unit]) -> None:
        """Run units to their ends, one after the other. Raises like :meth:`run`."""
        for together in in_messages(units, self._is_quick):
            if len(together) > 1:
                self._run_together(together)
            else:
                self.run(together[0])

    def _is_quick(self, unit: Unit) -> bool:
        up = self._run.direction == "up"
        quick = takes_moments(unit, self._models(unit)) if up else takes_moments_back(unit)
        return quick and self._work.is_plain(unit)

    def _models(self, unit: Unit) -> list[StepModel]:
        return [self._steps[s] for s in unit.steps if s in self._steps]

    def _run_together(self, units: Sequence[Unit]) -> None:
        for unit in units:
            self.admit(unit)
        still_held(self._desk)
        self._session.set(units[0].commands[0].settings)
        done, error = run_at_once(self._session.connection, self._run, units)
        for unit in units[:done]:
            self._tell(unit)
        for number, unit in enumerate(units[done:]):
            if number and error is not None and lost(error) and self._work.is_settled(unit):
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
        tries, reconnects, lost_at = Tries(self._manner.patience), 0, 0.0
        while True:
            self.admit(unit)
            with held():
                attempt = self._run.ledger.begin_attempt(self._run.number, unit.name, unit.steps, tries.number)
            try:
                if met is not None:
                    met, error = None, met
                    raise error
                self._work.carry_out(unit, attempt)
            except psycopg.Error as error:
                if asked_to_end():
                    raise
                self._note_failure(attempt, error)
                if lost(error):
                    now = time.monotonic()
                    reconnects, lost_at = reconnects + 1 if now - lost_at < _CALM else 1, now
                    if reconnects > _RECONNECTS:
                        raise self._failure(unit, error) from error
                    self._reconnect(error)
                    if self._work.is_settled(unit):
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

    def job(self, step: str, direction: Direction, work: BatchWork) -> Job:
        """A step's work in batches, as this run does it."""
        return Job(
            self._target,
            replace(self._run, direction=direction),
            step,
            work,
            self._manner.pace,
            fenced=lambda: still_held(self._desk),
            heed=self._lookout.heed,
            say=self._teller.say,
            show=lambda p: self._show(step, p),
        )

    def _show(self, step: str, progress: Progress) -> None:
        left = "" if progress.left is None else f", about {_span(progress.left)} left"
        self._teller.progress(f"{step}: {progress.changed:,} rows changed{left}", progress.share)

    def _reconnect(self, error: psycopg.Error) -> None:
        """A new connection for the work; the operator's lock must still be held, or the run ends."""
        self._teller.say(f"the connection was lost ({primary(error)}); connecting again")
        self._session.close()
        still_held(self._desk)
        end_leftovers(self._desk)
        self._session.connect_again()
        self._lookout.watch(self._session.connection)

    def _note_failure(self, attempt: int, error: psycopg.Error) -> None:
        seen = self._lookout.blockers()
        blocked = seen if ended_a_wait(error) else []
        if blocked:
            error.add_note(f"waited for {'; '.join(b.who for b in blocked)}")
        by = "; ".join(b.who for b in blocked) or None
        self._note(attempt, primary(error), error.sqlstate, by)

    def _note(self, attempt: int, said: str, sqlstate: str | None, blocked_by: str | None) -> None:
        """What failed is worth more than that it can't be written down either."""
        with contextlib.suppress(psycopg.Error):
            self._run.ledger.fail_attempt(attempt, redact(said), sqlstate, blocked_by)

    def _failure(self, unit: Unit, error: psycopg.Error) -> ExecutionError:
        asserted = [a for step in self._models(unit) for a in step.assertions]
        for said in details(error, asserted):
            self._teller.say(said)
        return failure(unit, error, self._run.direction)


def _span(seconds: float) -> str:
    """``45 s``, ``3 min``, ``2 h 05 min``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
