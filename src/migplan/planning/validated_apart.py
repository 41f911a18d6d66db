"""Validations at the end of an alteration, in transactions of their own: they read tables, and what the alteration has
locked for a moment would stay locked meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from migplan.core.steps import After, Down, LockMode, Statement, Step, step_id
from migplan.strategies.steps_undone import AGAIN

_STRATEGY = "validate_apart"
_WHY = "it reads the table under a lock that only DDL and vacuum feel"


def validated_apart(step: Step) -> list[Step]:
    """The step without the validations that end it, going forwards or back, and those as steps of their own."""
    up, late = _apart(step.up)
    down, late_back = _apart(step.down.statements) if isinstance(step.down, Down) else ((), ())
    if not late and not late_back:
        return [step]
    made = replace(step, up=up, down=replace(step.down, statements=down) if isinstance(step.down, Down) else step.down)
    id = step_id("validate", step.object)
    steps = [made]
    if late_back:
        again = Step(
            id=f"{AGAIN}{id}",
            title=f"on the way back: validate what is below {step.object}",
            object=step.object,
            strategy=_STRATEGY,
            phase=step.phase,
            why=f"only the way back does anything: {_WHY}",
            up=(),
            down=Down(late_back),
            uses=step.uses - step.creates,
            releases=step.releases | {step.object},
            after=step.after,
            deploy=step.deploy,
        )
        steps = [again, replace(made, after=(*made.after, After(again.id, "the way back validates it")))]
    if late:
        validation = Step(
            id=id,
            title=f"validate what is beside {step.object}",
            object=step.object,
            strategy=_STRATEGY,
            phase=step.phase,
            why=_WHY,
            up=late,
            down=Down(()),
            uses=frozenset({step.object}),
            after=(After(step.id, "a constraint can be validated once it is there"),),
        )
        steps.append(validation)
    return steps


def _apart(statements: Sequence[Statement]) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """What comes first, and the validations at the end."""
    at = len(statements)
    while at > 1 and statements[at - 1].scan and statements[at - 1].lock is LockMode.SHARE_UPDATE_EXCLUSIVE:
        at -= 1
    return tuple(statements[:at]), tuple(statements[at:])
