"""Whom the way back keeps waiting: steps that read or rewrite a table that stays, in a transaction that holds a lock on
it which applications feel. By what the proof measured; how large the tables are is somebody else's question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migplan.core.ids import ObjectId
from migplan.findings.base import HeldUp
from migplan.planfile.locks import PlanLocks, own_table
from migplan.planfile.model import PlanModel, StepModel
from migplan.planfile.units import read_units


def held_up_back(plan: PlanModel, files: Mapping[str, str]) -> Iterator[HeldUp]:
    """Such steps in the order in which they are undone; none of a plan whose way back nobody measured."""
    if plan.offline or all(s.down.measured is None for s in plan.steps):
        return
    steps, locks = {s.id: s for s in plan.steps}, PlanLocks(plan, back=True)
    gone = {".".join(c.path) for c in plan.changes if c.action == "drop"}
    for phase in reversed([p for w in plan.windows for p in w.phases]):
        for unit in read_units(phase.down, files[phase.down]):
            members = [steps[id] for id in unit.steps if id in steps]
            felt = {table for step in members for table in locks.felt(step)} - gone
            for step in members:
                tables = _read(step) & felt
                if tables:
                    yield _held_up(step, tables)


def _read(step: StepModel) -> set[str]:
    """The tables that it may have read or rewritten: the proof saw that it does so, but not of which it was."""
    seen = step.down.measured
    if seen is None or step.new_objects or not (seen.rewrite or seen.scan):
        return set()
    return {own_table(step)} if len(step.path) > 2 or step.kind == "table" else set(seen.locks)


def _held_up(step: StepModel, tables: set[str]) -> HeldUp:
    seen = step.down.measured
    assert seen is not None
    object = ObjectId(step.kind, tuple(step.path))
    return HeldUp(step.id, step.title_back.removeprefix("undo: "), object, tuple(sorted(tables)), seen.rewrite)
