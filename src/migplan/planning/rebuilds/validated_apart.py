"""Validations at the end of an alteration, in transactions of their own: they read tables, and what the alteration has
locked for a moment would stay locked meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from migplan.core.steps import After, Down, LockMode, Statement, Step
from migplan.planning.rebuilds.validations import BEHIND, READS, validation, validation_back

_STRATEGY = "validate_apart"


def validated_apart(step: Step) -> list[Step]:
    """The step without the validations that end it, going forwards or back, and those as steps of their own."""
    up, late = _apart(step.up)
    down, late_back = _apart(step.down.statements) if isinstance(step.down, Down) else ((), ())
    if not late and not late_back:
        return [step]
    made = replace(step, up=up, down=replace(step.down, statements=down) if isinstance(step.down, Down) else step.down)
    steps = [made]
    if late_back:
        title = f"on the way back: validate what is below {step.object}"
        again = validation_back(step.object, step, title, _STRATEGY, late_back)
        steps = [again, replace(made, after=(*made.after, After(again.id, BEHIND)))]
    if late:
        title = f"validate what is beside {step.object}"
        steps.append(validation(step.object, step, title, f"it reads the table {READS}", _STRATEGY, late))
    return steps


def _apart(statements: Sequence[Statement]) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """What comes first, and the validations at the end."""
    at = len(statements)
    while at > 1 and statements[at - 1].scan and statements[at - 1].lock is LockMode.SHARE_UPDATE_EXCLUSIVE:
        at -= 1
    return tuple(statements[:at]), tuple(statements[at:])
