"""NOT NULL columns that go: inserts can leave them out first. A partition that leaves and keeps such a column keeps its
NOT NULL as well; before 18 it loses it with its parent's, and gets it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject
from migplan.kinds._descendants import descendants
from migplan.kinds.attachment import attachment
from migplan.kinds.column import Column
from migplan.kinds.table import Table
from migplan.strategies.base import Context
from migplan.strategies.columns.left_out import in_primary_key, needs_value
from migplan.strategies.columns.own_ways import with_own_ways
from migplan.strategies.relations.backup import is_backed_up


def loosened_columns(context: Context) -> Iterator[Column]:
    """Those that an INSERT could not leave out; where nobody inserts meanwhile, only those of which a copy is kept."""
    if not any(True for _ in context.dropped(Column)):
        return
    taken = with_own_ways(context)
    for column in context.dropped(Column):
        if column.id in taken or (context.settings.offline and not is_backed_up(context, column)):
            continue
        if _stands_in_the_way(context, column) and not in_primary_key(context, column):
            yield column


def kept_of_keys(context: Context) -> Iterator[Column]:
    """Columns of primary keys that go, of whose values a copy is kept: on the way back they come without NOT NULL,
    which they get with their values."""
    taken = with_own_ways(context)
    for column in context.dropped(Column):
        keyed = column.id not in taken and _stands_in_the_way(context, column) and in_primary_key(context, column)
        if keyed and is_backed_up(context, column):
            yield column


def _follows(column: Column) -> bool:
    """Whether it loses its NOT NULL with its parent's: a table that declares the column as well keeps it."""
    return column.not_null is not None and column.inherited and not column.local


def passing(context: Context, column: Column) -> dict[ObjectId, str]:
    """What the loosening goes ahead of, and why: partitions and heirs that come or go, and leave with the column."""
    found: dict[ObjectId, str] = {}
    for side, other, why in (
        (context.before, context.after, "is NOT NULL until then"),
        (context.after, context.before, "is made without NOT NULL"),
    ):
        for id in descendants(column.relation, side):
            table = side.get(id, Table)
            if table is not None and id.child("column", column.name) not in context.after:
                is_partition = table.partition_of is not None
                if is_partition or id not in other:
                    found[attachment(id) if is_partition else id] = f"{id} {why}"
    return found


def regaining(context: Context, column: Column) -> list[Column]:
    """The columns of partitions that leave and keep the column as NOT NULL, as they are declared. From 18 on they don't
    lose it in the first place."""
    if context.before.major >= 18:
        return []
    tables = dict.fromkeys(descendants(column.relation, context.before))
    found = (context.after.get(id.child("column", column.name), Column) for id in tables if _leaves(context, id))
    return [c for c in found if c is not None and c.not_null is not None]


def with_loosened(context: Context, catalog: Catalog) -> Catalog:
    """A catalog as what is made and dropped behind the loosening knows it: what is below such a column and goes with
    it, or with its table, has lost its NOT NULL as well, and comes back without."""
    below = (id.child("column", c.name) for c in loosened_columns(context) for id in descendants(c.relation, catalog))
    found = (catalog.get(id, Column) for id in below if id not in context.after)
    loose: dict[ObjectId, DbObject] = {c.id: replace(c, not_null=None) for c in found if c is not None and _follows(c)}
    return replace(catalog, objects={**catalog.objects, **loose}) if loose else catalog


def _leaves(context: Context, table: ObjectId) -> bool:
    old, new = context.before.get(table, Table), context.after.get(table, Table)
    rebuild = context.rebuilds.items.get(table)
    if old is None or new is None or (rebuild is not None and rebuild.whole):
        return False
    return old.partition_of is not None and new.partition_of != old.partition_of


def _stands_in_the_way(context: Context, column: Column) -> bool:
    """An INSERT without the column would fail."""
    table_stays = column.relation in context.after and column.relation not in context.rebuilds.items
    return table_stays and column.relation.kind == "table" and needs_value(context, column)
