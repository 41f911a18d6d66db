"""Where a plan stands on a database, and which units lead from there to a boundary, forwards or back.

A boundary is the state between two files: ``start``, then the stem of each up file (``w0_1_expand``) once it ran.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from migplan.core.errors import ConfigError
from migplan.core.records import record
from migplan.execute.ledger.ledger import StepState
from migplan.planfile.folder import PlanFolder
from migplan.planfile.model import PhaseModel, PlanModel, StepModel
from migplan.planfile.units import Unit, read_units

START: Final = "start"


@record
class Stop:
    """A boundary: its name, the window that it lies in or closes, and how many phases lie before it."""

    name: str
    window: int
    phases: int


@record(slots=False)
class Position:
    """Where a plan stands. ``done`` are the boundaries passed; ``within`` the phase that is under way, if any."""

    done: int
    within: PhaseModel | None
    half_done: tuple[str, ...]


def stops(plan: PlanModel) -> list[Stop]:
    """The boundaries of a plan, in order."""
    found = [Stop(START, 0, 0)]
    for window, phase in phases(plan):
        found.append(Stop(phase.up.removesuffix(".up.sql"), window, len(found)))
    return found


def phases(plan: PlanModel) -> list[tuple[int, PhaseModel]]:
    """Every phase with its window's number, in order."""
    return [(w.number, p) for w in plan.windows for p in w.phases]


def stop_named(plan: PlanModel, name: str) -> Stop:
    """The boundary that a person means: ``start``, ``w0_2_migrate`` (or its file), ``w0`` or ``0`` for a window's end.

    Raises ``ConfigError`` with the names there are.
    """
    wanted = name.removesuffix(".up.sql").removesuffix(".down.sql")
    known = stops(plan)
    by_name = {s.name: s for s in known}
    if wanted in by_name:
        return by_name[wanted]
    number = wanted.removeprefix("w")
    of_window = [s for s in known[1:] if number.isdigit() and s.window == int(number)]
    if of_window:
        return of_window[-1]
    raise ConfigError(f"the plan has no boundary {name!r}", hint=f"There are: {', '.join(s.name for s in known)}.")


def position(plan: PlanModel, states: Mapping[str, StepState]) -> Position:
    """Where the plan stands, by what the ledger says of its steps."""
    applied = {s for s, state in states.items() if state.state == "applied"}
    stays = {s.id for s in plan.steps if s.down.irreversible is not None}
    half = tuple(s.id for s in plan.steps if s.id in states and s.id not in applied)
    for number, (_, phase) in enumerate(phases(plan)):
        if not set(phase.steps) <= applied:
            touched = any(s in states for s in phase.steps if s not in stays)
            return Position(number, phase if touched else None, half)
    return Position(len(phases(plan)), None, half)


def ahead(folder: PlanFolder, states: Mapping[str, StepState], goal: Stop) -> Iterator[Unit]:
    """The units that are left to do up to a boundary."""
    for _, phase in phases(folder.plan)[: goal.phases]:
        for unit in read_units(phase.up, folder.files[phase.up]):
            if not all(s in states and states[s].state == "applied" for s in unit.steps):
                yield unit


def back(folder: PlanFolder, states: Mapping[str, StepState], goal: Stop) -> Iterator[Unit]:
    """The units that lead back to a boundary, of those steps that have run, wholly or in part; not those that stay."""
    stays = {s.id for s in folder.plan.steps if s.down.irreversible is not None}
    for _, phase in reversed(phases(folder.plan)[goal.phases :]):
        for unit in read_units(phase.down, folder.files[phase.down]):
            if any(s in states and s not in stays for s in unit.steps):
                yield unit


def interrupted(folder: PlanFolder, states: Mapping[str, StepState]) -> dict[str, Unit]:
    """The forward units outside of transactions that were begun and not ended, by their step."""
    return {
        step: unit
        for _, phase in phases(folder.plan)
        for unit in read_units(phase.up, folder.files[phase.up])
        for step in unit.steps
        if not unit.transactional and step in states and states[step].state == "applying"
    }


def only_from_its_beginning(folder: PlanFolder, states: Mapping[str, StepState]) -> bool:
    """Whether a way back stopped where its phase can't go forwards: in a unit outside of transactions, in the middle of
    what is one forwards, or behind a unit that only the way back knows (what it made would be left)."""
    phase = position(folder.plan, states).within
    if phase is None:
        return False
    there, back = (read_units(file, folder.files[file]) for file in (phase.up, phase.down))
    undone = set(phase.steps) - states.keys()
    forwards = {s for unit in there for s in unit.at_work}
    mirrored = {s for unit in back for s in unit.at_work} - forwards
    parted = any(unit.at_work & undone and unit.at_work & states.keys() for unit in there)
    return parted or bool(undone & mirrored) or any(state.state == "undoing" for state in states.values())


def steps_of(plan: PlanModel, units: Sequence[Unit]) -> list[StepModel]:
    """The steps in these units, in the order in which they run."""
    by_id = {s.id: s for s in plan.steps}
    return [by_id[s] for unit in units for s in dict.fromkeys(unit.steps) if s in by_id]
