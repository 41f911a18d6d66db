"""How values are written into a backup's table."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.sql import Sql, ident, join, sql
from migplan.kinds.column import TYPE_KINDS, Column
from migplan.strategies.base import Context


def kept_value(context: Context, column: Column) -> Sql:
    """The value as it is, as text where its type is one of the schema's own: that may go as well, in this plan or in a
    later one, or another may take its place."""
    return sql('{}::text COLLATE "default"', ident(column.name)) if is_text(context, column) else ident(column.name)


def kept_values(context: Context, columns: Iterable[Column]) -> Sql:
    """The values under their columns' names."""
    return join(", ", (_named(context, c) if is_text(context, c) else ident(c.name) for c in columns))


def is_text(context: Context, column: Column) -> bool:
    """Whether it is kept as text."""
    return any(id.kind in TYPE_KINDS or id not in context.after for id in context.before.uses.get(column.id, ()))


def _named(context: Context, column: Column) -> Sql:
    return sql("{} AS {}", kept_value(context, column), ident(column.name))
