"""Runs of a plan: forwards to the next checkpoint, or back to a boundary, under the operator's lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from migplan.core.errors import BlockedError, ExecutionError, MigplanError, PlanFileError
from migplan.core.hours import open_window
from migplan.core.next_command import next_command
from migplan.execute.backfills.change_logs import waiting_logs
from migplan.execute.beforehand.demands import refuse_unready
from migplan.execute.beforehand.first_look import FirstLook
from migplan.execute.beforehand.live_sizes import measuring
from migplan.execute.beforehand.maintenance import server_time
from migplan.execute.beforehand.preflight import Concern, preflight
from migplan.execute.course import Course, owes_smoke
from migplan.execute.journey import Position, Stop, ahead, back, only_from_its_beginning, position, steps_of, stops
from migplan.execute.ledger.ledger import Direction, Ledger, StepState, install, installed, operator_name
from migplan.execute.operator import sole_operator
from migplan.execute.order import Intent, Order, Reached
from migplan.planfile.folder import PlanFolder
from migplan.planfile.locks import PlanLocks
from migplan.planfile.model import CheckpointModel, PlanModel
from migplan.planfile.trials import Backup, Trial, now, record
from migplan.planfile.units import Unit
from migplan.source.connect import Connection, redact


def apply(folder: PlanFolder, order: Order, goal: Stop | None = None) -> Reached:
    """Run the plan up to ``goal``, or to the next checkpoint that nobody has confirmed.

    Raises ``ExecutionError`` for whatever stops it, ``BlockedError`` for what the operator has to allow first.
    """
    refuse_unfit(folder.plan)
    with (
        sole_operator(order.target, f"apply {folder.plan.name}") as desk,
        FirstLook(order.target, folder.plan) as look,
    ):
        install(desk)
        ledger = Ledger.of(desk, folder.plan, folder.path)
        states = _to_where_it_is_proved(folder, order, desk, ledger)
        if order.permissions.assume_deployed:
            _assume(folder.plan, ledger)
        reachable = _reachable(folder.plan, ledger.confirmed())
        wanted = reachable if goal is None else goal
        if wanted.phases > reachable.phases:
            _refuse_checkpoint(folder, reachable, order.said)
        _note_backup(folder, order, ledger)
        refuse_unready(folder, order.stage, order.demands, wanted)
        at = position(folder.plan, states)
        if at.within is None and at.done < wanted.phases and not order.hooks.before:
            look.begin()
        intent = _intent(folder, order, desk, "up", at, wanted, ahead(folder, states, wanted), look.backends())
        if intent.at.within is not None and ledger.unfinished_way_back() is not None:
            intent = replace(intent, concerns=(_turned(folder, order, intent.at.within.down), *intent.concerns))
        waiting = _waiting(folder.plan, wanted, ledger.confirmed())
        if waiting is not None and not intent.units:
            intent = replace(intent, logs=waiting_logs(desk, folder.plan))
        if intent.units:
            if intent.losses and not order.permissions.data_loss:
                _refuse("data would be lost", intent.losses, "--allow-data-loss")
            _refuse_vain(order, intent)
            order.agree(intent)
        if intent.units or intent.logs or owes_smoke(order, ledger):
            _run(order, desk, ledger, intent, look)
        reached = max(wanted, stops(folder.plan)[intent.at.done], key=lambda s: s.phases)
        return Reached(reached, _waiting(folder.plan, reached, ledger.confirmed()), len(intent.units))


def rollback(folder: PlanFolder, order: Order, goal: Stop | None = None) -> Reached:
    """Lead back to ``goal``, or to where the window under way began: what the deployed application was made for.

    Without a goal a way back that was interrupted keeps its own, also where it has got there: the same command never
    leads further back than the first one was to.
    """
    with sole_operator(order.target, f"rollback {folder.plan.name}") as desk:
        install(desk)
        ledger = Ledger.of(desk, folder.plan, folder.path)
        states = ledger.steps()
        begun = ledger.unfinished_way_back()
        wanted = goal or _boundary(folder.plan, begun) or _window_start(folder.plan, states)
        at, way = position(folder.plan, states), back(folder, states, wanted)
        intent = _intent(folder, order, desk, "down", at, wanted, way)
        if intent.units:
            if intent.irreversible and not order.permissions.irreversible:
                _refuse("not everything comes back", intent.irreversible, "--accept-irreversible")
            order.agree(intent)
        ledger.unconfirm(wanted.window)  # whatever ends the way back: nobody goes on behind a checkpoint without a word
        if intent.units or begun is not None:
            _run(order, desk, ledger, intent)
        return Reached(wanted, None, len(intent.units))


def _to_where_it_is_proved(folder: PlanFolder, order: Order, desk: Connection, ledger: Ledger) -> dict[str, StepState]:
    """The steps' states, once a file that a rollback left half undone is undone wholly, where there is no other way
    forwards than from its beginning."""
    states = ledger.steps()
    if ledger.unfinished_way_back() is None or not only_from_its_beginning(folder, states):
        return states
    at = position(folder.plan, states)
    assert at.within is not None, "a half undone unit lies in a phase"
    goal = stops(folder.plan)[at.done]
    intent = _intent(folder, order, desk, "down", at, goal, back(folder, states, goal))
    intent = replace(intent, concerns=(_undone_first(at.within.down), *intent.concerns))
    losses = [f"{s.id}: the way back doesn't bring back {s.down.loses}" for s in intent.steps if s.down.loses]
    if losses and not order.permissions.data_loss:
        _refuse("data would be lost before it goes forwards again", losses, "--allow-data-loss")
    order.agree(intent)
    _run(order, desk, ledger, intent)
    return ledger.steps()


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
    folder: PlanFolder,
    order: Order,
    desk: Connection,
    direction: Direction,
    at: Position,
    goal: Stop,
    way: Iterable[Unit],
    own: Sequence[int] = (),
) -> Intent:
    """``way`` are the units that lead there, taken out of their files by whoever goes through them."""
    locks = PlanLocks(folder.plan, direction == "down")
    with measuring(desk, locks) as measured:
        units = list(way)
        sizes = measured()
    steps = steps_of(folder.plan, units)
    querying = frozenset[str]().union(*(u.querying for u in units))
    concerns = preflight(desk, locks, steps, order.manner.pace, own, querying) if steps else ()
    return Intent(folder, direction, at, goal, units, steps, locks, sizes, concerns)


def _refuse_vain(order: Order, intent: Intent) -> None:
    """Raises ``BlockedError`` where preflight saw what would let the run, or the application, wait."""
    stopping = [c for c in intent.concerns if c.stops]
    if stopping and not order.permissions.despite_preflight:
        listed = "\n".join(f"  {c}" for c in stopping)
        raise BlockedError(
            f"something stands in the way:\n{listed}",
            hint="Run it again once nothing does, or say --despite-preflight.",
        )


def _run(order: Order, desk: Connection, ledger: Ledger, intent: Intent, look: FirstLook | None = None) -> None:
    """Run it, and keep how it went in the plan's folder where the database has a stage."""
    trial = Trial(
        stage=order.stage or "",
        at=now(),
        by=operator_name(),
        digest=intent.folder.plan.digest,
        direction=intent.direction,
        boundary=intent.goal.name,
        phases=intent.goal.phases,
        outcome="reached",
        hours=_hours(order, desk),
    )
    course = Course.begin(order, desk, ledger, intent, look)
    try:
        course.go()
    except BlockedError:
        raise
    except MigplanError as error:
        _keep(intent.folder, trial.model_copy(update={"outcome": "failed", "error": redact(str(error))}), order)
        raise
    _keep(intent.folder, trial, order)


def _keep(folder: PlanFolder, trial: Trial, order: Order) -> None:
    """Evidence is worth a word, not the run."""
    if not order.stage:
        return
    try:
        record(folder, trials=[trial])
    except PlanFileError as error:
        order.teller.say(f"the run isn't in the plan's evidence: {error}")


def _hours(order: Order, desk: Connection) -> str | None:
    found = open_window(order.manner.maintenance.windows, server_time(desk))
    return found.text if found else None


def _note_backup(folder: PlanFolder, order: Order, ledger: Ledger) -> None:
    what = order.permissions.backup
    if what:
        by = operator_name()
        record(folder, backups=[Backup(what=what, at=now(), by=by, digest=folder.plan.digest)])
        ledger.event("backup", f"{by} vouches for {what}")


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


def _refuse_checkpoint(folder: PlanFolder, reachable: Stop, said: str) -> None:
    number = reachable.window + 1
    raise BlockedError(
        f"checkpoint {number} lies before that boundary and nobody has confirmed it",
        hint=f"Deploy the application, then '{next_command('confirm', folder.path, number, said)}'.",
    )


def _turned(folder: PlanFolder, order: Order, file: str) -> Concern:
    """The proof has seen boundaries only: in between, something may be gone that the next step needs."""
    back_first = next_command("rollback", folder.path, order.said)
    return Concern(
        f"a rollback stopped in the middle of {file}, and nobody has proved the way forwards from there",
        f"{back_first} leads to its end; from there this command begins anew",
    )


def _undone_first(file: str) -> Concern:
    """What is made for the way back alone has no way forwards."""
    return Concern(
        f"a rollback stopped in the middle of {file}, and from there no way leads forwards",
        "the rest of that file runs first; behind it the plan goes forwards",
    )


def _boundary(plan: PlanModel, name: str | None) -> Stop | None:
    return next((s for s in stops(plan) if s.name == name), None)


def _window_start(plan: PlanModel, states: dict[str, StepState]) -> Stop:
    """The boundary at which the window begins whose phases ran last."""
    at = position(plan, states)
    reached = at.done + (1 if at.within else 0)
    window = stops(plan)[reached].window if reached else 0
    return [s for s in stops(plan) if s.window < window or s.phases == 0][-1]


def _refuse(what: str, listed: Sequence[str], flag: str) -> None:
    lines = "\n".join(f"  {line}" for line in listed)
    raise BlockedError(f"{what}:\n{lines}", hint=f"Say {flag} where that is meant.")


def confirm(folder: PlanFolder, connection: Connection, number: int, by: str | None, said: str = "") -> list[str]:
    """Confirm a checkpoint; gives its contract. Raises ``ExecutionError`` where the plan isn't there yet."""
    onward = next_command("apply", folder.path, said)
    checkpoint = next((c for c in folder.plan.checkpoints if c.number == number), None)
    if checkpoint is None:
        known = ", ".join(str(c.number) for c in folder.plan.checkpoints) or "none"
        raise ExecutionError(
            f"the plan has no checkpoint {number} (it has {known})", hint="migplan status says what it waits for."
        )
    if not installed(connection):
        raise ExecutionError("no plan has run on this database", hint=f"Begin with '{onward}'.")
    ledger = Ledger.of(connection, folder.plan, folder.path)
    at = position(folder.plan, ledger.steps())
    needed = [s for s in stops(folder.plan) if s.window == checkpoint.after][-1]
    if at.done < needed.phases:
        raise ExecutionError(
            f"the plan stands before {needed.name}: checkpoint {number} isn't reached yet",
            hint=f"Run '{onward}' first.",
        )
    ledger.confirm(number, by or operator_name())
    return list(checkpoint.contract)
