"""Tables whose NOT NULL constraints can't leave their names to PostgreSQL while a plan runs.

From 18 on they are constraints with names, and PostgreSQL makes up one that no constraint of the schema has. A table
that was renamed keeps the names made of its former one: where that one is created again, the other must be told its
own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from migplan.core.changes import Change, Create, Drop
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.kinds.column import Column, not_null_name
from migplan.kinds.constraint import Constraint

FIRST_MAJOR = 18


def contested_tables(changes: Iterable[Change], before: Catalog, after: Catalog) -> frozenset[ObjectId]:
    """Those that come, go or get columns, and would be given a name that another table's constraint has."""
    wanted = dict(_wanted(changes))
    if after.major < FIRST_MAJOR or not wanted:
        return frozenset()
    return frozenset(
        wanted[name] for name, table in _taken((before, after)) if name in wanted and table != wanted[name]
    )


def _wanted(changes: Iterable[Change]) -> Iterator[tuple[tuple[str, str], ObjectId]]:
    for change in changes:
        if isinstance(change, (Create, Drop)):
            column = change.new if isinstance(change, Create) else change.old
            if isinstance(column, Column) and column.not_null is not None and column.not_null.name is None:
                yield _name_of(column, not_null_name(column, column.not_null)), column.relation


def _taken(catalogs: Sequence[Catalog]) -> Iterator[tuple[tuple[str, str], ObjectId]]:
    for catalog in catalogs:
        for column in catalog.of(Column):
            if column.not_null is not None:
                yield _name_of(column, not_null_name(column, column.not_null)), column.relation
        for constraint in catalog.of(Constraint):
            yield (constraint.id.path[0], constraint.name), constraint.relation


def _name_of(column: Column, name: str) -> tuple[str, str]:
    return column.id.path[0], name
