"""Which indexes PostgreSQL makes again with a column's type, where it leaves the rows as they are."""

from __future__ import annotations

from migplan.core.model import Catalog
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.constraint import EXCLUSION, INDEXED, Constraint
from migplan.kinds.index import Index
from migplan.kinds.table import Table


def of_columns(index: Index | Constraint) -> bool:
    """Whether it has no expressions and all rows, as far as its text tells."""
    listed, _, _ = index.definition.partition(" INCLUDE (")
    return " WHERE " not in index.definition and listed.count("(") == 1


def reads_for_indexes(column: Column, catalog: Catalog) -> bool:
    """Whether any index over it is built anew (measured on 14 to 18)."""
    return builds_indexes_again(column, catalog) or builds_partial_again(column, catalog)


def builds_partial_again(column: Column, catalog: Catalog) -> bool:
    """Whether it has an index with expressions, or not of all rows, which PostgreSQL never keeps."""
    relations = (column.relation, *descendants(column.relation, catalog))
    users = (catalog.objects.get(u) for r in relations for u in catalog.used_by.get(r.child("column", column.name), ()))
    indexes = (u for u in users if isinstance(u, Index) or (isinstance(u, Constraint) and u.type == EXCLUSION))
    return any(not of_columns(i) for i in indexes)


def builds_indexes_again(column: Column, catalog: Catalog) -> bool:
    """Whether a partitioned table has an index or a key over it: those of the partitions are built anew, where a
    table's own would be kept (measured on 14 to 18)."""
    partitioned = (
        r
        for r in (column.relation, *descendants(column.relation, catalog))
        if (table := catalog.get(r, Table)) is not None and table.partition_key is not None
    )
    users = (u for r in partitioned for u in catalog.used_by.get(r.child("column", column.name), ()))
    return any(u.kind == "index" or ((key := catalog.get(u, Constraint)) and key.type in INDEXED) for u in users)
