"""One run of a plan's units, window by window: a restore point and the operator's hook before each, a smoke after."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

import psycopg

from migplan.core.errors import ExecutionError, MigplanError
from migplan.core.next_command import next_command
from migplan.core.records import record
from migplan.execute.backfills.change_logs import replay
from migplan.execute.beforehand.drift import drift, refuse_drift, sighted
from migplan.execute.beforehand.first_look import FirstLook
from migplan.execute.failures.interrupts import answers_nothing, asked_to_end
from migplan.execute.failures.silence import severed_after
from migplan.execute.hooks import run_hook
from migplan.execute.journey import Stop, interrupted, phases, stops
from migplan.execute.ledger.ledger import STOPPED, FencedError, Ledger
from migplan.execute.ledger.this_run import ThisRun
from migplan.execute.operator import still_held
from migplan.execute.order import Intent, Order
from migplan.execute.restore_points import mark_window
from migplan.execute.units.runner import Runner
from migplan.planfile.units import Unit
from migplan.source.connect import Connection, redact

_WINDOW: Final = re.compile(r"w(\d+)_")
_LAST_WORD: Final = 5.0
"""Seconds in which the ledger has to take the end of a run."""
DUE, PASSED, FAILED = "smoke due", "smoke passed", "smoke failed"
"""Events of the ledger: units of a window have run since its last smoke, which then passed or failed."""


@record(slots=False)
class Course:
    """A run under way: on ``desk``, which holds the operator's lock, in the ledger's ``run``."""

    order: Order
    desk: Connection
    intent: Intent
    run: ThisRun
    look: FirstLook | None = None

    @classmethod
    def begin(
        cls, order: Order, desk: Connection, ledger: Ledger, intent: Intent, look: FirstLook | None = None
    ) -> Course:
        """Open the run in the ledger; ``look`` knows the live side as it was when nothing had run yet."""
        number = ledger.begin_run(intent.direction, intent.goal.name, order.stage)
        return cls(order, desk, intent, ThisRun(ledger, number, intent.direction), look)

    def go(self) -> None:
        """Run every unit; whatever ends it is written into the ledger. Raises ``MigplanError`` for what stops it."""
        error: str | None = STOPPED
        try:
            self._units()
            error = None
        except FencedError:
            error = None
            raise
        except MigplanError as failure:
            error = STOPPED if asked_to_end() else redact(str(failure))
            raise
        except KeyboardInterrupt as stop:
            stop.add_note("the same command continues; 'migplan rollback' leads back")
            raise
        finally:
            _close(self.run, error)

    def _units(self) -> None:
        intent = self.intent
        undoing = interrupted(intent.folder, self.run.ledger.steps()) if intent.direction == "down" else {}
        manner, teller = self.order.manner, self.order.teller
        self._overdue_smoke()
        with Runner(self.order.target, intent.locks, self.desk, self.run, manner, teller, undoing) as runner:
            for window, found in groupby(intent.units, _window_of):
                units = list(found)
                runner.admit(units[0])
                self._open(window)
                self._window(runner, units)
                self._smoke(self._boundary(window))
            for log in self.intent.logs:
                self.order.teller.say(f"replaying what has changed since in {log.batches.relation}")
                replay(log, runner.job)

    def _window(self, runner: Runner, units: Sequence[Unit]) -> None:
        for file, of_file in groupby(units, lambda u: u.file):
            if self.intent.direction == "up":
                self._check_drift(file)
            runner.run_all(list(of_file))

    def _open(self, window: int) -> None:
        hooks = self.order.hooks
        if hooks.before:
            reason = self._hook(hooks.before, window, self.intent.goal)
            if reason is not None:
                raise ExecutionError(
                    f"the command before window {window} failed ({reason})",
                    hint="Nothing of the window has run. Mend the cause and run the same command again.",
                )
        self.order.teller.say(str(mark_window(self.desk, self.run, window)))
        if hooks.smoke:
            self.run.ledger.event(DUE, f"w{window}", self.run.number)

    def _boundary(self, window: int) -> Stop:
        """Where the plan stands when the units of a window have run."""
        goal, known = self.intent.goal, stops(self.intent.folder.plan)
        if self.intent.direction == "up":
            return min([s for s in known if s.window <= window][-1], goal, key=lambda s: s.phases)
        return max([s for s in known if s.window < window or s.phases == 0][-1], goal, key=lambda s: s.phases)

    def _overdue_smoke(self) -> None:
        """The smoke that failed, or that an earlier run owed to a window and lies behind this one. In the middle of a
        window it isn't due yet: it comes at the window's end."""
        ledger, known = self.run.ledger, stops(self.intent.folder.plan)
        if self.intent.direction == "down" or not owes_smoke(self.order, ledger) or self.intent.at.within is not None:
            return
        at = known[self.intent.at.done]
        behind = at == self.intent.goal or at == [s for s in known if s.window == at.window][-1]
        if at.phases and (behind or ledger.last_event(DUE, PASSED, FAILED) == FAILED):
            self._smoke(at)

    def _smoke(self, at: Stop) -> None:
        smoke = self.order.hooks.smoke
        if not smoke:
            return
        reason = self._hook(smoke, at.window, at)
        self.run.ledger.event(PASSED if reason is None else FAILED, f"{at.name}: {reason or 'passed'}", self.run.number)
        if reason is None:
            return
        back = next_command("rollback", self.intent.folder.path, self.order.said)
        hint = (
            f"'{back}' leads back to where the window began. Once it is mended, the same command runs"
            " the smoke test again, and goes on."
        )
        if self.intent.direction == "down":
            hint = f"Up to there the way back is done. '{back}' goes on, if there is more of it."
        raise ExecutionError(f"the smoke test failed ({reason}); the plan stands at {at.name}", hint=hint)

    def _hook(self, command: str, window: int, at: Stop) -> str | None:
        self.order.teller.say(f"$ {command}")
        facts = {
            "MIGPLAN_TARGET_URL": self.order.target,
            "MIGPLAN_PLAN": str(self.intent.folder.path),
            "MIGPLAN_WINDOW": str(window),
            "MIGPLAN_BOUNDARY": at.name,
            "MIGPLAN_DIRECTION": self.intent.direction,
            "MIGPLAN_STAGE": self.order.stage or "",
        }
        reason = run_hook(command, self.order.hooks.timeout, facts, self.order.teller.say)
        still_held(self.desk)
        return reason

    def _check_drift(self, file: str) -> None:
        """Before a phase that has not begun, the live database must be what the proof saw there."""
        plan = self.intent.folder.plan
        number, phase = next((n, p) for n, (_, p) in enumerate(phases(plan)) if p.up == file)
        states = self.run.ledger.steps()
        if any(step in states for step in phase.steps):
            return
        live = (self.look.take() if self.look else None) or sighted(plan, self.desk)
        for allowed in refuse_drift(drift(plan, live, number), self.order.permissions.drift):
            self.order.teller.say(f"allowed: {allowed}")
            self.run.ledger.event("drift allowed", str(allowed))


def owes_smoke(order: Order, ledger: Ledger) -> bool:
    """Whether units have run since the last smoke test, or it failed."""
    return bool(order.hooks.smoke) and ledger.last_event(DUE, PASSED, FAILED) in (DUE, FAILED)


def _window_of(unit: Unit) -> int:
    found = _WINDOW.match(unit.file)
    assert found is not None
    return int(found[1])


def _close(run: ThisRun, error: str | None) -> None:
    """The end of the run in the ledger; where that can't be written it stays open, and counts as interrupted."""
    with (
        contextlib.suppress(psycopg.Error),
        severed_after(0.5 if answers_nothing() else _LAST_WORD, run.ledger.connection),
    ):
        run.ledger.end_run(run.number, error)
