"""Runs of a plan: forwards to the next checkpoint, or back to a boundary, under the operator's lock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import psycopg

from migplan.core.errors import BlockedError, ExecutionError, MigplanError, PlanFileError
from migplan.execute.drift import drift, refuse_drift
from migplan.execute.journey import (
    Position,
    Stop,
    ahead,
    back,
    interrupted,
    phases,
    position,
    refuse_mixed,
    steps_of,
    stops,
)
from migplan.execute.ledger import Direction, FencedError, Ledger, StepState, install, installed, operator_name
from migplan.execute.operator import sole_operator
from migplan.execute.runner import Manner, Runner, Teller
from migplan.planfile.folder import PlanFolder
from migplan.planfile.model import CheckpointModel, PlanModel, StepModel
from migplan.planfile.units import Unit
from migplan.source.connect import Connection, redact


@dataclass(frozen=True)
class Intent:
    """What a run is about to do: from where, to which boundary, by which units and steps."""

    folder: PlanFolder
    direction: Direction
    at: Position
    goal: Stop
    units: Sequence[Unit]
    steps: Sequence[StepModel]

    @property
    def losses(self) -> list[str]:
        """What data the run takes away, in sentences."""
        if self.direction == "up":
            return [f"{s.id}: {s.loses}" for s in self.steps if s.loses]
        return []

    @property
    def irreversible(self) -> list[str]:
        """On the way back: what can't be brought back, with its reason."""
        if self.direction == "up":
            return []
        stays = [f"{s.id}: {s.down.irreversible}" for s in self.steps if s.down.irreversible]
        return stays + [f"{s.id}: the way back doesn't bring back {s.down.loses}" for s in self.steps if s.down.loses]


@dataclass(frozen=True)
class Reached:
    """Where a run ended: the boundary, and the checkpoint that waits there, if one does."""

    stop: Stop
    checkpoint: CheckpointModel | None
    ran: int


@dataclass(frozen=True)
class Permissions:
    """What the operator said beforehand."""

    drift: Collection[str] = ()
    data_loss: bool = False
    irreversible: bool = False
    assume_deployed: bool = False
    stage: str | None = None


@dataclass(frozen=True)
class Order:
    """A run as it was asked for. ``agree`` is shown the intent and raises where the operator doesn't want it."""

    target: str
    manner: Manner
    teller: Teller
    agree: Callable[[Intent], None]
    permissions: Permissions = field(default_factory=Permissions)


def apply(folder: PlanFolder, order: Order, goal: Stop | None = None) -> Reached:
    """Run the plan up to ``goal``, or to the next checkpoint that nobody has confirmed.

    Raises ``ExecutionError`` for whatever stops it, ``BlockedError`` for what the operator has to allow first.
    """
    refuse_unfit(folder.plan)
    with sole_operator(order.target, f"apply {folder.plan.name}") as desk:
        install(desk)
        ledger = Ledger.of(desk, folder.plan)
        states = ledger.steps()
        refuse_mixed(states)
        if order.permissions.assume_deployed:
            _assume(folder.plan, ledger)
        reachable = _reachable(folder.plan, ledger.confirmed())
        wanted = reachable if goal is None else goal
        if wanted.phases > reachable.phases:
            _refuse_checkpoint(folder, reachable)
        intent = _intent(folder, "up", states, wanted, list(ahead(folder, states, wanted)))
        if intent.units:
            if intent.losses and not order.permissions.data_loss:
                _refuse("data would be lost", intent.losses, "--allow-data-loss")
            order.agree(intent)
            _run(order, desk, ledger, intent)
        return Reached(wanted, _waiting(folder.plan, wanted, ledger.confirmed()), len(intent.units))


def rollback(folder: PlanFolder, order: Order, goal: Stop | None = None) -> Reached:
    """Lead back to ``goal``, or to where the window under way began: what the deployed application was made for."""
    with sole_operator(order.target, f"rollback {folder.plan.name}") as desk:
        install(desk)
        ledger = Ledger.of(desk, folder.plan)
        states = ledger.steps()
        wanted = goal or _window_start(folder.plan, states)
        units = list(back(folder, states, wanted))
        intent = _intent(folder, "down", states, wanted, units)
        if intent.units:
            if intent.irreversible and not order.permissions.irreversible:
                _refuse("not everything comes back", intent.irreversible, "--accept-irreversible")
            order.agree(intent)
            _run(order, desk, ledger, intent)
        ledger.unconfirm(wanted.window)
        return Reached(wanted, None, len(intent.units))


def refuse_unfit(plan: PlanModel) -> None:
    """Raises ``PlanFileError`` for a plan that was not proved, ``BlockedError`` for one that is blocked or refused."""
    stopped = [f.message for f in plan.findings if f.severity == "blocked"]
    if stopped:
        raise BlockedError(f"the plan is blocked: {stopped[0]}", hint="Plan anew once the reason is gone.")
    refused = [f"{f.rule}: {f.message}" for f in plan.findings if f.refused]
    if refused:
        raise BlockedError(
            f"the policy refuses the plan: {refused[0]}", hint="Change the schema, or allow the finding."
        )
    if plan.proof.status != "proved":
        raise PlanFileError(
            f"the plan is unproved: {plan.proof.error or plan.proof.reason}", hint="Run 'migplan verify' first."
        )


def _intent(
    folder: PlanFolder, direction: Direction, states: dict[str, StepState], goal: Stop, units: Sequence[Unit]
) -> Intent:
    return Intent(folder, direction, position(folder.plan, states), goal, units, steps_of(folder.plan, units))


def _run(order: Order, desk: Connection, ledger: Ledger, intent: Intent) -> None:
    plan = intent.folder.plan
    run = ledger.begin_run(intent.direction, intent.goal.name, order.permissions.stage)
    error: str | None = "stopped by the operator"
    try:
        undoing = interrupted(intent.folder, ledger.steps()) if intent.direction == "down" else {}
        way = (intent.direction, order.manner, order.teller, undoing)
        with Runner(order.target, plan, desk, ledger, run, *way) as runner:
            checked: set[str] = set()
            for unit in intent.units:
                if intent.direction == "up" and unit.file not in checked:
                    checked.add(unit.file)
                    _check_drift(order, desk, ledger, plan, unit)
                runner.run(unit)
        error = None
    except FencedError:
        error = None
        raise
    except MigplanError as failure:
        error = redact(str(failure))
        raise
    except KeyboardInterrupt as stop:
        stop.add_note("the same command continues; 'migplan rollback' leads back")
        raise
    finally:
        _close(ledger, run, error)


def _close(ledger: Ledger, run: int, error: str | None) -> None:
    """The end of the run in the ledger; without a connection it stays open there, and counts as interrupted."""
    try:
        ledger.end_run(run, error)
    except psycopg.OperationalError:
        return


def _check_drift(order: Order, desk: Connection, ledger: Ledger, plan: PlanModel, unit: Unit) -> None:
    """Before a phase that has not begun, the live database must be what the proof saw there."""
    number = next(n for n, (_, phase) in enumerate(phases(plan)) if phase.up == unit.file)
    phase = phases(plan)[number][1]
    if any(step in ledger.steps() for step in phase.steps):
        return
    for allowed in refuse_drift(drift(plan, desk, number), order.permissions.drift):
        order.teller.say(f"allowed: {allowed}")
        ledger.event("drift allowed", str(allowed))


def _reachable(plan: PlanModel, confirmed: Collection[int]) -> Stop:
    """The last boundary before a checkpoint that nobody has confirmed."""
    first = next((c for c in plan.checkpoints if c.number not in confirmed), None)
    return [s for s in stops(plan) if first is None or s.window <= first.after][-1]


def _waiting(plan: PlanModel, at: Stop, confirmed: Collection[int]) -> CheckpointModel | None:
    """The checkpoint that lies right behind a boundary."""
    last = [s for s in stops(plan) if s.window == at.window][-1]
    if at != last:
        return None
    return next((c for c in plan.checkpoints if c.after == at.window and c.number not in confirmed), None)


def _assume(plan: PlanModel, ledger: Ledger) -> None:
    for checkpoint in plan.checkpoints:
        if checkpoint.number not in ledger.confirmed():
            ledger.confirm(checkpoint.number, "--assume-deployed")


def _refuse_checkpoint(folder: PlanFolder, reachable: Stop) -> None:
    number = reachable.window + 1
    raise BlockedError(
        f"checkpoint {number} lies before that boundary and nobody has confirmed it",
        hint=f"Deploy the application, then 'migplan confirm {folder.path} {number}'.",
    )


def _window_start(plan: PlanModel, states: dict[str, StepState]) -> Stop:
    """The boundary at which the window begins whose phases ran last."""
    at = position(plan, states)
    reached = at.done + (1 if at.within else 0)
    window = stops(plan)[reached].window if reached else 0
    return [s for s in stops(plan) if s.window < window or s.phases == 0][-1]


def _refuse(what: str, listed: Sequence[str], flag: str) -> None:
    lines = "\n".join(f"  {line}" for line in listed)
    raise BlockedError(f"{what}:\n{lines}", hint=f"Say {flag} where that is meant.")


def confirm(folder: PlanFolder, connection: Connection, number: int, by: str | None) -> list[str]:
    """Confirm a checkpoint; gives its contract. Raises ``ExecutionError`` where the plan isn't there yet."""
    checkpoint = next((c for c in folder.plan.checkpoints if c.number == number), None)
    if checkpoint is None:
        known = ", ".join(str(c.number) for c in folder.plan.checkpoints) or "none"
        raise ExecutionError(f"the plan has no checkpoint {number} (it has {known})")
    if not installed(connection):
        raise ExecutionError("no plan has run on this database", hint=f"Begin with 'migplan apply {folder.path}'.")
    ledger = Ledger.of(connection, folder.plan)
    at = position(folder.plan, ledger.steps())
    needed = [s for s in stops(folder.plan) if s.window == checkpoint.after][-1]
    if at.done < needed.phases:
        raise ExecutionError(
            f"the plan stands before {needed.name}: checkpoint {number} isn't reached yet",
            hint=f"Run 'migplan apply {folder.path}' first.",
        )
    ledger.confirm(number, by or operator_name())
    return list(checkpoint.contract)
