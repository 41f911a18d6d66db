"""Values whose text the new type can't read: counted before the table is locked, instead of an error in its midst.

PostgreSQL tells from 16 on (pg_input_is_valid); before, its own error ends the statement.
"""

from __future__ import annotations

from typing import Final

from migplan.core.model import DbObject
from migplan.core.sql import ident, literal, sql
from migplan.core.steps import Assertion
from migplan.kinds.column import Column
from migplan.kinds.type_casts import reads_text
from migplan.strategies.base import Context

_TELLS: Final = 16


def unreadable_values(context: Context, old: DbObject, new: DbObject) -> tuple[Assertion, ...]:
    """What stands in the way of another type for a column (either way), where no directive says how to get there."""
    if not isinstance(old, Column) or not isinstance(new, Column) or old.relation.kind != "table":
        return ()
    said = new.using is not None or old.reverse is not None
    if said or context.before.major < _TELLS or not reads_text(old.type, new.type) or context.empty(old.relation):
        return ()
    count = sql(
        "SELECT count(*) FROM {} WHERE NOT pg_input_is_valid({}::text, {})",
        ident(*old.relation.path),
        ident(new.name),
        literal(new.type),
    )
    return (Assertion(count, f"rows of {old.relation} have values of {new.id.name} that {new.type} can't read"),)
