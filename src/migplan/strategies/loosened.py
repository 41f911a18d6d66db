"""NOT NULL columns that go: inserts can leave them out first. Where a partition leaves that keeps such a column, it has
lost its NOT NULL with its parent's by then, and gets it again once it has left."""

from __future__ import annotations

from collections.abc import Iterator

from migplan.core.ids import ObjectId
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.table import Table
from migplan.strategies.backup import is_backed_up
from migplan.strategies.base import Context
from migplan.strategies.dual_written import dual_written_columns
from migplan.strategies.lost_values import needs_value
from migplan.strategies.moved import moved_columns
from migplan.strategies.reshaped import reshaped_columns


def loosened_columns(context: Context) -> Iterator[Column]:
    """Those that an INSERT could not leave out; where nobody inserts meanwhile, only those of which a copy is kept."""
    taken = reshaped_columns(context) | dual_written_columns(context) | moved_columns(context)
    for column in context.dropped(Column):
        if column.id in taken or (context.settings.offline and not is_backed_up(context, column)):
            continue
        if _stands_in_the_way(context, column):
            yield column


def regaining(context: Context, column: Column) -> list[Column]:
    """The columns of partitions that leave and keep the column as NOT NULL, as they are declared."""
    tables = dict.fromkeys(descendants(column.relation, context.before))
    found = (context.after.get(id.child("column", column.name), Column) for id in tables if _leaves(context, id))
    return [c for c in found if c is not None and c.not_null is not None]


def regained_by(context: Context, table: ObjectId) -> frozenset[ObjectId]:
    """The columns of a partition that leaves that are of that kind."""
    if not _leaves(context, table):
        return frozenset()
    return frozenset(
        c.id for lost in loosened_columns(context) for c in regaining(context, lost) if c.relation == table
    )


def _leaves(context: Context, table: ObjectId) -> bool:
    old, new = context.before.get(table, Table), context.after.get(table, Table)
    if old is None or new is None or table in context.rebuilds.items:
        return False
    return old.partition_of is not None and new.partition_of is None


def _stands_in_the_way(context: Context, column: Column) -> bool:
    """An INSERT without the column would fail."""
    table_stays = column.relation in context.after and column.relation not in context.rebuilds.items
    if not needs_value(context, column) or column.relation.kind != "table":
        return False
    return table_stays and not _keyed(context, column)


def _keyed(context: Context, column: Column) -> bool:
    """A primary key's column can't lose NOT NULL while the key stands."""
    keys = (c for c in context.before.members_of(column.relation, Constraint) if c.type == PRIMARY_KEY)
    return any(column.name in key.columns for key in keys)
