"""Whose tables an application waits for while a step runs, by what the proof measured of it."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from migplan.core.records import record
from migplan.core.steps import LockMode
from migplan.planfile.model import PlanModel, StepModel

_UNFELT: Final = LockMode.SHARE_UPDATE_EXCLUSIVE
"""Up to this one neither reads nor writes wait."""


def lock_mode(name: str) -> LockMode:
    """``ACCESS EXCLUSIVE`` as plan.json writes it."""
    return LockMode[name.replace(" ", "_")]


def own_table(step: StepModel) -> str:
    """``schema.name`` of what the step works on: its table where it has one."""
    return ".".join(step.path[:2])


@record(slots=False)
class PlanLocks:
    """The tables that a plan's steps lock, each as ``schema.table``."""

    plan: PlanModel

    @cached_property
    def _created(self) -> frozenset[str]:
        return frozenset(".".join(c.path) for c in self.plan.changes if c.action == "create")

    def felt(self, step: StepModel) -> list[str]:
        """The existing tables on which reads or writes wait for the step."""
        return list(self.modes(step))

    def modes(self, step: StepModel) -> dict[str, LockMode]:
        """The same, each with its strongest lock."""
        seen, promised = step.measured, lock_mode(step.lock)
        if seen is not None and not seen.unseen:
            found = {t: lock_mode(mode) for t, mode in seen.locks.items()}
            return {t: mode for t, mode in found.items() if mode > _UNFELT and t not in self._created}
        own = {own_table(step): promised} if promised > _UNFELT and not step.new_objects else {}
        others = {name: lock_mode(mode) for name, mode in step.stronger.items()}
        return own | {name: mode for name, mode in others.items() if mode > _UNFELT}

    def touched(self, step: StepModel) -> list[str]:
        """The existing tables that the step locks at all, and the one that it works on."""
        seen = step.measured.locks if step.measured is not None else {}
        return [t for t in dict.fromkeys([own_table(step), *seen]) if t not in self._created]
