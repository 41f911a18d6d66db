"""Tables that were small when the plan was made, so that it takes the direct form there, and are large by now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migplan.core.wording import counted
from migplan.execute.beforehand.live_sizes import sizes_of
from migplan.planfile.locks import UNFELT, PlanLocks
from migplan.planfile.model import StepModel
from migplan.source.connect import Connection


def grown(connection: Connection, locks: PlanLocks, steps: Sequence[StepModel]) -> Iterable[tuple[str, str]]:
    """What the steps would do to such tables for as long as they take to read, each with what helps."""
    plan = locks.plan
    if plan.offline:
        return
    titles = {table: step.title for step in reversed(steps) for table in _held(locks, step)}
    small = ((table, size) for table, size in plan.known_sizes().items() if size.rows >= 0 and plan.is_small(size))
    planned = {table: size for table, size in small if table in titles}
    if not planned:
        return
    for table, size in sorted(sizes_of(connection, sorted(planned)).items()):
        if not plan.is_small(size):
            rows = counted(size.rows, "row") if size.rows >= 0 else f"{size.bytes // 1024**2} MB"
            was = counted(planned[table].rows, "row")
            yield (
                f"table {table} has {rows} by now, and had {was} when the plan was made: {titles[table]} holds its "
                "lock for as long as they take",
                "plan anew: a large table is changed in another way",
            )


def _held(locks: PlanLocks, step: StepModel) -> list[str]:
    """The tables that nobody can write while the step reads or writes all of their rows."""
    if step.new_objects or not (locks.rewrites(step) or locks.scans(step)):
        return []
    return [table for table, mode in locks.modes(step).items() if mode > UNFELT]
