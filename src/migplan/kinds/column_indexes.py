"""Which indexes PostgreSQL makes again with a column's type, where it leaves the rows as they are."""

from __future__ import annotations

from migplan.core.model import Catalog
from migplan.kinds._descendants import descendants
from migplan.kinds.column import Column
from migplan.kinds.constraint import INDEXED, Constraint
from migplan.kinds.table import Table


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
