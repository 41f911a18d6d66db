"""Columns that stand in another order than declared: not a difference, but good to know (``SELECT *``, ``COPY``)."""

from __future__ import annotations

from collections.abc import Iterator

from migplan.core.model import Catalog
from migplan.kinds.table import Table, columns_of


def column_order(before: Catalog, after: Catalog) -> Iterator[str]:
    """A line for each table whose columns won't be in the declared order: PostgreSQL adds new ones at the end."""
    for table in after.of(Table):
        if table.id not in before:
            continue
        declared = [c.name for c in columns_of(table.id, after)]
        live = [c.name for c in columns_of(table.id, before) if c.name in set(declared)]
        in_place = [*live, *(name for name in declared if name not in set(live))]
        if in_place != declared:
            yield f"column order of {table.id}, not a difference:"
            yield f"  here      {', '.join(in_place)}"
            yield f"  declared  {', '.join(declared)}"
