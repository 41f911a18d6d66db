"""A window of a plan as pieces for other runners: each a transaction, or one step that runs outside of any, with its
way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from migplan.core.records import record
from migplan.planfile.folder import PlanFolder
from migplan.planfile.model import StepModel, WindowModel
from migplan.planfile.units import Command, Unit, read_units

_SESSION: Final = ("SET client_min_messages = warning", "SET check_function_bodies = off", "SET row_security = off")


@record
class Script:
    """Statements in one direction; ``transactional`` says that they may, and should, share a transaction.

    ``settings`` are those of a session, for what runs outside of a transaction.
    """

    statements: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    transactional: bool = True


@record
class Piece:
    """One file of a runner: ``name`` tells phase and number, ``steps`` what it does."""

    name: str
    steps: tuple[StepModel, ...]
    up: Script
    down: Script


def pieces(folder: PlanFolder, window: WindowModel) -> list[Piece]:
    """The window's pieces, in the order in which they run."""
    known = {step.id: step for step in folder.plan.steps}
    found: list[Piece] = []
    for phase in window.phases:
        downs = read_units(phase.down, folder.files[phase.down])
        stem = phase.up.removesuffix(".up.sql")
        units = list(_joined(read_units(phase.up, folder.files[phase.up]), _undone_in(downs)))
        for number, unit in enumerate(units, 1):
            steps = tuple(known[s] for s in unit.steps if s in known)
            name = f"{stem}_{number}" if len(units) > 1 else stem
            found.append(Piece(name, steps, _script(unit), _way_back(unit.steps, downs)))
    return found


def _undone_in(downs: Sequence[Unit]) -> dict[str, int]:
    """The unit in which each step is undone, if anything has to be done for it."""
    return {step: unit.number for unit in downs for step in unit.at_work if step is not None}


def _joined(units: Sequence[Unit], undone_in: Mapping[str, int]) -> Iterator[Unit]:
    """Without units that do nothing: their steps go with the unit before, or after. What the way back does in a
    transaction of its own (it validates, it builds) stays apart, or it would be done under the other's lock."""
    waiting: tuple[str, ...] = ()
    last: Unit | None = None
    for unit in units:
        mine, others = ({undone_in[s] for s in u.steps if s in undone_in} if u else set[int]() for u in (unit, last))
        if not _does_something(unit) and mine <= others:
            if last is not None:
                last = replace(last, steps=(*last.steps, *unit.steps))
            else:
                waiting += unit.steps
            continue
        if last is not None:
            yield last
        last, waiting = replace(unit, steps=(*waiting, *unit.steps)), ()
    if last is not None:
        yield last
    elif waiting:
        yield replace(units[0], steps=waiting)


def _does_something(unit: Unit) -> bool:
    return bool(unit.checks) or any(not _is_timeout(c) for c in unit.commands)


def _script(unit: Unit) -> Script:
    return _of_commands((*unit.checks, *unit.commands), transactional=unit.transactional)


def _of_commands(commands: Sequence[Command], *, transactional: bool) -> Script:
    statements = tuple(c.sql for c in commands)
    if transactional:
        return Script(tuple(s.replace("SET ", "SET LOCAL ", 1) for s in _SESSION) + statements)
    return Script(statements, commands[0].settings if commands else (), transactional=False)


def _way_back(steps: Sequence[str], downs: Sequence[Unit]) -> Script:
    """What of the down file undoes these steps, in its order."""
    wanted = set(steps)
    mine = [_part_of(u, wanted) for u in downs if set(u.steps) & wanted]
    mine = [u for u in mine if _does_something(u)]
    if all(u.transactional for u in mine):
        return (
            _of_commands([c for u in mine for c in (*u.checks, *u.commands)], transactional=True) if mine else Script()
        )
    first = (*mine[0].checks, *mine[0].commands)[0]
    return Script(tuple(s for u in mine for s in _as_it_runs(u)), first.settings, transactional=False)


def _as_it_runs(unit: Unit) -> list[str]:
    checks, statements = [c.sql for c in unit.checks], [c.sql for c in unit.commands]
    return [*checks, "BEGIN", *statements, "COMMIT"] if unit.transactional else statements


def _part_of(unit: Unit, steps: set[str]) -> Unit:
    """The steps' statements with what they count before, and the settings at the head of their transaction."""
    commands = tuple(c for c in unit.commands if c.step in steps or _is_timeout(c))
    return replace(unit, commands=commands, checks=tuple(c for c in unit.checks if c.step in steps))


def _is_timeout(command: Command) -> bool:
    return command.sql.startswith(("SET LOCAL lock_timeout", "SET LOCAL statement_timeout"))
