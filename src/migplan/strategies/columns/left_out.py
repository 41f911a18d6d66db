"""Columns that an INSERT can't leave out."""

from __future__ import annotations

from migplan.core.ids import ObjectId
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.strategies.base import Context


def needs_value(context: Context, column: Column) -> bool:
    """An INSERT without the column fails, and so does ADD COLUMN on a table with rows."""
    filled = column.identity is not None or column.generated is not None
    default = ObjectId("default", column.id.path) in context.before
    return column.not_null is not None and not (filled or default)


def in_primary_key(context: Context, column: Column) -> bool:
    """A primary key's column can't lose NOT NULL while the key stands."""
    keys = (c for c in context.before.members_of(column.relation, Constraint) if c.type == PRIMARY_KEY)
    return any(column.name in key.columns for key in keys)
