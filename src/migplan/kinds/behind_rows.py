"""A sequence that comes to number a column with rows goes on behind their values: PostgreSQL begins at its start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migplan.core.model import Catalog
from migplan.core.sql import Sql, ident, literal, sql
from migplan.core.steps import Statement, Timing
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.identity import Identity
from migplan.kinds.index import Index
from migplan.kinds.sequence import Sequence


def behind_rows(
    column: Column, sequence: tuple[str, ...], numbers: Identity | Sequence, *catalogs: Catalog
) -> Statement:
    """What lets the sequence of that name go on behind the largest value that it could have given, or the smallest
    where it counts down. It reads the table, unless an index that is in all of the ``catalogs`` begins with the column.
    """
    furthest = sql("max({})" if numbers.increment > 0 else "min({})", ident(column.name))
    first, last = sorted((numbers.start, numbers.maximum if numbers.increment > 0 else numbers.minimum))
    command = sql(
        "SELECT setval({}, {}) FROM {} HAVING {} BETWEEN {} AND {}",
        literal(ident(*sequence)),
        furthest,
        ident(*column.relation.path),
        furthest,
        first,
        last,
    )
    found = Statement(command)
    indexed = all(_begins_an_index(c, catalog) for catalog in catalogs for c in _family(column, catalog))
    return found if indexed else replace(found, scan=True, timing=Timing.LONG)


def _family(column: Column, catalog: Catalog) -> Iterator[Column]:
    """The column, and those below it, whose rows are read as well."""
    yield column
    below = (catalog.get(id.child("column", column.name), Column) for id in descendants(column.relation, catalog))
    yield from (c for c in below if c is not None)


def _begins_an_index(column: Column, catalog: Catalog) -> bool:
    keys = (c for c in catalog.members_of(column.relation, Constraint) if c.type in (PRIMARY_KEY, UNIQUE))
    if any(key.columns[0] == column.name for key in keys):
        return True
    name: Sql = ident(column.name)
    beginnings = tuple(f"USING btree ({name}{end}" for end in (")", ",", " "))
    indexes = catalog.members_of(column.relation, Index)
    return any(i.valid and " WHERE " not in i.definition and i.definition.startswith(beginnings) for i in indexes)
