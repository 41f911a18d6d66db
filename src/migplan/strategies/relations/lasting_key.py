"""By which columns the rows of a table are told apart before a drop and after it."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.kinds.column import Column
from migplan.kinds.row_keys import row_keys
from migplan.strategies.base import Context


@record
class LastingKey:
    """The columns of a key, all of which stay or come; ``made`` is the key itself, where the plan makes it."""

    columns: tuple[Column, ...]
    made: frozenset[ObjectId] = frozenset()


def lasting_key(context: Context, table: ObjectId) -> LastingKey | None:
    """A key whose columns all stay; else one that is declared, since the rows have it by the time columns are
    dropped."""
    for _, columns in _lasting(context, table, context.before):
        return LastingKey(columns)
    for key, columns in _lasting(context, table, context.after):
        return LastingKey(columns, frozenset({key}))
    return None


def _lasting(context: Context, table: ObjectId, side: Catalog) -> Iterable[tuple[ObjectId, tuple[Column, ...]]]:
    return ((key, columns) for key, columns in row_keys(table, side) if all(c.id in context.after for c in columns))
