"""Which steps share a transaction: one table's ACCESS EXCLUSIVE lock at a time, long work alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import Down, LockMode, Phase, Statement, Step, Timing
from migplan.planning.windows import Placed

_UNFELT: Final = LockMode.SHARE_UPDATE_EXCLUSIVE
"""Up to this one neither reads nor writes wait."""


@record
class Segment:
    """Steps that run in one transaction, or one step that runs outside of any."""

    window: int
    phase: Phase
    steps: tuple[Step, ...]

    @property
    def transactional(self) -> bool:
        """Whether the segment is wrapped in BEGIN and COMMIT."""
        return all(s.transactional for s in self.steps)


def segments(placed: Sequence[Placed], settings: Settings) -> list[Segment]:
    """The transactions of a plan, in order."""
    found: list[_Growing] = []
    for item in placed:
        if found and found[-1].takes(item, settings):
            found[-1].add(item.node.steps)
        else:
            found += _own(item)
    return [Segment(g.window, g.phase, tuple(g.steps)) for g in found]


@dataclass
class _Growing:
    """A transaction that more steps may join, and what of its steps decides that."""

    window: int
    phase: Phase
    steps: list[Step] = field(default_factory=list[Step])
    transactional: bool = True
    long: bool = False
    counts: bool = False
    """Whether its way back begins with reading rows, while no lock is held."""
    locked: set[str] = field(default_factory=set[str])

    def add(self, steps: Sequence[Step]) -> None:
        """Takes the steps in."""
        self.steps += steps
        self.transactional = self.transactional and all(s.transactional for s in steps)
        self.long = self.long or any(_long(s) for s in steps)
        self.counts = self.counts or any(isinstance(s.down, Down) and s.down.asserts for s in steps)
        self.locked |= _locked(steps)

    def takes(self, item: Placed, settings: Settings) -> bool:
        """Whether the steps may share the transaction."""
        steps = item.node.steps
        if (self.window, self.phase) != (item.window, item.phase) or not self.transactional:
            return False
        if not all(s.transactional for step in steps for s in (*step.up, *_way_back(step))):
            return False
        if any(step.asserts for step in steps) and not settings.offline:
            return False
        if settings.offline:
            return True
        if self.long or self.counts or any(_long(s) for s in steps):
            return False
        return len(self.locked | _locked(steps)) <= 1


def _own(item: Placed) -> list[_Growing]:
    steps = item.node.steps
    alone = [steps] if all(s.transactional for s in steps) else [(s,) for s in steps]
    found: list[_Growing] = []
    for together in alone:
        segment = _Growing(item.window, item.phase)
        segment.add(together)
        found.append(segment)
    return found


def _long(step: Step) -> bool:
    """Whether the step, or its way back, takes its time and therefore a transaction of its own."""
    return any(s.timing is Timing.LONG for s in (*step.up, *_way_back(step))) and not step.new_objects


def _way_back(step: Step) -> tuple[Statement, ...]:
    return step.down.statements if isinstance(step.down, Down) else ()


def _locked(steps: Iterable[Step]) -> set[str]:
    """The tables (``schema.name``) on which some step takes a lock that an application would feel."""
    own = {".".join(s.object.path[:2]) for s in steps if s.lock > _UNFELT and not s.new_objects}
    return own | {name for step in steps for s in step.up for name, mode in s.stronger if mode > _UNFELT}
