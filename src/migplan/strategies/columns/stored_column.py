"""Stored generated columns of large tables: PostgreSQL can only compute them by rewriting the table under its lock.

Unlike a plain column, one can't be filled in batches and made generated afterwards. So the plan stops, unless a
directive beside the column says ``allow rewrite "why"``.
"""

from __future__ import annotations

from collections.abc import Iterable

from migplan.kinds.column import Column
from migplan.strategies.base import Context, Expansion, Size, Strategy


class StoredColumn(Strategy):
    """Blocks what would rewrite a large table for a stored generated column."""

    name = "stored_column"

    def expand(self, context: Context) -> Iterable[Expansion]:
        reasons = [_reason(context, c) for c in rewriting_columns(context) if c.id not in context.online]
        if reasons:
            yield Expansion((), blocked=tuple(reasons))


def rewriting_columns(context: Context) -> Iterable[Column]:
    """The columns whose values would be computed for every row, where nobody allows it."""
    return (c for c in _computed(context) if not _allowed(context, c))


def _computed(context: Context) -> Iterable[Column]:
    for column in context.created(Column):
        if _stored(column) and not column.inherited and context.size(column.relation) is Size.LARGE:
            yield column
    for _, new, fields in context.altered(Column):
        computed = fields & {"generated", "virtual"} and _stored(new) and not new.inherited
        if computed and context.size(new.relation) is Size.LARGE:
            yield new


def _stored(column: Column) -> bool:
    return column.generated is not None and not column.virtual


def _allowed(context: Context, column: Column) -> bool:
    found = (d for d in context.directives.named("allow") if d.target == column.id)
    return any(d.argument.split()[0] == "rewrite" for d in found)


def _reason(context: Context, column: Column) -> str:
    virtual = ", make it VIRTUAL," if context.after.major >= 18 else ""
    return (
        f"{column.id} is a stored generated column of a large table, which would be rewritten while nobody can read "
        f"it: write '-- migplan: allow rewrite \"why\"' beside it{virtual} or let a trigger fill a plain column"
    )


STRATEGY = StoredColumn()
