"""By which columns every row of a table is told apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.sql import ident
from migplan.kinds.column import Column
from migplan.kinds.constraint import PRIMARY_KEY, UNIQUE, Constraint
from migplan.kinds.equality import is_domain_over_enum
from migplan.kinds.index import Index

_COMPOSITE: Final = frozenset({"composite_type", "table", "view"})


def row_keys(table: ObjectId, catalog: Catalog) -> Iterator[tuple[ObjectId, tuple[Column, ...]]]:
    """Each with its columns, none of which may be NULL: the primary key, unique constraints, then unique indexes over
    columns and all rows, which is all that some ORMs make. None over a composite type: a variable of PL/pgSQL takes the
    attributes of such a value one by one; none over a domain whose values no operator compares."""
    columns = {c.name: c for c in catalog.members_of(table, Column) if _leads_to_rows(c, catalog)}
    for key, names in (*_constraints(table, catalog), *_indexes(table, catalog, columns)):
        found = tuple(c for name in names if (c := columns.get(name)) is not None and c.not_null is not None)
        if names and len(found) == len(names):
            yield key, found


def _leads_to_rows(column: Column, catalog: Catalog) -> bool:
    return not _is_composite(column.id, catalog) and not is_domain_over_enum(column, catalog)


def _is_composite(id: ObjectId, catalog: Catalog) -> bool:
    used = catalog.uses.get(id, frozenset()) - {id.parent("table")}
    return any(u.kind in _COMPOSITE or (u.kind == "domain" and _is_composite(u, catalog)) for u in used)


def _constraints(table: ObjectId, catalog: Catalog) -> Iterator[tuple[ObjectId, tuple[str, ...]]]:
    keys = [c for c in catalog.members_of(table, Constraint) if c.type in (PRIMARY_KEY, UNIQUE)]
    for key in sorted(keys, key=lambda c: (c.type != PRIMARY_KEY, c.name)):
        if "WITHOUT OVERLAPS" not in key.definition:
            yield key.id, tuple(key.columns)


def _indexes(table: ObjectId, catalog: Catalog, names: dict[str, Column]) -> Iterator[tuple[ObjectId, tuple[str, ...]]]:
    """Keys as PostgreSQL prints them; an expression is no column's name."""
    printed = {str(ident(name)): name for name in names}
    for index in sorted(catalog.members_of(table, Index), key=lambda i: i.id):
        if index.unique and index.valid and index.predicate is None:
            yield index.id, tuple(printed.get(key, "") for key in index.keys)
