"""Which steps share a transaction: one table's ACCESS EXCLUSIVE lock at a time, long work alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from migplan.core.ids import ObjectId
from migplan.core.settings import Settings
from migplan.core.steps import Down, LockMode, Phase, Statement, Step, Timing
from migplan.planning.windows import Placed


@dataclass(frozen=True, slots=True)
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
    found: list[Segment] = []
    for item in placed:
        last = found[-1] if found else None
        if last is not None and _joins(last, item, settings):
            found[-1] = Segment(last.window, last.phase, (*last.steps, *item.node.steps))
        else:
            found += _own(item)
    return found


def _own(item: Placed) -> list[Segment]:
    steps = item.node.steps
    if all(s.transactional for s in steps):
        return [Segment(item.window, item.phase, steps)]
    return [Segment(item.window, item.phase, (s,)) for s in steps]


def _joins(last: Segment, item: Placed, settings: Settings) -> bool:
    steps = item.node.steps
    if (last.window, last.phase) != (item.window, item.phase) or not last.transactional:
        return False
    if not all(s.transactional for step in steps for s in (*step.up, *_way_back(step))):
        return False
    if any(step.asserts for step in steps) and not settings.offline:
        return False
    if settings.offline:
        return True
    if any(_long(s) for s in (*last.steps, *steps)):
        return False
    return len(_locked(last.steps) | _locked(steps)) <= 1


def _long(step: Step) -> bool:
    """Whether the step, or its way back, takes its time and therefore a transaction of its own."""
    return any(s.timing is Timing.LONG for s in (*step.up, *_way_back(step))) and not step.new_objects


def _way_back(step: Step) -> tuple[Statement, ...]:
    return step.down.statements if isinstance(step.down, Down) else ()


def _locked(steps: Iterable[Step]) -> set[ObjectId]:
    """The tables on which some step takes a lock that an application would feel."""
    return {
        ObjectId("relation", s.object.path[:2])
        for s in steps
        if s.lock > LockMode.SHARE_UPDATE_EXCLUSIVE and not s.new_objects
    }
