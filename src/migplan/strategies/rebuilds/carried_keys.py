"""Foreign keys of and to a table that changes places with another incarnation: made again NOT VALID, then validated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import After, Down, Phase, Statement, Step, Timing, step_id
from migplan.kinds.constraint import (
    FOREIGN_KEY,
    Constraint,
    add_constraint,
    drop_constraint,
    root_of,
    validate_constraint,
)
from migplan.kinds.table import Table
from migplan.strategies.base import Context
from migplan.strategies.patient_lock import lock_patiently
from migplan.strategies.rebuilds.family import tables_of
from migplan.strategies.steps_undone import only_on_the_way_back


def carried_key(context: Context, id: ObjectId, strategy: str, sentence: str | None) -> list[Step]:
    """The steps of one foreign key on either side of a swap, in the swap's transaction and behind it."""
    old, new = context.before[id], context.after[id]
    assert isinstance(old, Constraint)
    assert isinstance(new, Constraint)
    group = context.rebuilds.items[id].group
    gone, come = context.pieces_before.of(id)[0], context.pieces_after.of(id)[0]
    again = [
        only_on_the_way_back(s, sentence, group)
        for s in reversed(_checked(context, old, context.before, strategy, gone.create[1:]))
    ]
    drop = Step(
        id=step_id("drop", id),
        title=f"drop {id} for the swap",
        object=id,
        strategy=strategy,
        phase=Phase.CONTRACT,
        why="it stands on what changes places",
        up=gone.drop,
        down=Down(tuple(_unchecked(old, context.before, gone.create[1:]))),
        destroys=gone.provides | _whole(context, old, context.before),
        releases=gone.uses,
        together=group,
        after=tuple(After(s.id, "on the way back it is validated last") for s in again[-1:]),
    )
    create = Step(
        id=step_id("create", id),
        title=f"add {id} again, not validated",
        object=id,
        strategy=strategy,
        phase=Phase.CONTRACT,
        why="new rows are checked from here; existing ones were checked before",
        up=tuple(_unchecked(new, context.after, come.create[1:])),
        down=Down(tuple(_dropped(new, context.after))),
        creates=come.provides | _whole(context, new, context.after),
        uses=come.uses,
        together=group,
    )
    steps = [*again, drop, create, *_checked(context, new, context.after, strategy, come.create[1:])]
    return _behind(steps, create)


def taken_by_partitions(context: Context, id: ObjectId) -> Constraint | None:
    """The partitioned table's foreign key whose steps make those of its partitions one by one: this one, or that which
    it comes with."""
    key = context.before.get(id, Constraint)
    root = None if key is None else root_of(key, context.before)
    top = key if root is None else context.before.get(root, Constraint)
    return top if top is not None and _goes_by_partitions(top, context.before) else None


def along_with(key: Constraint, catalog: Catalog) -> list[Constraint]:
    """Those of the partitions, at every depth, that come with the partitioned table's one."""
    return [c for c in catalog.of(Constraint) if root_of(c, catalog) == key.id]


def _whole(context: Context, key: Constraint, catalog: Catalog) -> frozenset[ObjectId]:
    """Those of the partitions that go and come with it; of tables that change places they do so with their tables."""
    if not _goes_by_partitions(key, catalog) or key.relation in context.online:
        return frozenset()
    return frozenset(c.id for c in along_with(key, catalog))


def _behind(steps: list[Step], create: Step) -> list[Step]:
    """What comes before the drop stands in a row; so does what comes after the creation."""
    at = next(n for n, s in enumerate(steps) if s is create)
    found = list(steps)
    for n in range(1, at - 1):
        found[n] = replace(found[n], after=(*found[n].after, After(found[n - 1].id, "relies on it")))
    for n in range(at + 1, len(found)):
        found[n] = replace(found[n], after=(*found[n].after, After(found[n - 1].id, "relies on it")))
    return found


def _goes_by_partitions(key: Constraint, catalog: Catalog) -> bool:
    """Before 18 only the keys of partitions can be NOT VALID (manual: ALTER TABLE, ADD table_constraint)."""
    table = catalog.get(key.relation, Table)
    partitioned = table is not None and table.partition_key is not None
    return partitioned and key.type == FOREIGN_KEY and catalog.major < 18


def _leaves(key: ObjectId, catalog: Catalog) -> Iterable[Constraint]:
    for clone in sorted((c for c in catalog.of(Constraint) if c.clone_of == key), key=lambda c: c.id):
        table = catalog.get(clone.relation, Table)
        if table is not None and table.partition_key is not None:
            yield from _leaves(clone.id, catalog)
        elif clone.type == FOREIGN_KEY:
            yield replace(clone, clone_of=None)


def _unchecked(key: Constraint, catalog: Catalog, extras: Iterable[Statement]) -> list[Statement]:
    """The key, or those of the partitions, for new rows only."""
    if not _goes_by_partitions(key, catalog):
        return [_not_valid(key), *extras]
    return [_not_valid(leaf) for leaf in _leaves(key.id, catalog)]


def _dropped(key: Constraint, catalog: Catalog) -> list[Statement]:
    if not _goes_by_partitions(key, catalog):
        return [drop_constraint(key)]
    return [drop_constraint(replace(leaf, index_parent=key.id)) for leaf in _leaves(key.id, catalog)]


def _checked(
    context: Context, key: Constraint, catalog: Catalog, strategy: str, extras: Iterable[Statement]
) -> list[Step]:
    """The steps that read the rows, and make the partitioned table's key out of those of its partitions."""
    if not key.validated or not key.enforced:
        return []
    if not _goes_by_partitions(key, catalog):
        return [_validation(key, key.id, strategy)]
    assert key.target is not None
    lock = lock_patiently((key.target, *tables_of(key.relation, catalog)), context.settings)
    adopt = Step(
        id=step_id("adopt", key.id),
        title=f"add {key.id}, which adopts those of the partitions",
        object=key.id,
        strategy=strategy,
        phase=Phase.CONTRACT,
        why="those of the partitions are valid: no row is read",
        up=(*lock, replace(add_constraint(key), scan=False, timing=Timing.QUICK), *extras),
        down=Down((*lock, drop_constraint(key))),
    )
    return [*(_validation(leaf, leaf.id, strategy) for leaf in _leaves(key.id, catalog)), adopt]


def _validation(key: Constraint, id: ObjectId, strategy: str) -> Step:
    return Step(
        id=step_id("validate", id),
        title=f"validate {id}",
        object=id,
        strategy=strategy,
        phase=Phase.CONTRACT,
        why="reads the table in a transaction of its own, under a lock that only DDL and vacuum feel",
        up=(validate_constraint(key),),
        down=Down(()),
    )


def _not_valid(key: Constraint) -> Statement:
    if not key.enforced:
        return add_constraint(key)
    return replace(add_constraint(replace(key, validated=False)), scan=False, timing=Timing.QUICK)
