"""Names of NOT NULL constraints that PostgreSQL 18 made out of names that are renamed: they go along.

It leaves them as they are, and a declaration with the new names means those that it would make out of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from migplan.core.changes import Rename
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.not_null import is_made_up, not_null_name
from migplan.strategies.columns.name_of_not_null import NameOfNotNull

FIRST_MAJOR = 18


def names_of_not_nulls(renames: Iterable[Rename], world: Catalog, after: Catalog) -> Iterator[NameOfNotNull]:
    """Those of the tables in ``world``, which has every column under its declared name, that can follow at once: where
    the name is free, and nothing inherits the constraint or hands it down."""
    if world.major < FIRST_MAJOR:
        return
    olds = {r.new: r.old.path[-1] for r in renames if r.new.kind in ("table", "column")}
    touched = {id if id.kind == "table" else id.parent("table") for id in olds}
    for table in sorted(touched):
        if any(True for _ in descendants(table, world)):
            continue
        columns = [c for c in world.members_of(table, Column) if c.not_null is not None]
        taken = {o.id.path[-1] for o in world if o.id.kind == "constraint" and o.table == table}
        taken |= {not_null_name(c, c.not_null) for c in columns if c.not_null is not None}
        for column in columns:
            found = _follows(column, olds, after)
            if found is not None and found.new not in taken:
                yield found


def _follows(column: Column, olds: Mapping[ObjectId, str], after: Catalog) -> NameOfNotNull | None:
    declared = after.get(column.id, Column)
    if column.not_null is None or column.inherited or declared is None or declared.not_null is None:
        return None
    table, name = column.relation, not_null_name(column, column.not_null)
    made_up = is_made_up(name, olds.get(table, table.path[-1]), olds.get(column.id, column.name))
    new = not_null_name(declared, declared.not_null)
    if name == new or not made_up or declared.not_null.name is not None:
        return None
    return NameOfNotNull(column.id, name, new)
