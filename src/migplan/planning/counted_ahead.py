"""What steps assert of rows is counted once, and before a transaction that locks their table.

Behind a step of its transaction that changes rows, or how they are reached (another type, a function that takes the
place of one), nothing can be counted ahead. There the step that validates counts, in its own transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from migplan.core.steps import Assertion, Down, Step, step_id
from migplan.planning.graph import Node
from migplan.planning.windows import Placed
from migplan.strategies.steps_undone import AGAIN

_BESIDE_ROWS: Final = frozenset({"constraint", "index", "statistics", "trigger"})
"""What may come and go without a query finding other rows, or not finding them."""


def up_asserts(steps: Sequence[Step]) -> int:
    """How many of a transaction's steps assert what holds before it as well: up to and with the first one behind which
    rows are others, or are found in other ways."""
    return _ahead(steps, [bool(s.up or s.asserts) for s in steps])


def down_asserts(steps: Sequence[Step]) -> int:
    """The same of their ways back, in the order in which they are undone."""
    return _ahead(steps, [isinstance(s.down, Down) and bool(s.down.statements or s.down.asserts) for s in steps])


def _ahead(steps: Sequence[Step], working: Sequence[bool]) -> int:
    for number, (step, works) in enumerate(zip(steps, working, strict=True), 1):
        if works and step.object.kind not in _BESIDE_ROWS:
            return number
    return len(steps)


def counted_once(placed: Sequence[Placed]) -> list[Placed]:
    """The same transactions, where a constraint that is added and validated by two steps has its rows counted by the
    first one if that can be done ahead, and by the second one if not."""
    changed: dict[str, Step] = {}
    known = {step.id: step for item in placed for step in item.node.steps}
    for item in placed:
        _settle_up(item.node, known, changed)
        _settle_down(item.node, known, changed)
    return [_with(item, changed) for item in placed]


def _settle_up(node: Node, known: dict[str, Step], changed: dict[str, Step]) -> None:
    ahead = up_asserts(node.steps)
    for number, step in enumerate(node.steps):
        later = known.get(step_id("validate", step.object))
        if not step.asserts or later is None or later in node.steps:
            continue
        counts, waits = (step, later) if number < ahead else (later, step)
        changed[counts.id] = replace(changed.get(counts.id, counts), asserts=step.asserts)
        changed[waits.id] = replace(changed.get(waits.id, waits), asserts=())


def _settle_down(node: Node, known: dict[str, Step], changed: dict[str, Step]) -> None:
    steps = [s for s in reversed(node.steps) if not s.id.startswith(AGAIN)]
    for step in steps[down_asserts(steps) :]:
        later = known.get(AGAIN + step_id("validate", step.object))
        if later is not None and isinstance(step.down, Down) and step.down.asserts:
            changed[later.id] = _asserting_back(changed.get(later.id, later), step.down.asserts)
            changed[step.id] = _asserting_back(changed.get(step.id, step), ())


def _asserting_back(step: Step, asserts: tuple[Assertion, ...]) -> Step:
    return replace(step, down=replace(step.down, asserts=asserts)) if isinstance(step.down, Down) else step


def _with(item: Placed, changed: dict[str, Step]) -> Placed:
    if not any(s.id in changed for s in item.node.steps):
        return item
    steps = tuple(changed.get(s.id, s) for s in item.node.steps)
    return replace(item, node=replace(item.node, steps=steps))
