"""A foreign key of a partitioned table before 18, where only those of partitions can be NOT VALID.

Every partition gets it on its own, NOT VALID and then validated; the partitioned table's then adopts them (manual:
ALTER TABLE, ADD CONSTRAINT) and reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.steps import After, Down, LockMode, Phase, Step, Timing, step_id
from migplan.kinds.constraint import FOREIGN_KEY, Constraint, add_constraint, drop_constraint, validate_constraint
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Size, Strategy
from migplan.strategies.constraints.add_constraint import comes_with_rows
from migplan.strategies.constraints.offending_rows import lacking, offenders, offenders_of_new

NAME = "partitioned_foreign_key"


class PartitionedForeignKey(Strategy):
    """New foreign keys of large partitioned tables."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        for key in context.created(Constraint):
            table = context.after.get(key.relation, Table)
            if key.type != FOREIGN_KEY or table is None or table.partition_key is None or not key.validated:
                continue
            if context.after.major < 18 and context.size(key.relation) is Size.LARGE:
                yield Expansion(tuple(_steps(context, key)), frozenset({key.id}))


def ready_to_be_adopted(context: Context, table: Table) -> list[Step]:
    """Foreign keys of its parent that a large table gets as it becomes a partition: ATTACH takes valid ones of its own
    for them, and would read it under its lock otherwise."""
    if table.partition_of is None or context.settings.offline or context.size(table.id) is not Size.LARGE:
        return []
    steps: list[Step] = []
    for key in lacking(context, table):
        clones = (c for c in context.after.members_of(table.id, Constraint) if c.clone_of == key.id)
        for clone in clones:
            leaves = [clone] if table.partition_key is None else _leaves(context, clone.id)
            steps += (s for leaf in leaves for s in _on_partition(context, key, leaf, None, Phase.MIGRATE))
    return steps


def _leaves(context: Context, key: ObjectId) -> Iterable[Constraint]:
    """The foreign keys of partitions with rows of their own that the partitioned table's one brings along."""
    for clone in (c for c in context.after.of(Constraint) if c.clone_of == key):
        table = context.after.get(clone.relation, Table)
        if table is not None and table.partition_key is not None:
            yield from _leaves(context, clone.id)
        elif table is not None and (table.id in context.before or comes_with_rows(context, table.id)):
            yield clone


def _steps(context: Context, key: Constraint) -> list[Step]:
    sentence = kind_of(key.id).create_contract(key, context.before)
    part = context.pieces_after.of(key.id)[0]
    steps = [s for leaf in _leaves(context, key.id) for s in _on_partition(context, key, leaf, sentence)]
    assert key.target is not None
    triggers = (".".join(key.target.path), LockMode.ACCESS_EXCLUSIVE)
    adopts = replace(part.create[0], scan=False, timing=Timing.QUICK, stronger=(*part.create[0].stronger, triggers))
    adopt = Step(
        id=step_id("create", key.id),
        title=f"add {key.id}, which adopts those of the partitions",
        object=key.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="those of the partitions are valid: no row is read; their triggers on the other table go for its own",
        up=(adopts, *part.create[1:]),
        down=Down(part.drop),
        creates=part.provides,
        uses=part.uses,
        deploy=sentence,
        after=tuple(After(s.id, "it adopts valid ones") for s in steps),
    )
    return [*steps, adopt]


def _on_partition(
    context: Context, key: Constraint, leaf: Constraint, sentence: str | None, phase: Phase = Phase.CONTRACT
) -> list[Step]:
    own = replace(leaf, clone_of=None, validated=False)
    parts = frozenset(c.id for c in context.after.of(Constraint) if c.clone_of == key.id)
    with_rows = comes_with_rows(context, leaf.relation)
    found = offenders_of_new(context, own) if with_rows else offenders(own, context.after)
    add = Step(
        id=step_id("partition", leaf.id),
        title=f"add {leaf.id}, not validated",
        object=leaf.id,
        strategy=NAME,
        phase=phase,
        why="new rows are checked from here; existing ones are not read",
        up=(replace(add_constraint(own), scan=False, timing=Timing.QUICK),),
        down=Down((drop_constraint(replace(own, index_parent=key.id)),)),
        uses=(context.pieces_after.of(key.id)[0].uses - parts) | {leaf.relation},
        deploy=sentence,
        asserts=tuple(found),
    )
    validate = Step(
        id=step_id("validate", leaf.id),
        title=f"validate {leaf.id}",
        object=leaf.id,
        strategy=NAME,
        phase=phase,
        why="reads the partition in a transaction of its own, under a lock that only DDL and vacuum feel",
        up=(validate_constraint(own),),
        down=Down(()),
        after=(After(add.id, "a constraint can be validated once it is there"),),
    )
    return [add, validate]


STRATEGY = PartitionedForeignKey()
