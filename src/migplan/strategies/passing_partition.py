"""Partitions that come or go while their parent gets or loses columns or checks.

What a parent gets reaches a partition that is dropped while it is there. So it all comes ahead of the drop, and the
way back creates the partition with it: ATTACH refuses one that lacks a column or a check. In the same way a new
partition is made with what its parent has and loses later, which goes from every level. Columns that its parent
changes, or loses beside a drop, wait for it by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.changes import Create, Drop
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.steps import After, step_id
from migplan.kinds.attachment import attachment
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, Constraint
from migplan.kinds.default import Default
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy
from migplan.strategies.partition_links import concurrently


class PassingPartition(Strategy):
    """The order of a partition's creation or drop and its parent's changes."""

    name = "passing_partition"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for table in context.dropped(Table):
            parent = _staying_parent(table, context.before, context.after)
            if parent is None or table.id in context.rebuilds.items or parent in context.rebuilds.items:
                continue
            new = (c.new for c in context.changes.values() if isinstance(c, Create))
            come = [o.id for o in new if _reaches_partitions(o, parent, context.before)]
            if come:
                after = After(_letting_go(context, table), f"{table.id} is a partition of {parent} until then")
                yield Expansion((), ahead=dict.fromkeys(come, after))
        for table in context.created(Table):
            parent = _staying_parent(table, context.after, context.before)
            if parent is None or parent in context.rebuilds.items:
                continue
            old = (c.old for c in context.changes.values() if isinstance(c, Drop))
            for gone in (o.id for o in old if _reaches_partitions(o, parent, context.after)):
                yield from _ahead_of(gone, table.id)


def _ahead_of(gone: ObjectId, partition: ObjectId) -> Iterable[Expansion]:
    """The new partition is attached ahead of whatever takes the column or check away."""
    for verb in ("loosen", "drop"):
        after = After(step_id(verb, gone), f"{partition} is made with it")
        yield Expansion((), ahead={attachment(partition): after})


def _letting_go(context: Context, table: Table) -> str:
    """The step that takes the partition off its parent."""
    if concurrently(context, table):
        return step_id("detach", table.id)
    parts = context.pieces_before.of(table.id)
    return step_id("drop", table.id, next(n for n, part in enumerate(parts) if attachment(table.id) in part.provides))


def _reaches_partitions(obj: DbObject, parent: ObjectId, other: Catalog) -> bool:
    """Whether it is the parent's, and ATTACH wants a partition to have the like already; a default only as part of its
    column, which the ``other`` side lacks."""
    if obj.table != parent or (isinstance(obj, Default) and obj.column in other):
        return False
    return isinstance(obj, Column | Default) or (isinstance(obj, Constraint) and obj.type == CHECK)


def _staying_parent(table: Table, before: Catalog, after: Catalog) -> ObjectId | None:
    """The nearest ancestor that stays."""
    parent = table.partition_of
    if parent is None or parent in after:
        return parent
    above = before.get(parent, Table)
    return None if above is None else _staying_parent(above, before, after)


def as_dropped(before: Catalog, after: Catalog, rebuilt: frozenset[ObjectId]) -> Catalog:
    """The catalog with partitions that are dropped as they are at that moment, with what their parents got; those of
    ``rebuilt`` tables come and go with an incarnation of their own."""
    objects = dict[ObjectId, DbObject]()
    uses = dict[ObjectId, frozenset[ObjectId]]()
    for table in before.of(Table):
        parent = None if table.id in after else _staying_parent(table, before, after)
        if parent is None or parent in rebuilt:
            continue
        for new in _inherited(table.id, parent, before, after):
            objects[new.id] = new
            uses[new.id] = _uses(new.id, parent, after) | {table.id}
    if not objects:
        return before
    return replace(before, objects={**before.objects, **objects}, uses={**before.uses, **uses})


def _uses(id: ObjectId, parent: ObjectId, after: Catalog) -> frozenset[ObjectId]:
    return after.uses.get(parent.child(id.kind, id.path[-1]), frozenset[ObjectId]()) - {parent}


def _inherited(table: ObjectId, parent: ObjectId, before: Catalog, after: Catalog) -> Iterable[DbObject]:
    """The columns and checks that the parent has in the end, and only then."""
    for column in after.members_of(parent, Column):
        id = table.child("column", column.name)
        if column.id not in before and id not in before:
            yield replace(column, id=id, relation=table, inherited=True, local=False, comment=None, grants=None)
            default = after.get(parent.child("default", column.name), Default)
            if default is not None:
                yield replace(default, id=table.child("default", column.name), relation=table)
    for check in after.members_of(parent, Constraint):
        id = table.child("constraint", check.name)
        if check.type == CHECK and check.id not in before and id not in before:
            yield replace(check, id=id, relation=table, inherited=True, local=False, comment=None)


STRATEGY = PassingPartition()
