"""Steps that validate what another step makes, in transactions of their own: they read tables, but lock nobody out."""

from __future__ import annotations

from migplan.core.ids import ObjectId
from migplan.core.steps import After, Down, Statement, Step, step_id
from migplan.strategies.steps_undone import AGAIN

READS = "under a lock that only DDL and vacuum feel"


def validation(of: ObjectId, step: Step, title: str, why: str, strategy: str, up: tuple[Statement, ...]) -> Step:
    """What validates the object once the step has run."""
    return Step(
        id=step_id("validate", of),
        title=title,
        object=of,
        strategy=strategy,
        phase=step.phase,
        why=why,
        up=up,
        down=Down(()),
        uses=frozenset({of}),
        after=(After(step.id, "a constraint can be validated once it is there"),),
    )


def validation_back(of: ObjectId, step: Step, title: str, strategy: str, down: tuple[Statement, ...]) -> Step:
    """What validates it once the way back of the step has run. It stands where the step does, and falls into its file;
    the step comes behind it, see :data:`BEHIND`."""
    return Step(
        id=f"{AGAIN}{step_id('validate', of)}",
        title=title,
        object=of,
        strategy=strategy,
        phase=step.phase,
        why=f"only the way back does anything: it reads the table {READS}",
        up=(),
        down=Down(down),
        uses=step.uses - step.creates,
        releases=step.releases | {of},
        after=step.after,
        deploy=step.deploy,
    )


BEHIND = "the way back validates it"
"""Why the step comes behind."""
