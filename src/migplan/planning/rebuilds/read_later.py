"""Checks and foreign keys that are dropped and made again: on a large table existing rows are read afterwards.

Together with what they stand on they are made in one transaction, which must not last: so they come back NOT VALID, and
are validated in a transaction of their own. The way back does the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migplan.core.steps import After, Down, Phase, Statement, Step, step_id
from migplan.kinds.constraint import CHECK, FOREIGN_KEY, Constraint, drop_constraint, validate_constraint
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Size
from migplan.strategies.constraints.add_constraint import not_valid
from migplan.strategies.constraints.offending_rows import offenders
from migplan.strategies.ways_back import constraint_back


def read_later(context: Context, step: Step) -> Iterator[Step]:
    """The step as it is, or without reading a row, with a second one that validates."""
    constraint = context.after.get(step.object, Constraint)
    if constraint is None or step.object not in step.creates or not _lasts(context, constraint):
        yield step
        return
    unread = not_valid(constraint)
    yield replace(step, up=(unread, *step.up[1:]))
    yield _validate(context, constraint, step, unread)


def read_later_on_the_way_back(context: Context, step: Step) -> list[Step]:
    """The step that drops one as it is, or with what reads the rows of a large table behind it on the way back."""
    constraint = context.before.get(step.object, Constraint)
    if constraint is None or step.object not in step.destroys or constraint.type not in (CHECK, FOREIGN_KEY):
        return [step]
    steps = [step] if constraint.inherited else constraint_back(context, constraint, step)
    return [replace(s, together=step.together) for s in steps]


def _lasts(context: Context, constraint: Constraint) -> bool:
    """Whether making it valid at once would read a large table under its lock, and needn't."""
    table = context.after.get(constraint.relation, Table)
    if table is None or constraint.type not in (CHECK, FOREIGN_KEY) or constraint.inherited:
        return False
    if constraint.type == FOREIGN_KEY and table.partition_key is not None and context.after.major < 18:
        return False
    if not constraint.validated or not constraint.enforced or constraint.relation in context.rebuilds.items:
        return False
    return context.size(constraint.relation) is Size.LARGE


def _validate(context: Context, constraint: Constraint, made: Step, unread: Statement) -> Step:
    comment = constraint.comment
    comments = [] if comment is None else kind_of(constraint.id).comment_statements(constraint, comment)
    changed = context.before.get(constraint.id, Constraint) != constraint
    return Step(
        id=step_id("validate", constraint.id),
        title=f"validate {constraint.id}",
        object=constraint.id,
        strategy=made.strategy,
        phase=Phase.MIGRATE if made.phase is Phase.EXPAND else made.phase,
        why="reads the table in a transaction of its own, under a lock that only DDL and vacuum feel",
        up=(validate_constraint(constraint),),
        down=Down((drop_constraint(constraint), unread, *comments)),
        uses=frozenset({constraint.id}),
        after=(After(made.id, "a constraint can be validated once it is there"),),
        asserts=tuple(offenders(constraint, context.after)) if changed else (),
    )
