"""NOT NULL constraints of inherited columns that bear names of their own (18 and later).

ALTER TYPE makes the constraints over its column anew, a parent's before its children's: that hands its name down, and
then refuses theirs. So the parents' make room meanwhile. Partitions' are no obstacle, they take the parent's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import Statement
from migplan.kinds._descendants import heirs, parents_of
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, Constraint
from migplan.kinds.not_null import change_not_null, not_null_name, with_not_null_name

_NAMED = 18


def with_room(column: Column, change: list[Statement], catalog: Catalog) -> list[Statement]:
    """What changes the column's type, between what makes room and what takes it back."""
    found = _in_the_way(column, catalog)
    dropped = [s for c in found for s in change_not_null(c, replace(c, not_null=None))]
    again = [s for c in reversed(found) for s in change_not_null(replace(c, not_null=None), with_not_null_name(c))]
    return [*dropped, *change, *again]


def keys_in_the_way(column: Column, catalog: Catalog) -> frozenset[ObjectId]:
    """Primary keys under which none of them makes room."""
    found = _in_the_way(column, catalog)
    keys = (k for c in found for k in catalog.members_of(c.relation, Constraint) if k.type == PRIMARY_KEY)
    return frozenset(k.id for k in keys if column.name in k.columns)


def _in_the_way(column: Column, catalog: Catalog) -> list[Column]:
    """Those whose constraints make room, parents first; what is only inherited goes and comes with its parent's."""
    if catalog.major < _NAMED:
        return []
    family = list(dict.fromkeys((column.relation, *heirs(column.relation, catalog))))
    columns = {c.relation: c for id in family if (c := _required(id, column.name, catalog)) is not None}
    wanted = {parent for c in columns.values() for parent in _otherwise_named(c, columns, catalog)}
    for table in reversed(family):
        if table in wanted and (not_null := columns[table].not_null) is not None and not not_null.local:
            wanted |= {p for p in parents_of(table, catalog) if p in columns}
    return [c for id, c in columns.items() if id in wanted and c.not_null is not None and c.not_null.local]


def _required(table: ObjectId, name: str, catalog: Catalog) -> Column | None:
    column = catalog.get(table.child("column", name), Column)
    return column if column is not None and column.not_null is not None else None


def _otherwise_named(child: Column, family: dict[ObjectId, Column], catalog: Catalog) -> Iterator[ObjectId]:
    for parent in parents_of(child.relation, catalog):
        above = family.get(parent)
        if above is not None and _name(above) != _name(child):
            yield parent


def _name(column: Column) -> str:
    assert column.not_null is not None
    return not_null_name(column, column.not_null)
