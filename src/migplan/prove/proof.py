"""The proof: the live schema rebuilt in the shadow, the plan's files run up and down, every boundary compared.

What is judged is the catalog, read by the same introspection as both sides of the plan; locks, rewrites and scans
are measured on the way (``measure``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Final

import psycopg

from migplan.core.changes import Alter, Change, Create
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import LockMode
from migplan.kinds.event_trigger import EventTrigger
from migplan.planfile.locks import UNFELT, own_table
from migplan.planfile.model import BoundaryModel, MeasuredModel, PlanModel, ProofModel, StepModel
from migplan.planfile.script import ScriptStatement, read_script
from migplan.planning.diff import diff
from migplan.planning.footprint import footprints
from migplan.planning.loosely import loosely_equal
from migplan.prove.lost import stop_if_lost
from migplan.prove.measure import Connections, Measure
from migplan.prove.rebuilt import rebuild_live
from migplan.source.reading.introspect import introspect
from migplan.source.reading.managed import Managed


@record(slots=False)
class Outcome:
    """A proof's verdict, and what was measured of each step and of its way back."""

    proof: ProofModel
    measured: Mapping[str, MeasuredModel] = field(default_factory=dict[str, MeasuredModel])
    back: Mapping[str, MeasuredModel] = field(default_factory=dict[str, MeasuredModel])

    def noted(self, step: StepModel) -> StepModel:
        """The step with what was measured of it."""
        down = step.down.model_copy(update={"measured": self.back.get(step.id)})
        return step.model_copy(update={"measured": self.measured.get(step.id), "down": down})


_NOTHING: Final = MeasuredModel(lock=str(LockMode.NONE), rewrite=False, scan=False)
"""Of a step that the way back needs nothing of."""


class _Failed(Exception):
    """The proof failed at a step or boundary; becomes the verdict."""

    def __init__(self, where: str, error: str) -> None:
        super().__init__(error)
        self.where = where
        self.error = error


def prove(
    plan: PlanModel,
    files: Mapping[str, str],
    before: Catalog,
    after: Catalog,
    shadow: Connections,
    *,
    managed: Managed,
    settings: Settings,
) -> Outcome:
    """Run the plan on an empty shadow database and judge every boundary.

    ``shadow`` are two connections to the same scratch database, ``before`` and ``after`` the catalogs that the plan
    leads between. Raises ``ProofError`` only when the live schema itself can't be rebuilt in the shadow.
    """
    rebuild_live(before, shadow.work, managed=managed, settings=settings)
    measured: dict[str, MeasuredModel] = {}
    back: dict[str, MeasuredModel] = {}
    boundaries: list[BoundaryModel] = []
    states: list[Catalog] = []
    try:
        _run_both_ways(plan, files, before, after, shadow, managed, settings, measured, back, boundaries, states)
        _keep_promises(plan, measured, overheard=bool({*before.of(EventTrigger), *after.of(EventTrigger)}))
    except _Failed as failed:
        proof = ProofModel(
            status="unproved",
            reason="the proof failed",
            step=failed.where,
            error=failed.error,
            server_version=shadow.work.info.server_version,
            boundaries=boundaries,
        )
        return Outcome(proof, measured, back)
    proof = ProofModel(
        status="proved",
        reason="ran up and down on the shadow, every boundary as expected",
        server_version=shadow.work.info.server_version,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        boundaries=boundaries,
        objects=footprints(before, states, {ObjectId(s.kind, tuple(s.path)) for s in plan.steps}),
        schemas=None if managed.scope.schemas is None else sorted(managed.scope.schemas),
        ignored=list(managed.patterns),
    )
    return Outcome(proof, measured, back)


def _run_both_ways(
    plan: PlanModel,
    files: Mapping[str, str],
    before: Catalog,
    after: Catalog,
    shadow: Connections,
    managed: Managed,
    settings: Settings,
    measured: dict[str, MeasuredModel],
    back: dict[str, MeasuredModel],
    boundaries: list[BoundaryModel],
    states: list[Catalog],
) -> None:
    phases = [(w.number, p) for w in plan.windows for p in w.phases]
    states.append(managed.of(introspect(shadow.work, managed.scope, again=True)))
    _expect(states[0], before, settings, "the rebuilt live schema")
    measure = Measure(shadow, lazily=True)
    for window, phase in phases:
        _run(read_script(phase.up, files[phase.up]), measure, measured)
        states.append(managed.of(introspect(shadow.work, managed.scope, again=True)))
        boundaries.append(BoundaryModel(window=window, phase=phase.name, fingerprint=states[-1].fingerprint))
    _expect(states[-1], after, settings, "the end of the plan")
    stays = {s.object for s in plan.steps if s.down.irreversible is not None}
    for (_, phase), state in reversed(list(zip(phases, states[:-1], strict=True))):
        back |= dict.fromkeys(phase.steps, _NOTHING)
        _run(read_script(phase.down, files[phase.down]), Measure(shadow, lazily=True), back)
        found = managed.of(introspect(shadow.work, managed.scope, again=True))
        _expect(found, state, settings, f"the way back by {phase.down}", stays)


def _run(statements: Sequence[ScriptStatement], measure: Measure, measured: dict[str, MeasuredModel]) -> None:
    for statement in statements:
        try:
            measure.execute(statement)
        except psycopg.Error as error:
            stop_if_lost(error)
            message = error.diag.message_primary or str(error)
            raise _Failed(statement.step or statement.place, f"{statement.place}: {message}") from error
    measured.update(measure.results())


def _expect(found: Catalog, wanted: Catalog, settings: Settings, what: str, stays: Collection[str] = ()) -> None:
    """``stays`` are objects that no way back changes."""
    changes = (c for c in diff(found, wanted, settings) if str(c.id) not in stays)
    differences = [c for c in changes if not (isinstance(c, Alter) and loosely_equal(c))]
    if differences:
        shown = "; ".join(map(describe, differences[:5]))
        more = f" and {len(differences) - 5} more" if len(differences) > 5 else ""
        raise _Failed(what, f"{what} is not what it must be: {shown}{more}")


def describe(change: Change) -> str:
    """``column public.t.c differs in type``, as a difference between what is and what must be."""
    match change:
        case Create(new):
            return f"{new.id} is missing"
        case Alter(old, new, fields):
            values = ", ".join(f"{f}: {getattr(old, f)!r} instead of {getattr(new, f)!r}" for f in sorted(fields))
            return f"{new.id} differs ({values})"
        case _:
            return f"{change.id} is left over"


def _keep_promises(plan: PlanModel, measured: Mapping[str, MeasuredModel], *, overheard: bool) -> None:
    """A step whose lock, rewrite or scan is worse than promised fails the proof. What a step on new objects promises is
    for those alone: on others nobody feels it. A plan is ``overheard`` where event triggers fire: they may write what
    they notice into other tables, as an application does."""
    created = {".".join(c.path) for c in plan.changes if c.action == "create"}
    for step in plan.steps:
        seen = measured.get(step.id)
        if seen is None:
            continue
        for relation, lock in seen.locks.items():
            apart = step.new_objects and relation not in created
            promised = str(UNFELT) if apart else step.lock
            allowed = max(LockMode.ACCESS_SHARE, _mode(promised), _mode(step.stronger.get(relation, "NONE")))
            elsewhere = relation != own_table(step) and (
                _fills(step) or (overheard and _mode(lock) <= LockMode.ROW_EXCLUSIVE)
            )
            if _mode(lock) > allowed and not elsewhere:  # ACCESS SHARE is what every SELECT takes
                raise _Failed(step.id, f"{step.id} promised {promised} and took {lock} on {relation}")
        if step.new_objects or _fills(step):
            continue  # a new table's own keys and rows: empty, and nobody waits for them
        if seen.rewrite and not step.rewrite:
            raise _Failed(step.id, f"{step.id} rewrites a table and didn't say so")
        if seen.scan and not (step.scan or step.rewrite):
            raise _Failed(step.id, f"{step.id} reads a whole table and didn't say so")


def _fills(step: StepModel) -> bool:
    """Rows that are filled fire the table's triggers, as the application's do: what those lock elsewhere or build anew
    is measured and shown, but nothing that the step could promise."""
    return step.backfill is not None or step.batches is not None


def _mode(name: str) -> LockMode:
    return LockMode[name.replace(" ", "_")]
