"""Dropping a partition while its parent gets columns or checks: the way back makes it with them.

They reach the partition while it is there. So they all come ahead of its drop, and its way back creates it with them:
ATTACH refuses a partition that lacks one. Columns that its parent changes or loses wait for it by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from migplan.core.changes import Create
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.core.steps import After, step_id
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, Constraint
from migplan.kinds.default import Default
from migplan.kinds.table import Table, attachment
from migplan.strategies.attach_partition import concurrently
from migplan.strategies.base import Context, Expansion, Strategy

_OF_THE_PARENT = frozenset({"column", "default", "constraint"})


class DropPartition(Strategy):
    """The order of a partition's drop and its parent's changes."""

    name = "drop_partition"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for table in context.dropped(Table):
            parent = _staying_parent(table, context.before, context.after)
            if parent is None or table.id in context.rebuilds.items or parent in context.rebuilds.items:
                continue
            new = [c.id for c in context.changes.values() if isinstance(c, Create) and _relation(c.id) == parent]
            come = [id for id in new if id.kind in _OF_THE_PARENT]
            if come:
                after = After(_letting_go(context, table), f"{table.id} is a partition of {parent} until then")
                yield Expansion((), ahead=dict.fromkeys(come, after))


def _letting_go(context: Context, table: Table) -> str:
    """The step that takes the partition off its parent."""
    if concurrently(context, table):
        return step_id("detach", table.id)
    parts = context.pieces_before.of(table.id)
    return step_id("drop", table.id, next(n for n, part in enumerate(parts) if attachment(table.id) in part.provides))


def _relation(member: ObjectId) -> ObjectId:
    return ObjectId("table", member.path[:-1])


def _staying_parent(table: Table, before: Catalog, after: Catalog) -> ObjectId | None:
    """The nearest ancestor that stays."""
    parent = table.partition_of
    if parent is None or parent in after:
        return parent
    above = before.get(parent, Table)
    return None if above is None else _staying_parent(above, before, after)


def as_dropped(before: Catalog, after: Catalog) -> Catalog:
    """The catalog with partitions that are dropped as they are at that moment, with what their parents got."""
    objects = dict[ObjectId, DbObject]()
    uses = dict[ObjectId, frozenset[ObjectId]]()
    for table in before.of(Table):
        parent = None if table.id in after else _staying_parent(table, before, after)
        if parent is None:
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


STRATEGY = DropPartition()
