"""Whose tables an application waits for while a step runs, or is undone, by what the proof measured of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from migplan.core.records import record
from migplan.core.steps import LockMode
from migplan.planfile.model import MeasuredModel, PlanModel, StepModel

UNFELT: Final = LockMode.SHARE_UPDATE_EXCLUSIVE
"""Up to this one neither reads nor writes wait."""
_BY_NAME: Final = {str(mode): mode for mode in LockMode}


def lock_mode(name: str) -> LockMode:
    """``ACCESS EXCLUSIVE`` as plan.json writes it."""
    return _BY_NAME[name]


def own_table(step: StepModel) -> str:
    """``schema.name`` of what the step works on: its table where it has one."""
    return ".".join(step.path[:2])


@record(slots=False)
class PlanLocks:
    """The tables that a plan's steps lock, each as ``schema.table``; ``back`` when they are undone.

    A plan from before the way back was measured takes there what it takes forwards."""

    plan: PlanModel
    back: bool = False

    @cached_property
    def _created(self) -> frozenset[str]:
        return frozenset(".".join(c.path) for c in self.plan.changes if c.action == "create")

    @cached_property
    def _modes(self) -> dict[str, dict[str, LockMode]]:
        """By step: a run asks many times, and a plan may have thousands."""
        return {step.id: self._modes_of(step) for step in self.plan.steps}

    @cached_property
    def _touched(self) -> dict[str, list[str]]:
        return {step.id: self._touched_by(step) for step in self.plan.steps}

    def felt(self, step: StepModel) -> list[str]:
        """The existing tables on which reads or writes wait for the step."""
        return list(self._modes[step.id])

    def modes(self, step: StepModel) -> Mapping[str, LockMode]:
        """The same, each with its strongest lock."""
        return self._modes[step.id]

    def touched(self, step: StepModel) -> Sequence[str]:
        """The existing tables that the step locks at all, and the one that it works on."""
        return self._touched[step.id]

    def _modes_of(self, step: StepModel) -> dict[str, LockMode]:
        seen, promised = self._seen(step), lock_mode(step.lock)
        if seen is not None and not seen.unseen:
            found = {t: lock_mode(mode) for t, mode in seen.locks.items()}
            return {t: mode for t, mode in found.items() if mode > UNFELT and t not in self._created}
        own = {own_table(step): promised} if promised > UNFELT and not step.new_objects else {}
        others = {name: lock_mode(mode) for name, mode in step.stronger.items()}
        return own | {name: mode for name, mode in others.items() if mode > UNFELT}

    def _touched_by(self, step: StepModel) -> list[str]:
        seen = self._seen(step)
        found = seen.locks if seen is not None else {}
        return [t for t in dict.fromkeys([own_table(step), *found]) if t not in self._created]

    def strongest(self, step: StepModel) -> str:
        """The strongest lock on an existing table, as it is written."""
        seen = self._seen(step)
        if not self.back or seen is None or seen.unseen:
            return step.lock
        held = [lock_mode(mode) for table, mode in seen.locks.items() if table not in self._created]
        return str(max(held, default=LockMode.NONE))

    def rewrites(self, step: StepModel) -> bool:
        """Whether rows of an existing table are written anew."""
        return step.down.measured.rewrite if self.back and step.down.measured else step.rewrite

    def scans(self, step: StepModel) -> bool:
        """Whether a whole existing table is read."""
        if not self.back or step.down.measured is None:
            return step.scan
        return step.down.measured.scan and self.strongest(step) != str(LockMode.NONE)

    def in_batches(self, step: StepModel) -> bool:
        """Whether a table's rows are written in many short transactions."""
        side = step.down if self.back else step
        return side.backfill is not None or side.batches is not None

    def _seen(self, step: StepModel) -> MeasuredModel | None:
        return step.down.measured or step.measured if self.back else step.measured
