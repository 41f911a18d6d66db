"""Values of which a new type keeps a part only: counted before the table is locked, since a cast cuts them in silence.

What the application writes behind that count is counted once more before a second column takes the first one's place.
"""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.ids import ObjectId
from migplan.core.model import DbObject
from migplan.core.sql import deparsed, ident, sql
from migplan.core.steps import Assertion
from migplan.kinds.column import Column
from migplan.kinds.column_domains import type_beneath
from migplan.kinds.lossy_casts import both_ways, lost_by
from migplan.strategies.base import Context


def cut_values(context: Context, old: DbObject, new: DbObject) -> tuple[Assertion, ...]:
    """Rows whose value isn't the same after the way to the new type and back, where no directive says what becomes of
    them. Such casts end without an error, but for numbers without room, which are to be counted ahead."""
    if not isinstance(old, Column) or not isinstance(new, Column) or old.relation.kind != "table":
        return ()
    if new.using is not None or new.generated is not None or context.empty(old.relation):
        return ()
    made_of = type_beneath(old.id, old.type, context.before), type_beneath(new.id, new.type, context.after)
    lost = lost_by(*made_of)
    if lost is None:
        return ()
    value = ident(new.name) if made_of[0] == old.type else sql("{}::{}", ident(new.name), deparsed(made_of[0]))
    one, other = both_ways(value, *made_of)
    count = sql("SELECT count(*) FROM {} WHERE {} IS DISTINCT FROM {}", ident(*old.relation.path), one, other)
    misfits = f"rows of {old.relation} have values of {new.id.name} that don't fit {new.type}, which {lost}"
    return (Assertion(count, f"{misfits}: 'using' says what becomes of them"),)


def cut_values_of(context: Context, table: ObjectId) -> Iterable[Assertion]:
    """The same of all columns of a table that is made anew."""
    for old in context.before.members_of(table, Column):
        if (new := context.after.get(old.id, Column)) is not None:
            yield from cut_values(context, old, new)
